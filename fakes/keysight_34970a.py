"""Fake Keysight 34970A: SCPI vocabulary and reading memory over temperatures that the world gives.

Physics: none of its own; each channel reads ``source(name, now)`` plus thermocouple noise, a pure function of
         (seed, device, channel, whole second). An open thermocouple reads overload with the check on, and floats at
         room temperature with the check off, as the real one may.
Units:   degC, s. Asked, never stepped: timed scans are computed when somebody looks.
Source:  34970A/34972A User's Guide (see the wire module); identity and module strings from public logs of real units.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from automation.kernel.errors import FailedError
from automation.kernel.ids import normal
from automation.kernel.quantity import Instant
from fakes.scpi import Vocabulary
from fakes.world import World
from instruments.drivers.keysight_34970a import wire

NOISE = 0.03  # degC, standard deviation of a type T reading; assumed
ROOM = 22.0  # degC, where a floating open input drifts to; assumed
FIRST_AFTER, EACH_AFTER = 0.017, 0.065  # s from the start of a scan to its first reading, then between readings
MEMORY = 50_000  # readings; then the oldest are overwritten
ERRORS = 10

Source = Callable[[str, Instant], float | None]
"""Gives the true temperature (degC) of a named probe; None when it is broken."""

_VOCABULARY = Vocabulary(
    (
        *("*IDN?", "*CLS", "*RST", "*OPC?", "SYSTem:ERRor?", "SYSTem:CTYPe?", "SYSTem:VERSion?"),
        *("CONFigure:TEMPerature", "UNIT:TEMPerature", "UNIT:TEMPerature?"),
        *("SENSe:TEMPerature:TRANsducer:TCouple:CHECk", "SENSe:TEMPerature:TRANsducer:TCouple:RJUNction:TYPE"),
        *("ROUTe:SCAN", "ROUTe:SCAN?", "TRIGger:SOURce", "TRIGger:TIMer", "TRIGger:COUNt", "INITiate", "ABORt"),
        *(f"FORMat:READing:{name}{ask}" for name in ("TIME", "CHANnel", "ALARm", "UNIT") for ask in ("", "?")),
        *("FORMat:READing:TIME:TYPE", "READ?", "FETCh?", "DATA:POINts?", "DATA:REMove?", "STATus:OPERation:CONDition?"),
    )
)


@dataclass(slots=True)
class _Setup:
    """What the instrument has been told; a reset makes a new one."""

    scan: tuple[int, ...] = ()
    configured: set[int] = field(default_factory=set)
    check: set[int] = field(default_factory=set)
    units: dict[int, str] = field(default_factory=dict)
    shown: set[str] = field(default_factory=set)  # TIME, CHANnel, ALARm, UNIT
    source: str = "IMM"
    timer: float = 10.0  # s
    count: float = 1.0  # scans; may be infinite


class FakeKeysight34970A:
    """What the logger does with its command lines; ``order`` is the edition's order of time and channel."""

    def __init__(
        self,
        seed: int,
        source: Source | None = None,
        *,
        channels: Mapping[int, str] | None = None,
        device: str = "keysight_34970a",
        order: str = "time first",
    ) -> None:
        """Wire named probes to channels; without a source every probe is at room temperature."""
        self.identity = "Agilent Technologies,34970A,0,13-2-2"
        self.modules = {
            "100": "HEWLETT-PACKARD,34901A,0,2.3",
            "200": "HEWLETT-PACKARD,0,0,0",
            "300": "HEWLETT-PACKARD,0,0,0",
        }
        self.source: Source = source or (lambda _name, _now: ROOM)
        self._seed, self._device, self._order = seed, device, order
        self._names = dict(channels or {101: "sample", 102: "chamber"})
        self._pulled: set[str] = set()
        self._setup = _Setup()
        self._errors: list[str] = []
        self._received = b""
        self._started: float | None = None  # s, when the running or last scan began
        self._taken = 0  # scans of it that are in memory
        self._memory: list[str] = []

    def feed(self, data: bytes, now: Instant) -> bytes:
        """Answer every complete command line; an unfinished one is kept."""
        *lines, self._received = (self._received + data).split(b"\n")
        return b"".join(self._line(line.decode("latin-1").strip(), now) for line in lines)

    def hand(self, action: str, details: dict[str, object], now: Instant) -> None:
        """Let a hand act: ``pull`` or ``plug`` a ``probe``, ``power`` off and on, set a ``unit`` at the panel.

        Raises FailedError for another action.
        """
        self._take(now)
        match action:
            case "pull":
                self._pulled.add(str(details["probe"]))
            case "plug":
                self._pulled.discard(str(details["probe"]))
            case "power":
                self._setup, self._started, self._received = _Setup(), None, b""
            case "unit":
                self._setup.units = dict.fromkeys(self._names, str(details["unit"]))
            case _:
                msg = f"action is {action!r}; a 34970A knows pull, plug, power and unit"
                raise FailedError(msg)

    def unasked(self, now: Instant) -> bytes:  # noqa: ARG002  it never speaks by itself
        """Give nothing: the logger only answers."""
        return b""

    def due(self, now: Instant) -> Instant | None:  # noqa: ARG002  as above
        """Tell that it never speaks by itself."""
        return None

    def _line(self, line: str, now: Instant) -> bytes:
        replies = [self._obey(command, now) for command in line.split(";") if command.strip()]
        said = [reply for reply in replies if reply is not None]
        return ";".join(said).encode("ascii") + b"\n" if said else b""

    def _obey(self, command: str, now: Instant) -> str | None:
        try:
            return self._command(command, now)
        except ValueError:
            return self._wrong('-104,"Data type error"')

    def _command(self, command: str, now: Instant) -> str | None:
        header, parameters = _VOCABULARY.find(command)
        if header.startswith("FORMat:READing:") and not header.endswith("TYPE"):
            return self._format(header.removeprefix("FORMat:READing:"), parameters)
        match header:
            case (
                "READ?"
                | "FETCh?"
                | "DATA:POINts?"
                | "DATA:REMove?"
                | "INITiate"
                | "ABORt"
                | "STATus:OPERation:CONDition?"
            ):
                return self._scanning(header, parameters, now=now)
            case "":
                return self._wrong('-113,"Undefined header"')
            case _ if header.endswith("?"):
                return self._tell(header, parameters)
            case _:
                self._set(header, parameters)
                return None

    def _tell(self, header: str, parameters: str) -> str | None:
        match header:
            case "*IDN?":
                return self.identity
            case "*OPC?":
                return "1"
            case "SYSTem:VERSion?":
                return "1994.0"
            case "SYSTem:ERRor?":
                return self._errors.pop(0) if self._errors else '+0,"No error"'
            case "SYSTem:CTYPe?":
                return self.modules.get(parameters) or self._wrong('-222,"Data out of range"')
            case "ROUTe:SCAN?":
                return wire.block(wire.channels(self._setup.scan))
            case _:
                return ",".join(self._setup.units.get(number, "C") for number in _numbers(parameters))

    def _set(self, header: str, parameters: str) -> None:
        setup = self._setup
        words, listed = parameters.partition(",(")[0].upper(), _numbers(parameters)
        if any(number not in self._names for number in listed):
            self._wrong('-222,"Data out of range"')
            return
        match header:
            case "*CLS":
                self._errors.clear()
            case "*RST":
                self._setup, self._started = _Setup(), None
            case "CONFigure:TEMPerature":
                setup.configured |= set(listed)
                setup.scan = tuple(sorted(listed))
                setup.shown.clear()
                setup.check -= set(listed)
            case "UNIT:TEMPerature":
                setup.units.update(dict.fromkeys(listed, words))
            case "SENSe:TEMPerature:TRANsducer:TCouple:CHECk":
                setup.check = setup.check | set(listed) if words in {"ON", "1"} else setup.check - set(listed)
            case "ROUTe:SCAN":
                setup.scan = tuple(sorted(listed))
            case "TRIGger:SOURce":
                setup.source = words[:3]
            case "TRIGger:TIMer":
                setup.timer = round(_within(words, low=0.0, high=359_999.0), 3)
            case "TRIGger:COUNt":
                setup.count = math.inf if words.startswith("INF") else _within(words, low=1.0, high=50_000.0)
            case _:
                pass  # reference junction and type of time: the readings here are the same

    def _format(self, name: str, parameters: str) -> str | None:
        if name.endswith("?"):
            return str(int(name[:-1] in self._setup.shown))
        if parameters.upper() in {"ON", "1"}:
            self._setup.shown.add(name)
        else:
            self._setup.shown.discard(name)
        return None

    def _scanning(self, header: str, parameters: str, *, now: Instant) -> str | None:
        self._take(now)
        running = self._left() > 0
        match header:
            case "STATus:OPERation:CONDition?":
                return f"+{wire.SCANNING if running else 0}"
            case "ABORt":
                self._started = None
                return None
            case "READ?" | "INITiate" if running:
                return self._wrong('-213,"INIT ignored"')
            case "READ?" | "INITiate" if not self._setup.scan:
                return self._wrong('-221,"Settings conflict"')
            case "READ?":
                return ",".join(self._scan(float(now)))
            case "INITiate":
                self._memory.clear()
                self._started, self._taken = float(now), 0
                self._take(now)
                return None
            case "FETCh?":
                return ",".join(self._memory)
            case "DATA:POINts?":
                return f"+{len(self._memory)}"
            case _:
                count = min(int(parameters), len(self._memory))
                removed, self._memory = self._memory[:count], self._memory[count:]
                return ",".join(removed)

    def _left(self) -> float:
        """Give the scans that the running measurement still has to do."""
        return 0.0 if self._started is None else self._setup.count - self._taken

    def _take(self, now: Instant) -> None:
        """Put into memory what the running measurement has read up to ``now``; the oldest give way."""
        if self._started is None:
            return
        each = FIRST_AFTER + EACH_AFTER * len(self._setup.scan)  # s, that a scan takes
        period = self._setup.timer if self._setup.source == "TIM" else 0.0 if self._setup.count < math.inf else each
        reached = math.floor((float(now) - self._started) / period) + 1 if period else self._setup.count
        last = int(min(reached, self._setup.count))
        kept = MEMORY // max(1, len(self._setup.scan)) + 1  # scans that the memory holds; older ones are gone
        for index in range(max(self._taken, last - kept), last):
            self._memory += self._scan(self._started + index * period)
        self._taken = max(self._taken, last)
        self._memory = self._memory[-MEMORY:]

    def _scan(self, at: float) -> list[str]:
        return [self._reading(number, at, place=place) for place, number in enumerate(self._setup.scan)]

    def _reading(self, number: int, at: float, *, place: int) -> str:
        shown, value = self._setup.shown, self._value(number, at)
        unit = self._setup.units.get(number, "C")
        if value is not None and unit == "F":
            value = value * 1.8 + 32.0
        written = wire.reading(value) + (f" {unit}" if "UNIT" in shown else "")
        time = [f"{at - (self._started or at) + FIRST_AFTER + place * EACH_AFTER:012.3f}"] if "TIME" in shown else []
        channel = [str(number)] if "CHANnel" in shown else []
        pair = time + channel if self._order == "time first" else channel + time
        return ",".join([written, *pair, *(["0"] if "ALARm" in shown else [])])

    def _value(self, number: int, at: float) -> float | None:
        name = self._names[number]
        true = None if name in self._pulled else self.source(name, Instant(at))
        if true is None:
            if number in self._setup.check:
                return None
            true = ROOM
        return true + NOISE * normal(self._seed, self._device, number, math.floor(at))

    def _wrong(self, error: str) -> str | None:
        """Note an error; the query gets no reply."""
        if len(self._errors) < ERRORS:
            self._errors.append(error)
        return None


