"""The LADS driver wired to the rocking-bag fake over memory or over OPC UA, in a world with a culture; units mL, s.

Over OPC UA the fake's time may be moved on by the test; one server stands for all tests of a module, and each test puts
its own fake behind it.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from automation.engine.handles import Container, Lot
from automation.kernel.clock import MICRO, SimulatedClock, SystemClock, pause, run_simulated
from automation.kernel.quantity import Cells, Celsius, Instant, Millilitres, Percent, Seconds
from fakes.contents import Contents, filled
from fakes.faults import Faults
from fakes.lads import LadsDevice
from fakes.lads_server import ServedLads
from fakes.lads_spoken import Speaks, Spoken
from fakes.opcua import Offer, shown_by
from fakes.plant import Plant, PlantLog
from fakes.rocking_bag import FakeRockingBag
from fakes.world import Container as Vessel
from fakes.world import World
from instruments.drivers.lads.driver import LadsBioreactor, build
from instruments.interfaces.bioreactor import CultureSetPoints
from instruments.transport import Link
from instruments.transport.opcua import OpcUaStream
from instruments.transport.opcua_site import Access
from instruments.transport.ports import open_stream

START = Instant(1_800_000_000.0)
NAME = "rocker"
CULTURE, WASTE, MEDIUM = Container("CULTURE"), Container("WASTE"), Lot("MEDIUM")
OPERATOR = Access(user="operator", password="pw")
KEPT = CultureSetPoints(
    temperature=Celsius(37.0),
    rocking_rate=20.0,
    angle=7.0,
    gas_flow=0.2,
    co2=Percent(5.0),
    oxygen=Percent(20.9),
)
HUNG: tuple[tuple[str, dict[str, object]], ...] = (
    ("hang", {"container": CULTURE.id}),
    ("connect", {"line": "feed", "container": MEDIUM.id}),
    ("connect", {"line": "medium", "container": MEDIUM.id}),
    ("connect", {"line": "waste", "container": WASTE.id}),
)
_T = TypeVar("_T")


def furnished(seed: int = 1, *, per_ml: float = 1.0e6, began: Instant = START) -> World:
    """Give a world with an activated culture of 1 L, 2 L of medium and an empty waste bag."""
    world, live = World(seed), Cells(1000.0 * per_ml)
    culture = replace(
        filled(Millilitres(1000.0), live=live, dead=live * 0.05),
        subsets={"CD3+": float(live)},
        solutes={"glucose": 3.0, "lactate": 0.5},
        particles={"activator": 1e9},
    )
    medium = replace(filled(Millilitres(2000.0)), solutes={"glucose": 8.0})
    for name, contents in ((CULTURE.id, culture), (MEDIUM.id, medium), (WASTE.id, Contents())):
        world.add(Vessel(name, "bag3000", contents=contents), place="bench", at=Celsius(36.0), now=began)
    return world


@dataclass(slots=True)
class Bench:
    """One rocker, the fake at the far end, its world, and the means to let time pass and hands act."""

    rocker: LadsBioreactor
    fake: FakeRockingBag
    world: World
    hand: Callable[..., None]
    passes: Callable[[float], Coroutine[object, object, None]]
    now: Callable[[], Instant]

    async def running(self, points: CultureSetPoints = KEPT) -> None:
        """Set what is kept and start the culture."""
        await self.rocker.keep(set_points=points)
        await self.rocker.start(culture=CULTURE)

    async def feed(self, volume: float, task: str) -> None:
        """Begin a feed (mL)."""
        await self.rocker.feed(medium=MEDIUM, culture=CULTURE, volume=Millilitres(volume), task=task)

    def held(self, container: str = CULTURE.id) -> Contents:
        """Give what is truly in a container now."""
        return self.world.holds(container, self.now())


@dataclass(slots=True)
class Ahead:
    """Wall time, moved on by the test (s)."""

    passed: float = 0.0

    def micros(self) -> int:
        """Give the moment in whole microseconds (UTC)."""
        return SystemClock().micros() + round(self.passed * MICRO)

    def now(self) -> Instant:
        """Give the moment."""
        return Instant(self.micros() / MICRO)


class Stand:
    """Whatever device stands behind the server now."""

    def __init__(self) -> None:
        """Begin with one that nobody uses."""
        self.fake: Speaks = FakeRockingBag(World(1), NAME)

    @property
    def lads(self) -> LadsDevice:
        """Give its names, values and methods."""
        return self.fake.lads

    def feed(self, data: bytes, now: Instant) -> bytes:
        """Answer lines of the node port."""
        return self.fake.feed(data, now)

    def unasked(self, now: Instant) -> bytes:
        """Let it live up to now."""
        return self.fake.unasked(now)


@dataclass(slots=True)
class Hall:
    """A LADS server on loopback, the loop in which it runs, and the fake that stands behind it now."""

    runner: asyncio.Runner
    port: str
    clock: Ahead
    stand: Stand


@contextlib.contextmanager
def hall() -> Iterator[Hall]:
    """Serve while the block runs."""
    clock, stand, offer = Ahead(), Stand(), Offer(name=NAME, password=OPERATOR.password)
    with asyncio.Runner() as runner:
        server = shown_by(lambda made: ServedLads(Spoken(stand), clock, made, offer=offer), offer)
        port = runner.run(server.__aenter__())
        try:
            yield Hall(runner, port, clock, stand)
        finally:
            runner.run(server.__aexit__(None, None, None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How a bench is to be built."""

    hall: Hall | None = None  # the server on loopback; without one the link is in memory
    per_ml: float = 1.0e6
    settings: tuple[tuple[str, str], ...] = ()
    hung: bool = True
    control: bool = True


