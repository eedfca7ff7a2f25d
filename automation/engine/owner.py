"""The owner's door bell: other processes of the same user reach the process that owns a site over a local socket.

One call is one line each way, a JSON object. The socket stands in the site folder (0600) and the peer's user is
checked; whoever asks is still known by the own secret (see ``requests``). Nobody can keep the others waiting: a line
has to come in time, an answer has to be taken in time, and only so many may call at once. Only a whole line counts.
Only in real time: simulated time has no sockets.
Units: s.
"""

import asyncio
import contextlib
import os
import socket
import struct
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from automation.engine.requests import Done, Request, carry_out
from automation.engine.site import Site
from automation.kernel.errors import CellwrightError, InputError, OwnedError
from automation.kernel.untrusted import UNREADABLE

NAME = "owner.sock"
LONGEST_PATH = 100  # bytes; a socket's address holds 108
GRACE = 5.0  # s for answers that are on their way when the owner ends
TALK = 10.0  # s; longest for one line to come, or for an answer to be taken
MOST = 200  # callers at once
LONGEST = 1 << 18  # bytes of one request
_BUSY, _WRONG = OwnedError.__name__, InputError.__name__


class Reply(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the owner answers: what was done, or which error and why."""

    done: Done | None = None
    error: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What callers may take: seconds for a line, how many at once, and seconds for an answer when the owner leaves."""

    talk: float = TALK
    most: int = MOST
    grace: float = GRACE


@contextlib.asynccontextmanager
async def bell(site: Site, bounds: Bounds | None = None) -> AsyncIterator[None]:
    """Answer requests for the site while the block runs; what was asked before its end is still answered."""
    path = site.folder / NAME
    callers = _Callers(site, bounds or Bounds())
    path.unlink(missing_ok=True)
    with address(site.folder) as place:
        before = os.umask(0o177)
        try:
            server = await asyncio.start_unix_server(callers.serve, path=place, limit=LONGEST)
        finally:
            os.umask(before)
        ours = path.stat().st_ino
        try:
            yield
        finally:
            server.close()
            if path.exists() and path.stat().st_ino == ours:  # else another process has taken the site over
                path.unlink()
            await callers.part()


@dataclass(slots=True)
class _Callers:
    """Everybody who is connected, and what is being answered."""

    site: Site
    bounds: Bounds
    _lines: dict["asyncio.Task[None] | None", asyncio.StreamWriter] = field(default_factory=dict)
    _replies: set[asyncio.Task[None]] = field(default_factory=set)
    _leaving: bool = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one caller, once; who hangs up or says nothing in time has asked nothing."""
        me = asyncio.current_task()
        self._lines[me] = writer
        try:
            if peer(writer.get_extra_info("socket"))[1] == os.getuid():
                await self._converse(reader, writer)
        except (ConnectionError, TimeoutError):
            return
        finally:
            self._lines.pop(me)
            if writer.transport.get_write_buffer_size():  # what was said is not being taken
                writer.transport.abort()
            else:
                writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        full = len(self._lines) > self.bounds.most
        line = await self._line(reader, writer)
        if not line:
            return
        if full or self._leaving:
            await self._say(self._busy("too many call at once" if full else "its owner is just leaving"), writer)
            return
        try:
            request = msgspec.json.decode(line, type=Request)
        except UNREADABLE as wrong:
            await self._say(Reply(error=_WRONG, message=f"this is no request: {wrong}"), writer)
            return
        reply = asyncio.get_running_loop().create_task(self._answer(request, writer))
        self._replies.add(reply)
        reply.add_done_callback(self._replies.discard)
        await asyncio.wait({reply})

    async def _line(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        """Give one whole line; nothing when the caller has gone before its end, whatever stood in it so far."""
        try:
            async with asyncio.timeout(self.bounds.talk):
                line = await reader.readline()
        except ValueError:
            await self._say(Reply(error=_WRONG, message=f"a request has at most {LONGEST} bytes"), writer)
            return b""
        return line if line.endswith(b"\n") else b""

    async def _answer(self, request: Request, writer: asyncio.StreamWriter) -> None:
        try:
            reply = await _reply(self.site, request)
        except asyncio.CancelledError:  # whoever asks again with the same id hears what came of it
            reply = self._busy("its owner has left")
        with contextlib.suppress(ConnectionError, TimeoutError):
            await self._say(reply, writer)

    def _busy(self, why: str) -> Reply:
        return Reply(error=_BUSY, message=f"{self.site.folder}: {why}; try again")

    async def _say(self, reply: Reply, writer: asyncio.StreamWriter) -> None:
        writer.write(msgspec.json.encode(reply) + b"\n")
        async with asyncio.timeout(self.bounds.talk):
            await writer.drain()

    async def part(self) -> None:
        """Give the answers that are on their way, then hang up."""
        self._leaving = True
        if self._replies:
            _, late = await asyncio.wait(self._replies, timeout=self.bounds.grace)
            for reply in late:
                reply.cancel()
            if late:
                await asyncio.wait(late, timeout=self.bounds.talk)
        for writer in self._lines.values():
            writer.close()
        left = [task for task in self._lines if task is not None]
        if left:
            await asyncio.wait(left, timeout=GRACE)


async def _reply(site: Site, request: Request) -> Reply:
    try:
        return Reply(done=await carry_out(site, request))
    except CellwrightError as refusal:
        return Reply(error=type(refusal).__name__, message=str(refusal))


@contextlib.contextmanager
def address(folder: Path) -> Iterator[str]:
    """Give an address of the owner's socket that is short enough, also for a long path."""
    plain = str(folder / NAME)
    if len(plain.encode()) <= LONGEST_PATH:
        yield plain
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{handle}/{NAME}"
    finally:
        os.close(handle)


def peer(connection: socket.socket) -> tuple[int, int, int]:
    """Give process, user and group of the other end. Source: unix(7), SO_PEERCRED."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    process, user, group = struct.unpack("3i", raw)
    return process, user, group
