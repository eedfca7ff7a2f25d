"""Fake Cryostream: a stream of cold gas that ramps by itself, and says every second how it is, to whoever listens.

Physics: the set point follows a straight line; the gas follows it with one time constant as long as there is liquid
         nitrogen, and the room afterwards. What is in the stream follows the gas.
Units:   degC, K/min, s, L of liquid nitrogen.
Source:  as the wire module. Time constant, consumption (0.6 L/h), self-checks of 5 s, a cool at 10 K/min and what a
         failed sensor shows (0 K) are assumed. Plateaus, ends, purges, programs and shutters are ignored here.
"""

import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from automation.kernel.errors import FailedError
from automation.kernel.quantity import Instant
from fakes.freezer import flag, number, text
from fakes.physics.trace import Constant, Follower, Lag, Piece, Signal
from fakes.world import World, grid
from instruments.drivers.cryostream import wire

ROOM = 22.0  # degC
LAG = 15.0  # s
LITRES, PER_HOUR = 60.0, 0.6
CHECKS = 5.0  # s from power to ready
COOLS = 10.0  # K/min
WARNS, FAILS = 5.0, 25.0  # K off its set point
CONTACT = 1.0
_PACKET = struct.Struct(">BBHHhBBHHHHHBBBBBBHHBB")
_REST = bytes(10)  # of an extended packet


@dataclass(frozen=True, slots=True)
class Line:
    """What the gas follows: a straight line to a target, kept there, and the room once the nitrogen is gone."""

    since: float
    start: float
    target: float
    rate: float  # K/s
    ends: float  # s, when there is no more nitrogen

    def set_point(self, now: float) -> float:
        """Give where the line is (degC)."""
        gap = self.target - self.start
        return self.start + math.copysign(min(abs(gap), self.rate * max(0.0, now - self.since)), gap)

    @property
    def arrives(self) -> float:
        """Give when it is at its target (s)."""
        return self.since + abs(self.target - self.start) / self.rate

    def pieces(self, first: int, last: int) -> Iterator[Piece]:
        """Give what the gas follows from ``first`` up to, not including, ``last``."""
        moving = min(last, max(first, math.ceil(self.arrives)))
        ended = min(last, max(moving, math.ceil(min(self.ends, last))))
        if first < moving:
            yield Piece([self._at(k) for k in range(first, moving)], moving - first)
        if moving < ended:
            yield Piece([self.target], ended - moving)
        if ended < last:
            yield Piece([ROOM], last - ended)

    def _at(self, now: int) -> float:
        return ROOM if now >= self.ends else self.set_point(now)


