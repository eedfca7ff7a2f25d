"""Verification: whatever was done to the files, the first bad event is named, or what would be needed to see it."""

import json
import shutil
from pathlib import Path

import msgspec
import pytest

from automation.kernel.errors import InputError
from automation.ledger.chain import entry_hash, opening
from automation.ledger.event import Mode
from automation.ledger.head import key_id, public_key
from automation.ledger.store import Ledger
from automation.ledger.verdict import Verdict
from automation.ledger.verify import verify
from tests.unit.ledger.ledgers import KEY, OTHER_KEY, START, draft, fill, filled, genesis, make, tampering

EVENTS = 13  # with the genesis, which stands under the first head
HEADS = (5, 9, 13)
EVENT_COLUMNS = ("seq", "stream", "envelope", "body", "hash")
HEAD_COLUMNS = ("seq", "at", "key_id", "body", "signature")


def _bad(folder: Path) -> int:
    """Give the first bad event of a ledger that must not be intact."""
    verdict = verify(folder)
    assert not verdict.intact
    assert verdict.first_bad is not None
    assert verdict.first_bad.what
    return verdict.first_bad.seq


def _flipped(value: int | bytes, position: int) -> int | bytes:
    if isinstance(value, int):
        return value ^ 0x40
    changed = bytearray(value)
    changed[position % len(value)] ^= 1
    return bytes(changed)


def _flip(folder: Path, place: tuple[str, int, str], position: int) -> None:
    """Flip one bit of one column, leaving its type as it was."""
    table, seq, column = place
    with tampering(folder) as connection:
        query = f"SELECT {column}, typeof({column}) FROM {table} WHERE seq = ?"  # noqa: S608  our own names
        value, kind = connection.execute(query, (seq,)).fetchone()
        update = f"UPDATE {table} SET {column} = CAST(? AS {kind.decode()}) WHERE seq = ?"  # noqa: S608  as above
        connection.execute(update, (_flipped(value, position), seq))


@pytest.mark.requirement("F021", "F106.2", refuses=True)
@pytest.mark.parametrize("column", EVENT_COLUMNS)
@pytest.mark.parametrize("position", [0, 7, -1])
def test_a_flipped_byte_in_any_event_is_named(tmp_path: Path, column: str, position: int) -> None:
    """In any column of any event: the event itself is the first bad one."""
    whole = filled(tmp_path / "whole")
    for seq in range(1, EVENTS + 1):
        copy = shutil.copytree(whole, tmp_path / f"{seq}")
        _flip(copy, ("event", seq, column), position)
        assert _bad(copy) == seq


@pytest.mark.parametrize("column", HEAD_COLUMNS)
@pytest.mark.parametrize("position", [0, 40, -1])
def test_a_flipped_byte_in_any_head_is_named(tmp_path: Path, column: str, position: int) -> None:
    """In any column of any head: one of the events that no good head covers any more."""
    whole = filled(tmp_path / "whole")
    for before, seq in zip((0, *HEADS), HEADS, strict=False):
        copy = shutil.copytree(whole, tmp_path / f"{seq}")
        _flip(copy, ("head", seq, column), position)
        assert _bad(copy) == before + 1


@pytest.mark.requirement("F106.2", refuses=True)
@pytest.mark.parametrize("seq", range(1, EVENTS + 1))
def test_a_dropped_event_is_named(tmp_path: Path, seq: int) -> None:
    """The gap begins at its number."""
    with tampering(filled(tmp_path)) as connection:
        connection.execute("DELETE FROM event WHERE seq = ?", (seq,))
    assert _bad(tmp_path) == seq


@pytest.mark.parametrize("seq", range(1, EVENTS))
def test_swapped_events_are_named(tmp_path: Path, seq: int) -> None:
    """The earlier of two neighbours that changed places is the first bad one."""
    with tampering(filled(tmp_path)) as connection:
        for old, new in ((seq, 0), (seq + 1, seq), (0, seq + 1)):
            connection.execute("UPDATE event SET seq = ? WHERE seq = ?", (new, old))
    assert _bad(tmp_path) == seq


@pytest.mark.parametrize("seq", range(1, EVENTS + 1))
def test_a_doubled_event_is_named(tmp_path: Path, seq: int) -> None:
    """The copy stands in the place of the next event, and the rest is moved up."""
    with tampering(filled(tmp_path)) as connection:
        for old in range(EVENTS, seq, -1):
            connection.execute("UPDATE event SET seq = seq + 1 WHERE seq = ?", (old,))
        columns = "SELECT seq + 1, stream, envelope, body, hash FROM event WHERE seq = ?"
        connection.execute(f"INSERT INTO event {columns}", (seq,))
    assert _bad(tmp_path) == seq + 1


