"""Shipment, infusion and recall: what is released, whole and cold, to the right patient, and back if it has to be."""

from tests.cheats.cheat import Act, Body, Change, Cheat, Prepare, Told, Tried
from tests.support.doors import SECOND, Doorway
from tests.support.thread import Thread
from tests.unit.gmp.moves_of_quality import act

TITLE = "Shipment, infusion and recall"
OTHER = "CHA999926ZZZZ99"
ICE: Body = {"content": "category b", "coolant": "dry ice", "ice_kg": 5.0}
GROWTH: Body = {"value": "growth"}
RECALL = "recall/X1-R1"
NOTICE: Body = {"told": "treating physician", "how": "by telephone", "at": "2026-11-22T09:00"}
TELL = Act(RECALL, "tell_physician", NOTICE, "release")
TELL_ALL = Act(RECALL, "tell_authority", {**NOTICE, "told": "the authority"}, "release")
DECIDE = Act(RECALL, "decide", {"outcome": "bring back", "reason": "growth on day 9"}, "release")
CLOSE = Act(RECALL, "close", {"conclusion": "everything is accounted for"}, "approve")
OPEN = Act(RECALL, "open", {"batch": "X1", "subject": "test/X1-2", "why": "growth on day 9"}, "review")


PLAN: Body = {"order": "X1", "batch": "X1", "container": "X1-P", "ward": "ward-4", "at": "2026-12-20T10:00"}
PLAN_AGAIN = Act("infusion/X2", "plan", PLAN, "treat")


def planned(way: Doorway) -> None:
    """Tell the story until the infusion is planned."""
    Thread(way, "X1").through("infusion", "plan")


def started(way: Doorway) -> None:
    """Tell the story until the batch has begun, and open a recall of it."""
    Thread(way, "X1").through("batch", "start")
    OPEN(way)


def order_held(thread: Thread) -> None:
    """Put the order on hold."""
    thread.way.do("order/X1", "hold", {"reason": "fever"}, by="treat")


def order_resumed(thread: Thread) -> None:
    """Let it go on."""
    act(thread.way, "order/X1", "resume", {"reason": "no fever"}, by="order")


def time(hours: float) -> Change:
    """Give hours that pass."""
    return lambda thread: thread.way.clock.go(hours * 3600.0)


def held(thread: Thread) -> None:
    """Put the bag on QA hold."""
    thread.way.do("container/X1-P", "qa_hold", {"reason": "curve out of limits"}, by="review")


def lifted(thread: Thread) -> None:
    """Lift it."""
    act(thread.way, "container/X1-P", "lift", {"reason": "judged"}, by="approve")


def unlabelled(thread: Thread) -> None:
    """Let the label come off."""
    thread.way.do("label/X1-P-L1", "destroy", {"reason": "it came off in the cold"}, by="perform")


def labelled(thread: Thread) -> None:
    """Print, verify and apply another one."""
    said = {**thread.body("label-P", "issue"), "reason": "it came off in the cold"}
    marks = ["FOR CLINICAL TRIAL USE ONLY", "SIMULATED", "REPRINT"]
    thread.way.do("label/X1-P-L2", "issue", {**said, "marks": marks})
    for command in ("print", "verify", "apply"):
        thread.way.do("label/X1-P-L2", command, thread.body("label-P", command))


def trained(thread: Thread) -> None:
    """Train who packs on both dangerous goods."""
    for entry in ("UN3373", "UN1845"):
        thread.way.do("person/perform", "train", {"operation": entry}, by="supervise")


def iced(thread: Thread) -> None:
    """Plan the shipment anew, on dry ice."""
    thread.way.do("shipment/X1", "replan", {**thread.body("shipment", "plan"), **ICE}, by="order")


def warm(thread: Thread) -> None:
    """Receive a shipment that was warm on the way."""
    thread.do("shipment", "receive", by="treat", highest_c=-100.0)


def judged(thread: Thread) -> None:
    """Close a deviation about the shipment."""
    act(thread.way, "deviation/S-D01", "open", {"subject": "shipment/X1", "title": "warm"}, by="perform")
    act(thread.way, "deviation/S-D01", "conclude", {"cause": "customs", "impact": "none"}, by="investigate")
    act(thread.way, "deviation/S-D01", "close", by="approve")


