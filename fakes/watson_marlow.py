"""Fake Watson-Marlow pump: its words over a peristaltic head that wears, slips, and pumps what it is connected to.

Physics: a revolution gives ``mL per revolution x (1 - wear) x (1 - slip)``; wear grows with revolutions, slip with back
         pressure; a clamped line lets nothing through, an empty source air.
Units:   1/min, mL, kPa, s.
Source:  as the wire module; a tube that has lost 20 % after a million revolutions and slips by 10 % at 100 kPa is
         assumed.
"""

import re
from collections.abc import Mapping

from automation.kernel.errors import FailedError
from automation.kernel.quantity import Instant, Millilitres
from fakes.freezer import flag, number, text
from fakes.world import World
from instruments.drivers.watson_marlow import wire

PER_TURN = 15.84  # mL, of the tube that the documented answer names
WEARS = 0.20 / 1.0e6  # share per revolution
SLIPS = 0.10 / 100.0  # share per kPa
_SPEED = re.compile(r"SP(\d{1,3}(?:\.\d)?)")
_COMMAND = re.compile(r"(\d{1,2})(RS|ZY|GO|ST|RR|RL|SP\d{1,3}(?:\.\d)?)")


class FakeWatsonMarlow:
    """What the pump answers and what hands do to it."""

    def __init__(self, world: World, name: str, *, unit: str, echoes: bool) -> None:
        """Stand still, remote, with a new tube that leads nowhere."""
        self.acts = {"start": 0, "stop": 0}
        self.rpm, self.clockwise, self.running = 100.0, True, False
        self.turned, self.worn = 0.0, 0.0  # revolutions: of the head, of the tube
        self.given = 0.0  # mL through the tube
        self._world, self._name, self._unit, self._echoes = world, name, unit, echoes
        self._on = self._remote = True
        self._clamped, self._pressure = False, 0.0
        self._ends = ("", "")  # source and destination, clockwise
        self._since = Instant(0.0)
        self._received = b""

    def feed(self, data: bytes, now: Instant) -> bytes:
        """Echo and obey every complete command; silent without power."""
        if not self._on:
            self._received = b""
            return b""
        *lines, self._received = (self._received + data).split(wire.END)
        self._received = self._received[-wire.LONGEST :]
        return b"".join((line + wire.END if self._echoes else b"") + self._obey(line, now) for line in lines)

    def hand(self, action: str, details: dict[str, object], now: Instant) -> None:
        """Let a person act; raises FailedError for another action.

        ``connect`` {source, dest}, ``tube``: a new one, ``clamp`` {on}, ``pressure`` {kPa}, ``stop``: the key, which
        ends remote control, ``start``, ``remote``: gives it back, ``power`` {on}.
        """
        self._pass(now)
        match action:
            case "connect":
                self._ends = (text(details, "source"), text(details, "dest"))
            case "tube":
                self.worn = 0.0
            case "clamp":
                self._clamped = flag(details, "on")
            case "pressure":
                self._pressure = number(details, "kPa")
            case "stop":
                self.running, self._remote = False, False
            case "start":
                self.running = True
            case "remote":
                self._remote = True
            case "power":
                self._on = flag(details, "on")
                self.running = False
            case _:
                known = "connect, tube, clamp, pressure, stop, start, remote and power"
                raise FailedError(f"hand action is {action!r}; {self._name} has {known}")

    def unasked(self, now: Instant) -> bytes:  # noqa: ARG002  it never speaks by itself
        """Say nothing."""
        return b""

    def due(self, now: Instant) -> Instant | None:  # noqa: ARG002  as above
        """Tell that it never speaks by itself."""
        return None

    def pumped(self, now: Instant) -> float:
        """Give what has gone through the tube (mL) up to now."""
        self._pass(now)
        return self.given

    def _pass(self, now: Instant) -> None:
        """Turn up to now; what was pumped is in the other container then."""
        turns = self.rpm * float(now - self._since) / 60.0 if self.running else 0.0
        self._since = now
        if turns <= 0.0:
            return
        worn = WEARS * (self.worn + turns / 2.0)
        volume = PER_TURN * turns * max(0.0, 1.0 - worn) * max(0.0, 1.0 - SLIPS * self._pressure)
        self.turned, self.worn = self.turned + turns, self.worn + turns
        if not self._clamped:
            self._move(volume, now)

    def _move(self, volume: float, now: Instant) -> None:
        source, dest = self._ends if self.clockwise else self._ends[::-1]
        if not source or not dest:
            return
        there = self._world.container(source).contents.volume
        room = self._world.container(dest).room
        liquid = Millilitres(min(volume, float(there), float(room)))
        self._world.pour(source, dest, volume=liquid, now=now)
        self.given += float(liquid)

    def _obey(self, line: bytes, now: Instant) -> bytes:
        found = _COMMAND.fullmatch(line.decode("ascii", "replace").strip())
        if found is None or found[1] != self._unit:
            return b""
        self._pass(now)
        command = found[2]
        if command == wire.STATUS:
            turns = "CW" if self.clockwise else "CCW"
            said = (
                f"620Du {PER_TURN:.2f} 620R 9.6MM {self.rpm:.1f} {turns} P/N {self._unit} {int(self.turned * 10_982)} "
            )
            return f"{said}{int(self.running)} !".encode("ascii") + wire.END
        if command == wire.RUNS:
            return f"{int(self.running)}".encode("ascii") + wire.END
        if self._remote:
            self._set(command)
        return b""

    def _set(self, command: str) -> None:
        speed = _SPEED.fullmatch(command)
        if speed is not None:
            self.rpm = min(220.0, float(speed[1]))
        elif command in {wire.RIGHT, wire.LEFT}:
            self.clockwise = command == wire.RIGHT
        elif self.running is not (command == wire.GO):
            self.running = command == wire.GO
            self.acts["start" if self.running else "stop"] += 1


def build(world: World, name: str, settings: Mapping[str, str]) -> FakeWatsonMarlow:
    """Make a pump; settings of the fake: ``unit`` and ``echo``."""
    return FakeWatsonMarlow(world, name, unit=settings.get("unit", "1"), echoes=settings.get("echo", "yes") == "yes")
