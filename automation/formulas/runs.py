"""How many runs: numbers of batches that a claim needs, before the batches are made.

Units:  confidence, share and power in %; scatter and margins in the unit of the result; numbers are batches.
Source: each function names its own. Success run: 0 failures in n, (1 - C) = R^n (NIST/SEMATECH e-Handbook 8.3.1.3 for
        the binomial); tolerance factors as in ``tolerance``; two one-sided tests: Chow, Shao, Wang, Sample Size
        Calculations in Clinical Research, 2nd ed. (2008), 3.2.3.
"""

import math
import statistics
from collections.abc import Callable

from automation.formulas.distributions import beta_below, t_quantile
from automation.formulas.tolerance import factor
from automation.formulas.working import shown
from automation.kernel.errors import InputError
from automation.kernel.quantity import Percent

FEWEST = 3  # batches, below which nothing is concluded
MOST = 10_000


@shown(formula="ceil(ln(1 - confidence) / ln(share))", source="success run: no failure in n batches")
def runs_without_failure(*, confidence: Percent, share: Percent) -> int:
    """Give how many batches in a row, all good, show with a confidence (%) that such a share (%) of all is good."""
    sure, good = _part(confidence, "confidence"), _part(share, "share")
    return math.ceil(math.log1p(-sure) / math.log(good) - 1e-9)


@shown(formula="fewest n with P(at most failures of n, share) <= 1 - confidence", source="exact binomial")
def runs_with_failures(*, failures: int, confidence: Percent, share: Percent) -> int:
    """Give how many batches, of which at most so many may fail, show that such a share (%) of all is good."""
    sure, good = _part(confidence, "confidence"), _part(share, "share")
    if not 0 <= failures <= MOST:
        raise InputError(f"failures is {failures}; 0 to {MOST} is allowed")
    number = failures + 1
    while beta_below(good, a=number - failures, b=failures + 1) > 1.0 - sure and number < MOST:
        number += 1
    return number


@shown(formula="ceil(-ln(1 - confidence) / rate)", source="Poisson: no event in n batches")
def runs_without_event(*, confidence: Percent, rate: float) -> int:
    """Give how many batches without an event show with a confidence (%) that there are fewer than ``rate`` a batch."""
    if not 0.0 < rate < math.inf:
        raise InputError(f"rate is {rate:g}; more than 0 events a batch is needed")
    return math.ceil(-math.log1p(-_part(confidence, "confidence")) / rate - 1e-9)


@shown(formula="fewest n with k(n, share, confidence) * sd <= margin", source="Howe's tolerance factor k")
def runs_for_tolerance(*, sd: float, margin: float, confidence: Percent, share: Percent) -> int:
    """Give how many batches bring the two-sided tolerance interval within the limits.

    ``margin`` is the distance from the expected mean to the nearer limit, in the unit of ``sd``, the expected scatter.
    Raises InputError where no number does.
    """
    sure, good = _part(confidence, "confidence"), _part(share, "share")
    if not (sd > 0.0 and margin > 0.0):
        raise InputError(f"scatter {sd:g} and margin {margin:g}: both have to be more than 0")
    if statistics.NormalDist().inv_cdf((1.0 + good) / 2.0) * sd >= margin:
        raise InputError(f"a scatter of {sd:g} leaves less than {float(share):g} % within +/- {margin:g}, however many")
    return _first(FEWEST, lambda n: factor(n, coverage=good, confidence=sure) * sd <= margin)


@shown(
    formula="fewest n >= 2 * (sd * (t(95 %, 2n - 2) + t(1 - (1 - power) / 2, 2n - 2)) / (margin - abs(off))) ** 2",
    source="two one-sided tests at 5 %, two groups of n: Chow, Shao, Wang 2008, 3.2.3, with t for z",
)
def runs_for_equivalence(*, sd: float, margin: float, off: float, power: Percent) -> int:
    """Give how many batches each site needs to show equivalence within ``margin`` with a power (%).

    ``sd`` is the expected scatter of batches and ``off`` the expected true difference, both in the margin's unit.
    """
    left = margin - abs(off)
    if not (sd > 0.0 and left > 0.0):
        raise InputError(f"scatter {sd:g}, margin {margin:g}, difference {off:g}: the margin has to be the largest")
    missed = (1.0 - _part(power, "power")) / 2.0

    def enough(n: int) -> bool:
        free = 2.0 * n - 2.0
        reach = t_quantile(0.95, free) + t_quantile(1.0 - missed, free)
        return n >= 2.0 * (sd * reach / left) ** 2

    return _first(FEWEST, enough)


def _first(least: int, enough: Callable[[int], bool]) -> int:
    """Give the smallest number that is enough; what is enough stays so for more. Raises InputError above ``MOST``."""
    high = least
    while not enough(high):
        if high > MOST:
            raise InputError(f"more than {MOST} batches would be needed; the margin is too close to the scatter")
        high *= 2
    low = max(least, high // 2)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return low


def _part(value: Percent, what: str) -> float:
    part = float(value) / 100.0
    if not 0.0 < part < 1.0:
        raise InputError(f"{what} is {float(value):g} %; above 0 and below 100 is needed")
    return part
