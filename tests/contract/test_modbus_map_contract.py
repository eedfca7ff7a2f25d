"""What every map gives over every transport, whatever the device: the same suite on memory, pty and TCP."""

import asyncio
import contextlib
from collections.abc import Iterator

import pytest

from automation.kernel.clock import SystemClock
from automation.kernel.quantity import Instant
from fakes.modbus_map import build
from fakes.serve import Seat, serving
from fakes.world import World
from instruments.drivers.modbus_map.driver import FACTORY, ModbusMap
from instruments.drivers.modbus_map.wire.load import find, shipped
from instruments.interfaces.measuring import Quality, Seen
from instruments.transport import ByteStream, Link, MemoryStream
from instruments.transport.ports import open_stream

NOON = Instant(1_780_000_000.0)
EVERY = [(name, framing.value) for name in shipped() for framing in find(name).framings]

pytestmark = pytest.mark.requirement("C06", "C07")


@contextlib.contextmanager
def cable(kind: str, given: dict[str, str]) -> Iterator[ByteStream]:
    """Lay a cable to a new device; a serial line is set as the device needs it."""
    fake = build(World(1), "device", given)
    if kind == "memory":
        memory = MemoryStream()
        memory.peer = lambda data: memory.deliver(fake.feed(data, NOON))
        yield memory
        return
    with serving(Seat(fake, SystemClock()), tcp=0 if kind == "tcp" else None) as (_, port):
        line = find(given["map"]).serial.replace(" ", "-") if kind == "pty" else ""
        yield open_stream(f"{port}?{line}" if line else port)


async def looked(stream: ByteStream, given: dict[str, str]) -> tuple[Seen, ModbusMap]:
    """Identify and look twice."""
    link = Link(stream, name="device")
    await link.open()
    driver = FACTORY.build(link, given, control=False)
    assert isinstance(driver, ModbusMap)
    who = [await driver.identify() for _ in range(2)]
    seen = [await driver.look() for _ in range(2)]
    await link.close()
    assert (who[0], seen[0]) == (who[1], seen[1])
    return seen[0], driver


@pytest.mark.parametrize("kind", ["memory", "pty", "tcp"])
@pytest.mark.parametrize(("name", "framing"), EVERY)
def test_every_channel_of_every_map_reads_over_every_transport(name: str, framing: str, kind: str) -> None:
    """In the order of the map, each within its range and with its unit; nothing is wrong."""
    given = {"map": name, "framing": framing}
    with cable(kind, given) as stream:
        seen, driver = asyncio.run(looked(stream, given))
    assert [(one.channel, one.unit) for one in seen.readings] == list(driver.channels.items())
    assert {one.quality for one in seen.readings} == {Quality.GOOD}
    assert seen.faults == ()
    assert list(seen.channels) == list(driver.channels)
