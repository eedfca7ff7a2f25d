"""Unit operation: cut a tumour into fragments and bring them into culture, so that lymphocytes grow out of them.

An open manipulation: the recipe declares its grade, and people confirm it before the container is opened. Medium goes
in by weight before the fragments, cytokines by volume; fragments are counted by two people.
Units:  mL, g; cytokines in IU/mL.
Source: fragments of 1 to 3 mm in IL-2 before the rapid expansion: size and numbers are the user's; EU GMP Annex 1
        (grade of open manipulations); 21 CFR 211.101 (charge-in, seen by two).
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from automation.engine.operation import ENDINGS, SafeProduct
from automation.engine.product import Amount, Product
from automation.engine.prompts import Entry, Operator
from automation.engine.visit import Move, Visit
from automation.engine.watch import Watch
from automation.formulas import culture
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Grams, GramsPerMillilitre, Instant, Millilitres, Percent, Seconds
from instruments.interfaces.balance import Balance
from protocols.operations.activate import Cytokine
from protocols.operations.adding import Liquid, Weights
from protocols.operations.culturing import Handling, Vessel, keep_safe
from protocols.operations.weighing import weigh

RULE = "fragments"


class State(StrEnum):
    """Where an explantation stands; PLACED and TOO_FEW are final."""

    SET_OUT = "set out"
    IDENTIFIED = "identified"
    CUT = "cut"
    FILLED = "filled"
    PLACED = "placed"
    TOO_FEW = "too few"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Set by the approved recipe; there are no defaults."""

    grade: str = field(metadata={"label": "Grade of the open manipulation, and of the room around it"})
    size: str = field(metadata={"label": "Size of a fragment, as people are told"})
    cut_within: Seconds = field(metadata={"range": (60.0, 86_400.0), "label": "People are called when not cut within"})
    fragments_least: int = field(metadata={"range": (1, 1000), "label": "Fragments at least"})
    fragments_most: int = field(metadata={"range": (1, 1000), "label": "Fragments in the vessel at most"})
    volume: Millilitres = field(metadata={"range": (1.0, 50_000.0), "label": "Culture to begin with"})
    tissue_density: GramsPerMillilitre = field(metadata={"range": (0.9, 1.2), "label": "Density of the fragments"})
    vessel: Vessel = field(metadata={"label": "Culture vessel"})
    medium: Liquid = field(metadata={"label": "Medium"})
    cytokines: tuple[Cytokine, ...] = field(metadata={"label": "Cytokines"})
    pipette_error: Percent = field(metadata={"range": (0.0, 20.0), "label": "Uncertainty of a pipetted volume"})
    weights: Weights = field(metadata={"label": "Weighing"})


@dataclass(frozen=True, slots=True)
class Results:
    """What later steps may use."""

    source: str = ""
    recorded: Millilitres | None = None  # what the source holds
    cut: int | None = None  # fragments that the tumour gave
    fragments: int | None = None  # of them in the vessel
    container: str = ""
    mass_empty: Grams | None = None  # of the vessel
    gross: Grams | None = None  # of the vessel with medium
    volume: Millilitres | None = None
    placed_at: Instant | None = None
    why: str = ""  # there were too few


