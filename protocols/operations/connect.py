"""Unit operation: bring product into a new bag without opening anything: a sterile weld, a transfer, seals, a cut.

Clamps stay closed until the weld was looked at and is tight. A weld that the welder refused is made again with a new
wafer. A joint that is not tight has opened a closed system: no clamp is opened over it, the tube of the product is
sealed off, and the product is on QA hold. Each joint has its own number and stands in the record with its wafer.
Units:  mL, g.
Source: EU GMP Annex 1 (2022), 8.127 to 8.132, 8.137, 8.139 (closed and single-use systems: integrity, connections);
        21 CFR 211.101, 211.188(b)(11).
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
from automation.kernel.quantity import Grams, GramsPerMillilitre, Instant, Millilitres
from instruments.interfaces.balance import Balance
from instruments.interfaces.tube_joints import Joint, SterileWelder, TubeSealer
from protocols.operations.adding import Weights
from protocols.operations.culturing import Contents, Handling, Held, Vessel, in_round, keep_safe

RULE = "closed connection"


class State(StrEnum):
    """Where a connection stands; SEPARATED, NOT_JOINED and LEAKING are final."""

    APART = "apart"
    LAID_OUT = "laid out"
    JOINED = "joined"
    TRANSFERRED = "transferred"
    SEPARATED = "separated"
    NOT_JOINED = "not joined"
    LEAKING = "leaking"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Set by the approved recipe; there are no defaults."""

    volume: Millilitres = field(metadata={"range": (0.1, 50_000.0), "label": "To be transferred; all when it is more"})
    density: GramsPerMillilitre = field(metadata={"range": (0.9, 1.2), "label": "Density of the contents"})
    bag: Vessel = field(metadata={"label": "New bag"})
    wafer: str = field(metadata={"label": "Wafer of the welder, by its name in the bill of materials"})
    tries: int = field(metadata={"range": (1, 5), "label": "A joint that was not made is tried at most"})
    seals: int = field(metadata={"range": (1, 10), "label": "Seals on the tube before it is cut"})
    weights: Weights = field(metadata={"label": "Weighing"})


@dataclass(frozen=True, slots=True)
class Made:
    """One joint: its number, what it joins or closes, how it came out, the lot of its wafer, and who saw it."""

    number: str
    joins: str
    made: bool
    tight: bool
    lot: str
    report: str


@dataclass(frozen=True, slots=True)
class Results:
    """What later steps may use."""

    source: str = ""
    recorded: Millilitres | None = None  # what the source holds
    container: str = ""
    mass_empty: Grams | None = None  # of the new bag
    joints: tuple[Made, ...] = ()
    joints_not_tight: int = 0
    volume: Millilitres | None = None
    volume_uncertainty: Millilitres | None = None
    separated_at: Instant | None = None
    why: str = ""  # it was not joined, or leaks


