"""What every particle counter gives over every transport, and clients and servers that are not ours; um, s."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
from pymodbus import FramerType
from pymodbus.client import ModbusSerialClient, ModbusTcpClient
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from automation.kernel.clock import SystemClock
from automation.kernel.errors import RefusedError
from automation.kernel.quantity import Instant
from fakes.lighthouse import build
from fakes.serve import FastClock, Seat, serving
from fakes.world import World
from instruments.drivers.lighthouse import wire
from instruments.drivers.lighthouse.driver import FACTORY, Lighthouse
from instruments.transport import Link, MemoryStream
from instruments.transport.ports import open_stream

FRAMERS = {"ascii": FramerType.ASCII, "tcp": FramerType.SOCKET}
SPEED = 1200.0  # a sample of a minute in 50 ms

pytestmark = pytest.mark.requirement("C06", "C07")


def given(framing: str) -> dict[str, str]:
    """Give the settings of driver and fake; a room of grade C has particles."""
    return {"sizes": "0.5,5.0", "flow": "28.3", "framing": framing}


@contextlib.asynccontextmanager
async def counter(kind: str, framing: str) -> AsyncIterator[Lighthouse]:
    """Lay a cable to a new counter whose time runs fast, and open it."""
    clock = FastClock(SystemClock(), speed=SPEED)
    fake = build(World(1), "counter", {**given(framing), "grade": "C"})
    with contextlib.ExitStack() as stack:
        if kind == "memory":
            memory = MemoryStream()
            memory.peer = lambda data: memory.deliver(fake.feed(data, Instant(clock.micros() / 1e6)))
            link = Link(memory)
        else:
            served = serving(Seat(fake, clock), tcp=0 if kind == "tcp" else None)
            _, port = stack.enter_context(served)
            link = Link(open_stream(f"{port}?19200-8N1" if kind == "pty" else port))
        await link.open()
        driver = FACTORY.build(link, given(framing), control=True)
        assert isinstance(driver, Lighthouse)
        yield driver
        await link.close()


async def assert_counts(driver: Lighthouse) -> None:
    """Start, wait for a record, take it once, stop."""
    assert (await driver.identify()).serial
    await driver.start()
    while not (state := await driver.look()).new_data:
        assert state.running
    await driver.stop()
    records = (await driver.look()).records
    found = await driver.take(record=records)
    sizes = [one.size for one in found.counts]
    assert (found.number, sizes == sorted(sizes), len(sizes)) == (records, True, 2)
    assert [one.cumulative for one in found.counts] == sorted((one.cumulative for one in found.counts), reverse=True)
    assert sum(one.differential for one in found.counts) == found.counts[0].cumulative > 0
    with pytest.raises(RefusedError):
        await driver.take(record=records)
    assert not (await driver.look()).new_data


def assert_over(kind: str, framing: str, script: Callable[[Lighthouse], Awaitable[None]]) -> None:
    """Run a script on an open counter."""

    async def main() -> None:
        async with asyncio.timeout(20.0), counter(kind, framing) as driver:
            await script(driver)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("kind", "framing"), [("memory", "ascii"), ("memory", "tcp"), ("pty", "ascii"), ("tcp", "tcp")]
)
def test_a_counter_counts_over_every_transport(kind: str, framing: str) -> None:
    """Started, watched, its record taken once, stopped."""
    assert_over(kind, framing, assert_counts)


@contextlib.contextmanager
def refereed(framing: str) -> Iterator[ModbusSerialClient | ModbusTcpClient]:
    """Serve a fake and connect a pymodbus client to it."""
    fake = build(World(1), "counter", {**given(framing), "grade": "C"})
    clock = FastClock(SystemClock(), speed=SPEED)
    with serving(Seat(fake, clock), tcp=0 if framing == "tcp" else None) as (_, port):
        client = (
            ModbusTcpClient("127.0.0.1", port=int(port.rpartition(":")[2]))
            if framing == "tcp"
            else ModbusSerialClient(port.removeprefix("pty:"), baudrate=19200, framer=FRAMERS[framing])
        )
        assert client.connect()
        yield client
        client.close()  # type: ignore[no-untyped-call]  # the library declares none


@pytest.mark.parametrize("framing", list(FRAMERS))
def test_pymodbus_starts_the_counter_and_reads_a_record(framing: str) -> None:
    """Input registers clear the flag of new data; a command that is not known is exception 3."""
    with refereed(framing) as client:
        assert client.write_register(wire.COMMAND, 99).exception_code == 3
        assert not client.write_register(wire.COMMAND, wire.Command.START).isError()
        looks = (client.read_holding_registers(wire.STATUS).registers[0] for _ in range(20_000))
        assert any(status >> wire.NEW_DATA & 1 for status in looks)
        client.write_register(wire.COMMAND, wire.Command.STOP)
        words = client.read_input_registers(wire.RECORD, count=12).registers
        assert words[2:4] == [0, 60]
        assert words[8] << 16 | words[9] >= words[10] << 16 | words[11]
        assert not client.read_holding_registers(wire.STATUS).registers[0] >> wire.NEW_DATA & 1


async def against_pymodbus(framing: str) -> tuple[int, ...]:
    """Let the driver take a record from a pymodbus server."""
    holding, record = [0] * 32, [0x6770, 0x1234, 0, 60, 0, 3, 0, 0, 0, 1200, 0, 7]
    holding[wire.STATUS], holding[wire.RECORDS] = 1 << wire.NEW_DATA, 5
    device = SimDevice(
        1,
        simdata=(
            [SimData(0, values=[False], datatype=DataType.BITS)],
            [SimData(0, values=[False], datatype=DataType.BITS)],
            [SimData(0, values=holding, datatype=DataType.REGISTERS)],
            [SimData(0, values=record, datatype=DataType.REGISTERS)],
        ),
    )
    server = ModbusTcpServer(device, framer=FRAMERS[framing], address=("127.0.0.1", 0))
    await server.listen()
    assert isinstance(server.transport, asyncio.Server)
    link = Link(open_stream(f"tcp:127.0.0.1:{server.transport.sockets[0].getsockname()[1]}"))
    await link.open()
    driver = FACTORY.build(link, given(framing), control=True)
    assert isinstance(driver, Lighthouse)
    found = await driver.take(record=5)
    await link.close()
    await server.shutdown()  # type: ignore[no-untyped-call]  # the library declares none
    return (*(one.cumulative for one in found.counts), found.location, round(float(found.at)))


@pytest.mark.parametrize("framing", list(FRAMERS))
def test_our_driver_takes_a_record_from_a_pymodbus_server(framing: str) -> None:
    """Counts with the high word first, location, time."""
    assert asyncio.run(against_pymodbus(framing)) == (1200, 7, 3, 0x67701234)
