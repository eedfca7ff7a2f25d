"""Inspections and audits: who looks, at what, what they looked at, what they found, and what was answered.

An inspector is a person with the right to read and no other, in a self inspection somebody of the site who did not
announce it and does not respond to it; every look through the program is on the record before it is shown
(``cellwright inspect``). It closes when every question is answered and every finding has its CAPA or reason.
Source: EU GMP chapter 9 (self inspection), 9.1 to 9.3; 21 CFR 211.180(c) (records ready for inspection); ICH Q10 3.2.4.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, Self, cast

from automation.gmp.codes import Moment, moment
from automation.gmp.due import DAY, Due, until, within
from automation.gmp.marks import OPEN
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.words import Body, Meaning, Right, Strength, field
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

_CLOSE_IN = 30 * DAY  # s


class State(StrEnum):
    """Where an inspection stands."""

    ABSENT = "absent"
    ANNOUNCED = "announced"
    UNDER_WAY = "under way"
    ENDED = "ended"
    CLOSED = "closed"


class Sort(StrEnum):
    """Whose inspection it is."""

    SELF = "self inspection"
    AUTHORITY = "authority"
    CUSTOMER = "customer"
    SUPPLIER = "supplier"


class Grade(StrEnum):
    """How serious a finding is."""

    CRITICAL = "critical"
    MAJOR = "major"
    OTHER = "other"


class Announcement(Body):
    """Who comes when to look at what."""

    sort: Sort = field(label="Sort", help="self inspection, authority, customer or supplier")
    party: str = field(label="Who inspects", help="Authority, department or company", length=2)
    scope: str = field(label="Scope", length=3)
    begins: Moment = field(label="Begins")
    inspectors: tuple[str, ...] = field(
        label="Inspectors", help="Persons with the right to read, and no other but for a self inspection", length=1
    )


class Look(Body):
    """What was looked at."""

    what: str = field(label="What was looked at", length=1)


class Finding(Body):
    """What the inspectors found."""

    number: int = field(label="Number", low=1)
    text: str = field(label="Finding", length=3)
    grade: Grade = field(label="Grade", help="critical, major or other")


class Response(Body):
    """What is done about a finding."""

    number: int = field(label="Number", low=1)
    text: str = field(label="Response", length=3)
    capa: tuple[str, ...] = field(label="CAPA", default=())


class Outcome(Body):
    """How it ended."""

    outcome: str = field(label="Outcome", length=3)


_HOSTS = frozenset({Right.REVIEW, Right.APPROVE})
_QUALITY = _HOSTS | {Right.INVESTIGATE}

TABLE = Table(
    State.ABSENT,
    (
        Row("announce", State.ABSENT, State.ANNOUNCED, by=_QUALITY, body=Announcement),
        Row("begin", State.ANNOUNCED, State.UNDER_WAY, by=_HOSTS),
        Row("look", State.UNDER_WAY, State.UNDER_WAY, by={Right.READ}, body=Look, strength=Strength.VERIFY),
        Row("find", State.UNDER_WAY, State.UNDER_WAY, by=_QUALITY, body=Finding),
        Row("end", State.UNDER_WAY, State.ENDED, by=_HOSTS, signs=(Meaning.RESPONSIBLE,)),
        Row("respond", State.ENDED, State.ENDED, by=_QUALITY, signs=(Meaning.AUTHORED,), body=Response),
        Row("close", State.ENDED, State.CLOSED, by={Right.APPROVE}, signs=(Meaning.APPROVED,), body=Outcome),
    ),
)


class _Question(Protocol):
    """What an inspection asks of a question."""

    id: str
    state: str


def of_inspection(inspection: str) -> str:
    """Give the mark of the questions of an inspection."""
    return f"inspection {inspection}"


@dataclass(frozen=True, slots=True)
class Inspection:
    """One inspection, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    announcement: Announcement | None = None
    begins_at: Instant = Instant(0.0)
    moved_at: Instant = Instant(0.0)  # of the last move that is no look
    looks: int = 0
    findings: tuple[Finding, ...] = ()
    responses: tuple[Response, ...] = ()
    responders: frozenset[str] = frozenset()
    outcome: str = ""

    @property
    def inspectors(self) -> tuple[str, ...]:
        """Give who may look."""
        return self.announcement.inspectors if self.announcement else ()

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that is not closed is open."""
        return () if self.state in {State.ABSENT, State.CLOSED} else (OPEN,)

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: prepared until it begins, responded to and closed within 30 days."""
        if self.state is State.ANNOUNCED:
            what = f"prepare inspection {self.id}"
            return (until(what, owner=Right.REVIEW, since=self.moved_at, by=self.begins_at),)
        if self.state is State.ENDED:
            what = f"respond to the findings of inspection {self.id} and close it"
            return (within(what, owner=Right.APPROVE, since=self.moved_at, given=_CLOSE_IN),)
        return ()

    def told(self, site: Site) -> tuple[str, ...]:
        """Say what keeps it from being closed."""
        return tuple(self._left(site)) if self.state in {State.UNDER_WAY, State.ENDED} else ()

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse inspectors who can do more than read, looks of others, and a close before all is answered."""
        match fact.body:
            case Announcement() as said:
                self._check_inspectors(fact, said, site)
            case Look():
                self._refuse(
                    fact.by not in self.inspectors, f"is not {fact.by}'s: {', '.join(self.inspectors)} may look"
                )
                more = not self._own and site.rights(fact.by) != {Right.READ}
                self._refuse(more, f"is read only; {fact.by} can do more than read")
            case Finding(number=number):
                self._refuse(
                    number != len(self.findings) + 1, f"has {len(self.findings)} findings; number the next one on"
                )
            case Response() as said:
                judge = self._own and fact.by in self.inspectors
                self._refuse(judge, f"was made by {fact.by}; somebody else has to respond to it")
                self._refuse(said.number > len(self.findings), f"has no finding {said.number}")
                absent = [name for name in said.capa if site.find("capa", name).state in {"absent", "cancelled"}]
                self._refuse(bool(absent), f"is answered by CAPA {', '.join(absent)}, which is not there")
                serious = said.number <= len(self.findings) and self.findings[said.number - 1].grade is not Grade.OTHER
                self._refuse(serious and not said.capa, f"finding {said.number} needs a CAPA")
            case Outcome():
                self._refuse(fact.by in self.responders, f"was responded to by {fact.by}; someone else has to close it")
                left = tuple(self._left(site))
                self._refuse(bool(left), f"can't be closed: {'; '.join(left)}")

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"inspection {self.id} {why}")

    @property
    def _own(self) -> bool:
        return self.announcement is not None and self.announcement.sort is Sort.SELF

    def _check_inspectors(self, fact: Fact, said: Announcement, site: Site) -> None:
        """Refuse strangers who can do more than read; people of the site inspect their own house, not at their word."""
        for person in said.inspectors:
            rights = site.rights(person)
            if said.sort is Sort.SELF:
                self._refuse(Right.READ not in rights, f"can't have {person} as inspector, who may not read")
                self._refuse(person == fact.by, f"can't be announced by {person}, who is to inspect")
            else:
                why = "who has to have the right to read and no other"
                self._refuse(rights != {Right.READ}, f"can't have {person} as inspector, {why}")

    def _left(self, site: Site) -> Iterator[str]:
        for one in (cast("_Question", one) for one in site.marked("question", of_inspection(self.id))):
            if one.state in {"asked", "answered"}:
                yield f"question {one.id} is {one.state}"
        responded = {one.number for one in self.responses}
        yield from (f"finding {one.number} has no response" for one in self.findings if one.number not in responded)

    def apply(self, fact: Fact) -> Self:
        """Give the inspection as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        match fact.body:
            case Look():
                return replace(after, looks=self.looks + 1)
            case Announcement() as said:
                begins = moment(said.begins, zone=fact.zone)
                return replace(after, announcement=said, begins_at=begins, moved_at=fact.at)
            case Finding() as said:
                return replace(after, findings=(*self.findings, said))
            case Response() as said:
                responders = self.responders | {fact.by}
                return replace(after, responses=(*self.responses, said), responders=responders)
            case Outcome(outcome=outcome):
                return replace(after, outcome=outcome)
        return replace(after, moved_at=fact.at)


KIND = Kind("inspection", "quality", TABLE, Inspection)
