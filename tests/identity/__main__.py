"""Sequences from the command line; ``make identity`` is the short way.

Run: ``python -m tests.identity --sequences 100000 --seed 1``
     ``python -m tests.identity --seed 1 --only 12345``   replays one, with those before it at the same site
Every site has twenty patients and lives through ``--each`` sequences. For a broken invariant the one command that
replays it is printed; exit status 1 then.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from automation.bootstrap import Way, begins, open_site, read_site
from automation.kernel.clock import SimulatedClock, run_simulated
from tests.identity import coverage, ward
from tests.identity.sequences import Tally, Ward

EACH = 400
WORKERS = 2


@dataclass(frozen=True, slots=True)
class Lived:
    """What one site has lived through."""

    tally: Tally
    broken: tuple[str, ...]
    number: int  # of the sequence that broke something
    cpu: float  # s


def live(part: range, *, seed: int) -> Lived:
    """Let one new site live through some sequences, up to the first that breaks something."""
    begun = time.process_time()

    async def main(clock: SimulatedClock) -> tuple[Tally, list[str], int]:
        site = await open_site(folder, Way(staffed=False), clock=clock)
        try:
            ward.prepare(site)
            people = Ward(site)
            await people.open()
            number, broken = part.start, list[str]()
            for number in part:
                broken = await people.sequence(seed, number)
                if broken:
                    break
            return people.tally, broken + await people.close(), number
        finally:
            await site.leave()

    with tempfile.TemporaryDirectory() as name:
        folder = ward.make(Path(name) / "site")
        tally, broken, number = run_simulated(main, start=begins(folder, read_site(folder)))
    return Lived(tally, tuple(broken), number, time.process_time() - begun)


def parts(asked: argparse.Namespace) -> Iterator[range]:
    """Give the numbers of the sequences of each site."""
    if asked.only is not None:
        yield range(asked.only - asked.only % asked.each, asked.only + 1)
        return
    for first in range(0, asked.sequences, asked.each):
        yield range(first, min(asked.sequences, first + asked.each))


def report(found: Iterable[Lived], asked: argparse.Namespace) -> bool:
    """Print what is broken and how to see it again, then what was covered; tells whether anything was broken."""
    whole, wrong, sites, cpu, begun = Tally(), 0, 0, 0.0, time.monotonic()
    for one in found:
        whole.add(one.tally)
        sites, cpu = sites + 1, cpu + one.cpu
        if one.broken:
            wrong += 1
            again = f"python -m tests.identity --seed {asked.seed} --each {asked.each} --only {one.number}"
            sys.stdout.write(f"sequence {one.number}: {'; '.join(one.broken)}\n  again: {again}\n")
            sys.stdout.flush()
    sys.stdout.write(coverage.table(whole))
    sys.stdout.write(coverage.figures(whole, sites=sites, wrong=wrong))
    wall = time.monotonic() - begun
    rate = whole.sequences / cpu if cpu else 0.0
    sys.stdout.write(f"{cpu:.0f} s of CPU time, {wall:.0f} s; {rate:.0f} sequences per s of CPU time\n")
    return wrong > 0


def main() -> None:
    """Live through them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sequences", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--each", type=int, default=EACH, help="sequences at one site")
    parser.add_argument("--only", type=int, help="the number of one sequence")
    parser.add_argument("--workers", type=int, default=WORKERS)
    parser.add_argument("--quick", action="store_true", help="one process")
    asked = parser.parse_args()
    job = partial(live, seed=asked.seed)
    if asked.quick or asked.only is not None or asked.workers < 2:
        sys.exit(report(map(job, parts(asked)), asked))
    with ProcessPoolExecutor(asked.workers) as pool:
        sys.exit(report(pool.map(job, parts(asked)), asked))


if __name__ == "__main__":
    main()
