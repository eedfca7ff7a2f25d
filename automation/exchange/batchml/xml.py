"""Elements of BatchML: put together in the order of the schema, written as bytes that are the same each time.

What XML can't hold (control characters) is written as the replacement character; line breaks in ids and codes become
blanks, as the schema's normalised strings have none.
Source: W3C XML 1.0 (5th edition), 2.2 (characters) and 2.4; XML Schema part 2 (normalizedString).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape

from automation.exchange.batchml.grammar import PIECES, SIMPLE

NAMESPACE = "http://www.mesa.org/xml/B2MML"
_QUOTE = {'"': "&quot;"}
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BREAK = {"\r": "&#13;"}  # a reader would make a line end of it
_BREAKS = re.compile(r"[\t\n\r]")


@dataclass(frozen=True, slots=True)
class Node:
    """One element: its name, its kind, and its text or its parts."""

    name: str
    kind: str
    text: str = ""
    parts: tuple["Node", ...] = ()
    other: str = ""  # attribute OtherValue, of a code that the list does not have


_Given = str | Node | Iterable[str] | Iterable[Node]


def node(name: str, kind: str, /, **given: _Given) -> Node:
    """Give an element with its parts in the order of the schema; what is empty is left out.

    Raises ValueError for a part that the kind does not have, one too many, or one that is missing.
    """
    pieces = PIECES[kind]
    strange = given.keys() - {piece.name for piece in pieces}
    if strange:
        raise ValueError(f"{kind} has no {', '.join(sorted(strange))}")
    parts: list[Node] = []
    for piece in pieces:
        found = list(_nodes(given.get(piece.name, ""), name=piece.name, kind=piece.kind))
        if (piece.needed and not found) or (len(found) > 1 and not piece.many):
            raise ValueError(f"{kind} {name} has {len(found)} {piece.name}")
        parts += found
    return Node(name, kind, parts=tuple(parts))


def _nodes(given: _Given, *, name: str, kind: str) -> Iterator[Node]:
    for one in (given,) if isinstance(given, str | Node) else given:
        if isinstance(one, Node):
            if one.kind != kind:
                raise ValueError(f"{name} is {one.kind}; {kind} is needed")
            yield Node(name, kind, one.text, one.parts, one.other)
        elif one:
            if kind not in SIMPLE:
                raise ValueError(f"{name} is a text; {kind} is needed")
            yield Node(name, kind, _clean(one) if kind == "text" else _BREAKS.sub(" ", _clean(one)))


def code(word: str, *, known: Iterable[str]) -> Node:
    """Give a code of a list; one that it does not have stands as Other with the word beside it."""
    return Node("", "code", word) if word in known else Node("", "code", "Other", other=_BREAKS.sub(" ", _clean(word)))


def empty(kind: str = "code") -> Node:
    """Give a simple element without text, where the schema needs one and there is nothing to say."""
    return Node("", kind)


def _clean(text: str) -> str:
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)


def written(root: Node) -> bytes:
    """Give a document as a file's bytes, one element a line."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', *_lines(root, 0, f' xmlns="{NAMESPACE}"')]
    return ("\n".join(lines) + "\n").encode()


def _lines(one: Node, level: int, more: str = "") -> Iterator[str]:
    indent = " " * level
    other = f' OtherValue="{escape(one.other, _QUOTE)}"' if one.other else ""
    if not one.parts:
        yield f"{indent}<{one.name}{more}{other}>{escape(one.text, _BREAK)}</{one.name}>"
        return
    yield f"{indent}<{one.name}{more}>"
    for part in one.parts:
        yield from _lines(part, level + 1)
    yield f"{indent}</{one.name}>"
