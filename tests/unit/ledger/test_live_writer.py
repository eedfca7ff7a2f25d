"""The live writer's two ways, by the loop and by the thread: the same file, nothing early, nothing forgotten."""

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from automation.kernel.errors import FailedError
from automation.ledger import file
from automation.ledger.anchor import Anchor
from automation.ledger.event import Mode
from automation.ledger.file_sink import FileSink
from automation.ledger.live_writer import GROUP, UNASKED, LiveWriter
from automation.ledger.place import Row
from automation.ledger.writer import Committer
from tests.unit.ledger.ledgers import make

BY_THREAD, BY_LOOP = 0.0, 60.0  # s; which commits count as quick: none, all
WAYS = pytest.mark.parametrize("quick", [BY_THREAD, BY_LOOP], ids=["by the thread", "by the loop"])


@contextmanager
def _writer(folder: Path, *, quick: float) -> Iterator[LiveWriter]:
    with make(folder, mode=Mode.LIVE) as ledger:
        tip = ledger.last.seq, ledger.last.hash
    sink = FileSink(folder / file.NAME)
    sink.begin(live=True, tip=tip)
    committer = Committer(sink, Anchor(folder / "heads.log", live=True), note=_untold)
    writer = LiveWriter(committer, committed=1, quick=quick)
    yield writer
    writer.close()


def _untold(_seq: int, _digest: bytes) -> None:
    """Leave the lock file as it is; these tests write beside it."""


def _row(seq: int) -> Row:
    return seq, "s", "{}", b"{}", seq.to_bytes(32, "big")


def _stored(folder: Path) -> list[int]:
    connection = sqlite3.connect(folder / file.NAME)
    found = [row[0] for row in connection.execute("SELECT seq FROM event ORDER BY seq")]
    connection.close()
    return found


@WAYS
def test_nobody_goes_on_before_the_event_is_in_the_file(tmp_path: Path, quick: float) -> None:
    """Another connection sees it whenever ``durable`` returns."""
    numbers = iter(range(2, 202))

    async def caller(writer: LiveWriter) -> None:
        for _ in range(10):
            seq = next(numbers)
            writer.add([_row(seq)], None)
            await writer.durable(seq)
            assert seq in _stored(tmp_path)

    async def work(writer: LiveWriter) -> None:
        await asyncio.gather(*(caller(writer) for _ in range(20)))

    with _writer(tmp_path, quick=quick) as writer:
        asyncio.run(work(writer))
        assert writer.committed == 201
        assert sum(writer.sizes) == 200
    assert _stored(tmp_path) == list(range(1, 202))


@WAYS
def test_what_nobody_waits_for_is_committed_too(tmp_path: Path, quick: float) -> None:
    """By the loop's next turn, by the thread, or at the latest on closing."""

    async def work(writer: LiveWriter, first: int) -> None:
        for seq in range(first, first + 5):
            writer.add([_row(seq)], None)
        await writer.durable(first)
        writer.add([_row(first + 5)], None)

    with _writer(tmp_path, quick=quick) as writer:
        asyncio.run(work(writer, 2))
        asyncio.run(work(writer, 8))  # another loop: the old one's plans are void
    assert _stored(tmp_path) == list(range(1, 14))


@WAYS
def test_a_long_queue_is_committed_in_groups(tmp_path: Path, quick: float) -> None:
    """One append larger than a group stays whole; small ones share."""

    async def work(writer: LiveWriter) -> None:
        writer.add([_row(2)], None)
        await writer.durable(2)
        writer.add([_row(seq) for seq in range(3, 3 + 2 * GROUP)], None)
        for seq in range(3 + 2 * GROUP, 3 + 4 * GROUP):
            writer.add([_row(seq)], None)
        await writer.durable(2 + 4 * GROUP)

    with _writer(tmp_path, quick=quick) as writer:
        asyncio.run(work(writer))
        assert max(writer.sizes) == 2 * GROUP
        assert len(writer.sizes) < 2 * GROUP
    assert _stored(tmp_path)[-1] == 2 + 4 * GROUP