@pytest.mark.requirement("F106.2", refuses=True)
@pytest.mark.parametrize("seq", [-3, 0, EVENTS + 1, EVENTS + 5])
def test_an_inserted_event_is_named(tmp_path: Path, seq: int) -> None:
    """Before the genesis as well as behind the end."""
    with tampering(filled(tmp_path)) as connection:
        columns = "SELECT ?, stream, envelope, body, hash FROM event WHERE seq = 2"
        connection.execute(f"INSERT INTO event {columns}", (seq,))
    assert _bad(tmp_path) == (1 if seq < 1 else EVENTS + 1)


def _forge(folder: Path, *, first: int) -> None:
    """Change one event and make all later hashes new, as somebody without the key can."""
    start, prev, streams = opening(genesis().id), bytes(32), dict[bytes, bytes]()
    with tampering(folder) as connection:
        for seq, stream, envelope, stored in connection.execute(
            "SELECT seq, stream, envelope, body FROM event"
        ).fetchall():
            body = b'{"forged":1}' if seq == first else stored
            prev = entry_hash(start, (prev, streams.get(stream, bytes(32))), envelope=envelope, body=body)
            streams[stream] = prev
            connection.execute("UPDATE event SET body = ?, hash = ? WHERE seq = ?", (body, prev, seq))


@pytest.mark.parametrize("first", range(2, EVENTS + 1))
def test_later_hashes_made_new_without_the_key_are_found(tmp_path: Path, first: int) -> None:
    """The chain fits again; the first head over the forgery does not."""
    _forge(filled(tmp_path), first=first)
    covered_before = max(seq for seq in (0, *HEADS) if seq < first)
    assert _bad(tmp_path) == covered_before + 1


def test_forged_events_without_their_heads_are_found_by_the_log(tmp_path: Path) -> None:
    """Dropping the heads that no longer fit leaves heads.log, which knows them."""
    _forge(filled(tmp_path), first=7)
    with tampering(tmp_path) as connection:
        connection.execute("DELETE FROM head WHERE seq > 5")
    assert _bad(tmp_path) == 6


def test_a_forgery_signed_with_another_key_is_found_by_the_key_from_outside(tmp_path: Path) -> None:
    """Everything made new, log included, is consistent in itself: only the true key tells."""
    with Ledger.create(tmp_path, genesis=genesis(), key=OTHER_KEY) as ledger:
        fill(ledger)
    assert verify(tmp_path).intact
    verdict = verify(tmp_path, key=public_key(KEY))
    assert not verdict.intact
    assert verdict.first_bad is not None
    assert key_id(public_key(KEY).hex()) in verdict.first_bad.what


@pytest.mark.parametrize("end", range(1, EVENTS))
def test_a_tail_cut_before_the_last_anchor_is_found(tmp_path: Path, end: int) -> None:
    """heads.log knows that there was more; the first missing event is named."""
    with tampering(filled(tmp_path)) as connection:
        connection.execute("DELETE FROM event WHERE seq > ?", (end,))
        connection.execute("DELETE FROM head WHERE seq > ?", (end,))
    assert _bad(tmp_path) == end + 1


def test_an_older_copy_put_back_is_found_while_the_log_is_ahead(tmp_path: Path) -> None:
    """The database alone was restored."""
    folder = filled(tmp_path / "site")
    shutil.copy(folder / "ledger.sqlite", tmp_path / "older.sqlite")
    with Ledger.open(folder, key=KEY) as ledger:
        ledger.append([draft()], at=START + 100)
    shutil.copy(tmp_path / "older.sqlite", folder / "ledger.sqlite")
    assert _bad(folder) == EVENTS + 1


def test_an_older_copy_with_its_log_needs_a_head_from_outside(tmp_path: Path) -> None:
    """Without one, verify says that it would need it; with it, the missing events are named."""
    folder = filled(tmp_path / "site")
    older = shutil.copytree(folder, tmp_path / "older")
    with Ledger.open(folder, key=KEY) as ledger:
        later = ledger.append([draft()], at=START + 100)[0].hash.hex()
    assert verify(older).intact
    assert "--head" in " ".join(verify(older).notes)
    assert not verify(older, head=later).intact
    assert verify(folder, head=later).intact


def test_what_vouches_is_said(tmp_path: Path) -> None:
    """How far signed, by whom, how far anchored; trusted only with the key from outside."""
    filled(tmp_path)
    own, outside = verify(tmp_path), verify(tmp_path, key=public_key(KEY))
    assert (own.events, own.signed_to, own.anchored_to) == (EVENTS, EVENTS, EVENTS)
    assert (own.mode, own.site, own.signed_by) == ("simulated", "test", key_id(public_key(KEY).hex()))
    assert (own.trusted, outside.trusted) == (False, True)
    assert "--key" in " ".join(own.notes)


