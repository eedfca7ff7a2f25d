"""Objects as the door and the views see them: a table, a fold over facts, and a read-only site.

Every object is one module with ``KIND``, ``TABLE`` and one frozen dataclass with ``state``, ``check`` and ``apply``.
No object is saved: it is the fold of its stream.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, Self, TypeVar

import msgspec
from pydantic import ValidationError

from automation.gmp.capacity import Capacity
from automation.gmp.words import Body
from automation.kernel.clock import MICRO
from automation.kernel.machine import Table
from automation.kernel.quantity import Instant
from automation.ledger.event import Event

_B = TypeVar("_B", bound=Body)


class Signed(msgspec.Struct, frozen=True):
    """A signature inside the event that it signs."""

    by: str
    name: str  # printed name
    meaning: str
    at: int  # us, UTC
    zone: str
    shown: str = ""  # SHA-256 of the bytes that were shown, hex
    strength: str = "signature"


class Recorded(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of a door event as stored: what was stated, who signed, what the decision read."""

    given: msgspec.Raw = msgspec.Raw(b"{}")
    signed: tuple[Signed, ...] = ()
    read: tuple[tuple[str, int], ...] = ()  # (stream, version) pairs that the decision looked at
    command: str = ""  # id of the command, against doing it twice


@dataclass(frozen=True, slots=True)
class Fact:
    """One recorded move as an object sees it; ``body`` is typed as the row says."""

    kind: str
    by: str
    at: Instant
    body: object
    signed: tuple[Signed, ...]
    seq: int
    stream: str
    version: int
    zone: str = "UTC"  # IANA name of the site's time zone, for dates that were stated

    def stated(self, body: type[_B]) -> _B:
        """Give the body as the type that the row names; raises TypeError when the row names another."""
        if not isinstance(self.body, body):
            msg = f"{self.stream} {self.kind} states no {body.__name__}"
            raise TypeError(msg)
        return self.body

    def signer(self, meaning: str) -> str:
        """Give who signed with a meaning; empty when nobody did."""
        return next((signature.by for signature in self.signed if signature.meaning == meaning), "")


class Thing(Protocol):
    """One object: a value that events fold into."""

    @property
    def id(self) -> str:
        """Give the id within its kind."""
        ...

    @property
    def state(self) -> str:
        """Give the state it stands in."""
        ...

    def check(self, fact: Fact, site: "Site") -> None:
        """Refuse what the table can't say; raises RefusedError and changes nothing."""
        ...

    def apply(self, fact: Fact) -> Self:
        """Give the object as it stands after the fact; pure."""
        ...


class Make(Protocol):
    """Makes an object that does not exist yet, from its id."""

    def __call__(self, id: str) -> Thing:  # noqa: A002  the field's own name
        """Give the object in its initial state."""
        ...


@dataclass(frozen=True, slots=True)
class Next:
    """A command that has to follow: which object, what, stating what."""

    stream: str
    command: str
    body: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Follow:
    """One line of what follows by itself: after which move of an object, which commands, by which clause."""

    id: str  # for ever: the ids of the commands are made from it
    on: str
    then: str  # in words, for the table that people read
    clause: str
    make: Callable[[Thing, Fact, "Site"], Iterable[Next]]  # the object as it stands after the move


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object: its word, its wing, its table, how to make one, and what follows from its moves."""

    word: str
    wing: str
    table: Table
    make: Make
    follows: tuple[Follow, ...] = ()
    coded: bool = False  # its ids are codes; what is no code might be the name of a patient, and is repeated nowhere


class Site(Protocol):
    """The read-only view of all objects that checks and views get."""

    def find(self, kind: str, id: str) -> Thing:  # noqa: A002  the field's own name
        """Give an object; one that was never heard of stands in its initial state."""
        ...

    def every(self, kind: str) -> Iterator[Thing]:
        """Give all objects of a kind in the order of their making; slow where there are many of all times."""
        ...

    def names(self, kind: str) -> Sequence[str]:
        """Give the ids of all objects of a kind, in the order of their making; quick also where they are many."""
        ...

    @property
    def seq(self) -> int:
        """Give the number of the last event."""
        ...

    def marked(self, kind: str, mark: str) -> Iterator[Thing]:
        """Give the objects of a kind that carry a mark, in the order in which they came to it."""
        ...

    def rights(self, person: str) -> frozenset[str]:
        """Give the rights of a person or of a system principal."""
        ...

    @property
    def roles(self) -> frozenset[str]:
        """Give the names of the roles that the site states."""
        ...

    @property
    def now(self) -> Instant:
        """Give the moment of the decision."""
        ...

    @property
    def zone(self) -> str:
        """Give the IANA name of the site's time zone."""
        ...

    @property
    def simulated(self) -> bool:
        """Tell whether the site is a simulated one."""
        ...

    @property
    def capacities(self) -> Mapping[str, Capacity]:
        """Give what the site states that several patients share."""
        ...

    @property
    def operations(self) -> frozenset[str]:
        """Give the names of the installed operations; empty where nobody knows them."""
        ...

    def keeps(self, sha256: str) -> bool:
        """Tell whether the site keeps a file with this hash; yes where nobody knows."""
        ...


def marks_of(thing: Thing) -> tuple[str, ...]:
    """Give the marks under which an object is found among those of its kind, besides its id; most carry none."""
    found: tuple[str, ...] = getattr(thing, "found_by", ())
    return found


def roles_of(person: Thing, now: Instant) -> tuple[str, ...]:
    """Give the roles of a person: none unless the account is active and its permit has not ended."""
    ends: Instant | None = getattr(person, "until", None)
    if person.state != "active" or (ends is not None and now > ends):
        return ()
    roles: tuple[str, ...] = getattr(person, "roles", ())
    return roles


def fact(event: Event, table: Table, state: str) -> Fact:
    """Read an event as a fact of an object that stands in ``state``; raises DamagedError."""
    recorded = event.read(Recorded)
    row = table.row(state, event.kind)
    try:
        body = row.body.model_validate_json(bytes(recorded.given)) if row.body is not None else None
    except ValidationError as error:
        raise event.damaged(error) from error
    return Fact(
        event.kind,
        event.by,
        Instant(event.at / MICRO),
        body,
        recorded.signed,
        event.seq,
        event.stream,
        event.version,
        event.zone,
    )