def on_bench(wish: Wish, work: Callable[[Bench], Coroutine[object, object, _T]]) -> _T:
    """Build a bench and do the work on it."""
    if wish.hall is None:
        return run_simulated(lambda clock: _in_memory(clock, wish, work), start=START)
    return wish.hall.runner.run(_served(wish.hall, wish, work))


async def _in_memory(clock: SimulatedClock, wish: Wish, work: Callable[[Bench], Coroutine[object, object, _T]]) -> _T:
    world = furnished(per_ml=wish.per_ml)
    fake, plant = FakeRockingBag(world, NAME), Plant(clock, PlantLog(None), Faults())
    plant.add(NAME, fake)
    link = Link(plant.connect(NAME), name=NAME)
    await link.open()
    rocker = build(link, dict(wish.settings), control=wish.control)

    def hand(action: str, **details: object) -> None:
        plant.hand(NAME, action, **details)

    return await _worked(Bench(rocker, fake, world, hand, lambda s: pause(Seconds(s)), clock.now), wish, work)


async def _served(at: Hall, wish: Wish, work: Callable[[Bench], Coroutine[object, object, _T]]) -> _T:
    world = furnished(per_ml=wish.per_ml, began=at.clock.now())
    at.stand.fake = fake = FakeRockingBag(world, NAME)
    stream = open_stream(at.port)
    link = Link(stream, name=NAME)
    rocker = build(link, dict(wish.settings), control=wish.control)
    if isinstance(stream, OpcUaStream):
        stream.access = OPERATOR
    await link.open()

    def hand(action: str, **details: object) -> None:
        fake.hand(action, details, at.clock.now())

    async def passes(seconds: float) -> None:
        at.clock.passed += seconds

    try:
        return await _worked(Bench(rocker, fake, world, hand, passes, at.clock.now), wish, work)
    finally:
        await link.close()


async def _worked(bench: Bench, wish: Wish, work: Callable[[Bench], Coroutine[object, object, _T]]) -> _T:
    for action, details in HUNG if wish.hung else ():
        bench.hand(action, **details)
    return await work(bench)
