"""Result files of the Vi-CELL BLU: comma-separated text, read by header and refused when anything is not understood.

Units:  cells/mL (the file counts in 10^6 cells/mL), %, micrometres for diameters (not used).
Source: result files of real instruments, test data of Benchling-Open-Source/allotropy (MIT), in UTF-8 and UTF-16, with
        either micro sign. Dates are written in the instrument's locale without saying which.
"""

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import NoReturn

from automation.kernel.errors import InputError
from automation.kernel.quantity import CellsPerMillilitre, Percent

SAMPLE, CELLS, VIABLE_CELLS = "Sample ID", "Cell count", "Viable cells"
TOTAL, VIABLE, VIABILITY = "Total (x10^6) cells/mL", "Viable (x10^6) cells/mL", "Viability (%)"
ANALYSED, DILUTION = "Analysis date/time", "Dilution"
NEEDED = (SAMPLE, CELLS, VIABLE_CELLS, TOTAL, VIABLE, VIABILITY, ANALYSED, DILUTION)
MARK = "ERROR"  # what the instrument writes instead of a number it has not
MILLION = 10**6  # the file's concentrations are in 10^6 cells/mL
_MARKED = (CELLS, VIABLE_CELLS, TOTAL, VIABLE, VIABILITY)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}) (\d{1,2}):(\d{2})(?::(\d{2}))?(?: ([AP]M))?")
_ROUNDING = Decimal("0.011")  # 10^6 cells/mL: two figures with two decimals each; viability adds its share of the total
_SHARE = Decimal("0.011")  # of a percent: viability is written with two decimals at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """One row as it stands in the file; numbers that the instrument marked as errors are None."""

    sample: str
    cells: int | None
    viable_cells: int | None
    total: CellsPerMillilitre | None
    viable: CellsPerMillilitre | None
    viability: Percent | None
    dilution: Decimal
    analysed: str  # as written
    analysed_local: str  # ISO 8601 without zone; empty while day and month can't be told apart
    line: int
    error: str = ""


def read(data: bytes, *, name: str = "file") -> tuple[Count, ...]:
    """Read a whole result file; raises InputError that names line and column of the first thing not understood."""
    text = _decode(data, name)
    header, rows = _table(text, name)
    counts = [_count(_Row(dict(zip(header, fields, strict=True)), line, name)) for line, fields in rows]
    seen: dict[str, int] = {}
    for count in counts:
        if count.sample in seen:
            _refuse(
                f"the sample stands in line {seen[count.sample]} already",
                name,
                line=count.line,
                column=SAMPLE,
            )
        seen[count.sample] = count.line
    return _dated(counts, name)


