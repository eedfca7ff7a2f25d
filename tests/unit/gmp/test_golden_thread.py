"""One patient's story at the door, from the order to the infusion, and forty ways to cheat on it."""

from dataclasses import dataclass, field

import pytest

from automation.formulas.isbt128 import check_character
from automation.gmp.due import Urgency, dues_of
from automation.gmp.objects import Recorded
from automation.gmp.product.orders import Order
from automation.gmp.registry import KINDS
from automation.kernel.errors import RefusedError
from tests.support.doors import SECOND, Doorway, proof
from tests.support.thread import STORY, Body, Thread, teller

OTHER = "CHA999926ZZZZ99"
Move = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Cheat:
    """A wrong act in the place of a right one: what is tried, by whom, and how it is refused."""

    what: str
    command: str
    match: str
    by: str = ""
    states: Body = field(default_factory=dict)
    second: tuple[Move, ...] = ()  # moves that were made by the same person
    skipped: tuple[Move, ...] = ()  # moves that nobody made
    later: float = 0.0  # h that were let pass
    owner: str = "perform"  # of the CAPA

    def __str__(self) -> str:
        return f"{self.what} {self.command} {self.match}"


def two(what: str, first: str, command: str, match: str) -> Cheat:
    """Give the cheat of a person who does both of two acts that want two people."""
    return Cheat(what, command, match, by=SECOND, second=((what, first),))


CHEATS = (
    two("order", "place", "confirm", "someone else has to confirm"),
    Cheat("order", "confirm", "nobody has acknowledged", skipped=(("order", "acknowledge"),)),
    Cheat("order", "acknowledge", "goes by COL-INS@3", states={"instructions": "COL-INS@2"}),
    Cheat("collection", "schedule", "is placed, not confirmed", skipped=(("order", "confirm"),)),
    Cheat("collection", "report", "chain of identity that was scanned is not", states={"identity": OTHER}),
    Cheat("collection", "report", "recipient code that was scanned is not", states={"subject": "SUBJ-018"}),
    Cheat("collection", "report", "still to come", states={"collected": "2031-01-01T00:00"}),
    two("collection", "report", "accept", "someone else has to accept"),
    Cheat(
        "collection", "receive", "is with courier-1", skipped=(("handover-2", "attest_giving"), ("handover-2", "take"))
    ),
    Cheat("collection", "receive", "nobody took", skipped=(("handover-2", "take"),)),
    Cheat("collection", "receive", "not of order", states={"identity": OTHER}),
    Cheat("collection", "receive", "does not agree", states={"containers": ["X1-A", "X1-B"]}),
    Cheat("handover", "give", "another chain of identity", states={"identity": OTHER}),
    Cheat("handover", "give", "giver and receiver", states={"receiver": "centre-1"}),
    two("handover", "give", "attest_taking", "one person is not both"),
    Cheat("handover", "attest_taking", "does not agree", states={"containers": ["X1-Q"]}),
    Cheat("batch", "issue", "needs its order", states={"order": ""}),
    Cheat("batch", "issue", "engineering lot has no order", states={"lot_type": "engineering"}),
    Cheat("batch", "issue", "is for CAR-T cells", states={"product": "NK cells"}),
    Cheat("batch", "issue", "no collection of order X1", skipped=(("collection", "receive"),)),
    Cheat("specification", "approve", "someone else has to approve", by=SECOND, second=(("specification", "write"),)),
    Cheat("test", "request", "draft, not effective", skipped=(("specification", "approve"),)),
    Cheat("test", "request", "is of 'potency'", states={"test": "potency"}),
    Cheat("test", "take_in", "no sample", states={"sample": "X9-Q"}),
    two("test", "report", "review", "someone else has to review"),
    two("deviation", "conclude", "close", "someone else has to close"),
    Cheat("deviation", "close", "which is planned; it has to be approved", skipped=(("capa", "approve"),)),
    two("capa", "plan", "approve", "someone else has to approve"),
    Cheat("capa", "implement", "is perform's to carry out", by="supervise"),
    Cheat("capa", "find_effective", "someone else judges", by=SECOND, second=(("capa", "implement"),), owner=SECOND),
    Cheat("release", "release_conditionally", "had a hand in it", by=SECOND, second=(("batch", "start"),)),
    Cheat("release", "release_conditionally", "had a hand in it", by=SECOND, second=(("test", "report"),)),
    Cheat("release", "release_conditionally", "deviation X1 is concluded", skipped=(("deviation", "close"),)),
    Cheat("release", "release_conditionally", "is not reviewed", skipped=(("batch", "review"),)),
    Cheat("release", "release_conditionally", "carries no verified label", skipped=(("label-P", "apply"),)),
    Cheat("release", "release_conditionally", "is reported", skipped=(("test", "review"),)),
    Cheat("release", "release_conditionally", "not what the records say", states={"certificate": "0" * 64}),
    Cheat("release", "complete", "in laboratory", skipped=(("test-2", "report"), ("test-2", "review"))),
    Cheat("shipment", "pack", "not released", skipped=(("release", "release_conditionally"),)),
    Cheat("shipment", "pack", "papers are missing", states={"documents": ["order"]}),
    Cheat("shipment", "pack", "not long enough", states={"holds_d": 0.5}),
    Cheat("shipment", "dispatch", "it is with nobody", skipped=(("handover-3", "attest_taking"),)),
    Cheat("infusion", "prepare", "no shipment of X1-P was accepted", skipped=(("shipment", "accept"),)),
    Cheat("infusion", "identify", "STOP, the chain of identity on the wristband", states={"identity": OTHER}),
    Cheat("infusion", "identify", "STOP, the recipient code", states={"subject": "SUBJ-018"}),
    Cheat("infusion", "identify", "STOP, the container", states={"container": "X1-A"}),
    Cheat("infusion", "identify", "STOP, the chain of identity on the bag", states={"bag_identity": OTHER}),
)


