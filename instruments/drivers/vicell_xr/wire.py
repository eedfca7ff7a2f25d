"""Result files of the Vi-CELL XR: one count as text of ``name : value``, many as a workbook.

Units:  cells/mL (the file counts in 10^6 cells/mL), %, micrometres.
Source: result files of real instruments, software 2.06.3, test data of Benchling-Open-Source/allotropy (MIT).
        The month stands in letters, so day and month are never mixed up. No zone is stated.
"""

import zipfile
from collections.abc import Iterator
from io import BytesIO

from automation.kernel.quantity import CellsPerMillilitre, Percent
from instruments.drivers import result_dates
from instruments.drivers.agreement import Figures, check_shares
from instruments.drivers.readers import Reader
from instruments.drivers.result_text import Fields, decode, head, refuse, unique
from instruments.drivers.vicell_xr import workbook
from instruments.interfaces.results import CountRow

TITLE, KNOWN = "Vi-CELL XR", "2.06"
MILLION = 10**6
ZIP = b"PK\x03\x04"
SAMPLE, DATE, METHOD, DILUTION = "Sample ID", "RunDate", "Cell type", "Dilution"
CELLS, VIABLE_CELLS, VIABILITY = "Total cells", "Viable cells", "Viability (%)"
TOTAL, VIABLE = "Total cells / ml (x 10^6)", "Total viable cells / ml (x 10^6)"
DIAMETER, INSTRUMENT, LAST = "Average diameter (microns)", "Unit S/N", "ImageBaseName"
NEEDED = (SAMPLE, DATE, CELLS, VIABLE_CELLS, VIABILITY, TOTAL, VIABLE, DILUTION, INSTRUMENT, LAST)
SHEET = {  # title and second line of a column of the workbook: the name of the same figure in the text
    ("Sample ID", ""): SAMPLE,
    ("Sample date/time", ""): DATE,
    ("Cell type", ""): METHOD,
    ("Dilution", "factor"): DILUTION,
    ("Total", "cells"): CELLS,
    ("Viable", "cells"): VIABLE_CELLS,
    ("Viability", "(%)"): VIABILITY,
    ("Total cells", "/ml (x10^6)"): TOTAL,
    ("Viable cells", "/ml (x10^6)"): VIABLE,
    ("Avg. diam.", "(microns)"): DIAMETER,
}
OPTIONAL = {METHOD, DIAMETER}
_COUNTS = Figures(total=CELLS, viable=VIABLE_CELLS, viability=VIABILITY)
_CONCENTRATIONS = Figures(total=TOTAL, viable=VIABLE, viability=VIABILITY, figures=3)


def read(data: bytes, *, name: str = "file") -> tuple[CountRow, ...]:
    """Read a whole result file of either kind; raises InputError that names line and what is not understood."""
    rows = list(_sheet(data, name)) if data.startswith(ZIP) else [_text(data, name)]
    unique(((row.sample, row.line) for row in rows), name, column=SAMPLE)
    return tuple(rows)


def _text(data: bytes, name: str) -> CountRow:
    lines = decode(data, name).splitlines()
    _check_release(lines[0], name)
    found: dict[str, str] = {}
    for number, line in enumerate(lines[1:], 2):
        key, separator, value = line.partition(" :")
        if not separator:
            if line.strip() and not line.endswith(":"):
                refuse("the line is not name : value", name, line=number)
            continue
        if key.strip() in found:
            refuse(f"{key.strip()!r} stands twice", name, line=number)
        found[key.strip()] = value.strip()
    missing = [one for one in NEEDED if one not in found]
    if missing:
        refuse(f"{missing} are missing: the file was cut, or another release wrote it", name, line=len(lines))
    return _count(Fields(found, 1, name), found[INSTRUMENT])


def _sheet(data: bytes, name: str) -> Iterator[CountRow]:
    rows = workbook.rows(data, name=name)
    first = next(iter(rows.values()), {})
    _check_release(first.get("A", ""), name)
    instrument, top = "", 0
    for number, row in rows.items():
        text = row.get("A", "")
        if text.startswith(INSTRUMENT):
            instrument = text.partition(":")[2].strip()
        if text.strip() == SAMPLE:
            top = number
            break
    if not top:
        refuse("the sheet has no line of titles that begins with 'Sample ID'", name, line=1)
    columns = _columns(rows.get(top, {}), rows.get(top + 1, {}), name=name, line=top)
    body = {number: row for number, row in rows.items() if number > top + 1 and any(v.strip() for v in row.values())}
    if not body:
        refuse("there are titles and no result", name, line=top)
    for number, row in body.items():
        yield _count(
            Fields({columns[one]: text for one, text in row.items() if one in columns}, number, name), instrument
        )


def _columns(titles: dict[str, str], below: dict[str, str], *, name: str, line: int) -> dict[str, str]:
    """Give the figure of each column letter, by the two lines of titles."""
    pairs = {one: (titles[one].strip(), below.get(one, "").strip()) for one in titles}
    found = {one: SHEET[pair] for one, pair in pairs.items() if pair in SHEET}
    missing = [pair for pair, figure in SHEET.items() if figure not in found.values() and figure not in OPTIONAL]
    if missing or len(set(found.values())) < len(found):
        said = [" ".join(pair).strip() for pair in missing]
        refuse(f"columns {said} are missing" if missing else "a column stands twice", name, line=line)
    return found


def _check_release(first: str, name: str) -> None:
    if not first.startswith(f"{TITLE} {KNOWN}"):
        refuse(f"another release wrote the file; known is {TITLE} {KNOWN}", name, line=1)


def _count(row: Fields, instrument: str) -> CountRow:
    cells, viable_cells = row.whole(CELLS), row.whole(VIABLE_CELLS)
    total, viable, viability = row.number(TOTAL), row.number(VIABLE), row.number(VIABILITY)
    check_shares(row, _COUNTS, (row.number(CELLS), row.number(VIABLE_CELLS), viability))
    check_shares(row, _CONCENTRATIONS, (total, viable, viability))
    dilution = row.number(DILUTION)
    if dilution <= 0:
        row.refuse("the dilution is not above 0", DILUTION)
    date = result_dates.Written(row.text(DATE), row.line, DATE)
    return CountRow(
        sample=row.sample(SAMPLE),
        cells=cells,
        viable_cells=viable_cells,
        total=CellsPerMillilitre(float(total * MILLION)),
        viable=CellsPerMillilitre(float(viable * MILLION)),
        viability=Percent(float(viability)),
        diameter_um=row.optional(DIAMETER),
        dilution=dilution,
        analysed=date.text,
        analysed_local=result_dates.named(date, row.name),
        method=row.text(METHOD),
        instrument=instrument,
        line=row.line,
    )


def _claims(data: bytes) -> bool:
    """Recognise the title of the text, or of the first shared text of a workbook; a cut workbook has lost its index."""
    if not data.startswith(ZIP):
        return TITLE in head(data)[:40] or all(f"{one} :" in head(data) for one in (SAMPLE, CELLS, INSTRUMENT))
    try:
        with zipfile.ZipFile(BytesIO(data)) as pack, pack.open(workbook.STRINGS) as strings:
            return TITLE.encode() in strings.read(4096)
    except workbook.DAMAGED:
        return b"xl/worksheets/" in data


READER = Reader("Vi-CELL XR result file (txt, xlsx)", _claims, read)
