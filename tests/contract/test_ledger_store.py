"""The contract of a ledger's store, on SQLite and on a real PostgreSQL server alike."""

import os
import signal
import threading
from pathlib import Path

import pytest

from automation.kernel.errors import DamagedError, FailedError, InputError, NewerVersionError, RefusedError
from automation.ledger import where
from automation.ledger.event import Mode
from automation.ledger.export import export
from automation.ledger.lease import owner
from automation.ledger.read import Reader
from automation.ledger.store import HEAD_EVERY, Ledger
from automation.ledger.verify import verify
from tests.contract.ledger_stores import CEILING, Store, in_sqlite
from tests.support.owners import LONGEST, appending
from tests.unit.ledger.ledgers import KEY, START, draft, fill, filled, make

LOOKS, MOST = 10, 10_000  # checks beside a writer, and the events at which it stops in any case


def _told(ledger: Ledger, *, events: int = 3) -> int:
    """Append events that somebody was told are on disk; give the last one's number."""
    last = [ledger.append([draft(n=n)], at=START)[0].seq for n in range(events)][-1]
    ledger.flush()
    return last


def test_what_was_appended_is_read_as_it_was_written(store: Store) -> None:
    """By its owner before it is committed, and by any reader after."""
    with make(store.folder) as ledger:
        fill(ledger)
        ledger.append([draft("batch/Zoë", text="\u0000 ünï \\ \n\t")], at=START + 100)
        own = list(ledger.events())
        assert ledger.stream("batch/Zoë")[0].fields == {"text": "\u0000 ünï \\ \n\t"}
    with Reader(store.folder) as reader:
        assert list(reader.events()) == own
        assert [event.seq for event in reader.events(prefix="batch/B1")] == [3, 5, 7, 9, 11, 13]
        assert [event.seq for event in reader.stream("batch/B0/step/0", after=2)] == [8]
        assert (reader.version("batch/B0/step/0"), reader.version("batch/none")) == (2, 0)
        assert (reader.names("batch"), reader.names("batch/B0/step")) == (["Zoë"], ["0", "2", "1"])


@pytest.mark.requirement("F106")
def test_events_are_found_by_their_numbers_and_a_stream_from_its_end(store: Store) -> None:
    """Exactly as they were written; nothing behind the state that is looked at."""
    with make(store.folder) as ledger:
        fill(ledger)
        ledger.append([draft("lot/Zoë"), draft("batch/B0/step/0")], at=START + 100)
    with Reader(store.folder) as reader:
        events = list(reader.events())
        assert list(reader.at([9, 2, 9, 14, 99])) == [events[1], events[8], events[13]]
        assert list(reader.backwards("batch/B0/step/0")) == reader.stream("batch/B0/step/0")[::-1]
        assert reader.streams(["lot/none", "lot/Zoë", "batch/B1/step/1"]) == {"batch/B1/step/1": 3, "lot/Zoë": 14}
        assert (reader.streams([]), reader.all_streams()) == ({}, list(dict.fromkeys(one.stream for one in events)))
        reader.pin(13)
        assert (list(reader.at([14])), reader.streams(["lot/Zoë"])) == ([], {})
        assert list(reader.backwards("batch/B0/step/0")) == [events[7], events[1]]
        assert "lot/Zoë" not in reader.all_streams()


@pytest.mark.parametrize("events", [1, 20, 21, 137, HEAD_EVERY + 7])
def test_a_group_of_any_size_is_committed_whole(store: Store, events: int) -> None:
    """With a signed head inside it or without."""
    with make(store.folder, mode=Mode.LIVE) as ledger:
        ledger.append([draft(n=n) for n in range(events)], at=START)
        ledger.flush()
        with Reader(store.folder) as reader:
            assert reader.last.seq == events + 1
    assert (verify(store.folder).events, verify(store.folder).intact) == (events + 1, True)


def test_both_stores_hold_the_same_bytes(store: Store, tmp_path: Path) -> None:
    """Hashes, heads, the log of heads and an exported record are those of a file of SQLite."""
    filled(store.folder)
    other = filled(in_sqlite(tmp_path / "other").folder)
    assert verify(store.folder) == verify(other)
    assert (store.folder / "heads.log").read_bytes() == (other / "heads.log").read_bytes()
    with Reader(store.folder) as mine, Reader(other) as its:
        assert (list(mine.events()), mine.heads()) == (list(its.events()), its.heads())
        assert export(mine, ["batch/B1"]) == export(its, ["batch/B1"])


