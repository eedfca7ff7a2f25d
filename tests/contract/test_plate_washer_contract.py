"""What every plate washer gives over every transport: the same suite on memory, pty and TCP."""

import asyncio
import contextlib
from collections.abc import Iterator

import pytest

from automation.engine.handles import Container
from automation.kernel.clock import SystemClock
from automation.kernel.quantity import Instant
from fakes.curiox_ht2000 import FakeCurioxHt2000, build
from fakes.serve import FastClock, Seat, serving
from fakes.world import World
from instruments.drivers.curiox_ht2000.driver import FACTORY, CurioxHt2000
from instruments.interfaces.plate_washer import PlateWash, PlateWasherState, Tray
from instruments.transport import ByteStream, Link, MemoryStream
from instruments.transport.ports import open_stream

SPEED = 5000.0  # a wash of a minute and a half in 20 ms

pytestmark = pytest.mark.requirement("C04", "C06", "C07")


@contextlib.contextmanager
def cable(kind: str, fake: FakeCurioxHt2000) -> Iterator[ByteStream]:
    """Lay a cable to a washer whose time runs fast."""
    clock = FastClock(SystemClock(), speed=SPEED)
    if kind == "memory":
        memory = MemoryStream()
        memory.peer = lambda data: memory.deliver(fake.feed(data, Instant(clock.micros() / 1e6)))
        yield memory
        return
    with serving(Seat(fake, clock), tcp=0 if kind == "tcp" else None) as (_, port):
        yield open_stream(f"{port}?115200-8N1" if kind == "pty" else port)


async def washed(stream: ByteStream) -> None:
    """Tray out, set, and see it ready in the end."""
    link = Link(stream, name="washer")
    await link.open()
    driver = FACTORY.build(link, {}, control=True)
    assert isinstance(driver, CurioxHt2000)
    assert (await driver.identify()).model == "HT2000"
    await driver.prepare(wash=PlateWash(19, 50, 5, 11))
    await driver.move_tray(to=Tray.IN)
    seen = await driver.look()
    assert (seen.state, seen.tray, seen.loaded) == (PlateWasherState.READY, Tray.IN, True)
    await link.close()


@pytest.mark.parametrize("kind", ["memory", "pty", "tcp"])
def test_a_plate_washer_is_set_over_every_transport(kind: str) -> None:
    """Its tray stands where it stood, and was not toggled."""
    fake = build(World(1), "washer", {})
    fake.hand("load", {}, Instant(0.0))
    with cable(kind, fake) as stream:
        asyncio.run(washed(stream))
    assert (fake.washes, fake.acts["move tray"]) == (19, 0)


def test_a_wash_is_seen_to_work() -> None:
    """At the speed of a real washer, over TCP; it goes on when the program is gone."""
    fake = build(World(1), "washer", {})
    fake.hand("load", {}, Instant(0.0))

    async def main(port: str) -> None:
        link = Link(open_stream(port), name="washer")
        await link.open()
        driver = FACTORY.build(link, {}, control=True)
        assert isinstance(driver, CurioxHt2000)
        await driver.prepare(wash=PlateWash(3, 50, 5, 0))
        await driver.wash(plate=Container("PLATE"))
        await link.close()

    with serving(Seat(fake, SystemClock()), tcp=0) as (_, port):
        asyncio.run(main(port))
    assert fake.acts["wash"] == 1
