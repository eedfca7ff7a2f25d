"""Committing groups of events, and the writer of simulated time (that of live sites: ``live_writer``).

Simulated: one commit when the group is full or on ``flush``, no fsync.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from automation.kernel.errors import CellwrightError
from automation.ledger.anchor import Anchor
from automation.ledger.head import Head
from automation.ledger.place import Row, Sink

SIMULATED_GROUP = 5_000  # events


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
    """One transaction after another, and what is told once it is committed: the mark of the owner, the log of heads."""

    def __init__(self, sink: Sink, anchor: Anchor, *, note: Callable[[int, bytes], None]) -> None:
        """Write to ``sink``; ``note`` is told the last event of each commit."""
        self._sink = sink
        self._anchor = anchor
        self._note = note

    def commit(self, rows: Sequence[Row], heads: Sequence[Head]) -> None:
        """Commit all or nothing; raises RefusedError for a stale owner, FailedError when the database refuses."""
        self._sink.put(rows, heads)
        if rows:
            self._note(rows[-1][0], rows[-1][4])
        if heads:
            self._anchor.add(heads)

    def close(self) -> None:
        """Let the database go."""
        self._sink.close()


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
