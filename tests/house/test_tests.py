"""The tests themselves: they read as a report, can fail, and never wait or pretend."""

import ast
import re
from collections.abc import Iterator

from tests.house.source import PACKAGES, Function, Module, modules

CHECKS = ("assert_", "check_", "_assert", "_check")


def _tests() -> Iterator[tuple[Module, Function]]:
    for module in modules("tests"):
        yield from ((module, f) for f in module.functions() if f.name.startswith("test_"))


def test_every_test_says_in_one_line_what_it_shows() -> None:
    """The names and these lines are the report."""
    wrong = [f"{m.at(f)} {f.name}" for m, f in _tests() if len((ast.get_docstring(f) or "\n\n").splitlines()) != 1]
    assert wrong == []


def test_every_test_can_fail() -> None:
    """It asserts, expects an error, or calls a function that is named for asserting."""
    assert [f"{m.at(f)} {f.name}" for m, f in _tests() if not _asserts(f)] == []


def _asserts(function: Function) -> bool:
    called = [ast.unparse(node.func).split(".")[-1] for node in ast.walk(function) if isinstance(node, ast.Call)]
    asserted = any(isinstance(node, ast.Assert) for node in ast.walk(function))
    return asserted or any(name in {"raises", "warns"} or name.startswith(CHECKS) for name in called)


def test_no_test_sleeps() -> None:
    """Simulated time jumps; real devices are waited for by their own events."""
    wrong = [
        f"{module.at(call)} {name}"
        for module in modules("tests")
        for name, call in module.calls
        if name == "time.sleep" or (name == "asyncio.sleep" and ast.unparse(call.args[0]) != "0")
    ]
    assert wrong == []


def test_no_test_is_skipped_or_expected_to_fail() -> None:
    """What is not shown is not there."""
    wrong = [
        f"{module.path} {word}"
        for module in modules("tests")
        for word in re.findall(r"pytest\.(?:mark\.)?(?:skip|skipif|xfail|importorskip)\b", module.text)
        if module.path != "tests/house/test_tests.py"
    ]
    assert wrong == []


def test_no_test_replaces_our_own_code() -> None:
    """Only the far end of the cable and the operating system may be made to fail."""
    ours = re.compile(rf"(?:patch|setattr|Mock)\w*\((?:[^)\n]*[\"'(, ])?(?:{'|'.join(PACKAGES)})[.\w]*")
    wrong = [f"{m.path} {match.group()}" for m in modules("tests") for match in ours.finditer(m.text)]
    mocks = [f"{m.path}:{line}" for m in modules("tests") for name, line in m.imports if name.startswith("unittest")]
    assert wrong + mocks == []
