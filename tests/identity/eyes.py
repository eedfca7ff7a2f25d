"""What is watched while sequences run: every event as it is written, and the liquids in the world.

Whose a container is, is told by its name (``ward.patient_of``), never by what the record says.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

import msgspec

from automation.engine.assembly import BoundTo
from automation.engine.journal import Called, Enter, Replied
from automation.engine.site import Site
from automation.gmp.product.containers import Container
from automation.ledger.event import Event
from tests.identity.ward import PATIENTS, identity, patient_of, solute
from tests.support.runs import plant_of

TOUCHED = "no effect touches another patient's container"
MIXED = "no container holds liquid of two patients"
TAKEN = "what is right is taken"
REFUSED = "what is wrong is refused and recorded, and changes nothing"
LOCKED = "another patient's code locks the question and is not written down"
GOES_ON = "every batch goes on"
INVARIANTS = (TOUCHED, MIXED, TAKEN, REFUSED, LOCKED, GOES_ON)

_SOLUTES = frozenset(map(solute, PATIENTS))
_RELATED = ("source", "to", "parent", "container")  # fields of a container's events that may name another


@dataclass(slots=True)
class Eyes:
    """Everything that was seen at a site."""

    site: Site
    broken: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)  # since somebody last asked
    known: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict.fromkeys(PATIENTS, ()))
    acts: int = 0  # on containers
    pumps: dict[str, str] = field(default_factory=dict)  # that of each batch
    _operation: dict[str, str] = field(default_factory=dict)  # of a step's stream
    _state: dict[str, str] = field(default_factory=dict)

    def open(self) -> None:
        """Begin to watch."""
        for event in self.site.house.ledger.events(prefix="container/"):
            self._container(event)
        self.site.house.ledger.subscribe(self._see)

    def since(self) -> list[Event]:
        """Give what was written since this was last asked."""
        seen, self.events = self.events, []
        return seen

    def where(self, batch: str, step: str) -> tuple[str, str]:
        """Give the operation of a step and the state in which it stands."""
        stream = f"batch/{batch}/step/{step}"
        return self._operation.get(stream, "between steps"), self._state.get(stream, step or "equipment")

    def look(self) -> None:
        """Look into every container of the world: none may hold what came from two patients, or from another."""
        world = plant_of(self.site).world
        for name in world.names():
            found = {one for one in world.container(name).contents.solutes if one in _SOLUTES}
            whose = patient_of(name)
            wrong = sorted(found - {solute(whose)} if whose else found if len(found) > 1 else ())
            if wrong:
                self.broken.append(f"{MIXED}: {name} holds liquid {', '.join(wrong)} in the world")

    def look_back(self) -> None:
        """Compare at the end whose every container is by the record with whose it is by its name."""
        for thing in self.site.house.door.every("container"):
            whose = patient_of(thing.id)
            if whose and isinstance(thing, Container) and thing.identity != identity(whose):
                self.broken.append(f"{TOUCHED}: the record has {thing.id} as of {thing.identity}")

    def _see(self, event: Event) -> None:
        self.events.append(event)
        if event.stream.startswith("container/"):
            self._container(event)
        elif "/step/" in event.stream:
            self._step(event)

    def _step(self, event: Event) -> None:
        if event.kind == "enter":
            said = event.read(Enter)
            if not said.within:
                self._state[event.stream] = said.state
        elif event.kind == "bound":
            bound = event.read(BoundTo)
            self._operation[event.stream] = bound.operation
            self.pumps[event.stream.split("/")[1]] = bound.assets.get("pump", "")
        elif event.kind == "call":
            body = event.read(Called)
            self._touched(event, bytes(body.args), f"{body.asset}.{body.method}")
        elif event.kind == "read":
            read = event.read(Replied)
            self._touched(event, bytes(read.args), f"{read.asset}.{read.method}")

    def _touched(self, event: Event, args: bytes, what: str) -> None:
        """An effect has passed its gates: every container that it names has to be of the batch's patient."""
        batch = event.stream.split("/")[1]
        names = list(_ids(msgspec.json.decode(args)))
        self.acts += bool(names)
        pump = what.startswith("pump-")
        for name in names:
            if patient_of(name) != patient_of(batch) and (pump or patient_of(name)):
                self.broken.append(f"{TOUCHED}: {what} for {batch} touched {name}, event {event.seq}")

    def _container(self, event: Event) -> None:
        name = event.stream.partition("/")[2]
        whose = patient_of(name)
        if event.kind == "expect" and whose:
            self.known[whose] = (*self.known[whose], name)
        given = cast("Mapping[str, object]", event.fields.get("given") or {})
        others = [str(given.get("batch") or name), *(str(given.get(one) or name) for one in _RELATED)]
        for other in others:
            if patient_of(other) not in {whose, ""}:
                self.broken.append(f"{TOUCHED}: {event.kind} of {name} names {other}, event {event.seq}")


def _ids(value: object) -> list[str]:
    """Give the ids of all handles in an effect's arguments."""
    if isinstance(value, dict):
        if set(value) <= {"id", "seq"} and "id" in value:
            return [str(value["id"])]
        return [found for one in value.values() for found in _ids(one)]
    if isinstance(value, list):
        return [found for one in value for found in _ids(one)]
    return []
