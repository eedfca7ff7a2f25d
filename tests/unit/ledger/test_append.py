"""Appending: numbers, links, expectations, and all or nothing."""

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from automation.kernel.errors import ConflictError, FailedError, InputError, RefusedError
from automation.ledger.event import Draft, Event, Mode
from automation.ledger.file import INSERT_EVENT
from automation.ledger.store import HEAD_EVERY, Ledger
from tests.unit.ledger.ledgers import KEY, START, draft, filled, genesis, make, tampering


def test_events_are_numbered_over_the_ledger_and_within_their_stream(tmp_path: Path) -> None:
    """The genesis is event 1; each stream counts from 1."""
    with make(tmp_path) as ledger:
        made = ledger.append([draft("a"), draft("b"), draft("a")], at=START)
        assert [(e.seq, e.stream, e.version) for e in made] == [(2, "a", 1), (3, "b", 1), (4, "a", 2)]
        assert (ledger.version("a"), ledger.version("b"), ledger.version("c")) == (2, 1, 0)


def test_each_event_names_the_one_before_and_the_one_before_in_its_stream(tmp_path: Path) -> None:
    """The first of a stream names zeros."""
    with make(tmp_path) as ledger:
        first, other, second = ledger.append([draft("a"), draft("b"), draft("a")], at=START)
        assert (other.prev, second.prev) == (first.hash, other.hash)
        assert (first.prev_in_stream, second.prev_in_stream) == (bytes(32), first.hash)


def test_what_is_read_back_equals_what_was_appended(tmp_path: Path) -> None:
    """From memory before the commit, from the file after it, and by the next owner."""
    ledger = make(tmp_path)
    made = ledger.append([draft("a", n=1), draft("b", n=2), draft("a", n=3)], at=START)
    assert list(ledger.events(after=1)) == made
    ledger.flush()
    assert list(ledger.events(after=1)) == made
    ledger.close()
    with Ledger.open(tmp_path, key=KEY) as again:
        assert list(again.events(after=1)) == made
        assert again.stream("a") == [made[0], made[2]]


def test_a_body_is_read_as_a_type_or_as_plain_fields(tmp_path: Path) -> None:
    """Bodies are JSON objects in the words of their kind."""

    class Body(msgspec.Struct):
        dose: str

    with make(tmp_path) as ledger:
        (event,) = ledger.append([draft(dose="2e6")], at=START)
        assert event.read(Body) == Body("2e6")
        assert event.fields == {"dose": "2e6"}


def test_a_stream_that_has_moved_on_refuses_the_whole_append(tmp_path: Path) -> None:
    """Expectations are checked within the drafts too, and nothing of them is kept."""
    with make(tmp_path) as ledger:
        ledger.append([Draft("a", "x", b"{}", "me", expected=0)], at=START)
        with pytest.raises(ConflictError, match="a is at version 1, not 0"):
            ledger.append([draft("b"), Draft("a", "x", b"{}", "me", expected=0)], at=START)
        assert (ledger.last.seq, ledger.version("b")) == (2, 0)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (Draft("a", "x", b"{", "me"), r"^a: the body of 'x' is not JSON"),
        (Draft("a", "x", b"[1]", "me"), r"^a: the body of 'x' is b'\[1\]'; a JSON object is allowed$"),
        (Draft("a", "x", b'{"a":"\xff"}', "me"), "not JSON"),
        (Draft("", "x", b"{}", "me"), "stream is ''"),
        (Draft("a\nb", "x", b"{}", "me"), "printable"),
        (Draft("a", "", b"{}", "me"), r"^a: kind is ''; 1 to 200 characters are allowed$"),
        (Draft("a", "x" * 201, b"{}", "me"), r"^a: kind is 'x{201}'; 1 to 200 characters"),
        (Draft("a", "x", b"{}", "me", cause=3), r"^a: cause is 3; an earlier event than 3 is allowed$"),
        (Draft("a", "x", b"{}", "me", cause=0), r"^a: cause is 0; an earlier event than 3 is allowed$"),
        (Draft("a", "x", b"{}", "\ud800"), "^a: kind, by or terminal is not text"),
    ],
)
def test_a_draft_that_is_no_event_is_refused(tmp_path: Path, wrong: Draft, said: str) -> None:
    """The message says which field and what is allowed; nothing is appended."""
    with make(tmp_path) as ledger:
        with pytest.raises(InputError, match=said):
            ledger.append([draft("b"), wrong], at=START)
        assert ledger.last.seq == 1


def test_time_does_not_go_back(tmp_path: Path) -> None:
    """Not even by a microsecond; the clock holds it, the ledger checks."""
    with make(tmp_path) as ledger, pytest.raises(RefusedError, match="time does not go back"):
        ledger.append([draft()], at=START - 1)


def test_subscribers_hear_every_event_once_and_in_order(tmp_path: Path) -> None:
    """Also when one of them appends while it listens."""
    heard: list[Event] = []

    def listen(event: Event) -> None:
        heard.append(event)
        if event.kind == "alarm":
            ledger.append([draft("alarms", "raised")], at=START)

    with make(tmp_path) as ledger:
        ledger.subscribe(listen)
        ledger.append([draft(kind="alarm"), draft(kind="reply")], at=START)
        assert [(event.seq, event.kind) for event in heard] == [(2, "alarm"), (3, "reply"), (4, "raised")]


