"""A chamber cooled by injected liquid nitrogen, closed-loop controlled to a working set point.

Physics: first order (60 s) towards the set point, never faster than the valve and the heater can, never below
         -180 degC. Without nitrogen, without power or with a broken control sensor it drifts to the room; an open lid
         adds heat.
Units:   degC, K/s, s, uL of liquid nitrogen; steps of 1 s on the plant's grid.
Source:  docs/freezer-physics.md lists each constant.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from fakes.physics.programmer import PowerFail, Programmer
from fakes.physics.trace import Piece, Trace

STILL = 1e-10  # K in one second; less is none
PER_LITRE = 160_700.0  # J that one litre of nitrogen takes up
PER_WATT = 1.2 * 1_000_000 / PER_LITRE  # uL of nitrogen in a second, a fifth more than ideally needed


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """How a chamber is made."""

    lag: float = 60.0  # s, closed loop
    coldest: float = -180.0  # degC
    hottest: float = 60.0  # degC
    room: float = 22.0  # degC
    fastest_cooling: float = 50.0 / 60.0  # K/s
    fastest_heating: float = 10.0 / 60.0  # K/s
    drift: float = 2400.0  # s, to the room without control
    lid: float = 120.0  # s, to the room through an open lid, on top of the control
    capacity: float = 8000.0  # J/K of walls and racks
    tank: int = 50_000_000_000  # uL of liquid nitrogen: a site's bulk tank, which months of holding cold don't empty
    deviation: float = 10.0  # K from the working set point
    deviation_delay: int = 180  # s until a deviation is an alarm
    power_fail: PowerFail = PowerFail.CONTINUE


class Chamber:
    """A chamber, its nitrogen, its lid, its power and its programmer."""

    def __init__(self, build: Build) -> None:
        """Stand at room temperature, with a full tank."""
        self.build = build
        self.programmer = Programmer(build.room)
        self.temperature = build.room
        self.nitrogen = build.tank  # uL
        self.supply_open = True  # the valve or the pressure of the supply
        self.lid_open = False
        self.powered = True
        self.sensor_broken = False
        self.manual = False
        self.manual_output = 0.0  # %, of full cooling (negative) or heating
        self.output = 0.0  # %
        self.deviating = 0  # s
        self.stood = 0  # grid point at which a program last came to stand by itself
        self._settled = False
        self._trace: Trace | None = None

    @property
    def deviation_alarm(self) -> bool:
        """Tell whether the chamber has been away from its set point for too long."""
        return self.deviating >= self.build.deviation_delay

    @property
    def cools(self) -> bool:
        """Tell whether there is nitrogen to cool with."""
        return self.supply_open and self.nitrogen > 0

    def catch_up(self, index: int) -> None:
        """Live up to a grid point."""
        if self._trace is None:
            self._trace = Trace(index, self.temperature)
        trace, values = self._trace, list[float]()
        left = index + 1 - trace.end
        while left > 0:
            if self._settled:
                trace.extend(values)
                values = []
                left -= self._rest(trace, left)
                continue
            left -= self._glide(values, left)
            if left > 0:
                went = not self.programmer.still
                self._second()
                values.append(self.temperature)
                left -= 1
                if went and self.programmer.still:
                    self.stood = trace.end + len(values) - 1
        trace.extend(values)

    def touched(self) -> None:
        """Forget that nothing changes; called after any change from outside."""
        self._settled = False

    def pieces(self, first: int, last: int) -> Iterator[Piece]:
        """Give the temperatures from ``first`` up to, not including, ``last``."""
        self.catch_up(last - 1)
        if self._trace is not None:
            yield from self._trace.pieces(first, last)

    def at(self, index: int) -> float:
        """Give the temperature at a grid point."""
        self.catch_up(index)
        return self._trace.at(index) if self._trace is not None else self.temperature

    def power_back(self) -> None:
        """Do what the controller does when power comes back."""
        self.powered = True
        self.programmer.power_back(self.build.power_fail, self.temperature)
        self.touched()

    def _second(self) -> None:
        build, programmer, now = self.build, self.programmer, self.temperature
        if self.powered and not programmer.still:
            programmer.second(now)
        rate = self._control(now) if self.powered and not self.sensor_broken else None
        drift = (build.room - now) / build.drift
        lid = (build.room - now) / build.lid if self.lid_open else 0.0
        if rate is None or (rate < drift and not self.cools):
            self.output = 0.0
            change = drift + lid
        else:
            self.output = 100.0 * (rate / build.fastest_cooling if rate < 0 else rate / build.fastest_heating)
            change = rate + lid
            if rate < drift:
                self._use(build.capacity * (drift - rate))
        after = min(build.hottest, max(build.coldest, now + change))
        deviates = self.powered and not self.manual and abs(after - programmer.working) > build.deviation
        self.deviating = self.deviating + 1 if deviates else 0
        still = -STILL < after - now < STILL
        if still and (not self.powered or programmer.still) and (not deviates or self.deviation_alarm):
            self._settled = True
        else:
            self.temperature = after

    def _glide(self, values: list[float], most: int) -> int:
        """Live through the seconds of a segment as ``_second`` would, only faster; gives how many."""
        build = self.build
        plain = self.powered and not (self.sensor_broken or self.manual or self.lid_open) and self.supply_open
        enough = self.nitrogen // round(PER_WATT * build.capacity)  # s; no second cools by a whole K
        count, begun, slope, passed = self.programmer.glide(min(most, enough)) if plain else (0, 0.0, 0.0, 0)
        now, rate, nitrogen, deviating = self.temperature, 0.0, self.nitrogen, self.deviating
        lag, room, down, up, capacity = (
            build.lag,
            build.room,
            -build.fastest_cooling,
            build.fastest_heating,
            build.capacity,
        )
        for second in range(passed + 1, passed + count + 1):
            working = begun + slope * second
            rate = (working - now) / lag
            rate = down if rate < down else min(rate, up)
            drift = (room - now) / build.drift
            if rate < drift:
                nitrogen -= round(PER_WATT * (capacity * (drift - rate)))
            now += rate
            now = min(build.hottest, max(build.coldest, now))
            deviating = deviating + 1 if abs(now - working) > build.deviation else 0
            values.append(now)
        if count:
            self.temperature, self.nitrogen, self.deviating = now, nitrogen, deviating
            self.output = 100.0 * (rate / build.fastest_cooling if rate < 0 else rate / up)
        return count

    def _control(self, now: float) -> float:
        """Give the rate (K/s) that the controller asks for."""
        build = self.build
        if self.manual:
            share = self.manual_output / 100.0
            return share * (build.fastest_heating if share > 0 else build.fastest_cooling)
        rate = (self.programmer.working - now) / build.lag
        return -build.fastest_cooling if rate < -build.fastest_cooling else min(rate, build.fastest_heating)

    def _use(self, watts: float) -> None:
        """Take nitrogen for one second; whole uL, so that the sum does not depend on who looks when."""
        used = round(PER_WATT * watts)
        self.nitrogen = max(0, self.nitrogen - used)

    def _rest(self, trace: Trace, most: int) -> int:
        """Let settled seconds pass at once, at most until the nitrogen ends; gives how many."""
        build = self.build
        heat = build.capacity * (build.room - self.temperature) / build.drift
        active = self.powered and not self.sensor_broken and self.cools
        used = round(PER_WATT * heat) if active and heat > 0 else 0
        count = min(most, max(1, self.nitrogen // used)) if used else most
        self.nitrogen = max(0, self.nitrogen - used * count)
        if used and not self.nitrogen:
            self._settled = False
        trace.rest(count)
        return count
