"""Puts a fake on a pty or a TCP port of this machine, so that any client can talk to it; loopback only.

A thread of its own serves one fake and is the only one that touches it. Time is the given clock's, optionally
multiplied. Before the fake acts, bytes and hands go to the plant log, from which it can be rebuilt.
Times in us (UTC). Linux and macOS.
"""

import contextlib
import errno
import json
import os
import selectors
import socket
import threading
import tty
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Protocol

from automation.kernel.clock import MICRO, SystemClock
from automation.kernel.errors import CellwrightError
from automation.kernel.quantity import Instant
from fakes.faults import Faults
from fakes.plant import Fake, Plant, PlantLog

LOOPBACK = "127.0.0.1"
CHUNK = 4096  # bytes
IDLE = 3600.0  # s; longest wait of a server for which nothing is due


class Ticks(Protocol):
    """The part of a clock that a served fake needs."""

    def micros(self) -> int:
        """Give the moment in whole microseconds (UTC)."""
        ...


class FastClock:
    """Another clock's time, running ``speed`` times as fast from the moment of making."""

    def __init__(self, clock: Ticks, *, speed: float = 1.0, not_before: int = 0) -> None:
        """Start at the clock's time, or at ``not_before`` (us) when that is later."""
        self._clock = clock
        self._from = clock.micros()
        self._start = max(self._from, not_before)
        self.speed = speed

    def micros(self) -> int:
        """Give the moment in whole microseconds (UTC)."""
        return self._start + round((self._clock.micros() - self._from) * self.speed)


@dataclass(frozen=True, slots=True)
class Seat:
    """What is served: a fake, the name of its link, its clock and its log."""

    fake: Fake
    clock: Ticks
    name: str = "fake"
    log: PlantLog = field(default_factory=lambda: PlantLog(None))
    tell: Callable[[str], object] = str  # is told why a hand could not act; unless stated, nobody

    def act(self, action: str, details: dict[str, object]) -> None:
        """Let a person's hand act, on the plant's record; why it could not, is told."""
        try:
            self.try_act(action, details)
        except (CellwrightError, KeyError, ValueError) as error:  # the last two: details missing or not numbers
            self.tell(f"{action} is not done: {error!r}")

    def try_act(self, action: str, details: dict[str, object]) -> None:
        """Let a person's hand act, on the plant's record; raises what the fake raises."""
        at = self.clock.micros()
        self.log.add(at, self.name, b"", hand=json.dumps({"action": action, **details}, sort_keys=True))
        self.fake.hand(action, details, Instant(at / MICRO))


