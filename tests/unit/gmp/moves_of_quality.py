"""What the moves of documents and the other objects of quality state, and what their rules want of other objects.

Source: the tables themselves; see ``moves``.
"""

from collections.abc import Callable
from typing import Final

import pytest

from automation.engine.afterwards import Afterwards
from automation.engine.following import STREAM, Following
from automation.engine.recorder import Recorder
from automation.gmp.registry import KINDS
from automation.gmp.words import Strength
from automation.kernel.clock import iso
from automation.kernel.errors import RefusedError
from automation.kernel.quantity import Seconds
from tests.support.doors import PEOPLE, SYSTEM, ZONE, Doorway, proof

Body = dict[str, object]
_WHY: Final[Body] = {"reason": "because the test says so"}
_LATER: Final = "2031-01-01T00:00"
WRITING: Final[Body] = {"title": "Freezing", "sort": "sop", "text": "Switch it on.\nWait."}
SUFFIXES: Final = {"subject": "-SUBJ", "template": "@1", "document": "@1", "message": ".1"}  # of ids that a rule wants
_PLAN: Final[Body] = {"rationale": "nothing else is touched", "due": _LATER}
_DONE: Final[Body] = {"what": "a lid switch", "evidence": "person/perform"}
_CHANGE: Final[Body] = {"title": "Lid switch", "what": "from none to one", **_WHY}
RATING: Final[Body] = {"severity": 5, "occurrence": 4, "detection": 5, "basis": "twelve runs"}
FAILURE: Final[Body] = {
    **RATING,
    "where": "freeze",
    "failure": "lid open",
    "effect": "warm bag",
    "cause": "no switch",
    "trigger": "chamber warms",
    "backup": "second freezer",
}
_SCAN: Final[Body] = {"sha256": "a" * 64, "pages": 1}
LINE: Final[Body] = {"what": "bag in", "done": "2026-11-22T09:00", "by": "perform", "seen_by": "verify"}
VISIT: Final[Body] = {
    "sort": "authority",
    "party": "an agency",
    "scope": "batch records",
    "begins": _LATER,
    "inspectors": ["read"],
}
SEEN: Final[Body] = {"sort": "near miss", "what": "a wet floor", "where": "Suite 1", "when": "2026-11-22T09:00"}
TASK: Final[Body] = {"what": "a mat", "owner": "perform", "due": _LATER}
IDEA: Final[Body] = {
    "title": "clamps in two colours",
    "problem": "the wrong clamp is taken",
    "idea": "one colour for each line",
    "measure": "waiting",
    "heading": "waiting for a person",
    "better": "lower",
    "since": "2026-10-01T00:00",
}
GUESS: Final[Body] = {
    "statement": "the lid lets warm air in",
    "prediction": "the chamber warms when it is opened",
    "refuted_by": "the chamber stays cold",
    "about": ["person/perform"],
}
TESTED: Final[Body] = {"side": "for", "what": "it warmed by 3 K", "evidence": ["event 3"]}
JUDGED: Final[Body] = {"conclusion": "as predicted", "answers": ["a single lot"]}
SERIES: Final[Body] = {
    "title": "continued verification",
    "recipe": "freeze-day",
    "every": "month",
    "first": "2026-10",
    "measures": [{"metric": "viability", "limits": [">= 70 %"]}],
    "within_d": 20,
    "owner": "perform",
}
TIDY: Final[Body] = {"area": "the bench of suite 1", "keeper": "maintain", "every_days": 30}
SCORES: Final = [
    {"criterion": one, "score": 3, "evidence": "person/perform"}
    for one in ("sort", "set in order", "shine", "standardise", "sustain")
]
AUDIT: Final[Body] = {"scores": SCORES}
MINUTES: Final[Body] = {
    "topic": "wet floors",
    "sort": "safety review",
    "held": "2026-11-22T09:00",
    "present": [*PEOPLE.values(), "second"],
}
DANGER: Final[Body] = {
    "title": "nitrogen in the corridor",
    "hazard": "suffocation",
    "measure": "leave at the alarm",
    "people": list(PEOPLE.values()),
    "by": _LATER,
}
COMPLAINT: Final[Body] = {"party": "WARD-4", "batch": "B1", "what": "a torn overwrap", "received": "2026-11-22T09:00"}
INQUIRY: Final[Body] = {"conclusion": "the bag was whole", "evidence": ["person/perform"]}
BODIES: Final[dict[str, dict[str, Body]]] = {
    "change": {"propose": _CHANGE, "implement": _DONE, "close": {"outcome": "no lid was open since"}},
    "nonconformance": {"propose": {"disposition": "rework", **_WHY}, "close": _DONE},
    "risk": {
        **dict.fromkeys(("rate", "revise"), FAILURE),
        "rate_again": RATING,
        "reopen": {"what": "a lid stood open", "evidence": "event 7"},
    },
    "form": {
        "hand_in": _SCAN,
        "transcribe": {"entries": [LINE], "deviation": "DT-1"},
        "void": {"fate": "unused", **_WHY},
    },
    "inspection": {
        "announce": VISIT,
        "look": {"what": "show batch B-1"},
        "find": {"number": 1, "text": "a page was not signed", "grade": "other"},
        "respond": {"number": 1, "text": "it is signed now"},
        "close": {"outcome": "no objection"},
    },
    "improvement": {
        "try": {"no_change": "nothing of the process is touched"},
        "measure": {"conclusion": "less waiting"},
    },
    "hypothesis": {
        "propose": GUESS,
        "test": TESTED,
        **dict.fromkeys(("support", "refute"), JUDGED),
    },
    "five-s": {**dict.fromkeys(("plan", "replan"), TIDY), "audit": AUDIT},
    "trend-report": {"plan": SERIES, "conclude": {"period": "2026-10", "sha256": "a" * 64, "conclusion": "in control"}},
    "observation": {"report": SEEN, "add": {"text": "it leaks"}, "assess": {"conclusion": "a gasket"}},
    "action": {"open": TASK, "finish": {"what": "laid out"}},
    "meeting": {"minute": MINUTES},
    "complaint": {"investigate": INQUIRY, "close": {"reply": "we looked"}},
    "safety-notice": {"issue": DANGER, "acknowledge": {}, "address": {"people": ["second"]}},
    "thread": {
        "open": {"subject": "person/perform", "topic": "shoes", "text": "whose are these?"},
        **{command: {"text": "mine"} for command in ("say", "reopen")},
        "close": {"outcome": "fetched"},
    },
    "question": {"answer": {"text": "by SOP-12", "records": ["person/perform"]}},
    "document": {**dict.fromkeys(("write", "revise"), WRITING), "make_effective": {}},
}
PATHS: Final = {("inspection", "ended", "respond"): ("announce", "begin", "find", "end")}
OWNER: Final = "supervise"  # of what somebody has to carry out
NAMED: Final[dict[tuple[str, str], Callable[[str, str], Body]]] = {  # what names the object or another
    ("change", "assess"): lambda _name, owner: {**_PLAN, "owner": owner},
    ("nonconformance", "report"): lambda name, _owner: {
        "subject": f"container/{name}",
        "found": "a leak",
        "requirement": "SPEC-BAG@1",
    },
    ("form", "issue"): lambda name, _owner: {"batch": name, "title": "freeze", "sha256": "b" * 64},
    ("question", "ask"): lambda name, _owner: {"inspection": name, "text": "who may open it?"},
    ("complaint", "receive"): lambda name, _owner: {**COMPLAINT, "batch": name},
    ("improvement", "adopt"): lambda name, _owner: {"standard": [f"change/{name}"]},
    ("risk", "treat"): lambda name, owner: {"actions": [f"change/{name}"], "owner": owner, "due": _LATER},
    ("document", "supersede"): lambda name, _owner: {"successor": f"{name}@2", "ends": _LATER},
}
MEASURER: Final = "perform"  # of a card, where nobody else has to be
OWNED: Final[dict[tuple[str, str], Callable[[str], Body]]] = {  # what names its owner, if any
    ("improvement", "propose"): lambda owner: {**IDEA, "owner": owner or MEASURER},
}
_WAY: Final = (("write", "supervise"), ("submit", "supervise"), ("review", "review"), ("approve", "approve"))


