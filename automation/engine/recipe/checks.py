"""Checks that need the whole recipe: order of the steps, references to what comes before, materials, time limits."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import EnumType

from automation.engine.recipe.model import Amount, Condition, Literal, Mark, Part, Recipe, Reference, Step, Yield
from automation.engine.recipe.spec import OperationSpec, unit_of
from automation.engine.recipe.yaml_source import nearest
from automation.formulas import limits
from automation.kernel.errors import InputError


def ordered(recipe: Recipe, operations: Mapping[str, OperationSpec], *, at: str) -> Recipe:
    """Give the recipe with its steps in an order in which they can run; raises InputError with line and column."""
    steps = _sorted(recipe.steps)
    whole = _Whole({step.id: step for step in steps}, _ancestors(steps), operations, recipe)
    for step in steps:
        for reference, kind, optional in _references(step, operations[step.operation]):
            whole.check_reference(reference, step, kind, optional=optional)
        if step.when is not None:
            whole.check_when(step, step.when)
    for material in recipe.materials:
        if material.step not in whole.steps:
            problem = f"material {material.name!r} is for step {material.step!r}; {nearest(material.step, whole.steps)}"
            raise InputError(problem, where=material.where)
    for limit in recipe.time_limits:
        for mark in (limit.start, limit.end):
            whole.check_mark(mark)
    _check_roles(recipe, at)
    for part in recipe.parts:
        whole.check_part(part)
    return replace(recipe, steps=tuple(replace(step, yields=tuple(map(whole.settled, step.yields))) for step in steps))


@dataclass(frozen=True, slots=True)
class _Whole:
    """The steps by id, what comes before each, and the operations."""

    steps: Mapping[str, Step]
    before: Mapping[str, frozenset[str]]
    operations: Mapping[str, OperationSpec]
    recipe: Recipe

    def check_part(self, part: Part) -> None:
        """Refuse a part whose condition is not on its own results, and one whose later rounds have a step's name."""
        for name in part.steps:
            taken = next((other for other in self.steps if other != name and self.recipe.named(other) == name), None)
            if taken is not None:
                problem = f"step {taken!r} has the name of a later round of {name!r}; give it another"
                raise InputError(problem, where=self.steps[taken].where)
        own = frozenset(part.steps)
        for name, step in self.steps.items():
            if name not in own and own & self.before[name] and any(name in self.before[one] for one in own):
                raise InputError(f"step {name!r} comes between the steps of {part.id!r}", where=step.where)
        if part.until is not None:
            if part.until.of.step not in part.steps:
                problem = f"'from: {part.until.of.text}' is no result of {', '.join(part.steps)}, which are done again"
                raise InputError(problem, where=part.until.of.where)
            self._check_result(part.until.of)
            self.check_condition(part.until)

    def check_when(self, step: Step, condition: Condition) -> None:
        """Refuse a condition on what does not come before the step."""
        if condition.of.step == step.id:
            raise InputError(f"'from: {condition.of.text}' is a result of the step itself", where=condition.of.where)
        self.check_reference(condition.of, step, None)
        self.check_condition(condition)

    def check_condition(self, condition: Condition) -> None:
        """Refuse limits of what is no number, words of what is one, and a word that the result never is."""
        kind = self._kind(condition.of)
        unit = unit_of(kind)
        if unit and not condition.limits:
            problem = f"'{condition.of.text}' is a number; write 'at least', 'at most', 'above', 'below' or 'between'"
            raise InputError(problem, where=condition.of.where)
        for limit in condition.limits:
            try:
                limits.convert(limit.value, given=limit.unit, wanted=unit or "no unit", what=condition.of.text)
            except InputError as error:
                raise InputError(str(error), where=condition.of.where) from None
        allowed = tuple(map(str, kind)) if isinstance(kind, EnumType) else ("true", "false") if kind is bool else ()
        for word in condition.words:
            if allowed and word not in allowed:
                problem = f"'{condition.of.text}' is never {word!r}; {nearest(word, allowed)}"
                raise InputError(problem, where=condition.of.where)

    def _check_left_out(self, reference: Reference, step: Step, *, optional: bool) -> None:
        """Refuse what rests on a step that may be left out, or that is done for several containers."""
        source = self.steps[reference.step]
        if source.when is not None and source.id != step.id and str(source.when) != str(step.when) and not optional:
            problem = f"'from: {reference.text}' rests on a step that may be left out (when {source.when})"
            raise InputError(problem, where=reference.where)
        part = self.recipe.part_of(source.id)
        if part is not None and part.divides and step.id not in part.steps:
            problem = f"'from: {reference.text}' has a value for each round of {part.id!r}, and none for all of them"
            raise InputError(problem, where=reference.where)

    def check_reference(self, reference: Reference, step: Step, kind: object, *, optional: bool = False) -> None:
        """Refuse a reference to what is unknown, not before ``step`` or of another type; a yield has no type."""
        if reference.step not in self.steps:
            problem = f"'from: {reference.text}' names an unknown step; {nearest(reference.step, self.steps)}"
            raise InputError(problem, where=reference.where)
        own = reference.step == step.id and kind is None
        if reference.step not in self.before[step.id] and not own:
            problem = f"'from: {reference.text}' names step {reference.step!r}, which does not come before {step.id!r}"
            raise InputError(problem, where=reference.where)
        self._check_result(reference)
        self._check_left_out(reference, step, optional=optional)
        found = self._kind(reference)
        if kind is not None and found != kind:
            problem = f"'from: {reference.text}' is a {_shown(found)}; a {_shown(kind)} is needed"
            raise InputError(problem, where=reference.where)

    def _check_result(self, reference: Reference) -> None:
        results = self.operations[self.steps[reference.step].operation].results
        if reference.result not in results:
            problem = f"'from: {reference.text}' names an unknown result; {nearest(reference.result, results)}"
            raise InputError(problem, where=reference.where)

    def settled(self, one: Yield) -> Yield:
        """Give a yield whose theoretical value is in the unit of the actual one; raises InputError for another kind."""
        actual = self._kind(one.actual)
        match one.theoretical:
            case Reference() as reference if self._kind(reference) != actual:
                problem = f"yield {one.name!r} divides a {_shown(actual)} by a {_shown(self._kind(reference))}"
                raise InputError(problem, where=reference.where)
            case Literal(value=Amount() as amount) as literal:
                value = _in_unit(amount, unit_of(actual), what=f"yield {one.name!r}", where=literal.where)
                return replace(one, theoretical=replace(literal, value=value))
        return one

    def _kind(self, reference: Reference) -> object:
        return self.operations[self.steps[reference.step].operation].results[reference.result]

    def check_mark(self, mark: Mark) -> None:
        """Refuse a moment that no move of its step makes."""
        if mark.step not in self.steps:
            raise InputError(f"'{mark.text}' names an unknown step; {nearest(mark.step, self.steps)}", where=mark.where)
        events = self.operations[self.steps[mark.step].operation].events
        if mark.event not in events:
            raise InputError(f"'{mark.text}' names an unknown event; {nearest(mark.event, events)}", where=mark.where)


