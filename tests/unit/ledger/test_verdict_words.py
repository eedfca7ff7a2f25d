"""What a verdict says, word for word: whoever reads it has to know what was found and what could not be seen."""

import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from automation.kernel.errors import InputError, NotOursError
from automation.ledger.chain import entry_hash, opening
from automation.ledger.event import Mode
from automation.ledger.head import key_id, public_key, sign
from automation.ledger.read import Reader
from automation.ledger.store import Ledger
from automation.ledger.verdict import FirstBad
from automation.ledger.verify import verify
from tests.unit.ledger.ledgers import KEY, OTHER_KEY, START, draft, filled, make, tampering

Hand = Callable[[Path], object]


def _sql(*commands: str) -> Hand:
    """Change the database."""

    def tamper(folder: Path) -> None:
        with tampering(folder) as connection:
            for command in commands:
                connection.execute(command)

    return tamper


def _log(change: Callable[[list[bytes]], list[bytes]]) -> Hand:
    """Change the lines of ``heads.log``."""

    def tamper(folder: Path) -> None:
        path = folder / "heads.log"
        path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))

    return tamper


def _cut_with_log(folder: Path) -> None:
    """Put an older copy back, with its log, and leave the lock file."""
    _sql("DELETE FROM event WHERE seq > 9", "DELETE FROM head WHERE seq > 9")(folder)
    _log(lambda lines: lines[:2])(folder)


def _other_signature(line: bytes) -> bytes:
    """Change one digit of a line's signature."""
    return line[:-20] + (b"1" if line[-20:-19] == b"0" else b"0") + line[-19:]


NO_JSON = "JSON is malformed: invalid character (byte 0)"
FOUND: dict[str, tuple[Hand, int, str]] = {
    "dropped": (_sql("DELETE FROM event WHERE seq = 4"), 4, "missing: the next event stored is 5"),
    "exchanged": (
        _sql("UPDATE event SET body = x'7b7d' WHERE seq = 4"),
        4,
        "its bytes are not what was hashed, or the event before it was exchanged",
    ),
    "moved": (
        _sql("UPDATE event SET stream = 'x' WHERE seq = 4"),
        4,
        "number, stream or version in its envelope is not that of its place",
    ),
    "emptied": (_sql("DELETE FROM event", "DELETE FROM head"), 1, "there are no events"),
    "genesis": (_sql("UPDATE event SET body = x'78' WHERE seq = 1"), 1, f"the genesis can't be read ({NO_JSON})"),
    "head": (
        _sql("UPDATE head SET body = 'x' WHERE seq = 9"),
        6,
        f"the head over events from 6 on can't be read ({NO_JSON})",
    ),
    "head's key": (
        _sql("UPDATE head SET key_id = 'x' WHERE seq = 9"),
        6,
        "the head at event 9 and the columns beside it disagree",
    ),
    "head's signature": (
        _sql("UPDATE head SET signature = zeroblob(64) WHERE seq = 9"),
        6,
        "the head at event 9 has a bad signature",
    ),
    "head dropped": (
        _sql("DELETE FROM head WHERE seq = 5"),
        1,
        "the head at event 9 does not follow the head before it: a head is missing or foreign",
    ),
    "tail": (
        _sql("DELETE FROM event WHERE seq > 10", "DELETE FROM head WHERE seq > 10"),
        11,
        "missing: heads.log knows event 13: the tail was cut, or an older copy was put back",
    ),
    "tail without its head": (
        _sql("DELETE FROM event WHERE seq > 10"),
        11,
        "missing: the head at event 13 was signed, and the ledger ends before it",
    ),
    "no text": (
        _sql("UPDATE event SET stream = CAST(x'ff' AS TEXT) WHERE seq = 4"),
        4,
        "the event can't be read ('utf-8' codec can't decode byte 0xff in position 0: invalid start byte)",
    ),
    "put in before": (
        _sql("INSERT INTO event SELECT -1, stream, envelope, body, hash FROM event WHERE seq = 1"),
        1,
        "an event numbered -1 stands where 1 belongs",
    ),
    "log": (_log(lambda _: [b"x\n"]), 1, f"line 1 of heads.log is no head ({NO_JSON})"),
    "log's form": (
        _log(lambda lines: [lines[0], b" " + lines[1], lines[2]]),
        6,
        "line 2 of heads.log is no head (not in canonical form)",
    ),
    "log's signature": (
        _log(lambda lines: [lines[0], _other_signature(lines[1]), lines[2]]),
        6,
        "line 2 of heads.log is not signed by the ledger's key",
    ),
    "log's order": (
        _log(lambda lines: [lines[0], *lines]),
        6,
        "line 2 of heads.log (event 5) and the ledger's heads disagree",
    ),
    "log's end": (_log(lambda lines: [*lines, b"torn"]), 14, "line 4 of heads.log is no head"),
    "mark": (
        _cut_with_log,
        10,
        "missing: event 13 was acknowledged (ledger.lock): the tail or the -wal file was lost",
    ),
}
TAIL = (
    "a tail cut after event 13, or an older copy put back with its heads.log, "
    "can't be seen from inside: give a later head hash from outside (--head)"
)
OWN_KEY = "the key was read from the ledger itself: give the public key from outside (--key) to trust it"


