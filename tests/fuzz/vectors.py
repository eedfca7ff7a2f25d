"""The golden lines of ``tests/wire/vectors``, as seeds for damage."""

from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

FOLDER = Path(__file__).parents[1] / "wire" / "vectors"
_SAID = ("line", "reply", "text", "question")
_NOT_SAID = {"never", "no_frames", "translated"}


@cache
def vectors(name: str) -> dict[str, list[dict[str, Any]]]:  # golden vectors differ by grammar
    """Give the groups of one file."""
    found: dict[str, list[dict[str, Any]]] = YAML(typ="safe", pure=True).load(FOLDER / f"{name}.yaml")
    return found


@cache
def lines(name: str) -> tuple[str, ...]:
    """Give every single line of a file, whatever its group."""
    return tuple(
        str(one[word])
        for group, members in vectors(name).items()
        if group not in _NOT_SAID
        for one in members
        for word in _SAID
        if word in one
    )
