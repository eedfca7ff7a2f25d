"""Unit operation: bring washed cells to their concentration in a cryoprotectant, by weight, while a clock counts.

The bag is weighed, the diluent goes in first and is weighed, then the cryoprotectant in portions, each mixed in. How
much of it goes in follows from what the bag holds by then, so that an error before it does not change the DMSO. The
exposure clock starts at first contact; until then a hold costs nothing, after it the clock runs on, held or not.
Units:  mL, g, cells/mL, %; densities in g/mL.
Source: C1 V1 = C2 V2 (``automation.formulas.formulation``); 21 CFR 211.101(c) (components weighed, lots identified),
        211.111 (time limits); exposure to DMSO at 2 to 8 degC, bounded by the recipe.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from automation.engine.operation import MAKING_SAFE, SafeProduct
from automation.engine.product import Amount, Labelled, Product
from automation.engine.prompts import Operator
from automation.engine.visit import Move, Visit
from automation.formulas import formulation
from automation.formulas.formulation import Achieved, Liquids, Mixture, Weights
from automation.formulas.identifiers import Kind
from automation.formulas.traced import Traced, reading
from automation.kernel.errors import FailedError, InputError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import (
    Cells,
    CellsPerMillilitre,
    Grams,
    GramsPerMillilitre,
    Instant,
    Millilitres,
    Percent,
    Seconds,
)
from instruments.interfaces.balance import Balance
from protocols.operations.receive import EXPOSURE
from protocols.operations.weighing import weigh

TRIES = 3  # additions of what is still missing
NO_MORE = Millilitres(0.05)  # less diluent than this is none


class State(StrEnum):
    """Where a formulation stands; FORMULATED and NOT_POSSIBLE are final."""

    WASHED = "washed"
    PLANNED = "planned"
    DILUTED = "diluted"
    IN_CONTACT = "in contact"
    FORMULATED = "formulated"
    NOT_POSSIBLE = "not possible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Set by the approved recipe; there are no defaults."""

    concentration: CellsPerMillilitre = field(metadata={"range": (0.0, 1e10), "label": "Viable cells as counted"})
    concentration_uncertainty: CellsPerMillilitre = field(
        metadata={"range": (0.0, 1e10), "label": "Its standard uncertainty"}
    )
    bag_empty: Grams = field(metadata={"range": (0.0, 500.0), "label": "Mass of the empty bag"})
    volume_differs_at_most: Percent = field(
        metadata={"range": (0.1, 50.0), "label": "Volume by weight against the record, at most"}
    )
    target: CellsPerMillilitre = field(metadata={"range": (1e3, 1e10), "label": "Viable cells wanted"})
    volume_least: Millilitres = field(metadata={"range": (0.1, 5000.0), "label": "What the containers need"})
    volume_most: Millilitres = field(metadata={"range": (0.1, 5000.0), "label": "What the bag may hold"})
    dmso: Percent = field(metadata={"range": (0.1, 50.0), "label": "DMSO wanted, of the volume"})
    stock: Percent = field(metadata={"range": (0.1, 100.0), "label": "DMSO in the cryoprotectant"})
    stock_uncertainty: Percent = field(metadata={"range": (0.0, 10.0), "label": "Its standard uncertainty"})
    diluent: str = field(metadata={"label": "Name of the diluent in the bill of materials"})
    cryoprotectant: str = field(metadata={"label": "Name of the cryoprotectant in the bill of materials"})
    washed_density: GramsPerMillilitre = field(metadata={"range": (0.9, 1.2), "label": "Density of the washed cells"})
    diluent_density: GramsPerMillilitre = field(metadata={"range": (0.9, 1.2), "label": "Density of the diluent"})
    stock_density: GramsPerMillilitre = field(metadata={"range": (0.9, 1.2), "label": "Density of the cryoprotectant"})
    density_uncertainty: Percent = field(metadata={"range": (0.0, 5.0), "label": "Uncertainty of the densities"})
    balance_uncertainty: Grams = field(metadata={"range": (0.001, 10.0), "label": "Uncertainty of one weighing"})
    tolerance: Grams = field(metadata={"range": (0.01, 50.0), "label": "An addition is right within"})
    portions: int = field(metadata={"range": (1, 10), "label": "Portions of the cryoprotectant"})
    mixing: Seconds = field(metadata={"range": (1.0, 600.0), "label": "Mixing after each portion"})
    exposure_longest: Seconds = field(
        metadata={"range": (60.0, 86400.0), "label": "First contact to freezing, at most"}
    )
    warn_at: Percent = field(metadata={"range": (1.0, 99.0), "label": "Share of it at which people are told"})