@pytest.mark.requirement(
    "F001", "F009", "F010", "F020", "F021", "F022", "F040", "F041", "F053", "F056", "F065", "F075", "F129", "F164"
)
def test_a_patient_is_treated_and_every_object_is_where_the_story_ends(way: Doorway) -> None:
    """From the order to the infusion; folded anew from the ledger, everything is the same."""
    thread = Thread(way, "X1")
    for _, what, command in STORY:
        thread.through(what, command)
    ends = {"order": "fulfilled", "collection": "received", "release": "released", "infusion": "given"}
    assert {what: way.state(f"{what}/X1") for what in ends} == ends
    assert way.get(Order, "order/X1").infusion == "X1"
    again = way.rebuilt()
    assert [list(again.every(kind)) for kind in KINDS] == [list(way.door.every(kind)) for kind in KINDS]


@pytest.mark.requirement("F009", "F020", "F021", "F047", "F056", "F073", "F075", "F129", "F179")
@pytest.mark.requirement(
    "F001",
    "F009",
    "F010",
    "F020",
    "F020.2",
    "F021",
    "F040",
    "F041",
    "F047",
    "F047.2",
    "F053",
    "F054.1",
    "F056",
    "F057",
    "F059",
    "F061",
    "F065",
    "F073",
    "F075",
    "F129",
    "F132",
    "F164",
    "F179",
    refuses=True,
)
@pytest.mark.parametrize("cheat", CHEATS, ids=str)
def test_a_cheat_is_refused_and_recorded_and_the_right_act_succeeds(cheat: Cheat, way: Doorway) -> None:
    """The story is told up to the act; the wrong one changes nothing; with what was left out the right one counts."""
    instead = dict.fromkeys(cheat.second, SECOND)
    skipped = frozenset(cheat.skipped)
    thread = Thread(way, "X1", owner=cheat.owner, instead=instead, skipped=skipped)
    thread.until(cheat.what, cheat.command)
    stream = thread.stream(cheat.what)
    before = way.ledger.version(stream), len(way.refusals(stream))
    with pytest.raises(RefusedError, match=cheat.match):
        thread.do(cheat.what, cheat.command, by=cheat.by or teller(cheat.what, cheat.command), **cheat.states)
    assert (way.ledger.version(stream), len(way.refusals(stream)) - 1) == before
    thread.skipped = frozenset()
    thread.until(cheat.what, cheat.command)
    thread.do(
        cheat.what, cheat.command, by=cheat.owner if cheat.command == "implement" else teller(cheat.what, cheat.command)
    )
    assert (cheat.what, cheat.command) in thread.done