class Server:
    """Serves one fake from its own thread until it is stopped."""

    def __init__(self, seat: Seat) -> None:
        """Take the fake; ``start`` begins to serve it."""
        self._seat = seat
        self._selector = selectors.DefaultSelector()
        self._bell, self._wake = socket.socketpair()
        self._bell.setblocking(False)
        self._selector.register(self._bell, selectors.EVENT_READ, self._rung)
        self._hands: SimpleQueue[tuple[str, dict[str, object]]] = SimpleQueue()
        self._outlets: dict[object, Callable[[bytes], None]] = {}
        self._cleanup = contextlib.ExitStack()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=f"fake {seat.name}", daemon=True)

    def pty(self, *, at: Path | None = None) -> str:
        """Open a pty and give the path of its near end; ``at`` becomes a link to it."""
        master, slave = os.openpty()  # the near end stays open here, so that a client may come and go
        tty.setraw(master)
        tty.setraw(slave)
        os.set_blocking(master, False)
        path = os.ttyname(slave)
        if at is not None:
            at.unlink(missing_ok=True)
            at.symlink_to(path)
            self._cleanup.callback(at.unlink, missing_ok=True)
        self._cleanup.callback(os.close, slave)
        self._cleanup.callback(os.close, master)
        self._selector.register(master, selectors.EVENT_READ, lambda: self._from_pty(master))
        self._outlets[master] = lambda data: _to_pty(master, data)
        return str(at or path)

    def tcp(self, *, port: int = 0) -> tuple[str, int]:
        """Listen on loopback and give (host, port); port 0 takes a free one."""
        listener = socket.create_server((LOOPBACK, port))
        listener.setblocking(False)
        self._cleanup.callback(listener.close)
        self._selector.register(listener, selectors.EVENT_READ, lambda: self._accept(listener))
        host, taken = listener.getsockname()
        return str(host), int(taken)

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def hand(self, action: str, **details: object) -> None:
        """Let a person's hand act on the fake, in the server's thread and on the plant's record."""
        self._hands.put((action, details))
        self._wake.send(b"!")

    def stop(self) -> None:
        """End the thread and close every port and connection."""
        self._stopping = True
        self._wake.send(b"!")
        self._thread.join()
        for outlet in self._outlets:
            if isinstance(outlet, socket.socket):
                outlet.close()
        self._cleanup.close()
        self._selector.close()
        self._bell.close()
        self._wake.close()

    def _run(self) -> None:
        while not self._stopping:
            for key, _ in self._selector.select(self._patience()):
                key.data()
            self._speak()
        self._hear()

    def _patience(self) -> float:
        now = self._seat.clock.micros()
        due = self._seat.fake.due(Instant(now / MICRO))
        if due is None:
            return IDLE
        speed = self._seat.clock.speed if isinstance(self._seat.clock, FastClock) else 1.0
        return min(IDLE, max(0.0, float(due) - now / MICRO) / speed)

    def _rung(self) -> None:
        self._bell.recv(CHUNK)
        self._hear()

    def _hear(self) -> None:
        while not self._hands.empty():
            self._seat.act(*self._hands.get())

    def _speak(self) -> None:
        said = self._seat.fake.unasked(Instant(self._seat.clock.micros() / MICRO))
        if said:
            for send in list(self._outlets.values()):
                send(said)

    def _answer(self, data: bytes) -> bytes:
        at = self._seat.clock.micros()
        self._seat.log.add(at, self._seat.name, data)
        return self._seat.fake.feed(data, Instant(at / MICRO))

    def _from_pty(self, master: int) -> None:
        try:
            data = os.read(master, CHUNK)
        except BlockingIOError:
            return
        _to_pty(master, self._answer(data))

    def _accept(self, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._selector.register(connection, selectors.EVENT_READ, lambda: self._from_tcp(connection))
        self._outlets[connection] = lambda data: self._to_tcp(connection, data)

    def _from_tcp(self, connection: socket.socket) -> None:
        try:
            data = connection.recv(CHUNK)
        except OSError:
            data = b""
        if data:
            self._to_tcp(connection, self._answer(data))
        else:
            self._hang_up(connection)

    def _to_tcp(self, connection: socket.socket, data: bytes) -> None:
        try:
            connection.sendall(data)
        except OSError:
            self._hang_up(connection)

    def _hang_up(self, connection: socket.socket) -> None:
        if self._outlets.pop(connection, None) is not None:
            self._selector.unregister(connection)
            connection.close()


def _to_pty(master: int, data: bytes) -> None:
    """Write what fits; what nobody reads is lost, as on a cable."""
    try:
        os.write(master, data)
    except OSError as error:
        if error.errno not in {errno.EAGAIN, errno.EIO}:
            raise


@contextlib.contextmanager
def serving(seat: Seat, *, tcp: int | None = None, at: Path | None = None) -> Iterator[tuple[Server, str]]:
    """Serve on a pty, or on loopback port ``tcp`` (0: a free one); gives the server and a port text for a site."""
    server = Server(seat)
    if tcp is None:
        port = f"pty:{server.pty(at=at)}"
    else:
        host, taken = server.tcp(port=tcp)
        port = f"tcp:{host}:{taken}"
    server.start()
    try:
        yield server, port
    finally:
        server.stop()


@contextlib.contextmanager
def serve_pty(fake: Fake, clock: Ticks | None = None) -> Iterator[str]:
    """Serve a fake on a pty while the block runs; gives the path of the device."""
    with serving(Seat(fake, clock or SystemClock())) as (_, port):
        yield port.removeprefix("pty:")


@contextlib.contextmanager
def serve_tcp(fake: Fake, clock: Ticks | None = None, *, port: int = 0) -> Iterator[tuple[str, int]]:
    """Serve a fake on a loopback port while the block runs; gives (host, port)."""
    with serving(Seat(fake, clock or SystemClock()), tcp=port) as (_, text):
        host, _, taken = text.removeprefix("tcp:").rpartition(":")
        yield host, int(taken)


def rebuild(fake: Fake, path: Path, *, name: str) -> int:
    """Let a fake live through its log; gives the time of the last line (us), 0 when there is none.

    What it had sent by itself before is not sent again.
    """
    if not path.exists():
        return 0
    plant = Plant(SystemClock(), PlantLog(None), Faults())
    plant.add(name, fake)
    return plant.rebuild(path)
