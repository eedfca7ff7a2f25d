"""A USB device with two bulk endpoints as a stream of bytes.

On USB a transfer keeps its bounds, on a stream nothing does; so each transfer, either way, ends with ``END`` here.
A transfer is over with a packet shorter than the largest, or an empty one; or when no packet follows.
pyusb is synchronous: one thread reads and one writes. It is an optional part: ``pip install cellwright[usb]``.
Never run on a device by us. Times in ms.
Source: USB 2.0, 5.8.3 (end of a bulk transfer); pyusb 1.3.1; pylabrobot 0.2.2, io/usb.py, for how a STAR is spoken to.
"""

import asyncio
import contextlib
import errno
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from automation.kernel.clock import SimulatedLoop
from automation.kernel.errors import InputError, LinkError, RefusedError
from automation.kernel.quantity import Seconds
from instruments.transport.inbox import Inbox

END = b"\x00"
POLL = 100  # ms; how long one look for a packet may block the reading thread
WRITE_WITHIN = 30_000  # ms, as the back end of PyLabRobot has it
IN = 0x80  # the bit of an endpoint's address that says: towards us


class Endpoint(Protocol):
    """The part of pyusb's endpoint that is used."""

    @property
    def bEndpointAddress(self) -> int:  # noqa: N802  the library's name
        """Give the address, with its direction."""
        ...

    @property
    def wMaxPacketSize(self) -> int:  # noqa: N802  as above
        """Give the largest packet (bytes)."""
        ...


class Device(Protocol):
    """The part of pyusb's device that is used; its errors are OSErrors."""

    address: int

    def set_configuration(self) -> None:
        """Take the first configuration."""
        ...

    def get_active_configuration(self) -> "dict[tuple[int, int], Iterable[Endpoint]]":
        """Give the interfaces by their numbers."""
        ...

    def write(self, endpoint: int, data: bytes, *, timeout: int) -> int:
        """Write one transfer (ms)."""
        ...

    def read(self, endpoint: int, size_or_buffer: int, *, timeout: int) -> Iterable[int]:
        """Read one packet (ms)."""
        ...


class Bus(Protocol):
    """Where devices are found."""

    def find(self, vendor: int, product: int) -> list[Device]:
        """Give the devices that are plugged in."""
        ...

    def let_go(self, device: Device) -> None:
        """Let others have a device."""
        ...


class PyUsb:
    """The USB of this machine, through pyusb and the libusb that comes with libusb-package."""

    def find(self, vendor: int, product: int) -> list[Device]:
        """Give the devices that are plugged in; raises InputError without pyusb."""
        try:
            import libusb_package  # noqa: PLC0415  an optional part
        except ModuleNotFoundError:
            msg = "a port usb: needs the packages pyusb and libusb-package: pip install 'cellwright[usb]'"
            raise InputError(msg) from None
        return list(libusb_package.find(idVendor=vendor, idProduct=product, find_all=True))

    def let_go(self, device: Device) -> None:
        """Let others have a device."""
        import usb.util  # noqa: PLC0415  there, because it was found

        usb.util.dispose_resources(device)


@dataclass(frozen=True, slots=True)
class Named:
    """Which device: vendor and product, and its address on the bus where several are plugged in."""

    vendor: int
    product: int
    address: int | None = None

    def __str__(self) -> str:
        """Write it as a port does."""
        return f"{self.vendor:04x}:{self.product:04x}" + ("" if self.address is None else f":{self.address}")