@pytest.mark.requirement("F106.2", refuses=True)
@pytest.mark.parametrize("what", FOUND)
def test_what_is_found_is_said_in_one_sentence(tmp_path: Path, what: str) -> None:
    """At the first bad event; what cannot be seen is not spoken of then."""
    tamper, seq, said = FOUND[what]
    tamper(filled(tmp_path))
    verdict = verify(tmp_path)
    assert (verdict.first_bad, verdict.intact, verdict.notes) == (FirstBad(seq, said), False, ())
    assert not verify(tmp_path, key=public_key(KEY)).trusted


def test_a_whole_ledger_tells_what_it_is_and_what_could_not_be_seen(tmp_path: Path) -> None:
    """Less with the key from outside, and less again with a head from outside."""
    filled(tmp_path)
    own, outside = verify(tmp_path), verify(tmp_path, key=public_key(KEY))
    assert (own.kind, own.ledger, own.notes) == ("ledger", bytes(range(16)).hex(), (TAIL, OWN_KEY))
    assert (outside.kind, outside.trusted, outside.notes) == ("ledger", True, (TAIL,))
    known = verify(tmp_path, key=public_key(KEY), head=f" {own.head} ")
    assert known.notes == ("the head given is event 13",)


def test_what_is_not_anchored_or_not_signed_is_said(tmp_path: Path) -> None:
    """Each in a note of its own, in this order."""
    folder = filled(tmp_path / "site")
    _log(lambda lines: lines[:2])(folder)
    alone = "heads.log ends with event 9: the heads after it stand in the database alone"
    assert verify(folder).notes == (alone, TAIL, OWN_KEY)
    (folder / "heads.log").unlink()
    missing = "heads.log is missing, so nothing outside the database vouches for its end"
    assert verify(folder).notes == (missing, TAIL, OWN_KEY)


def test_a_foreign_key_and_an_unknown_head_are_named(tmp_path: Path) -> None:
    """Which key signed, and which was expected; a head that is not there means a cut."""
    filled(tmp_path)
    ours, other = (key_id(public_key(key).hex()) for key in (KEY, OTHER_KEY))
    foreign = verify(tmp_path, key=public_key(OTHER_KEY)).first_bad
    assert foreign == FirstBad(1, f"the head at event 5 is signed by key {ours}, not by {other}")
    unknown = verify(tmp_path, head="0" * 64).first_bad
    what = "the head given is not in this ledger: the tail was cut, or an older copy was put back"
    assert unknown == FirstBad(14, what)


def test_a_head_in_the_middle_is_found_at_its_number(tmp_path: Path) -> None:
    """Any event may be noted elsewhere, not only the last."""
    filled(tmp_path)
    with Ledger.open(tmp_path, key=KEY) as ledger:
        noted = ledger.append([draft()], at=START + 100)[0]
        ledger.append([draft()], at=START + 101)
    assert verify(tmp_path, head=noted.hash.hex()).notes[0] == f"the head given is event {noted.seq}"


@pytest.mark.parametrize("size", [1, 2, 5, 13, 14])
def test_a_ledger_is_the_same_in_slices_of_any_size(tmp_path: Path, size: int) -> None:
    """Long ledgers are read in pieces; none is read twice and none left out, whole or with an event missing."""
    whole = verify(filled(tmp_path / "site"))
    assert verify(tmp_path / "site", at_a_time=size) == whole
    noted = verify(tmp_path / "site", head=whole.head, at_a_time=size)
    assert noted.notes[0] == "the head given is event 13"
    _sql("DELETE FROM event WHERE seq = 8")(tmp_path / "site")
    assert verify(tmp_path / "site", at_a_time=size).first_bad == FirstBad(8, "missing: the next event stored is 9")


@pytest.mark.parametrize("wrong", [{"root": "00" * 32}, {"hash": "00" * 32}, {"at": 1}])
def test_a_head_over_other_events_is_found_though_the_sites_key_has_signed_it(
    tmp_path: Path, wrong: dict[str, object]
) -> None:
    """Each of the three things that it says of its events counts by itself."""
    with Reader(filled(tmp_path)) as reader:
        said = reader.heads()[1].said
    head = sign(msgspec.structs.replace(said, **wrong), KEY)
    with tampering(tmp_path) as connection:
        update = "UPDATE head SET at = ?, body = ?, signature = ? WHERE seq = 9"
        connection.execute(update, (head.said.at, head.body.decode(), head.signature))
    other = "the head at event 9 was signed over other events: one of 6 to 9 is not what it was"
    assert verify(tmp_path).first_bad == FirstBad(6, other)


