"""Text of result files: bytes to characters, characters to fields, fields to numbers; each by rule, nothing guessed.

An encoding is told by its mark: UTF-16 and UTF-8 by the byte order mark, UTF-8 without one. Latin-1 has no mark; it is
taken only where a reader allows it, and only when its sole characters beyond ASCII are the signs for micro and degree.
Units:  none; numbers are decimals as written.
Source: Unicode 15 ch. 23.8 (byte order mark); RFC 4180 for comma-separated text.
"""

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NoReturn

from automation.kernel.errors import InputError

HEAD = 4096  # bytes by which a format is recognised
PLAIN = re.compile(r"\d+(?:\.\d+)?")
SIGNED = re.compile(r"-?\d+(?:\.\d+)?")
_CUT = "the file ends in the middle of a line: it was cut or is still being written"
_SIGNS = frozenset(b"\xb5\xb0")  # micro and degree in Latin-1


def refuse(message: str, name: str, *, line: int, column: str = "") -> NoReturn:
    """Raise InputError that names file, line and column."""
    place = f"{name}, line {line}" + (f", column {column!r}" if column else "")
    raise InputError(message, where=place)


def head(data: bytes) -> str:
    """Give the beginning of a file as text, damaged characters left out; only to recognise what it is."""
    start = data[:HEAD]
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = start.decode("utf-16", "ignore")
    elif b"\0" in start[:64]:
        text = start.replace(b"\0", b"").decode("latin-1")
    else:
        text = start.decode("utf-8-sig", "ignore")
    return unicodedata.normalize("NFKC", text)


def decode(data: bytes, name: str, *, latin_signs: bool = False, whole_lines: bool = True) -> str:
    """Give the text of a file; raises InputError for another encoding, a cut character or a cut line.

    ``latin_signs`` allows Latin-1 by the rule of the module; ``whole_lines`` False lets the last line have no end.
    """
    if not data.strip():
        refuse("the file is empty", name, line=1)
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if not wide and b"\0" in data[:64]:
        refuse("this looks like UTF-16 without its byte order mark; export again", name, line=1)
    encoding = "utf-16" if wide else "utf-8-sig"
    if latin_signs and not wide and _latin(data):
        encoding = "latin-1"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        refuse(
            f"byte {error.start} is not {'UTF-16' if wide else 'UTF-8'} ({error.reason}); export again", name, line=line
        )
    if whole_lines and not text.endswith("\n"):
        refuse(_CUT, name, line=text.count("\n") + 1)
    return text


def _latin(data: bytes) -> bool:
    """Tell whether the only bytes beyond ASCII are Latin-1 signs; such bytes alone never are UTF-8."""
    beyond = {byte for byte in data if byte > 0x7F}
    return bool(beyond) and beyond <= _SIGNS


