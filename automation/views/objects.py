"""All objects of a site as they stand, in a ledger that is only read; the site's owner is not disturbed.

What the owner keeps beside the ledger saves reading it: then an object, and those that carry a mark, are found without
a look at the others. Without it the whole ledger is read at once. Whatever is looked at stands as after one event,
``last``.
"""

from collections.abc import Collection, ItemsView, Iterable, Iterator, Mapping, Sequence, ValuesView
from dataclasses import dataclass, field
from types import MappingProxyType

from automation.gmp.capacity import Capacity
from automation.gmp.nearest import nearest
from automation.gmp.objects import Thing, roles_of
from automation.gmp.registry import KINDS
from automation.gmp.things import Things
from automation.gmp.words import SYSTEM, Right
from automation.kernel.clock import MICRO
from automation.kernel.errors import DamagedError, InputError
from automation.kernel.quantity import Instant
from automation.ledger import mentions
from automation.ledger.event import Event, Mode
from automation.ledger.read import Reader, matches
from automation.ledger.shelf import Shelf


class Objects:
    """Every object by kind and id, with its events; a ``gmp.objects.Site`` that can't be written to."""

    def __init__(
        self,
        reader: Reader,
        *,
        roles: Mapping[str, frozenset[str]] | None = None,
        capacities: Mapping[str, Capacity] = MappingProxyType({}),
        shelf: Shelf | None = None,
    ) -> None:
        """Look at the ledger as it stands; ``roles`` maps the site's roles to rights.

        ``now`` is the last event's moment. ``shelf`` is what the owner keeps; it has to be opened before, read-only.
        """
        reader.pin()
        self.reader = reader
        self.last = reader.last
        self.now = Instant(self.last.at / MICRO)
        self.streams: Mapping[str, list[Event]] = _Streams(reader)
        self.capacities = capacities
        self.operations: frozenset[str] = frozenset()
        self._roles = roles or {}
        self._shelf = shelf if shelf is not None and 0 < shelf.base <= self.last.seq else None
        self._things = Things(KINDS, reader, self._shelf)
        if self._shelf is None:
            self.streams = dict(self.streams.items())

    @property
    def zone(self) -> str:
        """Give the IANA name of the site's time zone."""
        return self.reader.genesis.zone

    @property
    def simulated(self) -> bool:
        """Tell whether the site is a simulated one."""
        return self.reader.genesis.mode is Mode.SIMULATED

    @property
    def kept_to(self) -> int:
        """Give the event up to which something is kept that can be relied on; 0 when the whole ledger is read."""
        return self._shelf.base if self._shelf is not None else 0

    def under(self, prefix: str) -> dict[str, list[Event]]:
        """Give the streams below a prefix, by first event."""
        if isinstance(self.streams, dict):
            return {name: events for name, events in self.streams.items() if matches(name, prefix)}
        found: dict[str, list[Event]] = {}
        for event in self.reader.events(prefix=prefix):
            found.setdefault(event.stream, []).append(event)
        return found

    def backwards(self, stream: str) -> Iterator[Event]:
        """Give the events of one stream, the last one first; what nobody goes back to is not read."""
        if isinstance(self.streams, dict):
            return reversed(self.streams.get(stream, ()))
        return self.reader.backwards(stream)

    def version(self, stream: str) -> int:
        """Give the version of a stream as it was looked at; 0 when it has no event."""
        if isinstance(self.streams, dict):
            return len(self.streams.get(stream, ()))
        return self.reader.version(stream)

    def mentions(self, texts: Collection[str], *, latest: int = 0) -> mentions.Found:
        """Give the events that name one of some texts, only so many of the latest unless ``latest`` is 0."""
        if self._shelf is not None:
            try:
                return mentions.find(texts, self.reader, self._shelf, latest=latest)
            except DamagedError:
                self._shelf.drop()
        return mentions.find(texts, self.reader, None, latest=latest)

    def find(self, kind: str, id: str) -> Thing:  # noqa: A002  the field's own name
        """Give an object; one that was never heard of stands in its initial state."""
        return self._things.find(kind, id) or KINDS[kind].make(id)

    def every(self, kind: str) -> Iterator[Thing]:
        """Give all objects of a kind in the order of their making."""
        return iter(self._things.every(kind))

    def marked(self, kind: str, mark: str) -> Iterator[Thing]:
        """Give the objects of a kind that carry a mark, in the order in which they came to it."""
        return iter(self._things.marked(kind, mark))

    def names(self, kind: str) -> Sequence[str]:
        """Give the ids of all objects of a kind, by first event."""
        return self.reader.names(kind)

    def keeps(self, sha256: str) -> bool:  # noqa: ARG002  who only reads lets nothing be stated
        """Say yes: files are looked for where something is stated by them."""
        return True

    @property
    def seq(self) -> int:
        """Give the number of the last event."""
        return self.last.seq

    def has(self, kind: str, id: str) -> bool:  # noqa: A002  as above
        """Tell whether an object was ever heard of."""
        return kind in KINDS and self._things.find(kind, id) is not None

    def known(self, kind: str, id: str) -> Thing:  # noqa: A002  as above
        """Give an object that is there; raises InputError that names those that are."""
        found = self._things.find(kind, id)
        if found is None:
            raise InputError(f"{kind} {id!r} is not known at this site; {nearest(id, self.names(kind))}")
        return found

    def rights(self, person: str) -> frozenset[str]:
        """Give the rights of a person or of a system principal."""
        if person.startswith(f"{SYSTEM}:"):
            return frozenset({Right.SYSTEM})
        return self.rights_of(roles_of(self.find("person", person), self.now))

    @property
    def roles(self) -> frozenset[str]:
        """Give the names of the roles that the site states."""
        return frozenset(self._roles)

    def rights_of(self, roles: Iterable[str]) -> frozenset[str]:
        """Give the rights that some roles have at this site."""
        return frozenset().union(*(self._roles.get(role, frozenset()) for role in roles))


@dataclass(slots=True)
class _Streams(Mapping[str, list[Event]]):
    """The events of every stream; one is read when it is asked for, and all at once when all are."""

    reader: Reader
    _read: dict[str, list[Event]] = field(default_factory=dict)
    _has_all: bool = False

    def __getitem__(self, name: str) -> list[Event]:
        if name not in self._read and not self._has_all and (events := self.reader.stream(name)):
            self._read[name] = events
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read if self._has_all else self.reader.all_streams())

    def __len__(self) -> int:
        return len(self._all())

    def items(self) -> ItemsView[str, list[Event]]:
        """Give every stream with its events, by first event."""
        return self._all().items()

    def values(self) -> ValuesView[list[Event]]:
        """Give the events of every stream, by first event."""
        return self._all().values()

    def _all(self) -> dict[str, list[Event]]:
        if not self._has_all:
            found: dict[str, list[Event]] = {}
            for event in self.reader.events():
                found.setdefault(event.stream, []).append(event)
            self._read, self._has_all = found, True
        return self._read
