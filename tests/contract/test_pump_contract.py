"""What every pump gives over every transport: the same suite on memory, pty and TCP; 1/min."""

import asyncio
import contextlib
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from typing import cast

import pytest

from automation.engine.handles import Container
from automation.kernel.clock import SystemClock
from automation.kernel.errors import RefusedError
from automation.kernel.quantity import Instant
from fakes.plant import Build, Fake
from fakes.serve import Seat, serving
from fakes.world import World
from instruments.drivers.factory import Factory
from instruments.interfaces.pump import Pump, PumpSetting, Turning
from instruments.transport import ByteStream, Link, MemoryStream
from instruments.transport.ports import open_stream

PUMPS: Mapping[str, str] = {"reglo_icc": "9600-8N1", "watson_marlow": "9600-8N2"}
FLOW = {"source": Container("HARVEST"), "dest": Container("WASHED")}
NOON = Instant(1_780_000_000.0)

pytestmark = pytest.mark.requirement("C06", "C07")


def installed(group: str, name: str) -> object:
    """Load what stands under an entry point."""
    [point] = entry_points(group=f"cellwright.{group}", name=name)
    return point.load()


@contextlib.contextmanager
def cable(kind: str, fake: Fake, line: str) -> Iterator[ByteStream]:
    """Lay a cable to a fake; a serial line is set as the device needs it."""
    if kind == "memory":
        memory = MemoryStream()
        memory.peer = lambda data: memory.deliver(fake.feed(data, NOON))
        yield memory
        return
    with serving(Seat(fake, SystemClock()), tcp=0 if kind == "tcp" else None) as (_, port):
        yield open_stream(f"{port}?{line}" if kind == "pty" else port)


async def driven(pump: Pump) -> None:
    """Set it, let it turn, let it stand."""
    assert await pump.identify() == await pump.identify()
    await pump.prepare(setting=PumpSetting(12.5, clockwise=False))
    seen = await pump.look()
    assert (seen.state, seen.rpm, seen.clockwise) == (Turning.STOPPED, 12.5, False)
    await pump.start(**FLOW)
    assert (await pump.look()).state is Turning.RUNNING
    with pytest.raises(RefusedError, match="while it turns"):
        await pump.prepare(setting=PumpSetting(20.0, clockwise=False))
    await pump.stop()
    await pump.stop()
    assert (await pump.look()).state is Turning.STOPPED


@pytest.mark.parametrize("kind", ["memory", "pty", "tcp"])
@pytest.mark.parametrize("name", PUMPS)
def test_a_pump_is_set_turns_and_stands_over_every_transport(name: str, kind: str) -> None:
    """It turned once and was stopped once, by its own count."""
    fake = cast("Build", installed("fakes", name))(World(1), "pump", {})

    async def main(stream: ByteStream) -> None:
        link = Link(stream, name="pump")
        await link.open()
        factory = installed("drivers", name)
        assert isinstance(factory, Factory)
        await driven(cast("Pump", factory.build(link, {}, control=True)))
        await link.close()

    with cable(kind, fake, PUMPS[name]) as stream:
        asyncio.run(main(stream))
    assert getattr(fake, "acts", None) == {"start": 1, "stop": 1}