@pytest.mark.requirement("F055")
@pytest.mark.requirement("F055", refuses=True)
def test_a_collection_out_of_the_order_set_is_accepted_by_a_closed_deviation_only(way: Doorway) -> None:
    """The report stands as it came; the refusal names the limit."""
    thread = Thread(way, "X1", otherwise={("collection", "report"): {"cd3": 0.4e9}})
    thread.until("collection", "accept")
    with pytest.raises(RefusedError, match=r"CD3\+ cells: 4E\+8 cells is beyond the reject limit"):
        thread.do("collection", "accept", by="review")
    _close_deviation(way, "C-D01", "collection/X1")
    thread.do("collection", "accept", by="review", deviation="C-D01")
    assert way.state("collection/X1") == "accepted"


@pytest.mark.requirement("F020", "F053")
@pytest.mark.requirement("F053", refuses=True)
def test_a_patient_is_collected_again_under_the_same_identity_and_a_new_donation_number(way: Doorway) -> None:
    """The first collection was refused; a second without the order's own move is refused, and so is the old number."""
    thread = Thread(way, "X1")
    thread.until("collection", "accept")
    thread.do("collection", "refuse", by="review")
    assert way.state("container/X1-A") == "cancelled"
    slot = thread.body("collection", "schedule")
    with pytest.raises(RefusedError, match="collect again by an own move"):
        way.do("collection/X2", "schedule", slot, by="order")
    thread.do("order", "collect_again", by="order")
    way.do("collection/X2", "schedule", slot, by="order")
    report = {**thread.body("collection", "report"), "bags": [{"id": "X2-A", "volume_ml": 180.0}]}
    signs = (proof("collect", "performed"), proof("verify", "verified"))
    with pytest.raises(RefusedError, match="each has its own"):
        way.do("collection/X2", "report", report, by="collect", signs=signs)
    way.do(
        "collection/X2",
        "report",
        {**report, "din": f"A999926000018{check_character('A999926000018')}"},
        by="collect",
        signs=signs,
    )
    assert way.state("collection/X2") == "reported"


@pytest.mark.requirement("F021")
@pytest.mark.requirement("F021", refuses=True)
def test_gaps_and_overlaps_of_custody_are_found_until_a_deviation_explains_them(way: Doorway) -> None:
    """Somebody gives who never had it, or who gave it away before; the hand-over is recorded all the same."""
    found = {"courier-2": "has a gap", "centre-1": "has an overlap"}
    for name, giver in zip(("X1", "X2"), found, strict=True):
        thread = Thread(way, name, otherwise={("handover-2", "attest_giving"): {"giver": giver}})
        thread.until("collection", "receive")
        with pytest.raises(RefusedError, match=found[giver]):
            thread.do("collection", "receive", by="perform")
        _close_deviation(way, f"{name}-D77", f"handover/{name}-2")
        thread.do("collection", "receive", by="perform")


@pytest.mark.requirement("F072", "F073")
@pytest.mark.requirement("F010", refuses=True)
def test_a_result_out_of_specification_opens_its_investigation_and_is_not_tested_away(way: Doorway) -> None:
    """A retest wants the investigation; the first result stays in the way until a closed one sets it aside."""
    thread = Thread(way, "X1", skipped=frozenset({("test", "report")}))
    thread.until("test", "review")
    thread.do("test", "report", by="perform", value="61.2")
    thread.do("test", "review", by="review")
    assert way.state("deviation/X1-D03") == "open"
    again = {**thread.body("test", "request"), "retest_of": "X1"}
    with pytest.raises(RefusedError, match="name what it retests"):
        way.do("test/X1-3", "request", {**again, "retest_of": ""}, by="review")
    way.do("test/X1-3", "request", again, by="review")
    thread.until("release", "release_conditionally")
    with pytest.raises(RefusedError, match=r"X1 is out of specification: viability: 61.2 %.*deviation X1-D03 is open"):
        thread.do("release", "release_conditionally", by="release")


