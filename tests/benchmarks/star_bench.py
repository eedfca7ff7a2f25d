"""Recorded transfers on a STAR through our driver, against PyLabRobot alone, both on the same fake.

Ours:  binding, ledger and plant's log, driver, PyLabRobot's back end on its thread, link, fake, in simulated time.
Alone: PyLabRobot's front end and back end as its users drive them, its own labware, no record, answers at once.
Units: s for ``ROUNDS`` times eight channels, drawn from a trough and given into eight vials.
"""

import asyncio
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import cast

from pylabrobot.liquid_handling import LiquidHandler as PlrHandler
from pylabrobot.liquid_handling.backends.hamilton.STAR_backend import STARBackend
from pylabrobot.resources import TipRack, Trough, Tube
from pylabrobot.resources.eppendorf.tubes import Eppendorf_DNA_LoBind_2ml_Ub
from pylabrobot.resources.hamilton import (
    TIP_CAR_480_A00,
    STARDeck,
    Trough_CAR_4R200_A00,
    hamilton_1_trough_200mL_Vb,
    hamilton_96_tiprack_1000uL_filter,
    hamilton_tube_carrier_32_a00_insert_eppendorf_1_5mL,
)

from automation.engine.binding import STAY, Binding, Stay
from automation.engine.handles import Container
from automation.engine.journal import Journal
from automation.engine.recorder import Recorder
from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.quantity import Cells, Celsius, Instant, Microlitres, Millilitres
from automation.ledger.event import Genesis, Mode
from automation.ledger.store import Ledger
from fakes.contents import filled
from fakes.faults import Faults
from fakes.hamilton_star import FakeHamiltonStar
from fakes.plant import Plant, PlantLog
from fakes.world import Container as Vessel
from fakes.world import World
from instruments.drivers.hamilton_star import driver, wire
from instruments.drivers.hamilton_star.backstage import Usb
from instruments.interfaces.liquid_handler import Aspirate, Dispense, LiquidHandler, TipMove
from instruments.labware.deck import load
from instruments.transport import Link
from tests.benchmarks.steps_bench import KEY, START, Open

ROUNDS = 20
VOLUME = 50.0  # uL
NAME, EIGHT = "handler", range(1, 9)
PRODUCT = (Container("product"),)
FOREVER = Instant(1e12)


def star(world: World) -> FakeHamiltonStar:
    """Give a STAR with 100 mL in the trough and eight empty vials."""
    fake = FakeHamiltonStar(world, NAME, load("final-day-star"))
    places = {"product": ("trough", "trough.A1", 100.0)} | {
        f"vial{n}": ("vial", f"vials.{'ABCDEFGH'[n - 1]}1", 0.0) for n in EIGHT
    }
    for name, (kind, position, volume) in places.items():
        contents = filled(Millilitres(volume), live=Cells(1e6 * volume))
        world.add(Vessel(name, kind, contents=contents), place="bench", at=Celsius(22.0), now=START)
        fake.hand("place", {"position": position, "container": name}, START)
    return fake


def ours(rounds: int = ROUNDS) -> float:
    """Give the seconds that so many recorded rounds take through our driver."""

    async def main(clock: SimulatedClock) -> float:
        with TemporaryDirectory() as name:
            return await _ours(clock, Path(name), rounds)

    return run_simulated(main, start=START)


async def _ours(clock: SimulatedClock, folder: Path, rounds: int) -> float:
    genesis = Genesis(
        ledger="00" * 16, mode=Mode.SIMULATED, site="bench", zone="UTC", created=clock.micros(), release="bench"
    )
    ledger = Ledger.create(folder, genesis=genesis, key=KEY)
    handler = await _bound(clock, folder, ledger)
    await handler.set_up()
    await handler.pick_up(tips=tuple(TipMove(n, f"tips.{'ABCDEFGH'[n - 1]}1") for n in EIGHT))
    begun = time.perf_counter()
    for done in range(rounds):
        there = Microlitres(100_000.0 - 8 * VOLUME * done)
        drawn = tuple(Aspirate(n, "trough.A1", Microlitres(VOLUME), there) for n in EIGHT)
        given = tuple(
            Dispense(
                n, f"vials.{'ABCDEFGH'[n - 1]}1", Microlitres(VOLUME), Microlitres(VOLUME * done), Microlitres(VOLUME)
            )
            for n in EIGHT
        )
        await handler.aspirate(moves=drawn, containers=PRODUCT)
        await handler.dispense(moves=given, containers=PRODUCT)
    ledger.flush()
    taken = time.perf_counter() - begun
    ledger.close()
    return taken


