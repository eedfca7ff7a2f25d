"""Safety notices: what is dangerous and what everybody does about it, until each of those concerned has signed for it.

Whoever is named, or holds a named role when it is issued, has it on the own list until it is read and understood. A
notice may name operations: who has not signed for it answers nothing of them. It is issued by one, at once; what it
comes from, and what comes of it, is cited.
Source: 29 CFR 1910.1200(h), 1910.1450(f) (people informed of hazards); EU GMP chapter 2, 2.1; ICH Q10 2.5.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, Self, cast

from automation.gmp.codes import Moment, moment
from automation.gmp.due import Due, until
from automation.gmp.evidence import is_here
from automation.gmp.marks import OPEN, of_person, of_subject
from automation.gmp.objects import Fact, Follow, Kind, Next, Site, Thing
from automation.gmp.operating import check_operations
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

NOTICE = "safety-notice"


class State(StrEnum):
    """Where a notice stands."""

    ABSENT = "absent"
    ISSUED = "issued"
    ENDED = "ended"


class Issue(Body):
    """What is dangerous, what is done about it, whom it concerns, until when they have to know."""

    title: str = field(label="Title", length=3)
    hazard: str = field(label="What can happen", length=3)
    measure: str = field(label="What everybody does", length=3)
    people: tuple[str, ...] = field(label="People", help="Whom it concerns, beside the roles", default=())
    roles: tuple[str, ...] = field(label="Roles", help="Of the site; who holds one now is concerned", default=())
    operations: tuple[str, ...] = field(
        label="Operations", help="Nobody concerned answers for them before having signed", default=()
    )
    source: tuple[str, ...] = field(label="Comes from", help="Streams: observation/..., fault/...", default=())
    by: Moment = field(label="To be read by")


class Addressees(Body):
    """Who holds the roles of the notice."""

    people: tuple[str, ...] = field(label="People", length=1)


class Word(Body):
    """What the reader asks or adds."""

    remark: str = field(label="Remark", default="")


_ISSUERS = frozenset({Right.SUPERVISE, Right.REVIEW, Right.APPROVE, Right.MAINTAIN})
_ANYBODY = frozenset(Right) - {Right.SYSTEM}

TABLE = Table(
    State.ABSENT,
    (
        Row("issue", State.ABSENT, State.ISSUED, by=_ISSUERS, signs=(Meaning.RESPONSIBLE,), body=Issue),
        Row("address", State.ISSUED, State.ISSUED, by={Right.SYSTEM}, body=Addressees),
        Row("acknowledge", State.ISSUED, State.ISSUED, by=_ANYBODY, signs=(Meaning.UNDERSTOOD,), body=Word),
        Row("end", State.ISSUED, State.ENDED, by=_ISSUERS, signs=(Meaning.RESPONSIBLE,), body=Reason),
    ),
)


class _Person(Protocol):
    """What a notice asks of a person."""

    id: str
    state: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    warning: Issue | None = None
    issued_at: Instant = Instant(0.0)
    issued_by: str = ""
    due_at: Instant = Instant(0.0)
    people: tuple[str, ...] = ()  # everybody whom it concerns
    read: tuple[tuple[str, str], ...] = ()  # who has signed, with the remark
    ended: str = ""

    @property
    def waiting(self) -> tuple[str, ...]:
        """Give those who have not signed yet."""
        signed = {who for who, _ in self.read}
        return tuple(one for one in self.people if one not in signed)

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that is not ended is open, and bars the operations that it names; what it comes from."""
        said = self.warning
        going = (OPEN, *map(barring, said.operations)) if said and self.state is State.ISSUED else ()
        return (*going, *map(of_person, self.people), *map(of_subject, said.source if said else ()))

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: read by everybody whom it concerns."""
        if self.state is not State.ISSUED or self.warning is None:
            return ()
        what = f"read safety notice {self.id}: {self.warning.title}"
        late = Right.SUPERVISE
        return tuple(
            until(what, owner=one, since=self.issued_at, by=self.due_at, escalate=late) for one in self.waiting
        )

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse a notice to nobody or from nothing, a signature of who is not concerned, and a second one."""
        if isinstance(fact.body, Issue):
            self._check_issue(fact, fact.body, site)
        if fact.kind == "acknowledge":
            self._refuse(fact.by not in self.people, f"does not concern {fact.by}")
            self._refuse(fact.by not in self.waiting, f"was read by {fact.by} before")

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"safety notice {self.id} {why}")

    def _check_issue(self, fact: Fact, said: Issue, site: Site) -> None:
        check_operations(said.operations, site, where=f"safety notice {self.id}")
        strangers = [name for name in said.people if site.find("person", name).state != "active"]
        self._refuse(bool(strangers), f"is for {', '.join(strangers)}, who is no active person here")
        empty = [role for role in said.roles if not any(_holders(site, (role,)))]
        self._refuse(bool(empty), f"is for {', '.join(empty)}, which nobody holds")
        self._refuse(not said.people and not said.roles, "is for nobody: people or roles are needed")
        absent = [one for one in said.source if not is_here(one, site)]
        self._refuse(bool(absent), f"comes from {', '.join(absent)}, which is nothing here")
        self._refuse(moment(said.by, zone=fact.zone) <= fact.at, f"is to be read by {said.by}, which is over")

    def told(self, site: Site) -> tuple[str, ...]:  # noqa: ARG002  every object is asked the same way
        """Say who has read it and who has not."""
        if self.warning is None:
            return ()
        lines = [f"{who}: read and understood" + (f" ({remark})" if remark else "") for who, remark in self.read]
        return (self.warning.measure, *lines, *(f"{who}: not read" for who in self.waiting))

    def apply(self, fact: Fact) -> Self:
        """Give the notice as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        match fact.body:
            case Issue() as said:
                due = moment(said.by, zone=fact.zone)
                made = replace(after, warning=said, issued_at=fact.at, issued_by=fact.by)
                return replace(made, due_at=due, people=tuple(dict.fromkeys(said.people)))
            case Addressees(people=people):
                return replace(after, people=tuple(dict.fromkeys((*self.people, *people))))
            case Word(remark=remark):
                return replace(after, read=(*self.read, (fact.by, remark)))
        return replace(after, ended=fact.stated(Reason).reason)


def barring(operation: str) -> str:
    """Give the mark of the notices that have to be read before an operation."""
    return f"bars {operation}"


def unread(site: Site, person: str, *, operation: str) -> str:
    """Say which notice a person has to read before an operation; empty when there is none."""
    for one in site.marked(NOTICE, barring(operation.partition("@")[0])):
        if person in cast("Notice", one).waiting:
            return f"for which {person} has to read safety notice {one.id}"
    return ""


def _holders(site: Site, roles: Iterable[str]) -> Iterable[str]:
    people = (cast("_Person", one) for one in site.every("person"))
    return (one.id for one in people if one.state == "active" and set(one.roles) & set(roles))


def _issued(thing: Thing, _fact: Fact, site: Site) -> Iterable[Next]:
    """Address everybody who holds a named role."""
    notice = cast("Notice", thing)
    people = list(_holders(site, notice.warning.roles if notice.warning else ()))
    if people:
        yield Next(f"{NOTICE}/{notice.id}", "address", {"people": people})


FOLLOWS = (
    Follow(
        "safety-notice-addressed", "issue", "whoever holds a named role is addressed", "29 CFR 1910.1200(h)", _issued
    ),
)

KIND = Kind(NOTICE, "quality", TABLE, Notice, FOLLOWS)
