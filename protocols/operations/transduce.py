"""Unit operation: bring vector and cells together. Dose by MOI, a clock from thaw to use, two people at the addition.

What can't be done (more vector than there is room or than the recipe allows) is refused before the vector is thawed.
Units:  mL, cells, TU/mL; MOI in transducing units per viable cell.
Source: V = cells x MOI / titre; vectors lose titre after thaw, so that thaw to use is limited by the recipe.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from automation.engine.operation import ENDINGS, SafeProduct
from automation.engine.product import Amount, Product
from automation.engine.prompts import Operator
from automation.engine.visit import Move, Visit
from automation.engine.watch import Watch
from automation.formulas.identifiers import Kind
from automation.formulas.process import vector_volume
from automation.kernel.errors import InputError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import (
    Cells,
    CellsPerMillilitre,
    Instant,
    Millilitres,
    Percent,
    Seconds,
    TransducingUnitsPerMillilitre,
)
from protocols.operations.culturing import keep_safe

CLOCK = "vector thaw to use"
RULE = "transduction"


class State(StrEnum):
    """Where a transduction stands; TRANSDUCED and NOT_POSSIBLE are final."""

    SET_OUT = "set out"
    PLANNED = "planned"
    THAWED = "thawed"
    TRANSDUCED = "transduced"
    NOT_POSSIBLE = "not possible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Set by the approved recipe; there are no defaults."""

    cells: Cells = field(metadata={"range": (0.0, 1e12), "label": "Viable cells in the culture"})
    volume: Millilitres = field(metadata={"range": (0.0, 50_000.0), "label": "Volume of the culture"})
    vector: str = field(metadata={"label": "Name of the vector in the bill of materials"})
    moi: float = field(metadata={"range": (0.01, 100.0), "label": "Transducing units for each viable cell"})
    titre: TransducingUnitsPerMillilitre = field(metadata={"range": (1e4, 1e12), "label": "Titre of the vector lot"})
    vector_most: Percent = field(metadata={"range": (0.1, 90.0), "label": "Vector at most, of the final volume"})
    enhancer: str | None = field(metadata={"label": "Name of the coated vessel or enhancer; null for none"})
    thaw_to_use: Seconds = field(metadata={"range": (60.0, 86_400.0), "label": "Thaw of the vector to its use"})
    warn_at: Percent = field(metadata={"range": (1.0, 99.0), "label": "Share of it at which people are told"})
    pipette_error: Percent = field(metadata={"range": (0.0, 20.0), "label": "Uncertainty of a pipetted volume"})


@dataclass(frozen=True, slots=True)
class Results:
    """What later steps may use."""

    container: str = ""
    vector_planned: Millilitres | None = None
    thawed_at: Instant | None = None
    transduced_at: Instant | None = None
    thaw_to_use: Seconds | None = None
    volume: Millilitres | None = None
    viable_concentration: CellsPerMillilitre | None = None
    viable_cells: Cells | None = None
    why: str = ""  # it is not possible