def test_what_is_given_has_to_be_a_key_and_a_hash(tmp_path: Path) -> None:
    """Length and form are said."""
    filled(tmp_path)
    with pytest.raises(InputError, match=r"^the public key has 31 bytes; an Ed25519 key has 32$"):
        verify(tmp_path, key=bytes(31))
    with pytest.raises(InputError, match=r"^--head is 'ab'; the 64 hex digits of an event's hash are allowed$"):
        verify(tmp_path, head="ab")


def test_a_file_that_is_no_ledger_any_more_is_known_by_its_log(tmp_path: Path) -> None:
    """With the ledger's name and how far it went; without a log it is a stranger's file."""
    folder = filled(tmp_path / "site")
    copy = shutil.copytree(folder, tmp_path / "copy")
    for file in (folder / "ledger.sqlite", copy / "ledger.sqlite"):
        file.write_bytes(b"x" * 100 + file.read_bytes()[100:])
    verdict = verify(folder)
    assert (verdict.kind, verdict.events, verdict.head, verdict.ledger) == ("ledger", 0, "", bytes(range(16)).hex())
    assert verdict.first_bad is not None
    assert verdict.first_bad.seq == 1
    assert verdict.first_bad.what.endswith("; heads.log knows that it was a ledger up to event 13")
    (copy / "heads.log").write_bytes(b"")
    with pytest.raises(InputError, match="never was a ledger"):
        verify(copy)


def test_a_ledger_of_another_key_is_named_by_its_genesis(tmp_path: Path) -> None:
    """A live one says whose it is before anything is signed."""
    with make(tmp_path, mode=Mode.LIVE) as ledger:
        ledger.append([draft()], at=START)
        ledger.flush()
        ours, other = (key_id(public_key(key).hex()) for key in (KEY, OTHER_KEY))
        named = FirstBad(1, f"the ledger belongs to key {ours}, not to the given {other}")
        assert verify(tmp_path, key=public_key(OTHER_KEY)).first_bad == named
        own = verify(tmp_path, key=public_key(KEY))
    assert (own.intact, own.trusted, own.signed_to, own.signed_by) == (True, False, 0, "")


def test_a_page_that_cannot_be_read_is_named_by_the_event_before_it(tmp_path: Path) -> None:
    """In the words of the database."""
    file = filled(tmp_path) / "ledger.sqlite"
    whole = file.read_bytes()
    with tampering(tmp_path) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'event'").fetchone()
    file.write_bytes(whole[: (page - 1) * 4096] + bytes(4096) + whole[page * 4096 :])
    said = "from here on the ledger can't be read (database disk image is malformed)"
    assert verify(tmp_path).first_bad == FirstBad(1, said)


def test_where_there_is_nothing_nothing_is_said_of_it(tmp_path: Path) -> None:
    """Neither genesis nor head nor event."""
    _sql("DELETE FROM event", "DELETE FROM head")(filled(tmp_path))
    verdict = verify(tmp_path)
    assert (verdict.events, verdict.head, verdict.ledger, verdict.site, verdict.mode) == (0, "", "", "", "")
    assert (verdict.signed_to, verdict.signed_by, verdict.anchored_to) == (0, "", 0)


def test_a_strangers_file_beside_a_log_is_no_ledger(tmp_path: Path) -> None:
    """The log speaks for the file that has the ledger's name, and for no other."""
    (filled(tmp_path) / "other.sqlite").write_bytes(b"x" * 200)
    with pytest.raises(NotOursError) as refused:
        verify(tmp_path / "other.sqlite")
    assert str(refused.value) == f"{tmp_path}/other.sqlite: this never was a ledger of ours: not an SQLite file"


def test_an_event_of_an_owner_whose_turn_it_was_not_is_named(tmp_path: Path) -> None:
    """Though its hash is right: each owner writes in its own epoch, and says so first."""
    with make(tmp_path) as ledger:
        ledger.append([draft()], at=START)
    with Ledger.open(tmp_path, key=None) as ledger:
        ledger.append([draft()], at=START)
    assert verify(tmp_path).intact
    with Reader(tmp_path) as reader:
        events = list(reader.events())
    start = opening(reader.genesis.id)
    with tampering(tmp_path) as connection:
        text = events[2].envelope.replace(b'"epoch":2', b'"epoch":3')
        digest = entry_hash(start, (events[2].prev, events[2].prev_in_stream), envelope=text, body=events[2].body)
        update = "UPDATE event SET envelope = ?, hash = ? WHERE seq = 3"
        connection.execute(update, (text.decode(), digest))
    said = "it was written in epoch 3 by an owner whose turn it was not"
    assert verify(tmp_path).first_bad == FirstBad(3, said)
