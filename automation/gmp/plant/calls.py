"""Calls: for an alarm that nobody has acted on, the people of the roster are called one after the other.

A call stands until somebody acts: acknowledging the alarm is acting. Each person called is an event of its own.
Units:  ``until`` is a moment (s, UTC).
Source: FACT-JACIE (alarms of storage reach staff around the clock); ISA-18.2 (time to respond).
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from automation.gmp.marks import OPEN
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.words import Body, Reason, Right, field
from automation.kernel.clock import iso
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant


class State(StrEnum):
    """Where a call stands."""

    ABSENT = "absent"
    CALLING = "calling"
    ANSWERED = "answered"


class Calling(Body):
    """Who is called, for which alarm, and until when it is waited for an act."""

    alarm: str = field(label="Alarm", length=1)
    person: str = field(label="Person", length=1)
    number: int = field(label="Number of the call", low=1)
    until: float = field(label="Until", unit="s")
    text: str = field(label="Text", default="")


_PROGRAM = frozenset({Right.SYSTEM})

TABLE = Table(
    State.ABSENT,
    (
        Row("call", State.ABSENT, State.CALLING, by=_PROGRAM, body=Calling),
        Row("call", State.ANSWERED, State.CALLING, by=_PROGRAM, body=Calling),
        Row("next", State.CALLING, State.CALLING, by=_PROGRAM, body=Calling),
        Row("answer", State.CALLING, State.ANSWERED, by=_PROGRAM, body=Reason),
    ),
)


@dataclass(frozen=True, slots=True)
class Call:
    """The calls for one alarm, folded from their events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    calling: Calling | None = None
    called_at: Instant | None = None
    called: tuple[str, ...] = ()  # everybody who was called since it began, once each
    answer: str = ""

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that waits for somebody is open."""
        return (OPEN,) if self.state is State.CALLING else ()

    @property
    def due(self) -> Instant | None:
        """Give when the next one is called; None when nobody is waited for."""
        return Instant(self.calling.until) if self.state is State.CALLING and self.calling else None

    def check(self, fact: Fact, site: Site) -> None:  # noqa: ARG002  every object is asked the same way
        """Refuse to call the next person before the time of the last one is over."""
        if fact.kind == "next" and self.due is not None and fact.at < self.due:
            person = self.calling.person if self.calling else ""
            msg = f"call {self.id}: {person} has time until {iso(self.due)}"
            raise RefusedError(msg)

    def apply(self, fact: Fact) -> Self:
        """Give the call as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        if fact.kind == "answer":
            return replace(after, answer=fact.stated(Reason).reason)
        said = fact.stated(Calling)
        before = self.called if fact.kind == "next" else ()
        called = tuple(dict.fromkeys((*before, said.person)))
        return replace(after, calling=said, called_at=fact.at, called=called, answer="")


KIND = Kind("call", "plant", TABLE, Call)
