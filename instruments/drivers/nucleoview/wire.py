"""Result files of NucleoView: one count in lines of ``name;value``, complete only with the mark of its last line.

Units:  cells/mL, %, micrometres. The file states its own offset from UTC in hours.
Source: result files of real instruments, test data of Benchling-Open-Source/allotropy (MIT), csv file version 2.
        How the eight digits of the last line follow from the others is not public: they have to be there, no more.
"""

import re
from datetime import datetime, timedelta, timezone

from automation.kernel.quantity import CellsPerMillilitre, Percent
from instruments.drivers.agreement import Figures, check_shares, check_sum
from instruments.drivers.readers import Reader
from instruments.drivers.result_text import Fields, decode, has, refuse
from instruments.interfaces.results import CountRow

IMAGE, SAMPLE, METHOD = "Image", "Sample ID", "Protocol template title"
TOTAL, LIVE, DEAD, VIABILITY = "Total (cells/ml)", "Live (cells/ml)", "Dead (cells/ml)", "Viability (%)"
DIAMETER, AGGREGATES = "Estimated cell diameter (um)", "(%) of cells in aggregates with five or more cells"
DILUTION, INSTRUMENT = "Multiplication factor", "Instrument s/n"
DATE, OFFSET, VERSION = "Date time", "Time zone offset", "csv file version"
NEEDED = (IMAGE, TOTAL, LIVE, DEAD, VIABILITY, DILUTION, INSTRUMENT, DATE, OFFSET, VERSION)
KNOWN = "2"  # version of the file
FIGURES = 3
_CONCENTRATION = re.compile(r"\d\.\d+E\d")
_LAST = re.compile(r"//\[[0-9A-F]{8}\]")
_OFFSET = re.compile(r"[+-]?\d{1,2}(?:\.\d+)?")
_SHARES = Figures(total=TOTAL, viable=LIVE, viability=VIABILITY, figures=FIGURES)


def read(data: bytes, *, name: str = "file") -> tuple[CountRow, ...]:
    """Read a whole result file; raises InputError that names line and what is not understood."""
    row = _fields(decode(data, name, whole_lines=False), name)
    if row.text(VERSION) != KNOWN:
        row.refuse(f"the file has another version; known is {KNOWN}", VERSION)
    total, live, dead = (row.number(column, _CONCENTRATION, example="2.45E6") for column in (TOTAL, LIVE, DEAD))
    viability = row.number(VIABILITY)
    check_sum(row, DEAD, (live, dead), whole=total, figures=FIGURES)
    check_shares(row, _SHARES, (total, live, viability))
    aggregates = row.optional(AGGREGATES)
    counted = CountRow(
        sample=row.text(SAMPLE) or _sample(row),
        total=CellsPerMillilitre(float(total)),
        viable=CellsPerMillilitre(float(live)),
        dead=CellsPerMillilitre(float(dead)),
        viability=Percent(float(viability)),
        diameter_um=row.optional(DIAMETER),
        aggregates=None if aggregates is None else Percent(float(aggregates)),
        dilution=row.number(DILUTION),
        analysed=row.text(DATE),
        analysed_local=_local(row),
        method=row.text(METHOD),
        instrument=row.text(INSTRUMENT).removeprefix("s/n").strip(),
        line=row.line,
    )
    return (counted,)


def _fields(text: str, name: str) -> Fields:
    """Give the lines by their names; raises InputError for a file that was cut, and for names missing or double."""
    lines = text.splitlines()
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines or not _LAST.fullmatch(lines[-1].strip()):
        refuse(
            "the last line //[........] is missing: the file was cut or is still being written", name, line=len(lines)
        )
    found: dict[str, str] = {}
    for number, line in enumerate(lines[1:-1], 2):
        key, separator, value = line.partition(";")
        if not key.strip():
            continue
        if not separator:
            refuse("the line is not name;value", name, line=number)
        if key.strip() in found:
            refuse(f"{key.strip()!r} stands twice", name, line=number)
        found[key.strip()] = value.rstrip().removesuffix(";")
    missing = [one for one in NEEDED if one not in found]
    if missing:
        refuse(f"{missing} are missing; a NucleoView result file has {list(NEEDED)} and others", name, line=1)
    return Fields(found, 1, name)


def _sample(row: Fields) -> str:
    """Give what the operator named: the name of an image is day, number and ``c``, then that."""
    parts = row.text(IMAGE).split("-", 3)
    if len(parts) < 4 or not parts[3]:
        row.refuse("the name of the image does not end with a sample: day-number-c-sample is needed", IMAGE)
    return parts[3]


def _local(row: Fields) -> str:
    try:
        moment = datetime.strptime(row.text(DATE), "%Y%m%d %H%M%S")  # noqa: DTZ007  the offset is a line of its own
    except ValueError:
        row.refuse("the field is not a date and time such as 20231120 163016", DATE)
    hours = row.number(OFFSET, _OFFSET, example="-7")
    return moment.replace(tzinfo=timezone(timedelta(hours=float(hours)))).isoformat()


READER = Reader("NucleoView result file (csv)", lambda data: has(data, *(f"{one};" for one in NEEDED), of=6), read)
