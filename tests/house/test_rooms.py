"""Rooms that fit the head: sizes of modules and functions, and no circles between files."""

import ast
import graphlib
from collections.abc import Iterator

from tests.house.source import Function, Module, modules

LONGEST_MODULE = 500  # lines
LONGEST_FUNCTION = 60  # lines
MOST_PARAMETERS = 5
MOST_BY_POSITION = 2
OVERRIDES = {  # methods whose parameters somebody else has fixed
    "automation/kernel/clock.py": {"run_in_executor"},
}


def test_no_module_is_longer_than_500_lines() -> None:
    """A file holds one thing."""
    assert [
        f"{m.path}: {m.length}"
        for m in modules("automation", "instruments", "protocols", "fakes", "tests")
        if m.length > LONGEST_MODULE
    ] == []


def test_no_function_is_longer_than_60_lines() -> None:
    """A function is read in one look."""
    everywhere = modules("automation", "instruments", "protocols", "fakes", "tests")
    long = [(m, f) for m in everywhere for f in m.functions() if (f.end_lineno or 0) - f.lineno >= LONGEST_FUNCTION]
    assert [f"{m.at(f)} {f.name}" for m, f in long] == []


def test_functions_take_five_parameters_at_most() -> None:
    """More is a value that has no name yet; what mirrors another library says so to the linter, with its reason."""
    wrong = [
        f"{module.at(function)} {function.name}"
        for module in modules()
        for function in module.functions()
        if len(_by_position(function)) + len(function.args.kwonlyargs) > MOST_PARAMETERS
        and "PLR0913" not in module.text.splitlines()[function.lineno - 1]
    ]
    assert wrong == []


def test_beyond_two_parameters_only_such_as_cannot_be_swapped_go_by_position() -> None:
    """Where each has a type of its own the checker finds a swap; where two share one, they are named."""
    wrong = [
        f"{module.at(function)} {function.name}: {', '.join(types)}"
        for module in modules()
        for function in module.functions()
        for types in [_by_position(function)]
        if len(types) > MOST_BY_POSITION and len(set(types)) < len(types) and not _fixed(module, function)
    ]
    assert wrong == []


def _fixed(module: Module, function: Function) -> bool:
    dunder = function.name.startswith("__") and function.name != "__init__"
    if module.path.startswith("automation/surfaces/cli/") and function.decorator_list:
        return True  # a command: its library gives every word by name
    return dunder or function.name in OVERRIDES.get(module.path, set())


def _by_position(function: Function) -> list[str]:
    """Give the types of the parameters by position, without self and cls."""
    given = [arg for arg in (*function.args.posonlyargs, *function.args.args) if arg.arg not in {"self", "cls"}]
    return [ast.unparse(arg.annotation) if arg.annotation else arg.arg for arg in given]


def test_no_files_import_each_other_in_a_circle() -> None:
    """Every file can be read after those it builds on."""
    names = {module.name for module in modules()}
    arrows = {module.name: set(_ours(module, names)) - {module.name} for module in modules()}
    assert len(tuple(graphlib.TopologicalSorter(arrows).static_order())) == len(names)


def _ours(module: Module, names: set[str]) -> Iterator[str]:
    """Give the modules of ours that are imported; a package named for one of its modules is no arrow."""
    imported = {name for name, _ in module.imports} & names
    return (name for name in imported if not any(other.startswith(f"{name}.") for other in imported))
