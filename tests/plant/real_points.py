"""Named points at which a process of the program kills itself, laid around what it calls before it runs a command.

Nothing of this is in the program: a child process lays them, runs the real command line, and dies at the n-th time
that one point is reached; by SIGKILL, so that nothing is tidied up. Where none kills, the points are only counted.
A name with a plus is the moment after the call, ``half ...`` is in the midst of a write.
"""

import ctypes
import functools
import io
import os
import resource
import shutil
import signal
import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from automation.engine.trends import Trends
from automation.gmp.door import Door
from automation.ledger import backup, store
from automation.ledger.anchor import Anchor
from automation.ledger.blobs import Blobs
from automation.ledger.derived import Derived
from automation.ledger.event import Draft, Event
from automation.ledger.file import NAME as LEDGER
from automation.ledger.head import Head
from automation.ledger.lease import Lease
from automation.ledger.place import Row
from automation.ledger.store import Ledger
from automation.ledger.writer import Committer
from fakes.plant import Plant
from fakes.zpl_printer import FakeZplPrinter

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

BEFORE_WRITE = ("frame", "frame of an act", "hand", "half a line of plant.log")
AFTER_WRITE = ("frame +", "frame of an act +", "hand +")
COMMIT = ("commit", "in a statement", "half a page", "commit +", "mark +")
SEAL = ("seal", "half a blob", "blob +", "seal +", "half a line of recent.log")
HEAD = ("head", "head +", "anchor", "half a line of heads.log", "anchor +")
LABEL = ("label frame", "label frame +", "label recorded")
SIGNATURE = ("signature", "signature +", "signature recorded")
OPENING = {  # up to which time each is tried in a process that goes on
    "owner +": 1,
    "plant": 1,
    "plant +": 1,
    "commit": 25,
    "in a statement": 25,
    "half a page": 25,
    "mark +": 25,
    "frame": 25,
    "frame of an act": 5,
    "frame of an act +": 5,
    "signature +": 3,
}
TAKEN = {  # up to which time each is tried in a process that takes a site over
    "lease": 1,
    "name": 1,
    "name +": 1,
    "lease +": 1,
    "succession": 1,
    "succession +": 1,
    "commit": 10,
    "half a page": 10,
    "frame +": 25,
    "signature +": 3,
}
NAMED = ("half a file", "sync", "name", "name +")
COPIED = ("copy", "half a copy", "sync", "copy +", "half a file", "name", "name +")
TABLES = ("tables", "commit", "in a statement", "half a page", "mark +", "tables +")
DEEP = 30  # instructions of SQLite's machine; one insert takes more
ENDED = {"reply", "refused", "failed", "doubt"}


