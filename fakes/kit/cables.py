"""Cables to one fake, for tests of a driver: in simulated time with faults, or over memory, pty and TCP in real time.

Only the far end of the cable is false: the link, the streams and the driver are those of a real device.
Units: s.
"""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from automation.kernel.clock import SimulatedClock, SystemClock, run_simulated
from automation.kernel.quantity import Instant, Seconds
from fakes.faults import Fault, Faults
from fakes.plant import Fake, Plant, PlantLog
from fakes.serve import Seat, serving
from instruments.transport import Link, MemoryStream
from instruments.transport.ports import open_stream

KINDS = ("memory", "pty", "tcp")
DEVICE = "device"
"""The name of the link of a bench; a ``Fault`` names it."""
START = Instant(1_780_000_000.0)


@dataclass(frozen=True, slots=True)
class Bench:
    """One fake at the end of a cable in simulated time."""

    clock: SimulatedClock
    plant: Plant
    link: Link

    async def go(self, seconds: float) -> None:
        """Let time pass."""
        await self.clock.sleep(Seconds(seconds))

    def hand(self, action: str, **details: object) -> None:
        """Let a person's hand act on the device."""
        self.plant.hand(DEVICE, action, **details)


def at_bench(fake: Fake, script: Callable[[Bench], Awaitable[None]], *faults: Fault) -> None:
    """Run a script with an open link to a fake, in simulated time; faults are those of the link ``DEVICE``."""

    async def main(clock: SimulatedClock) -> None:
        plant = Plant(clock, PlantLog(None), Faults(faults))
        plant.add(DEVICE, fake)
        link = Link(plant.connect(DEVICE), name=DEVICE)
        await link.open()
        await script(Bench(clock, plant, link))

    run_simulated(main, start=START)


@contextlib.asynccontextmanager
async def cable(fake: Fake, kind: str) -> AsyncIterator[Link]:
    """Lay a cable of one of ``KINDS`` to a fake on this machine, in real time; gives the open link."""
    clock = SystemClock()
    if kind == "memory":
        stream = MemoryStream(lambda data: stream.deliver(fake.feed(data, clock.now())))
        link = Link(stream, name=DEVICE)
        await link.open()
        yield link
        await link.close()
        return
    with serving(Seat(fake, clock, DEVICE), tcp=0 if kind == "tcp" else None) as (_, port):
        link = Link(open_stream(port), name=DEVICE)
        await link.open()
        yield link
        await link.close()
