"""A pump that gives a volume in portions on its own grid, counted from its start, however often it is looked at.

Units:  mL, mL/s, s.
"""

import math
from dataclasses import dataclass

from automation.kernel.quantity import Instant, Seconds


@dataclass(slots=True)
class Flow:
    """One stretch of pumping at one rate; ends by itself at ``most``."""

    rate: float  # mL/s
    since: Instant
    every: Seconds  # between portions
    most: float = math.inf
    given: float = 0.0  # mL that were taken as portions so far

    @property
    def ends(self) -> float:
        """Give when all is given (UTC s); infinite for a flow without end."""
        return float(self.since) + self.most / self.rate if self.rate > 0.0 else math.inf

    def over(self, now: Instant) -> bool:
        """Tell whether it has come to its end."""
        return self.given >= self.most - 1e-9 or float(now) >= self.ends

    def portions(self, now: Instant, *, last: bool = False) -> list[tuple[Instant, float]]:
        """Take every portion up to now, each with its time; ``last`` also takes what has begun."""
        out: list[tuple[Instant, float]] = []
        step, stop = float(self.every), min(float(now), self.ends)
        first = math.floor(self.given / (self.rate * step) + 1e-9) + 1 if self.rate > 0.0 else 1
        times = [float(self.since) + n * step for n in range(first, self._whole(stop, step) + 1)]
        if stop > (times[-1] if times else -math.inf) and (last or stop == self.ends):
            times.append(stop)
        for at in times:
            due = min(self.most, self.rate * (at - float(self.since))) - self.given
            if due > 1e-12:
                out.append((Instant(at), due))
                self.given += due
        return out

    def _whole(self, stop: float, step: float) -> int:
        return math.floor((stop - float(self.since)) / step + 1e-9)
