"""Cell counters that export their results into a folder; nothing is commanded, a person counts.

Wire:   result files (the ``wire`` of each model), listed and read by the words of ``instruments.transport.folder``.
Units:  cells/mL, %.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from instruments.drivers.factory import Factory
from instruments.drivers.readers import Reader
from instruments.drivers.result_folder import SETTINGS, InFolder, watched
from instruments.interfaces.counter import CellCounter, CountReport, CountResult
from instruments.interfaces.device import DriverKind, OnHostLoss, Support, SupportLevel
from instruments.interfaces.results import CountRow, Row
from instruments.transport import Link

REAL = "result files of real instruments (allotropy test data, MIT)"
TRANSPORTS = ("memory", "folder", "pty", "tcp")
OBSERVED = Support(kind=DriverKind.OBSERVED, level=SupportLevel.L2, on_host_loss=OnHostLoss.CONTINUES, source=REAL)


def described(source: str) -> Support:
    """Give the support of a model whose files are described by a public document, and none was seen."""
    return Support(kind=DriverKind.OBSERVED, level=SupportLevel.L1, on_host_loss=OnHostLoss.CONTINUES, source=source)


class FolderCounter(InFolder):
    """A ``CellCounter`` whose results a person's count has written into a folder; LinkError when the folder is gone."""

    async def result(self, *, sample: str) -> CountReport:
        """Look for the results of a sample in every complete file of the folder."""
        found = await self._folder.find(sample)
        return CountReport(
            sample=sample,
            results=tuple(self._result(row, digest) for row, digest in found.rows),
            files=found.files,
            conflict=found.conflict,
            unread=found.unread,
        )

    def _result(self, row: Row, digest: str) -> CountResult:
        """Give a row as a result; a row with an error has no numbers, whatever else stands in it."""
        count = row if isinstance(row, CountRow) and not row.error else CountRow(sample=row.sample, line=row.line)
        stated = row.dilution if isinstance(row, CountRow) else None
        return CountResult(
            sample=row.sample,
            total=count.total,
            viable=count.viable,
            viability=count.viability,
            cells_counted=count.cells,
            viable_counted=count.viable_cells,
            analysed_at=row.analysed,
            analysed=self._folder.moment(row),
            dilution=None if stated is None else float(stated),
            file_sha256=digest,
            row=row.line,
            flags=row.flags,
            error=row.error,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model of counter: who makes it, and how its files are named and read."""

    maker: str
    model: str
    reader: Reader
    suffixes: tuple[str, ...] = (".csv",)
    support: Support = OBSERVED

    def build(self, link: Link, settings: Mapping[str, str], *, control: bool) -> FolderCounter:  # noqa: ARG002  reads
        """Make the driver from the settings of a site; raises InputError for one that is not allowed."""
        given = {"maker": self.maker, "model": self.model}
        return FolderCounter(link, watched(settings, **given, reader=self.reader, suffixes=self.suffixes))

    def factory(self) -> Factory:
        """Give what the entry point of the model names."""
        return Factory(
            build=self.build, interface=CellCounter, support=self.support, transports=TRANSPORTS, settings=SETTINGS
        )
