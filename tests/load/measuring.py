"""What a load run measures of itself: how long commands take until they are durable, memory, and the disk.

Units: s; memory in bytes.
"""

import os
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

from automation.engine.site import Site
from automation.gmp.door import Command
from automation.ledger.event import Event

SYNCS = 200
PAGE = 4_096  # bytes


def line(what: str, figure: str, goal: str = "") -> None:
    """Print one figure."""
    sys.stdout.write(f"{what:<72} {figure:>14}  {goal}\n")


def fsync_of(folder: Path) -> float:
    """Give the median time that the disk of a folder takes to hold one more page (s)."""
    taken = []
    path = folder / "fsync"
    with path.open("wb") as file:
        for _ in range(SYNCS):
            file.write(os.urandom(PAGE))
            file.flush()
            begun = time.perf_counter()
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - begun)
    path.unlink()
    return median(taken)


def resident() -> int:
    """Give the memory of this process that is in use now (bytes). Source: proc(5), statm."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@dataclass(slots=True)
class Stopwatch:
    """Takes the time of every command that somebody waits for, from when it is given until it is durable."""

    taken: list[float] = field(default_factory=list)

    def hold(self, site: Site) -> None:
        """Time the door of a site from now on."""
        submit: Callable[[Command], Awaitable[Event]] = site.house.door.submit

        async def timed(command: Command) -> Event:
            begun = time.perf_counter()
            event = await submit(command)
            self.taken.append(time.perf_counter() - begun)
            return event

        site.house.door.submit = timed  # type: ignore[method-assign]  # the run's own measure, nowhere else

    def share(self, percent: int) -> float:
        """Give the time within which so many percent were durable (s)."""
        return quantiles(self.taken, n=100)[percent - 1]
