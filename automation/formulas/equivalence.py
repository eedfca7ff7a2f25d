"""Equivalence of two groups of values: two one-sided tests against a margin that was declared before.

That two means do not differ significantly is no evidence that they are the same; that the whole 90 % interval of their
difference lies within the margin is.
Units:  values and margin share one.
Source: Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15 (1987) 657-680; Welch (1947) and Satterthwaite
        (1946) for unequal scatter.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from automation.formulas.distributions import t_below, t_quantile
from automation.kernel.errors import InputError

ALPHA = 0.05
FEWEST = 3  # values of a group


@dataclass(frozen=True, slots=True)
class Equivalence:
    """The difference of means (second less first), the interval that has to lie within the margin, and the verdict."""

    difference: float
    low: float
    high: float
    free: float  # degrees of freedom
    probability: float  # of the worse of the two tests
    equivalent: bool


def tost(first: Sequence[float], second: Sequence[float], *, margin: float, alpha: float = ALPHA) -> Equivalence:
    """Test two groups for equivalence within +/- margin; raises InputError for too few values, none that vary."""
    if len(first) < FEWEST or len(second) < FEWEST:
        raise InputError(f"groups of {len(first)} and {len(second)}: each needs at least {FEWEST} values")
    if not margin > 0.0:
        raise InputError(f"the margin is {margin:g}; it has to be above 0, and declared before the data are seen")
    parts = [statistics.variance(group) / len(group) for group in (first, second)]
    if sum(parts) == 0.0:
        raise InputError("no value of either group differs: what does not vary, or is read too coarsely, has no test")
    free = sum(parts) ** 2 / sum(part**2 / (len(group) - 1) for part, group in zip(parts, (first, second), strict=True))
    error = math.sqrt(sum(parts))
    off = statistics.fmean(second) - statistics.fmean(first)
    wide = t_quantile(1.0 - alpha, free) * error
    worse = max(t_below(-(off + margin) / error, free), t_below((off - margin) / error, free))
    return Equivalence(off, off - wide, off + wide, free, worse, worse < alpha)
