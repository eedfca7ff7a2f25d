"""A device as a map of registers: where each value stands, what it means, and what marks it as none.

Units:  addresses count from 0, as they stand in frames; values in the unit of their channel.
Source: each map names its document, and each register the page that it is from.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from instruments.transport.modbus_lines import Framing


class Kind(StrEnum):
    """What stands in registers."""

    INT16 = "int16"
    UINT16 = "uint16"
    INT32 = "int32"
    UINT32 = "uint32"
    FLOAT32 = "float32"
    TEXT = "text"  # two characters a register


WORDS: Mapping[Kind, int] = {
    Kind.INT16: 1,
    Kind.UINT16: 1,
    Kind.INT32: 2,
    Kind.UINT32: 2,
    Kind.FLOAT32: 2,
}
"""How many registers a value takes; a text says so itself."""


class Order(StrEnum):
    """Which register of a value of two comes first."""

    HIGH = "high word first"
    LOW = "low word first"


@dataclass(frozen=True, slots=True)
class Span:
    """Neighbouring registers that are read in one exchange."""

    function: int  # 3 or 4
    address: int
    words: int

    def holds(self, other: "Span") -> bool:
        """Tell whether all of another span is in this one."""
        end, last = self.address + self.words, other.address + other.words
        return self.function == other.function and self.address <= other.address and last <= end


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands, and as what; the number in the registers times ``scale`` is the value."""

    span: Span
    kind: Kind
    order: Order = Order.HIGH
    scale: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One measured value, or one bit of a register as a state that is 0 or 1."""

    name: str
    place: Place
    unit: str
    lowest: float
    highest: float
    broken: tuple[float, ...] = ()  # numbers in the registers that mean: no value
    bit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A register by which the device says that something is wrong, and which channels are then worth nothing."""

    name: str
    place: Place
    good: tuple[float, ...] = ()  # any other number is a fault
    bits: Mapping[int, str] = field(default_factory=dict)  # each bit that is set is a fault of its own
    spoils: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A set point that is written and read back at the same place."""

    name: str
    place: Place
    unit: str
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceMap:
    """One device."""

    name: str
    maker: str
    model: str
    level: str
    source: str
    framings: tuple[Framing, ...]  # the first one is used unless a site says otherwise
    serial: str = ""  # how a serial line is set; empty where it differs from site to site
    unit: int = 1
    lrc_off: int = 0
    identity: Mapping[str, Place] = field(default_factory=dict)  # serial, model, firmware
    blocks: tuple[Span, ...] = ()
    channels: tuple[Channel, ...] = ()
    faults: tuple[Fault, ...] = ()
    kept: tuple[Kept, ...] = ()
    digest: str = ""

    def spans(self, places: Iterable[Place]) -> tuple[Span, ...]:
        """Give what is read for these places, each span once; what a block holds is read with the block."""
        found: dict[Span, None] = {}
        for place in places:
            found[self.span(place)] = None
        return tuple(found)

    def span(self, place: Place) -> Span:
        """Give what is read for one place."""
        return next((block for block in self.blocks if block.holds(place.span)), place.span)

    def looked_at(self) -> tuple[Place, ...]:
        """Give every place that one look needs."""
        return (*(one.place for one in self.faults), *(one.place for one in self.channels))
