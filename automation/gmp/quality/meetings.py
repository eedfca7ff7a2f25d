"""Meetings: who was there, what was decided on which grounds, what has to be done; approved by another who was there.

A course is a meeting, too: who is present attended it. The actions of the minutes are opened by themselves when the
minutes are approved: ``M-7`` gives ``action/M-7-A1``.
Source: ICH Q10 2.6, 3.2.4 (management review); EU GMP chapter 1, 1.6.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self, cast

from automation.gmp.codes import Moment, moment
from automation.gmp.due import DAY, Due, within
from automation.gmp.marks import OPEN
from automation.gmp.objects import Fact, Follow, Kind, Next, Site, Thing
from automation.gmp.words import Body, Meaning, Right, field
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

_APPROVE_IN = 5 * DAY  # s


class State(StrEnum):
    """Where the minutes of a meeting stand."""

    ABSENT = "absent"
    MINUTED = "minuted"
    APPROVED = "approved"


class Sort(StrEnum):
    """What the meeting was for."""

    TEAM = "team"
    SAFETY_REVIEW = "safety review"
    MANAGEMENT_REVIEW = "management review"
    IMPROVEMENT = "improvement board"
    STUDY = "study"
    COURSE = "course"


class Decision(Body):
    """One decision and its grounds."""

    text: str = field(label="Decision", length=3)
    grounds: str = field(label="Grounds", help="Why, with streams or documents", length=3)


class Agreed(Body):
    """One thing that somebody does."""

    what: str = field(label="What", length=3)
    owner: str = field(label="Owner", help="A person", length=1)
    due: Moment = field(label="To be done by")


class Check(Body):
    """One line of a checklist."""

    item: str = field(label="Item", length=2)
    good: bool = field(label="In order")
    remark: str = field(label="Remark", default="")


class Minutes(Body):
    """The minutes of a meeting."""

    topic: str = field(label="Topic", length=3)
    sort: Sort = field(label="Sort", help="team, safety review, management review, improvement board, study or course")
    held: Moment = field(label="Held at")
    present: tuple[str, ...] = field(label="Present", help="Persons", length=2)
    decisions: tuple[Decision, ...] = field(label="Decisions", default=())
    actions: tuple[Agreed, ...] = field(label="Actions", default=())
    checklist: tuple[Check, ...] = field(label="Checklist", help="Of a review", default=())


_WRITERS = frozenset(Right) - {Right.READ, Right.SYSTEM}
_APPROVERS = frozenset({Right.SUPERVISE, Right.REVIEW, Right.APPROVE, Right.INVESTIGATE})

TABLE = Table(
    State.ABSENT,
    (
        *(
            Row("minute", state, State.MINUTED, by=_WRITERS, signs=(Meaning.AUTHORED,), body=Minutes)
            for state in (State.ABSENT, State.MINUTED)
        ),
        Row("approve", State.MINUTED, State.APPROVED, by=_APPROVERS, signs=(Meaning.REVIEWED,)),
    ),
)


@dataclass(frozen=True, slots=True)
class Meeting:
    """One meeting, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    minutes: Minutes | None = None
    authors: frozenset[str] = frozenset()
    minuted_at: Instant = Instant(0.0)
    approved_by: str = ""

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one whose minutes are not approved is open."""
        return (OPEN,) if self.state is State.MINUTED else ()

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: approved in five days."""
        if self.state is not State.MINUTED:
            return ()
        what = f"approve the minutes of meeting {self.id}"
        return (within(what, owner=Right.SUPERVISE, since=self.minuted_at, given=_APPROVE_IN),)

    def told(self, site: Site) -> tuple[str, ...]:
        """Say who attended a course; nothing of other meetings, whose minutes say it."""
        said = self.minutes
        if said is None or said.sort is not Sort.COURSE:
            return ()
        names = [f"{getattr(site.find('person', one), 'name', '') or one} ({one})" for one in said.present]
        return (f"attended by {len(names)}: {', '.join(names)}",)

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse people who are nobody, a meeting to come, what is not in order without action, a wrong approver."""
        if isinstance(fact.body, Minutes):
            self._check_minutes(fact, fact.body, site)
        if fact.kind == "approve":
            present = self.minutes.present if self.minutes else ()
            self._refuse(fact.by in self.authors, f"was minuted by {fact.by}; someone else has to approve it")
            self._refuse(fact.by not in present, f"can't be approved by {fact.by}, who was not there")

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"meeting {self.id} {why}")

    def _check_minutes(self, fact: Fact, said: Minutes, site: Site) -> None:
        twice = sorted({name for name in said.present if said.present.count(name) > 1})
        self._refuse(bool(twice), f"names {', '.join(twice)} twice among the present")
        strangers = [name for name in said.present if site.find("person", name).state == "absent"]
        self._refuse(bool(strangers), f"names {', '.join(strangers)}, who is nobody here")
        self._refuse(moment(said.held, zone=fact.zone) > fact.at, f"was held at {said.held}, which is still to come")
        for one in said.actions:
            active = site.find("person", one.owner).state == "active"
            self._refuse(not active, f"has an action for {one.owner}, who is no active person here")
            late = moment(one.due, zone=fact.zone) <= fact.at
            self._refuse(late, f"has an action to be done by {one.due}, which is over")
        bad = [one.item for one in said.checklist if not one.good]
        self._refuse(bool(bad) and not said.actions, f"found {', '.join(bad)} not in order: an action is needed")

    def apply(self, fact: Fact) -> Self:
        """Give the meeting as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        if isinstance(fact.body, Minutes):
            return replace(after, minutes=fact.body, authors=self.authors | {fact.by}, minuted_at=fact.at)
        return replace(after, approved_by=fact.by)


def _opened(thing: Thing, _fact: Fact, _site: Site) -> Iterable[Next]:
    meeting = cast("Meeting", thing)
    for number, one in enumerate(meeting.minutes.actions if meeting.minutes else (), 1):
        said = {"what": one.what, "owner": one.owner, "due": one.due, "source": f"meeting/{meeting.id}"}
        yield Next(f"action/{meeting.id}-A{number}", "open", said)


FOLLOWS = (Follow("meeting-actions", "approve", "its actions are opened", "ICH Q10 3.2.4", _opened),)

KIND = Kind("meeting", "quality", TABLE, Meeting, FOLLOWS)
