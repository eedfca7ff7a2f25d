"""Committing groups of events: inline for simulated time, by a thread for live durability.

Live: what waits is committed in groups of up to 500 events, one transaction and one fsync each (synchronous=FULL);
a caller of ``durable`` goes on when its event is on disk. Simulated: one commit when the group is full or on
``flush``, no fsync.
Both check inside the transaction that the last stored event is the one that this writer committed last: a stale
owner appends nothing.
"""

import asyncio
import heapq
import itertools
import sqlite3
import sys
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from queue import SimpleQueue
from typing import Protocol

from automation.kernel.errors import CellwrightError, FailedError, RefusedError
from automation.ledger import file
from automation.ledger.anchor import Anchor
from automation.ledger.head import Head

Row = tuple[int, str, str, bytes, bytes]  # seq, stream, envelope, body, hash
_Work = tuple[Sequence[Row], Head | None] | threading.Event | None  # rows to commit, a flush to answer, the end

LIVE_GROUP = 500  # events
SIMULATED_GROUP = 5_000  # events

_STATEMENTS = tuple(  # inserts of so many rows, largest first
    (size, file.INSERT_EVENT + ",(?,?,?,?,?)" * (size - 1)) for size in (500, 100, 20, 5, 1)
)
_TURN = 0.000_5  # s; how long the thread waits for its turn beside a busy event loop, three times a commit


class Writer(Protocol):
    """Brings rows to the file, in order; rows of one ``add`` are committed together."""

    committed: int  # seq of the last event that is in the file
    sizes: deque[int]  # events in each of the latest commits

    def add(self, rows: Sequence[Row], head: Head | None) -> None:
        """Take rows, and a head that covers them, for the next commit; raises what stopped the writer."""

    def flush(self) -> None:
        """Return when everything added is in the file; raises what stopped the writer."""

    async def durable(self, seq: int) -> None:
        """Return when event ``seq`` is as safe as this writer makes it; raises what stopped the writer."""

    def close(self) -> None:
        """Flush, and let the file go."""


class Committer:
    """One transaction after another over the owner's connection."""

    def __init__(self, connection: sqlite3.Connection, anchor: Anchor, *, tip: tuple[int, bytes] | None) -> None:
        """Start behind ``tip`` (seq and hash of the last stored event; None in an empty file)."""
        self._connection = connection
        self._anchor = anchor
        self._tip = tip

    def commit(self, rows: Sequence[Row], heads: Sequence[Head]) -> None:
        """Commit all or nothing; raises RefusedError for a stale owner, FailedError when the disk refuses."""
        run = self._connection.execute
        try:
            run("BEGIN IMMEDIATE")
            if run("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1").fetchone() != self._tip:
                run("ROLLBACK")
                raise RefusedError("another process has written to this ledger: this one is stale and appends nothing")
            self._insert(rows)
            if heads:
                self._connection.executemany(file.INSERT_HEAD, [head.row for head in heads])
            run("COMMIT")
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                run("ROLLBACK")
            raise FailedError(f"the ledger can't be written ({error}); the last events are not recorded") from error
        if rows:
            self._tip = (rows[-1][0], rows[-1][4])
        if heads:
            try:
                self._anchor.add(heads)
            except OSError as error:
                raise FailedError(f"heads.log can't be written ({error.strerror})") from error

    def close(self) -> None:
        """Let the file go."""
        self._connection.close()

    def _insert(self, rows: Sequence[Row]) -> None:
        """Insert many rows by each statement: while one runs, other threads run too."""
        start = 0
        for size, statement in _STATEMENTS:
            while len(rows) - start >= size:
                self._connection.execute(statement, tuple(itertools.chain.from_iterable(rows[start : start + size])))
                start += size