def test_subscribers_are_told_in_turn_and_those_of_one_object_last(tmp_path: Path) -> None:
    """In the order in which they came, but for one that asked to be first."""
    heard: list[tuple[str, int]] = []

    def hears(name: str) -> Callable[[Event], None]:
        return lambda event: heard.append((name, event.seq))

    with make(tmp_path) as ledger:
        ledger.subscribe(hears("of B1"), of="batch/B1")
        for name in ("one", "two"):
            ledger.subscribe(hears(name))
        ledger.subscribe(hears("first"), first=True)
        ledger.append([draft("batch/B1/step/1/x")], at=START)
        assert heard == [(name, 2) for name in ("first", "one", "two", "of B1")]
        heard.clear()
        ledger.append([draft("batch/B2"), draft("batch/B1"), draft("batch")], at=START)
        assert [seq for name, seq in heard if name == "of B1"] == [4]


def test_what_a_ledger_writes_of_itself_is_by_the_system(tmp_path: Path) -> None:
    """Its genesis, and each change of its owner."""
    with make(tmp_path) as ledger:
        ledger.append([draft()], at=START)
    with Ledger.open(tmp_path, key=KEY) as ledger:
        ledger.append([draft()], at=START)
        own = list(ledger.events(prefix="ledger"))
    assert [(event.kind, event.by) for event in own] == [("genesis", "system"), ("epoch taken", "system")]


def test_a_head_that_could_not_be_written_was_not_signed(tmp_path: Path) -> None:
    """The events that it should have covered count as little, and nothing more is taken."""
    ledger = make(tmp_path, commit_each=True)
    first = ledger.seal()
    with tampering(tmp_path) as connection:
        connection.execute("CREATE TRIGGER full BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'disk is full'); END")
    with pytest.raises(FailedError, match="disk is full"):
        ledger.append([draft()] * HEAD_EVERY, at=START)
    assert (ledger.last.seq, ledger.version("batch/B1")) == (1, 0)
    with pytest.raises(FailedError, match="disk is full"):
        ledger.close()
    with tampering(tmp_path), Ledger.open(tmp_path, key=KEY) as again:
        assert again.reader.heads() == [first]


def test_a_head_is_signed_without_being_asked(tmp_path: Path) -> None:
    """Every so many events, so that an export never waits long for a proof."""
    with make(tmp_path) as ledger:
        ledger.append([draft()] * HEAD_EVERY, at=START)
        ledger.flush()
        assert [head.said.seq for head in ledger.reader.heads()] == [HEAD_EVERY + 1]


def test_the_same_drafts_give_the_same_hashes_whatever_the_key(tmp_path: Path) -> None:
    """A simulated ledger keeps its key out of the chain."""
    folders = [(tmp_path / "a", KEY), (tmp_path / "b", bytes(32))]
    for folder, key in folders:
        folder.mkdir()
        with Ledger.create(folder, genesis=genesis(), key=key) as ledger:
            ledger.append([draft(n=1), draft(n=2)], at=START)
    with Ledger.open(folders[0][0], key=None) as one, Ledger.open(folders[1][0], key=None) as other:
        assert one.last == other.last


@pytest.mark.requirement("F106", "F106.2", refuses=True)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event SET body = x'7b7d' WHERE seq = 2",
        "DELETE FROM event WHERE seq = 2",
        "REPLACE INTO event SELECT * FROM event WHERE seq = 2",
        "INSERT INTO event SELECT 99, stream, envelope, body, hash FROM event WHERE seq = 2",
        "UPDATE head SET at = 0",
        "DELETE FROM head",
        "REPLACE INTO head SELECT * FROM head LIMIT 1",
    ],
)
def test_the_database_refuses_to_change_what_is_recorded(tmp_path: Path, statement: str) -> None:
    """Triggers stop mistakes by any program; signatures stop intent."""
    connection = sqlite3.connect(filled(tmp_path) / "ledger.sqlite", isolation_level=None)
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute(statement)
    connection.close()


def test_a_stale_owner_appends_nothing(tmp_path: Path) -> None:
    """Should the lock ever fail, the last stored event still has to be the owner's own."""
    ledger = make(tmp_path, commit_each=True)
    with tampering(tmp_path) as connection:
        connection.execute(INSERT_EVENT, (2, "x", "{}", b"{}", bytes(32)))
    with pytest.raises(RefusedError, match="stale"):
        ledger.append([draft()], at=START)
    with pytest.raises(RefusedError, match="stale"):
        ledger.close()


@pytest.mark.parametrize("mode", list(Mode))
def test_a_full_disk_is_said_and_nothing_counts_as_recorded(tmp_path: Path, mode: Mode) -> None:
    """After the refusal the ledger stays stopped; what was committed before is whole."""
    ledger = make(tmp_path, mode=mode)
    ledger.append([draft(n=0)], at=START)
    ledger.flush()
    with tampering(tmp_path) as connection:
        connection.execute("CREATE TRIGGER full BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'disk is full'); END")
    ledger.append([draft(n=1)], at=START)
    with pytest.raises(FailedError, match="disk is full"):
        ledger.flush()
    with suppress(FailedError):
        ledger.append([draft(n=2)], at=START)
    with pytest.raises(FailedError, match="disk is full"):
        ledger.flush()
    with pytest.raises(FailedError, match="disk is full"):
        ledger.close()
    with Ledger.open(tmp_path, key=KEY) as again:
        assert again.last.fields == {"n": 0}
