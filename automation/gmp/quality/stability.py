"""Stability studies: by a protocol, over lots whose samples are kept and pulled in time, to a shelf life.

A study has no samples and no results of its own: it enrols reserves, which hold samples, pulls and windows, and reads
the reviewed tests of what was pulled. What the data propose is worked out anew at every look; where they carry no
shelf life it is said why. Another person than the author decides, never for longer than every attribute allows. What is
decided is the expiry of the lots that are issued from then on (``gmp.shelf_lives``).
Units:  months of 30.4375 d since a lot's time zero.
Source: 21 CFR 211.166, 211.137 (expiration dates supported by stability testing); ICH Q1A(R2) 2.2, Q1E, Q5C.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self, cast

from automation.formulas.limits import Operator, decimal, parse
from automation.formulas.stability import FEWEST, Point, ShelfLife, shelf_life
from automation.gmp.codes import Moment, moment
from automation.gmp.due import DAY, Due, until, within
from automation.gmp.marks import OPEN, SHELF_LIFE, of_batch
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.product.reserves import Reserve, Sort
from automation.gmp.product.reserves import State as Kept
from automation.gmp.product.testing import QcTest
from automation.gmp.product.testing import State as Tested
from automation.gmp.quality.specifications import Specification
from automation.gmp.quality.specifications import State as Standing
from automation.gmp.shelf_lives import MONTH
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.errors import InputError, RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

_APPROVE_IN, _DECIDE_IN = 5 * DAY, 30 * DAY  # s
_ROUNDING = 0.05  # months
_LOTS = 3  # that ICH Q1A(R2) 2.2.3 asks for


class State(StrEnum):
    """Where a study stands."""

    ABSENT = "absent"
    DRAFT = "draft"
    RUNNING = "running"
    ENDED = "ended"
    CANCELLED = "cancelled"


class Plan(Body):
    """What is studied, under which condition, at which ages."""

    title: str = field(label="Title", length=3)
    specification: str = field(label="Specification", help="Whose limits the product has to keep", length=1)
    attributes: tuple[str, ...] = field(label="Attributes", help="Tests of the specification", length=1)
    condition: str = field(label="Condition", help="As the reserves state it", length=3)
    months: tuple[float, ...] = field(label="Ages", help="For example: 0, 3, 6, 9, 12", unit="months", length=FEWEST)
    window_d: float = field(label="Window of a pull, both ways", unit="d", low=0.0)
    rationale: str = field(label="Rationale", help="Why this condition and these ages", length=3)


class Enrolment(Body):
    """Which lot's samples belong to the study, and when its clock began."""

    batch: str = field(label="Batch", length=1)
    reserve: str = field(label="Reserve", length=1)
    since: Moment = field(label="Time zero", help="When the lot reached its condition")


class Decision(Body):
    """The shelf life, decided by a person."""

    months: float = field(label="Shelf life", unit="months", low=0.0)
    rationale: str = field(label="Rationale", length=3)


class Ending(Body):
    """What the study found."""

    conclusion: str = field(label="Conclusion", length=3)


_QUALITY = frozenset({Right.REVIEW, Right.INVESTIGATE})
_APPROVER = frozenset({Right.APPROVE})

TABLE = Table(
    State.ABSENT,
    (
        Row("write", State.ABSENT, State.DRAFT, by=_QUALITY, signs=(Meaning.AUTHORED,), body=Plan),
        Row("revise", State.DRAFT, State.DRAFT, by=_QUALITY, signs=(Meaning.AUTHORED,), body=Plan),
        Row("approve", State.DRAFT, State.RUNNING, by=_APPROVER, signs=(Meaning.APPROVED,)),
        Row("enrol", State.RUNNING, State.RUNNING, by=_QUALITY, body=Enrolment),
        Row("decide", State.RUNNING, State.RUNNING, by=_APPROVER, signs=(Meaning.RESPONSIBLE,), body=Decision),
        Row("end", State.RUNNING, State.ENDED, by=_APPROVER, signs=(Meaning.APPROVED,), body=Ending),
        Row("cancel", State.DRAFT, State.CANCELLED, by=_QUALITY, body=Reason),
    ),
)


