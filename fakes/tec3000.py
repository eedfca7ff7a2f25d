"""Fake MVE TEC 3000: the vocabulary of the controller over a liquid nitrogen store.

Physics: see ``fakes.physics.dewar``; sensor noise depends on seed, device, channel and whole second alone.
Units:   degC; the level in inches of ``FULL`` when full, one decimal.
Source:  CE8100 manual p. 71, MVE 616 manual p. 155 (see the wire module); identity text, number formats beyond
         ``-197.10`` and what a broken sensor shows are assumed.
"""

from collections.abc import Mapping

from automation.kernel.errors import FailedError
from automation.kernel.ids import uniform
from automation.kernel.quantity import Instant
from fakes.freezer import flag, number, text
from fakes.physics.dewar import Build, Dewar
from fakes.world import World
from instruments.drivers.tec3000 import wire

FULL = 15.0  # inches
NOISE = 0.1  # K, half-width of evenly spread noise
BROKEN = 999.90  # degC, what a broken sensor shows; assumed
IDENTITY = "TEC 3000, software ver. 2.02"


class FakeTec3000:
    """What the controller does with its lines and what hands do to the store; the level is in % for hands."""

    def __init__(self, world: World, name: str, build: Build, *, level: float = 50.0) -> None:
        """Stand cold and closed at a level (%); time begins with the first look."""
        self.acts: dict[str, int] = {}  # the driver never acts
        self.address, self.question = "", wire.LEVEL
        self._world, self._name = world, name
        self._build, self._start = build, level
        self._dewar: Dewar | None = None
        self._broken: set[str] = set()
        self._audible, self._bypass = True, False
        self._received = b""

    def dewar(self, now: Instant) -> Dewar:
        """Give the store itself; it exists from the first moment that somebody looks or acts."""
        if self._dewar is None:
            self._dewar = Dewar(self._build, level=self._start, now=now)
        return self._dewar

    def feed(self, data: bytes, now: Instant) -> bytes:
        """Answer every complete line; silent without power, for another address, and for what it does not know."""
        dewar = self.dewar(now)
        if not dewar.powered:
            self._received = b""
            return b""
        *lines, self._received = (self._received + data).split(b"\n")
        said = [self._line(line.decode("latin-1").strip(), now) for line in lines]
        return b"".join(one.encode("ascii") + wire.END for one in said if one)

    def hand(self, action: str, details: dict[str, object], now: Instant) -> None:
        """Let a person act; raises FailedError for another action.

        ``lid`` {open}, ``power`` {on}, ``supply`` {litres}, ``valve`` {stuck}, ``level`` {percent}, ``automatic`` {on},
        ``reset`` (the fill alarm), ``probe`` {which: a or b, broken}.
        """
        dewar = self.dewar(now)
        dewar.change(now)
        match action:
            case "lid":
                dewar.lid_open = flag(details, "open")
            case "power":
                dewar.powered = flag(details, "on")
            case "supply":
                dewar.supply = number(details, "litres")
            case "valve":
                dewar.stuck = flag(details, "stuck")
            case "level":
                dewar.pour(number(details, "percent"))
            case "automatic":
                dewar.automatic = flag(details, "on")
            case "reset":
                dewar.fill_alarm = False
            case "probe":
                (self._broken.add if flag(details, "broken") else self._broken.discard)(text(details, "which"))
            case _:
                hands = "lid, power, supply, valve, level, automatic, reset, probe"
                raise FailedError(f"hand action is {action!r}; {self._name} has {hands}")
        dewar.settle()

    def unasked(self, now: Instant) -> bytes:  # noqa: ARG002  it never speaks by itself
        """Say nothing: the controller only answers."""
        return b""

    def due(self, now: Instant) -> Instant | None:  # noqa: ARG002  as above
        """Tell that it never speaks by itself."""
        return None

    def _line(self, line: str, now: Instant) -> str:
        """Give the reply; empty when there is none."""
        if self.address:
            address, _, line = line.partition(" ")
            if address != self.address:
                return ""
        return self._set(line, now) if not line.endswith("?") else self._tell(line, now)

    def _tell(self, question: str, now: Instant) -> str:
        dewar = self.dewar(now)
        level = dewar.level(now)
        if question == self.question:
            return f"{FULL * level / 100.0:.1f}"
        match question:
            case "TEMPA?" | "TEMPB?":
                return self._temperature(question[4].lower(), now)
            case "FILL?":
                return str(int(dewar.filling))
            case "FILLM?":
                return str(int(dewar.automatic))
            case "FILAS?":
                return str(int(dewar.fill_alarm))
            case "FILTIM?":
                return f"{dewar.fill_time(now):.0f}"
            case "FILT?":
                return f"{self._build.longest / 60.0:.0f}"
            case "ALMS?":
                return str(int(self._audible))
            case "BPFIL?":
                return str(int(self._bypass))
            case "*IDN?":
                return IDENTITY
        return ""

    def _set(self, line: str, now: Instant) -> str:
        """Do what a command says; it is never answered."""
        dewar = self.dewar(now)
        match line.split():
            case ["FILL", "0" | "1" as on]:
                dewar.change(now)
                dewar.fill(on=on == "1")
                dewar.settle()
            case ["ALMS", "0" | "1" as on]:
                self._audible = on == "1"
        return ""

    def _temperature(self, probe: str, now: Instant) -> str:
        if probe in self._broken:
            return f"{BROKEN:.2f}"
        noise = NOISE * (2.0 * uniform(self._world.seed, self._name, probe, int(float(now))) - 1.0)
        return f"{self.dewar(now).temperature(probe, now) + noise:.2f}"


def build(world: World, name: str, settings: Mapping[str, str]) -> FakeTec3000:
    """Make a store; settings ``at`` (% at the beginning), ``capacity`` (L), ``boil`` (L/d), and those of the driver."""
    made = Build(**{key: float(settings[key]) for key in ("capacity", "boil", "low", "high") if key in settings})
    fake = FakeTec3000(world, name, made, level=float(settings.get("at", "50")))
    fake.address = settings.get("address", "")
    fake.question = settings.get("level_question", wire.LEVEL)
    return fake
