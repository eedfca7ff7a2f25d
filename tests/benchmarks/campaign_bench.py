"""A campaign of freezing runs: how many a second, how that grows with cores, and whether the result is the same.

Run:   ``python -m tests.benchmarks.campaign_bench --runs 1000`` (one core takes a tenth of them, so that it is no wait)
Units: runs/s by the clock. Yardstick: one core, the same runs, in the same run.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence

from automation.opener import House
from automation.surfaces.cli.campaign import digest_of, runs
from automation.surfaces.cli.trial import Trial

RUNS = 1_000
RECIPE = "freeze-day"


def campaign(seeds: Sequence[int], *, jobs: int) -> tuple[float, str]:
    """Run one seed after the other on so many processes; gives runs/s and the digest of all."""
    begun = time.perf_counter()
    found = list(runs(House(), [Trial(recipe=RECIPE, seed=seed) for seed in seeds], jobs=jobs))
    return len(found) / (time.perf_counter() - begun), digest_of(found)


def main() -> None:
    """Print runs/s for each number of cores that there is, and the digest."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.campaign_bench", description=main.__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    asked = parser.parse_args()
    cores = sorted({1, os.cpu_count() or 1})
    campaign((1,), jobs=1)  # what is loaded once
    few = range(1, max(2, asked.runs // 10) + 1)
    alone, digest = campaign(few, jobs=1)
    sys.stdout.write(f"1 core, {len(few)} runs: {alone:.1f} runs/s, digest {digest[:16]}\n")
    for jobs in cores[1:]:
        rate, same = campaign(few, jobs=jobs)
        told = "the same" if same == digest else f"ANOTHER: {same[:16]}"
        sys.stdout.write(f"{jobs} cores, {len(few)} runs: {rate:.1f} runs/s ({rate / alone:.2f} times), {told}\n")
    rate, digest = campaign(range(1, asked.runs + 1), jobs=cores[-1])
    sys.stdout.write(f"{cores[-1]} cores, {asked.runs} runs: {rate:.1f} runs/s, digest {digest[:16]}\n")


if __name__ == "__main__":
    main()
