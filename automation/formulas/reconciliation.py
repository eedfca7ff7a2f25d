"""Reconciliation: what came in against what is accounted for, with the uncertainty of what was measured.

A balance closes when what is unaccounted for is no more than its expanded uncertainty (coverage factor 2).
Units:  one unit for the whole balance, as stated in it.
Source: 21 CFR 211.103 (yields), 211.125(c) (label reconciliation); JCGM 100:2008 (GUM) 5.1.2 for independent inputs.
"""

import math
from dataclasses import dataclass

COVERAGE = 2.0


@dataclass(frozen=True, slots=True)
class Line:
    """One amount of a balance with its standard uncertainty; ``goes_in`` tells the side."""

    what: str
    value: float
    standard: float = 0.0
    goes_in: bool = False
    source: str = ""  # the event, reading or calculation that it comes from
    measured: bool = True  # else calculated, or declared by the recipe (for example a hold-up)


@dataclass(frozen=True, slots=True)
class Balance:
    """What came in, what went out, and what is left over."""

    what: str
    unit: str
    lines: tuple[Line, ...]

    @property
    def came_in(self) -> float:
        """Give the sum of what came in."""
        return math.fsum(line.value for line in self.lines if line.goes_in)

    @property
    def went_out(self) -> float:
        """Give the sum of what is accounted for."""
        return math.fsum(line.value for line in self.lines if not line.goes_in)

    @property
    def unaccounted(self) -> float:
        """Give what came in and is not accounted for; negative when more was found than came in."""
        return self.came_in - self.went_out

    @property
    def expanded(self) -> float:
        """Give the expanded uncertainty (coverage factor 2) of what is unaccounted for."""
        return COVERAGE * math.sqrt(math.fsum(line.standard**2 for line in self.lines))

    @property
    def share(self) -> float:
        """Give what is unaccounted for as a share of what came in, %; 0 when nothing came in."""
        return 100.0 * self.unaccounted / self.came_in if self.came_in else 0.0

    @property
    def closes(self) -> bool:
        """Tell whether what is unaccounted for lies within its uncertainty."""
        return abs(self.unaccounted) <= self.expanded