def test_events_not_yet_signed_are_said(tmp_path: Path) -> None:
    """They are chained; a cut among them could not be seen."""
    filled(tmp_path)
    with Ledger.open(tmp_path, key=None) as ledger:
        ledger.append([draft()], at=START + 100)
    verdict = verify(tmp_path)
    assert verdict.intact
    assert (verdict.events, verdict.signed_to) == (EVENTS + 2, EVENTS)
    assert f"events {EVENTS + 1} to {EVENTS + 2} are chained and not yet signed" in verdict.notes


@pytest.mark.parametrize("line", [0, 1, 2])
def test_a_changed_line_of_the_log_is_found(tmp_path: Path, line: int) -> None:
    """A flipped byte, a line taken out, a line said twice."""
    log = filled(tmp_path) / "heads.log"
    lines = log.read_bytes().splitlines(keepends=True)
    flipped = [*lines[:line], lines[line].replace(b"number", b"numbes"), *lines[line + 1 :]]
    doubled = [*lines[: line + 1], *lines[line:]]
    verdicts = []
    for changed in (flipped, doubled, [*lines[:line], *lines[line + 1 :]]):
        log.write_bytes(b"".join(changed))
        verdicts.append(verify(tmp_path))
    assert [verdict.intact for verdict in verdicts] == [False, False, line == 2]
    assert verdicts[2].anchored_to == (9 if line == 2 else 0 if line == 0 else 5)


def test_without_its_log_a_ledger_is_intact_and_not_anchored(tmp_path: Path) -> None:
    """The note says what is missing."""
    (filled(tmp_path) / "heads.log").unlink()
    verdict = verify(tmp_path)
    assert (verdict.intact, verdict.anchored_to) == (True, 0)
    assert "heads.log is missing" in verdict.notes[0]


def test_a_line_torn_by_a_crash_is_no_damage(tmp_path: Path) -> None:
    """Half of the right line; the next owner writes it whole."""
    log = filled(tmp_path) / "heads.log"
    log.write_bytes(log.read_bytes()[:-30])
    assert verify(tmp_path).anchored_to == 9
    Ledger.open(tmp_path, key=KEY).close()
    assert verify(tmp_path).anchored_to == EVENTS


def test_the_index_by_which_streams_are_read_is_checked(tmp_path: Path) -> None:
    """A hidden row of the index would hide an event from a batch record."""
    with tampering(filled(tmp_path)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_schema SET sql = replace(sql, 'stream)', 'hash)') WHERE type = 'index'")
    assert _bad(tmp_path) >= 1


def test_a_broken_page_is_a_verdict_and_no_crash(tmp_path: Path) -> None:
    """Whatever page of the file is overwritten, verify answers."""
    file = filled(tmp_path) / "ledger.sqlite"
    whole = file.read_bytes()
    for start in range(4096, len(whole), 4096):
        file.write_bytes(whole[:start] + b"\xaa" * 200 + whole[start + 200 :])
        assert not verify(tmp_path).intact
    assert len(whole) >= 4 * 4096


def test_a_header_overwritten_is_known_by_the_log(tmp_path: Path) -> None:
    """What heads.log proves to have been a ledger is not called a stranger's file."""
    file = filled(tmp_path) / "ledger.sqlite"
    file.write_bytes(b"x" * 100 + file.read_bytes()[100:])
    assert _bad(tmp_path) == 1


@pytest.mark.parametrize("head", ["", "ab", "g" * 64, "0" * 63])
def test_a_head_that_is_no_hash_is_refused(tmp_path: Path, head: str) -> None:
    """64 hex digits; an empty one is none."""
    filled(tmp_path)
    if not head:
        assert verify(tmp_path, head=head).intact
        return
    with pytest.raises(InputError, match="64 hex digits"):
        verify(tmp_path, head=head)


def test_a_ledger_in_use_is_verified_beside_its_owner(tmp_path: Path) -> None:
    """What is committed is whole at every moment."""
    with make(tmp_path, mode=Mode.LIVE) as ledger:
        fill(ledger)
        verdict: Verdict = verify(tmp_path)
        assert (verdict.intact, verdict.events) == (True, EVENTS)


def test_a_verdict_is_json(tmp_path: Path) -> None:
    """The command line prints it as it is."""
    said = json.loads(msgspec.json.encode(verify(filled(tmp_path))))
    assert {"intact", "events", "head", "signed_to", "anchored_to", "first_bad"} <= said.keys()
