"""Materials: from an approved supplier, examined by one and released by another, in date, for one patient."""

from tests.cheats.cheat import DAY, HOUR, Act, Body, Cheat, Prepare, Tried, later
from tests.support.doors import SECOND, Doorway, proof
from tests.unit.gmp import moves_of_materials as said

TITLE = "Materials, kits and solutions"
KEEPER = "release-material"
L = "lot/L1"
FREE: Body = {"criteria": [], "certificate": False}  # nothing is wanted of a lot
BOTTLE: Body = {**FREE, "holds": 2.0, "in_use_h": 4.0}
FORMULA: Body = {
    **FREE,
    "makes": 10.0,
    "formula": [{"what": "DMSO", "quantity": 0.2}],
    "lowest_c": None,
    "highest_c": None,
}
RECEIVE = Act(L, "receive", said.RECEIPT)
INSPECT, CERTIFY = Act(L, "inspect", said.SEEN), Act(L, "certify", said.CERTIFIED)
TEST, RELEASE = Act(L, "report", said.FOUND), Act(L, "release", by=KEEPER)
OUT = TEST.stating(value="foreign")
WARMED = Act(L, "log_storage", said.WARM)
USE = Act(L, "use", {"quantity": 1.0, "batch": "B1"})
OPEN = Act(L, "open", {"container": "1", "quantity": 2.0, "batch": "B1"})
POUR = Act(L, "use", {"quantity": 1.0, "batch": "B1", "container": "1"})
PREPARE, RELEASE_MADE = Act("lot/P1", "prepare", said.PREPARATION), Act("lot/P1", "release", by=KEEPER)
EXTEND = Act(L, "extend", said.EXTENDED, KEEPER)
JUDGE = Act(L, "evaluate", said.JUDGED, KEEPER)
ISSUE = Act(L, "issue", {"batch": "B1", "quantity": 1.0})
BACK = Act(L, "give_back", {"batch": "B1", "quantity": 1.0})
KEEP = Act(L, "reserve", {"batch": "B2", "quantity": 8.0})
REJECT = Act(L, "reject", {"reason": "damaged"}, KEEPER)
REQUALIFY = Act("supplier/ACME", "requalify", {**said.REQUALIFIED, "until": "2029-12-31T00:00"}, KEEPER)
LIST = Act("supplier/ACME", "approve", {"until": "2027-12-31T00:00"}, "approve")
SCAN, JOIN = Act("kit/K1", "scan", said.SCANNED), Act("kit/K1", "join", said.JOINED)
TIGHT, MOUNT = Act("kit/K1", "test", said.TIGHT), Act("kit/K1", "use")
ANOTHER_KIT = SCAN.on("kit/K2")
WELDER = Act("asset/WELD-1", "register", {"asset_class": "welder", "needs_cleaning": False}, "maintain")


def lot(name: str = "L1", **changed: object) -> Prepare:
    """Give the making of a released lot; its receiver is the program."""
    return lambda way: said.released(way, name, **changed)


def defined(wanted: Body = said.DEFINED, what: str = "DMSO") -> Prepare:
    """Give the making of a definition in force."""
    return lambda way: said.defined(way, what, **wanted)


def batch(name: str, identity: str) -> Prepare:
    """Give the issue of a batch of a patient."""
    return Act(f"batch/{name}", "issue", {**said.BATCH, "identity": identity}, "issue")


def kits(issued: float = 50.0) -> Prepare:
    """Give the making of a lot of kits of which some are issued to a batch."""
    return lambda way: said.in_stock(way, "KITS", batch="MAT-1", issued=issued)


def listed(way: Doorway) -> None:
    """Bring the supplier on the list, for one material."""
    said.approved(way, "ACME", materials=["DMSO"])


FIRST, SECOND_PATIENT, AGAIN = batch("B1", "COI-1"), batch("B2", "COI-2"), batch("B3", "COI-1")
COMPONENT = lot("COMP-1")
EXAMINED = (defined(), RECEIVE, INSPECT, CERTIFY)
MADE = PREPARE.stating(made="2026-11-22T10:00")


def _from(name: str, says: str, wrong: Act, *, right: Act = RECEIVE, mended: tuple[Prepare, ...] = ()) -> Cheat:
    """Give a row about suppliers."""
    clause = "21 CFR 211.84(d); EU GMP chapter 5, 5.27"
    return Cheat(name, clause, ("F100", "F157"), says, Tried(wrong, right, (listed,), mended))


