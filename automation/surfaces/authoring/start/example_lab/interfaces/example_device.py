"""A device that shakes tubes for a set time: what a protocol may ask of it, whoever made it.

Units: s.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from automation.kernel.effect import Kind, effect, in_doubt, shows_state
from automation.kernel.quantity import Seconds
from instruments.interfaces.device import Identity


class ExampleDeviceState(StrEnum):
    """What the device does."""

    IDLE = "idle"
    RUNNING = "running"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ExampleDeviceStatus:
    """One look at the device."""

    state: ExampleDeviceState
    left: Seconds  # of the run; 0 when none runs
    runs: int  # begun since it was switched on, by whomever


class ExampleDevice(Protocol):
    """A device that is told to run for a time and then ends by itself, whether the program is there or not."""

    @effect(Kind.QUERY)
    async def identify(self) -> Identity:
        """Read maker, model, serial and firmware."""
        ...

    @shows_state
    @effect(Kind.QUERY)
    async def look(self) -> ExampleDeviceStatus:
        """Look at the device."""
        ...

    @in_doubt(twice="the tubes are shaken twice as long", never="the tubes are not shaken")
    @effect(Kind.ACT, deadline=10)
    async def run(self, *, duration: Seconds, after: int) -> None:
        """Begin the run that follows run ``after``, as ``look`` gave it; raises RefusedError when it can't."""
        ...

    @effect(Kind.SET_ABSOLUTE, deadline=10, making_safe=True)
    async def stop(self) -> None:
        """Let nothing run; the same twice is one."""
        ...
