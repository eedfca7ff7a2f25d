"""The driver of a Cryostream over the fake that streams in simulated time; degC, K/min, s."""

from collections.abc import Awaitable, Callable

import pytest

from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.errors import LinkError, RefusedError
from automation.kernel.quantity import Celsius, Instant, KelvinPerMinute, Seconds
from fakes.cryostream import FakeCryostream, build
from fakes.faults import Fault, FaultKind, Faults
from fakes.plant import Plant, PlantLog
from fakes.world import World
from instruments.drivers.cryostream import wire
from instruments.drivers.cryostream.driver import FACTORY, Cryostream
from instruments.interfaces.ramp import Ramp, RampState
from instruments.transport import Link

START = Instant(1_780_000_000.0)
DOWN = Ramp(KelvinPerMinute(1.0), Celsius(12.0))
LINK = "cold"

pytestmark = pytest.mark.requirement("C06", "C07")


class Room:
    """A cryostream with its driver, its fake and the clock."""

    def __init__(self, clock: SimulatedClock, faults: tuple[Fault, ...], *, control: bool) -> None:
        """Cable them."""
        self.clock = clock
        self.plant = Plant(clock, PlantLog(None), Faults(faults))
        self.fake: FakeCryostream = build(World(1), LINK, {})
        self.plant.add(LINK, self.fake)
        self.link = Link(self.plant.connect(LINK), name=LINK)
        driver = FACTORY.build(self.link, {}, control=control)
        assert isinstance(driver, Cryostream)
        self.driver = driver


def in_room(script: Callable[[Room], Awaitable[None]], *faults: Fault, control: bool = True) -> None:
    """Run a script in simulated time."""

    async def main(clock: SimulatedClock) -> None:
        room = Room(clock, faults, control=control)
        await room.link.open()
        await script(room)

    run_simulated(main, start=START)


def test_a_ramp_is_followed_and_kept_by_the_device_itself() -> None:
    """Ten kelvins at one a minute; nobody says anything on the way."""

    async def script(room: Room) -> None:
        await room.driver.ramp(ramp=DOWN)
        await room.clock.sleep(Seconds(300.0))
        seen = await room.driver.look()
        assert (seen.state, seen.ramp) == (RampState.RAMPING, DOWN)
        assert seen.temperature == pytest.approx(17.2, abs=0.3)
        await room.clock.sleep(Seconds(600.0))
        seen = await room.driver.look()
        assert (seen.state, seen.ramp, seen.alarm) == (RampState.KEEPING, None, "")
        assert seen.set_point == Celsius(12.0)
        assert seen.temperature == pytest.approx(12.0, abs=0.05)
        assert room.fake.acts == {"ramp": 1, "hold": 0, "rest": 0}

    in_room(script)


def test_the_same_ramp_twice_is_one() -> None:
    """The second goes on from where the first has come."""

    async def script(room: Room) -> None:
        await room.driver.ramp(ramp=DOWN)
        await room.clock.sleep(Seconds(120.0))
        await room.driver.ramp(ramp=DOWN)
        seen = await room.driver.look()
        assert seen.set_point == pytest.approx(20.0, abs=0.2)

    in_room(script)


def test_a_hold_keeps_what_it_has_and_to_rest_stops_the_gas() -> None:
    """Both show in the stream; to rest twice is once."""

    async def script(room: Room) -> None:
        await room.driver.ramp(ramp=DOWN)
        await room.clock.sleep(Seconds(120.0))
        await room.driver.hold()
        await room.clock.sleep(Seconds(600.0))
        seen = await room.driver.look()
        assert seen.state is RampState.KEEPING
        assert seen.temperature == pytest.approx(20.0, abs=0.1)
        await room.driver.rest()
        await room.driver.rest()
        seen = await room.driver.look()
        assert (seen.state, seen.set_point, seen.alarm) == (RampState.RESTING, None, "stop command")
        assert room.fake.acts == {"ramp": 1, "hold": 1, "rest": 1}

    in_room(script)


