"""A step under way passes to another person: signed by both or with a supervisor; the gates are asked again."""

import pytest

from automation.gmp.door import Proof
from automation.gmp.product.batches import Batch
from automation.gmp.words import Right
from automation.kernel.errors import RefusedError
from automation.ledger.event import Event
from tests.support.doors import SECOND, Doorway, proof, register
from tests.unit.gmp.moves import DUE, ISSUE

STREAM, PROMPT = "batch/B-1", "prompt/B-1.freeze.1.1"
TAKING: dict[str, object] = {"step": "freeze", "leaving": "perform", "said": "the bag is inside, seeding at -7 degC"}
BOTH = (proof("ada", "received"), proof("perform", "handed over"))
RELIEF = (proof("ada", "received"), proof("supervise", "responsible"))


@pytest.fixture(autouse=True)
def _under_way(way: Doorway) -> None:
    """Let a step ask something, with a freezer of its own; ada comes for the next shift, trained."""
    register(way, "ada", "perform", by=SECOND)
    for person in ("ada", "perform"):
        way.do(f"person/{person}", "train", {"operation": "freeze"}, by="supervise")
    way.do(STREAM, "issue", ISSUE, by="issue")
    way.do(STREAM, "start", by="perform")
    way.do("asset/crf-01", "register", {"asset_class": "freezer", "needs_cleaning": False, "needs_calibration": False})
    way.do("asset/crf-01", "install", DUE)
    way.do("asset/crf-01", "claim", {"batch": "B-1", "step": "freeze"})
    opening = {"kind": "confirm", "text": "Is the bag in?", "batch": "B-1", "step": "freeze", "operation": "freeze"}
    way.do(PROMPT, "open", opening)


def taken(way: Doorway, signs: tuple[Proof, ...] = BOTH, *, command: str = "take_over", **said: object) -> Event:
    """Let ada take the step over."""
    return way.do(STREAM, command, {**TAKING, **said}, by="ada", signs=signs)


@pytest.mark.requirement("F047", "F087")
@pytest.mark.requirement("F087", refuses=True)
def test_who_left_answers_nothing_more_of_the_step_and_who_came_does(way: Doorway) -> None:
    """Also what was claimed before is free; taking it over again gives it back."""
    way.do(PROMPT, "claim", {"terminal": "bench-1"}, by="perform")
    taken(way)
    with pytest.raises(RefusedError, match=r"is of step freeze, which ada took over from perform at 2026-11-22T"):
        way.do(PROMPT, "answer", {}, by="perform")
    way.do(PROMPT, "answer", {}, by="ada")
    back = (proof("perform", "received"), proof("ada", "handed over"))
    way.do(STREAM, "take_over", {**TAKING, "leaving": "ada"}, by="perform", signs=back)
    batch = way.get(Batch, STREAM)
    assert ([one.person for one in batch.shifts], batch.hands) == (["ada", "perform"], frozenset({"ada", "perform"}))


@pytest.mark.requirement("F047", "F179", refuses=True)
@pytest.mark.parametrize(
    ("command", "signs", "match"),
    [
        ("take_over", (BOTH[0],), "needs a signature with the meaning 'handed over'"),
        ("take_over", (BOTH[0], proof("supervise", "handed over")), "is perform's to hand over"),
        ("relieve", (RELIEF[0], proof("perform", "responsible")), "perform is no supervisor of perform"),
        ("relieve", (RELIEF[0], proof("ada", "responsible")), "ada signed already"),
    ],
)
def test_a_step_is_not_taken_without_the_other_side(
    way: Doorway, command: str, signs: tuple[Proof, ...], match: str
) -> None:
    """Refused, recorded, and nothing has changed; with the right two it counts."""
    with pytest.raises(RefusedError, match=match):
        taken(way, signs, command=command)
    assert (way.get(Batch, STREAM).shifts, len(way.refusals(STREAM))) == ((), 1)
    taken(way, {"take_over": BOTH, "relieve": RELIEF}[command], command=command)
    assert way.get(Batch, STREAM).shifts[-1].person == "ada"


@pytest.mark.requirement("F087", refuses=True)
def test_who_comes_has_to_be_trained_on_what_the_step_asks(way: Doorway) -> None:
    """The gate of the person is asked again, as for the first answer."""
    register(way, "eve", "perform", by=SECOND)
    signs = (proof("eve", "received"), proof("perform", "handed over"))
    with pytest.raises(RefusedError, match="is part of freeze, on which eve is not trained"):
        way.do(STREAM, "take_over", TAKING, by="eve", signs=signs)
    way.do("person/eve", "train", {"operation": "freeze"}, by="supervise")
    way.do(STREAM, "take_over", TAKING, by="eve", signs=signs)


@pytest.mark.requirement("F151")
def test_who_comes_names_the_equipment_that_is_not_ready(way: Doorway) -> None:
    """With product inside nothing is stopped, but nobody takes over unknowingly."""
    way.do("asset/crf-01", "take_out", {"reason": "the door sticks"}, by="maintain")
    with pytest.raises(RefusedError, match=r"asset crf-01 is out of service.*has to name it"):
        taken(way)
    taken(way, accepts=["crf-01"])
    assert way.get(Batch, STREAM).shifts


def test_nothing_is_taken_over_that_is_not_under_way(way: Doorway) -> None:
    """A step that nobody has been asked about has no shift; the rights of who comes are those of the row."""
    with pytest.raises(RefusedError, match="step wash of batch B-1 is not under way"):
        taken(way, step="wash")
    assert Right.PERFORM in way.door.rights("ada")
