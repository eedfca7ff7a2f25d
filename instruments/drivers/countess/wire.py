"""Result files of the Countess 3 and 3 FL: comma-separated text, read by header, refused where it is not understood.

The maker's guide names the 71 columns and what each means. It shows no file: digits, the form of the date, the words
for yes and no, and how an absent figure is written are not known. So a row has numbers only where it says by a plain
yes that the stain was corrected for; anything else is an error that names what the file says, for a person to decide.
Units:  cells/mL, %, micrometres.
Source: Thermo Fisher, Countess 3 FL user guide MAN0019567, appendix E (columns A to BS), as transcribed in
        mpn1891/icc-2026 (docs/reference/countess-3fl-opcua-model.md); no file of an instrument was seen.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal

from automation.kernel.quantity import CellsPerMillilitre, Percent
from instruments.drivers.readers import Reader
from instruments.drivers.result_text import Columns, Fields, decode, has, table, unique
from instruments.interfaces.results import CountRow

SAMPLE, DATE, MODE, TYPE = "Sample name", "Date & Time", "Count mode", "Type"
STAIN, PREDILUTION = "1:1 Stain corrected", "Pre-Dilution corrected"
TOTAL, CELLS = "Total concentration", "Total cells counted"
VIABLE, VIABLE_CELLS = "Live concentration", "Live cells counted"
DEAD, DEAD_CELLS, VIABILITY = "Dead concentration", "Dead cells counted", "Viability (%)"
DIAMETER, PROTOCOL, AGGREGATES = "Live average size (μm)", "Protocol name", "Aggregation(%)"
NEEDED = (
    *(SAMPLE, DATE, MODE, TYPE, STAIN, PREDILUTION, TOTAL, CELLS),
    *(VIABLE, VIABLE_CELLS, DEAD, DEAD_CELLS, VIABILITY),
)
BRIGHTFIELD = "BF-based"  # counted by the stain; else by fluorescence, whose figures mean something else
_FIGURES = (CELLS, VIABLE_CELLS, DEAD_CELLS, TOTAL, VIABLE, DEAD, VIABILITY)
_YES = frozenset({"yes", "true", "1"})
_COLUMNS = Columns(what="a Countess 3 result file", needed=NEEDED)
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:[eE]\+?\d+)?")
_OFF = Decimal(1)  # of a percent: how the instrument rounds is not known


def read(data: bytes, *, name: str = "file") -> tuple[CountRow, ...]:
    """Read a whole result file; raises InputError that names line and column of the first thing not understood."""
    counts = tuple(_count(row) for row in table(decode(data, name), _COLUMNS, name=name))
    unique(((count.sample, count.line) for count in counts), name, column=SAMPLE)
    return counts


def write(rows: Iterable[Mapping[str, str]], header: Iterable[str]) -> str:
    """Write rows under a header, lines ended by CR LF; for the fake."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, tuple(header), restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _count(row: Fields) -> CountRow:
    sample, wrong = row.sample(SAMPLE), _wrong(row)
    if wrong:
        return CountRow(sample=sample, analysed=row.text(DATE), method=row.text(PROTOCOL), line=row.line, error=wrong)
    _agree(row)
    cells, viable_cells, _, total, viable, dead, viability = (_number(row, column) for column in _FIGURES)
    diluted = row.text(PREDILUTION).lower()
    aggregates = row.optional(AGGREGATES, _NUMBER)
    return CountRow(
        sample=sample,
        cells=int(cells),
        viable_cells=int(viable_cells),
        total=CellsPerMillilitre(float(total)),
        viable=CellsPerMillilitre(float(viable)),
        dead=CellsPerMillilitre(float(dead)),
        viability=Percent(float(viability)),
        diameter_um=row.optional(DIAMETER, _NUMBER),
        aggregates=None if aggregates is None else Percent(float(aggregates)),
        analysed=row.text(DATE),
        method=row.text(PROTOCOL),
        line=row.line,
        flags=() if diluted in _YES else (f"{PREDILUTION}: {row.text(PREDILUTION) or 'empty'}",),
    )


def _wrong(row: Fields) -> str:
    """Say why a row has no numbers that mean what a count means; empty where it has."""
    if row.text(MODE) != BRIGHTFIELD:
        return f"{MODE} is {row.text(MODE)!r}, not {BRIGHTFIELD}: its figures are not those of live and dead by stain"
    if row.text(STAIN).lower() not in _YES:
        return f"{STAIN} is {row.text(STAIN)!r}: whether the concentration is that of the sample is not known"
    empty = [column for column in _FIGURES if not row.text(column)]
    return f"the instrument wrote nothing in {', '.join(empty)}" if empty else ""


def _number(row: Fields, column: str) -> Decimal:
    return row.number(column, _NUMBER, example="1.42E+06")


def _agree(row: Fields) -> None:
    """Refuse a row whose figures can't belong together, as when two columns were swapped."""
    cells, viable_cells, dead_cells, total, viable, dead, viability = (_number(row, column) for column in _FIGURES)
    for column in (CELLS, VIABLE_CELLS, DEAD_CELLS):
        if _number(row, column) % 1:
            row.refuse("the field is not a whole number of cells", column)
    if viability > 100:
        row.refuse("the viability is above 100 %", VIABILITY)
    if max(viable_cells, dead_cells) > cells:
        row.refuse("more live or dead cells than cells; are the columns swapped?", CELLS)
    if max(viable, dead) > total:
        row.refuse("more live or dead cells/mL than cells/mL; are the columns swapped?", TOTAL)
    seen = viable_cells + dead_cells
    if seen and abs(viability - 100 * viable_cells / seen) > _OFF:
        row.refuse("the field does not follow from live and dead cells; are the columns swapped?", VIABILITY)


READER = Reader("Countess 3 result file (csv)", lambda data: has(data, *NEEDED, of=9), read)
