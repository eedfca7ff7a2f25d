"""Conversion of units by the unit library; imported only when a text names another unit than the wanted one.

Units: ``cells`` is a dimension of its own; ``xg`` is relative centrifugal force, so that grams are never taken for it.
"""

from functools import cache

import pint


@cache
def _registry() -> pint.UnitRegistry[float]:
    registry: pint.UnitRegistry[float] = pint.UnitRegistry(autoconvert_offset_to_baseunit=False)
    registry.define("cells = [cells] = cell")
    registry.define("xg = [rcf]")
    return registry


def problem(given: str, wanted: str) -> str:
    """Say why a value in ``given`` can't be read in ``wanted``; empty when it can."""
    registry = _registry()
    try:
        unit = registry.parse_units(given)
    except (pint.UndefinedUnitError, pint.DefinitionSyntaxError, ValueError, TypeError, AssertionError):
        return "a unit that is not known"
    target = registry.parse_units(wanted)
    return "" if unit.dimensionality == target.dimensionality else "another dimension"


def convert(value: float, *, given: str, wanted: str) -> float:
    """Convert a number between two units of one dimension, to 12 digits; temperatures as points."""
    registry = _registry()
    exact = registry.Quantity(value, registry.parse_units(given)).to(registry.parse_units(wanted)).magnitude
    return float(f"{exact:.12g}")
