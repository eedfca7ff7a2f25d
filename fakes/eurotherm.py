"""Fake of a controlled-rate freezer on a Eurotherm 2400 that speaks Modbus RTU.

Vocabulary: functions 3, 4, 6, 8 and 16; word registers scaled to one decimal, the full-resolution image above 32768.
Units:  degC, K/min, s; image times in ms.
Source: Eurotherm HA026230 as listed in ``wire.registers``. Chosen here, because no document at hand says it: gaps
        between listed addresses read as 0 (``gaps`` False: refused), times in word registers are whole minutes, whole
        numbers stand in the image as floats.
"""

import struct
from collections.abc import Mapping
from functools import lru_cache

from automation.kernel.errors import WireError
from automation.kernel.quantity import Instant
from fakes.eurotherm_controller import (
    ILLEGAL_ADDRESS,
    ILLEGAL_FUNCTION,
    ILLEGAL_VALUE,
    PROGRAM_AREA,
    Controller,
    Refusal,
    Setup,
    place,
)
from fakes.freezer import read_build
from fakes.physics.chamber import Build
from fakes.world import World
from instruments.drivers.eurotherm.wire import registers as r
from instruments.transport import modbus

SILENCE = 0.05  # s without a byte after which a frame begins anew
SCALE = 10.0  # word registers show one decimal
MINUTE = 60.0

_REQUEST = lru_cache(maxsize=256)(modbus.request)  # the same bytes are the same request


class EurothermFreezer(Controller):
    """The controller over Modbus RTU."""

    def __init__(self, world: World, name: str, build: Build | None = None, setup: Setup | None = None) -> None:
        """Stand in a world as the place ``name``."""
        super().__init__(world, name, build, setup)
        self._buffer = b""
        self._heard = 0.0

    def feed(self, data: bytes, now: Instant) -> bytes:
        """Answer complete requests; what is garbled or meant for another address is met with silence."""
        if not self.chamber.powered:
            return b""
        if self._buffer and float(now) - self._heard > SILENCE:
            self._buffer = b""
        self._heard = float(now)
        self._buffer += data
        said = b""
        while self._buffer:
            length = modbus.whole(self._buffer)
            if not length:
                break
            frame, self._buffer = self._buffer[:length], self._buffer[length:]
            try:
                asked = _REQUEST(frame)
            except WireError:
                self._buffer = b""
                break
            if asked.unit == self.setup.unit:
                said += self._answer(asked, now)
        return said

    def _answer(self, asked: modbus.Request, now: Instant) -> bytes:
        try:
            match asked.function:
                case modbus.READ | modbus.READ_INPUT:
                    return modbus.reply_read(asked, self._read(asked, now))
                case modbus.WRITE_ONE | modbus.WRITE:
                    self._write(asked, now)
                    return modbus.reply_write(asked)
                case modbus.LOOPBACK:
                    return modbus.reply_write(asked)
                case _:
                    raise Refusal(ILLEGAL_FUNCTION)
        except Refusal as refusal:
            return modbus.reply_exception(asked, refusal.code)

    def _read(self, asked: modbus.Request, now: Instant) -> bytes:
        start, size = asked.start, asked.size
        if not 1 <= size <= modbus.MOST_READ:
            raise Refusal(ILLEGAL_VALUE)
        live = self.live(now)
        if start < r.IMAGE:
            words = [round(self._value(at, live) * self._scale(at)) & 0xFFFF for at in range(start, start + size)]
            return struct.pack(f">{size}H", *words)
        if start % 2 or size % 2:
            raise Refusal(ILLEGAL_ADDRESS)
        first = (start - r.IMAGE) // 2
        return b"".join([self._pack(at, self._value(at, live)) for at in range(first, first + size // 2)])

    def _value(self, address: int, live: dict[int, float]) -> float:
        if address in live:
            return live[address]
        if address in self.stored or address in PROGRAM_AREA:
            return self.stored.get(address, 0.0)
        if not self.setup.gaps or not 0 < address <= r.SETPOINTS:
            raise Refusal(ILLEGAL_ADDRESS)
        return 0.0

    def _write(self, asked: modbus.Request, now: Instant) -> None:
        data, start = asked.data, asked.start
        if start >= r.IMAGE:
            if start % 2 or len(data) % 4:
                raise Refusal(ILLEGAL_ADDRESS)
            address = (start - r.IMAGE) // 2
            for offset in range(0, len(data), 4):
                self.put(address, self._unpack(address, data[offset : offset + 4]), now)
                address += 1
        else:
            for offset in range(0, len(data), 2):
                address = start + offset // 2
                self.put(address, r.signed(data, offset) / self._scale(address), now)

    def _pack(self, address: int, value: float) -> bytes:
        return r.pack_milliseconds(round(value * 1000.0)) if self._timed(address) else r.pack_number(value)

    def _unpack(self, address: int, data: bytes) -> float:
        if self._timed(address):
            return r.milliseconds(data) / 1000.0
        try:
            return r.number(data)
        except WireError as error:
            raise Refusal(ILLEGAL_VALUE) from error

    def _scale(self, address: int) -> float:
        """Give by what a word register is scaled."""
        if address < r.PROGRAM_BASE:
            return SCALE if address in r.NUMBERS else 1.0 / MINUTE if address in r.TIMES else 1.0
        if self._timed(address):
            return 1.0 / MINUTE
        if address in PROGRAM_AREA:
            segment, offset = place(address)
            scaled = offset in {r.SEG_TARGET, r.SEG_RATE} if segment else offset == r.HOLDBACK_VALUE
            return SCALE if scaled else 1.0
        return 1.0

    def _timed(self, address: int) -> bool:
        """Tell whether a parameter is a time: a segment's third word is one when its type, written before, says so."""
        if address not in PROGRAM_AREA:
            return address in r.TIMES
        segment, offset = place(address)
        kind = self.stored.get(address - r.SEG_RATE, 0.0)
        return segment > 0 and offset == r.SEG_RATE and kind in {r.Type.RAMP_TIME, r.Type.DWELL}


def build(world: World, name: str, settings: Mapping[str, str]) -> EurothermFreezer:
    """Make a freezer; ``power_fail`` sets what it does after a power failure. Raises InputError for another word."""
    return EurothermFreezer(world, name, read_build(settings, where=name))
