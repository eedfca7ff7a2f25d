"""Splits at the door: what is planned, what was done otherwise, what adds up, and what the containers say then."""

import pytest

from automation.gmp.product.containers import Container
from automation.gmp.product.splits import Split
from automation.kernel.errors import IdentityError
from tests.support.doors import Doorway
from tests.unit.gmp.moves_of_product import before, executed, planned
from tests.unit.gmp.moves_of_quality import act, check_refused, following, lot

Body = dict[str, object]
STREAM = "split/BAG"


@pytest.fixture
def bag(way: Doorway) -> Doorway:
    """A container with 10 mL, of which 4.2 mL are to be drawn."""
    before(way, "split", name="BAG")
    act(way, STREAM, "plan", planned("BAG"), by="perform")
    return way


def approved(way: Doorway) -> None:
    """Let another person approve the plan."""
    act(way, STREAM, "approve", by="supervise")


def volumes(way: Doorway, *names: str) -> list[float]:
    """Give what containers hold by the record, as far as anybody pipettes (mL)."""
    return [round(way.get(Container, f"container/{name}").volume_ml, 6) for name in names]


def filled(*pairs: tuple[str, float]) -> list[Body]:
    """Give children with their volumes."""
    return [{"container": name, "volume_ml": volume} for name, volume in pairs]


@pytest.mark.requirement("F119")
@pytest.mark.requirement("F119", refuses=True)
def test_a_plan_takes_no_more_than_is_there_and_another_person_approves_it(way: Doorway) -> None:
    """The loss counts; a child twice, one that is there already and the author as approver are refused."""
    before(way, "split", name="BAG")
    plan = planned("BAG")
    one = {"container": "BAG-1", "volume_ml": 2.0, "what": "retention"}
    for changed, why in (
        ({"loss_ml": 6.5}, r"takes 10\.5 mL with its loss; BAG holds 10 mL"),
        ({"children": [one, one]}, "names a child twice"),
        ({"children": [{**one, "container": "BAG"}]}, "an id is used once"),
        ({"children": [{**one, "use": "product"}]}, "can't make product of BAG, which is aliquot"),
        ({"tolerance_ml": 2.0}, "with no more than its tolerance"),
    ):
        check_refused(way, STREAM, "plan", {**plan, **changed}, by="perform", match=why)
    act(way, STREAM, "plan", plan, by="supervise")
    check_refused(way, STREAM, "approve", by="supervise", match="was planned by supervise")
    act(way, STREAM, "approve", by="review")


@pytest.mark.requirement("F022", "F024", "F119")
@pytest.mark.requirement("F022", "F024", "F119", refuses=True)
def test_what_was_drawn_stands_in_the_records_of_parent_and_children(bag: Doorway) -> None:
    """2 mL in each, 5.8 mL left; identity, batch and lineage are those of the parent; then it is reconciled."""
    approved(bag)
    act(bag, STREAM, "execute", executed("BAG"), by="perform")
    following(bag)
    assert volumes(bag, "BAG", "BAG-1", "BAG-2") == [5.8, 2.0, 2.0]
    child = bag.get(Container, "container/BAG-1")
    assert (child.state, child.parent, child.identity, child.purpose) == ("in process", "BAG", "COI-1", "aliquot")
    check_refused(bag, STREAM, "reconcile", {"conclusion": "all there"}, by="second", match="was done by second")
    act(bag, STREAM, "reconcile", {"conclusion": "all there"}, by="review")
    assert bag.get(Split, STREAM).told(bag.door)[-1] == (
        "10 mL before, 4 mL filled, 0.2 lost, 5.8 left: 0 mL not accounted for"
    )


