"""Tells a finished step again with corrected values: the same code over the same journal, and no hand moved.

What was done stays done: readings are those that were read, acts those that were made. Only what is calculated from
corrected values changes. A state that would have gone another way is told with the results by which it was done then;
if that does not lead to its end either, its results stay, and people have to judge them.
Source: 21 CFR 11.10(e), 211.192; EU GMP Annex 11 9 (what rests on changed data is found).
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Mapping
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import NoReturn, cast

import msgspec

from automation.engine.alarms import Alarms
from automation.engine.assembly import BoundTo
from automation.engine.binding import STAY, Binding, Bound, Stay
from automation.engine.gates import StepGates
from automation.engine.house import House
from automation.engine.journal import Enter, Moved, Replied, raised
from automation.engine.labelling import Labels
from automation.engine.operation import Fields, Operation, decoded, merged, method_name
from automation.engine.product import Product
from automation.engine.prompts import OPERATOR, Answer, Desk, Operator, Question
from automation.engine.recipe.model import Step
from automation.engine.recipe.spec import OperationSpec
from automation.engine.tape import by_person
from automation.engine.then import Silent, Then, Told, corrected, read, touched
from automation.engine.trends import Trends
from automation.engine.troubles import StepTroubles
from automation.engine.visit import Move, Visit
from automation.engine.watch import Watch
from automation.gmp.door import Door
from automation.gmp.people.prompts import Prompt
from automation.kernel.clock import MICRO
from automation.kernel.errors import CellwrightError, JournalError
from automation.kernel.quantity import Instant
from automation.ledger.event import Event

_JOURNALED = frozenset({"call", "read", "reply", "refused", "failed", "doubt", "resolved", "wait", "seen", "again"})
_WRONG = (CellwrightError, ArithmeticError, ValueError, LookupError, TypeError)


@dataclass(frozen=True, slots=True)
class Telling:
    """Which step of which batch is told, with which containers."""

    house: House
    batch: str
    identity: str
    step: Step
    containers: frozenset[str] | None
    events: tuple[Event, ...]


@dataclass(slots=True)
class Retold:
    """What a step comes to with corrected values; ``left`` is what people have to judge."""

    results: dict[str, object] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Was:
    """One visit as it was."""

    enter: Event
    said: Enter
    moved: Moved
    journaled: tuple[Event, ...]


class Retelling:
    """Tells one step again."""

    def __init__(self, telling: Telling, given: Mapping[str, object], entries: Collection[str]) -> None:
        """Take the parameters as they count now (JSON values by name) and the entries that were corrected."""
        self._of = telling
        self._spec: OperationSpec = telling.house.operations[telling.step.operation]
        self._entries = entries
        self._bound = next(event.read(BoundTo) for event in telling.events if event.kind == "bound")
        self._other = {name: value for name, value in given.items() if self._bound.parameters[name].value != value}
        self._given = {name: one.value for name, one in self._bound.parameters.items()} | dict(given)
        self._then = Then(telling.house.door, telling.house.ledger.stream)

    @property
    def _name(self) -> str:
        return f"{self._of.batch}.{self._of.step.id}"

    def tell(self) -> Retold:
        """Give what the step comes to."""
        found = Retold()
        first = merged(self._operation_class.results(), {})
        now, was = first, first
        for visit in _visits(self._of.events):
            recorded = dict(read(visit.moved.results))
            brought = self._visit(visit, found, now=now, was=was)
            now = merged(now, decoded(self._operation_class.results, brought))
            was = merged(was, decoded(self._operation_class.results, recorded))
            found.results |= brought
        found.left += [f"step {self._of.step.id}: {one}" for one in dict.fromkeys(self._then.notes)]
        return found

    @property
    def _operation_class(self) -> type[Operation]:
        return self._spec.operation

    def _visit(self, visit: _Was, found: Retold, *, now: Fields, was: Fields) -> dict[str, object]:
        """Give what one visit brings: told with corrected results, else with those of then, else as it was."""
        mine = touched(self._entries, step=self._name, visit=visit.said.visit)
        recorded = dict(read(visit.moved.results))
        if not (self._other or mine or now != was):
            return recorded
        where, noted = f"step {self._of.step.id}, {visit.said.state}", len(self._then.notes)
        try:
            return self._told(visit, now)
        except _WRONG as wrong:
            why = str(wrong)
        del self._then.notes[noted:]
        try:
            brought = self._told(visit, was)
        except _WRONG:
            del self._then.notes[noted:]
            found.left.append(f"{where}: its results stand as they were: {why}")
            return recorded
        found.left.append(f"{where}: done by the value of then: {why}")
        return brought

    def _told(self, visit: _Was, got: Fields) -> dict[str, object]:
        self._then.as_of = visit.enter.seq
        journal = Told(visit.said.visit, then=self._then)
        for event in visit.journaled:
            journal.add(event)
        free = asyncio.Event()
        free.set()
        stay = Stay(visit.said.visit, journal, free)
        move = copy_context().run(self._run, visit, got, stay)
        if move.command != visit.moved.command:
            raise JournalError(f"by the corrected value it would {move.command}, and not {visit.moved.command}")
        return dict(read(msgspec.Raw(msgspec.json.encode(move.results))))

    def _run(self, visit: _Was, got: Fields, stay: Stay) -> Move:
        """Run the method of a state; everything it asks is answered at once, or it is not told."""
        operator, operation = self._made()
        STAY.set(stay)
        OPERATOR.set(operator)
        at = Instant(visit.enter.at / MICRO)
        stood = Visit(self._of.batch, self._of.step.id, visit.said.visit, visit.said.state, at, got)
        call = getattr(operation, method_name(visit.said.state))(stood)
        try:
            call.send(None)
        except StopIteration as done:
            return cast("Move", done.value)
        call.close()
        raise JournalError("by the corrected value it would wait for something that nobody waited for")

    def _made(self) -> tuple[Operator, Operation]:
        """Put the operation together with services that only look."""
        house, batch, step = self._of.house, self._of.batch, self._of.step
        door = cast("Door", self._then)
        recorder = Silent(house.ledger, house.clock, f"batch/{batch}/step/{step.id}")
        alarms = Alarms(door, batch=batch, step=step.id)
        operator = _Asked(recorder, Desk(door, house.blobs), alarms, operation=step.operation)
        operator.now = house.door
        trends = Trends(recorder, house.blobs, house.recent)
        trends.restore(list(self._of.events))
        gates = StepGates(door, batch, step.id, self._of.identity)
        assets = self._bound.assets
        watch = _Looked(recorder, trends, StepTroubles(recorder, gates, alarms, tuple(assets.values())))
        product = Product(recorder, door, alarms, only=self._of.containers, number=step.round)
        parts: dict[object, object] = {
            Watch: watch,
            Operator: operator,
            Product: product,
            Labels: Labels(recorder, door, alarms, house.blobs),
            Trends: trends,
        }
        binding = _Answering(recorder, gates)
        binding.then, binding.entries, binding.step = self._then, self._entries, self._name
        given: dict[str, object] = {name: parts[kind] for name, kind in self._spec.services.items()}
        for name, asset in assets.items():
            device = house.devices[asset]
            given[name] = binding.bind(asset, device.driver, device.interface)
        if self._spec.given is not None:
            given["given"] = msgspec.convert(self._given, self._spec.given)
        return operator, self._operation_class(**given)


class _Asked(Operator):
    """People as they answered then, with what was corrected since."""

    now: Door

    async def ask(self, question: Question) -> Answer:
        """Give the answer as it counts now."""
        answer = await super().ask(question)
        stay = STAY.get()
        prompt = self.now.find("prompt", self.name(stay, stay.n))
        if not isinstance(prompt, Prompt):
            raise TypeError(prompt)
        counts = corrected(prompt, self.now)
        if counts is prompt:
            return answer
        return Answer(dict(counts.values), counts.answered_by, counts.verified_by, answer.seq, answer.at)


class _Looked(Watch):
    """Waits that are over."""

    @contextlib.asynccontextmanager
    async def alongside(self, *reads: object, every: object) -> AsyncIterator[None]:  # noqa: ARG002  nothing is sampled
        """Look at nothing."""
        yield


class _Answering(Binding):
    """Devices as they answered then; what a person entered for one is asked of the driver with the corrected entry."""

    then: Then
    entries: Collection[str]
    step: str  # BATCH.STEP

    async def perform(self, bound: Bound, arguments: Mapping[str, object]) -> object:
        """Answer from the journal; nothing is sent."""
        stay = STAY.get()
        n = stay.begin(bound.what)
        try:
            entry = stay.journal.check(n, bound.what, b"")
            outcome = entry.outcome if entry is not None else None
            if outcome is None:
                _not_then(bound)
            if outcome.kind in {"refused", "failed"}:
                raise raised(outcome)
            if outcome.kind not in {"read", "reply"}:
                _not_then(bound)
            if by_person(bound.device, bound.method) and self._entered(stay.number, n):
                return await bound.send_freely(arguments)
            raw = bytes(outcome.read(Replied).value)
            return None if bound.returns in {None, type(None)} else msgspec.json.decode(raw, type=bound.returns)
        finally:
            stay.end()

    def _entered(self, visit: int, n: int) -> bool:
        """Tell whether one of the corrected entries was made within an effect."""
        start = f"{self.step}.{visit}.{n}"
        return any(name.startswith((f"{start}.", f"{start}-")) for name in self.entries)


def _not_then(bound: Bound) -> NoReturn:
    raise JournalError(f"by the corrected value {bound.what} would be asked, and was not")


def _visits(events: tuple[Event, ...]) -> list[_Was]:
    """Give the visits of the operation's own states that were left, in their order."""
    entered: dict[int, tuple[Event, Enter]] = {}
    asked: dict[int, list[Event]] = {}
    found: list[_Was] = []
    for event in events:
        if event.kind == "enter":
            said = event.read(Enter)
            if not said.within:
                entered[said.visit] = event, said
        elif event.kind in _JOURNALED:
            asked.setdefault(event.read(_Visited).visit, []).append(event)
        elif event.kind == "move":
            moved = event.read(Moved)
            if moved.visit in entered:
                found.append(_Was(*entered[moved.visit], moved, tuple(asked.get(moved.visit, ()))))
    return found


class _Visited(msgspec.Struct):
    visit: int