class Fuse:
    """Counts how often each point is reached; at the n-th time of one the process gets a signal."""

    def __init__(self, point: str = "", n: int = 0, *, end: signal.Signals = signal.SIGKILL) -> None:
        """Burn at the ``n``-th time of ``point``; at no time without one. SIGSTOP freezes instead."""
        self.seen = Counter[str]()
        self._at = (point, n)
        self._end = end
        self._acting = False
        self._connection = sqlite3.connect(":memory:")  # until the ledger is opened to write

    def lay(self) -> None:
        """Lay all points around what the program calls."""
        for owner, name, point in (
            (Committer, "commit", "commit"),
            (Lease, "note", "mark"),
            (Lease, "__init__", "owner"),
            (Lease, "_replace", "lease"),
            (Ledger, "_succeed", "succession"),
            (Anchor, "add", "anchor"),
            (store, "sign", "head"),
            (Trends, "_seal", "seal"),
            (Blobs, "put", "blob"),
            (Door, "_signature", "signature"),
            (Derived, "_catch_up", "tables"),
            (Plant, "hand", "hand"),
            (Plant, "rebuild", "plant"),
            (backup, "_copy", "copy"),
            (Path, "replace", "name"),
            (Path, "rename", "name"),
            (Path, "touch", "touch"),
            (os, "fsync", "sync"),
        ):
            self._around(owner, name, point)
        self._lay_appends()
        self._lay_frames()
        self._lay_commits()
        self._lay_halves()

    def reach(self, point: str) -> None:
        """Count a point; the process may end here."""
        if self._due(point):
            self._burn()

    def _due(self, point: str) -> bool:
        """Count a point, and tell whether it is the one."""
        self.seen[point] += 1
        return (point, self.seen[point]) == self._at

    def _burn(self) -> None:
        os.kill(os.getpid(), self._end)

    def _around(self, owner: object, name: str, point: str) -> None:
        """Reach a point before a call, and the one with a plus after it."""
        plain = cast("Callable[..., object]", getattr(owner, name))

        @functools.wraps(plain)
        def call(*args: object, **more: object) -> object:
            self.reach(point)
            found = plain(*args, **more)
            self.reach(f"{point} +")
            return found

        setattr(owner, name, call)

    def _lay_appends(self) -> None:
        plain = Ledger.append

        def append(ledger: Ledger, drafts: Sequence[Draft], *, at: int) -> list[Event]:
            events = plain(ledger, drafts, at=at)
            for event in events:
                self._look(event)
            return events

        setattr(Ledger, "append", append)  # noqa: B010  as below: mypy knows that a method is no attribute

    def _look(self, event: Event) -> None:
        """Know whether an act is open; what was just appended is not on the disk yet."""
        if "/step/" in event.stream and event.kind in {"call", *ENDED}:
            self._acting = event.kind == "call"
        if event.stream.startswith("label/"):
            self.reach("label recorded")
        if b'"signed":[{' in event.body:
            self.reach("signature recorded")

    def _lay_frames(self) -> None:
        plain = cast("Callable[[Plant, str, bytes], None]", getattr(Plant, "_arrive"))  # noqa: B009  as setattr

        def arrive(plant: Plant, link: str, data: bytes) -> None:
            which = "frame of an act" if self._acting else "frame"
            which = "label frame" if self._acting and isinstance(plant.fake(link), FakeZplPrinter) else which
            self.reach(which)
            plain(plant, link, data)
            self.reach(f"{which} +")

        setattr(Plant, "_arrive", arrive)  # noqa: B010  as above

    def _lay_commits(self) -> None:
        connect, plain = sqlite3.connect, Committer.commit

        def opened(name: object, **more: object) -> sqlite3.Connection:
            connection = cast("sqlite3.Connection", connect(name, **more))  # type: ignore[call-overload]  # handed on
            if LEDGER in str(name) and "mode=ro" not in str(name):
                self._connection = connection
            return connection

        def commit(committer: Committer, rows: Sequence[Row], heads: Sequence[Head]) -> None:
            if self._due("in a statement"):
                _after(self._connection, DEEP, self._burn)
            if self._due("half a page"):
                self._cut_writes()
            plain(committer, rows, heads)

        setattr(sqlite3, "connect", opened)  # noqa: B010  as above
        setattr(Committer, "commit", commit)  # noqa: B010  as above

    def _cut_writes(self) -> None:
        """Let the system stop the next write to the -wal file in the midst of a page."""
        path = Path(str(self._connection.execute("PRAGMA database_list").fetchone()[2]) + "-wal")
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 2_000, resource.RLIM_INFINITY))
        self._kept = _HANDLER(lambda _signal: self._burn())
        ctypes.CDLL(None).signal(int(signal.SIGXFSZ), self._kept)

    def _lay_halves(self) -> None:
        self._half_of_lines()
        self._half_of_heads()
        self._half_of_blobs()
        self._half_of_files()

    def _half_of_lines(self) -> None:
        plain = os.write

        def write(handle: int, data: bytes) -> int:
            name = Path(f"/proc/self/fd/{handle}").readlink().name
            if self._due(f"half a line of {name}"):
                plain(handle, data[: len(data) // 2])
                self._burn()
            return plain(handle, data)

        setattr(os, "write", write)  # noqa: B010  as above

    def _half_of_heads(self) -> None:
        plain = Anchor.add

        def add(anchor: Anchor, heads: Sequence[Head]) -> None:
            if heads and self._due("half a line of heads.log"):
                line = heads[0].line
                with cast("Path", getattr(anchor, "_path")).open("ab") as out:  # noqa: B009  as setattr
                    out.write(line[: len(line) // 2])
                self._burn()
            plain(anchor, heads)

        setattr(Anchor, "add", add)  # noqa: B010  as above

    def _half_of_blobs(self) -> None:
        plain = cast("Callable[[Blobs, Path, bytes], None]", getattr(Blobs, "_keep"))  # noqa: B009  as setattr

        def keep(blobs: Blobs, path: Path, data: bytes) -> None:
            if self._due("half a blob"):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.with_suffix(f".{os.getpid()}.tmp").write_bytes(data[: len(data) // 2])
                self._burn()
            plain(blobs, path, data)

        setattr(Blobs, "_keep", keep)  # noqa: B010  as above

    def _half_of_files(self) -> None:
        plain, copy, opened = Path.write_bytes, shutil.copyfileobj, cast("Callable[..., object]", os.fdopen)

        def write_bytes(path: Path, data: bytes) -> int:
            if self._due("half a file"):
                plain(path, data[: len(data) // 2])
                self._burn()
            return plain(path, data)

        def write_text(path: Path, data: str, encoding: str | None = None) -> int:
            return write_bytes(path, data.encode(encoding or "utf-8"))

        def fdopen(handle: int, mode: str = "r", **more: object) -> object:
            if mode == "wb" and self._due("half a file"):
                return _Torn(io.FileIO(handle, mode), self._burn)
            return opened(handle, mode, **more)

        def copyfileobj(source: IO[bytes], target: IO[bytes], length: int = 0) -> None:
            if self._due("half a copy"):
                data = source.read()
                target.write(data[: len(data) // 2])
                target.flush()
                self._burn()
            copy(source, target, length)

        setattr(Path, "write_bytes", write_bytes)  # noqa: B010  as above
        setattr(Path, "write_text", write_text)  # noqa: B010  as above
        setattr(os, "fdopen", fdopen)  # noqa: B010  as above
        setattr(shutil, "copyfileobj", copyfileobj)  # noqa: B010  as above


class _Torn(io.BufferedWriter):
    """A file of which half of the first write gets to the system."""

    def __init__(self, raw: io.FileIO, then: Callable[[], None]) -> None:
        super().__init__(raw)
        self._then = then

    def write(self, data: "ReadableBuffer", /) -> int:
        """Write half, and do what comes then."""
        half = memoryview(data)[: len(memoryview(data)) // 2]
        done = super().write(half)
        self.flush()
        self._then()
        return done


_HANDLER = ctypes.CFUNCTYPE(None, ctypes.c_int)


def _after(connection: sqlite3.Connection, instructions: int, do: Callable[[], None]) -> None:
    """Do something in the midst of the next statement."""
    left = [instructions]

    def count() -> int:
        left[0] -= 1
        if left[0] <= 0:
            do()
        return 0

    connection.set_progress_handler(count, 1)
