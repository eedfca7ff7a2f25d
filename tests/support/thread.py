"""One patient's story at the door of a site, move by move: from the order to the infusion, every object of one name.

Whoever needs the story up to a move gets it with ``Thread.until``; bodies are made when they are needed, because some
name what the records say at that moment. Units: h for moments from now.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from automation.engine.afterwards import Afterwards
from automation.engine.following import STREAM, Following
from automation.engine.recorder import Recorder
from automation.formulas.isbt128 import check_character
from automation.gmp.certificates import certificate
from automation.gmp.product.batches import Order
from automation.gmp.product.blinds import committed
from automation.gmp.registry import KINDS
from automation.gmp.words import Reason, Strength
from automation.kernel.clock import iso
from automation.kernel.quantity import Seconds
from tests.support.doors import SYSTEM, ZONE, Doorway, proof

Body = dict[str, object]
HOURS: Final = 3600.0
ARM, KEY = "A", "0123456789abcdef"  # what a blind hides, and its key
SEALED: Final = committed(ARM, KEY)
SPEC: Final = "SPEC"
PAPERS: Final = ["order", "certificate of analysis", "custody form", "waybill"]
_LOT: Final[Body] = {
    "recipe": "car-t",
    "recipe_version": "1",
    "recipe_digest": "d" * 64,
    "recipe_status": "approved",
    "lot_type": "clinical",
    "product": "CAR-T cells",
    "release": "0.1.0",
    "operations": {},
    "site_digest": "f" * 64,
}
MOVES: Final = """
treat       order           place acknowledge
order       order           confirm
order       collection      schedule
collect     collection      report
collect     donor           record
release     donor           find_not_required
collect     handover        give
perform     handover        attest_taking
perform     handover-2      attest_giving
supervise   handover-2      take
review      collection      accept
perform     collection      receive
issue       batch           issue
perform     batch           start
system      container-A     receive
system      container-P     expect receive
system      container-Q     expect
system      container-A     empty
system      label-P         issue print verify apply
system      batch           complete close
review      batch           review
perform     deviation       open
investigate deviation       investigate
investigate capa            plan
approve     capa            approve
investigate deviation       conclude
approve     deviation       close
review      specification   write
approve     specification   approve
review      test            request
perform     test            take_in report
review      test            review
review      test-2          request
perform     test-2          take_in inoculate report_preliminary
review      release         open
release     release         release_conditionally
order       shipment        plan
perform     shipment        pack
perform     handover-3      give
supervise   handover-3      attest_taking
perform     shipment        dispatch
perform     handover-4      attest_giving
treat       handover-4      take
treat       shipment        receive accept
perform     test-2          report
review      test-2          review
release     release         complete
treat       infusion        plan prepare identify begin complete
perform     capa            implement
review      capa            find_effective
"""


def _moves() -> tuple[tuple[str, str, str], ...]:
    """Give (by, object, command) in order."""
    lines = [line.split() for line in MOVES.strip().splitlines()]
    return tuple((by, what, command) for by, what, *commands in lines for command in commands)


STORY: Final = _moves()
KINDS_OF_IT: Final = (
    "order",
    "collection",
    "handover",
    "specification",
    "test",
    "capa",
    "release",
    "shipment",
    "infusion",
    "blind",
    "donor",
    "location",
    "manifest",
    "recall",
    "reserve",
    "stability",
)
LIKE: Final = {  # a move that is not told: what has to be told before it
    ("collection", "report_by_program"): ("collection", "report"),
    ("release", "release"): ("release", "release_conditionally"),
    ("release", "supply_out_of_specification"): ("release", "release_conditionally"),
    ("handover", "attest_giving"): ("handover", "give"),
    ("capa", "find_ineffective"): ("capa", "find_effective"),
}


def teller(what: str, command: str) -> str:
    """Give who makes a move in the story."""
    return next(by for by, one, then in STORY if (one, then) == (what, command))


@dataclass(slots=True)
class Thread:
    """The story of one name; ``done`` are the moves that were made."""

    way: Doorway
    name: str
    owner: str = "perform"  # of the CAPA
    instead: Mapping[tuple[str, str], str] = field(default_factory=dict)  # who makes a move
    otherwise: Mapping[tuple[str, str], Body] = field(default_factory=dict)  # what a move states else
    skipped: frozenset[tuple[str, str]] = frozenset()  # moves that nobody makes
    done: list[tuple[str, str]] = field(default_factory=list)

    @property
    def identity(self) -> str:
        """Give the chain of identity: that of the number in the name."""
        return f"CHA999926{sum(ord(sign) * 31**n for n, sign in enumerate(self.name)) % 10**6:06d}"

    @property
    def din(self) -> str:
        """Give the donation number with its check character."""
        number = f"A999926{self.identity[-6:]}"
        return number + check_character(number)

    def stream(self, what: str) -> str:
        """Give the stream of an object of the story: ``handover-2``, ``container-A``, ``order``."""
        kind, _, suffix = what.partition("-")
        if kind == "label":
            return f"label/{self.name}-P-L1"
        name = f"{self.name}-{suffix}" if suffix else self.name
        return f"{kind}/{name}"

    def until(self, what: str, command: str, *, without: str = "") -> None:
        """Tell the story up to a move that comes next; nothing of the object ``without``."""
        wanted = LIKE.get((what, command), (what, command))
        if wanted not in [(one, then) for _, one, then in STORY]:
            return
        for by, one, then in STORY:
            if (one, then) == wanted:
                return
            if one != without and (one, then) not in (*self.done, *self.skipped):
                self.do(one, then, by=self.instead.get((one, then), by), **self.otherwise.get((one, then), {}))

    def through(self, what: str, command: str) -> None:
        """Tell the story up to a move and with it."""
        self.until(what, command)
        self.do(what, command, by=teller(what, command))

    def do(self, what: str, command: str, *, by: str, **changed: object) -> None:
        """Make one move as somebody, with ``changed`` fields; what follows from it is done."""
        stream = self.stream(what)
        if (what, command) == ("capa", "find_effective"):
            self.way.clock.go(31 * 24 * HOURS)
        if (what, command) == ("test-2", "report"):
            self.way.clock.go(15 * 24 * HOURS)
        row = KINDS[what.partition("-")[0]].table.decide(self.way.state(stream), command)
        actor = SYSTEM if by == "system" else by
        signs = tuple(proof("verify" if number else actor, meaning) for number, meaning in enumerate(row.signs))
        signs = signs or ((proof(actor),) if row.strength == Strength.VERIFY else ())
        self.way.do(stream, command, {**self.body(what, command), **changed}, by=actor, signs=signs)
        self.done.append((what, command))
        self.follow()

    def follow(self) -> None:
        """Do what follows by itself."""
        Following(self.way.door, Recorder(self.way.ledger, self.way.clock, STREAM), Afterwards()).catch_up()

    def at(self, hours: float) -> str:
        """Give a moment from now as people write it."""
        return iso(self.way.clock.now() + Seconds(hours * HOURS), zone=ZONE)

    def body(self, what: str, command: str) -> Body:
        """Give a body that the move's rules accept."""
        kind, _, suffix = what.partition("-")
        made = _BODIES.get((kind, command)) or _BODIES.get((what, command))
        found = made(self) if made else _reason(kind, command)
        added = _ADDED.get((suffix, kind, command))
        return {**found, **(added(self) if added else {})}


