"""One case of the doubt matrix: an effect through the real binding, driver and link, disturbed at the frame that acts.

The frame that acts is found by a calm run: the one after which the device's own count has moved, else the last one.
Whoever decides a doubt tells the truth, read off that count. Units: s of simulated time.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.metadata import entry_points
from pathlib import Path
from typing import TypeVar, cast

from automation.engine.binding import STAY, Binding
from automation.engine.handles import Container, Lot
from automation.engine.journal import Called, Replied, Resolved
from automation.kernel.clock import SimulatedClock, pause, run_simulated
from automation.kernel.effect import Effect, Kind
from automation.kernel.errors import CellwrightError, RefusedError
from automation.kernel.quantity import Instant, Seconds
from automation.ledger.event import Event
from fakes.faults import Fault, FaultKind, Faults
from fakes.plant import Build, Fake, Plant, PlantLog
from instruments.drivers.factory import Factory
from instruments.transport import Link
from tests.support.doors import Doorway
from tests.support.doubt_scene import LINK, Do, Else, Hand, Rig, Scene
from tests.support.freezers import START
from tests.support.persons import Crew

DARK = 0.8  # s for which a device that reboots has no power
_T = TypeVar("_T")
PATIENCE = 5000.0  # s; a case that is not over then hangs


class Situation(StrEnum):
    """What befalls an effect between the command and its answer."""

    REPLY_LOST = "reply lost"
    COMMAND_LOST = "command lost"
    REBOOTED = "rebooted"
    SOMETHING_ELSE = "something else"
    CANT_SAY = "can't say"


@dataclass(frozen=True, slots=True)
class Place:
    """Where cases are tried: a ledger and a door, and the folder for files."""

    way: Doorway
    folder: Path


@dataclass(frozen=True, slots=True)
class Came:
    """What came of one case."""

    outcome: str  # in words, as the step's own events tell it
    acts: int = 0  # how often the device did it for us
    done: bool = False  # the effect gave an answer in the end
    why: str = ""  # of a doubt, a refusal or a failure


@dataclass(slots=True)
class FarEnd:
    """A fake that tells which of its frames moved its own count, and when a frame has been acted on."""

    fake: Fake
    counts: str
    frames: list[tuple[bytes, int]] = field(default_factory=list)
    after: dict[int, Callable[[], None]] = field(default_factory=dict)

    @property
    def acts(self) -> int:
        """Give how often the device did it."""
        return cast("Mapping[str, int]", getattr(self.fake, "acts", {})).get(self.counts, 0)

    def feed(self, data: bytes, now: Instant) -> bytes:
        """Let the fake act, and then whoever waited for that."""
        answer = self.fake.feed(data, now)
        self.frames.append((data, self.acts))
        return answer

    def hand(self, action: str, details: dict[str, object], now: Instant) -> None:
        """Let a hand act on the fake."""
        self.fake.hand(action, details, now)

    def unasked(self, now: Instant) -> bytes:
        """Give what the fake sends by itself."""
        return self.fake.unasked(now)

    def due(self, now: Instant) -> Instant | None:
        """Tell when it does."""
        return self.fake.due(now)


class Open:
    """Gates that let everything through; the gates have tests of their own."""

    def check(self, asset: str, effect: Effect, touched: tuple[Container | Lot, ...]) -> None:
        """Refuse nothing."""


class Weather(Faults):
    """Hits the frames of a plan, lets something happen right after one, and is silent while nobody can be asked."""

    def __init__(self) -> None:
        """Begin calm."""
        super().__init__()
        self.count = 0
        self.hit: dict[int, FaultKind] = {}
        self.then: dict[int, Callable[[], None]] = {}
        self.silent_from = 0  # frames from this one on are lost; 0: none

    def next(self, link: str) -> Fault | None:
        """Count a frame and give the fault that hits it."""
        self.count += 1
        if self.count in self.then:
            asyncio.get_running_loop().call_soon(self.then.pop(self.count))
        if self.silent_from and self.count >= self.silent_from:
            return Fault(link, self.count, FaultKind.LOSE_COMMAND)
        kind = self.hit.get(self.count)
        return None if kind is None else Fault(link, self.count, kind)


@dataclass(slots=True)
class Bench:
    """One driver bound for a step, its fake and what lies between them."""

    crew: Crew
    rig: Rig
    method: str
    plant: Plant
    far: FarEnd
    weather: Weather
    bound: object
    asks: frozenset[str]  # effects in which a person is asked

    @property
    def scene(self) -> Scene:
        """Give how the effect is brought about."""
        return self.rig.scenes[self.method]

    def hands(self, *hands: Hand) -> None:
        """Let hands act, one after the other."""
        for action, details in hands:
            self.plant.hand(LINK, action, **details)

    async def call(self, method: str, arguments: Mapping[str, object]) -> object:
        """Call one bound effect."""
        return await getattr(self.bound, method)(**arguments)

    async def ready(self, steps: tuple[Do, ...]) -> None:
        """Bring the device to where the effect makes sense."""
        for step in steps:
            if step.call:
                await self.call(step.call, step.arguments)
            if step.hand:
                self.hands(step.hand)
            if step.wait:
                await pause(Seconds(step.wait))


def factory(driver: str) -> Factory:
    """Give an installed driver."""
    [point] = entry_points(group="cellwright.drivers", name=driver)
    return cast("Factory", point.load())


def frames(rig: Rig, method: str, place: Place) -> tuple[int, int] | str:
    """Give how many frames a calm effect takes and the number of the one that acts (1..), or why there is none."""

    async def work(bench: Bench) -> tuple[int, int] | str:
        if method in bench.asks:
            return "a person is asked: the question stands until it is answered, also over a restart of the program"
        await bench.ready(bench.scene.before)
        first, before = len(bench.far.frames), bench.far.acts
        try:
            await bench.call(method, bench.scene.arguments)
        except RefusedError as refusal:
            return f"it is always refused, before anything is sent: {refusal}"
        sent = bench.far.frames[first:]
        wanted = bench.scene.frame
        moved = (n for n, (data, acts) in enumerate(sent, 1) if (data.startswith(wanted) if wanted else acts > before))
        if not sent:
            return "nothing is asked of the device: the answer is what the site declares"
        return len(sent), next(moved, len(sent))

    return on_bench(rig, method, at=place, work=work)


def case(rig: Rig, method: str, situation: Situation, *, place: Place, at: int) -> Came:
    """Disturb an effect at its ``at``-th frame and give what came of it."""

    async def work(bench: Bench) -> Came:
        await bench.ready(bench.scene.before)
        before = bench.far.acts
        disturb(bench, situation, at=bench.weather.count + at)
        first, done = len(bench.crew.stream()), True
        STAY.get().on_doubt = lambda n, _why: _decide(bench, n, before=before + others(bench, situation))
        try:
            async with asyncio.timeout(PATIENCE):
                await bench.call(method, bench.scene.arguments)
        except CellwrightError:
            done = False
        told = bench.crew.stream()[first:]
        acts = bench.far.acts - before - others(bench, situation)
        return Came(
            outcome(told), acts, done, "; ".join(str(e.fields["message"]) for e in told if "message" in e.fields)
        )

    return on_bench(rig, method, at=place, work=work)


def others(bench: Bench, situation: Situation) -> int:
    """Give how many of the device's own count are somebody else's."""
    return _else(bench).acts if situation is Situation.SOMETHING_ELSE else 0


def _else(bench: Bench) -> Else:
    return bench.scene.other or bench.rig.other


def disturb(bench: Bench, situation: Situation, *, at: int) -> None:
    """Arrange what befalls the frame with this number."""
    weather, told = bench.weather, at + bench.scene.later
    match situation:
        case Situation.REPLY_LOST:
            weather.hit[told] = FaultKind.LOSE_REPLY
        case Situation.COMMAND_LOST:
            weather.hit[at] = FaultKind.LOSE_COMMAND
        case Situation.REBOOTED:
            weather.hit[told] = FaultKind.LOSE_REPLY
            weather.then[at] = lambda: _reboot(bench)
        case Situation.SOMETHING_ELSE:
            other = _else(bench)
            weather.hit[at if other.lost is FaultKind.LOSE_COMMAND else told] = other.lost
            weather.then[at] = lambda: bench.hands(*other.hands)
        case Situation.CANT_SAY:
            weather.hit[at] = FaultKind.LOSE_REPLY
            weather.silent_from = at + 1


def _reboot(bench: Bench) -> None:
    first, *rest = bench.rig.reboot
    bench.hands(first)
    asyncio.get_running_loop().call_later(DARK, bench.hands, *rest)


def _decide(bench: Bench, n: int, *, before: int) -> None:
    """Let a person look at the device and say the truth; whatever kept it silent is put right first."""
    stay = STAY.get()
    bench.weather.silent_from = 0
    said = "done" if bench.far.acts > before else "not done"
    decision = Resolved(stay.number, n, said, "second", "seen at the device")
    bench.crew.recorder.write("resolved", decision)
    asyncio.get_running_loop().call_soon(stay.doubts[n].set_result, decision)


def outcome(told: list[Event]) -> str:
    """Say in words what the events of one effect tell."""
    words: list[str] = []
    for event in told:
        match event.kind:
            case "call" if event.read(Called).attempt > 1:
                words.append("set again" if event.read(Called).kind == Kind.SET_ABSOLUTE else "sent again")
            case "doubt":
                words.append("held")
            case "resolved":
                words.append(f"a person: {event.read(Resolved).outcome}")
            case "reply" if event.read(Replied).reconciled and "held" not in words:
                words.append("asked: done")
            case "read":
                words.append("asked again")
            case "reply":
                words.append("answered")
            case "refused" | "failed":
                words.append(event.kind)
            case _:
                pass
    if words[:1] == ["sent again"]:
        words.insert(0, "asked: not done")
    return ", ".join(words)


def on_bench(rig: Rig, method: str, *, at: Place, work: Callable[[Bench], Coroutine[object, object, _T]]) -> _T:
    """Bind the driver to its fake in a new state of the step, and do the work."""

    async def main(clock: SimulatedClock) -> _T:
        crew, made, weather = Crew(at.way, at.folder), factory(rig.driver), Weather()
        crew.enter()
        [point] = entry_points(group="cellwright.fakes", name=rig.fake)
        fake = cast("Build", point.load())(rig.world(), LINK, rig.settings)
        far = FarEnd(fake, rig.scenes[method].counts or method.replace("_", " "))
        plant = Plant(clock, PlantLog(None), weather)
        plant.add(LINK, far)
        link = Link(plant.connect(LINK), name=LINK)
        await link.open()
        driver = made.build(link, rig.settings, control=True)
        bound = Binding(crew.recorder, Open()).bind(LINK, driver, made.interface)
        asks = cast("frozenset[str]", getattr(driver, "asks_person", frozenset()))
        bench = Bench(crew, rig, method, plant, far, weather, bound, asks)
        bench.hands(*rig.furnish)
        try:
            return await work(bench)
        finally:
            getattr(driver, "close", lambda: None)()

    return run_simulated(main, start=START)
