"""Finds a recipe, takes changes for an engineering lot into it, and hashes its content.

The digest is SHA-256 over canonical JSON of what was written: keys sorted, texts as written, no white space and no
comments. ``recipe.status`` is left out, so that approving a recipe does not change what was approved.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib import resources
from importlib.metadata import entry_points
from pathlib import Path

from automation.engine.recipe import variant
from automation.engine.recipe.model import Change
from automation.engine.recipe.values import as_written
from automation.engine.recipe.yaml_source import Node, Shape, nearest, read_file, read_text
from automation.kernel.errors import InputError

GROUP = "cellwright.recipes"
"""Entry points: the name of the recipe; the value names the package that holds ``<name>.yaml``."""

_NOT_HASHED = ("recipe", "status")

Canonical = None | str | list["Canonical"] | dict[str, "Canonical"]


def read(path_or_name: str | Path) -> Node:
    """Give the recipe as nodes, from a file or by its installed name; a variant is whole. Raises InputError."""
    node = _read(path_or_name)
    if not variant.is_one(node):
        return node
    beside = Path(path_or_name).parent
    return variant.made(node, read=lambda name: _read(beside / name if _is_file(name) else name))


@cache
def installed() -> Mapping[str, str]:
    """Give the package that holds each installed recipe, by the recipe's name."""
    return {point.name: point.value for point in entry_points(group=GROUP)}


def _is_file(path_or_name: str | Path) -> bool:
    return Path(path_or_name).suffix in {".yaml", ".yml"}


def _read(path_or_name: str | Path) -> Node:
    """Give a file as it stands."""
    path = Path(path_or_name)
    if _is_file(path) or path.exists():
        return read_file(path)
    name, there = str(path_or_name), installed()
    if name not in there:
        raise InputError(f"{name!r} is no file and no installed recipe; {nearest(name, there)}", where="recipe")
    with resources.as_file(resources.files(there[name]).joinpath(f"{name}.yaml")) as file:
        return read_file(file)


def written(path_or_name: str | Path) -> str | None:
    """Give the whole recipe that a variant makes, as YAML; None for a recipe that stands whole in its file."""
    return variant.written_out(read(path_or_name)) if variant.is_one(_read(path_or_name)) else None


def changed(node: Node, changes: Mapping[str, str]) -> tuple[Node, tuple[Change, ...]]:
    """Give the recipe with other parameter values and what was changed; raises InputError for an unknown parameter."""
    noted: list[Change] = []
    for target, text in changes.items():
        step, _, parameter = target.partition(".")
        old = _parameter(node, step=step, parameter=parameter)
        new = replace(read_text(text, name=f"--set {target}", inside=target), key_where=old.key_where)
        node = _swapped(node, old=old, new=new)
        noted.append(Change(step, parameter, as_written(old), as_written(new)))
    return node, tuple(noted)


def digest(node: Node) -> str:
    """Give the SHA-256 of the content (64 hex digits)."""
    content = _canonical(node)
    if isinstance(content, dict) and isinstance(header := content.get(_NOT_HASHED[0]), dict):
        header.pop(_NOT_HASHED[1], None)
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(node: Node) -> Canonical:
    match node.shape:
        case Shape.MAP:
            return {key: _canonical(one) for key, one in node.pairs.items()}
        case Shape.LIST:
            return [_canonical(one) for one in node.items]
        case Shape.SCALAR:
            return None if node.empty else node.text


def has_parameter(node: Node, target: str) -> bool:
    """Tell whether a recipe has the parameter ``step.parameter`` written out."""
    step, _, parameter = target.partition(".")
    try:
        _parameter(node, step=step, parameter=parameter)
    except InputError:
        return False
    return True


def _parameter(node: Node, *, step: str, parameter: str) -> Node:
    steps = node.mapping()["steps"].sequence() if "steps" in node.mapping() else ()
    every = [inner for one in steps for inner in (one, *_inner(one))]
    by_id = {one.mapping()["id"].text: one for one in every if "id" in one.mapping()}
    where = f"--set {step}.{parameter}"
    if step not in by_id:
        raise InputError(f"the recipe has no step {step!r}; {nearest(step, by_id)}", where=where)
    given = by_id[step].mapping().get("given")
    names = given.mapping() if given is not None else {}
    if parameter not in names:
        raise InputError(f"step {step!r} has no parameter {parameter!r}; {nearest(parameter, names)}", where=where)
    return names[parameter]


def _inner(node: Node) -> tuple[Node, ...]:
    """Give the steps of a part of several."""
    return node.mapping()["steps"].sequence() if "steps" in node.mapping() else ()


def _swapped(node: Node, *, old: Node, new: Node) -> Node:
    if node is old:
        return new
    match node.shape:
        case Shape.MAP:
            return replace(node, pairs={key: _swapped(one, old=old, new=new) for key, one in node.pairs.items()})
        case Shape.LIST:
            return replace(node, items=tuple(_swapped(one, old=old, new=new) for one in node.items))
        case Shape.SCALAR:
            return node
