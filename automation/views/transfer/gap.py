"""The gap list: everything that differs between two sites for a recipe, the heaviest first.

What the receiving site lacks is what its own gates say (``readiness``), so that there is one set of rules. A gate that
is closed at the sending site, too, is a gap all the same.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from automation.engine.recipe.model import Recipe
from automation.engine.recipe.spec import OperationSpec
from automation.views.readiness import Gate, Plan, Sort, sorted_gates
from automation.views.transfer import equipment, materials, papers, people, setting
from automation.views.transfer.units import Gap, Pair, Severity, Topic, Unit, listed

_TOPICS: Final = {
    Sort.EQUIPMENT: Topic.EQUIPMENT,
    Sort.MATERIAL: Topic.MATERIALS,
    Sort.PEOPLE: Topic.PEOPLE,
    Sort.CONTAINER: Topic.SITE,
}
_REMEDIES: Final = {
    Sort.EQUIPMENT: "bring one in, qualify and calibrate it, or write a variant of the recipe that does without",
    Sort.MATERIAL: "receive, examine and release a lot from an approved supplier",
    Sort.PEOPLE: "train people there and assess them before the first run",
    Sort.CONTAINER: "expect or collect the starting material before the first run",
}
_VERIFY: Final = "give somebody who does not perform the step the right to verify"
_PARTS: tuple[Callable[[Pair], Iterator[Gap]], ...] = (
    equipment.gaps,
    materials.gaps,
    people.gaps,
    papers.gaps,
    setting.gaps,
)
_ORDER = tuple(Severity)


@dataclass(slots=True)
class _Closed:
    """Gates of one kind that say the same."""

    sort: Sort
    gate: Gate
    steps: list[str] = field(default_factory=list)


def gaps(pair: Pair) -> tuple[Gap, ...]:
    """Give every gap: those that block first, then in the order of their topics."""
    found = {one.id: one for one in (*_closed(pair), *(one for part in _PARTS for one in part(pair)))}
    return tuple(sorted(found.values(), key=lambda one: _ORDER.index(one.severity)))


def blocking(unit: Unit, recipe: Recipe, operations: Mapping[str, OperationSpec]) -> tuple[Gap, ...]:
    """Give what closes a gate of a site for a recipe, whatever another site is like."""
    found = _closed(Pair(unit, unit, recipe, operations))
    return tuple(one for one in found if one.severity is Severity.BLOCKS)


def _closed(pair: Pair) -> Iterator[Gap]:
    """Give the gates that are closed at the receiving site, each with all the steps that wait for it."""
    there = _gates(pair.sending, pair)
    for name, one in _gates(pair.receiving, pair).items():
        where = f" (step {listed(one.steps)})" if any(one.steps) else ""
        too = f"; it is closed at {pair.sending.name}, too" if name in there else ""
        yield Gap(
            topic=Topic.ROOMS if one.gate.what == "place" else _TOPICS[one.sort],
            severity=Severity.TELLS if one.sort is Sort.CONTAINER else Severity.BLOCKS,
            about=name[0],
            sentence=f"{name[0]} at {pair.receiving.name}: {one.gate.problem}{where}{too}",
            remedy=_VERIFY if one.gate.what == "second person" else _REMEDIES[one.sort],
        )


def _gates(unit: Unit, pair: Pair) -> dict[tuple[str, str], _Closed]:
    found = dict[tuple[str, str], _Closed]()
    for sort, gate in sorted_gates(Plan(unit.objects, pair.recipe, pair.operations)):
        if not gate.good:
            found.setdefault((gate.what, gate.problem), _Closed(sort, gate)).steps.append(gate.step)
    return found
