"""Streams of every kind with an echoing device at the far end, and how to pull their cable."""

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from automation.kernel.clock import SystemClock
from automation.kernel.quantity import Instant
from fakes.serve import Seat, serving
from instruments.transport import ByteStream, MemoryStream
from instruments.transport.line import LineSettings
from instruments.transport.ports import open_stream
from instruments.transport.serial import SerialStream

KINDS = ("memory", "pty", "tcp", "visa pty", "visa tcp")


class Echo:
    """A device that answers what it hears, and says ``ping`` when its button is pressed."""

    def __init__(self) -> None:
        """Start silent."""
        self.heard = b""
        self._pressed = False

    def feed(self, data: bytes, now: Instant) -> bytes:  # noqa: ARG002  an echo has no sense of time
        """Answer the same bytes."""
        self.heard += data
        return data

    def hand(self, action: str, details: dict[str, object], now: Instant) -> None:  # noqa: ARG002  one button only
        """Press the button."""
        self._pressed = True

    def unasked(self, now: Instant) -> bytes:  # noqa: ARG002  said at once
        """Say ``ping`` once per press."""
        said = b"ping" if self._pressed else b""
        self._pressed = False
        return said

    def due(self, now: Instant) -> Instant | None:
        """Speak at once when pressed."""
        return now if self._pressed else None


@dataclass(frozen=True, slots=True)
class Cable:
    """A stream, the device at its far end, and the ways to disturb it."""

    stream: ByteStream
    device: Echo
    press: Callable[[], None]
    pull: Callable[[], None]


@contextlib.asynccontextmanager
async def cable(kind: str) -> AsyncIterator[Cable]:
    """Lay a cable of one kind to a new device; the stream is opened and in the end closed."""
    device = Echo()
    if kind == "memory":
        memory = MemoryStream()
        memory.peer = lambda data: memory.deliver(device.feed(data, Instant(0.0)))
        yield Cable(memory, device, lambda: memory.deliver(b"ping"), memory.lose)
        return
    tcp = 0 if "tcp" in kind else None
    with contextlib.ExitStack() as stack:
        server, port = stack.enter_context(serving(Seat(device, SystemClock()), tcp=tcp))
        stream = _stream(kind, port)
        yield Cable(stream, device, lambda: server.hand("press"), stack.close)
        await stream.close()


def _stream(kind: str, port: str) -> ByteStream:
    match kind:
        case "visa pty":
            return open_stream(f"visa:ASRL{port.removeprefix('pty:')}::INSTR?57600-8N1")
        case "visa tcp":
            return open_stream(f"visa:TCPIP::127.0.0.1::{port.rpartition(':')[2]}::SOCKET")
        case "pty":
            return SerialStream(port.removeprefix("pty:"), LineSettings(19200))
        case _:
            return open_stream(port)
