"""YAML 1.2 as nodes that know where they stand, so that every complaint names file, line and column.

Scalars stay text as written (``1.50`` keeps its decimals, ``NO`` and ``08`` stay text); whoever reads a node says
what it has to be. Refused: duplicate keys, anchors and aliases, tags, several documents, files over 1 MiB.
Lines and columns count from 1. Source: YAML 1.2.2; ruamel.yaml 0.18 composes the nodes, quickly with libyaml where that
knows the same nodes at the same places, and by itself everywhere else; so every complaint is in its words.
"""

import difflib
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from automation.kernel.errors import InputError

if TYPE_CHECKING:
    from ruamel.yaml.error import StringMark
    from ruamel.yaml.nodes import MappingNode
    from ruamel.yaml.nodes import Node as Composed

DEEPEST = 50  # levels
LARGEST = 1 << 20  # bytes of one file

Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]
"""What a free part of a file becomes: values as in JSON."""

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_FLAGS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_CORE = frozenset(
    f"tag:yaml.org,2002:{word}" for word in ("str", "int", "float", "bool", "null", "map", "seq", "timestamp", "value")
)
_DISPUTED = re.compile(r"^%|&|\? |\?$|[\"'\]}]:\S|[\t\r\x85\u2028\u2029\ufeff]", re.MULTILINE)
"""Where libyaml, which reads YAML 1.1, may see something else than YAML 1.2 says, or does not tell what it saw."""
_BRACKETS = re.compile(r"[\[\]{}]")
_NOTHING: Mapping[str, "Node"] = MappingProxyType({})


