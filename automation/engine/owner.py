"""The owner's door bell: other processes of the same user reach the process that owns a site over a local socket.

One JSON object a line each way. The socket stands in the site folder (0600) and the peer's user is checked; whoever
asks is still known by the own secret (see ``requests``). Only in real time: simulated time has no sockets.
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
from automation.kernel import errors
from automation.kernel.errors import CellwrightError, FailedError, RefusedError

NAME = "owner.sock"
LONGEST_PATH = 100  # bytes; a socket's address holds 108
GRACE = 5.0  # s for answers that are on their way when the owner ends
PATIENCE = 7200.0  # s; longest wait for an answer
_LINE = 1 << 20  # bytes of one request


class Reply(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the owner answers: what was done, or which error and why."""

    done: Done | None = None
    error: str = ""
    message: str = ""


@contextlib.asynccontextmanager
async def bell(site: Site) -> AsyncIterator[None]:
    """Answer requests for the site while the block runs; what was asked before its end is still answered."""
    path = site.folder / NAME
    callers = _Callers(site)
    path.unlink(missing_ok=True)
    with _address(site.folder) as address:
        before = os.umask(0o177)
        try:
            server = await asyncio.start_unix_server(callers.serve, path=address, limit=_LINE)
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
    _lines: dict["asyncio.Task[None] | None", asyncio.StreamWriter] = field(default_factory=dict)
    _replies: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one caller until the caller hangs up."""
        me = asyncio.current_task()
        self._lines[me] = writer
        try:
            if _peer(writer.get_extra_info("socket")) == os.getuid():
                while line := await reader.readline():
                    reply = asyncio.get_running_loop().create_task(self._answer(line, writer))
                    self._replies.add(reply)
                    reply.add_done_callback(self._replies.discard)
                    await reply
        except ConnectionError:
            return
        finally:
            writer.close()
            self._lines.pop(me)

    async def part(self) -> None:
        """Give the answers that are on their way, then hang up."""
        if self._replies:
            await asyncio.wait(self._replies, timeout=GRACE)
        for writer in self._lines.values():
            writer.close()
        left = [task for task in self._lines if task is not None]
        if left:
            await asyncio.wait(left, timeout=GRACE)

    async def _answer(self, line: bytes, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            writer.write(msgspec.json.encode(await _reply(self.site, line)) + b"\n")
            await writer.drain()


async def _reply(site: Site, line: bytes) -> Reply:
    try:
        request = msgspec.json.decode(line, type=Request)
    except msgspec.MsgspecError as wrong:
        return Reply(error="InputError", message=f"this is no request: {wrong}")
    try:
        return Reply(done=await carry_out(site, request))
    except CellwrightError as refusal:
        return Reply(error=type(refusal).__name__, message=str(refusal))


def ask(folder: Path, request: Request) -> Done:
    """Send a request to the owner and give what was done; raises what the owner raised.

    Raises RefusedError when the owner does not listen (it runs in simulated time), FailedError when it went away.
    """
    try:
        with _address(folder) as address, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as bell_wire:
            bell_wire.settimeout(PATIENCE)
            bell_wire.connect(address)
            bell_wire.sendall(msgspec.json.encode(request) + b"\n")
            with bell_wire.makefile("rb") as answer:
                line = answer.readline()
    except (FileNotFoundError, ConnectionRefusedError) as error:
        raise RefusedError(f"{folder}: another process owns the site and does not listen") from error
    except OSError as error:
        raise FailedError(f"{folder}: the owner of the site did not answer ({error})") from error
    if not line:
        raise FailedError(f"{folder}: the owner of the site went away; look with: cellwright status")
    reply = msgspec.json.decode(line, type=Reply)
    if reply.done is None:
        kind: type[CellwrightError] = getattr(errors, reply.error, FailedError)
        raise kind(reply.message)
    return reply.done


@contextlib.contextmanager
def _address(folder: Path) -> Iterator[str]:
    """Give an address of the socket that is short enough, also for a long path."""
    plain = str(folder / NAME)
    if len(plain.encode()) <= LONGEST_PATH:
        yield plain
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{handle}/{NAME}"
    finally:
        os.close(handle)


def _peer(connection: socket.socket) -> int:
    """Give the user id of the other end. Source: unix(7), SO_PEERCRED."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", raw)[1])
