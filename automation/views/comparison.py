"""Batches side by side: parameters that differ, results, yields, time per step, and curves over one another.

Reference batches are the historical ones, else the sending ones; from them come the bands. A parameter that a step took
from a result of another is not compared: the result is.
Units:  results in the unit of the operation, durations in s, curves in s since the begin of their step or of the state
        that they are aligned at.
"""

import typing
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, is_dataclass, replace
from enum import StrEnum
from fnmatch import fnmatchcase

from automation.engine.journal import Enter, Stage
from automation.engine.past import past
from automation.engine.recipe.spec import OperationSpec, parameters_of, unit_of, without_none
from automation.engine.recipe.yaml_source import nearest
from automation.formulas.tolerance import Band, band
from automation.gmp.amendments import Stage as Amended
from automation.kernel.clock import MICRO
from automation.kernel.errors import InputError
from automation.ledger.event import Mode
from automation.views import record, shapes
from automation.views.charts import TIMES
from automation.views.story import Story

POINTS = 200  # of a band along a curve
_ENDS = frozenset({"complete", "stopped", "aborted"})
_LEAST = 2  # points of a curve
Value = float | str


class Role(StrEnum):
    """What a batch stands for in the comparison."""

    SENDING = "sending"
    RECEIVING = "receiving"
    HISTORICAL = "historical"
    NONE = "-"


class Class(StrEnum):
    """How much a line weighs: critical process parameter, critical quality attribute, other; the user says which."""

    CPP = "CPP"
    CQA = "CQA"
    OTHER = "other"


