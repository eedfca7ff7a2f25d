"""Modbus RTU frames: requests and the replies that fit them; no I/O, no clock.

Other framings (``modbus_lines``) are turned into this one, so that there is one judge of what answers what.
Units:  registers are unsigned 16-bit words, high byte first.
Source: MODBUS over Serial Line 1.02 (CRC-16, polynomial 0xA001, low byte first on the wire); MODBUS Application
        Protocol 1.1b3 (functions 1, 2, 3, 4, 6, 8 and 16).
"""

import struct
from typing import NamedTuple

from automation.kernel.errors import RefusedError, WireError

READ_COILS, READ_DISCRETE, READ, READ_INPUT, WRITE_ONE, LOOPBACK, WRITE = 1, 2, 3, 4, 6, 8, 16
MOST_READ = 125  # registers in one reply, by the Modbus specification
MOST_BITS = 2000  # coils or discrete inputs in one reply
SHORTEST = 4  # bytes: address, function, CRC

EXCEPTIONS = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "device failure",
    6: "device busy",
}
"""Exception codes of the Modbus Application Protocol 1.1b3, section 7."""


def _table() -> tuple[int, ...]:
    rows = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
        rows.append(crc)
    return tuple(rows)


_CRC = _table()


def crc(data: bytes) -> int:
    """Give the CRC-16 of bytes; over a whole frame it is 0."""
    value, table = 0xFFFF, _CRC
    for byte in data:
        value = value >> 8 ^ table[(value ^ byte) & 0xFF]
    return value


def seal(body: bytes) -> bytes:
    """Give a frame: the body and its CRC, low byte first."""
    return body + crc(body).to_bytes(2, "little")


class _Exchange:
    """A request, and how to know its reply."""

    __slots__ = ("_error", "_head", "_length", "frame")

    def __init__(self, body: bytes, head: bytes, *, length: int) -> None:
        self.frame = seal(body)
        self._head = head  # how a good reply begins
        self._length = length
        self._error = bytes((body[0], body[1] | 0x80))

    def complete(self, data: bytes) -> int:
        """Give the length of the reply when it is whole, else 0; raises WireError for what can't be a reply to this."""
        if data.startswith(self._head):
            length = self._length
        elif data.startswith(self._error):
            length = 5
        elif self._head.startswith(data):
            return 0
        else:
            msg = f"reply {data[:16].hex(' ')} does not answer {self.frame.hex(' ')}"
            raise WireError(msg)
        if len(data) < length:
            return 0
        if crc(data[:length]):
            msg = f"reply {data[:length].hex(' ')} has a wrong CRC"
            raise WireError(msg)
        return length

    def check(self, reply: bytes) -> None:
        """Raise RefusedError when the complete reply is an exception of the device."""
        if reply[1] & 0x80:
            code = reply[2]
            msg = f"the controller refused {self.frame.hex(' ')}: exception {code} ({EXCEPTIONS.get(code, 'unknown')})"
            raise RefusedError(msg)


class Read(_Exchange):
    """Function 3, or 4: read ``count`` (1..125) registers from ``start`` (0..65535) of the device ``unit`` (0..255)."""

    __slots__ = ("_data",)

    def __init__(self, unit: int, start: int, *, count: int, function: int = READ) -> None:
        head = bytes((unit, function, 2 * count))
        super().__init__(struct.pack(">BBHH", unit, function, start, count), head, length=5 + 2 * count)
        self._data = slice(3, 3 + 2 * count)

    def data(self, reply: bytes) -> bytes:
        """Give the registers of a complete reply as bytes, high byte first; raises RefusedError on an exception."""
        self.check(reply)
        return reply[self._data]


class ReadBits(_Exchange):
    """Function 2, or 1: read ``count`` (1..2000) discrete inputs, or coils, from ``start`` (0..65535) on."""

    __slots__ = ("_count",)

    def __init__(self, unit: int, start: int, *, count: int, function: int = READ_DISCRETE) -> None:
        size = (count + 7) // 8
        head = bytes((unit, function, size))
        super().__init__(struct.pack(">BBHH", unit, function, start, count), head, length=5 + size)
        self._count = count

    def bits(self, reply: bytes) -> tuple[bool, ...]:
        """Give the inputs of a complete reply, the first one first; raises RefusedError on an exception."""
        self.check(reply)
        return tuple(bool(reply[3 + place // 8] >> place % 8 & 1) for place in range(self._count))


class Write(_Exchange):
    """Function 16: write registers (bytes, high byte first) from ``start`` on."""

    __slots__ = ()

    def __init__(self, unit: int, start: int, *, data: bytes) -> None:
        head = struct.pack(">BBHH", unit, WRITE, start, len(data) // 2)
        super().__init__(head + bytes((len(data),)) + data, head, length=8)


class WriteOne(_Exchange):
    """Function 6: write one register (0..65535); a good reply is an echo."""

    __slots__ = ()

    def __init__(self, unit: int, start: int, *, value: int) -> None:
        body = struct.pack(">BBHH", unit, WRITE_ONE, start, value)
        super().__init__(body, body, length=8)


class Request(NamedTuple):
    """A request as the device sees it; ``data`` is what is written, ``size`` the number of registers."""

    unit: int
    function: int
    start: int
    size: int
    data: bytes = b""


def whole(data: bytes) -> int:
    """Give the length of the request that the bytes begin with, 0 while it is not complete.

    A function that no length is known for takes all bytes there are.
    """
    if len(data) < SHORTEST:
        return 0
    match data[1]:
        case 1 | 2 | 3 | 4 | 6 | 8:
            length = 8
        case 16:
            length = 9 + data[6] if len(data) > 6 else 9
        case _:
            length = len(data)
    return length if len(data) >= length else 0


def request(frame: bytes) -> Request:
    """Read a request frame; raises WireError when its CRC or its count is wrong."""
    if crc(frame):
        msg = f"request {frame.hex(' ')} has a wrong CRC"
        raise WireError(msg)
    unit, function = frame[0], frame[1]
    if len(frame) < 8:
        return Request(unit, function, 0, 0)
    start, value = struct.unpack_from(">HH", frame, 2)
    if function in {WRITE_ONE, LOOPBACK}:
        return Request(unit, function, start, 1, frame[4:6])
    if function == WRITE:
        if frame[6] != 2 * value:
            msg = f"request {frame.hex(' ')} says {value} registers and {frame[6]} bytes"
            raise WireError(msg)
        return Request(unit, function, start, value, frame[7:-2])
    return Request(unit, function, start, value)


def reply_read(asked: Request, data: bytes) -> bytes:
    """Give the reply frame to a read."""
    return seal(bytes((asked.unit, asked.function, len(data))) + data)


def reply_bits(asked: Request, bits: tuple[bool, ...]) -> bytes:
    """Give the reply frame to a read of coils or discrete inputs."""
    data = bytearray((len(bits) + 7) // 8)
    for place, on in enumerate(bits):
        data[place // 8] |= on << place % 8
    return reply_read(asked, bytes(data))


def reply_write(asked: Request) -> bytes:
    """Give the reply frame to a write: an echo (6, 8), or start and count (16)."""
    tail = asked.size.to_bytes(2, "big") if asked.function == WRITE else asked.data
    return seal(struct.pack(">BBH", asked.unit, asked.function, asked.start) + tail)


def reply_exception(asked: Request, code: int) -> bytes:
    """Give the reply frame that refuses a request."""
    return seal(bytes((asked.unit, asked.function | 0x80, code)))
