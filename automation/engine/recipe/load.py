"""Reads a recipe file, checks it against the operations it names and gives it as one frozen value.

Every error is one ``InputError`` with file, line and column. Nothing has a default that changes what is done:
a step without ``after`` follows the one written before it.
"""

from collections.abc import Mapping
from pathlib import Path

from automation.engine.recipe import checks, source
from automation.engine.recipe.limit_text import limits_of
from automation.engine.recipe.model import (
    Amount,
    Change,
    Given,
    Header,
    Literal,
    Mark,
    Material,
    Part,
    Product,
    Recipe,
    Reference,
    Start,
    Status,
    Step,
    TimeLimit,
    Yield,
)
from automation.engine.recipe.spec import OperationSpec, words
from automation.engine.recipe.values import as_written, value
from automation.engine.recipe.words import WORDS, condition
from automation.engine.recipe.words import part as part_of
from automation.engine.recipe.yaml_source import Node, Shape, nearest
from automation.formulas import limits as rules
from automation.formulas.cleanrooms import Grade
from automation.gmp.hazards import Hazard
from automation.gmp.openings import Opened
from automation.gmp.words import Meaning
from automation.kernel import quantity
from automation.kernel.errors import InputError
from automation.kernel.quantity import Percent, Seconds

_REFERENCE = "from"
OF_A_STEP = ("title", "after", "given", "equipment", "limits", "signatures", "yields", "when", "hazards", "opens")


def load(
    path_or_name: str | Path, operations: Mapping[str, OperationSpec], *, changes: Mapping[str, str] | None = None
) -> Recipe:
    """Give the recipe of a file or of an installed name.

    ``changes`` maps ``step.parameter`` to another value as text, for engineering lots only.
    Raises InputError with file, line and column for everything that is wrong.
    """
    return made(source.read(path_or_name), operations, changes=changes)


def made(
    approved: Node, operations: Mapping[str, OperationSpec], *, changes: Mapping[str, str] | None = None
) -> Recipe:
    """Give the recipe of a file that was read; see ``load``."""
    changed, noted = source.changed(approved, changes or {})
    found = _Reader(operations).recipe(changed, approved_digest=source.digest(approved), changes=noted)
    return checks.ordered(found, operations, at=changed.where)


class _Reader:
    """Reads the parts of one recipe."""

    def __init__(self, operations: Mapping[str, OperationSpec]) -> None:
        self._operations = operations

    def recipe(self, node: Node, *, approved_digest: str, changes: tuple[Change, ...]) -> Recipe:
        """Read the whole."""
        pairs = node.fields(required=("recipe", "product", "steps"), optional=("materials", "equipment", "time_limits"))
        roles = {role: words(one.string()) for role, one in _open(pairs, "equipment").items()}
        steps, parts = self._steps(pairs["steps"], roles)
        return Recipe(
            header=_header(pairs["recipe"]),
            product=_product(pairs["product"]),
            materials=tuple(_material(one) for one in _list(pairs, "materials")),
            equipment=roles,
            steps=steps,
            parts=parts,
            time_limits=tuple(_time_limit(one) for one in _list(pairs, "time_limits")),
            digest=source.digest(node),
            approved_digest=approved_digest,
            changes=changes,
            source=node.where.partition(":")[0],
        )

    def _steps(self, node: Node, roles: Mapping[str, str]) -> tuple[tuple[Step, ...], tuple[Part, ...]]:
        steps: list[Step] = []
        parts: list[Part] = []
        for one in node.sequence():
            inside = _group(one) if "steps" in one.mapping() else None
            first = len(steps)
            for inner in (one,) if inside is None else inside["steps"].sequence():
                step = self._step(inner, roles, before=steps[-1].id if steps else "", alone=inside is None)
                if any(step.id == other.id for other in steps):
                    raise inner.wrong(f"has the id {step.id!r}, which an earlier step has")
                steps.append(step)
            pairs = one.mapping() if inside is None else inside
            name, own = _identifier(pairs["id"]), tuple(step.id for step in steps[first:])
            part = part_of(name, pairs, own, _reference)
            if inside is not None and (part is None or not own):
                raise one.wrong(f"needs steps and one of {', '.join(WORDS)}")
            parts += [part] if part is not None else []
        if not steps:
            raise node.wrong("is empty; a recipe has at least one step")
        return tuple(steps), tuple(parts)

    def _step(self, node: Node, roles: Mapping[str, str], *, before: str, alone: bool) -> Step:
        again = WORDS if alone else ()
        pairs = node.fields(required=("id", "operation"), optional=(*OF_A_STEP, *again))
        spec = self._operations.get(pairs["operation"].string())
        if spec is None:
            name, known = pairs["operation"].text, nearest(pairs["operation"].text, self._operations)
            raise pairs["operation"].wrong(f"is {name!r}, which is not an operation; {known}")
        return Step(
            id=_identifier(pairs["id"]),
            operation=pairs["operation"].text,
            title=pairs["title"].string() if "title" in pairs else spec.title,
            after=_after(pairs.get("after"), before),
            given=_given(pairs.get("given"), spec, node),
            equipment=_equipment(pairs.get("equipment"), spec, roles, node),
            limits=_limits(pairs, spec),
            signatures=tuple(Meaning(one.choice(list(Meaning))) for one in _list(pairs, "signatures")),
            yields=tuple(_yield(one) for one in _list(pairs, "yields")),
            where=node.where,
            when=condition(pairs["when"], _reference) if "when" in pairs else None,
            hazards=tuple(Hazard(one.choice(list(Hazard))) for one in _list(pairs, "hazards")),
            opens=_opens(pairs) if "opens" in pairs else None,
        )


