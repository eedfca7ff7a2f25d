"""Unit operation: put the frozen containers into storage. Position, transfer time, warming budget.

The warming budget counts over the life of a container, from when storage temperature is first reached; containers that
are filled from one inherit it. A container on its way has no pause: holding only tells people to finish the transfer.
Source: transient warming of vitrified product above -130 degC counts against a lifetime budget; EU GMP Part IV.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from automation.engine.handles import Container
from automation.engine.operation import ENDINGS, SafeProduct
from automation.engine.product import Product
from automation.engine.prompts import Answer, Entry, Operator
from automation.engine.visit import Move, Visit
from automation.engine.watch import Watch
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
    safe: ClassVar = (
        SafeProduct(after=("holding",), told="is brought to its position first"),
        SafeProduct(after=ENDINGS, told="are in their positions in the store"),
    )
    table: ClassVar = Table(
        State.COLD,
        (
            Row("move", State.COLD, State.MOVED),
            Row("store", State.MOVED, State.STORED),
            Row("overrun", State.MOVED, State.OVER_BUDGET),
        ),
    )

    async def cold(self, _visit: Visit[Results]) -> Move:
        """Time the transfer; the labels are scanned before anything leaves the freezer."""
        labels = self.product.labels()
        for label in labels:
            await self.operator.scan(
                f"Scan the label of {label.id} at the freezer", accept=(label.code,), expects=label.expects
            )
        names = ", ".join(label.id for label in labels)
        await self.operator.confirm(f"Take {names} out and transfer now: confirm when they leave the freezer")
        out = await self.watch.moment()
        await self.operator.confirm(f"Confirm when {names} are in their positions in the store")
        there = await self.watch.moment()
        return Move("move", taken_out_at=out, transfer=there - out)

    async def moved(self, visit: Visit[Results]) -> Move:
        """Note positions and the temperature there, and count the transfer against the warming budget."""
        transfer = visit.got.transfer or Seconds(0.0)
        left = list(self.product.transferred())
        seen = await self._where("", left)
        while wrong := await self._put(left, seen, transfer):
            seen = await self._where(f"Not possible: {wrong}. ", left)
        warming = max((self.product.warmed(one) for one in self.product.transferred()), default=transfer)
        there = Celsius(seen.number("temperature"))
        if there > self.given.storage_highest:
            await self.product.deviation(
                f"store at {there:g} degC, above {self.given.storage_highest:g} degC", rule="storage temperature"
            )
        positions = ", ".join(self.product.position(one) for one in self.product.transferred())
        results = {"position": positions, "store_temperature": there, "warming": warming}
        if warming > self.given.warming_longest:
            await self.product.deviation("the warming budget is used up", rule="warming budget")
            return Move("overrun", **results)
        return Move("store", **results)

    async def _where(self, trouble: str, left: Sequence[Container]) -> Answer:
        return await self.operator.enter(
            f"{trouble}Where they stand now",
            *(Entry(f"position {one.id}", f"Position of {one.id} (store, rack, box, place)") for one in left),
            Entry("temperature", "Temperature of the store", unit="degC", low=-210.0, high=0.0),
            second=True,
        )

    async def _put(self, left: list[Container], seen: Answer, transfer: Seconds) -> RefusedError | None:
        """Note the position of each container that is left, until one can't be where it was said; gives why."""
        while left:
            container = left[0]
            counted = transfer if self.product.first_cold(container) is not None else Seconds(0.0)
            position = seen.word(f"position {container.id}")
            try:
                await self.product.store(container, position=position, transfer=transfer, warming=counted)
            except RefusedError as refusal:
                return refusal
            del left[0]
        return None

    async def holding(self, _visit: Visit[Results]) -> None:
        """A container on its way has no pause."""
        await self.operator.confirm("Held: a container on its way is brought to its position first")

    async def stopping(self, _visit: Visit[Results]) -> None:
        """A container on its way has no end either: it is brought to its position, under QA hold."""
        await self._bring_in("stopped")

    async def aborting(self, _visit: Visit[Results]) -> None:
        """As stopping."""
        await self._bring_in("aborted")

    async def _bring_in(self, how: str) -> None:
        names = ", ".join(label.id for label in self.product.labels())
        for container in self.product.transferred():
            await self.product.qa_hold(container, reason=f"transfer to storage {how}")
        await self.operator.confirm(
            f"The transfer was {how}, and what is frozen can't wait on its way. Confirm when {names} are in their "
            "positions in the store, apart from released product, and ask QA"
        )
