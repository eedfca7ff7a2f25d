"""Fake balance that speaks MT-SICS: what stands on its pan are containers of the world, or plain weights.

Physics: see ``fakes.physics.weighing``. What a tare stores, and when, is settled by what stands on the pan when it is
         asked for and by hands on the pan until then; so a plant that is rebuilt from its log stores the same.
Units:   g, s.
Source:  MT-SICS reference manuals (see the wire module of the driver); ranges and times are assumed.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from automation.kernel.errors import FailedError
from automation.kernel.quantity import Instant, Seconds
from fakes.freezer import flag, number, text
from fakes.physics.weighing import WeighingCell
from fakes.world import World
from instruments.drivers.mt_sics import wire

CAPACITY, READABILITY = 4200.0, 0.01  # g
PATIENCE = Seconds(15.0)  # s, that the balance waits for stability
STREAM = Seconds(0.2)  # s between the weights of SIR
BOOT = Seconds(2.0)  # s from power on to the greeting
RANGE = 0.02  # share of the capacity within which zero can be set, and below which the pan is underloaded
EXCESS = 9  # steps above the capacity that are still shown, and below zero within which a tare is taken

_UNITS = {"g": (1.0, 0), "kg": (1e-3, 3), "mg": (1e3, -3)}  # factor, and decimals more


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A command that waits for stability."""

    command: str  # S, T or Z
    since: Instant
    load: float  # g, what a tare or zero will store
    at: Instant  # when it is answered
    stable: bool  # whether it is stable then

    @property
    def until(self) -> Instant:
        """Give when the balance gives up."""
        return self.since + PATIENCE


