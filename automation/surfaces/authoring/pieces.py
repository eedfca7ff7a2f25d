"""The parts of ``start``: which file belongs to which, and how it reads under other names."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from importlib.resources.abc import Traversable

from automation.surfaces.authoring.names import Name

START = "start"
PACKAGE = Name("example lab")
"""What the names of ``start`` stand for: a project, an operation, a driver and the class of its device."""
OPERATION, DRIVER, DEVICE = Name("example step"), Name("example model"), Name("example device")
MOVED = {"example_tests": "tests", "gitignore": ".gitignore"}
"""What stands under another name in ``start``, so that it is not taken for our own."""
DOT, LEFT_OUT = ".", ("__pycache__",)


class Part(StrEnum):
    """What a file of ``start`` belongs to."""

    PROJECT = "project"
    OPERATION = "operation"
    DRIVER = "driver"


_TOKENS = {Part.OPERATION: (OPERATION,), Part.DRIVER: (DRIVER, DEVICE)}


@dataclass(frozen=True, slots=True)
class Renaming:
    """Other names for those of ``start``, longest first, so that no name is taken for a part of another."""

    names: Mapping[Name, Name]

    def text(self, text: str) -> str:
        """Give a text under the other names."""
        for old, new in self.names.items():
            for form in ("snake", "kebab", "camel", "words"):
                text = text.replace(getattr(old, form), getattr(new, form))
        return text

    def path(self, path: str) -> str:
        """Give where a file of ``start`` comes to stand, from the project's folder."""
        first, slash, rest = path.partition("/")
        return self.text(f"{MOVED.get(first, first)}{slash}{rest}")


def files() -> Mapping[str, str]:
    """Give the text of every file of ``start`` by its path from there."""
    return dict(sorted(_below(resources.files(__package__) / START, "")))


def part_of(text: str) -> Part:
    """Tell what a path or a line belongs to, by the name that it carries."""
    for part, names in _TOKENS.items():
        if any(form in text for name in names for form in (name.snake, name.kebab, name.camel, name.words)):
            return part
    return Part.PROJECT


def _below(folder: Traversable, path: str) -> Iterator[tuple[str, str]]:
    for one in folder.iterdir():
        if one.name.startswith(DOT) or one.name in LEFT_OUT:
            continue
        if one.is_dir():
            yield from _below(one, f"{path}{one.name}/")
        else:
            yield f"{path}{one.name}", one.read_text(encoding="utf-8")
