"""Result files of NC-View: comma-separated text, read by header and refused when anything is not understood.

Units:  cells/mL, %, micrometres. Thousands stand apart by a blank (``274 000``), larger figures as ``1.07E+06``.
Source: result file of a real instrument, test data of Benchling-Open-Source/allotropy (MIT). The file states no time;
        the name of a run begins with a day, which is no clock, so no time is taken from it.
        Its last line has no end, so the last field of such a file is not used.
"""

import re
from decimal import Decimal

from automation.kernel.quantity import CellsPerMillilitre, Percent
from instruments.drivers.agreement import Figures, check_shares, check_sum
from instruments.drivers.readers import Reader
from instruments.drivers.result_text import Columns, Fields, decode, has, table, unique
from instruments.interfaces.results import CountRow

SAMPLE, METHOD, INSTRUMENT, STATUS = "SAMPLE ID", "PROTOCOL", "INSTRUMENT", "STATUS"
TOTAL, LIVE, DEAD, VIABILITY = "TOTAL (cells/ml)", "LIVE (cells/ml)", "DEAD (cells/ml)", "VIABILITY (%)"
DIAMETER, AGGREGATES, DILUTION = "DIAMETER (μm)", "AGGREGATES (%)", "DILUTION FACTOR"
NEEDED = (SAMPLE, METHOD, INSTRUMENT, STATUS, TOTAL, LIVE, DEAD, VIABILITY, DILUTION)
GOOD, WARNING = "OK", "Warning: "
FIGURES = 3  # significant ones
_COLUMNS = Columns(what="an NC-View result file", needed=NEEDED, open_end=True)
_CONCENTRATION = re.compile(r"\d{1,3}(?: \d{3})*|\d\.\d+E[+]\d\d")
_SHARES = Figures(total=TOTAL, viable=LIVE, viability=VIABILITY, figures=FIGURES)


def read(data: bytes, *, name: str = "file") -> tuple[CountRow, ...]:
    """Read a whole result file; raises InputError that names line and column of the first thing not understood."""
    rows = [_count(row) for row in table(decode(data, name, latin_signs=True, whole_lines=False), _COLUMNS, name=name)]
    unique(((row.sample, row.line) for row in rows), name, column=SAMPLE)
    return tuple(rows)


def _count(row: Fields) -> CountRow:
    status = row.text(STATUS)
    good = status == GOOD or status.startswith(WARNING)
    total, live, dead = (
        (row.number(column, _CONCENTRATION, example="274 000") if good else None) for column in (TOTAL, LIVE, DEAD)
    )
    viability = row.number(VIABILITY) if good else None
    if total is not None and live is not None and dead is not None and viability is not None:
        check_sum(row, DEAD, (live, dead), whole=total, figures=FIGURES)
        check_shares(row, _SHARES, (total, live, viability))
    return CountRow(
        sample=row.sample(SAMPLE),
        total=_concentration(total),
        viable=_concentration(live),
        dead=_concentration(dead),
        viability=None if viability is None else Percent(float(viability)),
        diameter_um=row.optional(DIAMETER) if good else None,
        aggregates=_percent(row.optional(AGGREGATES)) if good else None,
        dilution=row.optional(DILUTION),
        method=row.text(METHOD),
        instrument=row.text(INSTRUMENT).removeprefix("S/N: "),
        line=row.line,
        flags=(*((status.removeprefix(WARNING),) if good and status != GOOD else ()), *row.notes),
        error="" if good else f"the instrument's status is {status!r}",
    )


def _concentration(value: Decimal | None) -> CellsPerMillilitre | None:
    return None if value is None else CellsPerMillilitre(float(value))


def _percent(value: Decimal | None) -> Percent | None:
    return None if value is None else Percent(float(value))


READER = Reader("NC-View result file (csv)", lambda data: has(data, *NEEDED, of=6), read)
