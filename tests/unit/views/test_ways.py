"""Ways forward and back on a ledger of some patients, and that what its owner keeps tells the same as the whole ledger.

The site is made once: batches for patients with their stories, lots, a prepared solution, a calibrated balance.
"""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from automation.bootstrap import KEY, kept, read_key, release
from automation.gmp.objects import marks_of
from automation.gmp.registry import KINDS
from automation.gmp.things import Things, rules_of
from automation.kernel.errors import InputError
from automation.ledger.derived import NAME
from automation.ledger.event import Draft, Event
from automation.ledger.mentions import texts_of
from automation.ledger.read import Reader
from automation.ledger.shelf import Shelf
from automation.ledger.store import Ledger
from automation.views.neighbours import Neighbours
from automation.views.objects import Objects
from automation.views.ways import Step, back, forward
from tests.load import big_ledger
from tests.load.big_ledger import grow

BEHIND = 150  # events that came after the last saving
NUMBER, SECOND, THIRD, NEW = "-000002", "B-001-000002", "B-001-000003", "B-001-000004"


class _Until:
    """A ledger as it was after an earlier event."""

    def __init__(self, ledger: Ledger, last: int) -> None:
        self._ledger, self._last = ledger, last
        self.flush, self.stream = ledger.flush, ledger.stream

    def events(self, *, after: int = 0) -> Iterator[Event]:
        return (event for event in self._ledger.events(after=after) if event.seq <= self._last)


