"""The driver by map over the fake of the same map in simulated time; degC, %."""

from collections.abc import Awaitable, Callable, Mapping

import pytest

from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.errors import FailedError, InputError, LinkError, RefusedError, WireError
from automation.kernel.quantity import Instant, Seconds
from fakes.faults import Fault, FaultKind, Faults
from fakes.modbus_map import FakeModbusMap, build
from fakes.plant import Plant, PlantLog
from fakes.world import World
from instruments.drivers.modbus_map.driver import FACTORY, ModbusMap
from instruments.interfaces.measuring import Quality, SetPoint
from instruments.transport import Link, MemoryStream
from instruments.transport.line import LineSettings
from instruments.transport.serial import SerialStream

START = Instant(1_780_000_000.0)
PROBE = {"map": "vaisala_hmt330", "serial": "S-1"}
FREEZER = {"map": "watlow_f4t"}

pytestmark = pytest.mark.requirement("C06", "C07")


class Room:
    """A device with its driver, its fake and the clock."""

    def __init__(
        self, clock: SimulatedClock, faults: tuple[Fault, ...], given: Mapping[str, str], *, control: bool
    ) -> None:
        """Cable them."""
        self.clock = clock
        self.plant = Plant(clock, PlantLog(None), Faults(faults))
        self.fake: FakeModbusMap = build(World(1), "device", given)
        self.plant.add("device", self.fake)
        self.link = Link(self.plant.connect("device"), name="device")
        driver = FACTORY.build(self.link, given, control=control)
        assert isinstance(driver, ModbusMap)
        self.driver = driver

    async def seen(self) -> dict[str, tuple[float | None, Quality]]:
        """Look; give value and quality by channel."""
        return {one.channel: (one.value, one.quality) for one in (await self.driver.look()).readings}


Script = Callable[[Room], Awaitable[None]]


def in_room(script: Script, *faults: Fault, given: Mapping[str, str] = PROBE, control: bool = True) -> None:
    """Run a script in simulated time."""

    async def main(clock: SimulatedClock) -> None:
        room = Room(clock, faults, given, control=control)
        await room.link.open()
        await script(room)

    run_simulated(main, start=START)


def test_it_says_who_it_is_and_by_which_map() -> None:
    """The serial number is the site's where no register tells it; another map is another configuration."""

    async def script(room: Room) -> None:
        found = await room.driver.identify()
        assert (found.maker, found.model, found.serial) == ("Vaisala", "HMT330", "S-1")
        assert len(found.configuration) == 16

    in_room(script)


def test_identity_is_read_where_there_are_registers_for_it() -> None:
    """A MET ONE tells model, serial number and firmware."""

    async def script(room: Room) -> None:
        found = await room.driver.identify()
        assert (found.model, found.serial, found.firmware) == ("MET ONE 6000", "SIM-0001", "1")

    in_room(script, given={"map": "met_one_6000"})


def test_every_channel_is_a_value_with_its_unit() -> None:
    """What hands set is what the driver reads; channels are what alarms may be set on."""

    async def script(room: Room) -> None:
        room.plant.hand("device", "set", channel="humidity", value=38.5)
        seen = await room.driver.look()
        assert seen.channels == {"humidity": 38.5, "temperature": 21.0, "dew point": 21.0}
        assert room.driver.channels == {"humidity": "%", "temperature": "degC", "dew point": "degC"}
        assert seen.readings[0].shown == "0000 421a"

    in_room(script)


def test_a_broken_sensor_and_a_value_beyond_its_range_are_states() -> None:
    """Not a number, and 130 % relative humidity; the third channel still reads."""

    async def script(room: Room) -> None:
        room.plant.hand("device", "break", channel="temperature", broken=True)
        room.plant.hand("device", "set", channel="humidity", value=130.0)
        seen = await room.seen()
        assert seen["temperature"] == (None, Quality.BROKEN)
        assert seen["humidity"] == (None, Quality.BEYOND)
        assert seen["dew point"][0] is not None

    in_room(script)


