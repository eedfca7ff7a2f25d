"""Deviations: opened by a person or by a rule, investigated, concluded by one, closed by another under signature.

What the conclusion says will be done about the cause is a CAPA each; the deviation closes when those are approved.
Source: 21 CFR 211.100(b) recorded and justified; 211.192 investigated before release; ICH Q10 3.2.2.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from automation.gmp.due import DAY, Due, within
from automation.gmp.marks import OPEN, of_batch, of_owner, of_subject
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

_CONCLUDE_IN, _CLOSE_IN = 30 * DAY, 5 * DAY  # s


class State(StrEnum):
    """Where a deviation stands."""

    ABSENT = "absent"
    OPEN = "open"
    CONCLUDED = "concluded"
    CLOSED = "closed"


class Opening(Body):
    """What happened, to what."""

    subject: str = field(label="Subject", help="Stream of the batch, step, asset or container")
    title: str = field(label="What happened", length=3)
    rule: str = field(label="Rule", help="The rule or limit that was not met", default="")
    batch: str = field(label="Batch", default="")


class Method(StrEnum):
    """How the root cause was looked for."""

    FIVE_WHYS = "5 whys"
    FISHBONE = "fishbone"
    FAULT_TREE = "fault tree"
    OTHER = "other"


class Investigation(Body):
    """One line of the search for the cause, tied to what shows it."""

    method: Method = field(label="Method")
    findings: tuple[str, ...] = field(label="Findings", help="Each why, branch or gate", length=1)
    evidence: tuple[str, ...] = field(label="Evidence", help="Streams, events or hashes", length=1)


class Conclusion(Body):
    """What the author must state."""

    cause: str = field(label="Root cause", help="What made it happen, not what happened", length=3)
    impact: str = field(label="Impact on the lot", length=3)
    capa: tuple[str, ...] = field(label="CAPA", help="What is done about the cause", default=())


_PEOPLE = frozenset({Right.PERFORM, Right.VERIFY, Right.SUPERVISE, Right.INVESTIGATE, Right.REVIEW, Right.SYSTEM})

TABLE = Table(
    State.ABSENT,
    (
        Row("open", State.ABSENT, State.OPEN, by=_PEOPLE, body=Opening),
        Row("investigate", State.OPEN, State.OPEN, by={Right.INVESTIGATE}, body=Investigation),
        Row(
            "conclude",
            State.OPEN,
            State.CONCLUDED,
            by={Right.INVESTIGATE},
            signs=(Meaning.AUTHORED,),
            body=Conclusion,
        ),
        Row("return", State.CONCLUDED, State.OPEN, by={Right.APPROVE}, signs=(Meaning.RETURNED,), body=Reason),
        Row("close", State.CONCLUDED, State.CLOSED, by={Right.APPROVE}, signs=(Meaning.APPROVED,)),
    ),
)


@dataclass(frozen=True, slots=True)
class Deviation:
    """One deviation, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    opening: Opening | None = None
    opened_at: Instant | None = None
    investigation: tuple[Investigation, ...] = ()
    conclusion: Conclusion | None = None
    concluded_at: Instant | None = None
    author: str = ""

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that is not closed is open; its subject; its batch; its owner."""
        open_one = (OPEN,) if self.state not in {State.ABSENT, State.CLOSED} else ()
        subject = (of_subject(self.opening.subject),) if self.opening else ()
        batch = (of_batch(self.opening.batch),) if self.opening and self.opening.batch else ()
        return (*open_one, *subject, *batch, of_owner(self.id.rpartition("-D")[0]))

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: concluded in 30 days, closed five days after that."""
        if self.state is State.OPEN and self.opened_at is not None:
            what, owner = f"investigate and conclude deviation {self.id}", Right.INVESTIGATE
            return (within(what, owner=owner, since=self.opened_at, given=_CONCLUDE_IN, escalate=Right.APPROVE),)
        if self.state is State.CONCLUDED and self.concluded_at is not None:
            what, owner = f"close or return deviation {self.id}", Right.APPROVE
            return (within(what, owner=owner, since=self.concluded_at, given=_CLOSE_IN, escalate=Right.RELEASE),)
        return ()

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse the author as closer, and a CAPA that nobody has approved."""
        if fact.kind != "close":
            return
        if fact.by == self.author:
            msg = f"deviation {self.id}: {fact.by} wrote the conclusion; someone else has to close it"
            raise RefusedError(msg)
        for name in self.conclusion.capa if self.conclusion else ():
            state = site.find("capa", name).state
            if state in {"absent", "planned", "cancelled"}:
                raise RefusedError(f"deviation {self.id} names CAPA {name}, which is {state}; it has to be approved")

    def apply(self, fact: Fact) -> Self:
        """Give the deviation as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        if fact.kind == "open":
            return replace(after, opening=fact.stated(Opening), opened_at=fact.at)
        if fact.kind == "investigate":
            return replace(after, investigation=(*self.investigation, fact.stated(Investigation)))
        if fact.kind == "conclude":
            return replace(after, conclusion=fact.stated(Conclusion), concluded_at=fact.at, author=fact.by)
        return after


KIND = Kind("deviation", "quality", TABLE, Deviation)
