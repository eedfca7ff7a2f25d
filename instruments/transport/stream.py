"""What every transport gives: a stream of bytes in both directions, without meaning.

Serial, TCP, VISA and memory streams all pass the same contract suite.
"""

from typing import Protocol

from automation.kernel.quantity import Seconds


class ByteStream(Protocol):
    """A two-way stream of bytes; raises LinkError when it is lost."""

    @property
    def settings(self) -> str:
        """Say how the stream is set, for example ``9600 8N1``; for the record and the tests."""
        ...

    async def open(self) -> None:
        """Open exclusively; opening an open stream changes nothing."""
        ...

    async def close(self) -> None:
        """Close; closing a closed stream changes nothing."""
        ...

    def write(self, data: bytes) -> None:
        """Hand bytes over for sending; raises LinkError when the stream is not open or lost."""
        ...

    def take(self) -> bytes:
        """Give what has arrived so far, without waiting; empty when nothing has."""
        ...

    async def arrived(self, *, within: Seconds) -> bool:
        """Wait until at least one byte can be taken; False when the time is over (s, infinity: no end)."""
        ...
