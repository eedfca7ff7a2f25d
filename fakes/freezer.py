"""A controlled-rate freezer as a thing in the world: chamber, programmer, lid, nitrogen, and a person's hands.

What speaks a protocol stands on top of it (``eurotherm``); ``ObservedFreezer`` has no link at all.
Units:  degC, K/min, s, L of liquid nitrogen.
Source: docs/freezer-physics.md.
"""

from collections.abc import Callable, Mapping

from automation.kernel.clock import iso
from automation.kernel.errors import FailedError, InputError
from automation.kernel.ids import normal
from automation.kernel.quantity import Celsius, Instant
from fakes.physics.chamber import Build, Chamber
from fakes.physics.programmer import PowerFail, Sequence, State, Step
from fakes.world import World, grid

NOISE, MOST_NOISE = 0.2, 0.5  # K; standard deviation and bound of the chamber sensor
SAMPLE_EVERY = 10  # s, between lines of a run report
MOST_NUMBER = 1e15  # beyond, a number of a hand is none; NaN is none either

Details = dict[str, object]


class Freezer:
    """Chamber and programmer as a place of the world, worked by hand."""

    def __init__(self, world: World, name: str, build: Build | None = None) -> None:
        """Stand in a world as the place ``name``."""
        self.world = world
        self.name = name
        self.chamber = Chamber(build or Build())
        self.acts = {"start": 0, "hold": 0, "go on": 0, "reset": 0, "set point": 0}
        self.sample_channel = f"{name} sample"
        self.started: Instant | None = None
        self._noise = (-1, 0.0)  # the second and the noise that were last asked for
        world.add_place(name, self.chamber)

    def feed(self, data: bytes, now: Instant) -> bytes:  # noqa: ARG002  what has a link answers
        """Answer nothing: a freezer as such has no link."""
        return b""

    def unasked(self, now: Instant) -> bytes:  # noqa: ARG002  it never speaks
        """Say nothing: no freezer speaks unless it is asked."""
        return b""

    def due(self, now: Instant) -> Instant | None:  # noqa: ARG002  it never speaks
        """Never speak unasked."""
        return None

    @property
    def programmer_state(self) -> State:
        """Say what the programmer does."""
        return self.chamber.programmer.state

    def measured(self, now: Instant) -> float:
        """Give what the chamber's sensor reads (degC): the truth and noise that depends on seed and second alone."""
        index = grid(now)
        if index != self._noise[0]:
            noise = NOISE * normal(self.world.seed, self.name, "chamber", index)
            self._noise = index, max(-MOST_NOISE, min(MOST_NOISE, noise))
        return self.chamber.at(index) + self._noise[1]

    def start(self, program: Sequence, now: Instant) -> None:
        """Run a program from the start."""
        self._before(now)
        self.chamber.programmer.start(program)
        self.acts["start"] += 1
        self.started = now

    def command(self, act: str, now: Instant) -> None:
        """Hold, go on or reset."""
        self._before(now)
        programmer = self.chamber.programmer
        {"hold": programmer.hold, "go on": programmer.go_on, "reset": programmer.reset}[act]()
        self.acts[act] += 1

    def aim(self, target: float, now: Instant) -> None:
        """Move the stand-by set point (degC)."""
        self._before(now)
        self.chamber.programmer.aim(target)
        self.acts["set point"] += 1

    def hand(self, action: str, details: Details, now: Instant) -> None:
        """Let a person act; raises FailedError for an action that this device does not have.

        ``load``/``unload`` {container, to}, ``lid`` {open}, ``ln2`` {level: L} or {supply}, ``power`` {on},
        ``sensor`` {broken}, ``probe`` {channel, to}, ``probe out`` {channel}, ``nucleation`` {container, at}.
        """
        self._before(now)
        work = self._hands().get(action)
        if work is None:
            msg = f"hand action is {action!r}; {self.name} has {', '.join(sorted(self._hands()))}"
            raise FailedError(msg)
        work(details, now)
        self.chamber.touched()

    def needs_power(self) -> None:
        """Raise FailedError when the panel is dark."""
        if not self.chamber.powered:
            msg = f"{self.name} has no power; its panel is dark"
            raise FailedError(msg)

    def _hands(self) -> dict[str, Callable[[Details, Instant], None]]:
        return {
            "load": self._load,
            "unload": self._unload,
            "lid": self._lid,
            "ln2": self._ln2,
            "power": self._power,
            "sensor": self._sensor,
            "probe": self._probe,
            "probe out": self._probe_out,
            "nucleation": self._nucleation,
        }

    def _before(self, now: Instant) -> None:
        """Live up to the moment of a change, so that the change counts from here on."""
        self.chamber.catch_up(grid(now))
        self.chamber.touched()

    def _load(self, details: Details, now: Instant) -> None:
        container = text(details, "container")
        self.world.move(container, to=self.name, now=now)
        if self.sample_channel not in self.world.probes():
            self.world.attach(self.sample_channel, to=container, now=now)

    def _unload(self, details: Details, now: Instant) -> None:
        container = text(details, "container")
        if self.world.probes().get(self.sample_channel) == container:
            self.world.fall_out(self.sample_channel, now)
        self.world.move(container, to=text(details, "to", "storage"), now=now)

    def _lid(self, details: Details, _now: Instant) -> None:
        self.chamber.lid_open = flag(details, "open")

    def _ln2(self, details: Details, _now: Instant) -> None:
        if "supply" in details:
            self.chamber.supply_open = flag(details, "supply")
        if "level" in details:
            self.chamber.nitrogen = round(number(details, "level") * 1_000_000)

    def _power(self, details: Details, _now: Instant) -> None:
        if flag(details, "on") and not self.chamber.powered:
            self.chamber.power_back()
        elif not flag(details, "on"):
            self.chamber.powered = False

    def _sensor(self, details: Details, _now: Instant) -> None:
        self.chamber.sensor_broken = flag(details, "broken")

    def _probe(self, details: Details, now: Instant) -> None:
        self.world.attach(text(details, "channel", self.sample_channel), to=text(details, "to"), now=now)

    def _probe_out(self, details: Details, now: Instant) -> None:
        self.world.fall_out(text(details, "channel", self.sample_channel), now)

    def _nucleation(self, details: Details, _now: Instant) -> None:
        at = details.get("at")
        self.world.nucleates(text(details, "container"), at=None if at is None else Celsius(number(details, "at")))


