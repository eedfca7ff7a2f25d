"""How long a site with a long ledger takes from its opening until it has accepted a command.

Run:   ``python -m tests.load.start FOLDER`` (see ``big_ledger``); imports are not counted.
Units: s.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from automation.bootstrap import begins, known, open_site, operations, read_site
from automation.gmp.door import Command
from automation.kernel.clock import SimulatedClock, run_simulated
from automation.ledger.derived import NAME
from automation.ledger.read import Reader
from tests.load.measuring import line

PERSON = "anna"


def started(folder: Path) -> tuple[float, float]:
    """Open the site, give a command and close; gives s, and s of CPU, until it was accepted."""

    async def main(clock: SimulatedClock) -> tuple[float, float]:
        wall, cpu = time.perf_counter(), time.process_time()
        site = await open_site(folder, clock=clock)
        try:
            training = {"operation": "start", "version": str(site.house.ledger.last.seq)}
            await site.house.door.submit(Command(f"person/{PERSON}", "train", training, "carla"))
            return time.perf_counter() - wall, time.process_time() - cpu
        finally:
            await site.leave()

    return run_simulated(main, start=begins(folder, read_site(folder)))


def main(words: Sequence[str] | None = None) -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(prog="python -m tests.load.start", description=__doc__)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--rounds", type=int, default=3)
    given = asked.parse_args(words)
    for driver in known().drivers:
        known().drivers[driver]
    operations()
    with Reader(given.folder) as reader:
        events = reader.last.seq
    if not (given.folder / NAME).exists():
        wall, cpu = started(given.folder)
        line(f"{events:,} events, nothing kept: until a command is accepted (s)", f"{wall:.1f}", f"{cpu:.1f} CPU")
    for _ in range(given.rounds):
        wall, cpu = started(given.folder)
        line(f"{events:,} events: until a command is accepted (s)", f"{wall:.2f}", f"at most 1 ({cpu:.2f} CPU)")


if __name__ == "__main__":
    main()
