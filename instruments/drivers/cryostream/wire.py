"""Grammar of a Cryostream: packets out are size, id and parameters; status packets come unasked, and nothing else.

No command is answered. A status packet has neither a mark at its beginning nor a check, so that one is told from noise
by its length, its type, and values that are possible.
Units:  degC and K/min here; 100 K and K/h in packets; 16-bit values with the high byte first.
Source: Oxford Cryosystems, serial line communications of the 700 series (cs_command, cs_status): ids, sizes, fields,
        modes, phases, alarms, 9600 8N1. The order of bytes, and that rate comes before temperature in a ramp, are of
        public programs (ESRF bliss, ALBA tango server); ranges, and that an extended packet begins as a standard one,
        are of Diamond's simulated device (tickit).
"""

import struct
from dataclasses import dataclass

from automation.kernel.errors import RefusedError, WireError

RESTART, RAMP, HOLD, COOL, STOP, FORMAT = 10, 11, 13, 14, 19, 40
SIZES = {RESTART: 2, RAMP: 6, HOLD: 2, COOL: 4, STOP: 2, FORMAT: 3}
"""How long each command is; what has another size is ignored, as is what comes at the wrong time."""
LENGTHS = {1: 32, 2: 42}
"""How long a status packet of each type is."""
STARTING, CHECK_FAILED, CHECKED, RUN, SET_UP, SHUT_DOWN, SHUT_DOWN_BY_FAULT = range(7)
P_RAMP, P_COOL, P_PLAT, P_HOLD, P_END, P_PURGE, P_SOAK, P_WAIT = 0, 1, 2, 3, 4, 5, 9, 10
LAST_PHASE = P_WAIT
NO_ALARM, STOP_PRESSED, STOP_COMMAND, TEMP_WARNING, LOW_FLOW, TEMP_FAIL, UNPHYSICAL, SENSOR_FAIL = (
    *(0, 1, 2, 5, 9, 10, 11, 12),
)
ALARMS = (
    *("", "stop button pressed", "stop command", "end phase complete", "purge phase complete"),
    *("temperature off by more than 5 K", "back pressure above 0.5 bar", "evaporator at its limit (vacuum)"),
    *("self-check failed", "gas flow below 2 L/min", "temperature off by more than 25 K", "unphysical temperature"),
    *("sensor failed", "power supply degraded", "heat sink too hot", "power supply too hot", "power failure"),
)
COLDEST, HOTTEST = -193.15, 126.85  # degC: 80 K and 400 K
SLOWEST, FASTEST = 1, 360  # K/h
CLOSE = 0.01  # K/h; a rate that is off by more from a whole one is another rate
_STATUS = struct.Struct(">BBHHhBBHHHHHBBBBBBHHBB")
_MOST = 60_000  # 100 K; no temperature of it is above 600 K
LONGEST = 4 * max(LENGTHS.values())  # bytes in which a packet has to be found
ZERO = 273.15  # K


@dataclass(frozen=True, slots=True)
class Status:
    """One status packet; temperatures in degC, rate in K/min."""

    mode: int
    phase: int
    set_point: float
    gas: float
    target: float
    rate: float
    remaining: int  # in the device's own unit, of the phase
    alarm: int
    controller: int
    software: int

    @property
    def alarm_words(self) -> str:
        """Say the alarm; empty when there is none."""
        return ALARMS[self.alarm] if self.alarm < len(ALARMS) else f"alarm {self.alarm}"


def command(number: int, *values: int) -> bytes:
    """Frame a command; raises RefusedError for what is never sent: purge, turbo, shutters, programs."""
    if number not in {RAMP, HOLD, STOP, FORMAT}:
        raise RefusedError(f"command {number} is never sent to a cryostream; ramp, hold, stop and status format are")
    width = {RAMP: ">HH", FORMAT: ">B"}.get(number, ">")
    return bytes((SIZES[number], number)) + struct.pack(width, *values)


def ramp(rate: float, target: float) -> bytes:
    """Frame a ramp (K/min, degC); raises RefusedError beyond what it can do, and for no whole number of K/h."""
    per_hour = 60.0 * rate
    if not SLOWEST <= round(per_hour) <= FASTEST or abs(per_hour - round(per_hour)) > CLOSE:
        raise RefusedError(f"rate is {rate:g} K/min, {per_hour:g} K/h; whole K/h from {SLOWEST} to {FASTEST} are known")
    if not COLDEST <= target <= HOTTEST:
        raise RefusedError(f"target is {target:g} degC; {COLDEST:g} to {HOTTEST:g} degC are possible")
    return command(RAMP, round(per_hour), centikelvin(target))


def centikelvin(celsius: float) -> int:
    """Give a temperature (degC) as packets have it."""
    return round(100.0 * (celsius + ZERO))


def status_complete(data: bytes) -> int:
    """Tell where the first whole status packet ends, noise before it included; 0 while there is none.

    Raises WireError when so much came and no packet is in it.
    """
    start, length = _found(data)
    if not length and len(data) > LONGEST:
        raise WireError(f"{len(data)} bytes and no status packet among them; one comes every second")
    return start + length


def status(data: bytes) -> Status:
    """Read the status packet at the end of what came; raises WireError when there is none."""
    start, length = _found(data)
    if not length:
        raise WireError(f"{data.hex(' ')} holds no status packet")
    return _read(data[start : start + length])


def _found(data: bytes) -> tuple[int, int]:
    """Give where the first possible packet begins and how long it is; length 0 where none is whole."""
    for start in range(len(data) - 1):
        length = LENGTHS.get(data[start + 1], 0)
        if length and length == data[start] and len(data) >= start + length and _possible(data[start : start + length]):
            return start, length
    return 0, 0


def _possible(packet: bytes) -> bool:
    found = _STATUS.unpack_from(packet)
    set_point, gas, mode, phase = found[2], found[3], found[5], found[6]
    heats = found[13:16]
    temperatures = (set_point, gas, found[8])
    return (
        mode <= SHUT_DOWN_BY_FAULT
        and phase <= LAST_PHASE
        and all(one <= _MOST for one in temperatures)
        and all(one <= 100 for one in heats)
    )


def _read(packet: bytes) -> Status:
    found = _STATUS.unpack_from(packet)
    return Status(
        mode=found[5],
        phase=found[6],
        set_point=_celsius(found[2]),
        gas=_celsius(found[3]),
        target=_celsius(found[8]),
        rate=found[7] / 60.0,
        remaining=found[11],
        alarm=found[17],
        controller=found[19],
        software=found[20],
    )


def _celsius(raw: int) -> float:
    return round(raw / 100.0 - ZERO, 2)
