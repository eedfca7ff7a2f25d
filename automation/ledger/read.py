"""Reading a ledger: its committed events, for its owner and for any other process.

Nothing here holds a read transaction open between slices, so a slow reader never holds the writer up.
"""

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from automation.kernel.errors import DamagedError
from automation.kernel.untrusted import UNREADABLE
from automation.ledger import where
from automation.ledger.event import ZEROS, Envelope, Event, Genesis
from automation.ledger.head import Head, parse

_SLICE = 2_000
_SLICE_BACK = 200
_UNREADABLE = (*UNREADABLE, TypeError)  # a damaged file may hold something else than text
_ENDLESS = 1 << 62  # no event has a higher number
_ENVELOPE = msgspec.json.Decoder(Envelope)
_COLUMNS = "SELECT e.seq, e.envelope, e.body, e.hash, p.hash FROM event e LEFT JOIN event p ON p.seq = e.seq - 1 "
_FIRST = "SELECT stream, min(seq) FROM event WHERE stream IN (?*) AND seq <= ? GROUP BY stream ORDER BY 2"
_Row = tuple[int, bytes, bytes, bytes, bytes | None]


def matches(stream: str, prefix: str) -> bool:
    """Tell whether a stream lies under a prefix: itself or a part of it; all under the empty one.

    ``batch/B`` takes ``batch/B/step/1`` and not ``batch/B2``; ``batch/`` takes every batch.
    """
    return not prefix or stream == prefix or stream.startswith(prefix if prefix.endswith("/") else prefix + "/")


