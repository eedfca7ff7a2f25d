"""Unit operation: bring cells into culture with irradiated feeder cells, cytokines and antibodies.

Feeders come from a lot of their own: without a certificate of irradiation nothing is opened; they are thawed and
counted in duplicate, and the dose follows from that count. Cells, medium and feeders go in by weight, the rest by
volume.
Units:  mL, g, cells, cells/mL; cytokines in IU/mL, antibodies in ng/mL; ratio: viable feeders for each viable cell.
Source: feeder ratio, IL-2 and OKT3 of rapid expansion, K562 for NK cells (``automation.formulas.culture``): the numbers
        are the user's; 21 CFR 211.101 (charge-in, seen by two).
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from automation.engine.operation import ENDINGS, SafeProduct
from automation.engine.product import Product
from automation.engine.prompts import Entry, Operator
from automation.engine.visit import Move, Visit
from automation.engine.watch import Watch
from automation.formulas import culture
from automation.formulas.counts import duplicate_difference
from automation.kernel.errors import InputError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import (
    Cells,
    CellsPerMillilitre,
    Grams,
    GramsPerMillilitre,
    Instant,
    Millilitres,
    NanogramsPerMillilitre,
    Percent,
)
from instruments.interfaces.balance import Balance
from instruments.interfaces.counter import CellCounter
from protocols.operations.activate import Cytokine
from protocols.operations.adding import Liquid, Weights
from protocols.operations.counting import Counting, Means, Single, means
from protocols.operations.counting import Rules as CountingRules
from protocols.operations.culturing import Contents, Handling, Vessel, keep_safe

RULE = "co-culture"
IRRADIATED, NOT_IRRADIATED = "irradiated, certificate at hand", "no certificate"


class State(StrEnum):
    """Where a co-culture stands; STIMULATED and NOT_POSSIBLE are final."""

    SET_OUT = "set out"
    IDENTIFIED = "identified"
    COUNTED = "counted"
    PLANNED = "planned"
    SEEDED = "seeded"
    STIMULATED = "stimulated"
    NOT_POSSIBLE = "not possible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Antibody:
    """One antibody, by its mass."""

    material: str = field(metadata={"label": "Its name in the bill of materials"})
    wanted: NanogramsPerMillilitre = field(metadata={"range": (0.01, 1e6), "label": "Wanted in the culture"})
    stock: NanogramsPerMillilitre = field(metadata={"range": (1.0, 1e9), "label": "In its stock"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Feeders:
    """The irradiated cells that feed and stimulate."""

    material: str = field(metadata={"label": "Their name in the bill of materials"})
    ratio: float = field(metadata={"range": (0.01, 1000.0), "label": "Viable feeders for each viable cell"})
    density: GramsPerMillilitre = field(metadata={"range": (0.9, 1.2), "label": "Density of their suspension"})
    viability_least: Percent = field(metadata={"range": (0.0, 100.0), "label": "Their viability at least"})
    sample: Millilitres = field(metadata={"range": (0.05, 50.0), "label": "Volume drawn for each count"})
    counting: CountingRules = field(metadata={"label": "Counting"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Set by the approved recipe; there are no defaults."""

    concentration: CellsPerMillilitre = field(metadata={"range": (0.0, 1e10), "label": "Viable cells as counted"})
    source_empty: Grams = field(metadata={"range": (0.0, 500.0), "label": "Mass of the empty source container"})
    source_density: GramsPerMillilitre = field(metadata={"range": (0.9, 1.2), "label": "Density of the cells"})
    differ_at_most: Percent = field(metadata={"range": (0.1, 50.0), "label": "Volume by weight against the record"})
    cells_least: Cells = field(metadata={"range": (0.0, 1e12), "label": "Viable cells taken into culture at least"})
    cells_most: Cells = field(metadata={"range": (1e3, 1e12), "label": "Viable cells taken into culture at most"})
    volume: Millilitres = field(metadata={"range": (1.0, 50_000.0), "label": "Culture to begin with"})
    vessel: Vessel = field(metadata={"label": "Culture vessel"})
    medium: Liquid = field(metadata={"label": "Medium"})
    feeders: Feeders = field(metadata={"label": "Feeder cells"})
    cytokines: tuple[Cytokine, ...] = field(metadata={"label": "Cytokines"})
    antibodies: tuple[Antibody, ...] = field(metadata={"label": "Antibodies"})
    pipette_error: Percent = field(metadata={"range": (0.0, 20.0), "label": "Uncertainty of a pipetted volume"})
    weights: Weights = field(metadata={"label": "Weighing"})


