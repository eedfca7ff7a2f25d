"""Errors are few, grouped by what is known of the effect, and never swallowed."""

import ast

from tests.house.source import modules

MOST_CLASSES = 25
BORDERS = {  # where every error ends: a step becomes held, a command becomes one paragraph
    "automation/engine/runner.py",
    "automation/surfaces/cli/main.py",
}
NAMELESS = {"Exception", "BaseException", "RuntimeError", "AssertionError", "NotImplementedError"}


def _is_error(base: ast.expr) -> bool:
    return ast.unparse(base).endswith(("Error", "Exception"))


def test_there_are_at_most_25_error_classes() -> None:
    """A caller can know them all."""
    found = [
        f"{module.path} {node.name}"
        for module in modules()
        for node in module.nodes
        if isinstance(node, ast.ClassDef) and any(map(_is_error, node.bases))
    ]
    assert 0 < len(found) <= MOST_CLASSES, found


def test_only_the_named_borders_catch_everything() -> None:
    """Anywhere else an unforeseen error must travel on, after tidying up if need be."""
    wrong = [
        module.at(node)
        for module in modules()
        for node in module.nodes
        if isinstance(node, ast.ExceptHandler) and module.path not in BORDERS and _broad(node)
    ]
    assert wrong == []


def _broad(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    if isinstance(last, ast.Raise) and last.exc is None:
        return False
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or ast.unparse(kind) in {"Exception", "BaseException"} for kind in caught)


def test_nobody_raises_an_error_without_a_meaning() -> None:
    """Bare built-in errors say nothing of what happened to the effect."""
    wrong = [
        f"{module.at(node)} {ast.unparse(node)}"
        for module in modules()
        for node in module.nodes
        if isinstance(node, ast.Raise) and node.exc and ast.unparse(node.exc).split("(")[0] in NAMELESS
    ]
    assert wrong == []
