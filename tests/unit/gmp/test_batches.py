"""Batches: what may be issued, who may review, and what a lot type allows."""

import pytest

from automation.gmp.product.batches import Batch
from automation.kernel.errors import IdentityError, InputError, RefusedError
from tests.support.doors import SECOND, Doorway, proof
from tests.unit.gmp.moves import ISSUE, REASON

B = "batch/B1"
OVERRIDE = {"step": "freeze", "parameter": "rate", "value": "2 K/min", "reason": "pilot"}
CONCLUSION = {"conclusion": "in order"}


def _issue(way: Doorway, name: str = "B1", **changes: object) -> None:
    way.do(f"batch/{name}", "issue", {**ISSUE, **changes}, by="issue")


@pytest.mark.requirement("F001", "F041")
@pytest.mark.requirement("F001", "F041", refuses=True)
@pytest.mark.parametrize("lot_type", ["clinical", "commercial"])
def test_a_lot_for_patients_needs_an_approved_recipe_and_takes_no_override(way: Doorway, lot_type: str) -> None:
    """An engineering lot may do both."""
    with pytest.raises(RefusedError, match="needs an approved recipe; freeze-day is draft"):
        _issue(way, lot_type=lot_type)
    with pytest.raises(RefusedError, match="takes no overrides"):
        _issue(way, lot_type=lot_type, recipe_status="approved", overrides=[OVERRIDE])
    _issue(way, lot_type=lot_type, recipe_status="approved")
    assert way.get(Batch, B).lot_type == lot_type


@pytest.mark.requirement("F001", "F092", "C08")
def test_an_engineering_lot_keeps_its_overrides_with_their_reasons(way: Doorway) -> None:
    """What was changed stands in the issue of the batch."""
    _issue(way, overrides=[OVERRIDE])
    issue = way.get(Batch, B).issue
    assert issue is not None
    assert [one.model_dump() for one in issue.overrides] == [OVERRIDE]


@pytest.mark.requirement("F041", refuses=True)
def test_a_batch_id_is_used_once(way: Doorway) -> None:
    """The second issue is refused and recorded."""
    _issue(way)
    with pytest.raises(RefusedError, match="'issue' is not possible in state 'issued'"):
        _issue(way)


@pytest.mark.parametrize("name", ["B 1", "-B1", "B" * 65, "Ä1"])
def test_a_batch_id_is_short_and_plain(way: Doorway, name: str) -> None:
    """It stands in file names and codes."""
    with pytest.raises(InputError, match="letters, digits"):
        _issue(way, name)


@pytest.mark.requirement("F006", "F009", "F020", refuses=True)
def test_a_batch_is_not_issued_for_a_container_of_another_identity(way: Doorway) -> None:
    """What is known of the container decides."""
    way.do("container/C1", "expect", {"identity": "COI-2"})
    with pytest.raises(IdentityError, match="container C1 is of another chain of identity"):
        _issue(way, containers=["C1"])


@pytest.mark.requirement("C07", refuses=True)
def test_a_live_site_takes_no_seed(live: Doorway) -> None:
    """What is drawn from a seed never happened."""
    with pytest.raises(RefusedError, match="a live site takes none"):
        _issue(live)


@pytest.mark.requirement("F042", refuses=True)
def test_who_had_a_hand_in_a_batch_does_not_review_it(way: Doorway) -> None:
    """Neither who started it nor who answered one of its prompts."""
    _issue(way)
    way.do(B, "start", by=SECOND)
    way.do("prompt/P1", "open", {"kind": "confirm", "text": "dry?", "batch": "B1", "asks": ["review"]})
    way.do("prompt/P1", "answer", by="review")
    way.do(B, "complete")
    for person in (SECOND, "review"):
        with pytest.raises(RefusedError, match="had a hand in it"):
            way.do(B, "review", CONCLUSION, by=person, signs=(proof(person, "reviewed"),))


@pytest.mark.requirement("F042", "F043")
@pytest.mark.requirement("F043", refuses=True)
def test_a_closed_batch_can_still_be_reviewed_and_nothing_else(way: Doorway) -> None:
    """The record ends under its head before anybody reviews it."""
    _issue(way)
    way.do(B, "start", by="perform")
    way.do(B, "complete")
    way.do(B, "close", {"head": "a" * 64, "seq": 12})
    way.do(B, "review", CONCLUSION, by="review", signs=(proof("review", "reviewed"),))
    batch = way.get(Batch, B)
    assert (batch.state, batch.head, batch.reviewed_by) == ("closed", "a" * 64, "review")
    with pytest.raises(RefusedError, match="possible: review"):
        way.do(B, "abort", REASON)


def test_a_hold_says_why_for_which_step_and_ends_in_running(way: Doorway) -> None:
    """The acting states end when the program reports that it is done."""
    _issue(way)
    way.do(B, "start", by="perform")
    way.do(B, "hold", {"reason": "nitrogen is low", "step": "freeze"}, by="perform")
    order = way.get(Batch, B).order
    assert order is not None
    assert (order.reason, order.step) == ("nitrogen is low", "freeze")
    states = []
    for command, by in (("done", "system:runner"), ("restart", "perform"), ("done", "system:runner")):
        way.do(B, command, {} if command == "done" else REASON, by=by)
        states.append(way.state(B))
    assert states == ["held", "restarting", "running"]
