"""Whether every way is reached by what ``ways.yaml`` names for it: a test, a scene, or a reason why it can't be.

``stands`` looks whether the file names every way and nothing else, and whether what it names exists; that is quick.
``reached`` plays the scenes and runs the tests that are named, and reads from their ledgers which ways they took.
"""

import ast
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

from ruamel.yaml import YAML

from automation.engine.recipe.source import GROUP
from tests.plant.scenes_of_ways import SCENES, WHOLE, Scene, play
from tests.plant.ways import ASKED, Shown, Way, of_operations, of_recipes, shown
from tests.plant.ways_seen import FILE

HERE = Path(__file__).parent
NAMED = HERE / "ways.yaml"
SCENE, EXCUSE = "scene: ", "not reached: "


@cache
def named() -> dict[Way, str]:
    """Give what the file names for each way."""
    found: dict[Way, str] = {}
    for of, ways in YAML(typ="safe").load(NAMED).items():
        for way, by in ways.items():
            at, _, out = str(way).rpartition(" -> ")
            found[Way(of, at, out)] = by
    return found


def stands() -> Iterator[str]:
    """Say what is wrong with the file: a way that it lacks, one that is none, a test or scene that does not exist."""
    known, there = {*of_operations(), *of_recipes()}, named()
    yield from (f"{way} has no test and no scene" for way in sorted(known - there.keys()))
    yield from (f"{way} is no way" for way in sorted(there.keys() - known) if not way.at.startswith(ASKED))
    for way, by in there.items():
        if by.startswith(SCENE) and by.removeprefix(SCENE) not in SCENES:
            yield f"{way}: there is no {by}"
        elif not by.startswith((SCENE, EXCUSE)):
            file, _, test = by.partition("::")
            if test not in _tests(file):
                yield f"{way}: there is no test {by}"


@cache
def _tests(file: str) -> frozenset[str]:
    path = HERE / file
    if not path.is_file():
        return frozenset()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(one.name for one in tree.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef))


@dataclass(slots=True)
class Reached:
    """What each test and scene took, what was offered, and which recipes ran to their end."""

    by: dict[str, set[Way]] = field(default_factory=lambda: defaultdict(set))
    offered: set[Way] = field(default_factory=set)
    ended: dict[str, bool] = field(default_factory=dict)

    def take(self, by: str, found: Shown) -> None:
        """Count what one run shows."""
        self.by[by] |= found.taken
        self.offered |= found.offered


def reached() -> Reached:
    """Play every scene, run every test that is named, and every installed recipe undisturbed."""
    found = Reached()
    for name, scene in SCENES.items():
        found.take(SCENE + name, _played(scene)[0])
    for recipe in sorted(point.name for point in entry_points(group=GROUP)):
        one, ended = _played(Scene(recipe, until=WHOLE))
        found.take(f"{recipe}, undisturbed", one)
        found.ended[recipe] = ended
    tests = sorted({by for by in named().values() if not by.startswith((SCENE, EXCUSE))})
    for test, one in _run(tests):
        found.take(test, one)
    return found


def _played(scene: Scene) -> tuple[Shown, bool]:
    with tempfile.TemporaryDirectory() as folder:
        ended = play(Path(folder) / "site", scene) == "closed"
        return shown(Path(folder) / "site"), ended


def _run(tests: list[str]) -> Iterator[tuple[str, Shown]]:
    """Run some tests in a process of their own; gives what each took."""
    with tempfile.TemporaryDirectory() as folder:
        into = Path(folder) / "ways.json"
        wanted = [str(HERE / test) for test in tests]
        command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.plant.ways_seen", "-p", "no:cacheprovider"]
        subprocess.run(
            [*command, f"--basetemp={folder}/runs", *wanted], env={**os.environ, FILE: str(into)}, check=False
        )
        said: dict[str, dict[str, list[str]]] = json.loads(into.read_text(encoding="utf-8"))
    for name, one in said.items():
        test = name.rpartition("tests/plant/")[2].partition("[")[0]
        yield test, Shown({_way(text) for text in one["taken"]}, {_way(text) for text in one["offered"]})


def _way(text: str) -> Way:
    of, at, out = text.split(" | ")
    return Way(of, at, out)


def table(found: Reached) -> Iterator[str]:
    """Give the lines of the table: what decides, how many ways, how many are reached, and each way with by what."""
    there = named()
    every = {*there, *of_operations(), *of_recipes(), *found.offered}
    all_taken = set[Way]().union(*found.by.values())
    for of, count in sorted(Counter(way.of for way in every).items()):
        hit = sum(way in all_taken for way in every if way.of == of)
        yield f"{of}: {hit} of {count} ways\n"
        for way in sorted(one for one in every if one.of == of):
            yield f"    {way.at} -> {way.out}: {_by_what(way, found)}\n"
    for recipe, ended in found.ended.items():
        yield f"{recipe}: {'runs to its end' if ended else 'DOES NOT RUN TO ITS END'}\n"
    excused = sum(by.startswith(EXCUSE) for by in there.values())
    yield f"{len(every)} ways, {len(every & all_taken)} reached, {excused} excused, {len(found.ended)} recipes\n"


def _by_what(way: Way, found: Reached) -> str:
    by = named().get(way)
    if by is None:
        others = sorted(name for name, taken in found.by.items() if way in taken)
        return f"NOT IN THE LIST{', by ' + others[0] if others else ''}"
    if by.startswith(EXCUSE) or way in found.by.get(by, set()):
        return by
    return f"NOT REACHED by {by}"


def wrong(found: Reached) -> Iterator[str]:
    """Say which ways are not reached by what is named for them, which excuses are none, which recipes do not end."""
    yield from stands()
    there, taken = named(), set[Way]().union(*found.by.values())
    for way, by in there.items():
        if by.startswith(EXCUSE):
            if way in taken:
                yield f"{way} is excused, and was reached"
        elif way not in found.by.get(by, set()):
            yield f"{way} was not reached by {by}"
    yield from (f"{way} was offered, and is not in the list" for way in sorted(found.offered - there.keys()))
    yield from (f"{recipe} does not run to its end" for recipe, ended in found.ended.items() if not ended)
