"""Unit operation: share a volume out into bags of which each is no more than one load of the next device, by weight.

The bags take the same volume, so that no load is a small rest; each is labelled, weighed empty and weighed full. More
loads than the recipe allows are refused before anything is opened.
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
from automation.formulas.sampling import portions
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import GramsPerMillilitre, Millilitres
from instruments.interfaces.balance import Balance
from protocols.operations.adding import Weights
from protocols.operations.culturing import Contents, Handling, Vessel, keep_safe

RULE = "portions"


class State(StrEnum):
    """Where it stands; PORTIONED and NOT_POSSIBLE are final."""

    SET_OUT = "set out"
    PLANNED = "planned"
    PORTIONED = "portioned"
    NOT_POSSIBLE = "not possible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Set by the approved recipe; there are no defaults."""

    load_most: Millilitres = field(metadata={"range": (1.0, 50_000.0), "label": "One load holds"})
    loads_most: int = field(metadata={"range": (1, 10), "label": "Loads at most"})
    density: GramsPerMillilitre = field(metadata={"range": (0.9, 1.2), "label": "Density of the contents"})
    bag: Vessel = field(metadata={"label": "Bag of one load"})
    weights: Weights = field(metadata={"label": "Weighing"})


@dataclass(frozen=True, slots=True)
class Results:
    """What later steps may use; in the order of the bags."""

    source: str = ""
    known: Millilitres | None = None  # in the source, by the record
    loads: int = 0
    containers: tuple[str, ...] = ()
    volumes: tuple[Millilitres, ...] = ()
    volume: Millilitres | None = None  # of all of them
    why: str = ""  # it is not possible


@dataclass(frozen=True, slots=True)
class Portion:
    """Share the one container of the batch out into bags."""

    balance: Balance
    operator: Operator
    product: Product
    given: Parameters

    results: ClassVar = Results
    good: ClassVar = frozenset({State.PORTIONED})
    safe: ClassVar = (SafeProduct(after=("holding", *ENDINGS), told="closed"),)
    table: ClassVar = Table(
        State.SET_OUT,
        (
            Row("plan", State.SET_OUT, State.PLANNED),
            Row("refuse", State.SET_OUT, State.NOT_POSSIBLE),
            Row("portion", State.PLANNED, State.PORTIONED),
        ),
    )

    async def set_out(self, _visit: Visit[Results]) -> Move:
        """Identify the container and plan the loads."""
        label, given = self.product.one(), self.given
        await self.operator.scan(
            f"Bring {label.id}, closed, to the bench and scan its label", accept=(label.code,), expects=label.expects
        )
        loads = portions(volume=label.volume, most=given.load_most)
        if loads > given.loads_most:
            why = (
                f"{label.volume:.1f} mL are {loads} loads of {given.load_most:g} mL at most; {given.loads_most} allowed"
            )
            await self.product.deviation(why, rule=RULE)
            return Move("refuse", source=label.id, known=label.volume, loads=loads, why=why)
        return Move("plan", source=label.id, known=label.volume, loads=loads)

    async def planned(self, visit: Visit[Results]) -> Move:
        """Pour the same volume into every bag, the rest into the last one."""
        got, given, handling = visit.got, self.given, self._handling
        source, left = self.product.held(got.source), got.known or Millilitres(0.0)
        names, volumes, each = list[str](), list[Millilitres](), left * (1.0 / got.loads)
        for number in range(1, got.loads + 1):
            vessel = Vessel(kind=given.bag.kind, suffix=f"{given.bag.suffix}{number}", material=given.bag.material)
            bag = await handling.new(visit.batch, vessel, of=source)
            wanted = left if number == got.loads else each
            contents = Contents(source, left, given.density)
            amount, _ = await handling.pour(contents, bag, volume=wanted, why=f"load {number} of {got.loads}")
            left = left - amount.volume
            names.append(bag.container.id)
            volumes.append(amount.volume)
        total = Millilitres(sum(map(float, volumes)))
        return Move("portion", containers=tuple(names), volumes=tuple(volumes), volume=total)

    async def holding(self, _visit: Visit[Results]) -> None:
        """What is closed can wait; time limits run on."""
        await self.operator.confirm("Held: keep all bags closed and mixed now and then. Time limits run on")

    async def stopping(self, _visit: Visit[Results]) -> None:
        """Keep what there is closed, under QA hold."""
        await keep_safe(self.product, self.operator, why="sharing out stopped", how="keep all bags closed and mixed")

    async def aborting(self, _visit: Visit[Results]) -> None:
        """As stopping."""
        await keep_safe(self.product, self.operator, why="sharing out aborted", how="keep all bags closed and mixed")

    @property
    def _handling(self) -> Handling:
        return Handling(self.balance, self.operator, self.product, self.given.weights, RULE)
