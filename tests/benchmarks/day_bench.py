"""How long the simulated day takes: the core alone (no imports, no documents), and whole processes.

Units: s; medians of rounds. Yardstick: a bare interpreter start, a pure-Python loop.
"""

import gc
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.support.runs import make_site, run_batch


def core(site: str, *, recipe: str = "freeze-day", rounds: int = 5) -> float:
    """Give s for opening a new site, the whole batch and closing, after one round that loads everything."""
    taken: list[float] = []
    gc.collect()
    gc.freeze()  # what other benchmarks left in this process is none of the day's
    for _ in range(rounds + 1):
        with TemporaryDirectory() as name:
            folder = make_site(Path(name), site)
            begun = time.perf_counter()
            run = run_batch(folder, recipe=recipe)
            taken.append(time.perf_counter() - begun)
            if run.state != "closed":
                msg = f"site {site} ended {run.state}"
                raise AssertionError(msg)
    return median(taken[1:])


def process(words: Sequence[str], *, rounds: int = 7) -> float:
    """Give s of a whole process."""
    taken: list[float] = []
    for _ in range(rounds):
        begun = time.perf_counter()
        subprocess.run(words, check=True, capture_output=True)
        taken.append(time.perf_counter() - begun)
    return min(taken)


def command(*words: str) -> float:
    """Give s of a ``cellwright`` process."""
    return process([str(Path(sys.executable).with_name("cellwright")), *words])


def small_ledger_verified() -> float:
    """Give s of ``cellwright verify`` over the ledger of one simulated day."""
    with TemporaryDirectory() as name:
        run_batch(make_site(Path(name)))
        return command("verify", name)
