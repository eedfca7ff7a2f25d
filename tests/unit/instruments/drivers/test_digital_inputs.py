"""Contacts behind a module, over the fake in simulated time; s."""

from collections.abc import Awaitable, Callable

import pytest

from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.errors import FailedError, InputError, LinkError
from automation.kernel.quantity import Instant, Seconds
from fakes.digital_inputs import FakeDigitalInputs, build
from fakes.faults import Faults
from fakes.plant import Plant, PlantLog
from fakes.world import World
from instruments.drivers.digital_inputs.driver import FACTORY, DigitalInputs
from instruments.transport import Link

START = Instant(1_780_000_000.0)
WIRED = {"contacts": "door=1:closed, alarm=2:closed, ready=9:open", "first": "1", "serial": "S-1"}

pytestmark = pytest.mark.requirement("C06", "C07")


class Room:
    """A module with its driver, its fake and the clock."""

    def __init__(self, clock: SimulatedClock, given: dict[str, str]) -> None:
        """Wire it."""
        self.clock = clock
        self.plant = Plant(clock, PlantLog(None), Faults(()))
        self.fake: FakeDigitalInputs = build(World(1), "module", WIRED)
        self.plant.add("module", self.fake)
        self.link = Link(self.plant.connect("module"), name="module")
        driver = FACTORY.build(self.link, {**WIRED, **given}, control=False)
        assert isinstance(driver, DigitalInputs)
        self.driver = driver


def in_room(script: Callable[[Room], Awaitable[None]], **given: str) -> None:
    """Run a script in simulated time."""

    async def main(clock: SimulatedClock) -> None:
        room = Room(clock, given)
        await room.link.open()
        await script(room)

    run_simulated(main, start=START)


def test_each_contact_is_judged_by_how_it_is_wired() -> None:
    """Closed or open is normal as the site says; channels are 0 then."""

    async def script(room: Room) -> None:
        seen = await room.driver.look()
        assert [(one.name, one.closed, one.normal) for one in seen.contacts] == [
            ("door", True, True),
            ("alarm", True, True),
            ("ready", False, True),
        ]
        assert seen.channels == {"door": 0.0, "alarm": 0.0, "ready": 0.0}
        room.plant.hand("module", "work", contact="door", normal=False)
        room.plant.hand("module", "work", contact="ready", normal=False)
        await room.clock.sleep(Seconds(1.0))
        seen = await room.driver.look()
        assert (seen.channels, seen.off) == ({"door": 1.0, "alarm": 0.0, "ready": 1.0}, ("door", "ready"))

    in_room(script)


def test_a_cut_wire_reads_as_what_it_warns_of() -> None:
    """That is why alarms are wired to be closed."""

    async def script(room: Room) -> None:
        room.plant.hand("module", "cut", contact="alarm")
        assert (await room.driver.look()).off == ("alarm",)

    in_room(script)


def test_a_contact_that_bounces_is_waited_for() -> None:
    """Worked a moment ago it reads this and that; after the debounce it reads what it was worked to."""

    async def script(room: Room) -> None:
        for _ in range(10):
            for normal in (False, True):
                room.plant.hand("module", "work", contact="door", normal=normal)
                seen = await room.driver.look()
                assert seen.contacts[0].normal is normal

    in_room(script)


def test_a_contact_that_does_not_come_to_rest_is_none() -> None:
    """Never one or the other; the others are read all the same."""

    async def script(room: Room) -> None:
        room.plant.hand("module", "chatter", contact="door", seconds=600.0)
        seen = [await room.driver.look() for _ in range(20)]
        restless = [one for one in seen if one.contacts[0].normal is None]
        assert restless
        assert all(one.channels == {"door": None, "alarm": 0.0, "ready": 0.0} for one in restless)
        assert all("door" in one.off for one in restless)

    in_room(script)


def test_without_a_debounce_one_reading_is_enough() -> None:
    """For a module that debounces by itself."""

    async def script(room: Room) -> None:
        await room.driver.look()
        assert len(room.link.take_tape()) == 1

    in_room(script, debounce="0")


def test_who_it_is_holds_how_it_is_wired() -> None:
    """Another wiring is another configuration, so that the asset has to be identified anew."""
    found: list[str] = []

    async def script(room: Room) -> None:
        who = await room.driver.identify()
        assert who.serial == "S-1"
        found.append(who.configuration)

    in_room(script)
    in_room(script, contacts="door=1:open, alarm=2:closed, ready=9:open")
    assert found[0] != found[1]


def test_inputs_that_are_not_there_and_silence_are_told() -> None:
    """The first is a fault of the wiring, the second of the line."""

    async def script(room: Room) -> None:
        with pytest.raises(FailedError, match="illegal data address"):
            await room.driver.look()
        room.plant.hand("module", "power", on=False)
        with pytest.raises(LinkError, match="no complete reply"):
            await room.driver.look()

    in_room(script, contacts="door=40:closed")


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("contacts", "", "contacts is empty"),
        ("contacts", "door", "contacts has 'door'; NAME=INPUT"),
        ("contacts", "door=0:closed", "input 0; 1 to 65536 is allowed, as first is 1"),
        ("contacts", "door=1:shut", "as in door=0:closed"),
        ("contacts", "door=1:closed, door=2:open", "the name 'door' twice"),
        ("contacts", "door=1:closed, gate=1:open", "the input '1' twice"),
        ("contacts", "door=1:closed, gate=3000:open", "spans more than 2000"),
        ("debounce", "5", "debounce is '5'; seconds from 0 to 2"),
        ("debounce", "nan", "debounce is 'nan'"),
        ("first", "2", "first is '2'; allowed: 0, 1"),
        ("function", "inputs", "allowed: discrete inputs, coils"),
        ("framing", "usb", "allowed: rtu, ascii, tcp"),
        ("unit", "256", "unit is '256'"),
    ],
)
def test_a_wiring_that_is_none_is_refused(key: str, text: str, said: str) -> None:
    """With the contact, the value and what is allowed."""

    async def script(room: Room) -> None:
        with pytest.raises(InputError, match=said):
            FACTORY.build(room.link, {**WIRED, key: text}, control=False)

    in_room(script)


def test_without_contacts_there_is_nothing_to_read() -> None:
    """They have no default."""

    async def script(room: Room) -> None:
        with pytest.raises(InputError, match="contacts is missing"):
            FACTORY.build(room.link, {}, control=False)

    in_room(script)
