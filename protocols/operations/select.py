"""Unit operation: select cells on a separator that runs its own program. Bags by weight before and after.

The program is read back before anything is connected. A run that stops before its end is a deviation: what came out is
weighed, both bags are on QA hold, and two people choose what is done.
Units:  mL, g.
Source: 21 CFR 211.68 (input checks), 211.101; yields and purity come from the counts and from flow cytometry after it.
"""

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from automation.engine.operation import ENDINGS, SafeDevice, SafeProduct
from automation.engine.product import Amount, Product
from automation.engine.prompts import Operator
from automation.engine.visit import Move, Visit
from automation.engine.watch import DEADLINE, Watch, When
from automation.formulas.identifiers import Kind
from automation.kernel.errors import FailedError, GateError, RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Grams, GramsPerMillilitre, Instant, Millilitres, Percent, Seconds
from instruments.interfaces.balance import Balance
from instruments.interfaces.panel_program import PanelProgram
from instruments.interfaces.separator import (
    CellSeparator,
    SeparatorState,
    SeparatorStatus,
)
from protocols.operations.adding import Weights
from protocols.operations.culturing import Handling, Vessel, keep_safe
from protocols.operations.weighing import weigh

RULE = "selection"
TRIES = 3
GO_ON, KEEP = "go on with what came out", "keep both bags for a decision by QA"


class State(StrEnum):
    """Where a selection stands; SELECTED, SALVAGED and REFUSED are final."""

    SET_OUT = "set out"
    IDENTIFIED = "identified"
    READY = "ready"
    RUNNING = "running"
    ENDED = "ended"
    INTERRUPTED = "interrupted"
    SELECTED = "selected"
    SALVAGED = "salvaged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Set by the approved recipe; there are no defaults."""

    program: PanelProgram = field(metadata={"label": "Program"})
    materials: tuple[str, ...] = field(metadata={"label": "Reagents, set and buffer, by their names in the bill"})
    buffer: str = field(metadata={"label": "Which of them the device brings the cells out with"})
    bag: Vessel = field(metadata={"label": "Bag for the selected cells"})
    source_empty: Grams = field(metadata={"range": (0.0, 500.0), "label": "Mass of the empty source bag"})
    source_density: GramsPerMillilitre = field(metadata={"range": (0.9, 1.2), "label": "Density of the source"})
    product_density: GramsPerMillilitre = field(
        metadata={"range": (0.9, 1.2), "label": "Density of the selected cells"}
    )
    differ_at_most: Percent = field(metadata={"range": (0.1, 50.0), "label": "Volume by weight against the record"})
    source_left_at_most: Millilitres = field(metadata={"range": (0.0, 500.0), "label": "Left in the source at most"})
    longest: Seconds = field(metadata={"range": (600.0, 86_400.0), "label": "Longest run"})
    every: Seconds = field(metadata={"range": (5.0, 600.0), "label": "Between looks"})
    weights: Weights = field(metadata={"label": "Weighing"})


@dataclass(frozen=True, slots=True)
class Results:
    """What later steps may use."""

    source: str = ""
    recorded: Millilitres | None = None  # what the source holds: by the record, then by weight
    container: str = ""
    mass_source: Grams | None = None  # before the run
    mass_empty: Grams | None = None  # of the bag for the selected cells
    started_at: Instant | None = None
    volume: Millilitres | None = None  # of the selected cells
    volume_uncertainty: Millilitres | None = None
    left: Millilitres | None = None  # in the source
    why: str = ""  # the run was interrupted
    decision: str = ""


