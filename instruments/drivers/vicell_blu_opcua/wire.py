"""Names, numbers and structures of the Vi-CELL BLU's OPC UA server, and what its results say; no I/O.

Paths:  of BrowseNames below Objects. Methods give a structure, which the node port tells as JSON text.
Units:  cells/mL (not 10^6 cells/mL as in its files), %, micrometres; viability has one decimal.
Source: the maker's own server and instrument software, beckman-pbw/Vi-Cell_OpcUa (model of its address space) and
        beckman-pbw/Vi-Cell_UserInterface (what fills it), releases of 2024. Read there too: results are told only to
        the user who holds the automation lock, and only while the instrument is idle or stopped; a search by name
        gives whole sample sets; times are those of the instrument's own clock and zone, marked as UTC.
"""

import math
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, TypeVar

import msgspec

from automation.kernel.errors import WireError
from automation.kernel.quantity import CellsPerMillilitre, Percent
from automation.kernel.untrusted import UNREADABLE
from instruments.interfaces.results import CountRow

ROOT = "ViCellBluStateObject"
STATUS, LOCK, IDENTIFIER = f"{ROOT}/ViCellStatus", f"{ROOT}/LockState", f"{ROOT}/ViCellIdentifier"
SOFTWARE, FIRMWARE = f"{ROOT}/SoftwareVersion", f"{ROOT}/FirmwareVersion"
REAGENT, WASTE = f"{ROOT}/ReagentUsesRemaining", f"{ROOT}/WasteTubeRemainingCapacity"
REQUEST_LOCK, RELEASE_LOCK = f"{ROOT}/Methods/RequestLock", f"{ROOT}/Methods/ReleaseLock"
GET_RESULTS = f"{ROOT}/Methods/GetSampleResults"
"""Takes user, from, to, what the name is of, cell type or quality control, name and tag; gives ``Results``."""

STATUSES = (
    *("Idle", "Running", "Pausing", "Paused", "Stopping", "Stopped", "Faulted", "SearchingForTubes", "NightlyClean"),
)
READY = ("Idle", "Stopped")
"""In which the lock is given and results are told."""
LOCKED, UNLOCKED = "Locked", "Unlocked"
FAILURE, SUCCESS = 0, 1
ERROR_LEVELS = ("NoError", "Error", "Warning", "RequiresUserInteraction")
OF_SAMPLE = 1  # the name is that of a sample; 0 for one of a sample set
EARLIEST, LATEST = "2000-01-01T00:00:00+00:00", "2100-01-01T00:00:00+00:00"
COMPLETED, SKIPPED_BY_HAND, SKIPPED_BY_ERROR = 6, 7, 8  # sample states; below, the sample is still being run
NEVER = "0001-01-01"  # what stands for no time
_DECIMAL = 0.11  # of a percent: viability has one decimal, cut or rounded
_ROUNDING = 1.0  # cells/mL


Whole = Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]
"""A UInt32 of the server."""


class Done(msgspec.Struct, rename="pascal"):
    """What every method says of itself (VcbResult)."""

    method_result: int
    error_level: int = 0
    response_description: str | None = ""


class SampleResult(msgspec.Struct, rename="pascal", kw_only=True):
    """One analysis of one sample; what is not needed here is left unread."""

    sample_data_uuid: str
    sample_id: str
    status: int
    cell_count: Whole
    viable_cells: Whole
    total_cells_per_milliliter: float
    viable_cells_per_milliliter: float
    viability_percent: float
    average_diameter: float = 0.0
    cell_type: str | None = ""
    quality_control_name: str | None = ""
    analysis_date_time: str = ""
    reanalysis_date_time: str = ""
    analysis_by: str | None = ""
    reanalysis_by: str | None = ""
    dilution: Whole = 1
    tag: str | None = ""


class Results(Done, rename="pascal"):
    """What GetSampleResults gives (VcbResultGetSampleResults)."""

    sample_results: list[SampleResult] | None = None


def done(text: object) -> Done:
    """Read what a method says of itself; raises WireError when it is no such thing."""
    return _read(text, Done)


def results(text: object) -> Results:
    """Read results; raises WireError when they are none."""
    return _read(text, Results)


_Said = TypeVar("_Said", bound=Done)


def _read(text: object, kind: type[_Said]) -> _Said:
    try:
        return msgspec.json.decode(str(text), type=kind)
    except UNREADABLE as wrong:
        msg = f"Vi-CELL BLU said {str(text)[:80]!r}: {wrong}"
        raise WireError(msg) from None


def rows(told: Results, sample: str) -> Iterator[CountRow]:
    """Give each finished analysis of a sample; raises WireError for figures that can't belong together."""
    for number, one in enumerate(told.sample_results or (), 1):
        if one.sample_id == sample and one.status >= COMPLETED:
            yield _row(one, number)


def others(told: Results, sample: str) -> bool:
    """Tell whether another sample stands among the results."""
    return any(one.sample_id != sample for one in told.sample_results or ())


def _row(one: SampleResult, number: int) -> CountRow:
    error = "" if one.status == COMPLETED else _skipped(one.status)
    if not error:
        _agree(one)
    again = one.reanalysis_date_time
    analysed = again if again and not again.startswith(NEVER) else one.analysis_date_time
    figures = not error
    return CountRow(
        sample=one.sample_id,
        cells=one.cell_count if figures else None,
        viable_cells=one.viable_cells if figures else None,
        total=CellsPerMillilitre(one.total_cells_per_milliliter) if figures else None,
        viable=CellsPerMillilitre(one.viable_cells_per_milliliter) if figures else None,
        viability=Percent(one.viability_percent) if figures else None,
        diameter_um=Decimal(str(one.average_diameter)) if figures else None,
        dilution=Decimal(one.dilution),
        analysed=analysed,
        analysed_local=analysed,
        method=one.cell_type or one.quality_control_name or "",
        instrument="",
        flags=("analysed again",) if analysed == again else (),
        line=number,
        error=error,
    )


def _skipped(status: int) -> str:
    said = {SKIPPED_BY_HAND: "was skipped by a person", SKIPPED_BY_ERROR: "was skipped by an error"}
    return f"the sample {said.get(status, f'has the unknown state {status}')}"


def _agree(one: SampleResult) -> None:
    """Refuse figures that can't belong together, as when two of them were taken for each other."""
    cells, viable = one.cell_count, one.viable_cells
    total, per_ml, share = one.total_cells_per_milliliter, one.viable_cells_per_milliliter, one.viability_percent
    wrong = ""
    possible = 0.0 <= share <= 100.0 and min(per_ml, total) >= 0.0 and viable <= cells
    if not math.isfinite(total + one.average_diameter) or one.average_diameter < 0.0:
        wrong = "not all of them are numbers"
    elif not possible or per_ml > total + _ROUNDING:
        wrong = "they are out of range, or more is viable than there is"
    elif one.dilution < 1:
        wrong = f"the dilution is {one.dilution}"
    elif cells and abs(share - 100.0 * viable / cells) > _DECIMAL:
        wrong = "the viability does not follow from the counts of cells"
    elif cells and abs(per_ml - total * viable / cells) > _ROUNDING + total * _DECIMAL / 100.0:
        wrong = "the viable cells/mL do not follow from the total and the counts"
    if wrong:
        figures = f"{cells} cells, {viable} viable, {total:g} and {per_ml:g} per mL, {share:g} %"
        msg = f"result {one.sample_data_uuid[:8]} of sample {one.sample_id!r} has {figures}: {wrong}"
        raise WireError(msg)