def write(rows: Iterable[Mapping[str, str]], header: Iterable[str]) -> str:
    """Write rows as the instrument does, lines ended by CR LF; for the fake."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, tuple(header), restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class _Row:
    """One line by column; raises InputError for a field that is not what its column holds."""

    fields: Mapping[str, str]
    line: int
    name: str

    def number(self, column: str) -> Decimal:
        """Give a plain decimal number, as written."""
        text = self.fields[column].strip()
        if "," in text:
            self.refuse("the field has a decimal comma; export with the decimal point", column)
        if not _NUMBER.fullmatch(text):
            self.refuse("the field is not a number such as 0.78", column)
        return Decimal(text)

    def marked(self, column: str) -> Decimal | None:
        """Give a number, or None where the instrument wrote its mark."""
        return None if self.fields[column].strip() == MARK else self.number(column)

    def whole(self, column: str) -> int | None:
        """Give a whole number, or None where the instrument wrote its mark."""
        value = self.marked(column)
        if value is not None and value != int(value):
            self.refuse("the field is not a whole number of cells", column)
        return None if value is None else int(value)

    def refuse(self, message: str, column: str) -> NoReturn:
        """Raise InputError that names the place."""
        _refuse(message, self.name, line=self.line, column=column)


def _decode(data: bytes, name: str) -> str:
    """Give the text of a file in UTF-8 or UTF-16; raises InputError for another encoding or a cut character."""
    if not data.strip():
        _refuse("the file is empty", name, line=1)
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if not wide and b"\0" in data[:64]:
        _refuse("this looks like UTF-16 without its byte order mark; export again", name, line=1)
    try:
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        _refuse(
            f"byte {error.start} is not {'UTF-16' if wide else 'UTF-8'} ({error.reason}); export again", name, line=line
        )
    if not text.endswith("\n"):
        _refuse("the file ends in the middle of a line: it was cut or is still being written", name, line=_lines(text))
    return text


def _table(text: str, name: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Split into header and numbered rows; raises InputError for columns that are missing, double or too many."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [unicodedata.normalize("NFKC", field.strip()) for field in next(reader)]
        rows = [(reader.line_num, fields) for fields in reader if fields]
    except csv.Error as error:
        _refuse(f"the quotes do not match ({error})", name, line=reader.line_num)
    if len(header) == 1 and ";" in header[0]:
        _refuse(
            "the fields are separated by ';', as with decimal commas; export with ',' and the decimal point",
            name,
            line=1,
        )
    missing = [column for column in NEEDED if column not in header]
    double = sorted({column for column in header if header.count(column) > 1})
    if missing or double:
        wrong = f"columns {missing} are missing" if missing else f"columns {double} stand twice"
        _refuse(f"{wrong}; a Vi-CELL BLU result file has {list(NEEDED)} and others, in any order", name, line=1)
    if not rows:
        _refuse("there is a header and no result", name, line=1)
    for line, fields in rows:
        if len(fields) < len(header):
            _refuse(f"the line ends before column {header[len(fields)]!r}: it was cut", name, line=line)
        if len(fields) > len(header):
            _refuse(f"{len(fields)} fields for {len(header)} columns; is there a decimal comma?", name, line=line)
    return header, rows


def _count(row: _Row) -> Count:
    sample = row.fields[SAMPLE].strip()
    if not sample:
        row.refuse("the sample has no identifier", SAMPLE)
    cells, viable_cells = row.whole(CELLS), row.whole(VIABLE_CELLS)
    total, viable, viability = row.marked(TOTAL), row.marked(VIABLE), row.marked(VIABILITY)
    dilution = row.number(DILUTION)
    if dilution <= 0:
        row.refuse("the dilution is not above 0", DILUTION)
    marks = [column for column in _MARKED if row.fields[column].strip() == MARK]
    if not marks:
        _agree(row)
    return Count(
        sample=sample,
        cells=cells,
        viable_cells=viable_cells,
        total=None if total is None else CellsPerMillilitre(float(total * MILLION)),
        viable=None if viable is None else CellsPerMillilitre(float(viable * MILLION)),
        viability=None if viability is None else Percent(float(viability)),
        dilution=dilution,
        analysed=row.fields[ANALYSED].strip(),
        analysed_local="",
        line=row.line,
        error=f"the instrument wrote {MARK} in {', '.join(marks)}" if marks else "",
    )


def _agree(row: _Row) -> None:
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


def _dated(counts: list[Count], name: str) -> tuple[Count, ...]:
    """Give each count its local time where the file shows which comes first, month or day."""
    dates = [_date(count, name) for count in counts]
    day_first = next((date for date in dates if date.first > 12), None)
    month_first = next((date for date in dates if date.second > 12), None)
    if day_first and month_first:
        _refuse(
            f"the day comes first here and second in line {month_first.line}",
            name,
            line=day_first.line,
            column=ANALYSED,
        )
    known = bool(day_first or month_first)
    return tuple(
        replace(count, analysed_local=_local(date, day_first=bool(day_first), name=name) if known or date.same else "")
        for count, date in zip(counts, dates, strict=True)
    )


@dataclass(frozen=True, slots=True)
class _Date:
    """A date as written: two numbers that are month and day in some order, then the rest."""

    first: int
    second: int
    year: int
    clock: tuple[int, int, int]
    line: int

    @property
    def same(self) -> bool:
        """Tell whether the order makes no difference."""
        return self.first == self.second


def _date(count: Count, name: str) -> _Date:
    found = _DATE.fullmatch(count.analysed)
    if found is None:
        _refuse("the field is not a date and time such as 3/21/2022 16:56", name, line=count.line, column=ANALYSED)
    first, second, year, hour, minute, seconds, half = found.groups()
    hours = int(hour) if half is None else int(hour) % 12 + (12 if half == "PM" else 0)
    return _Date(int(first), int(second), int(year), (hours, int(minute), int(seconds or 0)), count.line)


def _local(date: _Date, *, day_first: bool, name: str) -> str:
    month, day = (date.second, date.first) if day_first else (date.first, date.second)
    try:
        moment = datetime(date.year, month, day, *date.clock)  # noqa: DTZ001  the file does not tell its zone
    except ValueError as error:
        _refuse(f"the date does not exist: {error}", name, line=date.line, column=ANALYSED)
    return moment.isoformat()


def _lines(text: str) -> int:
    return text.count("\n") + 1


def _refuse(message: str, name: str, *, line: int, column: str = "") -> NoReturn:
    place = f"{name}, line {line}" + (f", column {column!r}" if column else "")
    raise InputError(message, where=place)