class FakeCryostream:
    """What the device streams, and what hands do to it."""

    def __init__(self, world: World, name: str, *, controller: int = 1234) -> None:
        """Stand ready, without gas; what is in its stream stands at the place of its name."""
        self.acts = {"ramp": 0, "hold": 0, "rest": 0}
        self.mode, self.phase, self.alarm = wire.CHECKED, wire.P_HOLD, wire.NO_ALARM
        self._world, self._name, self._controller = world, name, controller
        self._line: Line | None = None
        self._gas = Follower(Lag(LAG), ROOM, Constant(ROOM), first=0)
        self._litres = LITRES
        self._powered, self._extended, self._sensor = True, False, True
        self._since = Instant(0.0)  # of what the nitrogen is counted from
        self._ready = 0.0  # s, when its own checks are over
        self._next = 0.0  # s, when it speaks
        self._received = b""
        world.add_place(name, self._gas, contact=CONTACT)

    def gas(self, now: Instant) -> float:
        """Give the true temperature of the gas (degC)."""
        return self._gas.catch_up(grid(now))

    def feed(self, data: bytes, now: Instant) -> bytes:
        """Obey what is whole, valid and timely; never answer."""
        self._begin(now)
        self._received = self._received + data if self._powered else b""
        while self._received:
            size = self._received[0]
            if not min(wire.SIZES.values()) <= size <= max(wire.SIZES.values()):
                self._received = self._received[1:]
            elif len(self._received) < size:
                break
            else:
                self._obey(self._received[1], self._received[2:size], now)
                self._received = self._received[size:]
        return b""

    def hand(self, action: str, details: dict[str, object], now: Instant) -> None:
        """Let a person act; raises FailedError for another action.

        ``key`` {key: start, hold, stop}, ``dewar`` {litres}, ``sensor`` {broken}, ``power`` {on}, ``put`` {container},
        ``take`` {container, to}.
        """
        self._begin(now)
        match action:
            case "key":
                self._key(text(details, "key"), now)
            case "dewar":
                self._use(now)
                self._litres = max(0.0, number(details, "litres"))
                self._follow(now)
            case "sensor":
                self._sensor = not flag(details, "broken")
            case "power":
                self._power(now, on=flag(details, "on"))
            case "put":
                self._world.move(text(details, "container"), to=self._name, now=now)
            case "take":
                self._world.move(text(details, "container"), to=text(details, "to", "bench"), now=now)
            case _:
                raise FailedError(
                    f"hand action is {action!r}; {self._name} has key, dewar, sensor, power, put and take"
                )

    def unasked(self, now: Instant) -> bytes:
        """Give the status of the second that has begun."""
        self._begin(now)
        if not self._powered or float(now) < self._next:
            return b""
        self._next = math.floor(float(now)) + 1.0
        return self._status(now)

    def due(self, now: Instant) -> Instant | None:
        """Tell when the next status comes."""
        self._begin(now)
        return Instant(self._next) if self._powered else None

    def _begin(self, now: Instant) -> None:
        """Take the first moment that anybody looks for the one that its stream begins at."""
        if not self._next:
            self._next = math.floor(float(now)) + 1.0
        if self.mode == wire.STARTING and self._powered and float(now) >= self._ready:
            self.mode = wire.CHECKED

    def _obey(self, number_: int, values: bytes, now: Instant) -> None:
        if wire.SIZES.get(number_) != 2 + len(values):
            return
        running = self.mode == wire.RUN
        if number_ == wire.FORMAT:
            self._extended = values == b"\1"
        elif number_ == wire.RESTART and self.mode in {wire.SHUT_DOWN, wire.SHUT_DOWN_BY_FAULT}:
            self._key("start", now)
        elif number_ == wire.STOP and running:
            self.acts["rest"] += 1
            self._stop(now, wire.STOP_COMMAND)
        elif number_ == wire.HOLD and running:
            self.acts["hold"] += 1
            self._key("hold", now)
        elif number_ in {wire.RAMP, wire.COOL} and self.mode in {wire.RUN, wire.CHECKED}:
            self._ramp(number_, values, now)

    def _ramp(self, number_: int, values: bytes, now: Instant) -> None:
        rate, target = struct.unpack(">HH", values if number_ == wire.RAMP else struct.pack(">H", 0) + values)
        celsius = target / 100.0 - wire.ZERO
        if not wire.COLDEST - 0.005 <= celsius <= wire.HOTTEST + 0.005:
            return
        if number_ == wire.RAMP and not wire.SLOWEST <= rate <= wire.FASTEST:
            return
        self.acts["ramp"] += int(number_ == wire.RAMP)
        start = self._set_point(now) if self.mode == wire.RUN else self.gas(now)
        self._use(now)
        self.mode, self.alarm = wire.RUN, wire.NO_ALARM
        self.phase = wire.P_RAMP if number_ == wire.RAMP else wire.P_COOL
        per_second = rate / 3600.0 if number_ == wire.RAMP else COOLS / 60.0
        self._go(Line(float(now), start, celsius, per_second, math.inf), now)

    def _key(self, key: str, now: Instant) -> None:
        match key:
            case "start":
                self.mode, self.alarm = wire.CHECKED, wire.NO_ALARM
            case "hold" if self.mode == wire.RUN:
                here = self._set_point(now)
                self._use(now)
                self.phase = wire.P_HOLD
                self._go(Line(float(now), here, here, 1.0, math.inf), now)
            case "stop" if self.mode == wire.RUN:
                self._stop(now, wire.STOP_PRESSED)
            case "hold" | "stop":
                return
            case _:
                raise FailedError(f"key is {key!r}; start, hold and stop are there")

    def _stop(self, now: Instant, alarm: int) -> None:
        self._use(now)
        self.mode, self.alarm, self._line = wire.SHUT_DOWN, alarm, None
        self._lead(Constant(ROOM), now)

    def _power(self, now: Instant, *, on: bool) -> None:
        self._use(now)
        self._powered, self._extended = on, False
        self.mode, self.alarm, self._line = wire.STARTING, wire.NO_ALARM, None
        self._ready, self._next = float(now) + CHECKS, math.floor(float(now)) + 1.0
        self._lead(Constant(ROOM), now)

    def _go(self, line: Line, now: Instant) -> None:
        self._line = line
        self._follow(now)

    def _follow(self, now: Instant) -> None:
        """Let the gas follow the line for as long as there is nitrogen."""
        if self._line is None:
            return
        one, lasts = self._line, 3600.0 * self._litres / PER_HOUR
        self._line = Line(one.since, one.start, one.target, one.rate, float(now) + lasts)
        self._lead(self._line, now)

    def _lead(self, signal: Signal, now: Instant) -> None:
        for container in self._world.inside(self._name):
            self._world.age(container, now)
        self._gas.move(signal, at=grid(now))

    def _use(self, now: Instant) -> None:
        """Take from the nitrogen what has gone since the last change."""
        if self._line is not None:
            self._litres = max(0.0, self._litres - PER_HOUR * float(now - self._since) / 3600.0)
        self._since = now

    def _set_point(self, now: Instant) -> float:
        return self._line.set_point(float(now)) if self._line is not None else ROOM

    def _status(self, now: Instant) -> bytes:
        line, gas, set_point = self._line, self.gas(now), self._set_point(now)
        phase = wire.P_HOLD if line is not None and float(now) >= line.arrives else self.phase
        target = line.target if line is not None else set_point
        flows = line is not None and float(now) < line.ends
        raw = _PACKET.pack(
            *((42, 2) if self._extended else (32, 1)),
            wire.centikelvin(set_point),
            wire.centikelvin(gas) if self._sensor else 0,
            max(-32_000, min(32_000, round(100.0 * (gas - set_point)))),
            *(self.mode, phase),
            round(3600.0 * line.rate) if line is not None and phase == wire.P_RAMP else 0,
            wire.centikelvin(target),
            *(7700 if flows else 29_500, 29_500),
            0,  # the unit of what remains is not known
            *(50 if flows else 0, 20 if flows else 0, 10 if flows else 0, 0, 20 if flows else 0),
            self._worst(gas - set_point, flows=flows),
            *(0, self._controller, 18, 100),
        )
        return raw + (_REST if self._extended else b"")

    def _worst(self, off: float, *, flows: bool) -> int:
        if self.mode != wire.RUN:
            return self.alarm
        found = [self.alarm]
        found += [wire.TEMP_WARNING] * (abs(off) > WARNS) + [wire.TEMP_FAIL] * (abs(off) > FAILS)
        found += [wire.LOW_FLOW] * (not flows) + [wire.SENSOR_FAIL] * (not self._sensor)
        return max(found)


def build(world: World, name: str, settings: Mapping[str, str]) -> FakeCryostream:  # noqa: ARG001  it has none
    """Make a cryostream; it has no settings."""
    return FakeCryostream(world, name)
