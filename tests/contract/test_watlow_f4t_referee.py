"""A Modbus client that is not ours (pymodbus) programs and reads the fake of a Watlow F4T, as the public library does.

Units: degC, K/min, s.
"""

from collections.abc import Iterator

import pytest
from pymodbus.client import ModbusTcpClient
from pymodbus.client.mixin import ModbusClientMixin

from fakes.physics.programmer import State
from fakes.serve import Seat, serving
from fakes.watlow_f4t import WatlowF4TFreezer
from fakes.world import World
from tests.support.freezers import HandClock, put_bag

pytestmark = pytest.mark.requirement("C05.3", "C06", "C07")

FLOAT = ModbusClientMixin.DATATYPE.FLOAT32


@pytest.fixture
def served() -> Iterator[tuple[ModbusTcpClient, WatlowF4TFreezer, HandClock]]:
    """Serve the fake on TCP and connect their client."""
    world, clock = World(1), HandClock()
    put_bag(world)
    fake = WatlowF4TFreezer(world, "freezer")
    with serving(Seat(fake, clock), tcp=0) as (_, port):
        client = ModbusTcpClient("127.0.0.1", port=int(port.rpartition(":")[2]))
        assert client.connect()  # type: ignore[no-untyped-call]  # the library declares none
        yield client, fake, clock
        client.close()  # type: ignore[no-untyped-call]  # the library declares none


def put(client: ModbusTcpClient, **registers: int) -> None:
    """Write single words, by ``r<register>=value``."""
    for name, value in registers.items():
        assert not client.write_register(int(name[1:]), value).isError()


def number(client: ModbusTcpClient, address: int) -> float:
    """Read a float, low word first."""
    words = client.read_holding_registers(address, count=2).registers
    value = client.convert_from_registers(words, FLOAT, word_order="little")
    assert isinstance(value, float)
    return value


def test_their_client_enters_a_profile_and_runs_it(served: tuple[ModbusTcpClient, WatlowF4TFreezer, HandClock]) -> None:
    """Half a minute at 4 degC, then to -2 degC at 6 K/min: read back, run, paused, resumed, over."""
    client, fake, clock = served
    put(client, r18888=3, r18890=1375, r19038=59, r19094=1927, r19096=0, r19098=0, r19100=30, r19138=62)
    put(client, r19264=81, r19308=62, r19434=27, r19510=47)
    for address, value in ((19114, 4.0), (19284, -2.0), (19276, 6.0)):
        words = client.convert_to_registers(value, FLOAT, word_order="little")
        assert not client.write_registers(address, words).isError()
    assert client.read_holding_registers(18920, count=1).registers == [3]
    assert (number(client, 19284), number(client, 19276)) == (-2.0, 6.0)
    put(client, r16558=3, r16560=1, r16562=1782)
    assert client.read_holding_registers(16568, count=1).registers == [149]
    clock.passed += 45.0
    put(client, r16566=146)
    assert client.read_holding_registers(16588, count=3).registers == [3, 0, 2]
    assert client.read_holding_registers(16568, count=1).registers == [146]
    put(client, r16564=147)
    clock.passed += 120.0
    assert number(client, 2810) == -2.0
    assert client.read_holding_registers(16568, count=1).registers == [252]
    assert (fake.acts["start"], fake.acts["hold"], fake.programmer_state) == (1, 1, State.COMPLETE)


@pytest.mark.requirement("C05.3", refuses=True)
def test_their_client_is_refused_what_the_controller_does_not_take(
    served: tuple[ModbusTcpClient, WatlowF4TFreezer, HandClock],
) -> None:
    """Registers that are none, profiles that there are not, an empty one, and a pause of nothing."""
    client, fake, _ = served
    assert client.read_holding_registers(1, count=1).isError()
    for address, value in ((16558, 41), (16562, 1782), (16566, 146), (16566, 1), (50, 1)):
        assert client.write_register(address, value).isError()
    words = client.convert_to_registers(400.0, FLOAT, word_order="little")
    assert client.write_registers(2782, words).isError()
    assert sum(fake.acts.values()) == 0
