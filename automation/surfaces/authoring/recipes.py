"""A new recipe: steps of operations as installed recipes have them, or a variant of another recipe.

Numbers are those of the recipes that the steps were taken from: examples, until the author has set each of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path
from tempfile import TemporaryDirectory

from automation.engine.recipe import source, variant
from automation.engine.recipe.load import load
from automation.engine.recipe.spec import OperationSpec
from automation.engine.recipe.yaml_source import Node, Shape, nearest, read_text
from automation.kernel.errors import InputError
from automation.surfaces.authoring.names import Name

HEAD = """\
# {title}.
# Every number comes from {donors} and is an example: set each of them. How to write a recipe: docs/recipes.md.

"""
VARIANT = """\
# A variant of {of}: name by step, parameter or limit what differs, and nothing else.
# See what differs: cellwright diff {of} {name}

variant_of: {of}
recipe: {{id: {name}, version: "1", title: Variant of {of}, status: draft}}
# steps:
#   {step}:
#     given: {{{parameter}: {value}}}
"""


def from_operations(name: Name, wanted: Sequence[str], operations: Mapping[str, OperationSpec]) -> str:
    """Give a recipe that runs these operations one after the other; raises InputError when that can't be.

    Each step is that of the shortest installed recipe which runs them all in this order, or else the operation alone.
    """
    for one in wanted:
        if one not in operations:
            raise InputError(f"operation is {one!r}; {nearest(one, operations)}")
    donors = _donors(wanted)
    steps = [_step(donors[one], one, nth=wanted[:n].count(one)) for n, one in enumerate(wanted)]
    title = f"{name.words.capitalize()}: {', '.join(wanted)}"
    whole = _whole(name, title, donors=[donors[one] for one in wanted], steps=steps)
    named = ", ".join(sorted({donors[one].mapping()["recipe"].mapping()["id"].text for one in wanted}))
    text = HEAD.format(title=title, donors=named) + variant.written_out(whole)
    _check(name, text, operations, hint=f". {_order(donors[wanted[-1]])}; name what is missing in its place")
    return text


def of_another(name: Name, of: str, operations: Mapping[str, OperationSpec]) -> str:
    """Give a variant of an installed recipe that changes nothing yet; raises InputError for an unknown recipe."""
    node = source.read(of)
    first = next(step for step in _steps(node) if "given" in step.mapping())
    parameter, value = next(iter(first.mapping()["given"].mapping().items()))
    text = VARIANT.format(
        of=of, name=name.kebab, step=first.mapping()["id"].text, parameter=parameter, value=value.text or "..."
    )
    _check(name, text, operations)
    return text


def _donors(wanted: Sequence[str]) -> Mapping[str, Node]:
    """Give the recipe from which the step of each operation is taken; raises InputError when none runs one."""
    known = sorted(
        (source.read(recipe) for recipe in sorted({one.name for one in entry_points(group=source.GROUP)})),
        key=lambda node: len(_operations(node)),
    )
    whole = next((node for node in known if _in_order(wanted, _operations(node))), None)
    found: dict[str, Node] = {}
    for one in wanted:
        donor = whole or next((node for node in known if one in _operations(node)), None)
        if donor is None:
            raise InputError(f"no installed recipe runs {one!r}, so no values are known for it; write its step by hand")
        found[one] = donor
    return found


def _order(donor: Node) -> str:
    return f"{donor.mapping()['recipe'].mapping()['id'].text} runs: {', '.join(_operations(donor))}"


def _in_order(wanted: Sequence[str], there: Sequence[str]) -> bool:
    rest = iter(there)
    return all(one in rest for one in wanted)


def _operations(node: Node) -> list[str]:
    return [step.mapping()["operation"].text for step in _steps(node)]


def _steps(node: Node) -> list[Node]:
    """Give the steps of a recipe that stand by themselves; those of a part that is repeated need the part."""
    return [step for step in node.mapping()["steps"].sequence() if "operation" in step.mapping()]


def _step(donor: Node, operation: str, *, nth: int) -> Node:
    """Give the n-th step of a recipe that runs an operation; it follows the step before it."""
    every = [step for step in _steps(donor) if step.mapping()["operation"].text == operation]
    step = every[min(nth, len(every) - 1)]
    return replace(step, pairs={key: one for key, one in step.pairs.items() if key != "after"})


def _whole(name: Name, title: str, *, donors: Sequence[Node], steps: Sequence[Node]) -> Node:
    """Give a recipe of these steps, with the equipment, the materials and the time limits that they need."""
    ids = {step.mapping()["id"].text for step in steps}
    header = read_text(f"{{id: {name.kebab}, version: '1', title: '{title}', status: draft}}", name="recipe", inside="")
    roles = {role.text for step in steps for role in _of(step, "equipment").values()}
    equipment = {role: node for donor in donors for role, node in _of(donor, "equipment").items() if role in roles}
    bill = {
        (one.mapping()["name"].text, one.mapping()["step"].text): one
        for donor in donors
        for one in _items(donor, "materials")
        if one.mapping()["step"].text in ids
    }
    limits = {
        one.mapping()["name"].text: one
        for donor in donors
        for one in _items(donor, "time_limits")
        if {one.mapping()[end].text.partition(".")[0] for end in ("from", "to")} <= ids
    }
    first = donors[0]
    parts = {
        "recipe": header,
        "product": first.mapping()["product"],
        "equipment": replace(first, shape=Shape.MAP, pairs=equipment, items=()),
        "materials": replace(first, shape=Shape.LIST, items=tuple(bill.values())),
        "steps": replace(first, shape=Shape.LIST, items=tuple(steps)),
        "time_limits": replace(first, shape=Shape.LIST, items=tuple(limits.values())),
    }
    return replace(first, pairs=parts)


def _of(node: Node, key: str) -> Mapping[str, Node]:
    return node.mapping()[key].mapping() if key in node.mapping() else {}


def _items(node: Node, key: str) -> tuple[Node, ...]:
    return node.mapping()[key].sequence() if key in node.mapping() else ()


def _check(name: Name, text: str, operations: Mapping[str, OperationSpec], *, hint: str = "") -> None:
    """Load a recipe before it is written; raises InputError that says what it would lack."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{name.kebab}.yaml"
        path.write_text(text, encoding="utf-8")
        try:
            load(path, operations)
        except InputError as wrong:
            raise InputError(f"these steps alone make no recipe, so nothing was written: {wrong}{hint}") from None
