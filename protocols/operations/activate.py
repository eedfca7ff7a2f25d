"""Unit operation: bring cells into culture and activate them. Medium by weight, cytokines and reagent by volume.

What goes in is calculated from the count and the weight of the cells that are there; what can't be made is refused
before anything is opened. The reagent goes in last: from then on the culture counts its days.
Units:  mL, g, cells, cells/mL; densities of liquids in g/mL.
Source: beads per cell, or a share of the final volume for a colloidal reagent (``automation.formulas.culture``): the
        numbers are the user's; 21 CFR 211.101 (charge-in, seen by two), 211.111 (time limits).
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from automation.engine.operation import ENDINGS, SafeProduct
from automation.engine.product import Product
from automation.engine.prompts import Operator
from automation.engine.visit import Move, Visit
from automation.engine.watch import Watch
from automation.formulas import culture
from automation.kernel.errors import InputError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import (
    BeadsPerMillilitre,
    Cells,
    CellsPerMillilitre,
    Grams,
    GramsPerMillilitre,
    Instant,
    InternationalUnitsPerMillilitre,
    Millilitres,
    Percent,
)
from instruments.interfaces.balance import Balance
from protocols.operations.adding import Liquid, Weights
from protocols.operations.culturing import Contents, Handling, Vessel, keep_safe

RULE = "activation"


class State(StrEnum):
    """Where an activation stands; ACTIVATED and NOT_POSSIBLE are final."""

    SET_OUT = "set out"
    IDENTIFIED = "identified"
    PLANNED = "planned"
    SEEDED = "seeded"
    ACTIVATED = "activated"
    NOT_POSSIBLE = "not possible"


class Dose(StrEnum):
    """How the dose of the reagent is stated."""

    BEADS_PER_CELL = "beads per cell"
    SHARE_OF_VOLUME = "share of the volume"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cytokine:
    """One cytokine, by its activity."""

    material: str = field(metadata={"label": "Its name in the bill of materials"})
    wanted: InternationalUnitsPerMillilitre = field(metadata={"range": (0.1, 1e5), "label": "Wanted in the culture"})
    stock: InternationalUnitsPerMillilitre = field(metadata={"range": (1.0, 1e9), "label": "In its stock"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reagent:
    """The reagent that activates; of ratio with stock, and share, those that the dose needs are stated."""

    material: str = field(metadata={"label": "Its name in the bill of materials"})
    dose: Dose = field(metadata={"label": "How its dose is stated"})
    ratio: float | None = field(metadata={"range": (0.01, 100.0), "label": "Beads for each cell"})
    stock: BeadsPerMillilitre | None = field(metadata={"range": (1e5, 1e10), "label": "Beads in the stock"})
    share: Percent | None = field(metadata={"range": (0.01, 50.0), "label": "Share of the final volume"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Set by the approved recipe; there are no defaults."""

    concentration: CellsPerMillilitre = field(metadata={"range": (0.0, 1e10), "label": "Viable cells as counted"})
    source_empty: Grams = field(metadata={"range": (0.0, 500.0), "label": "Mass of the empty source container"})
    source_density: GramsPerMillilitre = field(metadata={"range": (0.9, 1.2), "label": "Density of the cells"})
    differ_at_most: Percent = field(metadata={"range": (0.1, 50.0), "label": "Volume by weight against the record"})
    cells_most: Cells = field(metadata={"range": (1e4, 1e12), "label": "Viable cells taken into culture at most"})
    density: CellsPerMillilitre = field(metadata={"range": (1e3, 1e8), "label": "Viable cells wanted per mL"})
    volume_least: Millilitres = field(metadata={"range": (1.0, 50_000.0), "label": "Culture at least"})
    volume_most: Millilitres = field(metadata={"range": (1.0, 50_000.0), "label": "Culture at most"})
    vessel: Vessel = field(metadata={"label": "Culture vessel"})
    medium: Liquid = field(metadata={"label": "Medium"})
    cytokines: tuple[Cytokine, ...] = field(metadata={"label": "Cytokines"})
    reagent: Reagent = field(metadata={"label": "Activating reagent"})
    pipette_error: Percent = field(metadata={"range": (0.0, 20.0), "label": "Uncertainty of a pipetted volume"})
    weights: Weights = field(metadata={"label": "Weighing"})