def _reason(kind: str, command: str) -> Body:
    wanted = {row.body for row in KINDS[kind].table.rows if row.command == command}
    return {"reason": "because the test says so"} if wanted & {Reason, Order} else {}


def _read(thread: Thread) -> Body:
    return {"identity": thread.identity, "subject": "SUBJ-017"}


def _placing(thread: Thread) -> Body:
    needs = {"volume": "between 100 and 400 mL", "tnc": "at least 2E+9 cells", "cd3": "at least 0.6E+9 cells"}
    said = {"product": "CAR-T cells", "profile": "eu", "needed_by": thread.at(900), "instructions": "COL-INS@3"}
    return {**_read(thread), **said, **needs}


def _slot(thread: Thread) -> Body:
    times = {"at": thread.at(1), "arrives": thread.at(30), "suite_slot": thread.at(48)}
    return {"order": thread.name, "centre": "centre-1", "courier": "courier-1", **times}


def _report(thread: Thread) -> Body:
    bags = [{"id": f"{thread.name}-A", "volume_ml": 180.0, "seal": "SL-1"}]
    return {**_read(thread), "din": thread.din, "collected": thread.at(0), "tnc": 4.1e9, "cd3": 1.7e9, "bags": bags}


def _giving(thread: Thread) -> Body:
    where = {"giver": "centre-1", "receiver": "courier-1", "place": "ward 2", "condition": "intact"}
    return {"identity": thread.identity, "containers": [f"{thread.name}-A"], **where}


