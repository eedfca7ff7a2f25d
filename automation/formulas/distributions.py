"""Shares below a value, and values below which a share lies: beta, Student's t, and the chance of counts.

Units:  shares are between 0 and 1; values have no unit.
Source: DLMF 8.17.22 (continued fraction of the incomplete beta function, after Lentz), 8.17.4 (symmetry);
        NIST/SEMATECH e-Handbook 1.3.6.6.4 (t), 7.2.4.1 and Clopper and Pearson (1934) for counts.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

from automation.kernel.errors import InputError

_TINY, _CLOSE = 1e-300, 1e-15
_TERMS, _HALVINGS = 500, 100
_FAR = 1e6  # standard units; no quantile that is asked here lies beyond


@dataclass(frozen=True, slots=True)
class Interval:
    """What an estimate is and between which two values the truth lies, with the stated confidence."""

    value: float
    low: float
    high: float


def beta_below(x: float, *, a: float, b: float) -> float:
    """Give the share of the beta distribution (a, b > 0) that lies below ``x``."""
    if x <= 0.0 or x >= 1.0:
        return 0.0 if x <= 0.0 else 1.0
    log = a * math.log(x) + b * math.log1p(-x) + math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    if x < (a + 1.0) / (a + b + 2.0):
        return math.exp(log) * _fraction(x, a=a, b=b) / a
    return 1.0 - math.exp(log) * _fraction(1.0 - x, a=b, b=a) / b


def beta_quantile(share: float, *, a: float, b: float) -> float:
    """Give the value below which a share of the beta distribution (a, b > 0) lies."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if beta_below(middle, a=a, b=b) < share else (low, middle)
    return (low + high) / 2


def t_below(t: float, free: float) -> float:
    """Give the share of Student's t distribution with ``free`` degrees of freedom that lies below ``t``."""
    tail = beta_below(free / (free + t * t), a=free / 2, b=0.5) / 2
    return tail if t < 0.0 else 1.0 - tail


@lru_cache(maxsize=1024)  # asked at every age of a line, always for the same share
def t_quantile(share: float, free: float) -> float:
    """Give the value below which a share of Student's t distribution with ``free`` degrees of freedom lies."""
    low, high = -_FAR, _FAR
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if t_below(middle, free) < share else (low, middle)
    return (low + high) / 2


def rate(hits: int, number: int, *, confidence: float = 0.95) -> Interval:
    """Give the share of ``hits`` among ``number`` with its exact interval; raises InputError for an impossible count.

    None among few is not zero: of 0 in 10 the interval goes to 31 %.
    """
    if not 0 <= hits <= number or number < 1:
        raise InputError(f"{hits} of {number} is no share; at least 0 of at least 1 is needed")
    out = (1.0 - confidence) / 2
    low = beta_quantile(out, a=hits, b=number - hits + 1) if hits else 0.0
    high = beta_quantile(1.0 - out, a=hits + 1, b=number - hits) if hits < number else 1.0
    return Interval(hits / number, low, high)


def _fraction(x: float, *, a: float, b: float) -> float:
    """Give the continued fraction of the incomplete beta function."""
    c, d = 1.0, 1.0 / _not_zero(1.0 - (a + b) * x / (a + 1.0))
    found = d
    for m in range(1, _TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        for term in (even, odd):
            d = 1.0 / _not_zero(1.0 + term * d)
            c = _not_zero(1.0 + term / c)
            found *= c * d
        if abs(c * d - 1.0) < _CLOSE:
            break
    return found


def _not_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
