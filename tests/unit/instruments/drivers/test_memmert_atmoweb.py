"""The incubator's driver over the wire-level fake in simulated time; degC, %, s."""

import asyncio
import http.client
import json
from collections.abc import Awaitable, Callable

import pytest

from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.errors import FailedError, LinkError, RefusedError, WireError
from automation.kernel.quantity import Celsius, Instant, Percent, Seconds
from fakes.faults import Fault, FaultKind, Faults
from fakes.memmert import FakeMemmert, build
from fakes.plant import Plant, PlantLog
from fakes.world import World
from instruments.drivers.memmert_atmoweb.driver import FACTORY, MemmertAtmoweb
from instruments.interfaces.incubator import CHANNELS, SetPoints
from instruments.transport import Link

START = Instant(1_780_000_000.0)
WARM = SetPoints(Celsius(37.0), Percent(5.0))

pytestmark = pytest.mark.requirement("C06", "F025")


class Room:
    """An incubator with its driver, its fake and the clock."""

    def __init__(self, clock: SimulatedClock, faults: tuple[Fault, ...], *, control: bool) -> None:
        """Cable them."""
        self.clock = clock
        self.plant = Plant(clock, PlantLog(None), Faults(faults))
        self.world = World(1)
        self.fake: FakeMemmert = build(self.world, "inc", {})
        self.plant.add("inc", self.fake)
        self.link = Link(self.plant.connect("inc"), name="inc")
        driver = FACTORY.build(self.link, {}, control=control)
        assert isinstance(driver, MemmertAtmoweb)
        self.driver = driver


def in_room(script: Callable[[Room], Awaitable[None]], *faults: Fault, control: bool = True) -> None:
    """Run a script in simulated time."""

    async def main(clock: SimulatedClock) -> None:
        room = Room(clock, faults, control=control)
        await room.link.open()
        await script(room)

    run_simulated(main, start=START)


def test_an_incubator_is_read_whole() -> None:
    """Warm, with gas; oxygen is not measured and reads as none."""

    async def script(room: Room) -> None:
        seen = await room.driver.climate()
        assert seen.temperature is not None
        assert abs(float(seen.temperature) - 37.0) < 0.2
        assert seen.co2 is not None
        assert abs(float(seen.co2) - 5.0) < 0.2
        assert seen.oxygen is None
        assert seen.door_open is False
        assert list(seen.channels) == list(CHANNELS)

    in_room(script)


def test_it_says_who_it_is() -> None:
    """Model, serial number and software."""

    async def script(room: Room) -> None:
        identity = await room.driver.identify()
        assert (identity.maker, identity.model, identity.serial) == ("Memmert", "ICO150med", "SIM-ICO-01")

    in_room(script)


def test_what_is_set_is_read_back() -> None:
    """33 degC and 7.5 % CO2."""

    async def script(room: Room) -> None:
        await room.driver.keep(set_points=SetPoints(Celsius(33.0), Percent(7.5)))
        assert await room.driver.set_points() == SetPoints(Celsius(33.0), Percent(7.5))
        await room.clock.sleep(Seconds(7200.0))
        seen = await room.driver.climate()
        assert seen.temperature is not None
        assert abs(float(seen.temperature) - 33.0) < 0.2

    in_room(script)


@pytest.mark.requirement("F025", refuses=True)
@pytest.mark.parametrize("lock", [True, False])
def test_what_the_device_does_not_take_is_refused(*, lock: bool) -> None:
    """Remote access is switched off at the device, or the value is beyond its range."""

    async def script(room: Room) -> None:
        room.plant.hand("inc", "remote", locked=lock)
        wanted = SetPoints(Celsius(33.0 if lock else 79.0), Percent(5.0))
        with pytest.raises(RefusedError, match="keeps 37 degC"):
            await room.driver.keep(set_points=wanted)

    in_room(script)


def test_without_control_nothing_is_set() -> None:
    """Reading goes on."""

    async def script(room: Room) -> None:
        with pytest.raises(RefusedError, match="control"):
            await room.driver.keep(set_points=WARM)
        assert room.fake.acts["keep"] == 0
        assert (await room.driver.set_points()) == WARM

    in_room(script, control=False)


def test_a_broken_sensor_is_none_and_an_open_door_is_seen() -> None:
    """The temperature falls towards the room while the door stands open, and comes back."""

    async def script(room: Room) -> None:
        room.plant.hand("inc", "sensor", which="co2", broken=True)
        room.plant.hand("inc", "door", open=True)
        await room.clock.sleep(Seconds(300.0))
        seen = await room.driver.climate()
        assert (seen.co2, seen.door_open) == (None, True)
        assert seen.temperature is not None
        assert seen.temperature < Celsius(30.0)
        room.plant.hand("inc", "door", open=False)
        await room.clock.sleep(Seconds(7200.0))
        after = await room.driver.climate()
        assert after.temperature is not None
        assert after.temperature > Celsius(36.5)

    in_room(script)


def test_a_silent_or_garbled_incubator_is_no_number() -> None:
    """No power; then an answer with a changed byte."""

    async def script(room: Room) -> None:
        room.plant.hand("inc", "power", on=False)
        with pytest.raises(LinkError):
            await room.driver.climate()

    in_room(script)

    async def garbled(room: Room) -> None:
        with pytest.raises((WireError, LinkError)):
            await room.driver.climate()

    in_room(garbled, Fault(link="inc", act=1, kind=FaultKind.CUT_REPLY))


def test_looking_twice_as_often_changes_nothing() -> None:
    """A reading is a function of seed, device, channel and moment."""

    def readings(*, extra: bool) -> list[object]:
        found: list[object] = []

        async def script(room: Room) -> None:
            for _ in range(5):
                await room.clock.sleep(Seconds(30.0))
                if extra:
                    await room.driver.climate()
                await room.clock.sleep(Seconds(30.0))
                found.append(await room.driver.climate())

        in_room(script)
        return found

    assert readings(extra=True) == readings(extra=False)


def test_hands_that_it_does_not_have_are_named() -> None:
    """One clear error."""
    with pytest.raises(FailedError, match="door, power"):
        FakeMemmert(World(1), "inc").hand("kick", {}, START)


def test_another_makers_http_client_reads_the_fake() -> None:
    """The standard library's client over TCP, two requests on one connection."""
    fake = FakeMemmert(World(1), "inc")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(4096):
            writer.write(fake.feed(data, START))
            await writer.drain()
        writer.close()

    def ask(port: int) -> list[dict[str, object]]:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        found = []
        for query in ("Temp1Read=&TempSet=", "TempSet=35.0"):
            client.request("GET", f"/atmoweb?{query}")
            found.append(json.loads(client.getresponse().read()))
        client.close()
        return found

    async def main() -> list[dict[str, object]]:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            return await asyncio.to_thread(ask, server.sockets[0].getsockname()[1])

    first, second = asyncio.run(main())
    assert first["TempSet"] == 37.0
    assert second["TempSet"] == 35.0