@dataclass(frozen=True, slots=True)
class Results:
    """What later steps may use."""

    source: str = ""
    recorded: Millilitres | None = None  # what the source holds: by the record, then by weight
    certificate: str = ""  # of the irradiation
    feeder_counts: tuple[Single, ...] = ()
    feeder_concentration: CellsPerMillilitre | None = None  # viable
    feeder_viability: Percent | None = None
    container: str = ""
    volume_cells: Millilitres | None = None  # that goes into culture
    viable_cells: Cells | None = None  # without the feeders
    medium_planned: Millilitres | None = None
    feeders_planned: Millilitres | None = None
    small_planned: tuple[Millilitres, ...] = ()  # cytokines, then antibodies
    mass_empty: Grams | None = None  # of the vessel
    feeders: Cells | None = None
    feeders_per_cell: float | None = None
    volume: Millilitres | None = None
    viable_concentration: CellsPerMillilitre | None = None  # without the feeders
    stimulated_at: Instant | None = None
    why: str = ""  # it is not possible


@dataclass(frozen=True, slots=True)
class Plan:
    """What goes into the vessel (mL)."""

    cells: Cells
    taken: Millilitres
    medium: Millilitres
    feeders: Millilitres
    small: tuple[Millilitres, ...]


@dataclass(frozen=True, slots=True)
class Coculture:
    """Seed cells with their feeders into a culture vessel."""

    counter: CellCounter
    balance: Balance
    watch: Watch
    operator: Operator
    product: Product
    given: Parameters

    results: ClassVar = Results
    good: ClassVar = frozenset({State.STIMULATED})
    safe: ClassVar = (SafeProduct(after=("holding", *ENDINGS), told="incubator"),)
    table: ClassVar = Table(
        State.SET_OUT,
        (
            Row("identify", State.SET_OUT, State.IDENTIFIED),
            Row("refuse", State.SET_OUT, State.NOT_POSSIBLE),
            Row("count", State.IDENTIFIED, State.COUNTED),
            Row("discard", State.IDENTIFIED, State.NOT_POSSIBLE),
            Row("plan", State.COUNTED, State.PLANNED),
            Row("give_up", State.COUNTED, State.NOT_POSSIBLE),
            Row("seed", State.PLANNED, State.SEEDED),
            Row("stimulate", State.SEEDED, State.STIMULATED),
        ),
    )

    async def set_out(self, _visit: Visit[Results]) -> Move:
        """Identify the lots of all that goes in; feeders without a certificate of irradiation are never opened."""
        given, source = self.given, self.product.one()
        small = (*(one.material for one in given.cytokines), *(one.material for one in given.antibodies))
        await self._handling.adding.identify(given.medium.material, given.feeders.material, *small)
        lot = self.product.lot(given.feeders.material).id
        seen = await self.operator.enter(
            f"Enter what the certificate of {given.feeders.material}, lot {lot}, says of the irradiation",
            Entry("irradiation", "Irradiated", options=(IRRADIATED, NOT_IRRADIATED)),
            Entry("certificate", "Number of the certificate; a dash for none"),
            second=True,
        )
        certificate = seen.word("certificate")
        if seen.word("irradiation") != IRRADIATED:
            why = f"feeders of lot {lot} have no certificate of irradiation"
            return await self._refused("refuse", source=source.id, why=why)
        return Move("identify", source=source.id, recorded=source.volume, certificate=certificate)

    async def identified(self, visit: Visit[Results]) -> Move:
        """Thaw the feeders and count them, as often as the recipe allows; those that do not live are not used."""
        feeders, counting = self.given.feeders, self.given.feeders.counting
        lot, pair = self.product.lot(feeders.material).id, 0
        while True:
            pair += 1
            counts, seen = await self._counted(visit, lot, pair)
            differ = duplicate_difference(counts[0].viable, counts[1].viable)
            if differ <= counting.differ_at_most:
                break
            title = f"feeders, pair {pair}: counts differ by {differ:.1f} %, at most {counting.differ_at_most:g} %"
            await self.product.deviation(title, rule="duplicate rule")
            if pair == counting.pairs_at_most:
                return await self._refused("discard", source=visit.got.source, why=f"{title}: no dose follows")
        if seen.viability < feeders.viability_least:
            why = f"feeders of lot {lot} are {seen.viability:.1f} % viable, {feeders.viability_least:g} % are needed"
            return await self._refused("discard", source=visit.got.source, why=why)
        return Move("count", feeder_counts=counts, feeder_concentration=seen.viable, feeder_viability=seen.viability)

    async def counted(self, visit: Visit[Results]) -> Move:
        """Weigh the cells and calculate what goes in; what can't be made is refused first."""
        got, given = visit.got, self.given
        held = await self._handling.weighed(self.product.label(got.source))
        there = given.weights.amount(max(Grams(0.0), held.gross - given.source_empty), given.source_density)
        known = got.recorded or Millilitres(0.0)
        await self._handling.note(held, there, known=known, differ_at_most=given.differ_at_most)
        try:
            plan = planned(given, there.volume, got.feeder_concentration or CellsPerMillilitre(0.0))
        except InputError as wrong:
            return await self._refused("give_up", source=got.source, why=str(wrong))
        return Move(
            "plan",
            recorded=there.volume,
            volume_cells=plan.taken,
            viable_cells=plan.cells,
            medium_planned=plan.medium,
            feeders_planned=plan.feeders,
            small_planned=plan.small,
        )

    async def planned(self, visit: Visit[Results]) -> Move:
        """Pour the cells into the new vessel, add medium, and feeders for what was poured, all by weight."""
        got, given, handling = visit.got, self.given, self._handling
        source = self.product.held(got.source)
        vessel = await handling.new(visit.batch, given.vessel, of=source)
        cells = Contents(source, got.recorded or Millilitres(0.0), given.source_density)
        wanted = got.volume_cells or Millilitres(0.0)
        taken, gross = await handling.pour(cells, vessel, volume=wanted, why="into culture")
        if wanted < cells.known:
            await self._keep_rest(source.id)
        viable = Cells(float(taken.volume) * float(given.concentration))
        dose = culture.feeder_volume(
            cells=viable, ratio=given.feeders.ratio, stock=got.feeder_concentration or CellsPerMillilitre(0.0)
        )
        nothing, feeders = Millilitres(0.0), Liquid(material=given.feeders.material, density=given.feeders.density)
        fed = await handling.adding.by_weight(
            vessel.container, given.medium, got.medium_planned or nothing, before=gross
        )
        after = await handling.adding.by_weight(vessel.container, feeders, dose, before=fed)
        added = given.weights.amount(after - fed, given.feeders.density).volume
        number = float(added) * float(got.feeder_concentration or 0.0)
        return Move(
            "seed",
            container=vessel.container.id,
            mass_empty=vessel.gross,
            volume=taken.volume + given.weights.amount(fed - gross, given.medium.density).volume + added,
            viable_cells=viable,
            feeders=Cells(number),
            feeders_per_cell=number / float(viable) if float(viable) else None,
        )

    async def seeded(self, visit: Visit[Results]) -> Move:
        """Add cytokines and antibodies, each seen by two people."""
        got, given, container = visit.got, self.given, self.product.held(visit.got.container)
        volume = got.volume or Millilitres(0.0)
        small = (*(one.material for one in given.cytokines), *(one.material for one in given.antibodies))
        for material, wanted in zip(small, got.small_planned, strict=True):
            await self._handling.adding.by_volume(container, material, wanted, error=given.pipette_error)
            volume += wanted
        density = CellsPerMillilitre(float(got.viable_cells or 0.0) / float(volume))
        now = await self.watch.moment()
        return Move("stimulate", volume=volume, viable_concentration=density, stimulated_at=now)

    async def holding(self, visit: Visit[Results]) -> None:
        """Cells in medium wait in the incubator; thawed feeders do not wait for long."""
        seeded = visit.got.container
        where = f"put {seeded} into the incubator, closed" if seeded else "keep the cells closed; no incubator yet"
        await self.operator.confirm(f"Held: add nothing more, {where}. Thawed feeders lose viability")

    async def stopping(self, _visit: Visit[Results]) -> None:
        """Keep the culture in its conditions, under QA hold."""
        await self._end("co-culture stopped")

    async def aborting(self, _visit: Visit[Results]) -> None:
        """As stopping."""
        await self._end("co-culture aborted")

    async def _end(self, why: str) -> None:
        how = "put a culture into the incubator, cells cool, discard thawed feeders"
        await keep_safe(self.product, self.operator, why=why, how=how)

    async def _refused(self, command: str, *, source: str, why: str) -> Move:
        """Put the cells under QA hold; nothing of theirs was opened."""
        await self.product.deviation(why, rule=RULE)
        await self.product.qa_hold(self.product.held(source), reason="co-culture not possible")
        await self.operator.confirm(f"Not possible: {why}. Keep {source} closed as its label says, and ask QA")
        return Move(command, source=source, why=why)

    async def _counted(self, visit: Visit[Results], lot: str, pair: int) -> tuple[tuple[Single, ...], Means]:
        """Count one pair of samples of the feeders."""
        feeders, again = self.given.feeders, "" if pair == 1 else f"{pair}"
        names = tuple(f"{visit.batch}-{visit.step}-F{again}{letter}" for letter in "AB")
        await self.operator.confirm(
            f"Thaw {feeders.material}, mix. Draw {feeders.sample:g} mL from {lot} into each of {names[0]} and "
            f"{names[1]}, count them, export the results, then confirm"
        )
        rules = feeders.counting
        by = Counting(self.counter, self.operator, self.product, rules.of_several)
        counts = tuple([await by.single(name) for name in names])
        return counts, means(
            counts, dilution_uncertainty=rules.dilution_uncertainty, volume_uncertainty=rules.volume_uncertainty
        )

    async def _keep_rest(self, source: str) -> None:
        """Take what is not needed out of the batch's hands."""
        await self.operator.confirm(f"Label what is left in {source} as rest of the batch and hand it over to QC")
        await self.product.hand_over(self.product.held(source), to="QC, rest of the cells")

    @property
    def _handling(self) -> Handling:
        return Handling(self.balance, self.operator, self.product, self.given.weights, RULE)


