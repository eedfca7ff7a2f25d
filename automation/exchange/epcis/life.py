"""Which containers a document tells of, and everything that was recorded of them, read stream by stream.

An order, a chain of identity, or what belongs to it stands for all containers of that identity; a batch for those that
went into it and came out of it; a container for itself, what it was filled from and what was filled from it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, cast

from automation.gmp.marks import known_as, of_batch, of_container
from automation.gmp.objects import Recorded
from automation.gmp.product.batches import Batch
from automation.gmp.product.containers import Container
from automation.gmp.registry import KINDS
from automation.kernel.errors import InputError
from automation.ledger.event import Event
from automation.views.objects import Objects
from automation.views.story import Told, tell

_WHOLE = ("order", "collection", "handover", "shipment", "infusion", "donor")  # of a chain of identity
ALLOWED = ("container", "batch", *_WHOLE)


class _Identified(Protocol):
    """What has a chain of identity of its own."""

    @property
    def identity(self) -> str: ...


@dataclass(frozen=True)
class Life:
    """The containers of a document with what was recorded of them."""

    objects: Objects
    names: tuple[str, ...]

    @cached_property
    def containers(self) -> dict[str, Told[Container]]:
        """Give each container with its events, in the order of the ledger."""
        found = {name: cast("Told[Container]", self.told("container", name)) for name in self.names}
        return dict(sorted(found.items(), key=lambda one: one[1].events[0].seq))

    def told(self, kind: str, name: str) -> Told[object]:
        """Give one object with its events."""
        return tell(KINDS[kind], tuple(self.objects.streams[f"{kind}/{name}"]))

    def about(self, kind: str) -> Iterator[Told[object]]:
        """Give the objects of a kind that name one of the containers, in the order of the ledger."""
        found = {one.id for name in self.names for one in self.objects.marked(kind, of_container(name))}
        told = (self.told(kind, name) for name in found)
        return iter(sorted(told, key=lambda one: one.events[0].seq))

    @cached_property
    def steps(self) -> dict[str, tuple[str, ...]]:
        """Give the stream of each step with the containers that it did something with."""
        found: dict[str, dict[str, None]] = {}
        for name, told in self.containers.items():
            for event, fact in zip(told.events, told.facts, strict=True):
                step = step_of(event, fact.body)
                if step:
                    found.setdefault(step, {})[name] = None
        return {step: tuple(names) for step, names in found.items()}


def step_of(event: Event, body: object) -> str:
    """Give the stream of the step that a move belongs to: as it states, else by its command's id; empty for none."""
    batch, step = str(getattr(body, "batch", "")), str(getattr(body, "step", ""))
    if not step:
        batch, _, rest = event.read(Recorded).command.partition("/")
        step = rest.partition("/")[0]
    return f"batch/{batch}/step/{step}" if batch and step else ""


def life(objects: Objects, start: str) -> Life:
    """Give the containers that a stream stands for; raises InputError for one that stands for none."""
    kind, _, name = start.partition("/")
    if name and (kind not in ALLOWED or not objects.has(kind, name)):
        known = ", ".join(ALLOWED)
        raise InputError(f"EPCIS tells of containers, and {start} is none; it is written for: {known}")
    names = tuple(dict.fromkeys(_names(objects, start) if name else _of_identity(objects, start)))
    if not names:
        raise InputError(f"{start} has no container yet; there is nothing to tell of")
    return Life(objects, names)


def _names(objects: Objects, stream: str) -> Iterable[str]:
    kind, _, name = stream.partition("/")
    if kind == "container":
        return _family(objects, name)
    thing = objects.find(kind, name)
    if kind == "batch":
        return (*cast("Batch", thing).containers, *(one.id for one in objects.marked("container", of_batch(name))))
    return _of_identity(objects, _identity(objects, stream))


def _of_identity(objects: Objects, identity: str) -> Iterable[str]:
    return (one.id for one in objects.marked("container", known_as(identity))) if identity else ()


def _identity(objects: Objects, stream: str) -> str:
    thing = objects.find(*stream.split("/", 1))
    order = getattr(thing, "order", "")
    whole = objects.find("order", order) if order else thing
    return cast("_Identified", whole).identity


def _family(objects: Objects, name: str) -> Iterator[str]:
    """Give a container's ancestors, itself and its descendants."""
    one = cast("Container", objects.find("container", name))
    same = [cast("Container", other) for other in objects.marked("container", known_as(one.identity))]
    parents = {other.id: {other.parent, *other.sources} - {""} for other in same}
    yield from _reached(name, parents)
    yield name
    children: dict[str, set[str]] = {}
    for child, some in parents.items():
        for parent in some:
            children.setdefault(parent, set()).add(child)
    yield from _reached(name, children)


def _reached(start: str, ways: dict[str, set[str]]) -> Iterator[str]:
    seen, ahead = {start}, [start]
    while ahead:
        for other in sorted(ways.get(ahead.pop(), set()) - seen):
            seen.add(other)
            ahead.append(other)
            yield other
