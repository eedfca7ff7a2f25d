"""Unit operation: let a culture grow on a rocker: kept by the device, fed by its pump, perfused as its cells need.

The bag lies still only while a sample is drawn. After each sample the rules of ``deciding`` propose, people follow them
or decide otherwise; a feed is given by the device, which knows each by its name, and medium flows at the rate that the
cells of the last count need. The device goes on keeping the culture whether this program runs or not.
Units:  cells, cells/mL, mL, mL/h, g/L, %, s.
Source: as ``deciding`` and ``culture_counts``; perfusion by ``automation.formulas.growth.perfusion_rate``.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from automation.engine.operation import ENDINGS, SafeDevice, SafeProduct
from automation.engine.product import Amount, Product
from automation.engine.prompts import Operator
from automation.engine.visit import Move, Visit
from automation.engine.watch import DEADLINE, Watch, When
from automation.formulas.growth import Counted, Forecast, forecast, perfusion_rate
from automation.formulas.identifiers import Kind
from automation.gmp.product.containers import Purpose
from automation.kernel.errors import FailedError, GateError, RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Cells, CellsPerMillilitre, Instant, Millilitres, Percent, Seconds
from instruments.interfaces.analyser import MetaboliteAnalyser
from instruments.interfaces.bioreactor import (
    Bioreactor,
    BioreactorStatus,
    Cultivating,
    CultureValues,
    Feeding,
    Perfusion,
)
from instruments.interfaces.counter import CellCounter
from protocols.operations.culture_counts import Before, CultureCounts, Sum, together
from protocols.operations.culturing import keep_safe
from protocols.operations.deciding import Deciding, Decision, Found, aged, decide
from protocols.operations.expanding import Day
from protocols.operations.metabolites import Metabolites
from protocols.operations.rocking import Parameters, Results

RULE = "expansion on the rocker"
ALARM = "culture on the rocker"
UNKNOWN = Forecast(None, None, None)
NOTHING = Sum((), Cells(0.0), CellsPerMillilitre(0.0), CellsPerMillilitre(0.0), Percent(0.0))
LEAST = 0.1  # mL/h; less does not flow
HOUR = 3600.0


class State(StrEnum):
    """Where an expansion stands; READY, REFUSED and GIVEN_UP are final."""

    OUT = "out"
    HUNG = "hung"
    GROWING = "growing"
    SAMPLED = "sampled"
    DECIDING = "deciding"
    ADJUSTING = "adjusting"
    TAKING_OFF = "taking off"
    READY = "ready"
    REFUSED = "refused"
    GIVEN_UP = "given up"


@dataclass(frozen=True, slots=True)
class ExpandRocking:
    """Grow the culture of the batch on a rocker until it is harvested or given up."""

    bioreactor: Bioreactor
    counter: CellCounter
    analyser: MetaboliteAnalyser
    watch: Watch
    operator: Operator
    product: Product
    given: Parameters

    results: ClassVar = Results
    good: ClassVar = frozenset({State.READY})
    safe: ClassVar = (
        SafeDevice(
            after=ENDINGS,
            role="bioreactor",
            ask="look",
            reads="state",
            among=frozenset({Cultivating.RUNNING, Cultivating.STOPPED, Cultivating.FAILED}),
        ),
        SafeProduct(after=("holding", *ENDINGS), told="on the rocker"),
    )
    table: ClassVar = Table(
        State.OUT,
        (
            Row("hang", State.OUT, State.HUNG),
            Row("start", State.HUNG, State.GROWING),
            Row("refuse", State.HUNG, State.REFUSED),
            Row("sample", State.GROWING, State.SAMPLED),
            Row("measure", State.SAMPLED, State.DECIDING),
            Row("adjust", State.DECIDING, State.ADJUSTING),
            Row("go_on", State.ADJUSTING, State.GROWING),
            Row("harvest", State.DECIDING, State.TAKING_OFF),
            Row("take_off", State.TAKING_OFF, State.READY),
            Row("give_up", State.DECIDING, State.GIVEN_UP),
        ),
    )

    async def out(self, _visit: Visit[Results]) -> Move:
        """Set what is kept and read it back, and hang the bag in."""
        given, label = self.given, self.product.one()
        await self.bioreactor.keep(set_points=given.kept.set_points)
        if await self.bioreactor.set_points() != given.kept.set_points:
            raise FailedError("the rocker keeps other set points than those that were sent")
        await self.operator.scan(
            f"Hang {label.id} onto the rocker, lines clamped, and scan its label there",
            accept=(label.code,),
            expects=label.expects,
        )
        return Move("hang", container=label.id)

    async def hung(self, visit: Visit[Results]) -> Move:
        """Join the lines of the bag, and start."""
        given, label = self.given, self.product.label(visit.got.container)
        lot = self.product.lot(given.medium).id
        await self.operator.scan(f"Scan the label of {given.medium}, lot {lot}", accept=(lot,), expects=Kind.LOT)
        waste = await self._waste(visit.batch, label.id)
        await self.operator.confirm(
            f"Join the feed line and the medium line to lot {lot}, the waste line to {waste}, in this order, open the "
            "clamps, then confirm",
            second=True,
        )
        try:
            await self.bioreactor.start(culture=self.product.held(label.id))
        except GateError:
            raise
        except RefusedError as refusal:
            await self.product.deviation(f"the rocker did not start: {refusal}", rule=RULE)
            await self.operator.confirm(f"Take {label.id} off the rocker, clamped, and put it into an incubator")
            return Move("refuse", waste=waste)
        now = await self.watch.moment()
        return Move("start", waste=waste, began_at=now, volume=given.volume)

    async def growing(self, visit: Visit[Results]) -> Move:
        """Watch the culture until the next sample of the plan, and book what flowed through meanwhile."""
        got, given = visit.got, self.given
        due = (got.began_at or visit.since) + given.first_sample + given.sample_every * float(len(got.days))
        excursions = await self._until(max(due, visit.since))
        now = await self.watch.moment()
        perfused = Millilitres(got.rate * float(now - visit.since) / HOUR)
        if perfused > Millilitres(0.0):
            await self._book(got, perfused)
        return Move("sample", excursions=got.excursions + excursions, perfused=got.perfused + perfused)

    async def sampled(self, visit: Visit[Results]) -> Move:
        """Let the bag lie still for a sample, and count it."""
        got, at = visit.got, await self.watch.moment()
        await self._lie_still()
        by = CultureCounts(self.counter, self.operator, self.product, self.given.counting, self.given.sample)
        one = await by.of(got.container, self._name(visit), before=self._before(got, at))
        volume = (got.volume or self.given.volume) - one.drawn
        return Move("measure", sampled_at=at, volume=volume, counted=together((one,), (volume,)))

    async def deciding(self, visit: Visit[Results]) -> Move:
        """Let the bag be moved again, measure the sample, and decide what is done with the culture."""
        got, name = visit.got, self._name(visit)
        await self._move_on()
        at, seen, volume = got.sampled_at or visit.since, got.counted or NOTHING, got.volume or self.given.volume
        sugars = await Metabolites(self.analyser, self.operator, self.product).of(f"{name}A")
        ahead = self._forecast(got, seen, at)
        age = aged(got.began_at or at, at)
        found = Found(age, volume, seen.cells, seen.viability, sugars.glucose, 1, got.extensions, ahead.likely)
        proposal = decide(self.given.rules, found)
        people = Deciding(self.operator, self.product, self.given.rules)
        said, feed = await people.decided(got.container, found, proposal, ahead=ahead)
        day = Day(
            at, seen.counts, volume, seen.viable, seen.uncertainty, seen.viability, seen.cells, sugars.glucose,
            sugars.lactate, proposal.what, proposal.why, said, feed, ahead.likely, ahead.earliest, ahead.latest,
            sugars.source, sugars.bounds,
        )  # fmt: skip
        command = {Decision.HARVEST: "harvest", Decision.STOP: "give_up"}.get(said, "adjust")
        return Move(
            command,
            days=(*got.days, day),
            viable_cells=seen.cells,
            viable_concentration=seen.viable,
            viable_uncertainty=seen.uncertainty,
            viability=seen.viability,
            glucose=sugars.glucose,
            lactate=sugars.lactate,
            extensions=got.extensions + (said is Decision.EXTEND),
            given_up=said is Decision.STOP,
            fold=float(seen.cells) / float(self.given.cells) if float(self.given.cells) else None,
        )

    async def adjusting(self, visit: Visit[Results]) -> Move:
        """Give the feed that was decided, and let medium flow at the rate that the cells need."""
        got, day = visit.got, visit.got.days[-1]
        volume, fed = got.volume or self.given.volume, Millilitres(0.0)
        if day.feed > Millilitres(0.0):
            fed = await self._fed(visit, day.feed)
        rate = self._rate(got, volume + fed)
        culture, lot = self.product.held(got.container), self.product.lot(self.given.medium)
        if rate >= LEAST:
            waste = self.product.held(got.waste)
            await self.bioreactor.perfuse(medium=lot, culture=culture, waste=waste, perfusion=Perfusion(rate))
        elif got.rate:
            await self.bioreactor.end_perfusion()
        return Move(
            "go_on",
            volume=volume + fed,
            rate=rate if rate >= LEAST else 0.0,
            rates=(*got.rates, rate if rate >= LEAST else 0.0),
            feeds=got.feeds + (day.feed > Millilitres(0.0)),
        )

    async def taking_off(self, visit: Visit[Results]) -> Move:
        """Stop the rocker and take the bag off; spent medium is discarded."""
        got, label = visit.got, self.product.label(visit.got.container)
        if got.rate:
            await self.bioreactor.end_perfusion()
        await self.bioreactor.stop()
        await self.operator.scan(
            f"Clamp the lines, take {label.id} off the rocker and scan its label",
            accept=(label.code,),
            expects=label.expects,
        )
        await self.operator.confirm(
            f"Clamp {got.waste} with its spent medium and discard it, then confirm", second=True
        )
        waste, error = self.product.held(got.waste), float(self.given.pump_error) / 100.0
        if got.perfused > Millilitres(0.0):
            amount = Amount(got.perfused, got.perfused * error)
            await self.product.draw(waste, to="waste", amount=amount, why="spent medium")
        await self.product.empty(waste)
        return Move("take_off", rate=0.0)

    async def holding(self, _visit: Visit[Results]) -> None:
        """The device keeps the culture and goes on moving it."""
        await self._move_on()
        await self.operator.confirm("Held: the culture stays on the rocker, which goes on; samples are late")

    async def restarting(self, visit: Visit[Results]) -> None:
        """Let the bag lie still again where a sample is being drawn."""
        if visit.stands == State.SAMPLED:
            await self._lie_still()

    async def stopping(self, _visit: Visit[Results]) -> None:
        """Leave the culture on the rocker, in its conditions, under QA hold."""
        await self._end("expansion stopped")

    async def aborting(self, _visit: Visit[Results]) -> None:
        """As stopping."""
        await self._end("expansion aborted")

    async def _end(self, why: str) -> None:
        await self._move_on()
        await keep_safe(self.product, self.operator, why=why, how="leave the culture on the rocker, which goes on")

    def _name(self, visit: Visit[Results]) -> str:
        """Give how the names of the samples of this day begin."""
        return f"{visit.batch}-{visit.step}-{len(visit.got.days) + 1}"

    async def _lie_still(self) -> None:
        """Let the bag lie still, unless it does."""
        if (await self.bioreactor.look()).state is not Cultivating.HELD:
            await self.bioreactor.hold()

    async def _move_on(self) -> None:
        """Let a bag that was held for a sample be moved again."""
        if (await self.bioreactor.look()).state is Cultivating.HELD:
            await self.bioreactor.resume()

    async def _waste(self, batch: str, culture: str) -> str:
        """Make the bag for spent medium known; gives its name."""
        vessel = self.given.perfusion.waste
        of, name, lot = self.product.held(culture), f"{batch}-{vessel.suffix}", self.product.lot(vessel.material).id
        await self.product.expect(name, of=of, kind=vessel.kind, purpose=Purpose.INTERMEDIATE)
        scanned = await self.operator.scan(
            f"Take a new {vessel.kind} of lot {lot} for spent medium, put the label {name} on it and scan it",
            accept=(name,),
            expects=Kind.CONTAINER,
        )
        return (await self.product.take_in(self.product.handle(name, identified=scanned))).id

    async def _until(self, end: Instant) -> int:
        """Keep watching until a moment; gives how many excursions there were."""
        kept, excursions = self.given.kept, 0
        while True:
            off = await self.watch.first(every=kept.every, deadline=end, off=When(self.bioreactor.values, self._is_off))
            if off.name == DEADLINE:
                return excursions
            late = min(end, off.at + kept.off_at_most)
            if await self._back(late) or late >= end:
                continue
            excursions += 1
            why = kept.why_off(off.value) if isinstance(off.value, CultureValues) else "unknown"
            title = f"the culture is off for more than {float(kept.off_at_most) / 60:g} min: {why}"
            await self.product.deviation(title, rule=ALARM)
            await self.product.alarm(ALARM, title, response="Look at the rocker, its gas and its lines")
            if not await self._back(end):
                return excursions
            await self.product.alarm_over(ALARM)

    async def _back(self, end: Instant) -> bool:
        """Wait until the culture is as it should be; False when the moment comes first."""
        every = self.given.kept.every
        seen = await self.watch.first(every=every, deadline=end, back=When(self.bioreactor.values, self._is_well))
        return seen.name != DEADLINE

    async def _fed(self, visit: Visit[Results], feed: Millilitres) -> Millilitres:
        """Let the device pump a feed in; gives what went in, by the device (mL). One that ends early is a deviation."""
        got, given = visit.got, self.given
        task = f"{visit.batch} {visit.step} feed {got.feeds + 1}"
        culture, lot = self.product.held(got.container), self.product.lot(given.medium)
        await self.bioreactor.feed(medium=lot, culture=culture, volume=feed, task=task)
        late = visit.since + given.feed_within
        await self.watch.until(self.bioreactor.look, _pumped, every=Seconds(60.0), deadline=late)
        seen = await self.bioreactor.fed(task=task)
        went = feed if seen is None or seen.given is None else seen.given
        if seen is None or seen.state is not Feeding.COMPLETE:
            await self.product.deviation(f"{task} gave {went:.1f} mL of {feed:.1f} mL", rule=RULE)
        amount = Amount(went, went * (float(given.pump_error) / 100.0))
        await self.product.add(culture, lot=lot, amount=amount, what=given.medium)
        return went

    async def _book(self, got: Results, perfused: Millilitres) -> None:
        """Note what flowed through: as much medium came in as spent medium went out."""
        amount = Amount(perfused, perfused * (float(self.given.pump_error) / 100.0))
        culture, waste = self.product.held(got.container), self.product.held(got.waste)
        await self.product.add(culture, lot=self.product.lot(self.given.medium), amount=amount, what=self.given.medium)
        await self.product.transfer(source=culture, dest=waste, amount=amount, why="spent medium")

    def _rate(self, got: Results, volume: Millilitres) -> float:
        """Give the perfusion that the cells need (mL/h); none below the density at which it begins."""
        plan, cells = self.given.perfusion, got.days[-1].cells
        if float(cells) < float(plan.from_density) * float(volume):
            return 0.0
        return round(min(plan.rate_most, perfusion_rate(cells=cells, nl_per_cell_day=plan.nl_per_cell_day)), 1)

    def _before(self, got: Results, at: Instant) -> Before | None:
        """Give what the last sample leads to expect; what went in before the first one."""
        volume = float(got.volume or self.given.volume)
        if got.days:
            return Before(CellsPerMillilitre(float(got.days[-1].cells) / volume), at - got.days[-1].at)
        return Before(CellsPerMillilitre(float(self.given.cells) / volume), at - (got.began_at or at))

    def _forecast(self, got: Results, seen: Sum, at: Instant) -> Forecast:
        """Give when the cells for a harvest are there, at the rate since the last sample."""
        if not got.days or not float(got.days[-1].viable_concentration):
            return UNKNOWN
        last = got.days[-1]
        before = Counted(last.cells, float(last.viable_uncertainty) / float(last.viable_concentration))
        target = self.given.rules.harvest_cells
        return forecast(target, now=Counted(seen.cells, seen.share), before=before, seconds=at - last.at)

    def _is_off(self, seen: CultureValues) -> bool:
        return bool(self.given.kept.why_off(seen))

    def _is_well(self, seen: CultureValues) -> bool:
        return not self.given.kept.why_off(seen)


def _pumped(seen: BioreactorStatus) -> bool:
    """Tell whether no feed runs any more."""
    return not seen.feed
