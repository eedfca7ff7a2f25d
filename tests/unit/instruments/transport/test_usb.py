"""A USB device with bulk endpoints as a stream; the device is a stand-in that speaks packets, as none is at hand."""

import asyncio
import errno
import sys
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

import pytest

from automation.kernel.clock import MICRO, SimulatedClock, SystemClock, run_simulated
from automation.kernel.errors import InputError, LinkError, RefusedError
from automation.kernel.quantity import Instant, Seconds
from fakes.hamilton_star import FakeHamiltonStar
from fakes.serve import FastClock
from fakes.world import World
from instruments.drivers.hamilton_star.driver import build
from instruments.labware.deck import load
from instruments.transport import Link
from instruments.transport.ports import open_stream
from instruments.transport.usb import END, Device, Endpoint, Named, UsbStream

pytestmark = pytest.mark.requirement("C06")

SOON = Seconds(5.0)
STAR = Named(0x08AF, 0x8000)
PACKET = 64


@dataclass(frozen=True)
class Point:
    """One endpoint."""

    bEndpointAddress: int  # noqa: N815  the library's name
    wMaxPacketSize: int = PACKET  # noqa: N815  as above


@dataclass
class Gadget:
    """A device that keeps what is written to it, and says packets that a test lays out."""

    address: int = 5
    points: tuple[Point, ...] = (Point(0x02), Point(0x81))
    written: list[bytes] = field(default_factory=list)
    packets: deque[bytes] = field(default_factory=deque)
    gone: bool = False

    def set_configuration(self) -> None:
        """Refuse when another program has it."""
        if self.gone:
            raise OSError(errno.EBUSY, "resource busy")

    def get_active_configuration(self) -> dict[tuple[int, int], Iterable[Endpoint]]:
        """Give one interface."""
        return {(0, 0): self.points}

    def write(self, endpoint: int, data: bytes, *, timeout: int) -> int:  # noqa: ARG002  nothing waits here
        """Keep a transfer."""
        self._look(endpoint, 0x02)
        self.written.append(data)
        if data:
            self.packets.append(b"heard")
        return len(data)

    def read(self, endpoint: int, size_or_buffer: int, *, timeout: int) -> Iterable[int]:  # noqa: ARG002  as above
        """Give the next packet, or say what pyusb says of silence."""
        self._look(endpoint, 0x81)
        if not self.packets:
            raise OSError(errno.ETIMEDOUT, "operation timed out")
        return self.packets.popleft()

    def _look(self, endpoint: int, own: int) -> None:
        assert endpoint == own
        if self.gone:
            raise OSError(errno.ENODEV, "no such device (it may have been disconnected)")


class Hub:
    """A bus with some gadgets."""

    def __init__(self, *gadgets: Device) -> None:
        """Plug them in."""
        self.gadgets = list(gadgets)
        self.freed: list[int] = []

    def find(self, vendor: int, product: int) -> list[Device]:
        """Find them all."""
        assert (vendor, product) == (0x08AF, 0x8000)
        return self.gadgets

    def let_go(self, device: Device) -> None:
        """Note it."""
        self.freed.append(device.address)


def on(gadget: Gadget, script: Callable[[UsbStream], Awaitable[None]]) -> None:
    """Open a stream to a gadget, run a script, close it."""

    async def main() -> None:
        stream = UsbStream(STAR, Hub(gadget))
        await stream.open()
        try:
            await script(stream)
        finally:
            await stream.close()

    asyncio.run(main())


async def heard(stream: UsbStream, count: int) -> bytes:
    """Take bytes until there are so many."""
    data = b""
    while len(data) < count and await stream.arrived(within=SOON):
        data += stream.take()
    return data


def test_each_transfer_goes_out_as_one_and_a_full_packet_is_closed_by_an_empty_one() -> None:
    """Its end is seen from the length alone; what is not whole yet is not sent."""
    gadget = Gadget()

    async def script(stream: UsbStream) -> None:
        stream.write(b"C0RTid0001" + END + b"C0QW")
        stream.write(b"id0002" + END + b"x" * PACKET + END + b"never whole")
        assert await heard(stream, 18) == 3 * (b"heard" + END)

    on(gadget, script)
    assert gadget.written == [b"C0RTid0001", b"C0QWid0002", b"x" * PACKET, b""]


