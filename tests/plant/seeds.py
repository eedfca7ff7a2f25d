"""Many seeds of one batch: what share is out of criterion, and why, one line of figures for each seed.

Run with ``python -m tests.plant.seeds --seeds 100``; ``--site b`` for the observed freezer, ``--recipe final-day`` for
the whole day (see ``seeds_of_final_day``), in two processes. The seed varies where ice
forms (triangular -10 to -6, mode -7.5 degC), the noise of the sensors and how long people take.
Units: degC, K/min, s.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from automation.bootstrap import Way
from automation.kernel.ids import keyed
from fakes.physics.product import NUCLEATION
from tests.plant import seeds_of_final_day
from tests.plant.seeds_report import report
from tests.support.runs import make_site, run_batch

SEEDS = 100
PROCESSES = 2
LONGEST = 50_000.0  # s; a batch that is held because its run was not accepted is left so


@dataclass(frozen=True, slots=True)
class Seeded:
    """What one seed comes to; ``ice`` is where ice truly forms, ``why`` names the criteria that were not met."""

    seed: int
    ice: float
    state: str
    verdict: str
    nucleation: float | None
    plateau: float | None
    rate: float | None
    end: float | None
    why: tuple[str, ...]
    deviations: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Tell whether the freezing run met every criterion."""
        return self.state == "frozen"

    def line(self) -> str:
        """Give the figures of this seed, and what explains a run that is out of criterion."""
        figures = "".join(
            "       -" if value is None else f"{value:8.2f}"
            for value in (self.ice, self.nucleation, self.plateau, self.rate, self.end)
        )
        return f"{self.seed:5d} {figures}  {self.verdict:13s} {'; '.join(self.why or self.deviations)}".rstrip()


def run_seed(seed: int, folder: Path, *, site: str = "a") -> Seeded:
    """Run one batch with a seed, and give what its freezing step came to."""
    run = run_batch(make_site(folder, site), way=Way(seed=seed), until=LONGEST)
    step = run.step("freeze")
    found, told = step.results, step.results.get("criteria", [])
    criteria = told if isinstance(told, list) else []
    why = tuple(str(one["sentence"]) for one in criteria if one["verdict"] != "pass")
    numbers = {
        name: float(value) if isinstance(value := found.get(name), int | float) else None
        for name in ("nucleation", "plateau", "rate", "end")
    }
    lowest, highest, likely = NUCLEATION
    ice = keyed(seed, "nucleation", "BAG-0001").triangular(lowest, highest, likely)
    return Seeded(
        seed, ice, step.state, str(found.get("verdict", "")), **numbers, why=why, deviations=tuple(run.deviations())
    )


def table(results: Iterable[Seeded]) -> Iterable[str]:
    """Give the table of all seeds, then share and spread."""
    every = list(results)
    yield " seed      ice   nucl. plateau    rate     end  verdict       what was not met"
    yield "          degC    degC       s   K/min    degC"
    yield from (one.line() for one in every)
    out = [one for one in every if not one.good]
    yield f"{len(out)} of {len(every)} out of criterion ({100.0 * len(out) / len(every):.0f} %)"
    other = sum(one.good and bool(one.deviations) for one in every)
    yield f"{other} of the others with a deviation in another step"
    for name in ("ice", "nucleation", "plateau", "rate", "end"):
        values = [value for one in every if (value := getattr(one, name)) is not None]
        if values:
            yield f"{name:10s} {min(values):8.2f} to {max(values):8.2f}, median {statistics.median(values):8.2f}"


def main() -> None:
    """Print the table for as many seeds as asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.plant.seeds", description=main.__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how many seeds, from 1")
    parser.add_argument("--recipe", default="freeze-day", choices=("freeze-day", seeds_of_final_day.RECIPE))
    parser.add_argument("--site", default="a", help="packaged site: a (driven) or b (mixed)")
    asked = parser.parse_args()
    if asked.recipe == seeds_of_final_day.RECIPE:
        with ProcessPoolExecutor(PROCESSES) as pool:
            one = partial(seeds_of_final_day.run_seed, site=asked.site)
            days = list(pool.map(one, range(1, asked.seeds + 1), chunksize=4))
        sys.stdout.write("\n".join(report(days)) + "\n")
        return
    with tempfile.TemporaryDirectory() as folder:
        found = [run_seed(seed, Path(folder) / str(seed), site=asked.site) for seed in range(1, asked.seeds + 1)]
    sys.stdout.write("\n".join(table(found)) + "\n")


if __name__ == "__main__":
    main()
