"""Committing groups of events, and the writer of simulated time (that of live sites: ``live_writer``).

Simulated: one commit when the group is full or on ``flush``, no fsync.
"""

import itertools
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NoReturn, Protocol

from automation.kernel.errors import CellwrightError, FailedError, RefusedError
from automation.ledger import file
from automation.ledger.anchor import Anchor
from automation.ledger.head import Head

Row = tuple[int, str, str, bytes, bytes]  # seq, stream, envelope, body, hash

SIMULATED_GROUP = 5_000  # events

_SMALL = 20  # events; groups up to here are one statement each
_STATEMENTS = {  # inserts of so many rows, largest first
    size: file.INSERT_EVENT + ",(?,?,?,?,?)" * (size - 1) for size in (500, 100, *range(_SMALL, 0, -1))
}
_flat = itertools.chain.from_iterable


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

    def __init__(
        self,
        connection: sqlite3.Connection,
        anchor: Anchor,
        *,
        tip: tuple[int, bytes] | None,
        note: Callable[[int, bytes], None],
    ) -> None:
        """Start behind ``tip`` (seq and hash of the last stored event; None in an empty file).

        ``note`` is told the last event of each commit.
        """
        self._connection = connection
        self._anchor = anchor
        self._tip = tip
        self._note = note

    def commit(self, rows: Sequence[Row], heads: Sequence[Head]) -> None:
        """Commit all or nothing; raises RefusedError for a stale owner, FailedError when the disk refuses.

        The table itself refuses an event that does not take the next number, so a stale owner shows by that; before
        a head is written the last event has to be the owner's own.
        """
        run = self._connection.execute
        try:
            if 0 < len(rows) <= _SMALL and not heads:
                run(_STATEMENTS[len(rows)], tuple(_flat(rows)))  # one statement is a transaction of its own
            else:
                run("BEGIN IMMEDIATE")
                self._check_own()
                self._insert(rows)
                if heads:
                    self._connection.executemany(file.INSERT_HEAD, [head.row for head in heads])
                run("COMMIT")
        except (sqlite3.Error, RefusedError) as error:
            self._give_up(error)
        if rows:
            self._tip = (rows[-1][0], rows[-1][4])
            self._note(*self._tip)
        if heads:
            self._anchor.add(heads)

    def close(self) -> None:
        """Let the file go."""
        self._connection.close()

    def _check_own(self) -> None:
        query = "SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1"
        found: tuple[int, bytes] | None = self._connection.execute(query).fetchone()
        if found != self._tip:
            raise RefusedError("another process has written to this ledger: this one is stale and appends nothing")

    def _give_up(self, error: Exception) -> NoReturn:
        """Undo what is open, and say what stands against the commit."""
        with suppress(sqlite3.Error):  # a file that can't be written can't be rolled back either; the reopening does it
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.IntegrityError):
                self._check_own()
        if isinstance(error, RefusedError):
            raise error
        what = f"the ledger can't be written ({error}): the last events are not acknowledged"
        raise FailedError(f"{what}; find the cause, then open the site anew") from error

    def _insert(self, rows: Sequence[Row]) -> None:
        """Insert the rows of a group by few statements: while one runs, other threads run too."""
        start = 0
        for size, statement in _STATEMENTS.items():
            while len(rows) - start >= size:
                self._connection.execute(statement, tuple(_flat(rows[start : start + size])))
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
