"""Thawers: a plate or a bath that is kept warm, into which people put one frozen container and look at it.

No act belongs to a thaw: it begins when the container goes in and ends when people take it out. A thawer is set to a
temperature, looked at, and set to rest.
Units: degC.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from automation.kernel.effect import Kind, effect, shows_state
from automation.kernel.quantity import Celsius
from instruments.interfaces.device import Identity


class ThawerState(StrEnum):
    """What a thawer does."""

    RESTING = "resting"
    HEATING = "heating"  # kept at its set point, or on the way there
    FAILED = "failed"  # it tells that its sensor or its control is broken


@dataclass(frozen=True, slots=True)
class ThawerStatus:
    """One look at a thawer."""

    state: ThawerState
    temperature: Celsius | None  # of plate or bath; None is what it can't read
    set_point: Celsius | None = None  # None while it rests
    message: str = ""


class Thawer(Protocol):
    """A thawer that keeps its temperature whether the program runs or not."""

    @effect(Kind.QUERY)
    async def identify(self) -> Identity:
        """Read maker, model, serial and firmware."""
        ...

    @shows_state
    @effect(Kind.QUERY, deadline=15)
    async def look(self) -> ThawerStatus:
        """Look at the device."""
        ...

    @effect(Kind.SET_ABSOLUTE, deadline=30)
    async def keep(self, *, temperature: Celsius) -> None:
        """Set what it is to keep; the same twice is one. Raises RefusedError for what it can't keep."""
        ...

    @effect(Kind.SET_ABSOLUTE, deadline=30, making_safe=True)
    async def rest(self) -> None:
        """Let it heat no more; the same twice is one."""
        ...
