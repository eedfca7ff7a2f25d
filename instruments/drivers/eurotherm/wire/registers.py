"""Published register addresses of the 2400 series, which a 3508 also accepted.

Units:  degC, K/min, s, %. Word registers hold integers scaled by the display's decimals; the image at
        ``32768 + 2 * address`` holds the same parameter in full: IEEE float, or int32 milliseconds for times.
Source: Eurotherm HA026230 (2000 series communications handbook); github lapkindm/eurotherm2000, verified by its
        author on a 2408 and a 3508; sensor break: AERCO Modbus manual for the 2400.
        Addresses are as sent on the wire (0-based); the handbook's 4xxxx numbers are one higher.
"""

import struct
from enum import IntEnum

from automation.kernel.errors import WireError

PV, TARGET_SP, OUTPUT, WORKING_SP = 1, 2, 3, 5
ALARM_1_SP, ALARM_2_SP, ACTIVE_SP = 13, 14, 15
PROGRAM, STATUS, SP_1, SP_2, SEGMENT_TYPE = 22, 23, 24, 25, 29
OUTPUT_HIGH, SEGMENT_LEFT, OUTPUT_RATE = 30, 36, 37
SEGMENT, PROGRAM_LEFT, CYCLES_LEFT, ALARMS = 56, 58, 59, 74
SP_HIGH, SP_LOW = 111, 112
SEGMENT_TARGET, RAMP_RATE, PROGRAMMER_SP = 160, 161, 163
MOST_SEGMENTS, SENSOR_BREAK, MANUAL, MANUAL_OUTPUT = 211, 258, 273, 276
PROGRAMS, SETPOINTS = 517, 521

IMAGE = 32768  # the full-resolution image begins here; two registers to each address
PROGRAM_BASE, PROGRAM_SIZE, BLOCK = 8192, 136, 8  # words; block 0 of a program is general, block n is segment n
BLOCKS = PROGRAM_SIZE // BLOCK

HOLDBACK_TYPE, HOLDBACK_VALUE, RAMP_UNITS, DWELL_UNITS, CYCLES = range(5)  # offsets in block 0
SEG_TYPE, SEG_TARGET, SEG_RATE, SEG_END, SEG_LOGIC, SEG_HOLDBACK = range(6)  # offsets in block n

_FLOAT = struct.Struct(">f")
_LONG = struct.Struct(">i")

MINUTES = 1  # of ramp units and dwell units


class Status(IntEnum):
    """Register 23: what the programmer does; writing commands it."""

    RESET = 1
    RUN = 2
    HOLD = 4
    HOLDBACK = 8
    COMPLETE = 16


class Type(IntEnum):
    """Type of a program segment."""

    END = 0
    RAMP_RATE = 1
    RAMP_TIME = 2
    DWELL = 3
    STEP = 4
    CALL = 5


class End(IntEnum):
    """What an end segment does."""

    DWELL = 0
    RESET = 1


class Holdback(IntEnum):
    """When the programmer waits for the chamber."""

    NONE = 0
    LOW = 1
    HIGH = 2
    BAND = 3


NUMBERS = frozenset(
    {
        PV,
        TARGET_SP,
        OUTPUT,
        WORKING_SP,
        6,
        ALARM_1_SP,
        ALARM_2_SP,
        SP_1,
        SP_2,
        OUTPUT_HIGH,
        OUTPUT_RATE,
        SP_HIGH,
        SP_LOW,
    }
    | {SEGMENT_TARGET, RAMP_RATE, PROGRAMMER_SP, MANUAL_OUTPUT, *range(164, 178)}
)
"""Parameters that the word registers hold scaled and the image as floats."""

TIMES = frozenset({8, 9, SEGMENT_LEFT, PROGRAM_LEFT})
"""Parameters that the image holds as int32 milliseconds."""

WORDS = frozenset({ACTIVE_SP, PROGRAM, STATUS, SEGMENT_TYPE, SEGMENT, CYCLES_LEFT, ALARMS, MOST_SEGMENTS}) | {
    SENSOR_BREAK,
    MANUAL,
    PROGRAMS,
    SETPOINTS,
}
"""Parameters that are whole numbers, unscaled."""


def image(address: int) -> int:
    """Give the first of the two image registers of an address."""
    return IMAGE + 2 * address


def block(program: int, segment: int = 0) -> int:
    """Give the first register of a program's general block (0) or of its segment (1..16)."""
    return PROGRAM_BASE + PROGRAM_SIZE * program + BLOCK * segment


def number(data: bytes, at: int = 0) -> float:
    """Read an image float at a byte offset, as the shortest decimal (up to four places) that has these bits.

    Raises WireError for NaN and infinities.
    """
    value: float = _FLOAT.unpack_from(data, at)[0]
    if value - value != 0.0:  # true of NaN and infinities alone
        msg = f"image value {data[at : at + 4].hex(' ')} is not a finite number"
        raise WireError(msg)
    short = round(value, 4)
    return short if _FLOAT.pack(short) == data[at : at + 4] else value


def word(data: bytes, at: int = 0) -> int:
    """Read an unsigned register at a byte offset."""
    return data[at] << 8 | data[at + 1]


def signed(data: bytes, at: int = 0) -> int:
    """Read a signed register at a byte offset."""
    value = data[at] << 8 | data[at + 1]
    return value - 0x10000 if value & 0x8000 else value


def milliseconds(data: bytes, at: int = 0) -> int:
    """Read an image time (ms) at a byte offset."""
    value: int = _LONG.unpack_from(data, at)[0]
    return value


def pack_number(value: float) -> bytes:
    """Write an image float."""
    return _FLOAT.pack(value)


def pack_milliseconds(value: int) -> bytes:
    """Write an image time (ms)."""
    return _LONG.pack(value)