@pytest.mark.requirement("F106", "F106.2", refuses=True)
@pytest.mark.parametrize("table", ["event", "head"])
@pytest.mark.parametrize("change", ["UPDATE {} SET seq = seq", "DELETE FROM {}"])
def test_nothing_is_changed_or_deleted_even_by_who_owns_the_tables(store: Store, table: str, change: str) -> None:
    """Mistakes are refused; what stops intent is the chain."""
    filled(store.folder)
    with pytest.raises(Exception, match="never"):
        store.owner(change.format(table))
    assert verify(store.folder).intact


@pytest.mark.requirement("F106.2", refuses=True)
@pytest.mark.parametrize(
    ("change", "bad"),
    [
        ("UPDATE event SET body = hash WHERE seq = 5", 5),
        ("DELETE FROM event WHERE seq = 7", 7),
        ("DELETE FROM event WHERE seq > 11", 12),
        ("DELETE FROM head WHERE seq = 5", 1),
    ],
    ids=["changed", "dropped", "cut", "head"],
)
def test_what_an_intruder_did_is_named(store: Store, change: str, bad: int) -> None:
    """Past every trigger; the chain, the heads and their log outside the database tell."""
    filled(store.folder)
    store.intruder(change)
    found = verify(store.folder)
    assert found.first_bad is not None
    assert found.first_bad.seq == bad


@pytest.mark.requirement("F106.2", refuses=True)
def test_a_tail_that_was_acknowledged_and_is_gone_is_missed(store: Store) -> None:
    """No head covers it; the mark beside the database knows what somebody was told."""
    ledger = make(store.folder, mode=Mode.LIVE)
    last = _told(ledger)
    ledger._key = None  # noqa: SLF001  an owner that ends without sealing
    ledger.close()
    store.intruder("DELETE FROM event WHERE seq = (SELECT max(seq) FROM event)")
    found = verify(store.folder)
    assert found.first_bad is not None
    assert (found.first_bad.seq, "was acknowledged" in found.first_bad.what) == (last, True)
    with pytest.raises(DamagedError, match=f"event {last} to {last} were acknowledged and are gone"):
        Ledger.open(store.folder, key=KEY)


@pytest.mark.requirement("C01.2", refuses=True)
def test_a_second_owner_is_refused_and_readers_are_not(store: Store) -> None:
    """Whoever only reads disturbs nobody."""
    with make(store.folder, mode=Mode.LIVE) as ledger:
        last = _told(ledger)
        with pytest.raises(RefusedError, match=f"owned by process {os.getpid()}"):
            Ledger.open(store.folder, key=KEY)
        with Reader(store.folder) as reader:
            assert reader.last.seq == last
        assert _told(ledger) == last + 3
    with Ledger.open(store.folder, key=KEY) as ledger:
        assert ledger.epoch == 2


@pytest.mark.parametrize("mode", list(Mode))
def test_an_owner_that_was_taken_over_appends_nothing(store: Store, mode: Mode) -> None:
    """Neither what waited in it nor what comes; the new owner's epoch stands in the ledger."""
    former = make(store.folder, mode=mode)
    _told(former)
    with Ledger.open(store.folder, key=KEY, take_over_at=START) as ledger:
        for _ in range(2):
            with pytest.raises(RefusedError, match="appends nothing"):
                former.append([draft(n=1)], at=START)
        with pytest.raises(RefusedError, match="appends nothing"):
            former.close()
        assert (ledger.epoch, ledger.append([draft(n=2)], at=START)[0].seq) == (2, 6)
    assert verify(store.folder).intact


