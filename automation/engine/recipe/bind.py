"""Turns what the recipe says of a step into the operation's parameters, when the step starts.

A value from an earlier step is taken from its recorded result, and the number of the event that recorded it is kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from automation.engine.recipe.model import Literal, Reference, Step
from automation.engine.recipe.spec import OperationSpec, ParameterSpec
from automation.kernel.errors import CellwrightError, RefusedError


@dataclass(frozen=True, slots=True)
class Recorded:
    """A result as the ledger holds it, with the number of its event."""

    value: object
    seq: int


@dataclass(frozen=True, slots=True)
class Resolved:
    """Where one parameter came from: the result's name and its event."""

    parameter: str
    result: str
    seq: int


@dataclass(frozen=True, slots=True)
class Bound:
    """The parameters of one step, and the source of each value that an earlier step gave."""

    given: object  # an instance of the operation's parameters; None when it has none
    resolved: tuple[Resolved, ...] = ()


def bind(spec: OperationSpec, step: Step, results: Mapping[str, Recorded]) -> Bound:
    """Give the parameters of a step; ``results`` maps ``step.result`` to what was recorded.

    Raises RefusedError when an earlier step gave no such result.
    """
    if spec.given is None:
        return Bound(None)
    values: dict[str, object] = {}
    resolved: list[Resolved] = []
    for name, given in step.given.items():
        match given:
            case Literal(value=value):
                values[name] = value
            case Reference():
                recorded = _recorded(given, step, results, spec.parameters[name])
                values[name] = recorded.value
                resolved.append(Resolved(name, given.text, recorded.seq))
    return Bound(spec.given(**values), tuple(resolved))


def _recorded(reference: Reference, step: Step, results: Mapping[str, Recorded], parameter: ParameterSpec) -> Recorded:
    found = results.get(reference.text)
    if found is None or (found.value is None and not parameter.optional):
        raise RefusedError(f"step {step.id!r} needs {reference.text}, and step {reference.step!r} gave no such result")
    if found.value is None:
        return found
    try:
        value: object = msgspec.convert(found.value, parameter.type)
    except msgspec.ValidationError as error:
        problem = f"{reference.text} was recorded in another form than {step.id}.{parameter.name}: {error}"
        raise CellwrightError(problem) from error
    return Recorded(value, found.seq)
