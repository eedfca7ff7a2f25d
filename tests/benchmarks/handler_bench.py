"""Recorded transfers on our own liquid handler: an aspiration and a dispense through binding, driver, bytes and fake.

Runs with the shipped simulated setting: a real ledger file, committed when a group is full, and the plant's log; the
fake takes its simulated time for every motion and moves the liquid in the world. One channel each.
Run:   ``python -m tests.benchmarks.handler_bench``
Units: s for 1,000 transfers. Yardstick: as many recorded steps of a freezer as there are acts, in the same
run (``steps_bench``, which has bluesky for its own yardstick).
"""

import asyncio
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import cast

from automation.engine.binding import STAY, Binding, Stay
from automation.engine.handles import Container
from automation.engine.journal import Journal
from automation.engine.recorder import Recorder
from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.quantity import Cells, Celsius, Microlitres, Millilitres
from automation.ledger.event import Genesis, Mode
from automation.ledger.store import Ledger
from fakes.contents import filled
from fakes.faults import Faults
from fakes.own_handler import FakeOwnHandler
from fakes.plant import Plant, PlantLog
from fakes.world import Container as Vessel
from fakes.world import World
from instruments.drivers.own_handler.driver import OwnHandler
from instruments.interfaces.liquid_handler import Aspirate, Dispense, LiquidHandler, TipMove
from instruments.transport import Link
from tests.benchmarks import star_bench, steps_bench
from tests.benchmarks.steps_bench import KEY, START, Open
from tests.support.handlers import NAME, small_deck

TRANSFERS = 1_000
VOLUME = 100.0  # uL
FULL = 150_000.0  # uL in the trough
PRODUCT = (Container("full"), Container("empty"))


def ours(transfers: int = TRANSFERS) -> float:
    """Give the seconds that so many recorded transfers take."""

    async def main(clock: SimulatedClock) -> float:
        with TemporaryDirectory() as name:
            return await _transfers(clock, Path(name), transfers)

    return run_simulated(main, start=START)


def spent(transfers: int = TRANSFERS) -> tuple[float, float]:
    """Give the processor seconds of so many transfers, set-up included, and the seconds that they took by the clock."""
    begun = time.process_time()
    taken = ours(transfers)
    return time.process_time() - begun, taken


async def _transfers(clock: SimulatedClock, folder: Path, transfers: int) -> float:
    genesis = Genesis(
        ledger="00" * 16, mode=Mode.SIMULATED, site="bench", zone="UTC", created=clock.micros(), release="bench"
    )
    ledger = Ledger.create(folder, genesis=genesis, key=KEY)
    handler = await _handler(clock, folder, ledger)
    begun, before = time.perf_counter(), ledger.last.seq
    for number in range(transfers):
        done = VOLUME * number
        drawn = Aspirate(1, "trough.A1", Microlitres(VOLUME), Microlitres(FULL - done))
        given = Dispense(1, "trough.A2", Microlitres(VOLUME), Microlitres(done), Microlitres(VOLUME))
        await handler.aspirate(moves=(drawn,), containers=PRODUCT)
        await handler.dispense(moves=(given,), containers=PRODUCT)
    ledger.flush()
    taken = time.perf_counter() - begun
    if ledger.last.seq - before != 4 * transfers:
        msg = f"{ledger.last.seq - before} events of {transfers} transfers; two calls and two replies were expected"
        raise AssertionError(msg)
    ledger.close()
    return taken


async def _handler(clock: SimulatedClock, folder: Path, ledger: Ledger) -> LiquidHandler:
    """Give a bound handler with a tip on, a full trough and an empty one."""
    world = World(1)
    plant = Plant(clock, PlantLog(folder / "plant.log", every=False), Faults())
    plant.add(NAME, FakeOwnHandler(world, NAME))
    for name, position, volume in (("full", "trough.A1", FULL / 1000), ("empty", "trough.A2", 0.0)):
        contents = filled(Millilitres(volume), live=Cells(1e6 * volume), dmso=0.1)
        world.add(Vessel(name, "trough", contents=contents), place="bench", at=Celsius(22.0), now=clock.now())
        plant.hand(NAME, "place", position=position, container=name)
    link = Link(plant.connect(NAME), name=NAME)
    await link.open()
    binding = Binding(Recorder(ledger, clock, "batch/B/step/s"), Open())
    driver = OwnHandler(link, small_deck(), control=True)
    handler = cast("LiquidHandler", binding.bind(NAME, driver, LiquidHandler))
    free = asyncio.Event()
    free.set()
    STAY.set(Stay(1, Journal(1), free))
    await handler.set_up()
    await handler.pick_up(tips=(TipMove(1, "tips.A1"),))
    return handler


def main() -> None:
    """Print the figure."""
    ours(100)  # the first round would pay for what is loaded once
    steps_bench.ours(500)
    pairs = [(*spent(), 2 * TRANSFERS / steps_bench.ours(2 * TRANSFERS)) for _ in range(3)]
    busy, taken = min((own, wall) for own, wall, _ in pairs)
    ratio = median(wall / steps for _, wall, steps in pairs)
    sys.stdout.write(
        f"{TRANSFERS} recorded transfers on our own handler: {busy:.3f} s of processor (at most 0.5),"
        f" {taken:.3f} s by the clock\n"
    )
    sys.stdout.write(f"  against {2 * TRANSFERS} recorded steps of a freezer (a set and a read each): {ratio:.2f}\n")
    star_bench.main()


if __name__ == "__main__":
    main()
