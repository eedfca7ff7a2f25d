"""Cell separators: a device that runs its own program of labelling and separating cells in a closed set.

Units: none of its own; the program's values are words, as the device shows them.
Source: makers of separators publish no interface; what stands here is what people do at one.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from automation.engine.handles import Container
from automation.kernel.effect import Kind, effect, in_doubt, shows_state
from instruments.interfaces.device import Identity
from instruments.interfaces.panel_program import PanelProgram


class SeparatorState(StrEnum):
    """What a separator does."""

    NO_PROGRAM = "no program"
    READY = "ready"
    RUNNING = "running"
    ENDED = "ended"
    FAILED = "failed"  # stopped before its end
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SeparatorStatus:
    """One look at a separator."""

    state: SeparatorState
    program: str = ""
    message: str = ""  # why it failed, where it is told


class CellSeparator(Protocol):
    """A separator that takes cells from one container and gives the wanted ones into another."""

    @effect(Kind.QUERY)
    async def identify(self) -> Identity:
        """Read maker, model, serial and firmware as far as the device tells."""
        ...

    @shows_state
    @effect(Kind.QUERY)
    async def look(self) -> SeparatorStatus:
        """Look at the device."""
        ...

    @effect(Kind.SET_ABSOLUTE, deadline=60)
    async def prepare(self, *, program: PanelProgram) -> None:
        """Select the program and set its values; the same twice is one. RefusedError while a run goes on."""
        ...

    @effect(Kind.QUERY)
    async def prepared(self) -> PanelProgram:
        """Read back what is selected."""
        ...

    @in_doubt(
        twice="a running separator refuses it; after a run the wanted cells would be separated again",
        never="the cells wait unlabelled in the source container",
    )
    @effect(Kind.ACT, touches=("source", "product"))
    async def start(self, *, source: Container, product: Container) -> None:
        """Start the run."""
        ...

    @in_doubt(twice="a stopped run stays stopped", never="the run goes on to its end")
    @effect(Kind.ACT, making_safe=True)
    async def stop(self) -> None:
        """Let the device end its run early, with the cells brought out as far as it can."""
        ...
