"""Reads a map from its file; every complaint names the field, the value, what is allowed, file, line and column.

Units:  register numbers as the maker's tables have them, from ``registers.first`` (0 or 1) on; decimal, or 0x and hex.
Source: docs/drivers/modbus_map.md.
"""

import re
from collections.abc import Collection, Mapping
from functools import cache
from importlib import resources
from pathlib import Path

from automation.engine.alarmmodel import PLAIN_UNITS
from automation.engine.recipe.source import digest
from automation.engine.recipe.yaml_source import Node, read_file, read_text
from automation.kernel.errors import InputError
from instruments.drivers.modbus_map.wire.model import WORDS, Channel, DeviceMap, Fault, Kept, Kind, Order, Place, Span
from instruments.transport.line import line_settings
from instruments.transport.modbus import MOST_READ, READ, READ_INPUT
from instruments.transport.modbus_lines import Framing

UNITS = ("%", "degC", *PLAIN_UNITS)
LEVELS = ("L0", "L1", "L2", "L3")
IDENTITY = ("serial", "model", "firmware")
ADDRESSES, UNITS_OF_LINE, BITS = 0x10000, 255, {Kind.UINT16: 16, Kind.UINT32: 32}
_REGISTER = re.compile(r"0x[0-9A-Fa-f]{1,5}|[0-9]{1,5}")
_NAME = re.compile(r"[a-z0-9][a-z0-9 ._-]{0,39}")
_PLACED = ("register", "type")
_PLACED_TOO = ("function", "word_order", "scale", "words", "source")


def shipped() -> tuple[str, ...]:
    """Name the maps that come with the program."""
    folder = resources.files("instruments.drivers.modbus_map") / "maps"
    return tuple(sorted(one.name.removesuffix(".yaml") for one in folder.iterdir() if one.name.endswith(".yaml")))


@cache
def find(name: str) -> DeviceMap:
    """Give a map that comes with the program by its name, or one from a file that ends with .yaml; raises InputError.

    The same file is read once.
    """
    if name.endswith((".yaml", ".yml")):
        return read(read_file(Path(name)), name=Path(name).stem)
    if name not in shipped():
        raise InputError(f"map is {name!r}; a file that ends with .yaml, or one of: {', '.join(shipped())}")
    file = resources.files("instruments.drivers.modbus_map") / "maps" / f"{name}.yaml"
    return read(read_text(file.read_text(encoding="utf-8"), name=f"{name}.yaml"), name=name)


def read(node: Node, *, name: str) -> DeviceMap:
    """Read a whole map; raises InputError."""
    sections = ("identity", "blocks", "faults", "set_points")
    pairs = node.fields(required=("device", "line", "registers", "channels"), optional=sections)
    device = pairs["device"].fields(required=("maker", "model", "level", "source"))
    line = pairs["line"].fields(required=("framings",), optional=("serial", "unit", "lrc_off"))
    tables = _Tables(pairs["registers"])
    framings = tuple(Framing(one.choice(list(Framing))) for one in line["framings"].sequence())
    if not framings or len(set(framings)) < len(framings):
        raise line["framings"].wrong(f"names none or one twice; known: {', '.join(Framing)}")
    channels = tuple(tables.channel(key, one) for key, one in _named(pairs["channels"]))
    if not channels:
        raise pairs["channels"].wrong("is empty; at least one channel is needed")
    known = tuple(one.name for one in channels)
    return DeviceMap(
        name=name,
        maker=device["maker"].string(),
        model=device["model"].string(),
        level=device["level"].choice(LEVELS),
        source=device["source"].string(),
        framings=framings,
        serial=_serial(line["serial"]) if "serial" in line else "",
        unit=_whole(line["unit"], least=0, most=UNITS_OF_LINE) if "unit" in line else 1,
        lrc_off=_whole(line["lrc_off"], least=-255, most=255) if "lrc_off" in line else 0,
        identity=_identity(pairs["identity"], tables) if "identity" in pairs else {},
        blocks=tuple(tables.block(one) for one in pairs["blocks"].sequence()) if "blocks" in pairs else (),
        channels=channels,
        faults=tuple(tables.fault(key, one, known) for key, one in _named(pairs.get("faults"))),
        kept=tuple(tables.kept(key, one) for key, one in _named(pairs.get("set_points"))),
        digest=digest(node),
    )


