"""Deviations: opened by a person or by a rule, concluded by who met it, closed by someone else under signature.

Source: 21 CFR 211.100(b) recorded and justified; 211.192 investigated before release.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from automation.gmp.marks import OPEN, of_owner, of_subject
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant


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


class Conclusion(Body):
    """What the author must state."""

    cause: str = field(label="Root cause", help="What made it happen, not what happened", length=3)
    impact: str = field(label="Impact on the lot", length=3)


_PEOPLE = frozenset({Right.PERFORM, Right.VERIFY, Right.SUPERVISE, Right.INVESTIGATE, Right.REVIEW, Right.SYSTEM})

TABLE = Table(
    State.ABSENT,
    (
        Row("open", State.ABSENT, State.OPEN, by=_PEOPLE, body=Opening),
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
    conclusion: Conclusion | None = None
    author: str = ""

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that is not closed is open; its subject; its owner."""
        open_one = (OPEN,) if self.state not in {State.ABSENT, State.CLOSED} else ()
        subject = (of_subject(self.opening.subject),) if self.opening else ()
        return (*open_one, *subject, of_owner(self.id.rpartition("-D")[0]))

    def check(self, fact: Fact, site: Site) -> None:  # noqa: ARG002  every object is asked the same way
        """Refuse the author as closer."""
        if fact.kind == "close" and fact.by == self.author:
            msg = f"deviation {self.id}: {fact.by} wrote the conclusion; someone else has to close it"
            raise RefusedError(msg)

    def apply(self, fact: Fact) -> Self:
        """Give the deviation as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        if fact.kind == "open":
            return replace(after, opening=fact.stated(Opening), opened_at=fact.at)
        if fact.kind == "conclude":
            return replace(after, conclusion=fact.stated(Conclusion), author=fact.by)
        return after


KIND = Kind("deviation", "quality", TABLE, Deviation)
