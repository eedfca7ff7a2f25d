"""Plate washers: wells of a plate are washed by a stream of buffer, with the cells left where they lie.

For plates with samples of quality control, which are consumed; product in bags is washed by a ``CellWasher``.
Units: initial volume and flow in the washer's own steps, because its maker states no others.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from automation.engine.handles import Container
from automation.kernel.effect import Kind, effect, in_doubt, shows_state
from instruments.interfaces.device import Identity


class PlateWasherState(StrEnum):
    """What a plate washer does."""

    READY = "ready"
    BUSY = "busy"
    FAILED = "failed"  # an error that somebody has to look at
    STOPPED = "stopped"  # by its button


class Tray(StrEnum):
    """Where the tray is."""

    IN = "in"
    OUT = "out"  # reachable; also where plates are washed


class Routine(StrEnum):
    """What primes a plate washer."""

    STANDARD = "standard"
    HEAD = "head"
    PUMP = "pump"
    SHORT = "short"


class Drain(StrEnum):
    """What is emptied."""

    ASPIRATOR = "aspirator"
    SPILL_TRAY = "spill tray"


@dataclass(frozen=True, slots=True)
class PlateWash:
    """A wash as approved for the assay."""

    washes: int = field(metadata={"range": (1, 19), "label": "Washes"})
    initial_volume: int = field(metadata={"range": (0, 99), "label": "Initial volume, in the washer's own steps"})
    flow: int = field(metadata={"range": (2, 20), "label": "Flow, in the washer's own steps"})
    channel: int = field(metadata={"range": (0, 15), "label": "Channel of the buffer"})


@dataclass(frozen=True, slots=True)
class PlateWasherStatus:
    """One look at a plate washer."""

    state: PlateWasherState
    tray: Tray
    loaded: bool  # a plate lies on the tray
    spilled: bool  # its spill tray is in use
    operating: bool  # not in the maker's service mode
    error: str = ""


class PlateWasher(Protocol):
    """A washer for plates that ends its wash whether the program runs or not."""

    @effect(Kind.QUERY)
    async def identify(self) -> Identity:
        """Give who it is, as far as it tells or the site states it."""
        ...

    @shows_state
    @effect(Kind.QUERY)
    async def look(self) -> PlateWasherStatus:
        """Look at the device."""
        ...

    @effect(Kind.SET_ABSOLUTE, deadline=60)
    async def move_tray(self, *, to: Tray) -> None:
        """Have the tray in or out; where it is already, nothing moves."""
        ...

    @effect(Kind.SET_ABSOLUTE, deadline=60)
    async def prepare(self, *, wash: PlateWash) -> None:
        """Set the wash; the same twice is one. RefusedError while it works, and for what it does not know."""
        ...

    @in_doubt(
        twice="the samples are washed again, and more of their cells are lost",
        never="the samples keep their stain and are measured too bright",
    )
    @effect(Kind.ACT, deadline=60, touches=("plate",))
    async def wash(self, *, plate: Container) -> None:
        """Start the wash that was set; raises RefusedError without a plate on the tray."""
        ...

    @in_doubt(twice="more buffer is used up", never="there is air in the head, and wells are not washed evenly")
    @effect(Kind.ACT, deadline=60)
    async def prime(self, *, routine: Routine) -> None:
        """Start to fill its fluidics with buffer."""
        ...

    @effect(Kind.SET_ABSOLUTE, deadline=60)
    async def drain(self, *, what: Drain) -> None:
        """Empty it; what is empty stays so."""
        ...

    @effect(Kind.SET_ABSOLUTE, deadline=60, making_safe=True)
    async def recover(self) -> None:
        """Bring its axes home after an error; the same twice is one."""
        ...
