"""What rests on a corrected entry or an excluded reading: step by step in their order, by the sources of each value.

A step rests on an entry that was made in it, and on another step's result that it was bound to.
Source: 21 CFR 211.192 (how far a discrepancy extends); design: corrections over the whole dependence of a value.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from automation.engine.assembly import BoundTo
from automation.engine.house import House
from automation.engine.journal import Called, Recalculated, Replied, brought
from automation.engine.operation import digest
from automation.engine.past import past
from automation.engine.recipe.model import Literal, Reference, Step
from automation.engine.retelling import Retelling, Retold, Telling
from automation.engine.rounds import ROUND, SKIPPED, Decided, Rounds
from automation.engine.tape import by_person
from automation.engine.verdicts import Judged, judge_result, judge_yield
from automation.gmp.marks import of_batch
from automation.gmp.product.batches import Batch
from automation.gmp.quality.corrections import Correction
from automation.ledger.event import Event

_SAME = 1e-9  # relative
_OVER = frozenset({"complete", "stopped", "aborted"})


@dataclass(slots=True)
class Worked:
    """What came of a correction: events to write (step, kind, body), and the steps that are not over yet."""

    events: list[tuple[str, str, msgspec.Struct]] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)


class Resting:
    """Finds what rests on one correction of a batch, and what it comes to."""

    def __init__(self, house: House, batch: Batch, rounds: Rounds, correction: Correction) -> None:
        """Look at the batch as the ledger stands."""
        self._house = house
        self._batch = batch
        self._rounds = rounds
        self._correction = correction
        self._steps = rounds.steps()
        self._now = {step.id: dict(past("", rounds.stream(step.id)).results) for step in self._steps}
        self._sources = dict(self._brought())  # event and result -> step
        self._changed: dict[str, set[str]] = {}  # step -> results
        self._excluded: dict[str, str] = {}  # step -> why its results can't be relied on, or that they can
        self._out: set[str] = set()  # steps that rest on the reading that is excluded
        made = (one for one in house.door.marked("correction", of_batch(batch.id)) if isinstance(one, Correction))
        self._entries = frozenset(one.entry for one in made if one.setting is not None)

    def work(self) -> Worked:
        """Go through the steps in their order."""
        found = Worked()
        for step in self._steps:
            events = tuple(self._rounds.stream(step.id))
            bound = next((event.read(BoundTo) for event in events if event.kind == "bound"), None)
            if bound is None:
                continue
            stands = past("", events)
            if self._excludes(step, bound, events):
                self._note(found, step, events, Retold(stands.results, [self._excluded[step.id]]))
                continue
            given = self._given(bound)
            entries = {name for name in self._entries if name.startswith(f"{self._batch.id}.{step.id}.")}
            if not entries and all(bound.parameters[name].value == value for name, value in given.items()):
                continue
            if str(stands.stage) not in _OVER:
                found.waiting.append(step.id)
                continue
            self._note(found, step, events, self._retold(step, events, given, entries))
        self._judge(found)
        return found

    def _retold(self, step: Step, events: tuple[Event, ...], given: Mapping[str, object], entries: set[str]) -> Retold:
        house = self._house
        if digest(house.operations[step.operation].operation) != self._batch.operations.get(step.operation):
            why = f"step {step.id} was done by another version of {step.operation}; this one can't recalculate it"
            return Retold({}, [why])
        shares = self._rounds.containers(step)
        telling = Telling(house, self._batch.id, self._batch.identity, step, shares, events)
        return Retelling(telling, given, entries).tell()

    def _note(self, found: Worked, step: Step, events: tuple[Event, ...], told: Retold) -> None:
        """Note what changed of a step, once for each correction where nothing did."""
        stands = past("", events).results
        changed = {name: value for name, value in told.results.items() if _differs(stands.get(name), value)}
        left = [*told.left, *self._decided_by(step, changed)]
        said = any(event.kind == "recalculated" and event.cause == self._correction.seq for event in events)
        mine = self._correction.entry.startswith(f"{self._batch.id}.{step.id}.")
        if not changed and (said or not (mine or step.id in self._excluded)):
            return
        was = {name: stands.get(name) for name in changed}
        raw, before = (msgspec.Raw(msgspec.json.encode(one)) for one in (changed, was))
        body = Recalculated(self._correction.id, raw, before, tuple(dict.fromkeys(left)))
        found.events.append((step.id, "recalculated", body))
        self._now[step.id] |= changed
        self._changed[step.id] = set(changed)

    def _given(self, bound: BoundTo) -> dict[str, object]:
        """Give the parameters that came from other steps, as those count now."""
        found: dict[str, object] = {}
        for name, one in bound.parameters.items():
            result = one.text.rpartition(".")[2]
            step = self._sources.get((one.source, result)) if one.source else None
            if step is not None:
                found[name] = self._now[step].get(result, one.value)
        return found

    def _brought(self) -> Iterator[tuple[tuple[int, str], str]]:
        for step in self._steps:
            for event in self._rounds.stream(step.id):
                yield from (((event.seq, name), step.id) for name in brought(event))

    def _decided_by(self, step: Step, changed: Mapping[str, object]) -> Iterator[str]:
        """Give what was decided by a result that has changed: rounds, and steps that were left out."""
        sources = {seq for (seq, name), of in self._sources.items() if of == step.id and name in changed}
        for one in self._steps:
            for event in self._rounds.stream(one.id):
                if event.kind in {ROUND, SKIPPED} and event.read(Decided).source in sources:
                    yield f"{event.read(Decided).sentence}: so it was decided by the earlier value"

    def _excludes(self, step: Step, bound: BoundTo, events: tuple[Event, ...]) -> bool:
        """Tell whether a step rests on the reading that is excluded."""
        said = self._correction.exclusion
        if said is None:
            return False
        if step.id == said.step:
            why = f"the reading of event {said.event} is not to be used ({said.reason}): judge what rests on it"
            none = f"event {said.event} is no reading of a machine in step {step.id}; nothing is excluded"
            found = measured(self._house, events, said.event)
            self._excluded[step.id] = why if found else none
            self._out |= {step.id} if found else set()
            return True
        from_steps = {self._sources.get((one.source, one.text.rpartition(".")[2])) for one in bound.parameters.values()}
        on = sorted(name for name in from_steps if name is not None and name in self._out)
        if on:
            self._excluded[step.id] = f"step {step.id} rests on {', '.join(on)}, of which a reading is not to be used"
            self._out.add(step.id)
        return bool(on)

    # verdicts

    def _judge(self, found: Worked) -> None:
        """Judge again what was judged before and has changed."""
        for step in self._steps:
            judged = {e.read(Judged).what for e in self._rounds.stream(step.id) if e.kind == "judged"}
            spec = self._house.operations[step.operation]
            for name in sorted(judged & self._changed.get(step.id, set()) & set(step.limits)):
                again = judge_result(
                    self._now[step.id].get(name), step.limits[name], kind=spec.results[name], name=name
                )
                found.events.append((step.id, "judged", again))
            for one in step.yields:
                theory = one.theoretical
                sides = [one.actual, *([] if isinstance(theory, Literal) else [theory])]
                if one.name in judged and any(self._has_changed(side) for side in sides):
                    found.events.append((step.id, "judged", judge_yield(one, self._result)))

    def _has_changed(self, side: Reference) -> bool:
        return side.result in self._changed.get(self._rounds.latest(side.step), set())

    def _result(self, step: str, name: str) -> object:
        return self._now[self._rounds.latest(step)].get(name)


def measured(house: House, events: Iterable[Event], seq: int) -> bool:
    """Tell whether an event of a step is what a device answered, and no person for it."""
    known = {event.seq: event for event in events}
    event = known.get(seq)
    if event is None or event.kind not in {"read", "reply"}:
        return False
    call = known.get(event.cause or 0)
    asset = event.read(Replied).asset or (call.read(Called).asset if call is not None and call.kind == "call" else "")
    return asset in house.devices and not by_person(house.devices[asset].driver)


def _differs(was: object, now: object) -> bool:
    """Tell whether a value is another one; sums in another order of the same numbers are not."""
    if isinstance(was, float) and isinstance(now, float):
        return not math.isclose(was, now, rel_tol=_SAME)
    return was != now
