"""Every liquid handler over its deck, wired to its fake in simulated time; units uL, s.

A handler joins the contract by one entry of ``HANDLERS``.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Protocol, TypeVar

import pytest

from automation.engine.handles import Container
from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.effect import Call, Reconciled
from automation.kernel.errors import UnknownError
from automation.kernel.quantity import Cells, Celsius, Instant, Microlitres, Millilitres, Seconds
from fakes.contents import filled
from fakes.faults import Fault, FaultKind, Faults
from fakes.hamilton_star import FakeHamiltonStar
from fakes.opentrons import FakeOpentrons
from fakes.own_handler import FakeOwnHandler
from fakes.plant import Fake, Plant, PlantLog
from fakes.world import Container as Vessel
from fakes.world import World
from instruments.drivers.hamilton_star import driver as hamilton_star
from instruments.drivers.opentrons_ot2.driver import OpentronsOt2
from instruments.drivers.own_handler.driver import OwnHandler
from instruments.interfaces.liquid_handler import Aspirate, ChannelResult, Dispense, LiquidHandler, TipMove
from instruments.labware.deck import Deck, load
from instruments.transport import Link, MemoryStream

START = Instant(1_800_000_000.0)
NAME = "handler"
DECK = load("final-day-star")
BENCH_DECK = load("bench-ot2")
ROWS = "ABCDEFGH"
FULL = 30_000.0  # uL in the trough
PRODUCT = (Container("product"),)
_T = TypeVar("_T")


class Settled(LiquidHandler, Protocol):
    """A handler whose acts can be settled after doubt."""

    async def reconcile(self, call: Call) -> Reconciled:
        """Say how an open call ended."""
        ...


class Counting(Fake, Protocol):
    """A fake that counts what it began."""

    acts: dict[str, int]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of handler: its fake, and its driver over a link, which may control it or not."""

    name: str
    fake: Callable[[World, str, Deck], Counting]
    driver: Callable[[Link, Deck, bool], Settled]
    deck: Deck = DECK
    channels: int = 8
    senses: bool = True  # tips and liquid

    @property
    def each(self) -> range:
        """Give its channels."""
        return range(1, self.channels + 1)


def _star(link: Link, deck: Deck, control: bool) -> Settled:  # noqa: FBT001  as ``Kind`` has it
    return hamilton_star.build(link, {"deck": deck.name}, control=control)


HANDLERS: list[Kind] = [
    Kind("hamilton star", FakeHamiltonStar, _star),
    Kind(
        "own handler",
        lambda world, name, _deck: FakeOwnHandler(world, name),
        lambda link, deck, control: OwnHandler(link, deck, control=control),
    ),
    Kind(
        "opentrons ot2",
        FakeOpentrons,
        lambda link, deck, control: OpentronsOt2(link, deck, control=control),
        deck=BENCH_DECK,
        channels=2,
        senses=False,
    ),
]


@dataclass(slots=True)
class Bench:
    """One handler, the fake at the far end, the world, and the means to disturb them."""

    handler: Settled
    fake: Counting
    link: Link
    world: World
    clock: SimulatedClock
    plant: Plant
    channels: int = 8

    def hand(self, action: str, **details: object) -> None:
        """Let a person act."""
        self.plant.hand(NAME, action, **details)

    def fault(self, kind: FaultKind, *, at: int = 1, delay: float = 0.0) -> None:
        """Let the n-th chunk from now on go wrong."""
        sent = self.plant.faults.acts.get(NAME, 0)
        self.plant.faults.add(Fault(NAME, sent + at, kind, delay=Seconds(delay)))

    def vial(self, number: int) -> float:
        """Give what is truly in a vial (uL)."""
        return 1000.0 * float(self.world.container(f"vial{number}").contents.volume)

    async def passes(self, seconds: float) -> None:
        """Let time pass."""
        await self.clock.sleep(Seconds(seconds))

    def pull(self) -> None:
        """Pull the cable."""
        stream = self.link.stream
        assert isinstance(stream, MemoryStream)
        stream.lose()

    async def ready(self, *, channels: int = 8) -> None:
        """Set up and pick up tips, with as many of these channels as there are."""
        await self.handler.set_up()
        if channels:
            await self.handler.pick_up(tips=tips(min(channels, self.channels)))

    async def draws(self, *moves: Aspirate) -> dict[int, ChannelResult]:
        """Draw, and give the results by channel."""
        return by_channel(await self.handler.aspirate(moves=moves, containers=PRODUCT))

    async def gives(self, *moves: Dispense) -> dict[int, ChannelResult]:
        """Give, and give the results by channel."""
        return by_channel(await self.handler.dispense(moves=moves, containers=PRODUCT))


