"""Variants of a recipe: the same steps with other values and limits, for instance wider ones for process development.

A variant is a small file that says whose variant it is, has a header of its own, and names by step what differs. It
changes what is there and adds nothing; its steps are those of the other, in their order. What it makes is a whole
recipe: that one is hashed, kept with the batch and approved, so that a later change of the other changes no batch.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from automation.engine.recipe.yaml_source import Node, Shape, nearest
from automation.kernel.errors import InputError

KEY = "variant_of"
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_ -]*\Z")


def is_one(node: Node) -> bool:
    """Tell whether a file holds a variant."""
    return node.shape is Shape.MAP and KEY in node.pairs


def made(node: Node, *, read: Callable[[str], Node]) -> Node:
    """Give the whole recipe of a variant; ``read`` gives the other one by its name.

    Raises InputError for what the other has not, and for a variant of a variant.
    """
    pairs = node.fields(required=(KEY, "recipe"), optional=("steps", "time_limits"))
    other = read(pairs[KEY].string())
    if is_one(other):
        raise pairs[KEY].wrong("is a variant itself; name the recipe that it varies")
    whole = dict(other.mapping())
    whole["recipe"] = pairs["recipe"]
    for part, key in (("steps", "id"), ("time_limits", "name")):
        if part in pairs:
            there = whole.get(part)
            items = there.sequence() if there is not None else ()
            changed = _named(items, pairs[part].mapping(), key=key, part=part)
            whole[part] = replace(there, items=tuple(changed)) if there is not None else pairs[part]
    return replace(node, pairs=whole)


def written_out(node: Node) -> str:
    """Give a recipe as YAML that reads as the same content; scalars stay as they were written."""
    return "\n".join(_lines(node)) + "\n"


def _named(items: Iterable[Node], changes: Mapping[str, Node], *, key: str, part: str) -> list[Node]:
    """Give the items of a list, those that are named with their changes; also steps within a part of several."""
    by_name = {one.mapping()[key].text: one for one in items}
    inner = {name: _within(one, part=part, key=key) for name, one in by_name.items()}
    known = {*by_name, *(name for names in inner.values() for name in names)}
    for name, change in changes.items():
        if name not in known:
            found = nearest(name, known)
            raise InputError(f"{part} names {name!r}, which the other recipe has not; {found}", where=change.key_where)
        if key in change.mapping():
            raise change.wrong(f"changes {key}, by which it is known")
    changed: list[Node] = []
    for name, one in by_name.items():
        made = _merged(one, changes[name]) if name in changes else one
        own = {each: changes[each] for each in inner[name] if each in changes}
        if own:
            listed = made.mapping()[part]
            steps = tuple(_named(listed.sequence(), own, key=key, part=part))
            made = replace(made, pairs={**made.pairs, part: replace(listed, items=steps)})
        changed.append(made)
    return changed


def _within(node: Node, *, part: str, key: str) -> tuple[str, ...]:
    listed = node.mapping().get(part)
    return tuple(one.mapping()[key].text for one in listed.sequence()) if listed is not None else ()


def _merged(old: Node, new: Node) -> Node:
    """Give a value with what is changed of it; mappings are changed key by key, all else is replaced."""
    if old.shape is not Shape.MAP or new.shape is not Shape.MAP:
        return replace(new, key_where=new.key_where or old.key_where)
    pairs = dict(old.pairs)
    for key, change in new.pairs.items():
        if key not in pairs:
            raise InputError(
                f"{new.name} changes {key!r}, which the other recipe has not; {nearest(key, pairs)}",
                where=change.key_where,
            )
        pairs[key] = _merged(pairs[key], change)
    return replace(old, pairs=pairs)


def _lines(node: Node) -> list[str]:
    """Give the lines of a node, each value on one of its own."""
    match node.shape:
        case Shape.MAP:
            return [line for key, one in node.pairs.items() for line in _under(f"{_key(key)}:", one)] or ["{}"]
        case Shape.LIST:
            return [line for one in node.items for line in _under("-", one)] or ["[]"]
        case Shape.SCALAR:
            return [json.dumps(node.text, ensure_ascii=False) if node.quoted else node.text or "null"]


def _under(head: str, node: Node) -> list[str]:
    """Give a value under its key or dash, indented unless it is short."""
    lines = _lines(node)
    if node.shape is Shape.SCALAR or lines in (["{}"], ["[]"]):
        return [f"{head} {lines[0]}"]
    first = [f"{head} {lines[0]}"] if head == "-" else [head, f"  {lines[0]}"]
    return [*first, *(f"  {line}" for line in lines[1:])]


def _key(key: str) -> str:
    return key if _PLAIN_KEY.match(key) else json.dumps(key, ensure_ascii=False)
