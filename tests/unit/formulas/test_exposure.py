"""Sums over a threshold, against traces whose answer one sees."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.formulas.exposure import Budget, excursions, time_above, warming
from automation.kernel.errors import InputError
from automation.kernel.quantity import Celsius, Seconds


def trace(*points: tuple[float, float | None]) -> list[tuple[Seconds, Celsius | None]]:
    """A trace from plain numbers (s, degC)."""
    return [(Seconds(at), None if value is None else Celsius(value)) for at, value in points]


@pytest.mark.requirement("F023", "F051")
def test_time_above_is_measured_between_readings_too() -> None:
    """From -160 to -100 in 60 s, half of the way is above -130."""
    found = time_above(trace((0, -160), (60, -100)), Celsius(-130.0))
    assert (found.above, found.hottest, found.unknown) == (Seconds(30.0), Celsius(-100.0), Seconds(0.0))


def test_a_missing_reading_counts_as_the_worse_case() -> None:
    """What nobody saw was not cold."""
    found = time_above(trace((0, -160), (60, None), (120, -160)), Celsius(-130.0))
    assert (found.above, found.unknown) == (Seconds(120.0), Seconds(120.0))


@pytest.mark.requirement("F050")
def test_the_warming_budget_starts_when_storage_temperature_is_first_reached() -> None:
    """The way down does not count; each way up does."""
    found = warming(
        trace((0, 20), (600, -150), (660, -100), (720, -150)), storage=Celsius(-150), threshold=Celsius(-125)
    )
    assert found.above == Seconds(60.0)
    assert warming(trace((0, 20), (60, -90)), storage=Celsius(-150), threshold=Celsius(-130)).above == Seconds(0.0)


def test_a_child_inherits_what_its_parent_has_spent() -> None:
    """Five minutes of the parent and six of its own are more than ten."""
    parent = Budget(Seconds(600.0)).add(time_above(trace((0, -100), (300, -100)), Celsius(-130)))
    child = Budget(parent.allowed, parent.spent).add(time_above(trace((0, -100), (360, -100)), Celsius(-130)))
    assert (parent.left, parent.share, parent.exceeded) == (Seconds(300.0), 0.5, False)
    assert (child.left, child.exceeded) == (Seconds(0.0), True)


def test_time_that_runs_back_is_refused() -> None:
    """Two readings of one moment can't be summed."""
    with pytest.raises(InputError, match="has to increase"):
        time_above(trace((60, 1), (60, 2)), Celsius(0.0))


def test_excursions_are_the_readings_outside_the_range() -> None:
    """A missing reading is no excursion, and no reading inside either."""
    seen = excursions(trace((0, 4), (60, 9), (120, None), (180, 1)), low=Celsius(2), high=Celsius(8))
    assert seen == ((Seconds(60), Celsius(9)), (Seconds(180), Celsius(1)))


@given(st.lists(st.floats(-196, 40), min_size=2, max_size=20), st.floats(-196, 40), st.integers(1, 19))
@settings(derandomize=True)
def test_a_trace_cut_in_two_has_the_same_sum(values: list[float], threshold: float, cut: int) -> None:
    """Sums over parts that share their border add up."""
    whole = trace(*((10.0 * place, value) for place, value in enumerate(values)))
    place = min(cut, len(whole) - 1)
    parts = [time_above(part, Celsius(threshold)).above for part in (whole[: place + 1], whole[place:])]
    assert float(parts[0] + parts[1]) == pytest.approx(float(time_above(whole, Celsius(threshold)).above))
