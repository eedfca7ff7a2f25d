"""Unit operation: make an isolator ready for open product: gloves tested, decontaminated, at its pressure, closed.

Nothing of the product is inside. A glove that leaks, a cycle that failed and a pressure outside of its limits are
deviations and are put right, each as often as the recipe allows; after that the isolator is not used. From the cycle on
it is entered by its gloves and closed passages alone.
Units:  Pa against the room; s.
Source: EU GMP Annex 1 (2022), 4.18 to 4.22 (isolators: integrity, pressure, decontamination), 4.21 (leak test of the
        gloves at the start and the end of each batch); numbers are the user's own.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from automation.engine.operation import ENDINGS, SafeProduct
from automation.engine.product import Product
from automation.engine.prompts import Operator
from automation.engine.visit import Move, Visit
from automation.engine.watch import Watch
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant, Pascals, Seconds
from instruments.interfaces.isolator import Isolator

RULE = "isolator"


class State(StrEnum):
    """Where the preparation stands; READY and REFUSED are final."""

    TO_TEST = "to test"
    TESTED = "tested"
    DECONTAMINATED = "decontaminated"
    READY = "ready"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Set by the approved recipe; there are no defaults."""

    gloves: int = field(metadata={"range": (1, 40), "label": "Gloves and sleeves that it has"})
    load: str = field(metadata={"label": "Approved pattern by which it is loaded"})
    cycle: str = field(metadata={"label": "Approved decontamination cycle"})
    cycle_longest: Seconds = field(metadata={"range": (60.0, 86_400.0), "label": "People are called when not over in"})
    pressure_lowest: Pascals = field(metadata={"range": (-200.0, 200.0), "label": "Pressure against the room at least"})
    pressure_highest: Pascals = field(metadata={"range": (-200.0, 200.0), "label": "Pressure at most"})
    tries: int = field(metadata={"range": (1, 5), "label": "Each test is made at most"})


@dataclass(frozen=True, slots=True)
class Results:
    """What later steps and limits may use."""

    gloves: int | None = None  # tested, all of them without a leak
    glove_tests: int = 0
    cycles: int = 0  # until one passed
    cycle: str = ""  # its number, as the isolator has it
    report: str = ""  # SHA-256 of its report
    pressure: Pascals | None = None
    ready_at: Instant | None = None
    why: str = ""  # it is not used


@dataclass(frozen=True, slots=True)
class PrepareIsolator:
    """Test, decontaminate and close an isolator; an isolator that does not pass is not used."""

    isolator: Isolator
    watch: Watch
    operator: Operator
    product: Product
    given: Parameters

    results: ClassVar = Results
    good: ClassVar = frozenset({State.READY})
    safe: ClassVar = (SafeProduct(after=("holding", *ENDINGS), told="stays outside, closed"),)
    table: ClassVar = Table(
        State.TO_TEST,
        (
            Row("test", State.TO_TEST, State.TESTED),
            Row("leak", State.TO_TEST, State.REFUSED),
            Row("decontaminate", State.TESTED, State.DECONTAMINATED),
            Row("fail", State.TESTED, State.REFUSED),
            Row("make_ready", State.DECONTAMINATED, State.READY),
            Row("refuse", State.DECONTAMINATED, State.REFUSED),
        ),
    )

    async def to_test(self, _visit: Visit[Results]) -> Move:
        """Test every glove and sleeve; what leaks is replaced and all are tested again."""
        given, why = self.given, ""
        for turn in range(1, given.tries + 1):
            seen = await self.isolator.glove_test()
            missing = given.gloves - seen.gloves
            if seen.passed and missing == 0:
                return Move("test", gloves=seen.gloves, glove_tests=turn)
            why = (
                f"{seen.gloves} gloves and sleeves were tested, it has {given.gloves}"
                if missing
                else "a glove or sleeve leaks"
            )
            await self._wrong(why, turn, how="Replace what leaks and test all of them")
        return Move("leak", glove_tests=given.tries, why=why)

    async def tested(self, _visit: Visit[Results]) -> Move:
        """Load it, run the approved cycle, and keep its report; a cycle that failed is run again."""
        given, why = self.given, ""
        for turn in range(1, given.tries + 1):
            await self.operator.confirm(
                f"Load the isolator by {given.load}, everything clean, dry and apart; close it and start the cycle "
                f"'{given.cycle}'. Confirm when it is over",
                second=True,
                within=given.cycle_longest,
            )
            seen = await self.isolator.cycle_report()
            if seen.passed:
                return Move("decontaminate", cycle=seen.cycle, report=seen.sha256, cycles=turn)
            why = f"cycle {seen.cycle} failed by its report"
            await self._wrong(why, turn, how="Look for what was wrong with the load or the cycle")
        return Move("fail", cycles=given.tries, why=why)

    async def decontaminated(self, _visit: Visit[Results]) -> Move:
        """Read the pressure, and close it: from now on it is entered by its gloves."""
        given, why = self.given, ""
        for turn in range(1, given.tries + 1):
            seen = Pascals((await self.isolator.pressure()).pascals)
            if given.pressure_lowest <= seen <= given.pressure_highest:
                await self.operator.confirm(
                    "From now on the isolator is entered by its gloves and closed passages alone. Confirm that it is "
                    "aerated, that its doors are locked and that no alarm stands",
                    second=True,
                )
                return Move("make_ready", pressure=seen, ready_at=await self.watch.moment())
            why = f"{seen:g} Pa against the room; {given.pressure_lowest:g} to {given.pressure_highest:g} Pa are needed"
            await self._wrong(why, turn, how="Look for the leak or the fan, without opening it")
        return Move("refuse", why=why)

    async def _wrong(self, why: str, turn: int, *, how: str) -> None:
        """Note what did not pass; people put it right, unless it was the last try."""
        await self.product.deviation(f"the isolator did not pass: {why}", rule=RULE)
        if turn < self.given.tries:
            await self.operator.confirm(f"It did not pass: {why}. {how}, then confirm", second=True)
        else:
            await self.operator.confirm(f"It did not pass: {why}. Mark the isolator as not to be used, then confirm")

    async def holding(self, _visit: Visit[Results]) -> None:
        """Nothing of the product is inside."""
        await self.operator.confirm(f"Held: {self._names()} stays outside, closed; leave the isolator closed")

    async def stopping(self, _visit: Visit[Results]) -> None:
        """Leave the isolator closed and not to be used; the product is on QA hold."""
        await self._put_aside("stopped")

    async def aborting(self, _visit: Visit[Results]) -> None:
        """As stopping."""
        await self._put_aside("aborted")

    async def _put_aside(self, how: str) -> None:
        for container in self.product.transferred():
            await self.product.qa_hold(container, reason=f"preparation of the isolator {how}")
        await self.operator.confirm(
            f"The preparation was {how}: {self._names()} stays outside, closed. Mark the isolator as not to be used "
            "before it is prepared again, and ask QA"
        )

    def _names(self) -> str:
        return ", ".join(label.id for label in self.product.labels()) or "the product"