def accepted(thread: Thread) -> None:
    """Accept it by that."""
    thread.do("shipment", "accept", by="treat", deviation="S-D01")


def recalled(thread: Thread) -> None:
    """Open a recall of the lot."""
    OPEN(thread.way)


def may_be_given(thread: Thread) -> None:
    """Decide that it may be given, at the physician's request."""
    said: Body = {"outcome": "may be given", "reason": "no other way", "request": "letter 9"}
    for one in (TELL.stating(at=thread.at(0)), DECIDE.stating(**said)):
        one(thread.way)


def used_in_time(thread: Thread) -> None:
    """Thaw it to be used within a quarter of an hour."""
    thread.do("infusion", "prepare", by="treat", expires=thread.at(0.25))


def gap(thread: Thread) -> None:
    """Let the ward take over from a carrier that never had it."""
    thread.otherwise = {("handover-4", "attest_giving"): {"giver": "carrier-2"}}


def explained(thread: Thread) -> None:
    """Close a deviation about that hand-over."""
    act(thread.way, "deviation/H-D01", "open", {"subject": "handover/X1-4", "title": "another carrier"}, by="perform")
    act(thread.way, "deviation/H-D01", "conclude", {"cause": "a strike", "impact": "none"}, by="investigate")
    act(thread.way, "deviation/H-D01", "close", by="approve")


def _shipped(name: str, says: str, plot: Told, clause: str = "21 CFR 211.150, 211.142(b)") -> Cheat:
    return Cheat(name, clause, ("F059", "F129", "F132"), says, plot)


def _given(
    name: str, says: str, plot: Told | Tried, clause: str = "FACT-JACIE (identification before infusion)"
) -> Cheat:
    return Cheat(name, clause, ("F009", "F049", "F056"), says, plot)


def _recalled(name: str, says: str, plot: Tried | Told, clause: str = "21 CFR 211.150(b), 600.14") -> Cheat:
    return Cheat(name, clause, ("F072", "F060"), says, plot)


DECIDED: tuple[Prepare, ...] = (started, TELL, DECIDE)

