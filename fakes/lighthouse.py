"""Fake Lighthouse particle counter: the registers of its map over the air of a room.

Physics: see ``fakes.physics.air``; the counts of a sample depend on seed, device and the number of the sample alone.
         Samples follow one another: delay, then sample and hold in turn, until it is stopped.
Units:   um, L/min, s.
Source:  Lighthouse MODBUS register map (see the wire module). Chosen here, because no page at hand says it: records
         and the flag of new data outlive a power cut, sampling does not; registers that are not listed are refused;
         a weak flow counts in proportion; the buffer keeps 3000 records, the oldest goes first.
"""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from automation.kernel.errors import FailedError, InputError
from automation.kernel.quantity import Instant, Litres
from fakes.freezer import flag, number
from fakes.physics.air import LIMITS, Air, poisson
from fakes.world import World
from instruments.drivers.lighthouse import wire
from instruments.transport import modbus
from instruments.transport.modbus_lines import Framing, heard

FLOW = 28.3  # L/min, 1 CFM
SIZES = "0.5,5.0"
MOST_RECORDS = 3000
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3
NOMINAL = (0.95, 1.05)  # shares of the flow that are in order
MAP_VERSION, FIRMWARE, SERIAL = 150, 210, 80123


@dataclass(frozen=True, slots=True)
class Times:
    """How it samples (s)."""

    delay: float = 5.0
    sample: float = 60.0
    hold: float = 0.0


