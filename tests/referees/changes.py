"""Changes of one place of a JSON document: left out, of another type, misspelt, twice; drawn by a seed."""

import copy
from collections.abc import Iterator
from typing import Final

from automation.kernel.ids import digest

Json = object
_STRANGE: Final[tuple[Json, ...]] = (
    None,
    True,
    7,
    "",
    "nonsense",
    "urn:example:own",
    "2026-01-12T09:30:00+01:00",
    [],
    {},
    ["x"],
)


def places(said: Json, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Give every place of a document, the outer ones first."""
    if at:
        yield at
    pairs = said.items() if isinstance(said, dict) else enumerate(said) if isinstance(said, list) else ()
    for name, one in pairs:
        yield from places(one, (*at, name))


def changed(said: Json, number: int) -> tuple[str, Json]:
    """Give the document with one change, and what it was; the same number is the same change."""
    every = list(places(said))
    drawn = int.from_bytes(digest(f"change {number}".encode()))
    at = every[drawn % len(every)]
    made = copy.deepcopy(said)
    inside = made
    for name in at[:-1]:
        inside = _within(inside, name)
    last, how = at[-1], (drawn // len(every)) % (len(_STRANGE) + 2)
    if isinstance(inside, dict):
        return _in_fields(made, inside, str(last), how)
    assert isinstance(inside, list)
    assert isinstance(last, int)
    inside[last] = _STRANGE[how % len(_STRANGE)]
    return f"{at}: {inside[last]!r}", made


def _within(said: Json, name: str | int) -> Json:
    if isinstance(said, dict):
        return said[name]
    assert isinstance(said, list)
    assert isinstance(name, int)
    return said[name]


def _in_fields(made: Json, inside: dict[str, object], name: str, how: int) -> tuple[str, Json]:
    if how == len(_STRANGE):
        del inside[name]
        return f"without {name}", made
    if how == len(_STRANGE) + 1:
        inside[f"{name}s"] = inside.pop(name)
        return f"{name}s for {name}", made
    inside[name] = _STRANGE[how]
    return f"{name}: {_STRANGE[how]!r}", made
