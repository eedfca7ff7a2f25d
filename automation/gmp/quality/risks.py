"""Risks: lines of the register and of an FMEA, rated, treated where the rating asks for it, rated again, accepted.

A rating is signed by two people. A risk of high priority is accepted after an action only; one of medium priority after
an action, or with the reason why the controls are enough. What shows that it happens, and what is done then, stand
beside it; it is looked at again within a year, or when it has happened.
Source: ICH Q9(R1) 4, 5.1, 5.3 (assessment, control, review; formality, subjectivity); AIAG & VDA FMEA Handbook 2019.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from automation.formulas.risk import BEST, WORST, Priority, action_priority
from automation.formulas.risk import rpn as number
from automation.gmp.codes import Moment, moment
from automation.gmp.due import DAY, Due, until, within
from automation.gmp.marks import OPEN
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

_DECIDE_IN, _REVIEW_IN = 30 * DAY, 365 * DAY  # s
_DONE = {"capa": frozenset({"implemented", "effective"}), "change": frozenset({"closed"})}


class State(StrEnum):
    """Where a risk stands."""

    ABSENT = "absent"
    RATED = "rated"
    TREATING = "treating"
    ACCEPTED = "accepted"
    CLOSED = "closed"


class Rating(Body):
    """How bad, how often, how well seen; and on what that rests."""

    severity: int = field(label="Severity", help="1 no effect, 10 harm to the patient", low=BEST, high=WORST)
    occurrence: int = field(label="Occurrence", help="1 prevented, 10 very often", low=BEST, high=WORST)
    detection: int = field(label="Detection", help="1 always seen in time, 10 never", low=BEST, high=WORST)
    basis: str = field(label="Basis", help="Data or experience that the three rest on", length=3)


class Failure(Rating):
    """What can go wrong where, what follows, why it happens, and what stands against it."""

    where: str = field(label="Where", help="Step, asset, supplier or milestone", length=1)
    failure: str = field(label="Failure", length=3)
    effect: str = field(label="Effect", length=3)
    cause: str = field(label="Cause", length=3)
    prevention: str = field(label="Prevented by", default="")
    seen_by: str = field(label="Detected by", default="")
    trigger: str = field(label="Trigger", help="What shows that it happens", length=3)
    backup: str = field(label="Backup plan", help="What is done then", length=3)


class Treatment(Body):
    """What is done about it: by whom, until when."""

    actions: tuple[str, ...] = field(label="Actions", help="Streams: capa/... or change/...", length=1)
    owner: str = field(label="Owner", help="A person", length=1)
    due: Moment = field(label="To be done by")


class Trigger(Body):
    """What happened."""

    what: str = field(label="What happened", length=3)
    evidence: str = field(label="Evidence", help="Streams, events or hashes", length=3)


_RATERS = frozenset({Right.INVESTIGATE, Right.REVIEW, Right.SUPERVISE, Right.MAINTAIN})
_TWO = (Meaning.AUTHORED, Meaning.VERIFIED)

TABLE = Table(
    State.ABSENT,
    (
        Row("rate", State.ABSENT, State.RATED, by=_RATERS, signs=_TWO, body=Failure),
        Row("revise", State.RATED, State.RATED, by=_RATERS, signs=_TWO, body=Failure),
        Row("treat", State.RATED, State.TREATING, by=_RATERS, body=Treatment),
        Row("rate_again", State.TREATING, State.RATED, by=_RATERS, signs=_TWO, body=Rating),
        Row("accept", State.RATED, State.ACCEPTED, by={Right.APPROVE}, signs=(Meaning.APPROVED,), body=Reason),
        Row("reopen", State.ACCEPTED, State.RATED, by=_RATERS | {Right.PERFORM, Right.ORDER}, body=Trigger),
        Row("close", State.ACCEPTED, State.CLOSED, by={Right.APPROVE}, signs=(Meaning.RESPONSIBLE,), body=Reason),
    ),
)


@dataclass(frozen=True, slots=True)
class Risk:
    """One risk, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    failure: Failure | None = None
    ratings: tuple[Rating, ...] = ()  # the first one and every later one
    raters: tuple[str, ...] = ()
    treatment: Treatment | None = None  # since the last time that it was opened
    due_at: Instant = Instant(0.0)
    moved_at: Instant = Instant(0.0)  # of the last move
    triggers: tuple[Trigger, ...] = ()
    reason: str = ""  # why it was accepted or closed

    @property
    def rating(self) -> Rating | None:
        """Give the rating that holds."""
        return self.ratings[-1] if self.ratings else None

    @property
    def priority(self) -> Priority:
        """Give its action priority; LOW before it is rated."""
        said = self.rating
        if said is None:
            return Priority.LOW
        return action_priority(severity=said.severity, occurrence=said.occurrence, detection=said.detection)

    @property
    def rpn(self) -> int:
        """Give its risk priority number; 0 before it is rated."""
        said = self.rating
        return number(severity=said.severity, occurrence=said.occurrence, detection=said.detection) if said else 0

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that is not closed is open, because it is looked at again."""
        return () if self.state in {State.ABSENT, State.CLOSED} else (OPEN,)

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: treated or accepted in 30 days, done when planned, looked at in a year."""
        match self.state:
            case State.RATED:
                what = f"treat or accept risk {self.id} ({self.priority} priority)"
                return (within(what, owner=Right.APPROVE, since=self.moved_at, given=_DECIDE_IN),)
            case State.TREATING if self.treatment:
                what, owner = f"treat risk {self.id} and rate it again", self.treatment.owner
                return (until(what, owner=owner, since=self.moved_at, by=self.due_at, escalate=Right.APPROVE),)
            case State.ACCEPTED:
                what = f"look at risk {self.id} again"
                return (within(what, owner=Right.REVIEW, since=self.moved_at, given=_REVIEW_IN),)
        return ()

    def told(self, site: Site) -> tuple[str, ...]:
        """Say its numbers, and which of its actions are not done."""
        if self.rating is None:
            return ()
        line = f"RPN {self.rpn}, action priority {self.priority}"
        return (line, *(self._undone(site) if self.state is State.TREATING else ()))

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse actions that are none, a better rating before they are done, and what is accepted too early."""
        match fact.body:
            case Treatment() as said:
                unknown = [one for one in said.actions if not _is_known(one, site)]
                self._refuse(bool(unknown), f"is treated by {', '.join(unknown)}, which is no CAPA or change here")
                active = site.find("person", said.owner).state == "active"
                self._refuse(not active, f"is for {said.owner}, who is no active person here")
                self._refuse(moment(said.due, zone=fact.zone) <= fact.at, f"is due by {said.due}, which is over")
        if fact.kind == "rate_again":
            undone = self._undone(site)
            self._refuse(bool(undone), f"can't be rated again: {'; '.join(undone)}")
        if fact.kind == "accept":
            self._refuse(fact.by in self.raters, f"was rated by {fact.by}; someone else has to accept it")
            bare = self.priority is Priority.HIGH and self.treatment is None
            self._refuse(bare, "is of high priority: an action is needed before it is accepted")

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"risk {self.id} {why}")

    def _undone(self, site: Site) -> tuple[str, ...]:
        states = {
            one: site.find(*one.split("/", 1)).state for one in (self.treatment.actions if self.treatment else ())
        }
        return tuple(f"{one} is {state}" for one, state in states.items() if state not in _DONE[one.partition("/")[0]])

    def apply(self, fact: Fact) -> Self:
        """Give the risk as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest), moved_at=fact.at)
        match fact.body:
            case Failure() as said:
                return replace(after, failure=said, ratings=(*self.ratings, said), raters=_signers(fact))
            case Rating() as said:
                return replace(after, ratings=(*self.ratings, said), raters=_signers(fact))
            case Treatment() as said:
                return replace(after, treatment=said, due_at=moment(said.due, zone=fact.zone))
            case Trigger() as said:
                return replace(after, triggers=(*self.triggers, said), treatment=None)
            case Reason(reason=reason):
                return replace(after, reason=reason)
        return after


def _signers(fact: Fact) -> tuple[str, ...]:
    return tuple(one.by for one in fact.signed)


def _is_known(stream: str, site: Site) -> bool:
    kind, _, name = stream.partition("/")
    return kind in _DONE and bool(name) and site.find(kind, name).state not in {"absent", "cancelled", "rejected"}


KIND = Kind("risk", "quality", TABLE, Risk)