def _save(folder: Path, *, behind: int = 0) -> None:
    """Keep everything as it stood so many events before the end, as an owner does."""
    with Ledger.open(folder, key=read_key(folder)) as ledger:
        rules = rules_of(KINDS, release=release())
        shelf = Shelf(folder / NAME, ledger, key=read_key(folder), rules=lambda: rules)
        things = Things(KINDS, _Until(ledger, ledger.last.seq - behind), shelf)  # type: ignore[arg-type]  # as it was
        things.save()
        things.close()


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the site."""
    folder: Path = tmp_path_factory.mktemp("ways") / "site"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(big_ledger, "CALIBRATED", 3)  # before the second batch that is told again
        grow(folder, events=2_650, still_open=1, stories=True)
    _save(folder, behind=BEHIND)
    return folder


@contextmanager
def _looked(folder: Path, *, by_shelf: bool = True) -> Iterator[Objects]:
    with Reader(folder) as reader:
        shelf = kept(folder, reader) if by_shelf else None
        yield Objects(reader, shelf=shelf)
        if shelf is not None:
            shelf.close()


@pytest.fixture(scope="module")
def objects(grown: Path) -> Iterator[Objects]:
    """Look at the site by what is kept."""
    with _looked(grown) as made:
        assert 0 < made.kept_to < made.last.seq
        yield made


def _whats(steps: tuple[Step, ...], *kinds: str) -> list[str]:
    return [one.what for one in steps if one.what.partition("/")[0] in kinds]


def _first_last(steps: tuple[Step, ...]) -> tuple[str, str]:
    return steps[0].what.partition("/")[0], steps[-1].what.partition("/")[0]


@pytest.mark.requirement("F096", "F147", "C01")
def test_a_patient_is_traced_from_the_collection_to_the_infusion(objects: Objects) -> None:
    """From the order: collection, bag, batch, dose, hand-overs, shipment, infusion; nothing of another patient."""
    steps = forward(objects, f"order/{SECOND}")
    wanted = ["collection", "container", "batch", "handover", "shipment", "infusion", "release"]
    assert [kind for kind in wanted if not _whats(steps, kind)] == []
    assert [one.what for one in steps if NUMBER not in one.what] == []
    assert [one.about for one in steps if one.what == f"infusion/{SECOND}"] == ["ward-4, 49 mL"]


@pytest.mark.requirement("F096", "F147")
def test_and_back_from_the_infusion_to_the_collection_the_lots_and_the_devices(objects: Objects) -> None:
    """The dose that was given, its bag, its collection; its batch, with the solution and what that was made of."""
    steps = back(objects, f"infusion/{SECOND}")
    assert steps[0].what == f"container/{SECOND}-01"
    assert [f"collection/{SECOND}", f"batch/{SECOND}"] == [
        one for one in _whats(steps, "collection", "batch") if one.endswith(SECOND)
    ]
    assert "lot/ALB-3300-0000" in _whats(steps, "lot")
    assert "asset/balance-01" in _whats(steps, "asset")


@pytest.mark.requirement("F096", "F147")
def test_a_lot_is_traced_through_the_solution_made_of_it_to_every_patient(objects: Objects) -> None:
    """Each batch that got the solution, and the order of its patient."""
    steps = forward(objects, "lot/ALB-3300-0000")
    assert steps[0].what == "lot/BUF-3301-0000"
    assert {f"order/{SECOND}", f"order/{THIRD}"} <= set(_whats(steps, "order"))
    assert _whats(back(objects, "lot/BUF-3301-0000"), "lot") == ["lot/ALB-3300-0000"]


@pytest.mark.requirement("F166")
def test_a_balance_is_traced_to_every_batch_since_its_last_good_calibration(objects: Objects) -> None:
    """The calibration stands before the third batch; the second one rests on the one before."""
    steps = forward(objects, "asset/balance-01")
    assert THIRD in "".join(_whats(steps, "batch"))
    assert f"batch/{SECOND}" not in _whats(steps, "batch")
    (last_good,) = back(objects, "asset/balance-01")
    assert last_good.what == "calibration/CAL-0001-000003"
    assert _whats(forward(objects, last_good.what), "batch") == _whats(steps, "batch")


@pytest.mark.requirement("F096", "F106")
@pytest.mark.parametrize("start", [f"order/{SECOND}", "lot/ALB-3300-0000", "asset/balance-01"])
def test_every_step_cites_an_event_that_names_one_of_its_two_ends(objects: Objects, start: str) -> None:
    """And says what stands in it: its move, its moment, by whom."""
    steps = forward(objects, start)
    events = {event.seq: event for event in objects.reader.at(one.event for one in steps)}
    names = {start.partition("/")[2], *(one.what.partition("/")[2] for one in steps)}
    for one in steps:
        event = events[one.event]
        assert (one.move, one.by) == (event.kind, event.by)
        assert one.what == event.stream or names & {text for _, text in texts_of(event)}


@pytest.mark.requirement("F106")
def test_what_is_kept_tells_the_same_as_the_whole_ledger(grown: Path, objects: Objects) -> None:
    """Every object, mark, stream, way and neighbour."""
    with _looked(grown, by_shelf=False) as whole:
        assert (whole.kept_to, whole.last) == (0, objects.last)
        assert list(objects.streams) == list(whole.streams)
        for kind in KINDS:
            assert tuple(objects.every(kind)) == tuple(whole.every(kind))
            for thing in whole.every(kind):
                stream = f"{kind}/{thing.id}"
                assert objects.streams[stream] == whole.streams[stream] == [*whole.backwards(stream)][::-1]
                assert list(objects.backwards(stream)) == list(whole.backwards(stream))
                assert objects.version(stream) == whole.version(stream)
            for mark in sorted({mark for thing in whole.every(kind) for mark in marks_of(thing)}):
                assert list(objects.marked(kind, mark)) == list(whole.marked(kind, mark))
        for start in (f"order/{SECOND}", f"infusion/{SECOND}", "lot/ALB-3300-0000", "asset/balance-01"):
            assert (forward(objects, start), back(objects, start)) == (forward(whole, start), back(whole, start))
            assert objects.under(start) == whole.under(start)
            assert [*Neighbours(objects).around(start, 1)] == [*Neighbours(whole).around(start, 1)]


def test_of_what_very_many_events_name_the_latest_are_looked_at_and_the_others_counted(objects: Objects) -> None:
    """Everything else about it is asked for."""
    few, everything = Neighbours(objects, most=20), Neighbours(objects, most=0)
    assert len(list(few.around("asset/balance-01", 1))) < len(list(everything.around("asset/balance-01", 1)))
    assert (few.passed_over > 0, everything.passed_over) == (True, 0)


def test_nobody_knows_a_stranger(objects: Objects) -> None:
    """Neither an object nor a word of an event."""
    with pytest.raises(InputError, match="names 'BAG-9999'"):
        Neighbours(objects).start("BAG-9999")


def _flip_marks(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE snapshot SET value = CAST(value || ' ' AS BLOB) WHERE name = 'mark'")


def _flip_mentions(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE snapshot SET value = CAST(value || ' ' AS BLOB) WHERE name = 'mention'")


def _no_key(path: Path) -> None:
    path.with_name(KEY).unlink()


@pytest.mark.requirement("F106")
@pytest.mark.parametrize("spoil", [_flip_marks, _flip_mentions, _no_key, os.remove])
def test_what_is_in_doubt_costs_time_and_changes_no_answer(
    grown: Path, objects: Objects, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    """Then the whole ledger is read: an old ledger, a backup, somebody who may not read the key, a hand in the file."""
    folder = tmp_path / "site"
    shutil.copytree(grown, folder)
    spoil(folder / NAME)
    with _looked(folder) as looked:
        for start in (f"infusion/{SECOND}", "asset/balance-01"):
            assert back(looked, start) == back(objects, start)
            assert [*Neighbours(looked).around(start, 1)] == [*Neighbours(objects).around(start, 1)]


@pytest.mark.requirement("F106")
def test_what_came_since_the_owner_last_kept_anything_is_told_too(grown: Path, tmp_path: Path) -> None:
    """The owner ended between an append and the next saving; a reader looks while another owner writes on."""
    folder = tmp_path / "site"
    shutil.copytree(grown, folder)
    with _looked(folder) as before, Ledger.open(folder, key=read_key(folder)) as ledger:
        steps = forward(before, "asset/balance-01")
        claim = [one for one in ledger.stream("asset/balance-01") if one.kind == "claim"][-1]
        body = claim.body.replace(THIRD.encode(), NEW.encode())
        ledger.append([Draft(claim.stream, claim.kind, body, claim.by)], at=ledger.last.at + 1)
        ledger.flush()
        with _looked(folder) as after:
            assert after.kept_to == before.kept_to < after.last.seq - BEHIND
            (added,) = set(forward(after, "asset/balance-01")) - set(steps)
            assert (added.what, added.event) == (f"batch/{NEW}", after.last.seq)
            assert forward(before, "asset/balance-01") == steps
