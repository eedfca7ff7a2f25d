"""How many patients a site can take in a month: lots that come by chance and queue for suites, equipment and people.

Each lot goes the plan's way; what its steps take scatters as it did on record. Everything works day and night. The
same seed gives the same lots, also with more of something, so that two answers differ by that alone.
Units:  s; a month is 30 days.
"""

import math
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from automation.kernel import ids
from automation.kernel.errors import RefusedError
from automation.kernel.quantity import Seconds
from automation.views.planning.board import PEOPLE
from automation.views.planning.plans import RecipePlan, StepPlan
from automation.views.planning.queues import Give, Hold, Process, Queues, Take
from automation.views.questions.tables import Tables

MONTH = Seconds(30 * 86_400.0)
LEAST = 8  # ended steps that a spread needs
SUITES = "suites"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """What is asked: the plan, the spread of its steps (relative), what is there, how many come, for how long."""

    plan: RecipePlan
    spread: Mapping[str, float]
    there: Mapping[str, int]
    slot: Seconds  # a lot keeps its suite so long; 0 where suites are not counted
    per_month: float
    months: int
    seed: int


@dataclass(frozen=True, slots=True)
class Load:
    """One thing that is shared: how many there are, how busy each is, how many lots a month it could bear."""

    what: str
    there: int
    used: float  # share of its time, 0 to 1
    waited: float  # h, of each lot that came
    most: float  # lots a month, by planned times alone


@dataclass(frozen=True, slots=True)
class Throughput:
    """What came of it."""

    came: int
    done: int
    months: int
    median: float  # h, from arrival to the end of the last step; nan when none was done
    nine_in_ten: float  # h
    loads: tuple[Load, ...]  # the bottleneck first

    @property
    def bottleneck(self) -> Load | None:
        """Give what would bear the fewest lots; None when nothing is shared."""
        return self.loads[0] if self.loads else None


def measured(tables: Tables, plan: RecipePlan) -> dict[str, float]:
    """Give the relative standard deviation of each step on record; raises RefusedError for too few of one."""
    found: dict[str, list[float]] = {step.step: [] for step in plan.steps}
    for row in tables["steps"].rows:
        hours = row.number("hours")
        if row.text("recipe") == plan.recipe and row.text("ended_as") == "complete" and hours is not None:
            found.get(row.text("step"), []).append(hours)
    for name, some in found.items():
        if len(some) < LEAST:
            msg = f"step {name} of {plan.recipe} ended {len(some)} times on record; its spread needs {LEAST}"
            raise RefusedError(f"{msg}. Where it is not measured yet, --assume states one")
    return {name: _relative(some) for name, some in found.items()}


def _relative(some: list[float]) -> float:
    mean = statistics.fmean(some)
    return statistics.stdev(some) / mean if mean > 0.0 else 0.0


def simulate(shop: Shop) -> Throughput:
    """Let the lots of so many months come and go."""
    queues, until = Queues(shop.there), shop.months * float(MONTH)
    lots: list[_Lot] = []
    came = _next(shop, 0, 0.0)
    while came < until:
        lot = _Lot(shop, queues, len(lots), came)
        lots.append(lot)
        queues.start(lot.course(), after=came)
        came = _next(shop, len(lots), came)
    queues.run(until)
    took = sorted(lot.ended - lot.came for lot in lots if lot.ended is not None)
    return Throughput(
        len(lots),
        len(took),
        shop.months,
        _quantile(took, 0.5) / 3600,
        _quantile(took, 0.9) / 3600,
        tuple(sorted(_loads(shop, queues, len(lots)), key=lambda one: one.most)),
    )


def _next(shop: Shop, number: int, last: float) -> float:
    """Give when the next patient comes: at any moment as likely as at any other (Poisson)."""
    gap = float(MONTH) / shop.per_month
    return last - gap * math.log(1.0 - ids.uniform(shop.seed, "arrival", number))


def _quantile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else math.nan


def _loads(shop: Shop, queues: Queues, came: int) -> Iterator[Load]:
    needed = _needed(shop)
    for name, many in shop.there.items():
        if needed.get(name, 0.0) <= 0.0:
            continue
        time = many * queues.now
        most = many * float(MONTH) / needed[name]
        yield Load(
            name, many, queues.busy[name] / time if time else 0.0, queues.waited[name] / 3600 / max(1, came), most
        )


def _needed(shop: Shop) -> dict[str, float]:
    """Give what one lot takes of each thing by its plan (s, times how many)."""
    found: dict[str, float] = {SUITES: float(shop.slot)}
    for step in shop.plan.steps:
        for name in step.equipment:
            found[name] = found.get(name, 0.0) + step.takes
        for work in step.work:
            found[PEOPLE] = found.get(PEOPLE, 0.0) + work.takes * work.people
    return found


@dataclass(slots=True)
class _Lot:
    """One lot on its way through the plan."""

    shop: Shop
    queues: Queues
    number: int
    came: float
    ended: float | None = None
    _left: set[str] = field(default_factory=set)

    def course(self) -> Process:
        """Take a suite, begin the first steps, and give the suite back when the slot is over."""
        suite = {SUITES: 1} if SUITES in self.shop.there and self.shop.slot > Seconds(0.0) else {}
        yield Take(suite)
        self._left = {step.step for step in self.shop.plan.steps}
        self._begin("")
        yield Hold(float(self.shop.slot) if suite else 0.0)
        yield Give(suite)

    def _begin(self, ended: str) -> None:
        """Begin the steps for which everything before is over, now that one more step is."""
        ends = {step.step: step.end for step in self.shop.plan.steps}
        for step in self.shop.plan.steps:
            first = not step.after and not ended
            if first or (ended in step.after and not self._left & set(step.after)):
                lag = step.begin - max((ends[name] for name in step.after), default=0.0)
                self.queues.start(self._step(step), after=max(0.0, lag))

    def _step(self, step: StepPlan) -> Process:
        """Take its equipment, do its work with people and wait between, and let the next steps begin."""
        there = self.shop.there
        equipment = {name: 1 for name in step.equipment if name in there}
        factor = self._factor(step.step)
        yield Take(equipment)
        at = 0.0
        for work in step.work:
            people = {PEOPLE: min(work.people, there[PEOPLE])} if PEOPLE in there else {}
            yield Hold(max(0.0, work.begin - at) * factor)
            yield Take(people)
            yield Hold(work.takes * factor)
            yield Give(people)
            at = work.begin + work.takes
        yield Hold(max(0.0, step.takes - at) * factor)
        yield Give(equipment)
        self._left.discard(step.step)
        self._begin(step.step)
        if not self._left:
            self.ended = self.queues.now

    def _factor(self, step: str) -> float:
        """Draw how much longer than planned a step takes: lognormal, 1 on average."""
        variance = math.log(1.0 + self.shop.spread[step] ** 2)
        drawn = ids.normal(self.shop.seed, "lot", self.number, step)
        return math.exp(math.sqrt(variance) * drawn - variance / 2.0)
