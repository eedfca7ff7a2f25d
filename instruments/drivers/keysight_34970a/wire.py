"""Grammar of the Keysight 34970A and 34972A: SCPI text, lines ended by LF, one reply line to each query.

Units:  degC; times of the instrument in s since the start of its scan.
Source: 34970A/34972A User's Guide, "Reading Format" and "Remote Interface Reference": Keysight edition p. 118, Agilent
        editions p. 104 (2010) and p. 206, 235-237. The editions number the fields after the reading differently
        (time then channel, or channel then time), so a reading is read by its enabled fields and proved by the
        channel that was asked for.
"""

import math
import re
from dataclasses import dataclass

from automation.kernel.errors import RefusedError, WireError

OVERLOAD = 9.9e37  # what an open or overloaded input reads, either sign
FIRST, LAST = 101, 322  # channels: slot 1-3, then 01-22
TYPES = ("B", "E", "J", "K", "N", "R", "S", "T")  # thermocouples of the CONFigure:TEMPerature command
DENIED = ("CAL", "*RST", "SYST:SEC", "SYST:CPON", "SYST:PRES", "DATA:REM", "R?", "*SAV", "*RCL", "DIAG")
"""Commands that are never framed: calibration, reset, erasing reads and stored states."""

DONE = "*OPC?"  # answered by 1 once what stands before it is done
SCANNING = 16  # bit 4 of the operation condition register
_READING = re.compile(r"([+-]\d\.\d+E[+-]\d{2}) ([A-Z]+)")
_CHANNEL = re.compile(r"[1-3]\d\d")
_TIME = re.compile(r"\d+\.\d+")
_FIELDS = 4  # reading with unit, time, channel, alarm


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading as it stands in a reply; ``value`` is None for an overload or an open thermocouple."""

    channel: int
    value: float | None
    unit: str
    time: str  # s since the start of the scan, as written
    alarm: int  # 0 none, 1 low, 2 high


@dataclass(frozen=True, slots=True)
class Identification:
    """The four fields of ``*IDN?``; the 34970A sends 0 for its serial number."""

    maker: str
    model: str
    serial: str
    firmware: str


def line(command: str) -> bytes:
    """Frame a command; raises RefusedError for one that this project never sends."""
    head = command.upper().lstrip(":")
    if head.startswith(DENIED):
        msg = f"command {command!r} is never sent to a logger (calibration, reset and erasing reads are refused)"
        raise RefusedError(msg)
    return command.encode("ascii") + b"\n"


def line_complete(data: bytes) -> int:
    """Tell the length of the reply line that the bytes begin with; 0 while it is not complete."""
    return data.find(b"\n") + 1


def text(reply: bytes) -> str:
    """Give a reply line as text; raises WireError for bytes that are not ASCII."""
    try:
        return reply.decode("ascii").strip()
    except UnicodeDecodeError as error:
        msg = f"the logger's reply is not ASCII: {reply.hex(' ')}"
        raise WireError(msg) from error


def channels(numbers: tuple[int, ...]) -> str:
    """Write a channel list, ``(@101,102)``."""
    return f"(@{','.join(str(number) for number in numbers)})"


def configuration(numbers: tuple[int, ...], *, kind: str) -> tuple[str, ...]:
    """Give the commands that configure a scan; the reading format comes last because CONFigure switches it off.

    The thermocouple check makes an open probe read as overload instead of floating to a plausible number.
    """
    listed = channels(numbers)
    return (
        "*CLS",
        f"CONF:TEMP TC,{kind},{listed}",
        f"UNIT:TEMP C,{listed}",
        f"SENS:TEMP:TRAN:TC:RJUN:TYPE INT,{listed}",
        f"SENS:TEMP:TRAN:TC:CHECK ON,{listed}",
        f"ROUT:SCAN {listed}",
        "TRIG:SOUR IMM",
        "TRIG:COUN 1",
        "FORM:READ:TIME:TYPE REL",
        "FORM:READ:TIME ON",
        "FORM:READ:CHAN ON",
        "FORM:READ:ALAR ON",
        "FORM:READ:UNIT ON",
    )


def identification(reply: str) -> Identification:
    """Read the reply to ``*IDN?``; raises WireError unless it has four fields."""
    fields = [field.strip() for field in reply.split(",")]
    if len(fields) != _FIELDS or not fields[1].startswith("3497"):
        msg = f"'*IDN?' was answered by {reply!r}; maker, 34970A or 34972A, serial number and firmware are needed"
        raise WireError(msg)
    return Identification(*fields)


def error(reply: str) -> str:
    """Read the reply to ``SYST:ERR?``; empty when there is no error."""
    number, _, message = reply.partition(",")
    return "" if number.lstrip("+-") == "0" else f"{number} {message.strip(chr(34))}"


def block(body: str) -> str:
    """Write text as an IEEE 488.2 definite length block, ``#214(@101,102,103)``."""
    size = str(len(body))
    return f"#{len(size)}{size}{body}"


def unblock(reply: str) -> str:
    """Read a definite length block; raises WireError when the length is wrong."""
    digits = int(reply[1]) if len(reply) > 1 and reply[0] == "#" and reply[1].isdigit() else 0
    body = reply[2 + digits :]
    if not digits or reply[2 : 2 + digits] != f"{len(body):0{digits}d}":
        msg = f"{reply!r} is not a block of the stated length"
        raise WireError(msg)
    return body


def samples(reply: str, expected: tuple[int, ...]) -> tuple[Sample, ...]:
    """Read a scan of all ``expected`` channels in their order; raises WireError when a field is missing or strange."""
    fields = reply.split(",")
    if len(fields) != _FIELDS * len(expected):
        msg = f"a scan of {len(expected)} channels was answered by {len(fields)} fields; {_FIELDS} each are needed"
        raise WireError(msg)
    rows = [fields[start : start + _FIELDS] for start in range(0, len(fields), _FIELDS)]
    return tuple(_sample(row, number) for row, number in zip(rows, expected, strict=True))


def _sample(row: list[str], expected: int) -> Sample:
    written, first, second, alarm = row
    if _CHANNEL.fullmatch(first) and _TIME.fullmatch(second):
        channel, time = first, second
    else:
        time, channel = first, second
    number = _READING.fullmatch(written)
    if number is None or not _TIME.fullmatch(time) or channel != str(expected) or alarm not in {"0", "1", "2"}:
        msg = f"{','.join(row)!r} is not a reading of channel {expected}"
        raise WireError(msg)
    value = float(number.group(1))
    usable = None if abs(value) >= OVERLOAD or not math.isfinite(value) else value
    return Sample(expected, usable, number.group(2), time, int(alarm))


def reading(value: float | None) -> str:
    """Write a number as the instrument does, ``+2.61950000E+01``; None is the overload value."""
    return f"{OVERLOAD if value is None else value:+.8E}"
