"""Pumps: a speed and a direction, and a head that turns until it is stopped.

Units: 1/min, mL per revolution; a pump does not know what flows, only how it turns.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from automation.engine.handles import Container
from automation.kernel.effect import Kind, effect, in_doubt, shows_state
from instruments.interfaces.device import Identity


class Turning(StrEnum):
    """What the head does."""

    STOPPED = "stopped"
    RUNNING = "running"


@dataclass(frozen=True, slots=True)
class PumpSetting:
    """How it is to turn."""

    rpm: float = field(metadata={"range": (0.1, 600.0), "label": "Speed, 1/min"})
    clockwise: bool = field(metadata={"label": "Clockwise"})


@dataclass(frozen=True, slots=True)
class PumpStatus:
    """One look at a pump."""

    state: Turning
    rpm: float  # as set
    clockwise: bool
    turned: int | None = None  # as the pump counts; None where it does not


class Pump(Protocol):
    """A peristaltic pump that keeps turning when the host is gone."""

    @effect(Kind.QUERY)
    async def identify(self) -> Identity:
        """Read model and what else the pump tells."""
        ...

    @shows_state
    @effect(Kind.QUERY)
    async def look(self) -> PumpStatus:
        """Look at the pump."""
        ...

    @effect(Kind.SET_ABSOLUTE, deadline=10)
    async def prepare(self, *, setting: PumpSetting) -> None:
        """Set speed and direction and read them back; the same twice is one. RefusedError while it turns."""
        ...

    @in_doubt(
        twice="a turning pump goes on turning; one that was stopped meanwhile pumps again",
        never="nothing flows, and what waits for it waits on",
    )
    @effect(Kind.ACT, deadline=10, touches=("source", "dest"))
    async def start(self, *, source: Container, dest: Container) -> None:
        """Let it turn; raises FailedError when it does not."""
        ...

    @in_doubt(twice="a stopped pump stays stopped", never="it goes on pumping, air in the end")
    @effect(Kind.ACT, deadline=10, making_safe=True)
    async def stop(self) -> None:
        """Let it stand; a standing one stays so."""
        ...
