"""The Cytomat's driver over the wire-level fake in simulated time; degC, %, s."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from automation.engine.handles import Container
from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.effect import Call, Done, NotDone, Unknown
from automation.kernel.errors import (
    CellwrightError,
    FailedError,
    InputError,
    LinkError,
    RefusedError,
    UnknownError,
    WireError,
)
from automation.kernel.quantity import Cells, Celsius, Instant, Millilitres, Percent, Seconds
from fakes.contents import filled
from fakes.cytomat import FakeCytomat, build
from fakes.faults import Fault, FaultKind, Faults
from fakes.plant import Plant, PlantLog
from fakes.world import Container as Vessel
from fakes.world import World
from instruments.drivers.cytomat.driver import FACTORY, Cytomat
from instruments.interfaces.incubator import CHANNELS, SetPoints
from instruments.transport import Link, MemoryStream
from tests.support.persons import no_link

START = Instant(1_780_000_000.0)
GIVEN = {"model": "C6000", "racks": "21,21", "gases": "co2,humidity", "serial": "SIM-CY-01"}
CULTURE = (Container("flask"),)

pytestmark = pytest.mark.requirement("C06", "F025")


class Room:
    """An incubator with its driver, its fake, and a flask on its transfer station."""

    def __init__(self, clock: SimulatedClock, faults: tuple[Fault, ...], *, model: str, control: bool) -> None:
        """Cable them."""
        self.clock = clock
        self.plant = Plant(clock, PlantLog(None), Faults(faults))
        self.world = World(1)
        self.fake: FakeCytomat = build(self.world, "inc", {"model": model})
        self.plant.add("inc", self.fake)
        contents = filled(Millilitres(30.0), live=Cells(30e6))
        self.world.add(Vessel("flask", "flask", contents=contents), place="bench", at=Celsius(22.0), now=START)
        self.plant.hand("inc", "put", container="flask")
        self.link = Link(self.plant.connect("inc"), name="inc")
        driver = FACTORY.build(self.link, {**GIVEN, "model": model}, control=control)
        assert isinstance(driver, Cytomat)
        self.driver = driver

    def hand(self, action: str, **details: object) -> None:
        """Let a person act."""
        self.plant.hand("inc", action, **details)

    def fault(self, kind: FaultKind, *, at: int) -> None:
        """Let the n-th telegram from now on go wrong."""
        self.plant.faults.add(Fault("inc", self.plant.faults.acts.get("inc", 0) + at, kind))

    @property
    def place(self) -> str:
        """Say where the flask is."""
        return self.world.container("flask").place

    async def settled(self, method: str) -> object:
        """Ask how an open call ended."""
        return await self.driver.reconcile(Call("inc", method, {"slot": 3, "containers": CULTURE}))


def in_room(
    script: Callable[[Room], Awaitable[None]], *faults: Fault, model: str = "C6000", control: bool = True
) -> None:
    """Run a script in simulated time."""

    async def main(clock: SimulatedClock) -> None:
        room = Room(clock, faults or (Fault("nowhere", 1, FaultKind.NOISE),), model=model, control=control)
        await room.link.open()
        await script(room)

    run_simulated(main, start=START)


@pytest.mark.parametrize("model", ["C6000", "C2C_425"])
def test_a_flask_goes_in_and_comes_out(model: str) -> None:
    """Also on the model that counts racks and ends its lines with CR alone."""

    async def script(room: Room) -> None:
        await room.driver.set_up()
        await room.driver.store(slot=3, containers=CULTURE)
        assert room.place == "inc"
        assert room.fake.slots == {3: "flask"}
        assert not (await room.driver.shuttle()).at_gate
        await room.driver.fetch(slot=3, containers=CULTURE)
        assert room.place == "inc.gate"
        assert (await room.driver.shuttle()).at_gate
        assert room.fake.acts == {"set up": 1, "store": 1, "fetch": 1}

    in_room(script, model=model)


def test_a_place_of_the_second_rack_follows_the_last_of_the_first() -> None:
    """PyLabRobot counts through all racks."""

    async def script(room: Room) -> None:
        await room.driver.set_up()
        await room.driver.store(slot=22, containers=CULTURE)
        assert room.fake.slots == {22: "flask"}

    in_room(script)


def test_what_stands_inside_is_warm_and_what_stands_outside_cools() -> None:
    """One world: the flask follows the place where the handler has put it."""

    async def script(room: Room) -> None:
        await room.driver.set_up()
        await room.driver.store(slot=1, containers=CULTURE)
        await room.clock.sleep(Seconds(6 * 3600.0))
        warm = float(room.world.temperature("flask", now=room.clock.now()))
        await room.driver.fetch(slot=1, containers=CULTURE)
        await room.clock.sleep(Seconds(3600.0))
        assert warm == pytest.approx(37.0, abs=0.5)
        assert float(room.world.temperature("flask", now=room.clock.now())) < 30.0

    in_room(script)


def test_the_climate_is_read_whole() -> None:
    """Warm, with gas and humid; oxygen is not named by the site and reads as none."""

    async def script(room: Room) -> None:
        seen = await room.driver.climate()
        assert set((await room.driver.look()).channels) == set(room.driver.channels)
        assert seen.temperature is not None
        assert float(seen.temperature) == pytest.approx(37.0, abs=0.2)
        assert seen.co2 is not None
        assert float(seen.co2) == pytest.approx(5.0, abs=0.2)
        assert (seen.oxygen, seen.door_open, seen.alarms) == (None, False, ())
        assert list(seen.channels) == list(CHANNELS)
        assert await room.driver.set_points() == SetPoints(Celsius(37.0), Percent(5.0))

    in_room(script)


def test_a_climate_is_found_as_set_or_refused() -> None:
    """Nobody published how to set it: a person does, and the driver sees that it was done."""

    async def script(room: Room) -> None:
        await room.driver.keep(set_points=SetPoints(Celsius(37.0), Percent(5.0)))
        with pytest.raises(RefusedError, match="set it at its panel"):
            await room.driver.keep(set_points=SetPoints(Celsius(32.0)))
        room.hand("set", temperature=32.0)
        await room.driver.keep(set_points=SetPoints(Celsius(32.0)))

    in_room(script)


@pytest.mark.parametrize("slot", [0, 43, -1])
def test_a_place_that_is_not_there_is_refused(slot: int) -> None:
    """Before a byte is sent."""

    async def script(room: Room) -> None:
        with pytest.raises(RefusedError, match="1 to 42"):
            await room.driver.store(slot=slot, containers=CULTURE)
        assert room.link.take_tape() == []

    in_room(script)


def test_nothing_is_taken_in_from_an_empty_station_or_brought_out_to_a_taken_one() -> None:
    """The station is looked at first."""

    async def script(room: Room) -> None:
        await room.driver.set_up()
        with pytest.raises(RefusedError, match="take it away"):
            await room.driver.fetch(slot=3, containers=CULTURE)
        room.hand("take")
        with pytest.raises(RefusedError, match="nothing stands"):
            await room.driver.store(slot=3, containers=CULTURE)
        assert room.fake.acts["store"] == room.fake.acts["fetch"] == 0

    in_room(script)


@pytest.mark.parametrize("hand", ["new", "door"])
def test_nothing_moves_before_the_set_up_or_past_an_open_door(hand: str) -> None:
    """It says why."""

    async def script(room: Room) -> None:
        if hand == "door":
            await room.driver.set_up()
            room.hand("door", open=True)
        with pytest.raises(RefusedError, match="open door" if hand == "door" else "not set up"):
            await room.driver.store(slot=3, containers=CULTURE)

    in_room(script)


def test_an_empty_place_is_a_failure_and_nothing_has_moved() -> None:
    """The shovel came back empty: the device says so by its error register, which PyLabRobot reads and clears."""

    async def script(room: Room) -> None:
        await room.driver.set_up()
        room.hand("take")
        with pytest.raises(FailedError, match="NoMtpLoaded"):
            await room.driver.fetch(slot=7, containers=CULTURE)
        assert not (await room.driver.shuttle()).at_gate

    in_room(script)


def test_a_taken_place_leaves_the_plate_on_the_handler_for_a_person() -> None:
    """The record should have known; nobody moves on before somebody has looked."""

    async def script(room: Room) -> None:
        await room.driver.set_up()
        room.fake.slots[3] = "another"
        with pytest.raises(UnknownError):
            await room.driver.store(slot=3, containers=CULTURE)
        assert isinstance(await room.settled("store"), Unknown)
        with pytest.raises(RefusedError, match="carries a plate"):
            await room.driver.set_up()
        room.hand("clear")
        await room.driver.store(slot=4, containers=CULTURE)

    in_room(script)


def test_a_motion_whose_acknowledgement_was_lost_is_settled_by_looking() -> None:
    """It is waited for until nothing moves; then the station tells."""

    async def script(room: Room) -> None:
        await room.driver.set_up()
        room.fault(FaultKind.LOSE_REPLY, at=2)
        with pytest.raises(LinkError):
            await room.driver.store(slot=3, containers=CULTURE)
        assert isinstance(await room.settled("store"), Done)
        room.fault(FaultKind.LOSE_COMMAND, at=2)
        with pytest.raises(LinkError):
            await room.driver.fetch(slot=3, containers=CULTURE)
        assert isinstance(await room.settled("fetch"), NotDone)
        assert room.fake.acts == {"set up": 1, "store": 1, "fetch": 0}

    in_room(script)


def test_power_that_fails_in_a_motion_leaves_it_to_a_person() -> None:
    """The plate is on the handler, somewhere between station and place."""

    async def script(room: Room) -> None:
        await room.driver.set_up()
        asyncio.get_running_loop().call_later(10.0, lambda: room.hand("power", on=False))
        with pytest.raises(UnknownError):
            await room.driver.store(slot=3, containers=CULTURE)
        room.hand("power", on=True)
        assert isinstance(await room.settled("store"), Unknown)
        assert (await room.driver.shuttle()).carrying

    in_room(script)


@pytest.mark.parametrize("times", [1, 9])
def test_busy_for_no_reason_is_asked_again(times: int) -> None:
    """As PyLabRobot does it; the answer means that nothing was taken."""

    async def script(room: Room) -> None:
        await room.driver.set_up()
        room.hand("moody", times=times)
        await room.driver.store(slot=3, containers=CULTURE)
        assert room.fake.acts["store"] == 1

    in_room(script)


def test_a_device_that_stays_busy_has_taken_nothing() -> None:
    """PyLabRobot gives up after ten times."""

    async def script(room: Room) -> None:
        await room.driver.set_up()
        room.hand("moody", times=200)
        with pytest.raises(CellwrightError):
            await room.driver.store(slot=3, containers=CULTURE)
        assert room.fake.acts["store"] == 0

    in_room(script)


@pytest.mark.parametrize("fault", [FaultKind.GARBLE_REPLY, FaultKind.CUT_REPLY, FaultKind.NOISE])
def test_a_broken_answer_is_never_a_temperature(fault: FaultKind) -> None:
    """Silence or a telegram that is none; a changed digit alone could not be told."""

    async def script(room: Room) -> None:
        room.fault(fault, at=1)
        with pytest.raises(UnknownError):
            await room.driver.climate()
        assert (await room.driver.climate()).temperature is not None

    in_room(script)


def test_an_answer_that_is_none_is_a_wire_error() -> None:
    """PyLabRobot would take it for a temperature."""

    async def script(room: Room) -> None:
        stream = room.link.stream
        assert isinstance(stream, MemoryStream)
        stream.peer = lambda _data: stream.deliver(b"bs 02\r\n" if b"bs" in _data else b"it +37.0 nan\r\n")
        with pytest.raises(WireError, match="nan"):
            await room.driver.climate()

    in_room(script)


def test_without_control_it_only_answers() -> None:
    """It says who it is, and nothing moves."""

    async def script(room: Room) -> None:
        room.hand("moody", times=2)
        assert (await room.driver.identify()).serial == "SIM-CY-01"
        for act in (
            room.driver.set_up(),
            room.driver.store(slot=3, containers=CULTURE),
            room.driver.fetch(slot=3, containers=CULTURE),
            room.driver.keep(set_points=SetPoints(Celsius(37.0))),
        ):
            with pytest.raises(RefusedError, match="control"):
                await act
        assert set(room.fake.acts.values()) == {0}

    in_room(script, control=False)


@pytest.mark.parametrize("given", [{"model": "C1"}, {"racks": "0"}, {"racks": "many"}, {"gases": "helium"}], ids=str)
def test_a_setting_that_is_none_is_refused(given: dict[str, str]) -> None:
    """Named with its value."""
    with pytest.raises(InputError, match=next(iter(given))):
        FACTORY.build(no_link("inc"), {**GIVEN, **given}, control=True)
