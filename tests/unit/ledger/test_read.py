"""Reading: streams, prefixes and slices give the same events as the whole, in order, with their links."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.kernel.errors import DamagedError
from automation.ledger.read import Reader, matches
from tests.unit.ledger.ledgers import START, draft, filled, make, tampering


def test_a_reader_sees_what_was_committed_since(tmp_path: Path) -> None:
    """It holds no transaction open between calls."""
    with make(tmp_path) as ledger, Reader(tmp_path) as reader:
        for expected in (2, 3):
            ledger.append([draft()], at=START)
            ledger.flush()
            assert reader.last.seq == expected


def test_streams_and_prefixes_give_the_events_of_the_whole(tmp_path: Path) -> None:
    """With the same links, wherever the reading begins."""
    with Reader(filled(tmp_path, events=40)) as reader:
        whole = list(reader.events())
        for after in (0, 1, 7, 40, 41):
            assert list(reader.events(after=after)) == whole[after:]
            under = [event for event in whole[after:] if event.stream.startswith("batch/B1/")]
            assert list(reader.events(after=after, prefix="batch/B1")) == under
            one = [event for event in whole[after:] if event.stream == "batch/B1/step/2"]
            assert reader.stream("batch/B1/step/2", after=after) == one


def test_events_come_in_slices_without_loss(tmp_path: Path) -> None:
    """More than one slice, with and without a prefix."""
    with make(tmp_path) as ledger:
        ledger.append([draft(f"batch/B{n % 2}", n=n) for n in range(5_000)], at=START)
        ledger.flush()
        assert [event.seq for event in ledger.reader.events()] == list(range(1, 5_002))
        assert len(list(ledger.reader.events(prefix="batch/B1"))) == 2_500


@pytest.mark.parametrize(
    ("stream", "prefix", "expected"),
    [
        ("batch/B1", "", True),
        ("batch/B1", "batch/B1", True),
        ("batch/B1/step/1", "batch/B1", True),
        ("batch/B12", "batch/B1", False),
        ("batch/B12", "batch/", True),
        ("batches/B1", "batch", False),
    ],
)
def test_a_prefix_takes_whole_names(stream: str, prefix: str, *, expected: bool) -> None:
    """A batch whose name begins alike is another batch."""
    assert matches(stream, prefix) is expected


@settings(derandomize=True)
@given(st.text("ab/", min_size=1, max_size=6), st.text("ab/", max_size=6))
def test_the_index_finds_what_the_rule_takes(stream: str, prefix: str) -> None:
    """The bounds by which the index is asked are the rule of ``matches``."""
    parts = prefix if prefix.endswith("/") else prefix + "/"
    by_bounds = stream == prefix or parts <= stream < parts[:-1] + "0"
    assert matches(stream, prefix) is (by_bounds or not prefix)


def test_a_missing_event_is_noticed_while_reading(tmp_path: Path) -> None:
    """By whoever reads all, and by whoever reads its stream."""
    with tampering(filled(tmp_path)) as connection:
        connection.execute("DELETE FROM event WHERE seq = 5")
    with Reader(tmp_path) as reader:
        assert reader.hash_at(5) is None
        with pytest.raises(DamagedError, match="event 5 is missing"):
            list(reader.events())
        with pytest.raises(DamagedError, match="version 1 of batch/B1/step/0 is missing"):
            reader.stream("batch/B1/step/0")


def test_an_envelope_that_cannot_be_read_is_damage(tmp_path: Path) -> None:
    """One clear error, not a fault of the decoder."""
    with tampering(filled(tmp_path)) as connection:
        connection.execute("UPDATE event SET envelope = '{' WHERE seq = 5")
    with Reader(tmp_path) as reader, pytest.raises(DamagedError, match="an envelope can't be read"):
        list(reader.events())


def test_a_pinned_reader_sees_the_ledger_as_it_stood(tmp_path: Path) -> None:
    """Several looks, one state, whatever is appended meanwhile."""
    with make(tmp_path) as ledger, Reader(tmp_path) as reader:
        ledger.append([draft("batch/B1"), draft("lot/L1")], at=START)
        head = ledger.seal()
        reader.pin()
        ledger.append([draft("batch/B1"), draft("batch/B2")], at=START)
        ledger.seal()
        assert (reader.last.seq, reader.version("batch/B1"), reader.version("batch/B2")) == (3, 1, 0)
        assert ([event.seq for event in reader.events()], reader.names("batch")) == ([1, 2, 3], ["B1"])
        for prefix in ("batch/", "batch/B1"):
            assert [event.seq for event in reader.events(prefix=prefix)] == [2]
        assert [event.seq for event in reader.stream("batch/B1")] == [2]
        assert (reader.heads(), reader.last_head()) == ([head], head)
        assert (len(reader.hashes(1, 9)), reader.hash_at(3), reader.hash_at(4)) == (3, reader.last.hash, None)


def test_names_stand_in_the_order_of_their_first_events(tmp_path: Path) -> None:
    """Each once; those of parts and of words that begin alike are others."""
    with make(tmp_path) as ledger, Reader(tmp_path) as reader:
        streams = ("batch/B2", "batch/B1", "batch/B2", "batch/B3/step/1", "batches/B4", "batch", "lot/B5", "batch/Zoë")
        ledger.append([draft(stream) for stream in streams], at=START)
        ledger.flush()
        assert reader.names("batch") == ["B2", "B1", "Zoë"]
        assert reader.names("bag") == []


BROKEN = {
    "emptied": ("DELETE FROM event", "the genesis can't be read ({file}: the ledger has no genesis)"),
    "no genesis": (
        "DELETE FROM event WHERE seq = 1",
        "the genesis can't be read ({file}: event 1 is missing; run verify)",
    ),
    "another first event": (
        """UPDATE event SET envelope = replace(envelope, '"genesis"', '"note"') WHERE seq = 1""",
        "the genesis can't be read ({file}: the ledger has no genesis)",
    ),
    "head": ("UPDATE head SET body = 'x' WHERE seq = 5", "a head can't be read ({json})"),
    "last head": ("UPDATE head SET body = 'x' WHERE seq = 13", "the last head can't be read ({json})"),
    "stream": (
        "UPDATE event SET stream = 'x' WHERE seq = 5",
        "version 1 of batch/B1/step/0 is missing; run verify",
    ),
    "event": ("DELETE FROM event WHERE seq = 5", "event 5 is missing; run verify"),
    "envelope": ("UPDATE event SET envelope = 'x' WHERE seq = 5", "an envelope can't be read ({json})"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_damaged_is_named_with_its_file(tmp_path: Path, what: str) -> None:
    """Whoever meets it first."""
    command, said = BROKEN[what]
    with tampering(filled(tmp_path)) as connection:
        connection.execute(command)
    file = tmp_path / "ledger.sqlite"
    with pytest.raises(DamagedError) as damaged, Reader(tmp_path) as reader:
        _read_by(reader, what)
    said = said.format(file=file, json="JSON is malformed: invalid character (byte 0)")
    assert str(damaged.value) == f"{file}: {said}"


def _read_by(reader: Reader, what: str) -> None:
    if what == "last head":
        reader.last_head()
    elif what == "head":
        reader.heads()
    elif what == "stream":
        reader.stream("batch/B1/step/0")
    else:
        list(reader.events())