async def _bound(clock: SimulatedClock, folder: Path, ledger: Ledger) -> LiquidHandler:
    """Give a handler whose every call is recorded."""
    plant = Plant(clock, PlantLog(folder / "plant.log", every=False), Faults())
    plant.add(NAME, star(World(1)))
    link = Link(plant.connect(NAME), name=NAME)
    await link.open()
    binding = Binding(Recorder(ledger, clock, "batch/B/step/s"), Open())
    made = driver.build(link, {"deck": "final-day-star"}, control=True)
    free = asyncio.Event()
    free.set()
    STAY.set(Stay(1, Journal(1), free))
    return cast("LiquidHandler", binding.bind(NAME, made, LiquidHandler))


def plugged(fake: FakeHamiltonStar) -> Usb:
    """Give PyLabRobot's USB with a fake at its end, which answers at once."""
    usb = Usb()

    def answer(data: bytes, to: asyncio.Future[bytes]) -> None:
        said = fake.feed(data + wire.END, START) or fake.unasked(FOREVER)
        to.set_result(said.removesuffix(wire.END))

    usb.pass_on = answer
    return usb


def alone(rounds: int = ROUNDS) -> float:
    """Give the seconds that so many rounds take on PyLabRobot alone."""
    return asyncio.run(_alone(rounds))


async def _alone(rounds: int) -> float:
    backend = STARBackend()
    backend.io = plugged(star(World(1)))
    deck = STARDeck()
    tips, trough, vials = labware(deck)
    handler = PlrHandler(backend, deck=deck)
    await handler.setup()
    await handler.pick_up_tips(tips["A1:H1"])
    begun = time.perf_counter()
    for _ in range(rounds):
        await handler.aspirate([trough] * 8, vols=[VOLUME] * 8)
        await handler.dispense(vials, vols=[VOLUME] * 8)
    taken = time.perf_counter() - begun
    await handler.stop()
    return taken


def labware(deck: STARDeck) -> tuple[TipRack, Trough, list[Tube]]:
    """Put PyLabRobot's own labware where our deck has it; gives rack, trough and eight tubes."""
    tip_carrier, troughs = TIP_CAR_480_A00("tip carrier"), Trough_CAR_4R200_A00("trough carrier")
    tubes = hamilton_tube_carrier_32_a00_insert_eppendorf_1_5mL("tube carrier")
    tip_carrier[2] = tips = hamilton_96_tiprack_1000uL_filter("tips")
    troughs[1] = trough = hamilton_1_trough_200mL_Vb("trough")
    vials = []
    for site in range(31, 23, -1):  # the rearmost first
        tubes[site] = vial = Eppendorf_DNA_LoBind_2ml_Ub(f"vial {site}")
        vials.append(vial)
    for carrier, rails in ((tip_carrier, 3), (troughs, 11), (tubes, 15)):
        deck.assign_child_resource(carrier, rails=rails)
    return tips, trough, vials


def star_against_pylabrobot(rounds: int = 3) -> tuple[float, float]:
    """Give the seconds of one recorded transfer of eight channels, and their ratio to PyLabRobot alone (medians)."""
    ours(2)  # the first round would pay for what is loaded once
    alone(2)
    pairs = [(ours(), alone()) for _ in range(rounds)]
    return median(mine for mine, _ in pairs) / ROUNDS, median(mine / theirs for mine, theirs in pairs)


def main() -> None:
    """Print the figures."""
    each, ratio = star_against_pylabrobot()
    sys.stdout.write(f"a recorded transfer of eight channels through the STAR driver: {each * 1000:.1f} ms\n")
    sys.stdout.write(f"  against PyLabRobot alone on the same fake: {ratio:.2f} (at most 1.15)\n")


if __name__ == "__main__":
    main()
