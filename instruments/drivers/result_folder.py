"""A folder into which an instrument exports its results: which files are complete, and what they say of one sample.

A file is complete when size and time stand still; it is hashed before it is parsed, and its bytes come with the rows.
A sample is matched by its identifier alone. The same bytes under two names are one file. Nobody who asks for one sample
sees the rows of another: a file that holds other samples too, or is long, is cited by its SHA-256 and kept apart, and
what passed over the link is recorded as its size and that hash.
Units:  s.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from automation.kernel.clock import instant
from automation.kernel.errors import InputError
from automation.kernel.quantity import Instant, Seconds
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
SETTINGS = {
    "serial": "serial number on the rating plate",
    "firmware": "software version of the instrument",
    "settle": "seconds for which a file must not change before it is read; 2 unless stated",
    "zone": "zone of the clock of the instrument, for example Europe/Berlin; unstated: times are not compared",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What a site states of an instrument and its folder."""

    identity: Identity
    reader: Reader
    suffixes: tuple[str, ...]  # of the names of its files, in small letters
    settle: Seconds = SETTLE
    zone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the complete files say of one sample; each row with the SHA-256 of its file."""

    rows: tuple[tuple[Row, str], ...]
    files: tuple[SourceFile, ...]
    conflict: str
    unread: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What is known of one complete file while it does not change."""

    entry: folder.Entry
    sha256: str
    samples: frozenset[str] = frozenset()
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
            found = await self._look(name, entry, sample)
            if isinstance(found, str):
                unread[name] = found
            elif found.error:
                wrong.setdefault(found.sha256, found.error)
            elif found.whole is not None and sample in found.samples:
                named.setdefault(found.sha256, ([], *found.whole))[0].append(name)
        rows = [(row, sha256) for sha256, (_, _, all_) in named.items() for row in all_ if row.sample == sample]
        files = [SourceFile(names=tuple(names), sha256=sha256, data=data) for sha256, (names, data, _) in named.items()]
        return Found(
            rows=tuple(rows),
            files=tuple(files),
            conflict=_conflict(sample, files),
            unread=(*unread.values(), *wrong.values()),
        )

    def moment(self, row: Row) -> Instant | None:
        """Give the time of a row by the instrument's clock; None where neither file nor site states a zone."""
        if not row.analysed_local or not (self.watched.zone or row.analysed_local[-6] in "+-"):
            return None
        return instant(row.analysed_local, zone=self.watched.zone or "UTC")

    async def _look(self, name: str, entry: folder.Entry, sample: str) -> _Seen | str:
        """Give what a file holds, or why it can't be had; one that did not change and lacks the sample is not read."""
        known = self._seen.get(name)
        if known is not None and known.entry == entry and (known.whole or sample not in known.samples):
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
        samples = frozenset(row.sample for row in rows)
        alone = len(samples) == 1 and len(data) <= SHORT
        if not alone or sample not in samples:
            self._set_apart(data, sha256)
        seen = _Seen(entry=entry, sha256=sha256, samples=samples, whole=(data if alone else b"", rows))
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
    """Read the settings of a site; raises InputError for a settling time or a zone that is none."""
    settle, zone = settings.get("settle", f"{SETTLE:g}"), settings.get("zone", "")
    if not _SECONDS.fullmatch(settle) or not float(settle) > 0:
        msg = f"settle is {settle!r}; a number of seconds above 0 is needed, for example '2'"
        raise InputError(msg, where="settle")
    if zone:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise InputError(f"zone is {zone!r}; a zone such as 'Europe/Berlin' is needed", where="zone") from None
    return Watched(
        identity=Identity(maker, model, settings.get("serial", ""), settings.get("firmware", "")),
        reader=reader,
        suffixes=suffixes,
        settle=Seconds(float(settle)),
        zone=zone,
    )


def _conflict(sample: str, files: list[SourceFile]) -> str:
    if len(files) < 2:
        return ""
    named = "; ".join(f"{', '.join(file.names)} (sha256 {file.sha256[:12]})" for file in files)
    return f"sample {sample!r} stands in {len(files)} files with different bytes: {named}"