class InlineWriter:
    """Commits in the caller's own thread: for simulated time."""

    def __init__(self, committer: Committer, *, committed: int, each: bool) -> None:
        """``each`` commits every ``add`` at once (crash tests)."""
        self.committed = committed
        self.sizes: deque[int] = deque(maxlen=1_000)
        self._committer = committer
        self._group = 1 if each else SIMULATED_GROUP
        self._rows: list[Row] = []
        self._heads: list[Head] = []
        self._failure: CellwrightError | None = None

    def add(self, rows: Sequence[Row], head: Head | None) -> None:
        """Take rows for the next commit, which comes at once when the group is full."""
        self._rows += rows
        if head is not None:
            self._heads.append(head)
        if len(self._rows) >= self._group:
            self.flush()

    def flush(self) -> None:
        """Commit what waits."""
        if self._failure is not None:
            raise self._failure
        if not self._rows and not self._heads:
            return
        try:
            self._committer.commit(self._rows, self._heads)
        except CellwrightError as error:
            self._failure = error
            raise
        self.sizes.append(len(self._rows))
        if self._rows:
            self.committed = self._rows[-1][0]
        self._rows, self._heads = [], []

    async def durable(self, seq: int) -> None:
        """Return at once: simulated time has no disk to wait for."""

    def close(self) -> None:
        """Commit what waits and let the file go."""
        try:
            self.flush()
        finally:
            self._committer.close()


class GroupWriter:
    """Commits in a thread, everything that waits at once: for live use."""

    def __init__(self, committer: Committer, *, committed: int) -> None:
        """Start the thread."""
        self.committed = committed
        self.sizes: deque[int] = deque(maxlen=100_000)
        self._committer = committer
        self._queue: SimpleQueue[_Work] = SimpleQueue()
        self._failure: CellwrightError | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []  # heap by seq; the second orders equal ones
        self._order = itertools.count()
        self._thread = threading.Thread(target=self._work, name="ledger-writer", daemon=True)
        sys.setswitchinterval(_TURN)
        self._thread.start()

    def add(self, rows: Sequence[Row], head: Head | None) -> None:
        """Queue rows for the next commit."""
        if self._failure is not None:
            raise self._failure
        self._queue.put((rows, head))

    def flush(self) -> None:
        """Wait (blocking) until everything queued is committed."""
        reached = threading.Event()
        self._queue.put(reached)
        reached.wait()
        if self._failure is not None:
            raise self._failure

    async def durable(self, seq: int) -> None:
        """Wait until event ``seq`` is on disk."""
        if seq > self.committed and self._failure is None:
            self._loop = asyncio.get_running_loop()
            future = self._loop.create_future()
            heapq.heappush(self._waiting, (seq, next(self._order), future))
            if seq > self.committed and self._failure is None:  # else the thread may have woken nobody
                await future
        if self._failure is not None and seq > self.committed:
            raise self._failure

    def close(self) -> None:
        """Commit what waits, end the thread and let the file go."""
        self._queue.put(None)
        self._thread.join()
        self._committer.close()
        if self._failure is not None:
            raise self._failure

    def _work(self) -> None:
        work = self._queue.get()
        while work is not None:
            if isinstance(work, threading.Event):
                work.set()
                work = self._queue.get()
            else:
                work = self._commit_group(work)

    def _commit_group(self, work: _Work) -> _Work:
        """Commit rows and what waits behind them, up to a full group; give what comes next."""
        rows: list[Row] = []
        heads: list[Head] = []
        while isinstance(work, tuple) and (not rows or len(rows) + len(work[0]) <= LIVE_GROUP):
            rows += work[0]
            heads += [work[1]] if work[1] else []
            if self._queue.empty():
                self._commit(rows, heads)
                return self._queue.get()
            work = self._queue.get()
        self._commit(rows, heads)
        return work

    def _commit(self, rows: list[Row], heads: list[Head]) -> None:
        if self._failure is not None:
            return
        try:
            self._committer.commit(rows, heads)
        except CellwrightError as error:
            self._failure = error
        else:
            self.committed = rows[-1][0] if rows else self.committed
            self.sizes.append(len(rows))
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended, so nobody waits
                self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        while self._waiting and (self._waiting[0][0] <= self.committed or self._failure is not None):
            future = heapq.heappop(self._waiting)[2]
            if not future.done():
                future.set_result(None)