def _taking(thread: Thread) -> Body:
    return {"containers": [f"{thread.name}-A"], "condition": "intact", "lowest_c": 4.0, "highest_c": 7.0}


def _arrival(thread: Thread) -> Body:
    return {"identity": thread.identity, "din": thread.din, "containers": [f"{thread.name}-A"], "holder": "site-a"}


def _product(thread: Thread) -> Body:
    return {"identity": thread.identity, "parent": f"{thread.name}-A", "batch": thread.name, "volume_ml": 50.0}


def _label(thread: Thread) -> Body:
    said = ["CAR-T cells", "For autologous use only", "Not evaluated for infectious substances"]
    marks = ["FOR CLINICAL TRIAL USE ONLY", "SIMULATED"]
    lines = {"code": f"CONTAINER:{thread.name}-P", "lines": said, "marks": marks}
    return {"container": f"{thread.name}-P", "batch": thread.name, "template": "t", "template_version": "1", **lines}


def _writing(_thread: Thread) -> Body:
    viability: Body = {"test": "viability", "method": "7-AAD", "limit": "at least 70.0 %", "loq": "1"}
    sterility: Body = {"test": "sterility", "method": "USP <71>", "passes": ["no growth"], "stage": "afterwards"}
    sterility = {**sterility, "days": 14.0, "so_far": ["no growth to date"]}
    return {"product": "CAR-T cells", "criteria": [viability, sterility]}


def _result(thread: Thread) -> Body:
    return {"value": "84.6", "method": "M-12@2", "analysed": thread.at(0), "data": "a" * 64}


def _capa(thread: Thread) -> Body:
    what = {"sort": "corrective", "cause": "the lid was open", "action": "a lid switch", "owner": thread.owner}
    measure = {"measure": "lid alarms in a month", "criterion": "none"}
    times = {"due": thread.at(100), "check_at": thread.at(700)}
    return {"source": f"deviation/{thread.name}", **what, **measure, **times}


def _certification(thread: Thread) -> Body:
    made = certificate(thread.way.door, thread.name, specification=thread.name)
    return {"certificate": made.digest, "containers": [f"{thread.name}-P"], "statement": "all records reviewed"}


def _condition(thread: Thread) -> Body:
    return {**_certification(thread), "reason": "the patient can't wait", "informed": "by telephone, today"}


def _supply(thread: Thread) -> Body:
    paper = {"request": "letter 9", "risks": "RISK-9@1", "alternatives": "none; relapse in weeks"}
    return {**_condition(thread), **paper}


