"""A question to one table: conditions that all have to hold, groups, and what is made of each group.

A question is data from the first to the last: names of fields, signs and values. Nothing of it becomes code or SQL.
Values of different units are never compared or put together: a condition may state the unit with its number
(``value >= 80 %``), and a question that mixes units is refused.
Units: those of the rows.
"""

import math
import re
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from automation.engine.recipe.yaml_source import nearest
from automation.kernel.errors import InputError
from automation.views.questions.rows import Row, Rows, Value, like

_CONDITION = re.compile(r"(\w+)\s*(!=|<=|>=|=|<|>|~)(.*)")  # blanks at the ends are taken off before and after
_AMOUNT = re.compile(r"([-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)(?:\s+(\S+))?")
_OF = re.compile(r"(\w+)\((\w+)\)")
UNIT, EVENTS, COUNT = "unit", "events", "count"
_ORDER: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
_MEASURES: dict[str, Callable[[Sequence[float]], float]] = {
    "mean": statistics.fmean,
    "median": statistics.median,
    "min": min,
    "max": max,
    "sum": sum,
    "sd": lambda values: statistics.stdev(values) if len(values) > 1 else 0.0,
}


class Condition(msgspec.Struct, frozen=True):
    """One condition: a field, a sign, and what it is compared with, whose unit may be stated."""

    field: str
    sign: str
    text: str
    number: float | None = None
    unit: str = ""

    def holds(self, row: Row) -> bool:
        """Tell whether a row meets it; an empty field meets none but ``!=``."""
        value = row.values.get(self.field)
        if self.sign == "~":
            return value is not None and like(str(value), self.text)
        if self.sign in {"=", "!="}:
            return self._is(row, value) == (self.sign == "=")
        if value is None or value == "":
            return False
        if isinstance(value, float):
            return self.number is not None and self._of_unit(row) and _ORDER[self.sign](value, self.number)
        return self.number is None and {"<": value < self.text, "<=": value <= self.text}.get(
            self.sign, value > self.text or (self.sign == ">=" and value == self.text)
        )

    def _is(self, row: Row, value: Value) -> bool:
        if isinstance(value, float):
            return value == self.number and self._of_unit(row)
        return str(value or "") == self.text

    def _of_unit(self, row: Row) -> bool:
        return not self.unit or row.text(UNIT) == self.unit


class Question(msgspec.Struct, frozen=True, omit_defaults=True):
    """One question."""

    table: str
    where: tuple[Condition, ...] = ()
    show: tuple[str, ...] = ()  # fields; all when empty
    group: tuple[str, ...] = ()
    of: tuple[tuple[str, str], ...] = ()  # (measure, field)
    sort: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a question: heads, and rows of values with the events of each."""

    fields: tuple[str, ...]
    rows: tuple[Row, ...]

    def lines(self) -> list[tuple[Value, ...]]:
        """Give the values of each row in the order of the heads."""
        return [tuple(row.values.get(field) for field in self.fields) for row in self.rows]


def condition(text: str) -> Condition:
    """Read ``FIELD SIGN VALUE``; raises InputError that says how it is written."""
    found = _CONDITION.fullmatch(text.strip())
    if found is None:
        raise InputError(f"the condition is {text!r}; write FIELD SIGN VALUE with one of = != < <= > >= ~")
    field, sign, value = found[1], found[2], found[3].strip()
    amount = _AMOUNT.fullmatch(value)
    if amount is None or sign == "~":
        return Condition(field, sign, value)
    number = float(amount[1])
    if not math.isfinite(number):
        raise InputError(f"the condition is {text!r}; {amount[1]} is too large for a number")
    return Condition(field, sign, value, number, amount[2] or "")


def measure(text: str) -> tuple[str, str]:
    """Read ``MEASURE(FIELD)``; raises InputError that names the measures."""
    found = _OF.fullmatch(text.replace(" ", ""))
    if found is None or found[1] not in _MEASURES:
        raise InputError(f"{text!r} is no measure; write one of {', '.join(_MEASURES)} of a field, as mean(value)")
    return found[1], found[2]


def ask(question: Question, table: Rows) -> Answer:
    """Answer a question from its table; raises InputError for a field that it lacks, and for units that are mixed."""
    _check_fields(question, table)
    rows: Sequence[Row] = table.rows
    for one in sorted(question.where, key=lambda one: one.sign in _ORDER):  # first what narrows the units down
        _check_units(rows, one, table)
        rows = [row for row in rows if one.holds(row)]
    if question.group or question.of:
        answer = _grouped(question, rows, table)
    else:
        answer = Answer(question.show or table.fields, tuple(rows))
    return _sorted(question, answer)


def _check_fields(question: Question, table: Rows) -> None:
    asked = (
        *(one.field for one in question.where),
        *question.show,
        *question.group,
        *(name for _, name in question.of),
    )
    for name in asked:
        if name not in table.fields:
            raise InputError(f"{question.table} have no field {name!r}; {nearest(name, table.fields)}")


def _check_units(rows: Sequence[Row], one: Condition, table: Rows) -> None:
    """Refuse a number without unit where the rows that are left have several."""
    if one.sign not in _ORDER or one.unit or one.number is None or UNIT not in table.fields:
        return
    units = {row.text(UNIT) for row in rows if row.number(one.field) is not None}
    if len(units) > 1:
        named = ", ".join(sorted(unit or "none" for unit in units))
        raise InputError(f"{one.field} {one.sign} {one.text} compares values of several units ({named}); state one")


def _grouped(question: Question, rows: Sequence[Row], table: Rows) -> Answer:
    groups: dict[tuple[Value, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row.values.get(field) for field in question.group), []).append(row)
    names = [f"{name}({field})" for name, field in question.of]
    found = []
    for key, some in groups.items():
        values: dict[str, Value] = dict(zip(question.group, key, strict=True))
        values[COUNT] = float(len(some))
        for name, (how, field) in zip(names, question.of, strict=True):
            values[name] = _measured(some, how=how, field=field, units=UNIT in table.fields)
        found.append(Row(values, tuple(sorted({seq for row in some for seq in row.events}))))
    return Answer((*question.group, COUNT, *names), tuple(found))


def _measured(rows: Sequence[Row], *, how: str, field: str, units: bool) -> Value:
    pairs = [(value, row.text(UNIT)) for row in rows if (value := row.number(field)) is not None]
    several = {unit for _, unit in pairs} if units else set()
    if len(several) > 1:
        named = ", ".join(sorted(unit or "none" for unit in several))
        raise InputError(f"{how}({field}) would mix units ({named}); group by unit, or ask for one of them")
    return float(_MEASURES[how]([value for value, _ in pairs])) if pairs else None


def _sorted(question: Question, answer: Answer) -> Answer:
    if not question.sort:
        return answer
    falling, name = question.sort.startswith("-"), question.sort.removeprefix("-")
    if name not in answer.fields:
        raise InputError(f"--sort is {question.sort!r}; {nearest(name, answer.fields)}")
    rows = sorted(answer.rows, key=lambda row: _rank(row.values, name), reverse=falling)
    return Answer(answer.fields, tuple(rows))


def _rank(values: Mapping[str, Value], name: str) -> tuple[bool, float, str]:
    value = values.get(name)
    return (value is not None, value if isinstance(value, float) else 0.0, value if isinstance(value, str) else "")
