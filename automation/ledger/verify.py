"""Check a ledger or an exported record: how far it is whole, signed, by whom, and anchored.

Reads only, in slices, so that a writer is never held up. What it proves and can't prove: docs/ledger-format.md.
"""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

import msgspec

from automation.kernel.errors import CellwrightError, DamagedError, InputError, NewerVersionError, NotOursError
from automation.ledger import anchor, file, lease, verify_record, where
from automation.ledger.chain import merkle_root, opening
from automation.ledger.event import ZEROS, Genesis
from automation.ledger.head import Head, is_signed, key_id, parse
from automation.ledger.place import Rows
from automation.ledger.verdict import BadError, FirstBad, Verdict

SLICE = 50_000  # events read at a time
_FIRST = -(1 << 63)  # smallest key that a table knows
_EPOCH = b',"epoch":%d,"at":'  # no text of an envelope can hold it: quotes inside a text are escaped
_Row = tuple[int, bytes, bytes, bytes, bytes]  # seq, stream, envelope, body, hash
_HeadRow = tuple[int, int, bytes, bytes, bytes]  # seq, at, key_id, body, signature


class _Time(msgspec.Struct):
    """What the check of a head needs of an envelope."""

    at: int


class _Taken(msgspec.Struct):
    """What the check of the owners needs of an envelope."""

    kind: str
    epoch: int


def verify(path: Path, *, key: bytes | None = None, head: str | None = None, at_a_time: int = SLICE) -> Verdict:
    """Check a site folder, a ledger file or an exported record; changes nothing.

    ``key`` is the site's public key (32 bytes) from outside the site folder, ``head`` the hash of an event (64 hex
    digits) that was noted elsewhere; ``at_a_time`` events are read together. Raises InputError and its kin for what
    never was a ledger or record, and for a ``head`` that is no hash.
    """
    wanted = _hash(head) if head else None
    if key is not None and len(key) != 32:
        raise InputError(f"the public key has {len(key)} bytes; an Ed25519 key has 32")
    if path.is_file() and verify_record.is_record(path):
        return verify_record.verify_record(path, key=key, head=wanted)
    if path.is_file() and verify_record.is_json(path):
        what = "this begins like a record and can't be read as one: a damaged or foreign record"
        raise NotOursError(what, where=str(path))
    place = where.find(path)
    try:
        stored = place.to_read()
    except NewerVersionError:
        raise
    except InputError as error:
        damaged = _damaged(place.path, error)
        if damaged is None:
            raise
        return damaged
    try:
        return _Check(stored, place.path, key=key, wanted=wanted, at_a_time=at_a_time).run()
    finally:
        stored.close()


def _hash(text: str) -> bytes:
    try:
        found = bytes.fromhex(text.strip())
    except ValueError:
        found = b""
    if len(found) != 32:
        raise InputError(f"--head is {text!r}; the 64 hex digits of an event's hash are allowed")
    return found


def _damaged(place: Path, error: CellwrightError) -> Verdict | None:
    """Tell of a file that can't be opened although its heads.log proves that it was a ledger."""
    log = place.with_name(anchor.NAME)
    if place.name != file.NAME or not place.exists() or not log.exists():
        return None
    try:
        last = anchor.read_line(log.read_bytes().splitlines()[-1])
    except (ValueError, IndexError, OSError):
        return None
    said = last.said
    what = f"{error}; heads.log knows that it was a ledger up to event {said.seq}"
    return Verdict(kind="ledger", intact=False, events=0, head="", ledger=said.ledger, first_bad=FirstBad(1, what))


