"""Facts of steps: steps themselves, their parameters, results and assets.

Units: those that the step was bound with; ``hours`` in h.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from automation.engine.journal import Stage
from automation.engine.past import past
from automation.kernel.clock import MICRO
from automation.ledger.event import Event
from automation.views import shapes
from automation.views.questions.rows import Row, Value, hours, moment, value_of

STEPS = ("batch", "step", "operation", "recipe", "state", "ended_as", "begun", "ended", "hours")
RESULTS = ("batch", "step", "operation", "recipe", "name", "kind", "value", "unit", "band", "at")
PARAMETERS = ("batch", "step", "operation", "recipe", "name", "value", "unit")
ASSETS = ("batch", "step", "role", "asset", "model")
ENDS = frozenset({"complete", "stopped", "aborted"})
_INSTANT = "instant"


@dataclass(frozen=True, slots=True)
class Step:
    """One step's events with what it was bound to."""

    batch: str
    name: str
    recipe: str
    events: Sequence[Event]

    @property
    def bound(self) -> tuple[shapes.Bound, int]:
        """Give what it works with, and the event that says so; 0 before it was bound."""
        found = next((event for event in self.events if event.kind == "bound"), None)
        return (found.read(shapes.Bound), found.seq) if found else (shapes.Bound(), 0)

    @property
    def names(self) -> dict[str, Value]:
        """Give the fields that every row of it begins with."""
        operation = self.bound[0].operation
        return {"batch": self.batch, "step": self.name, "operation": operation, "recipe": self.recipe}

    @property
    def stages(self) -> list[tuple[str, Event]]:
        """Give the ISA-88 states that it went through."""
        return [(event.read(Stage).state, event) for event in self.events if event.kind == "procedural"]


def steps(some: Sequence[Step]) -> Iterator[Row]:
    """Give one row for each step that began."""
    for step in some:
        stages = step.stages
        if not stages:
            continue
        first, (stage, last) = stages[0][1], stages[-1]
        over = stage in ENDS
        ended = last.at if over else None
        times = {"begun": moment(first.at), "ended": moment(ended), "hours": hours(first.at, ended)}
        state = past("", step.events).state
        yield Row(
            {**step.names, "state": state, "ended_as": stage if over else "", **times},
            (first.seq, last.seq) if over else (first.seq,),
        )


def results(some: Sequence[Step]) -> Iterator[Row]:
    """Give one row for each single result and yield, with the band in which it was judged to lie."""
    for step in some:
        at = {event.seq: event for event in step.events}
        judged = {said.what: (said, event) for said, event in _judged(step)}
        folded, bound = past("", step.events), step.bound[0]
        for name, found in folded.results.items():
            unit = bound.results.get(name, "")
            value = moment(round(found * MICRO)) if unit == _INSTANT and isinstance(found, float) else value_of(found)
            if value is not None:
                said, *more = judged.get(name, (shapes.Verdict(),))
                shown = (at[folded.sources[name]], *more)
                given = {"name": name, "value": value, "unit": "" if unit in {_INSTANT, "1"} else unit}
                yield _result(step, given, said, *shown)
        for said, event in judged.values():
            if said.kind == "yield":
                yield _result(step, {"name": said.what, "value": _number(said.raw), "unit": said.unit}, said, event)


def _result(step: Step, given: Mapping[str, Value], said: shapes.Verdict, *shown: Event) -> Row:
    told = {"kind": said.kind, "band": said.band, "at": moment(shown[0].at)}
    return Row({**step.names, **given, **told}, tuple(event.seq for event in shown))


def _number(raw: object) -> Value:
    try:
        return float(str(raw))
    except ValueError:
        return value_of(raw)


def _judged(step: Step) -> Iterator[tuple[shapes.Verdict, Event]]:
    return ((event.read(shapes.Verdict), event) for event in step.events if event.kind == "judged")


def parameters(some: Sequence[Step]) -> Iterator[Row]:
    """Give one row for each single parameter that a step got; a structure has none."""
    for step in some:
        bound, seq = step.bound
        for name, given in bound.parameters.items():
            value = value_of(given.value)
            if value is not None:
                unit = "" if given.unit == "1" else given.unit
                seqs = (seq, given.source) if given.source else (seq,)
                yield Row({**step.names, "name": name, "value": value, "unit": unit}, seqs)


def assets(some: Sequence[Step], models: Mapping[str, str]) -> Iterator[Row]:
    """Give one row for each asset that a step worked with, by its role."""
    for step in some:
        bound, seq = step.bound
        for role, asset in bound.assets.items():
            names: dict[str, Value] = {"batch": step.batch, "step": step.name, "role": role, "asset": asset}
            yield Row({**names, "model": models.get(asset, "")}, (seq,))
