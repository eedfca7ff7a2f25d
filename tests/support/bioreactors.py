"""The LADS driver wired to the rocking-bag fake over memory or over OPC UA, in a world with a culture; units mL, s.

Over OPC UA the fake's time may be moved on by the test; one server stands for all tests of a module, and each test puts
its own fake behind it.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import TypeVar

from automation.engine.handles import Container, Lot
from automation.kernel.clock import MICRO, SimulatedClock, SystemClock, pause, run_simulated
from automation.kernel.quantity import Cells, Celsius, Instant, Millilitres, Percent, Seconds
from fakes.contents import Contents, filled
from fakes.faults import Faults
from fakes.plant import Plant, PlantLog
from fakes.rocking_bag import FakeRockingBag
from fakes.world import Container as Vessel
from fakes.world import World
from instruments.drivers.lads.driver import LadsBioreactor, build
from instruments.interfaces.bioreactor import CultureSetPoints
from instruments.transport import Link

START = Instant(1_800_000_000.0)
NAME = "rocker"
CULTURE, WASTE, MEDIUM = Container("CULTURE"), Container("WASTE"), Lot("MEDIUM")
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


@dataclass(slots=True)
class Hall:
    """A LADS server on loopback, the loop in which it runs, and the fake that stands behind it now."""

    runner: asyncio.Runner
    port: str
    clock: Ahead
    stand: "Stand"


@dataclass(slots=True)
class Stand:
    """The fake that is served now; another one may take its place."""

    fake: FakeRockingBag = field(default_factory=lambda: FakeRockingBag(furnished(), NAME))


def on_bench(
    work: Callable[[Bench], Coroutine[object, object, _T]],
    *,
    per_ml: float = 1.0e6,
    settings: tuple[tuple[str, str], ...] = (),
    hung: bool = True,
    control: bool = True,
) -> _T:
    """Build a bench in memory and simulated time, and do the work on it."""

    async def main(clock: SimulatedClock) -> _T:
        world = furnished(per_ml=per_ml)
        fake, plant = FakeRockingBag(world, NAME), Plant(clock, PlantLog(None), Faults())
        plant.add(NAME, fake)
        link = Link(plant.connect(NAME), name=NAME)
        await link.open()
        made = Bench(
            build(link, dict(settings), control=control),
            fake,
            world,
            lambda action, **details: plant.hand(NAME, action, **details),
            lambda seconds: pause(Seconds(seconds)),
            clock.now,
        )
        for action, details in HUNG if hung else ():
            made.hand(action, **details)
        return await work(made)

    return run_simulated(main, start=START)
