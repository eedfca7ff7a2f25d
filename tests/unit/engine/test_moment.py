"""A moment that is taken down is the same one after a restart, also where time goes on between two events.

Units: s; the clock of the test goes on by 1 ms with every look at it, as a real one would.
"""

import asyncio
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest

from automation.engine.binding import STAY, Stay
from automation.engine.hand import Troubles
from automation.engine.journal import Journal
from automation.engine.recorder import Recorder
from automation.engine.site import Site
from automation.engine.trends import Trends
from automation.engine.watch import Watch
from automation.kernel.clock import Clock
from automation.kernel.quantity import Instant, Seconds
from tests.support.qualifying import at_bench, bench

STREAM = "qualification/Q/check/A.1.1"


@dataclass(slots=True)
class Ticking:
    """A clock that never shows the same time twice."""

    under: Clock
    looks: int = 0
    simulated: bool = True

    def micros(self) -> int:
        """Give the time, a little later than at the last look."""
        self.looks += 1
        return self.under.micros() + 1000 * self.looks

    def now(self) -> Instant:
        """Give the time in s."""
        return Instant(self.micros() / 1_000_000)

    def lent(self) -> AbstractContextManager[None]:
        """Lend the clock beneath."""
        return self.under.lent()

    async def sleep(self, duration: Seconds) -> None:
        """Let time pass."""
        await self.under.sleep(duration)


@pytest.mark.requirement("C01.2")
def test_a_moment_that_was_taken_down_is_the_same_after_a_restart(tmp_path: Path) -> None:
    """Whoever counts a deadline from it counts the same one; and the next moment is a later one."""

    async def job(site: Site) -> tuple[list[Instant], list[Instant]]:
        clock = Ticking(site.house.clock)
        return await _two(site, clock), await _two(site, clock)

    first, again = at_bench(bench(tmp_path / "site"), job)
    assert first == again
    assert first[0] < first[1]


async def _two(site: Site, clock: Ticking) -> list[Instant]:
    """Take two moments down, or find them on the record."""
    recorder = Recorder(site.house.ledger, clock, STREAM)
    journal, free = Journal(1), asyncio.Event()
    for event in site.house.ledger.stream(STREAM):
        journal.add(event)
    free.set()
    STAY.set(Stay(1, journal, free))
    watch = Watch(recorder, Trends(recorder, site.house.blobs, site.house.recent), Troubles(recorder))
    return [await watch.moment(), await watch.moment()]