@dataclass(frozen=True, slots=True)
class Results:
    """What later steps may use; uncertainties are standard uncertainties."""

    container: str = ""
    volume_washed: Millilitres | None = None
    volume_planned: Millilitres | None = None
    diluent_planned: Millilitres | None = None
    cryoprotectant_planned: Millilitres | None = None
    mass_washed: Grams | None = None  # bag and contents
    mass_diluted: Grams | None = None
    mass_formulated: Grams | None = None
    contact_at: Instant | None = None
    diluent_added: Millilitres | None = None
    cryoprotectant_added: Millilitres | None = None
    volume: Millilitres | None = None
    volume_uncertainty: Millilitres | None = None
    density: GramsPerMillilitre | None = None
    dmso: Percent | None = None
    dmso_uncertainty: Percent | None = None
    viable_concentration: CellsPerMillilitre | None = None
    viable_uncertainty: CellsPerMillilitre | None = None
    viable_cells: Cells | None = None
    why: str = ""  # it is not possible


@dataclass(frozen=True, slots=True)
class _Addition:
    """What is added to the bag."""

    what: str
    lot: str
    volume: Millilitres
    density: GramsPerMillilitre
    portions: int = 1

    @property
    def mass(self) -> Grams:
        """Give its mass (g)."""
        return Grams(float(self.volume) * float(self.density))