def _sorted(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    names = [step.id for step in steps]
    for step in steps:
        for other in step.after:
            if other not in names:
                raise InputError(f"step {step.id!r} is after {other!r}; {nearest(other, names)}", where=step.where)
    done: list[Step] = []
    left = list(steps)
    while left:
        ready = [step for step in left if all(any(step_id == one.id for one in done) for step_id in step.after)]
        if not ready:
            circle = _circle({step.id: step for step in left})
            names_in = " after ".join([*(step.id for step in circle), circle[0].id])
            raise InputError(f"the order of the steps is a circle: {names_in}", where=circle[0].where)
        done.append(ready[0])
        left.remove(ready[0])
    return tuple(done)


def _circle(left: Mapping[str, Step]) -> list[Step]:
    path: list[Step] = [next(iter(left.values()))]
    while True:
        following = next(left[name] for name in path[-1].after if name in left)
        if following in path:
            return path[path.index(following) :]
        path.append(following)


def _ancestors(steps: tuple[Step, ...]) -> dict[str, frozenset[str]]:
    before: dict[str, frozenset[str]] = {}
    for step in steps:
        before[step.id] = frozenset(step.after).union(*(before[name] for name in step.after))
    return before


def _references(step: Step, spec: OperationSpec) -> Iterator[tuple[Reference, object, bool]]:
    for name, given in step.given.items():
        if isinstance(given, Reference):
            yield given, spec.parameters[name].type, spec.parameters[name].optional
    for one in step.yields:
        yield one.actual, None, False
        if isinstance(one.theoretical, Reference):
            yield one.theoretical, None, False


def _check_roles(recipe: Recipe, at: str) -> None:
    used = {role for step in recipe.steps for role in step.equipment.values()}
    unused = [role for role in recipe.equipment if role not in used]
    if unused:
        raise InputError(f"equipment {', '.join(unused)} is named and no step uses it", where=at)


def _in_unit(amount: Amount, unit: str, *, what: str, where: str) -> float:
    try:
        value = float(limits.convert(amount.value, given=amount.unit, wanted=unit, what=what))
    except InputError as error:
        raise InputError(str(error), where=where) from None
    if not value > 0.0:
        raise InputError(f"{what} has the theoretical value {amount}; more than 0 is needed", where=where)
    return value


def _shown(kind: object) -> str:
    return str(getattr(kind, "__name__", kind))
