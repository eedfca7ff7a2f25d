"""The Data Matrix symbol of a label as a bitmap, written and read back by the same library as every scanner test.

The symbol is sent as a picture: with the printer's own ``^BX`` the escape character differs between firmwares (``_``
or ``~``), and nothing outside the printer could show before printing what will stand there.
Units:  dots; True is black.
Source: ISO/IEC 16022 (ECC 200, quiet zone of at least one module on each side), by zxing-cpp.
"""

import math

from automation.kernel.errors import RefusedError

QUIET = 2  # modules of white on each side
LONGEST = 200  # characters

Bitmap = tuple[tuple[bool, ...], ...]
"""Rows of dots, all of one length."""


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
    dots = _scaled([[value == 0 for value in grey[at : at + edge]] for at in range(0, len(grey), edge)], module)
    back = read(dots)
    if back != (code,):
        msg = f"the symbol of {code!r} reads back as {back}; it is not printed"
        raise RefusedError(msg)
    return dots


def read(dots: Bitmap) -> tuple[str, ...]:
    """Read the symbols in a bitmap as a plain scanner does: neither inverted, rotated nor made smaller."""
    import zxingcpp  # noqa: PLC0415  only where labels are printed

    if not dots or not dots[0]:
        return ()
    grey = bytes(0 if black else 255 for row in dots for black in row)
    found = zxingcpp.read_barcodes(
        memoryview(grey).cast("B", (len(dots), len(dots[0]))),
        formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.DataMatrix),
        try_rotate=False,
        try_downscale=False,
        try_invert=False,
        text_mode=zxingcpp.TextMode.Plain,
    )
    return tuple(symbol.text for symbol in found)


def _scaled(modules: list[list[bool]], module: int) -> Bitmap:
    blank = [False] * (len(modules) + 2 * QUIET)
    edge = [False] * QUIET
    rows = [blank] * QUIET + [edge + row + edge for row in modules] + [blank] * QUIET
    return tuple(tuple(dot for dot in row for _ in range(module)) for row in rows for _ in range(module))