class Kind(StrEnum):
    """What a line compares."""

    PARAMETER = "parameter"
    RESULT = "result"
    YIELD = "yield"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Line:
    """One curve of one batch: s since its zero, and the value there; a gap ends it for a while as None."""

    times: tuple[float, ...]
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """One batch as it is compared."""

    label: str
    role: Role
    recipe: str
    site: str
    simulated: bool
    ended_as: str
    facts: Mapping[tuple[Kind, str], tuple[Value, str]]  # value and unit by kind and place
    curves: Mapping[str, tuple[str, Line]]  # unit and line by place
    assets: tuple[str, ...] = ()  # that it was made with
    amended: tuple[str, ...] = ()  # what planned amendments changed, one sentence for each


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the comparison: a value of each batch, None where it has none."""

    kind: Kind
    where: str  # step.name
    unit: str
    weight: Class
    values: tuple[Value | None, ...]
    band: Band | None
    outside: tuple[bool, ...]  # beyond the band; never said of a reference batch

    @property
    def differs(self) -> bool:
        """Tell whether the batches differ here."""
        return len(set(self.values)) > 1

    @property
    def measured(self) -> bool:
        """Tell whether it is a number that came out, which is worth a line also where all batches agree."""
        return self.kind is not Kind.PARAMETER and any(isinstance(value, float) for value in self.values)


@dataclass(frozen=True, slots=True)
class Overlay:
    """One curve of every batch over one another, and the band of the reference batches (s, low, high)."""

    where: str
    unit: str
    lines: tuple[Line | None, ...]
    band: tuple[tuple[float, float, float], ...] = ()
    how: str = ""


@dataclass(frozen=True, slots=True)
class Classes:
    """Which lines are critical: patterns of step.name, as ``*.viability``."""

    cpp: tuple[str, ...] = ()
    cqa: tuple[str, ...] = ()

    def of(self, where: str) -> Class:
        """Give the class of a line."""
        if any(fnmatchcase(where, pattern) for pattern in self.cqa):
            return Class.CQA
        return Class.CPP if any(fnmatchcase(where, pattern) for pattern in self.cpp) else Class.OTHER


@dataclass(frozen=True, slots=True)
class Comparison:
    """All of it."""

    sides: tuple[Side, ...]
    rows: tuple[Row, ...]
    overlays: tuple[Overlay, ...]
    references: tuple[bool, ...] = field(default=())  # for each side


@dataclass(frozen=True, slots=True)
class How:
    """How batches are read: at which state of a step its curves are zero, and the operations, for their units."""

    align: Mapping[str, str] = field(default_factory=dict)
    operations: Mapping[str, OperationSpec] = field(default_factory=dict)


def side(
    story: Story,
    trends: Mapping[str, Sequence[record.Trend]],
    *,
    label: str,
    role: Role = Role.NONE,
    how: How | None = None,
) -> Side:
    """Give one batch for a comparison; raises InputError for a step or state to align at that it does not have."""
    now, how = story.batch.now, how or How()
    strange = [step for step in how.align if step not in story.steps]
    if strange:
        raise InputError(f"batch {story.id} has no step {strange[0]!r} to align at; it has {', '.join(story.steps)}")
    states = (str(value.state) for value in reversed(story.batch.values))
    return Side(
        label=label,
        role=role,
        recipe=f"{now.issue.recipe} {now.issue.recipe_version}" if now.issue else "",
        site=story.genesis.site,
        simulated=story.genesis.mode is Mode.SIMULATED,
        ended_as=next((state for state in states if state in _ENDS), ""),
        facts=dict(_facts(story, how.operations)),
        curves={
            where: (unit, line)
            for step in story.steps
            for where, unit, line in _curves(story, step, trends.get(step, ()), how)
        },
        assets=tuple(dict.fromkeys(name for one in story.bound.values() for name in one.assets.values())),
        amended=tuple(
            f"{'; '.join(one.proposal.differences)} ({one.proposal.reason})"
            for one in now.amendments
            if one.stage is Amended.IN_FORCE
        ),
    )


def compare(sides: Sequence[Side], classes: Classes) -> Comparison:
    """Compare batches; without two reference batches there is no band.

    Raises InputError for a class whose pattern names nothing.
    """
    _check_classes(sides, classes)
    wanted = Role.HISTORICAL if any(one.role is Role.HISTORICAL for one in sides) else Role.SENDING
    references = tuple(one.role is wanted for one in sides)
    facts = dict.fromkeys(key for kind in Kind for one in sides for key in one.facts if key[0] is kind)
    rows = (_row(sides, references, kind, where, classes.of(where)) for kind, where in facts)
    places = dict.fromkeys(where for one in sides for where in one.curves)
    return Comparison(
        sides=tuple(sides),
        rows=tuple(row for row in rows if row.differs or row.measured),
        overlays=tuple(_overlay(sides, references, where) for where in places),
        references=references,
    )


def _check_classes(sides: Sequence[Side], classes: Classes) -> None:
    known = dict.fromkeys(where for one in sides for _, where in one.facts)
    for pattern in (*classes.cpp, *classes.cqa):
        if not any(fnmatchcase(where, pattern) for where in known):
            raise InputError(f"{pattern!r} is to be critical and names nothing; {nearest(pattern, known)}")


def _facts(
    story: Story, operations: Mapping[str, OperationSpec]
) -> Iterator[tuple[tuple[Kind, str], tuple[Value, str]]]:
    for step, events in story.steps.items():
        bound = story.bound[step]
        spec = operations.get(bound.operation)
        for name, given in bound.parameters.items():
            if not given.source:
                kind = spec.parameters[name].type if spec is not None and name in spec.parameters else None
                for path, value, unit in _leaves(name, given.value, kind=kind):
                    yield (Kind.PARAMETER, f"{step}.{path}"), (value, _unit(given.unit) if path == name else unit)
        for name, found in past("", events).results.items():
            unit = bound.results.get(name, "")
            if unit != "instant" and isinstance(found, bool | int | float | str):
                yield (Kind.RESULT, f"{step}.{name}"), (_value(found), _unit(unit))
        for event in events:
            said = event.read(shapes.Verdict) if event.kind == "judged" else shapes.Verdict()
            if said.kind == "yield":
                yield (Kind.YIELD, f"{step}.{said.what}"), (float(str(said.raw)), said.unit)
        if any(event.kind == "procedural" and event.read(Stage).state in _ENDS for event in events):
            yield (Kind.TIME, step), ((events[-1].at - events[0].at) / MICRO, "s")
    first, last = story.batch.now.started_at, story.batch.now.ended_at
    if first is not None and last is not None:
        yield (Kind.TIME, "batch"), (float(last - first), "s")


def _leaves(path: str, value: object, *, kind: object) -> Iterator[tuple[str, Value, str]]:
    """Give the single values of a structure, each with its path and the unit of its type; lists are counted from 1."""
    kind, _ = without_none(kind)
    if isinstance(value, Mapping):
        parts = parameters_of(kind, top=False) if isinstance(kind, type) and is_dataclass(kind) else {}
        for name, part in value.items():
            yield from _leaves(f"{path}.{name}", part, kind=parts[name].type if name in parts else None)
    elif isinstance(value, list | tuple):
        below = next(iter(typing.get_args(kind)), None)
        for number, part in enumerate(value, 1):
            yield from _leaves(f"{path}.{number}", part, kind=below)
    elif value is not None:
        yield path, _value(value), _unit(unit_of(kind))


def _unit(text: str) -> str:
    return "" if text == "1" else text


def _value(found: object) -> Value:
    if isinstance(found, bool):
        return "yes" if found else "no"
    return float(found) if isinstance(found, int | float) else str(found)


def _curves(story: Story, step: str, trends: Sequence[record.Trend], how: How) -> Iterator[tuple[str, str, Line]]:
    """Give the channels of a step, and what it counted day by day."""
    events = story.steps[step]
    zero = _zero(story, step, state=how.align.get(step, ""))
    roles = {asset: role for role, asset in story.bound[step].assets.items()}
    for trend in trends:
        if trend.readings >= _LEAST and trend.unit not in TIMES:
            line = Line(tuple((at - zero) / MICRO for at in trend.times), trend.values)
            asset, dot, channel = trend.channel.partition(".")  # another site has another asset in the same role
            yield f"{step}.{roles.get(asset, asset)}{dot}{channel}", trend.unit, line
    spec = how.operations.get(story.bound[step].operation)
    for name, found in past("", events).results.items():
        days = [day for day in found if isinstance(day, dict) and "at" in day] if isinstance(found, list) else []
        units = _units(spec, name)
        for part in days[0] if days else ():
            pairs = [(float(day["at"]) - zero / MICRO, day.get(part)) for day in days]
            numbers = [(at, float(value)) for at, value in pairs if isinstance(value, int | float)]
            if part != "at" and units.get(part) not in TIMES and len(numbers) >= _LEAST:
                times, values = zip(*numbers, strict=True)
                yield f"{step}.{name}.{part}", units.get(part, ""), Line(times, values)


def _units(spec: OperationSpec | None, name: str) -> dict[str, str]:
    """Give the units of the parts of a result that is a list of structures."""
    kinds = typing.get_args(spec.results[name]) if spec is not None and name in spec.results else ()
    found = next((kind for kind in kinds if is_dataclass(kind) and isinstance(kind, type)), None)
    return {key: one.unit for key, one in parameters_of(found, top=False).items()} if found is not None else {}


def _zero(story: Story, step: str, *, state: str) -> int:
    """Give where the time of a step's curves begins (us): its begin, or where the state was first entered."""
    events = story.steps[step]
    entered = {event.read(Enter).state: event.at for event in reversed(events) if event.kind == "enter"}
    if state and state not in entered:
        known = ", ".join(reversed(entered))
        raise InputError(f"step {step} of batch {story.id} never entered {state!r}; curves can be aligned at {known}")
    return entered.get(state, events[0].at)


