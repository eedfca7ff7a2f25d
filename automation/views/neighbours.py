"""What an id names and what names it: the neighbours of one thing, from the events that say so.

Of a thing that very many events name the latest are looked at, and how many were passed over is said.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from automation.gmp.registry import KINDS
from automation.kernel.clock import MICRO, iso
from automation.kernel.errors import InputError
from automation.kernel.quantity import Instant
from automation.ledger.event import Event
from automation.ledger.mentions import texts_of
from automation.views.objects import Objects

NAMES, NAMED = "cites", "is cited by"
MOST = 2_000  # events of either direction that are looked at unless all are asked for
_NO_SOURCE = ("ledger", "site", "refusals/")  # streams whose events are about the ledger, or about what did not happen


@dataclass(frozen=True, slots=True)
class Line:
    """One neighbour: how far, of what, which way, what, by which moves, in how many events, between which."""

    depth: int
    via: str
    way: str
    what: str
    moves: str
    events: int
    first: int
    last: int
    since: str


@dataclass(slots=True)
class Neighbours:
    """Looks around in the events of a site; at most the ``most`` latest in either direction, 0 for all."""

    objects: Objects
    most: int = MOST
    passed_over: int = 0  # events that were not looked at
    _things: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def start(self, name: str) -> str:
        """Give the stream of an id, or the id itself when only events name it; raises InputError for a stranger."""
        streams = self._streams_of(name)
        if streams:
            return streams[0]
        if self.objects.reader.version(name) and not name.startswith(_NO_SOURCE):
            return name
        if self.objects.mentions([name], latest=1).events:
            return name
        raise InputError(f"no event of this site names {name!r}; see: cellwright list container")

    def around(self, start: str, depth: int) -> Iterator[Line]:
        """Give what lies so many steps around something, nearest first within each branch."""
        seen = {start}

        def further(node: str, level: int) -> Iterator[Line]:
            near: dict[tuple[str, str], list[Event]] = {}
            for way, other, event in (*self._named_by(node), *self._naming(node)):
                if other not in seen:
                    near.setdefault((way, other), []).append(event)
            seen.update(other for _, other in near)
            for (way, other), events in sorted(near.items(), key=lambda one: one[1][0].seq):
                moves = ", ".join(dict.fromkeys(event.kind for event in events))
                first, last = events[0], events[-1]
                since = iso(Instant(first.at / MICRO), zone=self.objects.zone)
                yield Line(level, node, way, other, moves, len(events), first.seq, last.seq, since)
                if level < depth and not other.startswith("person/"):
                    yield from further(other, level + 1)

        yield from further(start, 1)

    def _named_by(self, node: str) -> Iterator[tuple[str, str, Event]]:
        """Give what the events of a stream name."""
        if node.startswith(_NO_SOURCE):
            return
        latest = list(islice(self.objects.backwards(node), self.most or None))
        self.passed_over += self.objects.version(node) - len(latest)
        for event in reversed(latest):
            for other in self._others(event):
                yield NAMES, other, event

    def _naming(self, node: str) -> Iterator[tuple[str, str, Event]]:
        """Give the streams whose events name something; a step that begins names its batch."""
        found = self.objects.mentions({node, node.partition("/")[2]} - {""}, latest=self.most)
        self.passed_over += found.passed_over
        begun = [events[0] for name, events in self._steps(node) if name != node]
        for event in sorted({one.seq: one for one in (*found.events, *begun)}.values(), key=lambda one: one.seq):
            if event.stream != node and not event.stream.startswith(_NO_SOURCE) and node in self._others(event):
                yield NAMED, event.stream, event

    def _steps(self, node: str) -> Iterable[tuple[str, list[Event]]]:
        return self.objects.under(f"{node}/step/").items() if node.startswith("batch/") else ()

    def _others(self, event: Event) -> list[str]:
        """Give what an event names: objects by their streams, and what looks like an identifier of its own."""
        found = set()
        above = event.stream.rpartition("/step/")[0]
        if above and event.version == 1:
            found.add(above)
        for name, text in texts_of(event):
            other = self._named(name, text)
            if other:
                found.add(other)
        return sorted(found - {event.stream})

    def _named(self, name: str, text: str) -> str:
        """Give what a text in a field of this name stands for; empty for a word."""
        streams = self._streams_of(text)
        if streams:
            own = f"{name}/{text}"
            return own if own in streams else streams[0]
        return text if _is_id(text) else ""

    def _streams_of(self, text: str) -> tuple[str, ...]:
        """Give the streams of the objects with an id, the oldest first; of a stream itself."""
        if text not in self._things:
            names = [text] if "/" in text else [f"{kind}/{text}" for kind in KINDS]
            self._things[text] = tuple(self.objects.reader.streams(names)) if text else ()
        return self._things[text]


def _is_id(text: str) -> bool:
    """Tell whether a text looks like an identifier of its own: capitals and digits without blanks."""
    plain = text.replace("-", "")
    return 6 <= len(text) <= 24 and plain.isalnum() and plain.isupper() and not plain.isalpha() and not plain.isdigit()
