"""Values kept beside a ledger: given back as they were saved, and not at all when anything about them is in doubt."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from automation.kernel.errors import DamagedError
from automation.ledger.derived import NAME
from automation.ledger.read import Reader
from automation.ledger.shelf import Shelf
from tests.support.system_faults import no_file_grows_beyond
from tests.unit.ledger.ledgers import KEY, OTHER_KEY, filled

Hand = Callable[[Path], object]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """Give a ledger of 13 events."""
    with Reader(filled(tmp_path_factory.mktemp("shelf") / "site")) as made:
        yield made


@contextmanager
def _shelf(folder: Path, reader: Reader, *, key: bytes = KEY, rules: str = "one") -> Iterator[Shelf]:
    made = Shelf(folder / NAME, reader, key=key, rules=lambda: rules)
    yield made
    made.close()


def _saved(folder: Path, reader: Reader) -> None:
    """Save two values as after event 9."""
    with _shelf(folder, reader) as shelf:
        shelf.save([("lot", "1", b"a"), ("lot", "2", b"b")], seq=9)


def test_what_was_saved_is_given_back_with_its_event(tmp_path: Path, reader: Reader) -> None:
    """At once, and at the next start."""
    with _shelf(tmp_path, reader) as shelf:
        assert (shelf.base, (tmp_path / NAME).exists()) == (0, False)
        shelf.save([("lot", "1", b"a"), ("lot", "2", b"b")], seq=9)
        assert (shelf.base, shelf.get("lot", "1")) == (9, b"a")
    with _shelf(tmp_path, reader) as shelf:
        assert (shelf.base, shelf.get("lot", "1"), shelf.get("lot", "2")) == (9, b"a", b"b")
        assert (shelf.get("lot", "3"), shelf.get("bag", "1")) == (None, None)


def test_later_values_stand_beside_the_former_ones_and_some_go(tmp_path: Path, reader: Reader) -> None:
    """All of them as after the later event."""
    _saved(tmp_path, reader)
    with _shelf(tmp_path, reader) as shelf:
        shelf.save([("lot", "2", None), ("lot", "3", b"c")], seq=13)
    with _shelf(tmp_path, reader) as shelf:
        assert [shelf.get("lot", key) for key in "123"] == [b"a", None, b"c"]
        assert shelf.base == 13


def test_what_is_dropped_is_gone(tmp_path: Path, reader: Reader) -> None:
    """At once, and at the next start."""
    _saved(tmp_path, reader)
    with _shelf(tmp_path, reader) as shelf:
        shelf.drop()
        assert (shelf.base, shelf.get("lot", "1")) == (0, None)
    with _shelf(tmp_path, reader) as shelf:
        assert (shelf.base, shelf.get("lot", "1")) == (0, None)


def _sql(command: str) -> Hand:
    def tamper(path: Path) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            assert connection.execute(command).rowcount == 1

    return tamper


def _copied(path: Path) -> None:
    _sql("INSERT INTO snapshot SELECT name, '4', value, seq, hash FROM snapshot WHERE key = '1'")(path)


SPOILT: dict[str, Hand] = {
    "put in": _copied,
    "taken away": _sql("DELETE FROM snapshot WHERE key = '1'"),
    "stamp taken away": _sql("DELETE FROM snapshot WHERE name = 'shelf'"),
    "stamp changed": _sql("UPDATE snapshot SET value = CAST(value || ' ' AS BLOB) WHERE name = 'shelf'"),
    "an event that the ledger does not know": _sql("UPDATE snapshot SET hash = zeroblob(32) WHERE name = 'shelf'"),
    "no file of ours": lambda path: path.write_bytes(b"dear diary\n" * 1000),
}


@pytest.mark.parametrize("how", SPOILT)
def test_what_is_in_doubt_is_thrown_away(tmp_path: Path, reader: Reader, how: str) -> None:
    """All of it, for good; and the next values are kept as ever."""
    _saved(tmp_path, reader)
    SPOILT[how](tmp_path / NAME)
    with _shelf(tmp_path, reader) as shelf:
        assert (shelf.base, shelf.get("lot", "2")) == (0, None)
        shelf.save([("lot", "5", b"e")], seq=13)
    with _shelf(tmp_path, reader) as shelf:
        assert (shelf.base, shelf.get("lot", "5"), shelf.get("lot", "2")) == (13, b"e", None)


def test_values_by_other_rules_or_of_another_key_are_thrown_away(tmp_path: Path, reader: Reader) -> None:
    """They are not what our events and rules give."""
    for key, rules in ((KEY, "two"), (OTHER_KEY, "one")):
        _saved(tmp_path, reader)
        with _shelf(tmp_path, reader, key=key, rules=rules) as shelf:
            assert (shelf.base, shelf.get("lot", "1")) == (0, None)
        with _shelf(tmp_path, reader) as shelf:
            assert (shelf.base, shelf.get("lot", "1")) == (0, None)


@pytest.mark.parametrize(
    ("change", "table", "key"),
    [("value = CAST(value || 'c' AS BLOB)", "lot", "2"), ("name = 'bag'", "bag", "2"), ("key = '9'", "lot", "9")],
    ids=["value", "table", "key"],
)
def test_a_value_that_was_changed_is_damage(tmp_path: Path, reader: Reader, change: str, table: str, key: str) -> None:
    """Or stands under another name: it is told when it is asked for."""
    _saved(tmp_path, reader)
    _sql(f"UPDATE snapshot SET {change} WHERE key = '2'")(tmp_path / NAME)  # noqa: S608  the changes above
    with _shelf(tmp_path, reader) as shelf:
        assert (shelf.base, shelf.get("lot", "1")) == (9, b"a")
        with pytest.raises(DamagedError) as damaged:
            shelf.get(table, key)
    assert str(damaged.value) == f"derived.sqlite: {table} {key} was not kept so"


def test_where_nothing_can_be_written_everything_stays_as_it_was(tmp_path: Path, reader: Reader) -> None:
    """For good: what stands there stands as after its event."""
    _saved(tmp_path, reader)
    with _shelf(tmp_path, reader) as shelf:
        with no_file_grows_beyond(20_000):
            shelf.save([("lot", "1", bytes(100_000))], seq=13)
        assert (shelf.base, shelf.get("lot", "1")) == (9, b"a")
        shelf.save([("lot", "1", b"c")], seq=13)
        assert (shelf.base, shelf.get("lot", "1")) == (9, b"a")
    with _shelf(tmp_path, reader) as shelf:
        assert (shelf.base, shelf.get("lot", "1"), shelf.get("lot", "2")) == (9, b"a", b"b")
