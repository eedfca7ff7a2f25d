"""Timers: the verdict follows the time, whoever gives it and when."""

import pytest

from automation.gmp.quality.timers import State, Timer
from automation.kernel.errors import RefusedError
from automation.kernel.quantity import Instant
from tests.support.doors import START, Doorway

T = "timer/B1.exposure"
DUE = float(START) + 600.0


def _start(way: Doorway, **changes: object) -> None:
    way.do(T, "start", {"what": "into the store", "due": DUE, "warn": DUE - 180, "clock": "exposure", **changes})


def test_a_timer_warns_and_is_met_in_time(way: Doorway) -> None:
    """The warning does not come before its moment."""
    _start(way)
    with pytest.raises(RefusedError, match="no warning is due, it is set for"):
        way.do(T, "warn")
    way.clock.go(420)
    way.do(T, "warn")
    way.clock.go(180)
    way.do(T, "meet")
    timer = way.get(Timer, T)
    assert (timer.state, timer.going, timer.ended_at) == (State.MET, False, Instant(DUE))


@pytest.mark.requirement("F019")
def test_what_comes_late_is_an_overrun_even_if_nobody_was_awake(way: Doorway) -> None:
    """After a restart the verdict is given late, and is the same."""
    _start(way)
    with pytest.raises(RefusedError, match="the verdict is 'meet'"):
        way.do(T, "overrun")
    way.clock.go(3600)
    with pytest.raises(RefusedError, match="the verdict is 'overrun'"):
        way.do(T, "meet")
    way.do(T, way.get(Timer, T).verdict(way.clock.now()))
    assert way.state(T) == "overrun"


def test_a_timer_that_is_due_at_its_start_only_measures(way: Doorway) -> None:
    """It can't be overrun."""
    _start(way, due=float(START), warn=None)
    way.clock.go(3600)
    way.do(T, "meet")
    assert way.state(T) == "met"


def test_a_warning_after_the_end_is_refused(way: Doorway) -> None:
    """It would never be given."""
    with pytest.raises(RefusedError, match="at or before it is allowed"):
        _start(way, warn=DUE + 1)


@pytest.mark.requirement("F017")
def test_a_clock_that_is_noted_late_counts_since_it_truly_began(way: Doorway) -> None:
    """The program was down between the answer of a person and its entry; what is still to come is refused."""
    with pytest.raises(RefusedError, match="which is still to come"):
        _start(way, since=float(START) + 60.0)
    way.clock.go(300)
    _start(way, since=float(START))
    assert way.get(Timer, T).started_at == Instant(float(START))
