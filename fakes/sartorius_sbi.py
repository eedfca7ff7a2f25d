"""Fake Sartorius balance: SBI's words over the same weighing cell as every balance's.

Physics: see ``fakes.physics.weighing``; a tare or zero waits for stability, up to ``PATIENCE``, and answers nothing.
Units:   g, s.
Source:  as the wire module of the driver; ranges and times are assumed.
"""

import math
from collections.abc import Mapping

from automation.kernel.errors import FailedError, InputError
from automation.kernel.quantity import Instant, Seconds
from fakes.freezer import flag, number, text
from fakes.physics.weighing import WeighingCell
from fakes.world import World
from instruments.drivers.sartorius_sbi import wire

CAPACITY, READABILITY = 4200.0, 0.01  # g
PATIENCE = Seconds(10.0)  # s
RANGE = 0.02  # share of the capacity within which zero can be set, and below which the pan is underloaded


class FakeSartorius:
    """What the balance does with its commands and with what hands put on it."""

    def __init__(self, world: World, *, device: str, named: bool = False) -> None:
        """Start with an empty pan, switched on; ``named`` lines have 22 characters."""
        self.acts = {"tare": 0, "zero": 0}
        self.serial, self.model = "0031234567", "BCE4202-1S"
        self.cell = WeighingCell(world, device, READABILITY)
        self.tare = 0.0  # g, stored
        self._zero, self._named, self._on = 0.0, named, True
        self._fault, self._unit = "", wire.UNIT
        self._waiting: tuple[str, Instant, float] | None = None  # command, when it is done, and the load that it takes
        self._received = b""

    def feed(self, data: bytes, now: Instant) -> bytes:
        """Answer every complete command; silent while switched off."""
        self._pass(now)
        if not self._on:
            self._received = b""
            return b""
        *lines, self._received = (self._received + data).split(wire.END)
        self._received = self._received[-wire.LONGEST :]
        return b"".join(self._reply(wire.request(line), now) for line in lines)

    def hand(self, action: str, details: dict[str, object], now: Instant) -> None:
        """Let a hand act; raises FailedError for another action, or for what is not there.

        ``put`` and ``take off`` a ``container``; ``load`` a plain weight (``mass`` g, ``name``), 0 takes it off;
        ``draught`` and ``power`` ``on`` or off; ``unit`` (``unit``); ``fault`` (``text``, empty: none); ``press``
        (``key``: tare or zero).
        """
        self._pass(now)
        match action:
            case "put":
                self.cell.put(text(details, "container"), now)
            case "take off":
                self.cell.take_off(text(details, "container"), now)
            case "load":
                self.cell.place(text(details, "name", "weight"), number(details, "mass"), now)
            case "draught":
                self.cell.draught = flag(details, "on")
            case "unit":
                self._unit = text(details, "unit")
            case "fault":
                self._fault = text(details, "text")
            case "power":
                self._on, self._waiting, self.tare = flag(details, "on"), None, 0.0
                self._zero = self.cell.load if self._on else self._zero
            case "press":
                self._wait({"tare": wire.TARE, "zero": wire.ZERO}.get(text(details, "key"), ""), now)
            case _:
                known = "put, take off, load, draught, unit, fault, power and press"
                raise FailedError(f"{action!r} is not possible; a balance knows {known}")

    def unasked(self, now: Instant) -> bytes:
        """Say nothing; what waits for stability happens."""
        self._pass(now)
        return b""

    def due(self, now: Instant) -> Instant | None:  # noqa: ARG002  it never speaks by itself
        """Tell that it never speaks by itself."""
        return None

    def _reply(self, command: str, now: Instant) -> bytes:
        match command:
            case wire.PRINT:
                return self._weight(now)
            case wire.TARE | wire.ZERO:
                self._wait(command, now)
                self._pass(now)
                return b""
            case wire.MODEL:
                return self._line("Model", f"{self.model:<14}")
            case wire.SERIAL:
                return self._line("SerNo", f"{self.serial:<14}")
        return b""

    def _wait(self, command: str, now: Instant) -> None:
        """Let a tare or zero wait until the weight is stable; without stability in time nothing comes of it."""
        at = self.cell.stable_at()
        if command and at is not None and at <= now + PATIENCE:
            self._waiting = (command, max(now, at), self.cell.load)

    def _pass(self, now: Instant) -> None:
        if self._waiting is None or self._waiting[1] > now:
            return
        (command, _, load), self._waiting = self._waiting, None
        gross = load - self._zero
        if command == wire.TARE and 0.0 <= round(gross, 3) <= CAPACITY:
            self.acts["tare"] += 1
            self.tare = gross
        elif command == wire.ZERO and abs(load) <= RANGE * CAPACITY:
            self.acts["zero"] += 1
            self._zero, self.tare = load, 0.0

    def _weight(self, now: Instant) -> bytes:
        if self._fault:
            return self._special(self._fault)
        gross = self.cell.felt(now) - self._zero
        if gross > CAPACITY:
            return self._special("High")
        if gross < -RANGE * CAPACITY:
            return self._special("Low")
        places = round(-math.log10(READABILITY))
        shown = round((gross - self.tare) / READABILITY) * READABILITY
        said = wire.weight(shown, places=places, stable=self.cell.stable(now)).decode("ascii")
        said = said.replace(f" {wire.UNIT:<3}", f" {self._unit:<3}") if self._unit != wire.UNIT else said
        return self._line("N", said.removesuffix("\r\n"))

    def _special(self, words: str) -> bytes:
        return self._line("Stat", wire.special(words).decode("ascii").removesuffix("\r\n"))

    def _line(self, name: str, rest: str) -> bytes:
        return (f"{name:<6}" if self._named else "").encode("ascii") + rest.encode("ascii", "replace") + wire.END


def build(world: World, name: str, settings: Mapping[str, str]) -> FakeSartorius:
    """Make a balance; settings of the fake: ``named`` (yes: lines of 22 characters). Raises InputError for another."""
    named = settings.get("named", "no")
    if named not in {"yes", "no"}:
        raise InputError(f"named is {named!r}; yes or no is needed")
    return FakeSartorius(world, device=name, named=named == "yes")
