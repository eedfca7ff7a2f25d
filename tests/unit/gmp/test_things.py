"""Objects through what is kept of them equal objects folded from all events, whatever has become of what is kept."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from automation.bootstrap import read_key
from automation.gmp import things
from automation.gmp.objects import Recorded, marks_of
from automation.gmp.registry import KINDS
from automation.gmp.things import Things, rules_of
from automation.ledger.derived import NAME, Derived, Row
from automation.ledger.event import Event
from automation.ledger.shelf import Shelf
from automation.ledger.store import Ledger
from tests.load.big_ledger import grow

RELEASE = "9"
END, KEPT, LONG = 900, 500, 12  # events in all, and after how many the objects were kept; versions of a long stream
SQL = sqlite3.connect


@dataclass(frozen=True, slots=True)
class Site:
    """A folder with a ledger of some batches, of which the last is open, and what was kept before its end."""

    folder: Path
    ledger: Ledger

    @property
    def path(self) -> Path:
        """Give the file of what is kept."""
        return self.folder / NAME

    def shelf(self, release: str = RELEASE) -> Shelf:
        """Open what is kept."""
        key = read_key(self.folder)
        return Shelf(self.path, self.ledger, key=key, rules=lambda: rules_of(KINDS, release=release))


@pytest.fixture(scope="module", autouse=True)
def long_streams() -> Iterator[None]:
    """Let a short ledger have streams that count as long."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(things, "LONG", LONG)
        yield


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the site once."""
    folder: Path = tmp_path_factory.mktemp("grown") / "site"
    grow(folder, events=END, site="a", recipe="freeze-day", still_open=1)
    with Ledger.open(folder, key=read_key(folder)) as ledger:
        shelf = Site(folder, ledger).shelf()
        early = Things(KINDS, _Until(ledger, KEPT), shelf)  # type: ignore[arg-type]  # a ledger as it was
        early.save()
        early.close()
    return folder


@pytest.fixture
def site(grown: Path, tmp_path: Path) -> Iterator[Site]:
    """Give a copy of the site, with its ledger open."""
    shutil.copytree(grown, tmp_path / "site")
    with Ledger.open(tmp_path / "site", key=read_key(grown)) as ledger:
        yield Site(tmp_path / "site", ledger)


class _Until:
    """A ledger as it was after an earlier event."""

    def __init__(self, ledger: Ledger, last: int) -> None:
        self._ledger = ledger
        self._last = last
        self.flush, self.stream = ledger.flush, ledger.stream

    def events(self, *, after: int = 0) -> Iterator[Event]:
        return (event for event in self._ledger.events(after=after) if event.seq <= self._last)


def assert_same(site: Site, shelf: Shelf) -> None:
    """Compare every object, every mark and every command with those folded from all events."""
    whole, kept = Things(KINDS, site.ledger), Things(KINDS, site.ledger, shelf)
    for kind in KINDS:
        there = tuple(whole.every(kind))
        for thing in reversed(there):
            assert kept.find(kind, thing.id) == thing
            assert kept.version(f"{kind}/{thing.id}") == site.ledger.version(f"{kind}/{thing.id}")
        for mark in {mark for thing in there for mark in marks_of(thing)}:
            assert kept.marked(kind, mark) == whole.marked(kind, mark)
        assert kept.every(kind) == there
    assert whole.commands()
    for name in whole.commands():
        event = whole.command(name)
        assert event is not None
        assert event.read(Recorded).command == name
        assert kept.command(name) == event


@pytest.mark.requirement("F106")
def test_objects_through_what_is_kept_equal_objects_folded_from_all_events(site: Site) -> None:
    """Also those that were moved since, and those that only came since."""
    shelf = site.shelf()
    assert shelf.base == KEPT
    assert_same(site, shelf)


def test_only_what_came_since_is_read_at_the_start(site: Site) -> None:
    """Of a long ledger the start reads the end; the rest is read when somebody asks."""
    read: list[int] = []
    shelf = site.shelf()

    class Watched(_Until):
        def events(self, *, after: int = 0) -> Iterator[Event]:
            read.append(after)
            return super().events(after=after)

    Things(KINDS, Watched(site.ledger, END), shelf)  # type: ignore[arg-type]  # as above
    assert read == [KEPT]


def test_what_is_kept_by_other_rules_does_not_count(site: Site) -> None:
    """Another release may fold otherwise."""
    shelf = site.shelf(release="10")
    assert shelf.base == 0
    assert_same(site, shelf)


def _changed(path: Path) -> None:
    with SQL(path) as connection:
        connection.execute("UPDATE snapshot SET value = CAST(replace(CAST(value AS TEXT), '1', '2') AS BLOB)")


def _taken_away(path: Path) -> None:
    with SQL(path) as connection:
        connection.execute("DELETE FROM snapshot WHERE name = 'mark' AND key = 'prompt open'")


def _put_in(path: Path) -> None:
    with SQL(path) as connection:
        connection.execute("INSERT INTO snapshot SELECT name, 'asset/x', value, seq, hash FROM snapshot LIMIT 1")


def _of_another_ledger(path: Path) -> None:
    with SQL(path) as connection:
        connection.execute("UPDATE made_for SET ledger = 'ff'")


def _of_an_unknown_event(path: Path) -> None:
    with SQL(path) as connection:
        connection.execute("UPDATE snapshot SET hash = zeroblob(32)")


def _no_database(path: Path) -> None:
    path.write_bytes(b"dear diary\n" * 1_000)


def _broken_pages(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xaa" * (len(data) - 4096))


SPOILS = (_changed, _taken_away, _put_in, _of_another_ledger, _of_an_unknown_event, _no_database, _broken_pages)


@pytest.mark.requirement("F106")
@pytest.mark.parametrize("spoil", [*SPOILS, os.remove])
def test_what_is_in_doubt_is_thrown_away_and_made_anew(site: Site, spoil: Callable[[Path], None]) -> None:
    """Whatever has become of the file, objects are the fold of the events, and the next file is whole again."""
    spoil(site.path)
    shelf = site.shelf()
    assert_same(site, shelf)
    everything = Things(KINDS, site.ledger, shelf)
    everything.save()
    everything.close()
    assert site.shelf().base == site.ledger.last.seq


@pytest.mark.parametrize("table", ["thing", "mark", "command"])
def test_a_single_changed_value_is_noticed_when_it_is_read(site: Site, table: str) -> None:
    """One flipped bit, in a value that nobody has read at the start."""
    with SQL(site.path) as connection:
        found = connection.execute("SELECT key, value FROM snapshot WHERE name = ?", (table,)).fetchall()
        assert found
        for key, value in found:
            flipped = value[:-1] + bytes([value[-1] ^ 1])
            connection.execute("UPDATE snapshot SET value = ? WHERE name = ? AND key = ?", (flipped, table, key))
    assert_same(site, site.shelf())


def test_an_older_copy_of_what_is_kept_is_brought_up_to_date(site: Site) -> None:
    """It stands for an earlier event of the same ledger, so what came since is folded onto it."""
    older = site.path.with_suffix(".old")
    shutil.copy(site.path, older)
    everything = Things(KINDS, site.ledger, site.shelf())
    everything.save()
    everything.close()
    shutil.copy(older, site.path)
    assert site.shelf().base == KEPT
    assert_same(site, site.shelf())


def test_a_process_that_dies_while_it_saves_leaves_what_was_kept_before(site: Site) -> None:
    """The file is written in one transaction."""
    everything = Things(KINDS, site.ledger, site.shelf())
    everything.close()
    child = os.fork()
    if not child:
        derived = Derived(site.path, site.ledger)
        rows: list[Row] = [("thing", f"asset/{n}", b"x" * 5_000) for n in range(500)]
        derived.put_all(rows, seq=site.ledger.last.seq, last=lambda _: os._exit(7))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert site.shelf().base == KEPT
    assert_same(site, site.shelf())


def test_where_nothing_can_be_saved_the_site_works_on(site: Site) -> None:
    """A full disk costs the next start time, and nothing else."""
    site.path.unlink()
    site.path.mkdir()
    shelf = site.shelf()
    everything = Things(KINDS, site.ledger, shelf)
    everything.save()
    assert_same(site, shelf)
