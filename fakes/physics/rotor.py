"""A rotor in closed form: it speeds up and brakes at constant rates, trips when it is out of balance, and presses.

Balance: a difference of mass presses with ``m r w^2``; it trips at the speed at which that is as much as the tolerated
         difference at the fastest speed.
Units:   1/min, s, g, x g.
Source:  constant motor and brake torque; the rates are assumed, of the order of a large benchtop centrifuge (1000 x g
         in about a minute). ``ENOUGH`` is the least of published spinoculations (800 x g, 60 min), by which a vector is
         taken as brought down on the cells; less brings down its share.
"""

import math
from dataclasses import dataclass, replace

from automation.kernel.quantity import Instant, Seconds

UP = 45.0  # 1/min per s
COASTS, HARDEST = 6.0, 60.0  # 1/min per s: without a brake, with the hardest
BRAKES = 9  # steps of the brake
ENOUGH = 800.0 * 60.0  # x g min


@dataclass(frozen=True, slots=True)
class Turning:
    """One spin from its start to standstill: speed over time, asked and never stepped."""

    started: Instant
    speed: float  # that it goes to
    brakes_at: Instant
    brake: int  # 0 to ``BRAKES``

    @property
    def reached_at(self) -> Instant:
        """Give when the speed is reached, if it does not brake before."""
        return self.started + Seconds(self.speed / UP)

    @property
    def stands_at(self) -> Instant:
        """Give when it stands again."""
        return self.brakes_at + Seconds(self._up(self.brakes_at) / _down(self.brake))

    def at(self, now: Instant) -> float:
        """Give the speed at a moment (1/min)."""
        if now <= self.brakes_at:
            return self._up(now)
        return max(0.0, self._up(self.brakes_at) - _down(self.brake) * float(now - self.brakes_at))

    def ended(self, now: Instant, *, brake: int) -> "Turning":
        """Give the spin that brakes from now on, with this brake; one that brakes already goes on as it does."""
        return self if now >= self.brakes_at else replace(self, brakes_at=now, brake=brake)

    def pressed(self, *, force: float) -> float:
        """Give force times time at full speed (x g min), for the force (x g) that is there then."""
        return force * max(0.0, float(self.brakes_at - self.reached_at)) / 60.0

    def _up(self, now: Instant) -> float:
        return min(self.speed, UP * max(0.0, float(now - self.started)))


def trips_at(turning: Turning, *, differ: float, tolerated: float, fastest: float) -> Instant | None:
    """Give when imbalance (g) trips it on the way up; None when it never does."""
    speed = fastest * math.sqrt(tolerated / differ) if differ > 0.0 else math.inf
    return turning.started + Seconds(speed / UP) if speed <= turning.speed else None


def _down(brake: int) -> float:
    return COASTS + (HARDEST - COASTS) * brake / BRAKES