def by_channel(results: tuple[ChannelResult, ...]) -> dict[int, ChannelResult]:
    """Give results by channel."""
    return {one.channel: one for one in results}


def spot(channel: int, *, column: int = 1) -> str:
    """Name the spot of a channel's tip."""
    return f"tips.{ROWS[channel - 1]}{column}"


def tips(channels: int, *, column: int = 1, to: str = "") -> tuple[TipMove, ...]:
    """Give tips for the first channels: from a column, or all ``to`` one place."""
    return tuple(TipMove(number, to or spot(number, column=column)) for number in range(1, channels + 1))


def well(channel: int) -> str:
    """Name the place of a channel's vial."""
    return f"vials.{ROWS[channel - 1]}1"


def draw(volume: float, channel: int = 1, *, of: float = FULL, at: str = "trough.A1") -> Aspirate:
    """Give an aspiration (uL) out of a place that holds ``of``."""
    return Aspirate(channel, at, Microlitres(volume), Microlitres(of))


def give(volume: float, channel: int = 1, *, held: float = -1.0, there: float = 0.0) -> Dispense:
    """Give a dispense (uL) into the channel's vial; of all that the tip holds unless said."""
    in_tip = volume if held < 0.0 else held
    return Dispense(channel, well(channel), Microlitres(volume), Microlitres(there), Microlitres(in_tip))


def call(method: str, **arguments: object) -> Call:
    """Give an open call."""
    return Call(NAME, method, arguments)


def on_bench(
    kind: Kind,
    work: Callable[[Bench], Coroutine[object, object, _T]],
    *,
    control: bool = True,
    log: PlantLog | None = None,
    seed: int = 1,
) -> _T:
    """Build a bench with a full trough and an empty vial for each channel and do the work on it, in simulated time."""

    async def main(clock: SimulatedClock) -> _T:
        world = World(seed)
        plant = Plant(clock, log or PlantLog(None), Faults())
        fake = kind.fake(world, NAME, kind.deck)
        plant.add(NAME, fake)
        plant.faults.add(Fault("nowhere", 1, FaultKind.NOISE))  # so that chunks are counted from the start
        for name, position in bring(world, vials=kind.channels).items():
            plant.hand(NAME, "place", position=position, container=name)
        link = Link(plant.connect(NAME), name=NAME)
        await link.open()
        bench = Bench(kind.driver(link, kind.deck, control), fake, link, world, clock, plant, kind.channels)
        return await work(bench)

    return run_simulated(main, start=START)


def bring(world: World, *, vials: int = 8) -> dict[str, str]:
    """Bring a full trough and empty vials into a world; gives where each is to be placed."""
    places = {"product": "trough.A1"} | {f"vial{number}": well(number) for number in range(1, vials + 1)}
    for name in places:
        volume = FULL / 1000.0 if name == "product" else 0.0
        contents = filled(Millilitres(volume), live=Cells(1e6 * volume), dmso=0.1)
        vessel = Vessel(name, "trough" if volume else "vial", contents=contents)
        world.add(vessel, place="bench", at=Celsius(20.0), now=START)
    return places


async def cancelled_after(work: Coroutine[object, object, object], *, bench: Bench, seconds: float) -> bool:
    """Cancel some work in the middle; tells whether it was still going on."""
    task = asyncio.ensure_future(work)
    await bench.passes(seconds)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return task.cancelled()


async def pulled_after(work: Coroutine[object, object, object], *, bench: Bench, seconds: float) -> None:
    """Pull the cable in the middle of some work, which has to end in doubt, and plug it in when the arm is back."""
    asyncio.get_running_loop().call_later(seconds, bench.pull)
    with pytest.raises(UnknownError):
        await work
    await bench.passes(60.0)
    await bench.link.open()
