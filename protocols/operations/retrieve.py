"""Unit operation: fetch the containers of the batch out of the store. Two people, position and label, warming budget.

The time outside counts against the lifetime warming budget of each container. What is not at its position, or may not
be taken out, is left as it is found. A container on its way has no pause: holding tells people to finish the way.
Source: EU GMP Part IV (identity at each hand-over, traceability); transient warming of vitrified product counts
        against a lifetime budget.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from automation.engine.operation import ENDINGS, SafeProduct
from automation.engine.product import Product
from automation.engine.prompts import Operator
from automation.engine.visit import Move, Visit
from automation.formulas.identifiers import Kind
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Celsius, Instant, Seconds

RULE = "retrieval"
BUDGET = "warming budget"
RIGHT, EMPTY, OTHER = "the container with this label", "nothing", "another container"


class State(StrEnum):
    """Where a retrieval stands; RETRIEVED, NOT_THERE, KEPT and OVER_BUDGET are final."""

    STORED = "stored"
    FOUND = "found"
    OUT = "out"
    RETRIEVED = "retrieved"
    NOT_THERE = "not there"
    KEPT = "kept"
    OVER_BUDGET = "over budget"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Set by the approved recipe; there are no defaults."""

    reason: str = field(metadata={"label": "What it is taken out for"})
    warming_above: Celsius = field(metadata={"range": (-196.0, 0.0), "label": "Warming counts above"})
    warming_longest: Seconds = field(metadata={"range": (0.0, 86400.0), "label": "Warming budget over the whole life"})


@dataclass(frozen=True, slots=True)
class Results:
    """What later steps may use."""

    containers: tuple[str, ...] = ()
    positions: tuple[str, ...] = ()  # in the same order
    warmed_before: tuple[Seconds, ...] = ()  # used of the budget before this step, in the same order
    taken_out_at: Instant | None = None
    transfer: Seconds | None = None
    warming: Seconds | None = None  # most that any container has used of its budget, this way included
    why: str = ""  # it was not taken out


@dataclass(frozen=True, slots=True)
class Retrieve:
    """Bring the containers of the batch from their positions into a cold box."""

    operator: Operator
    product: Product
    given: Parameters

    results: ClassVar = Results
    identifies: ClassVar = True
    good: ClassVar = frozenset({State.RETRIEVED})
    no_pause: ClassVar = frozenset({State.FOUND})
    safe: ClassVar = (
        SafeProduct(after=("holding",), told="is brought into the cold box first"),
        SafeProduct(after=ENDINGS, told="back into the store"),
    )
    table: ClassVar = Table(
        State.STORED,
        (
            Row("find", State.STORED, State.FOUND),
            Row("miss", State.STORED, State.NOT_THERE),
            Row("leave", State.STORED, State.KEPT),
            Row("take_out", State.FOUND, State.OUT),
            Row("keep", State.FOUND, State.KEPT),
            Row("retrieve", State.OUT, State.RETRIEVED),
            Row("overrun", State.OUT, State.OVER_BUDGET),
        ),
    )

    async def stored(self, _visit: Visit[Results]) -> Move:
        """Find every container at the position of the record, by two labels; nothing is taken out yet."""
        labels = tuple(label for label in self.product.labels() if label.state == "stored")
        if not labels:
            raise RefusedError("nothing of this batch is in the store; a retrieval needs a stored container")
        held = tuple(self.product.held(label.id) for label in labels)
        positions = tuple(self.product.position(one) for one in held)
        warmed = tuple(self.product.warmed(one) for one in held)
        found = {
            "containers": tuple(one.id for one in held),
            "positions": positions,
            "warmed_before": warmed,
            "warming": max(warmed),
        }
        if max(warmed) >= self.given.warming_longest:
            await self.product.deviation("the warming budget is used up before the retrieval", rule=BUDGET)
            return Move("leave", why="the warming budget is used up", **found)
        names = ", ".join(f"{label.id} at {where}" for label, where in zip(labels, positions, strict=True))
        await self.operator.confirm(
            f"Two people go to the store with a cold box that is cold: fetch {names}, for {self.given.reason}",
            second=True,
        )
        for label, where in zip(labels, positions, strict=True):
            await self.operator.scan(f"Scan the label of position {where}", accept=(where,), expects=Kind.POSITION)
            there = await self.operator.choose(
                f"Lift what stands at {where} as far as its label, no further: it has to be {label.id}. What is there?",
                RIGHT,
                EMPTY,
                OTHER,
                second=True,
            )
            if there != RIGHT:
                await self.product.deviation(f"{label.id} is not at {where}: {there} is there", rule=RULE)
                return Move("miss", why=f"{there} stands at {where}", **found)
            await self.operator.scan(
                f"Scan the label of {label.id} at {where}", accept=(label.code,), expects=label.expects
            )
        return Move("find", **found)

    async def found(self, visit: Visit[Results]) -> Move:
        """Take them out as far as the record allows it, and time the way into the cold box."""
        got, done = visit.got, list[tuple[str, str]]()
        for name, where in zip(got.containers, got.positions, strict=True):
            try:
                await self.product.retrieve(self.product.held(name), reason=self.given.reason)
            except RefusedError as refusal:
                await self._leave(done)
                await self.operator.confirm(f"Not possible: {refusal}. Leave everything where it stands, close the lid")
                return Move("keep", why=str(refusal))
            done.append((name, where))
        names = ", ".join(f"{name} out of {where}" for name, where in done)
        out = await self.operator.confirm(f"Take {names}: confirm when it leaves the store", second=False)
        there = await self.operator.confirm(f"Confirm when {', '.join(got.containers)} is in the cold box, closed")
        return Move("take_out", taken_out_at=out.at, transfer=there.at - out.at)

    async def out(self, visit: Visit[Results]) -> Move:
        """Count the way against the budget of each container."""
        got, transfer = visit.got, visit.got.transfer or Seconds(0.0)
        for name in got.containers:
            container = self.product.held(name)
            await self.product.place(container, where="cold box", reason=self.given.reason)
            await self.product.warm(container, duration=transfer, above=float(self.given.warming_above))
        warming = max(got.warmed_before) + transfer
        if warming > self.given.warming_longest:
            await self.product.deviation("the warming budget is used up by the retrieval", rule=BUDGET)
            for name in got.containers:
                await self.product.qa_hold(self.product.held(name), reason="warming budget used up")
            return Move("overrun", warming=warming, why="the warming budget is used up")
        return Move("retrieve", warming=warming)

    async def holding(self, _visit: Visit[Results]) -> None:
        """A container on its way has no pause."""
        await self.operator.confirm("Held: a container that has left the store is brought into the cold box first")

    async def stopping(self, visit: Visit[Results]) -> None:
        """Bring what is out back into the cold, under QA hold."""
        await self._bring_back(visit, "stopped")

    async def aborting(self, visit: Visit[Results]) -> None:
        """As stopping."""
        await self._bring_back(visit, "aborted")

    async def _leave(self, done: list[tuple[str, str]]) -> None:
        """Note that containers which the record has already taken out stay where they stand."""
        for name, where in done:
            await self.product.store(
                self.product.held(name), position=where, transfer=Seconds(0.0), warming=Seconds(0.0)
            )

    async def _bring_back(self, visit: Visit[Results], how: str) -> None:
        for container in self.product.transferred():
            await self.product.qa_hold(container, reason=f"retrieval {how}")
        names = ", ".join(visit.got.containers) or "what is out"
        await self.operator.confirm(
            f"The retrieval was {how}: bring {names} back into the store, apart from released product, and ask QA"
        )
