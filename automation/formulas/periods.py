"""Periods of the calendar by which reports come: months, quarters, years, by their names.

Units:  days are year-month-day in the site's zone; a period ends where the next one begins.
Source: ISO 8601 for months and years; the quarter of a year is written ``2026-Q1``.
"""

import re
from enum import StrEnum

from automation.kernel.errors import InputError

_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_NAME = re.compile(r"(?P<year>[12]\d{3})(?:-(?:Q(?P<quarter>[1-4])|(?P<month>0[1-9]|1[0-2])))?")


class Every(StrEnum):
    """How often a report comes."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


def every_of(name: str) -> Every:
    """Give of which sort a period is; raises InputError for a name that is none."""
    _months_before(name)
    return Every.YEAR if "-" not in name else Every.QUARTER if "Q" in name else Every.MONTH


def bounds(name: str) -> tuple[str, str]:
    """Give the first day of a period and the first one after it; raises InputError for a name that is none."""
    start = _months_before(name)
    return _day(start), _day(start + _MONTHS[every_of(name)])


def after(name: str) -> str:
    """Give the name of the next period of the same sort; raises InputError for a name that is none."""
    every = every_of(name)
    year, month = divmod(_months_before(name) + _MONTHS[every], 12)
    match every:
        case Every.MONTH:
            return f"{year:04}-{month + 1:02}"
        case Every.QUARTER:
            return f"{year:04}-Q{month // 3 + 1}"
        case Every.YEAR:
            return f"{year:04}"


def _months_before(name: str) -> int:
    """Give how many months lie before a period since the year 0."""
    found = _NAME.fullmatch(name)
    if found is None:
        raise InputError(f"the period is {name!r}; a month as 2026-01, a quarter as 2026-Q1 or a year is needed")
    month = int(found["month"]) - 1 if found["month"] else 3 * (int(found["quarter"]) - 1) if found["quarter"] else 0
    return 12 * int(found["year"]) + month


def _day(months: int) -> str:
    year, month = divmod(months, 12)
    return f"{year:04}-{month + 1:02}-01"
