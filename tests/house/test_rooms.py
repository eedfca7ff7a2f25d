"""Rooms that fit the head: sizes of modules and functions, and no circles between files."""

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


def test_functions_take_five_parameters_at_most_and_two_by_position() -> None:
    """Beyond two, parameters are named where they are given; fixtures of tests are no parameters."""
    wrong = []
    for module in modules():
        for function in module.functions():
            by_position, count = _parameters(function)
            fixed = function.name in OVERRIDES.get(module.path, set()) or _dunder(function)
            if count > MOST_PARAMETERS or (by_position > MOST_BY_POSITION and not fixed):
                wrong.append(f"{module.at(function)} {function.name}: {count}, {by_position} by position")
    assert wrong == []


def _dunder(function: Function) -> bool:
    return function.name.startswith("__") and function.name != "__init__"


def _parameters(function: Function) -> tuple[int, int]:
    """Count parameters by position and in all, without self and cls."""
    given = [*function.args.posonlyargs, *function.args.args]
    by_position = [arg for arg in given if arg.arg not in {"self", "cls"}]
    return len(by_position), len(by_position) + len(function.args.kwonlyargs)


def test_no_files_import_each_other_in_a_circle() -> None:
    """Every file can be read after those it builds on."""
    names = {module.name for module in modules()}
    arrows = {module.name: set(_ours(module, names)) - {module.name} for module in modules()}
    assert len(tuple(graphlib.TopologicalSorter(arrows).static_order())) == len(names)


def _ours(module: Module, names: set[str]) -> Iterator[str]:
    """Give the modules of ours that are imported; a package named for one of its modules is no arrow."""
    imported = {name for name, _ in module.imports()} & names
    return (name for name in imported if not any(other.startswith(f"{name}.") for other in imported))