def test_packets_become_transfers_whether_short_empty_or_nothing_comes_last() -> None:
    """A short packet ends a transfer, so does an empty one, so does silence."""
    full = b"a" * PACKET
    gadget = Gadget(packets=deque([full, b"b", full, b"", full]))
    expected = full + b"b" + END + full + END + full + END

    async def script(stream: UsbStream) -> None:
        assert await heard(stream, len(expected)) == expected

    on(gadget, script)


def test_a_device_that_is_unplugged_is_a_lost_link() -> None:
    """Who waits is told; silence would have been another thing."""
    gadget = Gadget()

    async def script(stream: UsbStream) -> None:
        assert not await stream.arrived(within=Seconds(0.15))
        gadget.gone = True
        with pytest.raises(LinkError, match="no such device"):
            await stream.arrived(within=SOON)
        with pytest.raises(LinkError, match="lost"):
            stream.write(b"C0RTid0001" + END)

    on(gadget, script)


@pytest.mark.parametrize(
    ("gadgets", "named", "why"),
    [
        ((), STAR, "none is there"),
        ((Gadget(3), Gadget(4)), STAR, "addresses 3, 4; name one"),
        ((Gadget(3),), Named(0x08AF, 0x8000, 4), "none is there"),
        ((Gadget(gone=True),), STAR, "resource busy"),
        ((Gadget(points=(Point(0x81),)),), STAR, "no two endpoints"),
    ],
)
def test_a_device_that_is_absent_double_or_taken_is_named(gadgets: tuple[Device, ...], named: Named, why: str) -> None:
    """Which of two handlers moves is never left to chance."""
    with pytest.raises(LinkError, match=why):
        asyncio.run(UsbStream(named, Hub(*gadgets)).open())


def test_one_of_two_devices_is_opened_by_its_address_and_let_go() -> None:
    """The other is not touched."""
    hub = Hub(Gadget(3), Gadget(4))

    async def main() -> None:
        stream = UsbStream(Named(0x08AF, 0x8000, 4), hub)
        await stream.open()
        await stream.close()

    asyncio.run(main())
    assert hub.freed == [4]


def test_without_pyusb_the_missing_part_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to install."""
    monkeypatch.setitem(sys.modules, "libusb_package", None)
    with pytest.raises(InputError, match=r"cellwright\[usb\]"):
        asyncio.run(open_stream("usb:08af:8000").open())


def test_usb_is_refused_in_simulated_time() -> None:
    """A device would not wait for the clock."""

    async def main(_clock: SimulatedClock) -> None:
        with pytest.raises(RefusedError, match="simulated time"):
            await UsbStream(STAR, Hub(Gadget())).open()

    run_simulated(main, start=Instant(0.0))


@dataclass
class StarGadget(Gadget):
    """The fake STAR behind two endpoints; its time runs a thousand times as fast as the wall's."""

    fake: FakeHamiltonStar = field(default_factory=lambda: FakeHamiltonStar(World(1), "star", load("final-day-star")))
    clock: FastClock = field(default_factory=lambda: FastClock(SystemClock(), speed=1000.0))

    def write(self, endpoint: int, data: bytes, *, timeout: int) -> int:  # noqa: ARG002  as a gadget
        """Hand one transfer to the fake."""
        self._answer(self.fake.feed(data + END, self._now()) if data else b"")
        return len(data)

    def read(self, endpoint: int, size_or_buffer: int, *, timeout: int) -> Iterable[int]:
        """Give what is due, in packets."""
        self._answer(self.fake.unasked(self._now()))
        return super().read(endpoint, size_or_buffer, timeout=timeout)

    def _answer(self, said: bytes) -> None:
        for transfer in said.split(END)[:-1]:
            self.packets += [transfer[at : at + PACKET] for at in range(0, len(transfer) + 1, PACKET)]

    def _now(self) -> Instant:
        return Instant(self.clock.micros() / MICRO)


def test_the_driver_of_a_star_sets_one_up_over_usb() -> None:
    """From PyLabRobot's frames to packets and back; answers longer than a packet among them."""
    gadget = StarGadget()

    async def script(stream: UsbStream) -> None:
        driver = build(Link(stream, name="star"), {"deck": "final-day-star"}, control=True)
        assert (await driver.identify()).firmware == "7.6S 35 2019-10-15 (SIM)"
        await driver.set_up()
        assert (await driver.look()).ready

    on(gadget, script)
    assert gadget.fake.acts["initialise"] == 1