def _numbers(parameters: str) -> tuple[int, ...]:
    """Read the channel list in the parameters, ``(@101,103:105)``; empty when there is none."""
    listed = parameters.partition("(@")[2].rstrip(") ")
    numbers: list[int] = []
    for part in filter(None, listed.split(",")):
        first, _, last = part.strip().partition(":")
        numbers += range(int(first), int(last or first) + 1)
    return tuple(numbers)


def _within(words: str, *, low: float, high: float) -> float:
    """Read a parameter; raises ValueError out of its range."""
    value = float(words)
    if not low <= value <= high:
        msg = f"{words[:40]!r} is not from {low:g} to {high:g}"
        raise ValueError(msg)
    return value


def build(world: World, name: str, settings: Mapping[str, str]) -> FakeKeysight34970A:
    """Make a logger whose channels (``101=sample,102=chamber``) are the probes of the world."""
    channels: dict[int, str] = {}
    for entry in settings.get("channels", "101=sample,102=chamber").split(","):
        number, _, channel = entry.partition("=")
        channels[int(number)] = channel.strip()

    def felt(channel: str, now: Instant) -> float | None:
        hung = world.probes()
        if not hung:
            return ROOM  # served alone, in a world where nobody has hung a probe
        return float(world.probe(channel, now)) if channel in hung else None

    return FakeKeysight34970A(world.seed, felt, channels=channels, device=name)
