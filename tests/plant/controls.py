"""Every procedural command at every working state of every operation, in simulated time.

Run: ``python -m tests.plant.controls [--site a|b|both] [--recipe NAME] [--operation wash] [--command hold]``
Without ``--recipe`` each operation is tried in the first installed recipe that runs it.
One row a state, one column a command with the ISA-88 state of the step at the end, or ``refused``; what is not as it
has to be is marked ``!`` and listed below. Exit status 1 then, and when no recipe runs an operation that is installed.
The suite takes a fixed part (``tests/plant/test_controls.py``).
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from automation.bootstrap import operations
from tests.support.control_verdicts import broken
from tests.support.controlled import (
    COMMANDS,
    RECIPES,
    REFUSED,
    Case,
    Place,
    calm,
    controlled,
    home,
    missing,
    places,
    possible,
)

WORKERS = 2
WIDE = 30  # characters of the first column


@dataclass(frozen=True, slots=True)
class Tried:
    """One command at one place: how the step ended, what was wrong, and how many devices were asked when safe."""

    place: Place
    command: str
    outcome: str
    wrong: tuple[str, ...]
    looked: int


def found(*, site: str, recipe: str) -> list[Place]:
    """Give the places of a recipe on a site."""
    with tempfile.TemporaryDirectory() as folder:
        return places(calm(Path(folder) / "site", site=site, recipe=recipe), site=site, recipe=recipe)


def tried(place: Place, *, only: str = "") -> list[Tried]:
    """Try the commands at one place, each in a batch of its own."""
    results = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        undisturbed = calm(folder / "calm", site=place.site, recipe=place.recipe)
        for command in possible(place):
            if only in {"", command}:
                case = Case(place, command)
                controlled(folder / command.replace(" ", "-"), case)
                outcome = "refused" if command in REFUSED else str(case.run.step(place.step).stage)
                wrong = tuple(broken(case, undisturbed))
                results.append(Tried(place, command, outcome, wrong, case.looked))
    return results


def report(site: str, results: Iterable[list[Tried]]) -> list[Tried]:
    """Print one row a place as it comes; gives all that was tried."""
    say(f"site {site}\n{'operation, state':<{WIDE}} " + " ".join(f"{command:<10}" for command in COMMANDS))
    every: list[Tried] = []
    for row in results:
        cells = {one.command: ("! " if one.wrong else "") + one.outcome for one in row}
        place = row[0].place if row else None
        name = f"{place.operation}, {place.state}" if place else "nothing to try"
        say(f"{name:<{WIDE}} " + " ".join(f"{cells.get(command, '-'):<10}" for command in COMMANDS))
        every += row
    for one in every:
        for what in one.wrong:
            say(f"! {one.place.operation}, {one.place.state}, {one.command}: {what}")
    return every


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line.rstrip()}\n")
    sys.stdout.flush()


def main() -> None:
    """Try everything that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--site", choices=("a", "b", "both"), default="both")
    parser.add_argument("--recipe", choices=("", *RECIPES), default="")
    parser.add_argument("--operation", default="", help="one operation only")
    parser.add_argument("--command", choices=("", *COMMANDS), default="", help="one command only")
    asked = parser.parse_args()
    started, every = time.monotonic(), list[Tried]()
    with ProcessPoolExecutor(WORKERS) as pool:
        for site in "ab" if asked.site == "both" else asked.site:
            homes = dict.fromkeys(asked.recipe or home(name) for name in sorted(operations()) if home(name))
            every_place = [place for recipe in homes for place in found(site=site, recipe=recipe)]
            here = [p for p in every_place if asked.recipe or home(p.operation) == p.recipe]
            some = [p for p in here if asked.operation in {"", p.operation}]
            every += report(site, pool.map(partial(tried, only=asked.command), some))
    wrong, unrun = sum(bool(one.wrong) for one in every), missing()
    for name in unrun:
        say(f"! operation {name} is installed and no installed recipe runs it")
    states = {(one.place.site, one.place.operation, one.place.state) for one in every}
    say(
        f"{len(every)} commands at {len(states)} states of {len({one.place.operation for one in every})} operations, "
        f"{sum(one.looked for one in every)} devices asked when safe, {wrong} not as they have to be; "
        f"{time.monotonic() - started:.0f} s"
    )
    sys.exit(bool(wrong or unrun))


if __name__ == "__main__":
    main()
