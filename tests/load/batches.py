"""Many batches at once in one process, sharing equipment through claims; see ``crowd`` for what is quickened.

Run:   ``python -m tests.load.batches [--batches 300]``
Units: s, bytes; every figure is printed as measured, with the disk's own fsync beside it.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from automation.engine.site import Site
from automation.kernel.quantity import Seconds
from automation.ledger.verify import verify
from tests.load import crowd
from tests.load.measuring import Stopwatch, fsync_of, line, resident

COUNTERS = 20
MEGABYTE = 1 << 20
LOOK = Seconds(0.25)  # s between looks at the memory


class Measured:
    """What one run has shown."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.ended: list[str] = []
        self.events = 0
        self.wall = self.cpu = 0.0
        self.memory = 0  # bytes that the process grew by, at most
        self.watch = Stopwatch()


async def measure(site: Site, batches: Sequence[str]) -> Measured:
    """Issue the batches, then run them all at once."""
    found = Measured()
    made = crowd.recipe_of(site)
    before = resident()
    for batch in batches:
        await crowd.issued(site, made, batch)
    found.watch.hold(site)
    seq, wall, cpu = site.house.ledger.last.seq, time.perf_counter(), time.process_time()
    looking = asyncio.get_running_loop().create_task(_look(site, found, before))
    found.ended = await crowd.run_all(site, made, batches)
    found.wall, found.cpu = time.perf_counter() - wall, time.process_time() - cpu
    found.events = site.house.ledger.last.seq - seq
    looking.cancel()
    return found


async def _look(site: Site, found: Measured, before: int) -> None:
    while True:
        found.memory = max(found.memory, resident() - before)
        await site.house.clock.sleep(LOOK)


def report(found: Measured, *, batches: int, fsync: float) -> None:
    """Print the figures."""
    completed = found.ended.count("complete")
    line(
        f"batches at once, and how many of them completed (people at {crowd.PACE:g} of their time)",
        f"{batches} / {completed}",
    )
    line("events, wall time, CPU time", f"{found.events:,}", f"{found.wall:.1f} s, {found.cpu:.1f} s")
    line("events/s of wall time", f"{found.events / found.wall:,.0f}")
    line("events/s of CPU time", f"{found.events / found.cpu:,.0f}")
    half, most = found.watch.share(50), found.watch.share(99)
    line("from command to durable, p50 and p99 (ms)", f"{1e3 * half:.2f} / {1e3 * most:.1f}")
    line("one fsync of the disk, in the same run (ms)", f"{1e3 * fsync:.3f}")
    line("  p50 and p99 in fsyncs", f"{half / fsync:.1f} / {most / fsync:.0f}")
    line("memory per batch (MiB)", f"{found.memory / batches / MEGABYTE:.2f}", "at most 1")


def main(words: Sequence[str] | None = None) -> None:
    """Measure and print; ends with status 1 when a batch did not complete or the ledger is not intact."""
    asked = argparse.ArgumentParser(prog="python -m tests.load.batches", description=__doc__)
    asked.add_argument("--batches", type=int, default=300)
    asked.add_argument("--counters", type=int, default=COUNTERS, help="cell counters that they share")
    given = asked.parse_args(words)
    with TemporaryDirectory() as name:
        folder = crowd.make(Path(name), batches=given.batches, counters=given.counters)
        fsync = fsync_of(folder)
        found = crowd.at(folder, lambda site: measure(site, crowd.names(given.batches)))
        report(found, batches=given.batches, fsync=fsync)
        intact = verify(folder).intact
        line("the ledger afterwards", "intact" if intact else "NOT INTACT")
    sys.exit(0 if intact and set(found.ended) == {"complete"} else 1)


if __name__ == "__main__":
    main()
