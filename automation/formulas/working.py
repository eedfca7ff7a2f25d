"""Calculations that show their working: formula, inputs with units, result, source, as a record or a person needs it.

``@shown`` marks a pure function; ``CALCULATIONS`` lists the marked ones by name; ``work_out`` calls one and keeps all.
Units are read off the annotations of the function (see ``automation.kernel.quantity.UNITS``).
"""

import inspect
import math
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from automation.kernel import quantity
from automation.kernel.errors import InputError

_P = ParamSpec("_P")
_R = TypeVar("_R")


@dataclass(frozen=True, slots=True)
class Term:
    """One input or the result of a calculation."""

    name: str
    value: float
    unit: str  # empty for a bare number

    def __str__(self) -> str:
        return f"{self.name} = {self.value:.10g} {self.unit}".rstrip()


@dataclass(frozen=True, slots=True)
class Working:
    """One calculation as it was done."""

    name: str
    formula: str
    inputs: tuple[Term, ...]
    result: Term
    source: str

    def lines(self) -> tuple[str, ...]:
        """Give the working for people, one line each."""
        formula = f"{self.name} = {self.formula}"
        return (formula, *(f"  {term}" for term in self.inputs), f"  {self.result}", f"  source: {self.source}")


@dataclass(frozen=True, slots=True)
class Calculation:
    """A function that can show its working."""

    name: str
    formula: str
    source: str
    help: str
    inputs: Mapping[str, object]  # name to type
    result: object
    function: Callable[..., object]


CALCULATIONS: dict[str, Calculation] = {}
"""Every marked function, by name; filled when the modules of formulas are imported."""


def shown(*, formula: str, source: str) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Mark a function of numbers; the function itself stays as it is."""

    def mark(function: Callable[_P, _R]) -> Callable[_P, _R]:
        hints = typing.get_type_hints(function)
        result = hints.pop("return")
        summary = (inspect.getdoc(function) or "").partition("\n")[0]
        CALCULATIONS[function.__name__] = Calculation(
            function.__name__, formula, source, summary, hints, result, function
        )
        return function

    return mark


def work_out(name: str, inputs: Mapping[str, str]) -> Working:
    """Do a calculation on texts with units; raises InputError for an unknown name, input or unit."""
    if name not in CALCULATIONS:
        raise InputError(f"{name!r} is no calculation; known: {', '.join(sorted(CALCULATIONS))}")
    calculation = CALCULATIONS[name]
    unknown, missing = set(inputs) - set(calculation.inputs), set(calculation.inputs) - set(inputs)
    if unknown or missing:
        wrong = f"does not know {min(unknown)!r}" if unknown else f"lacks {min(missing)!r}"
        raise InputError(f"{name} {wrong}; its inputs: {', '.join(calculation.inputs)}")
    values = {key: _number(inputs[key], kind, what=f"{name}.{key}") for key, kind in calculation.inputs.items()}
    result = _result(calculation, values)
    terms = tuple(Term(key, values[key], _unit(kind)) for key, kind in calculation.inputs.items())
    return Working(
        name, calculation.formula, terms, Term("result", result, _unit(calculation.result)), calculation.source
    )


def _result(calculation: Calculation, values: Mapping[str, float]) -> float:
    """Call the function; raises InputError for inputs whose result no number of the machine holds."""
    try:
        result = calculation.function(**values)
    except (OverflowError, ZeroDivisionError, ValueError):  # of products, powers and logarithms that leave the range
        result = math.nan
    if not isinstance(result, (int, float)):
        raise TypeError(f"{calculation.name} gives {type(result).__name__}, not a number")
    if not math.isfinite(result):
        given = ", ".join(f"{key} = {value:g}" for key, value in values.items())
        raise InputError(f"{calculation.name} of {given} is beyond every number; look at the inputs and their units")
    return result


def _number(text: str, kind: object, *, what: str) -> float:
    if kind in quantity.UNITS:
        return quantity.read(text, kind, what=what)
    try:
        number = int(text) if kind is int else float(text)
    except ValueError:
        raise InputError(f"{what} is {text!r}; a {'whole ' if kind is int else ''}number is needed") from None
    return quantity.finite(number, what=what)


def _unit(kind: object) -> str:
    return quantity.UNITS.get(kind, "")
