"""Bands from reference batches: the range of a few, the two-sided normal tolerance interval of more.

Units:  a band is in the unit of its values; shares are between 0 and 1.
Source: NIST/SEMATECH e-Handbook 7.2.6.3, Howe (1969) for the factor of two sides, Wilks (1941) without a distribution;
        ISO 16269-6 for what it means: with the stated confidence, the interval holds at least the stated share of a
        normal population.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

COVERAGE, CONFIDENCE = 0.95, 0.95
FEWEST = 3  # values of a tolerance interval; of two it would be thirty-seven standard deviations wide
_PAIR = 2  # values of a range
_CLOSE = 1e-12  # share of a sum below which a term no longer counts
_HALVINGS = 100
_SLICES = 400  # of the integral over the scatter; by four times as many no factor changes in its fourth digit


@dataclass(frozen=True, slots=True)
class Band:
    """Lowest and highest, and how they were found."""

    low: float
    high: float
    how: str

    def holds(self, value: float) -> bool:
        """Tell whether a value lies within the band, its ends included."""
        return self.low <= value <= self.high


def band(values: Sequence[float]) -> Band | None:
    """Give the band of reference values: none of one, the range of two, the 95 %/95 % tolerance interval of more."""
    if len(values) < _PAIR:
        return None
    if len(values) < FEWEST:
        return Band(min(values), max(values), f"range of {len(values)}")
    how = f"95 %/95 % tolerance interval of {len(values)}"
    if min(values) == max(values):  # no rounding of a mean may put them outside
        return Band(values[0], values[0], how)
    middle, wide = statistics.fmean(values), factor(len(values)) * statistics.stdev(values)
    return Band(middle - wide, middle + wide, how)


def factor(number: int, *, coverage: float = COVERAGE, confidence: float = CONFIDENCE) -> float:
    """Give how many standard deviations of ``number`` values (at least 2) lie on either side of their mean."""
    free = number - 1
    z = statistics.NormalDist().inv_cdf((1 + coverage) / 2)
    return z * math.sqrt(free * (1 + 1 / number) / chi_square(1 - confidence, free))


def one_sided(number: int, *, coverage: float = COVERAGE, confidence: float = CONFIDENCE) -> float:
    """Give how many standard deviations of ``number`` values (at least 2) a one-sided limit lies from their mean.

    It is the quantile of the noncentral t distribution over sqrt(number), found by integration over the scatter.
    """
    free, root = number - 1, math.sqrt(number)
    far = statistics.NormalDist().inv_cdf(coverage) * root
    log = math.log(2.0) + free / 2 * math.log(free / 2) - math.lgamma(free / 2)  # of s / sigma
    most = 1.0 + 9.0 / math.sqrt(2.0 * free)
    grid = [most * (at + 0.5) / _SLICES for at in range(_SLICES)]
    weights = [math.exp(log + (free - 1) * math.log(s) - free * s * s / 2) * most / _SLICES for s in grid]
    low, high = 0.0, 1000.0
    for _ in range(_HALVINGS // 2):
        middle = (low + high) / 2
        parts = zip(weights, grid, strict=True)
        below = math.fsum(weight * 0.5 * math.erfc((far - middle * root * s) / math.sqrt(2.0)) for weight, s in parts)
        low, high = (middle, high) if below < confidence else (low, middle)
    return (low + high) / 2


def fewest_without_a_distribution(*, sides: int, coverage: float = COVERAGE, confidence: float = CONFIDENCE) -> int:
    """Give how many values their own lowest or highest (1 side), or both (2), need to hold the coverage.

    No distribution is supposed; Wilks (1941).
    """
    number = sides
    while _outside(number, sides=sides, coverage=coverage) > 1.0 - confidence:
        number += 1
    return number


def _outside(number: int, *, sides: int, coverage: float) -> float:
    """Give the chance that the extremes of so many values hold less than the coverage."""
    one = coverage**number
    return one if sides == 1 else number * coverage ** (number - 1) - (number - 1) * one


def chi_square(share: float, free: float) -> float:
    """Give the value below which a share of the chi-square distribution with ``free`` degrees of freedom lies."""
    low, high = 0.0, free + 40.0 * math.sqrt(2.0 * free)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _below(middle / 2, free / 2) < share else (low, middle)
    return (low + high) / 2


def _below(x: float, a: float) -> float:
    """Give the regularised lower incomplete gamma function by its series; DLMF 8.11.4."""
    term = math.exp(a * math.log(x) - x - math.lgamma(a + 1))
    total, n = term, a
    while term > _CLOSE * total:
        n += 1
        term *= x / n
        total += term
    return total