def planned(given: Parameters, there: Millilitres, feeders: CellsPerMillilitre) -> Plan:
    """Calculate what goes into the vessel; raises InputError that says what could be done."""
    viable = Cells(float(given.concentration) * float(there))
    if viable < given.cells_least:
        raise InputError(f"{viable:.3g} viable cells are there, {given.cells_least:.3g} are needed: ask for a decision")
    cells = min(given.cells_most, viable)
    taken = min(there, Millilitres(float(cells) / float(given.concentration))) if float(cells) else there
    fed = culture.feeder_volume(cells=cells, ratio=given.feeders.ratio, stock=feeders)
    small = (
        *(culture.cytokine_volume(volume=given.volume, wanted=c.wanted, stock=c.stock) for c in given.cytokines),
        *(culture.antibody_volume(volume=given.volume, wanted=a.wanted, stock=a.stock) for a in given.antibodies),
    )
    medium = given.volume - taken - fed - sum(small, start=Millilitres(0.0))
    if medium < Millilitres(0.0):
        raise InputError(
            f"{taken:.1f} mL of cells, {fed:.1f} mL of feeders and the additions are more than {given.volume:.0f} mL "
            "of culture: take fewer cells, concentrate, or begin with a larger volume"
        )
    return Plan(cells, taken, medium, fed, small)