@dataclass(frozen=True, slots=True)
class Results:
    """What later steps may use."""

    source: str = ""
    recorded: Millilitres | None = None  # what the source holds: by the record, then by weight
    container: str = ""
    volume_cells: Millilitres | None = None  # that goes into culture
    viable_cells: Cells | None = None
    volume_planned: Millilitres | None = None
    medium_planned: Millilitres | None = None
    cytokines_planned: tuple[Millilitres, ...] = ()
    reagent_planned: Millilitres | None = None
    mass_empty: Grams | None = None  # of the vessel
    volume: Millilitres | None = None
    viable_concentration: CellsPerMillilitre | None = None
    activated_at: Instant | None = None
    why: str = ""  # it is not possible


@dataclass(frozen=True, slots=True)
class Plan:
    """What goes into the vessel (mL)."""

    cells: Cells
    taken: Millilitres
    medium: Millilitres
    cytokines: tuple[Millilitres, ...]
    reagent: Millilitres
    total: Millilitres


@dataclass(frozen=True, slots=True)
class Activate:
    """Seed cells into a culture vessel at their density and add what activates them."""

    balance: Balance
    watch: Watch
    operator: Operator
    product: Product
    given: Parameters

    results: ClassVar = Results
    good: ClassVar = frozenset({State.ACTIVATED})
    safe: ClassVar = (SafeProduct(after=("holding", *ENDINGS), told="incubator"),)
    table: ClassVar = Table(
        State.SET_OUT,
        (
            Row("identify", State.SET_OUT, State.IDENTIFIED),
            Row("plan", State.IDENTIFIED, State.PLANNED),
            Row("refuse", State.IDENTIFIED, State.NOT_POSSIBLE),
            Row("seed", State.PLANNED, State.SEEDED),
            Row("activate", State.SEEDED, State.ACTIVATED),
        ),
    )

    async def set_out(self, _visit: Visit[Results]) -> Move:
        """Identify the lots of all that goes in."""
        given, source = self.given, self.product.one()
        await self._handling.adding.identify(
            given.medium.material, *(one.material for one in given.cytokines), given.reagent.material
        )
        return Move("identify", source=source.id, recorded=source.volume)

    async def identified(self, visit: Visit[Results]) -> Move:
        """Weigh the cells and calculate what goes in; what can't be made is refused first."""
        given = self.given
        held = await self._handling.weighed(self.product.label(visit.got.source))
        there = given.weights.amount(max(Grams(0.0), held.gross - given.source_empty), given.source_density)
        known = visit.got.recorded or Millilitres(0.0)
        await self._handling.note(held, there, known=known, differ_at_most=given.differ_at_most)
        try:
            plan = planned(given, there.volume)
        except InputError as wrong:
            await self.product.deviation(str(wrong), rule=RULE)
            await self.product.qa_hold(held.container, reason="activation not possible")
            return Move("refuse", why=str(wrong))
        return Move(
            "plan",
            recorded=there.volume,
            volume_cells=plan.taken,
            viable_cells=plan.cells,
            volume_planned=plan.total,
            medium_planned=plan.medium,
            cytokines_planned=plan.cytokines,
            reagent_planned=plan.reagent,
        )

    async def planned(self, visit: Visit[Results]) -> Move:
        """Pour the cells into the new vessel and add the medium, both by weight."""
        got, given, source = visit.got, self.given, self.product.held(visit.got.source)
        vessel = await self._handling.new(visit.batch, given.vessel, of=source)
        cells = Contents(source, got.recorded or Millilitres(0.0), given.source_density)
        wanted = got.volume_cells or Millilitres(0.0)
        taken, gross = await self._handling.pour(cells, vessel, volume=wanted, why="into culture")
        if wanted < cells.known:
            await self._keep_rest(source.id)
        medium = got.medium_planned or Millilitres(0.0)
        after = await self._handling.adding.by_weight(vessel.container, given.medium, medium, before=gross)
        volume = taken.volume + self.given.weights.amount(after - gross, given.medium.density).volume
        return Move(
            "seed",
            container=vessel.container.id,
            mass_empty=vessel.gross,
            volume=volume,
            viable_cells=Cells(float(taken.volume) * float(given.concentration)),
        )

    async def seeded(self, visit: Visit[Results]) -> Move:
        """Add the cytokines and, last, the reagent."""
        got, given, container = visit.got, self.given, self.product.held(visit.got.container)
        volume, adding = got.volume or Millilitres(0.0), self._handling.adding
        for one, wanted in zip(given.cytokines, got.cytokines_planned, strict=True):
            await adding.by_volume(container, one.material, wanted, error=given.pipette_error)
            volume += wanted
        reagent = got.reagent_planned or Millilitres(0.0)
        await adding.by_volume(container, given.reagent.material, reagent, error=given.pipette_error)
        volume += reagent
        now = await self.watch.moment()
        cells = got.viable_cells or Cells(0.0)
        density = CellsPerMillilitre(float(cells) / float(volume))
        return Move("activate", volume=volume, viable_concentration=density, activated_at=now)

    async def holding(self, visit: Visit[Results]) -> None:
        """Nothing is lost by a short wait; cells in medium wait in the incubator."""
        seeded = visit.got.container
        where = f"put {seeded} into the incubator, closed" if seeded else "keep the cells closed; no incubator yet"
        await self.operator.confirm(f"Held: add nothing more, {where}")

    async def stopping(self, _visit: Visit[Results]) -> None:
        """Keep the culture in its conditions, under QA hold."""
        await keep_safe(
            self.product, self.operator, why="activation stopped", how="put a culture into the incubator, cells cool"
        )

    async def aborting(self, _visit: Visit[Results]) -> None:
        """As stopping: a culture keeps its conditions."""
        await keep_safe(
            self.product, self.operator, why="activation aborted", how="put a culture into the incubator, cells cool"
        )

    async def _keep_rest(self, source: str) -> None:
        """Take what is not needed out of the batch's hands."""
        await self.operator.confirm(f"Label what is left in {source} as rest of the batch and hand it over to QC")
        await self.product.hand_over(self.product.held(source), to="QC, rest of the selection")

    @property
    def _handling(self) -> Handling:
        return Handling(self.balance, self.operator, self.product, self.given.weights, RULE)


