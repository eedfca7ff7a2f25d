"""Unit operation: let a culture grow. Watched in its incubator, sampled on a plan, and each time decided about.

After every sample a rule proposes (continue, feed, split, extend, harvest, stop) from recorded values; people follow
it, or decide otherwise with a reason and signatures. A count that can't follow from the last one is asked about. A
culture that was split is sampled, fed and harvested in all its vessels.
Units:  cells, cells/mL, mL, g/L, %, s.
Source: as ``deciding``, ``counting``, ``incubation`` and ``adding``; forecast by ``automation.formulas.growth``.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from automation.engine.operation import ENDINGS, SafeProduct
from automation.engine.product import Product
from automation.engine.prompts import Operator
from automation.engine.visit import Move, Visit
from automation.engine.watch import Watch
from automation.formulas import culture
from automation.formulas.growth import Counted, Forecast, forecast
from automation.kernel.errors import FailedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import CellsPerMillilitre, Grams, Instant, Millilitres
from instruments.interfaces.analyser import MetaboliteAnalyser
from instruments.interfaces.balance import Balance
from instruments.interfaces.counter import CellCounter
from instruments.interfaces.incubator import Incubator
from protocols.operations.culture_counts import Before, CultureCounts, Sum, together
from protocols.operations.culturing import Contents, Handling, Held, Vessel, keep_safe
from protocols.operations.deciding import Deciding, Decision, Found, aged, decide
from protocols.operations.expanding import Day, Parameters, Results
from protocols.operations.incubation import Incubation
from protocols.operations.metabolites import Metabolites, Sugars

RULE = "expansion"
UNKNOWN = Forecast(None, None, None)


class State(StrEnum):
    """Where an expansion stands; READY and GIVEN_UP are final."""

    OUT = "out"
    GROWING = "growing"
    SAMPLED = "sampled"
    SPLITTING = "splitting"
    FEEDING = "feeding"
    READY = "ready"
    GIVEN_UP = "given up"


@dataclass(frozen=True, slots=True)
class Expand:
    """Grow the culture of the batch until it is harvested or given up."""

    incubator: Incubator
    counter: CellCounter
    analyser: MetaboliteAnalyser
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
            Row("split", State.SAMPLED, State.SPLITTING),
            Row("part", State.SPLITTING, State.FEEDING),
            Row("extend", State.SAMPLED, State.FEEDING),
            Row("harvest", State.SAMPLED, State.READY),
            Row("give_up", State.SAMPLED, State.GIVEN_UP),
        ),
    )

    async def out(self, _visit: Visit[Results]) -> Move:
        """Set the climate, read it back, and put the culture in."""
        await self._incubation.prepare()
        container, volume = self.product.one().id, self.given.volume
        await self._incubation.put_in(container)
        now = await self.watch.moment()
        return Move("put_in", container=container, vessels=(container,), began_at=now, volume=volume, volumes=(volume,))

    async def growing(self, visit: Visit[Results]) -> Move:
        """Watch the climate until the next sample of the plan."""
        got, given = visit.got, self.given
        due = (got.began_at or visit.since) + given.first_sample + given.sample_every * float(len(got.days))
        excursions = await self._incubation.until(max(due, visit.since))
        return Move("sample", excursions=got.excursions + excursions)

    async def sampled(self, visit: Visit[Results]) -> Move:
        """Count and measure a sample, and decide what is done with the culture."""
        got, at = visit.got, await self.watch.moment()
        name = f"{visit.batch}-{visit.step}-{len(got.days) + 1}"
        seen, volumes = await self._counted(got, name, at)
        volume = Millilitres(sum(map(float, volumes)))
        sugars = await self._measured(got, name)
        ahead = self._forecast(got, seen, at)
        found = Found(
            aged(got.began_at or at, at), volume, seen.cells, seen.viability, sugars.glucose,
            len(got.vessels), got.extensions, ahead.likely,
        )  # fmt: skip
        proposal = decide(self.given.rules, found)
        people = Deciding(self.operator, self.product, self.given.rules)
        said, feed = await people.decided(got.container, found, proposal, ahead=ahead)
        day = Day(
            at, seen.counts, volume, seen.viable, seen.uncertainty, seen.viability, seen.cells, sugars.glucose,
            sugars.lactate, proposal.what, proposal.why, said, feed, ahead.likely, ahead.earliest, ahead.latest,
            sugars.source, sugars.bounds,
        )  # fmt: skip
        return Move(
            _COMMANDS[said],
            days=(*got.days, day),
            volume=volume,
            volumes=volumes,
            viable_cells=seen.cells,
            viable_concentration=seen.viable,
            viable_uncertainty=seen.uncertainty,
            viability=seen.viability,
            glucose=sugars.glucose,
            lactate=sugars.lactate,
            extensions=got.extensions + (said is Decision.EXTEND),
            fold=float(seen.cells) / float(self.given.cells) if float(self.given.cells) else None,
        )

    async def splitting(self, visit: Visit[Results]) -> Move:
        """Pour the same share of every vessel into a new one, by weight."""
        got, given, handling = visit.got, self.given, self._handling
        if given.split_into is None:
            raise FailedError("the recipe names no vessel for a split")
        number = len(got.vessels) + 1
        more = Vessel(
            kind=given.split_into.kind,
            suffix=f"{given.split_into.suffix}{number}",
            material=given.split_into.material,
        )
        new = await handling.new(visit.batch, more, of=self.product.held(got.container))
        volumes, gross, poured = list[Millilitres](), new.gross, Millilitres(0.0)
        for name, known in zip(got.vessels, got.volumes, strict=True):
            await self._taken_out(name)
            contents = Contents(self.product.held(name), known, given.medium.density)
            share = known * (1.0 / number)
            amount, gross = await handling.pour(contents, Held(new.container, gross), volume=share, why="split")
            volumes.append(known - amount.volume)
            poured += amount.volume
        return Move(
            "part",
            vessels=(*got.vessels, new.container.id),
            volumes=(*volumes, poured),
            volume=Millilitres(sum(map(float, volumes)) + float(poured)),
            splits=got.splits + 1,
        )

    async def feeding(self, visit: Visit[Results]) -> Move:
        """Add medium by weight and cytokines for what was added to every vessel, and put all of them back."""
        got = visit.got
        share = got.days[-1].feed * (1.0 / len(got.vessels))
        if share <= Millilitres(0.0):  # an extension of a culture that needs no medium
            for name in got.vessels:
                await self._incubation.put_in(name)
            return Move("fed")
        given = self.given
        await self._handling.adding.identify(given.medium.material, *(one.material for one in given.cytokines))
        volumes = []
        for name, before in zip(got.vessels, got.volumes, strict=True):
            volumes.append(before + await self._fed(name, share))
            await self._incubation.put_in(name)
        volume = Millilitres(sum(map(float, volumes)))
        return Move("fed", volume=volume, volumes=tuple(volumes), feeds=got.feeds + 1)

    async def holding(self, _visit: Visit[Results]) -> None:
        """A culture keeps its conditions."""
        await self.operator.confirm("Held: the culture is in the incubator, closed; it grows on, and samples are late")

    async def stopping(self, _visit: Visit[Results]) -> None:
        """Leave the culture in its conditions, under QA hold."""
        await keep_safe(self.product, self.operator, why="expansion stopped", how="put the culture into the incubator")

    async def aborting(self, _visit: Visit[Results]) -> None:
        """As stopping."""
        await keep_safe(self.product, self.operator, why="expansion aborted", how="put the culture into the incubator")

    async def _counted(self, got: Results, name: str, at: Instant) -> tuple[Sum, tuple[Millilitres, ...]]:
        """Count every vessel; gives all together, and the volumes without what was drawn (mL)."""
        given = self.given
        by = CultureCounts(self.counter, self.operator, self.product, given.counting, given.sample)
        before = self._before(got, at)
        seen, volumes = [], []
        for number, (vessel, volume) in enumerate(zip(got.vessels, got.volumes, strict=True), 1):
            one = await by.of(vessel, name if number == 1 else f"{name}V{number}", before=before)
            seen.append(one)
            volumes.append(volume - one.drawn)
        return together(tuple(seen), tuple(volumes)), tuple(volumes)

    def _before(self, got: Results, at: Instant) -> Before | None:
        """Give what the last sample leads to expect, with what was fed since; what went in before the first one."""
        if got.days:
            last = got.days[-1]
            volume = float(got.volume or last.volume)
            viable = float(last.cells) / volume if volume else 0.0
            return Before(CellsPerMillilitre(viable), at - last.at)
        if not float(self.given.volume):
            return None
        return Before(CellsPerMillilitre(float(self.given.cells) / float(self.given.volume)), at - (got.began_at or at))

    async def _measured(self, got: Results, name: str) -> Sugars:
        """Let glucose and lactate of every vessel be measured; gives those of the one with the least glucose."""
        by = Metabolites(self.analyser, self.operator, self.product)
        names = [f"{name}A", *(f"{name}V{number}A" for number in range(2, len(got.vessels) + 1))]
        return min([await by.of(one) for one in names], key=lambda one: one.glucose)

    async def _taken_out(self, vessel: str) -> None:
        label = self.product.label(vessel)
        await self.operator.scan(
            f"Take {vessel} out of the incubator and scan its label", accept=(label.code,), expects=label.expects
        )

    async def _fed(self, vessel: str, feed: Millilitres) -> Millilitres:
        """Feed one vessel, by weight; gives what went in (mL)."""
        given, handling = self.given, self._handling
        held = await handling.weighed(self.product.label(vessel), before="Take it out of the incubator. Mix. ")
        after: Grams = await handling.adding.by_weight(held.container, given.medium, feed, before=held.gross)
        added = given.weights.amount(after - held.gross, given.medium.density).volume
        for one in given.cytokines:
            wanted = culture.cytokine_volume(volume=added, wanted=one.wanted, stock=one.stock)
            await handling.adding.by_volume(held.container, one.material, wanted, error=given.pipette_error)
            added += wanted
        return added

    def _forecast(self, got: Results, seen: Sum, at: Instant) -> Forecast:
        """Give when the cells for a harvest are there, at the rate since the last sample."""
        if not got.days:
            return UNKNOWN
        last = got.days[-1]
        share = float(last.viable_uncertainty) / float(last.viable_concentration) if float(last.cells) else 0.0
        return forecast(
            self.given.rules.harvest_cells,
            now=Counted(seen.cells, seen.share),
            before=Counted(last.cells, share),
            seconds=at - last.at,
        )

    @property
    def _incubation(self) -> Incubation:
        return Incubation(self.incubator, self.watch, self.operator, self.product, self.given.conditions)

    @property
    def _handling(self) -> Handling:
        return Handling(self.balance, self.operator, self.product, self.given.weights, RULE)


_COMMANDS = {
    Decision.CONTINUE: "go_on",
    Decision.FEED: "feed",
    Decision.SPLIT: "split",
    Decision.EXTEND: "extend",
    Decision.HARVEST: "harvest",
    Decision.STOP: "give_up",
}