class ObservedFreezer(Freezer):
    """A freezer that nobody can talk to: a person works its keys, and afterwards it gives a run report."""

    def __init__(self, world: World, name: str, build: Build | None = None) -> None:
        """Stand in a world as the place ``name``, with no program stored."""
        super().__init__(world, name, build)
        self.stored = Sequence()

    def report(self, now: Instant) -> str:
        """Give the run report: a plain logger's CSV, ``time,chamber_degC,sample_degC``, one line every 10 s.

        The time is UTC; there is no line before the start key was pressed.
        """
        lines = ["time,chamber_degC,sample_degC"]
        sampled = self.sample_channel in self.world.probes()
        if self.started is not None:
            for index in range(grid(self.started), grid(now) + 1, SAMPLE_EVERY):
                moment = Instant(float(index))
                sample = f"{float(self.world.probe(self.sample_channel, moment)):.2f}" if sampled else ""
                lines.append(f"{iso(moment)},{self.measured(moment):.2f},{sample}")
        return "\n".join(lines) + "\n"

    def _hands(self) -> dict[str, Callable[[Details, Instant], None]]:
        return super()._hands() | {"program": self._store, "key": self._key, "set point": self._set_point}

    def _store(self, details: Details, _now: Instant) -> None:
        """Enter a program at the panel: segments of (type, target, rate or dwell)."""
        self.stored = Sequence(tuple(_step(item) for item in _list(details, "segments")))

    def _set_point(self, details: Details, now: Instant) -> None:
        self.aim(number(details, "target"), now)

    def _key(self, details: Details, now: Instant) -> None:
        key = text(details, "key")
        self.needs_power()
        if key == "start" and self.stored.steps and self.programmer_state in {State.RESET, State.COMPLETE}:
            self.start(self.stored, now)
        elif key in {"hold", "go on", "reset"}:
            self.command(key, now)
        else:
            msg = f"key is {key!r} while the programmer is {self.programmer_state.value}; nothing happens"
            raise FailedError(msg)


def build(world: World, name: str, settings: Mapping[str, str]) -> ObservedFreezer:
    """Make a freezer; ``power_fail`` sets what it does after a power failure. Raises InputError for another word."""
    return ObservedFreezer(world, name, read_build(settings, where=name))


def read_build(settings: Mapping[str, str], *, where: str) -> Build:
    """Read how a freezer is built; raises InputError for a power-fail strategy that this fake does not know."""
    strategy = settings.get("power_fail")
    if strategy is None:
        return Build()
    known = {one.value: one for one in PowerFail}
    if strategy not in known:
        msg = f"assets.{where}.settings.power_fail is {strategy!r}; this fake can {', '.join(known)}"
        raise InputError(msg, where=where)
    return Build(power_fail=known[strategy])


def text(details: Details, key: str, default: str | None = None) -> str:
    """Give a word of a hand's details; raises FailedError when it is missing."""
    value = details.get(key, default)
    if not isinstance(value, str):
        msg = f"{key} is {value!r}; text is needed"
        raise FailedError(msg)
    return value


def number(details: Details, key: str) -> float:
    """Give a number of a hand's details; raises FailedError when it is none."""
    value = details.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not -MOST_NUMBER <= value <= MOST_NUMBER:
        msg = f"{key} is {str(value)[:80]!r}; a number is needed"
        raise FailedError(msg)
    return float(value)


def flag(details: Details, key: str) -> bool:
    """Give a yes or no of a hand's details; raises FailedError when it is neither."""
    value = details.get(key)
    if not isinstance(value, bool):
        msg = f"{key} is {value!r}; true or false is needed"
        raise FailedError(msg)
    return value


def _list(details: Details, key: str) -> list[Details]:
    value = details.get(key)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        msg = f"{key} is {value!r}; a list of segments is needed"
        raise FailedError(msg)
    return value


def _step(item: Details) -> Step:
    """Read one segment: {type: ramp, target, rate} (K/min), {type: step, target} or {type: dwell, seconds}."""
    match text(item, "type"):
        case "ramp":
            return Step(number(item, "target"), number(item, "rate") / 60.0)
        case "step":
            return Step(number(item, "target"))
        case "dwell":
            return Step(None, seconds=round(number(item, "seconds")))
        case other:
            msg = f"segment type is {other!r}; ramp, step or dwell is needed"
            raise FailedError(msg)
