"""Driver of any device whose registers stand in a map: it looks, and sets only what the map declares as a set point.

Wire:   Modbus RTU, ASCII or TCP, one request at a time (see ``instruments.transport``); registers by the map.
Units:  as the map declares for each channel.
Source: the document that the map names; no map was tried on a device by us. What the device does when the host is gone
        is its own affair: nothing that it measures depends on the host.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from automation.kernel.errors import FailedError, InputError, RefusedError
from automation.kernel.ids import digest
from automation.kernel.quantity import Seconds
from instruments.drivers.factory import Factory
from instruments.drivers.modbus_map.wire import values
from instruments.drivers.modbus_map.wire.load import find, shipped
from instruments.drivers.modbus_map.wire.model import Channel, DeviceMap, Fault, Kept, Kind, Place, Span
from instruments.interfaces.device import DriverKind, Identity, OnHostLoss, Support, SupportLevel
from instruments.interfaces.measuring import Measured, Measures, Quality, Seen, SetPoint
from instruments.transport import Link, modbus
from instruments.transport.line import line_settings
from instruments.transport.modbus_lines import Exchange, Framer, Framing

ANSWER = Seconds(2.0)  # s, for one request and its answer at 2400 baud and a slow device; assumed

Registers = Mapping[Span, bytes]


@dataclass(frozen=True, slots=True)
class Stated:
    """What a site says of its device."""

    map: DeviceMap
    framing: Framing
    unit: int
    serial: str


class ModbusMap:
    """A device that ``Measures``, as its map says.

    RefusedError: the set point is not allowed, or the device said no; nothing changed. FailedError: the device answers
    what is asked with an exception, or keeps another value than was set. LinkError: silence. WireError: the reply
    breaks the grammar. All may be called again.
    """

    def __init__(self, link: Link, stated: Stated, *, control: bool) -> None:
        """Speak over a link; without control nothing is set."""
        self.links = (link,)
        self.channels: Mapping[str, str] = {one.name: one.unit for one in stated.map.channels}
        self._link = link
        self._map, self._unit, self._serial = stated.map, stated.unit, stated.serial
        self._framer = Framer(stated.framing, lrc_off=stated.map.lrc_off)
        self._control = control

    async def identify(self) -> Identity:
        """Read who it is, as far as the map knows; the serial number is the site's where no register tells it.

        The configuration is a digest of the map and of what was read.
        """
        places = self._map.identity
        read = await self._read(places.values())
        told = {name: self._word(place, read) for name, place in places.items()}
        return Identity(
            self._map.maker,
            told.get("model") or self._map.model,
            told.get("serial") or self._serial,
            told.get("firmware", ""),
            digest(self._map.digest, *told.values()).hex()[:16],
        )

    async def look(self) -> Seen:
        """Read every fault and every channel once; what a fault spoils reads as none."""
        read = await self._read(self._map.looked_at())
        faults = [(fault, said) for fault in self._map.faults if (said := self._said(fault, read))]
        spoiled = {name for fault, _ in faults for name in fault.spoils}
        readings = tuple(self._measured(one, read, spoiled=one.name in spoiled) for one in self._map.channels)
        return Seen(readings, tuple(word for _, said in faults for word in said))

    async def set_points(self) -> tuple[SetPoint, ...]:
        """Read every set point that the map declares; raises FailedError for one that is no number."""
        read = await self._read(one.place for one in self._map.kept)
        return tuple(self._kept(one, read) for one in self._map.kept)

    async def keep(self, *, set_point: SetPoint) -> None:
        """Write a set point and compare what stands there afterwards."""
        if not self._control:
            raise RefusedError(f"{self._link.name}: setting {set_point.name} needs control; this driver was given none")
        kept = self._wanted(set_point)
        place, data = kept.place, values.registers(kept.place, set_point.value)
        unit, address = self._unit, place.span.address
        one = place.span.words == 1
        value = int.from_bytes(data, "big")
        await self._ask(
            modbus.WriteOne(unit, address, value=value) if one else modbus.Write(unit, address, data=data), refuse=True
        )
        stands = self._data(place, await self._read((place,)))
        if stands != data:
            there = values.number(place, stands)
            shown = "no number" if there is None else f"{there * place.scale:g} {kept.unit}"
            raise FailedError(f"{self._link.name}: {kept.name} stands at {shown}, not at {set_point.value:g}")

    def _wanted(self, given: SetPoint) -> Kept:
        kept = next((one for one in self._map.kept if one.name == given.name), None)
        if kept is None:
            there = ", ".join(one.name for one in self._map.kept) or "none"
            raise RefusedError(f"{self._link.name}: set point is {given.name!r}; the map {self._map.name} has: {there}")
        if given.unit != kept.unit or not kept.lowest <= given.value <= kept.highest:
            msg = f"{self._link.name}: {kept.name} is {given.value:g} {given.unit}"
            raise RefusedError(f"{msg}; {kept.lowest:g} to {kept.highest:g} {kept.unit} is allowed")
        return kept

    def _kept(self, one: Kept, read: Registers) -> SetPoint:
        raw = values.number(one.place, self._data(one.place, read))
        if raw is None:
            raise FailedError(f"{self._link.name}: {one.name} is no number")
        return SetPoint(one.name, raw * one.place.scale, one.unit)

    def _measured(self, one: Channel, read: Registers, *, spoiled: bool) -> Measured:
        data = self._data(one.place, read)
        if one.bit is not None:
            value: float | None = float(values.whole(one.place, data) >> one.bit & 1)
            quality = Quality.GOOD
        else:
            value, quality = _judged(one, values.number(one.place, data))
        if spoiled:
            value, quality = None, Quality.FAULT
        return Measured(one.name, value, one.unit, quality, data.hex(" ", 2))

    def _said(self, fault: Fault, read: Registers) -> tuple[str, ...]:
        data = self._data(fault.place, read)
        bits = values.whole(fault.place, data)
        if fault.bits:
            return tuple(word for bit, word in fault.bits.items() if bits >> bit & 1)
        return () if float(bits) in fault.good else (f"{fault.name} is {bits}",)

    def _word(self, place: Place, read: Registers) -> str:
        data = self._data(place, read)
        if place.kind is Kind.TEXT:
            return values.text(data)
        raw = values.number(place, data)
        return "" if raw is None else f"{raw * place.scale:.10g}"

    def _data(self, place: Place, read: Registers) -> bytes:
        span = self._map.span(place)
        start = 2 * (place.span.address - span.address)
        return read[span][start : start + 2 * place.span.words]

    async def _read(self, places: Iterable[Place]) -> Registers:
        return {span: await self._span(span) for span in self._map.spans(places)}

    async def _span(self, span: Span) -> bytes:
        asked = modbus.Read(self._unit, span.address, count=span.words, function=span.function)
        return asked.data(await self._ask(asked))

    async def _ask(self, asked: Exchange, *, refuse: bool = False) -> bytes:
        """Give the reply in RTU form; an exception of the device is a refusal of what it was told, else a failure."""
        framed = self._framer.framed(asked)
        reply = framed.rtu(await self._link.exchange(framed.frame, framed.complete, deadline=ANSWER))
        try:
            asked.check(reply)
        except RefusedError as refusal:
            if refuse:
                raise
            raise FailedError(f"{self._link.name}: {refusal}") from refusal
        return reply


def _judged(one: Channel, raw: float | None) -> tuple[float | None, Quality]:
    """Give the value of a channel and what it is worth."""
    if raw is None or raw in one.broken:
        return None, Quality.BROKEN
    value = raw * one.place.scale
    return (value, Quality.GOOD) if one.lowest <= value <= one.highest else (None, Quality.BEYOND)


def build(link: Link, settings: Mapping[str, str], *, control: bool) -> ModbusMap:
    """Make the driver from the settings of a site; raises InputError for one that is not allowed."""
    FACTORY.check(settings)
    if "map" not in settings:
        raise InputError(f"map is missing; a file that ends with .yaml, or one of: {', '.join(shipped())}")
    found = find(settings["map"])
    framing = settings.get("framing", found.framings[0].value)
    if framing not in found.framings:
        raise InputError(f"framing is {framing!r}; the map {found.name} has: {', '.join(found.framings)}")
    unit = settings.get("unit", str(found.unit))
    if not (unit.isascii() and unit.isdecimal()) or len(unit) > 3 or int(unit) > 255:
        raise InputError(f"unit is {unit!r}; a whole number from 0 to 255 is needed")
    _check_line(link, found, settings.get("line", found.serial))
    return ModbusMap(link, Stated(found, Framing(framing), int(unit), settings.get("serial", "")), control=control)


def _check_line(link: Link, found: DeviceMap, wanted: str) -> None:
    """Refuse a serial line that is set otherwise than the device; other transports have no such settings."""
    actual = link.stream.settings
    if wanted and actual[:1].isdigit() and line_settings(wanted) != line_settings(actual):
        raise InputError(f"{link.name} is set to {actual}; {found.model} needs {wanted}")


FACTORY = Factory(
    build=build,
    interface=Measures,
    support=Support(
        kind=DriverKind.DRIVEN,
        level=SupportLevel.L1,
        on_host_loss=OnHostLoss.UNKNOWN,
        source="the document that each map names, register by register",
    ),
    transports=("memory", "pty", "serial", "tcp"),
    settings={
        "map": "the device: a map that comes with the program, or a file that ends with .yaml",
        "framing": "rtu, ascii or tcp, as far as the map has it; the map's first one unless stated",
        "unit": "the device's address on its line, 0 to 255; the map's unless stated",
        "serial": "the serial number on the label, where no register tells it",
        "line": "how the serial line of the device is set, for example '19200 8N1'; the map's unless stated",
    },
)