class UsbStream:
    """One USB device, opened for this program alone."""

    def __init__(self, named: Named, bus: Bus | None = None) -> None:
        """Name the device; nothing is opened yet."""
        self.named = named
        self._bus = bus or PyUsb()
        self._inbox = Inbox(f"usb {named}")
        self._plug: _Plug | None = None
        self._threads: tuple[ThreadPoolExecutor, ...] = ()  # the reading one and the writing one
        self._reader: asyncio.Task[None] | None = None
        self._pending = b""

    @property
    def settings(self) -> str:
        """Say which device it is."""
        return f"usb {self.named}"

    async def open(self) -> None:
        """Open for this program alone.

        Raises LinkError when the device is absent, in use or there twice, InputError without pyusb, RefusedError in
        simulated time.
        """
        if self._inbox.whole:
            return
        if isinstance(asyncio.get_running_loop(), SimulatedLoop):
            msg = f"usb {self.named} can't be opened in simulated time: it would not wait for the clock"
            raise RefusedError(msg)
        await self.close()
        reading, writing = self._threads = tuple(ThreadPoolExecutor(1, f"usb {self.named}") for _ in range(2))
        try:
            self._plug = await asyncio.get_running_loop().run_in_executor(writing, _plug_in, self._bus, self.named)
        except InputError:
            await self.close()
            raise
        except OSError as error:
            await self.close()
            msg = f"usb {self.named} can't be opened: {error}"
            raise LinkError(msg) from error
        self._inbox.begin()
        self._reader = asyncio.create_task(self._read(reading, self._plug))

    async def close(self) -> None:
        """Let go of the device and end the threads; bytes not yet sent are dropped."""
        self._inbox.lose("not open")
        self._pending = b""
        if self._reader is not None:
            self._reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reader
        for thread in self._threads:
            thread.shutdown(cancel_futures=True)
        if self._plug is not None:
            self._bus.let_go(self._plug.device)
        self._threads, self._plug, self._reader = (), None, None

    def write(self, data: bytes) -> None:
        """Hand bytes over; what ``END`` closes is sent as one transfer. Raises LinkError when not open or lost."""
        self._inbox.check()
        *whole, self._pending = (self._pending + data).split(END)
        for transfer in whole:
            if self._plug is not None:
                loop = asyncio.get_running_loop()
                sent = loop.run_in_executor(self._threads[1], self._plug.send, transfer)
                sent.add_done_callback(self._sent)

    def take(self) -> bytes:
        """Give what has arrived so far."""
        return self._inbox.take()

    async def arrived(self, *, within: Seconds) -> bool:
        """Wait until at least one byte can be taken; False when the time is over (s)."""
        return await self._inbox.arrived(within=within)

    def _sent(self, sent: asyncio.Future[None]) -> None:
        if not sent.cancelled() and (error := sent.exception()) is not None:
            self._inbox.lose(f"lost: {error}")

    async def _read(self, thread: ThreadPoolExecutor, plug: "_Plug") -> None:
        loop = asyncio.get_running_loop()
        while self._inbox.whole:
            try:
                transfer = await loop.run_in_executor(thread, plug.look)
            except OSError as error:
                self._inbox.lose(f"lost: {error}")
                return
            if transfer:
                self._inbox.put(transfer + END)


@dataclass(frozen=True, slots=True)
class _Plug:
    """An open device with its two endpoints: addresses, and the largest packet (bytes)."""

    device: Device
    out: int
    out_packet: int
    into: int
    in_packet: int

    def send(self, transfer: bytes) -> None:
        """Send one transfer; one that fills its last packet is closed by an empty one."""
        self.device.write(self.out, transfer, timeout=WRITE_WITHIN)
        if len(transfer) % self.out_packet == 0:
            self.device.write(self.out, b"", timeout=WRITE_WITHIN)

    def look(self) -> bytes:
        """Give the transfer that comes now; empty when none does. Raises OSError when the device is gone."""
        transfer = b""
        while True:
            try:
                packet = bytes(self.device.read(self.into, self.in_packet, timeout=POLL))
            except OSError as error:
                if error.errno != errno.ETIMEDOUT:
                    raise
                return transfer
            transfer += packet
            if len(packet) < self.in_packet:
                return transfer


def _plug_in(bus: Bus, named: Named) -> _Plug:
    """Open the one device that is named; raises OSError when there is none, several, or one without two endpoints."""
    found = [one for one in bus.find(named.vendor, named.product) if named.address in {None, one.address}]
    if len(found) != 1:
        where = ", ".join(str(one.address) for one in found)
        msg = f"{len(found)} such devices are plugged in, at addresses {where}; name one" if found else "none is there"
        raise OSError(errno.ENODEV, msg)
    (device,) = found
    device.set_configuration()
    points = list(device.get_active_configuration()[0, 0])
    out = next((one for one in points if not one.bEndpointAddress & IN), None)
    into = next((one for one in points if one.bEndpointAddress & IN), None)
    if out is None or into is None:
        raise OSError(errno.ENODEV, "it has no two endpoints")
    return _Plug(device, out.bEndpointAddress, out.wMaxPacketSize, into.bEndpointAddress, into.wMaxPacketSize)