class Shape(StrEnum):
    """What a node is, in the words of messages."""

    SCALAR = "a single value"
    LIST = "a list"
    MAP = "a mapping of names to values"


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a file with its place (``file:line:column``) and its name (``steps.freeze.given.every``)."""

    shape: Shape
    where: str
    name: str
    text: str = ""
    quoted: bool = False
    items: tuple["Node", ...] = ()
    pairs: Mapping[str, "Node"] = field(default_factory=lambda: _NOTHING)
    key_where: str = ""

    def wrong(self, problem: str) -> InputError:
        """Give the error that names this node and its place."""
        return InputError(f"{self.name} {problem}", where=self.where)

    @property
    def empty(self) -> bool:
        """Tell whether the value was left out or written as null."""
        return self.shape is Shape.SCALAR and not self.quoted and self.text in _NULL

    def mapping(self) -> Mapping[str, "Node"]:
        """Give name to node; raises InputError for anything but a mapping."""
        if self.shape is not Shape.MAP:
            raise self.wrong(f"is {self._seen()}; {Shape.MAP} is needed")
        return self.pairs

    def fields(self, *, required: Iterable[str] = (), optional: Iterable[str] = ()) -> Mapping[str, "Node"]:
        """Give the mapping when it has all required names and no unknown one; raises InputError else."""
        pairs, required = self.mapping(), tuple(required)
        known = (*required, *optional)
        for key, node in pairs.items():
            if key not in known:
                raise InputError(f"{self.name} has an unknown key {key!r}; {nearest(key, known)}", where=node.key_where)
        missing = [key for key in required if key not in pairs]
        if missing:
            raise self.wrong(f"lacks {', '.join(missing)}")
        return pairs

    def sequence(self) -> tuple["Node", ...]:
        """Give the items; raises InputError for anything but a list."""
        if self.shape is not Shape.LIST:
            raise self.wrong(f"is {self._seen()}; {Shape.LIST} is needed")
        return self.items

    def string(self) -> str:
        """Give the text of a single value; raises InputError when it is empty, a list or a mapping."""
        if self.shape is not Shape.SCALAR or not self.text.strip():
            raise self.wrong(f"is {self._seen()}; a text is needed")
        return self.text

    def integer(self) -> int:
        """Give a whole number; raises InputError for anything else."""
        if self.shape is not Shape.SCALAR or self.quoted or not _INTEGER.match(self.text):
            raise self.wrong(f"is {self._seen()}; a whole number without unit is needed")
        return int(self.text)

    def number(self) -> float:
        """Give a finite number without unit; raises InputError for anything else."""
        if self.shape is not Shape.SCALAR or self.quoted or not _FLOAT.match(self.text):
            raise self.wrong(f"is {self._seen()}; a finite number without unit is needed, with '.' as decimal point")
        value = float(self.text)
        if not math.isfinite(value):
            raise self.wrong(f"is {self._seen()}; a finite number is needed")
        return value

    def flag(self) -> bool:
        """Give true or false; raises InputError for anything else."""
        if self.shape is not Shape.SCALAR or self.quoted or self.text not in _FLAGS:
            raise self.wrong(f"is {self._seen()}; true or false is needed")
        return _FLAGS[self.text]

    def choice(self, allowed: Iterable[str]) -> str:
        """Give the text when it is one of the allowed ones; raises InputError with the nearest one else."""
        word, words = self.string(), tuple(allowed)
        if word not in words:
            raise self.wrong(f"is {word!r}; {nearest(word, words)}")
        return word

    def plain(self) -> Plain:
        """Give the value as in JSON, by the YAML 1.2 core schema; raises InputError for NaN and infinities."""
        match self.shape:
            case Shape.MAP:
                return {key: node.plain() for key, node in self.pairs.items()}
            case Shape.LIST:
                return [node.plain() for node in self.items]
            case Shape.SCALAR:
                return self._plain_scalar()

    def _plain_scalar(self) -> Plain:
        if self.quoted:
            return self.text
        if self.empty:
            return None
        if self.text in _FLAGS:
            return _FLAGS[self.text]
        if _INTEGER.match(self.text):
            return int(self.text)
        if self.text.lower().lstrip("+-") in {".nan", ".inf"}:
            raise self.wrong(f"is {self.text}; a finite number is needed")
        return self.number() if _FLOAT.match(self.text) else self.text

    def _seen(self) -> str:
        if self.shape is not Shape.SCALAR:
            return self.shape.value
        return "empty" if self.empty else repr(self.text)


def nearest(word: str, known: Iterable[str]) -> str:
    """Say which known name was perhaps meant, and which ones there are."""
    words = sorted(str(one) for one in known)
    close = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    allowed = f"known: {', '.join(words) or 'none'}"
    return f"did you mean {close[0]!r}? ({allowed})" if close else allowed


def read_file(path: Path) -> Node:
    """Read one file; raises InputError that names file, line and column."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(f"can't be read: {error.strerror}", where=str(path)) from None
    return read_bytes(raw, name=path.name)


def read_bytes(raw: bytes, *, name: str) -> Node:
    """Read the content of a file; ``name`` is that of the file in messages. Raises InputError."""
    if len(raw) > LARGEST:
        raise InputError(f"has {len(raw)} bytes; at most {LARGEST} are read", where=name)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - (raw.rfind(b"\n", 0, error.start) + 1) + 1
        raise InputError("a byte that is not UTF-8 text", where=f"{name}:{line}:{column}") from None
    return read_text(text, name=name)


@lru_cache(maxsize=64)
def read_text(text: str, *, name: str, inside: str = "") -> Node:
    """Read YAML text, the same text once; ``name`` is the file in messages, ``inside`` the name of the whole."""
    if _deepest(text) > DEEPEST:
        raise InputError("lists and mappings are nested too deeply", where=name)
    try:
        return _Walk(name).node(_quickly(text) or _surely(text, name), inside)
    except RecursionError:
        raise InputError("lists and mappings are nested too deeply", where=name) from None


def _quickly(text: str) -> "Composed | None":
    """Compose with libyaml; None where it refuses the text or may read it otherwise."""
    from ruamel.yaml import YAML  # noqa: PLC0415  heavy, and needed only where a file is read
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415

    if _DISPUTED.search(text):
        return None
    try:
        composed: Composed | None = YAML(typ="safe").compose(text)
    except YAMLError:
        return None
    return composed if composed is not None and _agreed(composed) else None


