"""By how much the means of two groups differ, with the interval in which the truth lies.

Units:  values share one; the interval has 95 % confidence.
Source: Welch, Biometrika 34 (1947) 28-35, and Satterthwaite (1946), for groups of unequal scatter.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from automation.formulas.distributions import Interval, t_quantile
from automation.kernel.errors import InputError

CONFIDENCE = 0.95
FEWEST = 3  # values of a group


@dataclass(frozen=True, slots=True)
class Spread:
    """How far the difference of two means scatters: its standard error, and the degrees of freedom."""

    error: float
    free: float


def spread(first: Sequence[float], second: Sequence[float]) -> Spread:
    """Give how the difference of means scatters; raises InputError for too few values, and for none that vary."""
    if len(first) < FEWEST or len(second) < FEWEST:
        raise InputError(f"groups of {len(first)} and {len(second)}: each needs at least {FEWEST} values")
    groups = (first, second)
    parts = [statistics.variance(group) / len(group) for group in groups]
    if sum(parts) == 0.0:
        raise InputError("no value of either group differs: what does not vary, or is read too coarsely, has no test")
    free = sum(parts) ** 2 / sum(part**2 / (len(group) - 1) for part, group in zip(parts, groups, strict=True))
    return Spread(math.sqrt(sum(parts)), free)


def difference(first: Sequence[float], second: Sequence[float], *, confidence: float = CONFIDENCE) -> Interval:
    """Give the second mean less the first, with its interval; raises InputError as ``spread``."""
    found = spread(first, second)
    off = statistics.fmean(second) - statistics.fmean(first)
    wide = t_quantile((1.0 + confidence) / 2.0, found.free) * found.error
    return Interval(off, off - wide, off + wide)
