"""Group commit of a live site: what waits is written in one transaction and one fsync (synchronous=FULL).

While commits are quick the event loop makes them itself: whoever waits in ``durable`` lets the others of this turn
append, and the first that goes on commits for all. Handing such a commit to a thread and waiting to be told costs
more than the commit. When one was slow (a slow disk, a large group), the next ones are made by a thread and the loop
stays free. Whoever holds ``_turn`` takes what waits, in order, so both ways give the same file.
"""

import asyncio
import heapq
import itertools
import sys
import threading
import types
from collections import deque
from collections.abc import Generator, Sequence
from contextlib import suppress
from queue import SimpleQueue

from automation.kernel.errors import CellwrightError
from automation.ledger.head import Head
from automation.ledger.place import Row
from automation.ledger.writer import Committer

GROUP = 500  # events in one commit, unless one append alone has more
UNASKED = 0.005  # s; within this time the loop also commits what nobody waits for
_SWITCH = 0.000_5  # s; how long the thread waits for the interpreter beside a busy loop, a few times a commit


class LiveWriter:
    """Commits everything that waits at once; a caller of ``durable`` goes on when its event is on disk."""

    def __init__(self, committer: Committer, *, committed: int, quick: float) -> None:
        """Start the thread; a commit within ``quick`` (s) lets the loop make the next one, a longer one does not."""
        self.committed = committed
        self.sizes: deque[int] = deque(maxlen=100_000)
        self._committer = committer
        self._pending: deque[tuple[Sequence[Row], Head | None]] = deque()
        self._turn = threading.Lock()
        self._failure: CellwrightError | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._quick = quick
        self._is_quick = False  # the last commit was
        self._is_guarded = False  # a timer of the loop will commit what nobody waits for
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []  # heap by seq; the second orders equal ones
        self._order = itertools.count()
        self._calls: SimpleQueue[bool] = SimpleQueue()  # to the thread: true to commit, false to end
        self._thread = threading.Thread(target=self._work, name="ledger-writer", daemon=True)
        sys.setswitchinterval(_SWITCH)
        self._thread.start()

    def add(self, rows: Sequence[Row], head: Head | None) -> None:
        """Take rows for the next commit, and see to it that there is one."""
        if self._failure is not None:
            raise self._failure
        self._pending.append((rows, head))
        loop = self._loop
        if loop is None or not self._is_quick or asyncio._get_running_loop() is not loop:  # noqa: SLF001
            self._calls.put(True)
        elif not self._is_guarded:
            self._is_guarded = True
            loop.call_later(UNASKED, self._commit_unasked)

    def flush(self) -> None:
        """Commit what waits, in the caller's own thread."""
        with self._turn:
            while self._pending:
                self._commit()
        self._tell()  # the thread finds nothing left, and would wake nobody
        if self._failure is not None:
            raise self._failure

    async def durable(self, seq: int) -> None:
        """Wait until event ``seq`` is on disk."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._is_guarded = loop, False
        if self._is_quick and seq > self.committed:
            await _give_way()
            if seq > self.committed and self._is_quick:  # nobody else has been faster
                self._commit_here()
        if seq > self.committed and self._failure is None:
            await self._told(seq, loop)
        if self._failure is not None and seq > self.committed:
            raise self._failure

    def close(self) -> None:
        """Commit what waits, end the thread and let the file go."""
        try:
            self.flush()
        finally:
            self._calls.put(False)
            self._thread.join()
            self._committer.close()

    async def _told(self, seq: int, loop: asyncio.AbstractEventLoop) -> None:
        """Wait for the thread to commit event ``seq``, or to fail."""
        future = loop.create_future()
        heapq.heappush(self._waiting, (seq, next(self._order), future))
        if seq > self.committed and self._failure is None:  # else the thread may have woken nobody
            await future

    def _commit_unasked(self) -> None:
        """Commit what nobody has waited for."""
        self._is_guarded = False
        if self._pending:
            self._commit_here()

    def _commit_here(self) -> None:
        """Commit one group in the loop's own turn; the thread takes what is more, or all when it is at work."""
        if self._turn.acquire(blocking=False):
            try:
                self._commit()
            finally:
                self._turn.release()
            if self._waiting:
                self._wake()
        if self._pending:
            self._calls.put(True)

    def _work(self) -> None:
        while self._calls.get():
            with self._turn:
                while self._pending:
                    self._commit()
                    self._tell()

    def _commit(self) -> None:
        """Commit one group of what waits; the caller has the turn."""
        rows: list[Row] = []
        heads: list[Head] = []
        while self._pending and (not rows or len(rows) + len(self._pending[0][0]) <= GROUP):
            some, head = self._pending.popleft()
            rows += some
            if head is not None:
                heads.append(head)
        if self._failure is not None or not (rows or heads):
            return
        started = self._loop.time() if self._loop else 0.0
        try:
            self._committer.commit(rows, heads)
        except CellwrightError as error:
            self._failure = error
            return
        self._is_quick = self._loop is not None and self._loop.time() - started < self._quick
        self.committed = rows[-1][0] if rows else self.committed
        self.sizes.append(len(rows))

    def _tell(self) -> None:
        """Let the loop wake who waits, from whichever thread."""
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended, so nobody waits
                self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        while self._waiting and (self._waiting[0][0] <= self.committed or self._failure is not None):
            future = heapq.heappop(self._waiting)[2]
            if not future.done():
                future.set_result(None)


@types.coroutine
def _give_way() -> Generator[None, None, None]:
    """Let everything else that is ready have its turn of the loop."""
    yield
