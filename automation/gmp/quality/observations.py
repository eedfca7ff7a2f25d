"""Observations: what anybody noticed, from a near miss to an idea; legal for everybody, in every state of everything.

A call of a clinical site for help is one, too: its case has who called, the guidance that was given, and whom it was
handed to.

Nobody needs a right to say that something is unsafe, and what was said can be added to for ever. Who assesses it is
another person; it closes when what came of it is done.
Source: 29 CFR 1904.35 (reporting without hindrance or retaliation); ICH Q10 3.2.1, 4.1; EU GMP chapter 2, 2.1.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from automation.gmp.codes import Moment, moment
from automation.gmp.due import DAY, Due, within
from automation.gmp.evidence import is_here, unknown
from automation.gmp.marks import OPEN, of_subject
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.words import Body, Meaning, Right, field
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

_ASSESS_IN, _CLOSE_IN = 3 * DAY, 30 * DAY  # s
_DONE = frozenset({"closed", "effective", "implemented", "cancelled"})


class State(StrEnum):
    """Where an observation stands."""

    ABSENT = "absent"
    REPORTED = "reported"
    ASSESSED = "assessed"
    CLOSED = "closed"


class Sort(StrEnum):
    """What was noticed."""

    SAFETY = "safety"
    NEAR_MISS = "near miss"
    EXPOSURE = "exposure"  # of a person, to something biological, cold, or without oxygen
    INCIDENT = "incident"
    QUALITY = "quality"
    IMPROVEMENT = "improvement"
    SUPPORT = "support"  # a site that orders, collects or gives called for help


class Report(Body):
    """What was noticed, where and when, what it touches, what was done at once."""

    sort: Sort = field(label="Sort", help="safety, near miss, exposure, incident, quality, improvement or support")
    what: str = field(label="What was noticed", length=3)
    where: str = field(label="Where", length=2)
    when: Moment = field(label="When")
    items: tuple[str, ...] = field(label="Touched", help="Streams: batch/..., asset/..., container/...", default=())
    harm: bool = field(
        label="Somebody was hurt or exposed", help="Who stands in the occupational record", default=False
    )
    done: str = field(label="Done at once", default="")
    caller: str = field(label="Who called for support", help="Function and site; never a patient", default="")


class Addition(Body):
    """What is added by somebody, or later."""

    text: str = field(label="What is added", length=2)


class Assessment(Body):
    """What it means, and what comes of it."""

    conclusion: str = field(label="Conclusion", length=3)
    actions: tuple[str, ...] = field(label="Actions", help="Streams: action/..., capa/..., deviation/...", default=())


_EVERYBODY = frozenset(Right)
_JUDGES = frozenset({Right.SUPERVISE, Right.REVIEW, Right.INVESTIGATE})

TABLE = Table(
    State.ABSENT,
    (
        Row("report", State.ABSENT, State.REPORTED, by=_EVERYBODY, body=Report),
        *(
            Row("add", state, state, by=_EVERYBODY, body=Addition)
            for state in (State.REPORTED, State.ASSESSED, State.CLOSED)
        ),
        Row("assess", State.REPORTED, State.ASSESSED, by=_JUDGES, signs=(Meaning.REVIEWED,), body=Assessment),
        Row("close", State.ASSESSED, State.CLOSED, by={Right.REVIEW, Right.APPROVE}, signs=(Meaning.APPROVED,)),
    ),
)


@dataclass(frozen=True, slots=True)
class Observation:
    """One observation, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    report: Report | None = None
    reported_by: str = ""
    additions: tuple[tuple[str, str], ...] = ()  # by whom, what
    assessment: Assessment | None = None
    moved_at: Instant = Instant(0.0)  # of the last move that changed its state

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that is not closed is open; what it touches."""
        open_one = (OPEN,) if self.state in {State.REPORTED, State.ASSESSED} else ()
        return (*open_one, *map(of_subject, self.report.items if self.report else ()))

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: assessed in three days (one with harm in one), closed in thirty."""
        if self.state is State.REPORTED:
            given = DAY if self.report and self.report.harm else _ASSESS_IN
            what, late = f"assess observation {self.id}", Right.REVIEW
            return (within(what, owner=Right.SUPERVISE, since=self.moved_at, given=given, escalate=late),)
        if self.state is State.ASSESSED:
            return (within(f"close observation {self.id}", owner=Right.REVIEW, since=self.moved_at, given=_CLOSE_IN),)
        return ()

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse what is to come, what touches nothing, the reporter as judge, harm without action, an early end."""
        match fact.body:
            case Report() as said:
                self._refuse(moment(said.when, zone=fact.zone) > fact.at, f"is of {said.when}, which is still to come")
                self._check_there(said.items, site)
                self._refuse(said.sort is Sort.SUPPORT and not said.caller, "is a call for support; say who called")
            case Assessment() as said:
                self._refuse(fact.by == self.reported_by, f"was reported by {fact.by}; someone else has to assess it")
                bare = bool(self.report and self.report.harm) and not said.actions
                self._refuse(bare, "is one in which somebody came to harm: an action is needed")
                self._check_there(said.actions, site)
                support = self.report is not None and self.report.sort is Sort.SUPPORT
                silent = support and not said.actions and not (self.report and self.report.done) and not self.additions
                self._refuse(silent, "is a call for support: guidance (add) or a hand-off (actions) is needed")
        if fact.kind == "close":
            actions = self.assessment.actions if self.assessment else ()
            states = {one: site.find(*one.split("/", 1)).state for one in actions}
            left = [f"{one} is {state}" for one, state in states.items() if state not in _DONE]
            self._refuse(bool(left), f"can't be closed: {', '.join(left)}")

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"observation {self.id} {why}")

    def _check_there(self, streams: tuple[str, ...], site: Site) -> None:
        for one in streams:
            self._refuse(not is_here(one, site), f"names {unknown(one, site)}")

    def apply(self, fact: Fact) -> Self:
        """Give the observation as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        match fact.body:
            case Report() as said:
                return replace(after, report=said, reported_by=fact.by, moved_at=fact.at)
            case Addition(text=text):
                return replace(after, additions=(*self.additions, (fact.by, text)))
            case Assessment() as said:
                return replace(after, assessment=said, moved_at=fact.at)
        return replace(after, moved_at=fact.at)


KIND = Kind("observation", "quality", TABLE, Observation)
