"""The dry bath's driver over the wire-level fake in simulated time; degC, s."""

from collections.abc import Awaitable, Callable

import pytest

from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.errors import LinkError, RefusedError
from automation.kernel.quantity import Celsius, Instant, Millilitres, Seconds
from fakes.contents import filled
from fakes.echotherm import FakeEchoTherm, build
from fakes.faults import Fault, FaultKind, Faults
from fakes.plant import Plant, PlantLog
from fakes.world import Container, World
from instruments.drivers.echotherm.driver import FACTORY, EchoTherm
from instruments.interfaces.thawer import ThawerState
from instruments.transport import Link

START = Instant(1_780_000_000.0)
BAG = "BAG"

pytestmark = pytest.mark.requirement("C06", "C07")


class Room:
    """A dry bath with its driver, its fake and the clock."""

    def __init__(self, clock: SimulatedClock, faults: tuple[Fault, ...], *, model: str, control: bool) -> None:
        """Cable them; a frozen bag stands in the store."""
        self.clock = clock
        self.plant = Plant(clock, PlantLog(None), Faults(faults))
        self.world = World(1)
        self.fake: FakeEchoTherm = build(self.world, "bath", {"model": model})
        self.plant.add("bath", self.fake)
        bag = Container(BAG, "bag50", contents=filled(Millilitres(50.0), dmso=0.1))
        self.world.add(bag, place="storage", at=Celsius(-120.0), now=START)
        self.link = Link(self.plant.connect("bath"), name="bath")
        driver = FACTORY.build(self.link, {}, control=control)
        assert isinstance(driver, EchoTherm)
        self.driver = driver

    async def go(self, seconds: float) -> None:
        """Let time pass."""
        await self.clock.sleep(Seconds(seconds))


def in_room(
    script: Callable[[Room], Awaitable[None]], *faults: Fault, model: str = "SC25", control: bool = True
) -> None:
    """Run a script in simulated time."""

    async def main(clock: SimulatedClock) -> None:
        room = Room(clock, faults, model=model, control=control)
        await room.link.open()
        await script(room)

    run_simulated(main, start=START)


def test_it_is_set_read_back_and_warms_up() -> None:
    """Idle at first; after ten time constants within a tenth of what is kept."""

    async def script(room: Room) -> None:
        assert (await room.driver.look()).state is ThawerState.RESTING
        await room.driver.keep(temperature=Celsius(37.0))
        await room.go(600.0)
        seen = await room.driver.look()
        assert (seen.state, seen.set_point) == (ThawerState.HEATING, Celsius(37.0))
        assert seen.temperature == pytest.approx(37.0, abs=0.1)
        await room.driver.rest()
        assert (await room.driver.look()).set_point is None

    in_room(script)


def test_it_says_who_it_is() -> None:
    """Model and version, then the serial number."""

    async def script(room: Room) -> None:
        found = await room.driver.identify()
        assert (found.model, found.serial, found.firmware) == ("SC25", "SIM00001", "1.0")

    in_room(script)


def test_a_broken_sensor_is_a_state_and_no_number() -> None:
    """The unit's own code is told."""

    async def script(room: Room) -> None:
        room.plant.hand("bath", "sensor", broken=True)
        seen = await room.driver.look()
        assert (seen.state, seen.temperature) == (ThawerState.FAILED, None)
        assert "E1" in seen.message

    in_room(script)


def test_without_control_nothing_is_set() -> None:
    """And nothing is sent."""

    async def script(room: Room) -> None:
        for act in (room.driver.keep(temperature=Celsius(37.0)), room.driver.rest()):
            with pytest.raises(RefusedError, match="needs control"):
                await act
        assert room.link.take_tape() == []

    in_room(script, control=False)


def test_a_unit_that_speaks_unasked_is_silenced_and_never_mistaken() -> None:
    """A broadcast of the plate temperature would look like a set point."""

    async def script(room: Room) -> None:
        await room.link.exchange(b"b00:05\r", len)
        await room.link.exchange(b"BSz\r", len)
        await room.driver.keep(temperature=Celsius(37.0))
        heard = len(room.link.unsolicited)
        await room.go(900.0)
        assert (await room.driver.look()).set_point == Celsius(37.0)
        assert len(room.link.unsolicited) == heard

    in_room(script, model="RIC40")


def test_an_event_comes_when_the_plate_is_steady() -> None:
    """Once, where it was asked for."""

    async def script(room: Room) -> None:
        await room.link.exchange(b"n37.0\r", len)
        await room.link.exchange(b"BSz\r", len)
        await room.go(900.0)
        assert (await room.driver.look()).set_point == Celsius(37.0)
        assert b"".join(room.link.unsolicited) == b"TEMP_STEADY\r\n"

    in_room(script, model="RIC40")


def test_a_frozen_bag_of_50_ml_thaws_on_the_warm_plate_in_about_four_minutes() -> None:
    """From -120 degC at 37 degC, 2 W/K, within what a hand estimate is worth."""

    async def script(room: Room) -> None:
        await room.driver.keep(temperature=Celsius(37.0))
        await room.go(900.0)
        room.plant.hand("bath", "put", container=BAG)
        minutes = 0.0
        while float(room.world.temperature(BAG, room.clock.now())) < -3.4:
            await room.go(5.0)
            minutes += 5.0 / 60.0
        assert 3.0 < minutes < 9.0

    in_room(script)


def test_silence_is_a_link_error() -> None:
    """Nothing is known then; it may be asked again."""

    async def script(room: Room) -> None:
        with pytest.raises(LinkError):
            await room.driver.look()
        assert (await room.driver.look()).state is ThawerState.RESTING

    in_room(script, Fault("bath", 1, FaultKind.LOSE_REPLY))
