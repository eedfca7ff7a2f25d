"""Chain of identity and of custody: the right patient's cells, in known hands, under the right label."""

from automation.gmp.product.donors import AGENTS
from tests.cheats.cheat import Act, Body, Cheat, Prepare, Told, Tried, two
from tests.support.doors import SECOND, Doorway, proof
from tests.support.thread import ARM, KEY, SEALED, Thread
from tests.unit.gmp.moves import ISSUE
from tests.unit.gmp.moves_of_quality import act

TITLE = "Identity, custody, containers and labels"
OTHER = "CHA999926ZZZZ99"
PART_IV = "EU GMP Part IV 9; 21 CFR 211.130"
TWO = (proof("perform", "performed"), proof("verify", "verified"))
RENAMED: Body = {"was": "SUBJ-017", "now": "SUBJ-117", "cause": "merged record", "evidence": "file 3"}
RENAME = Act("order/X1", "rename", RENAMED, "order")
STORE: Body = {"asset": "store-01", "condition": "vapour", "highest_c": -150.0, "places": ["R1/01", "R1/02"]}
PLACE = "store-01/R1/01"
DRAW = Act("container/B1", "draw", {"volume_ml": 5.0, "to": "waste"})
TAKE_OUT = Act("container/B1", "retrieve_by_two", {"container": "B1", "position": PLACE})
HOLD = Act("container/B1", "qa_hold", {"reason": "curve out of limits"}, "review")
LIFT = Act("container/B1", "lift", {"reason": "judged"}, "approve")
DESTROY = Act("container/B1", "destroy", {"reason": "it leaks"})


def bag(name: str = "B1", **said: object) -> Prepare:
    """Give the taking in of a bag of 20 mL."""

    def make(way: Doorway) -> None:
        way.do(f"container/{name}", "expect", {"identity": "COI-1", "kind": "bag50", "volume_ml": 20.0, **said})
        way.do(f"container/{name}", "receive", {}, by="perform")

    return make


def told_until(what: str, command: str) -> Prepare:
    """Give the story up to a move."""
    return lambda way: Thread(way, "X1").until(what, command)


def told_through(what: str, command: str) -> Prepare:
    """Give the story up to a move and with it."""
    return lambda way: Thread(way, "X1").through(what, command)


def store(**changed: object) -> Prepare:
    """Give the opening of a location."""

    def make(way: Doorway) -> None:
        act(way, "location/store-01", "define", {**STORE, **changed}, by="supervise")
        act(way, "location/store-01", "approve", by="approve")

    return make


def put(name: str, position: str = PLACE) -> Act:
    """Give the storing of a bag."""
    return Act(f"container/{name}", "store", {"position": position})


def lot(name: str, identity: str, *containers: str) -> Act:
    """Give the issue of an engineering lot of a patient."""
    return Act(f"batch/{name}", "issue", {**ISSUE, "identity": identity, "containers": list(containers)}, "issue")


RETRIEVE = Act("container/B1", "retrieve", {"reason": "shipment"})
RECEIVE = Act("container/B1", "receive", {"batch": "L1"})
FIND = Act("donor/X1", "find_eligible", {"summary": "SUM-17@1"}, "release")
SEAL = Act(
    "blind/X1", "seal", {"order": "X1", "study": "ST-1", "number": "K-1", "hides": "arm", "sha256": SEALED}, "order"
)
UNSEAL = Act("blind/X1", "open", {"word": ARM, "key": KEY, "why": "emergency", "reason": "fever"}, "treat")
SECOND_ORDER = Act(
    "order/X9",
    "place",
    {
        "identity": "CHA999926009999",
        "subject": "SUBJ-018",
        "product": "CAR-T cells",
        "profile": "eu",
        "needed_by": "2026-12-31T08:00",
        "instructions": "COL-INS@3",
        "volume": "between 100 and 400 mL",
        "tnc": "at least 2E+9 cells",
        "cd3": "at least 0.6E+9 cells",
    },
    "treat",
)
RESERVE = Act("location/store-01", "reserve", {"place": "R1/01", "container": "B2", "until": "2026-12-31T00:00"})
EXPECTED = Act("container/B1", "expect", {"identity": "COI-1"}, "issue")
GIVEN: Body = {
    "identity": "CHA999926001607",  # of the story
    "containers": ["X1-A"],
    "giver": "centre-1",
    "receiver": "courier-1",
    "place": "ward 2",
    "condition": "intact",
}
SCRAP: Body = {"disposition": "scrap", "reason": "it leaks"}


def belongs(person: str, party: str) -> Act:
    """Give the saying of which party a person is."""
    return Act(f"person/{person}", "belong", {"parties": [party], "reason": "contract 7"}, "administer")


