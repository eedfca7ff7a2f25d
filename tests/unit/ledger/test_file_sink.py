"""Rows on their way into the file: all or nothing, in order, never behind another owner's back."""

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from automation.kernel.errors import FailedError, InputError, RefusedError
from automation.ledger import file
from automation.ledger.file_sink import FileSink
from automation.ledger.head import Head, HeadBody, public_key, sign
from automation.ledger.place import STALE, Row
from tests.unit.ledger.ledgers import KEY


def _row(seq: int) -> Row:
    return seq, f"s/{seq}", "{}", b"{}", seq.to_bytes(32, "big")


def _head(seq: int) -> Head:
    key = public_key(KEY).hex()
    return sign(HeadBody(ledger="", number=1, since=1, seq=seq, hash="", root="", at=0, key=key, prev=""), KEY)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with one event."""
    sink = FileSink(tmp_path / "ledger.sqlite")
    sink.make(live=False)
    sink.put([_row(1)], [])
    sink.close()
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def sink(path: Path) -> Iterator[FileSink]:
    """Open behind its event."""
    sink = FileSink(path)
    sink.begin(live=False, tip=(1, _row(1)[4]))
    yield sink
    sink.close()


def _stored(path: Path) -> tuple[list[int], list[int]]:
    """Give the numbers of the events and of the heads."""
    connection = sqlite3.connect(path)
    queries = ("SELECT seq FROM event ORDER BY seq", "SELECT seq FROM head ORDER BY seq")
    found = [[seq for (seq,) in connection.execute(query)] for query in queries]
    connection.close()
    return found[0], found[1]


def test_a_new_ledger_gets_its_name_when_it_has_an_event(tmp_path: Path) -> None:
    """Until then it stands aside; one that never had an event stays nameless."""
    path = tmp_path / "ledger.sqlite"
    aside = tmp_path / f".ledger.sqlite.{os.getpid()}.tmp"
    aside.write_bytes(b"of a killed process that had our number")
    sink = FileSink(path)
    sink.make(live=False)
    assert (path.exists(), aside.exists()) == (False, True)
    sink.put([_row(1)], [])
    sink.close()
    assert sorted(tmp_path.iterdir()) == [path]
    with pytest.raises(InputError, match=r"there is a ledger already$") as refused:
        FileSink(path).make(live=False)
    assert refused.value.where == str(path)


@pytest.mark.parametrize("many", [1, 20, 21, 99, 121, 620])
def test_rows_of_any_number_stand_in_their_order(sink: FileSink, path: Path, many: int) -> None:
    """Whatever statements they are cut into; heads come with them."""
    sink.put([_row(seq) for seq in range(2, 2 + many)], [])
    sink.put([_row(2 + many)], [_head(2 + many)])
    sink.put([], [_head(3 + many)])
    assert _stored(path) == (list(range(1, 3 + many)), [2 + many, 3 + many])


@pytest.mark.parametrize("heads", [0, 1])
def test_behind_another_owners_event_nothing_is_written(sink: FileSink, path: Path, heads: int) -> None:
    """By one statement or by a transaction: both say that this owner is stale, and leave nothing open."""
    with sqlite3.connect(path) as other:
        other.execute(file.INSERT_EVENT, _row(2))
    other.close()
    for _ in range(2):
        with pytest.raises(RefusedError) as refused:
            sink.put([_row(2)], [_head(2)] * heads)
        assert str(refused.value) == STALE
    assert _stored(path) == ([1, 2], [])


def test_a_head_that_is_refused_takes_its_events_with_it(sink: FileSink, path: Path) -> None:
    """All or nothing; the owner is not stale, so this is a failure, and the next commit finds nothing open."""
    with pytest.raises(FailedError) as failed:
        sink.put([_row(2)], [_head(2), _head(2)])
    said = "a head covers more than the one before; nothing is replaced"
    what = f"the ledger can't be written ({said}): the last events are not acknowledged"
    assert str(failed.value) == f"{what}; find the cause, then open the site anew"
    assert _stored(path) == ([1], [])
    sink.put([_row(2)], [_head(2)])
    assert _stored(path) == ([1, 2], [2])


def test_a_file_that_was_exchanged_under_its_owner_is_noticed(sink: FileSink, path: Path) -> None:
    """What was written went into a file without a name."""
    sink.put([_row(2)], [])
    path.rename(path.with_suffix(".moved"))
    path.write_bytes(path.with_suffix(".moved").read_bytes())
    with pytest.raises(FailedError, match=r"ledger.sqlite was moved or exchanged under its owner; put it back"):
        sink.put([_row(3)], [])


def test_a_folder_that_lets_nobody_look_is_written_to_all_the_same(
    sink: FileSink, path: Path, mocker: MockerFixture
) -> None:
    """The files that are open are the ones that are written."""
    looked = mocker.patch("pathlib.Path.stat", side_effect=PermissionError)
    sink.put([_row(2)], [])
    assert looked.called
    mocker.stopall()
    assert _stored(path) == ([1, 2], [])


def test_nothing_is_written_before_anything_was_begun(tmp_path: Path) -> None:
    """And closing what was never opened makes no file."""
    sink = FileSink(tmp_path / "ledger.sqlite")
    with pytest.raises(RefusedError, match=r"^nothing was begun: the file is not open$"):
        sink.put([_row(1)], [])
    sink.close()
    assert list(tmp_path.iterdir()) == []
