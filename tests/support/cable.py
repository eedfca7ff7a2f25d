"""A cable between a client and a server on a Unix socket, which breaks at the very message that a test names."""

import socket
import threading
from contextlib import suppress
from pathlib import Path

NAME = ".s.PGSQL.5432"
_CHUNK = 1 << 16  # bytes
COMMITTED = b"COPY 1\0"  # from the server: one event was copied and is committed
SEALED = b"COMMIT\0"  # from the server: a transaction is committed
LAST = b"c\0\0\0\4"  # from the client: that was all of the copy, so that the server commits


class Cable:
    """Passes on what both ends say; after ``cut_at`` the message is lost, and with it the connection."""

    def __init__(self, server: Path, *, end: Path) -> None:
        """Lie between ``end`` (a folder for the client's socket) and the folder of the server's."""
        self._server = server
        self._cut: bytes | None = None
        self._keeps = False
        self._ends: list[socket.socket] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(end / NAME))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_at(self, message: bytes, *, keeps: bool = False) -> None:
        """Break once when somebody sends this; ``keeps`` leaves the server in the belief that the client is there."""
        self._cut, self._keeps = message, keeps

    @property
    def is_whole(self) -> bool:
        """Tell whether the break is still to come, or none was asked for."""
        return self._cut is not None

    def close(self) -> None:
        """Take it away."""
        for one in (self._listener, *self._ends):
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(str(self._server / NAME))
                self._ends += [client, server]
                for source, target in ((client, server), (server, client)):
                    threading.Thread(target=self._pass, args=(source, target, client), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):  # an end was closed
            while data := source.recv(_CHUNK):
                if self._cut is not None and self._cut in data:
                    self._cut = None
                    break
                target.sendall(data)
            client.shutdown(socket.SHUT_RDWR)
            other = target if source is client else source
            if not self._keeps:
                other.shutdown(socket.SHUT_RDWR)