OF_CENTRE = belongs("collect", "centre-1")
GIVE = Act("handover/X1", "give", GIVEN, "collect")
TAKE = Act("handover/X1", "take", {"containers": ["X1-A"], "condition": "intact"}, "perform")


def scrapped(way: Doorway) -> None:
    """Have quality decide that a bag is scrapped."""
    leak: Body = {"subject": "container/B1", "found": "a leak", "requirement": "SPEC-BAG@1"}
    act(way, "nonconformance/NC-1", "report", leak, by="perform")
    act(way, "nonconformance/NC-1", "propose", SCRAP, by="investigate")
    act(way, "nonconformance/NC-1", "decide", by="approve")


def evaluated(way: Doorway) -> None:
    """Screen the donor and test for every agent."""
    act(way, "donor/X1", "screen", {"records": "file 17"}, by="collect")
    for agent in AGENTS:
        found: Body = {"agent": agent, "outcome": "negative", "laboratory": "lab-1", "drawn": "2026-11-22T08:00"}
        act(way, "donor/X1", "test", found, by="collect")


def _ordered(name: str, says: str, plot: Told | Tried, clause: str = "EU GMP Part IV; 21 CFR 1271.290") -> Cheat:
    return Cheat(name, clause, ("F020", "F056"), says, plot)


def _instructed(name: str, says: str, plot: Told) -> Cheat:
    return Cheat(name, "FACT-JACIE; EU GMP Part IV", ("F054.1", "F056", "F057"), says, plot)


def _held(name: str, says: str, plot: Told | Tried, clause: str = "EU GMP Part IV; FACT custody") -> Cheat:
    return Cheat(name, clause, ("F021", "F167"), says, plot)


def _stored(name: str, clause: str, says: str, plot: Tried) -> Cheat:
    return Cheat(name, clause, ("F024", "F050"), says, plot)


