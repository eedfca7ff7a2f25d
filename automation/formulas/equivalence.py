"""Equivalence of two groups of values: two one-sided tests against a margin that was declared before.

That two means do not differ significantly is no evidence that they are the same; that the whole 90 % interval of their
difference lies within the margin is.
Units:  values and margin share one.
Source: Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15 (1987) 657-680; Welch (1947) and Satterthwaite
        (1946) for unequal scatter.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from automation.formulas.differences import spread
from automation.formulas.distributions import t_below, t_quantile
from automation.kernel.errors import InputError

ALPHA = 0.05


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
    found = spread(first, second)
    if not margin > 0.0:
        raise InputError(f"the margin is {margin:g}; it has to be above 0, and declared before the data are seen")
    off = statistics.fmean(second) - statistics.fmean(first)
    wide = t_quantile(1.0 - alpha, found.free) * found.error
    sides = (-(off + margin) / found.error, (off - margin) / found.error)
    worse = max(t_below(side, found.free) for side in sides)
    return Equivalence(off, off - wide, off + wide, found.free, worse, worse < alpha)