def _opens(pairs: Mapping[str, Node]) -> Opened:
    """Give what an open manipulation needs; a step without equipment is done nowhere that is known."""
    node = pairs["opens"]
    if "equipment" not in pairs:
        raise node.wrong("needs equipment in its step: product is opened where that stands")
    stated = node.fields(required=("grade", "background"))
    grade, background = (Grade(stated[key].choice(list(Grade))) for key in ("grade", "background"))
    return Opened(grade, background)


def _group(node: Node) -> Mapping[str, Node]:
    """Give what a part of several steps says of itself."""
    return node.fields(required=("id", "steps"), optional=WORDS)


def _header(node: Node) -> Header:
    pairs = node.fields(required=("id", "version", "title", "status"))
    status = Status(pairs["status"].choice(list(Status)))
    return Header(_identifier(pairs["id"]), pairs["version"].string(), pairs["title"].string(), status)


def _product(node: Node) -> Product:
    pairs = node.fields(required=("name",), optional=("code", "container", "starts_from", "starts_in"))
    texts = {key: one.string() for key, one in pairs.items() if key != "starts_in"}
    start = Start(pairs["starts_in"].choice(list(Start))) if "starts_in" in pairs else Start.EXPECTED
    return Product(**texts, starts_in=start)


def _material(node: Node) -> Material:
    pairs = node.fields(required=("name", "what", "quantity", "step"))
    name, what, step = (pairs[key].string() for key in ("name", "what", "step"))
    return Material(name, what, _amount(pairs["quantity"]), step, pairs["step"].where)


def _amount(node: Node) -> Amount:
    number, _, unit = node.string().strip().partition(" ")
    if unit.strip() not in rules.UCUM:
        raise node.wrong(f"is {node.text!r}; a number, a space and a unit are needed ({', '.join(rules.UCUM)})")
    try:
        return Amount(rules.decimal(number, what=node.name), unit.strip())
    except InputError as error:
        raise InputError(str(error), where=node.where) from None


def _after(node: Node | None, before: str) -> tuple[str, ...]:
    if node is None:
        return (before,) if before else ()
    named = node.sequence() if node.shape is Shape.LIST else (node,)
    return tuple(one.string() for one in named)


def _given(node: Node | None, spec: OperationSpec, step: Node) -> dict[str, Given]:
    if node is None and spec.parameters:
        raise step.wrong(f"lacks 'given' with {', '.join(spec.parameters)}")
    if node is None:
        return {}
    pairs = node.fields(required=spec.parameters)
    return {name: _one_given(pairs[name], spec, name) for name in spec.parameters}


def _one_given(node: Node, spec: OperationSpec, name: str) -> Given:
    if node.shape is Shape.MAP and _REFERENCE in node.pairs:
        return _reference(node.fields(required=(_REFERENCE,))[_REFERENCE])
    return Literal(value(node, spec.parameters[name]), as_written(node), node.where)


