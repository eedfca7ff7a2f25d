"""Unit operation: keep vessels on the numbered places of an incubator that takes them in and brings them out itself.

The incubator does not know what stands on its places: the record does. Each vessel is identified at the transfer
station before it is taken in, and again after it was brought out. What the device refuses is put right by people, as
often as the recipe allows; nothing is moved by hand inside.
Units:  degC, %, s.
Source: as ``incubation``; 21 CFR 211.68 (input checks), 211.182.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from automation.engine.handles import Container
from automation.engine.operation import ENDINGS, SafeProduct
from automation.engine.product import Product
from automation.engine.prompts import Operator
from automation.engine.visit import Move, Visit
from automation.engine.watch import Watch
from automation.kernel.errors import GateError, RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant, Seconds
from instruments.interfaces.incubator import StoringIncubator
from protocols.operations.culturing import keep_safe
from protocols.operations.incubation import Conditions, Incubation

RULE = "places of the incubator"


class State(StrEnum):
    """Where the keeping stands; INCUBATED, NOT_STORED and STRANDED are final."""

    OUT = "out"
    INSIDE = "inside"
    DUE = "due"
    INCUBATED = "incubated"
    NOT_STORED = "not stored"
    STRANDED = "stranded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Set by the approved recipe; there are no defaults."""

    duration: Seconds = field(metadata={"range": (60.0, 30 * 86_400.0), "label": "Time inside"})
    conditions: Conditions = field(metadata={"label": "Climate"})
    first_place: int = field(metadata={"range": (1, 999), "label": "First place; the vessels stand on those after it"})
    tries: int = field(metadata={"range": (1, 5), "label": "A motion that is refused is asked for at most"})


@dataclass(frozen=True, slots=True)
class Stood:
    """Which vessel stood on which place, since when."""

    container: str
    place: int
    since: Instant


@dataclass(frozen=True, slots=True)
class Results:
    """What later steps may use."""

    places: tuple[Stood, ...] = ()
    excursions: int = 0
    out_at: Instant | None = None  # of the last one
    why: str = ""  # one was not taken in, or not brought out


@dataclass(frozen=True, slots=True)
class IncubateStored:
    """Bring every vessel of the batch to a place, watch the climate, and bring all of them out again."""

    incubator: StoringIncubator
    watch: Watch
    operator: Operator
    product: Product
    given: Parameters

    results: ClassVar = Results
    good: ClassVar = frozenset({State.INCUBATED})
    safe: ClassVar = (SafeProduct(after=("holding", *ENDINGS), told="in the incubator"),)
    table: ClassVar = Table(
        State.OUT,
        (
            Row("put_in", State.OUT, State.INSIDE),
            Row("decline", State.OUT, State.NOT_STORED),
            Row("incubate", State.INSIDE, State.DUE),
            Row("take_out", State.DUE, State.INCUBATED),
            Row("give_up", State.DUE, State.STRANDED),
        ),
    )

    async def out(self, _visit: Visit[Results]) -> Move:
        """Make the handler ready, set the climate, and let every vessel be taken in from the station."""
        await self.incubator.set_up()
        await self._incubation.prepare()
        stood = list[Stood]()
        for place, label in enumerate(self.product.labels(), start=self.given.first_place):
            await self.operator.scan(
                f"Put {label.id}, closed, on the transfer station, and scan its label there",
                accept=(label.code,),
                expects=label.expects,
            )
            why = await self._moved(self.product.held(label.id), place, into=True)
            if why:
                await self.operator.confirm(f"{label.id} was not taken in: {why}. Keep it closed and warm, and ask QA")
                return Move("decline", places=tuple(stood), why=f"{label.id}: {why}")
            stood.append(Stood(label.id, place, await self.watch.moment()))
        return Move("put_in", places=tuple(stood))

    async def inside(self, visit: Visit[Results]) -> Move:
        """Watch the climate until the time is over."""
        excursions = await self._incubation.until(visit.since + self.given.duration)
        return Move("incubate", excursions=excursions)

    async def due(self, visit: Visit[Results]) -> Move:
        """Let every vessel be brought out, and identify it before it is taken away."""
        for one in visit.got.places:
            why = await self._moved(self.product.held(one.container), one.place, into=False)
            if why:
                await self.operator.confirm(
                    f"{one.container} stays in the incubator, on place {one.place}: {why}. Ask QA"
                )
                return Move("give_up", why=f"{one.container}: {why}")
            label = self.product.label(one.container)
            await self.operator.scan(
                f"Take {one.container} off the transfer station and scan its label",
                accept=(label.code,),
                expects=label.expects,
            )
        return Move("take_out", out_at=await self.watch.moment())

    async def _moved(self, vessel: Container, place: int, *, into: bool) -> str:
        """Let the incubator move a vessel; what it refuses is put right. Gives why it stays; empty when it moved."""
        why = ""
        for turn in range(1, self.given.tries + 1):
            try:
                if into:
                    await self.incubator.store(slot=place, containers=(vessel,))
                else:
                    await self.incubator.fetch(slot=place, containers=(vessel,))
            except GateError:
                raise
            except RefusedError as refusal:
                why = str(refusal)
            else:
                return ""
            await self.product.deviation(f"{vessel.id} and place {place}: the incubator refuses: {why}", rule=RULE)
            if turn < self.given.tries:
                await self.operator.confirm(
                    f"The incubator refuses: {why}. Put it right at the incubator, then confirm"
                )
        return why

    async def holding(self, _visit: Visit[Results]) -> None:
        """Vessels keep their conditions."""
        await self.operator.confirm("Held: what stands in the incubator stays there, closed; time goes on")

    async def stopping(self, _visit: Visit[Results]) -> None:
        """Leave the vessels in their conditions, under QA hold."""
        await self._end("keeping in the incubator stopped")

    async def aborting(self, _visit: Visit[Results]) -> None:
        """As stopping."""
        await self._end("keeping in the incubator aborted")

    async def _end(self, why: str) -> None:
        await keep_safe(self.product, self.operator, why=why, how="leave in the incubator what stands there")

    @property
    def _incubation(self) -> Incubation:
        return Incubation(self.incubator, self.watch, self.operator, self.product, self.given.conditions)