CHEATS = (
    _ordered(
        "Place a second order under one chain of identity",
        "is that of order X1; one therapy has its own",
        Tried(
            SECOND_ORDER.stating(identity="CHA999926001607"),  # of the first
            SECOND_ORDER,
            (told_through("order", "place"),),
        ),
    ),
    _instructed(
        "Confirm an order whose instructions nobody has read",
        "nobody has acknowledged",
        Told("order", "confirm", skipped=(("order", "acknowledge"),)),
    ),
    _instructed(
        "Acknowledge instructions that are not those of the order",
        "goes by COL-INS@3",
        Told("order", "acknowledge", states={"instructions": "COL-INS@2"}),
    ),
    _ordered(
        "Give a recipient another code alone",
        "a different person",
        Tried(
            RENAME.made_by(SECOND).signed(proof(SECOND, "performed"), proof(SECOND, "verified")),
            RENAME,
            (told_until("collection", "report"),),
        ),
    ),
    _ordered(
        "Put another patient under an order by a merged record",
        "is not that of the recipient",
        Tried(RENAME.stating(was="SUBJ-018"), RENAME, (told_until("collection", "report"),)),
    ),
    _ordered(
        "Schedule a collection that was not confirmed",
        "is placed, not confirmed",
        Told("collection", "schedule", skipped=(("order", "confirm"),)),
        "21 CFR 11.10(f)",
    ),
    _ordered(
        "Report a collection under another chain of identity",
        "chain of identity that was scanned is not",
        Told("collection", "report", states={"identity": OTHER}),
    ),
    _ordered(
        "Report the collection of another recipient",
        "recipient code that was scanned is not",
        Told("collection", "report", states={"subject": "SUBJ-018"}),
    ),
    _ordered(
        "Report a collection that is still to come",
        "still to come",
        Told("collection", "report", states={"collected": "2031-01-01T00:00"}),
        "21 CFR 211.188(b)(1)",
    ),
    _ordered(
        "Date a collection to before it was scheduled",
        "more than a day before it was scheduled",
        Told("collection", "report", states={"collected": "2026-11-01T08:00"}),
        "21 CFR 211.188(b)(1); ALCOA contemporaneous",
    ),
    _ordered(
        "Accept the collection that one has reported oneself",
        "someone else has to accept",
        two("collection", "report", "accept"),
        "21 CFR 211.22(a), 211.84",
    ),
    _held(
        "Receive cells that are still with the courier",
        "is with courier-1",
        Told("collection", "receive", skipped=(("handover-2", "attest_giving"), ("handover-2", "take"))),
    ),
    _held(
        "Receive cells that nobody has taken over",
        "nobody took",
        Told("collection", "receive", skipped=(("handover-2", "take"),)),
    ),
    _ordered(
        "Receive the bags of another patient",
        "not of order",
        Told("collection", "receive", states={"identity": OTHER}),
        PART_IV,
    ),
    _held(
        "Receive a bag that was never collected",
        "does not agree",
        Told("collection", "receive", states={"containers": ["X1-A", "X1-B"]}),
    ),
    _held(
        "Hand over under another chain of identity",
        "another chain of identity",
        Told("handover", "give", states={"identity": OTHER}),
        PART_IV,
    ),
    _held("Hand over to oneself", "giver and receiver", Told("handover", "give", states={"receiver": "centre-1"})),
    _held(
        "Sign for both sides of a hand-over",
        "one person is not both",
        two("handover", "give", "attest_taking"),
        "21 CFR 11.100(a); FACT custody",
    ),
    _held(
        "Hand over for a centre that one does not belong to",
        "collect belongs to ward-9; somebody of centre-1 has to give it",
        Tried(GIVE, GIVE, (told_until("handover", "give"), belongs("collect", "ward-9")), (OF_CENTRE,)),
    ),
    _held(
        "Sign as a party whose people are known",
        "collect belongs to no party; somebody of centre-1 has to give it",
        Tried(GIVE, GIVE, (told_until("handover", "give"), belongs("treat", "centre-1")), (OF_CENTRE,)),
    ),
    _held(
        "Take over for another party",
        "perform belongs to site-a; somebody of courier-1 has to take it",
        Tried(
            TAKE,
            TAKE,
            (told_through("handover", "give"), belongs("perform", "site-a")),
            (belongs("perform", "courier-1"),),
        ),
    ),
    _held(
        "Take over other bags than were given",
        "does not agree",
        Told("handover", "attest_taking", states={"containers": ["X1-Q"]}),
    ),
    _held(
        "Withdraw what somebody else has handed over",
        "only who gave it withdraws it",
        Tried(
            Act("handover/X1", "withdraw", {"reason": "it was not I"}, "perform"),
            Act("handover/X1", "withdraw", {"reason": "wrong courier"}, "collect"),
            (told_through("handover", "give"),),
        ),
    ),
    Cheat(
        "Pass somebody else's cells off as the patient's own",
        "21 CFR 1271.90(a)(1), 1271.55",
        ("F007", "F056", "F064"),
        "the donor code is not the recipient code",
        Told("donor", "record", states={"donor": "SUBJ-018"}),
    ),
    Cheat(
        "Determine the eligibility of a donor whom one has recorded oneself",
        "21 CFR 1271.50(a)",
        ("F007", "F060"),
        "someone else has to determine it",
        two("donor", "record", "find_not_required"),
    ),
    Cheat(
        "Find a donor eligible without the tests",
        "21 CFR 1271.75, 1271.80, 1271.85",
        ("F007",),
        "missing are screening or tests",
        Tried(FIND, FIND, (told_until("donor", "find_not_required"),), (evaluated,)),
    ),
    Cheat(
        "Open a trial's blind with another word than was sealed",
        "ICH E6(R2) 5.13.4",
        ("F056",),
        "word and key are not what was sealed",
        Tried(UNSEAL.stating(word="B"), UNSEAL, (told_through("order", "confirm"), SEAL)),
    ),
    Cheat(
        "Open a trial's blind alone",
        "ICH E6(R2) 5.13.4, 4.7",
        ("F056",),
        "needs a signature with the meaning 'verified'",
        Tried(UNSEAL.signed(proof("treat", "responsible")), UNSEAL, (told_through("order", "confirm"), SEAL)),
    ),
    _ordered(
        "Take a bag into the lot of another patient",
        "does not belong to batch L2",
        Tried(RECEIVE.stating(batch="L2"), RECEIVE, (EXPECTED, lot("L1", "COI-1", "B1"), lot("L2", "COI-2"))),
        PART_IV,
    ),
    _ordered(
        "Fill from a container of another patient",
        "S1 is of another chain of identity",
        Tried(
            Act("container/B1", "fill", {"volume_ml": 5.0, "source": "S1"}),
            Act("container/B1", "fill", {"volume_ml": 5.0, "source": "B2"}),
            (bag(), bag("B2"), bag("S1", identity="COI-2")),
        ),
        PART_IV,
    ),
    _ordered(
        "Pass off a new bag as the child of another patient's",
        "its parent B1 is of another chain of identity",
        Tried(
            EXPECTED.on("container/B2").stating(identity="COI-2", parent="B1"),
            EXPECTED.on("container/B2").stating(parent="B1"),
            (bag(),),
        ),
        PART_IV,
    ),
    _stored(
        "Draw more than there is",
        "21 CFR 211.101, 211.103; EU GMP Part IV (reconciliation)",
        "holds 20 mL; 25 mL can't be drawn",
        Tried(DRAW.stating(volume_ml=25.0), DRAW, (bag(),)),
    ),
    _stored(
        "Forget by a new label how long a bag was warm",
        "21 CFR 211.142(b), 211.188",
        "has to state its warming_s 40.0",
        Tried(
            EXPECTED.on("container/B2").stating(parent="B1"),
            DRAW,
            (
                bag(),
                Act("container/B1", "chill", {"reached_c": -100.0}),
                Act("container/B1", "warm", {"seconds": 40.0, "above_c": -120.0}),
            ),
        ),
    ),
    _stored(
        "Put two bags into one place",
        "21 CFR 211.142; EU GMP Part IV",
        "can't be put at store-01/R1/01: B1 is there",
        Tried(put("B2"), put("B2", "store-01/R1/02"), (store(), bag(), bag("B2"), put("B1"))),
    ),
    _stored(
        "Take the place that is kept for another patient",
        "21 CFR 211.142; EU GMP Part IV",
        "it is reserved for B2",
        Tried(put("B1"), put("B1", "store-01/R1/02"), (store(), bag(), bag("B2"), RESERVE)),
    ),
    _stored(
        "Put a bag that is not tight into liquid nitrogen",
        "FACT-JACIE (liquid phase, cross-contamination); EU GMP Part IV",
        "bag50 is not known to stay tight in liquid nitrogen; cryobag50 is",
        Tried(
            put("B1"),
            put("B2"),
            (store(liquid=True, tight=["cryobag50"]), bag(), bag("B2", kind="cryobag50")),
        ),
    ),
    _stored(
        "Call the liquid phase a vapour",
        "FACT-JACIE (liquid phase, cross-contamination)",
        "say liquid, and which kinds stay tight",
        Tried(
            Act("location/store-02", "define", {**STORE, "condition": "liquid phase"}, "supervise"),
            Act("location/store-02", "define", {**STORE, "condition": "liquid phase", "liquid": True}, "supervise"),
        ),
    ),
    _stored(
        "Put product among what carries the biohazard legend",
        "21 CFR 1271.65(a)",
        "does not carry the biohazard legend",
        Tried(put("X1-P"), put("X1-P", "T1/2"), (told_until("container-A", "empty"), store(biohazard=True))),
    ),
    _stored(
        "Take product out of the store alone",
        "FACT-JACIE; EU GMP Part IV (two people)",
        "is taken out of store-01 by two people",
        Tried(RETRIEVE, TAKE_OUT, (store(), bag(), put("B1"))),
    ),
    _stored(
        "Take the bag beside out of the store",
        "21 CFR 211.130; FACT-JACIE",
        "another container was scanned; it stays where it is",
        Tried(TAKE_OUT.stating(container="B2"), TAKE_OUT, (store(), bag(), bag("B2"), put("B1"))),
    ),
    _stored(
        "Approve the map of a store that one drew oneself",
        "21 CFR 211.22(c), 211.142",
        "someone else has to approve it",
        Tried(
            Act("location/store-01", "approve", by=SECOND),
            Act("location/store-01", "approve", by="approve"),
            (Act("location/store-01", "define", STORE, SECOND),),
        ),
    ),
    _stored(
        "Approve one's own map of a store after a colleague has touched it",
        "21 CFR 211.22(c), 211.142",
        "was defined by second; someone else has to approve it",
        Tried(
            Act("location/store-01", "approve", by=SECOND),
            Act("location/store-01", "approve", by="approve"),
            (
                Act("location/store-01", "define", STORE, SECOND),
                Act("location/store-01", "redefine", STORE, "supervise"),
            ),
        ),
    ),
    Cheat(
        "Use product that is on QA hold",
        "21 CFR 211.142(a), 211.110(c)",
        ("F010", "F063"),
        "is on QA hold (curve out of limits); QA has to lift it first",
        Tried(RETRIEVE, RETRIEVE, (bag(), put("B1", "T1/2"), HOLD), (LIFT,)),
    ),
    Cheat(
        "Lift the QA hold that one has placed oneself",
        "21 CFR 211.22(a), 211.192",
        ("F010",),
        "someone else has to lift it",
        Tried(LIFT.made_by(SECOND), LIFT, (bag(), HOLD.made_by(SECOND))),
    ),
    Cheat(
        "Do away with a bag that is on QA hold",
        "21 CFR 211.192, 211.142(a)",
        ("F010", "F106", "F179"),
        "is not destroyed: quality has to lift it, or to decide",
        Tried(DESTROY, DESTROY, (bag(), HOLD), (scrapped,)),
    ),
)