@pytest.mark.requirement("F069", refuses=True)
def test_a_result_below_the_limit_of_quantitation_is_judged_by_rule_and_never_as_zero(way: Doorway) -> None:
    """Without a rule it is not evaluable, which is investigated like one that is out."""
    thread = Thread(way, "X1")
    thread.until("test", "report")
    thread.do("test", "report", by="perform", value="<1")
    [opened] = way.ledger.stream("deviation/X1-D03")
    assert b"not evaluable" in bytes(opened.read(Recorded).given)


def test_an_order_on_hold_stops_the_infusion_at_the_bedside(way: Doorway) -> None:
    """Whoever holds it says why; the same act succeeds when it is resumed."""
    thread = Thread(way, "X1")
    thread.until("infusion", "begin")
    way.do("order/X1", "hold", {"reason": "fever"}, by="treat")
    with pytest.raises(RefusedError, match=r"order X1 is on hold \(fever\)"):
        thread.do("infusion", "begin", by="treat")
    way.do("order/X1", "resume", {"reason": "no fever"}, by="order", signs=(proof("order", "approved"),))
    thread.do("infusion", "begin", by="treat")


@pytest.mark.requirement("F049", "F062", refuses=True)
def test_a_thawed_bag_is_not_given_after_its_time(way: Doorway) -> None:
    """Thirty minutes from the thaw, and no minute more; nobody can thaw it a second time."""
    thread = Thread(way, "X1")
    thread.until("infusion", "begin")
    way.clock.go(1801.0)
    with pytest.raises(RefusedError, match="was to be used by"):
        thread.do("infusion", "begin", by="treat")


@pytest.mark.requirement("F075")
@pytest.mark.requirement("F075", refuses=True)
def test_an_effect_is_not_found_before_it_could_show(way: Doorway) -> None:
    """That it has none may be found at any time, and sends the action back to its planning."""
    thread = Thread(way, "X1")
    thread.until("capa", "find_effective")
    found = thread.body("capa", "find_effective")
    with pytest.raises(RefusedError, match="has not had time to show"):
        way.do("capa/X1", "find_effective", found, by="review", signs=(proof("review", "reviewed"),))
    way.do("capa/X1", "find_ineffective", found, by="review", signs=(proof("review", "reviewed"),))
    assert way.state("capa/X1") == "planned"


@pytest.mark.requirement("F054.1", "F072", "F176", "F176.1")
def test_what_is_due_says_who_until_when_and_whom_it_reaches_when_it_is_late(way: Doorway) -> None:
    """Near in the last quarter; overdue, it stands on the list of those above, too."""
    Thread(way, "X1").until("order", "confirm")
    [due] = dues_of(way.door.find("order", "X1"))
    seen = []
    for hours in (0.0, 20.0, 5.0):
        way.clock.go(hours * 3600)
        seen.append((due.urgency(way.door.now), due.concerns("x", {"review"}, way.door.now)))
    assert seen == [(Urgency.IN_TIME, False), (Urgency.NEAR, False), (Urgency.OVERDUE, True)]
    assert due.concerns("x", {"order"}, way.door.now)


def _close_deviation(way: Doorway, name: str, subject: str) -> None:
    way.do(f"deviation/{name}", "open", {"subject": subject, "title": "not as it should be"})
    said = {"cause": "the form was filled in late", "impact": "none"}
    way.do(f"deviation/{name}", "conclude", said, by="investigate", signs=(proof("investigate", "authored"),))
    way.do(f"deviation/{name}", "close", by="approve", signs=(proof("approve", "approved"),))
