"""Derived tables: rebuilt equals live whatever happened in between, and what is in doubt is dropped."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.ledger.derived import Change, Derived, Snapshot
from automation.ledger.event import Event
from automation.ledger.read import Reader
from automation.ledger.store import Ledger
from tests.unit.ledger.ledgers import KEY, START, draft, filled, make


def _one_more(old: bytes | None) -> bytes:
    return msgspec.json.encode(msgspec.json.decode(old or b"0", type=int) + 1)


class Counts:
    """How many events each stream has, and a row that ``end`` takes away."""

    name = "counts"
    version = 1

    def apply(self, event: Event) -> Iterable[Change]:
        """Count; a note's text stands in a row of its own."""
        if event.kind == "end":
            return [Change(event.stream)]
        return [Change(event.stream, fold=_one_more), Change("last", value=event.body)]


class CountsAgain(Counts):
    """The same table by newer code, which counts in another way."""

    version = 2

    def apply(self, event: Event) -> Iterable[Change]:
        """Mark only."""
        return [Change(event.stream, value=b"true")]


def _derived(path: Path, source: Ledger | Reader) -> Derived:
    made = Derived(path, source)
    made.register(Counts())
    return made


STREAMS = st.sampled_from(["batch/B1", "batch/B2", "lot/L1"])
MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("note"), STREAMS),
        st.tuples(st.just("end"), STREAMS),
        st.tuples(st.sampled_from(["look", "restart", "flush"]), st.just("")),
    ),
    max_size=40,
)


@pytest.mark.requirement("F106")
@settings(derandomize=True, deadline=None, max_examples=40)
@given(MOVES)
def test_a_table_rebuilt_from_the_ledger_equals_the_live_one(moves: list[tuple[str, str]]) -> None:
    """Whenever it was looked at, and however often the program was stopped between."""
    with TemporaryDirectory() as folder, make(Path(folder)) as ledger:
        live = _derived(Path(folder) / "derived.sqlite", ledger)
        for kind, stream in moves:
            if kind in {"note", "end"}:
                ledger.append([draft(stream, kind)], at=START)
            elif kind == "look":
                live.rows("counts")
            elif kind == "restart":
                live.close()
                live = _derived(Path(folder) / "derived.sqlite", ledger)
            else:
                ledger.flush()
        with live, _derived(Path(folder) / "rebuilt.sqlite", ledger) as rebuilt:
            assert live.rows("counts") == rebuilt.rows("counts")


def test_a_row_is_up_to_date_when_it_is_read(tmp_path: Path) -> None:
    """Events not yet committed count too."""
    with make(tmp_path) as ledger, _derived(tmp_path / "derived.sqlite", ledger) as derived:
        for expected in (b"1", b"2"):
            ledger.append([draft("a")], at=START)
            assert derived.get("counts", "a") == expected
        ledger.append([draft("a", "end")], at=START)
        assert derived.get("counts", "a") is None


def test_only_new_events_are_applied_after_a_restart(tmp_path: Path) -> None:
    """A big ledger is not read again."""
    seen = []

    class Watching(Counts):
        def apply(self, event: Event) -> Iterable[Change]:
            seen.append(event.seq)
            return []

    with Reader(filled(tmp_path)) as reader:
        for _ in range(2):
            with Derived(tmp_path / "derived.sqlite", reader) as derived:
                derived.register(Watching())
                derived.catch_up()
    assert seen == list(range(1, 14))


def test_another_version_of_a_projection_starts_again(tmp_path: Path) -> None:
    """Rows of old code are not mixed with those of the new."""
    with Reader(filled(tmp_path)) as reader:
        with _derived(tmp_path / "derived.sqlite", reader) as derived:
            assert derived.get("counts", "last")
        with Derived(tmp_path / "derived.sqlite", reader) as derived:
            derived.register(CountsAgain())
            assert set(derived.rows("counts").values()) == {b"true"}


def test_a_stamp_that_the_ledger_does_not_know_drops_the_table(tmp_path: Path) -> None:
    """The ledger lost its tail in a crash, and went on differently."""
    site = filled(tmp_path / "site")
    shutil.copytree(site, tmp_path / "before")
    with Ledger.open(site, key=KEY) as ledger, _derived(tmp_path / "derived.sqlite", ledger) as derived:
        ledger.append([draft("lost"), draft("lost")], at=START + 50)
        assert derived.get("counts", "lost") == b"2"
        derived.put("objects", "lost", value=b"{}", seq=ledger.last.seq)
    with Ledger.open(tmp_path / "before", key=KEY) as ledger, _derived(tmp_path / "derived.sqlite", ledger) as derived:
        ledger.append([draft("other"), draft("other"), draft("other")], at=START + 60)
        assert derived.get("counts", "lost") is None
        assert derived.get("counts", "other") == b"3"
        assert derived.snapshot("objects", "lost") is None


