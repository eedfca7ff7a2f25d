"""Unit operation: hand a thawed container over for infusion, within its time, to the patient whose it is.

The label and the chain of identity of the order are scanned beside each other. What comes too late is not handed over.
An engineering lot is never for infusion: everything is done but the last, as a rehearsal.
Source: EU GMP Part IV (identity at each hand-over); 21 CFR 1271.290; thawed product is infused within a stated time.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from automation.engine.operation import ENDINGS, SafeProduct
from automation.engine.product import Product
from automation.engine.prompts import Entry, Operator
from automation.engine.visit import Move, Visit
from automation.formulas.identifiers import Kind
from automation.gmp.words import Meaning
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant, Seconds
from protocols.operations.thaw import USE

PRACTICE = "practice, never for infusion"


class State(StrEnum):
    """Where a hand-over stands; HANDED_OVER, REHEARSED and TOO_LATE are final."""

    READY = "ready"
    IDENTIFIED = "identified"
    HANDED_OVER = "handed over"
    REHEARSED = "rehearsed"
    TOO_LATE = "too late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Set by the approved recipe; there are no defaults."""

    answer_within: Seconds = field(metadata={"range": (10.0, 3600.0), "label": "People are called after"})


@dataclass(frozen=True, slots=True)
class Results:
    """What later steps may use."""

    container: str = ""
    to: str = ""  # ward and order, never a name
    handed_over_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class HandOver:
    """Hand the one container of the batch over for infusion."""

    operator: Operator
    product: Product
    given: Parameters

    results: ClassVar = Results
    good: ClassVar = frozenset({State.HANDED_OVER, State.REHEARSED})
    safe: ClassVar = (
        SafeProduct(after=("holding",), told="its clock runs on"),
        SafeProduct(after=ENDINGS, told="is not infused"),
    )
    table: ClassVar = Table(
        State.READY,
        (
            Row("identify", State.READY, State.IDENTIFIED),
            Row("hand_over", State.IDENTIFIED, State.HANDED_OVER),
            Row("rehearse", State.IDENTIFIED, State.REHEARSED),
            Row("be_late", State.IDENTIFIED, State.TOO_LATE),
        ),
    )

    async def ready(self, _visit: Visit[Results]) -> Move:
        """Compare container and order by two codes each; a container without a clock of its thaw is refused."""
        label = self.product.one()
        if self.product.clock_started(USE) is None:
            raise RefusedError(f"no time to the use of {label.id} was started; its thaw needs use_within")
        within = self.given.answer_within
        await self.operator.scan(
            f"Scan the label of {label.id} at the hand-over", accept=(label.code,), expects=label.expects, within=within
        )
        await self.operator.scan(
            f"Scan the chain-of-identity code on the order for {label.id}",
            accept=(label.identity,),
            expects=Kind.COI,
            within=within,
        )
        told = await self.operator.enter(
            f"Hand {label.id} over for infusion: enter to whom, no names of patients",
            Entry("to", "Ward and number of the order"),
            second=True,
            within=within,
        )
        return Move("identify", container=label.id, to=told.word("to"))

    async def identified(self, visit: Visit[Results]) -> Move:
        """Stop the clock and hand over under two signatures, if it is in time and for a patient."""
        got, container = visit.got, self.product.held(visit.got.container)
        if not await self.product.stop_clock(USE):
            await self.product.qa_hold(container, reason="too late for infusion")
            await self.operator.confirm(f"{container.id} is too late for infusion: keep it closed and apart, ask QA")
            return Move("be_late")
        if not self.product.for_patients:
            await self.operator.confirm(
                f"Engineering lot: {container.id} is never infused. Mark it as practice material and keep it apart"
            )
            await self.product.hand_over(container, to=PRACTICE)
            return Move("rehearse")
        signed = await self.operator.sign(
            f"{container.id} was handed over for infusion to {got.to}", Meaning.PERFORMED, Meaning.VERIFIED
        )
        await self.product.dispense(container, to=got.to)
        return Move("hand_over", handed_over_at=signed.at)

    async def holding(self, visit: Visit[Results]) -> None:
        """Thawed product does not wait: people are told so."""
        name = visit.got.container or "the thawed container"
        await self.operator.confirm(f"Held: {name} stays closed at 20 to 25 degC, its clock runs on")

    async def stopping(self, visit: Visit[Results]) -> None:
        """Keep the container back, under QA hold."""
        await self._keep(visit, "stopped")

    async def aborting(self, visit: Visit[Results]) -> None:
        """As stopping."""
        await self._keep(visit, "aborted")

    async def _keep(self, visit: Visit[Results], how: str) -> None:
        for container in self.product.transferred():
            await self.product.qa_hold(container, reason=f"hand-over {how}")
        name = visit.got.container or "the container"
        await self.operator.confirm(
            f"The hand-over was {how}: {name} is not infused. Keep it closed, cool and apart, and ask QA"
        )
