"""Check an exported record by itself: every event under a signed head, its streams without gaps.

What it can't see: that later events of a stream were left out of the record.
"""

from pathlib import Path

import msgspec

from automation.ledger.chain import entry_hash, opening, root_by_path
from automation.ledger.event import ZEROS, Envelope, Genesis
from automation.ledger.head import Head, is_signed, key_id, parse
from automation.ledger.read import matches
from automation.ledger.record import HeadLine, Proven, Record, is_whole
from automation.ledger.verdict import BadError, FirstBad, Verdict

_MARK = b'{"cellwright_record":'
_READABLE = b'{"record":'  # a batch record for people, with the exported record beside it


class _Readable(msgspec.Struct):
    """A batch record as written for people; only its proof is checked here."""

    proof: msgspec.Raw


def is_record(path: Path) -> bool:
    """Tell whether a file claims to be an exported record."""
    with path.open("rb") as stream:
        return stream.read(len(_MARK)).startswith((_MARK, _READABLE))


def is_json(path: Path) -> bool:
    """Tell whether a file begins as JSON objects and lists do."""
    with path.open("rb") as stream:
        return stream.read(64).removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"{", b"["))


def verify_record(path: Path, *, key: bytes | None, head: bytes | None) -> Verdict:
    """Check a record file; ``key`` and ``head`` as in ``verify``."""
    data = path.read_bytes()
    readable = data.startswith(_READABLE)
    try:
        data = bytes(msgspec.json.decode(data, type=_Readable).proof) if readable else data
        if data == b"null":
            bad = FirstBad(1, "the record is a draft without proof: its events are not yet under a signed head")
            return Verdict(kind="record", intact=False, events=0, head="", first_bad=bad)
        record = msgspec.json.decode(data, type=Record)
    except ValueError as error:
        bad = FirstBad(1, f"the record can't be read ({error})")
        return Verdict(kind="record", intact=False, events=0, head="", first_bad=bad)
    check = _Check(record, given=key.hex() if key else "")
    try:
        check.run(data, head)
    except BadError as error:
        return check.verdict(error.found)
    return check.verdict(None)


