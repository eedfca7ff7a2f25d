"""Unit operation: let a culture grow. Watched in its incubator, sampled on a plan, and each time decided about.

After every sample a rule proposes (continue, feed, harvest, stop) from recorded values; people follow it, or decide
otherwise with a reason and signatures. A count that is far from what the last one leads to expect is asked about.
Units:  cells, cells/mL, mL, g/L, %, s.
Source: as ``deciding``, ``counting``, ``incubation`` and ``adding``.
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
from automation.formulas.counts import duplicate_difference
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import (
    Cells,
    CellsPerMillilitre,
    GramsPerLitre,
    Instant,
    Millilitres,
    Percent,
    Seconds,
)
from instruments.interfaces.balance import Balance
from instruments.interfaces.counter import CellCounter
from instruments.interfaces.incubator import Incubator
from protocols.operations.activate import Cytokine
from protocols.operations.adding import Liquid, Weights
from protocols.operations.counting import Counting, Means, Single, means
from protocols.operations.counting import Rules as CountingRules
from protocols.operations.culturing import Handling, Held, keep_safe
from protocols.operations.deciding import Decision, Found, Proposal, aged, decide
from protocols.operations.deciding import Rules as DecisionRules
from protocols.operations.incubation import Conditions, Incubation

RULE = "expansion"
SLIP = 5.0  # times more or fewer cells than expected: somebody looks at it again


class State(StrEnum):
    """Where an expansion stands; READY and GIVEN_UP are final."""

    OUT = "out"
    GROWING = "growing"
    SAMPLED = "sampled"
    FEEDING = "feeding"
    READY = "ready"
    GIVEN_UP = "given up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Set by the approved recipe; there are no defaults."""

    volume: Millilitres = field(metadata={"range": (0.0, 50_000.0), "label": "Volume of the culture"})
    cells: Cells = field(metadata={"range": (0.0, 1e14), "label": "Viable cells at its beginning"})
    conditions: Conditions = field(metadata={"label": "Climate"})
    first_sample: Seconds = field(metadata={"range": (60.0, 30 * 86_400.0), "label": "First sample after"})
    sample_every: Seconds = field(metadata={"range": (3600.0, 7 * 86_400.0), "label": "Samples every"})
    sample: Millilitres = field(metadata={"range": (0.05, 50.0), "label": "Volume of each sample"})
    counting: CountingRules = field(metadata={"label": "Counting"})
    rules: DecisionRules = field(metadata={"label": "In-process decisions"})
    medium: Liquid = field(metadata={"label": "Medium"})
    cytokines: tuple[Cytokine, ...] = field(metadata={"label": "Cytokines"})
    pipette_error: Percent = field(metadata={"range": (0.0, 20.0), "label": "Uncertainty of a pipetted volume"})
    weights: Weights = field(metadata={"label": "Weighing"})


@dataclass(frozen=True, slots=True)
class Day:
    """One sample, what it said, and what was decided."""

    at: Instant
    counts: tuple[Single, ...]
    volume: Millilitres  # of the culture, without the samples
    viable_concentration: CellsPerMillilitre
    viable_uncertainty: CellsPerMillilitre
    viability: Percent
    cells: Cells
    glucose: GramsPerLitre | None
    lactate: GramsPerLitre | None
    proposed: Decision
    why: str
    decided: Decision
    feed: Millilitres
    until_harvest: Seconds | None  # forecast; None without growth


@dataclass(frozen=True, slots=True)
class Results:
    """What later steps may use; uncertainties are standard uncertainties."""

    container: str = ""
    began_at: Instant | None = None
    days: tuple[Day, ...] = ()
    volume: Millilitres | None = None
    viable_cells: Cells | None = None
    viable_concentration: CellsPerMillilitre | None = None
    viable_uncertainty: CellsPerMillilitre | None = None
    viability: Percent | None = None
    glucose: GramsPerLitre | None = None
    lactate: GramsPerLitre | None = None
    fold: float | None = None
    feeds: int = 0
    excursions: int = 0


