"""How long the simulated day takes: the core alone (no imports, no documents), and whole processes.

Units: s; medians of rounds. Yardstick: a bare interpreter start, a pure-Python loop.
"""

import gc
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TypeVar

from automation.ledger.verify import verify
from tests.support.runs import BATCH, make_site, run_batch

LOOP = 2_000_000  # rounds of the yardstick
DAY = 86_400.0  # s
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Cost:
    """What a course costs: s by the clock, s of processor time, and those in units of the yardstick; days it lasts."""

    wall: float
    processor: float
    ratio: float
    days: float
    events: int


def course(site: str, *, recipe: str, rounds: int = 3) -> Cost:
    """Give the least of so many courses: open a new site, run, close, verify the ledger; a first one loads everything.

    The yardstick is a pure-Python loop before each.
    """
    gc.collect()
    gc.freeze()
    costs = [_course(site, recipe) for _ in range(rounds + 1)]
    return min(costs[1:], key=lambda cost: cost.processor)


def _course(site: str, recipe: str) -> Cost:
    _, yardstick = processor(_loop)
    with TemporaryDirectory() as name:
        folder = make_site(Path(name), site)
        begun = time.perf_counter()
        run, spent = processor(lambda: run_batch(folder, recipe=recipe))
        verdict, more = processor(lambda: verify(folder))
        wall = time.perf_counter() - begun
    if run.state != "closed" or not verdict.intact:
        msg = f"{recipe} on site {site} ended {run.state}, its ledger is {'intact' if verdict.intact else 'not intact'}"
        raise AssertionError(msg)
    days = (run.events[-1].at - run.events[0].at) / 1e6 / DAY
    return Cost(wall, spent + more, (spent + more) / yardstick, days, len(run.events))


def processor(work: Callable[[], _T]) -> tuple[_T, float]:
    """Give what work gives, and the processor time of all threads that it takes (s)."""
    begun = time.process_time()
    return work(), time.process_time() - begun


def _loop() -> int:
    total = 0
    for number in range(LOOP):
        total += number & 7
    return total


def documents(site: str, *, recipe: str) -> float:
    """Give s of the process that writes the record of a course as PDF, imports included."""
    with TemporaryDirectory() as name:
        folder = make_site(Path(name), site)
        run_batch(folder, recipe=recipe)
        where = str(folder / "record.pdf")
        words = ("record", BATCH, "--site", name, "--format", "pdf", "--output", where)
        return process([str(Path(sys.executable).with_name("cellwright")), *words], rounds=1)


def first_course(site: str, *, recipe: str) -> float:
    """Give s of a new process that runs a course, imports included."""
    with TemporaryDirectory() as name:
        folder = make_site(Path(name), site)
        words = ("run", recipe, "--site", str(folder), "--batch", BATCH)
        return process([str(Path(sys.executable).with_name("cellwright")), *words], rounds=1)


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