@dataclass(frozen=True, slots=True)
class Connect:
    """Weld a new bag to the one that holds the product, transfer, seal and cut."""

    welder: SterileWelder
    sealer: TubeSealer
    balance: Balance
    watch: Watch
    operator: Operator
    product: Product
    given: Parameters

    results: ClassVar = Results
    good: ClassVar = frozenset({State.SEPARATED})
    safe: ClassVar = (SafeProduct(after=("holding", *ENDINGS), told="all clamps closed"),)
    table: ClassVar = Table(
        State.APART,
        (
            Row("lay_out", State.APART, State.LAID_OUT),
            Row("join", State.LAID_OUT, State.JOINED),
            Row("give_up", State.LAID_OUT, State.NOT_JOINED),
            Row("leak", State.LAID_OUT, State.LEAKING),
            Row("transfer", State.JOINED, State.TRANSFERRED),
            Row("separate", State.TRANSFERRED, State.SEPARATED),
            Row("leak", State.TRANSFERRED, State.LEAKING),
        ),
    )

    async def apart(self, visit: Visit[Results]) -> Move:
        """Identify the container and the new bag; both stay clamped."""
        label, bag = self.product.one(), self.given.bag
        await self.operator.scan(
            f"Bring {label.id}, closed, to the welder and scan its label", accept=(label.code,), expects=label.expects
        )
        own = Vessel(kind=bag.kind, suffix=in_round(bag.suffix, visit.step), material=bag.material)
        new = await self._handling.new(visit.batch, own, of=self.product.held(label.id))
        return Move("lay_out", source=label.id, recorded=label.volume, container=new.container.id, mass_empty=new.gross)

    async def laid_out(self, visit: Visit[Results]) -> Move:
        """Weld; what was refused is welded again with a new wafer, what is not tight never."""
        got, joints = visit.got, list[Made]()
        source, dest = self.product.held(got.source), self.product.held(got.container)
        wafer = self.product.lot(self.given.wafer)
        await self.operator.confirm(
            f"Clamp the tubes of {source.id} and {dest.id}, look that they are dry and fit the welder, then confirm",
            second=True,
        )
        for turn in range(1, self.given.tries + 1):
            if turn > 1:  # the first is the one of the bill
                await self.product.use(wafer, quantity=1.0)
            seen = await self.welder.weld(source=source, dest=dest, kit=wafer)
            joints.append(_noted(seen, f"{visit.batch}-{visit.step}-W{turn}", joins=f"{source.id} to {dest.id}"))
            if seen.made:
                break
            if turn < self.given.tries:
                await self.operator.confirm("Nothing was joined. Look at the welder, take a new wafer, then confirm")
        last = joints[-1]
        if not last.made:
            why = f"{source.id} and {dest.id} were not joined in {self.given.tries} tries"
            await self.product.deviation(why, rule=RULE)
            return Move("give_up", joints=tuple(joints), why=why)
        if not last.tight:
            return await self._leaking(got, joints, visit)
        return Move("join", joints=tuple(joints))

    async def joined(self, visit: Visit[Results]) -> Move:
        """Open the clamps and transfer by weight."""
        got, given = visit.got, self.given
        await self.operator.confirm(
            f"Weld {got.joints[-1].number} was seen to be tight: open it and the clamps, look for leaks, then confirm",
            second=True,
        )
        known = got.recorded or Millilitres(0.0)
        contents = Contents(self.product.held(got.source), known, given.density)
        bag = Held(self.product.held(got.container), got.mass_empty or Grams(0.0))
        amount, _ = await self._handling.pour(contents, bag, volume=given.volume, why="over a sterile weld")
        return Move("transfer", volume=amount.volume, volume_uncertainty=amount.standard)

    async def transferred(self, visit: Visit[Results]) -> Move:
        """Seal the tube of the new bag and cut between the seals; one that is not tight is made again, further in."""
        got, joints = visit.got, list(visit.got.joints)
        dest = self.product.held(got.container)
        for turn in range(1, self.given.tries + 1):
            seen = await self.sealer.seal(container=dest, seals=self.given.seals)
            joints.append(_noted(seen, f"{visit.batch}-{visit.step}-S{turn}", joins=f"tube of {dest.id}"))
            if seen.made and seen.tight:
                break
            if turn < self.given.tries:
                await self.operator.confirm("Not closed: clamp further in, leave the seal uncut, then confirm")
        if not (joints[-1].made and joints[-1].tight):
            return await self._leaking(got, joints, visit)
        await self.operator.confirm(f"Cut the tube of {dest.id} between its seals; both ends are dry", second=True)
        not_tight = sum(one.made and not one.tight for one in joints)
        return Move(
            "separate",
            joints=tuple(joints),
            joints_not_tight=not_tight,
            separated_at=await self.watch.moment(),
        )

    async def _leaking(self, got: Results, joints: list[Made], visit: Visit[Results]) -> Move:
        """Leave the clamps closed, seal the product off behind them, and keep it for QA."""
        bad = joints[-1]
        why = f"{bad.number}, {bad.joins}: {'not tight' if bad.made else 'not closed'}"
        await self.product.deviation(f"a closed system may have been opened: {why}", rule=RULE)
        holder = self.product.held(got.source if visit.state == State.LAID_OUT else got.container)
        if visit.state == State.LAID_OUT:
            seen = await self.sealer.seal(container=holder, seals=self.given.seals)
            joints.append(_noted(seen, f"{visit.batch}-{visit.step}-S1", joins=f"tube of {holder.id}, kept for QA"))
        for container in self.product.transferred():
            await self.product.qa_hold(container, reason=why)
        await self.operator.confirm(f"Keep {holder.id} with all clamps closed and what was cut off, and ask QA: {why}")
        not_tight = sum(one.made and not one.tight for one in joints)
        return Move("leak", joints=tuple(joints), joints_not_tight=not_tight, why=why)

    async def holding(self, _visit: Visit[Results]) -> None:
        """What is clamped can wait."""
        await self.operator.confirm("Held: keep all clamps closed, nothing flows. Time limits run on")

    async def stopping(self, _visit: Visit[Results]) -> None:
        """Keep everything clamped, under QA hold."""
        await keep_safe(self.product, self.operator, why="connection stopped", how="keep all clamps closed")

    async def aborting(self, _visit: Visit[Results]) -> None:
        """As stopping."""
        await keep_safe(self.product, self.operator, why="connection aborted", how="keep all clamps closed")

    @property
    def _handling(self) -> Handling:
        return Handling(self.balance, self.operator, self.product, self.given.weights, RULE)


def _noted(seen: Joint, number: str, *, joins: str) -> Made:
    return Made(number, joins, seen.made, seen.tight, seen.kit, seen.report)
