"""Volumes by weighing: from masses of water to volumes, their systematic error and their spread.

Units:  mg, uL, degC, %; at 101.3 kPa.
Source: ISO 8655-6 (V = m x Z, mean error, standard deviation and coefficient of variation of ten weighings; its Z for
        20.0 to 23.0 degC is what comes out); density of water by Tanaka et al., Metrologia 38 (2001) 301, equation 1.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from automation.kernel.errors import InputError
from automation.kernel.quantity import Celsius, Microlitres, Percent

AIR, WEIGHTS = 0.0012, 8.0  # g/mL: air, and the weights with which the balance was adjusted
LOWEST, HIGHEST = 4.0, 40.0  # degC, where the equation holds
_A1, _A2, _A3, _A4, _A5 = -3.983035, 301.797, 522528.9, 69.34881, 0.999974950


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a series of weighings says of a volume that was asked for."""

    mean: Microlitres
    error: Percent  # of the volume that was asked for, with its sign
    spread: Percent  # coefficient of variation


def density(water: Celsius) -> float:
    """Give the density of water without air (g/mL); raises InputError beyond 4 to 40 degC."""
    t = float(water)
    if not LOWEST <= t <= HIGHEST:
        raise InputError(f"water is at {t:g} degC; {LOWEST:g} to {HIGHEST:g} degC are possible")
    return _A5 * (1 - (t + _A1) * (t + _A1) * (t + _A2) / (_A3 * (t + _A4)))


def factor(water: Celsius) -> float:
    """Give Z (uL/mg), by which a mass on a balance in air becomes the volume of the water."""
    return (1 - AIR / WEIGHTS) / (density(water) - AIR)


def delivered(masses: Sequence[float], *, asked: Microlitres, water: Celsius) -> Delivered:
    """Judge nothing, only calculate: mean volume, systematic error and spread of at least two weighings (mg)."""
    if len(masses) < 2:
        raise InputError(f"{len(masses)} weighings say nothing of a spread; two are the least")
    volumes = [mass * factor(water) for mass in masses]
    mean, wanted = statistics.fmean(volumes), float(asked)
    if mean <= 0 or wanted <= 0:
        raise InputError(f"a mean volume of {mean:g} uL of {wanted:g} uL asked for is no series of weighings")
    error = 100 * (mean - wanted) / wanted
    return Delivered(Microlitres(mean), Percent(error), Percent(100 * statistics.stdev(volumes) / mean))


def repeatability(masses: Sequence[float], *, division: float, smallest: float) -> Percent:
    """Give twice the standard deviation over the smallest net weight (all in one unit), as a balance is judged.

    A standard deviation below 0.41 scale divisions counts as that. Source: USP <41>.
    """
    if len(masses) < 2 or division <= 0 or smallest <= 0:
        raise InputError("at least two weighings, a scale division and a smallest weight above zero are needed")
    return Percent(100 * 2 * max(statistics.stdev(masses), 0.41 * division) / smallest)