def _row(sides: Sequence[Side], references: Sequence[bool], kind: Kind, where: str, weight: Class) -> Row:
    found = [one.facts.get((kind, where)) for one in sides]
    values = tuple(None if one is None else one[0] for one in found)
    known = [value for value, is_one in zip(values, references, strict=True) if is_one and isinstance(value, float)]
    limits = band(known) if kind is not Kind.PARAMETER else None
    if limits is not None and kind is Kind.TIME:
        limits = replace(limits, low=max(limits.low, 0.0))
    outside = (
        limits is not None and not is_one and isinstance(value, float) and not limits.holds(value)
        for value, is_one in zip(values, references, strict=True)
    )
    unit = next((one[1] for one in found if one is not None), "")
    return Row(kind, where, unit, weight, values, limits, tuple(outside))


def _overlay(sides: Sequence[Side], references: Sequence[bool], where: str) -> Overlay:
    found = [one.curves.get(where) for one in sides]
    lines = tuple(None if one is None else one[1] for one in found)
    unit = next((one[0] for one in found if one is not None), "")
    known = [line for line, is_one in zip(lines, references, strict=True) if is_one and line is not None]
    points = list(_band_along(known)) if len(known) > 1 else []
    how = f"pointwise {points[0][1].how}" if points else ""
    return Overlay(where, unit, lines, tuple((at, one.low, one.high) for at, one in points), how)


def _band_along(lines: Sequence[Line]) -> Iterator[tuple[float, Band]]:
    """Give the band where all reference curves have a value, on an even grid over the time that they share."""
    first, last = max(line.times[0] for line in lines), min(line.times[-1] for line in lines)
    for number in range(POINTS if last > first else 0):
        at = first + (last - first) * number / (POINTS - 1)
        values = [value for value in (_at(line, at) for line in lines) if value is not None]
        limits = band(values) if len(values) == len(lines) else None
        if limits is not None:
            yield at, limits


def _at(line: Line, at: float) -> float | None:
    """Give a curve's value between two readings, None where one of them is missing."""
    place = min(max(bisect_right(line.times, at), 1), len(line.times) - 1)
    (before, after), (low, high) = line.times[place - 1 : place + 1], line.values[place - 1 : place + 1]
    if low is None or high is None:
        return None
    return low + (high - low) * (at - before) / (after - before) if after > before else high