def _agreed(composed: "Composed") -> bool:
    """Tell whether no value was left out, which libyaml places elsewhere, and none lies deeper than people write."""
    from ruamel.yaml.nodes import ScalarNode  # noqa: PLC0415  as in _quickly

    level = [composed]
    for _ in range(DEEPEST):
        if any(isinstance(node, ScalarNode) and not node.value and not node.style for node in level):
            return False
        level = [inner for node in level for inner in _within(node)]
    return not level


def _within(node: "Composed") -> "Iterator[Composed]":
    for inner in node.value if isinstance(node.value, list) else ():
        yield from inner if isinstance(inner, tuple) else (inner,)


def _surely(text: str, name: str) -> "Composed":
    """Compose by YAML 1.2; raises InputError that says what is wrong and where."""
    from ruamel.yaml import YAML  # noqa: PLC0415  as in _quickly
    from ruamel.yaml.error import MarkedYAMLError, YAMLError  # noqa: PLC0415

    try:
        composed: Composed | None = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        raise InputError(_complaint(error.problem, error.context), where=_place(name, error.problem_mark)) from None
    except YAMLError as error:
        raise InputError(f"not YAML: {' '.join(str(error).split())}", where=name) from None
    if composed is None:
        raise InputError("the file is empty", where=f"{name}:1:1")
    return composed


def _deepest(text: str) -> int:
    """Count how deep brackets, dashes of one line and indents are nested; a person stays far below the limit."""
    lines = text.splitlines()
    deepest = max((line.count("- ") for line in lines), default=0)
    indents: list[int] = []
    for line in lines:
        indent = len(line) - len(line.lstrip(" "))
        while indents and indents[-1] >= indent:
            indents.pop()
        indents.append(indent)
        deepest = max(deepest, len(indents))
    depth = 0
    for sign in _BRACKETS.findall(text):
        depth += 1 if sign in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _complaint(problem: str | None, context: str | None) -> str:
    words = ", ".join(part for part in (problem, context) if part)
    if "found character '%'" in words or "chomping or indentation" in words:
        words += "; quote texts that begin with a sign, or write 'at least 70 %'"
    return f"not YAML: {words}"


def _place(name: str, mark: "StringMark | None") -> str:
    return f"{name}:{mark.line + 1}:{mark.column + 1}" if mark is not None else name


class _Walk:
    """Turns composed nodes into ours."""

    def __init__(self, file: str) -> None:
        self._file = file

    def node(self, composed: "Composed", name: str, *, key_where: str = "") -> Node:
        """Give one node with all that is in it."""
        from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode  # noqa: PLC0415  as in read_text

        where = _place(self._file, composed.start_mark)
        shown = name or "the file"
        if composed.anchor is not None:
            raise InputError(f"{shown} has an anchor; write the value out where it is needed", where=where)
        if str(composed.tag) not in _CORE:
            raise InputError(f"{shown} has the tag {composed.tag}; tags are not used here", where=where)
        if isinstance(composed, MappingNode):
            return Node(Shape.MAP, where, shown, pairs=self._pairs(composed, name), key_where=key_where)
        if isinstance(composed, SequenceNode):
            items = tuple(self.node(item, f"{name}[{number}]") for number, item in enumerate(composed.value, 1))
            return Node(Shape.LIST, where, shown, items=items, key_where=key_where)
        quoted = isinstance(composed, ScalarNode) and bool(composed.style)
        return Node(Shape.SCALAR, where, shown, str(composed.value), quoted, key_where=key_where)

    def _pairs(self, composed: "MappingNode", name: str) -> Mapping[str, Node]:
        pairs: dict[str, Node] = {}
        for key_node, value in composed.value:
            where = _place(self._file, key_node.start_mark)
            if not isinstance(key_node.value, str):
                raise InputError(f"{name or 'the file'} has a key that is not a word", where=where)
            key = key_node.value
            if key in pairs:
                first = pairs[key].key_where
                raise InputError(f"the key {key!r} stands twice, first at {first}", where=where)
            pairs[key] = self.node(value, f"{name}.{key}" if name else key, key_where=where)
        return pairs