class _Check:
    """One pass over a record."""

    def __init__(self, record: Record, *, given: str) -> None:
        self._record = record
        self._given = self._key = given
        self._heads: list[Head] = []
        self._genesis: Genesis | None = None
        self._start = b""
        self._seq, self._hash, self._count = 0, ZEROS, 0
        self._streams: dict[str, tuple[int, bytes]] = {}
        self._hashes: set[bytes] = set()

    def run(self, data: bytes, wanted: bytes | None) -> None:
        """Check everything; raises BadError for the first thing wrong."""
        try:
            self._start = opening(bytes.fromhex(self._record.ledger))
        except ValueError as error:
            raise BadError(1, f"the ledger id can't be read ({error})") from error
        for proven in self._record.events:
            self._event(proven)
            self._count += 1
        if self._genesis is None:
            raise BadError(1, "there are no events")
        if len(self._heads) != len(self._record.heads):
            raise BadError(self._seq + 1, "the record has heads that no event stands under")
        for prefix in self._record.prefixes:
            if not any(matches(stream, prefix) for stream in self._streams):
                raise BadError(self._seq + 1, f"missing: the record has no event under {prefix!r}")
        if not is_whole(self._record, data):
            raise BadError(self._seq + 1, "the file is not byte for byte what was exported")
        if wanted is not None and wanted not in self._hashes:
            raise BadError(self._seq + 1, "the head given is not in this record")

    def verdict(self, bad: FirstBad | None) -> Verdict:
        """Say what was found."""
        genesis, said = self._genesis, self._heads[-1].said if self._heads else None
        notes = ["that later events of its streams were left out can't be seen from a record alone"]
        if not self._given:
            notes.append(
                "the key was read from the record itself: give the public key from outside (--key) to trust it"
            )
        return Verdict(
            kind="record",
            intact=bad is None,
            events=self._count,
            head=self._hash.hex() if self._count else "",
            ledger=self._record.ledger,
            site=genesis.site if genesis else "",
            mode=genesis.mode if genesis else "",
            signed_to=said.seq if said else 0,
            signed_by=key_id(said.key) if said else "",
            trusted=bool(self._given and bad is None),
            first_bad=bad,
            notes=() if bad else tuple(notes),
        )

    def _event(self, proven: Proven) -> None:
        envelope = _envelope(proven, self._seq + 1)
        seq, stream = envelope.seq, envelope.stream
        version, before = self._streams.get(stream, (0, ZEROS))
        try:
            links = bytes.fromhex(proven.prev), bytes.fromhex(proven.prev_in_stream)
            path = [bytes.fromhex(node) for node in proven.path]
        except ValueError as error:
            raise BadError(seq, f"its hashes can't be read ({error})") from error
        digest = entry_hash(self._start, links, envelope=proven.envelope.encode(), body=proven.body.encode())
        if seq <= self._seq or (seq == self._seq + 1 and links[0] != self._hash):
            raise BadError(seq, "it does not follow the event before it in the record")
        if envelope.version != version + 1 or links[1] != before:
            raise BadError(seq, f"it does not follow version {version} of stream {stream}: an event is missing")
        if seq == 1:
            self._begin(proven.body)
        elif self._genesis is None:
            raise BadError(1, "missing: the record has no genesis")
        elif not any(matches(stream, prefix) for prefix in self._record.prefixes):
            raise BadError(seq, f"stream {stream} was not asked for")
        head = self._head(proven.head, seq).said
        size, index = head.seq - head.since + 1, seq - head.since
        if root_by_path(digest, index=index, size=size, path=path).hex() != head.root:
            raise BadError(seq, f"it is not what was signed in the head at event {head.seq}")
        if seq == head.seq and digest.hex() != head.hash:
            raise BadError(seq, "it is not the event that its head names")
        self._seq, self._hash = seq, digest
        self._streams[stream] = envelope.version, digest
        self._hashes |= {digest, bytes.fromhex(head.hash)}

    def _begin(self, body: str) -> None:
        try:
            self._genesis = msgspec.json.decode(body, type=Genesis)
        except ValueError as error:
            raise BadError(1, f"the genesis can't be read ({error})") from error
        own = self._genesis.public_key
        if own and self._given and own != self._given:
            raise BadError(1, f"the ledger belongs to key {key_id(own)}, not to the given {key_id(self._given)}")
        self._key = self._given or own

    def _head(self, number: int, seq: int) -> Head:
        if not len(self._heads) - 1 <= number <= len(self._heads) or not 0 <= number < len(self._record.heads):
            raise BadError(seq, f"it stands under head {number}, which is not the next")
        if number == len(self._heads):
            self._heads.append(self._checked(self._record.heads[number], seq))
        head = self._heads[number]
        if not head.said.since <= seq <= head.said.seq:
            raise BadError(seq, f"it stands under a head over events {head.said.since} to {head.said.seq}")
        return head

    def _checked(self, line: HeadLine, seq: int) -> Head:
        try:
            head = parse(line.body.encode(), bytes.fromhex(line.signature))
        except ValueError as error:
            raise BadError(seq, f"the head over it can't be read ({error})") from error
        said, before = head.said, self._heads[-1] if self._heads else None
        self._key = self._key or said.key
        if said.key != self._key or not is_signed(head):
            raise BadError(seq, f"the head over it is not signed by key {key_id(self._key)}")
        if said.ledger != self._record.ledger:
            raise BadError(seq, "the head over it belongs to another ledger")
        if before and before.said.number + 1 == said.number and before.digest != said.prev:
            raise BadError(seq, "the head over it does not follow the head before")
        return head


def _envelope(proven: Proven, expected: int) -> Envelope:
    try:
        return msgspec.json.decode(proven.envelope, type=Envelope)
    except ValueError as error:
        raise BadError(expected, f"its envelope can't be read ({error})") from error
