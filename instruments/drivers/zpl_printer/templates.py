"""Where things stand on a label: symbol on the left, lines on the right, marks large below them, the number last.

Units:  mm on the label, dots in a format.
Source: layout of this project; a template never changes under the same version, because printed labels name it.
"""

from dataclasses import dataclass

from automation.kernel.errors import RefusedError
from instruments.drivers.zpl_printer.wire import symbol, zpl
from instruments.interfaces.label_printer import Label

KNOWN = (("container", "1"),)
MARGIN = 1.5  # mm
GAP = 1.0  # mm between symbol and text
MODULE = 0.5  # mm, edge of one module of the symbol
LINE = 2.5  # mm, height of a line with its distance
MARK = 4.5  # mm, height of a mark with its distance
INK = 0.85  # share of that height which the characters take


@dataclass(frozen=True, slots=True)
class Stock:
    """The labels in the printer: width and height in mm, and the printer's dots per mm."""

    width: float = 100.0
    height: float = 50.0
    dots: int = 8


def draw(label: Label, stock: Stock) -> bytes:
    """Write the format of a label; raises RefusedError for an unknown template and for what does not fit."""
    if (label.template, label.template_version) not in KNOWN:
        known = ", ".join(f"{name} {version}" for name, version in KNOWN)
        msg = f"template is {label.template!r} version {label.template_version!r}; known: {known}"
        raise RefusedError(msg)
    picture = zpl.Picture(_at(MARGIN, stock), _at(MARGIN, stock), _symbol(label, stock))
    left = MARGIN + GAP + len(picture.dots) / stock.dots
    return zpl.write(
        (picture, *_texts(label, stock, left=left)), width=_at(stock.width, stock), length=_at(stock.height, stock)
    ).encode("ascii")


def _symbol(label: Label, stock: Stock) -> symbol.Bitmap:
    dots = symbol.draw(label.code, module=max(1, round(MODULE * stock.dots)))
    room = min(stock.width, stock.height) - 2 * MARGIN
    if len(dots) > room * stock.dots:
        msg = f"the symbol of {label.code!r} is {len(dots) / stock.dots:.1f} mm wide; {room:.1f} mm fit on the label"
        raise RefusedError(msg)
    return dots


def _texts(label: Label, stock: Stock, *, left: float) -> list[zpl.Text]:
    """Place lines, marks and the number below each other; nothing is cut."""
    placed = [(line, LINE) for line in label.lines]
    placed += [(mark, MARK) for mark in label.marks]
    placed.append((label.id, LINE))
    high = sum(height for _, height in placed)
    if high > stock.height - 2 * MARGIN:
        msg = f"the text of label {label.id} is {high:.1f} mm high; {stock.height - 2 * MARGIN:.1f} mm fit on the label"
        raise RefusedError(msg)
    texts, y = [], MARGIN
    for text, height in placed:
        texts.append(_text(text, stock, at=(left, y), height=height * INK))
        y += height
    return texts


def _text(text: str, stock: Stock, *, at: tuple[float, float], height: float) -> zpl.Text:
    """Make characters narrow enough that the widest of them would fit all along; refuse what no eye could read."""
    tall = _at(height, stock)
    width = min(tall, int((stock.width - MARGIN - at[0]) * stock.dots / max(1, len(text))))
    if width < zpl.SMALLEST:
        most = int((stock.width - MARGIN - at[0]) * stock.dots / zpl.SMALLEST)
        msg = f"line {text!r} has {len(text)} characters; at most {most} fit beside the symbol"
        raise RefusedError(msg)
    return zpl.Text(_at(at[0], stock), _at(at[1], stock), tall, width, text)


def _at(millimetres: float, stock: Stock) -> int:
    return round(millimetres * stock.dots)