class _Check:
    """One pass over a ledger."""

    def __init__(self, stored: Rows, place: Path, *, key: bytes | None, wanted: bytes | None, at_a_time: int) -> None:
        self._stored = stored
        self._at_a_time = at_a_time
        self._mark = lease.mark(place.parent)  # before anything is read, which its owner may go on writing
        self._log = place.with_name(anchor.NAME)
        self._logged = self._log.read_bytes() if self._log.exists() else None  # as early, for the same reason
        self._given = key.hex() if key else ""
        self._key = self._given
        self._wanted = wanted
        self._genesis: Genesis | None = None
        self._events, self._hash, self._at = 0, ZEROS, 0
        self._streams: dict[bytes, tuple[bytes, int, bytes]] = {}
        self._heads: list[Head] = []
        self._anchored = 0
        self._epoch = _EPOCH % 1  # as it stands in the envelopes of the owner whose turn it is
        self._notes: list[str] = []

    def run(self) -> Verdict:
        """Check everything; the first thing wrong ends it."""
        bad = None
        try:
            self._all()
        except BadError as error:
            bad = error.found
        except DamagedError as error:
            bad = FirstBad(self._events + 1, f"from here on {str(error).removeprefix(f'{error.where}: ')}")
        said = self._heads[-1].said if self._heads else None
        genesis = self._genesis
        return Verdict(
            kind="ledger",
            intact=bad is None,
            events=self._events,
            head=self._hash.hex() if self._events else "",
            ledger=genesis.ledger if genesis else "",
            site=genesis.site if genesis else "",
            mode=genesis.mode if genesis else "",
            signed_to=said.seq if said else 0,
            signed_by=key_id(said.key) if said else "",
            trusted=bool(self._given and said and bad is None),
            anchored_to=self._anchored,
            first_bad=bad,
            notes=() if bad else (*self._notes, *self._blind_spots()),
        )

    def _all(self) -> None:
        rows: list[_HeadRow] = self._stored.ask("SELECT seq, at, key_id, body, signature FROM head ORDER BY seq")
        start, leaves = _FIRST, 0
        for row in rows:
            end = row[0]
            digests = self._chain(start, end)
            leaves += len(digests)
            self._check_head(row, digests)
            start = self._events + 1
        self._chain(start, (1 << 63) - 1)
        if not self._events:
            raise BadError(1, "there are no events")
        self._check_log()
        self._check_mark()
        self._check_index()
        if self._wanted is not None:
            what = "the head given is not in this ledger: the tail was cut, or an older copy was put back"
            raise BadError(self._events + 1, what)

    def _chain(self, start: int, end: int) -> list[bytes]:
        digests: list[bytes] = []
        for rows in self._slices(start, end):
            if self._genesis is None:
                self._begin(rows[0])
            found = self._link(rows)
            if self._wanted in found:
                self._notes.append(
                    f"the head given is event {self._events - len(found) + found.index(self._wanted) + 1}"
                )
                self._wanted = None
            digests += found
        return digests

    def _slices(self, start: int, end: int) -> Iterator[list[_Row]]:
        query = "SELECT seq, stream, envelope, body, hash FROM event WHERE seq BETWEEN ? AND ? ORDER BY seq LIMIT ?"
        while rows := self._stored.ask(query, start, end, self._at_a_time):
            yield rows
            if len(rows) < self._at_a_time:
                return
            start = rows[-1][0] + 1

    def _begin(self, row: _Row) -> None:
        try:
            self._genesis = msgspec.json.decode(row[3], type=Genesis)
            start = self._genesis.id
        except (ValueError, TypeError) as error:
            raise BadError(1, f"the genesis can't be read ({error})") from error
        self._opening = opening(start)
        own = self._genesis.public_key
        if own and self._given and own != self._given:
            raise BadError(1, f"the ledger belongs to key {key_id(own)}, not to the given {key_id(self._given)}")
        self._key = self._given or own

    def _link(self, rows: Sequence[_Row]) -> list[bytes]:
        """Check rows against the chain; inlined for speed, the same sums as ``chain.entry_hash``."""
        start, streams, prev, expected, join = self._opening, self._streams, self._hash, self._events, b"".join
        epoch = self._epoch
        found: list[bytes] = []
        try:
            for seq, stream, envelope, body, digest in rows:
                expected += 1
                name, version, before = streams.get(stream) or (msgspec.json.encode(stream.decode()), 0, ZEROS)
                version += 1
                sizes = len(envelope).to_bytes(4, "big"), len(body).to_bytes(4, "big")
                right = sha256(join((start, prev, before, sizes[0], envelope, sizes[1], body))).digest()
                place = b'{"seq":%d,"stream":%b,"version":%d,' % (seq, name, version)
                if right != digest or seq != expected or not envelope.startswith(place):
                    raise BadError(expected, _what(seq, expected, is_hash_right=right == digest))
                if epoch not in envelope:
                    epoch = _epoch_taken(expected, envelope, before=epoch)
                streams[stream] = name, version, digest
                prev = digest
                found.append(digest)
            self._at = msgspec.json.decode(rows[-1][2], type=_Time).at
        except (msgspec.DecodeError, TypeError, AttributeError, UnicodeError) as error:
            raise BadError(expected, f"the event can't be read ({error})") from error
        finally:
            self._events += len(found)
            self._hash, self._epoch = prev, epoch
        return found

    def _check_head(self, row: _HeadRow, digests: list[bytes]) -> None:
        since = self._events - len(digests) + 1
        try:
            head = parse(row[3], row[4])
            as_stored = (*row[:2], row[2].decode(), row[3].decode(), row[4])
            key_fits = head.row == as_stored
        except (ValueError, TypeError, AttributeError) as error:
            raise BadError(since, f"the head over events from {since} on can't be read ({error})") from error
        said, before = head.said, self._heads[-1] if self._heads else None
        name = f"the head at event {row[0]}"
        self._key = self._key or said.key
        if not key_fits:
            raise BadError(since, f"{name} and the columns beside it disagree")
        if not is_signed(head):
            raise BadError(since, f"{name} has a bad signature")
        if said.key != self._key:
            raise BadError(since, f"{name} is signed by key {key_id(said.key)}, not by {key_id(self._key)}")
        if self._genesis is None or said.seq > self._events:
            raise BadError(self._events + 1, f"missing: {name} was signed, and the ledger ends before it")
        follows = (before.said.number + 1, before.said.seq + 1, before.digest) if before else (1, 1, ZEROS.hex())
        if (said.number, said.since, said.prev) != follows or said.ledger != self._genesis.ledger:
            raise BadError(since, f"{name} does not follow the head before it: a head is missing or foreign")
        if said.hash != self._hash.hex() or said.root != merkle_root(digests).hex() or said.at != self._at:
            raise BadError(
                since, f"{name} was signed over other events: one of {since} to {said.seq} is not what it was"
            )
        self._heads.append(head)

    def _check_log(self) -> None:
        if self._logged is None:
            self._notes.append("heads.log is missing, so nothing outside the database vouches for its end")
            return
        *lines, torn = self._logged.split(b"\n")
        for number, line in enumerate(lines):
            seq = self._anchored + 1
            try:
                head = anchor.read_line(line)
            except ValueError as error:
                raise BadError(seq, f"line {number + 1} of heads.log is no head ({error})") from error
            if number < len(self._heads) and self._heads[number] == head:
                self._anchored = head.said.seq
                continue
            self._key = self._key or head.said.key
            if not is_signed(head) or head.said.key != self._key:
                raise BadError(seq, f"line {number + 1} of heads.log is not signed by the ledger's key")
            if head.said.seq > self._events:
                what = (
                    f"missing: heads.log knows event {head.said.seq}: the tail was cut, or an older copy was put back"
                )
                raise BadError(self._events + 1, what)
            raise BadError(
                seq, f"line {number + 1} of heads.log (event {head.said.seq}) and the ledger's heads disagree"
            )
        expected = self._heads[len(lines)].line if len(lines) < len(self._heads) else b""
        if torn and not expected.startswith(torn):
            raise BadError(self._anchored + 1, f"line {len(lines) + 1} of heads.log is no head")

    def _check_mark(self) -> None:
        """Compare with the last event that somebody was told of, as far as the lock file knows."""
        if self._mark is not None and self._mark.seq > self._events:
            what = f"missing: event {self._mark.seq} was acknowledged (ledger.lock): the tail or the -wal file was lost"
            raise BadError(self._events + 1, what)

    def _check_index(self) -> None:
        """Let the database compare table and index, by which streams are read."""
        fault = self._stored.fault()
        if fault is not None:
            raise BadError(fault[0], f"the database's own check fails: {fault[1]}")

    def _blind_spots(self) -> Iterator[str]:
        end, signed = self._events, self._heads[-1].said.seq if self._heads else 0
        if self._logged is not None and self._anchored < signed:
            yield f"{anchor.NAME} ends with event {self._anchored}: the heads after it stand in the database alone"
        if signed < end:
            yield f"events {signed + 1} to {end} are chained and not yet signed"
        if not any(note.startswith("the head given") for note in self._notes):
            yield (
                f"a tail cut after event {max(self._anchored, end)}, or an older copy put back with its heads.log, "
                "can't be seen from inside: give a later head hash from outside (--head)"
            )
        if not self._given:
            yield "the key was read from the ledger itself: give the public key from outside (--key) to trust it"


def _epoch_taken(seq: int, envelope: bytes, *, before: bytes) -> bytes:
    """Give the epoch that begins with this event; raises BadError when none may begin."""
    found = msgspec.json.decode(envelope, type=_Taken)
    now = _EPOCH % found.epoch
    if found.kind != "epoch taken" or before != _EPOCH % (found.epoch - 1):
        raise BadError(seq, f"it was written in epoch {found.epoch} by an owner whose turn it was not")
    return now


def _what(seq: int, expected: int, *, is_hash_right: bool) -> str:
    if seq > expected:
        return f"missing: the next event stored is {seq}"
    if seq < expected:
        return f"an event numbered {seq} stands where {expected} belongs"
    if is_hash_right:
        return "number, stream or version in its envelope is not that of its place"
    return "its bytes are not what was hashed, or the event before it was exchanged"
