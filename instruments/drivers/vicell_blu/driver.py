"""Driver of a Vi-CELL BLU through the folder into which it exports its results; nothing is commanded.

Wire:   result files (see ``wire``), listed and read by the words of ``instruments.transport.folder``.
Units:  cells/mL, %; s.
Source: rules for dropped files: complete when size and time stand still, hashed before parsing, the original kept,
        matched by sample alone, the same bytes noted once.
"""

import hashlib
from collections.abc import Mapping

from automation.kernel.errors import InputError
from automation.kernel.quantity import Seconds
from instruments.drivers.factory import Factory
from instruments.drivers.vicell_blu import wire
from instruments.interfaces.counter import CellCounter, CountReport, CountResult, SourceFile
from instruments.interfaces.device import DriverKind, Identity, OnHostLoss, Support, SupportLevel
from instruments.transport import Link, folder

SETTLE = Seconds(2.0)  # s; a file whose size and time did not change for so long is complete
ANSWER = Seconds(10.0)  # s; for a folder on a slow share
SUFFIX = ".csv"

Parsed = tuple[wire.Count, ...] | InputError


class ViCellBluFolder:
    """A ``CellCounter`` whose results a person's count has written into a folder.

    LinkError: the folder is gone or does not answer. A file that can't be read is told in the report, never raised,
    so that one bad file does not hide the others.
    """

    def __init__(self, link: Link, *, identity: Identity | None = None, settle: Seconds = SETTLE) -> None:
        """Use a link to a folder; ``identity`` is what the site states of the instrument."""
        self.links = (link,)
        self._link = link
        self._identity = identity or Identity("Beckman Coulter", "Vi-CELL BLU", "")
        self._settle = settle
        self._read: dict[str, tuple[folder.Entry, bytes]] = {}
        self._parsed: dict[str, Parsed] = {}

    async def identify(self) -> Identity:
        """Give what the site states; a result file does not name its instrument."""
        return self._identity

    async def result(self, *, sample: str) -> CountReport:
        """Look for the results of a sample in every complete file of the folder."""
        contents, unread = await self._contents()
        results: list[CountResult] = []
        files: list[SourceFile] = []
        for digest, (names, data) in contents.items():
            parsed = self._parse(digest, data, name=names[0])
            if isinstance(parsed, InputError):
                unread.append(str(parsed))
                continue
            named = [_result(count, digest) for count in parsed if count.sample == sample]
            if named:
                results += named
                files.append(SourceFile(names=tuple(names), sha256=digest, data=data))
        return CountReport(
            sample=sample,
            results=tuple(results),
            files=tuple(files),
            conflict=_conflict(sample, files),
            unread=tuple(unread),
        )

    async def _contents(self) -> tuple[dict[str, tuple[list[str], bytes]], list[str]]:
        """Give names and bytes of the complete files by their SHA-256, and what could not be read."""
        contents: dict[str, tuple[list[str], bytes]] = {}
        before = await self._list()
        await self._link.stream.arrived(within=self._settle)
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
        return {name: entry for name, entry in folder.entries(listed).items() if name.lower().endswith(SUFFIX)}

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
                self._parsed[digest] = wire.read(data, name=name)
            except InputError as error:
                self._parsed[digest] = error
        return self._parsed[digest]


def _result(count: wire.Count, digest: str) -> CountResult:
    """Give a row as a result; a row with an error has no numbers, whatever else stands in it."""
    good = not count.error
    return CountResult(
        sample=count.sample,
        total=count.total if good else None,
        viable=count.viable if good else None,
        viability=count.viability if good else None,
        cells_counted=count.cells if good else None,
        viable_counted=count.viable_cells if good else None,
        analysed_at=count.analysed,
        dilution=float(count.dilution),
        file_sha256=digest,
        row=count.line,
        error=count.error,
    )


def _conflict(sample: str, files: list[SourceFile]) -> str:
    if len(files) < 2:
        return ""
    named = "; ".join(f"{', '.join(file.names)} (sha256 {file.sha256[:12]})" for file in files)
    return f"sample {sample!r} stands in {len(files)} files with different bytes: {named}"


def build(link: Link, settings: Mapping[str, str], *, control: bool) -> ViCellBluFolder:  # noqa: ARG001  it only reads
    """Make the driver from the settings of a site; raises InputError for a settling time that is not one."""
    settle = settings.get("settle", f"{SETTLE:g}")
    if not settle.replace(".", "", 1).isdigit() or not float(settle) > 0:
        msg = f"settle is {settle!r}; a number of seconds above 0 is needed, for example '2'"
        raise InputError(msg, where="settle")
    identity = Identity("Beckman Coulter", "Vi-CELL BLU", settings.get("serial", ""), settings.get("firmware", ""))
    return ViCellBluFolder(link, identity=identity, settle=Seconds(float(settle)))


FACTORY = Factory(
    build=build,
    interface=CellCounter,
    support=Support(
        kind=DriverKind.OBSERVED,
        level=SupportLevel.L2,
        on_host_loss=OnHostLoss.CONTINUES,
        source="result files of real instruments (allotropy test data, MIT)",
    ),
    transports=("memory", "folder", "pty", "tcp"),
    settings={
        "serial": "serial number on the rating plate",
        "firmware": "software version of the instrument",
        "settle": "seconds for which a file must not change before it is read; 2 unless stated",
    },
)
