"""Grammar of a freezing curve in comma-separated text: read by its header, refused with line numbers.

Columns: ``time`` and ``sample`` have to be there, ``chamber`` may be; others are left alone. Each names its unit:
``time [min]``, ``sample (degC)``, ``chamber_degC``, ``time/s``. A time column of date and time needs no unit.
Units:   gives s since the first point and degC. A missing value, ``open``, ``nan`` or an overload of 9.9E37 is a sensor
         fault (``None``); a decimal comma is refused, because it can't be told from a separator.
Source:  RFC 4180 for the text; the names of columns are our own.
"""

import csv
import io
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from automation.formulas.curves import Point
from automation.kernel.errors import InputError
from automation.kernel.quantity import Celsius, Seconds

NAMES = {
    "time": ("time", "elapsed", "t"),
    "chamber": ("chamber", "control", "chamber temperature"),
    "sample": ("sample", "product", "sample temperature"),
}
"""What a column may be called, in lower case, before its unit."""

_TIMES = {"s": 1.0, "sec": 1.0, "seconds": 1.0, "min": 60.0, "minutes": 60.0, "h": 3600.0, "hours": 3600.0}
_CELSIUS = ("degc", "°c", "c", "celsius", "deg c")
_FAULTS = ("", "open", "fault", "break", "nan", "ol", "overload", "-", "--", "---", "----")
_OVERLOAD = 9.9e36
_HEADER = re.compile(r"(?P<name>[a-z][a-z ]*?)[ _]*(?:\[(?P<a>.+)\]|\((?P<b>.+)\)|[/_ ](?P<c>[a-z°]+(?: c)?))?")
_DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True, slots=True)
class _Column:
    place: int
    unit: str


def read(text: str, *, name: str = "curve") -> tuple[Point, ...]:
    """Give the points of a curve; raises InputError with file and line for what is not understood."""
    rows = _rows(text.removeprefix("\ufeff"), name)
    first = next(rows, None)
    if first is None:
        raise InputError("the file has no header", where=f"{name}:1")
    line, header = first
    columns = _columns(header, where=f"{name}:{line}")
    points: list[Point] = []
    start: float | None = None
    for line, row in rows:
        where = f"{name}:{line}"
        if len(row) > len(header):
            raise InputError(f"{len(row)} values under {len(header)} columns; is a comma a decimal point?", where=where)
        at = _time(_cell(row, columns["time"], where), columns["time"].unit, where=where)
        start = at if start is None else start
        chamber = _temperature(_cell(row, columns["chamber"], where), where) if "chamber" in columns else None
        sample = _temperature(_cell(row, columns["sample"], where), where)
        if points and at - start <= float(points[-1].at):
            raise InputError("the time is not after that of the line before; it has to increase", where=where)
        points.append(Point(Seconds(at - start), chamber, sample))
    if not points:
        raise InputError("the file has a header and no reading", where=f"{name}:{line}")
    return tuple(points)


def _rows(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    lines = text.splitlines(keepends=True)
    skipped = next((place for place, line in enumerate(lines) if line.strip() and not line.startswith("#")), len(lines))
    rest = lines[skipped:]
    delimiter = max(_DELIMITERS, key=rest[0].count) if rest else ","
    reader = csv.reader(io.StringIO("".join(rest)), delimiter=delimiter)
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield skipped + reader.line_num, row
    except csv.Error as error:
        raise InputError(f"not comma-separated text: {error}", where=f"{name}:{skipped + reader.line_num}") from None


def _columns(header: Sequence[str], *, where: str) -> dict[str, _Column]:
    found: dict[str, _Column] = {}
    for place, cell in enumerate(header):
        match = _HEADER.fullmatch(" ".join(cell.lower().split()))
        called = match["name"].strip() if match else ""
        meaning = next((key for key, names in NAMES.items() if called in names), None)
        if match is None or meaning is None:
            continue
        if meaning in found:
            raise InputError(
                f"two columns are the {meaning}: the second is column {place + 1}; remove one", where=where
            )
        found[meaning] = _Column(place, _unit(meaning, match["a"] or match["b"] or match["c"] or "", where=where))
    missing = [key for key in ("time", "sample") if key not in found]
    if missing:
        raise InputError(
            f"no column {' and '.join(missing)} among the {len(header)} of the file; for example 'time [s]'",
            where=where,
        )
    return found


def _unit(meaning: str, unit: str, *, where: str) -> str:
    if meaning == "time" and (unit in _TIMES or not unit):
        return unit
    if meaning != "time" and unit in _CELSIUS:
        return unit
    allowed = "s, min or h" if meaning == "time" else "degC"
    raise InputError(f"the {meaning} column has {'another' if unit else 'no'} unit; {allowed} is needed", where=where)


def _cell(row: Sequence[str], column: _Column, where: str) -> str:
    if column.place >= len(row):
        raise InputError(f"the line has {len(row)} columns; column {column.place + 1} is needed", where=where)
    return row[column.place].strip()


def _time(cell: str, unit: str, *, where: str) -> float:
    if unit:
        return _number(cell, where, what="time") * _TIMES[unit]
    try:
        moment = datetime.fromisoformat(cell)
    except ValueError:
        raise InputError(
            "the time has no unit; a unit in the header is needed, or date and time", where=where
        ) from None
    return (moment.replace(tzinfo=None) - (moment.utcoffset() or _NO_OFFSET) - _EPOCH).total_seconds()


def _temperature(cell: str, where: str) -> Celsius | None:
    if cell.lower() in _FAULTS:
        return None
    value = _number(cell, where, what="temperature")
    if abs(value) >= _OVERLOAD:
        return None
    if not -273.15 <= value <= 1000.0:
        raise InputError("the temperature is out of range; -273.15 to 1000 degC is possible", where=where)
    return Celsius(value)


def _number(cell: str, where: str, *, what: str) -> float:
    if "," in cell:
        raise InputError(f"{what} has a decimal comma: write the decimal point as '.', not ','", where=where)
    try:
        value = float(cell)
    except ValueError:
        raise InputError(f"{what} is no number; a number is needed", where=where) from None
    if not math.isfinite(value):
        raise InputError(f"{what} is not finite; a finite number is needed", where=where)
    return value


_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  offsets are taken off before
_NO_OFFSET = _EPOCH - _EPOCH