@dataclass(frozen=True, slots=True)
class Explant:
    """Bring the fragments of a tumour into a culture vessel."""

    balance: Balance
    watch: Watch
    operator: Operator
    product: Product
    given: Parameters

    results: ClassVar = Results
    good: ClassVar = frozenset({State.PLACED})
    safe: ClassVar = (SafeProduct(after=("holding", *ENDINGS), told="incubator"),)
    table: ClassVar = Table(
        State.SET_OUT,
        (
            Row("identify", State.SET_OUT, State.IDENTIFIED),
            Row("cut", State.IDENTIFIED, State.CUT),
            Row("give_up", State.IDENTIFIED, State.TOO_FEW),
            Row("fill", State.CUT, State.FILLED),
            Row("place", State.FILLED, State.PLACED),
        ),
    )

    async def set_out(self, _visit: Visit[Results]) -> Move:
        """Identify the tumour and the lots, and confirm the grade of the place where it is opened."""
        given, label = self.given, self.product.one()
        await self._handling.adding.identify(given.medium.material, *(one.material for one in given.cytokines))
        await self.operator.scan(
            f"Scan the label of {label.id} in front of the bench", accept=(label.code,), expects=label.expects
        )
        await self.operator.confirm(
            f"{label.id} is opened now, in {given.grade}. Confirm that the place is so, cleared and monitored",
            second=True,
        )
        return Move("identify", source=label.id, recorded=label.volume)

    async def identified(self, visit: Visit[Results]) -> Move:
        """Cut the tumour; a tumour that gives too few fragments is decided about by people."""
        given, source = self.given, visit.got.source
        seen = await self.operator.enter(
            f"Cut the tumour of {source} into fragments of {given.size}; leave fat and dead tissue. Enter how many",
            Entry("fragments", "Fragments", low=0.0, high=1000.0, decimals=0),
            second=True,
            within=given.cut_within,
        )
        cut = int(seen.number("fragments"))
        if cut >= given.fragments_least:
            return Move("cut", cut=cut, fragments=min(cut, given.fragments_most))
        why = f"the tumour of {source} gave {cut} fragments; {given.fragments_least} are needed"
        await self.product.deviation(why, rule=RULE)
        await self.product.qa_hold(self.product.held(source), reason=why)
        await self.operator.confirm(f"Close {source} with all fragments in its medium at 2 to 8 degC, and ask QA")
        return Move("give_up", cut=cut, why=why)

    async def cut(self, visit: Visit[Results]) -> Move:
        """Fill the new vessel with medium by weight, and cytokines."""
        given, handling = self.given, self._handling
        vessel = await handling.new(visit.batch, given.vessel, of=self.product.held(visit.got.source))
        small = tuple(
            culture.cytokine_volume(volume=given.volume, wanted=one.wanted, stock=one.stock) for one in given.cytokines
        )
        medium = given.volume - sum(small, start=Millilitres(0.0))
        gross = await handling.adding.by_weight(vessel.container, given.medium, medium, before=vessel.gross)
        volume = given.weights.amount(gross - vessel.gross, given.medium.density).volume
        for one, wanted in zip(given.cytokines, small, strict=True):
            await handling.adding.by_volume(vessel.container, one.material, wanted, error=given.pipette_error)
            volume += wanted
        name = vessel.container.id
        filled = await weigh(self.balance, self.operator, self.product, label=self.product.label(name))
        return Move("fill", container=name, mass_empty=vessel.gross, gross=filled.gross, volume=volume)

    async def filled(self, visit: Visit[Results]) -> Move:
        """Put the fragments in, seen by two people and weighed; what is left of the tumour goes to waste."""
        got, given = visit.got, self.given
        source, dest = self.product.held(got.source), self.product.held(got.container)
        await self.operator.confirm(
            f"Put {got.fragments} fragments of {source.id} into {dest.id}, evenly, close it, then confirm", second=True
        )
        after = await weigh(self.balance, self.operator, self.product, label=self.product.label(dest.id))
        known = got.recorded or Millilitres(0.0)
        more = max(Grams(0.0), after.gross - (got.gross or Grams(0.0)))
        weighed = given.weights.amount(more, given.tissue_density)
        moved = Amount(min(known, weighed.volume), weighed.standard, weighed.mass, weighed.mass_standard)
        await self.product.transfer(source=source, dest=dest, amount=moved, why=f"{got.fragments} fragments")
        rest = Amount(known - moved.volume, moved.standard)
        await self.product.draw(source, to="waste", amount=rest, why="transport medium and rest", by_difference=True)
        await self.product.empty(source)
        volume = (got.volume or Millilitres(0.0)) + moved.volume
        return Move("place", volume=volume, placed_at=await self.watch.moment())

    async def holding(self, visit: Visit[Results]) -> None:
        """Tissue waits in its medium; a vessel waits in the incubator."""
        vessel = visit.got.container or "a vessel"
        await self.operator.confirm(
            f"Held: keep all tissue covered with medium and closed; {vessel} with fragments waits in the incubator"
        )

    async def stopping(self, _visit: Visit[Results]) -> None:
        """Keep tissue and culture closed, under QA hold."""
        await self._end("explantation stopped")

    async def aborting(self, _visit: Visit[Results]) -> None:
        """As stopping."""
        await self._end("explantation aborted")

    async def _end(self, why: str) -> None:
        how = "put a vessel with fragments into the incubator, tissue in its medium at 2 to 8 degC"
        await keep_safe(self.product, self.operator, why=why, how=how)

    @property
    def _handling(self) -> Handling:
        return Handling(self.balance, self.operator, self.product, self.given.weights, RULE)
