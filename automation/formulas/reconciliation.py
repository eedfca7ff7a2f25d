"""Reconciliation: what came in against what is accounted for, with the uncertainty of what was measured.

A balance closes when what is unaccounted for is no more than its expanded uncertainty (coverage factor 2).
Units:  one unit for the whole balance, as stated in it.
Source: 21 CFR 211.103 (yields), 211.125(c) (label reconciliation); JCGM 100:2008 (GUM) 5.1.2 for independent inputs,
        5.2.2 for lines that share a reading (see ``traced``).
"""

import math
from dataclasses import dataclass

COVERAGE = 2.0
ROUNDING = 1e-9  # of what came in: two floats that were added in another order are no loss


@dataclass(frozen=True, slots=True)
class Line:
    """One amount of a balance with its standard uncertainty; ``goes_in`` tells the side."""

    what: str
    value: float
    standard: float = 0.0
    goes_in: bool = False
    source: str = ""  # the event, reading or calculation that it comes from
    measured: bool = True  # else calculated, or declared by the recipe (for example a hold-up)
    parts: tuple[tuple[str, float], ...] = ()  # readings that it shares with other lines, with what each contributes


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
        """Give the expanded uncertainty (coverage factor 2) of what is unaccounted for.

        A line that names no readings is one of its own; a reading that stands on both sides cancels.
        """
        found: dict[str, float] = {}
        for number, line in enumerate(self.lines):
            sign = 1.0 if line.goes_in else -1.0
            for name, part in line.parts or ((f"line {number}", line.standard),):
                found[name] = found.get(name, 0.0) + sign * part
        return COVERAGE * math.hypot(*found.values())

    @property
    def share(self) -> float:
        """Give what is unaccounted for as a share of what came in, %; 0 when nothing came in."""
        return 100.0 * self.unaccounted / self.came_in if self.came_in else 0.0

    @property
    def closes(self) -> bool:
        """Tell whether what is unaccounted for lies within its uncertainty."""
        return abs(self.unaccounted) <= self.expanded + ROUNDING * abs(self.came_in)
