"""A folder into which an instrument exports its results: which files are complete, and what they say of one sample.

A file is complete when size and time stand still; it is hashed before it is parsed, and its bytes come with the rows.
A sample is matched by its identifier alone. The same bytes under two names are one file. Nobody who asks for one sample
sees the rows of another.
Units:  s.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
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


Parsed = tuple[Row, ...] | InputError


class ResultFolder:
    """The complete files of a folder; LinkError when the folder is gone or does not answer.

    A file that can't be read is told, never raised, so that one bad file does not hide the others.
    """

    def __init__(self, link: Link, watched: Watched) -> None:
        """Use a link to a folder."""
        self.watched = watched
        self._link = link
        self._read: dict[str, tuple[folder.Entry, bytes]] = {}
        self._parsed: dict[str, Parsed] = {}

    async def find(self, sample: str) -> Found:
        """Look for a sample in every complete file."""
        contents, unread = await self._contents()
        rows: list[tuple[Row, str]] = []
        files: list[SourceFile] = []
        for digest, (names, data) in contents.items():
            parsed = self._parse(digest, data, name=names[0])
            if isinstance(parsed, InputError):
                unread.append(str(parsed))
                continue
            named = [(row, digest) for row in parsed if row.sample == sample]
            if named:
                rows += named
                files.append(SourceFile(names=tuple(names), sha256=digest, data=data))
        return Found(rows=tuple(rows), files=tuple(files), conflict=_conflict(sample, files), unread=tuple(unread))

    def moment(self, row: Row) -> Instant | None:
        """Give the time of a row by the instrument's clock; None where neither file nor site states a zone."""
        if not row.analysed_local or not (self.watched.zone or row.analysed_local[-6] in "+-"):
            return None
        return instant(row.analysed_local, zone=self.watched.zone or "UTC")

    async def _contents(self) -> tuple[dict[str, tuple[list[str], bytes]], list[str]]:
        """Give names and bytes of the complete files by their SHA-256, and what could not be read."""
        contents: dict[str, tuple[list[str], bytes]] = {}
        before = await self._list()
        await self._link.stream.arrived(within=self.watched.settle)
        after = await self._list()
        unread = [f"{name}: still being written" for name, entry in after.items() if before.get(name) != entry]
        for name, entry in after.items():
            if before.get(name) != entry:
                continue
            data = await self._bytes(name, entry)
            if isinstance(data, str):
                unread.append(f"{name}: {data}")
            else:
                contents.setdefault(hashlib.sha256(data).hexdigest(), ([], data))[0].append(name)
        return contents, unread

    async def _list(self) -> dict[str, folder.Entry]:
        listed = await self._link.exchange(folder.LIST, folder.listing_complete, deadline=ANSWER)
        named = folder.entries(listed).items()
        return {name: entry for name, entry in named if name.lower().endswith(self.watched.suffixes)}

    async def _bytes(self, name: str, entry: folder.Entry) -> bytes | str:
        """Give the bytes of a file, or why they can't be read; a file that did not change is read once."""
        known = self._read.get(name)
        if known is not None and known[0] == entry:
            return known[1]
        answered = await self._link.exchange(folder.read_request(name), folder.content_complete, deadline=ANSWER)
        data = folder.content(answered)
        if isinstance(data, bytes):
            self._read[name] = (entry, data)
        return data

    def _parse(self, digest: str, data: bytes, *, name: str) -> Parsed:
        if digest not in self._parsed:
            try:
                self._parsed[digest] = tuple(self.watched.reader.read(data, name=name))
            except InputError as error:
                self._parsed[digest] = error
        return self._parsed[digest]


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
