"""What every ramping device gives over every transport: the same suite on memory, pty and TCP; degC, K/min."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from automation.kernel.clock import SimulatedClock, SystemClock, run_simulated
from automation.kernel.quantity import Celsius, Instant, KelvinPerMinute
from fakes.cryostream import FakeCryostream, build
from fakes.faults import Faults
from fakes.plant import Plant, PlantLog
from fakes.serve import FastClock, Seat, serving
from fakes.world import World
from instruments.drivers.cryostream.driver import FACTORY, Cryostream
from instruments.interfaces.ramp import Ramp, RampState
from instruments.transport import Link
from instruments.transport.ports import open_stream

SPEED = 50.0  # a packet every 20 ms
DOWN = Ramp(KelvinPerMinute(2.0), Celsius(4.0))
NOON = Instant(1_780_000_000.0)

pytestmark = pytest.mark.requirement("C06", "C07")


async def assert_ramped(link: Link, fake: FakeCryostream) -> None:
    """Identify, ramp, hold, rest."""
    await link.open()
    driver = FACTORY.build(link, {}, control=True)
    assert isinstance(driver, Cryostream)
    assert (await driver.identify()).serial == "1234"
    assert (await driver.look()).state is RampState.RESTING
    await driver.ramp(ramp=DOWN)
    seen = await driver.look()
    assert (seen.state, seen.ramp) == (RampState.RAMPING, DOWN)
    await driver.hold()
    assert (await driver.look()).state is RampState.KEEPING
    await driver.rest()
    assert (await driver.look()).state is RampState.RESTING
    await link.close()
    assert fake.acts == {"ramp": 1, "hold": 1, "rest": 1}


@contextlib.asynccontextmanager
async def served(kind: str, fake: FakeCryostream) -> AsyncIterator[Link]:
    """Serve a fake whose time runs fast."""
    seat = Seat(fake, FastClock(SystemClock(), speed=SPEED))
    with serving(seat, tcp=0 if kind == "tcp" else None) as (_, port):
        yield Link(open_stream(f"{port}?9600-8N1" if kind == "pty" else port), name="cold")


@pytest.mark.parametrize("kind", ["pty", "tcp"])
def test_it_ramps_holds_and_rests_over_every_transport(kind: str) -> None:
    """By its own count once each, and every time seen in what it streams."""
    fake = build(World(1), "cold", {})

    async def main() -> None:
        async with asyncio.timeout(20.0), served(kind, fake) as link:
            await assert_ramped(link, fake)

    asyncio.run(main())


def test_it_ramps_holds_and_rests_in_memory() -> None:
    """In simulated time."""
    fake = build(World(1), "cold", {})

    async def main(clock: SimulatedClock) -> None:
        plant = Plant(clock, PlantLog(None), Faults(()))
        plant.add("cold", fake)
        await assert_ramped(Link(plant.connect("cold"), name="cold"), fake)

    run_simulated(main, start=NOON)
