"""Signals of one 96-well plate as comma-separated text: one line a well, read by header, refused when not understood.

The columns are ours and no maker's; whoever exports a list of wells can give it these names. What a well holds stands
beside its signal, so that a plate which was turned around or laid out otherwise is found.
Units:  as the column ``Unit`` says, the same in every line.
Source: ANSI SLAS 4-2004 (R2012) for the names of wells, A1 to H12; RFC 4180 for comma-separated text.
"""

import re
from collections.abc import Iterable, Mapping

from instruments.drivers.readers import Reader
from instruments.drivers.result_text import SIGNED, Columns, Fields, decode, has, table
from instruments.interfaces.results import WellRow

PLATE, WELL, CONTENT, SAMPLE, SIGNAL, UNIT, TIME = "Plate", "Well", "Content", "Sample", "Signal", "Unit", "Measured"
NEEDED = (PLATE, WELL, CONTENT, SAMPLE, SIGNAL, UNIT, TIME)
CONTENTS = ("standard", "blank", "sample", "empty")
_COLUMNS = Columns(what="a list of wells", needed=NEEDED)
_WELL = re.compile(r"[A-H](?:[1-9]|1[0-2])")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?")


def read(data: bytes, *, name: str = "file") -> tuple[WellRow, ...]:
    """Read a whole file; raises InputError that names line and column of the first thing not understood."""
    rows = table(decode(data, name), _COLUMNS, name=name)
    first, seen = rows[0], dict[str, int]()
    for row in rows:
        well = row.text(WELL)
        if not _WELL.fullmatch(well):
            row.refuse("the field is no well of 96: A1 to H12", WELL)
        if well in seen:
            row.refuse(f"the well stands in line {seen[well]} already", WELL)
        seen[well] = row.line
        for column in (PLATE, UNIT, TIME):
            if not row.text(column) or row.text(column) != first.text(column):
                row.refuse("the field is not that of the first line; a file is of one plate, read once", column)
    return tuple(_row(row) for row in rows)


def write(rows: Iterable[Mapping[str, str]]) -> bytes:
    """Write rows by column as a list of wells."""
    return ("\n".join([",".join(NEEDED), *(",".join(row[one] for one in NEEDED) for row in rows)]) + "\n").encode()


def _row(row: Fields) -> WellRow:
    content = row.text(CONTENT)
    if content not in CONTENTS:
        row.refuse(f"the field is none of {', '.join(CONTENTS)}", CONTENT)
    if content == "sample":
        sample = row.sample(SAMPLE)
    elif row.text(SAMPLE):
        row.refuse(f"a well that holds {content} is of no sample", SAMPLE)
    else:
        sample = ""
    if not _TIME.fullmatch(row.text(TIME)):
        row.refuse("the field is no moment such as 2026-01-05T09:20", TIME)
    return WellRow(
        sample=sample,
        plate=row.text(PLATE),
        well=row.text(WELL),
        content=content,
        signal=row.number(SIGNAL, SIGNED),
        unit=row.text(UNIT),
        analysed=row.text(TIME),
        analysed_local=row.text(TIME),
        line=row.line,
    )


READER = Reader("list of the wells of a plate (csv)", lambda data: has(data, WELL, CONTENT, SIGNAL, PLATE), read)
