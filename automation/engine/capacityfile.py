"""Reads ``capacities`` of a site file: suites, couriers, and the equipment and people that several patients share.

Units:  times to s.
Source: docs/planning.md.
"""

from collections.abc import Mapping
from types import MappingProxyType

from automation.engine.recipe.yaml_source import Node, nearest
from automation.gmp.capacity import LONGEST, Capacity, Sort
from automation.kernel import quantity
from automation.kernel.errors import InputError
from automation.kernel.quantity import Seconds

SECTION = "capacities"
_MOST = 999
_KEYS: Mapping[Sort, tuple[tuple[str, ...], tuple[str, ...]]] = MappingProxyType(
    {
        Sort.SUITE: (("is", "takes"), ("at_once", "needs")),
        Sort.COURIER: (("is",), ("at_once",)),
        Sort.EQUIPMENT: (("is",), ("at_once", "takes", "after")),
        Sort.PEOPLE: (("is",), ("at_once", "takes", "after")),
    }
)


def read_capacities(pairs: Mapping[str, Node]) -> dict[str, Capacity]:
    """Read what stands in the file; nothing when it states no capacity.

    Raises InputError for times that no slot has, and for a suite that needs what is not stated as shared.
    """
    given = pairs[SECTION].mapping() if SECTION in pairs else {}
    found = {name: _capacity(name, node) for name, node in given.items()}
    shared = [name for name, one in found.items() if one.sort in {Sort.EQUIPMENT, Sort.PEOPLE}]
    for name, one in found.items():
        for needed in one.needs:
            if needed not in shared:
                raise given[name].pairs["needs"].wrong(f"names {needed!r}; {nearest(needed, shared)}")
            _check_within(given[name], suite=one, shared=found[needed])
    return found


def _capacity(name: str, node: Node) -> Capacity:
    if "is" not in node.mapping():
        raise node.wrong(f"lacks is: {', '.join(Sort)}")
    sort = Sort(node.pairs["is"].choice(list(Sort)))
    required, optional = _KEYS[sort]
    pairs = node.fields(required=required, optional=optional)
    return Capacity(
        name=name,
        sort=sort,
        at_once=_count(pairs["at_once"]) if "at_once" in pairs else 1,
        takes=_time(pairs["takes"], least=1.0) if "takes" in pairs else Seconds(0.0),
        after=_time(pairs["after"], least=0.0) if "after" in pairs else Seconds(0.0),
        needs=tuple(one.string() for one in pairs["needs"].sequence()) if "needs" in pairs else (),
    )


def _check_within(node: Node, *, suite: Capacity, shared: Capacity) -> None:
    """Refuse what would be taken outside the slot that takes it."""
    if shared.after + shared.takes > suite.takes or shared.after >= suite.takes:
        raise InputError(f"{node.name} takes {suite.takes:g} s; {shared.name} goes on beyond its end", where=node.where)


def _count(node: Node) -> int:
    if not 1 <= node.integer() <= _MOST:
        raise node.wrong(f"is {node.text}; 1 to {_MOST} is allowed")
    return node.integer()


def _time(node: Node, *, least: float) -> Seconds:
    found = Seconds(quantity.read(node.string(), Seconds, what=node.name, where=node.where))
    if not Seconds(least) <= found <= LONGEST:
        raise node.wrong(f"is {node.text!r}; {least:g} s to {LONGEST:g} s is allowed")
    return found
