"""Time out of conditions: sums over a threshold from a temperature trace, and budgets that only ever grow.

The warming budget of a container starts when storage temperature is first reached; whoever comes out of the
container inherits what is spent. Between readings the temperature is taken as a straight line.
Units:  s, degC. A reading that is missing is ``None``; time beside it counts as above the threshold, as the worse case.
Source: transient warming of cryopreserved product is cumulative; thresholds and budgets are the user's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from automation.kernel.errors import InputError
from automation.kernel.quantity import Celsius, Kelvin, Seconds

Trace = Sequence[tuple[Seconds, Celsius | None]]
"""Moments (s, increasing) and temperatures."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """Time spent above a threshold, the hottest reading, and how much of the time is not known."""

    above: Seconds
    hottest: Celsius | None
    unknown: Seconds  # part of ``above`` that stands for missing readings


@dataclass(frozen=True, slots=True)
class Budget:
    """Time allowed above a threshold over the life of a container; ``spent`` includes what was inherited."""

    allowed: Seconds
    spent: Seconds = Seconds(0.0)

    def add(self, exposure: Exposure) -> "Budget":
        """Give the budget after one more exposure."""
        return Budget(self.allowed, self.spent + exposure.above)

    @property
    def left(self) -> Seconds:
        """Give what is left (s), never below 0."""
        return max(self.allowed - self.spent, Seconds(0.0))

    @property
    def exceeded(self) -> bool:
        """Tell whether more was spent than allowed."""
        return self.spent > self.allowed

    @property
    def share(self) -> float:
        """Give the share that is spent (1 is all of it)."""
        return self.spent / self.allowed if self.allowed > Seconds(0.0) else float(self.exceeded)


def time_above(trace: Trace, threshold: Celsius) -> Exposure:
    """Sum the time above a threshold; raises InputError when time does not increase."""
    above, unknown = Seconds(0.0), Seconds(0.0)
    for (start, first), (end, second) in pairwise(trace):
        if end <= start:
            raise InputError(f"the trace goes from {start:g} s to {end:g} s; time has to increase")
        if first is None or second is None:
            above, unknown = above + (end - start), unknown + (end - start)
        else:
            above = above + (end - start) * _share_above(first - threshold, second - threshold)
    hottest = max((value for _, value in trace if value is not None), default=None, key=float)
    return Exposure(above, hottest, unknown)


def warming(trace: Trace, *, storage: Celsius, threshold: Celsius) -> Exposure:
    """Sum the time above ``threshold`` from the moment at which ``storage`` temperature is first reached."""
    for place, (_, value) in enumerate(trace):
        if value is not None and value <= storage:
            return time_above(trace[place:], threshold)
    return Exposure(Seconds(0.0), None, Seconds(0.0))


def excursions(trace: Trace, *, low: Celsius, high: Celsius) -> tuple[tuple[Seconds, Celsius], ...]:
    """Give the readings outside a range, in order; a missing reading is none."""
    return tuple((at, value) for at, value in trace if value is not None and not low <= value <= high)


def _share_above(first: Kelvin, second: Kelvin) -> float:
    nothing = Kelvin(0.0)
    if first <= nothing and second <= nothing:
        return 0.0
    if first > nothing and second > nothing:
        return 1.0
    hot, cold = (first, second) if first > nothing else (second, first)
    return hot / (hot - cold)
