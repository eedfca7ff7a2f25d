"""Actions: what somebody has to do by when, from a meeting, an observation or a finding; seen done by another person.

Source: ICH Q10 3.2.4 (management review: follow-up of actions); EU GMP chapter 1, 1.6.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from automation.gmp.codes import Moment, moment
from automation.gmp.due import DAY, Due, until, within
from automation.gmp.evidence import CITED, check_cited, check_known
from automation.gmp.marks import OPEN, of_subject
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.words import SYSTEM, Body, Meaning, Reason, Right, field
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

_VERIFY_IN = 10 * DAY  # s


class State(StrEnum):
    """Where an action stands."""

    ABSENT = "absent"
    OPEN = "open"
    DONE = "done"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Task(Body):
    """What is to be done, by whom, until when, from what."""

    what: str = field(label="What", length=3)
    owner: str = field(label="Owner", help="A person", length=1)
    due: Moment = field(label="To be done by")
    source: str = field(label="Source", help="Stream of what it comes from", default="")


class Deed(Body):
    """What was done."""

    what: str = field(label="What was done", length=3)
    evidence: str = field(label="Evidence", help=CITED, default="")


_WORKERS = frozenset(Right) - {Right.READ, Right.SYSTEM}
_SEERS = frozenset({Right.SUPERVISE, Right.REVIEW, Right.APPROVE, Right.INVESTIGATE})

TABLE = Table(
    State.ABSENT,
    (
        Row("open", State.ABSENT, State.OPEN, by=_WORKERS | {Right.SYSTEM}, body=Task),
        Row("finish", State.OPEN, State.DONE, by=_WORKERS, body=Deed),
        Row("reopen", State.DONE, State.OPEN, by=_SEERS, body=Reason),
        Row("close", State.DONE, State.CLOSED, by=_SEERS, signs=(Meaning.REVIEWED,)),
        Row("cancel", State.OPEN, State.CANCELLED, by=_SEERS, signs=(Meaning.RESPONSIBLE,), body=Reason),
    ),
)


@dataclass(frozen=True, slots=True)
class Action:
    """One action, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    task: Task | None = None
    opened_at: Instant = Instant(0.0)
    due_at: Instant = Instant(0.0)
    deed: Deed | None = None
    done_by: str = ""
    done_at: Instant = Instant(0.0)
    began_seq: int = 0  # the event that opened it

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that is not over is open; what it comes from."""
        source = (of_subject(self.task.source),) if self.task and self.task.source else ()
        return (*source, *((OPEN,) if self.state in {State.OPEN, State.DONE} else ()))

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: by its owner when planned, then seen done within ten days."""
        if self.state is State.OPEN and self.task:
            what, owner = f"action {self.id}: {self.task.what}", self.task.owner
            return (until(what, owner=owner, since=self.opened_at, by=self.due_at, escalate=Right.SUPERVISE),)
        if self.state is State.DONE:
            what = f"see whether action {self.id} is done"
            return (within(what, owner=Right.SUPERVISE, since=self.done_at, given=_VERIFY_IN),)
        return ()

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse an owner who is nobody, a source or evidence that is none, a day that is over, one's own check."""
        if isinstance(fact.body, Task):
            active = site.find("person", fact.body.owner).state == "active"
            self._refuse(not active, f"is for {fact.body.owner}, who is no active person here")
            if fact.body.source and not fact.by.startswith(f"{SYSTEM}:"):
                check_known(fact.body.source, site, where=f"action {self.id}: source")
            late = moment(fact.body.due, zone=fact.zone) <= fact.at
            self._refuse(late, f"is to be done by {fact.body.due}, which is over")
        if isinstance(fact.body, Deed) and fact.body.evidence:
            check_cited(fact.body.evidence, site, where=f"action {self.id}", since=self.began_seq)
        if fact.kind == "close":
            self._refuse(fact.by == self.done_by, f"was done by {fact.by}; someone else has to see that it is done")

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"action {self.id} {why}")

    def apply(self, fact: Fact) -> Self:
        """Give the action as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        match fact.body:
            case Task() as said:
                due = moment(said.due, zone=fact.zone)
                return replace(after, task=said, began_seq=fact.seq, opened_at=fact.at, due_at=due)
            case Deed() as said:
                return replace(after, deed=said, done_by=fact.by, done_at=fact.at)
        return after


KIND = Kind("action", "quality", TABLE, Action)
