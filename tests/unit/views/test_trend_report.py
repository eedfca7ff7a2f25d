"""Signals of a trend report: those whose last point is of the period, with batches and events."""

import pytest

from automation.kernel.errors import InputError
from automation.views.questions.measures import Number
from automation.views.trend_report import Measured, Within, charts_of, hits

JANUARY, FEBRUARY = Within("2026-01", "UTC"), Within("2026-02", "UTC")


def measured(*, last: float, limits: tuple[str, ...] = ()) -> Measured:
    """Give twenty quiet values of January and one of February."""
    values = [(f"2026-01-{day:02}", 90.0 + (day % 2)) for day in range(1, 21)]
    numbers = [
        Number("count.viability", f"B-{at}", value, "%", f"{day}T09:00:00Z", (2 * at, 2 * at + 1))
        for at, (day, value) in enumerate([*values, ("2026-02-03", last)], 1)
    ]
    return Measured("viability", "", limits, tuple(numbers), 1)


@pytest.mark.requirement("F137.2")
def test_a_value_beyond_its_limits_is_told_in_its_period_with_its_batch_and_events() -> None:
    """In February, where it was found; not once more in the report of January."""
    found = [one for one in hits(measured(last=70.0), FEBRUARY) if one.chart == "I" and one.rule == "N1"]
    assert [(one.what, one.batches, one.events) for one in found] == [("count.viability", ("B-21",), (42, 43))]
    assert "N1" not in {one.rule for one in hits(measured(last=70.0), JANUARY)}


@pytest.mark.requirement("F137.2")
def test_a_quiet_month_signals_nothing_beyond_its_limits() -> None:
    """One more value like the others."""
    assert "N1" not in {one.rule for one in hits(measured(last=90.0), FEBRUARY)}


@pytest.mark.requirement("F137.2", refuses=True)
def test_limits_in_a_unit_that_no_number_has_are_told() -> None:
    """A plan that was written wrongly gives no report."""
    with pytest.raises(InputError, match="the limits are in mL; the numbers are in %"):
        charts_of(measured(last=90.0, limits=(">= 80 mL",)))