@WAYS
def test_waiting_may_be_cancelled(tmp_path: Path, quick: float) -> None:
    """The event is committed all the same, and others go on."""

    async def work(writer: LiveWriter) -> None:
        writer.add([_row(2), _row(3)], None)
        waiting = asyncio.ensure_future(writer.durable(2))
        await asyncio.sleep(0)
        waiting.cancel()
        await writer.durable(3)

    with _writer(tmp_path, quick=quick) as writer:
        asyncio.run(work(writer))
        assert writer.committed == 3


def test_an_event_that_nobody_waits_for_is_committed_while_the_loop_goes_on(tmp_path: Path) -> None:
    """The loop comes back to it by itself; nobody flushes or closes."""

    async def work(writer: LiveWriter) -> None:
        writer.add([_row(2)], None)
        await writer.durable(2)
        writer.add([_row(3)], None)
        later = asyncio.Event()
        asyncio.get_running_loop().call_later(UNASKED, later.set)  # due after the writer's own
        await later.wait()
        assert _stored(tmp_path) == [1, 2, 3]

    with _writer(tmp_path, quick=BY_LOOP) as writer:
        asyncio.run(work(writer))


def test_without_a_running_loop_the_thread_commits(tmp_path: Path) -> None:
    """Also when a loop that has ended had plans of its own."""

    async def work(writer: LiveWriter) -> None:
        writer.add([_row(2)], None)
        await writer.durable(2)
        writer.add([_row(3)], None)

    with _writer(tmp_path, quick=BY_LOOP) as writer:
        asyncio.run(work(writer))
        writer.add([_row(4)], None)
        assert any(_stored(tmp_path) == [1, 2, 3, 4] for _ in range(10_000))


def test_those_who_append_in_one_turn_share_one_commit(tmp_path: Path) -> None:
    """The first that goes on commits for all."""

    async def caller(writer: LiveWriter, seq: int) -> None:
        writer.add([_row(seq)], None)
        await writer.durable(seq)

    async def work(writer: LiveWriter) -> None:
        await caller(writer, 2)
        await asyncio.gather(*(caller(writer, seq) for seq in range(3, 10)))

    with _writer(tmp_path, quick=BY_LOOP) as writer:
        asyncio.run(work(writer))
        assert list(writer.sizes) == [1, 7]


@pytest.mark.parametrize("size", [1, 2, 20, 21, 130])
def test_a_group_with_one_bad_row_leaves_nothing(tmp_path: Path, size: int) -> None:
    """Whether it is one statement or several: all or nothing."""
    rows = [_row(seq) for seq in range(2, 1 + size)]
    with make(tmp_path, mode=Mode.LIVE) as ledger:
        tip = ledger.last.seq, ledger.last.hash
    sink = FileSink(tmp_path / file.NAME)
    sink.begin(live=True, tip=tip)
    committer = Committer(sink, Anchor(tmp_path / "heads.log", live=True), note=_untold)
    with pytest.raises(FailedError, match="takes the next number"):
        committer.commit([*rows, _row(2 + size)], [])
    assert _stored(tmp_path) == [1]
    committer.commit([*rows, _row(1 + size)], [])
    assert _stored(tmp_path) == list(range(1, 2 + size))
    committer.close()


@WAYS
def test_who_waits_goes_on_when_somebody_else_flushes(tmp_path: Path, quick: float) -> None:
    """The thread finds nothing left to commit then; a head is sealed beside waiting answers in every batch."""
    last = 300

    async def work(writer: LiveWriter) -> None:
        for seq in range(2, last + 1):
            writer.add([_row(seq)], None)
            waiting = asyncio.get_running_loop().create_task(writer.durable(seq))
            await asyncio.sleep(0)
            writer.flush()
            await asyncio.wait_for(waiting, timeout=5.0)

    with _writer(tmp_path, quick=quick) as writer:
        asyncio.run(work(writer))
        assert writer.committed == last


def test_a_writer_that_is_forgotten_keeps_no_process_alive(tmp_path: Path) -> None:
    """Its thread ends with the program, and is known by its name."""
    with _writer(tmp_path, quick=BY_THREAD) as writer:
        assert [each.daemon for each in threading.enumerate() if each.name == "ledger-writer"] == [True]
        assert writer.sizes.maxlen == 100_000
    assert all(each.name != "ledger-writer" for each in threading.enumerate())
