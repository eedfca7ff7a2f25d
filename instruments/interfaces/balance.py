"""Balances: a weight is a number with its unit and its state; over, under and unstable are states, never numbers.

Units: g. A balance that shows another unit is refused, never converted.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from automation.kernel.effect import Kind, effect, in_doubt, shows_state
from automation.kernel.quantity import Grams
from instruments.interfaces.device import Identity


class Weight(StrEnum):
    """What a weight is worth."""

    STABLE = "stable"
    MOVING = "moving"  # not settled yet
    OVER = "overload"
    UNDER = "underload"


@dataclass(frozen=True, slots=True)
class Weighing:
    """One look at the pan; ``net`` of the tare that stands in the balance."""

    state: Weight
    net: Grams | None  # None unless stable or moving
    shown: str = ""  # as the balance wrote it
    tare: Grams | None = None  # that stands in the balance; a power cut forgets it. None when it was not asked


@dataclass(frozen=True, slots=True)
class Tared:
    """What a tare or a zero has stored."""

    tare: Grams = field(metadata={"label": "Tare"})


class Balance(Protocol):
    """A balance that is asked."""

    @effect(Kind.QUERY)
    async def identify(self) -> Identity:
        """Read maker, model, serial and firmware."""
        ...

    @effect(Kind.QUERY, deadline=60)
    async def weigh(self) -> Weighing:
        """Wait for a stable weight; one that does not settle in time is MOVING. Raises FailedError for a fault."""
        ...

    @shows_state
    @effect(Kind.QUERY)
    async def look(self) -> Weighing:
        """Give what stands on the pan now, stable or not."""
        ...

    @in_doubt(
        twice="what came onto the pan meanwhile is tared away, and the fill reads too little",
        never="the container counts as product, and the fill reads too much",
    )
    @effect(Kind.ACT, deadline=60)
    async def tare(self) -> Tared:
        """Store what stands on the pan as tare; raises FailedError when it does not settle or is out of range."""
        ...

    @in_doubt(twice="a pan at zero stays at zero", never="every weight is off by what the empty pan reads")
    @effect(Kind.ACT, deadline=60)
    async def zero(self) -> Tared:
        """Set the empty pan to zero and forget the tare; raises FailedError when the pan is not near zero."""
        ...
