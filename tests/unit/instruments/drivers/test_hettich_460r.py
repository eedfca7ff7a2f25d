"""The centrifuge's driver over the wire-level fake in simulated time; x g, 1/min, s, degC."""

from collections.abc import Awaitable, Callable

import pytest

from automation.engine.handles import Container as Handle
from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.effect import Call, Done, NotDone, Unknown
from automation.kernel.errors import FailedError, InputError, RefusedError
from automation.kernel.quantity import Celsius, Instant, Seconds, TimesGravity
from fakes.faults import Faults
from fakes.hettich_460r import FakeHettich460R, build
from fakes.plant import Plant, PlantLog
from fakes.world import World
from instruments.drivers.hettich_460r.driver import FACTORY, Hettich460R
from instruments.interfaces.centrifuge import CentrifugeState, SpinProgram
from instruments.transport import Link

START = Instant(1_780_000_000.0)
GIVEN = {"radius": "189", "differ_at_most": "5", "program": "7", "temperature": "32", "brake": "5", "serial": "S-1"}
SPIN = SpinProgram(TimesGravity(1000.0), Seconds(300.0), Celsius(32.0), 5)
BAG = (Handle("BAG"),)
STARTING = Call("spin", "start", {})

pytestmark = pytest.mark.requirement("F026", "C06", "C07")


class Room:
    """A centrifuge with its driver, its fake and the clock."""

    def __init__(self, clock: SimulatedClock, *, control: bool) -> None:
        """Cable them."""
        self.clock = clock
        self.plant = Plant(clock, PlantLog(None), Faults(()))
        self.fake: FakeHettich460R = build(World(1), "spin", GIVEN)
        self.plant.add("spin", self.fake)
        self.link = Link(self.plant.connect("spin"), name="spin")
        driver = FACTORY.build(self.link, GIVEN, control=control)
        assert isinstance(driver, Hettich460R)
        self.driver = driver

    async def go(self, seconds: float) -> None:
        """Let time pass."""
        await self.clock.sleep(Seconds(seconds))

    def hand(self, action: str, **details: object) -> None:
        """Let a hand act."""
        self.plant.hand("spin", action, **details)

    async def state(self) -> CentrifugeState:
        """Look what the rotor does."""
        return (await self.driver.look()).state


def in_room(script: Callable[[Room], Awaitable[None]], *, control: bool = True) -> None:
    """Run a script in simulated time."""

    async def main(clock: SimulatedClock) -> None:
        room = Room(clock, control=control)
        await room.link.open()
        await script(room)

    run_simulated(main, start=START)


def test_a_program_is_set_read_back_and_run_to_its_end() -> None:
    """Up in under a minute, at its force, braking after the time, standing."""

    async def script(room: Room) -> None:
        await room.driver.prepare(program=SPIN)
        held = await room.driver.prepared()
        assert float(held.force) == pytest.approx(1000.0, rel=1e-3)
        assert held.duration == Seconds(300.0)
        await room.driver.start(containers=BAG)
        assert await room.state() is CentrifugeState.ACCELERATING
        await room.go(120.0)
        seen = await room.driver.look()
        assert (seen.state, seen.closed) == (CentrifugeState.SPINNING, True)
        assert float(seen.force or 0.0) == pytest.approx(1000.0, rel=1e-3)
        await room.go(185.0)
        assert await room.state() is CentrifugeState.BRAKING
        await room.go(120.0)
        assert await room.state() is CentrifugeState.STANDING

    in_room(script)


def test_it_says_who_it_is_and_what_its_rotor_stands() -> None:
    """Kind and software from the wire, the serial number and the radius as declared."""

    async def script(room: Room) -> None:
        found = await room.driver.identify()
        assert (found.maker, found.serial, found.firmware) == ("Hettich", "S-1", "01.12")
        rotor = await room.driver.rotor()
        assert float(rotor.strongest) == pytest.approx(4471.0, rel=1e-3)
        with pytest.raises(RefusedError, match="this rotor stands"):
            await room.driver.prepare(program=SpinProgram(TimesGravity(5000.0), Seconds(60.0), Celsius(32.0), 5))

    in_room(script)


