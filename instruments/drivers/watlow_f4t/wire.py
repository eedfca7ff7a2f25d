"""Registers of a Watlow F4T: control loop 1, the profile that runs, and the steps of a stored profile.

Words:  16 bits, high byte first; floats and long numbers low word first, the controller's default; a text is one
        character in each register.
Units:  degC or degF as the controller is set (``TEMPERATURE_UNITS``), K or degF per minute or per hour as it is set,
        h, min, s.
Source: F4T Setup and Operations User's Guide, chapter 6, pp. 223 to 225 (list of profiles, start, part and serial
        number); Espec ChamberConnectLibrary, watlowf4t.py (MIT), for all others: a chamber maker's own program, which
        runs such controllers. Assumed, because neither says it: that ``Running`` also tells how a profile ended (its
        words stand in that library without a register), and ``MOST_STEPS``.
"""

import math
import struct
from enum import IntEnum

from automation.kernel.errors import WireError

SERIAL, PART_NUMBER, PART_NUMBER_WORDS, RELEASE = 12, 16, 15, 4
ALARM_STATE, ALARM_STRIDE = 1356, 100
LOWEST, HIGHEST, SET_POINT, WORKING, PROCESS = 2774, 2776, 2782, 2810, 2820
MODE = 2814
UNITS_TCP, UNITS_RTU = 6730, 14080  # of the temperatures over either line
START, START_STEP, ACTION, RESUME, REQUEST, RUNNING = 16558, 16560, 16562, 16564, 16566, 16568
LEFT = 16570  # minutes; hours two further
PROFILE, STEP = 16588, 16590  # that run
LISTED = 48000
NAME, NAME_WORDS, SELECT, EDIT, COUNT, LOG = 18606, 20, 18888, 18890, 18920, 19038
STEPS, STRIDE, MOST_STEPS, PROFILES = 19094, 170, 50, 40
TYPE, HOURS, MINUTES, SECONDS, RATE, TARGET, SOAK_GUARANTEED, END_MODE = 0, 2, 4, 6, 12, 20, 44, 76
"""Offsets from the first register of a step; of rate and target those of loop 1."""

NO, YES, OFF, ON, NONE, AUTO = 59, 106, 62, 63, 61, 10
CELSIUS, FAHRENHEIT = 15, 30
STARTS, RESUMES, PAUSES, TERMINATES, ADDS, HOLDS = 1782, 147, 146, 148, 1375, 47
QUIET = frozenset({NONE, 88, 12})
"""States of an alarm in which it is none."""


class Running(IntEnum):
    """What the controller says of its profile."""

    NONE = 61
    PAUSED = 146
    RUNNING = 149
    NOT_STARTED = 251
    COMPLETE = 252
    TERMINATED = 253
    WAITS_FOR_ITS_TIME = 1783


class Kind(IntEnum):
    """Types of a step."""

    END = 27
    RAMP_RATE = 81
    SOAK = 87
    JUMP = 116
    WAIT = 1542
    INSTANT = 1927
    RAMP_TIME = 1928


def step(number: int) -> int:
    """Give the first register of a step (1..)."""
    return STEPS + STRIDE * (number - 1)


def word(data: bytes, at: int = 0) -> int:
    """Read an unsigned word, the ``at``-th of the registers."""
    return int.from_bytes(data[2 * at : 2 * at + 2], "big")


def long(data: bytes) -> int:
    """Read a signed number of 32 bits from two registers."""
    low, high = struct.unpack(">HH", data)
    return int(struct.unpack(">i", struct.pack(">HH", high, low))[0])


def number(data: bytes) -> float:
    """Read a float from two registers; raises WireError for what is none."""
    low, high = struct.unpack(">HH", data)
    value = float(struct.unpack(">f", struct.pack(">HH", high, low))[0])
    if not math.isfinite(value):
        raise WireError(f"registers {data.hex(' ')} hold no number")
    return value


def pack_number(value: float) -> bytes:
    """Write a float into two registers."""
    high, low = struct.unpack(">HH", struct.pack(">f", value))
    return struct.pack(">HH", low, high)


def pack_long(value: int) -> bytes:
    """Write a signed number of 32 bits into two registers."""
    high, low = struct.unpack(">HH", struct.pack(">i", value))
    return struct.pack(">HH", low, high)


def text(data: bytes) -> str:
    """Read a text, one character in each register, up to its end; raises WireError for what is none."""
    codes = [word(data, at) for at in range(len(data) // 2)]
    found = "".join(chr(code) for code in codes if code)
    if not found.isprintable():
        raise WireError(f"registers {data[:16].hex(' ')}... hold no text")
    return found.strip()


def pack_text(value: str, words: int) -> bytes:
    """Write a text into registers; what is not ASCII becomes a question mark, what is too long is cut."""
    codes = value.encode("ascii", "replace")[:words].ljust(words, b"\0")
    return b"".join(bytes((0, code)) for code in codes)


def running(value: int) -> Running:
    """Read what the profile does; raises WireError for a value that no source lists."""
    try:
        return Running(value)
    except ValueError:
        raise WireError(f"the profile's state is {value}; known: {', '.join(map(str, map(int, Running)))}") from None


def kind(value: int) -> Kind:
    """Read the type of a step; raises WireError for a value that no source lists."""
    try:
        return Kind(value)
    except ValueError:
        raise WireError(f"the type of a step is {value}; known: {', '.join(map(str, map(int, Kind)))}") from None
