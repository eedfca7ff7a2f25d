"""The first sheet of a workbook (.xlsx) as rows of text, by the standard library alone.

Shared and inline texts, numbers as written; formulas give the value that was saved with them. Entities are refused,
and so are parts that unpack to more than a result file can hold.
Source: ECMA-376 part 1, 18.3 (sheets) and 18.4 (shared strings).
"""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NoReturn, Protocol
from xml.parsers import expat

from automation.kernel.errors import InputError

MOST = 32 << 20  # bytes of one part, unpacked
SHEET, STRINGS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
_CELL = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, KeyError, EOFError, ValueError, OSError, RuntimeError)
"""What a damaged pack ends in; a RuntimeError is one that is encrypted or packed in a way that nobody writes."""
_INDEX = re.compile(r"[0-9]{1,9}")


def rows(data: bytes, *, name: str) -> dict[int, dict[str, str]]:
    """Give the rows of the first sheet by number, each as text by column letter; raises InputError."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as pack:
            strings = _strings(_part(pack, STRINGS, name=name), name) if STRINGS in pack.namelist() else []
            sheet = _part(pack, SHEET, name=name)
    except DAMAGED as error:
        raise InputError(f"the workbook is damaged or was cut ({error})", where=name) from None
    reader = _Sheet(strings, name)
    _parse(sheet, reader.begin, (reader.text, reader.end), name)
    return reader.found


def _part(pack: zipfile.ZipFile, part: str, *, name: str) -> bytes:
    if pack.getinfo(part).file_size > MOST:
        raise InputError(f"{part} unpacks to more than {MOST} bytes", where=name)
    return pack.read(part)


def _strings(part: bytes, name: str) -> list[str]:
    found: list[str] = []
    inside = False

    def begin(tag: str, _attributes: dict[str, str]) -> None:
        nonlocal inside
        inside = tag == "t"
        if tag == "si":
            found.append("")

    def text(more: str) -> None:
        if inside:
            found[-1] += more

    def end(_tag: str) -> None:
        nonlocal inside
        inside = False

    _parse(part, begin, (text, end), name)
    return found


@dataclass(slots=True)
class _Sheet:
    """Collects the cells of a sheet."""

    strings: list[str]
    name: str
    found: dict[int, dict[str, str]] = field(default_factory=dict)
    _at: tuple[int, str] = (0, "")
    _kind: str = ""
    _inside: bool = False
    _text: str = ""

    def begin(self, tag: str, attributes: dict[str, str]) -> None:
        """Enter an element."""
        if tag == "c":
            place = _CELL.fullmatch(attributes.get("r", ""))
            if place is None:
                raise InputError("a cell of the sheet has no place", where=self.name)
            self._at, self._kind, self._text = (int(place[2]), place[1]), attributes.get("t", "n"), ""
        self._inside = tag in {"v", "t"}

    def text(self, more: str) -> None:
        """Take characters of a value."""
        if self._inside:
            self._text += more

    def end(self, tag: str) -> None:
        """Leave an element; a cell is done."""
        self._inside = False
        if tag != "c" or not self._text:
            return
        row, column = self._at
        if self._kind == "e":
            raise InputError(f"the cell holds the error {self._text}", where=f"{self.name}, cell {column}{row}")
        if self._kind == "s":
            if not _INDEX.fullmatch(self._text) or int(self._text) >= len(self.strings):
                raise InputError(
                    "the cell points to a text that is not there", where=f"{self.name}, cell {column}{row}"
                )
            self._text = self.strings[int(self._text)]
        self.found.setdefault(row, {})[column] = self._text


class _Begin(Protocol):
    def __call__(self, tag: str, attributes: dict[str, str], /) -> None: ...


def _parse(part: bytes, begin: _Begin, rest: tuple[Callable[[str], None], Callable[[str], None]], name: str) -> None:
    """Read a part; raises InputError for XML that is broken or declares entities."""
    parser = expat.ParserCreate()

    def entity(*_declared: object) -> NoReturn:
        raise InputError("the workbook declares entities, which no instrument writes", where=name)

    parser.StartElementHandler = begin
    parser.CharacterDataHandler, parser.EndElementHandler = rest
    parser.EntityDeclHandler = entity
    try:
        parser.Parse(part, True)
    except (expat.ExpatError, LookupError, ValueError) as error:  # the last two: an encoding that nobody knows
        raise InputError(f"the workbook is damaged ({error})", where=name) from None
