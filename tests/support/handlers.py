"""Our own liquid handler wired to its fake over memory, a pty or TCP, on a small deck; units uL, s.

Behind a pty or TCP the fake's time runs a thousand times as fast as the wall's.

The deck is the tests' own, its places named as on the final day's: tips, eight vials, two troughs and the waste.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TypeVar

from automation.engine.handles import Container
from automation.kernel.clock import MICRO, SimulatedClock, SystemClock, run_simulated
from automation.kernel.quantity import Cells, Celsius, Microlitres, Millilitres
from fakes.bench import Bench as Table
from fakes.contents import filled
from fakes.faults import Fault, FaultKind, Faults
from fakes.own_handler import FakeOwnHandler
from fakes.plant import Plant, PlantLog
from fakes.serve import FastClock, Seat, serving
from fakes.world import Container as Vessel
from fakes.world import World
from instruments.drivers.own_handler.driver import OwnHandler
from instruments.interfaces.liquid_handler import Aspirate, ChannelResult, Dispense, TipMove
from instruments.labware.deck import Deck, read
from instruments.transport import ByteStream, Link
from instruments.transport.ports import open_stream
from tests.support.freezers import START

NAME = "handler"
VIALS = tuple(f"vials.{row}1" for row in "ABCDEFGH")
TIPS = tuple(f"tips.{row}{column}" for column in range(1, 13) for row in "ABCDEFGH")
NO_LOG = PlantLog(None)
_T = TypeVar("_T")


def _row(names: list[str], holds: float) -> dict[str, object]:
    return {name: {"x": 9.0 * at, "y": 0.0, "z": 1.0, "holds": holds} for at, name in enumerate(names)}


def deck_data() -> dict[str, object]:
    """Give the deck as it stands in a file."""
    origin = {"x": 0.0, "y": 0.0, "z": 100.0}
    return {
        "name": "test-deck",
        "version": "1",
        "handler": "own",
        "tip": {"kind": "1000 uL filter", "holds": 1000.0},
        "labware": {
            "tips": {"kind": "tips", **origin, "positions": _row([spot.partition(".")[2] for spot in TIPS], 0.0)},
            "vials": {"kind": "tubes", **origin, "positions": _row([f"{row}1" for row in "ABCDEFGH"], 2000.0)},
            "waste": {"kind": "waste", **origin, "positions": _row(["A1"], 0.0)},
            "trough": {"kind": "trough", **origin, "positions": _row(["A1", "A2"], 200_000.0)},
        },
    }


def small_deck() -> Deck:
    """Give the deck."""
    return read(json.dumps(deck_data()).encode(), where="the tests' deck")


@dataclass(frozen=True, slots=True)
class Wish:
    """How a bench is to be built."""

    kind: str = "memory"
    control: bool = True
    cells: float = 1e6  # live cells per mL in the trough
    seed: int = 1


@dataclass(slots=True)
class Bench:
    """One handler, the fake at the far end, the world, and the means to let time pass and hands act."""

    handler: OwnHandler
    fake: FakeOwnHandler
    link: Link
    hand: Callable[..., None]
    faults: Faults

    @property
    def world(self) -> World:
        """Give the world."""
        return self.fake.pipettor.world

    def fault(self, kind: FaultKind, *, at: int = 1) -> None:
        """Let the n-th chunk from now on go wrong."""
        self.faults.add(Fault(NAME, self.faults.acts.get(NAME, 0) + at, kind))

    def holds(self, container: str) -> float:
        """Give what is truly in a container (uL)."""
        return 1000.0 * float(self.world.container(container).contents.volume)

    async def ready(self, *, channels: int = 1) -> None:
        """Set up and pick up tips."""
        await self.handler.set_up()
        await self.handler.pick_up(tips=tips(channels))


def tips(channels: int, *, spot: str = "") -> tuple[TipMove, ...]:
    """Give tips for the first channels, from the first column or to the one spot that is named."""
    return tuple(TipMove(number, spot or TIPS[number - 1]) for number in range(1, channels + 1))


def draw(volume: float, *, channel: int = 1, well: str = "trough.A1", mix: int = 0) -> Aspirate:
    """Give an aspiration (uL) from a well that holds 20 mL."""
    mixed = Microlitres(500.0 if mix else 0.0)
    return Aspirate(channel, well, Microlitres(volume), Microlitres(20_000.0), mix_volume=mixed, mix_cycles=mix)


def give(volume: float, *, channel: int = 1, well: str = "vials.A1", in_tip: float = 0.0) -> Dispense:
    """Give a dispense (uL) into an empty well, of all that the tip holds unless said."""
    return Dispense(channel, well, Microlitres(volume), Microlitres(0.0), Microlitres(in_tip or volume))


def product(*names: str) -> tuple[Container, ...]:
    """Give handles."""
    return tuple(Container(name) for name in names)


async def aspirate(bench: Bench, *moves: Aspirate) -> tuple[ChannelResult, ...]:
    """Draw from the trough."""
    return await bench.handler.aspirate(moves=moves, containers=product("trough"))


async def dispense(bench: Bench, *moves: Dispense) -> tuple[ChannelResult, ...]:
    """Give into vials."""
    return await bench.handler.dispense(moves=moves, containers=product("trough"))


def furnish(world: World, fake: FakeOwnHandler, wish: Wish) -> None:
    """Put a full trough and eight empty vials on the deck."""
    contents = filled(Millilitres(20.0), live=Cells(20.0 * wish.cells), dmso=0.0)
    world.add(Vessel("trough", "trough", contents=contents), place="bench", at=Celsius(22.0), now=START)
    fake.hand("place", {"position": "trough.A1", "container": "trough"}, START)
    for number, position in enumerate(VIALS, 1):
        world.add(Vessel(f"vial{number}", "vial"), place="bench", at=Celsius(22.0), now=START)
        fake.hand("place", {"position": position, "container": f"vial{number}"}, START)


def on_bench(wish: Wish, work: Callable[[Bench], Coroutine[object, object, _T]]) -> _T:
    """Build a bench, do the work on it, take it down."""
    world = World(wish.seed)
    fake = FakeOwnHandler(world, NAME)
    furnish(world, fake, wish)
    if wish.kind == "memory":
        return run_simulated(lambda clock: _in_memory(clock, (wish, fake), work), start=START)
    clock = FastClock(SystemClock(), speed=1000.0, not_before=round(float(START) * MICRO))
    with serving(Seat(fake, clock, NAME), tcp=0 if wish.kind == "tcp" else None) as (server, port):
        return asyncio.run(_served((wish, fake), (open_stream(port), server.hand), work))


async def _in_memory(
    clock: SimulatedClock, given: tuple[Wish, FakeOwnHandler], work: Callable[[Bench], Coroutine[object, object, _T]]
) -> _T:
    wish, fake = given
    plant = Plant(clock, NO_LOG, Faults())
    plant.add(NAME, fake)
    plant.add("bench", Table(fake.pipettor.world))
    link = Link(plant.connect(NAME), name=NAME)
    await link.open()

    def hand(action: str, **details: object) -> None:
        plant.hand(NAME, action, **details)

    handler = OwnHandler(link, small_deck(), control=wish.control)
    return await work(Bench(handler, fake, link, hand, plant.faults))


async def _served(
    given: tuple[Wish, FakeOwnHandler],
    far: tuple[ByteStream, Callable[..., None]],
    work: Callable[[Bench], Coroutine[object, object, _T]],
) -> _T:
    wish, fake = given
    stream, hand = far
    link = Link(stream, name=NAME)
    await link.open()

    handler = OwnHandler(link, small_deck(), control=wish.control)
    try:
        return await work(Bench(handler, fake, link, hand, Faults()))
    finally:
        await link.close()
