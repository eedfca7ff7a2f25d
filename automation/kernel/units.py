"""Conversion of units by the unit library; imported only when a text names another unit than the wanted one.

Units: ``cells``, ``beads``, ``IU`` and ``TU`` (transducing units) are dimensions of their own; ``xg`` is relative
       centrifugal force, so that grams are never taken for it.
"""

import re
import tokenize
from functools import cache

import pint

_NAME = r"(?:%|[A-Za-z°µμ][A-Za-z0-9_°µμ]{0,30})(?:[²³]|(?:\^|\*\*)-?[0-9])?"
_TEXT = re.compile(rf"(?:1 ?/ ?)?{_NAME}(?: ?[*/ ] ?{_NAME}){{0,5}}")  # no numbers: a power of a power takes for ever


@cache
def _registry() -> pint.UnitRegistry[float]:
    registry: pint.UnitRegistry[float] = pint.UnitRegistry(autoconvert_offset_to_baseunit=False)
    registry.define("cells = [cells] = cell")
    registry.define("xg = [rcf]")
    for counted in ("beads", "IU", "TU"):
        registry.define(f"{counted} = [{counted}]")
    return registry


def problem(given: str, wanted: str) -> str:
    """Say why a value in ``given`` can't be read in ``wanted``; empty when it can."""
    if not _TEXT.fullmatch(given):
        return "a unit that is not known"
    registry = _registry()
    try:
        unit = registry.parse_units(given)
    except (pint.PintError, tokenize.TokenError, SyntaxError, ArithmeticError, ValueError, TypeError, AssertionError):
        return "a unit that is not known"
    try:
        registry.Quantity(1.0, unit).to(registry.parse_units(wanted))
    except (pint.PintError, ArithmeticError):
        return "another dimension"
    return ""


def convert(value: float, *, given: str, wanted: str) -> float:
    """Convert a number between two units of one dimension, to 12 digits; temperatures as points."""
    registry = _registry()
    exact = registry.Quantity(value, registry.parse_units(given)).to(registry.parse_units(wanted)).magnitude
    return float(f"{exact:.12g}")
