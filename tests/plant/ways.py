"""Every way that an operation or a recipe can take, and which of them a ledger shows.

A way is a move of an operation's table, a decision about a culture, an answer among those that a question offers, or
what comes of a ``when``, ``each``, ``loads``, ``daily`` or ``repeat`` of a recipe. The questions are those that were
asked: no table names them. A question is known by its words before the first number or name in it.
Source: the tables of the installed operations, the installed recipes; ``tests.plant.branches`` reaches the ways.
"""

import contextlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import cast

from automation.bootstrap import operations
from automation.engine.assembly import BoundTo
from automation.engine.journal import Moved
from automation.engine.recipe.load import load
from automation.engine.recipe.model import Recipe
from automation.engine.recipe.source import GROUP
from automation.engine.rounds import ROUND, SKIPPED, Decided
from automation.gmp.people.prompts import Opening
from automation.kernel.errors import CellwrightError
from automation.kernel.machine import Table
from automation.ledger.event import Event
from automation.ledger.read import Reader

RECIPE, ASKED, OWN = "recipe ", "asked: ", "own decision"
_NAMED = re.compile(r"\S*\d\S*")  # a number, a label, or what is measured in it
_ENDS = re.compile(r"[.:;(?]")


@dataclass(frozen=True, slots=True, order=True)
class Way:
    """One way: of an operation (or ``recipe NAME``), out of a state, a question or a part, by a move or an answer."""

    of: str
    at: str
    out: str

    def __str__(self) -> str:
        return f"{self.of} | {self.at} | {self.out}"


def of_operations() -> Iterator[Way]:
    """Give every move of every installed operation."""
    for name, spec in sorted(operations().items()):
        table = cast("Table", getattr(spec.operation, "table"))  # noqa: B009  of the protocol
        yield from (Way(name, str(row.source), row.command) for row in table.rows)


def of_recipes() -> Iterator[Way]:
    """Give every way out of what the installed recipes decide by themselves."""
    for name in sorted(point.name for point in entry_points(group=GROUP)):
        recipe = installed(name)
        for step in recipe.steps:
            if step.when is not None:
                yield from (Way(RECIPE + name, f"{step.id} when", out) for out in ("done", "left out"))
        for part in recipe.parts:
            again = part.divides or part.at_most > 1
            outs = [*(["another"] if again else []), "the last", *(["not in time"] if part.until is not None else [])]
            yield from (Way(RECIPE + name, f"{part.id} {part.word}", out) for out in outs)


@cache
def installed(name: str) -> Recipe:
    """Load an installed recipe."""
    return load(name, operations())


@dataclass(slots=True)
class Shown:
    """What some ledgers show: the ways that were taken, and the answers that were offered."""

    taken: set[Way] = field(default_factory=set)
    offered: set[Way] = field(default_factory=set)

    def add(self, other: "Shown") -> None:
        """Take in what others show."""
        self.taken |= other.taken
        self.offered |= other.offered


def shown(folder: Path) -> Shown:
    """Read what the ledger of one folder shows; nothing where it can't be read."""
    found = Shown()
    with contextlib.suppress(CellwrightError), Reader(folder) as reader:
        _take(found, reader.events())
    return found


def _take(found: Shown, events: Iterable[Event]) -> None:
    operation: dict[str, str] = {}
    recipe: dict[str, str] = {}
    asked: dict[str, Opening] = {}
    for event in events:
        kind, _, rest = event.stream.partition("/")
        if kind == "prompt":
            _question(found, asked, event)
        elif kind == "batch" and event.kind == "issue":
            recipe[rest] = str(cast("dict[str, object]", event.fields["given"])["recipe"])
        elif kind == "batch" and event.kind == "bound":
            operation[event.stream] = event.read(BoundTo).operation
        elif kind == "batch" and event.kind == "move" and event.stream in operation:
            moved = event.read(Moved)
            found.taken.add(Way(operation[event.stream], str(moved.source), moved.command))
        if kind == "batch" and "/step/" in rest and event.kind in {"bound", SKIPPED, ROUND}:
            batch, _, step = rest.partition("/step/")
            found.taken.update(_decided(recipe.get(batch, ""), step, event))


def _decided(name: str, stream: str, event: Event) -> Iterator[Way]:
    if name not in {point.name for point in entry_points(group=GROUP)}:
        return
    recipe = installed(name)
    step = recipe.named(stream)
    part = recipe.part_of(step)
    if event.kind == ROUND and part is not None:
        said = event.read(Decided)
        out = "another" if said.more else "the last" if said.met else "not in time"
        yield Way(RECIPE + name, f"{part.id} {part.word}", out)
    elif event.kind in {"bound", SKIPPED} and recipe.step(step).when is not None:
        yield Way(RECIPE + name, f"{step} when", "left out" if event.kind == SKIPPED else "done")


def _question(found: Shown, asked: dict[str, Opening], event: Event) -> None:
    given = cast("dict[str, object]", event.fields.get("given", {}))
    if event.kind == "open":
        opening = Opening.model_validate(given)
        asked[event.stream] = opening
        found.offered |= {plain(Way(_of(opening), at, out)) for at, outs in _offers(opening) for out in outs}
    elif event.stream in asked and "values" in given:
        opening = asked[event.stream]
        values = cast("dict[str, object]", given["values"])
        for at, outs in _offers(opening):
            name = at.rpartition(" / ")[2]
            said = values.get(name, values.get("choice"))
            found.taken |= {plain(Way(_of(opening), at, out)) for out in outs if out == said}


def plain(way: Way) -> Way:
    """Give a way without the numbers and names in it."""
    return Way(way.of, " ".join(_NAMED.sub("", way.at).split()), " ".join(_NAMED.sub("…", way.out).split()))


def _of(opening: Opening) -> str:
    return opening.operation.partition("@")[0]


def _offers(opening: Opening) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give what a question offers: its choices, and the options of each of its fields."""
    if not opening.operation:
        return
    words = _words(opening.text)
    if opening.options:
        yield ASKED + words, opening.options
    for one in opening.fields:
        if one.options:
            yield f"{ASKED}{words} / {one.name}", tuple(str(option) for option in one.options)


def _words(text: str) -> str:
    """Give the first words of a text that has words, without numbers and names."""
    parts = (" ".join(_NAMED.sub("", part).split()).strip(" ,'") for part in _ENDS.split(text))
    return next((part for part in parts if part), "")
