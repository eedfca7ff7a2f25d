"""Grammar of Hettich's robotic centrifuges: parameters of five digits with values of four hexadecimal digits.

A select ``EOT ADR STX ccccc=vvvv ETX BCC`` is answered by ``ADR ACK`` or ``ADR NAK``, an enquiry ``EOT ADR ccccc ENQ``
by ``ADR STX ccccc=vvvv ETX BCC`` or ``ADR NAK``. The check byte is the exclusive-or of all
after STX up to and with ETX.
Units:  1/min, s; the temperature is in half degrees above -25 degC.
Source: Hettich AH5680-01EN (2010): framing, examples of 3.7, 00633, 00634 and 00635; PyLabRobot's driver of the same
        family, which names that document, for 00521, 00522, 00601 to 00605, 00619, 00636 and the bits. Line 9600 7E1.
"""

from enum import IntFlag
from functools import reduce
from operator import xor
from typing import NamedTuple

from automation.kernel.errors import RefusedError, WireError
from automation.kernel.quantity import Celsius

STX, ETX, EOT, ENQ, ACK, NAK = 0x02, 0x03, 0x04, 0x05, 0x06, 0x15
ADDRESSES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]"
ENQUIRY, SELECT, VALUE, ANSWER = 8, 15, 14, 2  # bytes of each telegram

TIME, RAN, SPEED, ACTUAL, FASTEST = "00601", "00602", "00603", "00604", "00605"
ACTIVATE, RECALL, HATCH = "00522", "00523", "00528"
STATE, MORE_STATE, FAULTS = "00634", "00635", "00685"
START, STOP = ("00633", 0x0002), ("00521", 0x0001)
TEMPERATURE, KIND, SOFTWARE = "00619", "00537", "00636"
WRITTEN = frozenset({TIME, SPEED, ACTIVATE, RECALL, START[0], STOP[0]})
"""All that is ever set; hatch, positions, locks and cycle counters are not among it."""
ROTANTA = 0xC8, 0xC9  # high byte of the kind: a Rotanta 460 with positioning


class Motion(IntFlag):
    """Low byte of 00634."""

    CAN_NOT_START = 0x01
    STANDING = 0x02
    ACCELERATING = 0x04
    SPINNING = 0x08
    BRAKING = 0x10
    CHANGED = 0x80  # since it was last read; reading clears it


class Fault(IntFlag):
    """Bits of 00685; reading clears them. With ``POWER_ON`` every select is refused."""

    POWER_ON = 0x01
    PARITY = 0x02
    CYCLES = 0x04
    CHECK_BYTE = 0x08
    FRAME = 0x10
    UNKNOWN = 0x20
    READ_ONLY = 0x40
    NOT_ALLOWED = 0x80


ERROR = 0x80  # of the high byte of 00634: the rest is the number of an error, not of a program
LID_CLOSED, NO_ROTOR, CYCLES_OVER = 0x02, 0x04, 0x40  # of the high byte of 00635
HATCH_CLOSED = 0x18  # of the high byte of 00528: closed, and its lock
REMOTE = (2, 4, 5)  # key positions, low three bits of 00635: lock 2 and the locks by software


def check_byte(data: bytes) -> int:
    """Give the exclusive-or of everything after STX up to and including ETX."""
    return reduce(xor, data, 0)


def telegram(code: str, value: int) -> bytes:
    """Give ``STX code=value ETX`` and the check byte."""
    body = f"{code}={value:04X}".encode("ascii") + bytes((ETX,))
    return bytes((STX,)) + body + bytes((check_byte(body),))


class Ask:
    """An enquiry for one parameter."""

    __slots__ = ("_unit", "code", "frame")

    def __init__(self, unit: str, code: str) -> None:
        self.code, self._unit = code, unit.encode("ascii")
        self.frame = bytes((EOT,)) + self._unit + code.encode("ascii") + bytes((ENQ,))

    def complete(self, data: bytes) -> int:
        """Give the length of the reply when it is whole, else 0; raises WireError for what can't answer this."""
        if data == self._unit + bytes((NAK,)):
            return ANSWER
        start = self._unit + bytes((STX,)) + self.code.encode("ascii") + b"="
        if not data.startswith(start) and not start.startswith(data):
            raise WireError(f"reply {data[:16].hex(' ')} does not answer {self.frame.hex(' ')}")
        if len(data) < VALUE:
            return 0
        if len(data) > VALUE or data[-2] != ETX or check_byte(data[2:-1]) != data[-1]:
            raise WireError(f"reply {data[:32].hex(' ')} has a wrong check byte or length")
        return VALUE

    def value(self, reply: bytes) -> int:
        """Give the value of a whole reply; raises RefusedError for NAK, WireError for no hexadecimal digits."""
        if len(reply) == ANSWER:
            raise RefusedError(f"the centrifuge does not tell {self.code}")
        digits = reply[8:12]
        if any(one not in b"0123456789ABCDEF" for one in digits):
            raise WireError(f"{self.code} is {digits!r}; four hexadecimal digits are needed")
        return int(digits, 16)


class Tell:
    """A select; raises RefusedError for a parameter that is never set."""

    __slots__ = ("_unit", "frame")

    def __init__(self, unit: str, code: str, *, value: int) -> None:
        if code not in WRITTEN or not 0 <= value <= 0xFFFF:
            raise RefusedError(f"{code}={value:X} is never sent; set are {', '.join(sorted(WRITTEN))} up to FFFF")
        self._unit = unit.encode("ascii")
        self.frame = bytes((EOT,)) + self._unit + telegram(code, value)

    def complete(self, data: bytes) -> int:
        """Give the length of ACK or NAK; raises WireError for anything else."""
        if data == self._unit:
            return 0
        if data not in {self._unit + bytes((ACK,)), self._unit + bytes((NAK,))}:
            raise WireError(f"reply {data[:16].hex(' ')} to {self.frame.hex(' ')} is neither ACK nor NAK")
        return ANSWER

    @staticmethod
    def accepted(reply: bytes) -> bool:
        """Tell ACK from NAK; after NAK 00685 holds the reason."""
        return reply[1] == ACK


def temperature(value: int) -> Celsius:
    """Read 00619 (degC)."""
    return Celsius(value / 2.0 - 25.0)


class Request(NamedTuple):
    """A telegram as the centrifuge sees it; ``value`` is None when it is asked."""

    unit: str
    code: str
    value: int | None
    sound: bool = True  # whether the check byte is right


def request(data: bytes) -> tuple[Request | None, int]:
    """Read the telegram that the bytes begin with, and its length; (None, 0) while it is not complete.

    Bytes that can't begin one are (None, how many of them).
    """
    if data[0] != EOT:
        return None, _to_next(data)
    if len(data) < ENQUIRY:
        return None, 0
    unit = chr(data[1])
    if data[2] != STX:
        code = data[2:7].decode("ascii", "replace")
        sound = data[7] == ENQ and code.isdigit()
        return (Request(unit, code, None), ENQUIRY) if sound else (None, _to_next(data))
    if len(data) < SELECT:
        return None, 0
    code, digits = data[3:8].decode("ascii", "replace"), data[9:13]
    if data[8:9] != b"=" or data[13] != ETX or any(one not in b"0123456789ABCDEF" for one in digits):
        return None, _to_next(data)
    return Request(unit, code, int(digits, 16), check_byte(data[3:14]) == data[14]), SELECT


def _to_next(data: bytes) -> int:
    """Give how many bytes stand before the next EOT."""
    found = data.find(EOT, 1)
    return len(data) if found < 0 else found