def planned(given: Parameters, there: Millilitres) -> Plan:
    """Calculate what goes into the vessel; raises InputError that says what could be done."""
    cells = min(given.cells_most, Cells(float(given.concentration) * float(there)))
    taken = min(there, Millilitres(float(cells) / float(given.concentration)) if float(given.concentration) else there)
    total = max(given.volume_least, culture.seeding_volume(cells=cells, density=given.density))
    if total > given.volume_most:
        raise InputError(
            f"{cells:.3g} cells at {given.density:.3g} cells/mL need {total:.0f} mL, the vessel takes "
            f"{given.volume_most:.0f} mL: take fewer cells, or a larger vessel"
        )
    cytokines = tuple(
        culture.cytokine_volume(volume=total, wanted=one.wanted, stock=one.stock) for one in given.cytokines
    )
    reagent = _dose(given.reagent, cells, total)
    medium = total - taken - reagent - sum(cytokines, start=Millilitres(0.0))
    if medium < Millilitres(0.0):
        raise InputError(
            f"{taken:.1f} mL of cells and the additions are more than {total:.1f} mL of culture: concentrate first"
        )
    return Plan(cells, taken, medium, cytokines, reagent, total)


def _dose(reagent: Reagent, cells: Cells, total: Millilitres) -> Millilitres:
    if reagent.dose is Dose.BEADS_PER_CELL:
        if reagent.ratio is None or reagent.stock is None:
            raise InputError("reagent is dosed in beads per cell; ratio and stock are needed")
        return culture.bead_volume(cells=cells, ratio=reagent.ratio, stock=reagent.stock)
    if reagent.share is None:
        raise InputError("reagent is dosed as a share of the volume; share is needed")
    return culture.reagent_volume(volume=total, share=reagent.share)
