"""A folder into which an instrument exports its results: which files are complete, and what they say of one sample.

A file is complete when size and time stand still; it is hashed before it is parsed, and its bytes come with the rows.
A sample is matched by its identifier alone. The same bytes under two names are one file. Nobody who asks for one sample
sees the rows of another: a file that holds other samples too, or is long, is cited by its SHA-256 and kept apart, and
what passed over the link is recorded as its size and that hash.
Units:  s.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from automation.kernel.clock import instant
from automation.kernel.errors import InputError
from automation.kernel.quantity import Instant, Seconds
from instruments.drivers import result_dates
from instruments.drivers.readers import Reader
from instruments.interfaces.device import Identity
from instruments.interfaces.results import Row
from instruments.interfaces.source_file import SourceFile
from instruments.transport import Link, folder

_SECONDS = re.compile(r"[0-9]{1,4}(\.[0-9]{1,3})?")
SHORT = 4_096  # bytes up to which a file of one sample stands in the record itself
SMALL = 60_000  # bytes up to which a file is remembered as a whole; larger ones are read again when they are wanted
SETTLE = Seconds(2.0)  # s; a file whose size and time did not change for so long is complete
ANSWER = Seconds(10.0)  # s; for a folder on a slow share
DAY_FIRST, MONTH_FIRST = "day first", "month first"
CLOCK = Seconds(300.0)  # s by which the clock of an instrument may be behind ours
SETTINGS = {
    "serial": "serial number on the rating plate",
    "firmware": "software version of the instrument",
    "settle": "seconds for which a file must not change before it is read; 2 unless stated",
    "zone": "zone of the clock of the instrument, for example Europe/Berlin; unstated: times are not compared",
    "dates": "'day first' or 'month first', for files that do not show which; unstated: such times are not compared",
    "clock": "seconds by which its clock may be behind ours; what seems older than its sample by more is refused; 300",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What a site states of an instrument and its folder."""

    identity: Identity
    reader: Reader
    suffixes: tuple[str, ...]  # of the names of its files, in small letters
    settle: Seconds = SETTLE
    zone: str = ""
    dates: str = ""  # which comes first in a date, where a file does not show it
    clock: Seconds = CLOCK


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the complete files say of one sample; each row with the SHA-256 of its file."""

    rows: tuple[tuple[Row, str], ...]
    files: tuple[SourceFile, ...]
    conflict: str
    unread: tuple[str, ...]


class Samples(Protocol):
    """Who knows the samples of a site."""

    def drawn(self, sample: str) -> Instant | None:
        """Give when a sample was drawn; None for a name that nobody drew a sample under."""
        ...

    def joined(self, sha256: str, line: int) -> tuple[str, tuple[str, ...]]:
        """Give the sample that a result was joined to, and by whom; empty when nobody has."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One result that was seen in a file: where, and whose it says it is."""

    sample: str
    sha256: str
    line: int
    analysed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What is known of one complete file while it does not change."""

    entry: folder.Entry
    sha256: str
    first: Mapping[str, int] = field(default_factory=dict)  # line at which each sample stands first
    error: str = ""  # why it can't be read
    whole: tuple[bytes, tuple[Row, ...]] | None = None  # bytes for the record and rows, of a small file


class ResultFolder:
    """The complete files of a folder; LinkError when the folder is gone or does not answer.

    A file that can't be read is told, never raised, so that one bad file does not hide the others.
    """

    def __init__(self, link: Link, watched: Watched) -> None:
        """Use a link to a folder."""
        self.watched = watched
        self._link = link
        self._seen: dict[str, _Seen] = {}
        self.originals: list[bytes] = []  # files that are cited by their hash alone, for whoever keeps them
        self.arrivals: list[Arrival] = []  # every result that was seen for the first time
        self.samples: Samples | None = None  # given by a site; without one no result is judged by its sample

    async def find(self, sample: str) -> Found:
        """Look for a sample in every complete file."""
        before = await self._list()
        await self._link.stream.arrived(within=self.watched.settle)
        after = await self._list()
        unread = {name: f"{name}: still being written" for name, entry in after.items() if before.get(name) != entry}
        wrong: dict[str, str] = {}  # once for the same bytes under several names
        named: dict[str, tuple[list[str], bytes, tuple[Row, ...]]] = {}
        for name, entry in after.items():
            if name in unread:
                continue
            found = await self._look(name, entry, sample=sample)
            if isinstance(found, str):
                unread[name] = found
            elif found.error:
                wrong.setdefault(found.sha256, found.error)
            elif found.whole is not None and self._names(found, sample):
                named.setdefault(found.sha256, ([], *found.whole))[0].append(name)
        files = [SourceFile(names=tuple(names), sha256=sha256, data=data) for sha256, (names, data, _) in named.items()]
        return Found(
            rows=tuple(
                (row, sha) for sha, (_, _, rows) in named.items() for row in self._of(sample, sha256=sha, rows=rows)
            ),
            files=tuple(files),
            conflict=_conflict(sample, files),
            unread=(*unread.values(), *wrong.values()),
        )

    def _names(self, seen: _Seen, sample: str) -> frozenset[str]:
        """Give the names under which a sample stands in a file: its own, and those that were joined to it."""
        return frozenset(
            name for name, line in seen.first.items() if (self._joined(seen.sha256, line)[0] or name) == sample
        )

    def _joined(self, sha256: str, line: int) -> tuple[str, tuple[str, ...]]:
        return self.samples.joined(sha256, line) if self.samples is not None else ("", ())

    def _of(self, sample: str, *, sha256: str, rows: tuple[Row, ...]) -> Iterator[Row]:
        """Give the rows of a sample: what was joined says so, what is older than the sample has an error."""
        first = _first(rows)
        drawn = self.samples.drawn(sample) if self.samples is not None else None
        for row in rows:
            joined, people = self._joined(sha256, first[row.sample])
            if (joined or row.sample) != sample:
                continue
            made = self.moment(row)
            old = made is not None and drawn is not None and made + self.watched.clock < drawn
            error = f"it was analysed on {row.analysed}, before the sample was drawn" if old else ""
            flags = (f"joined to the sample by {' and '.join(people)}",) if joined else ()
            yield replace(row, sample=sample, flags=(*row.flags, *flags), error=row.error or error)

    def moment(self, row: Row) -> Instant | None:
        """Give the time of a row by the instrument's clock; None where neither file nor site states a zone."""
        local = row.analysed_local
        if not local and self.watched.dates:
            local = result_dates.by_order(row.analysed, day_first=self.watched.dates == DAY_FIRST)
        if not local or not (self.watched.zone or local[-6] in "+-"):
            return None
        return instant(local, zone=self.watched.zone or "UTC")

    async def _look(self, name: str, entry: folder.Entry, *, sample: str) -> _Seen | str:
        """Give what a file holds, or why it can't be had; one that did not change and lacks the sample is not read."""
        known = self._seen.get(name)
        if known is not None and known.entry == entry and (known.whole or not self._names(known, sample)):
            return known
        answered = await self._link.exchange(
            folder.read_request(name), folder.content_complete, deadline=ANSWER, longest=2 * folder.LARGEST
        )
        data = folder.content(answered)
        if isinstance(data, str):
            return f"{name}: {data}"
        sha256 = hashlib.sha256(data).hexdigest()
        try:
            rows = tuple(self.watched.reader.read(data, name=name))
        except InputError as error:
            self._set_apart(data, sha256)
            self._seen[name] = _Seen(entry=entry, sha256=sha256, error=str(error))
            return self._seen[name]
        first = _first(rows)
        self.arrivals += [
            Arrival(sample=row.sample, sha256=sha256, line=row.line, analysed=row.analysed)
            for row in rows
            if first[row.sample] == row.line and name not in self._seen
        ]
        alone = len(first) == 1 and len(data) <= SHORT
        seen = _Seen(entry=entry, sha256=sha256, first=first, whole=(data if alone else b"", rows))
        if not alone or not self._names(seen, sample):
            self._set_apart(data, sha256)
        self._seen[name] = seen if len(data) <= SMALL else replace(seen, whole=None)
        return seen

    def _set_apart(self, data: bytes, sha256: str) -> None:
        """Keep a file out of the record of whoever asks; its size and hash stay there."""
        self.originals.append(data)
        last = self._link.tape[-1]
        self._link.tape[-1] = last._replace(received=f"{len(data)} bytes, sha256 {sha256}\n".encode())

    async def _list(self) -> dict[str, folder.Entry]:
        listed = await self._link.exchange(
            folder.LIST, folder.listing_complete, deadline=ANSWER, longest=folder.LARGEST
        )
        named = folder.entries(listed).items()
        return {name: entry for name, entry in named if name.lower().endswith(self.watched.suffixes)}


