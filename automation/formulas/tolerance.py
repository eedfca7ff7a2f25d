"""Bands from reference batches: the range of a few, the two-sided normal tolerance interval of more.

Units:  a band is in the unit of its values; shares are between 0 and 1.
Source: NIST/SEMATECH e-Handbook 7.2.6.3 and Howe (1969) for the factor; ISO 16269-6 for what it means: with the stated
        confidence, the interval holds at least the stated share of a normal population.
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


def chi_square(share: float, free: int) -> float:
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