def before(way: Doorway, kind: str, command: str, *, name: str) -> None:
    """Do with other objects what the rules of a move want."""
    match kind, command:
        case ("form", "issue") | ("complaint", "receive"):
            act(way, f"batch/{name}", "issue", lot(), by="issue")
        case "form", "transcribe" if way.state("deviation/DT-1") == "absent":
            way.do("deviation/DT-1", "open", {"subject": "person/perform", "title": "downtime"})
        case "question", "ask":
            act(way, f"inspection/{name}", "announce", VISIT, by="review")
            act(way, f"inspection/{name}", "begin", by="review")
        case "risk", "treat":
            act(way, f"change/{name}", "propose", _CHANGE, by="perform")
        case "hypothesis", "support":
            latest = {**TESTED, "evidence": [f"event {way.door.seq}"]}
            act(way, f"hypothesis/{name}", "test", latest, by="perform")
        case "hypothesis", "refute":
            act(way, f"hypothesis/{name}", "test", {**TESTED, "side": "against"}, by="perform")
        case "improvement", "try":
            BODIES[kind][command]["ends"] = iso(way.clock.now() + Seconds(30 * 86_400.0), zone=ZONE)
        case "improvement", "measure":
            way.clock.go(30 * 86_400.0)
        case "improvement", "adopt":
            act(way, f"change/{name}", "propose", _CHANGE, by="perform")
            closed(way, f"change/{name}")
        case "risk", "rate_again":
            closed(way, f"change/{name}")
        case "nonconformance", "report":
            way.do(f"container/{name}", "expect", {"identity": "COI-1"})
        case "document", "supersede":
            effective(way, f"{name}@2", begins=_LATER)
        case "document", "reinstate":
            act(way, f"document/{name}@2", "withdraw", _WHY, by="approve")