def test_what_a_fault_spoils_is_no_value() -> None:
    """The device says that it is not in order, although its registers still hold numbers."""

    async def script(room: Room) -> None:
        room.plant.hand("device", "fault", name="fault status", on=True)
        seen = await room.driver.look()
        assert seen.faults == ("fault status is 2",)
        assert {one.quality for one in seen.readings} == {Quality.FAULT}
        assert set(seen.channels.values()) == {None}

    in_room(script)


def test_a_temperature_relaxes_and_looking_often_changes_nothing() -> None:
    """Towards 30 degC with a time constant of 600 s: 63 % of the way after one."""

    async def script(room: Room) -> None:
        room.plant.hand("device", "set", channel="temperature", value=31.0, lag=600.0)
        for _ in range(60):
            await room.driver.look()
            await room.clock.sleep(Seconds(10.0))
        assert (await room.seen())["temperature"][0] == pytest.approx(21.0 + 10.0 * 0.632, abs=0.01)

    in_room(script)


def test_a_probe_feels_the_place_where_it_hangs() -> None:
    """A temperature of the world, behind the lag of a probe."""

    async def script(room: Room) -> None:
        room.plant.hand("device", "follow", place="fridge")
        assert (await room.seen())["temperature"][0] == pytest.approx(4.0)
        with pytest.raises(FailedError, match="place is 'nowhere'"):
            room.plant.hand("device", "follow", place="nowhere")
        assert (await room.seen())["temperature"][0] == pytest.approx(4.0)

    in_room(script)


@pytest.mark.requirement("C05.2")
def test_a_set_point_is_set_and_read_back() -> None:
    """Minus 80 degC, as a float in two registers."""

    async def script(room: Room) -> None:
        await room.driver.keep(set_point=SetPoint("set point", -80.0, "degC"))
        assert await room.driver.set_points() == (SetPoint("set point", -80.0, "degC"),)
        assert (room.fake.kept["set point"], room.fake.acts["keep"]) == (-80.0, 1)

    in_room(script, given=FREEZER)


@pytest.mark.requirement("C05.2", refuses=True)
@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (SetPoint("set point", 500.0, "degC"), "-210 to 200 degC is allowed"),
        (SetPoint("set point", -80.0, "K"), "-80 K; -210 to 200 degC"),
        (SetPoint("set pont", -80.0, "degC"), "the map watlow_f4t has: set point"),
    ],
    ids=["beyond", "unit", "name"],
)
def test_a_set_point_that_is_not_allowed_is_refused_before_anything_is_sent(wanted: SetPoint, said: str) -> None:
    """Range, unit and name are the map's."""

    async def script(room: Room) -> None:
        with pytest.raises(RefusedError, match=said):
            await room.driver.keep(set_point=wanted)
        assert room.link.take_tape() == []

    in_room(script, given=FREEZER)


@pytest.mark.requirement("C05.2", "C06", refuses=True)
def test_without_control_nothing_is_set() -> None:
    """Looking is allowed."""

    async def script(room: Room) -> None:
        with pytest.raises(RefusedError, match="needs control"):
            await room.driver.keep(set_point=SetPoint("set point", -80.0, "degC"))
        await room.driver.look()
        assert all(sent[1] == 3 for sent, _ in room.link.take_tape() if sent[0] == 1)

    in_room(script, given={**FREEZER, "framing": "rtu"}, control=False)


def test_a_device_that_keeps_another_value_is_found_out() -> None:
    """It acknowledged, and what stands there is not what was written."""

    async def script(room: Room) -> None:
        feed = room.fake.feed

        def panel(data: bytes, now: Instant) -> bytes:
            said = feed(data, now)
            room.fake.kept["set point"] = 4.0
            return said

        room.fake.feed = panel  # type: ignore[method-assign]  # somebody at the panel is faster
        with pytest.raises(FailedError, match="set point stands at 4 degC, not at -80"):
            await room.driver.keep(set_point=SetPoint("set point", -80.0, "degC"))

    in_room(script, given=FREEZER)


