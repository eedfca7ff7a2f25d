"""A serial port as a stream of bytes, exclusive, without threads.

Settings: baud in bit/s, ``9600 8N1`` unless told otherwise.
Source: pyserial 3.5 opens and sets the port; reading and writing go by the event loop on its file descriptor.
"""

import asyncio
import os

import serial

from automation.kernel.clock import SimulatedLoop
from automation.kernel.errors import LinkError, RefusedError
from automation.kernel.quantity import Seconds
from instruments.transport.inbox import Inbox
from instruments.transport.line import LineSettings

CHUNK = 4096  # bytes


class SerialStream:
    """A serial device (or the near end of a pty)."""

    def __init__(self, device: str, line: LineSettings | None = None) -> None:
        """Name the device, for example ``/dev/ttyUSB0``; nothing is opened yet."""
        self.device = device
        self.line = line or LineSettings()
        self._inbox = Inbox(device)
        self._port: serial.Serial | None = None
        self._pending = bytearray()
        self._fd = -1

    @property
    def settings(self) -> str:
        """Say how the line is set, for example ``9600 8N1``."""
        return str(self.line)

    async def open(self) -> None:
        """Open exclusively; raises LinkError when the device is absent or in use, RefusedError in simulated time."""
        if self._inbox.whole:
            return
        if isinstance(asyncio.get_running_loop(), SimulatedLoop):
            msg = f"{self.device} can't be opened in simulated time: it would not wait for the clock"
            raise RefusedError(msg)
        await self.close()
        try:
            self._port = serial.Serial(
                self.device,
                self.line.baud,
                bytesize=self.line.bits,
                parity=self.line.parity,
                stopbits=self.line.stop,
                xonxoff=self.line.flow == "xonxoff",
                rtscts=self.line.flow == "rtscts",
                timeout=0,
                exclusive=True,
            )
        except (serial.SerialException, OSError, ValueError) as error:
            msg = f"{self.device} can't be opened at {self.line}: {error}"
            raise LinkError(msg) from error
        self._fd = self._port.fileno()
        self._inbox.begin()
        asyncio.get_running_loop().add_reader(self._fd, self._readable)

    async def close(self) -> None:
        """Close the port; bytes not yet sent are dropped."""
        self._let_go("not open")

    def write(self, data: bytes) -> None:
        """Hand bytes over for sending; raises LinkError when the port is not open or lost."""
        self._inbox.check()
        self._pending += data
        self._flush()
        self._inbox.check()

    def take(self) -> bytes:
        """Give what has arrived so far."""
        return self._inbox.take()

    async def arrived(self, *, within: Seconds) -> bool:
        """Wait until at least one byte can be taken; False when the time is over (s)."""
        return await self._inbox.arrived(within=within)

    def _readable(self) -> None:
        try:
            data = os.read(self._fd, CHUNK)
        except BlockingIOError:
            return
        except OSError as error:
            self._let_go(f"lost: {error}")
            return
        if data:
            self._inbox.put(data)
        else:
            self._let_go("lost: the device is gone")

    def _flush(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            del self._pending[: os.write(self._fd, self._pending)]
        except BlockingIOError:
            pass
        except OSError as error:
            self._let_go(f"lost: {error}")
            return
        if self._pending:
            loop.add_writer(self._fd, self._flush)
        else:
            loop.remove_writer(self._fd)

    def _let_go(self, why: str) -> None:
        self._inbox.lose(why)
        self._pending.clear()
        if self._port is None:
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._fd)
        loop.remove_writer(self._fd)
        port, self._port, self._fd = self._port, None, -1
        port.close()
