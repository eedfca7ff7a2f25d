"""What contacts give over every transport and framing, and a client and a server that are not ours: pymodbus."""

import asyncio
import contextlib
from collections.abc import Iterator

import pytest
from pymodbus import FramerType
from pymodbus.client import ModbusTcpClient
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from automation.kernel.clock import SystemClock
from automation.kernel.quantity import Instant
from fakes.digital_inputs import FakeDigitalInputs, build
from fakes.serve import Seat, serving
from fakes.world import World
from instruments.drivers.digital_inputs.driver import FACTORY, DigitalInputs
from instruments.interfaces.contacts import ContactsSeen
from instruments.transport import ByteStream, Link, MemoryStream
from instruments.transport.modbus_lines import Framing
from instruments.transport.ports import open_stream

NOON = Instant(1_780_000_000.0)
WIRED = {"contacts": "door=0:closed, alarm=1:closed, ready=10:open", "debounce": "0.002"}

pytestmark = pytest.mark.requirement("C06", "C07")


@contextlib.contextmanager
def cable(kind: str, fake: FakeDigitalInputs) -> Iterator[ByteStream]:
    """Lay a cable to a module."""
    if kind == "memory":
        memory = MemoryStream()
        memory.peer = lambda data: memory.deliver(fake.feed(data, NOON))
        yield memory
        return
    with serving(Seat(fake, SystemClock()), tcp=0 if kind == "tcp" else None) as (_, port):
        yield open_stream(f"{port}?9600-8N1" if kind == "pty" else port)


async def looked(stream: ByteStream, framing: str) -> ContactsSeen:
    """Identify, and look."""
    link = Link(stream, name="module")
    await link.open()
    driver = FACTORY.build(link, {**WIRED, "framing": framing}, control=False)
    assert isinstance(driver, DigitalInputs)
    assert (await driver.identify()).configuration
    seen = await driver.look()
    assert list(seen.channels) == list(driver.channels)
    await link.close()
    return seen


@pytest.mark.parametrize("kind", ["memory", "pty", "tcp"])
@pytest.mark.parametrize("framing", list(Framing))
def test_contacts_read_over_every_transport(framing: Framing, kind: str) -> None:
    """A door that stands open, and two contacts that are normal."""
    fake = build(World(1), "module", {**WIRED, "framing": framing})
    fake.hand("work", {"contact": "door", "normal": False}, Instant(float(NOON) - 1.0))
    with cable(kind, fake) as stream:
        assert asyncio.run(looked(stream, framing)).off == ("door",)


def test_pymodbus_reads_the_contacts_of_our_module() -> None:
    """Discrete inputs and coils; an input that is not there is exception 2."""
    fake = build(World(1), "module", {**WIRED, "framing": "tcp"})
    with serving(Seat(fake, SystemClock()), tcp=0) as (_, port):
        client = ModbusTcpClient("127.0.0.1", port=int(port.rpartition(":")[2]), framer=FramerType.SOCKET)
        assert client.connect()  # type: ignore[no-untyped-call]  # the library declares none
        assert client.read_discrete_inputs(0, count=11, device_id=1).bits[:11] == [True, True] + [False] * 9
        assert client.read_coils(1, count=2, device_id=1).bits[:2] == [True, False]
        assert client.read_discrete_inputs(16, device_id=1).exception_code == 2
        client.close()  # type: ignore[no-untyped-call]  # the library declares none


def test_our_driver_reads_a_module_that_pymodbus_is() -> None:
    """Its own order of bits."""

    async def main() -> ContactsSeen:
        bits = [True, False, *[False] * 8, True, *[False] * 5]
        device = SimDevice(1, [SimData(0, values=bits, datatype=DataType.BITS)])
        server = ModbusTcpServer(device, framer=FramerType.SOCKET, address=("127.0.0.1", 0))
        await server.listen()
        assert isinstance(server.transport, asyncio.Server)
        port = server.transport.sockets[0].getsockname()[1]
        seen = await looked(open_stream(f"tcp:127.0.0.1:{port}"), "tcp")
        await server.shutdown()  # type: ignore[no-untyped-call]  # the library declares none
        return seen

    assert asyncio.run(main()).channels == {"door": 0.0, "alarm": 1.0, "ready": 1.0}