@pytest.mark.requirement("C01.2", refuses=True)
def test_a_frozen_owner_that_wakes_after_a_takeover_appends_nothing_and_says_so(store: Store) -> None:
    """What it was told is there; from the new epoch on every event is the new owner's."""
    make(store.folder, mode=Mode.LIVE).close()
    with appending(store.folder) as former:
        former.send_signal(signal.SIGSTOP)
        with pytest.raises(RefusedError, match=f"owned by process {former.pid}"):
            Ledger.open(store.folder, key=KEY)
        with Ledger.open(store.folder, key=KEY, take_over_at=START + 9) as ledger:
            assert (ledger.epoch, owner(store.folder)) == (2, os.getpid())
            assert ledger.last.fields == {"epoch": 2, "taken_from": former.pid}
            former.send_signal(signal.SIGCONT)
            out, err = former.communicate(timeout=LONGEST)
            taken, mine = ledger.last, ledger.append([draft(n=2)], at=START + 10)[0]
        assert (former.returncode, err.count("appends nothing")) == (1, 2)
        assert int(out.split()[-1] if out else 20) < taken.seq == mine.seq - 1
    with Reader(store.folder) as reader:
        assert {event.epoch for event in reader.events(after=taken.seq - 1)} == {2}
    assert verify(store.folder).intact


def test_an_owner_that_is_killed_loses_nothing_it_was_told(store: Store) -> None:
    """The next owner needs no takeover and goes on behind it."""
    make(store.folder, mode=Mode.LIVE).close()
    with appending(store.folder) as former:
        former.kill()
        out, _ = former.communicate(timeout=LONGEST)
    told = int(out.split()[-1] if out else 20)
    with Ledger.open(store.folder, key=KEY) as ledger:
        assert ledger.last.seq in {told, told + 1}
        assert ledger.append([draft()], at=START)[0].epoch == 2
    assert verify(store.folder).intact


def test_a_disk_that_is_full_ends_in_one_clear_error_and_costs_nothing(store: Store) -> None:
    """Nothing of the refused group is there; the site goes on when it is opened with the cause gone."""
    ledger = make(store.folder, mode=Mode.LIVE)
    last = _told(ledger)
    with store.full():
        ledger.append([draft(text=os.urandom(CEILING).hex())], at=START)
        with pytest.raises(FailedError, match=r"can't be written .* not acknowledged"):
            ledger.flush()
    with pytest.raises(FailedError):
        ledger.close()
    with Ledger.open(store.folder, key=KEY) as ledger:
        assert (ledger.last.seq, _told(ledger)) == (last, last + 4)
    assert verify(store.folder).intact


def test_readers_see_whole_ledgers_while_the_owner_writes(store: Store) -> None:
    """Each check in between finds a chain without a gap, and never fewer events than before."""
    seen: list[tuple[bool, int]] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            found = verify(store.folder)
            seen.append((found.intact, found.events))

    with make(store.folder, mode=Mode.LIVE) as ledger:
        watcher = threading.Thread(target=look)
        watcher.start()
        while (len(seen) < LOOKS or seen[-1] == seen[0]) and ledger.last.seq < MOST:
            ledger.append([draft(n=number) for number in range(7)], at=START)
            ledger.flush()
        done.set()
        watcher.join()
    assert {whole for whole, _ in seen} == {True}
    assert [events for _, events in seen] == sorted(events for _, events in seen)
    assert seen[-1][1] > seen[0][1]


def test_a_ledger_of_a_later_release_is_refused_by_name(store: Store) -> None:
    """By readers, owners and checks; nothing is written."""
    filled(store.folder)
    store.intruder(store.newer)
    for attempt in (Reader, verify, lambda folder: Ledger.open(folder, key=KEY)):
        with pytest.raises(NewerVersionError, match=r"format 99.*use a newer release"):
            attempt(store.folder)


def test_a_ledger_that_nobody_owns_is_opened_and_not_taken_over(store: Store) -> None:
    """There is nobody to take it from, so no epoch begins."""
    make(store.folder).close()
    with Ledger.open(store.folder, key=KEY, take_over_at=START) as ledger:
        assert ledger.last.seq == 1


def test_a_second_ledger_is_not_made_in_the_same_place(store: Store) -> None:
    """What is there stays."""
    filled(store.folder)
    with pytest.raises(InputError) as refused:
        make(store.folder)
    assert str(refused.value) == f"{where.of_site(store.folder).path}: there is a ledger already"
    assert verify(store.folder).intact
