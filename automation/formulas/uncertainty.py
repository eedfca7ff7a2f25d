"""Values with their standard uncertainty, and how it goes through sums, products and ratios of independent values.

Units: value and uncertainty share one unit, which the caller knows; relative uncertainty is a fraction.
Source: JCGM 100:2008 (GUM) 5.1.2 law of propagation for independent quantities, 6.2.1 expanded uncertainty.
"""

import math
from dataclasses import dataclass

from automation.kernel.errors import InputError


@dataclass(frozen=True, slots=True)
class Uncertain:
    """A value and its standard uncertainty (one standard deviation), in the same unit."""

    value: float
    standard: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what is no uncertainty."""
        if not (math.isfinite(self.value) and math.isfinite(self.standard)) or self.standard < 0.0:
            raise InputError(f"{self.value} with uncertainty {self.standard}: finite, and uncertainty of at least 0")

    @property
    def relative(self) -> float:
        """Give the relative standard uncertainty; raises InputError for a value of 0."""
        if self.value == 0.0:
            raise InputError("a value of 0 has no relative uncertainty")
        return self.standard / abs(self.value)

    def expanded(self, coverage: float = 2.0) -> float:
        """Give the expanded uncertainty; a coverage factor of 2 means about 95 %."""
        return coverage * self.standard


def relative(value: float, *fractions: float) -> Uncertain:
    """Give a value with independent relative uncertainties (fractions)."""
    return Uncertain(value, abs(value) * math.hypot(*fractions))


def total(*terms: Uncertain) -> Uncertain:
    """Add independent values: standard uncertainties add in quadrature."""
    return Uncertain(math.fsum(one.value for one in terms), math.hypot(*(one.standard for one in terms)))


def difference(first: Uncertain, second: Uncertain) -> Uncertain:
    """Subtract independent values: standard uncertainties add in quadrature."""
    return Uncertain(first.value - second.value, math.hypot(first.standard, second.standard))


def product(*factors: Uncertain) -> Uncertain:
    """Multiply independent values; exact to first order, also where a factor is 0."""
    value = math.prod(one.value for one in factors)
    parts = [
        math.prod(other.value for other in (*factors[:place], *factors[place + 1 :])) * one.standard
        for place, one in enumerate(factors)
    ]
    return Uncertain(value, math.hypot(*parts))


def ratio(above: Uncertain, below: Uncertain) -> Uncertain:
    """Divide independent values; raises InputError for a divisor of 0."""
    if below.value == 0.0:
        raise InputError("a ratio needs a divisor other than 0")
    value = above.value / below.value
    return Uncertain(value, math.hypot(above.standard, value * below.standard) / abs(below.value))
