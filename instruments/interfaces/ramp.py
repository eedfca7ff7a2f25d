"""Ramping devices: one target at a time, approached at a rate by the device itself, kept when it is reached.

No program stands in such a device; steps of a course follow each other by set targets, each held until the next one is
set. It goes on, and keeps its temperature, when the host is gone.
Units: degC, K/min, s.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from automation.kernel.effect import Kind, effect, shows_state
from automation.kernel.quantity import Celsius, KelvinPerMinute, Seconds
from instruments.interfaces.device import Identity


class RampState(StrEnum):
    """What a ramping device does."""

    RESTING = "resting"  # controls nothing; also before it is ready
    RAMPING = "ramping"
    KEEPING = "keeping"  # at its target, or held on the way there
    FAILED = "failed"  # shut down by a fault


@dataclass(frozen=True, slots=True)
class Ramp:
    """Where to, and how fast; the target gives the direction."""

    rate: KelvinPerMinute = field(metadata={"range": (0.01, 100.0), "label": "Rate"})
    target: Celsius = field(metadata={"range": (-196.0, 150.0), "label": "Target"})


@dataclass(frozen=True, slots=True)
class RampStatus:
    """One look at a ramping device."""

    state: RampState
    temperature: Celsius | None  # None is what it can't measure
    set_point: Celsius | None = None  # where it is on its way
    ramp: Ramp | None = None  # what it does, while it ramps
    remaining: Seconds | None = None  # of the ramp, where it tells
    alarm: str = ""


class Ramping(Protocol):
    """A device that goes to a temperature at a rate."""

    @effect(Kind.QUERY)
    async def identify(self) -> Identity:
        """Read maker, model, serial and firmware."""
        ...

    @shows_state
    @effect(Kind.QUERY, deadline=15)
    async def look(self) -> RampStatus:
        """Look at the device."""
        ...

    @effect(Kind.SET_ABSOLUTE, deadline=60)
    async def ramp(self, *, ramp: Ramp) -> None:
        """Let it go to the target and stay there; the same ramp twice is one. RefusedError for what it can't do."""
        ...

    @effect(Kind.SET_ABSOLUTE, deadline=60, making_safe=True)
    async def hold(self) -> None:
        """Keep the temperature that it has now; a device that keeps one goes on keeping it."""
        ...

    @effect(Kind.SET_ABSOLUTE, deadline=60, making_safe=True)
    async def rest(self) -> None:
        """Let it control no more; the same twice is one."""
        ...
