"""Unit operation: compare what documents say with what the product needs, before anything is done to the product.

For instance the patient's HLA type with the one that a receptor needs, or whether a donor was found eligible. Each
document is identified by its number and by the chain of identity that it carries. What a document says of the person
never enters the record: only whether it meets the criterion, entered by one and verified by another.
Source: 21 CFR 1271.45 and 1271.55 (donor eligibility, the records that accompany it); the criteria are the user's.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from automation.engine.operation import ENDINGS, SafeProduct
from automation.engine.product import Product
from automation.engine.prompts import Entry, Operator
from automation.engine.visit import Move, Visit
from automation.formulas.identifiers import Kind
from automation.kernel.machine import Row, Table

MET, NOT_MET, NOT_STATED = "met", "not met", "not stated"


class State(StrEnum):
    """Where a check stands; MATCHED and MISMATCHED are final."""

    OPEN = "open"
    IDENTIFIED = "identified"
    COMPARED = "compared"
    MATCHED = "matched"
    MISMATCHED = "mismatched"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document that is compared."""

    name: str = field(metadata={"label": "What it is"})
    personal: bool = field(metadata={"label": "It is of the patient or donor and carries the chain of identity"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One thing that has to be so, and the documents in which people look."""

    name: str = field(metadata={"label": "Name"})
    asks: str = field(metadata={"label": "What has to be so"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Set by the approved recipe; there are no defaults."""

    documents: tuple[Document, ...] = field(metadata={"label": "Documents"})
    criteria: tuple[Criterion, ...] = field(metadata={"label": "Criteria"})


@dataclass(frozen=True, slots=True)
class Seen:
    """What people said of one criterion."""

    criterion: str
    verdict: str
    by: str
    verified_by: str


@dataclass(frozen=True, slots=True)
class Results:
    """What later steps may use."""

    container: str = ""
    numbers: tuple[str, ...] = ()  # of the documents, in their order
    seen: tuple[Seen, ...] = ()
    criteria_met: int | None = None
    criteria_not_met: int | None = None  # or not stated
    why: str = ""  # there is no match


@dataclass(frozen=True, slots=True)
class CheckDocuments:
    """Compare documents about the one container of the batch; what does not match holds the batch."""

    operator: Operator
    product: Product
    given: Parameters

    results: ClassVar = Results
    identifies: ClassVar = True
    good: ClassVar = frozenset({State.MATCHED})
    safe: ClassVar = (SafeProduct(after=("holding", *ENDINGS), told="as its label says"),)
    table: ClassVar = Table(
        State.OPEN,
        (
            Row("identify", State.OPEN, State.IDENTIFIED),
            Row("compare", State.IDENTIFIED, State.COMPARED),
            Row("match", State.COMPARED, State.MATCHED),
            Row("mismatch", State.COMPARED, State.MISMATCHED),
        ),
    )

    async def open(self, _visit: Visit[Results]) -> Move:
        """Identify each document by its number, those of a person by the chain of identity, too."""
        label, numbers = self.product.one(), list[str]()
        for one in self.given.documents:
            if one.personal:
                await self.operator.scan(
                    f"Scan the chain-of-identity code on the document: {one.name}",
                    accept=(label.identity,),
                    expects=Kind.COI,
                )
            said = await self.operator.enter(
                f"Enter number and issue of the document: {one.name}",
                Entry("document", "Number and issue, no names of persons"),
                second=True,
            )
            numbers.append(said.word("document"))
        return Move("identify", container=label.id, numbers=tuple(numbers))

    async def identified(self, _visit: Visit[Results]) -> Move:
        """Look for every criterion in the documents; another person looks, too."""
        seen, names = list[Seen](), "; ".join(one.name for one in self.given.documents)
        for one in self.given.criteria:
            said = await self.operator.enter(
                f"Compare ({names}). {one.name}: {one.asks}",
                Entry("criterion", "By the documents this is", options=(MET, NOT_MET, NOT_STATED)),
                second=True,
            )
            seen.append(Seen(one.name, said.word("criterion"), said.by, said.verified_by))
        return Move("compare", seen=tuple(seen))

    async def compared(self, visit: Visit[Results]) -> Move:
        """Go on when every criterion is met; else the product is on QA hold and the batch is held."""
        got = visit.got
        wrong = [one for one in got.seen if one.verdict != MET]
        counts: dict[str, object] = {"criteria_met": len(got.seen) - len(wrong), "criteria_not_met": len(wrong)}
        if not wrong:
            return Move("match", **counts)
        why = "; ".join(f"{one.criterion}: {one.verdict}" for one in wrong)
        await self.product.deviation(f"the documents do not match: {why}", rule="documents")
        await self.product.qa_hold(self.product.held(got.container), reason=f"the documents do not match: {why}")
        await self.operator.confirm(
            f"No match: {why}. Keep {got.container} closed as its label says, apart from other product, and ask QA"
        )
        return Move("mismatch", why=why, **counts)

    async def holding(self, _visit: Visit[Results]) -> None:
        """Papers wait; the product is kept as its label says, and its time limits run on."""
        await self.operator.confirm(f"Held: keep {self._names()} closed as its label says. Time limits run on")

    async def stopping(self, _visit: Visit[Results]) -> None:
        """Keep the product as its label says, under QA hold."""
        await self._put_aside("stopped")

    async def aborting(self, _visit: Visit[Results]) -> None:
        """As stopping."""
        await self._put_aside("aborted")

    async def _put_aside(self, how: str) -> None:
        for container in self.product.transferred():
            await self.product.qa_hold(container, reason=f"check of documents {how}")
        await self.operator.confirm(
            f"The check of documents was {how}: keep {self._names()} closed as its label says, and ask QA"
        )

    def _names(self) -> str:
        return ", ".join(label.id for label in self.product.labels()) or "the product"
