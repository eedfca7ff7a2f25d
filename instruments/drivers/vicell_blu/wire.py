"""Result files of the Vi-CELL BLU: comma-separated text, read by header and refused when anything is not understood.

Units:  cells/mL (the file counts in 10^6 cells/mL), %, micrometres for diameters.
Source: result files of real instruments, test data of Benchling-Open-Source/allotropy (MIT), in UTF-8 and UTF-16, with
        either micro sign. Dates are written in the instrument's locale without saying which.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

from automation.kernel.quantity import CellsPerMillilitre, Percent
from instruments.drivers import result_dates
from instruments.drivers.readers import Reader
from instruments.drivers.result_text import Columns, Fields, decode, has, table, unique
from instruments.interfaces.results import CountRow

SAMPLE, CELLS, VIABLE_CELLS = "Sample ID", "Cell count", "Viable cells"
TOTAL, VIABLE, VIABILITY = "Total (x10^6) cells/mL", "Viable (x10^6) cells/mL", "Viability (%)"
ANALYSED, DILUTION = "Analysis date/time", "Dilution"
NEEDED = (SAMPLE, CELLS, VIABLE_CELLS, TOTAL, VIABLE, VIABILITY, ANALYSED, DILUTION)
DIAMETER, CELL_TYPE = "Average diameter (μm)", "Cell type"
MARK = "ERROR"  # what the instrument writes instead of a number it has not
MILLION = 10**6  # the file's concentrations are in 10^6 cells/mL
_MARKED = (CELLS, VIABLE_CELLS, TOTAL, VIABLE, VIABILITY)
_COLUMNS = Columns(what="a Vi-CELL BLU result file", needed=NEEDED)
_ROUNDING = Decimal("0.011")  # 10^6 cells/mL: two figures with two decimals each; viability adds its share of the total
_SHARE = Decimal("0.011")  # of a percent: viability is written with two decimals at most


def read(data: bytes, *, name: str = "file") -> tuple[CountRow, ...]:
    """Read a whole result file; raises InputError that names line and column of the first thing not understood."""
    counts = [_count(row) for row in table(decode(data, name), _COLUMNS, name=name)]
    unique(((count.sample, count.line) for count in counts), name, column=SAMPLE)
    written = [result_dates.Written(count.analysed, count.line, ANALYSED) for count in counts]
    dates = result_dates.in_some_order(written, name, example="3/21/2022 16:56")
    return tuple(replace(count, analysed_local=date) for count, date in zip(counts, dates, strict=True))


def write(rows: Iterable[Mapping[str, str]], header: Iterable[str]) -> str:
    """Write rows as the instrument does, lines ended by CR LF; for the fake."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, tuple(header), restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _count(row: Fields) -> CountRow:
    sample = row.sample(SAMPLE)
    cells, viable_cells = row.whole(CELLS, MARK), row.whole(VIABLE_CELLS, MARK)
    total, viable, viability = (row.marked(column, MARK) for column in (TOTAL, VIABLE, VIABILITY))
    dilution = row.number(DILUTION)
    if dilution <= 0:
        row.refuse("the dilution is not above 0", DILUTION)
    marks = [column for column in _MARKED if row.text(column) == MARK]
    if not marks:
        _agree(row)
    return CountRow(
        sample=sample,
        cells=cells,
        viable_cells=viable_cells,
        total=None if total is None else CellsPerMillilitre(float(total * MILLION)),
        viable=None if viable is None else CellsPerMillilitre(float(viable * MILLION)),
        viability=None if viability is None else Percent(float(viability)),
        diameter_um=None if row.text(DIAMETER) == MARK else row.optional(DIAMETER),
        dilution=dilution,
        analysed=row.text(ANALYSED),
        method=row.text(CELL_TYPE),
        line=row.line,
        error=f"the instrument wrote {MARK} in {', '.join(marks)}" if marks else "",
    )


def _agree(row: Fields) -> None:
    """Refuse a row whose figures can't belong together, as when two columns were swapped."""
    cells, viable_cells, total, viable, viability = (row.number(column) for column in _MARKED)
    if viability > 100:
        row.refuse("the viability is above 100 %", VIABILITY)
    if viable_cells > cells:
        row.refuse("more viable cells than cells; are the columns swapped?", VIABLE_CELLS)
    if viable > total:
        row.refuse("more viable cells/mL than cells/mL; are the columns swapped?", VIABLE)
    if cells and abs(viability - 100 * viable_cells / cells) > _SHARE:
        row.refuse("the field does not follow from the counts of cells", VIABILITY)
    if abs(viable - total * viability / 100) > _ROUNDING + total / 10_000:
        row.refuse("the field does not follow from the total and the viability", VIABLE)


READER = Reader("Vi-CELL BLU result file (csv)", lambda data: has(data, *NEEDED, of=5), read)