@dataclass(frozen=True, slots=True)
class Study:
    """One study, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    plan: Plan | None = None
    authors: tuple[str, ...] = ()
    moved_at: Instant = Instant(0.0)  # of the last move
    enrolled: tuple[Enrolment, ...] = ()
    began: tuple[Instant, ...] = ()  # time zero of each enrolled lot
    decision: Decision | None = None
    decided_by: str = ""
    decided: tuple[tuple[Instant, float], ...] = ()  # when, months; every decision
    ended: str = ""  # conclusion, or why it was cancelled

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that is not over is open; its lots."""
        going = self.state in {State.DRAFT, State.RUNNING}
        ruling = (SHELF_LIFE,) if self.decided else ()
        return (*(of_batch(one.batch) for one in self.enrolled), *ruling, *((OPEN,) if going else ()))

    @property
    def specification(self) -> str:
        """Give by which specification it goes; empty before it is written."""
        return self.plan.specification if self.plan else ""

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: approved, a lot enrolled, the shelf life decided when the last age is over."""
        if self.state is State.DRAFT:
            what = f"approve study {self.id}"
            return (within(what, owner=Right.APPROVE, since=self.moved_at, given=_APPROVE_IN),)
        if self.state is not State.RUNNING or self.plan is None:
            return ()
        if not self.enrolled:
            return (
                within(f"enrol a lot in study {self.id}", owner=Right.REVIEW, since=self.moved_at, given=_DECIDE_IN),
            )
        what = f"decide the shelf life of study {self.id}" if self.decision is None else f"end study {self.id}"
        end = max(self.began) + max(self.plan.months) * MONTH + _DECIDE_IN
        return (until(what, owner=Right.APPROVE, since=min(self.began), by=end),)

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse what judges nothing, the author as approver, other samples than were planned, more than data carry."""
        match fact.body:
            case Plan() as said:
                self._check_plan(said, site)
            case Enrolment() as said:
                self._check_enrolment(fact, said, site)
            case Decision() as said:
                self._check_decision(said, site)
            case Ending():
                self._check_end(site)
        own = fact.kind in {"approve", "decide"} and fact.by in self.authors
        self._refuse(own, f"was written by {fact.by}; someone else has to {fact.kind}")

    @property
    def _planned(self) -> Plan:
        if self.plan is None:
            raise TypeError(self)
        return self.plan

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"study {self.id} {why}")

    def _check_plan(self, said: Plan, site: Site) -> None:
        demanded = cast("Specification", site.find("specification", said.specification))
        effective = demanded.state is Standing.EFFECTIVE
        self._refuse(not effective, f"goes by {said.specification}, which is {demanded.state}, not effective")
        strange = [name for name in said.attributes if demanded.criterion(name) is None]
        self._refuse(bool(strange), f"studies {', '.join(strange)}, which {said.specification} does not name")
        rising = list(said.months) == sorted(set(said.months)) and said.months[0] >= 0.0
        self._refuse(not rising, "needs ages that rise, the first at 0 or later")

    def _check_enrolment(self, fact: Fact, said: Enrolment, site: Site) -> None:
        reserve, plan = cast("Reserve", site.find("reserve", said.reserve)), self._planned
        kept = reserve.plan
        if kept is None or reserve.state is not Kept.KEPT or kept.sort is not Sort.STABILITY:
            raise RefusedError(
                f"study {self.id} can't take {said.reserve}: it is {reserve.state}, no stability reserve"
            )
        self._refuse(kept.batch != said.batch, f"can't take {said.reserve}: it is of another lot than {said.batch}")
        self._refuse(said.batch in {one.batch for one in self.enrolled}, f"has lot {said.batch} already")
        other = f"is kept at {kept.condition!r}; the study is about {plan.condition!r}"
        self._refuse(kept.condition != plan.condition, f"can't take {said.reserve}: it {other}")
        since = moment(said.since, zone=fact.zone)
        self._refuse(since > fact.at, f"can't begin at {said.since}, which is to come")
        missing = [
            f"{age:g}" for age in plan.months if age and not _pulled_at(reserve, since + age * MONTH, plan, fact)
        ]
        lacks = f"has no pull for all attributes at {', '.join(missing)} months"
        self._refuse(bool(missing), f"can't take {said.reserve}: it {lacks}, within {plan.window_d:g} d")

    def _check_decision(self, said: Decision, site: Site) -> None:
        self._refuse(not self.enrolled, "has no lot")
        for name in self._planned.attributes:
            try:
                months, _ = self.proposal(site, name)
            except InputError as wrong:
                raise RefusedError(f"study {self.id} carries no shelf life by {name}: {wrong}") from None
            longer = said.months > months + _ROUNDING
            self._refuse(longer, f"carries {months:.1f} months by {name}, not {said.months:g}")

    def _check_end(self, site: Site) -> None:
        self._refuse(self.decision is None, "has decided no shelf life")
        reserves = (cast("Reserve", site.find("reserve", one.reserve)) for one in self.enrolled)
        left = [f"{pull.sample} of {one.id}" for one in reserves if one.state is Kept.KEPT for pull in one.to_come]
        self._refuse(bool(left), f"can't be ended: {', '.join(left)} is still to be pulled")

    def results(self, site: Site, attribute: str) -> Iterator[tuple[str, float, str]]:
        """Give the reviewed results of an attribute: lot, age (months), value as it was reported."""
        yield from ((lot, age, test.value) for lot, age, test in self.tests(site, attribute))

    def tests(self, site: Site, attribute: str) -> Iterator[tuple[str, float, QcTest]]:
        """Give the reviewed tests of an attribute: lot, age (months), test."""
        for one, began in zip(self.enrolled, self.began, strict=True):
            reserve = cast("Reserve", site.find("reserve", one.reserve))
            ages = {name: (at - began) / MONTH for name, at in zip(reserve.pulled, reserve.pulled_at, strict=True)}
            for test in (cast("QcTest", found) for found in site.marked("test", of_batch(one.batch))):
                if test.state is not Tested.REVIEWED or test.request is None or test.request.test != attribute:
                    continue
                sample = test.request.sample
                if sample in ages:
                    yield one.batch, float(ages[sample]), test
                elif not sample and 0.0 in self._planned.months:  # the test for release is that of time zero
                    yield one.batch, 0.0, test

    def proposal(self, site: Site, attribute: str) -> tuple[float, str]:
        """Give what the results of an attribute propose (months), with a sentence; raises InputError for nothing."""
        demanded = cast("Specification", site.find("specification", self._planned.specification))
        criterion = demanded.criterion(attribute)
        if criterion is None:
            raise InputError(f"{demanded.id} has no {attribute}")
        found = list(self.results(site, attribute))
        if criterion.passes:
            return _by_words(found, {word.lower() for word in criterion.passes})
        bounds = parse(criterion.limit)
        low = [float(one.value) for one in bounds if one.operator in {Operator.AT_LEAST, Operator.ABOVE}]
        high = [float(one.value) for one in bounds if one.operator in {Operator.AT_MOST, Operator.BELOW}]
        points = [Point(lot, age, float(decimal(value, what=attribute))) for lot, age, value in found]
        shelf = shelf_life(points, low=max(low, default=None), high=min(high, default=None))
        return shelf.months, _sentence(shelf)

    def told(self, site: Site) -> tuple[str, ...]:
        """Say what the data propose for each attribute, or why they propose nothing, and how many lots they are of."""
        if self.state not in {State.RUNNING, State.ENDED}:
            return ()
        lines = [self._told(site, name) for name in self._planned.attributes]
        few = len(self.enrolled) < _LOTS
        lots = (
            f"{len(self.enrolled)} of at least {_LOTS} lots (ICH Q1A(R2) 2.2.3)"
            if few
            else f"{len(self.enrolled)} lots"
        )
        decided = [f"decided by {self.decided_by}: {self.decision.months:g} months"] if self.decision else []
        return (*lines, lots, *decided)

    def _told(self, site: Site, attribute: str) -> str:
        try:
            months, sentence = self.proposal(site, attribute)
        except InputError as wrong:
            return f"{attribute}: no shelf life yet: {wrong}"
        return f"{attribute}: {months:.1f} months ({sentence})"

    def apply(self, fact: Fact) -> Self:
        """Give the study as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest), moved_at=fact.at)
        match fact.body:
            case Plan() as said:
                return replace(after, plan=said, authors=tuple(dict.fromkeys((*self.authors, fact.by))))
            case Enrolment() as said:
                began = (*self.began, moment(said.since, zone=fact.zone))
                return replace(after, enrolled=(*self.enrolled, said), began=began)
            case Decision() as said:
                decided = (*self.decided, (fact.at, said.months))
                return replace(after, decision=said, decided_by=fact.by, decided=decided)
            case Ending(conclusion=why) | Reason(reason=why):
                return replace(after, ended=why)
        return after


def _pulled_at(reserve: Reserve, wanted: Instant, plan: Plan, fact: Fact) -> bool:
    """Tell whether a reserve pulls a sample for all attributes at a moment, within the window."""
    return any(
        abs(moment(pull.at, zone=fact.zone) - wanted) <= plan.window_d * DAY and set(plan.attributes) <= set(pull.tests)
        for pull in (reserve.plan.pulls if reserve.plan else ())
    )


def _by_words(found: list[tuple[str, float, str]], passes: set[str]) -> tuple[float, str]:
    """Give how long every lot has passed at every age; raises InputError for too few ages."""
    ages = {lot: [age for other, age, _ in found if other == lot] for lot, _, _ in found}
    short = [lot for lot, mine in ages.items() if len(set(mine)) < FEWEST]
    if short or not ages:
        raise InputError(f"{', '.join(short) or 'no lot'} was tested at fewer than {FEWEST} times")
    failed = [age for _, age, value in found if value.strip().lower() not in passes]
    good = min(max(mine) for mine in ages.values())
    if failed:
        good = max((age for mine in ages.values() for age in mine if age < min(failed)), default=0.0)
    return good, f"{len(found)} results of {len(ages)} lots, {len(failed)} failed"


def _sentence(shelf: ShelfLife) -> str:
    lots = len({line.batch for line in shelf.lines})
    pooled = f"{shelf.model}; p {shelf.slopes_p:.2f} for slopes, {shelf.intercepts_p:.2f} for intercepts"
    met = "no limit is met" if shelf.crossing is None else f"95 % limit meets it at {shelf.crossing:.1f}"
    where = f" in {shelf.limiting}" if shelf.limiting and lots > 1 and shelf.crossing is not None else ""
    return f"{shelf.number} results, {pooled}; {met}{where}; tested to {shelf.tested:.1f}"


KIND = Kind("stability", "quality", TABLE, Study)