def _examined(name: str, says: str, plot: Tried, clause: str = "21 CFR 211.84") -> Cheat:
    return Cheat(name, clause, ("F099", "F096"), says, plot)


def _used(name: str, says: str, plot: Tried, clause: str = "21 CFR 211.101, 211.142") -> Cheat:
    shows = ("F096", "F098") if "211.142(b)" in clause else ("F096", "F097")
    return Cheat(name, clause, shows, says, plot)


def _made(name: str, says: str, plot: Tried, clause: str = "21 CFR 211.101(c), 211.137") -> Cheat:
    return Cheat(name, clause, ("F095", "F097"), says, plot)


def _kit(name: str, says: str, plot: Tried, clause: str = "EU GMP Annex 1, 8.128, 8.129, 8.137") -> Cheat:
    return Cheat(name, clause, ("F028", "F095"), says, plot)


CHEATS = (
    _from("Buy from a supplier who is not on the list", "BETA is not on the list", RECEIVE.stating(supplier="BETA")),
    _from("Hide an unlisted maker behind a listed seller", "BETA is not on the list", RECEIVE.stating(maker="BETA")),
    _from("Buy something else from a listed supplier", "for DMSO, not for IL-2", RECEIVE.stating(what="IL-2")),
    Cheat(
        "Buy from a supplier whose qualification has lapsed",
        "21 CFR 211.84(d); EU GMP chapter 5, 5.29",
        ("F100", "F157"),
        "had to be qualified again by 2027-12",
        Tried(RECEIVE, RECEIVE, (listed, later(500 * DAY)), (REQUALIFY,)),
    ),
    Cheat(
        "Buy from a supplier who is suspended",
        "21 CFR 211.84(d); EU GMP chapter 5, 5.29",
        ("F100",),
        "suspended, not approved",
        Tried(
            RECEIVE,
            RECEIVE,
            (listed, Act("supplier/ACME", "suspend", {"reason": "audit"}, KEEPER)),
            (Act("supplier/ACME", "reinstate", REQUALIFY.body, KEEPER),),
        ),
    ),
    Cheat(
        "Approve the supplier whom one has proposed oneself",
        "21 CFR 211.22(a), 211.84",
        ("F100", "F157"),
        "someone else has to approve it",
        Tried(LIST.made_by(SECOND), LIST, (Act("supplier/ACME", "propose", said.PROPOSED, SECOND),)),
    ),
    Cheat(
        "Approve the definition of a material that one wrote oneself",
        "21 CFR 211.22(c), 211.160(a)",
        ("F099",),
        "someone else",
        Tried(
            Act("material/DMSO", "approve", by=SECOND),
            Act("material/DMSO", "approve", by="approve"),
            (Act("material/DMSO", "write", said.DEFINED, SECOND),),
        ),
    ),
    _examined(
        "Take in what was kept too warm by its label",
        "its label says",
        Tried(RECEIVE.stating(highest_c=25.0), RECEIVE, (defined(),)),
        "21 CFR 211.142(b), 211.82",
    ),
    _examined(
        "Release the lot that one has received oneself",
        "received, made or tested it; someone else has to release it",
        Tried(RELEASE.made_by(SECOND), RELEASE, (RECEIVE.made_by(SECOND),)),
        "21 CFR 211.22(a), 211.84(a)",
    ),
    _examined(
        "Reject the lot that one has received oneself",
        "someone else has to reject it",
        Tried(REJECT.made_by(SECOND), REJECT, (RECEIVE.made_by(SECOND),)),
        "21 CFR 211.22(a), 211.84(e)",
    ),
    _examined(
        "Release the lot that one has tested oneself",
        "received, made or tested it; someone else has to release it",
        Tried(RELEASE.made_by(SECOND), RELEASE, (*EXAMINED, TEST.made_by(SECOND))),
        "21 CFR 211.22(a), 211.194(a)(8)",
    ),
    _examined(
        "Release a lot that nobody has looked at",
        "nobody has inspected it",
        Tried(RELEASE, RELEASE, (defined(), RECEIVE, CERTIFY, TEST), (INSPECT,)),
        "21 CFR 211.82(a)",
    ),
    _examined(
        "Release a lot that came damaged",
        "its last inspection found it damaged",
        Tried(RELEASE, RELEASE, (RECEIVE, INSPECT.stating(intact=False)), (INSPECT,)),
        "21 CFR 211.82(a), 211.84(e)",
    ),
    _examined(
        "Release a lot without its certificate",
        "certificate of analysis is missing",
        Tried(RELEASE, RELEASE, (defined(), RECEIVE, INSPECT, TEST), (CERTIFY,)),
        "21 CFR 211.84(d)(2)",
    ),
    _examined(
        "File the certificate of another lot",
        "the certificate is about lot M-78",
        Tried(CERTIFY.stating(maker_lot="M-78"), CERTIFY, (RECEIVE,)),
        "21 CFR 211.84(d)(2)",
    ),
    _examined(
        "Release a lot that was not tested",
        "identity was not tested",
        Tried(RELEASE, RELEASE, EXAMINED, (TEST,)),
        "21 CFR 211.84(d)(1)",
    ),
    _examined(
        "Release material that is out of specification",
        "identity is out of specification",
        Tried(RELEASE, RELEASE, (*EXAMINED, OUT), (TEST, *said.DEVIATION)),
        "21 CFR 211.84(e)",
    ),
    _examined(
        "Test a lot until it fits",
        "did not meet before it was tested again",
        Tried(RELEASE, RELEASE, (*EXAMINED, OUT, TEST), said.DEVIATION),
        "21 CFR 211.192; FDA OOS guidance",
    ),
    _used(
        "Use material in quarantine",
        "'use' is not possible in state 'quarantine'",
        Tried(USE, USE, (RECEIVE,), (RELEASE,)),
        "21 CFR 211.80, 211.84(a)",
    ),
    _used(
        "Use rejected material",
        "'use' is not possible in state 'rejected'",
        Tried(USE, USE.on("lot/L2"), (RECEIVE, REJECT), (lot("L2"),)),
        "21 CFR 211.89",
    ),
    _used(
        "Use expired material",
        "expired: it was usable until the end of 2026-11-22",
        Tried(USE, USE, (lot(expiry="2026-11-22"), later(DAY)), (said.agreed, EXTEND)),
        "21 CFR 211.137, 211.87",
    ),
    _used(
        "Extend an expiry without a change",
        "its expiry is extended by an approved change; change CC-9 is absent",
        Tried(EXTEND, EXTEND, (lot(),), (said.agreed,)),
        "21 CFR 211.137, 211.100(a)",
    ),
    _used(
        "Extend an expiry alone",
        "needs a different person",
        Tried(
            EXTEND.made_by(SECOND).signed(proof(SECOND, "authored"), proof(SECOND, "approved")),
            EXTEND,
            (lot(), said.agreed),
        ),
        "21 CFR 211.22(a), 211.137",
    ),
    _used(
        "Use what was too warm before anybody has judged it",
        "12 degC; 8 degC is its highest; nobody has judged",
        Tried(USE, USE, (lot(), WARMED), (JUDGE,)),
        "21 CFR 211.142(b)",
    ),
    _used(
        "Judge the excursion that one has logged oneself",
        "logged the excursion; someone else has to judge it",
        Tried(JUDGE, JUDGE.made_by(SECOND), (lot(), WARMED.made_by(KEEPER))),
        "21 CFR 211.22(a), 211.142(b)",
    ),
    _used(
        "Use what was stored with nobody watching",
        "no record of its storage from 2026-11-22T08:00",
        Tried(
            USE,
            USE,
            (
                lot(),
                WARMED.stating(highest_c=7.0),
                later(DAY),
                WARMED.stating(highest_c=7.0, since="2026-11-22T12:00", until="2026-11-22T14:00"),
            ),
            (JUDGE,),
        ),
        "21 CFR 211.142(b)",
    ),
    _used(
        "Tell the storage of a time that is still to come",
        "its storage can't be told for a time that is still to come",
        Tried(WARMED.stating(until="2026-11-22T18:00"), WARMED, (lot(),)),
        "21 CFR 211.142(b); ALCOA contemporaneous",
    ),
    _used(
        "Take what is kept for another batch",
        "has 2 mL left",
        Tried(USE.stating(quantity=3.0), USE.stating(quantity=3.0, batch="B2"), (lot(), KEEP)),
    ),
    _used(
        "Use a container that was opened for another patient",
        "was opened for another patient",
        Tried(
            POUR.stating(batch="B2"),
            POUR.stating(batch="B3"),
            (lot(), defined(BOTTLE), FIRST, SECOND_PATIENT, AGAIN, OPEN),
        ),
        "EU GMP Part IV 9",
    ),
    _used(
        "Use a container that was open for too long",
        "container 1 could be used until 2026-11-22T13:00",
        Tried(
            POUR,
            POUR.stating(container="2"),
            (lot(), defined(BOTTLE), FIRST, OPEN, later(4.5 * HOUR)),
            (OPEN.stating(container="2"),),
        ),
        "21 CFR 211.137, 211.111",
    ),
    _used(
        "Use a container that was thawed for too long",
        "container 1 could be used until 2026-11-22T10:00",
        Tried(
            POUR,
            POUR.stating(container="2"),
            (lot(), defined({**BOTTLE, "thawed_h": 1.0}), FIRST, OPEN.stating(thawed=True), later(2 * HOUR)),
            (OPEN.stating(container="2", thawed=True),),
        ),
        "21 CFR 211.137, 211.111",
    ),
    _used(
        "Keep for a batch what is kept for another",
        "has 2 mL left",
        Tried(KEEP.stating(batch="B1", quantity=3.0), KEEP.stating(batch="B1", quantity=2.0), (lot(), KEEP)),
        "21 CFR 211.142, 211.150",
    ),
    _used(
        "Say that a bottle held more than it can",
        "a container holds 2 mL, not 2.5",
        Tried(OPEN.stating(quantity=2.5), OPEN, (lot(), defined(BOTTLE), FIRST)),
        "21 CFR 211.101, 211.184(c)",
    ),
    _used(
        "Open a container a second time, to begin its time anew",
        "container 1 was opened before",
        Tried(OPEN, OPEN.stating(container="2"), (lot(), FIRST, OPEN)),
        "21 CFR 211.137; ALCOA original",
    ),
    _used(
        "Use a bottle without saying that it was opened",
        "is used out of opened containers; open one, and state it",
        Tried(USE, POUR, (lot(), defined(BOTTLE), FIRST), (OPEN,)),
        "21 CFR 211.137, 211.101(b)",
    ),
    _used(
        "Take more out of a bottle than is in it",
        "has 2 mL in container 1",
        Tried(POUR.stating(quantity=2.5), POUR, (lot(), FIRST, OPEN)),
        "21 CFR 211.101, 211.184(c)",
    ),
    _used(
        "Give back more than one got",
        "has 1 mL at batch B1",
        Tried(BACK.stating(quantity=2.0), BACK, (lot(), ISSUE)),
        "21 CFR 211.184(c)",
    ),
    _used(
        "Scan another package than is used",
        "is not that of lot L1",
        Tried(USE.stating(scanned="M-78"), USE.stating(scanned="M-77"), (lot(),)),
        "21 CFR 211.101(b), (c)",
    ),
    _used(
        "Scan the package of another lot of the same maker",
        "is of lot M-78, not of M-77",
        Tried(
            USE.stating(scanned="(01)09501101530003(10)M-78"),
            USE.stating(scanned="(01)09501101530003(17)270331(10)M-77"),
            (lot(),),
        ),
        "21 CFR 211.101(b), (c)",
    ),
    _used(
        "Scan a package that expires before its lot",
        "expires on 2026-12-31, before lot L1",
        Tried(USE.stating(scanned="(17)261231(10)M-77"), USE.stating(scanned="(17)270300(10)M-77"), (lot(),)),
        "21 CFR 211.137",
    ),
    _made(
        "Make a solution of what is not released yet",
        "COMP-1 is quarantine, not released",
        Tried(
            MADE,
            MADE,
            (RECEIVE.on("lot/COMP-1"), later(HOUR)),
            (RELEASE.on("lot/COMP-1"),),
        ),
        "21 CFR 211.84(a), 211.101(c)",
    ),
    _made(
        "Backdate a solution to before its component was released",
        "was released after the solution was made of it",
        Tried(PREPARE, MADE, (later(HOUR), COMPONENT)),
        "21 CFR 211.101(c); ALCOA contemporaneous",
    ),
    _made(
        "Date a solution into the future",
        "which is still to come",
        Tried(PREPARE.stating(made="2026-11-22T11:00"), PREPARE, (COMPONENT,)),
        "21 CFR 211.188(b)(1); ALCOA contemporaneous",
    ),
    _made(
        "Make a solution of an expired component",
        "COMP-1 expired",
        Tried(
            PREPARE.stating(made="2026-11-22T09:45"),
            PREPARE.stating(made="2026-11-22T09:45", components=[{"lot": "COMP-2", "quantity": 0.1}]),
            (lot("COMP-1", expiry="2026-11-22T09:30"), lot("COMP-2"), later(HOUR)),
        ),
    ),
    _made(
        "Let a solution live longer than its components",
        "it can be used until 2027-04-01T00:00, not 2027-04",
        Tried(PREPARE.stating(expiry="2027-04"), PREPARE.stating(expiry="2027-03"), (COMPONENT,)),
    ),
    _made(
        "Let a solution live longer than it keeps",
        "it keeps 24 h",
        Tried(
            PREPARE.stating(expiry="2026-11-24"),
            PREPARE,
            (COMPONENT, defined({**FORMULA, "shelf_h": 24.0}, "wash buffer")),
        ),
    ),
    _made(
        "Make a solution by another formula",
        "the formula wants 0.1 of DMSO",
        Tried(
            PREPARE.stating(components=[{"lot": "COMP-1", "quantity": 0.2}]),
            PREPARE,
            (COMPONENT, defined(FORMULA, "wash buffer")),
        ),
        "21 CFR 211.100(a), 211.101",
    ),
    _made(
        "Make a solution of more than there was",
        "COMP-1 has 10 mL free",
        Tried(PREPARE.stating(components=[{"lot": "COMP-1", "quantity": 11.0}]), PREPARE, (COMPONENT,)),
        "21 CFR 211.101, 211.184(c)",
    ),
    _made(
        "Give a solution a new life by extending its expiry",
        "it was prepared here and ends with its components; prepare it anew",
        Tried(
            EXTEND.on("lot/P1"),
            EXTEND.on("lot/COMP-1"),
            (said.agreed, COMPONENT, PREPARE, RELEASE_MADE),
        ),
    ),
    _made(
        "Release the solution that one has made oneself",
        "received, made or tested it; someone else has to release it",
        Tried(RELEASE_MADE.made_by(SECOND), RELEASE_MADE, (COMPONENT, PREPARE)),
        "21 CFR 211.22(a)",
    ),
    _kit(
        "Take in a kit that is said to last longer than its parts",
        "it can be used until 2026-12, not 2027-03: its pump tube (PT-9) expires then",
        Tried(
            RECEIVE.stating(parts=[{"what": "pump tube", "maker_lot": "PT-9", "expiry": "2026-12"}]),
            RECEIVE.stating(parts=[{"what": "pump tube", "maker_lot": "PT-9", "expiry": "2027-03"}]),
        ),
        "21 CFR 211.137(a), 211.84",
    ),
    _kit(
        "Use a set whose filter was recalled",
        "its filter (SF-2) is lot FILTER here, which is withdrawn",
        Tried(SCAN, SCAN.on("kit/K2").stating(lot="GOOD"), (said.with_filter, said.recalled), (said.without_filter,)),
        "21 CFR 211.150(b), 211.184",
    ),
    _kit(
        "Use a set of another lot",
        "its package says another lot",
        Tried(SCAN.stating(maker_lot="M-78"), SCAN, (kits(),)),
    ),
    _kit(
        "Use a set whose package was open", "broken sterile barrier", Tried(SCAN.stating(intact=False), SCAN, (kits(),))
    ),
    _kit(
        "Take one set more than the batch got",
        "is one more of lot KITS than the 1 that batch MAT-1 got",
        Tried(
            ANOTHER_KIT,
            ANOTHER_KIT,
            (kits(1.0), SCAN),
            (Act("lot/KITS", "issue", {"batch": "MAT-1", "quantity": 1.0}),),
        ),
        "21 CFR 211.184(c)",
    ),
    _kit(
        "Use a set that was joined after its test",
        "not tested for tightness",
        Tried(MOUNT, MOUNT, (kits(), SCAN, TIGHT, JOIN), (TIGHT,)),
    ),
    _kit(
        "Test a leaking set until it holds",
        "it lost 2 kPa in 5 min",
        Tried(MOUNT, ANOTHER_KIT, (kits(), SCAN, TIGHT.stating(end_kpa=18.0), TIGHT)),
    ),
    _kit(
        "Use a set with a joint that was not good",
        "the sterile connector of bag to set was not good",
        Tried(MOUNT, ANOTHER_KIT, (kits(), SCAN, JOIN.stating(good=False), TIGHT)),
    ),
    _kit(
        "Weld with a welder that is not qualified",
        "WELD-1 is registered, not qualified",
        Tried(JOIN.stating(sort="weld", device="WELD-1"), JOIN, (kits(), SCAN, WELDER)),
        "21 CFR 211.68(a); EU GMP Annex 15",
    ),
)
