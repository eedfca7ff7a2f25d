"""Which events name a text: by what is kept as by reading everything, whatever has become of what is kept."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.kernel.errors import DamagedError
from automation.ledger import mentions
from automation.ledger.derived import NAME
from automation.ledger.event import Event
from automation.ledger.read import Reader
from automation.ledger.shelf import Shelf
from automation.ledger.store import Ledger
from tests.unit.ledger.ledgers import KEY, START, draft, make

TEXTS = ("B1", "BAG-0001", "plumless", "buckeroo", "Zoë", "", "LN2-1/R3/B2/07")  # two of them have the same number
Source = Ledger | Reader


def _shelf(folder: Path, source: Source, *, to_write: bool = True) -> Shelf:
    return Shelf(folder / NAME, source, key=KEY, rules=lambda: "one", to_write=to_write)


def _keep(folder: Path, ledger: Ledger) -> None:
    """Keep what there is, as an owner does."""
    ledger.flush()
    shelf = _shelf(folder, ledger)
    shelf.save([*mentions.to_keep(ledger, after=shelf.base, upto=ledger.last.seq)], seq=ledger.last.seq)
    shelf.close()


def _told(ledger: Ledger, *texts: str) -> None:
    ledger.append([draft("batch/B1", here=[{"deep": text} for text in texts], wire="BAG-0001", read=["B1"])], at=START)


@contextmanager
def _kept(folder: Path, *, events: int = 30, behind: int = 2) -> Iterator[tuple[Reader, Shelf]]:
    """Look at a ledger of which all but the last events are kept."""
    with make(folder) as ledger:
        for number in range(events):
            _told(ledger, TEXTS[number % len(TEXTS)])
            if number == events - behind - 1:
                _keep(folder, ledger)
    with Reader(folder) as reader:
        shelf = _shelf(folder, reader, to_write=False)
        yield reader, shelf
        shelf.close()


MOVES = st.lists(st.one_of(st.lists(st.sampled_from(TEXTS), max_size=3), st.just("keep")), max_size=30)


@pytest.mark.requirement("F106")
@settings(derandomize=True, deadline=None, max_examples=15)
@given(MOVES)
def test_what_is_kept_finds_what_reading_everything_finds(moves: list[list[str] | str]) -> None:
    """However often the owner kept something, and whatever came after."""
    with TemporaryDirectory() as name, make(Path(name)) as ledger:
        folder = Path(name)
        for move in moves:
            if isinstance(move, str):
                _keep(folder, ledger)
            else:
                _told(ledger, *move)
        ledger.flush()
        with Reader(folder) as reader:
            shelf = _shelf(folder, reader, to_write=False)
            for text in TEXTS:
                assert mentions.find([text], reader, shelf) == mentions.find([text], reader, None)
            assert mentions.find(TEXTS, reader, shelf) == mentions.find(TEXTS, reader, None)
            shelf.close()


def test_only_the_events_that_name_it_are_read_and_those_behind_what_is_kept(tmp_path: Path) -> None:
    """Two texts of the same number are told apart by their events."""
    with _kept(tmp_path, events=300) as (reader, shelf):
        read: list[int] = []

        class Watched:
            def events(self, *, after: int = 0) -> Iterator[Event]:
                assert after == shelf.base == 299
                return reader.events(after=after)

            def at(self, seqs: Iterable[int]) -> Iterator[Event]:
                read.extend(seqs)
                return reader.at(read)

        found = mentions.find(["plumless"], Watched(), shelf).events
        assert len(found) * 2 == len(read)
        assert {event.fields["here"][0]["deep"] for event in found} == {"plumless"}  # type: ignore[index]  # as told


def test_the_latest_are_given_and_the_others_counted(tmp_path: Path) -> None:
    """Those that are kept, and those that came since."""
    with _kept(tmp_path, behind=10) as (reader, shelf):
        everything = mentions.find(["system"], reader, shelf).events
        for latest in (1, 10, 11, 25):
            found = mentions.find(["system"], reader, shelf, latest=latest)
            assert found.events == everything[-latest:]
            assert found.passed_over == len(everything) - latest


def test_raw_bytes_and_what_a_decision_read_are_named_by_nobody(tmp_path: Path) -> None:
    """Every event here has ``wire`` and ``read``; one in seven says the text itself."""
    with _kept(tmp_path, events=7) as (reader, shelf):
        assert [event.version for event in mentions.find(["BAG-0001"], reader, shelf).events] == [2]


SPOILT = {
    "taken away and another put in": (
        "DELETE FROM snapshot WHERE name = 'mention' AND key LIKE '{drawer} %'",
        "INSERT INTO snapshot SELECT name, 'x' || key, value, seq, hash FROM snapshot WHERE name = 'mention' LIMIT 1",
    ),
    "changed": ("UPDATE snapshot SET value = CAST(value || ' ' AS BLOB) WHERE name = 'mention'",),
}


@pytest.mark.requirement("F106")
@pytest.mark.parametrize("how", SPOILT)
def test_a_drawer_that_is_not_whole_is_damage_and_never_a_shorter_answer(tmp_path: Path, how: str) -> None:
    """Also where the number of values is the right one."""
    drawer = f"{mentions.drawer_of('B1'):02d}"
    with _kept(tmp_path):
        pass
    with closing(sqlite3.connect(tmp_path / NAME, isolation_level=None)) as connection:
        for change in SPOILT[how]:
            assert connection.execute(change.format(drawer=drawer)).rowcount
    with Reader(tmp_path) as reader:
        shelf = _shelf(tmp_path, reader, to_write=False)
        assert shelf.base
        with pytest.raises(DamagedError, match="not kept"):
            mentions.find(["B1"], reader, shelf)
        shelf.close()


def test_a_reader_leaves_the_file_as_it_is_whatever_is_in_it(tmp_path: Path) -> None:
    """Nothing is saved, made anew or taken away: the file is its owner's."""
    with _kept(tmp_path) as (reader, shelf):
        before = (tmp_path / NAME).read_bytes()
        shelf.save([("lot", "1", b"a")], seq=reader.last.seq)
        shelf.drop()
        assert (shelf.base, (tmp_path / NAME).read_bytes()) == (0, before)
    (tmp_path / NAME).write_bytes(b"dear diary\n" * 1_000)
    with Reader(tmp_path) as reader:
        shelf = _shelf(tmp_path, reader, to_write=False)
        assert (shelf.base, (tmp_path / NAME).read_bytes()[:4]) == (0, b"dear")
        shelf.close()


def test_a_reader_sees_what_was_kept_when_it_looked_while_the_owner_goes_on(tmp_path: Path) -> None:
    """The owner is not held up, and the reader's answers stay of one state."""
    with _kept(tmp_path) as (reader, shelf), Ledger.open(tmp_path, key=KEY) as ledger:
        base = shelf.base
        reader.pin()
        before = mentions.find(["B1"], reader, shelf)
        _told(ledger, "B1")
        _keep(tmp_path, ledger)
        assert (mentions.find(["B1"], reader, shelf), shelf.base) == (before, base)
        assert _shelf(tmp_path, ledger).base == ledger.last.seq > base