def test_what_it_would_ignore_is_refused_before_it_is_sent() -> None:
    """Stopped at its panel it takes no ramp until somebody starts it there."""

    async def script(room: Room) -> None:
        await room.driver.ramp(ramp=DOWN)
        room.plant.hand(LINK, "key", key="stop")
        with pytest.raises(RefusedError, match=r"start it at its panel \(stop button pressed\)"):
            await room.driver.ramp(ramp=DOWN)
        room.plant.hand(LINK, "key", key="start")
        await room.driver.ramp(ramp=DOWN)
        assert room.fake.acts["ramp"] == 2

    in_room(script)


def test_a_command_that_does_not_show_is_in_doubt() -> None:
    """It was lost or ignored: nobody says which."""

    async def script(room: Room) -> None:
        with pytest.raises(LinkError, match="does not show in 5 packets"):
            await room.driver.ramp(ramp=DOWN)
        assert room.fake.acts["ramp"] == 0
        await room.driver.ramp(ramp=DOWN)

    in_room(script, Fault(LINK, 2, FaultKind.LOSE_COMMAND))


@pytest.mark.parametrize("kind", [FaultKind.GARBLE_REPLY, FaultKind.CUT_REPLY, FaultKind.LOSE_REPLY])
def test_a_spoilt_packet_is_stepped_over(kind: FaultKind) -> None:
    """The next one comes a second later; only a value that is possible can be a wrong one."""

    async def script(room: Room) -> None:
        await room.driver.look()
        assert (await room.driver.look()).state is RampState.RESTING

    in_room(script, Fault(LINK, 1, kind))


def test_without_nitrogen_it_warms_up_and_says_so() -> None:
    """The flow is the worst that it knows at first, then the temperature."""

    async def script(room: Room) -> None:
        await room.driver.ramp(ramp=Ramp(KelvinPerMinute(6.0), Celsius(-40.0)))
        await room.clock.sleep(Seconds(900.0))
        room.plant.hand(LINK, "dewar", litres=0.0)
        await room.clock.sleep(Seconds(2.0))
        assert (await room.driver.look()).alarm == "gas flow below 2 L/min"
        await room.clock.sleep(Seconds(60.0))
        seen = await room.driver.look()
        assert seen.alarm == "temperature off by more than 25 K"
        assert seen.temperature is not None
        assert seen.temperature > Celsius(10.0)

    in_room(script)


def test_a_failed_sensor_measures_nothing() -> None:
    """What its packet has instead is no temperature; its state is still told."""

    async def script(room: Room) -> None:
        await room.driver.ramp(ramp=DOWN)
        room.plant.hand(LINK, "sensor", broken=True)
        seen = await room.driver.look()
        assert (seen.state, seen.temperature, seen.alarm) == (RampState.RAMPING, None, "sensor failed")

    in_room(script)


def test_a_power_cut_ends_its_ramp_and_its_checks_take_a_while() -> None:
    """Until then it takes nothing."""

    async def script(room: Room) -> None:
        await room.driver.ramp(ramp=DOWN)
        room.plant.hand(LINK, "power", on=False)
        with pytest.raises(LinkError, match="no complete reply"):
            await room.driver.look()
        room.plant.hand(LINK, "power", on=True)
        with pytest.raises(RefusedError, match="it is not ready"):
            await room.driver.ramp(ramp=DOWN)
        await room.clock.sleep(Seconds(6.0))
        await room.driver.ramp(ramp=DOWN)

    in_room(script)


def test_without_control_it_only_listens() -> None:
    """Who it is stands in every status."""

    async def script(room: Room) -> None:
        for refused in (room.driver.ramp(ramp=DOWN), room.driver.hold(), room.driver.rest()):
            with pytest.raises(RefusedError, match="needs control"):
                await refused
        who = await room.driver.identify()
        assert (who.maker, who.serial, who.firmware) == ("Oxford Cryosystems", "1234", "18")
        assert {sent for sent, _ in room.link.take_tape()} == {wire.command(wire.FORMAT, 1)}

    in_room(script, control=False)


def test_reading_it_more_often_changes_no_temperature() -> None:
    """Its physics goes by the second, whoever looks."""
    seen: list[float] = []

    async def script(room: Room) -> None:
        await room.driver.ramp(ramp=DOWN)
        for _ in range(20 if seen else 2):
            await room.clock.sleep(Seconds(400.0 / (20 if seen else 2) - 1.0))
            await room.driver.look()
        seen.append(room.fake.gas(Instant(float(START) + 450.0)))

    in_room(script)
    in_room(script)
    assert seen[0] == seen[1]
