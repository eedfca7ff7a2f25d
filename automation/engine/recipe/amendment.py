"""What a planned amendment may change: the steps of one batch that have not begun, and nothing that tells whose it is.

A step that has begun stays as it is, with its parameters, limits, place, equipment and materials; so do the time limits
that count from it. The product and the containers that the batch was issued for stay, and every step that identifies
them. Everything else of the steps to come may be changed, added, left out and put in another order.
Source: 21 CFR 211.100 (changes are approved before they are made), 211.188(a).
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from automation.engine.recipe.model import Given, Literal, Recipe, Step, TimeLimit
from automation.engine.recipe.spec import OperationSpec
from automation.kernel.errors import InputError


def check_amendment(
    before: Recipe, after: Recipe, *, begun: Collection[str], operations: Mapping[str, OperationSpec]
) -> None:
    """Raise one InputError, with the place in the amended file, for the first thing that may not be changed."""
    for where, problem in _wrong(operations, before=before, after=after, begun=begun):
        raise InputError(f"{problem}; an amendment changes only what is still to come", where=where)


def _wrong(
    operations: Mapping[str, OperationSpec], *, before: Recipe, after: Recipe, begun: Collection[str]
) -> Iterator[tuple[str, str]]:
    if before.header.id != after.header.id:
        yield after.source, f"recipe.id is {after.header.id!r}, and the batch is one of {before.header.id!r}"
    if before.product != after.product:
        yield after.source, "product differs, and the batch was issued for its product and containers"
    old, new = {step.id: step for step in before.steps}, {step.id: step for step in after.steps}
    for name in [*old, *(name for name in new if name not in old)]:
        was, now = old.get(name), new.get(name)
        same = was is not None and now is not None and _content(was, before) == _content(now, after)
        where = now.where if now is not None else after.source
        if name in begun and not same:
            yield where, f"step {name!r} has begun"
        if not same and any(operations[one.operation].identifies for one in (was, now) if one is not None):
            yield where, f"step {name!r} identifies containers"
    yield from _limits_in_time(begun, before=before, after=after)


def _limits_in_time(begun: Collection[str], *, before: Recipe, after: Recipe) -> Iterator[tuple[str, str]]:
    old = {one.name: one for one in before.time_limits}
    new = {one.name: one for one in after.time_limits}
    for name in [*old, *(name for name in new if name not in old)]:
        both = [one for one in (old.get(name), new.get(name)) if one is not None]
        started = next((one.start.step for one in both if one.start.step in begun), "")
        same = {name} <= old.keys() & new.keys() and _limit_content(old[name]) == _limit_content(new[name])
        if started and not same:
            yield both[-1].where, f"the time limit {name!r} counts from step {started!r}, which has begun"


def _limit_content(limit: TimeLimit) -> tuple[object, ...]:
    return limit.start.text, limit.end.text, limit.most, limit.least, limit.warn_at


def _content(step: Step, recipe: Recipe) -> tuple[object, ...]:
    """Give all that a step is, without where it stands in the file."""
    return (
        replace(step, given={}, yields=(), where="", when=None),
        str(step.when),
        str(recipe.part_of(step.id)),
        {name: _value(one) for name, one in step.given.items()},
        [(one.name, _value(one.actual), _value(one.theoretical), one.limits) for one in step.yields],
        {role: recipe.equipment[role] for role in step.equipment.values()},
        [(one.name, one.what, one.quantity) for one in recipe.materials if one.step == step.id],
    )


def _value(given: Given) -> object:
    return given.value if isinstance(given, Literal) else given.text
