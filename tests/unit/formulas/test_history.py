"""Time and temperature: what is in range, what is out of it, and what nobody knows."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.formulas.history import History, Kind, Range, Reading, Verdict, history
from automation.kernel.errors import InputError
from automation.kernel.quantity import Celsius, Seconds

COLD = Range(Celsius(2.0), Celsius(8.0), Seconds(600.0))


def told(*pairs: tuple[float, float | None], until: float) -> History:
    """Give the history of readings (s, degC) from 0 on."""
    readings = [Reading(Seconds(at), None if value is None else Celsius(value)) for at, value in pairs]
    return history(readings, COLD, since=Seconds(0.0), until=Seconds(until))


@pytest.mark.requirement("F051", "F123", refuses=True)
def test_a_gap_is_not_in_range() -> None:
    """Twenty minutes without a reading between two good ones are not known; the verdict is not a pass."""
    found = told((0.0, 5.0), (600.0, 5.0), (1800.0, 5.0), until=1800.0)
    assert (found.total(Kind.WITHIN), found.total(Kind.UNKNOWN)) == (Seconds(600.0), Seconds(1200.0))
    assert found.verdict is Verdict.NOT_EVALUABLE


@pytest.mark.requirement("F051", "F123")
def test_before_the_first_and_after_the_last_reading_nothing_is_known() -> None:
    """A logger that was started late, or stopped early, says nothing about the rest."""
    found = told((300.0, 5.0), (900.0, 5.0), until=1200.0)
    assert [(one.kind, one.duration) for one in found.parts] == [
        (Kind.UNKNOWN, Seconds(300.0)),
        (Kind.WITHIN, Seconds(600.0)),
        (Kind.UNKNOWN, Seconds(300.0)),
    ]


@pytest.mark.requirement("F051")
def test_an_excursion_has_its_time_and_its_extreme_by_the_worse_of_two_readings() -> None:
    """One reading of 9.5 degC counts from the reading before it to the one after."""
    found = told((0.0, 5.0), (300.0, 9.5), (600.0, 5.0), (900.0, 1.0), (1200.0, None), until=1200.0)
    assert [(one.kind, one.extreme) for one in found.parts[:2]] == [
        (Kind.ABOVE, Celsius(9.5)),
        (Kind.BELOW, Celsius(1.0)),
    ]
    assert (found.total(Kind.ABOVE), found.verdict) == (Seconds(600.0), Verdict.OUT_OF_RANGE)


def test_readings_out_of_order_are_refused() -> None:
    """A file that was put together wrongly is no history."""
    with pytest.raises(InputError, match="have to be in order"):
        told((600.0, 5.0), (300.0, 5.0), until=900.0)
    with pytest.raises(InputError, match="from low to high"):
        history([], Range(Celsius(8.0), Celsius(2.0), Seconds(1.0)), since=Seconds(0.0), until=Seconds(1.0))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 900), st.none() | st.floats(-5, 15)), max_size=12))
def test_the_parts_always_add_up_to_the_whole_time(steps: list[tuple[int, float | None]]) -> None:
    """Whatever was read, no second is counted twice or left out."""
    at, pairs = 0.0, []
    for step, value in steps:
        at += step
        pairs.append((at, value))
    found = told(*pairs, until=10_000.0 + at)
    assert sum(float(found.total(kind)) for kind in Kind) == pytest.approx(10_000.0 + at)
