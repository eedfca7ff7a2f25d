"""The driver of an HT2000 over the fake in simulated time; mL, s, cells."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from automation.engine.handles import Container as Handle
from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.effect import Call, Done, Unknown
from automation.kernel.errors import RefusedError
from automation.kernel.quantity import Cells, Celsius, Instant, Millilitres, Seconds
from fakes.contents import filled
from fakes.curiox_ht2000 import FakeCurioxHt2000, build
from fakes.faults import Faults
from fakes.plant import Plant, PlantLog
from fakes.world import Container, World
from instruments.drivers.curiox_ht2000 import wire
from instruments.drivers.curiox_ht2000.driver import FACTORY, CurioxHt2000
from instruments.interfaces.plate_washer import Drain, PlateWash, PlateWasherState, Routine, Tray
from instruments.transport import Link

START = Instant(1_780_000_000.0)
PLATE = Handle("PLATE")
WASH = PlateWash(3, 50, 5, 0)

pytestmark = pytest.mark.requirement("C04", "C06", "C07")


class Room:
    """A washer with a plate, buffer and waste, its driver, its fake and the clock."""

    def __init__(self, clock: SimulatedClock, *, control: bool) -> None:
        """Cable them, and stain the samples."""
        self.clock = clock
        self.plant = Plant(clock, PlantLog(None), Faults(()))
        self.world = World(1)
        stained = filled(Millilitres(1.0), live=Cells(1e6), dead=Cells(1e5))
        for name, contents in (
            ("PLATE", replace(stained, solutes={"stain": 1e-3})),
            ("BUFFER", filled(Millilitres(90.0))),
            ("WASTE", filled(Millilitres(0.0))),
        ):
            one = Container(name, "chamber" if name == "PLATE" else "bag300", contents=contents)
            self.world.add(one, place="bench", at=Celsius(22.0), now=START)
        self.fake: FakeCurioxHt2000 = build(self.world, "washer", {})
        self.plant.add("washer", self.fake)
        self.link = Link(self.plant.connect("washer"), name="washer")
        driver = FACTORY.build(self.link, {"serial": "S-1"}, control=control)
        assert isinstance(driver, CurioxHt2000)
        self.driver = driver

    def load(self) -> None:
        """Put the plate on the tray."""
        self.plant.hand("washer", "load", plate="PLATE", buffer="BUFFER", waste="WASTE")

    async def washed(self) -> None:
        """Wait until it is ready."""
        while (await self.driver.look()).state is PlateWasherState.BUSY:
            await self.clock.sleep(Seconds(5.0))


def in_room(script: Callable[[Room], Awaitable[None]], *, control: bool = True) -> None:
    """Run a script in simulated time."""

    async def main(clock: SimulatedClock) -> None:
        room = Room(clock, control=control)
        await room.link.open()
        await script(room)

    run_simulated(main, start=START)


def test_a_wash_takes_the_stain_and_leaves_the_cells() -> None:
    """Each of three washes halves what is dissolved, and the balance of the world closes."""

    async def script(room: Room) -> None:
        before = room.world.total()
        room.load()
        await room.driver.move_tray(to=Tray.OUT)
        await room.driver.prepare(wash=WASH)
        await room.driver.wash(plate=PLATE)
        await room.washed()
        plate = room.world.container("PLATE").contents
        assert plate.solutes["stain"] == pytest.approx(1e-3 / 8.0)
        assert float(plate.live) == pytest.approx(1e6 * 0.99**3)
        after = room.world.total()
        assert float(after.volume) == pytest.approx(float(before.volume))
        assert after.solutes["stain"] == pytest.approx(1e-3)
        assert room.fake.acts["wash"] == 1

    in_room(script)


def test_the_tray_is_toggled_only_after_a_look() -> None:
    """The command itself would bring it to the other place."""

    async def script(room: Room) -> None:
        for _ in range(2):
            await room.driver.move_tray(to=Tray.OUT)
        assert (await room.driver.look()).tray is Tray.OUT
        room.plant.hand("washer", "tray")
        await room.driver.move_tray(to=Tray.OUT)
        assert room.fake.acts["move tray"] == 2

    in_room(script)


@pytest.mark.requirement("C04", refuses=True)
def test_without_a_plate_or_a_wash_it_does_not_start() -> None:
    """Both are told before anything is sent."""

    async def script(room: Room) -> None:
        with pytest.raises(RefusedError, match="no plate"):
            await room.driver.wash(plate=PLATE)
        room.load()
        with pytest.raises(RefusedError, match="no wash was set since the program began"):
            await room.driver.wash(plate=PLATE)
        assert room.fake.acts["wash"] == 0

    in_room(script)


def test_while_it_works_nothing_else_begins() -> None:
    """Nor can an error be recovered from then."""

    async def script(room: Room) -> None:
        room.load()
        await room.driver.prepare(wash=WASH)
        await room.driver.wash(plate=PLATE)
        with pytest.raises(RefusedError, match="it is busy; it primes when ready"):
            await room.driver.prime(routine=Routine.SHORT)
        with pytest.raises(RefusedError, match="it works"):
            await room.driver.recover()
        await room.washed()
        await room.driver.prime(routine=Routine.SHORT)
        assert room.fake.acts["prime"] == 1

    in_room(script)


def test_service_mode_is_left_before_a_wash_is_set() -> None:
    """As the public program does."""

    async def script(room: Room) -> None:
        room.plant.hand("washer", "service", on=True)
        await room.driver.prepare(wash=WASH)
        assert (await room.driver.look()).operating

    in_room(script)


def test_an_error_is_told_and_recovered_from() -> None:
    """The axes go home; an error that comes meanwhile ends the waiting."""

    async def script(room: Room) -> None:
        room.plant.hand("washer", "error", code="15")
        seen = await room.driver.look()
        assert (seen.state, seen.error) == (PlateWasherState.FAILED, "error 15: home lower left")
        with pytest.raises(RefusedError, match="home lower left"):
            await room.driver.move_tray(to=Tray.OUT)
        await room.driver.recover()
        assert (await room.driver.look()).state is PlateWasherState.READY

    in_room(script)


def test_a_spill_tray_is_drained() -> None:
    """What is empty stays so."""

    async def script(room: Room) -> None:
        room.plant.hand("washer", "spill", on=True)
        assert (await room.driver.look()).spilled
        await room.driver.drain(what=Drain.SPILL_TRAY)
        assert not (await room.driver.look()).spilled

    in_room(script)


def test_stopped_at_its_button_it_takes_nothing_until_it_was_brought_home() -> None:
    """No command stops it; its button does."""

    async def script(room: Room) -> None:
        room.load()
        await room.driver.prepare(wash=WASH)
        await room.driver.wash(plate=PLATE)
        room.plant.hand("washer", "stop")
        with pytest.raises(RefusedError, match="it is stopped"):
            await room.driver.move_tray(to=Tray.IN)
        await room.driver.recover()
        await room.driver.move_tray(to=Tray.IN)

    in_room(script)


def test_a_plate_that_is_taken_away_meanwhile_is_an_error_of_the_washer() -> None:
    """It acknowledges with it, and names it."""

    async def script(room: Room) -> None:
        room.load()
        await room.driver.prepare(wash=WASH)
        said = room.fake.feed(wire.command(wire.REPORT), room.clock.now())
        room.plant.hand("washer", "unload")
        assert wire.report(said).loaded
        assert wire.acknowledged(room.fake.feed(wire.command(wire.WASH), room.clock.now())) == wire.FAILED
        assert (await room.driver.look()).error == "error 01: no plate"

    in_room(script)


def test_whether_an_open_wash_took_effect_it_says_only_while_it_works() -> None:
    """Afterwards a person decides."""

    async def script(room: Room) -> None:
        room.load()
        await room.driver.prepare(wash=WASH)
        await room.driver.wash(plate=PLATE)
        call = Call("washer", "wash", {})
        assert isinstance(await room.driver.reconcile(call), Done)
        await room.washed()
        assert isinstance(await room.driver.reconcile(call), Unknown)

    in_room(script)


def test_without_control_it_is_only_looked_at() -> None:
    """Who it is, the site states."""

    async def script(room: Room) -> None:
        with pytest.raises(RefusedError, match="only with control"):
            await room.driver.move_tray(to=Tray.OUT)
        assert (await room.driver.identify()).serial == "S-1"

    in_room(script, control=False)
