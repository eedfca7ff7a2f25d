"""The Rotea driver wired to its fake over memory or over OPC UA on loopback, in a world with bags; units mL, s.

Over OPC UA the fake's time runs thirty times as fast as the wall's, and may be moved on by the test. One server
stands for all tests of a module, because it takes longer to build than a test; each test puts its own fake behind it.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar, cast

from automation.engine.binding import Binding
from automation.engine.handles import Container, Lot
from automation.kernel.clock import MICRO, SimulatedClock, SystemClock, run_simulated
from automation.kernel.effect import Effect
from automation.kernel.quantity import Cells, Celsius, Instant, Millilitres, Seconds
from fakes.contents import Contents, filled
from fakes.faults import Fault, FaultKind, Faults
from fakes.opcua import Offer, serving
from fakes.plant import Plant, PlantLog
from fakes.rotea import SIM_PRESSURE, SIM_RUNS, SIM_VOLUMES, WASH, FakeRotea
from fakes.serve import FastClock
from fakes.world import Container as Vessel
from fakes.world import World
from instruments.drivers.rotea.driver import Rotea, build
from instruments.interfaces.cell_washer import CellWasher, WasherState, WasherStatus, WashParameter, WashProgram
from instruments.transport import Link
from instruments.transport.nodes import Value
from instruments.transport.opcua import OpcUaStream
from instruments.transport.opcua_site import Access
from instruments.transport.ports import open_stream
from tests.support.persons import Crew

START = Instant(1_800_000_000.0)
NAME = "washer"
PAUSE = "SitePause"
SETTINGS = {
    "pause_word": PAUSE,
    "runs_node": SIM_RUNS,
    "flows": ",".join(f"{word}={node}" for word, node in {**SIM_VOLUMES, "pressure_kpa": SIM_PRESSURE}.items()),
}
SOURCE, PRODUCT, BUFFER = Container("HARVEST"), Container("WASHED"), Container("BUFFER")
VALUES = (300, 100, 30, 60, 60, 1600)
OPERATOR = Access(user="operator", password="pw")
_T = TypeVar("_T")


def program(fake: FakeRotea, *values: int) -> WashProgram:
    """Give the fake's protocol as approved, with values in the order of its parameters."""
    definition = fake.library[WASH]
    given = zip(definition.parameters, values or VALUES, strict=True)
    return WashProgram(WASH, definition.checksum, tuple(WashParameter(name, value) for (name, _, _), value in given))


@dataclass(frozen=True, slots=True)
class Wish:
    """How a bench is to be built."""

    hall: "Hall | None" = None  # the server on loopback; without one the link is in memory
    control: bool = True
    loaded: bool = True  # protocol selected, kit in, bags connected
    settings: tuple[tuple[str, str], ...] = ()
    seed: int = 1
    log: PlantLog = PlantLog(None)  # noqa: RUF009  one that writes nothing


@dataclass(slots=True)
class Bench:
    """One washer, the fake at the far end, its world, and the means to let time pass and hands act."""

    washer: Rotea
    fake: FakeRotea
    world: World
    link: Link
    hand: Callable[..., None]
    passes: Callable[[float], Coroutine[object, object, None]]
    faults: Faults

    def fault(self, kind: FaultKind, *, at: int = 1, delay: float = 0.0) -> None:
        """Let the n-th chunk from now on go wrong; ``delay`` in s."""
        self.faults.acts.setdefault(NAME, 0)
        self.faults.add(Fault(NAME, self.faults.acts[NAME] + at, kind, delay=Seconds(delay)))

    async def prepared(self, *values: int) -> WashProgram:
        """Prepare the approved protocol."""
        asked = program(self.fake, *values)
        await self.washer.prepare(program=asked)
        return asked

    async def running(self, *values: int) -> None:
        """Prepare and start."""
        await self.prepared(*values)
        await self.washer.start(source=SOURCE, product=PRODUCT)

    async def until(self, *states: WasherState, longest: float = 3600.0) -> WasherStatus:
        """Let time pass until the washer is in one of the states."""
        for _ in range(round(longest / 10.0)):
            status = await self.washer.look()
            if status.state in states:
                return status
            await self.passes(10.0)
        return await self.washer.look()

    def contents(self, container: str) -> Contents:
        """Give what is truly in a container."""
        return self.world.container(container).contents


def furnished(seed: int = 1) -> World:
    """Give a world with a harvest, buffer and an empty product bag."""
    world = World(seed)
    harvest = filled(Millilitres(320.0), live=Cells(9.0e8), dead=Cells(1.0e8), dmso=0.02, density=1.01)
    for name, kind, contents in (
        (SOURCE.id, "bag600", harvest),
        (BUFFER.id, "bag600", filled(Millilitres(400.0), density=1.005)),
        (PRODUCT.id, "bag150", Contents()),
    ):
        world.add(Vessel(name, kind, contents=contents), place="bench", at=Celsius(22.0), now=START)
    return world


