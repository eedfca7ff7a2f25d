"""An operation that trusts whatever it is told: it splits a bag, then pumps between any two containers that are named.

Every check is left to the door and the binding, so that what it touches is what they let it touch.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from automation.engine.handles import Container
from automation.engine.operation import SafeProduct
from automation.engine.product import Amount, Product
from automation.engine.prompts import Entry, Operator
from automation.engine.visit import Move, Visit
from automation.formulas.identifiers import Kind
from automation.gmp.product.containers import Purpose
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Millilitres
from instruments.interfaces.pump import Pump

ASKS = "Hang a source and a destination"
PUMP, NOTE, END = "pump", "note", "end"
NOTED = Amount(Millilitres(0.01))


class State(StrEnum):
    """Where it stands; DONE is final."""

    WHOLE = "whole"
    SPLIT = "split"
    OPEN = "open"
    AGAIN = "open again"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Results:
    """What it keeps for itself."""

    parent: str = ""
    child: str = ""


@dataclass(frozen=True, slots=True)
class Careless:
    """Split the product and move liquid as it is told, again and again."""

    pump: Pump
    operator: Operator
    product: Product

    results: ClassVar = Results
    good: ClassVar = frozenset({State.DONE})
    safe: ClassVar[tuple[SafeProduct, ...]] = ()
    table: ClassVar = Table(
        State.WHOLE,
        (
            Row("split", State.WHOLE, State.SPLIT),
            Row("take_in", State.SPLIT, State.OPEN),
            Row("again", State.OPEN, State.AGAIN),
            Row("and_again", State.AGAIN, State.OPEN),
            Row("end", State.OPEN, State.DONE),
            Row("end_again", State.AGAIN, State.DONE),
        ),
    )

    async def whole(self, visit: Visit[Results]) -> Move:
        """Make a child of the one container known."""
        parent = self.product.held(self.product.one().id)
        child = await self.product.expect(
            f"{visit.batch}-C1", of=parent, kind="bag150", purpose=Purpose.PRODUCT, product_code=""
        )
        return Move("split", parent=parent.id, child=child.id)

    async def split(self, visit: Visit[Results]) -> Move:
        """Identify the new bag by the label that was put on it."""
        child = visit.got.child
        scanned = await self.operator.scan(
            f"Put label {child} on a new bag and scan it", accept=(child,), expects=Kind.CONTAINER
        )
        await self.product.take_in(self.product.handle(child, identified=scanned))
        return Move("take_in")

    async def open(self, visit: Visit[Results]) -> Move:
        """Do what is asked, of whatever is named."""
        return Move("again" if await self._goes_on(visit.got) else "end")

    async def open_again(self, visit: Visit[Results]) -> Move:
        """As open."""
        return Move("and_again" if await self._goes_on(visit.got) else "end_again")

    async def _goes_on(self, got: Results) -> bool:
        """Do one thing; tells whether another is to follow. The parent is emptied at the end."""
        told = await self.operator.enter(
            ASKS, Entry("what", options=(PUMP, NOTE, END), label="What"), Entry("source", "Source"), Entry("dest", "To")
        )
        source, dest = Container(told.word("source")), Container(told.word("dest"))
        if told.word("what") == END:
            await self.product.empty(self.product.held(got.parent))
            return False
        try:
            if told.word("what") == NOTE:
                await self.product.transfer(source=source, dest=dest, amount=NOTED)
            else:
                await self.pump.start(source=source, dest=dest)
                await self.pump.stop()
        except RefusedError:
            return True
        return True