def act(way: Doorway, stream: str, command: str, body: Body | None = None, *, by: str = SYSTEM) -> None:
    """Make a move, signed by whoever makes it as its row says."""
    row = KINDS[stream.partition("/")[0]].table.decide(way.state(stream), command)
    signs = tuple(proof("second" if number else by, meaning) for number, meaning in enumerate(row.signs))
    known = (proof(by),) if row.strength == Strength.VERIFY else ()
    way.do(stream, command, body, by=by, signs=signs or known)


def check_refused(way: Doorway, stream: str, command: str, body: Body | None = None, *, by: str, match: str) -> None:
    """Try what must not be done: it is refused, recorded, and changes nothing."""
    version, told = way.ledger.version(stream), len(way.refusals(stream))
    with pytest.raises(RefusedError, match=match):
        act(way, stream, command, body, by=by)
    assert (way.ledger.version(stream), len(way.refusals(stream))) == (version, told + 1)


def lot(**changed: object) -> Body:
    """Give the issue of an engineering lot."""
    recipe: Body = {"recipe": "freeze-day", "recipe_version": "1", "recipe_digest": "d" * 64, "lot_type": "engineering"}
    made: Body = {"product": "T cells", "identity": "CHA999926GT0017", "release": "0.1.0", "operations": {}}
    return {**recipe, **made, "site_digest": "f" * 64, **changed}


def closed(way: Doorway, change: str) -> None:
    """Bring a proposed change to its end."""
    act(way, change, "assess", {**_PLAN, "owner": OWNER}, by="investigate")
    act(way, change, "approve", by="approve")
    act(way, change, "implement", _DONE, by=OWNER)
    act(way, change, "close", {"outcome": "as planned"}, by="approve")


def effective(way: Doorway, document: str, *, begins: str = "", **said: object) -> None:
    """Bring a version of a document into force."""
    for command, by in _WAY:
        act(way, f"document/{document}", command, {**WRITING, **said} if command == "write" else {}, by=by)
    act(way, f"document/{document}", "make_effective", {"begins": begins} if begins else {}, by="approve")


def following(way: Doorway) -> None:
    """Do what follows by itself."""
    Following(way.door, Recorder(way.ledger, way.clock, STREAM), Afterwards()).catch_up()