class _Tables:
    """How the maker's tables count registers, and what holds unless a register says otherwise."""

    def __init__(self, node: Node) -> None:
        pairs = node.fields(required=("first", "function"), optional=("word_order",))
        self._first = _whole(pairs["first"], least=0, most=1)
        self._function = _function(pairs["function"])
        self._order = Order(pairs["word_order"].choice(list(Order))) if "word_order" in pairs else None

    def channel(self, name: str, node: Node) -> Channel:
        """Read one channel."""
        pairs = node.fields(required=(*_PLACED, "unit", "source"), optional=(*_PLACED_TOO, "range", "broken", "bit"))
        place, unit = self.place(pairs, node), pairs["unit"].choice(UNITS)
        if place.kind is Kind.TEXT:
            raise pairs["type"].wrong("is 'text'; a channel is a number, texts are for identity")
        if "bit" in pairs:
            bit = _bit(pairs["bit"], place)
            if unit != "1" or "range" in pairs or "scale" in pairs or "broken" in pairs:
                raise pairs["bit"].wrong("is given; a bit has the unit '1' and neither range, scale nor broken")
            return Channel(name=name, place=place, unit=unit, lowest=0.0, highest=1.0, bit=bit)
        lowest, highest = _range(pairs, node)
        broken = tuple(one.number() for one in pairs["broken"].sequence()) if "broken" in pairs else ()
        return Channel(name=name, place=place, unit=unit, lowest=lowest, highest=highest, broken=broken)

    def fault(self, name: str, node: Node, channels: Collection[str]) -> Fault:
        """Read one register of faults."""
        pairs = node.fields(required=(*_PLACED, "source"), optional=(*_PLACED_TOO, "good", "bits", "spoils"))
        place = self.place(pairs, node)
        if place.kind not in BITS:
            raise pairs["type"].wrong(f"is {place.kind.value!r}; faults stand in {', '.join(BITS)}")
        if ("good" in pairs) is ("bits" in pairs):
            raise node.wrong("needs either good (numbers that mean: all is well) or bits (each a fault of its own)")
        spoils = pairs["spoils"].sequence() if "spoils" in pairs else ()
        return Fault(
            name=name,
            place=place,
            good=tuple(one.number() for one in pairs["good"].sequence()) if "good" in pairs else (),
            bits=_bits(pairs["bits"], place) if "bits" in pairs else {},
            spoils=tuple(one.choice(channels) for one in spoils),
        )

    def kept(self, name: str, node: Node) -> Kept:
        """Read one set point."""
        pairs = node.fields(required=(*_PLACED, "unit", "range", "source"), optional=_PLACED_TOO)
        place = self.place(pairs, node)
        if place.kind is Kind.TEXT or place.span.function != READ:
            raise pairs["type"].wrong(f"can't be set: a number in registers that function {READ} reads is needed")
        lowest, highest = _range(pairs, node)
        return Kept(name=name, place=place, unit=pairs["unit"].choice(UNITS), lowest=lowest, highest=highest)

    def block(self, node: Node) -> Span:
        """Read registers that are read together."""
        pairs = node.fields(required=("register", "words"), optional=("function", "source"))
        words = _whole(pairs["words"], least=1, most=MOST_READ)
        return Span(self._reads(pairs), self._address(pairs["register"], words), words)

    def place(self, pairs: Mapping[str, Node], node: Node) -> Place:
        """Read where a value stands, and as what."""
        kind = Kind(pairs["type"].choice(list(Kind)))
        if ("words" in pairs) is not (kind is Kind.TEXT):
            raise node.wrong("needs words for a text, and only for a text: how many registers it takes")
        words = _whole(pairs["words"], least=1, most=MOST_READ) if "words" in pairs else WORDS[kind]
        order = Order(pairs["word_order"].choice(list(Order))) if "word_order" in pairs else self._order
        if words == 2 and kind is not Kind.TEXT and order is None:
            allowed = " or ".join(repr(one.value) for one in Order)
            raise node.wrong(f"takes two registers; word_order is needed here or under registers: {allowed}")
        scale = pairs["scale"].number() if "scale" in pairs else 1.0
        if scale == 0.0:
            raise pairs["scale"].wrong("is 0; a factor that is not 0 is needed")
        span = Span(self._reads(pairs), self._address(pairs["register"], words), words)
        return Place(span, kind, order or Order.HIGH, scale)

    def _reads(self, pairs: Mapping[str, Node]) -> int:
        return _function(pairs["function"]) if "function" in pairs else self._function

    def _address(self, node: Node, words: int) -> int:
        if not _REGISTER.fullmatch(node.string()):
            raise node.wrong(f"is {node.text!r}; a register is needed, for example 257 or 0x530")
        number = int(node.text, 16 if node.text.startswith("0x") else 10)
        if not 0 <= number - self._first <= ADDRESSES - words:
            last = ADDRESSES - words + self._first
            raise node.wrong(f"is {node.text}; {self._first} to {last} is allowed, as registers.first is {self._first}")
        return number - self._first


