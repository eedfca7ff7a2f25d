"""What every real stream keeps: the bytes that have arrived, who waits for them, and whether the cable is whole.

Times in s. Used from one event loop; another thread hands bytes over by ``call_soon_threadsafe``.
"""

import asyncio
import math

from automation.kernel.errors import LinkError
from automation.kernel.quantity import Seconds


class Inbox:
    """Arrived bytes of one stream; lost until ``begin``."""

    def __init__(self, name: str) -> None:
        """Name the stream as it stands in errors."""
        self.name = name
        self._buffer = bytearray()
        self._news = asyncio.Event()
        self._lost = "not open"

    @property
    def whole(self) -> bool:
        """Tell whether the stream is open and not lost."""
        return not self._lost

    def begin(self) -> None:
        """Start anew: what arrived on an earlier connection is gone."""
        self._lost = ""
        self.take()

    def put(self, data: bytes) -> None:
        """Take bytes that have arrived."""
        self._buffer += data
        self._news.set()

    def lose(self, why: str) -> None:
        """Note that the cable is broken; who waits is told at once."""
        self._lost = self._lost or why
        self._news.set()

    def check(self) -> None:
        """Raise LinkError unless the stream is open and whole."""
        if self._lost:
            msg = f"{self.name}: {self._lost}"
            raise LinkError(msg)

    def take(self) -> bytes:
        """Give what has arrived so far."""
        data = bytes(self._buffer)
        self._buffer.clear()
        if not self._lost:
            self._news.clear()
        return data

    async def arrived(self, *, within: Seconds) -> bool:
        """Wait until a byte can be taken; False when the time is over (s, infinity: no end).

        Raises LinkError when the stream is lost.
        """
        try:
            async with asyncio.timeout(None if math.isinf(float(within)) else max(0.0, float(within))):
                await self._news.wait()
        except TimeoutError:
            return bool(self._buffer)
        if not self._buffer:
            self.check()
        return bool(self._buffer)
