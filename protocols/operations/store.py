"""Unit operation: put the frozen containers into storage. Position, transfer time, warming budget.

The warming budget counts over the life of a container, from when storage temperature is first reached; containers that
are filled from one inherit it. A container on its way has no pause: holding only tells people to finish the transfer.
Source: transient warming of vitrified product above -130 degC counts against a lifetime budget; EU GMP Part IV.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from automation.engine.product import Product
from automation.engine.prompts import Answer, Entry, Operator
from automation.engine.visit import Move, Visit
from automation.engine.watch import Watch
from automation.formulas.identifiers import Kind
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Celsius, Instant, Seconds


class State(StrEnum):
    """Where a storing stands; STORED and OVER_BUDGET are final."""

    COLD = "cold"
    MOVED = "moved"
    STORED = "stored"
    OVER_BUDGET = "over budget"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Set by the approved recipe; there are no defaults."""

    storage_highest: Celsius = field(metadata={"range": (-200.0, -60.0), "label": "Storage at most"})
    warming_above: Celsius = field(metadata={"range": (-196.0, 0.0), "label": "Warming counts above"})
    warming_longest: Seconds = field(metadata={"range": (0.0, 86400.0), "label": "Warming budget over the whole life"})


@dataclass(frozen=True, slots=True)
class Results:
    """What later steps may use."""

    taken_out_at: Instant | None = None
    transfer: Seconds | None = None
    warming: Seconds | None = None  # used of the budget, over the whole life
    position: str = ""
    store_temperature: Celsius | None = None


@dataclass(frozen=True, slots=True)
class Store:
    """Transfer the containers of the batch to their positions and count what that cost of the warming budget."""

    watch: Watch
    operator: Operator
    product: Product
    given: Parameters

    results: ClassVar = Results
    good: ClassVar = frozenset({State.STORED})
    table: ClassVar = Table(
        State.COLD,
        (
            Row("move", State.COLD, State.MOVED),
            Row("store", State.MOVED, State.STORED),
            Row("overrun", State.MOVED, State.OVER_BUDGET),
        ),
    )

    async def cold(self, _visit: Visit[Results]) -> Move:
        """Time the transfer; the label is scanned before the container leaves the freezer."""
        for label in self.product.labels():
            await self.operator.scan(
                f"Scan the label of {label.id} at the freezer", accept=(label.din,), expects=Kind.DIN
            )
        await self.operator.confirm("Take the container out and transfer it now: confirm when it leaves the freezer")
        out = await self.watch.moment()
        await self.operator.confirm("Confirm when it is in its position in the store")
        there = await self.watch.moment()
        return Move("move", taken_out_at=out, transfer=there - out)

    async def moved(self, visit: Visit[Results]) -> Move:
        """Note the position and the temperature there, and count the transfer against the warming budget."""
        transfer = visit.got.transfer or Seconds(0.0)
        seen = await self._where("")
        warming = await self._put(seen.word("position"), transfer)
        while isinstance(warming, RefusedError):
            seen = await self._where(f"Not possible: {warming}. ")
            warming = await self._put(seen.word("position"), transfer)
        there = Celsius(seen.number("temperature"))
        if there > self.given.storage_highest:
            await self.product.deviation(
                f"store at {there:g} degC, above {self.given.storage_highest:g} degC", rule="storage temperature"
            )
        results = {"position": seen.word("position"), "store_temperature": there, "warming": warming}
        if warming > self.given.warming_longest:
            await self.product.deviation("the warming budget is used up", rule="warming budget")
            return Move("overrun", **results)
        return Move("store", **results)

    async def _where(self, trouble: str) -> Answer:
        return await self.operator.enter(
            f"{trouble}Where it stands now",
            Entry("position", "Position (store, rack, box, place)"),
            Entry("temperature", "Temperature of the store", unit="degC", low=-210.0, high=0.0),
            second=True,
        )

    async def _put(self, position: str, transfer: Seconds) -> Seconds | RefusedError:
        """Note the position of each container; gives what the last one has used of its budget, or why it can't be."""
        warming = transfer
        for container in self.product.transferred():
            cold_before = self.product.first_cold(container) is not None
            counted = transfer if cold_before else Seconds(0.0)
            try:
                await self.product.store(container, position=position, transfer=transfer, warming=counted)
            except RefusedError as refusal:
                return refusal
            warming = self.product.warmed(container)
        return warming

    async def holding(self, _visit: Visit[Results]) -> None:
        """A container on its way has no pause."""
        await self.operator.confirm("Held: a container on its way is brought to its position first")