def _shipment(thread: Thread) -> Body:
    parties = {"consignee": "ward-4", "carrier": "carrier-1", "highest_c": -130.0}
    parties = {**parties, "content": "approved gmo", "coolant": "dry shipper"}
    times = {"leaves": thread.at(2), "arrives": thread.at(40)}
    return {"order": thread.name, "batch": thread.name, "containers": [f"{thread.name}-P"], **parties, **times}


def _packing(thread: Thread) -> Body:
    shipper = {
        "shipper": "DS-07",
        "qualified_until": thread.at(5000),
        "holds_d": 9.5,
        "logger": "LOG-7",
        "seal": "SL-9",
    }
    return {"containers": [f"{thread.name}-P"], "documents": PAPERS, **shipper}


def _examination(thread: Thread) -> Body:
    seen = {"seal": "SL-9", "logger": "LOG-7", "highest_c": -171.5, "trace": "b" * 64, "labels": True}
    return {"containers": [f"{thread.name}-P"], **seen}


def _infusion(thread: Thread) -> Body:
    what = {"order": thread.name, "batch": thread.name, "container": f"{thread.name}-P"}
    return {**what, "ward": "ward-4", "at": thread.at(3)}


def _bedside(thread: Thread) -> Body:
    return {**_read(thread), "container": f"{thread.name}-P", "bag_identity": thread.identity}


def _map(_thread: Thread) -> Body:
    return {"asset": "store-01", "condition": "vapour, at most -150 degC", "highest_c": -150.0, "places": ["R1/01"]}


def _notice(thread: Thread) -> Body:
    return {"told": "treating physician", "how": "by telephone", "at": thread.at(0)}


def _reserve(thread: Thread) -> Body:
    sample = f"{thread.name}-Q"
    pull = {"sample": sample, "at": thread.at(2), "tests": ["viability"]}
    kept = {"samples": [sample], "condition": "vapour of liquid nitrogen", "until": thread.at(48)}
    return {"batch": thread.name, "sort": "stability", "pulls": [pull], "window_d": 1.0, **kept}


def _manifest(thread: Thread) -> Body:
    samples = [{"sample": f"{thread.name}-Q", "tests": [thread.name]}]
    way = {"laboratory": "lab-1", "courier": "courier-2", "leaves": thread.at(1), "arrives": thread.at(5)}
    return {
        "samples": samples,
        "kept": "refrigerated",
        "results_h": 24.0,
        "content": "category b",
        "coolant": "none",
        **way,
    }


def _study(thread: Thread) -> Body:
    what = {"title": "vapour of nitrogen", "specification": thread.name, "attributes": ["viability"]}
    ages = {"months": [0.0, 3.0, 6.0], "window_d": 7.0, "rationale": "long-term condition"}
    return {**what, **ages, "condition": "vapour of liquid nitrogen"}


def _came(thread: Thread) -> Body:
    seen = {"sample": f"{thread.name}-Q", "condition": "cold, intact", "celsius": 4.2}
    return {"seal": "SL-5", "lowest_c": 3.5, "highest_c": 5.0, "samples": [seen]}


def _box(thread: Thread) -> Body:
    return {"samples": [f"{thread.name}-Q"], "box": "BOX-3", "keeps_h": 48.0, "seal": "SL-5", "logger": "LOG-2"}


def _of_product(thread: Thread) -> Body:
    return {"containers": [f"{thread.name}-P"]}


