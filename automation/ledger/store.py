"""The ledger as its one owner sees it: append, durable, read, seal.

Units:  times in UTC microseconds; keys are raw Ed25519 bytes.
Source: docs/ledger-format.md.
"""

import re
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from operator import attrgetter
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from automation.kernel.errors import CellwrightError, ConflictError, DamagedError, InputError, RefusedError
from automation.ledger import anchor, where
from automation.ledger.anchor import Anchor
from automation.ledger.chain import entry_hash, merkle_root, opening
from automation.ledger.event import OWN_STREAM, ZEROS, Draft, Envelope, Event, Genesis, Mode
from automation.ledger.head import Head, HeadBody, is_signed, key_id, public_key, sign
from automation.ledger.lease import Lease, Mark
from automation.ledger.live_writer import LiveWriter
from automation.ledger.place import Row, Sink
from automation.ledger.read import Reader, matches
from automation.ledger.upcasts import schema_of
from automation.ledger.writer import Committer, InlineWriter, Writer

HEAD_EVERY = 1_000  # events between automatic heads
_LONGEST_NAME = 200  # characters of a stream or kind
_encode = msgspec.json.Encoder().encode
_hash_of = attrgetter("hash")
_json_check = msgspec.json.Decoder(msgspec.Raw).decode


class Ledger:
    """One writer, one chain. Made by ``create`` and ``open``; everything appended is readable at once."""

    def __init__(self, reader: Reader, writer: Writer, *, lease: Lease, key: bytes | None) -> None:
        """Join the parts; use ``create`` or ``open``."""
        self.genesis = reader.genesis
        self._reader, self._writer, self._lease, self._key = reader, writer, lease, key
        self._start = opening(self.genesis.id)
        self._last = reader.last
        self._epoch = self._last.epoch
        self._epoch_due = self._last.seq > 1
        self._head = reader.last_head()
        self._leaves = reader.hashes(self._head.said.seq + 1 if self._head else 1, self._last.seq)
        self._tips: dict[str, tuple[int, bytes]] = {}
        self._recent: deque[Event] = deque()
        self._subscribers: list[Callable[[Event], None]] = []
        self._owners: dict[str, list[Callable[[Event], None]]] = {}
        self._untold: deque[Event] = deque()
        self._telling = False

    @classmethod
    def create(
        cls, folder: Path, *, genesis: Genesis, key: bytes, commit_each: bool = False, through: bool = False
    ) -> "Ledger":
        """Make a ledger in ``folder`` whose heads ``key`` (private, 32 bytes) signs; else as ``open``.

        Raises InputError when there is a ledger already, the folder takes none, or genesis and key do not fit.
        """
        public = public_key(key).hex()
        if genesis.public_key not in ("", public):
            raise InputError(f"public_key is {genesis.public_key}; that of the key given is {public}")
        live = genesis.mode is Mode.LIVE
        if live:
            genesis = msgspec.structs.replace(genesis, public_key=public)
        if not re.fullmatch("[0-9a-f]{32}", genesis.ledger):
            raise InputError(f"ledger is {genesis.ledger!r}; 32 lower-case hex digits are allowed")
        lease = Lease(folder)
        try:
            sink = where.of_site(folder).make(live=live)
            try:
                sink.put([first := _first_row(genesis)], [])
                lease.note(first[0], first[4])
            finally:
                sink.close()
        finally:
            lease.release()
        return cls.open(folder, key=key, commit_each=commit_each, through=through)

    @classmethod
    def open(  # noqa: PLR0913  all by keyword
        cls,
        folder: Path,
        *,
        key: bytes | None,
        mode: Mode | None = None,
        commit_each: bool = False,
        through: bool = False,
        take_over_at: int | None = None,
    ) -> "Ledger":
        """Own the ledger of a site folder; without ``key`` nothing new gets signed.

        ``through`` writes a simulated ledger as a live one: group commits, each brought to the disk by fsync.
        The first append takes a new epoch, unless it follows the genesis. ``take_over_at`` (UTC us) takes the site
        also from a process that still owns it and no longer answers; the new epoch is then on disk at once. Raises
        RefusedError when another process owns it; InputError and its kin when it is absent, read-only, damaged, of
        another ``mode``, newer, never was a ledger, or has another key.
        """
        place = where.of_site(folder)
        place.check()
        lease = Lease(folder, take_over=take_over_at is not None)
        with ExitStack() as undo:
            undo.callback(lease.release)
            sink = place.own(take_over=take_over_at is not None)
            undo.callback(sink.close)
            reader = Reader(folder)
            undo.callback(reader.close)
            if mode is not None and mode != reader.genesis.mode:
                what = f"the ledger is {reader.genesis.mode}, for ever; {mode} was asked for"
                raise InputError(what, where=str(place.path))
            _check_key(reader, key)
            writer = _writer(reader, sink, lease, each=commit_each, through=through)
            ledger = cls(reader, writer, lease=lease, key=key)
            undo.pop_all()
        former = sink.taken_from if lease.taken_from is None else lease.taken_from
        if take_over_at is not None and former is not None:
            ledger._succeed(take_over_at, former)
        return ledger

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Seal (when there is a key), commit what waits, and give the site up."""
        try:
            if self._key is not None and self._leaves:
                self._writer.add([], self._sign())
        finally:
            self._reader.close()  # before the writer, which as the last one folds the -wal file into the ledger
            try:
                self._writer.close()
            finally:
                self._lease.release()

    @property
    def last(self) -> Event:
        """Give the last event, committed or not."""
        return self._last

    @property
    def epoch(self) -> int:
        """Give the number of this ownership of the site."""
        return self._epoch + 1 if self._epoch_due else self._epoch

    def version(self, stream: str) -> int:
        """Give the version of a stream; 0 when it has no event."""
        return (self._tips.get(stream) or self._tip(stream))[0]

    def append(self, drafts: Sequence[Draft], *, at: int) -> list[Event]:
        """Append events at ``at`` (UTC us), all in one commit, and give them as they now stand.

        Not yet on disk: await ``durable`` before anyone is told. Raises ConflictError when a stream is not at the
        expected version, RefusedError for a time before the last event's or a stale owner, InputError for
        a draft that is no event, FailedError when the disk refuses; then nothing is appended.
        """
        if self._epoch_due:
            self._take_epoch(at)
        events = self._link(drafts, at)
        if self._subscribers or self._owners:
            self._tell(events)
        return events

    def durable(self, seq: int) -> Awaitable[None]:
        """Return, when awaited, once event ``seq`` is on disk (live) or at once (simulated).

        Raises what stopped the writer.
        """
        return self._writer.durable(seq)

    def flush(self) -> None:
        """Bring everything appended to the file; raises what stopped the writer."""
        self._writer.flush()

    def seal(self) -> Head:
        """Sign everything up to the last event, anchor it, and give the head; the last one when nothing is new.

        Raises RefusedError when the ledger was opened without its key.
        """
        if self._leaves:
            self._writer.add([], self._sign())
        self._writer.flush()
        if self._head is None:
            raise RefusedError("nothing has been sealed yet")
        return self._head

    def stream(self, name: str, *, after: int = 0) -> list[Event]:
        """Give the events of one stream with a seq greater than ``after``, also those not yet committed."""
        recent = self._uncommitted()
        stored = self._reader.stream(name, after=after)
        bound = stored[-1].seq if stored else after
        return stored + [event for event in recent if event.stream == name and event.seq > bound]

    def events(self, *, after: int = 0, prefix: str = "") -> Iterator[Event]:
        """Give the events after seq ``after`` under ``prefix`` (see ``read.matches``), also those not yet committed."""
        recent = self._uncommitted()
        for event in self._reader.events(after=after, prefix=prefix):
            after = event.seq
            yield event
        yield from (event for event in recent if event.seq > after and matches(event.stream, prefix))

    def names(self, word: str) -> list[str]:
        """Give the names of committed streams; see ``Reader.names``."""
        return self._reader.names(word)

    def hash_at(self, seq: int) -> bytes | None:
        """Give the hash of event ``seq``, committed or not; None when there is none."""
        uncommitted = (event.hash for event in self._uncommitted() if event.seq == seq)
        return next(uncommitted, None) or self._reader.hash_at(seq)

    def subscribe(self, callback: Callable[[Event], None], *, first: bool = False, of: str = "") -> None:
        """Call ``callback`` inside every later append, once per event, in order; it may append itself.

        ``first`` is told before the others, so before they append. ``of`` (KIND/ID) is told of the streams of one
        object only, after those who are told of all.
        """
        if of:
            self._owners.setdefault(of, []).append(callback)
            return
        self._subscribers.insert(0 if first else len(self._subscribers), callback)

    @property
    def has_key(self) -> bool:
        """Tell whether this owner can seal."""
        return self._key is not None

    @property
    def commit_sizes(self) -> Sequence[int]:
        """Give how many events the latest commits held, oldest first."""
        return self._writer.sizes

    @property
    def reader(self) -> Reader:
        """Give the committed part, for what only reads (``export``); ``flush`` first."""
        return self._reader

    def _link(self, drafts: Sequence[Draft], at: int) -> list[Event]:
        last = self._last
        if at < last.at:
            raise RefusedError(f"at is {at}, before the last event's {last.at}: time does not go back in a ledger")
        seq, prev, epoch, zone, start = last.seq, last.hash, self._epoch, self.genesis.zone, self._start
        events: list[Event] = []
        rows: list[Row] = []
        moved: dict[str, tuple[int, bytes]] = {}
        for draft in drafts:
            stream, kind, body, cause = draft.stream, draft.kind, draft.body, draft.cause
            version, before = moved.get(stream) or self._tips.get(stream) or self._tip(stream)
            if draft.expected is not None and draft.expected != version:
                raise ConflictError(f"{stream} is at version {version}, not {draft.expected}: look again")
            seq += 1
            version += 1
            _check_draft(draft, seq)
            schema = draft.schema or schema_of(stream, kind)
            envelope = Envelope(seq, stream, version, kind, schema, epoch, at, zone, draft.by, draft.terminal, cause)
            try:
                text = _encode(envelope)
            except UnicodeEncodeError as error:
                raise InputError(f"kind, by or terminal is not text ({error})", where=stream) from error
            digest = entry_hash(start, (prev, before), envelope=text, body=body)
            events.append(
                Event(
                    seq,
                    stream,
                    version,
                    kind,
                    schema,
                    epoch,
                    at,
                    zone,
                    draft.by,
                    draft.terminal,
                    cause,
                    body,
                    prev,
                    before,
                    digest,
                )
            )
            rows.append((seq, stream, text.decode(), body, digest))
            moved[stream] = version, digest
            prev = digest
        if events:
            self._take(events, rows, moved=moved)
        return events

    def _take(self, events: list[Event], rows: list[Row], *, moved: dict[str, tuple[int, bytes]]) -> None:
        """Hand linked events to the writer; only when it has taken them they count as appended."""
        self._lease.check()
        if len(self._leaves) + len(events) >= HEAD_EVERY and self._key is not None:
            self._take_sealed(events, rows)
        else:
            self._writer.add(rows, None)
            self._last = events[-1]
            self._leaves += map(_hash_of, events)
        self._tips.update(moved)
        recent, committed = self._recent, self._writer.committed
        recent += events
        while recent and recent[0].seq <= committed:
            recent.popleft()

    def _take_sealed(self, events: list[Event], rows: list[Row]) -> None:
        before = self._last, self._head, self._leaves
        self._last, self._leaves = events[-1], [*self._leaves, *map(_hash_of, events)]
        try:
            self._writer.add(rows, self._sign())
        except CellwrightError:
            self._last, self._head, self._leaves = before
            raise

    def _tell(self, events: list[Event]) -> None:
        self._untold.extend(events)
        if self._telling:
            return
        self._telling = True
        try:
            while self._untold:
                event = self._untold.popleft()
                for callback in self._subscribers:
                    callback(event)
                if self._owners:
                    for callback in self._owners.get("/".join(event.stream.split("/", 2)[:2]), ()):
                        callback(event)
        finally:
            self._telling = False

    def _succeed(self, at: int, former: int) -> None:
        """Take the epoch, on disk, from an owner that may wake up; raises what stands against it."""
        try:
            self._take_epoch(max(at, self._last.at), taken_from=former)
            self.flush()
        except CellwrightError:
            with suppress(CellwrightError):  # the first error says it all
                self.close()
            raise

    def _take_epoch(self, at: int, **more: int) -> None:
        self._epoch += 1
        try:
            body = _encode({"epoch": self._epoch, **more})
            events = self._link([Draft(OWN_STREAM, "epoch taken", body, "system")], at)
        except CellwrightError:
            self._epoch -= 1
            raise
        self._epoch_due = False
        self._tell(events)

    def _sign(self) -> Head:
        if self._key is None:
            raise RefusedError("the ledger was opened without its key, so nothing can be sealed")
        last, before = self._last, self._head
        said = HeadBody(
            ledger=self.genesis.ledger,
            number=before.said.number + 1 if before else 1,
            since=last.seq - len(self._leaves) + 1,
            seq=last.seq,
            hash=last.hash.hex(),
            root=merkle_root(self._leaves).hex(),
            at=last.at,
            key=public_key(self._key).hex(),
            prev=before.digest if before else ZEROS.hex(),
        )
        self._head = sign(said, self._key)
        self._leaves = []
        return self._head

    def _tip(self, stream: str) -> tuple[int, bytes]:
        tip = self._reader.tip(stream)
        if not tip[0] and (not stream or len(stream) > _LONGEST_NAME or not stream.isprintable()):
            raise InputError(f"stream is {stream!r}; 1 to {_LONGEST_NAME} printable characters are allowed")
        self._tips[stream] = tip
        return tip

    def _uncommitted(self) -> list[Event]:
        while self._recent and self._recent[0].seq <= self._writer.committed:
            self._recent.popleft()
        return list(self._recent)


def _writer(reader: Reader, sink: Sink, lease: Lease, *, each: bool, through: bool) -> Writer:
    """Check the end of the ledger, and get ready to write behind it."""
    live = through or reader.genesis.mode is Mode.LIVE
    log = Anchor(reader.file.with_name(anchor.NAME), live=live)
    check_tail(reader)
    _check_mark(reader, lease.mark)
    last = reader.last
    sink.begin(live=live, tip=(last.seq, last.hash))
    log.add(_unanchored(reader, log))
    committer = Committer(sink, log, note=lease.note)
    if live and not each:
        return LiveWriter(committer, committed=last.seq, quick=sink.quick)
    return InlineWriter(committer, committed=last.seq, each=each)


def _first_row(genesis: Genesis) -> Row:
    envelope = _encode(Envelope(1, OWN_STREAM, 1, "genesis", 1, 1, genesis.created, genesis.zone, "system", "", None))
    body = _encode(genesis)
    return (
        1,
        OWN_STREAM,
        envelope.decode(),
        body,
        entry_hash(opening(genesis.id), (ZEROS, ZEROS), envelope=envelope, body=body),
    )


def _check_draft(draft: Draft, seq: int) -> None:
    body = draft.body
    try:
        _json_check(body)
        if not body.isascii():
            body.decode()
    except ValueError as error:
        raise InputError(f"the body of {draft.kind!r} is not JSON ({error})", where=draft.stream) from error
    if not body.startswith(b"{"):
        raise InputError(f"the body of {draft.kind!r} is {body[:20]!r}; a JSON object is allowed", where=draft.stream)
    if not draft.kind or len(draft.kind) > _LONGEST_NAME:
        raise InputError(f"kind is {draft.kind!r}; 1 to {_LONGEST_NAME} characters are allowed", where=draft.stream)
    if draft.cause is not None and not 0 < draft.cause < seq:
        raise InputError(f"cause is {draft.cause}; an earlier event than {seq} is allowed", where=draft.stream)


def _check_key(reader: Reader, key: bytes | None) -> None:
    if key is None:
        return
    head = reader.last_head()
    own = reader.genesis.public_key or (head.said.key if head else "")
    given = public_key(key).hex()
    if own not in ("", given):
        message = f"the ledger belongs to key {key_id(own)}; the key given is {key_id(given)}"
        raise InputError(message, where=str(reader.file))


def check_tail(reader: Reader) -> None:
    """Recalculate what stands behind the last signed head; raises DamagedError naming the first bad event."""
    head = reader.last_head()
    if head is not None and not is_signed(head):
        raise DamagedError(f"the head at event {head.said.seq} has a bad signature", where=str(reader.file))
    after = head.said.seq - 1 if head else 0
    expected, prev = after + 1, None
    start = opening(reader.genesis.id)
    for event in reader.events(after=after):
        digest = entry_hash(start, (event.prev, event.prev_in_stream), envelope=event.envelope, body=event.body)
        if event.seq != expected or digest != event.hash or prev not in (None, event.prev):
            raise DamagedError(f"event {expected} is not what was written; run verify", where=str(reader.file))
        expected, prev = expected + 1, event.hash
        if head is not None and event.seq == head.said.seq and event.hash.hex() != head.said.hash:
            raise DamagedError(f"event {event.seq} is not the one that was signed; run verify", where=str(reader.file))


def _check_mark(reader: Reader, mark: Mark | None) -> None:
    """Raise DamagedError when an event that was acknowledged is not there any more."""
    if mark is None or reader.hash_at(mark.seq) == mark.hash:
        return
    end = reader.last.seq
    lost = f"{end + 1} to {mark.seq} were acknowledged and are gone" if end < mark.seq else f"{mark.seq} was exchanged"
    what = f"event {lost}: the -wal file is missing or damaged, or an older copy was put back; restore the files"
    raise DamagedError(what, where=str(reader.file))


def _unanchored(reader: Reader, log: Anchor) -> list[Head]:
    """Give the heads that heads.log still lacks; raises DamagedError when it knows more than the ledger."""
    anchored = log.last()
    if anchored is None:
        return reader.heads()
    last = reader.last_head()
    if last is None or last.said.seq < anchored.said.seq:
        end = reader.last.seq
        message = f"heads.log knows event {anchored.said.seq}, the ledger ends at {end}: an older copy was put back"
        raise DamagedError(message, where=str(reader.file))
    return reader.heads(after=anchored.said.seq)
