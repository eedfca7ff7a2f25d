"""The live writer's two ways, by the loop and by the thread: the same file, nothing early, nothing forgotten."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from automation.ledger import file
from automation.ledger.anchor import Anchor
from automation.ledger.event import Mode
from automation.ledger.live_writer import GROUP, LiveWriter
from automation.ledger.writer import Committer, Row
from tests.unit.ledger.ledgers import make

BY_THREAD, BY_LOOP = 0.0, 60.0  # s; which commits count as quick: none, all
WAYS = pytest.mark.parametrize("quick", [BY_THREAD, BY_LOOP], ids=["by the thread", "by the loop"])


@contextmanager
def _writer(folder: Path, *, quick: float) -> Iterator[LiveWriter]:
    with make(folder, mode=Mode.LIVE) as ledger:
        tip = ledger.last.seq, ledger.last.hash
    connection = file.open_to_write(folder / file.NAME, live=True)
    committer = Committer(connection, Anchor(folder / "heads.log", live=True), tip=tip)
    writer = LiveWriter(committer, committed=1, quick=quick)
    yield writer
    writer.close()


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
