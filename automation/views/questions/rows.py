"""Rows of facts: named values, and the events that they come from.

Units: a row of a measured value states its unit in the field ``unit``; ``hours`` are h; moments are text, ISO 8601 in
       UTC, so that they sort as they come.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from automation.kernel.clock import MICRO
from automation.views.wording import stamp

Value = str | float | None
HOUR = 3600 * MICRO  # us


@dataclass(frozen=True, slots=True)
class Row:
    """One row: every field of its table, and the numbers of the events that show it."""

    values: Mapping[str, Value]
    events: tuple[int, ...]

    def text(self, field: str) -> str:
        """Give a field as text; empty for none."""
        value = self.values.get(field)
        return "" if value is None else str(value)

    def number(self, field: str) -> float | None:
        """Give a field as a number; None where it is none."""
        value = self.values.get(field)
        return value if isinstance(value, float) else None


@dataclass(frozen=True, slots=True)
class Rows:
    """One table: its fields in order, and its rows in the order of the ledger."""

    fields: tuple[str, ...]
    rows: tuple[Row, ...]


def like(text: str, pattern: str) -> bool:
    """Tell whether a text is that of a pattern, in which ``*`` stands for any text; in time that grows with both."""
    first, *rest = pattern.split("*")
    if not rest:
        return text == pattern
    *middle, last = rest
    if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
        return False
    at, end = len(first), len(text) - len(last)
    for part in middle:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def moment(at: int | None) -> str | None:
    """Write a moment (us, UTC) to the second; None for none."""
    return None if at is None else f"{stamp(at, zone='UTC')[:19]}Z"


def hours(first: int | None, last: int | None) -> float | None:
    """Give the time between two moments (us) in h; None where one is missing."""
    return None if first is None or last is None else (last - first) / HOUR


def value_of(found: object) -> Value:
    """Give a recorded value as a row has it: numbers as float, yes and no, words; None for structures and nothing."""
    match found:
        case bool():
            return "yes" if found else "no"
        case int() | float():
            return float(found)
        case str():
            return found
        case _:
            return None
