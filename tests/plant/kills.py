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
from functools import partial
from pathlib import Path

from fakes.kit.kills import ASIDE, Started, Tried, acts, faults, step_of, tried
from tests.support.crash import Kept, at_appends, at_frames
from tests.support.runs import Run, make_site

__all__ = ["ACTS", "ASIDE", "Started", "Tried", "acts", "faults", "step_of", "tried"]


ACTS = ("load", "stand_by", "start")
WORKERS = 2


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
