"""Reads the limits of one result: ``{alert: at least 80.0 %, reject: [at least 70.0 %]}``.

Units: a limit may be written in another unit of the same kind as the result (60 min for a result in s).
"""

from decimal import Decimal

from automation.engine.recipe.spec import unit_of
from automation.engine.recipe.yaml_source import Node, Shape
from automation.formulas import limits as rules
from automation.kernel.errors import InputError

_BANDS = ("alert", "action", "reject")


def limits_of(node: Node, result: object) -> rules.Limits:
    """Give the limits of a result of this type; raises InputError for another kind of unit or an unknown word."""
    unit = unit_of(result)
    if not unit:
        raise node.wrong("is a limit of a result that is no number")
    pairs = node.fields(optional=(*_BANDS, "below_loq"))
    if not any(band in pairs for band in _BANDS):
        raise node.wrong(f"needs at least one of {', '.join(_BANDS)}")
    bands = {band: _bounds(pairs[band], unit) for band in _BANDS if band in pairs}
    rule = rules.BelowLoq(pairs["below_loq"].choice(list(rules.BelowLoq))) if "below_loq" in pairs else None
    return rules.Limits(**bands, below_loq=rule or rules.BelowLoq.NOT_EVALUABLE)


def _bounds(node: Node, unit: str) -> tuple[rules.Limit, ...]:
    written = node.items if node.shape is Shape.LIST else (node,)
    found: list[rules.Limit] = []
    for one in written:
        for limit in rules.parse(one.string(), what=one.name, where=one.where):
            try:
                rules.convert(Decimal(1), given=unit, wanted=limit.unit, what="the result")
            except InputError as error:
                raise InputError(f"{one.name}: {error}", where=one.where) from None
            found.append(limit)
    return tuple(found)
