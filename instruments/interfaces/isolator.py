"""Isolators: pressure against the room, gloves without a hole, and a decontamination cycle with its report.

Makers publish no interface of isolators; what stands here is what people read and attach. An isolator is made safe by
itself and its building: nothing here acts on it.
Units: Pa.
"""

from dataclasses import dataclass
from typing import Protocol

from automation.kernel.effect import Kind, effect, shows_state
from instruments.interfaces.device import Identity


@dataclass(frozen=True, slots=True)
class PressureRead:
    """The pressure against the room as it was read (Pa)."""

    pascals: float
    entered: str  # by whom, verified by whom


@dataclass(frozen=True, slots=True)
class GloveTest:
    """One test of all gloves and sleeves."""

    passed: bool
    gloves: int
    entered: str


@dataclass(frozen=True, slots=True)
class CycleReport:
    """One decontamination cycle, by its own report."""

    cycle: str  # its number or name, as the isolator has it
    passed: bool
    sha256: str  # of the report as it was attached
    entered: str


@dataclass(frozen=True, slots=True)
class IsolatorStatus:
    """What was read of it in this step; None is what was not."""

    pressure: PressureRead | None = None
    gloves: GloveTest | None = None
    cycle: CycleReport | None = None


class Isolator(Protocol):
    """An isolator that is only looked at."""

    @effect(Kind.QUERY)
    async def identify(self) -> Identity:
        """Give maker, model, serial and firmware as far as they are known."""
        ...

    @shows_state
    @effect(Kind.QUERY)
    async def look(self) -> IsolatorStatus:
        """Give what was read of it in this step."""
        ...

    @effect(Kind.QUERY)
    async def pressure(self) -> PressureRead:
        """Read the pressure against the room."""
        ...

    @effect(Kind.QUERY)
    async def glove_test(self) -> GloveTest:
        """Have all gloves tested, and read how it came out."""
        ...

    @effect(Kind.QUERY)
    async def cycle_report(self) -> CycleReport:
        """Have the report of the last decontamination cycle attached and read."""
        ...
