"""Washing calculations: what is left of the old medium, and volumes from weights.

Units:  mL, g, %; densities in g/mL (bare numbers, the unit stands in the name).
Source: each function names its own; worked examples stand in the tests.
"""

import math

from automation.formulas.uncertainty import Uncertain, difference, ratio
from automation.formulas.working import shown
from automation.kernel.errors import InputError
from automation.kernel.quantity import Grams, GramsPerMillilitre, Millilitres, Percent


@shown(
    formula="100 * exp(-buffer / chamber)",
    source="washout of a stirred volume at constant flow: dc/dt = -(q / V) c (Levenspiel, ideal mixed flow)",
)
def continuous_residual(*, buffer: Millilitres, chamber: Millilitres) -> Percent:
    """Give the share of the old medium that is left in a chamber after buffer has run through it (%)."""
    return Percent(100.0 * math.exp(-_positive(buffer, "buffer", zero=True) / _positive(chamber, "chamber")))


@shown(
    formula="100 * (left / (left + buffer / cycles)) ** cycles",
    source="repeated dilution: each cycle keeps the share that stays with the pellet",
)
def batch_residual(*, buffer: Millilitres, left: Millilitres, cycles: int) -> Percent:
    """Give the share of the old medium that is left after cycles of dilution and spinning down (%).

    ``left`` is what stays with the cells after each spin (mL), ``buffer`` the sum over all cycles (mL).
    """
    if cycles < 1:
        raise InputError(f"cycles is {cycles}; at least 1 is needed")
    stays = _positive(left, "left")
    return Percent(100.0 * (stays / (stays + _positive(buffer, "buffer", zero=True) / cycles)) ** cycles)


def weighed_volume(
    heavier: Grams, lighter: Grams, *, standard: Grams, density: GramsPerMillilitre, density_share: Percent
) -> Uncertain:
    """Give the volume between two weighings of one container (mL) with its standard uncertainty.

    ``standard`` (g) is that of one weighing, ``density_share`` (%) that of the density.
    """
    moved = difference(Uncertain(float(heavier), float(standard)), Uncertain(float(lighter), float(standard)))
    known = Uncertain(float(density), float(density) * float(density_share) / 100.0)
    return ratio(moved, known)


def _positive(value: object, what: str, *, zero: bool = False) -> float:
    number = float(value) if isinstance(value, int | float) else math.nan
    if not math.isfinite(number) or number < 0.0 or (number == 0.0 and not zero):
        raise InputError(f"{what} is {value}; a number {'of at least' if zero else 'above'} 0 is needed")
    return number
