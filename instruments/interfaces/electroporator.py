"""Electroporators: a device that sends its own program of pulses through cells in a cassette or cuvette.

Units: none of its own; the program's values are words, as the device shows them. Makers publish program codes, not
waveforms, so that none stands here.
Source: makers of clinical electroporators publish no interface; what stands here is what people do at one.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from automation.engine.handles import Container
from automation.kernel.effect import Kind, effect, in_doubt, shows_state
from instruments.interfaces.device import Identity
from instruments.interfaces.panel_program import PanelProgram


class PulseState(StrEnum):
    """What became of the last pulse."""

    NO_PROGRAM = "no program"
    READY = "ready"  # a program is set, and nothing was pulsed since
    DELIVERED = "delivered"  # as programmed
    ARC = "arc"  # it discharged, or stopped in between: cells got some of it
    NOTHING = "nothing"  # it refused: no current has flowed
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PulseStatus:
    """One look at an electroporator."""

    state: PulseState
    program: str = ""
    message: str = ""  # what it shows, where it is told


class Electroporator(Protocol):
    """An electroporator that pulses the cells in one cassette at a time."""

    @effect(Kind.QUERY)
    async def identify(self) -> Identity:
        """Read maker, model, serial and firmware as far as the device tells."""
        ...

    @shows_state
    @effect(Kind.QUERY)
    async def look(self) -> PulseStatus:
        """Look at the device: what became of the last pulse."""
        ...

    @effect(Kind.SET_ABSOLUTE, deadline=60)
    async def prepare(self, *, program: PanelProgram) -> None:
        """Select the program and set its values; the same twice is one."""
        ...

    @effect(Kind.QUERY)
    async def prepared(self) -> PanelProgram:
        """Read back what is selected."""
        ...

    @in_doubt(
        twice="cells that were pulsed are pulsed again, and most of them die",
        never="the cells stand unpulsed in their cassette, in a buffer in which they do not last",
    )
    @effect(Kind.ACT, touches=("cassette",))
    async def pulse(self, *, cassette: Container) -> None:
        """Send the program through a cassette; what became of it, ``look`` says. RefusedError: nothing has flowed."""
        ...
