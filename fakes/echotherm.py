"""Fake EchoTherm dry bath: the words of its serial port over a plate that follows its set point.

Physics: the plate follows what is kept (idle, or without power: the room) with one time constant; what lies on it
         follows the plate, by ``CONTACT`` times the heat that air would bring.
Units:   degC, s.
Source:  operating manuals (pages in the wire module); contact: 2 W/K for a bag of 50 mL on a plate, a usual default;
         time constant and band of ``TEMP_STEADY`` are assumed.
"""

import math
import re
from collections.abc import Mapping

from automation.kernel.errors import FailedError, InputError
from automation.kernel.quantity import Instant
from fakes.freezer import flag, number, text
from fakes.physics.product import CONTACT
from fakes.physics.trace import Constant, Follower, Lag
from fakes.world import World, grid
from instruments.drivers.echotherm import wire

ROOM = 22.0  # degC
LAG = 60.0  # s
STEADY = 0.3  # K
BROKEN = "E1"  # assumed: no document that was seen lists the codes
MODELS = ("SC25", "IC20", "IC25", "RIC40")
_EVERY = re.compile(r"b(\d\d):(\d\d)")
_EVENTS = re.compile(r"B([sS])([zZ])")


class FakeEchoTherm:
    """What the dry bath answers and what hands do to it."""

    def __init__(self, world: World, name: str, *, model: str = "SC25", serial: str = "SIM00001") -> None:
        """Stand idle, at room temperature; what lies on the plate stands at the place of its name."""
        self.acts: dict[str, int] = {}  # nothing that it does is an act: it is set
        self.model, self.serial = model, serial
        self.kept = 25.0
        self.idle, self.powered, self.broken = True, True, False
        self._world, self._name = world, name
        self._plate = Follower(Lag(LAG), ROOM, Constant(ROOM), first=0)
        self._received = b""
        self._every, self._next = 0.0, 0.0  # s; of the broadcast of the plate temperature
        self._tells_steady = False
        self._steady_at: float | None = None
        world.add_place(name, self._plate, contact=CONTACT)

    def plate(self, now: Instant) -> float:
        """Give the true temperature of the plate."""
        return self._plate.catch_up(grid(now))

    def feed(self, data: bytes, now: Instant) -> bytes:
        """Answer every complete command; silent without power."""
        if not self.powered:
            self._received = b""
            return b""
        *lines, self._received = (self._received + data).split(b"\r")
        self._received = self._received[-wire.LONGEST :]
        return b"".join(self._reply(wire.request(line), now).encode() + wire.END for line in lines)

    def hand(self, action: str, details: dict[str, object], now: Instant) -> None:
        """Let a person act; raises FailedError for another action.

        ``put`` {container}, ``take`` {container, to}, ``power`` {on}, ``set`` {temperature}, ``idle``, ``sensor``
        {broken}: a unit with a broken sensor heats no more.
        """
        match action:
            case "put":
                self._world.move(text(details, "container"), to=self._name, now=now)
            case "take":
                self._world.move(text(details, "container"), to=str(details.get("to", "bench")), now=now)
            case "power":
                self.powered = flag(details, "on")
            case "set":
                self.kept, self.idle = number(details, "temperature"), False
            case "idle":
                self.idle = True
            case "sensor":
                self.broken = flag(details, "broken")
            case _:
                raise FailedError(f"hand action is {action!r}; {self._name} has put, take, power, set, idle and sensor")
        self._change(now)

    def unasked(self, now: Instant) -> bytes:
        """Say that the plate is steady, and what it has, where that was asked for."""
        said = []
        if self._steady_at is not None and float(now) >= self._steady_at:
            self._steady_at = None
            said.append(wire.EVENTS[0])
        if self._every and float(now) >= self._next:
            self._next += self._every * (1.0 + math.floor((float(now) - self._next) / self._every))
            said.append(self._temperature(now))
        return b"".join(one.encode() + wire.END for one in said) if self.powered else b""

    def due(self, now: Instant) -> Instant | None:  # noqa: ARG002  known since it was asked for
        """Tell when it speaks next by itself."""
        known = [one for one in (self._steady_at, self._next if self._every else None) if one is not None]
        return Instant(min(known)) if known and self.powered else None

    def _reply(self, command: str, now: Instant) -> str:
        answers = {
            "v": f"{self.model} v1.0",
            "V": self.serial,
            "s": wire.OFF if self.idle else f"{self.kept:.1f}",
            "p": self._temperature(now),
        }
        if command in answers:
            return answers[command]
        if command in {"i", "I"}:
            self.idle = command == "i"
            self._change(now)
            return wire.OK
        if self._speaks(command, now):
            return wire.OK
        return wire.OK if self._set(command, now) else wire.NOT_UNDERSTOOD

    def _set(self, command: str, now: Instant) -> bool:
        try:
            wanted = float(command.removeprefix("n")) if re.fullmatch(r"n-?\d{1,3}(\.\d)?", command) else math.nan
        except ValueError:
            return False
        if not wire.LOWEST <= wanted <= wire.HIGHEST:
            return False
        self.kept, self.idle = wanted, False
        self._change(now)
        return True

    def _speaks(self, command: str, now: Instant) -> bool:
        """Switch what comes unasked on and off; only a RIC40 knows that."""
        every, events = _EVERY.fullmatch(command), _EVENTS.fullmatch(command)
        if not self.model.startswith("RIC") or not (every or events):
            return False
        if every:
            self._every = 60.0 * int(every[1]) + int(every[2])
            self._next = float(now) + self._every
        if events:
            self._tells_steady = events[1] == "S"
            self._expect_steady(now)
        return True

    def _temperature(self, now: Instant) -> str:
        return BROKEN if self.broken else f"{self.plate(now):.1f}"

    def _change(self, now: Instant) -> None:
        """Let the plate go on towards what holds from now on."""
        for container in self._world.inside(self._name):
            self._world.age(container, now)
        self._plate.move(Constant(self._target), at=grid(now))
        self._expect_steady(now)

    @property
    def _target(self) -> float:
        return ROOM if self.idle or self.broken or not self.powered else self.kept

    def _expect_steady(self, now: Instant) -> None:
        gap = abs(self._target - self.plate(now))
        wanted = self._tells_steady and not self.idle
        falls = math.log(max(gap, STEADY) / STEADY) / -math.log(1.0 - 1.0 / LAG)
        self._steady_at = float(now) + math.ceil(falls) + 1.0 if wanted and gap > STEADY else None


def build(world: World, name: str, settings: Mapping[str, str]) -> FakeEchoTherm:
    """Make a dry bath; settings of the fake: ``model`` and ``serial``. Raises InputError for another model."""
    model = settings.get("model", "SC25")
    if model not in MODELS:
        raise InputError(f"model is {model!r}; the fake is one of {', '.join(MODELS)}")
    return FakeEchoTherm(world, name, model=model, serial=settings.get("serial", "SIM00001"))
