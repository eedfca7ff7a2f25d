"""Trend reports: a plan by which a report of a process comes each month, quarter or year, and what was concluded.

The report itself is drawn from the ledger (``views.trend_report``); a conclusion binds the SHA-256 of the very file,
and another person approves it. The next period is due by itself, and is overdue until it is concluded.
Units:  days; moments in s (UTC); periods in the site's zone.
Source: 21 CFR 211.180(e) (review at least annually); FDA process validation guidance 2011, stage 3 (continued process
        verification); EU GMP chapter 1, 1.10 (product quality review); Annex 15 5.28 to 5.32.
"""

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from automation.formulas.periods import Every, after, bounds, every_of
from automation.gmp.codes import LimitText, moment
from automation.gmp.due import DAY, Due, within
from automation.gmp.evidence import CITED, check_cited
from automation.gmp.marks import OPEN
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.quality.improvements import Measure
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.errors import InputError, RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

WORD = "trend-report"
_APPROVE_IN = 14 * DAY  # s
_DIGEST = re.compile(r"[0-9a-f]{64}")


class State(StrEnum):
    """Where a series of reports stands."""

    ABSENT = "absent"
    PLANNED = "planned"
    CONCLUDED = "concluded"
    ENDED = "ended"


class Charted(Body):
    """One thing that every report charts."""

    metric: Measure = field(label="Metric", help="Of cellwright metrics")
    heading: str = field(label="Heading", help="As in cellwright metrics; * stands for any text", default="")
    limits: tuple[LimitText, ...] = field(label="Limits", help="For capability, as '>= 70 %'", default=())


class Plan(Body):
    """Which process is looked at, how often, by whom."""

    title: str = field(label="Title", length=3)
    recipe: str = field(label="Recipe", help="ID or ID@VERSION", length=1)
    every: Every = field(label="Every", help="month, quarter or year")
    first: str = field(label="First period", help="2026-01, 2026-Q1 or 2026")
    measures: tuple[Charted, ...] = field(label="What is charted", length=1)
    within_d: int = field(label="To be concluded within", unit="d", help="After the period is over", low=1, high=92)
    owner: str = field(label="Owner", help="A person", length=1)


class Conclusion(Body):
    """What the report of one period comes to."""

    period: str = field(label="Period", help="2026-01, 2026-Q1 or 2026")
    sha256: str = field(label="SHA-256 of the report", help="Of the file that was frozen", length=64)
    conclusion: str = field(label="Conclusion", help="Is the process in control, and what follows", length=3)
    actions: tuple[str, ...] = field(label="What is done", help=CITED, default=())


@dataclass(frozen=True, slots=True)
class Concluded:
    """What was concluded of one period, by whom, and who approved it."""

    said: Conclusion
    author: str
    concluded_at: Instant
    approved_by: str = ""
    approved_at: Instant = Instant(0.0)


_WRITERS = frozenset({Right.REVIEW, Right.INVESTIGATE, Right.APPROVE})

TABLE = Table(
    State.ABSENT,
    (
        Row("plan", State.ABSENT, State.PLANNED, by=_WRITERS, signs=(Meaning.AUTHORED,), body=Plan),
        Row("conclude", State.PLANNED, State.CONCLUDED, by=_WRITERS, signs=(Meaning.AUTHORED,), body=Conclusion),
        Row("approve", State.CONCLUDED, State.PLANNED, by={Right.APPROVE}, signs=(Meaning.APPROVED,)),
        Row("return", State.CONCLUDED, State.PLANNED, by={Right.APPROVE}, signs=(Meaning.RETURNED,), body=Reason),
        Row("end", State.PLANNED, State.ENDED, by={Right.APPROVE}, signs=(Meaning.APPROVED,), body=Reason),
    ),
)


@dataclass(frozen=True, slots=True)
class TrendReports:
    """One series of reports, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    planned: Plan | None = None
    period: str = ""  # the next one to be concluded, or the one that waits for approval
    over_at: Instant = Instant(0.0)  # when that period is over
    reports: tuple[Concluded, ...] = ()

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that has not ended is open."""
        return (OPEN,) if self.state in {State.PLANNED, State.CONCLUDED} else ()

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: the report of the period, or its approval."""
        if self.planned is None:
            return ()
        if self.state is State.PLANNED:
            what = f"trend report {self.id} of {self.planned.recipe} for {self.period}: {self.planned.title}"
            given = self.planned.within_d * DAY
            owner = self.planned.owner
            return (within(what, owner=owner, since=self.over_at, given=given, escalate=Right.APPROVE),)
        if self.state is State.CONCLUDED:
            what = f"approve or return trend report {self.id} for {self.period}"
            since = self.reports[-1].concluded_at
            return (within(what, owner=Right.APPROVE, since=since, given=_APPROVE_IN, escalate=Right.RELEASE),)
        return ()

    def concluded(self, period: str) -> Concluded | None:
        """Give what was concluded of a period, if anything."""
        return next((one for one in self.reports if one.said.period == period), None)

    def told(self, site: Site) -> tuple[str, ...]:
        """Say what was concluded of each period."""
        return tuple(f"{one.said.period}: {one.said.conclusion} ({_people(one, site)})" for one in self.reports)

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse an owner who is nobody, another period than the next, one that is not over, and the own approval."""
        match fact.body:
            case Plan() as said:
                try:
                    sort = every_of(said.first)
                except InputError as wrong:
                    raise RefusedError(f"trend report {self.id}: {wrong}") from None
                self._refuse(sort is not said.every, f"comes every {said.every}, and {said.first} is a {sort}")
                active = site.find("person", said.owner).state == "active"
                self._refuse(not active, f"is for {said.owner}, who is no active person here")
            case Conclusion() as said:
                self._refuse(said.period != self.period, f"is to be concluded for {self.period} next")
                over = bounds(self.period)[1]
                self._refuse(fact.at < self.over_at, f"can't be concluded: {self.period} goes on until {over}")
                self._refuse(not _DIGEST.fullmatch(said.sha256), "needs the SHA-256 of the report that was frozen")
                for one in said.actions:
                    check_cited(one, site, where=f"trend report {self.id}")
        if fact.kind == "approve":
            author = self.reports[-1].author
            self._refuse(fact.by == author, f"was concluded by {author}; someone else has to approve it")

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"trend report {self.id} {why}")

    def apply(self, fact: Fact) -> Self:
        """Give the series as it stands after the fact."""
        now = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        match fact.body:
            case Plan() as said:
                return replace(now, planned=said, period=said.first, over_at=_over(said.first, fact.zone))
            case Conclusion() as said:
                return replace(now, reports=(*self.reports, Concluded(said, fact.by, fact.at)))
        if fact.kind == "approve":
            done = replace(self.reports[-1], approved_by=fact.by, approved_at=fact.at)
            period = after(self.period)
            over = _over(period, fact.zone)
            return replace(now, reports=(*self.reports[:-1], done), period=period, over_at=over)
        if fact.kind == "return":
            return replace(now, reports=self.reports[:-1])
        return now


def _over(period: str, zone: str) -> Instant:
    return moment(bounds(period)[1], zone=zone)


def _people(one: Concluded, site: Site) -> str:
    names = [str(getattr(site.find("person", who), "name", "") or who) for who in (one.author, one.approved_by) if who]
    return f"by {names[0]}, " + (f"approved by {names[1]}" if len(names) > 1 else "not approved")


KIND = Kind(WORD, "quality", TABLE, TrendReports)
