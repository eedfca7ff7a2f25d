"""Recorded simulated steps against bluesky: one set and one read through driver, bytes and fake, both in the ledger.

Yardstick: bluesky's RunEngine doing its nine-message step (checkpoint, set, wait, trigger, wait, create, two reads,
save) on ophyd-async soft devices, nothing recorded. Ours runs with the shipped simulated setting: a real ledger file,
committed when a group is full, and the plant's log.
Units: steps/s.
"""

import asyncio
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from automation.engine.binding import STAY, Binding, Stay
from automation.engine.handles import Container, Lot
from automation.engine.journal import Journal
from automation.engine.recorder import Recorder
from automation.kernel.clock import SimulatedClock, instant, run_simulated
from automation.kernel.effect import Effect
from automation.kernel.quantity import Celsius
from automation.ledger.event import Genesis, Mode
from automation.ledger.store import Ledger
from fakes.eurotherm import EurothermFreezer
from fakes.faults import Faults
from fakes.plant import Plant, PlantLog
from fakes.world import World
from instruments.drivers.eurotherm.driver_modbus import build
from instruments.interfaces.freezer import ControlledRateFreezer
from instruments.transport import Link

START = instant("2026-01-05T08:00:00")
KEY = bytes(range(32))  # private; worth nothing outside benchmarks


class Open:
    """Gates that stand open; what gates cost is measured with whole batches."""

    def check(self, asset: str, effect: Effect, touched: tuple[Container | Lot, ...]) -> None:
        """Let everything pass."""


def ours(steps: int = 5_000) -> float:
    """Give recorded steps/s of ours."""

    async def main(clock: SimulatedClock) -> float:
        with TemporaryDirectory() as name:
            return await _steps(clock, Path(name), steps)

    return run_simulated(main, start=START)


async def _steps(clock: SimulatedClock, folder: Path, steps: int) -> float:
    genesis = Genesis(
        ledger="00" * 16, mode=Mode.SIMULATED, site="bench", zone="UTC", created=clock.micros(), release="bench"
    )
    ledger = Ledger.create(folder, genesis=genesis, key=KEY)
    plant = Plant(clock, PlantLog(folder / "plant.log", every=False), Faults())
    plant.add("crf", EurothermFreezer(World(1), "crf"))
    link = Link(plant.connect("crf"))
    await link.open()
    driver = build(link, {"power_fail": "continue"}, control=True)
    binding = Binding(Recorder(ledger, clock, "batch/B/step/s"), Open())
    freezer = cast("ControlledRateFreezer", binding.bind("crf", driver, ControlledRateFreezer))
    free = asyncio.Event()
    free.set()
    STAY.set(Stay(1, Journal(1), free))
    await freezer.identify()
    begun, before = time.perf_counter(), ledger.last.seq
    for number in range(steps):
        await freezer.stand_by(target=Celsius(float(number % 20)))
        await freezer.chamber()
    ledger.flush()
    taken = time.perf_counter() - begun
    if ledger.last.seq - before != 3 * steps:
        msg = f"{ledger.last.seq - before} events of {steps} steps; a call, a reply and a read each were expected"
        raise AssertionError(msg)
    ledger.close()
    return steps / taken
