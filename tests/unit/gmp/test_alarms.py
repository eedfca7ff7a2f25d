"""Alarms: raised, acknowledged, cleared, set aside; never lost on the way."""

import pytest

from automation.gmp.plant.alarms import LONGEST_SHELVING, Alarm
from automation.kernel.errors import InputError, RefusedError
from automation.kernel.quantity import Seconds
from tests.support.doors import START, Doorway
from tests.unit.gmp.moves import RAISING, REASON

LID = "alarm/B1.freeze.lid"
COMMENT = {"comment": "lid closed"}


@pytest.fixture(autouse=True)
def _raised(way: Doorway) -> None:
    way.do(LID, "raise", RAISING)


@pytest.mark.requirement("F124", "F125")
@pytest.mark.parametrize("order", [("acknowledge", "clear"), ("clear", "acknowledge")])
def test_an_alarm_is_normal_again_once_it_is_acknowledged_and_cleared(way: Doorway, order: tuple[str, str]) -> None:
    """In either order; who, when and the comment are kept."""
    for command in order:
        said = command == "acknowledge"
        way.do(LID, command, COMMENT if said else {}, by="perform" if said else "system:test")
    alarm = way.get(Alarm, LID)
    assert (alarm.state, alarm.active, alarm.acknowledged_by, alarm.comment) == (
        "normal",
        False,
        "perform",
        "lid closed",
    )


@pytest.mark.requirement("F125", refuses=True)
def test_an_acknowledgement_says_something(way: Doorway) -> None:
    """A click is no comment."""
    with pytest.raises(InputError, match="field comment"):
        way.do(LID, "acknowledge", {"comment": ""}, by="perform")
    assert way.state(LID) == "unacknowledged"


def test_a_condition_that_comes_again_is_unacknowledged_again(way: Doorway) -> None:
    """With its new message and its count."""
    way.do(LID, "acknowledge", COMMENT, by="perform")
    way.do(LID, "again", {"message": "lid open, second time"})
    alarm = way.get(Alarm, LID)
    assert alarm.raising is not None
    assert (alarm.state, alarm.count, alarm.raising.message) == ("unacknowledged", 2, "lid open, second time")


def test_shelving_ends(way: Doorway) -> None:
    """In the future and within a shift."""
    for until in (float(START), float(START + LONGEST_SHELVING) + 1):
        with pytest.raises(RefusedError, match="a moment after now and up to"):
            way.do(LID, "shelve", {"until": until, **REASON}, by="perform")
    way.do(LID, "shelve", {"until": float(START) + 60, **REASON}, by="perform")
    assert way.get(Alarm, LID).shelved_until == START + Seconds(60.0)


@pytest.mark.requirement("F124", refuses=True)
def test_a_highly_managed_alarm_is_not_shelved(way: Doorway) -> None:
    """Its raising says that it is one."""
    way.do("alarm/N2", "raise", {**RAISING, "highly_managed": True})
    with pytest.raises(RefusedError, match="highly managed"):
        way.do("alarm/N2", "shelve", {"until": float(START) + 60, **REASON}, by="perform")


@pytest.mark.requirement("F124")
def test_a_shelved_alarm_comes_back_as_its_condition_stands(way: Doorway) -> None:
    """Still there means unacknowledged; gone means normal."""
    shelving = {"until": float(START) + 60, **REASON}
    way.do(LID, "shelve", shelving, by="perform")
    with pytest.raises(RefusedError, match="'resume' brings it back"):
        way.do(LID, "unshelve")
    way.do(LID, "resume")
    assert way.state(LID) == "unacknowledged"
    way.do(LID, "shelve", shelving, by="perform")
    way.do(LID, "clear")
    with pytest.raises(RefusedError, match="'unshelve' brings it back"):
        way.do(LID, "resume")
    way.do(LID, "unshelve")
    assert way.state(LID) == "normal"
