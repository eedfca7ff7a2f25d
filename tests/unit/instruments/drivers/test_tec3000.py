"""The store's driver over the wire-level fake in simulated time; %, degC, s."""

from collections.abc import Awaitable, Callable

import pytest

from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.errors import InputError, LinkError, WireError
from automation.kernel.quantity import Celsius, Instant, Percent, Seconds
from fakes.faults import Fault, FaultKind, Faults
from fakes.plant import Plant, PlantLog
from fakes.tec3000 import FakeTec3000, build
from fakes.world import World
from instruments.drivers.tec3000.driver import FACTORY, Tec3000
from instruments.interfaces.cryo_store import CHANNELS
from instruments.transport import Link

START = Instant(1_780_000_000.0)
SETTINGS = {"full": "15.0", "address": "001", "plate_serial": "S-1"}

pytestmark = pytest.mark.requirement("C06", "F030", "F051")


class Room:
    """A store with its driver, its fake and the clock."""

    def __init__(self, clock: SimulatedClock, faults: tuple[Fault, ...]) -> None:
        """Cable them."""
        self.clock = clock
        self.plant = Plant(clock, PlantLog(None), Faults(faults))
        self.fake: FakeTec3000 = build(World(1), "store", SETTINGS)
        self.plant.add("store", self.fake)
        self.link = Link(self.plant.connect("store"), name="store")
        driver = FACTORY.build(self.link, SETTINGS, control=False)
        assert isinstance(driver, Tec3000)
        self.driver = driver


def in_room(script: Callable[[Room], Awaitable[None]], *faults: Fault) -> None:
    """Run a script in simulated time."""

    async def main(clock: SimulatedClock) -> None:
        room = Room(clock, faults)
        await room.link.open()
        await script(room)

    run_simulated(main, start=START)


def test_a_store_is_read_whole() -> None:
    """Half full is 7.5 inches of 15; both temperatures are cold, nothing is wrong."""

    async def script(room: Room) -> None:
        seen = await room.driver.look()
        assert seen.level == Percent(50.0)
        assert seen.shown == "7.5"
        assert seen.a is not None
        assert Celsius(-192.0) < seen.a < Celsius(-183.0)
        assert (seen.filling, seen.automatic, seen.fill_alarm) == (False, True, False)
        assert list(seen.channels) == list(CHANNELS)

    in_room(script)


def test_it_says_who_it_is() -> None:
    """Controller and software from the wire, the serial number from its plate."""

    async def script(room: Room) -> None:
        found = await room.driver.identify()
        assert (found.model, found.serial, found.firmware) == ("TEC 3000", "S-1", "2.02")

    in_room(script)


@pytest.mark.requirement("F030", refuses=True)
def test_only_questions_reach_the_store() -> None:
    """Every line that identify and look send ends with a question mark."""

    async def script(room: Room) -> None:
        await room.driver.identify()
        await room.driver.look()
        assert all(sent.sent.endswith(b"?\r\n") for sent in room.link.take_tape())

    in_room(script)


def test_a_broken_sensor_is_no_temperature() -> None:
    """The other one still reads."""

    async def script(room: Room) -> None:
        room.plant.hand("store", "probe", which="a", broken=True)
        seen = await room.driver.look()
        assert seen.a is None
        assert seen.b is not None
        assert seen.channels["temperature a"] is None

    in_room(script)


def test_without_power_it_is_silent_and_later_it_answers_again() -> None:
    """Silence is a link error; nothing has to be set up anew."""

    async def script(room: Room) -> None:
        room.plant.hand("store", "power", on=False)
        with pytest.raises(LinkError, match="no complete reply"):
            await room.driver.look()
        await room.clock.sleep(Seconds(3_600.0))
        room.plant.hand("store", "power", on=True)
        assert (await room.driver.look()).level is not None

    in_room(script)


@pytest.mark.parametrize("kind", [FaultKind.CUT_REPLY, FaultKind.LOSE_REPLY, FaultKind.LOSE_COMMAND])
def test_a_fault_on_the_line_is_an_error_and_the_next_look_is_whole(kind: FaultKind) -> None:
    """A late or broken reply answers no later question."""

    async def script(room: Room) -> None:
        with pytest.raises((LinkError, WireError)):
            await room.driver.look()
        seen = await room.driver.look()
        assert (seen.level, seen.shown) == (Percent(50.0), "7.5")

    in_room(script, Fault("store", 1, kind))


def test_a_fill_that_never_ends_shows_as_the_controllers_alarm() -> None:
    """The supply was empty; nobody has to be connected for it to happen."""

    async def script(room: Room) -> None:
        room.plant.hand("store", "supply", litres=0.0)
        room.plant.hand("store", "level", percent=29.0)
        await room.clock.sleep(Seconds(3_700.0))
        seen = await room.driver.look()
        assert (seen.filling, seen.fill_alarm) == (False, True)

    in_room(script)


@pytest.mark.parametrize("full", ["", "0", "-3", "many", "nan"])
def test_a_site_says_what_full_is(full: str) -> None:
    """Without it the level means nothing."""

    async def script(room: Room) -> None:
        with pytest.raises(InputError, match="full is"):
            FACTORY.build(room.link, {"full": full}, control=False)

    in_room(script)
