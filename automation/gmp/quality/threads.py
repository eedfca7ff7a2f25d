"""Threads: what people write to each other beside a record, with whom has to answer; nothing in it is ever a decision.

A thread belongs to one object and is shown with it. Whoever is asked has it on the own list until answered. What is
written stays; what it comes to is stated when it is closed, and what has to be done is an object of its own.
Source: ICH Q10 2.5 (communication across functions and sites); EU GMP chapter 2, 2.1, chapter 7, 7.11.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from automation.gmp.due import DAY, Due, within
from automation.gmp.evidence import is_here
from automation.gmp.marks import OPEN, of_subject
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.words import Body, Right, field
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

_ANSWER_IN = 2 * DAY  # s


class State(StrEnum):
    """Where a thread stands."""

    ABSENT = "absent"
    OPEN = "open"
    CLOSED = "closed"


class Message(Body):
    """What is written, and who has to answer."""

    text: str = field(label="Text", help="Never a name or birth date of a patient", length=2)
    asks: tuple[str, ...] = field(label="Asks", help="Persons who have to answer", default=())


class Opening(Message):
    """The first message: about which record."""

    subject: str = field(label="About", help="A stream: batch/..., shipment/..., deviation/...", length=3)
    topic: str = field(label="Topic", length=3)


class Closing(Body):
    """What it came to."""

    outcome: str = field(label="Outcome", help="With the objects that came of it", length=3)


_ANYBODY = frozenset(Right) - {Right.SYSTEM}

TABLE = Table(
    State.ABSENT,
    (
        Row("open", State.ABSENT, State.OPEN, by=_ANYBODY, body=Opening),
        Row("say", State.OPEN, State.OPEN, by=_ANYBODY, body=Message),
        Row("close", State.OPEN, State.CLOSED, by=_ANYBODY, body=Closing),
        Row("reopen", State.CLOSED, State.OPEN, by=_ANYBODY, body=Message),
    ),
)


@dataclass(frozen=True, slots=True)
class Said:
    """One message."""

    by: str
    at: Instant
    text: str


@dataclass(frozen=True, slots=True)
class Thread:
    """One thread, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    subject: str = ""
    topic: str = ""
    opened_by: str = ""
    messages: tuple[Said, ...] = ()
    asked: tuple[tuple[str, Instant], ...] = ()  # who has to answer, since when
    outcome: str = ""

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that is not closed is open; what it is about."""
        about = (of_subject(self.subject),) if self.subject else ()
        return (*about, *((OPEN,) if self.state is State.OPEN else ()))

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: whoever is asked answers in two days."""
        if self.state is not State.OPEN:
            return ()
        what = f"answer in thread {self.id} about {self.subject}: {self.topic}"
        late = Right.SUPERVISE
        return tuple(within(what, owner=who, since=at, given=_ANSWER_IN, escalate=late) for who, at in self.asked)

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse a thread about nothing, a question to nobody, and an end while somebody still has to answer."""
        if isinstance(fact.body, Opening):
            nothing = not is_here(fact.body.subject, site)
            self._refuse(nothing, f"is about {fact.body.subject}, which is nothing here")
        if isinstance(fact.body, Message):
            strangers = [name for name in fact.body.asks if site.find("person", name).state != "active"]
            self._refuse(bool(strangers), f"asks {', '.join(strangers)}, who is no active person here")
            self._refuse(fact.by in fact.body.asks, f"asks {fact.by}, who is writing")
        if fact.kind == "close":
            owner = fact.by == self.opened_by or bool({Right.SUPERVISE, Right.REVIEW} & site.rights(fact.by))
            whose = f"was opened by {self.opened_by}, who closes it, or somebody with the right review or supervise"
            self._refuse(not owner, whose)
            left = [who for who, _ in self.asked if who != fact.by]
            self._refuse(bool(left), f"can't be closed: {', '.join(left)} has to answer")

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"thread {self.id} {why}")

    def told(self, site: Site) -> tuple[str, ...]:  # noqa: ARG002  every object is asked the same way
        """Give what was written, in order."""
        return tuple(f"{one.by}: {one.text}" for one in self.messages)

    def apply(self, fact: Fact) -> Self:
        """Give the thread as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        if isinstance(fact.body, Closing):
            return replace(after, outcome=fact.body.outcome, asked=())
        said = fact.stated(Message)
        if isinstance(said, Opening):
            after = replace(after, subject=said.subject, topic=said.topic, opened_by=fact.by)
        still = [(who, at) for who, at in self.asked if who != fact.by and who not in said.asks]
        asked = (*still, *((who, fact.at) for who in dict.fromkeys(said.asks)))
        return replace(after, asked=asked, messages=(*self.messages, Said(fact.by, fact.at, said.text)), outcome="")


KIND = Kind("thread", "quality", TABLE, Thread)
