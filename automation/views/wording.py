"""How the views write times, durations and values for people.

Units: times in us or Instant (UTC) to ISO 8601 in a zone; durations in s.
"""

import math
from collections.abc import Mapping

from automation.gmp.words import SYSTEM
from automation.kernel.clock import MICRO, iso
from automation.kernel.quantity import Instant

NOTHING = "\N{EN DASH}"
_EMPTY: tuple[object, ...] = (None, "", [], {}, ())
_MOMENTS = frozenset({"deadline", "due", "warn", "until"})
_RECENT = 1_000_000_000.0  # s since 1970: numbers below it are no moments of ours
_HOUR, _MINUTE = 3600.0, 60.0
_LEAST = 0.005  # mL, g or %, below which a number is written as 0
_MANY = 1000.0  # cells, from which on powers of ten are read more easily


def stamp(at: int | Instant | None, *, zone: str) -> str:
    """Write a moment (us, or s as Instant) as ISO 8601 with milliseconds and offset; empty for none."""
    if at is None:
        return ""
    return iso(Instant(at / MICRO) if isinstance(at, int) else at, zone=zone)


def span(seconds: float | None) -> str:
    """Write a duration: ``2 h 05 min``, ``3 min 20 s``, ``4.2 s``."""
    if seconds is None:
        return NOTHING
    if seconds >= _HOUR:
        minutes = round(seconds / _MINUTE)
        return f"{minutes // 60} h {minutes % 60:02d} min"
    if seconds >= _MINUTE:
        whole = round(seconds)
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{seconds:.1f} s"


def show(value: object) -> str:
    """Write a value from an event: numbers with at most six digits that count, structures field by field."""
    match value:
        case None | "":
            return NOTHING
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.6g}" if math.isfinite(value) else NOTHING
        case Mapping():
            parts = [_part(str(name), part) for name, part in value.items() if part not in _EMPTY]
            return ", ".join(parts) or NOTHING
        case list() | tuple():
            return "; ".join(show(part) for part in value) or NOTHING
        case _:
            return str(value)


def quantity(value: float, unit: str) -> str:
    """Write an amount with its unit: cells by powers of ten, mL and g to two decimals."""
    return f"{_number(value, unit)} {unit}"


def with_uncertainty(value: float, *, expanded: float, unit: str) -> str:
    """Write an amount with its expanded uncertainty; one that states none stands alone."""
    return f"{_number(value, unit)} ± {_number(expanded, unit, digits=1)}" if expanded else _number(value, unit)


def percent(value: float) -> str:
    """Write a signed share; one too small to be seen has no sign."""
    return "0.00 %" if abs(value) < _LEAST else f"{value:+.2f} %"


def _number(value: float, unit: str, *, digits: int = 3) -> str:
    """Write a number; ``digits`` are those after the point of a power of ten."""
    if unit != "cells":
        return f"{value:.2f}".removeprefix("-") if abs(value) < _LEAST else f"{value:.2f}"
    return f"{value:.0f}" if abs(value) < _MANY else f"{value:.{digits}e}".replace("e+0", "e").replace("e+", "e")


def _part(name: str, value: object) -> str:
    """Write one field; a number that its name says is a moment is written as one (UTC)."""
    if isinstance(value, float | int) and (name in _MOMENTS or name.endswith("_at")) and value > _RECENT:
        return f"{name.replace('_', ' ')} {stamp(Instant(float(value)), zone='UTC')[:19].replace('T', ' ')} UTC"
    return f"{name.replace('_', ' ')} {show(value)}"


def is_person(principal: str) -> bool:
    """Tell whether a principal is a person, not a part of the program."""
    return bool(principal) and principal != SYSTEM and not principal.startswith(f"{SYSTEM}:")


def count(number: int, one: str, *, many: str = "") -> str:
    """Write a number with its word: ``1 result``, ``3 results``."""
    return f"{number} {one if number == 1 else many or one + 's'}"
