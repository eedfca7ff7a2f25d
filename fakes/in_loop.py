"""A server that shows a fake, in a thread with an event loop of its own, which alone touches the fake."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

from fakes.serve import LOOPBACK, Seat

Opening = Callable[[], contextlib.AbstractAsyncContextManager[str]]
"""What begins to serve, and gives the port text for a site."""


class Hands:
    """A person's hands at a fake that an OPC UA server shows, from any thread."""

    def __init__(self, seat: Seat, loop: asyncio.AbstractEventLoop) -> None:
        """Act in the server's loop, which alone touches the fake."""
        self._seat, self._loop = seat, loop

    def hand(self, action: str, **details: object) -> None:
        """Let a person's hand act on the fake, on the plant's record."""
        self._loop.call_soon_threadsafe(self._seat.act, action, details)


@contextlib.contextmanager
def thread_of(opening: Opening, seat: Seat, what: str) -> Iterator[tuple[Hands, str]]:
    """Serve while the block runs; gives the hands at the fake of a seat, and the port text."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name=f"{what} {seat.name}", daemon=True)
    thread.start()
    end = contextlib.AsyncExitStack()

    async def begin() -> str:
        return await end.enter_async_context(opening())

    try:
        yield Hands(seat, loop), asyncio.run_coroutine_threadsafe(begin(), loop).result()
    finally:
        asyncio.run_coroutine_threadsafe(end.aclose(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def free_port(wanted: int = 0) -> int:
    """Give a port of loopback that nobody listens on now, the one that is wanted if any.

    Raises OSError for one that is taken: a library may share it silently (SO_REUSEPORT), and each caller would get
    the one or the other.
    """
    with socket.create_server((LOOPBACK, wanted)) as taken:
        return int(taken.getsockname()[1])
