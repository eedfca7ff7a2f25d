"""All that the ledger holds of one batch: its own events, those of its steps, and every object that touched it.

Reading only. An object belongs to the batch when its events name the batch; assets, lots and persons belong with what
they did between the batch's first and last event.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Generic, Protocol, TypeVar, cast

import msgspec

from automation.engine.journal import is_after
from automation.gmp.materials.lots import MaterialLot
from automation.gmp.objects import Fact, Kind, Signed, Thing, fact
from automation.gmp.people.persons import Person
from automation.gmp.people.prompts import Prompt
from automation.gmp.plant.alarms import Alarm
from automation.gmp.plant.assets import Asset
from automation.gmp.product.batches import Batch
from automation.gmp.product.containers import Container
from automation.gmp.product.labels import Label
from automation.gmp.quality.corrections import Correction
from automation.gmp.quality.deviations import Deviation
from automation.gmp.quality.timers import Timer
from automation.gmp.registry import KINDS
from automation.kernel.errors import InputError
from automation.ledger.event import OWN_STREAM, Event, Genesis
from automation.views.shapes import Bound
from automation.views.wording import is_person

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Told(Generic[T]):
    """One object with its events, the facts in them, and the values it went through."""

    id: str
    events: tuple[Event, ...]
    facts: tuple[Fact, ...]
    values: tuple[T, ...]  # after each event

    @property
    def now(self) -> T:
        """Give the object after its last event."""
        return self.values[-1]

    def at(self, seq: int) -> T | None:
        """Give the object as it stood after event ``seq`` of the ledger; None before its first."""
        found = [value for value, event in zip(self.values, self.events, strict=True) if event.seq <= seq]
        return found[-1] if found else None

    def of(self, *kinds: str) -> Iterator[tuple[Event, Fact]]:
        """Give the moves of some kinds."""
        return ((e, f) for e, f in zip(self.events, self.facts, strict=True) if e.kind in kinds)


def tell(kind: Kind, events: tuple[Event, ...]) -> Told[object]:
    """Fold the events of one object, keeping each value."""
    thing: Thing = kind.make(events[0].stream.partition("/")[2])
    facts: list[Fact] = []
    values: list[object] = []
    for event in events:
        one = fact(event, kind.table, thing.state)
        thing = thing.apply(one)
        facts.append(one)
        values.append(thing)
    return Told(thing.id, events, tuple(facts), tuple(values))


class Source(Protocol):
    """Where the events come from: a ledger, or an exported record."""

    @property
    def genesis(self) -> Genesis:
        """Give what the ledger is."""
        ...

    def stream(self, name: str) -> list[Event]:
        """Give the events of one stream, in order."""
        ...

    def events(self, *, prefix: str) -> Iterable[Event]:
        """Give the events whose streams lie under a prefix, in order."""
        ...


class Story:
    """The events of one batch, gathered once; raises InputError for a batch that the ledger does not know."""

    def __init__(self, source: Source, batch: str) -> None:
        """Read the batch's streams and look through the objects that may touch it."""
        self._source = source
        self.genesis = source.genesis
        self.id = batch
        own = tuple(source.stream(f"batch/{batch}"))
        if not own:
            known = ", ".join(sorted({e.stream.split("/")[1] for e in source.events(prefix="batch")})) or "none"
            raise InputError(f"batch {batch!r} is not in this ledger; it has {known}")
        self.batch = cast("Told[Batch]", tell(KINDS["batch"], own))
        under = sorted(source.events(prefix=f"batch/{batch}/step"), key=lambda event: event.seq)
        self.steps: dict[str, tuple[Event, ...]] = {}
        for event in under:
            name = event.stream.removeprefix(f"batch/{batch}/step/")
            self.steps[name] = (*self.steps.get(name, ()), event)
        self.first = own[0].seq
        self.end = max(event.seq for event in (*own, *under) if not is_after(event))

    @property
    def zone(self) -> str:
        """Give the site's zone."""
        return self.genesis.zone

    @cached_property
    def bound(self) -> dict[str, Bound]:
        """Give what each step was bound to."""
        return {
            name: next((event.read(Bound) for event in events if event.kind == "bound"), Bound())
            for name, events in self.steps.items()
        }

    @cached_property
    def prompts(self) -> tuple[Told[Prompt], ...]:
        """Give the prompts of the batch."""
        return self._every(KINDS["prompt"], lambda told: told.now.batch == self.id)

    @cached_property
    def alarms(self) -> tuple[Told[Alarm], ...]:
        """Give the alarms that were raised for the batch, and those of its equipment while it ran."""
        return self._every(KINDS["alarm"], self._own_alarm)

    @cached_property
    def deviations(self) -> tuple[Told[Deviation], ...]:
        """Give the deviations opened on the batch, its steps or its containers."""
        return self._every(KINDS["deviation"], self._own_deviation)

    @cached_property
    def corrections(self) -> tuple[Told[Correction], ...]:
        """Give what was corrected in the batch, stated late or excluded."""
        return self._every(KINDS["correction"], lambda told: told.now.batch == self.id)

    @cached_property
    def timers(self) -> tuple[Told[Timer], ...]:
        """Give the time limits of the batch."""
        return self._every(KINDS["timer"], lambda told: told.now.batch == self.id)

    @cached_property
    def containers(self) -> tuple[Told[Container], ...]:
        """Give the containers that the batch was issued for, or that came out of it."""
        issued = self.batch.now.containers
        return self._every(KINDS["container"], lambda told: told.id in issued or told.now.batch == self.id, ids=issued)

    @cached_property
    def labels(self) -> tuple[Told[Label], ...]:
        """Give the labels that were issued for the batch."""
        return self._every(KINDS["label"], lambda told: told.now.batch == self.id)

    @cached_property
    def lots(self) -> tuple[Told[MaterialLot], ...]:
        """Give the material lots that the batch was bound to or used."""
        bound = {lot for one in self.bound.values() for lot in one.materials.values()}
        return self._every(KINDS["lot"], lambda told: told.id in bound or self._names_it(told), ids=bound)

    @cached_property
    def assets(self) -> tuple[Told[Asset], ...]:
        """Give the assets that the batch was bound to or that were claimed for it."""
        bound = {asset for one in self.bound.values() for asset in one.assets.values()}
        return self._every(KINDS["asset"], lambda told: told.id in bound or self._names_it(told), ids=bound)

    @cached_property
    def people(self) -> tuple[Told[Person], ...]:
        """Give the persons who acted or signed."""
        acted = {event.by for event in self.trail if is_person(event.by)} | {s.by for _, s in self.signed()}
        return self._every(KINDS["person"], lambda told: told.id in acted, ids=acted)

    @cached_property
    def refusals(self) -> tuple[Event, ...]:
        """Give the commands that were refused on the batch and its objects."""
        streams = {f"refusals/{events[0].stream}" for events in self._objects()}
        inside = self._source.events(prefix="refusals")
        own = f"refusals/batch/{self.id}"
        return tuple(
            e for e in inside
            if e.stream == own or e.stream.startswith((f"{own}/", f"refusals/prompt/{self.id}."))
            or (e.stream in streams and self.first <= e.seq <= self.end)
        )  # fmt: skip

    @cached_property
    def site(self) -> tuple[Event, ...]:
        """Give what happened to ledger and site while the batch ran: restarts, clock steps, changed configuration."""
        both = (*self._source.events(prefix=OWN_STREAM), *self._source.events(prefix="site"))
        return tuple(sorted((e for e in both if self.first <= e.seq <= self.end), key=lambda event: event.seq))

    @cached_property
    def configuration(self) -> Event | None:
        """Give the event that holds the site's configuration when the batch began."""
        before = [e for e in self._source.events(prefix="site") if e.seq <= self.end and e.kind == "configuration"]
        early = [event for event in before if event.seq <= self.first]
        return next(reversed(early or before), None)

    @cached_property
    def trail(self) -> tuple[Event, ...]:
        """Give every event of the record in the order of the ledger; nothing of the batch's streams is left out."""
        said = (self.prompts, self.alarms, self.deviations, self.corrections)
        groups = (*said, self.timers, self.containers, self.labels)
        found = {event.seq: event for group in groups for told in group for event in told.events}
        used = (*(told.events for told in self.lots), *(told.events for told in self.assets))
        found |= {event.seq: event for events in used for event in events if self.first <= event.seq <= self.end}
        steps = (event for events in self.steps.values() for event in events)
        found |= {event.seq: event for event in (*self.batch.events, *steps, *self.refusals, *self.site)}
        if self.configuration is not None:
            found[self.configuration.seq] = self.configuration
        return tuple(found[seq] for seq in sorted(found))

    def signed(self) -> Iterator[tuple[Event, Signed]]:
        """Give every signature in the batch's objects with its event."""
        said = ((self.batch,), self.prompts, self.deviations, self.corrections)
        groups = (*said, self.containers, self.labels, tuple(self._used()))
        pairs = (pair for group in groups for told in group for pair in zip(told.events, told.facts, strict=True))
        yield from ((event, signature) for event, one in pairs for signature in one.signed)

    def streams(self) -> tuple[str, ...]:
        """Give the streams that a complete copy holds."""
        named = {event.stream for event in self.trail if not event.stream.startswith(f"batch/{self.id}")}
        for some in (self.people, self.assets, self.lots):
            named |= {told.events[0].stream for told in some}
        return (f"batch/{self.id}", *sorted(named))

    def _used(self) -> Iterator[Told[Asset]]:
        """Give the assets with their moves during the batch alone."""
        for told in self.assets:
            inside = [n for n, event in enumerate(told.events) if self.first <= event.seq <= self.end]
            if inside:
                low, high = inside[0], inside[-1] + 1
                yield Told(told.id, told.events[low:high], told.facts[low:high], told.values[low:high])

    def _objects(self) -> Iterator[tuple[Event, ...]]:
        """Give the events of each object."""
        made = (self.prompts, self.alarms, self.deviations, self.corrections, self.timers, self.containers, self.labels)
        return (told.events for group in (*made, self.lots, self.assets) for told in group)

    def _every(
        self, kind: Kind, belongs: Callable[[Told[T]], bool], *, ids: Collection[str] = ()
    ) -> tuple[Told[T], ...]:
        """Give the objects of a kind that belong; only those that say the batch's name, or are named, are folded."""
        events = sorted(self._source.events(prefix=kind.word), key=lambda event: (event.stream, event.seq))
        streams = {f"{kind.word}/{name}" for name in ids}
        words = [msgspec.json.encode(name)[1:-1] for name in (self.id, *self.batch.now.containers)]
        found: list[Told[T]] = []
        for stream, group in groupby(events, key=lambda event: event.stream):
            some = tuple(group)
            if stream in streams or any(word in event.body for event in some for word in words):
                told = cast("Told[T]", tell(kind, some))
                found += [told] if belongs(told) else []
        return tuple(sorted(found, key=lambda one: one.events[0].seq))

    def _names_it(self, told: Told[MaterialLot] | Told[Asset]) -> bool:
        return any(getattr(one.body, "batch", "") == self.id for one in told.facts)

    def _own_alarm(self, told: Told[Alarm]) -> bool:
        return any(getattr(one.body, "batch", "") == self.id for one in told.facts)

    def _own_deviation(self, told: Told[Deviation]) -> bool:
        said = told.now.opening
        if said is None:
            return False
        own = (f"batch/{self.id}", *(f"container/{name}" for name in self.batch.now.containers))
        return said.batch == self.id or said.subject in own or said.subject.startswith(f"batch/{self.id}/")
