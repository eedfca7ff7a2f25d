"""Driver of any flow cytometer through the folder into which it writes FCS files; nothing is commanded.

Wire:   FCS files (see ``wire``). Events are gated here, by the strategy that is asked for.
Units:  shares in %.
Source: rules for dropped files: complete when size and time stand still, hashed before parsing, the original kept,
        matched by sample alone, the same bytes noted once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from automation.formulas.gating import Strategy
from automation.kernel.errors import InputError
from instruments.drivers.factory import Factory
from instruments.drivers.fcs.wire.channels import READER
from instruments.drivers.folder_counter import TRANSPORTS
from instruments.drivers.readers import Reader
from instruments.drivers.result_folder import SETTINGS, InFolder, watched
from instruments.interfaces.device import DriverKind, OnHostLoss, Support, SupportLevel
from instruments.interfaces.flow_cytometer import FlowCytometer, FlowReport, FlowResult
from instruments.interfaces.results import Row
from instruments.transport import Link

if TYPE_CHECKING:
    from instruments.drivers.fcs.wire.events import Tube


@dataclass(frozen=True, slots=True, kw_only=True)
class _TubeRow(Row):
    """A whole tube as the one row of its file."""

    tube: "Tube"


class FcsFolder(InFolder):
    """A ``FlowCytometer`` whose files stand in a folder; LinkError when the folder is gone."""

    async def populations(self, *, sample: str, strategy: Strategy) -> FlowReport:
        """Gate every file that names the sample; a file that does not fit the strategy is a result with an error."""
        found = await self._folder.find(sample)
        return FlowReport(
            sample=sample,
            results=tuple(
                self._gated(row, sha256, strategy) for row, sha256 in found.rows if isinstance(row, _TubeRow)
            ),
            files=found.files,
            conflict=found.conflict,
            unread=found.unread,
        )

    def _gated(self, row: _TubeRow, sha256: str, strategy: Strategy) -> FlowResult:
        from automation.formulas.cytometry import populations  # noqa: PLC0415  numpy only where a file is read

        error = row.error
        try:
            counted = () if error else populations(row.tube.events, strategy)
        except InputError as wrong:
            counted, error = (), str(wrong)
        return FlowResult(
            sample=row.sample,
            populations=counted,
            strategy=strategy.name,
            events=len(row.tube.events.values),
            analysed_at=row.analysed,
            analysed=self._folder.moment(row),
            cytometer=row.instrument,
            file_sha256=sha256,
            flags=row.flags,
            error=error,
        )


def build(link: Link, settings: Mapping[str, str], *, control: bool) -> FcsFolder:  # noqa: ARG001  it only reads
    """Make the driver from the settings of a site; raises InputError for one that is not allowed."""
    keyword = settings.get("sample", "")

    def read(data: bytes, *, name: str) -> tuple[_TubeRow, ...]:
        from instruments.drivers.fcs.wire.events import tube  # noqa: PLC0415  as above

        found = tube(data, name=name)
        sample = found.sample(keyword)
        if not sample:
            raise InputError(f"keyword {keyword or '$SMNO'} is missing: nobody can tell whose sample it is", where=name)
        row = _TubeRow(
            sample=sample,
            analysed=found.analysed,
            analysed_local=found.analysed_local,
            instrument=found.instrument,
            line=1,
            flags=found.notes,
            error=found.error,
            tube=found,
        )
        return (row,)

    reader = Reader(READER.title, READER.claims, read)
    maker, model = settings.get("maker", ""), settings.get("model", "flow cytometer")
    return FcsFolder(link, watched(settings, maker=maker, model=model, reader=reader, suffixes=(".fcs",)))


FACTORY = Factory(
    build=build,
    interface=FlowCytometer,
    support=Support(
        kind=DriverKind.OBSERVED,
        level=SupportLevel.L2,
        on_host_loss=OnHostLoss.CONTINUES,
        source="ISAC FCS 3.1; files of real cytometers (FlowKit test data, BSD-3-Clause)",
    ),
    transports=TRANSPORTS,
    settings={
        **SETTINGS,
        "maker": "maker of the cytometer",
        "model": "its model",
        "sample": "keyword that holds the sample, for example $SMNO or 'TUBE NAME'; the first usual one unless stated",
    },
)