CHEATS = (
    _shipped(
        "Send a lot that is not released",
        "not released",
        Told("shipment", "pack", skipped=(("release", "release_conditionally"),)),
        "21 CFR 211.142(a), 211.165(a)",
    ),
    _shipped(
        "Send a bag that is on QA hold",
        "container X1-P is on QA hold",
        Told("shipment", "pack", given=(held,), mended=(lifted,)),
        "21 CFR 211.142(a)",
    ),
    _shipped(
        "Send a bag without its papers",
        "these papers are missing",
        Told("shipment", "pack", states={"documents": ["order"]}),
    ),
    _shipped(
        "Send a bag that has lost its label",
        "container X1-P carries no verified label",
        Told("shipment", "pack", given=(unlabelled,), mended=(labelled,)),
        "21 CFR 211.130, 211.134",
    ),
    _shipped(
        "Pack another bag than was planned",
        "does not agree",
        Told("shipment", "pack", states={"containers": ["X1-Q"]}),
    ),
    _shipped(
        "Send cells in a shipper that does not stay cold for long enough",
        "not long enough",
        Told("shipment", "pack", states={"holds_d": 0.5}),
    ),
    _shipped(
        "Send cells in a shipper whose qualification lapses on the way",
        "is qualified until",
        Told("shipment", "pack", states={"qualified_until": "2026-11-23T00:00"}),
        "21 CFR 211.150; EU GDP 9.4",
    ),
    Cheat(
        "Pack dangerous goods without the training",
        "IATA DGR 1.5; 49 CFR 172.704",
        ("F130", "F170"),
        "who is not trained in UN3373, UN1845",
        Told("shipment", "pack", given=(iced,), mended=(trained,)),
    ),
    Cheat(
        "Send dry ice without saying how much",
        "IATA DGR, packing instruction 954",
        ("F130", "F131"),
        "net mass of dry ice is not stated",
        Told("shipment", "plan", states={**ICE, "ice_kg": 0.0}),
    ),
    Cheat(
        "Call patients' cells nothing in particular",
        "IATA DGR 3.6.2; 49 CFR 173.134",
        ("F130", "F131"),
        "has to state its content and its coolant",
        Told("shipment", "plan", states={"content": None}),
    ),
    _shipped(
        "Send what nobody has handed to the carrier",
        "it is with nobody",
        Told("shipment", "dispatch", skipped=(("handover-3", "attest_taking"),)),
        "EU GMP Part IV; FACT custody",
    ),
    _shipped(
        "Receive what is still on the way",
        "with ward-4; it is with carrier-1",
        Told("shipment", "receive", skipped=(("handover-4", "take"),)),
        "EU GMP Part IV; FACT custody",
    ),
    _shipped(
        "Accept what was too warm on the way",
        "-100 degC on the way, at most -130 degC",
        Told(
            "shipment", "accept", skipped=(("shipment", "receive"),), given=(warm,), mended=(judged,), rightly=accepted
        ),
    ),
    _given(
        "Thaw a bag that was never accepted",
        "no shipment of X1-P was accepted",
        Told("infusion", "prepare", skipped=(("shipment", "accept"),)),
    ),
    _given(
        "Date a thaw to before the bag came",
        "its shipment was accepted at",
        Told("infusion", "prepare", states={"thawed": "2026-11-20T08:00"}),
        "EU GMP Part IV 16; ALCOA contemporaneous",
    ),
    _given(
        "Use a thawed bag for longer than its specification says",
        "gives a thawed bag 0.25 h, until",
        Told(
            "infusion",
            "prepare",
            otherwise={("specification", "write"): {"thawed_h": 0.25}},
            rightly=used_in_time,
        ),
        "EU GMP Part IV 16 (in-use life after thaw); 21 CFR 211.137",
    ),
    _given(
        "Thaw another bag than was planned",
        "another container was scanned",
        Told("infusion", "prepare", states={"container": "X1-A"}),
    ),
    _given(
        "Thaw a bag of a lot that is recalled",
        "lot X1 is being recalled",
        Told("infusion", "prepare", given=(recalled,), mended=(may_be_given,)),
        "21 CFR 211.150(b)",
    ),
    _given(
        "Give the cells to another patient",
        "STOP, the chain of identity on the wristband",
        Told("infusion", "identify", states={"identity": OTHER}),
    ),
    _given(
        "Give the cells to somebody with another code",
        "STOP, the recipient code",
        Told("infusion", "identify", states={"subject": "SUBJ-018"}),
    ),
    _given("Hang up another bag", "STOP, the container", Told("infusion", "identify", states={"container": "X1-A"})),
    _given(
        "Hang up a bag of another chain of identity",
        "STOP, the chain of identity on the bag",
        Told("infusion", "identify", states={"bag_identity": OTHER}),
    ),
    _given(
        "Begin an infusion that is on hold",
        "order X1 is on hold (fever)",
        Told("infusion", "begin", given=(order_held,), mended=(order_resumed,)),
        "EU GMP Part IV; FACT-JACIE",
    ),
    _given(
        "Plan a bag for a second infusion",
        "container X1-P is infusion X1's",
        Tried(PLAN_AGAIN, PLAN_AGAIN, (planned,), (Act("infusion/X1", "abandon", {"reason": "fever"}, "treat"),)),
    ),
    _recalled(
        "Say that somebody was told before there was anything to tell",
        "before there was anything to tell",
        Tried(TELL.stating(at="2026-11-21T09:00"), TELL, (started,)),
        "21 CFR 600.14; ALCOA contemporaneous",
    ),
    _recalled(
        "Let a bad lot be given without the physician's request",
        "needs the physician's signed request",
        Tried(
            DECIDE.stating(outcome="may be given"),
            DECIDE.stating(outcome="may be given", request="letter 9"),
            (started, TELL),
        ),
        "EU GMP Part IV 11.5",
    ),
    _recalled(
        "Close a recall without telling the authority",
        "the authority was not told",
        Tried(CLOSE, CLOSE, DECIDED, (TELL_ALL,)),
    ),
    _recalled(
        "Close the recall that one has decided oneself",
        "someone else has to close it",
        Tried(CLOSE.made_by(SECOND), CLOSE, (started, TELL, DECIDE.made_by(SECOND), TELL_ALL)),
        "21 CFR 211.22(a)",
    ),
)
