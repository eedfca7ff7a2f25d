"""What only measures: channels with a value, a unit and a quality; some devices also keep set points.

Units: each channel states its own (UCUM code); ``1`` is a state that is 0 or 1, or a plain number. What a device can't
read, or says is wrong, is None with the reason as its quality, never a number.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from automation.kernel.effect import Kind, effect, shows_state
from instruments.interfaces.device import Identity


class Quality(StrEnum):
    """What a reading is worth."""

    GOOD = "good"
    BROKEN = "broken"  # the device marks the value as none
    BEYOND = "beyond its range"
    FAULT = "fault of the device"


@dataclass(frozen=True, slots=True)
class Measured:
    """One channel at one look."""

    channel: str
    value: float | None  # None unless the quality is good
    unit: str
    quality: Quality = Quality.GOOD
    shown: str = ""  # as it came over the line: registers in hexadecimal digits


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at everything that a device measures."""

    readings: tuple[Measured, ...]
    faults: tuple[str, ...] = ()

    @property
    def channels(self) -> Mapping[str, float | None]:
        """Give the value of every channel by name."""
        return {one.channel: one.value for one in self.readings}


@dataclass(frozen=True, slots=True)
class SetPoint:
    """What a device is to keep."""

    name: str
    value: float
    unit: str


class Measures(Protocol):
    """A device that measures by itself and is looked at; its driver has ``channels``: each with its unit."""

    @effect(Kind.QUERY)
    async def identify(self) -> Identity:
        """Read maker, model, serial and firmware."""
        ...

    @shows_state
    @effect(Kind.QUERY, deadline=30)
    async def look(self) -> Seen:
        """Read every channel and every fault once."""
        ...

    @effect(Kind.QUERY, deadline=30)
    async def set_points(self) -> tuple[SetPoint, ...]:
        """Read what it is set to keep; empty where it keeps nothing."""
        ...

    @effect(Kind.SET_ABSOLUTE, deadline=30)
    async def keep(self, *, set_point: SetPoint) -> None:
        """Set what it is to keep and read it back; the same twice is one. Raises RefusedError beyond its range."""
        ...
