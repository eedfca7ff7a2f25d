"""Fake of any device that stands in a map: its registers, filled from values that relax, drift, or follow a place.

Physics: each channel goes to its target with a time constant; at a place of the world a sensor reads what the device
         there shows of that channel (a rocking bag: dissolved oxygen, pH, temperature), and temperatures follow the
         place behind the lag of a probe; noise depends on seed, device, channel and whole 10 s alone.
Units:   as the map declares for each channel; s.
Source:  the map. Chosen here, because no document at hand says it: registers between those of a block read as 0, other
         registers are refused with exception 2, a broken sensor is not a number, or beyond the range of its channel.
"""

import math
from collections.abc import Mapping

from automation.kernel.errors import FailedError, InputError, RefusedError
from automation.kernel.ids import uniform
from automation.kernel.quantity import Instant
from fakes.freezer import flag, number, text
from fakes.memmert import Relaxing
from fakes.world import World
from instruments.drivers.modbus_map.wire import values
from instruments.drivers.modbus_map.wire.load import find
from instruments.drivers.modbus_map.wire.model import Channel, DeviceMap, Kind, Order, Place
from instruments.transport import modbus
from instruments.transport.modbus_lines import Framing, heard

ANY_MAP = "vaisala_hmt330"
SILENCE = 0.05  # s without a byte after which an RTU frame begins anew
GRID = 10.0  # s, of the noise
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3
TEXTS = {"serial": "SIM-0001", "model": "", "firmware": "1.0"}
ROOM = {"degC": 21.0, "%": 45.0}
"""What a channel reads unless something else is set, by its unit; where its range has no such value, the middle."""


