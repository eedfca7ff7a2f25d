"""What follows by itself from the moves of objects, as each object's own table says (``Kind.follows``).

A durable subscriber of the ledger: the commands are named by (line of the table, causing event, number), so none is
given twice; ``done`` in the stream ``following`` is the cursor. What was not done when the process died is done at the
next start. A command that is refused, or that nobody could read, is on the record as refused, and the rest goes on.
Source: EU GMP Annex 11 (what the system does by itself is documented); 21 CFR 11.10(f).
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from automation.engine.afterwards import Afterwards
from automation.engine.recorder import Recorder
from automation.gmp.door import Command, Door
from automation.gmp.objects import Fact, Follow, Thing, fact
from automation.gmp.registry import KINDS
from automation.kernel.errors import CellwrightError, InputError, RefusedError
from automation.ledger.event import Event

STREAM = "following"
POLICIES = "system:policies"
FEW = 1_000  # events that are looked through as they come rather than kind by kind


class Done(msgspec.Struct, frozen=True):
    """After which event everything was done."""

    seq: int


@dataclass(slots=True)
class Following:
    """All that follows by itself at a site; ``start`` catches up and follows from then on."""

    door: Door
    recorder: Recorder  # of the stream ``following``
    afterwards: Afterwards
    _due: deque[Event] = field(default_factory=deque)
    _folded: dict[str, tuple[int, Thing, Iterator[Event]]] = field(default_factory=dict)
    """Objects with a later past, while catching up: folded as far as was needed, and what comes next."""

    def start(self) -> None:
        """Do what is left to do, then follow the ledger."""
        self.catch_up()
        self.recorder.ledger.subscribe(self._follow)

    def catch_up(self) -> None:
        """Do what follows from the events behind the cursor, and what follows from that."""
        after = max((event.read(Done).seq for event in self.recorder.ledger.stream(STREAM)), default=0)
        while found := self._behind(after):
            self._due.extend(found)
            self._work_off()
            after = found[-1].seq
        self._folded.clear()

    def _behind(self, seq: int) -> list[Event]:
        ledger = self.recorder.ledger
        if ledger.last.seq - seq <= FEW:
            return [event for event in ledger.events(after=seq) if _follows(event)]
        words = [word for word, kind in KINDS.items() if kind.follows]
        found = (event for word in words for event in ledger.events(after=seq, prefix=f"{word}/"))
        return sorted((event for event in found if _follows(event)), key=lambda event: event.seq)

    def _follow(self, event: Event) -> None:
        if _follows(event):
            self._due.append(event)
            self.afterwards.add(self._work_off)

    def _work_off(self) -> None:
        while self._due:
            event = self._due.popleft()
            thing, said = self._told(event)
            for line in _follows(event):
                for number, one in enumerate(line.make(thing, said, self.door)):
                    name = f"{line.id}:{event.seq}:{number}"
                    command = Command(one.stream, one.command, one.body, POLICIES, cause=event.seq, id=name)
                    self._give(command, event)
            self.recorder.write("done", Done(event.seq), cause=event.seq)

    def _give(self, command: Command, cause: Event) -> None:
        try:
            self.door.enter(command)
        except RefusedError:  # on the record, by the door
            return
        except InputError as wrong:  # else one event would keep all later ones, and the next start, waiting for ever
            self.door.note_refusal(Command(cause.stream, command.command, by=POLICIES), wrong)

    def _told(self, event: Event) -> tuple[Thing, Fact]:
        """Give the object as it stood after an event, and the event as a fact of it."""
        word, _, name = event.stream.partition("/")
        kind, ledger = KINDS[word], self.recorder.ledger
        if ledger.version(event.stream) == event.version:  # nothing has happened to it since
            thing = self.door.find(word, name)
            rows = (row for row in kind.table.rows if (row.command, str(row.dest)) == (event.kind, str(thing.state)))
            return thing, fact(event, kind.table, str(next(rows).source))
        after, thing, ahead = self._folded.get(event.stream, (0, kind.make(name), iter(())))
        for coming in (ahead, self._ahead(event.stream, after)):  # what was read on, then what has come since
            for earlier in coming:
                if earlier.seq <= after:
                    continue
                said = fact(earlier, kind.table, thing.state)
                after, thing = earlier.seq, thing.apply(said)
                if earlier.seq == event.seq:
                    self._folded[event.stream] = after, thing, coming
                    return thing, said
        raise CellwrightError(f"event {event.seq} is not in its own stream {event.stream}")

    def _ahead(self, stream: str, after: int) -> Iterator[Event]:
        """Read a stream on as far as it is wanted: many events of a long life are asked for, one after the other."""
        return (one for one in self.recorder.ledger.events(after=after, prefix=stream) if one.stream == stream)


def _follows(event: Event) -> tuple[Follow, ...]:
    """Give the lines of the table that an event meets."""
    word, _, name = event.stream.partition("/")
    kind = KINDS.get(word)
    return tuple(line for line in kind.follows if line.on == event.kind) if kind and "/" not in name else ()
