"""Storms from the command line; ``make storm SEEDS=1000`` is the short way.

Run: ``python -m tests.storms --seeds 100 [--first 1] [--site a] [--recipe freeze-day] [--share 0.004]``
     ``python -m tests.storms --plan link:act:kind[:delay],...``  replays one storm
     ``python -m tests.storms --every``                           fails the n-th exchange, for all n, in every way
For a broken invariant the shrunk plan and the one command that replays it are printed; exit status 1 then.
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

from fakes.faults import Fault, FaultKind, Faults
from tests.storms.invariants import ALL, broken
from tests.storms.run import weathered
from tests.storms.weather import KINDS, SHARE, Storm, read, written

WORKERS = 2
DELAY = 3.0  # s, of a late answer in the systematic part


@dataclass(frozen=True, slots=True)
class Where:
    """Which batch is run."""

    site: str
    recipe: str


@dataclass(frozen=True, slots=True)
class Found:
    """What one storm broke, and the plan that it was."""

    name: str
    plan: tuple[Fault, ...]
    broken: tuple[str, ...]


def under(plan: tuple[Fault, ...], where: Where) -> list[str]:
    """Run one batch under a plan and give what is broken."""
    with tempfile.TemporaryDirectory() as folder:
        return broken(weathered(Path(folder) / "site", Faults(plan), site=where.site, recipe=where.recipe))


def storm(seed: int, *, where: Where, share: float) -> Found:
    """Run one batch in a seeded storm; one that breaks something is shrunk."""
    weather = Storm(seed, share=share)
    with tempfile.TemporaryDirectory() as folder:
        wrong = broken(weathered(Path(folder) / "site", weather, site=where.site, recipe=where.recipe))
    plan = tuple(weather.hits)
    return Found(f"seed {seed}", shrunk(plan, where) if wrong else plan, tuple(wrong))


def single(fault: Fault, *, where: Where) -> Found:
    """Run one batch with one fault."""
    return Found(written((fault,)), (fault,), tuple(under((fault,), where)))


def shrunk(plan: tuple[Fault, ...], where: Where) -> tuple[Fault, ...]:
    """Leave out every fault without which the batch still breaks something."""
    for fault in plan:
        fewer = tuple(other for other in plan if other != fault)
        if under(fewer, where):
            plan = fewer
    return plan


def exchanges(where: Where) -> dict[str, int]:
    """Count the chunks that an undisturbed batch sends on each link."""
    calm = Storm(0, share=0.0)
    with tempfile.TemporaryDirectory() as folder:
        weathered(Path(folder) / "site", calm, site=where.site, recipe=where.recipe)
    return dict(calm.acts)


def every(where: Where, *, step: int) -> Iterator[Fault]:
    """Give a fault of every kind at every ``step``-th exchange of every link."""
    for link, count in exchanges(where).items():
        for act in range(1, count + 1, step):
            yield from (Fault(link, act, kind, DELAY if kind is FaultKind.DELAY_REPLY else 0.0) for kind in KINDS)  # type: ignore[arg-type]  # s


def report(found: Iterable[Found], where: Where) -> bool:
    """Print what is broken and how to see it again; tells whether anything was."""
    count, wrong, started = 0, 0, time.monotonic()
    for one in found:
        count += 1
        if one.broken:
            wrong += 1
            again = f"python -m tests.storms --site {where.site} --recipe {where.recipe} --plan '{written(one.plan)}'"
            sys.stdout.write(f"{one.name}: {'; '.join(one.broken)}\n  again: {again}\n")
            sys.stdout.flush()
    sys.stdout.write(
        f"{count} storms on site {where.site}, recipe {where.recipe}: {len(ALL)} invariants checked after each, "
        f"{wrong} storms broke one; {time.monotonic() - started:.0f} s\n"
    )
    return wrong > 0


def main() -> None:
    """Blow."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--site", default="a")
    parser.add_argument("--recipe", default="freeze-day")
    parser.add_argument("--share", type=float, default=SHARE)
    parser.add_argument("--plan", default="")
    parser.add_argument("--quick", action="store_true", help="one process, and no shrinking")
    parser.add_argument("--every", type=int, nargs="?", const=1, default=0, help="every N-th exchange")
    asked = parser.parse_args()
    where = Where(asked.site, asked.recipe)
    if asked.plan:
        found = [Found("plan", read(asked.plan), tuple(under(read(asked.plan), where)))]
        sys.exit(report(found, where))
    if asked.quick:
        seeds = range(asked.first, asked.first + asked.seeds)
        sys.exit(report((storm(seed, where=where, share=asked.share) for seed in seeds), where))
    with ProcessPoolExecutor(WORKERS) as pool:
        if asked.every:
            work = pool.map(partial(single, where=where), every(where, step=asked.every), chunksize=4)
        else:
            seeds = range(asked.first, asked.first + asked.seeds)
            work = pool.map(partial(storm, where=where, share=asked.share), seeds, chunksize=2)
        sys.exit(report(work, where))


if __name__ == "__main__":
    main()
