"""The particle counter's driver over the wire-level fake in simulated time; um, L, s."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.errors import FailedError, InputError, LinkError, RefusedError, WireError
from automation.kernel.quantity import Instant, Litres, Seconds
from fakes.faults import Fault, FaultKind, Faults
from fakes.lighthouse import FakeLighthouse, build
from fakes.plant import Plant, PlantLog
from fakes.serve import rebuild
from fakes.world import World
from instruments.drivers.lighthouse import wire
from instruments.drivers.lighthouse.driver import FACTORY, Lighthouse
from instruments.interfaces.particle_counter import CounterState, CountRecord
from instruments.transport import Link, MemoryStream
from instruments.transport.line import LineSettings
from instruments.transport.serial import SerialStream

START = Instant(1_780_000_000.0)
GIVEN = {"sizes": "0.5,5.0", "flow": "28.3"}
ROOM_C = {**GIVEN, "grade": "C"}

pytestmark = pytest.mark.requirement("C06", "C07")


class Room:
    """A counter with its driver, its fake and the clock."""

    def __init__(
        self, clock: SimulatedClock, faults: tuple[Fault, ...], given: dict[str, str], *, control: bool
    ) -> None:
        """Cable them."""
        self.clock = clock
        self.plant = Plant(clock, PlantLog(None), Faults(faults))
        self.fake: FakeLighthouse = build(World(1), "counter", given)
        self.plant.add("counter", self.fake)
        self.link = Link(self.plant.connect("counter"), name="counter")
        stated = {key: value for key, value in given.items() if key in FACTORY.settings}
        driver = FACTORY.build(self.link, stated, control=control)
        assert isinstance(driver, Lighthouse)
        self.driver = driver

    async def next(self) -> CountRecord:
        """Wait for a sample and take its record."""
        while not (await self.driver.look()).new_data:
            await self.clock.sleep(Seconds(1.0))
        return await self.driver.take(record=(await self.driver.look()).records)


def in_room(
    script: Callable[[Room], Awaitable[None]], *faults: Fault, given: dict[str, str] = ROOM_C, control: bool = True
) -> None:
    """Run a script in simulated time."""

    async def main(clock: SimulatedClock) -> None:
        room = Room(clock, faults, given, control=control)
        await room.link.open()
        await script(room)

    run_simulated(main, start=START)


def test_it_says_who_it_is() -> None:
    """Product and model, serial number of two registers, firmware."""

    async def script(room: Room) -> None:
        found = await room.driver.identify()
        assert (found.model, found.serial, found.firmware) == ("SOLAIR 3100", "80123", "2.10")

    in_room(script)


def test_it_samples_until_it_is_stopped() -> None:
    """Five seconds of delay, then a minute; standing still it draws nothing."""

    async def script(room: Room) -> None:
        await room.driver.start()
        first = await room.driver.look()
        assert (first.running, first.sampling, first.records) == (True, False, 0)
        await room.clock.sleep(Seconds(10.0))
        assert (await room.driver.look()).sampling
        await room.clock.sleep(Seconds(120.0))
        await room.driver.stop()
        await room.clock.sleep(Seconds(600.0))
        last = await room.driver.look()
        assert (last.running, last.records, last.new_data, last.flow) == (False, 2, True, 0.0)

    in_room(script)


def test_a_record_has_counts_by_size_and_its_volume() -> None:
    """A minute at 28.3 L/min; the larger size is part of the smaller one."""

    async def script(room: Room) -> None:
        await room.driver.start()
        found = await room.next()
        assert (found.number, found.volume, found.duration) == (1, Litres(28.3), Seconds(60.0))
        small, large = found.counts
        assert (small.size, large.size) == (0.5, 5.0)
        assert small.cumulative == small.differential + large.cumulative
        assert large.differential == large.cumulative > 0
        assert float(found.at) == pytest.approx(float(START) + 65.0, abs=1.0)

    in_room(script)


def test_a_record_is_taken_once_and_by_its_number() -> None:
    """Taken it is no longer new; another number, or a second time, is refused before anything is read."""

    async def script(room: Room) -> None:
        await room.driver.start()
        await room.clock.sleep(Seconds(70.0))
        with pytest.raises(RefusedError, match="record 2 is asked for; there are 1, and the newest of them is new"):
            await room.driver.take(record=2)
        await room.driver.take(record=1)
        with pytest.raises(RefusedError, match="none of them is new"):
            await room.driver.take(record=1)
        assert room.fake.acts["take"] == 1

    in_room(script)


def test_looking_takes_no_record() -> None:
    """The flag stays however often somebody looks."""

    async def script(room: Room) -> None:
        await room.driver.start()
        await room.clock.sleep(Seconds(70.0))
        for _ in range(5):
            assert (await room.driver.look()).new_data
        await room.driver.identify()
        assert room.fake.acts["take"] == 0

    in_room(script)


def test_bytes_of_a_record_that_makes_no_sense_are_kept() -> None:
    """The counts are in the wrong order; what came stands on the tape, for the record."""

    async def script(room: Room) -> None:
        await room.driver.start()
        await room.clock.sleep(Seconds(70.0))
        await room.driver.look()
        room.fake._records[-1] = wire.Record(1, 60, 1, 0, (3, 40))  # noqa: SLF001  no hand can do it
        with pytest.raises(WireError, match="counts are"):
            await room.driver.take(record=1)
        assert b"0000000300000028" in room.link.take_tape()[-1].received

    in_room(script)


def test_faults_of_flow_and_laser_stand_in_state_and_record() -> None:
    """Half the flow; then the laser as well."""

    async def script(room: Room) -> None:
        room.plant.hand("counter", "flow", share=0.5)
        await room.driver.start()
        found = await room.next()
        assert (await room.driver.look()).faults == ("flow out of specification",)
        assert found.faults == ("flow alert",)
        room.plant.hand("counter", "laser", fault=True)
        assert (await room.next()).faults == ("laser alert", "flow alert")
        assert "device error" in (await room.driver.look()).faults

    in_room(script)


def test_a_door_is_seen_and_forgotten() -> None:
    """More particles right after it, about as few as before when the room has recovered."""

    async def script(room: Room) -> None:
        await room.driver.start()
        before = (await room.next()).counts[0].cumulative
        room.plant.hand("counter", "door")
        during = (await room.next()).counts[0].cumulative
        await room.clock.sleep(Seconds(1800.0))
        await room.next()
        after = (await room.next()).counts[0].cumulative
        assert during > 3 * before
        assert abs(after - before) < 0.2 * before

    in_room(script)


def test_a_counter_is_rebuilt_from_what_reached_it(tmp_path: Path) -> None:
    """The program was killed; the counter has the same records, and the one that was taken is not new."""
    log = tmp_path / "plant.log"
    taken: list[tuple[CounterState, CountRecord]] = []

    async def first(clock: SimulatedClock) -> None:
        plant = Plant(clock, PlantLog(log), Faults())
        plant.add("counter", build(World(1), "counter", ROOM_C))
        link = Link(plant.connect("counter"), name="counter")
        await link.open()
        driver = FACTORY.build(link, GIVEN, control=True)
        assert isinstance(driver, Lighthouse)
        await driver.start()
        plant.hand("counter", "door")
        await clock.sleep(Seconds(70.0))
        found = await driver.take(record=1)
        taken.append((await driver.look(), found))

    run_simulated(first, start=START)
    again: FakeLighthouse = build(World(1), "counter", ROOM_C)
    rebuild(again, log, name="counter")
    [(state, found)] = taken
    assert (len(again._records), again._new) == (state.records, state.new_data) == (1, False)  # noqa: SLF001  its memory
    assert again._records[-1].counts == tuple(one.cumulative for one in found.counts)  # noqa: SLF001  as above
    assert again.acts == {"start": 1, "stop": 0, "take": 1}


def test_only_start_stop_and_the_index_are_ever_written() -> None:
    """No command that clears the buffer, saves, or sets the clock."""

    async def script(room: Room) -> None:
        await room.driver.identify()
        await room.driver.start()
        await room.next()
        await room.driver.stop()
        written = {one.sent[5:13] for one in room.link.take_tape() if one.sent[3:5] == b"06"}
        assert written == {b"0001000B", b"0001000C", b"0018FFFF"}

    in_room(script)


def test_starting_twice_is_refused() -> None:
    """It would begin its sample anew."""

    async def script(room: Room) -> None:
        await room.driver.start()
        with pytest.raises(RefusedError, match="runs already"):
            await room.driver.start()
        assert room.fake.acts["start"] == 1

    in_room(script)


def test_a_counter_that_acknowledges_and_does_not_start_has_failed() -> None:
    """Ack is not done."""

    async def script(room: Room) -> None:
        room.fake._start = lambda now: None  # type: ignore[method-assign]  # noqa: ARG005, SLF001  a pump that stands
        with pytest.raises(FailedError, match="acknowledged and does not"):
            await room.driver.start()

    in_room(script)


@pytest.mark.parametrize("method", ["start", "stop", "take"])
def test_without_control_it_only_looks(method: str) -> None:
    """Taking a record changes the counter too."""

    async def script(room: Room) -> None:
        given = {"record": 1} if method == "take" else {}
        with pytest.raises(RefusedError, match="needs control"):
            await getattr(room.driver, method)(**given)
        assert (await room.driver.look()).records == 0

    in_room(script, control=False)


def test_without_power_it_is_silent_and_keeps_its_records() -> None:
    """It stands still afterwards; the record is still new."""

    async def script(room: Room) -> None:
        await room.driver.start()
        await room.clock.sleep(Seconds(70.0))
        room.plant.hand("counter", "power", on=False)
        with pytest.raises(LinkError):
            await room.driver.look()
        room.plant.hand("counter", "power", on=True)
        seen = await room.driver.look()
        assert (seen.running, seen.records, seen.new_data) == (False, 1, True)

    in_room(script)


@pytest.mark.parametrize("kind", [FaultKind.CUT_REPLY, FaultKind.GARBLE_REPLY, FaultKind.LOSE_REPLY])
def test_a_fault_on_the_line_is_an_error_and_the_next_look_is_whole(kind: FaultKind) -> None:
    """A late or broken reply answers no later question."""

    async def script(room: Room) -> None:
        with pytest.raises((LinkError, WireError)):
            await room.driver.look()
        assert not (await room.driver.look()).running

    in_room(script, Fault("counter", 1, kind))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"flow": "28.3"}, "sizes is ''"),
        ({"sizes": "0.5"}, "flow is ''"),
        ({**GIVEN, "flow": "0"}, "flow is '0'"),
        ({**GIVEN, "unit": "0"}, "unit is '0'; a whole number from 1 to 247"),
        ({**GIVEN, "framing": "rtu"}, "framing is 'rtu'; allowed: ascii, tcp"),
    ],
    ids=["no sizes", "no flow", "flow", "unit", "framing"],
)
def test_what_a_site_says_wrong_is_refused(given: dict[str, str], said: str) -> None:
    """Before anything is sent."""
    with pytest.raises(InputError, match=said):
        FACTORY.build(Link(MemoryStream()), given, control=False)


def test_a_serial_line_that_is_set_otherwise_is_refused() -> None:
    """It speaks 8N1, unlike most devices with Modbus ASCII."""
    line = SerialStream("/dev/ttyS9", LineSettings(19200, 7, "E", 1))
    with pytest.raises(InputError, match="needs 19200 8N1"):
        FACTORY.build(Link(line), GIVEN, control=False)
