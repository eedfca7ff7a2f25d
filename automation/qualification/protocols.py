"""Finds a qualification protocol, by file or installed name, and reads it; every complaint names line and column.

Source: EU GMP Annex 15, 2.4 (what a protocol states).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.metadata import entry_points
from pathlib import Path

from pydantic import ValidationError

from automation.engine.recipe.yaml_source import Node, Shape, nearest, read_file
from automation.gmp.bodies.protocols import Protocol
from automation.kernel.errors import InputError
from automation.qualification import checks

GROUP = "cellwright.qualification"
"""Entry points: the name of the protocol; the value names the package that holds ``<name>.yaml``."""

_Text = str | list["_Text"] | dict[str, "_Text"]


@dataclass(frozen=True, slots=True)
class Source:
    """A protocol with the folder of its file, beside which lie the files that its steps name."""

    protocol: Protocol
    folder: Path | None


def installed() -> dict[str, str]:
    """Give the names of the installed protocols, each with the package that holds it."""
    return {point.name: point.value for point in sorted(entry_points(group=GROUP))}


def load(path_or_name: str | Path) -> Source:
    """Give a protocol; raises InputError with file, line and column for everything that is wrong."""
    path = Path(path_or_name)
    if path.suffix in {".yaml", ".yml"} or path.exists():
        return Source(read(read_file(path)), path.resolve().parent)
    name, known = str(path_or_name), installed()
    if name not in known:
        raise InputError(f"{name!r} is no file and no installed protocol; {nearest(name, known)}", where="protocol")
    with resources.as_file(resources.files(known[name]).joinpath(f"{name}.yaml")) as file:
        return Source(read(read_file(file)), None)


def read(node: Node) -> Protocol:
    """Read a protocol; raises InputError."""
    if node.shape is not Shape.MAP:
        raise InputError("a protocol is a mapping of names to values", where=node.where)
    try:
        made = Protocol.model_validate(_texts(node))
    except ValidationError as wrong:
        raise _complaint(node, wrong) from None
    for name, _, step in made.steps():
        if step.check:
            try:
                checks.known(step.check, step.told)
            except InputError as wrong:
                raise InputError(f"step {name}: {wrong}", where=node.where) from None
    return made


def _texts(node: Node, *, name: str = "") -> _Text:
    """Give what is written, texts as written; ``given`` may be a mapping of names to values."""
    match node.shape:
        case Shape.MAP if name == "given":
            return [{"name": key, "value": one.string()} for key, one in node.pairs.items()]
        case Shape.MAP:
            return {key: _texts(one, name=key) for key, one in node.pairs.items()}
        case Shape.LIST:
            return [_texts(one) for one in node.items]
    return node.text


def _complaint(node: Node, wrong: ValidationError) -> InputError:
    """Name the first thing that is wrong, and where it stands."""
    errors = wrong.errors(include_url=False)
    first = next((one for one in errors if one["type"] == "extra_forbidden"), errors[0])
    at, path = _found(node, first["loc"])
    said = first["msg"].removeprefix("Value error, ")
    given = first["input"] if isinstance(first["input"], str) else ""
    said = {"missing": "is missing", "extra_forbidden": "is no key here"}.get(first["type"], said)
    what = f"{path} {said}".strip() + (f" (given: {given!r})" if given else "")
    return InputError(what, where=at.where)


def _found(node: Node, parts: Sequence[str | int]) -> tuple[Node, str]:
    """Give the nearest node to a place, and the place in words."""
    at = node
    for part in parts:
        inside: dict[object, Node] = dict(enumerate(at.items)) if at.shape is Shape.LIST else dict(at.pairs.items())
        if part not in inside:
            break
        at = inside[part]
    return at, ".".join(str(part + 1) if isinstance(part, int) else part for part in parts)
