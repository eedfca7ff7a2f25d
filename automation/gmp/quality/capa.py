"""Corrective and preventive actions: planned from a deviation, approved, carried out, and checked for their effect.

Who plans does not approve, and who carried it out does not judge whether it worked. An action without effect goes back
to its planning; nothing closes it but a check that found an effect.
Source: ICH Q10 3.2.2; 21 CFR 211.192; ISO 13485 8.5.2 (verification and effectiveness); EU GMP chapter 1, 1.4(xiv).
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from automation.gmp.codes import Moment, moment
from automation.gmp.due import DAY, Due, until, within
from automation.gmp.evidence import CITED, check_cited, is_here
from automation.gmp.marks import OPEN, of_subject
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

_APPROVE_IN = 5 * DAY  # s
_SOURCES = frozenset({"deviation", "nonconformance", "complaint", "inspection", "observation"})


class State(StrEnum):
    """Where an action stands."""

    ABSENT = "absent"
    PLANNED = "planned"
    APPROVED = "approved"
    IMPLEMENTED = "implemented"
    EFFECTIVE = "effective"
    CANCELLED = "cancelled"


class Sort(StrEnum):
    """Whether it removes a cause that has acted, or one that might."""

    CORRECTIVE = "corrective"
    PREVENTIVE = "preventive"


class Plan(Body):
    """What is done about which cause, by whom, until when, and how it will be seen that it worked."""

    source: str = field(label="Source", help="Stream of the deviation, complaint or audit finding", length=3)
    sort: Sort = field(label="Corrective or preventive")
    cause: str = field(label="Root cause", length=3)
    action: str = field(label="Action", length=3)
    owner: str = field(label="Owner", help="A person", length=1)
    due: Moment = field(label="To be done by")
    measure: str = field(label="How the effect is measured", length=3)
    criterion: str = field(label="What counts as effective", length=3)
    check_at: Moment = field(label="Effect to be checked at", help="Not before it could have shown")


class Deed(Body):
    """What was done, and what shows it."""

    what: str = field(label="What was done", length=3)
    evidence: str = field(label="Evidence", help=CITED, length=3)


class Finding(Body):
    """What the check of the effect found."""

    result: str = field(label="Result of the measure", length=3)
    evidence: str = field(label="Evidence", help=CITED, length=3)


_QUALITY = frozenset({Right.REVIEW, Right.APPROVE})

TABLE = Table(
    State.ABSENT,
    (
        Row("plan", State.ABSENT, State.PLANNED, by={Right.INVESTIGATE}, signs=(Meaning.AUTHORED,), body=Plan),
        Row("replan", State.PLANNED, State.PLANNED, by={Right.INVESTIGATE}, signs=(Meaning.AUTHORED,), body=Plan),
        Row("approve", State.PLANNED, State.APPROVED, by={Right.APPROVE}, signs=(Meaning.APPROVED,)),
        Row(
            "implement",
            State.APPROVED,
            State.IMPLEMENTED,
            by={Right.PERFORM, Right.SUPERVISE, Right.INVESTIGATE, Right.MAINTAIN},
            signs=(Meaning.PERFORMED,),
            body=Deed,
        ),
        Row(
            "find_effective",
            State.IMPLEMENTED,
            State.EFFECTIVE,
            by=_QUALITY,
            signs=(Meaning.REVIEWED,),
            body=Finding,
        ),
        Row(
            "find_ineffective",
            State.IMPLEMENTED,
            State.PLANNED,
            by=_QUALITY,
            signs=(Meaning.REVIEWED,),
            body=Finding,
        ),
        *(
            Row("cancel", state, State.CANCELLED, by={Right.APPROVE}, signs=(Meaning.RESPONSIBLE,), body=Reason)
            for state in (State.PLANNED, State.APPROVED)
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Capa:
    """One action, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    plan: Plan | None = None
    planned_at: Instant = Instant(0.0)
    due_at: Instant = Instant(0.0)
    check_at: Instant = Instant(0.0)
    planners: tuple[str, ...] = ()  # of the plan and of every one before it
    deed: Deed | None = None
    done_by: str = ""
    findings: tuple[Finding, ...] = ()  # of every check of its effect
    cancelled: str = ""  # why
    began_seq: int = 0  # the event from which on its evidence counts: of its plan, then of its deed

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that is not over is open; what it comes from."""
        source = (of_subject(self.plan.source),) if self.plan else ()
        return (*source, *((OPEN,) if self.state in {State.PLANNED, State.APPROVED, State.IMPLEMENTED} else ()))

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: approved in five days, done when planned, checked when its effect shows."""
        owner = self.plan.owner if self.plan else ""
        match self.state:
            case State.PLANNED:
                what = f"approve CAPA {self.id}"
                return (within(what, owner=Right.APPROVE, since=self.planned_at, given=_APPROVE_IN),)
            case State.APPROVED:
                what = f"carry out CAPA {self.id}"
                return (until(what, owner=owner, since=self.planned_at, by=self.due_at, escalate=Right.APPROVE),)
            case State.IMPLEMENTED:
                what = f"check the effect of CAPA {self.id}"
                end = self.check_at + _APPROVE_IN
                return (until(what, owner=Right.REVIEW, since=self.planned_at, by=end, escalate=Right.APPROVE),)
        return ()

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse a plan for nothing, the own approval or judgement, evidence that is none, a check before its time."""
        if isinstance(fact.body, Deed | Finding):
            check_cited(fact.body.evidence, site, where=f"CAPA {self.id}", since=self.began_seq)
        match fact.kind:
            case "plan" | "replan":
                self._check_plan(fact, fact.stated(Plan), site)
            case "approve":
                self._refuse(fact.by in self.planners, f"was planned by {fact.by}; someone else has to approve it")
            case "implement":
                owner = self.plan.owner if self.plan else ""
                self._refuse(fact.by != owner, f"is {owner}'s to carry out; plan it anew for another")
            case "find_effective" | "find_ineffective":
                self._refuse(fact.by == self.done_by, f"was carried out by {fact.by}; someone else judges its effect")
                early = fact.kind == "find_effective" and fact.at < self.check_at
                at = self.plan.check_at if self.plan else ""
                self._refuse(early, f"can't be found effective before {at}: its effect has not had time to show")

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"CAPA {self.id} {why}")

    def _check_plan(self, fact: Fact, said: Plan, site: Site) -> None:
        known = said.source.partition("/")[0] in _SOURCES and is_here(said.source, site)
        self._refuse(not known, f"comes from {said.source}, which is no {', '.join(sorted(_SOURCES))} here")
        active = site.find("person", said.owner).state == "active"
        self._refuse(not active, f"is for {said.owner}, who is no active person here")
        due, check = moment(said.due, zone=fact.zone), moment(said.check_at, zone=fact.zone)
        self._refuse(not fact.at < due < check, "has to be due after now, and checked after that")

    def apply(self, fact: Fact) -> Self:
        """Give the action as it stands after the fact."""
        began = fact.seq if fact.kind in {"plan", "implement"} else self.began_seq
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest), began_seq=began)
        match fact.body:
            case Plan() as said:
                due, check = moment(said.due, zone=fact.zone), moment(said.check_at, zone=fact.zone)
                planners = tuple(dict.fromkeys((*self.planners, fact.by)))
                made = replace(after, plan=said, planners=planners, planned_at=fact.at)
                return replace(made, due_at=due, check_at=check)
            case Deed() as said:
                return replace(after, deed=said, done_by=fact.by)
            case Finding() as said:
                return replace(after, findings=(*self.findings, said))
            case Reason(reason=reason):
                return replace(after, cancelled=reason)
        return after


KIND = Kind("capa", "quality", TABLE, Capa)
