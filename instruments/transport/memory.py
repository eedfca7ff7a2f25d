"""A stream in memory: what is written goes to a peer at once, what the peer answers can be taken.

The peer is the far end of the cable (a fake in simulated time). It answers by ``deliver``,
at once or later.
"""

import asyncio
import math
from collections.abc import Callable

from automation.kernel.errors import LinkError
from automation.kernel.quantity import Seconds


class MemoryStream:
    """One end of a cable in memory; allowed on simulated sites only."""

    settings = "memory"

    def __init__(self, peer: Callable[[bytes], None] | None = None) -> None:
        """Connect to the peer, a function that takes the bytes written here."""
        self.peer = peer
        self._buffer = bytearray()
        self._open = self._lost = False
        self._waiting: asyncio.Future[None] | None = None

    async def open(self) -> None:
        """Open; at once."""
        self._open, self._lost = True, False

    async def close(self) -> None:
        """Close; what had not been taken is gone."""
        self._open = self._lost = False
        self._buffer.clear()

    def write(self, data: bytes) -> None:
        """Hand bytes to the peer; raises LinkError when the stream is not open."""
        if self.peer is None:
            msg = "the stream is not open: it has no peer"
            raise LinkError(msg)
        self._check()
        self.peer(data)

    def deliver(self, data: bytes) -> None:
        """Take bytes from the peer; what comes while the stream is closed is lost, as on a cable."""
        if not self._open:
            return
        self._buffer += data
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def lose(self) -> None:
        """Break the cable: who waits is told, and writing raises LinkError until the stream is opened again."""
        self._open, self._lost = False, True
        self._buffer.clear()
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(LinkError("the stream is lost"))

    def take(self) -> bytes:
        """Give what has arrived so far."""
        if not self._buffer:
            return b""
        data = bytes(self._buffer)
        self._buffer.clear()
        return data

    async def arrived(self, *, within: Seconds) -> bool:
        """Wait until at least one byte can be taken; False when the time is over (s, infinity: no end).

        Raises LinkError when the stream is not open, was lost before (while writing, say), or is lost meanwhile.
        """
        if self._buffer:
            return True
        self._check()
        self._waiting = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(None if math.isinf(float(within)) else max(0.0, float(within))):
                await self._waiting
        except TimeoutError:
            return bool(self._buffer)
        finally:
            self._waiting = None
        return True

    def _check(self) -> None:
        if not self._open:
            msg = "the stream is lost" if self._lost else "the stream is not open"
            raise LinkError(msg)
