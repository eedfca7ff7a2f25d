"""Real processes killed with SIGKILL at seeded points of every kind, and what becomes of each story.

Run with ``python -m tests.plant.real_kills [--kills 300 --double 30 --seed N --site b --recipe final-day]``: each
child runs the real command line and kills itself at one point, or is killed from outside; ``double`` are those where
the process that goes on is killed as well. A line for each story that does not end as an undisturbed one, then the
tables; 0 is the exit status when all end the same. ``--kind`` tries some kinds only. Units: s of real time.
"""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from automation.kernel.clock import SystemClock
from tests.plant.real_plan import BATCHES, KINDS, RESUME, Plan, Trial
from tests.plant.real_stage import Stage, Tried

TWICE = frozenset(BATCHES)  # kinds that get two kills where the others get one


def told(stage: Stage, trials: Iterator[Trial]) -> Iterator[Tried]:
    """Tell story by story, leaving out those in which nothing was killed; says at once what ends otherwise."""
    for trial in trials:
        one = trial(stage)
        stage.tidy()
        if one is not None:
            sys.stdout.writelines(f"{one.kind}, {one.moment}, {one.operation}: {what}\n" for what in one.differs)
            sys.stdout.flush()
            yield one


def in_turn(kinds: Mapping[str, Iterator[Tried]]) -> Iterator[Tried]:
    """Give stories of all kinds in turn as long as there are any."""
    left = dict(kinds)
    while left:
        for kind, stories in tuple(left.items()):
            some = list(islice(stories, 2 if kind in TWICE else 1))
            yield from some
            if not some:
                del left[kind]


def table(found: Sequence[Tried], by: Callable[[Tried], str], what: str) -> str:
    """Give how many stories were tried and survived, by one of their traits."""
    tried = Counter(by(one) for one in found)
    survived = Counter(by(one) for one in found if not one.differs)
    lines = [f"{what:<26} {'tried':>6} {'survived':>9}"]
    lines += [f"{name:<26} {count:>6} {survived[name]:>9}" for name, count in tried.items()]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Kill, let each story go on, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=300, help="stories with at least one kill, double ones included")
    parser.add_argument("--double", type=int, default=30, help="of these: a kill during resume as well")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--site", default="b")
    parser.add_argument("--recipe", default="final-day")
    parser.add_argument("--kind", action="append", choices=KINDS, help="of the others, these kinds only")
    asked = parser.parse_args()
    clock = SystemClock()
    began = clock.now()
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder) / "stage", asked.site, asked.recipe)
        plan, single = Plan(stage, asked.seed), asked.kills - asked.double
        kinds = {kind: told(stage, plan.of(kind)) for kind in asked.kind or KINDS}
        found = list(islice(in_turn(kinds), single))
        found += islice(told(stage, plan.of(RESUME)), asked.double)
    lost = [one for one in found if one.differs]
    sys.stdout.write(table(found, lambda one: one.kind, "kind"))
    sys.stdout.write(table(found, lambda one: one.operation, "step or command"))
    kills, twice = sum(one.kills for one in found), sum(one.kills > 1 for one in found)
    sys.stdout.write(
        f"site {asked.site}, {asked.recipe}, seed {asked.seed}: {len(found)} stories, {twice} of them with two kills; "
        f"{kills} SIGKILLs; {len(lost)} end otherwise than undisturbed; {float(clock.now() - began):.0f} s\n"
    )
    sys.exit(bool(lost) or len(found) < asked.kills)


if __name__ == "__main__":
    main()
