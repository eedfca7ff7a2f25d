"""PyLabRobot with its own serial port against our Cytomat, and our driver over pty and TCP; degC, %."""

import asyncio
import contextlib
from collections.abc import Coroutine, Iterator
from typing import TypeVar

import pytest
from pylabrobot.resources import Coordinate, PlateCarrier, PlateHolder
from pylabrobot.storage.cytomat.cytomat import CytomatBackend
from pylabrobot.storage.cytomat.errors import CytomatTransferStationEmptyError

from automation.engine.handles import Container
from automation.kernel.clock import MICRO, SystemClock
from automation.kernel.quantity import Cells, Celsius, Instant, Millilitres
from fakes.contents import filled
from fakes.cytomat import FakeCytomat
from fakes.serve import FastClock, Seat, serving
from fakes.world import Container as Vessel
from fakes.world import World
from instruments.drivers.cytomat.driver import FACTORY, Cytomat
from instruments.transport import Link
from instruments.transport.ports import open_stream

pytestmark = pytest.mark.requirement("C06")

SPEED = 10_000.0  # times as fast as the incubator
WAIT = 0.15  # s in which PyLabRobot's port looks for more bytes; its own second would be spent at every answer
CULTURE = (Container("flask"),)
_T = TypeVar("_T")


@contextlib.contextmanager
def incubator(*, tcp: int | None) -> Iterator[tuple[FakeCytomat, str]]:
    """Serve an incubator with a flask on its station, much faster than life; gives its port."""
    world, clock = World(1), FastClock(SystemClock(), speed=SPEED)
    fake, now = FakeCytomat(world, "inc", places=42), Instant(clock.micros() / MICRO)
    contents = filled(Millilitres(30.0), live=Cells(30e6))
    world.add(Vessel("flask", "flask", contents=contents), place="bench", at=Celsius(22.0), now=now)
    fake.hand("put", {"container": "flask"}, now)
    with serving(Seat(fake, clock), tcp=tcp) as (_, port):
        yield fake, port


def worked(work: Coroutine[object, object, _T]) -> _T:
    """Run on the ordinary loop."""
    return asyncio.run(asyncio.wait_for(work, 20.0))


def rack() -> PlateCarrier:
    """Make a rack of PyLabRobot's with three places."""
    sites = {number: PlateHolder(f"place {number}", 1.0, 1.0, 1.0, pedestal_size_z=0.0) for number in range(3)}
    for site in sites.values():
        site.location = Coordinate.zero()
    return PlateCarrier("rack", 1.0, 1.0, 1.0, sites=sites)


def test_pylabrobot_with_its_own_serial_port_works_the_fake() -> None:
    """The whole stack that its users have, on a pty; only the far end of the cable is false."""

    async def work(port: str) -> tuple[float, float]:
        backend, carrier = CytomatBackend("C6000", port=port), rack()
        backend.io.timeout = WAIT
        await backend.setup()
        with pytest.warns(UserWarning, match="racks"):
            await backend.set_racks([carrier])
        await backend.action_transfer_to_storage(carrier.sites[1])
        with pytest.raises(CytomatTransferStationEmptyError):
            await backend.action_transfer_to_storage(carrier.sites[1])
        await backend.action_storage_to_transfer(carrier.sites[1])
        read = await backend.get_temperature(), (await backend.get_co2()).nominal_value
        await backend.stop()
        return read

    with incubator(tcp=None) as (fake, port):
        temperature, co2 = worked(work(port.removeprefix("pty:")))
        assert fake.acts == {"set up": 1, "store": 1, "fetch": 1}
        assert fake.standing == "flask"
    assert temperature == pytest.approx(37.0, abs=0.2)
    assert co2 == pytest.approx(5.0)


@pytest.mark.parametrize("tcp", [None, 0], ids=["pty", "tcp"])
def test_our_driver_works_it_over_every_transport(tcp: int | None) -> None:
    """A flask goes in."""

    async def work(port: str) -> None:
        link = Link(open_stream(port), name="inc")
        await link.open()
        driver = FACTORY.build(link, {"model": "C6000", "racks": "42"}, control=True)
        assert isinstance(driver, Cytomat)
        await driver.set_up()
        await driver.store(slot=42, containers=CULTURE)
        assert (await driver.climate()).temperature is not None
        await link.close()

    with incubator(tcp=tcp) as (fake, port):
        worked(work(port))
        assert fake.slots == {42: "flask"}
