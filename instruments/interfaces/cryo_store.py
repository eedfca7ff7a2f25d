"""Cryogenic stores: liquid nitrogen level, temperatures and the state of the fill; looked at, never commanded.

Units: level in % of full, temperatures in degC. What a store can't read is a state, never a number.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from automation.kernel.effect import Kind, effect, shows_state
from automation.kernel.quantity import Celsius, Percent
from instruments.interfaces.device import Identity

CHANNELS: Mapping[str, str] = {
    "level": "%",
    "temperature a": "degC",
    "temperature b": "degC",
    "filling": "1",
    "automatic fill": "1",
    "fill alarm": "1",
}
"""What alarms may be set on, each with its unit; ``1`` is a state that is 0 or 1."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One look at a store; None is what it could not read."""

    level: Percent | None
    a: Celsius | None
    b: Celsius | None
    filling: bool | None = None
    automatic: bool | None = None  # it fills itself when the level is low
    fill_alarm: bool | None = None  # the longest time of a fill was exceeded
    shown: str = ""  # the level as the controller wrote it

    @property
    def channels(self) -> Mapping[str, float | None]:
        """Give every channel of ``CHANNELS`` by name."""
        states = (self.filling, self.automatic, self.fill_alarm)
        numbers = [None if one is None else float(one) for one in (self.level, self.a, self.b)]
        return dict(zip(CHANNELS, [*numbers, *(None if one is None else float(one) for one in states)], strict=True))


class CryogenicStore(Protocol):
    """A store that keeps itself cold and is only watched."""

    @effect(Kind.QUERY)
    async def identify(self) -> Identity:
        """Read maker, model, serial and firmware."""
        ...

    @shows_state
    @effect(Kind.QUERY, deadline=30)
    async def look(self) -> Stored:
        """Read level, temperatures and the state of the fill once."""
        ...
