"""Registers as numbers and texts, and back.

Units:  registers are bytes, high byte first; 32-bit values in the word order of their place.
Source: the maps; IEEE 754 binary32.
"""

import math
import struct

from automation.kernel.errors import RefusedError, WireError
from instruments.drivers.modbus_map.wire.model import Kind, Order, Place

_FORMS = {Kind.INT16: ">h", Kind.UINT16: ">H", Kind.INT32: ">i", Kind.UINT32: ">I", Kind.FLOAT32: ">f"}


def number(place: Place, data: bytes) -> float | None:
    """Give the number in the registers, unscaled; None for a float that is none. Raises WireError for other sizes."""
    form = _FORMS[place.kind]
    if len(data) != struct.calcsize(form):
        raise WireError(f"{len(data)} bytes came for a value of {struct.calcsize(form)}")
    value = float(struct.unpack(form, _ordered(place, data))[0])
    return value if math.isfinite(value) else None


def whole(place: Place, data: bytes) -> int:
    """Give the bits of an unsigned value."""
    return int.from_bytes(_ordered(place, data), "big")


def text(data: bytes) -> str:
    """Give a text up to its first 0, blanks around it removed; raises WireError for what is not printable ASCII."""
    said = data.partition(b"\0")[0].strip()
    if not all(32 <= byte < 127 for byte in said):
        raise WireError(f"{data.hex(' ')} is no text")
    return said.decode("ascii")


def registers(place: Place, value: float) -> bytes:
    """Give the registers that hold a value, scaled; raises RefusedError for one that they can't hold."""
    raw = value / place.scale
    try:
        data = struct.pack(_FORMS[place.kind], raw if place.kind is Kind.FLOAT32 else round(raw))
    except (struct.error, OverflowError, ValueError) as error:
        raise RefusedError(f"{value:g} does not go into {place.kind}") from error
    return _ordered(place, data)


def text_registers(place: Place, said: str) -> bytes:
    """Give the registers that hold a text, filled up with 0."""
    return said.encode("ascii", "replace")[: 2 * place.span.words].ljust(2 * place.span.words, b"\0")


def _ordered(place: Place, data: bytes) -> bytes:
    return data[2:] + data[:2] if place.order is Order.LOW and len(data) == 4 else data
