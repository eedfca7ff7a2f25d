"""A site as it stood when a step ran, with entries as they were corrected since: nothing in it moves anything.

Objects are folded up to the event at which the retelling has arrived. A move that was made then is answered with its
event, and what it would state otherwise now is noted; a move that was not made then is none that can be made up.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

import msgspec

from automation.engine.journal import Entry, Journal
from automation.engine.recorder import Recorder
from automation.gmp.capacity import Capacity
from automation.gmp.door import Command, Door
from automation.gmp.objects import Recorded, Thing, fact, marks_of
from automation.gmp.people.prompts import Prompt
from automation.gmp.quality.corrections import corrections_of
from automation.gmp.registry import KINDS
from automation.kernel.errors import JournalError
from automation.kernel.quantity import Instant
from automation.ledger.event import Event


@dataclass(slots=True)
class Then:
    """What a door was then, for the services of an operation that is told again."""

    door: Door
    events: Callable[[str], list[Event]]
    as_of: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def now(self) -> Instant:
        """Give the moment of the retelling."""
        return self.door.now

    @property
    def zone(self) -> str:
        """Give the site's zone."""
        return self.door.zone

    @property
    def roles(self) -> frozenset[str]:
        """Give the names of the site's roles."""
        return self.door.roles

    @property
    def simulated(self) -> bool:
        """Tell whether the site is a simulated one."""
        return self.door.simulated

    @property
    def capacities(self) -> Mapping[str, Capacity]:
        """Give what the site states that several patients share."""
        return self.door.capacities

    @property
    def operations(self) -> frozenset[str]:
        """Give the names of the installed operations."""
        return self.door.operations

    def keeps(self, sha256: str) -> bool:
        """Tell whether the site keeps a file."""
        return self.door.keeps(sha256)

    def follow(self, call: Callable[[Event, Thing], None], *, of: str = "") -> None:
        """Tell nobody anything: nothing moves."""

    def rights(self, person: str) -> frozenset[str]:
        """Give the rights of a person as they are."""
        return self.door.rights(person)

    def find(self, kind: str, id: str) -> Thing:  # noqa: A002  the field's own name
        """Give an object as it stood; a prompt with what was corrected of its answer."""
        made = KINDS[kind]
        thing = made.make(id)
        for event in self.events(f"{kind}/{id}"):
            if event.seq > self.as_of:
                break
            thing = thing.apply(fact(event, made.table, thing.state))
        return corrected(thing, self.door) if isinstance(thing, Prompt) else thing

    def every(self, kind: str) -> Iterator[Thing]:
        """Give the objects of a kind that were there."""
        found = (self.find(kind, one.id) for one in self.door.every(kind))
        return (one for one in found if one.state != KINDS[kind].table.initial)

    def names(self, kind: str) -> tuple[str, ...]:
        """Give the ids of the objects of a kind that were there."""
        return tuple(one.id for one in self.every(kind))

    @property
    def seq(self) -> int:
        """Give the number of the last event of then."""
        return self.as_of

    def marked(self, kind: str, mark: str) -> Iterator[Thing]:
        """Give the objects that carry a mark now and carried it then."""
        found = (self.find(kind, one.id) for one in tuple(self.door.marked(kind, mark)))
        return (one for one in found if mark in marks_of(one))

    async def submit(self, command: Command) -> Event:
        """Answer a move with the event that it was."""
        return self.enter(command)

    def enter(self, command: Command) -> Event:
        """Answer a move with the event that it was; raises JournalError for one that was not made then."""
        was = self.door.earlier(command.id)
        if was is None:
            said = (
                command.body.get("title")
                or command.body.get("message")
                or f"somebody would {command.command} {command.stream}"
            )
            raise JournalError(f"by the corrected value {said}")
        self.as_of = max(self.as_of, was.seq)
        given = json.loads(bytes(was.read(Recorded).given))
        stated = json.loads(msgspec.json.encode(dict(command.body)))
        for name, value in stated.items():
            if name in given and given[name] != value:
                what = f"{command.command} {command.stream}: {name} was {given[name]}"
                self.notes.append(f"{what}, by the corrected values it would be {value}")
        return was


def corrected(prompt: Prompt, door: Door) -> Prompt:
    """Give a prompt with its answer as corrected, by whom it was, and seen by whom."""
    made = [one for one in corrections_of(door, prompt.id) if one.setting is not None]
    if not made or prompt.state != "answered":
        return prompt
    values = dict(prompt.values)
    for one in made:
        if one.setting is not None:
            values |= prompt.form().typed({one.setting.name: one.setting.value})
    return replace(prompt, values=tuple(values.items()), answered_by=made[-1].by, verified_by=made[-1].second)


@dataclass(slots=True)
class Told(Journal):
    """A journal that answers whatever was asked at a number, also when it would be asked otherwise now."""

    then: Then | None = None

    def check(self, n: int, what: str, args: bytes) -> Entry | None:  # noqa: ARG002  corrected values change them
        """Give what is recorded of an effect; raises JournalError for one that did not come about then."""
        entry = self.entries.get(n)
        if entry is None and "/" in what.partition(".")[0]:  # a move of an object: the door knows it
            return None
        if entry is None or entry.what != what or entry.outcome is None:
            raise JournalError(f"by the corrected value {what} would be asked, and was not")
        if self.then is not None:
            self.then.as_of = max(self.then.as_of, entry.outcome.seq)
        return entry


@dataclass(frozen=True, slots=True)
class Silent(Recorder):
    """A pen that writes nothing."""

    def write(self, kind: str, body: msgspec.Struct, *, cause: int | None = None) -> Event:  # noqa: ARG002  as Recorder
        """Raise JournalError: what is told again adds nothing to the record of what was done."""
        raise JournalError(f"by the corrected value {kind} would be recorded, and was not")


def touched(corrected_entries: Collection[str], *, step: str, visit: int) -> bool:
    """Tell whether one of the entries belongs to a visit of a step (``BATCH.STEP``), or to no visit in particular."""
    for name in corrected_entries:
        if name.startswith(f"{step}."):
            part = name.removeprefix(f"{step}.").partition(".")[0]
            if not part.isdigit() or int(part) == visit:
                return True
    return False


def read(raw: msgspec.Raw) -> Mapping[str, object]:
    """Read results as plain values."""
    return msgspec.json.decode(bytes(raw), type=dict[str, object])