@dataclass(frozen=True, slots=True)
class Expand:
    """Grow the culture of the batch until it is harvested or given up."""

    incubator: Incubator
    counter: CellCounter
    balance: Balance
    watch: Watch
    operator: Operator
    product: Product
    given: Parameters

    results: ClassVar = Results
    good: ClassVar = frozenset({State.READY})
    safe: ClassVar = (SafeProduct(after=("holding", *ENDINGS), told="incubator"),)
    table: ClassVar = Table(
        State.OUT,
        (
            Row("put_in", State.OUT, State.GROWING),
            Row("sample", State.GROWING, State.SAMPLED),
            Row("go_on", State.SAMPLED, State.GROWING),
            Row("feed", State.SAMPLED, State.FEEDING),
            Row("fed", State.FEEDING, State.GROWING),
            Row("harvest", State.SAMPLED, State.READY),
            Row("give_up", State.SAMPLED, State.GIVEN_UP),
        ),
    )

    async def out(self, _visit: Visit[Results]) -> Move:
        """Set the climate, read it back, and put the culture in."""
        await self._incubation.prepare()
        container = self.product.one().id
        await self._incubation.put_in(container)
        now = await self.watch.moment()
        return Move("put_in", container=container, began_at=now, volume=self.given.volume)

    async def growing(self, visit: Visit[Results]) -> Move:
        """Watch the climate until the next sample of the plan."""
        got, given = visit.got, self.given
        due = (got.began_at or visit.since) + given.first_sample + given.sample_every * float(len(got.days))
        excursions = await self._incubation.until(max(due, visit.since))
        return Move("sample", excursions=got.excursions + excursions)

    async def sampled(self, visit: Visit[Results]) -> Move:
        """Count and measure a sample, and decide what is done with the culture."""
        got, at = visit.got, await self.watch.moment()
        number = len(got.days) + 1
        counts, seen, drawn = await self._counted(visit, number)
        volume = (got.volume or self.given.volume) - drawn
        glucose, lactate = await self._measured(f"{visit.batch}-{visit.step}-{number}A")
        cells = Cells(float(seen.viable) * float(volume))
        age = aged(got.began_at or at, at)
        found = Found(age, volume, cells, seen.viability, glucose)
        proposal = decide(self.given.rules, found)
        ahead = self._forecast(got, cells, at)
        decided, feed = await self._decided(got.container, found, proposal, ahead)
        day = Day(
            at, counts, volume, seen.viable, seen.viable_uncertainty, seen.viability, cells, glucose, lactate,
            proposal.what, proposal.why, decided, feed, ahead,
        )  # fmt: skip
        command = {
            Decision.CONTINUE: "go_on",
            Decision.FEED: "feed",
            Decision.HARVEST: "harvest",
            Decision.STOP: "give_up",
        }[decided]
        return Move(
            command,
            days=(*got.days, day),
            volume=volume,
            viable_cells=cells,
            viable_concentration=seen.viable,
            viable_uncertainty=seen.viable_uncertainty,
            viability=seen.viability,
            glucose=glucose,
            lactate=lactate,
            fold=float(cells) / float(self.given.cells) if float(self.given.cells) else None,
        )

    async def feeding(self, visit: Visit[Results]) -> Move:
        """Add medium by weight and cytokines for what was added; the culture goes back into its conditions."""
        got, given, handling = visit.got, self.given, self._handling
        feed = got.days[-1].feed
        await handling.adding.identify(given.medium.material, *(one.material for one in given.cytokines))
        label = self.product.label(got.container)
        held: Held = await handling.weighed(label, before="Take it out of the incubator. Mix. ")
        after = await handling.adding.by_weight(held.container, given.medium, feed, before=held.gross)
        added = given.weights.amount(after - held.gross, given.medium.density).volume
        for one in given.cytokines:
            wanted = culture.cytokine_volume(volume=added, wanted=one.wanted, stock=one.stock)
            await handling.adding.by_volume(held.container, one.material, wanted, error=given.pipette_error)
            added += wanted
        await self._incubation.put_in(got.container)
        return Move("fed", volume=(got.volume or given.volume) + added, feeds=got.feeds + 1)

    async def holding(self, _visit: Visit[Results]) -> None:
        """A culture keeps its conditions."""
        await self.operator.confirm("Held: the culture is in the incubator, closed; it grows on, and samples are late")

    async def stopping(self, _visit: Visit[Results]) -> None:
        """Leave the culture in its conditions, under QA hold."""
        await keep_safe(self.product, self.operator, why="expansion stopped", how="put the culture into the incubator")

    async def aborting(self, _visit: Visit[Results]) -> None:
        """As stopping."""
        await keep_safe(self.product, self.operator, why="expansion aborted", how="put the culture into the incubator")

    async def _counted(self, visit: Visit[Results], number: int) -> tuple[tuple[Single, ...], Means, Millilitres]:
        """Count pairs of samples until two agree, or as often as is allowed; gives what was drawn, too (mL)."""
        rules, got, drawn = self.given.counting, visit.got, Millilitres(0.0)
        source = self.product.held(got.container)
        pair = 0
        while True:
            pair += 1
            again = "" if pair == 1 else f"{pair}"
            names = tuple(f"{visit.batch}-{visit.step}-{number}{again}{letter}" for letter in "AB")
            await self.operator.confirm(
                f"Mix. Draw {self.given.sample:g} mL from {source.id} into each of {names[0]} and {names[1]}, "
                "count them, export the results, then confirm"
            )
            amount = Amount(self.given.sample, self.given.sample * (float(rules.volume_uncertainty) / 100))
            for name in names:
                await self.product.draw(source, to=name, amount=amount, why="sample for counting")
                drawn += self.given.sample
            by = Counting(self.counter, self.operator, self.product, rules.of_several)
            counts = tuple([await by.single(name) for name in names])
            seen = means(
                counts,
                dilution_uncertainty=rules.dilution_uncertainty,
                volume_uncertainty=rules.volume_uncertainty,
            )
            differ = duplicate_difference(counts[0].viable, counts[1].viable)
            slip = await self._slip(got, seen, differ)
            if slip:
                await self.product.deviation(f"sample {number}, pair {pair}: {slip}", rule="duplicate rule")
            if not slip or pair == rules.pairs_at_most:
                return counts, seen, drawn

    async def _slip(self, got: Results, seen: Means, differ: Percent) -> str:
        """Say why a pair can't be taken as it is; empty when it can."""
        if differ > self.given.counting.differ_at_most:
            return f"counts differ by {differ:.1f} %, at most {self.given.counting.differ_at_most:g} % is allowed"
        before = got.days[-1].viable_concentration if got.days else None
        if before is None or not culture.tenfold(Cells(float(seen.viable)), Cells(float(before)), factor=SLIP):
            return ""
        asked = f"{seen.viable:.3g} viable cells/mL were counted, {before:.3g} the time before. Is there a slip?"
        said = await self.operator.choose(asked, "it is as counted", "count again", second=True)
        return "" if said == "it is as counted" else f"{seen.viable:.3g} cells/mL were not believed"

    async def _measured(self, sample: str) -> tuple[GramsPerLitre, GramsPerLitre]:
        """Let glucose and lactate be measured."""
        entered = await self.operator.enter(
            f"Measure glucose and lactate of {sample} and enter them",
            Entry("glucose", "Glucose", unit="g/L", low=0.0, high=20.0, decimals=2),
            Entry("lactate", "Lactate", unit="g/L", low=0.0, high=20.0, decimals=2),
            second=True,
        )
        return GramsPerLitre(entered.number("glucose")), GramsPerLitre(entered.number("lactate"))

    def _forecast(self, got: Results, cells: Cells, at: Instant) -> Seconds | None:
        """Give the time until the cells for a harvest are there, at the rate since the last sample."""
        if not got.days or not float(got.days[-1].cells) or not float(cells):
            return None
        last = got.days[-1]
        return culture.time_to(
            target=self.given.rules.harvest_cells, now=cells, before=last.cells, seconds=at - last.at
        )

    async def _decided(
        self, container: str, found: Found, proposal: Proposal, ahead: Seconds | None
    ) -> tuple[Decision, Millilitres]:
        """Let people decide; another decision than the rule's needs a reason and two signatures."""
        feed = f" with {proposal.feed:.0f} mL" if proposal.what is Decision.FEED else ""
        when = "" if not ahead else f" At this rate there are enough cells in {float(ahead) / 3600:.0f} h."
        text = (
            f"{container}, day {float(found.age) / 86_400:.1f}: {found.cells:.3g} viable cells, "
            f"{found.density:.3g} cells/mL, viability {found.viability:.1f} %.{when} By rule: {proposal.what}{feed}, "
            f"because {proposal.why}. What is done?"
        )
        others = [one for one in Decision if one is not proposal.what]
        said = Decision(await self.operator.choose(text, proposal.what, *others))
        if said is proposal.what:
            return said, proposal.feed
        why = await self.operator.enter(
            f"By rule: {proposal.what}. You chose: {said}. Why?", Entry("reason", "Reason"), second=True
        )
        reason = why.word("reason")
        await self.operator.sign(f"{said} instead of {proposal.what}: {reason}", "performed", "verified")
        await self.product.deviation(f"{said} instead of {proposal.what}: {reason}", rule="in-process decision")
        return said, await self._own_feed(found) if said is Decision.FEED else Millilitres(0.0)

    async def _own_feed(self, found: Found) -> Millilitres:
        """Ask how much is fed when the rule says nothing of it."""
        room = max(0.0, float(self.given.rules.volume_most - found.volume))
        answer = await self.operator.enter(
            "How much medium is added?", Entry("volume", "Medium", unit="mL", low=0.0, high=room), second=True
        )
        return Millilitres(answer.number("volume"))

    @property
    def _incubation(self) -> Incubation:
        return Incubation(self.incubator, self.watch, self.operator, self.product, self.given.conditions)

    @property
    def _handling(self) -> Handling:
        return Handling(self.balance, self.operator, self.product, self.given.weights, RULE)
