"""When a value is in alarm: a limit with deadband and delays, folded over looks at one channel.

A value holds until the next look (sample and hold), and a delay ends at its own moment, not at the look that notices
it. So looking twice as often at the same signal changes nothing. A look without a reading never ends an alarm, and a
reading that is no finite number is none.
Units:  moments in s (UTC), delays in s; limit and deadband in the unit of the channel.
Source: ISA-18.2 / IEC 62682 (deadband, on-delay, off-delay).
"""

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from automation.kernel.quantity import Instant, Seconds


class Side(StrEnum):
    """How a value has to stand to the limit to be in alarm."""

    BELOW = "<"
    AT_MOST = "<="
    ABOVE = ">"
    AT_LEAST = ">="

    @property
    def low(self) -> bool:
        """Tell whether it is a low alarm."""
        return self in {Side.BELOW, Side.AT_MOST}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A limit; the deadband is how far a value has to come back behind it before the alarm ends."""

    side: Side
    limit: float
    deadband: float = 0.0
    on_delay: Seconds = Seconds(0.0)
    off_delay: Seconds = Seconds(0.0)

    def reached(self, value: float) -> bool:
        """Tell whether a value is beyond the limit."""
        match self.side:
            case Side.BELOW:
                return value < self.limit
            case Side.AT_MOST:
                return value <= self.limit
            case Side.ABOVE:
                return value > self.limit
            case Side.AT_LEAST:
                return value >= self.limit

    def left(self, value: float) -> bool:
        """Tell whether a value is back behind the deadband."""
        return not self.reached(value + self.deadband * (-1.0 if self.side.low else 1.0))

    def delay(self, *, on: bool) -> Seconds:
        """Give how long it has to be so before the alarm begins, or, when it is ``on``, before it ends."""
        return self.off_delay if on else self.on_delay


@dataclass(frozen=True, slots=True)
class Condition:
    """Where a channel stands to its limit; ``since`` is when the other side was reached, None while it is not."""

    on: bool = False
    since: Instant | None = None

    def due(self, bound: Bound) -> Instant | None:
        """Give when the delay that runs is over; None when none runs."""
        return None if self.since is None else self.since + bound.delay(on=self.on)


@dataclass(frozen=True, slots=True)
class Change:
    """That a condition began or ended, and when."""

    on: bool
    at: Instant


def look(bound: Bound, was: Condition, value: float | None, *, at: Instant) -> tuple[Condition, tuple[Change, ...]]:
    """Fold one look in; gives the condition and what changed since the last look, in order (at most two changes)."""
    now, first = _matured(bound, was, at)
    if value is None or not math.isfinite(value):
        return (replace(now, since=None) if now.on else now), first
    other = bound.left(value) if now.on else bound.reached(value)
    if not other:
        now = replace(now, since=None)
    elif now.since is None:
        now = replace(now, since=at)
    now, second = _matured(bound, now, at)
    return now, first + second


def _matured(bound: Bound, was: Condition, at: Instant) -> tuple[Condition, tuple[Change, ...]]:
    """Let a delay end that is over by ``at``."""
    due = was.due(bound)
    if due is None or due > at:
        return was, ()
    return Condition(not was.on), (Change(not was.on, due),)