def test_snapshots_are_given_back_with_the_event_they_stand_for(tmp_path: Path) -> None:
    """The newest of a key counts; one for an event that is not there is not kept."""
    with Reader(filled(tmp_path)) as reader, Derived(tmp_path / "derived.sqlite", reader) as derived:
        derived.put("batch", "B1", value=b"1", seq=4)
        derived.put("batch", "B1", value=b"2", seq=9)
        derived.put("batch", "B2", value=b"3", seq=99)
        found = derived.snapshots("batch")
        assert {key: (kept.value, kept.seq) for key, kept in found.items()} == {"B1": (b"2", 9)}
        assert derived.snapshot("batch", "B1") == found["B1"]
        assert derived.snapshot("batch", "B2") is None


def _other_ledger(path: Path) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("UPDATE made_for SET ledger = 'ff'")
    connection.close()


def _other_format(path: Path) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA user_version = 9")
    connection.close()


def _no_database(path: Path) -> None:
    path.write_bytes(b"dear diary\n" * 1000)


def _broken_page(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xaa" * (len(data) - 4096))


@pytest.mark.parametrize("spoil", [_other_ledger, _other_format, _no_database, _broken_page, os.remove])
def test_a_file_in_doubt_is_made_anew(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    """Whatever is wrong with it, the tables come out right and nobody is bothered."""
    path = tmp_path / "derived.sqlite"
    with Reader(filled(tmp_path)) as reader:
        with _derived(path, reader) as derived:
            right = derived.rows("counts")
        spoil(path)
        with _derived(path, reader) as derived:
            assert derived.rows("counts") == right
            assert derived.snapshots("batch") == {}


def test_where_no_file_can_be_written_the_tables_live_in_memory(tmp_path: Path) -> None:
    """An inspector with a read-only copy sees the same tables; no file comes to be anywhere."""
    (tmp_path / "here").mkdir()
    os.chdir(tmp_path / "here")
    with Reader(filled(tmp_path)) as reader, _derived(tmp_path / "absent" / "derived.sqlite", reader) as derived:
        assert derived.get("counts", "batch/B1/step/1") == b"2"
    assert list((tmp_path / "here").iterdir()) == []


def test_a_file_that_is_none_of_ours_counts_nothing_from_the_beginning(tmp_path: Path) -> None:
    """It is known as such when it is opened, not when it is first read."""
    _no_database(tmp_path / "derived.sqlite")
    with Reader(filled(tmp_path)) as reader, Derived(tmp_path / "derived.sqlite", reader) as derived:
        assert derived.count() == 0


def test_a_table_that_somebody_took_away_is_made_anew_while_it_is_in_use(tmp_path: Path) -> None:
    """What was kept is gone, and what is kept from then on is there."""
    with Reader(filled(tmp_path)) as reader, _derived(tmp_path / "derived.sqlite", reader) as derived:
        derived.put("batch", "B1", value=b"1", seq=4)
        right = derived.rows("counts")
        for table in ("snapshot", "row"):
            with closing(sqlite3.connect(tmp_path / "derived.sqlite", isolation_level=None)) as other:
                other.execute(f"DROP TABLE {table}")
            assert derived.snapshots("batch") == {}
            assert derived.rows("counts") == right
        derived.put("batch", "B1", value=b"2", seq=9)
        assert derived.snapshot("batch", "B1") == Snapshot(b"2", 9)


def test_a_failing_projection_leaves_the_tables_as_they_were(tmp_path: Path) -> None:
    """Half a catch-up is never seen."""

    class Failing(Counts):
        name = "failing"

        def apply(self, event: Event) -> Iterable[Change]:
            if event.seq == 9:
                msg = "a fault in a fold"
                raise LookupError(msg)
            return []

    with Reader(filled(tmp_path)) as reader, _derived(tmp_path / "derived.sqlite", reader) as derived:
        derived.register(Failing())
        with pytest.raises(LookupError):
            derived.rows("counts")
    with Reader(tmp_path) as reader, Derived(tmp_path / "derived.sqlite", reader) as derived:
        assert derived.rows("counts") == {}
