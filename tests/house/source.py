"""The source as the house tests read it: every file once, parsed once.

Units: lines.
"""

import ast
import gc
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("automation", "instruments", "protocols", "fakes")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One Python file: its path from the root, its text and its tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """Give the dotted name."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def length(self) -> int:
        """Count the lines."""
        return len(self.text.splitlines())

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Give all nodes of the tree, walked once."""
        return tuple(ast.walk(self.tree))

    def functions(self) -> Iterator[Function]:
        """Give every function and method, however deep."""
        return (node for node in self.nodes if isinstance(node, Function))

    @cached_property
    def calls(self) -> tuple[tuple[str, ast.Call], ...]:
        """Give every call with what is called, as written."""
        return tuple((_written(node.func), node) for node in self.nodes if isinstance(node, ast.Call))

    @cached_property
    def imports(self) -> tuple[tuple[str, int], ...]:
        """Give every imported module, and every name imported from one, with its line."""
        return tuple(self._imports())

    def _imports(self) -> Iterator[tuple[str, int]]:
        for node in self.nodes:
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            if isinstance(node, ast.ImportFrom) and node.module:
                yield node.module, node.lineno
                yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)

    def at(self, node: ast.stmt | ast.expr | ast.excepthandler) -> str:
        """Name the place of a node."""
        return f"{self.path}:{node.lineno}"


def _written(node: ast.expr) -> str:
    """Give an expression as source; a name with dots, as most calls have, without the writer of whole programs."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name() | ast.Attribute() as value, attr=name):
            return f"{_written(value)}.{name}"
    return ast.unparse(node)


@cache
def files() -> tuple[str, ...]:
    """Give the paths of all files that belong to the project, tracked or about to be."""
    command = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        found = list(_walk())
    return tuple(sorted(path for path in found if (ROOT / path).is_file()))


def _walk() -> Iterator[str]:
    """Give what stands in the folder when git can't tell, less what is ignored there."""
    ignored = [".git", *(ROOT / ".gitignore").read_text(encoding="utf-8").split()]
    at_top = [pattern.strip("/") for pattern in ignored if pattern.startswith("/")]
    anywhere = [pattern.rstrip("/") for pattern in ignored if not pattern.startswith("/")]
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        hidden = parts[0] in at_top or any(fnmatch(part, pattern) for part in parts for pattern in anywhere)
        if path.is_file() and not hidden:
            yield "/".join(parts)


@cache
def _module(path: str) -> Module:
    text = (ROOT / path).read_text(encoding="utf-8")
    return Module(path, text, ast.parse(text, path))


@cache
def modules(*tops: str) -> tuple[Module, ...]:
    """Give the modules below the named top folders; all four packages without a name."""
    wanted = tuple(f"{top}/" for top in tops or PACKAGES)
    with _unsearched():
        return tuple(_module(path) for path in files() if path.startswith(wanted) and path.endswith(".py"))


@contextmanager
def _unsearched() -> Iterator[None]:
    """Keep what is made out of the search for garbage: trees stay to the end, and are millions of nodes."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@cache
def texts() -> tuple[tuple[str, str], ...]:
    """Give path and text of every file that is text."""
    found = []
    for path in files():
        raw = (ROOT / path).read_bytes()
        if b"\0" not in raw:
            found.append((path, raw.decode("utf-8", errors="replace")))
    return tuple(found)
