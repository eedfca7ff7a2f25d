"""The Data Matrix symbol of a label as a bitmap, written and read back by the same library as every scanner test.

The symbol is sent as a picture: with the printer's own ``^BX`` the escape character differs between firmwares (``_``
or ``~``), and nothing outside the printer could show before printing what will stand there.
Units:  dots; 1 is black.
Source: ISO/IEC 16022 (ECC 200, quiet zone of at least one module on each side), by zxing-cpp.
"""

import math

from automation.kernel.errors import RefusedError

QUIET = 2  # modules of white on each side
LONGEST = 200  # characters
LARGEST = 65_535  # dots of a side; no label is so large, and the library takes no more

Bitmap = tuple[bytes, ...]
"""Rows of dots, all of one length: a byte of 1 (black) or 0 (white) each."""

_FROM_GREY = bytes([1]) + bytes(255)  # of black 0 to white 255
_TO_GREY = b"\xff\x00" + bytes(254)


def draw(code: str, *, module: int) -> Bitmap:
    """Draw a code with modules of so many dots, quiet zone included.

    Raises RefusedError for what is not printable ASCII, for more than fits, and when it does not read back the same.
    """
    import zxingcpp  # noqa: PLC0415  only where labels are printed

    if not code or len(code) > LONGEST or any(not " " < char <= "~" for char in code):
        msg = f"code is {code!r}; 1 to {LONGEST} printable ASCII characters without blanks are needed"
        raise RefusedError(msg)
    drawn = zxingcpp.create_barcode(code, zxingcpp.BarcodeFormat.DataMatrix, force_square=True)
    image = drawn.to_image(scale=1, add_quiet_zones=False)
    grey, edge = bytes(image), math.isqrt(len(bytes(image)))  # type: ignore[call-overload]  # its stub hides the buffer
    dots = _scaled([grey[at : at + edge].translate(_FROM_GREY) for at in range(0, len(grey), edge)], module)
    back = read(dots)
    if back != (code,):
        msg = f"the symbol of {code!r} reads back as {back}; it is not printed"
        raise RefusedError(msg)
    return dots


def read(dots: Bitmap) -> tuple[str, ...]:
    """Read the symbols in a bitmap as a plain scanner does: neither inverted, rotated nor made smaller."""
    import zxingcpp  # noqa: PLC0415  only where labels are printed

    if not dots or not dots[0] or max(len(dots), len(dots[0])) > LARGEST:
        return ()
    grey = b"".join(dots).translate(_TO_GREY)
    found = zxingcpp.read_barcodes(
        memoryview(grey).cast("B", (len(dots), len(dots[0]))),
        formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.DataMatrix),
        try_rotate=False,
        try_downscale=False,
        try_invert=False,
        text_mode=zxingcpp.TextMode.Plain,
    )
    return tuple(symbol.text for symbol in found)


def _scaled(modules: list[bytes], module: int) -> Bitmap:
    blank, edge = bytes(len(modules) + 2 * QUIET), bytes(QUIET)
    rows = [blank] * QUIET + [edge + row + edge for row in modules] + [blank] * QUIET
    wide = (b"".join(bytes([dot]) * module for dot in row) for row in rows)
    return tuple(line for row in wide for line in (row,) * module)
