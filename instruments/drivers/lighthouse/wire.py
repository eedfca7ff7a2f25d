"""Registers of Lighthouse particle counters, register map v1.44 to v1.50.

Units:  addresses as in frames (register 40001 and 30001 are 0); flow in L/min; sizes in um; times in s.
Source: Lighthouse MODBUS register map: 248083317-1 B-2 to B-9 (registers, status, new data), 248083400-1 C-6
        (commands), 248083408-1 A-14 and 248083336-1 A-11 (status of a record), 248083401-1 A-9 (counts are cumulative).
"""

import re
import struct
from enum import IntEnum
from itertools import pairwise
from typing import NamedTuple

from automation.kernel.errors import InputError, WireError
from instruments.transport import modbus

VERSION, COMMAND, STATUS = 0, 1, 2  # holding registers
IDENTITY, IDENTITY_WORDS = 3, 19  # firmware, serial number, product name (8), model name (8)
FLOW, RECORDS, INDEX = 22, 23, 24  # flow in CFM by 100
STATE_WORDS = RECORDS - STATUS + 1
LAST = 0xFFFF  # index -1: the last record
RECORD, HEAD_WORDS = 0, 8  # input registers
MOST_SIZES = 16
LITRES_PER_CUBIC_FOOT = 28.316846592
MOST_FLOW = 200.0  # L/min; no counter draws more
FLOW_FORM = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3})?")

_SIZES = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3})?(,[0-9]{1,3}(\.[0-9]{1,3})?)*")


class Command(IntEnum):
    """What is ever written to the command register; all else (clear, save, set the clock) never is."""

    START = 11  # by the times that are set at the instrument
    STOP = 12


STATES = {3: "device error", 12: "flow out of specification"}
"""Bits of the device status that are faults."""
RUNNING, SAMPLING, NEW_DATA = 0, 1, 2
RECORD_FAULTS = {
    0: "laser alert",
    1: "flow alert",
    2: "particle overflow",
    3: "instrument malfunction",
    6: "sampler error",
}
"""Bits of the status of a record that are faults; 4 and 5 are thresholds that were passed, which are none."""


class State(NamedTuple):
    """Device status, flow (L/min) and number of records."""

    status: int
    flow: float
    records: int

    def has(self, bit: int) -> bool:
        """Tell whether a bit of the status is set."""
        return bool(self.status >> bit & 1)

    @property
    def faults(self) -> tuple[str, ...]:
        """Name the faults that are set."""
        return tuple(word for bit, word in STATES.items() if self.has(bit))


class Record(NamedTuple):
    """One record as it stands in the registers; counts are cumulative, smallest size first."""

    at: int  # s, Unix time
    seconds: int
    location: int
    status: int
    counts: tuple[int, ...]

    @property
    def faults(self) -> tuple[str, ...]:
        """Name the faults that are set."""
        return tuple(word for bit, word in RECORD_FAULTS.items() if self.status >> bit & 1)


def sizes(text: str) -> tuple[float, ...]:
    """Read the sizes of a counter (um), smallest first; raises InputError for what is none."""
    found = tuple(map(float, text.split(","))) if _SIZES.fullmatch(text) else ()
    if not 1 <= len(found) <= MOST_SIZES or found != tuple(sorted(set(found))) or found[0] <= 0.0:
        msg = f"sizes is {text!r}; 1 to {MOST_SIZES} sizes in um are needed, smallest first, for example '0.5,5.0'"
        raise InputError(msg)
    return found


def read_state(unit: int) -> modbus.Read:
    """Ask for status, flow and number of records at once."""
    return modbus.Read(unit, STATUS, count=STATE_WORDS)


def state(data: bytes) -> State:
    """Read the registers from the device status to the number of records."""
    words = struct.unpack(f">{STATE_WORDS}H", data)
    return State(words[0], words[FLOW - STATUS] / 100.0 * LITRES_PER_CUBIC_FOOT, words[RECORDS - STATUS])


def state_registers(now: State) -> dict[int, int]:
    """Give the registers that hold a state."""
    return {STATUS: now.status, FLOW: round(now.flow / LITRES_PER_CUBIC_FOOT * 100.0), RECORDS: now.records}


def read_identity(unit: int) -> modbus.Read:
    """Ask for firmware, serial number, product and model at once."""
    return modbus.Read(unit, IDENTITY, count=IDENTITY_WORDS)


def identity(data: bytes) -> tuple[str, str, str]:
    """Read model (product and model name), serial number and firmware; raises WireError for what is no text."""
    firmware, serial = struct.unpack_from(">HI", data)
    names = [_text(data[start : start + 16]) for start in (6, 22)]
    return " ".join(filter(None, names)), str(serial), f"{firmware // 100}.{firmware % 100:02d}"


def identity_registers(product: str, model: str, *, serial: int, firmware: int) -> bytes:
    """Give the registers that hold an identity."""
    names = b"".join(name.encode("ascii")[:15].ljust(16, b"\0") for name in (product, model))
    return struct.pack(">HI", firmware, serial) + names


def _text(data: bytes) -> str:
    said = data.partition(b"\0")[0]
    if not all(32 <= byte < 127 for byte in said):
        raise WireError(f"{data.hex(' ')} is no name")
    return said.decode("ascii").strip()


def choose_last(unit: int) -> modbus.WriteOne:
    """Let the data registers show the last record."""
    return modbus.WriteOne(unit, INDEX, value=LAST)


def command(unit: int, what: Command) -> modbus.WriteOne:
    """Tell it what to do."""
    return modbus.WriteOne(unit, COMMAND, value=what)


def read_record(unit: int, count: int) -> modbus.Read:
    """Ask for a record of so many sizes, in one exchange: reading any of it makes it no longer new."""
    return modbus.Read(unit, RECORD, count=HEAD_WORDS + 2 * count, function=modbus.READ_INPUT)


def record(data: bytes) -> Record:
    """Read a record; raises WireError for counts that are not cumulative."""
    at, seconds, location, status, *counts = struct.unpack(f">IIiI{len(data) // 4 - 4}I", data)
    if any(large > small for small, large in pairwise(counts)):
        raise WireError(f"counts are {counts}; those of a larger size can't be more than those of a smaller one")
    return Record(at, seconds, location, status, tuple(counts))


def record_registers(one: Record) -> bytes:
    """Give the registers that hold a record."""
    return struct.pack(f">IIiI{len(one.counts)}I", one.at, one.seconds, one.location, one.status, *one.counts)


def differential(counts: tuple[int, ...]) -> tuple[int, ...]:
    """Give how many particles lie between each size and the next one."""
    return tuple(small - large for small, large in zip(counts, (*counts[1:], 0), strict=True))