def _identity(node: Node, tables: _Tables) -> Mapping[str, Place]:
    found = node.fields(optional=IDENTITY)
    return {
        name: tables.place(one.fields(required=(*_PLACED, "source"), optional=_PLACED_TOO), one)
        for name, one in found.items()
    }


def _named(node: Node | None) -> list[tuple[str, Node]]:
    found = list(node.mapping().items()) if node is not None else []
    for name, one in found:
        if not _NAME.fullmatch(name):
            raise InputError(
                f"{name!r} is no name; small letters, digits, blanks and '._-' are allowed", where=one.key_where
            )
    return found


def _range(pairs: Mapping[str, Node], node: Node) -> tuple[float, float]:
    if "range" not in pairs:
        raise node.wrong("lacks range: the lowest and the highest value that it can have")
    bounds = [one.number() for one in pairs["range"].sequence()]
    if len(bounds) != 2 or not bounds[0] < bounds[1]:
        raise pairs["range"].wrong(f"is {[float(one) for one in bounds]}; the lowest and the highest value are needed")
    return bounds[0], bounds[1]


def _bits(node: Node, place: Place) -> Mapping[int, str]:
    found: dict[int, str] = {}
    for key, one in node.mapping().items():
        if not key.isdecimal() or int(key) >= BITS[place.kind]:
            raise InputError(f"bit is {key!r}; 0 to {BITS[place.kind] - 1} is allowed", where=one.key_where)
        found[int(key)] = one.string()
    if not found:
        raise node.wrong("is empty; at least one bit is needed")
    return found


def _bit(node: Node, place: Place) -> int:
    if place.kind not in BITS:
        raise node.wrong(f"is of a value of type {place.kind}; bits are of {', '.join(BITS)}")
    return _whole(node, least=0, most=BITS[place.kind] - 1)


def _function(node: Node) -> int:
    if node.integer() not in {READ, READ_INPUT}:
        raise node.wrong(f"is {node.text}; {READ} (holding registers) or {READ_INPUT} (input registers) is allowed")
    return node.integer()


def _serial(node: Node) -> str:
    return str(line_settings(node.string(), where=node.where))


def _whole(node: Node, *, least: int, most: int) -> int:
    if not least <= node.integer() <= most:
        raise node.wrong(f"is {node.text}; {least} to {most} is allowed")
    return node.integer()
