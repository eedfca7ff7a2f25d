"""A Modbus client and a Modbus server that are not ours: pymodbus reads and programs the fake, and answers our driver.

Units: degC, K/min, s.
"""

import asyncio
import contextlib
from collections.abc import Iterator

import pytest
from pymodbus import FramerType
from pymodbus.client import ModbusSerialClient, ModbusTcpClient
from pymodbus.client.mixin import ModbusClientMixin
from pymodbus.exceptions import ModbusIOException
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from automation.engine.handles import Container
from fakes.eurotherm import EurothermFreezer
from fakes.serve import Seat, serving
from fakes.world import World
from instruments.drivers.eurotherm import driver_modbus
from instruments.drivers.eurotherm.wire import registers
from instruments.interfaces.freezer import RunState
from instruments.transport import Link
from instruments.transport.ports import open_stream
from tests.support.freezers import COMP, LIN, HandClock

pytestmark = pytest.mark.requirement("C05.1", "C06", "C07")

FLOAT = ModbusClientMixin.DATATYPE.FLOAT32
WORDS = 9200  # registers of the server, enough for program 3


class Referee:
    """A pymodbus client on a freezer, in the words of its own library."""

    def __init__(self, client: ModbusSerialClient | ModbusTcpClient) -> None:
        """Use a client that is connected."""
        self.client = client

    def words(self, address: int, *, count: int = 1) -> list[int]:
        """Read registers."""
        reply = self.client.read_holding_registers(address, count=count)
        assert not reply.isError(), reply
        return list(reply.registers)

    def number(self, address: int) -> float:
        """Read a parameter from the image."""
        value = self.client.convert_from_registers(self.words(32768 + 2 * address, count=2), FLOAT)
        assert isinstance(value, float)
        return value

    def put(self, address: int, value: int) -> None:
        """Write one register with function 6."""
        assert not self.client.write_register(address, value).isError()

    def put_number(self, address: int, value: float) -> None:
        """Write a parameter to the image with function 16."""
        words = self.client.convert_to_registers(value, FLOAT)
        assert not self.client.write_registers(32768 + 2 * address, words).isError()


@contextlib.contextmanager
def refereed(kind: str) -> Iterator[tuple[Referee, EurothermFreezer, HandClock]]:
    """Serve a fake and connect a pymodbus client to it, over a pty or TCP."""
    fake, clock = EurothermFreezer(World(1), "freezer"), HandClock()
    with serving(Seat(fake, clock), tcp=0 if kind == "tcp" else None) as (_, port):
        client = (
            ModbusTcpClient("127.0.0.1", port=int(port.rpartition(":")[2]), framer=FramerType.RTU)
            if kind == "tcp"
            else ModbusSerialClient(port.removeprefix("pty:"), baudrate=9600)
        )
        assert client.connect()
        yield Referee(client), fake, clock
        client.close()  # type: ignore[no-untyped-call]  # the library declares none


@pytest.mark.parametrize("kind", ["pty", "tcp"])
def test_pymodbus_reads_the_same_in_words_and_in_the_image(kind: str) -> None:
    """Set point -12.3: the word -123, the float -12.3."""
    with refereed(kind) as (referee, fake, _):
        referee.put_number(registers.TARGET_SP, -12.3)
        assert referee.words(registers.TARGET_SP) == [0x10000 - 123]
        assert referee.number(registers.TARGET_SP) == pytest.approx(-12.3)
        assert fake.chamber.programmer.target == pytest.approx(-12.3)


@pytest.mark.parametrize("kind", ["pty", "tcp"])
def test_pymodbus_programs_the_freezer_and_runs_it(kind: str) -> None:
    """A ramp of 10 K/min from 4 to -6 degC: half way after half a minute, complete after one."""
    with refereed(kind) as (referee, fake, clock):
        referee.put_number(registers.TARGET_SP, 4.0)
        clock.passed += 600
        referee.put(registers.block(1, 1) + registers.SEG_TYPE, registers.Type.RAMP_RATE)
        referee.put_number(registers.block(1, 1) + registers.SEG_TARGET, -6.0)
        referee.put_number(registers.block(1, 1) + registers.SEG_RATE, 10.0)
        referee.put(registers.STATUS, registers.Status.RUN)
        clock.passed += 30
        assert referee.number(registers.WORKING_SP) == pytest.approx(-1.0, abs=0.01)
        clock.passed += 31
        assert referee.words(registers.STATUS) == [registers.Status.COMPLETE]
        assert fake.acts["start"] == 1


@pytest.mark.requirement("C05.1", "C07", refuses=True)
@pytest.mark.parametrize("kind", ["pty", "tcp"])
def test_pymodbus_is_refused_with_exceptions_that_it_understands(kind: str) -> None:
    """An address that is not there, a value that is not allowed."""
    with refereed(kind) as (referee, _, _):
        assert referee.client.read_holding_registers(5000).exception_code == 2
        assert referee.client.write_register(registers.STATUS, 5).exception_code == 3


def test_pymodbus_gets_no_answer_without_power() -> None:
    """Silence is silence for every client."""
    with refereed("tcp") as (referee, fake, _):
        fake.chamber.powered = False
        referee.client.comm_params.timeout_connect = 0.05
        with pytest.raises(ModbusIOException):
            referee.client.read_holding_registers(registers.PV)


def memory() -> list[SimData]:
    """Give the registers of a controller in reset, as pymodbus keeps them: words below, the image above."""
    words, image = [0] * WORDS, [0] * (2 * WORDS)
    words[registers.STATUS], words[registers.MOST_SEGMENTS], words[registers.PROGRAMS] = 1, 16, 4
    for address, value in ((registers.SP_HIGH, 50.0), (registers.SP_LOW, -180.0), (registers.PV, 3.9)):
        words[address] = round(value * 10) & 0xFFFF
        image[2 * address : 2 * address + 2] = ModbusClientMixin.convert_to_registers(value, FLOAT)
    return [
        SimData(0, values=words, datatype=DataType.REGISTERS),
        SimData(registers.IMAGE, values=image, datatype=DataType.REGISTERS),
    ]


async def against_pymodbus() -> tuple[object, ...]:
    """Let the driver do a whole job on a pymodbus server; gives what it found."""
    server = ModbusTcpServer(SimDevice(1, memory()), framer=FramerType.RTU, address=("127.0.0.1", 0))
    await server.listen()
    assert isinstance(server.transport, asyncio.Server)
    port = server.transport.sockets[0].getsockname()[1]
    link = Link(open_stream(f"tcp:127.0.0.1:{port}"), name="freezer")
    await link.open()
    driver = driver_modbus.build(link, {"model": "2408"}, control=True)
    found: list[object] = [(await driver.identify()).model, round(float(await driver.chamber()), 1)]
    for program in (LIN, COMP):
        await driver.load(program=program)
        found.append(await driver.loaded(program=program))
    await driver.start(containers=(Container("bag"),))
    found.append((await driver.run()).state)
    await link.close()
    await server.shutdown()  # type: ignore[no-untyped-call]  # the library declares none
    return tuple(found)


def test_our_driver_works_against_a_pymodbus_server() -> None:
    """It identifies, reads, loads two programs, reads them back, starts and looks."""
    assert asyncio.run(against_pymodbus()) == ("2408", 3.9, LIN, COMP, RunState.RUN)
