"""Unit operation: keep a culture in the incubator for a time, watched.

The incubator keeps its climate whether this program runs or not: holding, stopping and aborting leave the culture in.
Units:  degC, %, s.
Source: as ``incubation``.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from automation.engine.operation import ENDINGS, SafeProduct
from automation.engine.product import Product
from automation.engine.prompts import Operator
from automation.engine.visit import Move, Visit
from automation.engine.watch import Watch
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant, Seconds
from instruments.interfaces.incubator import Incubator
from protocols.operations.culturing import keep_safe
from protocols.operations.incubation import Conditions, Incubation


class State(StrEnum):
    """Where an incubation stands; INCUBATED is final."""

    OUT = "out"
    INSIDE = "inside"
    INCUBATED = "incubated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Set by the approved recipe; there are no defaults."""

    duration: Seconds = field(metadata={"range": (60.0, 30 * 86_400.0), "label": "Time in the incubator"})
    conditions: Conditions = field(metadata={"label": "Climate"})


@dataclass(frozen=True, slots=True)
class Results:
    """What later steps may use."""

    container: str = ""
    put_in_at: Instant | None = None
    excursions: int = 0


@dataclass(frozen=True, slots=True)
class Incubate:
    """Put the culture of the batch into the incubator and watch over its climate."""

    incubator: Incubator
    watch: Watch
    operator: Operator
    product: Product
    given: Parameters

    results: ClassVar = Results
    good: ClassVar = frozenset({State.INCUBATED})
    safe: ClassVar = (SafeProduct(after=("holding", *ENDINGS), told="incubator"),)
    table: ClassVar = Table(
        State.OUT, (Row("put_in", State.OUT, State.INSIDE), Row("incubate", State.INSIDE, State.INCUBATED))
    )

    async def out(self, _visit: Visit[Results]) -> Move:
        """Set the climate, read it back, and put the culture in."""
        await self._incubation.prepare()
        container = self.product.one().id
        await self._incubation.put_in(container)
        return Move("put_in", container=container, put_in_at=await self.watch.moment())

    async def inside(self, visit: Visit[Results]) -> Move:
        """Watch the climate until the time is over."""
        excursions = await self._incubation.until(visit.since + self.given.duration)
        return Move("incubate", excursions=excursions)

    async def holding(self, _visit: Visit[Results]) -> None:
        """A culture keeps its conditions."""
        await self.operator.confirm("Held: the culture stays in the incubator, closed; time goes on")

    async def stopping(self, _visit: Visit[Results]) -> None:
        """Leave the culture in its conditions, under QA hold."""
        await keep_safe(self.product, self.operator, why="incubation stopped", how="leave the culture in the incubator")

    async def aborting(self, _visit: Visit[Results]) -> None:
        """As stopping."""
        await keep_safe(self.product, self.operator, why="incubation aborted", how="leave the culture in the incubator")

    @property
    def _incubation(self) -> Incubation:
        return Incubation(self.incubator, self.watch, self.operator, self.product, self.given.conditions)