@dataclass(frozen=True, slots=True)
class Formulate:
    """Dilute the washed cells and add the cryoprotectant, both by weight, in the bag that they are in."""

    balance: Balance
    operator: Operator
    product: Product
    given: Parameters

    results: ClassVar = Results
    good: ClassVar = frozenset({State.FORMULATED})
    safe: ClassVar = (SafeProduct(after=MAKING_SAFE, told="2 to 8 degC"),)
    table: ClassVar = Table(
        State.WASHED,
        (
            Row("plan", State.WASHED, State.PLANNED),
            Row("refuse", State.WASHED, State.NOT_POSSIBLE),
            Row("dilute", State.PLANNED, State.DILUTED),
            Row("begin", State.DILUTED, State.IN_CONTACT),
            Row("formulate", State.IN_CONTACT, State.FORMULATED),
        ),
    )

    async def washed(self, _visit: Visit[Results]) -> Move:
        """Identify the lots, weigh the bag and calculate what goes in; what can't be made is refused first."""
        label = self.product.one()
        for material in (self.given.diluent, self.given.cryoprotectant):
            lot = self.product.lot(material).id
            await self.operator.scan(f"Scan the label of {material}, lot {lot}", accept=(lot,), expects=Kind.LOT)
        gross = (await weigh(self.balance, self.operator, self.product, label=label)).gross
        volume = Millilitres(float(gross - self.given.bag_empty) / float(self.given.washed_density))
        await self._compare(label, volume)
        found: dict[str, object] = {"container": label.id, "mass_washed": gross, "volume_washed": volume}
        try:
            plan = self._plan(volume)
        except InputError as wrong:
            await self.product.deviation(str(wrong), rule="formulation")
            await self._keep_safe("formulation not possible")
            return Move("refuse", why=str(wrong), **found)
        return Move(
            "plan",
            volume_planned=plan.final,
            diluent_planned=plan.diluent,
            cryoprotectant_planned=plan.cryoprotectant,
            **found,
        )

    async def planned(self, visit: Visit[Results]) -> Move:
        """Note what the bag holds by weight, and add the diluent by weight."""
        got = visit.got
        before, wanted = got.mass_washed or Grams(0.0), got.diluent_planned or Millilitres(0.0)
        volume = got.volume_washed or Millilitres(0.0)
        standard = self._standard(volume, self.given.washed_density)
        amount = Amount(volume, standard, before - self.given.bag_empty, self._pan)
        await self.product.weighed(self.product.held(got.container), amount=amount)
        if wanted < NO_MORE:
            return Move("dilute", mass_diluted=before)
        addition = self._addition(self.given.diluent, wanted, self.given.diluent_density)
        return Move("dilute", mass_diluted=await self._add(got.container, addition, before=before))

    async def diluted(self, visit: Visit[Results]) -> Move:
        """Calculate the cryoprotectant from what the bag holds now; at first contact the exposure clock starts."""
        got = visit.got
        diluent = float((got.mass_diluted or Grams(0.0)) - (got.mass_washed or Grams(0.0))) / float(
            self.given.diluent_density
        )
        there = (got.volume_washed or Millilitres(0.0)) + Millilitres(diluent)
        wanted = formulation.cryoprotectant_for(there, final=self.given.dmso, stock=self.given.stock)
        lot = self.product.lot(self.given.cryoprotectant).id
        contact = await self.operator.confirm(
            f"Bring {got.container} and {self.given.cryoprotectant}, lot {lot}, to 2 to 8 degC and make ready to add "
            f"{wanted:.2f} mL in {self.given.portions} portions. Confirm at first contact: the clock starts then"
        )
        share = float(self.given.warn_at) / 100
        await self.product.start_clock(
            EXPOSURE, longest=self.given.exposure_longest, used=Seconds(0.0), warn_at=share, since=contact.at
        )
        return Move("begin", contact_at=contact.at, cryoprotectant_planned=wanted)

    async def in_contact(self, visit: Visit[Results]) -> Move:
        """Add the cryoprotectant in portions, weigh the bag, and give what was made with its uncertainty."""
        got = visit.got
        wanted = got.cryoprotectant_planned or Millilitres(0.0)
        addition = self._addition(
            self.given.cryoprotectant, wanted, self.given.stock_density, portions=self.given.portions
        )
        mass = await self._add(got.container, addition, before=got.mass_diluted or Grams(0.0))
        made = self._made(got, mass)
        return Move(
            "formulate",
            mass_formulated=mass,
            diluent_added=Millilitres(made.diluent.value),
            cryoprotectant_added=Millilitres(made.cryoprotectant.value),
            volume=Millilitres(made.volume.value),
            volume_uncertainty=Millilitres(made.volume.standard),
            density=GramsPerMillilitre(made.density.value),
            dmso=Percent(made.dmso.value),
            dmso_uncertainty=Percent(made.dmso.standard),
            viable_concentration=CellsPerMillilitre(made.concentration.value),
            viable_uncertainty=CellsPerMillilitre(made.concentration.standard),
            viable_cells=Cells(made.cells.value),
        )

    async def holding(self, visit: Visit[Results]) -> None:
        """Before contact nothing is lost by waiting; after it the cells are in DMSO and the clock runs on."""
        if visit.got.contact_at is None:
            await self.operator.confirm(
                "Held before contact with cryoprotectant: keep the cells at 2 to 8 degC and add nothing"
            )
        else:
            await self.operator.confirm(
                "Held after contact with cryoprotectant: mix what is in, keep the cells at 2 to 8 degC. "
                "The exposure clock runs on"
            )

    async def stopping(self, _visit: Visit[Results]) -> None:
        """Keep the cells cold, under QA hold."""
        await self._keep_safe("formulation stopped")

    async def aborting(self, _visit: Visit[Results]) -> None:
        """As stopping: cold is the safest that cells in DMSO can have."""
        await self._keep_safe("formulation aborted")

    async def _keep_safe(self, why: str) -> None:
        for container in self.product.transferred():
            await self.product.qa_hold(container, reason=why)
        names = ", ".join(container.id for container in self.product.transferred())
        await self.operator.confirm(f"The end: {why}. Mix, close and put {names} at 2 to 8 degC, and ask QA")

    async def _compare(self, label: Labelled, volume: Millilitres) -> None:
        """Note a volume by weight that is not what the record says."""
        differs = abs(float(volume - label.volume))
        if differs > float(label.volume) * float(self.given.volume_differs_at_most) / 100:
            title = f"{label.id} holds {volume:.1f} mL by weight, {label.volume:.1f} mL by the record"
            await self.product.deviation(title, rule="volume by weight")

    def _plan(self, volume: Millilitres) -> Mixture:
        viable = Cells(float(self.given.concentration) * float(volume))
        final = formulation.final_volume(
            viable=viable, target=self.given.target, least=self.given.volume_least, most=self.given.volume_most
        )
        return formulation.mixture(volume, final, dmso=self.given.dmso, stock=self.given.stock)

    def _addition(
        self, material: str, volume: Millilitres, density: GramsPerMillilitre, *, portions: int = 1
    ) -> _Addition:
        return _Addition(material, self.product.lot(material).id, volume, density, portions)

    async def _add(self, container: str, addition: _Addition, *, before: Grams) -> Grams:
        """Let an addition be made until the balance shows it, and note it; gives what the bag weighs then (g).

        Raises FailedError when the bag weighs less than before.
        """
        label, after = self.product.label(container), before
        for turn in range(TRIES):
            missing = addition.mass - (after - before)
            first = not turn
            text = await self._portions(container, addition) if first else self._more(container, addition, missing)
            after = (await weigh(self.balance, self.operator, self.product, label=label, before=f"{text}. ")).gross
            if addition.mass - (after - before) <= self.given.tolerance:
                break
        added = after - before
        if added < Grams(0.0):
            raise FailedError(f"{container} weighs {after:.2f} g after the addition and {before:.2f} g before it")
        if abs(added - addition.mass) > self.given.tolerance:
            title = f"{added:.2f} g of {addition.what} went in; {addition.mass:.2f} g were wanted"
            await self.product.deviation(title, rule="formulation")
        volume = Millilitres(float(added) / float(addition.density))
        amount = Amount(volume, self._standard(volume, addition.density), added, self._pan)
        lot = self.product.lot(addition.what)
        await self.product.add(self.product.held(container), lot=lot, amount=amount, what=addition.what)
        return after

    async def _portions(self, container: str, addition: _Addition) -> str:
        """Let all portions but the last go in; gives what has to be done for the last."""
        part = addition.volume * (1.0 / addition.portions)
        tail = "" if addition.portions == 1 else f" and mix for {self.given.mixing:g} s"
        text = f"Add {part:.2f} mL of {addition.what}, lot {addition.lot}, to {container}"
        for n in range(1, addition.portions):
            await self.operator.confirm(f"{text}{tail}, then confirm (portion {n} of {addition.portions})")
        return f"{text}{tail} (portion {addition.portions} of {addition.portions})" if tail else f"{text} and mix"

    @staticmethod
    def _more(container: str, addition: _Addition, missing: Grams) -> str:
        volume = float(missing) / float(addition.density)
        return f"Add {volume:.2f} mL of {addition.what}, lot {addition.lot}, to {container} and mix: so much is missing"

    def _standard(self, volume: Millilitres, density: GramsPerMillilitre) -> Millilitres:
        """Give the standard uncertainty of a volume between two weighings (mL)."""
        balance = 2**0.5 * float(self.given.balance_uncertainty) / float(density)
        return Millilitres(((float(volume) * float(self.given.density_uncertainty) / 100) ** 2 + balance**2) ** 0.5)

    @property
    def _pan(self) -> Grams:
        """Give the standard uncertainty of a mass between two weighings (g)."""
        return self.given.balance_uncertainty * 2**0.5

    def _made(self, got: Results, mass: Grams) -> Achieved:
        given, pan = self.given, float(self.given.balance_uncertainty)
        weights = Weights(
            reading("empty bag", float(given.bag_empty), standard=pan),
            reading("washed", float(got.mass_washed or 0.0), standard=pan),
            reading("diluted", float(got.mass_diluted or 0.0), standard=pan),
            reading("formulated", float(mass), standard=pan),
        )
        stock = float(given.stock) / 100
        liquids = Liquids(
            self._density("washed", given.washed_density),
            self._density("diluent", given.diluent_density),
            self._density("cryoprotectant", given.stock_density),
            reading("stock", stock, standard=stock * float(given.stock_uncertainty) / 100),
        )
        counted = reading("count", float(given.concentration), standard=float(given.concentration_uncertainty))
        return formulation.achieved(weights, liquids, counted)

    def _density(self, what: str, value: GramsPerMillilitre) -> Traced:
        return reading(
            f"density of {what}", float(value), standard=float(value) * float(self.given.density_uncertainty) / 100
        )
