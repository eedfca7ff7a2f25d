"""Modbus over other lines: ASCII and TCP frames, turned into the RTU frames of ``modbus`` and back; no I/O, no clock.

Units:  none; registers as in ``modbus``.
Source: MODBUS over Serial Line 1.02 (ASCII: colon, two hexadecimal digits a byte, LRC, CR LF); MODBUS Messaging on
        TCP/IP 1.0b (header: transaction, protocol 0, length, unit).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from automation.kernel.errors import WireError
from instruments.transport import modbus

HEADER = 6  # bytes of a TCP frame before its unit
LONGEST = 256  # bytes of a body: unit and 255 of function and data
COLON, END = b":", b"\r\n"
_TRANSACTIONS = 0x10000
_ASCII = re.compile(rb":(?:[0-9A-F]{2}){3,257}\r\n")

Exchange = modbus.Read | modbus.ReadBits | modbus.Write | modbus.WriteOne


class Framing(StrEnum):
    """How frames stand on a line."""

    RTU = "rtu"
    ASCII = "ascii"
    TCP = "tcp"


def lrc(body: bytes) -> int:
    """Give the longitudinal redundancy check of an ASCII frame: what makes the sum of its bytes 0."""
    return -sum(body) & 0xFF


def to_ascii(body: bytes) -> bytes:
    """Give the ASCII frame of a body (unit, function, data)."""
    return COLON + (body + bytes((lrc(body),))).hex().upper().encode("ascii") + END


def from_ascii(frame: bytes, *, off: int = 0) -> bytes:
    """Give the body of a whole ASCII frame; raises WireError for a wrong check.

    ``off`` is by how much the check of a device may be wrong and still be meant so; 0: not at all.
    """
    if not _ASCII.fullmatch(frame):
        raise WireError(f"{frame[:40]!r} is no Modbus ASCII frame")
    body, check = bytes.fromhex(frame[1:-4].decode("ascii")), int(frame[-4:-2], 16)
    if check not in {lrc(body), (lrc(body) + off) & 0xFF}:
        raise WireError(f"{frame!r} has a wrong LRC")
    return body


def to_tcp(body: bytes, transaction: int) -> bytes:
    """Give the TCP frame of a body."""
    return transaction.to_bytes(2, "big") + bytes(2) + len(body).to_bytes(2, "big") + body


def ascii_length(data: bytes) -> int:
    """Give the length of the ASCII frame that the bytes begin with, 0 while it is not complete; raises WireError."""
    if not data.startswith(COLON):
        raise WireError(f"{data[:16].hex(' ')} begins no Modbus ASCII frame")
    end = data.find(END)
    if end < 0 and len(data) > 2 * LONGEST + 8:
        raise WireError(f"{len(data)} bytes and no end of a Modbus ASCII frame")
    return end + len(END) if end >= 0 else 0


def tcp_length(data: bytes) -> int:
    """Give the length of the TCP frame that the bytes begin with, 0 while it is not complete; raises WireError."""
    if data[2:4] != bytes(len(data[2:4])):
        raise WireError(f"{data[:8].hex(' ')} is of another protocol than Modbus")
    if len(data) < HEADER:
        return 0
    size = int.from_bytes(data[4:6], "big")
    if not 2 <= size <= LONGEST:
        raise WireError(f"{data[:8].hex(' ')} announces {size} bytes; 2 to {LONGEST} are possible")
    return HEADER + size if len(data) >= HEADER + size else 0


@dataclass(frozen=True, slots=True)
class Framed:
    """A request as it goes over a line, and how to know its reply."""

    frame: bytes
    complete: Callable[[bytes], int]  # as ``Link.exchange`` asks
    rtu: Callable[[bytes], bytes]  # the reply as an RTU frame, for ``data`` and ``check`` of the request


class Framer:
    """Frames requests for one line; those over TCP are numbered, so that a late reply answers no other question."""

    def __init__(self, framing: Framing, *, lrc_off: int = 0) -> None:
        """Frame so; ``lrc_off`` is by how much the check of ASCII replies may be wrong and still be meant so."""
        self.framing = framing
        self._off = lrc_off
        self._transaction = 0

    def framed(self, asked: Exchange) -> Framed:
        """Give a request as it goes over the line."""
        body = asked.frame[:-2]
        match self.framing:
            case Framing.RTU:
                return Framed(asked.frame, asked.complete, bytes)
            case Framing.ASCII:
                return Framed(to_ascii(body), lambda data: self._ascii(asked, data), self._from_ascii)
            case Framing.TCP:
                self._transaction = number = (self._transaction + 1) % _TRANSACTIONS
                return Framed(to_tcp(body, number), lambda data: _tcp(asked, data, number), _from_tcp)

    def _from_ascii(self, reply: bytes) -> bytes:
        return modbus.seal(from_ascii(reply, off=self._off))

    def _ascii(self, asked: Exchange, data: bytes) -> int:
        length = ascii_length(data)
        return _answering(asked, self._from_ascii(data[:length]), length) if length else 0


def _from_tcp(reply: bytes) -> bytes:
    return modbus.seal(reply[HEADER:])


def _tcp(asked: Exchange, data: bytes, number: int) -> int:
    if data[:2] != number.to_bytes(2, "big")[: len(data)]:
        raise WireError(f"reply {data[:8].hex(' ')} is of another transaction than {number}")
    length = tcp_length(data)
    return _answering(asked, _from_tcp(data[:length]), length) if length else 0


def _answering(asked: Exchange, rtu: bytes, length: int) -> int:
    """Give the length of a whole reply, once its RTU form answers the request; raises WireError."""
    if asked.complete(rtu) != len(rtu):
        raise WireError(f"reply {rtu[:-2].hex(' ')} is not as long as what was asked for")
    return length


@dataclass(frozen=True, slots=True)
class Heard:
    """A request as the far end hears it, and how its answer (an RTU frame) goes back over the same line."""

    asked: modbus.Request
    answer: Callable[[bytes], bytes]


def heard(framing: Framing, data: bytes) -> tuple[list[Heard], bytes]:
    """Give the whole requests that the bytes begin with, and the rest; what is garbled is dropped with what follows."""
    found: list[Heard] = []
    try:
        while data and (length := _LENGTHS[framing](data)):
            found.append(_hear(framing, data[:length]))
            data = data[length:]
    except WireError:
        return found, b""
    return found, data


def _hear(framing: Framing, frame: bytes) -> Heard:
    match framing:
        case Framing.RTU:
            return Heard(modbus.request(frame), bytes)
        case Framing.ASCII:
            return Heard(_request(from_ascii(frame)), lambda rtu: to_ascii(rtu[:-2]))
        case Framing.TCP:
            number = int.from_bytes(frame[:2], "big")
            return Heard(_request(frame[HEADER:]), lambda rtu: to_tcp(rtu[:-2], number))


def _request(body: bytes) -> modbus.Request:
    rtu = modbus.seal(body)
    if modbus.whole(rtu) != len(rtu):
        raise WireError(f"request {body.hex(' ')} is not as long as it says")
    return modbus.request(rtu)


_LENGTHS: dict[Framing, Callable[[bytes], int]] = {
    Framing.RTU: modbus.whole,
    Framing.ASCII: ascii_length,
    Framing.TCP: tcp_length,
}
