"""One command in flight per link, with a deadline; what was exchanged is kept for the record.

After a timeout or a reply that breaks the grammar the link is drained until it is quiet before the next command,
so that a late reply never answers the next question; a stream that was lost is opened anew first. What an abort asks is
urgent: it overtakes those that wait, and once the way is cleared for it nothing else is sent first.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from automation.kernel.effect import ASIDE, URGENT
from automation.kernel.errors import LinkError, WireError
from automation.kernel.quantity import Seconds
from instruments.transport.stream import ByteStream

WAY = Seconds(5.0)  # s in which only what is urgent is sent, once the way is cleared
QUIET = Seconds(0.2)  # s without a byte before a doubtful link is used again
LONGEST = 65_536  # bytes; a reply beyond this is not one

Complete = Callable[[bytes], int]
"""Tells the length of the complete frame that the bytes begin with; 0 while it is not complete; raises WireError."""


class Exchanged(NamedTuple):
    """One command and its reply, as bytes on the wire."""

    sent: bytes
    received: bytes


class Link:
    """A stream with one outstanding command."""

    def __init__(self, stream: ByteStream, *, name: str = "", quiet: Seconds = QUIET) -> None:
        """Use a stream; ``name`` stands in errors."""
        self.stream = stream
        self.name = name or "link"
        self.tape: list[Exchanged] = []  # what was exchanged since the binding last took it
        self.unsolicited: deque[bytes] = deque(maxlen=1000)
        self._quiet = quiet
        self._busy = False
        self._doubtful = False
        self._heard = b""  # of the reply that is waited for
        self._wanted = False  # opened and not closed by us
        self._queue: deque[tuple[asyncio.Future[None], bool]] = deque()  # who waits, and whether it is urgent
        self._cleared: asyncio.TimerHandle | None = None  # while only what is urgent may be sent

    async def open(self) -> None:
        """Open the stream."""
        self._wanted = True
        await self.stream.open()

    async def close(self) -> None:
        """Close the stream."""
        self._wanted = False
        await self.stream.close()

    async def exchange(
        self,
        frame: bytes,
        complete: Complete,
        *,
        deadline: Seconds = Seconds(2.0),
        urgent: bool = False,
        longest: int = LONGEST,
    ) -> bytes:
        """Send a frame and give the reply frame; deadline in s, ``longest`` in bytes.

        Raises LinkError on silence or a lost stream, WireError on bytes that can't be a reply.
        """
        urgent = urgent or URGENT.get()
        if self._busy or not self._passes(urgent=urgent):
            await self._turn(urgent=urgent)
        self._busy = mine = True
        received = self._heard = b""
        try:
            stray = self.stream.take()
            if stray or self._doubtful:
                await self._settle(stray)
            while not self._passes(urgent=urgent):  # the way was cleared meanwhile
                mine = False
                self._next()
                await self._turn(urgent=urgent)
                mine = True
                await self._settle(self.stream.take())
            self.stream.write(frame)
            data = self._heard = self.stream.take()
            whole = complete(data) if data else 0
            received = data if whole and whole == len(data) else await self._reply(data, complete, deadline, longest)
        except (LinkError, WireError, asyncio.CancelledError):
            self._doubtful = True
            received = self._heard  # a part of a reply, or none that can be one, is kept too
            raise
        finally:
            self._record(Exchanged(frame, received))
            if mine:
                self._next()
        return received

    async def send(self, frame: bytes, *, urgent: bool = False) -> None:
        """Send a frame that has no reply; ask the device afterwards whether it took effect."""
        urgent = urgent or URGENT.get()
        if self._busy or not self._passes(urgent=urgent):
            await self._turn(urgent=urgent)
        self._busy = True
        try:
            await self._settle(self.stream.take())
            self.stream.write(frame)
        except LinkError:
            self._doubtful = True
            raise
        finally:
            self._record(Exchanged(frame, b""))
            self._next()

    def clear_way(self) -> None:
        """Let only what is urgent be sent for a while (``WAY`` s); what waits goes on afterwards."""
        if self._cleared is not None:
            self._cleared.cancel()
        self._cleared = asyncio.get_running_loop().call_later(float(WAY), self._open_to_all)

    def _open_to_all(self) -> None:
        self._cleared = None
        if not self._busy:
            self._next()

    def _passes(self, *, urgent: bool) -> bool:
        return urgent or self._cleared is None

    def take_tape(self) -> list[Exchanged]:
        """Give what was exchanged since the last call."""
        tape, self.tape = self.tape, []
        return tape

    def _record(self, exchanged: Exchanged) -> None:
        if not ASIDE.get():
            self.tape.append(exchanged)

    async def _reply(self, data: bytes, complete: Complete, deadline: Seconds, longest: int) -> bytes:
        length = complete(data) if data else 0
        if not length:
            loop = asyncio.get_running_loop()
            end = loop.time() + float(deadline)
            while not length:
                if not await self.stream.arrived(within=Seconds(end - loop.time())):
                    msg = f"{self.name}: no complete reply within {deadline:g} s (got {data.hex(' ') or 'nothing'})"
                    raise LinkError(msg)
                data += self.stream.take()
                self._heard = data
                length = complete(data)
                if len(data) > longest:
                    msg = f"{self.name}: {len(data)} bytes and no end of the reply"
                    raise WireError(msg)
        if len(data) > length:
            self.unsolicited.append(data[length:])
        return data[:length]

    async def _settle(self, stray: bytes) -> None:
        """Before a command: drop what nobody asked for; after doubt wait until the line is quiet."""
        if stray:
            self.unsolicited.append(stray)
        if self._doubtful and self._wanted:
            await self.stream.open()
        while self._doubtful:
            if await self.stream.arrived(within=self._quiet):
                self.unsolicited.append(self.stream.take())
            else:
                self._doubtful = False

    async def _turn(self, *, urgent: bool) -> None:
        """Wait for the turn after those that wait already, or before them when it is urgent."""
        turn = asyncio.get_running_loop().create_future()
        if urgent:
            self._queue.appendleft((turn, urgent))
        else:
            self._queue.append((turn, urgent))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._next()
            raise

    def _next(self) -> None:
        """Hand the line to who waits first and may go; those who gave up are forgotten."""
        self._busy = False
        if not self._queue:
            return
        self._queue = deque(entry for entry in self._queue if not entry[0].done())
        for entry in self._queue:
            if self._passes(urgent=entry[1]):
                self._queue.remove(entry)
                self._busy = True
                entry[0].set_result(None)
                return