@dataclass(frozen=True, slots=True)
class Select:
    """Select cells of the batch's container into a new bag."""

    separator: CellSeparator
    balance: Balance
    watch: Watch
    operator: Operator
    product: Product
    given: Parameters

    results: ClassVar = Results
    good: ClassVar = frozenset({State.SELECTED})
    safe: ClassVar = (
        SafeDevice(
            after=ENDINGS,
            role="separator",
            ask="look",
            reads="state",
            among=frozenset(set(SeparatorState) - {SeparatorState.RUNNING}),
        ),
        SafeProduct(after=("holding", *ENDINGS), told="closed"),
    )
    table: ClassVar = Table(
        State.SET_OUT,
        (
            Row("identify", State.SET_OUT, State.IDENTIFIED),
            Row("refuse", State.SET_OUT, State.REFUSED),
            Row("connect", State.IDENTIFIED, State.READY),
            Row("start", State.READY, State.RUNNING),
            Row("give_up", State.READY, State.REFUSED),
            Row("end", State.RUNNING, State.ENDED),
            Row("interrupt", State.RUNNING, State.INTERRUPTED),
            Row("collect", State.INTERRUPTED, State.ENDED),
            Row("keep", State.INTERRUPTED, State.SALVAGED),
            Row("accept", State.ENDED, State.SELECTED),
            Row("salvage", State.ENDED, State.SALVAGED),
        ),
    )

    async def set_out(self, _visit: Visit[Results]) -> Move:
        """Identify the lots, send the program and read it back; what is not approved never runs."""
        source = self.product.one()
        for material in self.given.materials:
            lot = self.product.lot(material).id
            await self.operator.scan(f"Scan the label of {material}, lot {lot}", accept=(lot,), expects=Kind.LOT)
        for turn in range(1, TRIES + 1):
            why = await self._sent()
            if not why:
                return Move("identify", source=source.id, recorded=source.volume)
            await self.product.deviation(f"program not as approved: {why}", rule="approved program")
            if turn < TRIES:
                await self.operator.confirm(f"Not the approved program: {why}. Put it right, then confirm", second=True)
        return Move("refuse", source=source.id, why="the program is not the approved one")

    async def identified(self, visit: Visit[Results]) -> Move:
        """Identify and weigh the bags, and connect them, seen by two people."""
        got, given, handling = visit.got, self.given, self._handling
        full = await handling.weighed(self.product.label(got.source))
        there = given.weights.amount(max(Grams(0.0), full.gross - given.source_empty), given.source_density)
        known = got.recorded or Millilitres(0.0)
        await handling.note(full, there, known=known, differ_at_most=given.differ_at_most)
        bag = await handling.new(visit.batch, given.bag, of=full.container)
        await self.operator.confirm(
            f"Install the set and connect: source bag {got.source}, bag for the selected cells {bag.container.id}. "
            "Compare every line with its label, keep the clamps closed until the start, then confirm",
            second=True,
        )
        return Move(
            "connect",
            recorded=there.volume,
            container=bag.container.id,
            mass_source=full.gross,
            mass_empty=bag.gross,
        )

    async def ready(self, visit: Visit[Results]) -> Move:
        """Start the run; a separator that refuses is put right and told again, a few times."""
        source, product = self.product.held(visit.got.source), self.product.held(visit.got.container)
        for turn in range(1, TRIES + 1):
            try:
                await self.separator.start(source=source, product=product)
            except GateError:
                raise
            except (RefusedError, FailedError) as refusal:
                await self.product.deviation(f"the separator did not start: {refusal}", rule=RULE)
                if turn < TRIES:
                    await self.operator.confirm(f"The separator did not start: {refusal}. Put it right, then confirm")
            else:
                return Move("start", started_at=await self.watch.moment())
        return Move("give_up", why="the separator does not start")

    async def running(self, visit: Visit[Results]) -> Move:
        """Watch the run to its end."""
        seen = await self.watch.first(
            every=self.given.every,
            deadline=visit.since + self.given.longest,
            over=When(self.separator.look, lambda status: status.state is SeparatorState.ENDED),
            broken=When(self.separator.look, lambda status: status.state is SeparatorState.FAILED),
        )
        if seen.name == DEADLINE:
            return Move("interrupt", why=f"no end after {float(self.given.longest) / 60:g} min")
        if seen.name == "broken":
            message = seen.value.message if isinstance(seen.value, SeparatorStatus) else ""
            return Move("interrupt", why=message or "the run stopped before its end")
        return Move("end")

    async def interrupted(self, visit: Visit[Results]) -> Move:
        """Put both bags on QA hold and let two people choose."""
        got = visit.got
        await self.product.deviation(f"selection interrupted: {got.why}", rule=RULE)
        for container in self.product.transferred():
            await self.product.qa_hold(container, reason=f"selection interrupted: {got.why}")
        text = f"Selection interrupted: {got.why}. Cells may be in {got.source}, in {got.container} and in the set"
        choice = await self.operator.choose(text, GO_ON, KEEP, second=True)
        if choice == KEEP:
            await self.operator.confirm(
                f"Clamp {got.source} and {got.container}, take both off, keep them closed and cool"
            )
            return Move("keep", decision=choice)
        return Move("collect", decision=choice)

    async def ended(self, visit: Visit[Results]) -> Move:
        """Take both bags off, weigh them, and note what went where."""
        got, given = visit.got, self.given
        bag = self.product.label(got.container)
        full = await weigh(self.balance, self.operator, self.product, label=bag, before="Close the clamps. ")
        rest = await weigh(self.balance, self.operator, self.product, label=self.product.label(got.source))
        selected = given.weights.amount(
            max(Grams(0.0), full.gross - (got.mass_empty or Grams(0.0))), given.product_density
        )
        taken = given.weights.amount(
            max(Grams(0.0), (got.mass_source or Grams(0.0)) - rest.gross), given.source_density
        )
        left = await self._booked(got, selected=selected, taken=taken)
        results = {"volume": selected.volume, "volume_uncertainty": selected.standard, "left": left}
        return Move("salvage" if got.decision else "accept", **results)

    async def holding(self, _visit: Visit[Results]) -> None:
        """A run goes on in the device; cells wait closed."""
        await self.operator.confirm("Held: a run goes on to its end in the device; all bags stay closed")

    async def stopping(self, visit: Visit[Results]) -> None:
        """Let a run bring out its cells, and keep both bags, under QA hold."""
        await self._end(visit, "selection stopped")

    async def aborting(self, visit: Visit[Results]) -> None:
        """As stopping."""
        await self._end(visit, "selection aborted")

    async def _end(self, visit: Visit[Results], why: str) -> None:
        if visit.got.started_at is not None or visit.got.container:
            await self.separator.stop()
        await keep_safe(self.product, self.operator, why=why, how="keep all bags closed and cool")

    async def _sent(self) -> str:
        """Send the program and say in what the device's own is another; empty when it is the same."""
        try:
            await self.separator.prepare(program=self.given.program)
            found = await self.separator.prepared()
        except GateError:
            raise
        except (RefusedError, FailedError) as refusal:
            return str(refusal)
        if found == self.given.program:
            return ""
        return f"the separator holds {found.name or 'none'}, approved is {self.given.program.name}, or a value differs"

    async def _booked(self, got: Results, *, selected: Amount, taken: Amount) -> Millilitres:
        """Note what came out of the source, the buffer that came with it, and what stays in the source (mL).

        The source gives no more than it is known to hold, and the bag holds no more of it than the source lost; what is
        in the bag besides is the device's buffer.
        """
        source, dest, nothing = self.product.held(got.source), self.product.held(got.container), Millilitres(0.0)
        known, lot = got.recorded or nothing, self.product.lot(self.given.buffer)
        out = _least(taken=taken, selected=selected, known=known)
        await self.product.transfer(source=source, dest=dest, amount=out, why="selected cells")
        await self.product.add(dest, lot=lot, amount=_less(selected, part=out), what=self.given.buffer)
        gone = max(nothing, min(known, taken.volume) - out.volume)
        await self.product.draw(
            source, to="waste", amount=Amount(gone, taken.standard), why="not selected, with buffer", by_difference=True
        )
        left = known - out.volume - gone
        if left <= self.given.source_left_at_most:
            await self.product.empty(source, left=left, standard=taken.standard)
        else:
            title = f"{left:.1f} mL are left in {got.source}"
            await self.product.deviation(title, rule="empty source")
            await self.product.qa_hold(source, reason=title)
        return left

    @property
    def _handling(self) -> Handling:
        return Handling(self.balance, self.operator, self.product, self.given.weights, RULE)


def _least(*, taken: Amount, selected: Amount, known: Millilitres) -> Amount:
    """Give what of the source can be in the bag: at most what the source lost, what the bag holds, what was known."""
    least = taken if taken.volume <= selected.volume else selected
    return least if least.volume <= known else Amount(known, least.standard)


def _less(whole: Amount, *, part: Amount) -> Amount:
    """Give a whole without a part of it, both weighed on one balance."""
    nothing = Grams(0.0)
    mass = None if whole.mass is None or part.mass is None else Grams(float(max(nothing, whole.mass - part.mass)))
    volume = max(Millilitres(0.0), whole.volume - part.volume)
    standard = Millilitres(math.hypot(float(whole.standard), float(part.standard)))
    return Amount(volume, standard, mass, whole.mass_standard)
