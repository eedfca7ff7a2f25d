"""Unit operation: bring what was made in several loads together in one bag, by weight.

Every container of the step is scanned and poured; what each gave is booked on its own. Nothing is opened before all of
them are identified and the new bag is known to take them.
Units:  mL, g.
Source: 21 CFR 211.101(c) (weighed, identified); EU GMP Part IV (traceability of every sub-division).
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from automation.engine.operation import ENDINGS, SafeProduct
from automation.engine.product import Product
from automation.engine.prompts import Operator
from automation.engine.visit import Move, Visit
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Grams, GramsPerMillilitre, Millilitres
from instruments.interfaces.balance import Balance
from protocols.operations.adding import Weights
from protocols.operations.culturing import Contents, Handling, Held, Vessel, keep_safe

RULE = "pooling"


class State(StrEnum):
    """Where a pooling stands; POOLED and NOT_POSSIBLE are final."""

    SET_OUT = "set out"
    IDENTIFIED = "identified"
    POOLED = "pooled"
    NOT_POSSIBLE = "not possible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Set by the approved recipe; there are no defaults."""

    density: GramsPerMillilitre = field(metadata={"range": (0.9, 1.2), "label": "Density of the contents"})
    bag: Vessel = field(metadata={"label": "New bag"})
    volume_most: Millilitres = field(metadata={"range": (1.0, 50_000.0), "label": "It takes"})
    weights: Weights = field(metadata={"label": "Weighing"})


@dataclass(frozen=True, slots=True)
class Results:
    """What later steps may use; what came out of each source stands in the order of the sources."""

    sources: tuple[str, ...] = ()
    known: tuple[Millilitres, ...] = ()  # in each source, by the record
    container: str = ""
    mass_empty: Grams | None = None  # of the new bag
    poured: tuple[Millilitres, ...] = ()
    volume: Millilitres | None = None
    volume_uncertainty: Millilitres | None = None
    why: str = ""  # it is not possible


@dataclass(frozen=True, slots=True)
class Pool:
    """Pour all containers of the batch that are in process into one new bag."""

    balance: Balance
    operator: Operator
    product: Product
    given: Parameters

    results: ClassVar = Results
    good: ClassVar = frozenset({State.POOLED})
    safe: ClassVar = (SafeProduct(after=("holding", *ENDINGS), told="closed"),)
    table: ClassVar = Table(
        State.SET_OUT,
        (
            Row("identify", State.SET_OUT, State.IDENTIFIED),
            Row("refuse", State.SET_OUT, State.NOT_POSSIBLE),
            Row("pool", State.IDENTIFIED, State.POOLED),
        ),
    )

    async def set_out(self, _visit: Visit[Results]) -> Move:
        """Identify every container; more than the new bag takes is refused."""
        labels = [one for one in self.product.labels() if one.state == "in process"]
        for label in labels:
            await self.operator.scan(
                f"Bring {label.id}, closed, to the bench and scan its label",
                accept=(label.code,),
                expects=label.expects,
            )
        found = {"sources": tuple(one.id for one in labels), "known": tuple(one.volume for one in labels)}
        total = sum(float(one.volume) for one in labels)
        if not labels or total > float(self.given.volume_most):
            why = f"{total:.1f} mL of {len(labels)} containers; the bag takes {self.given.volume_most:g} mL"
            await self.product.deviation(why, rule=RULE)
            return Move("refuse", why=why, **found)
        return Move("identify", **found)

    async def identified(self, visit: Visit[Results]) -> Move:
        """Pour one after the other into the new bag, and weigh it after each."""
        got, given, handling = visit.got, self.given, self._handling
        bag = await handling.new(visit.batch, given.bag, of=self.product.held(got.sources[0]))
        poured, standard, gross = list[Millilitres](), 0.0, bag.gross
        for name, known in zip(got.sources, got.known, strict=True):
            contents = Contents(self.product.held(name), known, given.density)
            amount, gross = await handling.pour(contents, Held(bag.container, gross), volume=known, why="pooled")
            poured.append(amount.volume)
            standard += float(amount.standard)
        return Move(
            "pool",
            container=bag.container.id,
            mass_empty=bag.gross,
            poured=tuple(poured),
            volume=Millilitres(sum(map(float, poured))),
            volume_uncertainty=Millilitres(standard),  # one density and one balance: they add up
        )

    async def holding(self, _visit: Visit[Results]) -> None:
        """What is closed can wait; time limits run on."""
        await self.operator.confirm("Held: keep all bags closed and mixed now and then. Time limits run on")

    async def stopping(self, _visit: Visit[Results]) -> None:
        """Keep what there is closed, under QA hold."""
        await keep_safe(self.product, self.operator, why="pooling stopped", how="keep all bags closed and mixed")

    async def aborting(self, _visit: Visit[Results]) -> None:
        """As stopping."""
        await keep_safe(self.product, self.operator, why="pooling aborted", how="keep all bags closed and mixed")

    @property
    def _handling(self) -> Handling:
        return Handling(self.balance, self.operator, self.product, self.given.weights, RULE)
