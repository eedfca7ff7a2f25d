"""Fake Reglo ICC pump: its words over four heads of their own, and the events that it sends when told to.

Physics: see ``physics.peristaltic``; every channel has a tube and a motor of its own.
Units:   1/min, mL, kPa, s.
Source:  as the wire module; 100 1/min and 35 mL/min by its technical data. Chosen here, because the manual does not say
         it: a status a second, and that a power cut sets addressing, events and modes back and keeps the counts.
"""

import math
import re
from collections.abc import Mapping

from automation.kernel.errors import FailedError
from automation.kernel.quantity import Instant
from fakes.freezer import flag, number, text
from fakes.physics.peristaltic import Head
from fakes.world import World
from instruments.drivers.reglo_icc import wire

PER_TURN = 0.35  # mL, of the widest tube
CHANNELS = 4
EVERY = 1.0  # s between two statuses of a channel
LONGEST = 64  # bytes of a command
_SPEED = re.compile(r"S(\d{6})")


class Channel:
    """One channel: its head, and what it is set to."""

    def __init__(self, world: World) -> None:
        """Stand still, in the mode that turns until it is stopped."""
        self.head = Head(world, per_turn=PER_TURN, rpm=10.0)
        self.mode = wire.BY_SPEED


class FakeRegloIcc:
    """What the pump answers and what hands do to it."""

    def __init__(self, world: World, name: str, *, pump: str) -> None:
        """Stand still, addressed as a whole, silent unless asked."""
        self.acts = {"start": 0, "stop": 0}
        self.channels = {str(number): Channel(world) for number in range(1, CHANNELS + 1)}
        self._name, self._pump = name, pump
        self._on, self._single, self._events = True, False, False
        self._told = Instant(0.0)  # the last status that was sent unasked
        self._said = b""
        self._received = b""

    def feed(self, data: bytes, now: Instant) -> bytes:
        """Obey every complete command; silent without power."""
        if not self._on:
            self._received = b""
            return b""
        *lines, self._received = (self._received + data).split(b"\r")
        self._received = self._received[-LONGEST:]
        return b"".join(self._obey(line.strip(b"\n").decode("ascii", "replace"), now) for line in lines)

    def hand(self, action: str, details: dict[str, object], now: Instant) -> None:
        """Let a person act; raises FailedError for another action.

        ``connect`` {source, dest, channel: 1 unless stated}, ``tube``, ``clamp`` {on}, ``pressure`` {kPa}, ``mode``
        {mode}, ``stop``, ``start`` {each with channel}, ``power`` {on}.
        """
        self._turn(now)
        one = self.channels.get(text(details, "channel", "1"))
        if one is None:
            raise FailedError(f"channel is {details['channel']!r}; 1 to {CHANNELS} are there")
        match action:
            case "connect":
                one.head.connect(source=text(details, "source"), dest=text(details, "dest"))
            case "tube":
                one.head.worn = 0.0
            case "clamp":
                one.head.clamped = flag(details, "on")
            case "pressure":
                one.head.pressure = number(details, "kPa")
            case "mode":
                one.mode = text(details, "mode")[:1]
            case "stop":
                self._stopped(text(details, "channel", "1"))
            case "start":
                one.head.running = True
            case "power":
                self._power(on=flag(details, "on"))
            case _:
                known = "connect, tube, clamp, pressure, mode, stop, start and power"
                raise FailedError(f"hand action is {action!r}; {self._name} has {known}")

    def unasked(self, now: Instant) -> bytes:
        """Give the events that are due: stops at its panel, and a status of each channel that runs."""
        said, self._said = self._said, b""
        self._turn(now)
        due = self.due(now)
        if due is None or due > now:
            return said
        self._told = Instant(math.floor(float(now) / EVERY) * EVERY)
        return said + b"".join(
            f"^U{name}|A|{0:010d}|{round(1000.0 * one.head.given):010d}|0000".encode("ascii") + wire.END
            for name, one in self.channels.items()
            if one.head.running
        )

    def due(self, now: Instant) -> Instant | None:
        """Tell when the next event comes; none unless they are switched on."""
        if self._said:
            return now
        if not (self._events and any(one.head.running for one in self.channels.values())):
            return None
        return Instant(math.floor(float(self._told) / EVERY) * EVERY + EVERY)

    def pumped(self, now: Instant, *, channel: str = "1") -> float:
        """Give what has gone through the tube of a channel (mL) up to now."""
        self._turn(now)
        return self.channels[channel].head.given

    def _turn(self, now: Instant) -> None:
        for one in self.channels.values():
            one.head.turn(now)

    def _power(self, *, on: bool) -> None:
        self._on, self._single, self._events, self._said = on, False, False, b""
        for one in self.channels.values():
            one.head.running, one.mode = False, wire.BY_SPEED

    def _stopped(self, name: str) -> None:
        head = self.channels[name].head
        if head.running and self._events:
            self._said += f"^X{name}|1".encode("ascii") + wire.END
        head.running = False

    def _obey(self, line: str, now: Instant) -> bytes:
        address, command = line[:1], line[1:]
        if not address.isdigit() or not command:
            return b""
        self._turn(now)
        whole = self._whole(command, now)
        if whole is not None:
            return whole
        names = [address] if self._single else [*self.channels] if address == self._pump else []
        if not set(names) <= self.channels.keys() or not names:
            return b""
        first = self.channels[names[0]]
        asked = self._asked(first, command)
        if asked is not None:
            return asked.encode("ascii") + wire.END
        answers = [self._told_to(self.channels[name], command) for name in names]
        return answers[0]

    def _whole(self, command: str, now: Instant) -> bytes | None:
        """Answer what concerns the whole pump; none for anything else."""
        match command:
            case "~0" | "~1":
                self._single = command == wire.SINGLE
            case "xE0" | "xE1":
                self._events, self._told = command != wire.QUIET, now
            case wire.RUNS:
                running = any(one.head.running for one in self.channels.values())
                return (wire.YES if running else wire.NO).encode("ascii")
            case wire.ADDRESSING | "xE" | "x!" | "xA" | wire.MODEL | wire.FIRMWARE | wire.SERIAL:
                flags = {wire.ADDRESSING: str(int(self._single)), "xE": str(int(self._events)), "x!": "2"}
                known = {"xA": str(CHANNELS), wire.MODEL: "REGLO ICC 0208 408", wire.FIRMWARE: "0208"}
                return (flags | known | {wire.SERIAL: "12345ABC"})[command].encode("ascii") + wire.END
            case _:
                return None
        return wire.DONE.encode("ascii")

    def _asked(self, one: Channel, command: str) -> str | None:
        head = one.head
        match command:
            case wire.MODE:
                return one.mode
            case wire.DIRECTION:
                return wire.RIGHT if head.clockwise else wire.LEFT
            case wire.SPEED:
                return f"{head.rpm:.2f}"
            case wire.TURNS:
                return f"{int(head.turned):010d}"
            case wire.PUMPED:
                return f"{int(head.ran):010d}"
            case wire.WHY:
                return "V 8308E+3" if one.mode != wire.BY_SPEED else "R 3500E+1"
            case _:
                return None

    def _told_to(self, one: Channel, command: str) -> bytes:
        speed = _SPEED.fullmatch(command)
        if speed is not None:
            rpm = int(speed[1]) / 100.0
            if not wire.SLOWEST <= rpm <= wire.FASTEST:
                return wire.NOT_DONE.encode("ascii")
            one.head.rpm = rpm
        elif command in {wire.RIGHT, wire.LEFT}:
            one.head.clockwise = command == wire.RIGHT
        elif command in {*"LMOGQNP"}:
            one.mode = command
        elif command == wire.GO and one.mode != wire.BY_SPEED:
            return wire.NO.encode("ascii")
        elif command in {wire.GO, wire.STOP}:
            self._drive(one.head, on=command == wire.GO)
        else:
            return wire.NOT_DONE.encode("ascii")
        return wire.DONE.encode("ascii")

    def _drive(self, head: Head, *, on: bool) -> None:
        if head.running is not on:
            head.running = on
            self.acts["start" if on else "stop"] += 1


def build(world: World, name: str, settings: Mapping[str, str]) -> FakeRegloIcc:
    """Make a pump; setting of the fake: ``pump``."""
    return FakeRegloIcc(world, name, pump=settings.get("pump", "1"))
