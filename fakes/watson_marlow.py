"""Fake Watson-Marlow pump: its words over a peristaltic head that wears, slips, and pumps what it is connected to.

Physics: see ``physics.peristaltic``.
Units:   1/min, mL, kPa, s.
Source:  as the wire module.
"""

import re
from collections.abc import Mapping

from automation.kernel.errors import FailedError
from automation.kernel.quantity import Instant
from fakes.freezer import flag, number, text
from fakes.physics.peristaltic import Head
from fakes.world import World
from instruments.drivers.watson_marlow import wire

PER_TURN = 15.84  # mL, of the tube that the documented answer names
FASTEST = 220.0  # 1/min
_SPEED = re.compile(r"SP(\d{1,3}(?:\.\d)?)")
_COMMAND = re.compile(r"(\d{1,2})(RS|ZY|GO|ST|RR|RL|SP\d{1,3}(?:\.\d)?)")


class FakeWatsonMarlow:
    """What the pump answers and what hands do to it."""

    def __init__(self, world: World, name: str, *, unit: str, echoes: bool) -> None:
        """Stand still, remote, with a new tube that leads nowhere."""
        self.acts = {"start": 0, "stop": 0}
        self.head = Head(world, per_turn=PER_TURN, rpm=100.0)
        self._name, self._unit, self._echoes = name, unit, echoes
        self._on = self._remote = True
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
        self.head.turn(now)
        match action:
            case "connect":
                self.head.connect(source=text(details, "source"), dest=text(details, "dest"))
            case "tube":
                self.head.worn = 0.0
            case "clamp":
                self.head.clamped = flag(details, "on")
            case "pressure":
                self.head.pressure = number(details, "kPa")
            case "stop":
                self.head.running, self._remote = False, False
            case "start":
                self.head.running = True
            case "remote":
                self._remote = True
            case "power":
                self._on = flag(details, "on")
                self.head.running = False
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
        self.head.turn(now)
        return self.head.given

    def _obey(self, line: bytes, now: Instant) -> bytes:
        found = _COMMAND.fullmatch(line.decode("ascii", "replace").strip())
        if found is None or found[1] != self._unit:
            return b""
        self.head.turn(now)
        command = found[2]
        if command == wire.STATUS:
            turns, count = "CW" if self.head.clockwise else "CCW", int(self.head.turned * 10_982)
            said = f"620Du {PER_TURN:.2f} 620R 9.6MM {self.head.rpm:.1f} {turns} P/N {self._unit} {count} "
            return f"{said}{int(self.head.running)} !".encode("ascii") + wire.END
        if command == wire.RUNS:
            return f"{int(self.head.running)}".encode("ascii") + wire.END
        if self._remote:
            self._set(command)
        return b""

    def _set(self, command: str) -> None:
        speed = _SPEED.fullmatch(command)
        if speed is not None:
            self.head.rpm = min(FASTEST, float(speed[1]))
        elif command in {wire.RIGHT, wire.LEFT}:
            self.head.clockwise = command == wire.RIGHT
        elif self.head.running is not (command == wire.GO):
            self.head.running = command == wire.GO
            self.acts["start" if self.head.running else "stop"] += 1


def build(world: World, name: str, settings: Mapping[str, str]) -> FakeWatsonMarlow:
    """Make a pump; settings of the fake: ``unit`` and ``echo``."""
    return FakeWatsonMarlow(world, name, unit=settings.get("unit", "1"), echoes=settings.get("echo", "yes") == "yes")
