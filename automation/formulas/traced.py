"""Values that remember which independent readings their uncertainty comes from, so that what is shared cancels.

A volume that leaves one container and arrives in another is one reading, and a count that all fills are multiplied by
is one count: their difference is far better known than either. First order: each reading contributes its standard
uncertainty times its sensitivity, with sign.
Units:  value and contributions share one unit, which the caller knows.
Source: JCGM 100:2008 (GUM) 5.2.2 for input quantities that share a reading; 5.1.2 within one reading.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from automation.kernel.errors import InputError


@dataclass(frozen=True, slots=True)
class Traced:
    """A value, and what each reading contributes to its standard uncertainty (signed)."""

    value: float
    parts: Mapping[str, float] = field(default_factory=dict)

    @property
    def standard(self) -> float:
        """Give the standard uncertainty: readings are independent of each other."""
        return math.hypot(*self.parts.values())

    def __add__(self, other: "Traced") -> "Traced":
        """Add; what both share adds before it is squared."""
        return Traced(self.value + other.value, _mixed(self, other, by=1.0, other_by=1.0))

    def __sub__(self, other: "Traced") -> "Traced":
        """Subtract; what both share cancels."""
        return Traced(self.value - other.value, _mixed(self, other, by=1.0, other_by=-1.0))

    def __mul__(self, other: "Traced") -> "Traced":
        """Multiply, to first order."""
        return Traced(self.value * other.value, _mixed(self, other, by=other.value, other_by=self.value))

    def __truediv__(self, other: "Traced") -> "Traced":
        """Divide, to first order; raises InputError for a divisor of 0."""
        if other.value == 0.0:
            raise InputError("a ratio needs a divisor other than 0")
        value = self.value / other.value
        return Traced(value, _mixed(self, other, by=1.0 / other.value, other_by=-value / other.value))


NOTHING = Traced(0.0)


def reading(name: str, value: float, *, standard: float = 0.0) -> Traced:
    """Give a value as one reading states it; raises InputError for what is no value with an uncertainty."""
    if not (math.isfinite(value) and math.isfinite(standard)) or standard < 0.0:
        raise InputError(f"{name} is {value} with uncertainty {standard}: finite, and uncertainty of at least 0")
    return Traced(value, {name: standard} if standard else {})


def _mixed(first: Traced, second: Traced, *, by: float, other_by: float) -> dict[str, float]:
    parts = {name: by * part for name, part in first.parts.items()}
    for name, part in second.parts.items():
        parts[name] = parts.get(name, 0.0) + other_by * part
    return parts
