"""Turns a node into a value of the type that an operation's parameter is annotated with.

Quantities need their unit (``1 K/min``), ranges are checked in the unit of the type, words must be known ones,
a tuple of a dataclass is read from a list of mappings with the dataclass's field names. Raises InputError throughout.
"""

import dataclasses
import types
import typing
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from automation.engine.handles import Container, Lot
from automation.engine.recipe.spec import ParameterSpec, parameters_of, required_of, unit_of, without_none
from automation.engine.recipe.yaml_source import Node, Shape
from automation.kernel import quantity
from automation.kernel.errors import InputError


def value(node: Node, spec: ParameterSpec) -> object:
    """Read one parameter: its type, then its range."""
    if node.empty and spec.optional:
        return None
    found = _typed(node, spec.type)
    for one in found if isinstance(found, tuple) else (found,):
        _in_range(one, node, spec)
    return found


def as_written(node: Node) -> str:
    """Give the text of a node for people: as written, lists and mappings in one line."""
    match node.shape:
        case Shape.SCALAR:
            return node.text
        case Shape.LIST:
            return "; ".join(as_written(item) for item in node.items)
        case Shape.MAP:
            return ", ".join(f"{key} {as_written(item)}" for key, item in node.pairs.items())


def _typed(node: Node, kind: object) -> object:
    if unit_of(kind) not in ("", "1"):
        return quantity.read(_text_of(node), kind, what=node.name, where=node.where)
    if isinstance(kind, type):
        return _of_class(node, kind)
    if typing.get_origin(kind) is tuple:
        item, *rest = typing.get_args(kind)
        if rest == [Ellipsis]:
            return tuple(_typed(one, without_none(item)[0]) for one in node.sequence())
    if typing.get_origin(kind) in (types.UnionType, typing.Union):
        raise node.wrong("has several types; it can only come from an earlier step ('from: step.result')")
    raise node.wrong("can't be written in a recipe; it can only come from an earlier step ('from: step.result')")


def _of_class(node: Node, kind: type) -> object:
    if issubclass(kind, StrEnum):
        return kind(node.choice([member.value for member in kind]))
    if issubclass(kind, (Container, Lot)):
        raise node.wrong("is a handle; it can only come from an earlier step that identified it ('from: step.result')")
    if dataclasses.is_dataclass(kind):
        return _structure(node, kind)
    if kind is bool:
        return node.flag()
    if kind is int:
        return node.integer()
    if kind is float:
        return node.number()
    if kind is Decimal:
        return _exact(node)
    if kind is str:
        return node.string()
    raise node.wrong("can't be written in a recipe; it can only come from an earlier step ('from: step.result')")


def _structure(node: Node, kind: type) -> object:
    specs, required = parameters_of(kind, top=False), required_of(kind)
    pairs = node.fields(required=[name for name in specs if name in required], optional=specs)
    values = {name: value(one, specs[name]) for name, one in pairs.items()}
    try:
        built: object = kind(**values)
    except InputError as error:
        raise node.wrong(f"is not possible: {error}") from None
    return built


def _exact(node: Node) -> Decimal:
    try:
        exact = Decimal(node.string())
    except InvalidOperation:
        raise node.wrong(f"is {node.text!r}; a number with '.' as decimal point is needed") from None
    if not exact.is_finite():
        raise node.wrong(f"is {node.text!r}; a finite number is needed")
    return exact


def _in_range(found: object, node: Node, spec: ParameterSpec) -> None:
    if isinstance(found, bool) or not isinstance(found, (int, float, Decimal)):
        return
    low_ok = spec.low is None or float(found) >= spec.low
    high_ok = spec.high is None or float(found) <= spec.high
    if low_ok and high_ok:
        return
    unit = f" {spec.unit}" if spec.unit not in ("", "1") else ""
    bounds = [f"at least {spec.low:g}{unit}"] if spec.low is not None else []
    bounds += [f"at most {spec.high:g}{unit}"] if spec.high is not None else []
    raise node.wrong(f"is {as_written(node)!r}; allowed: {' and '.join(bounds)}")


def _text_of(node: Node) -> str:
    if node.shape is not Shape.SCALAR:
        return node.string()
    return node.text
