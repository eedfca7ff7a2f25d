"""The states of ISA-18.2 beyond raise, acknowledge and clear: latched, suppressed, shelved by its own maximum."""

import pytest

from automation.gmp.plant.alarms import Alarm
from automation.kernel.errors import RefusedError
from tests.support.doors import START, Doorway
from tests.unit.gmp.moves import RAISING, REASON

PUMP = "alarm/pump"
SEEN = {"comment": "seen it"}
LATCHING = {**RAISING, "latching": True}

pytestmark = pytest.mark.requirement("F124")


@pytest.mark.parametrize("order", [("acknowledge", "latch"), ("latch", "acknowledge")])
def test_a_latching_alarm_stays_until_a_person_resets_it(way: Doorway, order: tuple[str, str]) -> None:
    """States E and F: also when its condition is long gone and somebody has acknowledged."""
    way.do(PUMP, "raise", LATCHING)
    for command in order:
        way.do(
            PUMP, command, SEEN if command == "acknowledge" else {}, by="perform" if command != "latch" else "system:t"
        )
    assert way.state(PUMP) == "latched acknowledged"
    way.do(PUMP, "reset", REASON, by="perform")
    assert way.state(PUMP) == "normal"


@pytest.mark.requirement("F124", refuses=True)
def test_a_latching_alarm_can_not_just_clear(way: Doorway) -> None:
    """The refusal names the command that notes the end of the condition."""
    way.do(PUMP, "raise", LATCHING)
    with pytest.raises(RefusedError, match="stays until it is reset; 'latch'"):
        way.do(PUMP, "clear")


def test_an_alarm_that_does_not_latch_goes_with_its_condition(way: Doorway) -> None:
    """Latching is said in the definition, not by who clears."""
    way.do(PUMP, "raise", RAISING)
    with pytest.raises(RefusedError, match="goes with its condition"):
        way.do(PUMP, "latch")


@pytest.mark.parametrize("acknowledged", [False, True])
def test_a_latched_alarm_is_unacknowledged_when_its_condition_comes_again(way: Doorway, *, acknowledged: bool) -> None:
    """From E and from F."""
    way.do(PUMP, "raise", LATCHING)
    way.do(PUMP, "latch")
    if acknowledged:
        way.do(PUMP, "acknowledge", SEEN, by="perform")
    way.do(PUMP, "again")
    alarm = way.get(Alarm, PUMP)
    assert (alarm.state, alarm.count, alarm.unanswered) == ("unacknowledged", 2, True)


def test_a_suppressed_alarm_comes_back_as_its_condition_stands(way: Doorway) -> None:
    """State H keeps count of the condition, also of one that was never raised before."""
    way.do(PUMP, "suppress", {"by_design": "freeze.loading"})
    way.do(PUMP, "raise", RAISING)
    assert (way.state(PUMP), way.get(Alarm, PUMP).standing) == ("suppressed by design", False)
    with pytest.raises(RefusedError, match="'resume' brings it back unacknowledged"):
        way.do(PUMP, "unsuppress")
    way.do(PUMP, "resume")
    assert way.state(PUMP) == "unacknowledged"


def test_a_suppressed_alarm_whose_condition_went_is_normal(way: Doorway) -> None:
    """Nothing is left of it but the record."""
    way.do(PUMP, "raise", RAISING)
    way.do(PUMP, "suppress", {"by_design": "freeze.loading"})
    way.do(PUMP, "clear")
    way.do(PUMP, "unsuppress")
    assert way.state(PUMP) == "normal"


def test_an_alarm_that_never_came_can_be_out_of_service_before_work_begins(way: Doorway) -> None:
    """A sensor is changed: its alarm is aside before it comes, and comes back unacknowledged when it still stands."""
    with pytest.raises(RefusedError, match="needs the right"):
        way.do(PUMP, "remove", {"reason": "sensor is changed"}, by="perform")
    way.do(PUMP, "remove", {"reason": "sensor is changed"}, by="maintain")
    way.do(PUMP, "raise", RAISING)
    assert (way.state(PUMP), way.get(Alarm, PUMP).standing) == ("out of service", False)
    with pytest.raises(RefusedError, match="'resume' brings it back unacknowledged"):
        way.do(PUMP, "restore", by="maintain")
    way.do(PUMP, "resume", by="maintain")
    assert way.state(PUMP) == "unacknowledged"


@pytest.mark.requirement("F124", refuses=True)
def test_only_the_program_suppresses(way: Doorway) -> None:
    """A person shelves, with a reason and an end."""
    way.do(PUMP, "raise", RAISING)
    with pytest.raises(RefusedError, match="needs the right system"):
        way.do(PUMP, "suppress", {"by_design": "I say so"}, by="supervise")


def test_shelving_is_as_long_as_the_alarm_allows(way: Doorway) -> None:
    """A maximum of the alarm's own takes the place of the shift."""
    way.do(PUMP, "raise", {**RAISING, "shelve_at_most": 600.0})
    with pytest.raises(RefusedError, match="a moment after now and up to"):
        way.do(PUMP, "shelve", {"until": float(START) + 601, **REASON}, by="perform")
    way.do(PUMP, "shelve", {"until": float(START) + 600, **REASON}, by="perform")
    assert way.state(PUMP) == "shelved"
