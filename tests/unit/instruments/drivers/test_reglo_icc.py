"""The driver of a Reglo ICC over the wire-level fake in simulated time; 1/min, mL, s."""

from collections.abc import Awaitable, Callable

import pytest

from automation.engine.handles import Container as Handle
from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.errors import InputError, RefusedError
from automation.kernel.quantity import Celsius, Instant, Millilitres, Seconds
from fakes.contents import filled
from fakes.faults import Faults
from fakes.plant import Plant, PlantLog
from fakes.reglo_icc import PER_TURN, FakeRegloIcc, build
from fakes.world import Container, World
from instruments.drivers.reglo_icc import wire
from instruments.drivers.reglo_icc.driver import FACTORY, RegloIcc
from instruments.interfaces.pump import PumpSetting, Turning
from instruments.transport import Link

START = Instant(1_780_000_000.0)
FLOW = {"source": Handle("FULL"), "dest": Handle("EMPTY")}
SETTING = PumpSetting(10.0, clockwise=True)

pytestmark = pytest.mark.requirement("C06", "C07")


class Room:
    """A pump between two bags, with its driver, its fake and the clock."""

    def __init__(self, clock: SimulatedClock, *, control: bool) -> None:
        """Cable them, and put the tube into the second channel."""
        self.clock = clock
        self.plant = Plant(clock, PlantLog(None), Faults(()))
        self.world = World(1)
        for name, volume in (("FULL", 500.0), ("EMPTY", 0.0)):
            bag = Container(name, "bag600", contents=filled(Millilitres(volume)))
            self.world.add(bag, place="bench", at=Celsius(22.0), now=START)
        self.fake: FakeRegloIcc = build(self.world, "pump", {})
        self.plant.add("pump", self.fake)
        self.plant.hand("pump", "connect", channel="2", source="FULL", dest="EMPTY")
        self.link = Link(self.plant.connect("pump"), name="pump")
        driver = FACTORY.build(self.link, {"channel": "2"}, control=control)
        assert isinstance(driver, RegloIcc)
        self.driver = driver

    async def run(self, seconds: float) -> float:
        """Pump for a while; gives what came through (mL)."""
        before = self.fake.pumped(self.clock.now(), channel="2")
        await self.driver.start(**FLOW)
        await self.clock.sleep(Seconds(seconds))
        await self.driver.stop()
        return self.fake.pumped(self.clock.now(), channel="2") - before


def in_room(script: Callable[[Room], Awaitable[None]], *, control: bool = True) -> None:
    """Run a script in simulated time."""

    async def main(clock: SimulatedClock) -> None:
        room = Room(clock, control=control)
        await room.link.open()
        await script(room)

    run_simulated(main, start=START)


def test_it_is_set_read_back_and_pumps_on_its_own_channel() -> None:
    """Ten revolutions in a minute; the other channels stand."""

    async def script(room: Room) -> None:
        await room.driver.prepare(setting=SETTING)
        assert await room.run(60.0) == pytest.approx(10.0 * PER_TURN, rel=0.01)
        seen = await room.driver.look()
        assert (seen.state, seen.rpm, seen.clockwise, seen.turned) == (Turning.STOPPED, 10.0, True, 10)
        assert [one.head.turned for name, one in room.fake.channels.items() if name != "2"] == [0.0] * 3

    in_room(script)


def test_events_in_between_are_no_answers() -> None:
    """Somebody switched them on at another terminal: every look still reads right."""

    async def script(room: Room) -> None:
        await room.driver.prepare(setting=SETTING)
        room.fake.feed(b"1xE1\r", room.clock.now())
        await room.driver.start(**FLOW)
        for _ in range(5):
            await room.clock.sleep(Seconds(1.0))
            assert (await room.driver.look()).state is Turning.RUNNING
        assert any(b"^U2|A" in one for one in room.link.unsolicited)

    in_room(script)


def test_as_long_as_one_digit_means_all_channels_it_does_not_start() -> None:
    """A start would turn every channel; to prepare it sets that right."""

    async def script(room: Room) -> None:
        with pytest.raises(RefusedError, match="not addressed by themselves"):
            await room.driver.start(**FLOW)
        await room.driver.prepare(setting=SETTING)
        room.plant.hand("pump", "power", on=False)
        room.plant.hand("pump", "power", on=True)
        with pytest.raises(RefusedError, match="not addressed by themselves"):
            await room.driver.start(**FLOW)
        assert room.fake.acts["start"] == 0

    in_room(script)


def test_set_to_a_volume_at_its_panel_it_does_not_start() -> None:
    """It would stop by itself; a pump that refuses says why."""

    async def script(room: Room) -> None:
        await room.driver.prepare(setting=SETTING)
        room.plant.hand("pump", "mode", channel="2", mode="O")
        with pytest.raises(RefusedError, match="its mode is O"):
            await room.driver.start(**FLOW)

    in_room(script)


def test_a_start_that_it_refuses_says_why() -> None:
    """The pump is asked for the cause between the look at its mode and the start."""

    async def script(room: Room) -> None:
        await room.driver.prepare(setting=SETTING)
        room.fake.channels["2"].mode = "O"
        assert room.fake.feed(b"2H\r", room.clock.now()) == wire.NO.encode()
        assert wire.cause(wire.said(room.fake.feed(b"2xe\r", room.clock.now()))).startswith("the volume")

    in_room(script)


def test_nothing_is_set_while_it_turns_and_nothing_without_control() -> None:
    """Reading is all that it does then."""

    async def script(room: Room) -> None:
        await room.driver.prepare(setting=SETTING)
        await room.driver.start(**FLOW)
        with pytest.raises(RefusedError, match="while it turns"):
            await room.driver.prepare(setting=SETTING)

    async def read_only(room: Room) -> None:
        with pytest.raises(RefusedError, match="needs control"):
            await room.driver.start(**FLOW)
        who = await room.driver.identify()
        assert (who.maker, who.model, who.serial) == ("Ismatec", "REGLO ICC", "12345ABC")

    in_room(script)
    in_room(read_only, control=False)


@pytest.mark.parametrize(("key", "text"), [("pump", "9"), ("channel", "0"), ("channel", "all")])
def test_a_pump_or_channel_that_is_not_there_is_refused(key: str, text: str) -> None:
    """A typing error in a site file is found before anything is sent."""

    async def script(room: Room) -> None:
        with pytest.raises(InputError, match=f"{key} is '{text}'"):
            FACTORY.build(room.link, {key: text}, control=True)

    in_room(script)