class FakeModbusMap:
    """What the device answers and what hands do to it."""

    def __init__(self, world: World, name: str, given: DeviceMap, settings: Mapping[str, str]) -> None:
        """Stand in a world; settings that are named as a channel or a set point are its value."""
        self.acts = {"keep": 0}
        self.map = given
        self.unit = int(settings.get("unit", str(given.unit)))
        self._framing = Framing(settings.get("framing", given.framings[0].value))
        self._world, self._name = world, name
        self._noise = float(settings.get("noise", "0"))
        self._place = settings.get("place", "")
        self._powered, self._hung = True, False
        self._broken: set[str] = set()
        self._faults: set[str] = set()
        self._received, self._heard = b"", 0.0
        start = {one.name: _usual(one) for one in given.channels}
        self.kept = {one.name: max(one.lowest, min(one.highest, 20.0)) for one in given.kept}
        for key in settings.keys() & start.keys():
            start[key] = float(settings[key])
        for key in settings.keys() & self.kept.keys():
            self.kept[key] = float(settings[key])
        self._values = {key: Relaxing(value, value, 1.0, Instant(0.0)) for key, value in start.items()}

    def feed(self, data: bytes, now: Instant) -> bytes:
        """Answer complete requests; what is garbled or meant for another address is met with silence."""
        if not self._powered:
            self._received = b""
            return b""
        if self._framing is Framing.RTU and float(now) - self._heard > SILENCE:
            self._received = b""
        self._heard = float(now)
        requests, self._received = heard(self._framing, self._received + data)
        return b"".join(one.answer(self._answer(one.asked, now)) for one in requests if one.asked.unit == self.unit)

    def hand(self, action: str, details: dict[str, object], now: Instant) -> None:
        """Let a person act; raises FailedError for another action.

        ``set`` {channel, value, lag: s, 0 unless stated}, ``follow`` {place}: of the world, ``break`` {channel,
        broken}, ``fault`` {name, on}, ``power`` {on}, ``keep`` {name, value}: at the panel.
        """
        match action:
            case "set":
                lag = number({"lag": 0.0, **details}, "lag")
                self._set(text(details, "channel"), number(details, "value"), now, lag=lag)
            case "follow":
                place = text(details, "place")
                self._world.attach(self._name, to=place, now=now)
                self._place, self._hung = place, True
            case "break":
                broken = self._channel(text(details, "channel")).name
                (self._broken.add if flag(details, "broken") else self._broken.discard)(broken)
            case "fault":
                name = _known(text(details, "name"), [one.name for one in self.map.faults])
                (self._faults.add if flag(details, "on") else self._faults.discard)(name)
            case "power":
                self._powered = flag(details, "on")
            case "keep":
                self.kept[_known(text(details, "name"), list(self.kept))] = number(details, "value")
            case _:
                hands = "set, follow, break, fault, power, keep"
                raise FailedError(f"hand action is {action!r}; {self._name} has {hands}")

    def unasked(self, now: Instant) -> bytes:  # noqa: ARG002  it never speaks by itself
        """Say nothing: the device only answers."""
        return b""

    def due(self, now: Instant) -> Instant | None:  # noqa: ARG002  as above
        """Tell that it never speaks by itself."""
        return None

    def value(self, channel: str, now: Instant) -> float:
        """Give the true value of a channel."""
        seen = self._world.shown(self._place, channel=channel, now=now)
        if seen is not None:
            return seen
        if self._place and self._channel(channel).unit == "degC":
            self._hang(now)
            return float(self._world.probe(self._name, now))
        return self._values[channel].at(now)

    def _set(self, channel: str, value: float, now: Instant, *, lag: float) -> None:
        self._channel(channel)
        start = self.value(channel, now) if lag > 0.0 else value
        self._values[channel] = Relaxing(start, value, lag if lag > 0.0 else 1.0, now)

    def _hang(self, now: Instant) -> None:
        """Hang the probe at its place, once there is a time."""
        if not self._hung:
            self._world.attach(self._name, to=self._place, now=now)
            self._hung = True

    def _channel(self, name: str) -> Channel:
        known = _known(name, [one.name for one in self.map.channels])
        return next(one for one in self.map.channels if one.name == known)

    def _answer(self, asked: modbus.Request, now: Instant) -> bytes:
        match asked.function:
            case modbus.READ | modbus.READ_INPUT:
                if not 1 <= asked.size <= modbus.MOST_READ:
                    return modbus.reply_exception(asked, ILLEGAL_VALUE)
                held = self._registers(asked.function, now)
                span = range(asked.start, asked.start + asked.size)
                if not all(address in held for address in span):
                    return modbus.reply_exception(asked, ILLEGAL_ADDRESS)
                return modbus.reply_read(asked, b"".join(held[address] for address in span))
            case modbus.WRITE_ONE | modbus.WRITE:
                code = self._write(asked)
                return modbus.reply_exception(asked, code) if code else modbus.reply_write(asked)
            case _:
                return modbus.reply_exception(asked, ILLEGAL_FUNCTION)

    def _write(self, asked: modbus.Request) -> int:
        """Take a set point; gives the code of an exception, or 0."""
        for one in self.map.kept:
            if one.place.span.address == asked.start and one.place.span.words == asked.size:
                raw = values.number(one.place, asked.data)
                if raw is None or not one.lowest <= raw * one.place.scale <= one.highest:
                    return ILLEGAL_VALUE
                self.kept[one.name] = raw * one.place.scale
                self.acts["keep"] += 1
                return 0
        return ILLEGAL_ADDRESS

    def _registers(self, function: int, now: Instant) -> dict[int, bytes]:
        """Give every register that a function reads, as two bytes."""
        held: dict[int, bytes] = {}
        for block in self.map.blocks:
            if block.function == function:
                held |= dict.fromkeys(range(block.address, block.address + block.words), bytes(2))
        for place, data in self._filled(now):
            if place.span.function != function:
                continue
            for at in range(place.span.words):
                address, word = place.span.address + at, data[2 * at : 2 * at + 2]
                held[address] = bytes(a | b for a, b in zip(held.get(address, bytes(2)), word, strict=True))
        return held

    def _filled(self, now: Instant) -> list[tuple[Place, bytes]]:
        """Give every place with what stands there; bits of one register are put together by who asks."""
        found = [(place, self._told(name, place)) for name, place in self.map.identity.items()]
        found += [(one.place, values.registers(one.place, self.kept[one.name])) for one in self.map.kept]
        for fault in self.map.faults:
            on, bits = fault.name in self._faults, fault.bits
            raw = float(1 << min(bits) if on else 0) if bits else fault.good[0] + float(on)
            found.append((fault.place, values.registers(fault.place, raw * fault.place.scale)))
        return found + [(one.place, self._shown(one, now)) for one in self.map.channels]

    def _told(self, name: str, place: Place) -> bytes:
        said = TEXTS[name] or self.map.model
        return values.text_registers(place, said) if place.kind is Kind.TEXT else values.registers(place, float(1))

    def _shown(self, one: Channel, now: Instant) -> bytes:
        if one.bit is not None:
            raw = int(self.value(one.name, now) >= 0.5) << one.bit
            return values.registers(one.place, float(raw) * one.place.scale)
        if one.name in self._broken:
            return _no_value(one)
        value, grid = self.value(one.name, now), math.floor(float(now) / GRID)
        value += self._noise * (2.0 * uniform(self._world.seed, self._name, one.name, grid) - 1.0)
        try:
            return values.registers(one.place, value)
        except RefusedError:
            return _no_value(one)


def _usual(one: Channel) -> float:
    usual = ROOM.get(one.unit, 0.0)
    return usual if one.lowest <= usual <= one.highest else (one.lowest + one.highest) / 2.0


def _no_value(one: Channel) -> bytes:
    """Give what a broken sensor shows."""
    if one.place.kind is Kind.FLOAT32:
        data = bytes.fromhex("7fc00000")
        return data[2:] + data[:2] if one.place.order is Order.LOW else data
    if one.broken:
        return values.registers(one.place, one.broken[0] * one.place.scale)
    return values.registers(one.place, one.highest + abs(one.place.scale))


def _known(name: str, names: list[str]) -> str:
    if name not in names:
        raise FailedError(f"name is {name!r}; there are {', '.join(names) or 'none'}")
    return name


def build(world: World, name: str, settings: Mapping[str, str]) -> FakeModbusMap:
    """Make the device of a map; settings: ``map``, ``framing``, ``unit``, ``place``, ``noise``, and values by name.

    Raises InputError for a map, a framing or a number that is none.
    """
    try:
        return FakeModbusMap(world, name, find(settings.get("map", ANY_MAP)), settings)
    except ValueError as wrong:
        raise InputError(f"{name}: {wrong}") from None
