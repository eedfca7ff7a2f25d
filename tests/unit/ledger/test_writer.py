"""The writer of simulated time: what waits, what is committed together, what stops it."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from automation.kernel.errors import FailedError
from automation.ledger.anchor import Anchor
from automation.ledger.head import Head, HeadBody, public_key, sign
from automation.ledger.place import Row
from automation.ledger.writer import SIMULATED_GROUP, Committer, InlineWriter
from tests.unit.ledger.ledgers import KEY


class Shelf:
    """A place for rows that can refuse, and tells what it was given."""

    quick = 0.0
    taken_from: int | None = None

    def __init__(self) -> None:
        """Begin empty and willing."""
        self.groups: list[tuple[list[int], int]] = []
        self.refuses = self.closed = False

    def make(self, *, live: bool) -> None:
        """Nothing is to be made."""

    def begin(self, *, live: bool, tip: tuple[int, bytes] | None) -> None:
        """Nothing is to be opened."""

    def put(self, rows: Sequence[Row], heads: Sequence[Head]) -> None:
        """Keep the numbers of the rows and how many heads came with them."""
        if self.refuses:
            raise FailedError("full")
        self.groups.append(([row[0] for row in rows], len(heads)))

    def close(self) -> None:
        """Remember it."""
        self.closed = True


def _row(seq: int) -> Row:
    return seq, "s", "{}", b"{}", bytes([seq % 256]) * 32


def _head() -> Head:
    key = public_key(KEY).hex()
    return sign(HeadBody(ledger="", number=1, since=1, seq=1, hash="", root="", at=0, key=key, prev=""), KEY)


def _writer(folder: Path, *, each: bool) -> tuple[InlineWriter, Shelf, list[tuple[int, bytes]]]:
    """Make a writer; gives it with its place and with what was acknowledged."""
    shelf, noted = Shelf(), list[tuple[int, bytes]]()
    committer = Committer(shelf, Anchor(folder / "heads.log", live=False), note=lambda *told: noted.append(told))
    return InlineWriter(committer, committed=3, each=each), shelf, noted


def test_what_waits_is_committed_on_flush_and_then_acknowledged(tmp_path: Path) -> None:
    """All of it at once, in order, its last event noted; a second flush has nothing to do."""
    writer, shelf, noted = _writer(tmp_path, each=False)
    writer.add([_row(4), _row(5)], None)
    writer.add([_row(6)], _head())
    assert (shelf.groups, noted, writer.committed) == ([], [], 3)
    for _ in range(2):
        writer.flush()
    assert (shelf.groups, noted, writer.committed) == ([([4, 5, 6], 1)], [(6, bytes([6]) * 32)], 6)
    assert (list(writer.sizes), writer.sizes.maxlen) == ([3], 1_000)
    assert (tmp_path / "heads.log").read_bytes() == _head().line
    asyncio.run(writer.durable(6))


def test_a_full_group_is_committed_by_itself(tmp_path: Path) -> None:
    """Not before it is full; where each append is committed at once, one is a full group."""
    writer, shelf, _ = _writer(tmp_path, each=False)
    writer.add([_row(seq) for seq in range(SIMULATED_GROUP - 1)], None)
    assert shelf.groups == []
    writer.add([_row(SIMULATED_GROUP - 1)], None)
    assert [len(rows) for rows, _ in shelf.groups] == [SIMULATED_GROUP]
    writer, shelf, _ = _writer(tmp_path, each=True)
    writer.add([_row(4)], None)
    assert shelf.groups == [([4], 0)]


def test_a_head_alone_is_committed_and_anchored(tmp_path: Path) -> None:
    """No event is acknowledged by it."""
    writer, shelf, noted = _writer(tmp_path, each=True)
    writer.add([], _head())
    assert shelf.groups == []
    writer.flush()
    assert (shelf.groups, noted, writer.committed) == ([([], 1)], [], 3)


def test_what_stopped_the_writer_is_raised_until_it_is_closed(tmp_path: Path) -> None:
    """Nothing is acknowledged any more, and the place is let go all the same."""
    writer, shelf, noted = _writer(tmp_path, each=True)
    shelf.refuses = True
    with pytest.raises(FailedError, match=r"^full$"):
        writer.add([_row(4)], None)
    shelf.refuses = False
    with pytest.raises(FailedError, match=r"^full$"):
        writer.flush()
    assert (shelf.groups, noted, writer.committed, list(writer.sizes)) == ([], [], 3, [])
    with pytest.raises(FailedError, match=r"^full$"):
        writer.close()
    assert shelf.closed
