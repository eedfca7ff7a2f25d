"""A process with many open batches is killed; another one opens the site and takes them all up.

Run:   ``python -m tests.load.resume [--batches 300]``
Units: s.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from automation.bootstrap import Way, open_site
from automation.engine.site import Site
from automation.gmp.marks import OPEN
from automation.gmp.people.prompts import Prompt
from automation.ledger.event import Event
from automation.ledger.read import Reader
from fakes.panel import Habit, Values
from tests.load import crowd
from tests.load.batches import COUNTERS
from tests.load.measuring import line

LONGEST = 500.0  # s in which the batches have to come to where they are left
IDLE, TURNS = 0.001, 5  # s of a turn of the loop in which nobody had anything to do; so many in a row
KILLED = 9


async def leave_open(site: Site, batches: Sequence[str]) -> None:
    """Run batches until all are received and none can be counted, then die at once, with everything as it is."""
    made = crowd.recipe_of(site)
    crowd.staff_of(site).habits.insert(0, Habit("^Mix", _never))
    received: list[str] = []
    done = asyncio.Event()

    def look(event: Event) -> None:
        if event.kind == "bound" and event.stream.endswith("/step/count"):
            received.append(event.stream)
            if len(received) == len(batches):
                done.set()

    site.house.ledger.subscribe(look)
    for batch in batches:
        await crowd.issued(site, made, batch)
    running = asyncio.ensure_future(crowd.run_all(site, made, batches))
    await asyncio.wait_for(done.wait(), LONGEST)
    await _idle()
    assert not running.done()
    os._exit(KILLED)


async def _never(_prompt: Prompt) -> Values | None:
    await asyncio.Event().wait()
    return None


async def _idle() -> None:
    """Wait until nobody has anything to do at once."""
    quick = 0
    while quick < TURNS:
        begun = time.perf_counter()
        await asyncio.sleep(0)
        quick = quick + 1 if time.perf_counter() - begun < IDLE else 0


async def taken_up(folder: Path, batches: Sequence[str]) -> tuple[float, float, int]:
    """Open the site and take every batch up; gives s until it was open, s until all stood, and how many are open."""
    begun = time.perf_counter()
    site = await open_site(folder, Way(careful=True, through=True, staffed=False))
    opened = time.perf_counter() - begun
    running = asyncio.ensure_future(crowd.run_all(site, crowd.recipe_of(site), batches))
    await asyncio.sleep(0)
    await _idle()
    stood = time.perf_counter() - begun
    there = len(tuple(site.house.door.marked("batch", OPEN)))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await site.leave()
    return opened, stood, there


def main(words: Sequence[str] | None = None) -> None:
    """Measure and print; ends with status 1 when a batch was lost."""
    asked = argparse.ArgumentParser(prog="python -m tests.load.resume", description=__doc__)
    asked.add_argument("--batches", type=int, default=300)
    asked.add_argument("--leave", type=Path, help="only run batches at this site, and die")
    given = asked.parse_args(words)
    batches = crowd.names(given.batches)
    if given.leave:
        crowd.at(given.leave, lambda site: leave_open(site, batches))
    with TemporaryDirectory() as name:
        folder = crowd.make(Path(name), batches=given.batches, counters=COUNTERS)
        dying = [sys.executable, "-m", "tests.load.resume", "--leave", name, "--batches", str(given.batches)]
        assert subprocess.run(dying, check=False).returncode == KILLED
        with Reader(folder) as reader:
            events = reader.last.seq
        opened, stood, there = asyncio.run(taken_up(folder, batches))
    line("open batches when the process died, and events in its ledger", f"{given.batches}", f"{events:,} events")
    line("  open again, of which none was lost", f"{there}")
    line("until the site was open (s)", f"{opened:.2f}")
    line("until every batch stood where it had stood (s)", f"{stood:.2f}", "at most 5")
    sys.exit(0 if there == given.batches else 1)


if __name__ == "__main__":
    main()