class FakeMtSics:
    """What the balance does with its command lines and with what hands put on it."""

    def __init__(
        self, world: World, *, device: str = "mt_sics", capacity: float = CAPACITY, readability: float = READABILITY
    ) -> None:
        """Start with an empty pan, switched on; capacity and readability in g."""
        self.acts = {"tare": 0, "zero": 0}
        self.serial, self.model, self.software = "B123456789", "MS4002TS", "2.10 10.28.0.493.142"
        self.cell = WeighingCell(world, device, readability)
        self.tare = 0.0  # g, stored
        self._capacity, self._places = capacity, max(0, round(-math.log10(readability)))
        self._zero = 0.0  # g
        self._unit, self._fault, self._pan, self._on = "g", "", True, True
        self._received = b""
        self._waiting: _Waiting | None = None
        self._stream, self._told = "", Instant(0.0)  # SIR or SNR, and when it last said something
        self._greets: Instant | None = None
        self._said = b""  # what is to be sent

    def feed(self, data: bytes, now: Instant) -> bytes:
        """Answer every complete command line; an unfinished one is kept. Silent while switched off."""
        self._pass(now)
        if not self._on:
            return b""
        *lines, self._received = (self._received + data).split(wire.END)
        for line in lines:
            self._obey(line.decode("latin-1"), now)
            self._pass(now)
        return self._take()

    def hand(self, action: str, details: dict[str, object], now: Instant) -> None:
        """Let a hand act; raises FailedError for another action, or for what is not there.

        ``put`` and ``take off`` a ``container`` of the world; ``load`` a plain weight (``mass`` g, ``name``), 0 takes
        it off; ``pan``, ``draught`` and ``power`` ``on`` or off; set the ``unit``; ``fault`` with a ``code`` (``10b``;
        empty: none); ``press`` a key that does the same as a ``command`` (``SIR``).
        """
        self._pass(now)
        match action:
            case "put":
                self.cell.put(text(details, "container"), now)
            case "take off":
                self.cell.take_off(text(details, "container"), now)
            case "load":
                self.cell.place(text(details, "name", "weight"), number(details, "mass"), now)
            case "pan":
                self._pan = flag(details, "on")
            case "draught":
                self.cell.draught = flag(details, "on")
            case "unit" if details.get("unit") in _UNITS:
                self._unit = text(details, "unit")
            case "fault":
                self._fault = text(details, "code")
            case "power":
                self._power(now, on=flag(details, "on"))
            case "press":
                self._obey(text(details, "command"), now)
            case _:
                known = f"put, take off, load, pan, draught, unit ({', '.join(_UNITS)}), fault, power, press"
                msg = f"{action!r} with {details} is not possible; a balance knows {known}"
                raise FailedError(msg)
        if self._waiting:
            self._wait(self._waiting.command, since=self._waiting.since, now=now)

    def unasked(self, now: Instant) -> bytes:
        """Give late answers, weights of a stream and the greeting, up to ``now``."""
        self._pass(now)
        return self._take()

    def due(self, now: Instant) -> Instant | None:
        """Tell when it next sends by itself."""
        if self._said:
            return now
        answered = self._waiting.at if self._waiting else None
        return min((at for at in (self._greets, answered, self._next()) if at is not None), default=None)

    def _power(self, now: Instant, *, on: bool) -> None:
        """Cut the power or give it back: the tare is forgotten, and what stands there becomes zero."""
        self._received = self._said = b""
        self._waiting, self._stream, self._greets = None, "", None
        self.tare, self._on = 0.0, on
        if on:
            self._zero, self._greets = self.cell.load, now + BOOT

    def _pass(self, now: Instant) -> None:
        """Let happen what was due up to ``now``, each at its own moment."""
        if self._greets is not None and self._greets <= now:
            self._greets = None
            self._say(f'I4 A "{self.serial}"')
        if self._waiting is not None and self._waiting.at <= now:
            done, self._waiting = self._waiting, None
            self._answer(done)
        while (at := self._next()) is not None and at <= now:
            self._told = at
            self._say(self._weight(at))

    def _next(self) -> Instant | None:
        """Tell when a stream says its next weight: SIR at every beat, SNR when it is stable after a change."""
        if self._stream == "SIR":
            return self._told + STREAM
        at = self.cell.stable_at() if self._stream == "SNR" else None
        return at if at is not None and at > self._told else None

    def _wait(self, command: str, *, since: Instant, now: Instant) -> None:
        """Let a command wait for stability, from what is known at ``now``."""
        until, stable = since + PATIENCE, self.cell.stable_at()
        if self._range(self.cell.load - self._zero):
            stable = now
        at = until if stable is None else min(until, max(now, stable))
        self._waiting = _Waiting(command, since, self.cell.load, at, stable is not None and stable <= until)

    def _answer(self, done: _Waiting) -> None:
        """Answer a command that has waited; a weight waits on when its container was filled meanwhile."""
        if done.command == "S" and done.stable and not self.cell.stable(done.at) and not self._off():
            self._wait("S", since=done.since, now=done.at)
            if self._waiting and self._waiting.at > done.at:
                return
            self._waiting = None
        if not done.stable:
            self._say(f"{done.command} I")
        else:
            self._say(self._weight(done.at) if done.command == "S" else self._act(done.command, done.load, done.at))

    def _obey(self, command: str, now: Instant) -> None:
        name = command.split(" ", maxsplit=1)[0]
        if not command:
            return
        if self._waiting is not None and name in wire.ALLOWED:
            self._say(f"{wire.answers_as(name)} I")
            return
        match command:
            case "S" | "T" | "Z":
                self._stream = ""
                self._wait(command, since=now, now=now)
            case "SI":
                self._stream = ""
                self._say(self._weight(now))
            case "SIR" | "SNR":
                self._stream, self._told = command, now
                self._say(self._weight(now))
            case "TI" | "ZI":
                self._say(self._act(command, self.cell.felt(now), now))
            case "@":
                self._stream, self._waiting, self.tare = "", None, 0.0
                self._say(f'I4 A "{self.serial}"')
            case _:
                self._say(self._tell(command))

    def _tell(self, command: str) -> str:
        """Answer what does not depend on the load; ES for what it does not know."""
        match command:
            case "I0":
                names = wire.ALLOWED
                return "\r\n".join(f'I0 {"A" if name == names[-1] else "B"} 0 "{name}"' for name in names)
            case "I1":
                return 'I1 A "01" "2.30" "2.22" "" ""'
            case "I2":
                return f'I2 A "{self.model} {self._capacity:.{self._places}f} g"'
            case "I3":
                return f'I3 A "{self.software}"'
            case "I4":
                return f'I4 A "{self.serial}"'
            case "TA":
                return f"TA A {self._written(self.tare)}"
            case "TAC":
                self.tare = 0.0
                return "TAC A"
            case "M21 0 0":
                self._unit = "g"
                return "M21 A"
            case _:
                return "ES"

    def _act(self, command: str, load: float, at: Instant) -> str:
        """Tare or set to zero with this load (g)."""
        if command.startswith("Z"):
            if self._off() or abs(load) > RANGE * self._capacity:
                return f"{command} {'+' if load > 0.0 and self._pan else '-'}"
            self.acts["zero"] += 1
            self._zero, self.tare = load, 0.0
            return "Z A" if command == "Z" else f"ZI {self._state(at)}"
        gross = load - self._zero
        limit = self._range(gross) or ("-" if gross < -EXCESS * self.cell.step else "")
        if limit:
            return f"{command} {limit}"
        self.acts["tare"] += 1
        self.tare = self._rounded(gross)
        return f"{command} {self._state(at) if command == 'TI' else 'S'} {self._written(self.tare)}"

    def _weight(self, at: Instant) -> str:
        if self._fault:
            return f"S S Error {self._fault}"
        gross = self.cell.felt(at) - self._zero
        limit = self._range(gross)
        return f"S {limit}" if limit else f"S {self._state(at)} {self._written(self._rounded(gross) - self.tare)}"

    def _off(self) -> bool:
        """Tell whether the load is out of range."""
        return bool(self._range(self.cell.load - self._zero))

    def _range(self, gross: float) -> str:
        """Give + for overload, - for underload, nothing within the range."""
        if not self._pan or gross < -RANGE * self._capacity:
            return "-"
        return "+" if gross > self._capacity + EXCESS * self.cell.step else ""

    def _state(self, at: Instant) -> str:
        return "S" if self.cell.stable(at) else "D"

    def _rounded(self, mass: float) -> float:
        return round(mass / self.cell.step) * self.cell.step

    def _written(self, mass: float) -> str:
        factor, more = _UNITS[self._unit]
        places = max(0, self._places + more)
        return wire.weight(round(mass * factor, places), unit=self._unit, places=places)

    def _say(self, line: str) -> None:
        self._said += line.encode("latin-1") + wire.END

    def _take(self) -> bytes:
        said, self._said = self._said, b""
        return said


def build(world: World, name: str, settings: Mapping[str, str]) -> FakeMtSics:
    """Make a balance; settings ``capacity`` and ``readability`` (g)."""
    return FakeMtSics(
        world,
        device=name,
        capacity=float(settings.get("capacity", CAPACITY)),
        readability=float(settings.get("readability", READABILITY)),
    )
