"""EI-Bisynch frames (ANSI X3.28-2.5 A4): requests and the replies that fit them; no I/O, no clock.

Units:  values are text as the controller shows it, decimals included.
Source: Eurotherm HA026230 and the public bisynch.py used on an Isotech 785 and a Eurotherm 3504; EPICS StreamDevice and
        lewis agree. That an unknown parameter is answered with EOT is from memory. Line settings 9600 7E1.

The check byte may equal any control byte, so an end is ETX and the one byte after it, wherever they stand.
"""

import math
import re
from functools import reduce
from operator import xor
from typing import NamedTuple

from automation.kernel.errors import RefusedError, WireError

STX, ETX, EOT, ENQ, ACK, NAK = 0x02, 0x03, 0x04, 0x05, 0x06, 0x15
HEADER = 5  # EOT and the doubled address
_NUMBER = re.compile(r" *[+-]?(?:\d{1,15}(?:\.\d{0,15})?|\.\d{1,15}) *")
_HEX = re.compile(r" *>[0-9A-Fa-f]{1,8} *")


def check_byte(data: bytes) -> int:
    """Give the exclusive-or of everything after STX up to and including ETX."""
    return reduce(xor, data, 0)


def address(unit: int) -> bytes:
    """Give EOT and the doubled digits of group and unit, for example 12 -> ``1122``."""
    group, single = divmod(unit, 10)
    return bytes((EOT,)) + f"{group}{group}{single}{single}".encode()


def message(mnemonic: str, text: str) -> bytes:
    """Give ``STX mnemonic text ETX`` and the check byte."""
    body = f"{mnemonic}{text}".encode("ascii") + bytes((ETX,))
    return bytes((STX,)) + body + bytes((check_byte(body),))


class Ask:
    """A request for one parameter (two letters) of a unit (0..99)."""

    __slots__ = ("_mnemonic", "frame")

    def __init__(self, unit: int, mnemonic: str) -> None:
        self.frame = address(unit) + mnemonic.encode("ascii") + bytes((ENQ,))
        self._mnemonic = mnemonic.encode("ascii")

    def complete(self, data: bytes) -> int:
        """Give the length of the reply when it is whole, else 0; raises WireError for what can't be a reply to this."""
        if data[0] == EOT and len(data) == 1:
            return 1
        start = bytes((STX,)) + self._mnemonic
        if not data.startswith(start) and not start.startswith(data):
            msg = f"reply {data[:16].hex(' ')} does not answer {self.frame.hex(' ')}"
            raise WireError(msg)
        end = data.find(ETX, len(start))
        if end < 0 or len(data) < end + 2:
            return 0
        if len(data) > end + 2 or check_byte(data[1 : end + 1]) != data[end + 1]:
            msg = f"reply {data.hex(' ')} has a wrong check byte or goes on after it"
            raise WireError(msg)
        return end + 2

    def text(self, reply: bytes) -> str:
        """Give the value of a complete reply as text; raises RefusedError for a parameter that the controller lacks."""
        if reply[0] == EOT:
            msg = f"the controller has no parameter {self._mnemonic.decode()}"
            raise RefusedError(msg)
        return reply[3:-2].decode("ascii", "replace")


class Tell:
    """A request to set one parameter (two letters) of a unit (0..99) to a text."""

    __slots__ = ("frame",)

    def __init__(self, unit: int, mnemonic: str, *, text: str) -> None:
        self.frame = address(unit) + message(mnemonic, text)

    def complete(self, data: bytes) -> int:
        """Give 1 for ACK and NAK; raises WireError for anything else."""
        if data not in {bytes((ACK,)), bytes((NAK,))}:
            msg = f"reply {data[:16].hex(' ')} to {self.frame.hex(' ')} is neither ACK nor NAK"
            raise WireError(msg)
        return 1

    @staticmethod
    def accepted(reply: bytes) -> bool:
        """Tell ACK from NAK; after NAK the parameter EE holds the reason."""
        return reply[0] == ACK


def number(text: str) -> float:
    """Read a decimal; raises WireError for anything else, and for one that no controller can hold."""
    value = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not math.isfinite(value):
        msg = f"value {text[:80]!r} is not a number"
        raise WireError(msg)
    return value


def whole(text: str) -> int:
    """Read a whole number, decimal or as ``>hex``; raises WireError for anything else."""
    if _HEX.fullmatch(text):
        return int(text.strip()[1:], 16)
    value = number(text)
    if value != int(value):
        msg = f"value {text!r} is not a whole number"
        raise WireError(msg)
    return int(value)


class Request(NamedTuple):
    """A request as the controller sees it; ``text`` is None when it is asked for a value."""

    unit: int
    mnemonic: str
    text: str | None
    sound: bool = True  # whether the check byte is right


def request(data: bytes) -> tuple[Request | None, int]:
    """Read the request that the bytes begin with, and its length; (None, 0) while it is not complete.

    Bytes that can't begin a request are (None, how many of them).
    """
    if data[0] != EOT:
        return None, _to_next(data)
    if len(data) <= HEADER:
        return None, 0
    digits = data[1:HEADER]
    if not digits.isdigit() or digits[0] != digits[1] or digits[2] != digits[3]:
        return None, _to_next(data)
    unit = int(chr(digits[0]) + chr(digits[2]))
    if data[HEADER] == STX:
        end = data.find(ETX, HEADER + 3)
        if end < 0 or len(data) < end + 2:
            return None, 0
        body = data[HEADER + 1 : end + 1]
        said = body[:-1].decode("ascii", "replace")
        return Request(unit, said[:2], said[2:], check_byte(body) == data[end + 1]), end + 2
    if len(data) < HEADER + 3:
        return None, 0
    if data[HEADER + 2] != ENQ:
        return None, _to_next(data)
    return Request(unit, data[HEADER : HEADER + 2].decode("ascii", "replace"), None), HEADER + 3


def _to_next(data: bytes) -> int:
    """Give how many bytes stand before the next EOT."""
    found = data.find(EOT, 1)
    return len(data) if found < 0 else found
