"""One patient's story at the door, from order to infusion; ways to cheat on it stand in ``tests/cheats``."""

import pytest

from automation.formulas.isbt128 import check_character
from automation.gmp.due import Urgency, dues_of
from automation.gmp.objects import Recorded
from automation.gmp.product.orders import Order
from automation.gmp.registry import KINDS
from automation.kernel.errors import RefusedError
from tests.support.doors import Doorway, proof
from tests.support.thread import STORY, Thread


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


@pytest.mark.requirement("F020", "F053.1")
@pytest.mark.requirement("F053", "F053.1", refuses=True)
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
