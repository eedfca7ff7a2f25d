"""What a step's stream says of its past: the state it stands in, the visits that are open, the ISA-88 state."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from automation.engine.journal import Enter, Journal, Moved, Recalculated, Stage
from automation.kernel.clock import MICRO
from automation.kernel.machine import Procedural
from automation.kernel.quantity import Instant
from automation.ledger.event import Event


@dataclass(slots=True)
class Open:
    """A visit that was entered and not left."""

    number: int
    state: str
    since: Instant
    journal: Journal


class _Visited(msgspec.Struct):
    visit: int


@dataclass(slots=True)
class Past:
    """The fold of a step's own events."""

    state: str
    stage: Procedural = Procedural.IDLE
    visits: int = 0
    main: Open | None = None
    side: Open | None = None
    side_kind: str = ""
    side_done: str = ""  # the kind of side visit that was made and left in this ISA-88 state
    moved_at: int = 0  # the event that last changed the ISA-88 state
    results: dict[str, object] = field(default_factory=dict)
    sources: dict[str, int] = field(default_factory=dict)  # result -> seq of the move that brought it
    given: dict[str, object] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        """Fold one event."""
        match event.kind:
            case "procedural":
                self.stage = Procedural(event.read(Stage).state)
                self.side_done, self.moved_at = "", event.seq
            case "enter":
                self._enter(event)
            case "move":
                self._move(event)
            case "recalculated":
                self._bring(event.read(Recalculated).results, event)
            case _:
                self._note(event)

    def _enter(self, event: Event) -> None:
        enter = event.read(Enter)
        visit = Open(enter.visit, enter.state, Instant(event.at / MICRO), Journal(enter.visit))
        self.visits = max(self.visits, enter.visit)
        if enter.within:
            self.side, self.side_kind = visit, enter.within
        else:
            self.main = visit

    def _move(self, event: Event) -> None:
        moved = event.read(Moved)
        if self.side is not None and moved.visit == self.side.number:
            self.side, self.side_done = None, self.side_kind
            return
        self.main = None
        self.state = moved.dest
        self._bring(moved.results, event)

    def _bring(self, results: msgspec.Raw, event: Event) -> None:
        brought: dict[str, object] = msgspec.json.decode(bytes(results))
        self.results.update(brought)
        self.sources.update(dict.fromkeys(brought, event.seq))

    def _note(self, event: Event) -> None:
        for visit in (self.main, self.side):
            if visit is not None and event.kind in _JOURNALED and event.read(_Visited).visit == visit.number:
                visit.journal.add(event)


_JOURNALED = frozenset(
    {"call", "read", "reply", "refused", "failed", "doubt", "resolved", "wait", "seen", "again", "overridden"}
)


def past(initial: str, events: Iterable[Event]) -> Past:
    """Fold a step's events."""
    found = Past(initial)
    for event in events:
        found.take(event)
    return found
