"""Marks of tests: which requirement a test shows, and whether it shows that something forbidden is refused.

``@pytest.mark.requirement("F048", "C05")`` shows that something works, and with ``refuses=True`` that what is forbidden
or impossible is refused. A test of both has both marks. What stands at the test itself goes before what stands for
its whole file. Ids are those of ``requirements.yaml``: ``F048``, and ``F020.1`` for a part.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from tests.house.source import Function, Module

FILE: Final = Path(__file__).with_name("requirements.yaml")
CALLED: Final = "pytest.mark.requirement"
EXAMPLE: Final = 'requirement("F048") or requirement("F020.1", refuses=True)'


@dataclass(frozen=True, slots=True, order=True)
class Shown:
    """One requirement that one test shows: that it works, or that what it forbids is refused."""

    id: str
    test: str
    refuses: bool


@cache
def known() -> frozenset[str]:
    """Give the ids of all requirements and parts, by the lines of the file alone: this is done at every start."""
    return frozenset(re.findall(r"^ *([FC][0-9.]+):", FILE.read_text(encoding="utf-8"), re.MULTILINE))


def wrong(args: Iterable[object], options: Mapping[str, object]) -> str:
    """Say what is wrong with a mark; empty when nothing is."""
    ids = list(args)
    bad = [one for one in ids if one not in known()]
    if bad or not ids:
        return f"names {bad or 'nothing'}, no row of {FILE.name}; {EXAMPLE} is needed"
    if set(options) - {"refuses"} or not isinstance(options.get("refuses", False), bool):
        return f"says {options}; {EXAMPLE} is needed"
    return ""


def of_item(item: pytest.Item) -> set[tuple[str, bool]]:
    """Give what a collected test shows: id, and whether it is a refusal."""
    nearest: dict[str, tuple[object, set[bool]]] = {}
    for node, mark in item.iter_markers_with_node("requirement"):
        for name in map(str, mark.args):
            at, seen = nearest.setdefault(name, (node, set()))
            if at is node:
                seen.add(bool(mark.kwargs.get("refuses", False)))
    return {(name, refuses) for name, (_, seen) in nearest.items() for refuses in seen}


def written(module: Module) -> Iterator[Shown]:
    """Give what the tests of a module show, as it stands in its source; a mark of the file is one of each test."""
    assigned = [node for node in module.tree.body if isinstance(node, ast.Assign)]
    whole = [call for node in assigned if ast.unparse(node.targets[0]) == "pytestmark" for call in _calls(node)]
    for function in (one for one in module.functions() if one.name.startswith("test_")):
        own = [call for decorator in function.decorator_list for call in _calls(decorator)]
        named = {name for call in own for name in _names(call)}
        yield from _shown(own, function, module, but=set())
        yield from _shown(whole, function, module, but=named)


def _calls(node: ast.AST) -> list[ast.Call]:
    every = (one for one in ast.walk(node) if isinstance(one, ast.Call))
    return [one for one in every if ast.unparse(one.func) == CALLED]


def _names(call: ast.Call) -> list[str]:
    return [str(arg.value) for arg in call.args if isinstance(arg, ast.Constant)]


def _shown(calls: list[ast.Call], function: Function, module: Module, *, but: set[str]) -> Iterator[Shown]:
    for call in calls:
        refuses = any(word.arg == "refuses" and ast.unparse(word.value) == "True" for word in call.keywords)
        for name in _names(call):
            if name not in but:
                yield Shown(name, f"{module.path}::{function.name}", refuses)