_REASON: Final[Body] = {"reason": "because the test says so"}
_PAPER: Final[Body] = {"person": "Kim Courier", "paper": "CF-0017"}
Make = Callable[[Thread], Body]
_BODIES: Final[Mapping[tuple[str, str], Make]] = {
    ("order", "place"): _placing,
    ("order", "acknowledge"): lambda _: {"instructions": "COL-INS@3"},
    **{("order", one): lambda t: {"instead_of": t.name, **_REASON} for one in ("collect_again", "make_again")},
    ("order", "fulfil"): lambda t: {"infusion": t.name},
    **{("collection", one): _slot for one in ("schedule", "reschedule")},
    ("collection", "rebook"): lambda t: {"suite_slot": t.at(60), "reason": "the freezer is being repaired"},
    ("collection", "report"): _report,
    ("collection", "report_by_program"): lambda t: {
        **_report(t),
        "message": f"{t.name}-P.1",
        "performed_by": "nurse-7",
        "verified_by": "nurse-9",
    },
    ("collection", "accept"): lambda _: {"conclusion": "within the order set"},
    ("collection", "receive"): _arrival,
    ("handover", "give"): _giving,
    ("handover", "attest_giving"): lambda t: {**_giving(t), **_PAPER},
    ("handover", "take"): _taking,
    ("handover", "attest_taking"): lambda t: {**_taking(t), **_PAPER},
    ("batch", "issue"): lambda t: {**_LOT, "identity": t.identity, "containers": [f"{t.name}-A"], "order": t.name},
    ("batch", "close"): lambda _: {"head": "a" * 64, "seq": 9},
    ("batch", "review"): lambda _: {"conclusion": "in order"},
    ("container-A", "receive"): lambda t: {"batch": t.name},
    ("container-P", "expect"): _product,
    ("container-P", "receive"): lambda t: {"batch": t.name},
    ("container-Q", "expect"): lambda t: {**_product(t), "purpose": "aliquot"},
    ("label", "issue"): _label,
    ("label", "print"): lambda _: {"sha256": "a" * 64},
    ("label", "verify"): lambda t: {"code": f"CONTAINER:{t.name}-P"},
    ("label", "apply"): lambda t: {"container": f"{t.name}-P"},
    ("deviation", "open"): lambda t: {"subject": f"batch/{t.name}", "title": "lid open", "batch": t.name},
    ("deviation", "investigate"): lambda t: {
        "method": "5 whys",
        "findings": ["no switch"],
        "evidence": [f"batch/{t.name}"],
    },
    ("deviation", "conclude"): lambda t: {"cause": "no switch", "impact": "none", "capa": [t.name]},
    **{("specification", one): _writing for one in ("write", "revise")},
    ("test", "request"): lambda t: {"batch": t.name, "specification": t.name, "due": t.at(72), "test": "viability"},
    ("test", "inoculate"): lambda t: {"at": t.at(0), "media": "FTM and SCDM"},
    ("test", "take_in"): lambda t: {"sample": f"{t.name}-Q", "condition": "cold"},
    **{("test", one): _result for one in ("report", "report_preliminary")},
    ("test", "correct"): lambda t: {**_result(t), **_REASON},
    ("test", "invalidate"): lambda t: {"deviation": f"{t.name}-D09", **_REASON},
    **{("capa", one): _capa for one in ("plan", "replan")},
    ("capa", "implement"): lambda t: {"what": "a switch was built in", "evidence": f"event {t.way.ledger.last.seq}"},
    **{
        ("capa", one): lambda t: {"result": "no alarm", "evidence": f"event {t.way.ledger.last.seq}"}
        for one in ("find_effective", "find_ineffective")
    },
    **{("location", one): _map for one in ("define", "redefine")},
    ("location", "reserve"): lambda t: {"place": "R1/01", "container": f"{t.name}-A", "until": t.at(48)},
    ("location", "free"): lambda _: {"place": "R1/01", **_REASON},
    **{("stability", one): _study for one in ("write", "revise")},
    ("stability", "enrol"): lambda t: {"batch": t.name, "reserve": f"{t.name}-S", "since": t.at(0)},
    ("stability", "decide"): lambda _: {"months": 6.0, "rationale": "all results meet"},
    ("stability", "end"): lambda _: {"conclusion": "six months"},
    **{("manifest", one): _manifest for one in ("plan", "replan")},
    ("manifest", "pack"): _box,
    ("manifest", "dispatch"): lambda _: {"waybill": "WB-2"},
    ("manifest", "receive"): _came,
    ("manifest", "attest_receipt"): lambda t: {**_came(t), **_PAPER},
    ("manifest", "answer"): lambda t: {"test": t.name},
    ("order", "rename"): lambda _: {"was": "SUBJ-017", "now": "SUBJ-117", "cause": "merged record", "evidence": "file"},
    ("blind", "seal"): lambda t: {"order": t.name, "study": "ST-1", "number": "K-1", "hides": "arm", "sha256": SEALED},
    ("blind", "open"): lambda _: {"word": ARM, "key": KEY, "why": "emergency", **_REASON},
    ("donor", "record"): lambda t: {"order": t.name, "donor": "SUBJ-017", "use": "autologous"},
    ("donor", "screen"): lambda _: {"records": "file 17"},
    ("donor", "test"): lambda t: {"agent": "HBV", "outcome": "negative", "laboratory": "lab-1", "drawn": t.at(0)},
    **{("donor", f"find_{one}"): lambda _: {"summary": "SUM-17@1"} for one in ("eligible", "ineligible")},
    ("donor", "find_not_required"): lambda _: {"summary": "SUM-17@1"},
    ("donor", "permit"): lambda _: {"authorisation": "letter 4", **_REASON},
    ("recall", "open"): lambda t: {"batch": t.name, "subject": f"test/{t.name}-2", "why": "growth on day 9"},
    **{("recall", f"tell_{one}"): _notice for one in ("physician", "authority")},
    ("recall", "decide"): lambda _: {"outcome": "bring back", "reason": "growth on day 9"},
    ("recall", "close"): lambda _: {"conclusion": "everything is accounted for"},
    **{("reserve", one): _reserve for one in ("plan", "replan")},
    ("reserve", "pull"): lambda t: {"sample": f"{t.name}-Q", "to": "laboratory"},
    ("reserve", "pull_unplanned"): lambda t: {"sample": f"{t.name}-Q", "to": "laboratory", **_REASON},
    ("reserve", "end"): lambda _: {"conclusion": "stable", "left": "nothing"},
    ("release", "open"): lambda t: {"specification": t.name},
    **{("release", one): _certification for one in ("release", "complete")},
    ("release", "release_conditionally"): _condition,
    ("release", "supply_out_of_specification"): _supply,
    ("release", "notify"): lambda _: {"told": "the authority", "how": "by form, number 4"},
    **{("shipment", one): _shipment for one in ("plan", "replan")},
    ("shipment", "pack"): _packing,
    ("shipment", "dispatch"): lambda _: {"waybill": "WB-1"},
    ("shipment", "receive"): _examination,
    ("shipment", "accept"): lambda _: {"conclusion": "as sent"},
    ("infusion", "plan"): _infusion,
    ("infusion", "prepare"): lambda t: {"container": f"{t.name}-P", "thawed": t.at(0), "expires": t.at(0.5)},
    ("infusion", "identify"): _bedside,
    **{("infusion", one): lambda _: {"volume_ml": 49.0, "reaction": "none"} for one in ("complete", "stop")},
}
_ADDED: Final[Mapping[tuple[str, str, str], Make]] = {  # of the second and later object of a kind
    ("2", "handover", "attest_giving"): lambda _: {"giver": "courier-1", "receiver": "site-a"},
    ("3", "handover", "give"): lambda t: {"giver": "site-a", "receiver": "carrier-1", **_of_product(t)},
    ("3", "handover", "attest_taking"): _of_product,
    ("4", "handover", "attest_giving"): lambda t: {"giver": "carrier-1", "receiver": "ward-4", **_of_product(t)},
    ("4", "handover", "take"): _of_product,
    ("2", "test", "request"): lambda _: {"test": "sterility"},
    ("2", "test", "report"): lambda _: {"value": "no growth"},
    ("2", "test", "report_preliminary"): lambda _: {"value": "no growth to date"},
}  # fmt: skip