@dataclass(frozen=True, slots=True)
class Transduce:
    """Add the vector to the culture of the batch within its time after thaw."""

    watch: Watch
    operator: Operator
    product: Product
    given: Parameters

    results: ClassVar = Results
    good: ClassVar = frozenset({State.TRANSDUCED})
    safe: ClassVar = (SafeProduct(after=("holding", *ENDINGS), told="incubator"),)
    table: ClassVar = Table(
        State.SET_OUT,
        (
            Row("plan", State.SET_OUT, State.PLANNED),
            Row("refuse", State.SET_OUT, State.NOT_POSSIBLE),
            Row("thaw", State.PLANNED, State.THAWED),
            Row("transduce", State.THAWED, State.TRANSDUCED),
        ),
    )

    async def set_out(self, _visit: Visit[Results]) -> Move:
        """Identify culture and lots, and calculate the dose; what can't be done is refused with the vector frozen."""
        given, label = self.given, self.product.one()
        await self.operator.scan(
            f"Take {label.id} out of the incubator and scan its label", accept=(label.code,), expects=label.expects
        )
        for material in filter(None, (given.vector, given.enhancer)):
            lot = self.product.lot(material).id
            await self.operator.scan(f"Scan the label of {material}, lot {lot}", accept=(lot,), expects=Kind.LOT)
        try:
            dose = planned(given)
        except InputError as wrong:
            await self.product.deviation(str(wrong), rule=RULE)
            return Move("refuse", container=label.id, why=str(wrong))
        return Move("plan", container=label.id, vector_planned=dose)

    async def planned(self, visit: Visit[Results]) -> Move:
        """Thaw the vector; its clock counts from the answer."""
        given, lot = self.given, self.product.lot(self.given.vector).id
        wanted = visit.got.vector_planned or Millilitres(0.0)
        thaw = await self.operator.confirm(
            f"Thaw {given.vector}, lot {lot}, for {wanted:.3f} mL. Confirm when the thaw begins: the clock starts then"
        )
        await self.product.start_clock(
            CLOCK, longest=given.thaw_to_use, used=Seconds(0.0), warn_at=float(given.warn_at) / 100, since=thaw.at
        )
        return Move("thaw", thawed_at=thaw.at)

    async def thawed(self, visit: Visit[Results]) -> Move:
        """Add the dose, seen by two people; what was late is a deviation and stands in the record."""
        got, given = visit.got, self.given
        container, lot = self.product.held(got.container), self.product.lot(given.vector)
        wanted = got.vector_planned or Millilitres(0.0)
        coated = "" if given.enhancer is None else f" with {given.enhancer}"
        done = await self.operator.confirm(
            f"Add {wanted:.3f} mL of {given.vector}, lot {lot.id}, to {got.container}{coated} and mix, then confirm",
            second=True,
        )
        in_time = await self.product.stop_clock(CLOCK)
        used = done.at - (got.thawed_at or done.at)
        if not in_time:
            title = (
                f"vector was used {float(used) / 60:.0f} min after thaw, {float(given.thaw_to_use) / 60:g} min allowed"
            )
            await self.product.deviation(title, rule=RULE)
        amount = Amount(wanted, Millilitres(float(wanted) * float(given.pipette_error) / 100))
        await self.product.add(container, lot=lot, amount=amount, what=given.vector)
        volume = given.volume + wanted
        return Move(
            "transduce",
            transduced_at=done.at,
            thaw_to_use=used,
            volume=volume,
            viable_cells=given.cells,
            viable_concentration=CellsPerMillilitre(float(given.cells) / float(volume)),
        )

    async def holding(self, visit: Visit[Results]) -> None:
        """A frozen vector waits; a thawed one does not, and says so."""
        clock = " The vector is thawed: its clock runs on." if visit.got.thawed_at is not None else ""
        await self.operator.confirm(f"Held: put the culture back into the incubator, closed.{clock}")

    async def stopping(self, _visit: Visit[Results]) -> None:
        """Keep the culture in its conditions, under QA hold; a thawed vector is not frozen again."""
        await self._end("transduction stopped")

    async def aborting(self, _visit: Visit[Results]) -> None:
        """As stopping."""
        await self._end("transduction aborted")

    async def _end(self, why: str) -> None:
        await self.product.stop_clock(CLOCK)
        how = "put the culture back into the incubator, discard thawed vector"
        await keep_safe(self.product, self.operator, why=why, how=how)


def planned(given: Parameters) -> Millilitres:
    """Calculate the dose (mL); raises InputError that says what could be done."""
    dose = vector_volume(cells=given.cells, moi=given.moi, titre_tu_per_ml=float(given.titre))
    share = 100.0 * float(dose) / float(given.volume + dose)
    if share > float(given.vector_most):
        raise InputError(
            f"MOI {given.moi:g} for {given.cells:.3g} cells needs {dose:.1f} mL of vector, {share:.0f} % of the "
            f"volume; {given.vector_most:g} % is allowed: take fewer cells, or a lot of higher titre"
        )
    return dose