@pytest.mark.requirement("F026", refuses=True)
@pytest.mark.parametrize(
    ("action", "details", "why"),
    [
        ("lid", {"open": True}, "the lid is open"),
        ("hatch", {"open": True}, "the hatch is open"),
        ("rotor", {"in": False}, "no rotor"),
        ("key", {"lock": 1}, "not in lock 2"),
    ],
)
def test_what_bars_a_start_is_said_before_it_is_sent(action: str, details: dict[str, object], why: str) -> None:
    """Nothing turns."""

    async def script(room: Room) -> None:
        await room.driver.prepare(program=SPIN)
        room.hand(action, **details)
        with pytest.raises(RefusedError, match=why):
            await room.driver.start(containers=BAG)
        assert room.fake.acts["start"] == 0

    in_room(script)


def test_a_busy_centrifuge_acknowledges_and_ignores() -> None:
    """The acknowledgement is not believed."""

    async def script(room: Room) -> None:
        await room.driver.prepare(program=SPIN)
        room.hand("busy", on=True)
        with pytest.raises(FailedError, match="was acknowledged; the rotor is standing"):
            await room.driver.start(containers=BAG)

    in_room(script)


def test_after_a_power_cut_a_start_is_refused_and_a_program_can_be_set() -> None:
    """Every select is refused until the faults are read."""

    async def script(room: Room) -> None:
        await room.driver.prepare(program=SPIN)
        room.hand("power", on=False)
        room.hand("power", on=True)
        with pytest.raises(RefusedError, match="the power was off since the program was set"):
            await room.driver.start(containers=BAG)
        await room.driver.prepare(program=SPIN)
        await room.driver.start(containers=BAG)

    in_room(script)


def test_a_doubtful_start_is_told_from_the_mark_of_a_change() -> None:
    """Nothing happened: not done. It turns: done. It turned and stands again: nobody can say."""

    async def script(room: Room) -> None:
        await room.driver.prepare(program=SPIN)
        assert await room.driver.reconcile(STARTING) == NotDone()
        room.hand("start")
        assert await room.driver.reconcile(STARTING) == Done()
        room.hand("stop")
        await room.go(300.0)
        assert isinstance(await room.driver.reconcile(STARTING), Unknown)

    in_room(script)


def test_an_imbalance_is_an_error_with_its_number() -> None:
    """The rotor brakes; a program is refused until somebody has cleared it."""

    async def script(room: Room) -> None:
        await room.driver.prepare(program=SPIN)
        await room.driver.start(containers=BAG)
        room.hand("slip", differ=200.0)
        await room.go(120.0)
        seen = await room.driver.look()
        assert (seen.state, seen.message) == (CentrifugeState.FAILED, "the centrifuge shows error 31")
        with pytest.raises(RefusedError, match="error 31"):
            await room.driver.prepare(program=SPIN)

    in_room(script)


@pytest.mark.requirement("F026", "C06", refuses=True)
def test_without_control_nothing_is_set() -> None:
    """Reading is all it does."""

    async def script(room: Room) -> None:
        for act in (room.driver.prepare(program=SPIN), room.driver.start(containers=BAG), room.driver.stop()):
            with pytest.raises(RefusedError, match="needs control"):
                await act
        assert await room.state() is CentrifugeState.STANDING

    in_room(script, control=False)


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [("unit", "a", "one of A"), ("radius", "", "a number from 20"), ("brake", "2.5", "a whole number")],
)
def test_a_declaration_that_can_not_be_is_refused(key: str, value: str, why: str) -> None:
    """What can't be read on the wire has to be declared."""

    async def main(clock: SimulatedClock) -> None:
        room = Room(clock, control=True)
        with pytest.raises(InputError, match=why):
            FACTORY.build(room.link, {**GIVEN, key: value}, control=True)

    run_simulated(main, start=START)
