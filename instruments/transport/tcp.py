"""A TCP connection as a stream of bytes: terminal servers, LAN instruments, served fakes.

The network does not wait for simulated time, so a simulated loop refuses to open one. Times in s.
"""

import asyncio
import socket

from automation.kernel.errors import LinkError
from automation.kernel.quantity import Seconds
from instruments.transport.inbox import Inbox

CONNECT_WITHIN = Seconds(5.0)  # s


class _Receiver(asyncio.Protocol):
    """Hands what arrives to one inbox; an older connection can't speak into a newer one."""

    def __init__(self, inbox: Inbox) -> None:
        self.inbox: Inbox | None = inbox

    def data_received(self, data: bytes) -> None:
        if self.inbox is not None:
            self.inbox.put(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.inbox is not None:
            self.inbox.lose(f"lost: {exc or 'the far end closed the connection'}")


class TcpStream:
    """A connection to one configured host and port."""

    def __init__(self, host: str, port: int, *, within: Seconds = CONNECT_WITHIN) -> None:
        """Name host and port; ``within`` is the time for connecting (s)."""
        self.host = host
        self.port = port
        self._within = within
        self._inbox = Inbox(f"{host}:{port}")
        self._transport: asyncio.Transport | None = None
        self._receiver: _Receiver | None = None

    @property
    def settings(self) -> str:
        """Say where the connection leads."""
        return f"tcp {self.host}:{self.port}"

    async def open(self) -> None:
        """Connect; raises LinkError when nobody answers in time."""
        if self._inbox.whole:
            return
        await self.close()
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(float(self._within)):
                transport, receiver = await loop.create_connection(lambda: _Receiver(self._inbox), self.host, self.port)
        except OSError as error:  # TimeoutError is one
            why = str(error) or f"no answer within {self._within:g} s"
            msg = f"{self.host}:{self.port} can't be reached: {why}"
            raise LinkError(msg) from error
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._transport, self._receiver = transport, receiver
        self._inbox.begin()

    async def close(self) -> None:
        """Close the connection at once."""
        self._inbox.lose("not open")
        if self._receiver is not None:
            self._receiver.inbox = None
        if self._transport is not None:
            self._transport.abort()
        self._transport = self._receiver = None

    def write(self, data: bytes) -> None:
        """Hand bytes over for sending; raises LinkError when the connection is not open or lost."""
        self._inbox.check()
        if self._transport is not None:
            self._transport.write(data)

    def take(self) -> bytes:
        """Give what has arrived so far."""
        return self._inbox.take()

    async def arrived(self, *, within: Seconds) -> bool:
        """Wait until at least one byte can be taken; False when the time is over (s)."""
        return await self._inbox.arrived(within=within)
