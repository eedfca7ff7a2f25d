"""Dates of result files: month and day are told apart only where the file shows which comes first.

Units:  local time of the instrument as ISO 8601 without zone; nothing here knows a zone.
Source: result files of real instruments (see the wire modules), in the instrument's locale, unnamed.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from instruments.drivers.result_text import refuse

_DATE = re.compile(r"(\d{1,2})([/-])(\d{1,2})\2(\d{4}) +(\d{1,2}):(\d{2})(?::(\d{2}))?(?: ([AP]M))?")
_NAMED = re.compile(r"(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) +(\d{1,2}):(\d{2}):(\d{2}) ([AP]M)")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Written:
    """A date as a file has it, and where."""

    text: str
    line: int
    column: str


@dataclass(frozen=True, slots=True)
class _Date:
    """Two numbers that are month and day in some order, then the rest."""

    first: int
    second: int
    year: int
    clock: tuple[int, int, int]
    at: Written

    @property
    def same(self) -> bool:
        """Tell whether the order makes no difference."""
        return self.first == self.second


def in_some_order(written: Sequence[Written], name: str, *, example: str) -> list[str]:
    """Give the local times of one column; empty where the file does not show whether month or day comes first.

    Raises InputError for what is no date, or when the lines contradict each other.
    """
    dates = [_date(one, name, example=example) for one in written]
    day_first = next((date for date in dates if date.first > 12), None)
    month_first = next((date for date in dates if date.second > 12), None)
    if day_first and month_first:
        at = day_first.at
        refuse(
            f"the day comes first here and second in line {month_first.at.line}",
            name,
            line=at.line,
            column=at.column,
        )
    known = bool(day_first or month_first)
    return [_local(date, day_first=bool(day_first), name=name) if known or date.same else "" for date in dates]


def by_order(text: str, *, day_first: bool) -> str:
    """Give the local time of a date whose order the site states; empty for what is no date in that order."""
    found = _DATE.fullmatch(" ".join(text.split()))
    if found is None:
        return ""
    first, _, second, year, hour, minute, seconds, half = found.groups()
    day, month = (first, second) if day_first else (second, first)
    try:
        moment = datetime(int(year), int(month), int(day), _hours(hour, half), int(minute), int(seconds or 0))  # noqa: DTZ001  no zone is told
    except ValueError:
        return ""
    return moment.isoformat()


def named(written: Written, name: str) -> str:
    """Give the local time of a date with the month in letters, for example ``29 Sep 2023  5:21:32 AM``."""
    found = _NAMED.fullmatch(written.text)
    if found is None or found[2] not in _MONTHS:
        refuse(
            "the field is not a date and time such as 29 Sep 2023  5:21:32 AM",
            name,
            line=written.line,
            column=written.column,
        )
    day, month, year, hour, minute, seconds, half = found.groups()
    clock = (_hours(hour, half), int(minute), int(seconds))
    return _local(_Date(int(day), _MONTHS.index(month) + 1, int(year), clock, written), day_first=True, name=name)


def stated(written: Written, name: str, *, form: str, example: str) -> str:
    """Give the local time of a date in one fixed form (as ``datetime.strptime`` takes it)."""
    try:
        moment = datetime.strptime(written.text, form)  # noqa: DTZ007  the file does not tell its zone
    except ValueError:
        refuse(f"the field is not a date and time such as {example}", name, line=written.line, column=written.column)
    return moment.isoformat()


def _date(written: Written, name: str, *, example: str) -> _Date:
    found = _DATE.fullmatch(written.text)
    if found is None:
        refuse(f"the field is not a date and time such as {example}", name, line=written.line, column=written.column)
    first, _, second, year, hour, minute, seconds, half = found.groups()
    clock = (_hours(hour, half), int(minute), int(seconds or 0))
    return _Date(int(first), int(second), int(year), clock, written)


def _hours(hour: str, half: str | None) -> int:
    return int(hour) if half is None else int(hour) % 12 + (12 if half == "PM" else 0)


def _local(date: _Date, *, day_first: bool, name: str) -> str:
    month, day = (date.second, date.first) if day_first else (date.first, date.second)
    try:
        moment = datetime(date.year, month, day, *date.clock)  # noqa: DTZ001  the file does not tell its zone
    except ValueError as error:
        refuse(f"the date does not exist: {error}", name, line=date.at.line, column=date.at.column)
    return moment.isoformat()
