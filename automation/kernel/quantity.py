"""Unit types: a number that says what it counts, refused by the type checker where units do not fit.

At run time each is a plain ``float`` (``typing.NewType``), so that the hot path costs nothing;
for the type checker each is a class of its own (``unit_types.pyi``), so that ``Celsius - KelvinPerMinute`` is an error.
Points (``Celsius``, ``Instant``) subtract to differences (``Kelvin``, ``Seconds``) and never add.
Units: the UCUM code of each type stands in ``UNITS``; text is parsed at the border only (``read``).
"""

import math

from automation.kernel.errors import InputError
from automation.kernel.unit_types import (
    BeadsPerMillilitre,
    Cells,
    CellsPerMillilitre,
    Celsius,
    Grams,
    GramsPerLitre,
    GramsPerMillilitre,
    Instant,
    InternationalUnitsPerMillilitre,
    Kelvin,
    KelvinPerMinute,
    Litres,
    Microlitres,
    Millilitres,
    NanogramsPerMillilitre,
    Pascals,
    Percent,
    Seconds,
    TimesGravity,
    TransducingUnitsPerMillilitre,
)

__all__ = [
    "UNITS",
    "BeadsPerMillilitre",
    "Cells",
    "CellsPerMillilitre",
    "Celsius",
    "Grams",
    "GramsPerLitre",
    "GramsPerMillilitre",
    "Instant",
    "InternationalUnitsPerMillilitre",
    "Kelvin",
    "KelvinPerMinute",
    "Litres",
    "Microlitres",
    "Millilitres",
    "NanogramsPerMillilitre",
    "Pascals",
    "Percent",
    "Seconds",
    "TimesGravity",
    "TransducingUnitsPerMillilitre",
    "finite",
    "read",
    "text",
]

UNITS: dict[object, str] = {
    Kelvin: "K",
    KelvinPerMinute: "K/min",
    Seconds: "s",
    Millilitres: "mL",
    Microlitres: "uL",
    Grams: "g",
    GramsPerMillilitre: "g/mL",
    Cells: "cells",
    CellsPerMillilitre: "cells/mL",
    Percent: "%",
    Litres: "L",
    BeadsPerMillilitre: "beads/mL",
    GramsPerLitre: "g/L",
    InternationalUnitsPerMillilitre: "IU/mL",
    TransducingUnitsPerMillilitre: "TU/mL",
    NanogramsPerMillilitre: "ng/mL",
    TimesGravity: "xg",
    Pascals: "Pa",
    Celsius: "degC",
}
"""Each unit type with the one unit that values of it are in."""

_PINT = {"K": "delta_degC", "K/min": "delta_degC/min", "%": "percent"}
_SPELLINGS = {"K/min": "delta_degC/min", "degC/min": "delta_degC/min", "%": "percent", "°C": "degC"}
_EXACT = {
    ("min", "s"): 60.0, ("h", "s"): 3600.0, ("ms", "s"): 0.001, ("L", "mL"): 1000.0, ("uL", "mL"): 0.001,
    ("mL", "uL"): 1000.0, ("mg", "g"): 0.001, ("kg", "g"): 1000.0, ("degC/min", "K/min"): 1.0, ("d", "s"): 86400.0,
    ("mg/mL", "ng/mL"): 1e6, ("ug/mL", "ng/mL"): 1e3, ("mg/mL", "g/L"): 1.0, ("mg/dL", "g/L"): 0.01,
}  # fmt: skip
"""Conversions that need no unit library, which takes longer to load than a whole recipe; the library agrees."""
_EXAMPLES = {"K/min": "1.0 K/min", "degC": "-40 degC", "s": "10 min", "cells/mL": "1e6 cells/mL"}


def finite(value: float, *, what: str = "value") -> float:
    """Give the value back; raises InputError for NaN and infinities."""
    if not math.isfinite(value):
        msg = f"{what} is {value}; a finite number is needed"
        raise InputError(msg)
    return value


def read(text: object, unit: object, *, what: str = "value", where: str = "") -> float:
    """Read text such as ``"-1 degC/min"`` as a number in the unit of ``unit`` (a type in ``UNITS``).

    Raises InputError for a missing unit, another dimension, a decimal comma, NaN and infinities.
    """
    symbol = UNITS[unit]
    example = _EXAMPLES.get(symbol, f"10 {symbol}")
    if not isinstance(text, str):
        msg = f"{what} is {text!r} without a unit; write for example {example!r}"
        raise InputError(msg, where=where)
    number, _, rest = text.strip().partition(" ")
    if "," in number:
        msg = f"{what} is {text!r}: write the decimal point as '.', not ',', for example {example!r}"
        raise InputError(msg, where=where)
    try:
        value = float(number)
    except ValueError:
        msg = f"{what} is {text!r}; a number, a space and a unit are needed, for example {example!r}"
        raise InputError(msg, where=where) from None
    if not rest.strip():
        msg = f"{what} is {text!r} without a unit; write for example {example!r}"
        raise InputError(msg, where=where)
    if not math.isfinite(value):
        msg = f"{what} is {text!r}; a finite number is needed, for example {example!r}"
        raise InputError(msg, where=where)
    return finite(_convert(value, rest.strip(), wanted=symbol, what=what, where=where), what=what)


def _convert(value: float, given: str, *, wanted: str, what: str, where: str) -> float:
    if given == wanted:
        return value
    if (factor := _EXACT.get((given, wanted))) is not None:
        return float(f"{value * factor:.12g}")
    from automation.kernel import units  # noqa: PLC0415  the unit library is heavy and only needed here

    source, target = _SPELLINGS.get(given, given), _PINT.get(wanted, wanted)
    if wanted == "K" and source == "degC":
        source = "point"
    problem = "a point on a scale, not a difference" if source == "point" else units.problem(source, target)
    if problem:
        msg = f"{what} is in {given!r} ({problem}); {wanted} or a unit of the same dimension is needed"
        raise InputError(msg, where=where)
    return units.convert(value, given=source, wanted=target)


def is_unit(symbol: str) -> bool:
    """Tell whether a text is a unit: one of ours, or one that the unit library knows."""
    if symbol in UNITS.values():
        return True
    from automation.kernel import units  # noqa: PLC0415  as above

    return not units.problem(_SPELLINGS.get(symbol, symbol), _SPELLINGS.get(symbol, symbol))


def text(value: float, unit: object, *, decimals: int | None = None) -> str:
    """Write a value with its unit for people, for example ``-40 degC``."""
    number = f"{value:.{decimals}f}" if decimals is not None else f"{value:.10g}"
    return f"{number} {UNITS[unit]}"
