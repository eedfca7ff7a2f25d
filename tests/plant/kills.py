"""A batch killed at every moment: each append of the ledger, and each frame of every act on a device.

Run with ``python -m tests.plant.kills [--recipe final-day] [--site b] [--tenth]``: every moment is resumed, one line a
step says how many were tried, and one line a difference says what is not as in an undisturbed run (none in the good
case); 0 is the exit status when all end the same. The suite takes a spread of the moments.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from automation.engine.journal import Called
from automation.engine.site import Site
from automation.kernel.effect import Kind
from automation.ledger.event import Event
from tests.storms.crew import Crew
from tests.support.crash import Kept, added, at_appends, at_frames, ends, left_open, resumed
from tests.support.runs import BATCH, Run, make_site

ASIDE = ("prompt/", "alarm/", "timer/", "deviation/")  # what people's time to decide changes
ACTS = ("load", "stand_by", "start")
WORKERS = 2


class Started:
    """Wants every event, or every so many-th, from the start of the batch to its end."""

    def __init__(self, every: int = 1) -> None:
        """Want nothing yet."""
        self.started = False
        self._every, self._seen = every, 0

    def __call__(self, event: Event) -> bool:
        """Tell whether a kill at this event is to be tried."""
        if (event.stream, event.kind) == (f"batch/{BATCH}", "start"):
            self.started = True
        if not self.started or event.kind == "close":
            return False
        self._seen += 1
        return self._seen % self._every == 0


def faults(run: Run, undisturbed: Run) -> list[str]:
    """Give in what a resumed run differs from the undisturbed one; an act that was open may be called once more."""
    found = [f"batch is {run.state}"] if run.state != undisturbed.state else []
    found += [f"acts {acts(run)}"] if acts(run) != acts(undisturbed) else []
    own, meant = ends(run), ends(undisturbed)
    doubted = any(event.kind == "doubt" for event in run.events)
    meant = {name: state for name, state in meant.items() if not (doubted and name.startswith(ASIDE))}
    found += [f"{name} is {own.get(name)}, was {state}" for name, state in meant.items() if own.get(name) != state]
    if doubted:
        return found  # a device that can't say: people decided, which took time, and the record tells of it
    more, less = added(run, undisturbed), added(undisturbed, run)
    found += [f"the record says more: {more}"] if more not in ([], left_open(run)) else []
    return found + ([f"the record says less: {less}"] if less else [])


def acts(run: Run) -> dict[tuple[str, str], int]:
    """Give devices' own counters by asset and act, without those of sets: the same set twice is one set."""
    calls = [event.read(Called) for event in run.events if event.kind == "call"]
    sets = {(call.asset, call.method.replace("_", " ")) for call in calls if call.kind == Kind.SET_ABSOLUTE}
    counted = {(asset, act): n for asset, counters in run.acts.items() for act, n in counters.items()}
    return {name: n for name, n in counted.items() if name not in sets}


def step_of(run: Run) -> str:
    """Give the step that had begun last when the program was killed; ``-`` before the first."""
    epochs = [event.seq for event in run.events if event.kind == "epoch taken"]
    before = (e.stream for e in run.events if e.seq < epochs[-1] and e.stream.startswith(f"batch/{BATCH}/step/"))
    return max(enumerate(before), default=(0, "-"))[1].rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Tried:
    """One kill, and what is then not as in an undisturbed run."""

    step: str
    moment: str
    differs: list[str]


def tried(kept: Kept, whole: Run, moment: str) -> Tried:
    """Resume one moment, and compare."""
    run = resumed(kept, moment, _decide)
    return Tried(step_of(run), moment, faults(run, whole))


def _decide(site: Site) -> None:
    """Let people decide about what is in doubt."""
    Crew(site)


def _made(folder: Path, asked: argparse.Namespace) -> Iterator[tuple[Run, Kept]]:
    for how in ("appends", "frames"):
        site, into = make_site(folder / how, asked.site), folder / f"kept {how}"
        if how == "appends":
            yield at_appends(site, into, Started(), recipe=asked.recipe)
        else:
            yield at_frames(site, into, recipe=asked.recipe)


def main() -> None:
    """Resume every moment, and say what differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipe", default="freeze-day")
    parser.add_argument("--site", default="a")
    parser.add_argument("--tenth", action="store_true", help="every tenth moment only")
    asked = parser.parse_args()
    points, survived, began = Counter[str](), Counter[str](), time.monotonic()
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(WORKERS) as pool:
        for whole, kept in _made(Path(folder), asked):
            moments = kept.moments[:: 10 if asked.tenth else 1]
            for one in pool.map(partial(tried, kept, whole), moments):
                points[one.step] += 1
                survived[one.step] += not one.differs
                sys.stdout.writelines(f"{one.moment}: {what}\n" for what in one.differs)
                sys.stdout.flush()
    sys.stdout.writelines(f"{step:<16} {points[step]:>6} kills {survived[step]:>6} survived\n" for step in points)
    wrong = points.total() - survived.total()
    took = time.monotonic() - began
    sys.stdout.write(f"{points.total()} kills, {wrong} of them end otherwise than an undisturbed run; {took:.0f} s\n")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