class _Open:
    """Gates that let everything through; the gates have tests of their own."""

    def check(self, asset: str, effect: Effect, touched: tuple[Container | Lot, ...]) -> None:
        """Refuse nothing."""


def bound(crew: Crew, driver: object) -> CellWasher:
    """Bind a washer that people work, on the record of their step."""
    return cast("CellWasher", Binding(crew.recorder, _Open()).bind("device", driver, CellWasher))


def load(fake: FakeRotea, hand: Callable[..., None]) -> None:
    """Let hands select the protocol, load a kit and connect the bags."""
    hand("select", protocol=next(iter(fake.library)))
    hand("kit", id="KIT-1")
    for line, container in (("source", SOURCE), ("product", PRODUCT), ("buffer", BUFFER)):
        hand("connect", line=line, container=container.id)


def on_bench(wish: Wish, work: Callable[[Bench], Coroutine[object, object, _T]]) -> _T:
    """Build a bench, do the work on it, take it down."""
    world = furnished(wish.seed)
    fake = FakeRotea(world, NAME, pause_word=PAUSE)
    if wish.hall is None:
        return run_simulated(lambda clock: _in_memory(clock, (wish, fake, world), work), start=START)
    return wish.hall.runner.run(_served(wish.hall, (wish, fake, world), work))


async def _in_memory(
    clock: SimulatedClock, given: tuple[Wish, FakeRotea, World], work: Callable[[Bench], Coroutine[object, object, _T]]
) -> _T:
    wish, fake, world = given
    faults = Faults()
    faults.add(Fault("nobody", 1, FaultKind.NOISE))  # so that chunks are counted
    plant = Plant(clock, wish.log, faults)
    plant.add(NAME, fake)
    link = Link(plant.connect(NAME), name=NAME)
    await link.open()

    def hand(action: str, **details: object) -> None:
        plant.hand(NAME, action, **details)

    async def passes(seconds: float) -> None:
        await clock.sleep(Seconds(seconds))

    if wish.loaded:
        load(fake, hand)
    given_settings = {**SETTINGS, "history_folder": "link", **dict(wish.settings)}
    washer = build(link, given_settings, control=wish.control)
    return await work(Bench(washer, fake, world, link, hand, passes, faults))


class _Clock(FastClock):
    """A fast clock that a test may move on."""

    passed = 0.0

    def micros(self) -> int:
        return super().micros() + round(self.passed * MICRO)


class _Stand:
    """Whatever washer stands behind the server now."""

    def __init__(self, device: FakeRotea) -> None:
        self.device = device

    @property
    def words(self) -> Mapping[str, tuple[str, ...]]:
        return self.device.words

    @property
    def writable(self) -> frozenset[str]:
        return self.device.writable

    def values(self, now: Instant) -> dict[str, Value]:
        return self.device.values(now)

    def write(self, name: str, value: Value, now: Instant) -> None:
        self.device.write(name, value, now)

    def files(self, now: Instant) -> Mapping[str, tuple[bytes, Instant]]:
        return self.device.files(now)


@dataclass(frozen=True, slots=True)
class Hall:
    """A server on loopback, and the loop in which it runs."""

    runner: asyncio.Runner
    stand: _Stand
    clock: _Clock
    port: str


@contextlib.contextmanager
def hall() -> Iterator[Hall]:
    """Serve while the block runs."""
    clock = _Clock(SystemClock(), speed=30.0)
    stand = _Stand(FakeRotea(World(1), NAME, pause_word=PAUSE))
    with asyncio.Runner() as runner:
        server = serving(stand, clock, Offer(name="rotea", password=OPERATOR.password))
        port = runner.run(server.__aenter__())
        try:
            yield Hall(runner, stand, clock, port)
        finally:
            runner.run(server.__aexit__(None, None, None))


async def _served(
    where: Hall, given: tuple[Wish, FakeRotea, World], work: Callable[[Bench], Coroutine[object, object, _T]]
) -> _T:
    wish, fake, world = given
    where.stand.device = fake

    def hand(action: str, **details: object) -> None:
        fake.hand(action, details, Instant(where.clock.micros() / MICRO))

    async def passes(seconds: float) -> None:
        where.clock.passed += seconds

    if wish.loaded:
        load(fake, hand)
    stream = open_stream(where.port)
    link = Link(stream, name=NAME)
    washer = build(link, {**SETTINGS, **dict(wish.settings)}, control=wish.control)
    assert isinstance(stream, OpcUaStream)
    stream.access = OPERATOR
    await link.open()
    try:
        return await work(Bench(washer, fake, world, link, hand, passes, Faults()))
    finally:
        await link.close()
