"""All objects of a site as they stand, folded from a ledger that is only read; the site's owner is not disturbed."""

from collections.abc import Iterable, Iterator, Mapping

from automation.gmp.objects import Kind, Thing, fact, marks_of, roles_of
from automation.gmp.registry import KINDS
from automation.gmp.words import SYSTEM, Right
from automation.kernel.clock import MICRO
from automation.kernel.errors import InputError
from automation.kernel.quantity import Instant
from automation.ledger.event import Event, Mode
from automation.ledger.read import Reader


class Objects:
    """Every object by kind and id, with its events; a ``gmp.objects.Site`` that can't be written to."""

    def __init__(self, reader: Reader, *, roles: Mapping[str, frozenset[str]] | None = None) -> None:
        """Fold the whole ledger; ``roles`` maps the site's roles to rights. ``now`` is its last event's moment."""
        self.reader = reader
        self._roles = roles or {}
        self._things: dict[tuple[str, str], Thing] = {}
        self._events: dict[str, list[Event]] = {}
        self.now = Instant(reader.last.at / MICRO)
        for event in reader.events():
            self._events.setdefault(event.stream, []).append(event)
            self._fold(event)

    @property
    def zone(self) -> str:
        """Give the IANA name of the site's time zone."""
        return self.reader.genesis.zone

    @property
    def simulated(self) -> bool:
        """Tell whether the site is a simulated one."""
        return self.reader.genesis.mode is Mode.SIMULATED

    @property
    def streams(self) -> Mapping[str, list[Event]]:
        """Give the events of every stream."""
        return self._events

    def version(self, stream: str) -> int:
        """Give the version of a stream as it was looked at; 0 when it has no event."""
        events = self._events.get(stream)
        return events[-1].version if events else 0

    def find(self, kind: str, id: str) -> Thing:  # noqa: A002  the field's own name
        """Give an object; one that was never heard of stands in its initial state."""
        return self._things.get((kind, id)) or KINDS[kind].make(id)

    def every(self, kind: str) -> Iterator[Thing]:
        """Give all objects of a kind in the order of their making."""
        return (thing for (word, _), thing in self._things.items() if word == kind)

    def marked(self, kind: str, mark: str) -> Iterator[Thing]:
        """Give the objects of a kind that carry a mark, in the order of their making."""
        return (thing for thing in self.every(kind) if mark in marks_of(thing))

    def has(self, kind: str, id: str) -> bool:  # noqa: A002  as above
        """Tell whether an object was ever heard of."""
        return (kind, id) in self._things

    def known(self, kind: str, id: str) -> Thing:  # noqa: A002  as above
        """Give an object that is there; raises InputError that names those that are."""
        if (kind, id) not in self._things:
            there = ", ".join(thing.id for thing in self.every(kind)) or "none"
            raise InputError(f"{kind} {id!r} is not known at this site; known: {there}")
        return self._things[kind, id]

    def rights(self, person: str) -> frozenset[str]:
        """Give the rights of a person or of a system principal."""
        if person.startswith(f"{SYSTEM}:"):
            return frozenset({Right.SYSTEM})
        return self.rights_of(roles_of(self.find("person", person), self.now))

    def rights_of(self, roles: Iterable[str]) -> frozenset[str]:
        """Give the rights that some roles have at this site."""
        return frozenset().union(*(self._roles.get(role, frozenset()) for role in roles))

    def _fold(self, event: Event) -> None:
        word, _, name = event.stream.partition("/")
        kind: Kind | None = KINDS.get(word)
        if kind is None or "/" in name:
            return
        thing = self._things.get((word, name)) or kind.make(name)
        self._things[word, name] = thing.apply(fact(event, kind.table, thing.state))