@dataclass(frozen=True, slots=True)
class Fields:
    """One line by column; raises InputError for a field that is not what its column holds."""

    fields: Mapping[str, str]
    line: int
    name: str
    cut: str = ""  # the column that is left out: it ends a line without end, and nobody can tell whether it was cut

    @property
    def notes(self) -> tuple[str, ...]:
        """Tell what is left out of the line."""
        return (f"the last line has no end, so its field {self.cut!r} is not used",) if self.cut else ()

    def text(self, column: str) -> str:
        """Give a field without the blanks around it; empty where the file has no such column."""
        return unicodedata.normalize("NFKC", self.fields.get(column, "")).strip()

    def number(self, column: str, grammar: re.Pattern[str] = PLAIN, *, example: str = "0.78") -> Decimal:
        """Give a decimal number, as written; blanks between thousands go where the grammar allows them."""
        text = self.text(column)
        if "," in text:
            self.refuse("the field has a decimal comma; export with the decimal point", column)
        if column == self.cut:
            self.refuse(_CUT, column)
        if not grammar.fullmatch(text):
            self.refuse(f"the field is not a number such as {example}", column)
        return Decimal(text.replace(" ", ""))

    def optional(self, column: str, grammar: re.Pattern[str] = PLAIN) -> Decimal | None:
        """Give a number, or None where the field is empty or the file has no such column."""
        return self.number(column, grammar) if self.text(column) else None

    def marked(self, column: str, mark: str) -> Decimal | None:
        """Give a number, or None where the instrument wrote its mark."""
        return None if self.text(column) == mark else self.number(column)

    def whole(self, column: str, mark: str = "\0") -> int | None:
        """Give a whole number, or None where the instrument wrote its mark."""
        value = self.marked(column, mark)
        if value is not None and value != int(value):
            self.refuse("the field is not a whole number of cells", column)
        return None if value is None else int(value)

    def sample(self, column: str) -> str:
        """Give the identifier of the sample, which has to be there."""
        found = self.fields.get(column, "").strip()
        if column == self.cut:
            self.refuse(_CUT, column)
        if not found:
            self.refuse("the sample has no identifier", column)
        return found

    def refuse(self, message: str, column: str) -> NoReturn:
        """Raise InputError that names the place."""
        refuse(message, self.name, line=self.line, column=column)


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What the header of a table has to have; the order is free, and others may stand beside."""

    what: str  # "a Vi-CELL BLU result file"
    needed: Sequence[str]
    end: bool = False  # every line ends with one more comma
    open_end: bool = False  # the instrument writes no line end after the last line


def table(text: str, columns: Columns, *, name: str) -> list[Fields]:
    """Split comma-separated text by its header; raises InputError for columns missing or double, and cut lines."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [unicodedata.normalize("NFKC", field.strip()) for field in next(reader)]
        rows = [(reader.line_num, fields) for fields in reader if fields]
    except csv.Error as error:
        refuse(f"the quotes do not match ({error})", name, line=reader.line_num)
    if columns.end and header[-1] == "":
        header = header[:-1]
        rows = [(line, fields[:-1] if fields[-1] == "" else fields) for line, fields in rows]
    _check_header(header, name, columns)
    if not rows:
        refuse("there is a header and no result", name, line=1)
    for line, fields in rows:
        if len(fields) < len(header):
            refuse(f"the line ends before column {header[len(fields)]!r}: it was cut", name, line=line)
        if len(fields) > len(header):
            refuse(f"{len(fields)} fields for {len(header)} columns; is there a decimal comma?", name, line=line)
    found = [Fields(dict(zip(header, fields, strict=True)), line, name) for line, fields in rows]
    if columns.open_end and not text.endswith("\n"):
        *_, last = header
        found[-1] = replace(found[-1], fields={**found[-1].fields, last: ""}, cut=last)
    return found


def _check_header(header: list[str], name: str, columns: Columns) -> None:
    if len(header) == 1 and ";" in header[0]:
        refuse(
            "the fields are separated by ';', as with decimal commas; export with ',' and the decimal point",
            name,
            line=1,
        )
    missing = [column for column in columns.needed if column not in header]
    double = sorted({column for column in header if header.count(column) > 1})
    if missing or double:
        wrong = f"columns {missing} are missing" if missing else f"columns {double} stand twice"
        refuse(f"{wrong}; {columns.what} has {list(columns.needed)} and others, in any order", name, line=1)


def unique(samples: Iterable[tuple[str, int]], name: str, *, column: str) -> None:
    """Raise InputError when a sample stands in two lines."""
    seen: dict[str, int] = {}
    for sample, line in samples:
        if sample in seen:
            refuse(f"the sample stands in line {seen[sample]} already", name, line=line, column=column)
        seen[sample] = line


def has(data: bytes, *words: str, of: int = 0) -> bool:
    """Tell whether at least ``of`` of these words (all unless stated) stand at the beginning of a file."""
    text = head(data)
    return sum(word in text for word in words) >= (of or len(words))
