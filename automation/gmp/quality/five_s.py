"""5S audits: an area is looked at by five criteria, each scored with what shows it; what is not good becomes an action.

One object is one area for ever, so that its scores stand side by side over time. Who keeps an area does not audit it.
Units:  scores without unit, 0 (nothing done) to 4 (nothing to find); days between two audits.
Source: Hirano, 5 Pillars of the Visual Workplace (sort, set in order, shine, standardise, sustain); the scale and the
        score from which on no finding is needed are this program's own.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self, cast

from automation.gmp.codes import Moment, moment
from automation.gmp.due import DAY, Due, within
from automation.gmp.evidence import check_cited
from automation.gmp.marks import OPEN, of_subject
from automation.gmp.objects import Fact, Follow, Kind, Next, Site, Thing, marks_of
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

WORD = "five-s"
MOST = 4  # of one criterion
_GOOD = 3  # from which on nothing has to be found
_DAYS = 366.0


class State(StrEnum):
    """Where an area stands."""

    ABSENT = "absent"
    PLANNED = "planned"
    AUDITED = "audited"
    RETIRED = "retired"


class Criterion(StrEnum):
    """The five."""

    SORT = "sort"
    SET_IN_ORDER = "set in order"
    SHINE = "shine"
    STANDARDISE = "standardise"
    SUSTAIN = "sustain"


class Plan(Body):
    """What the area is, who keeps it, how often it is audited."""

    area: str = field(label="Area", help="What belongs to it", length=3)
    keeper: str = field(label="Kept by", help="A person", length=1)
    every_days: float = field(label="Audited every", unit="d", low=1.0, high=_DAYS)


class Score(Body):
    """One criterion, and what shows it."""

    criterion: Criterion = field(label="Criterion", help="sort, set in order, shine, standardise or sustain")
    score: int = field(label="Score", help="0 nothing done, 4 nothing to find", low=0, high=MOST)
    evidence: str = field(label="Evidence", help="SHA-256 of a photograph, KIND/ID or 'event N'", length=1)


class Found(Body):
    """What is not good, who mends it, until when."""

    criterion: Criterion = field(label="Criterion")
    what: str = field(label="What", length=3)
    owner: str = field(label="Owner", help="A person", length=1)
    due: Moment = field(label="To be done by")


class Audit(Body):
    """All five criteria, and what was found."""

    scores: tuple[Score, ...] = field(label="Scores", help="Each criterion once", length=1)
    findings: tuple[Found, ...] = field(label="Findings", help="They become actions", default=())


_PLANNERS = frozenset({Right.SUPERVISE, Right.REVIEW, Right.APPROVE})
_AUDITORS = frozenset({Right.PERFORM, Right.VERIFY, Right.SUPERVISE, Right.REVIEW, Right.APPROVE, Right.INVESTIGATE})
_LIVING = (State.PLANNED, State.AUDITED)

TABLE = Table(
    State.ABSENT,
    (
        Row("plan", State.ABSENT, State.PLANNED, by=_PLANNERS, signs=(Meaning.AUTHORED,), body=Plan),
        *(Row("replan", state, state, by=_PLANNERS, signs=(Meaning.AUTHORED,), body=Plan) for state in _LIVING),
        *(
            Row("audit", state, State.AUDITED, by=_AUDITORS, signs=(Meaning.PERFORMED,), body=Audit)
            for state in _LIVING
        ),
        *(
            Row("retire", state, State.RETIRED, by=_PLANNERS, signs=(Meaning.RESPONSIBLE,), body=Reason)
            for state in _LIVING
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Audited:
    """One audit as it was made."""

    by: str
    at: Instant
    seq: int
    total: int  # of five times ``MOST``


@dataclass(frozen=True, slots=True)
class Area:
    """One area, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    plan: Plan | None = None
    since: Instant = Instant(0.0)  # of the plan, or of the last audit
    last: Audit | None = None
    audits: tuple[Audited, ...] = ()

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that is audited again is open."""
        return (OPEN,) if self.state in _LIVING else ()

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give when it is audited again."""
        if self.state not in _LIVING or self.plan is None:
            return ()
        given = DAY * self.plan.every_days
        what, owner = f"audit the 5S of {self.id}", Right.SUPERVISE
        return (within(what, owner=owner, since=self.since, given=given, escalate=Right.APPROVE),)

    def told(self, site: Site) -> tuple[str, ...]:
        """Say its scores over time, and which actions of it are not closed."""
        most = MOST * len(Criterion)
        found = [f"audit {number}: {one.total} of {most} by {one.by}" for number, one in enumerate(self.audits, 1)]
        open_ones = [one.id for one in site.marked("action", of_subject(f"{WORD}/{self.id}")) if OPEN in marks_of(one)]
        return (*found, *((f"not closed: {', '.join(open_ones)}",) if open_ones else ()))

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse a keeper who is nobody, the own audit, a score without evidence, a poor one without a finding."""
        if isinstance(fact.body, Plan):
            self._check_person(fact.body.keeper, site)
        if isinstance(fact.body, Audit):
            keeper = self.plan.keeper if self.plan else ""
            self._refuse(fact.by == keeper, f"is kept by {keeper}; someone else audits it")
            self._check_audit(fact, fact.body, site)

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"5S area {self.id} {why}")

    def _check_person(self, person: str, site: Site) -> None:
        active = site.find("person", person).state == "active"
        self._refuse(not active, f"names {person}, who is no active person here")

    def _check_audit(self, fact: Fact, said: Audit, site: Site) -> None:
        wanted, given = [str(one) for one in Criterion], sorted(str(one.criterion) for one in said.scores)
        self._refuse(given != sorted(wanted), f"is scored by {', '.join(given)}; each of {', '.join(wanted)} once")
        for one in said.scores:
            check_cited(one.evidence, site, where=f"5S area {self.id}: {one.criterion}")
        found = {one.criterion for one in said.findings}
        bare = [str(one.criterion) for one in said.scores if one.score < _GOOD and one.criterion not in found]
        self._refuse(bool(bare), f"has less than {_GOOD} for {', '.join(bare)}: say under findings what is to be done")
        for finding in said.findings:
            self._check_person(finding.owner, site)
            late = moment(finding.due, zone=fact.zone) <= fact.at
            self._refuse(late, f"has a finding to be mended by {finding.due}, which is over")

    def apply(self, fact: Fact) -> Self:
        """Give the area as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        match fact.body:
            case Plan() as said:
                return replace(after, plan=said, since=fact.at if fact.kind == "plan" else self.since)
            case Audit() as said:
                made = Audited(fact.by, fact.at, fact.seq, sum(one.score for one in said.scores))
                return replace(after, last=said, since=fact.at, audits=(*self.audits, made))
        return after


def _opened(thing: Thing, _fact: Fact, _site: Site) -> Iterable[Next]:
    area = cast("Area", thing)
    for number, one in enumerate(area.last.findings if area.last else (), 1):
        said = {"what": f"5S, {one.criterion}: {one.what}", "owner": one.owner, "due": one.due}
        yield Next(f"action/{area.id}-S{len(area.audits)}-{number}", "open", {**said, "source": f"{WORD}/{area.id}"})


FOLLOWS = (
    Follow(
        "five-s-actions", "audit", "its findings are opened as actions", "ICH Q10 3.2.2; Hirano, 5 pillars", _opened
    ),
)

KIND = Kind(WORD, "quality", TABLE, Area, FOLLOWS)
