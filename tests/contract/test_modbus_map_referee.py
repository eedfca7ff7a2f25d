"""A Modbus client and a Modbus server that are not ours, in RTU, ASCII and TCP: pymodbus on both ends; degC, %."""

import asyncio
import contextlib
from collections.abc import Iterator

import pytest
from pymodbus import FramerType
from pymodbus.client import ModbusSerialClient, ModbusTcpClient
from pymodbus.client.mixin import ModbusClientMixin
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from automation.kernel.clock import SystemClock
from automation.kernel.quantity import Instant
from fakes.modbus_map import FakeModbusMap, build
from fakes.serve import Seat, serving
from fakes.world import World
from instruments.drivers.modbus_map.driver import FACTORY, ModbusMap
from instruments.interfaces.measuring import Quality, Seen, SetPoint
from instruments.transport import Link
from instruments.transport.ports import open_stream

FLOAT, UINT = ModbusClientMixin.DATATYPE.FLOAT32, ModbusClientMixin.DATATYPE.UINT32
FRAMERS = {"rtu": FramerType.RTU, "ascii": FramerType.ASCII, "tcp": FramerType.SOCKET}
MAPS = {"rtu": "vaisala_hmt330", "ascii": "thermo_ult", "tcp": "watlow_f4t"}
ARC = "hamilton_arc_ph"

pytestmark = pytest.mark.requirement("C06", "C07")


@contextlib.contextmanager
def refereed(
    framing: str, *, pty: bool, name: str = ""
) -> Iterator[tuple[ModbusSerialClient | ModbusTcpClient, FakeModbusMap]]:
    """Serve a fake and connect a pymodbus client to it; of the map that stands for a framing unless one is named."""
    fake = build(World(1), "device", {"map": name or MAPS[framing], "framing": framing})
    with serving(Seat(fake, SystemClock()), tcp=None if pty else 0) as (_, port):
        client = (
            ModbusSerialClient(port.removeprefix("pty:"), baudrate=9600, framer=FRAMERS[framing])
            if pty
            else ModbusTcpClient("127.0.0.1", port=int(port.rpartition(":")[2]), framer=FRAMERS[framing])
        )
        assert client.connect()
        yield client, fake
        client.close()  # type: ignore[no-untyped-call]  # the library declares none


@pytest.mark.parametrize(("framing", "pty"), [("rtu", True), ("rtu", False), ("ascii", True), ("tcp", False)])
def test_pymodbus_reads_what_the_fake_measures(framing: str, *, pty: bool) -> None:
    """Its own framing, its own float, its own word order; a register that is not there is exception 2."""
    wanted = {"rtu": (2, "little", 21.0), "ascii": (0x4CC, "big", 21.0), "tcp": (2820, "little", 21.0)}
    address, order, value = wanted[framing]
    with refereed(framing, pty=pty) as (client, fake):
        reply = client.read_holding_registers(address, count=2, device_id=fake.unit)
        assert not reply.isError(), reply
        found = client.convert_from_registers(reply.registers, FLOAT, word_order="big" if order == "big" else "little")
        assert found == pytest.approx(value)
        assert client.read_holding_registers(9000, device_id=fake.unit).exception_code == 2


SENSORS = {
    "hamilton_arc_ph": (0x1000, 7.25),
    "hamilton_arc_do": (0x20, 42.5),
    "hamilton_arc_conductivity": (0x400, 12.5),
    "hamilton_arc_density": (1, 1.75),
}


@pytest.mark.parametrize("name", SENSORS)
def test_pymodbus_reads_a_sensor_in_one_block(name: str) -> None:
    """Unit, value and status of both channels by its own word order."""
    code, value = SENSORS[name]
    with refereed("rtu", pty=True, name=name) as (client, fake):
        fake.hand("set", {"channel": fake.map.channels[0].name, "value": value}, Instant(SystemClock().micros() / 1e6))
        block = client.read_holding_registers(2089, count=10, device_id=fake.unit).registers
        assert client.convert_from_registers(block[:2], UINT, word_order="little") == code
        assert client.convert_from_registers(block[2:4], FLOAT, word_order="little") == pytest.approx(value)
        heat = client.read_holding_registers(2409, count=10, device_id=fake.unit).registers
        assert client.convert_from_registers(heat[:2], UINT, word_order="little") == 4
        assert client.convert_from_registers(heat[2:4], FLOAT, word_order="little") == pytest.approx(21.0)


