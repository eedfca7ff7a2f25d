"""Result files of the Cedex HiRes: comma-separated text, read by header and refused when anything is not understood.

Units:  cells/mL, %, micrometres. Month and day are written in the instrument's locale without saying which is which.
Source: result file of a real instrument, test data of Benchling-Open-Source/allotropy (MIT); its last line has no end,
        so the last field of such a file is not used.
"""

import re
from dataclasses import replace
from decimal import Decimal

from automation.kernel.quantity import CellsPerMillilitre, Percent
from instruments.drivers import result_dates
from instruments.drivers.agreement import Figures, check_shares, check_sum
from instruments.drivers.readers import Reader
from instruments.drivers.result_text import Columns, Fields, decode, has, table, unique
from instruments.interfaces.results import CountRow

SAMPLE, INSTRUMENT, METHOD = "Sample identifer", "System name", "Cell type name"  # spelt as the instrument spells it
DATE, DILUTION, DIAMETER = "Date finished", "Dilution", "Avg Diameter"
VIABLE_CELLS, DEAD_CELLS, CELLS = "Viable Cell Count", "Dead Cell Count", "Total Cell Count"
VIABLE, DEAD, TOTAL, VIABILITY = "Viable Cell Conc.", "Dead Cell Conc.", "Total Cell Conc.", "Viability"
AGGREGATES, DATA_SET, ORIGINAL = "Aggregate Rate", "Data set name", "Original"
NEEDED = (SAMPLE, INSTRUMENT, DATE, DILUTION, VIABLE_CELLS, DEAD_CELLS, CELLS, VIABLE, DEAD, TOTAL, VIABILITY)
_COLUMNS = Columns(what="a Cedex HiRes result file", needed=NEEDED, open_end=True)
_COUNT = re.compile(r"\d+")
_COUNTS = Figures(total=CELLS, viable=VIABLE_CELLS, viability=VIABILITY)
_CONCENTRATIONS = Figures(total=TOTAL, viable=VIABLE, viability=VIABILITY, figures=7)  # single precision


def read(data: bytes, *, name: str = "file") -> tuple[CountRow, ...]:
    """Read a whole result file; raises InputError that names line and column of the first thing not understood."""
    counts = [_count(row) for row in table(decode(data, name, whole_lines=False), _COLUMNS, name=name)]
    unique(((count.sample, count.line) for count in counts), name, column=SAMPLE)
    written = [result_dates.Written(count.analysed, count.line, DATE) for count in counts]
    dates = result_dates.in_some_order(written, name, example="6-18-2019 7:46:47 AM")
    return tuple(replace(count, analysed_local=date) for count, date in zip(counts, dates, strict=True))


def _count(row: Fields) -> CountRow:
    cells, viable_cells, dead_cells = (row.number(c, _COUNT, example="4292") for c in (CELLS, VIABLE_CELLS, DEAD_CELLS))
    total, viable, dead = (row.number(column) for column in (TOTAL, VIABLE, DEAD))
    viability = row.number(VIABILITY)
    if cells != viable_cells + dead_cells:
        row.refuse("live and dead cells are not all cells; are columns swapped?", CELLS)
    check_sum(row, DEAD, (viable, dead), whole=total, figures=6)
    check_shares(row, _COUNTS, (cells, viable_cells, _rounded(viability)))
    check_shares(row, _CONCENTRATIONS, (total, viable, _rounded(viability)))
    aggregates = row.optional(AGGREGATES)
    data_set = row.text(DATA_SET)
    return CountRow(
        sample=row.sample(SAMPLE),
        cells=int(cells),
        viable_cells=int(viable_cells),
        total=CellsPerMillilitre(float(total)),
        viable=CellsPerMillilitre(float(viable)),
        dead=CellsPerMillilitre(float(dead)),
        viability=Percent(float(viability)),
        diameter_um=row.optional(DIAMETER),
        aggregates=None if aggregates is None else Percent(float(aggregates)),
        dilution=row.number(DILUTION),
        analysed=row.text(DATE),
        method=row.text(METHOD),
        instrument=row.text(INSTRUMENT),
        line=row.line,
        flags=(*((f"data set {data_set}",) if data_set not in {"", ORIGINAL} else ()), *row.notes),
    )


def _rounded(viability: Decimal) -> Decimal:
    """Give it with three decimals: the instrument computes in single precision."""
    return viability.quantize(Decimal("0.001"))


READER = Reader("Cedex HiRes result file (csv)", lambda data: has(data, *NEEDED, of=7), read)
