"""Unit operation: do the interventions that a media fill has to contain, each as its procedure says, seen by two.

In a media fill what may happen in a batch has to happen: a bag is changed, a glove is changed, a sample is drawn, a
person comes in. The container stays the same; who did and who saw each one stands in the record with its moment.
Units:  s.
Source: EU GMP Annex 1 (2022), 9.34 (interventions, usual and corrective, are part of the simulation).
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from automation.engine.operation import ENDINGS, SafeProduct
from automation.engine.product import Product
from automation.engine.prompts import Operator
from automation.engine.visit import Move, Visit
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant, Seconds
from protocols.operations.culturing import keep_safe


class State(StrEnum):
    """Where the interventions stand; DONE is final."""

    SET_OUT = "set out"
    BEGUN = "begun"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervention:
    """One intervention, as the recipe plans it."""

    name: str = field(metadata={"label": "Name"})
    how: str = field(metadata={"label": "What people are told"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Set by the approved recipe; there are no defaults."""

    interventions: tuple[Intervention, ...] = field(metadata={"label": "Interventions"})
    within: Seconds = field(metadata={"range": (60.0, 86_400.0), "label": "People are called when one is not done in"})


@dataclass(frozen=True, slots=True)
class Did:
    """One intervention that was done."""

    name: str
    by: str
    verified_by: str
    at: Instant


@dataclass(frozen=True, slots=True)
class Results:
    """What later steps may use."""

    container: str = ""
    interventions: tuple[Did, ...] = ()


@dataclass(frozen=True, slots=True)
class Intervene:
    """Do each planned intervention at the container of the batch."""

    operator: Operator
    product: Product
    given: Parameters

    results: ClassVar = Results
    good: ClassVar = frozenset({State.DONE})
    safe: ClassVar = (SafeProduct(after=("holding", *ENDINGS), told="closed"),)
    table: ClassVar = Table(
        State.SET_OUT,
        (Row("identify", State.SET_OUT, State.BEGUN), Row("finish", State.BEGUN, State.DONE)),
    )

    async def set_out(self, _visit: Visit[Results]) -> Move:
        """Identify the container."""
        label = self.product.one()
        await self.operator.scan(
            f"Bring {label.id}, closed, to the bench and scan its label", accept=(label.code,), expects=label.expects
        )
        return Move("identify", container=label.id)

    async def begun(self, visit: Visit[Results]) -> Move:
        """Do one after the other; a second person sees each."""
        done = list[Did]()
        for one in self.given.interventions:
            answer = await self.operator.confirm(
                f"Intervention at {visit.got.container}, {one.name}: {one.how}. Confirm when it is done",
                second=True,
                within=self.given.within,
            )
            done.append(Did(one.name, answer.by, answer.verified_by, answer.at))
        return Move("finish", interventions=tuple(done))

    async def holding(self, _visit: Visit[Results]) -> None:
        """What is closed can wait."""
        await self.operator.confirm(
            "Held: finish what is in your hands, then keep everything closed. Time limits run on"
        )

    async def stopping(self, _visit: Visit[Results]) -> None:
        """Keep what there is closed, under QA hold."""
        await keep_safe(self.product, self.operator, why="interventions stopped", how="keep all bags closed")

    async def aborting(self, _visit: Visit[Results]) -> None:
        """As stopping."""
        await keep_safe(self.product, self.operator, why="interventions aborted", how="keep all bags closed")
