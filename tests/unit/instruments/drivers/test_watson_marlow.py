"""The pump's driver over the wire-level fake in simulated time; 1/min, mL, s."""

from collections.abc import Awaitable, Callable

import pytest

from automation.engine.handles import Container as Handle
from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.errors import LinkError, RefusedError
from automation.kernel.quantity import Celsius, Instant, Millilitres, Seconds
from fakes.contents import filled
from fakes.faults import Faults
from fakes.plant import Plant, PlantLog
from fakes.watson_marlow import PER_TURN, FakeWatsonMarlow, build
from fakes.world import Container, World
from instruments.drivers.watson_marlow.driver import FACTORY, WatsonMarlow
from instruments.interfaces.pump import PumpSetting, Turning
from instruments.transport import Link

START = Instant(1_780_000_000.0)
FLOW = {"source": Handle("FULL"), "dest": Handle("EMPTY")}
SETTING = PumpSetting(10.0, clockwise=True)

pytestmark = pytest.mark.requirement("C06", "C07")


class Room:
    """A pump between two bags, with its driver, its fake and the clock."""

    def __init__(self, clock: SimulatedClock, *, echo: str, control: bool) -> None:
        """Cable them, and put the tube in."""
        self.clock = clock
        self.plant = Plant(clock, PlantLog(None), Faults(()))
        self.world = World(1)
        for name, volume in (("FULL", 500.0), ("EMPTY", 0.0)):
            bag = Container(name, "bag600", contents=filled(Millilitres(volume)))
            self.world.add(bag, place="bench", at=Celsius(22.0), now=START)
        self.fake: FakeWatsonMarlow = build(self.world, "pump", {"echo": echo})
        self.plant.add("pump", self.fake)
        self.plant.hand("pump", "connect", source="FULL", dest="EMPTY")
        self.link = Link(self.plant.connect("pump"), name="pump")
        driver = FACTORY.build(self.link, {"echo": echo}, control=control)
        assert isinstance(driver, WatsonMarlow)
        self.driver = driver

    async def run(self, seconds: float) -> float:
        """Pump for a while; gives what came through (mL)."""
        before = self.fake.pumped(self.clock.now())
        await self.driver.start(**FLOW)
        await self.clock.sleep(Seconds(seconds))
        await self.driver.stop()
        return self.fake.pumped(self.clock.now()) - before


def in_room(script: Callable[[Room], Awaitable[None]], *, echo: str = "yes", control: bool = True) -> None:
    """Run a script in simulated time."""

    async def main(clock: SimulatedClock) -> None:
        room = Room(clock, echo=echo, control=control)
        await room.link.open()
        await script(room)

    run_simulated(main, start=START)


@pytest.mark.parametrize("echo", ["yes", "no"])
def test_it_is_set_read_back_and_pumps(echo: str) -> None:
    """Ten revolutions in a minute, with the echo on and off."""

    async def script(room: Room) -> None:
        await room.driver.prepare(setting=SETTING)
        assert await room.run(60.0) == pytest.approx(10.0 * PER_TURN, rel=0.01)
        seen = await room.driver.look()
        assert (seen.state, seen.rpm, seen.clockwise) == (Turning.STOPPED, 10.0, True)

    in_room(script, echo=echo)


def test_back_pressure_and_a_clamp_take_from_the_flow() -> None:
    """A tenth at 100 kPa; nothing through a clamped line, though it turns."""

    async def script(room: Room) -> None:
        await room.driver.prepare(setting=SETTING)
        room.plant.hand("pump", "pressure", kPa=100.0)
        assert await room.run(60.0) == pytest.approx(9.0 * PER_TURN, rel=0.01)
        room.plant.hand("pump", "clamp", on=True)
        assert await room.run(60.0) == 0.0

    in_room(script)


def test_after_its_stop_key_it_does_not_start() -> None:
    """Remote control has ended: the command is heard, and nothing turns."""

    async def script(room: Room) -> None:
        room.plant.hand("pump", "stop")
        with pytest.raises(LinkError, match="GO was sent, and the pump is not running"):
            await room.driver.start(**FLOW)
        with pytest.raises(RefusedError, match="not what was set"):
            await room.driver.prepare(setting=SETTING)

    in_room(script)


def test_a_speed_that_it_can_not_keep_is_refused() -> None:
    """This one ends at 220; nothing is set while it turns, and nothing without control."""

    async def script(room: Room) -> None:
        with pytest.raises(RefusedError, match="it keeps 220"):
            await room.driver.prepare(setting=PumpSetting(300.0, clockwise=True))
        await room.driver.start(**FLOW)
        with pytest.raises(RefusedError, match="while it turns"):
            await room.driver.prepare(setting=SETTING)

    in_room(script)


def test_without_control_nothing_turns() -> None:
    """Reading is all it does."""

    async def script(room: Room) -> None:
        with pytest.raises(RefusedError, match="needs control"):
            await room.driver.start(**FLOW)
        assert (await room.driver.identify()).model == "620Du"

    in_room(script, control=False)