class FakeLighthouse:
    """What the counter answers and what hands do to it."""

    def __init__(self, world: World, name: str, settings: Mapping[str, str]) -> None:
        """Stand still in the air of a room; settings: ``sizes``, ``grade``, ``framing``, ``unit`` and the times."""
        self.acts = {"start": 0, "stop": 0, "take": 0}
        self.air = Air(settings.get("grade", "A"))
        self.times = Times(*(float(settings.get(key, usual)) for key, usual in TIMES.items()))
        self.unit = int(settings.get("unit", "1"))
        self._sizes = wire.sizes(settings.get("sizes", SIZES))
        self._framing = Framing(settings.get("framing", Framing.ASCII.value))
        self._world, self._name = world, name
        self._since: Instant | None = None  # when it was started
        self._done = 0  # samples of this run that are on record
        self._records: deque[wire.Record] = deque(maxlen=MOST_RECORDS)
        self._drawn = 0  # samples ever
        self._new = self._laser = False
        self._flow, self._index = 1.0, wire.LAST
        self._powered = True
        self._received = b""

    def feed(self, data: bytes, now: Instant) -> bytes:
        """Answer complete requests; what is garbled or meant for another address is met with silence."""
        self._live(now)
        if not self._powered:
            self._received = b""
            return b""
        requests, self._received = heard(self._framing, self._received + data)
        return b"".join(one.answer(self._answer(one.asked, now)) for one in requests if one.asked.unit == self.unit)

    def hand(self, action: str, details: dict[str, object], now: Instant) -> None:
        """Let a person act; raises FailedError for another action.

        ``door`` {times: 1 unless stated}, ``flow`` {share: of what it should be}, ``laser`` {fault}, ``power`` {on};
        at the display ``start``, ``stop`` and ``read``: another program takes the newest record.
        """
        self._live(now)
        match action:
            case "door":
                self.air.door(now, times=number({"times": 1.0, **details}, "times"))
            case "flow":
                self._flow = min(2.0, max(0.0, number(details, "share")))
            case "laser":
                self._laser = flag(details, "fault")
            case "power":
                self._powered = flag(details, "on")
                self._since = None
            case "start":
                self._start(now)
            case "stop":
                self._since = None
            case "read":
                self._take()
            case _:
                hands = "door, flow, laser, power, start, stop, read"
                raise FailedError(f"hand action is {action!r}; {self._name} has {hands}")

    def unasked(self, now: Instant) -> bytes:  # noqa: ARG002  it never speaks by itself
        """Say nothing: the counter only answers."""
        return b""

    def due(self, now: Instant) -> Instant | None:  # noqa: ARG002  as above
        """Tell that it never speaks by itself."""
        return None

    def _live(self, now: Instant) -> None:
        """Put every sample that is whole by now on record; asking more often changes none."""
        if self._since is None:
            return
        cycle = self.times.sample + self.times.hold
        first = float(self._since) + self.times.delay
        whole = max(0, math.floor((float(now) - first + self.times.hold) / cycle))
        for sample in range(max(self._done, whole - MOST_RECORDS), whole):
            self._count(first + sample * cycle)
        self._done = whole

    def _count(self, start: float) -> None:
        end, sizes = start + self.times.sample, self._sizes
        volume = Litres(FLOW * self._flow * self.times.sample / 60.0)
        means = self.air.expected(sizes, volume, start=start, end=end)
        self._drawn += 1
        alone = [poisson(mean, self._world.seed, self._name, "count", self._drawn, at) for at, mean in enumerate(means)]
        counts = tuple(sum(alone[at:]) for at in range(len(sizes)))
        status = int(self._laser) | int(not self._flowing()) << 1
        self._records.append(wire.Record(round(end), round(self.times.sample), 1, status, counts))
        self._new = True

    def _flowing(self) -> bool:
        return NOMINAL[0] <= self._flow <= NOMINAL[1]

    def _start(self, now: Instant) -> None:
        self._since, self._done = now, 0

    def _take(self) -> None:
        if self._new:
            self._new = False
            self.acts["take"] += 1

    def _answer(self, asked: modbus.Request, now: Instant) -> bytes:
        match asked.function:
            case modbus.READ:
                data = self._holding(asked, now)
            case modbus.READ_INPUT:
                data = self._input(asked)
            case modbus.WRITE_ONE:
                code = self._write(asked, now)
                return modbus.reply_exception(asked, code) if code else modbus.reply_write(asked)
            case _:
                return modbus.reply_exception(asked, ILLEGAL_FUNCTION)
        return modbus.reply_read(asked, data) if data else modbus.reply_exception(asked, ILLEGAL_ADDRESS)

    def _holding(self, asked: modbus.Request, now: Instant) -> bytes:
        """Give holding registers; empty when one of them is not there."""
        words = dict.fromkeys(range(wire.INDEX + 1), 0) | wire.state_registers(self._state(now))
        words |= {wire.VERSION: MAP_VERSION, wire.INDEX: self._index}
        held = {address: word.to_bytes(2, "big") for address, word in words.items()}
        names = wire.identity_registers("SOLAIR", "3100", serial=SERIAL, firmware=FIRMWARE)
        for at in range(wire.IDENTITY_WORDS):
            held[wire.IDENTITY + at] = names[2 * at : 2 * at + 2]
        span = range(asked.start, asked.start + asked.size)
        return b"".join(held[address] for address in span) if all(address in held for address in span) else b""

    def _input(self, asked: modbus.Request) -> bytes:
        """Give registers of the record that the index shows; empty when there is none."""
        if not self._records or self._index != wire.LAST:
            return b""
        data = wire.record_registers(self._records[-1])
        if 2 * (asked.start + asked.size) > len(data) or not asked.size:
            return b""
        self._take()
        return data[2 * asked.start : 2 * (asked.start + asked.size)]

    def _write(self, asked: modbus.Request, now: Instant) -> int:
        """Take a value; gives the code of an exception, or 0."""
        value = int.from_bytes(asked.data, "big")
        match asked.start:
            case wire.COMMAND if value == wire.Command.START:
                self._start(now)
                self.acts["start"] += 1
            case wire.COMMAND if value == wire.Command.STOP:
                self._since = None
                self.acts["stop"] += 1
            case wire.INDEX:
                self._index = value
            case wire.COMMAND:
                return ILLEGAL_VALUE
            case _:
                return ILLEGAL_ADDRESS
        return 0

    def _state(self, now: Instant) -> wire.State:
        running = self._since is not None
        status = int(running) << wire.RUNNING | int(self._new) << wire.NEW_DATA
        if self._since is not None:
            into = float(now) - float(self._since) - self.times.delay
            drawing = into >= 0.0 and into % (self.times.sample + self.times.hold) < self.times.sample
            status |= int(drawing) << wire.SAMPLING
        status |= int(self._laser) << 3 | int(running and not self._flowing()) << 12
        return wire.State(status, FLOW * self._flow if running else 0.0, len(self._records))


TIMES = {"delay": "5", "sample": "60", "hold": "0"}
"""Settings of the fake in s, and what they are unless stated."""


def build(world: World, name: str, settings: Mapping[str, str]) -> FakeLighthouse:
    """Make a counter; raises InputError for a grade, a size or a time that is none."""
    if settings.get("grade", "A") not in LIMITS:
        raise InputError(f"{name}: grade is {settings['grade']!r}; allowed: {', '.join(LIMITS)}")
    try:
        made = FakeLighthouse(world, name, settings)
    except ValueError as wrong:
        raise InputError(f"{name}: {wrong}") from None
    if not (made.times.sample >= 1.0 and made.times.delay >= 0.0 and made.times.hold >= 0.0):
        raise InputError(f"{name}: {made.times}; a sample of at least 1 s is needed, and no time below 0")
    return made
