"""Formats in ZPL: text fields and pictures, written for a printer and read again by its fake.

Field data is UTF-8 (``^CI28``); every byte that is not plain, and the characters that ZPL reads itself, are written as
``_xx`` after ``^FH``, so that no text can become a command.
Units:  dots.
Source: ZPL II Programming Guide 45541L-004 Rev. A: ``^FD`` p. 140, ``^FH`` p. 141, ``^GF`` p. 160, and ``^A0``,
        ``^CI``, ``^FO``, ``^LH``, ``^LL``, ``^PQ``, ``^PW``, ``^XA``, ``^XZ``.
"""

import re
from dataclasses import dataclass

from automation.kernel.errors import RefusedError
from instruments.drivers.zpl_printer.wire.symbol import Bitmap

START, STOP = "^XA", "^XZ"
SMALLEST = 10  # dots, height and width of a scalable character
_PLAIN = re.compile(rb"[ !\"#$%&'()*+,\-./0-9:;<=>?@A-Z\[\]`a-z{|}]")  # not ^ ~ _ and not the backslash
_HEX = re.compile(rb"_([0-9A-Fa-f]{2})")
_N = r"(\d{1,5})"  # the guide's largest number of a place, a size or a count of bytes is 99999
_TEXT = re.compile(rf"\^FO{_N},{_N}\^A0N,{_N},{_N}\^FH\^FD([^^~]*)\^FS", re.ASCII)
_PICTURE = re.compile(rf"\^FO{_N},{_N}\^GFA,{_N},{_N},{_N},([0-9A-F]*)\^FS", re.ASCII)
_COPIES = re.compile(r"\^PQ(\d{1,8})", re.ASCII)

_TO_BITS = bytes.maketrans(b"\x00\x01", b"01")  # dots to the digits of a binary number
_FROM_BITS = bytes.maketrans(b"01", b"\x00\x01")


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text at a place, in the scalable font."""

    x: int
    y: int
    height: int
    width: int
    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A bitmap at a place."""

    x: int
    y: int
    dots: Bitmap


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a printer finds in a format."""

    texts: tuple[Text, ...]
    pictures: tuple[Picture, ...]
    copies: int


def write(fields: tuple[Text | Picture, ...], *, width: int, length: int) -> str:
    """Write the format of one label of this size."""
    body = "".join(_picture(field) if isinstance(field, Picture) else _text(field) for field in fields)
    return f"{START}^CI28^LH0,0^PW{width}^LL{length}{body}^PQ1{STOP}"


def escaped(text: str) -> str:
    """Write text as field data behind ``^FH``; raises RefusedError for control characters."""
    if not text.isprintable():
        msg = f"{text!r} holds control characters; a line of a label is printable text"
        raise RefusedError(msg)
    return "".join(chr(byte) if _PLAIN.fullmatch(bytes((byte,))) else f"_{byte:02X}" for byte in text.encode())


def unescaped(data: str) -> str:
    """Read field data behind ``^FH``; bytes that are not UTF-8 become the replacement character."""
    raw = _HEX.sub(lambda found: bytes.fromhex(found.group(1).decode()), data.encode("latin-1", "replace"))
    return raw.decode("utf-8", "replace")


def read(text: str) -> Drawn:
    """Read a format as far as this project writes it; other fields are not seen."""
    texts = [
        Text(int(x), int(y), int(height), int(width), unescaped(data))
        for x, y, height, width, data in _TEXT.findall(text)
    ]
    pictures = [
        Picture(int(x), int(y), _dots(data, count=int(count), row=int(row)))
        for x, y, _, count, row, data in _PICTURE.findall(text)
    ]
    copies = _COPIES.search(text)
    return Drawn(tuple(texts), tuple(pictures), int(copies.group(1)) if copies else 1)


def _text(field: Text) -> str:
    return f"^FO{field.x},{field.y}^A0N,{field.height},{field.width}^FH^FD{escaped(field.text)}^FS"


def _picture(field: Picture) -> str:
    row = -(-len(field.dots[0]) // 8)
    free = 8 * row - len(field.dots[0])  # dots that fill up the last byte
    data = "".join(f"{int(line.translate(_TO_BITS), 2) << free:0{2 * row}X}" for line in field.dots)
    count = row * len(field.dots)
    return f"^FO{field.x},{field.y}^GFA,{count},{count},{row},{data}^FS"


def _dots(data: str, *, count: int, row: int) -> Bitmap:
    """Read the bitmap of a ``^GFA`` field; what is missing is white."""
    if not row:
        return ()
    raw = bytes.fromhex(data.ljust(2 * count, "0")[: 2 * count])
    lines = (int.from_bytes(raw[start : start + row], "big") for start in range(0, count, row))
    return tuple(f"{line:0{8 * row}b}".encode().translate(_FROM_BITS) for line in lines)