@pytest.mark.requirement("F119")
@pytest.mark.requirement("F119", refuses=True)
@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"filled": filled(("BAG-1", 2.0)), "left_ml": 7.8, "labels_printed": 1}, "BAG-2 was not filled"),
        ({"filled": filled(("BAG-1", 2.5), ("BAG-2", 2.0)), "left_ml": 5.3}, r"BAG-1 has 2\.5 mL, planned 2 mL"),
        (
            {"filled": filled(("BAG-1", 2.0), ("BAG-2", 2.0), ("BAG-3", 1.0)), "left_ml": 4.8, "labels_printed": 3},
            "BAG-3 was not planned",
        ),
        ({"loss_ml": 0.6, "left_ml": 5.4}, r"0\.6 mL were lost, expected 0\.2 mL"),
    ],
)
def test_what_differs_from_the_plan_needs_its_reason(bag: Doorway, changed: Body, why: str) -> None:
    """Without one nothing is recorded but the refusal; with one it stands as it was, reason beside it."""
    approved(bag)
    said = {**executed("BAG"), **changed}
    check_refused(bag, STREAM, "execute", said, by="perform", match=why)
    act(bag, STREAM, "execute", {**said, "reason": "a vial broke"}, by="perform")
    following(bag)
    assert any("(a vial broke)" in line for line in bag.get(Split, STREAM).told(bag.door))
    names = [str(one["container"]) for one in list(said["filled"])]  # type: ignore[call-overload]  # a list of bodies
    assert [bag.state(f"container/{name}") for name in names] == ["in process"] * len(names)


@pytest.mark.requirement("F119", "F120", refuses=True)
def test_the_scanned_parent_and_the_count_of_labels_have_to_be_right(bag: Doorway) -> None:
    """Another container is not split; three labels for two vials leave one unaccounted for until it is destroyed."""
    approved(bag)
    before(bag, "split", name="CAN")
    with pytest.raises(IdentityError, match="another container than was scanned"):
        act(bag, STREAM, "execute", {**executed("BAG"), "parent": "CAN"}, by="perform")
    three = {**executed("BAG"), "labels_printed": 3}
    check_refused(bag, STREAM, "execute", three, by="perform", match="3 labels printed, 0 destroyed, 2 containers")
    act(bag, STREAM, "execute", {**three, "labels_destroyed": 1}, by="perform")


@pytest.mark.requirement("F119")
@pytest.mark.requirement("F119", refuses=True)
def test_volumes_that_do_not_add_up_open_a_deviation_that_has_to_be_closed_first(bag: Doorway) -> None:
    """Half a millilitre is missing, and 0.1 mL is allowed; a tenth is within."""
    approved(bag)
    act(bag, STREAM, "execute", {**executed("BAG"), "left_ml": 5.3}, by="perform")
    following(bag)
    assert bag.state("deviation/BAG-D01") == "open"
    check_refused(bag, STREAM, "reconcile", {"conclusion": "all there"}, by="review", match="BAG-D01 is open")
    concluded: Body = {"cause": "foam in the tube", "impact": "none"}
    act(bag, "deviation/BAG-D01", "conclude", concluded, by="investigate")
    act(bag, "deviation/BAG-D01", "close", by="approve")
    act(bag, STREAM, "reconcile", {"conclusion": "explained"}, by="review")


@pytest.mark.requirement("F010", "F119", refuses=True)
def test_nothing_is_split_that_is_on_hold_stored_or_in_the_hands_of_a_running_batch(bag: Doorway) -> None:
    """At the plan and again when it is done."""
    approved(bag)
    act(bag, "container/BAG", "qa_hold", {"reason": "under investigation"}, by="review")
    check_refused(bag, STREAM, "execute", executed("BAG"), by="perform", match="BAG, which is on QA hold")
    act(bag, "container/BAG", "lift", {"reason": "settled"}, by="approve")
    act(bag, "container/BAG", "store", {"position": "tank-1/A"}, by="perform")
    check_refused(bag, STREAM, "execute", executed("BAG"), by="perform", match="is stored, not in process")
    act(bag, "container/BAG", "retrieve", {"reason": "split"}, by="perform")
    act(bag, STREAM, "execute", executed("BAG"), by="perform")
    act(bag, "batch/B9", "issue", lot(containers=["RUN"]), by="issue")
    act(bag, "batch/B9", "start", by="perform")
    act(bag, "container/RUN", "expect", {"identity": lot()["identity"], "volume_ml": 10.0})
    act(bag, "container/RUN", "receive", {"batch": "B9"})
    check_refused(bag, "split/RUN", "plan", planned("RUN"), by="perform", match="in the hands of batch B9")