class Reader:
    """The events of a ledger opened read-only; cheap to open, sees what is committed at each call.

    Raises InputError, NotOursError or NewerVersionError for a file that is no such ledger, DamagedError for a
    broken one.
    """

    def __init__(self, path: Path) -> None:
        """Open a site folder or a ledger file."""
        place = where.find(path)
        self.file = place.path
        self._until = _ENDLESS
        self._stored = place.to_read()
        try:
            first = next(self.events(), None)
            if first is None or first.kind != "genesis":
                raise DamagedError("the ledger has no genesis", where=str(self.file))
            self.genesis = first.read(Genesis)
        except DamagedError as error:
            self.close()
            raise DamagedError(f"the genesis can't be read ({error})", where=str(self.file)) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close it; the reader can't be used after."""
        self._stored.close()

    def pin(self, seq: int | None = None) -> None:
        """See from now on the ledger as it stands, or stood after event ``seq``: several looks, one state."""
        self._until = self.last.seq if seq is None else seq

    @property
    def last(self) -> Event:
        """Give the last event."""
        row = self._rows("SELECT max(seq) FROM event WHERE seq <= ?", self._until)[0]
        return next(self.events(after=int(row[0]) - 1))

    def version(self, stream: str) -> int:
        """Give the version of a stream; 0 when it has no event."""
        return self.tip(stream)[0]

    def tip(self, stream: str, *, before: int | None = None) -> tuple[int, bytes]:
        """Give version and hash of a stream's last event (of those with a lower seq than ``before``)."""
        bound = self._until + 1 if before is None else min(before, self._until + 1)
        query = "SELECT envelope, hash FROM event WHERE stream = ? AND seq < ? ORDER BY seq DESC LIMIT 1"
        rows = self._rows(query, stream, bound)
        return (self._envelope(rows[0][0]).version, rows[0][1]) if rows else (0, ZEROS)

    def stream(self, name: str, *, after: int = 0) -> list[Event]:
        """Give the events of one stream with a seq greater than ``after``, in order."""
        query = _COLUMNS + "WHERE e.stream = ? AND e.seq > ? AND e.seq <= ? ORDER BY e.seq"
        last = {name: self.tip(name, before=after + 1)[1]} if after else {}
        events = [self._event(row, last) for row in self._rows(query, name, after, self._until)]
        first = events[0].version if after and events else 1
        for expected, event in enumerate(events, first):
            if event.version != expected:
                raise DamagedError(f"version {expected} of {name} is missing; run verify", where=str(self.file))
        return events

    def backwards(self, name: str) -> Iterator[Event]:
        """Give the events of one stream, the last one first; what nobody goes back to is not read."""
        query = f"{_COLUMNS}WHERE e.stream = ? AND e.seq <= ? ORDER BY e.seq DESC LIMIT {_SLICE_BACK}"
        until = self._until
        while rows := self._rows(query, name, until):
            for row in rows:
                yield self._event(row, {})
            until = rows[-1][0] - 1

    def at(self, seqs: Iterable[int]) -> Iterator[Event]:
        """Give the events with these numbers, in order; numbers behind the end are passed over."""
        for rows in self._slices_of(sorted(seq for seq in set(seqs) if seq <= self._until)):
            yield from (self._event(row, {}) for row in rows)

    def streams(self, names: Collection[str]) -> dict[str, int]:
        """Give those of some streams that have an event, each with the number of its first one, oldest first."""
        query = _FIRST.replace("?*", ",".join("?" * len(names)))
        return {row[0].decode(): int(row[1]) for row in self._rows(query, *names, self._until)} if names else {}

    def all_streams(self) -> list[str]:
        """Give the names of all streams, by first event."""
        query = "SELECT stream FROM event WHERE seq <= ? GROUP BY stream ORDER BY min(seq)"
        return [row[0].decode() for row in self._rows(query, self._until)]

    def names(self, word: str) -> list[str]:
        """Give what stands behind ``word/`` in the names of streams without a further ``/``, by first event."""
        query = (
            "SELECT stream FROM event WHERE stream > ? AND stream < ? AND seq <= ? GROUP BY stream ORDER BY min(seq)"
        )
        found = self._rows(query, f"{word}/", f"{word}0", self._until)
        names = (row[0].decode().removeprefix(f"{word}/") for row in found)
        return [name for name in names if "/" not in name]

    def events(self, *, after: int = 0, prefix: str = "") -> Iterator[Event]:
        """Give the events with a seq greater than ``after`` whose stream lies under ``prefix``, in order."""
        last: dict[str, bytes] = {}
        slices = self._slices_under(prefix, after) if prefix else self._slices(after)
        for rows in slices:
            for row in rows:
                yield self._event(row, last)

    def heads(self, *, after: int = 0) -> list[Head]:
        """Give the signed heads of events behind ``after``; says nothing of their worth (see ``verify``)."""
        try:
            return [
                parse(body, signature)
                for body, signature in self._rows(
                    "SELECT body, signature FROM head WHERE seq > ? AND seq <= ? ORDER BY seq", after, self._until
                )
            ]
        except _UNREADABLE as error:
            raise DamagedError(f"a head can't be read ({error})", where=str(self.file)) from error

    def last_head(self) -> Head | None:
        """Give the last signed head, if there is one."""
        query = "SELECT body, signature FROM head WHERE seq <= ? ORDER BY seq DESC LIMIT 1"
        rows = self._rows(query, self._until)
        try:
            return parse(*rows[0]) if rows else None
        except _UNREADABLE as error:
            raise DamagedError(f"the last head can't be read ({error})", where=str(self.file)) from error

    def hashes(self, first: int, last: int) -> list[bytes]:
        """Give the stored hashes of events ``first`` to ``last``."""
        query = "SELECT hash FROM event WHERE seq BETWEEN ? AND ? ORDER BY seq"
        return [row[0] for row in self._rows(query, first, min(last, self._until))]

    def hash_at(self, seq: int) -> bytes | None:
        """Give the stored hash of event ``seq``; None when there is none."""
        return next(iter(self.hashes(seq, seq)), None)

    def _slices(self, after: int) -> Iterator[list[_Row]]:
        query = f"{_COLUMNS} WHERE e.seq > ? AND e.seq <= ? ORDER BY e.seq LIMIT {_SLICE}"
        while rows := self._rows(query, after, self._until):
            yield rows
            after = rows[-1][0]

    def _slices_under(self, prefix: str, after: int) -> Iterator[list[_Row]]:
        parts = prefix if prefix.endswith("/") else prefix + "/"
        query = "SELECT seq FROM event WHERE (stream = ? OR (stream >= ? AND stream < ?)) AND seq > ? AND seq <= ?"
        values = (prefix, parts, parts[:-1] + "0", after, self._until)
        yield from self._slices_of(sorted(row[0] for row in self._rows(query, *values)))

    def _slices_of(self, found: list[int]) -> Iterator[list[_Row]]:
        for start in range(0, len(found), _SLICE):
            some = ",".join(map(str, found[start : start + _SLICE]))
            yield self._rows(f"{_COLUMNS} WHERE e.seq IN ({some}) ORDER BY e.seq")

    def _rows(self, query: str, *values: object) -> list[Any]:  # columns differ by query
        return self._stored.ask(query, *values)

    def _envelope(self, text: bytes) -> Envelope:
        try:
            return _ENVELOPE.decode(text)
        except _UNREADABLE as error:
            raise DamagedError(f"an envelope can't be read ({error})", where=str(self.file)) from error

    def _event(self, row: _Row, last: dict[str, bytes]) -> Event:
        seq, text, body, digest, prev = row
        if prev is None and seq > 1:
            raise DamagedError(f"event {seq - 1} is missing; run verify", where=str(self.file))
        e = self._envelope(text)
        before = last.get(e.stream)
        if before is None:
            before = self.tip(e.stream, before=seq)[1] if e.version > 1 else ZEROS
        last[e.stream] = digest
        return Event(
            seq,
            e.stream,
            e.version,
            e.kind,
            e.schema,
            e.epoch,
            e.at,
            e.zone,
            e.by,
            e.terminal,
            e.cause,
            body,
            prev or ZEROS,
            before,
            digest,
        )