def test_a_register_that_the_device_does_not_have_is_a_failure_that_names_it() -> None:
    """The monitor marks the channels as not read and goes on."""

    async def script(room: Room) -> None:
        other = FACTORY.build(room.link, {"map": "met_one_6000"}, control=False)
        assert isinstance(other, ModbusMap)
        with pytest.raises(FailedError, match="illegal data address"):
            await other.look()

    in_room(script)


@pytest.mark.parametrize("framing", ["rtu", "tcp"])
@pytest.mark.parametrize(
    "kind", [FaultKind.CUT_REPLY, FaultKind.LOSE_REPLY, FaultKind.LOSE_COMMAND, FaultKind.GARBLE_REPLY]
)
def test_a_fault_on_the_line_is_an_error_and_the_next_look_is_whole(kind: FaultKind, framing: str) -> None:
    """A late or broken reply answers no later question."""

    async def script(room: Room) -> None:
        with pytest.raises((LinkError, WireError)):
            await room.driver.look()
        assert (await room.driver.look()).channels["temperature"] == 21.0

    in_room(script, Fault("device", 1, kind), given={**PROBE, "framing": framing})


def test_a_reply_that_comes_late_does_not_answer_the_next_question() -> None:
    """It is drained before the next one is sent."""

    async def script(room: Room) -> None:
        with pytest.raises(LinkError):
            await room.driver.look()
        room.plant.hand("device", "set", channel="humidity", value=50.0)
        assert (await room.driver.look()).channels["humidity"] == 50.0

    in_room(script, Fault("device", 1, FaultKind.DELAY_REPLY, Seconds(2.1)))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "map is missing"),
        ({"map": "hmt"}, "map is 'hmt'"),
        ({"map": "thermo_ult", "framing": "rtu"}, "framing is 'rtu'; the map thermo_ult has: ascii"),
        ({**PROBE, "unit": "256"}, "unit is '256'"),
        ({**PROBE, "unit": "²"}, "unit is"),
        ({**PROBE, "baud": "9600"}, "setting 'baud' is unknown"),
    ],
    ids=lambda one: str(one)[:30],
)
def test_what_a_site_says_wrong_is_refused(given: dict[str, str], said: str) -> None:
    """Before anything is sent."""
    with pytest.raises(InputError, match=said):
        FACTORY.build(Link(MemoryStream()), given, control=False)


def test_a_serial_line_that_is_set_otherwise_than_the_device_is_refused() -> None:
    """A Thermo freezer speaks 7E1, which no pty would notice; a site may state another rate."""
    freezer, line = {"map": "thermo_ult"}, SerialStream("/dev/ttyS9", LineSettings(19200, 7, "E", 1))
    with pytest.raises(InputError, match="is set to 19200 7E1; TDE needs 9600 7E1"):
        FACTORY.build(Link(line), freezer, control=False)
    stated = FACTORY.build(Link(line), {**freezer, "line": "19200 7E1"}, control=False)
    assert isinstance(stated, ModbusMap)


def test_a_sensor_that_was_set_to_another_unit_reads_none() -> None:
    """The other channel still reads; what it only advises spoils nothing."""

    async def script(room: Room) -> None:
        room.plant.hand("device", "set", channel="ph", value=7.2)
        room.plant.hand("device", "fault", name="advice on ph", on=True)
        seen = await room.driver.look()
        assert seen.channels["ph"] == pytest.approx(7.2)
        assert seen.faults == ("calibration status",)
        room.plant.hand("device", "fault", name="unit of ph", on=True)
        assert await room.seen() == {"ph": (None, Quality.FAULT), "temperature": (21.0, Quality.GOOD)}

    in_room(script, given={"map": "hamilton_arc_ph"})