def _reference(node: Node) -> Reference:
    step, dot, result = node.string().partition(".")
    if not (step and dot and result):
        raise node.wrong(f"is {node.text!r}; write step.result")
    return Reference(step, result, node.where)


def _equipment(node: Node | None, spec: OperationSpec, roles: Mapping[str, str], step: Node) -> dict[str, str]:
    needed = [one for one in spec.equipment if one not in spec.optional_equipment]
    if node is None:
        if needed:
            raise step.wrong(f"lacks 'equipment' with {', '.join(needed)}")
        return {}
    pairs = node.fields(required=needed, optional=spec.optional_equipment)
    for one, role in pairs.items():
        name = role.choice(roles)
        if roles[name] != spec.equipment[one]:
            raise role.wrong(f"is {name!r}, a {roles[name]}; {spec.name} needs a {spec.equipment[one]}")
    return {one: pairs[one].text for one in spec.equipment if one in pairs}


def _limits(pairs: Mapping[str, Node], spec: OperationSpec) -> dict[str, rules.Limits]:
    found: dict[str, rules.Limits] = {}
    for result, node in _open(pairs, "limits").items():
        if result not in spec.results:
            problem = f"{node.name} is no result of {spec.name}; {nearest(result, spec.results)}"
            raise InputError(problem, where=node.key_where)
        found[result] = limits_of(node, spec.results[result])
    return found


def _yield(node: Node) -> Yield:
    pairs = node.fields(required=("name", "actual", "theoretical", "limits"))
    actual = _reference(pairs["actual"].fields(required=(_REFERENCE,))[_REFERENCE])
    limits = limits_of(pairs["limits"], Percent)
    return Yield(pairs["name"].string(), actual, _theoretical(pairs["theoretical"]), limits)


def _theoretical(node: Node) -> Given:
    if node.shape is Shape.MAP:
        return _reference(node.fields(required=(_REFERENCE,))[_REFERENCE])
    return Literal(_amount(node), node.text, node.where)


def _time_limit(node: Node) -> TimeLimit:
    pairs = node.fields(required=("name", "from", "to"), optional=("max", "min", "warn_at"))
    if "max" not in pairs and "min" not in pairs:
        raise node.wrong("lacks max or min")
    if "warn_at" in pairs and "max" not in pairs:
        raise pairs["warn_at"].wrong("needs max, of which it is a share")
    return TimeLimit(
        name=pairs["name"].string(),
        start=_mark(pairs["from"]),
        end=_mark(pairs["to"]),
        most=_duration(pairs["max"]) if "max" in pairs else None,
        least=_duration(pairs["min"]) if "min" in pairs else None,
        warn_at=_share(pairs["warn_at"]) if "warn_at" in pairs else None,
        where=node.where,
    )


def _mark(node: Node) -> Mark:
    step, dot, event = node.string().partition(".")
    if not (step and dot and event):
        raise node.wrong(f"is {node.text!r}; write step.event, the command of a move or the state it enters")
    return Mark(step, event, node.where)


def _duration(node: Node) -> Seconds:
    duration = Seconds(quantity.read(node.string(), Seconds, what=node.name, where=node.where))
    if duration <= Seconds(0.0):
        raise node.wrong(f"is {node.text!r}; more than nothing is needed")
    return duration


def _share(node: Node) -> Percent:
    share = Percent(quantity.read(node.string(), Percent, what=node.name, where=node.where))
    if not Percent(0.0) < share < Percent(100.0):
        raise node.wrong(f"is {node.text!r}; allowed: above 0 % and below 100 %")
    return share


def _identifier(node: Node) -> str:
    text = node.string()
    if not text.replace("-", "").replace("_", "").isalnum() or not text.isascii():
        raise node.wrong(f"is {text!r}; letters, digits, '-' and '_' are allowed")
    return text


def _list(pairs: Mapping[str, Node], key: str) -> tuple[Node, ...]:
    return pairs[key].sequence() if key in pairs else ()


def _open(pairs: Mapping[str, Node], key: str) -> Mapping[str, Node]:
    return pairs[key].mapping() if key in pairs else {}
