"""Independent temperature probes: the second opinion beside a device's own report.

Units: degC. A broken or overloaded probe is a state, never a number.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from automation.kernel.effect import Kind, effect, shows_state
from automation.kernel.quantity import Celsius
from instruments.interfaces.device import Identity


class Quality(StrEnum):
    """What a reading is worth."""

    GOOD = "good"
    OPEN = "open"  # sensor break or overload
    UNCERTAIN = "uncertain"  # after a gap of the link


@dataclass(frozen=True, slots=True)
class Reading:
    """One channel of one scan."""

    channel: str
    value: Celsius | None  # None unless the quality is good or uncertain
    quality: Quality = Quality.GOOD


class TemperatureProbes(Protocol):
    """Named channels that are read together."""

    @effect(Kind.QUERY)
    async def identify(self) -> Identity:
        """Read maker, model, serial and firmware."""
        ...

    @shows_state
    @effect(Kind.QUERY, deadline=10)
    async def scan(self) -> tuple[Reading, ...]:
        """Read every channel once, in the order of the channels."""
        ...
