"""Periods by which reports come: their names, ends and followers."""

import pytest

from automation.formulas.periods import Every, after, bounds, every_of
from automation.kernel.errors import InputError


@pytest.mark.requirement("F137.2")
@pytest.mark.parametrize(
    ("name", "every", "ends", "follows"),
    [
        ("2026-01", Every.MONTH, ("2026-01-01", "2026-02-01"), "2026-02"),
        ("2026-12", Every.MONTH, ("2026-12-01", "2027-01-01"), "2027-01"),
        ("2026-Q1", Every.QUARTER, ("2026-01-01", "2026-04-01"), "2026-Q2"),
        ("2026-Q4", Every.QUARTER, ("2026-10-01", "2027-01-01"), "2027-Q1"),
        ("2026", Every.YEAR, ("2026-01-01", "2027-01-01"), "2027"),
    ],
)
def test_a_period_ends_where_the_next_one_begins(name: str, every: Every, ends: tuple[str, str], follows: str) -> None:
    """Months, quarters and years, over the end of a year too."""
    assert (every_of(name), bounds(name), after(name)) == (every, ends, follows)
    assert bounds(follows)[0] == ends[1]


@pytest.mark.requirement("F137.2", refuses=True)
@pytest.mark.parametrize("name", ["", "2026-00", "2026-13", "2026-Q5", "26-01", "2026-1", "2026-Q"])
def test_what_is_no_period_is_refused(name: str) -> None:
    """With what one looks like."""
    with pytest.raises(InputError, match="a month as 2026-01"):
        bounds(name)