def test_pymodbus_sets_a_freezer() -> None:
    """A float with function 16; what is beyond the range is exception 3."""
    with refereed("tcp", pty=False) as (client, fake):
        words = client.convert_to_registers(-80.0, FLOAT, word_order="little")
        assert not client.write_registers(2782, words, device_id=fake.unit).isError()
        assert fake.kept["set point"] == -80.0
        beyond = client.convert_to_registers(900.0, FLOAT, word_order="little")
        assert client.write_registers(2782, beyond, device_id=fake.unit).exception_code == 3


def registers(framing: str, name: str) -> SimDevice:
    """Give the registers of a device, as pymodbus keeps and writes them."""

    def pair(value: float, order: str) -> list[int]:
        word = "big" if order == "big" else "little"
        return ModbusClientMixin.convert_to_registers(value, FLOAT, word_order=word)  # type: ignore[arg-type]  # a literal

    words = [0] * 48_010
    match "arc" if name == ARC else framing:
        case "arc":
            unit = 1
            words[2089:2091], words[2091:2093] = [0x1000, 0], pair(7.125, "little")
            words[2409:2411], words[2411:2413] = [4, 0], pair(36.9, "little")
            words[4800] = 0x200  # high word, bit 25: the sensor of temperature is defective
        case "rtu":
            words[0:2], words[2:4], words[6:8] = pair(44.5, "little"), pair(20.25, "little"), pair(8.0, "little")
            words[512:514] = [1, 1]
            unit = 1
        case "ascii":
            unit = 25
            for address in (0x4CC, 0x4D0, 0x4D4, 0x4D8):
                words[address : address + 2] = pair(-79.5, "big")
            for address, tenths in ((0x530, -800), (0x538, -700), (0x53C, -900)):
                words[address : address + 2] = [tenths >> 16 & 0xFFFF, tenths & 0xFFFF]
        case _:
            unit = 1
            words[2820:2822] = words[2810:2812] = words[2782:2784] = pair(-40.5, "little")
            words[2808:2810] = pair(-55.0, "little")
    return SimDevice(unit, [SimData(0, values=words, datatype=DataType.REGISTERS)])


async def against_pymodbus(framing: str, name: str = "") -> tuple[Seen, ModbusMap, list[SetPoint]]:
    """Let the driver work on a pymodbus server."""
    server = ModbusTcpServer(registers(framing, name), framer=FRAMERS[framing], address=("127.0.0.1", 0))
    await server.listen()
    assert isinstance(server.transport, asyncio.Server)
    port = server.transport.sockets[0].getsockname()[1]
    link = Link(open_stream(f"tcp:127.0.0.1:{port}"), name="device")
    await link.open()
    driver = FACTORY.build(link, {"map": name or MAPS[framing], "framing": framing}, control=True)
    assert isinstance(driver, ModbusMap)
    seen = await driver.look()
    for one in await driver.set_points():
        await driver.keep(set_point=SetPoint(one.name, -78.5, one.unit))
    kept = list(await driver.set_points())
    await link.close()
    await server.shutdown()  # type: ignore[no-untyped-call]  # the library declares none
    return seen, driver, kept


@pytest.mark.parametrize("framing", list(FRAMERS))
def test_our_driver_reads_and_sets_a_pymodbus_server(framing: str) -> None:
    """Values that pymodbus wrote, read by our map; a set point that our driver wrote, kept by pymodbus."""
    seen, _, kept = asyncio.run(against_pymodbus(framing))
    wanted = {
        "rtu": {"humidity": 44.5, "temperature": 20.25, "dew point": 8.0},
        "ascii": {"set point": -80.0, "warm alarm": -70.0, "cold alarm": -90.0, "thermocouple 2": -79.5},
        "tcp": {"process value": -40.5, "working set point": -40.5, "power": -55.0, "profiles stored": 0.0},
    }
    assert {name: seen.channels[name] for name in wanted[framing]} == wanted[framing]
    assert kept == ([SetPoint("set point", -78.5, "degC")] if framing == "tcp" else [])


def test_our_driver_reads_a_sensor_that_pymodbus_is() -> None:
    """A sensor of temperature that is defective spoils both channels, and is named."""
    seen, _, kept = asyncio.run(against_pymodbus("rtu", ARC))
    assert {one.channel: one.quality for one in seen.readings} == {"ph": Quality.FAULT, "temperature": Quality.FAULT}
    assert (seen.faults, kept) == (("temperature sensor defective",), [])