def watched(
    settings: Mapping[str, str], *, maker: str, model: str, reader: Reader, suffixes: tuple[str, ...]
) -> Watched:
    """Read the settings of a site; raises InputError for one that is not allowed."""
    zone, dates = settings.get("zone", ""), settings.get("dates", "")
    if dates not in {"", DAY_FIRST, MONTH_FIRST}:
        raise InputError(f"dates is {dates!r}; {DAY_FIRST!r} or {MONTH_FIRST!r} is needed", where="dates")
    if zone:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise InputError(f"zone is {zone!r}; a zone such as 'Europe/Berlin' is needed", where="zone") from None
    return Watched(
        identity=Identity(maker, model, settings.get("serial", ""), settings.get("firmware", "")),
        reader=reader,
        suffixes=suffixes,
        settle=_seconds(settings, "settle", SETTLE),
        zone=zone,
        dates=dates,
        clock=_seconds(settings, "clock", CLOCK),
    )


def _seconds(settings: Mapping[str, str], key: str, usual: Seconds) -> Seconds:
    text = settings.get(key, f"{usual:g}")
    if not _SECONDS.fullmatch(text) or not float(text) > 0:
        msg = f"{key} is {text!r}; a number of seconds above 0 is needed, for example '{usual:g}'"
        raise InputError(msg, where=key)
    return Seconds(float(text))


def _first(rows: tuple[Row, ...]) -> dict[str, int]:
    """Give the line at which each sample stands first."""
    found: dict[str, int] = {}
    for row in rows:
        found.setdefault(row.sample, row.line)
    return found


def _conflict(sample: str, files: list[SourceFile]) -> str:
    if len(files) < 2:
        return ""
    named = "; ".join(f"{', '.join(file.names)} (sha256 {file.sha256[:12]})" for file in files)
    return f"sample {sample!r} stands in {len(files)} files with different bytes: {named}"


class InFolder:
    """Base of an instrument whose results stand in a folder; nothing is commanded."""

    def __init__(self, link: Link, watching: Watched) -> None:
        """Use a link to a folder and what the site states of the instrument."""
        self.links = (link,)
        self._folder = ResultFolder(link, watching)
        self.originals = self._folder.originals
        self.arrivals = self._folder.arrivals

    @property
    def samples(self) -> Samples | None:
        """Give who knows the samples of the site."""
        return self._folder.samples

    @samples.setter
    def samples(self, samples: Samples) -> None:
        self._folder.samples = samples

    async def identify(self) -> Identity:
        """Give what the site states; few result files name their instrument."""
        return self._folder.watched.identity
