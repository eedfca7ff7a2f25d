"""Short fixed parts of the load runs, in simulated time: a crowd that shares counters, open batches, stored bags."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from automation.bootstrap import begins, open_site, read_site
from automation.engine.site import Site
from automation.gmp.bodies.assets import Claim
from automation.gmp.door import Command
from automation.gmp.objects import Recorded
from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.quantity import Seconds
from tests.load import big_ledger, crowd, storage_month

T = TypeVar("T")
BATCHES = crowd.names(6)


def _at(folder: Path, job: Callable[[Site], Awaitable[T]]) -> T:
    """Open a site in simulated time, and leave it as a process that ends."""

    async def main(clock: SimulatedClock) -> T:
        site = await open_site(folder, clock=clock)
        try:
            return await job(site)
        finally:
            await site.leave()

    return run_simulated(main, start=begins(folder, read_site(folder)))


async def _issue(site: Site) -> None:
    for batch in BATCHES:
        await crowd.issued(site, crowd.recipe_of(site), batch)


def test_a_crowd_of_batches_shares_two_counters_and_all_complete(tmp_path: Path) -> None:
    """Each counter is claimed by one batch after the other, and both have work."""

    async def job(site: Site) -> list[str]:
        await _issue(site)
        ended = await crowd.run_all(site, crowd.recipe_of(site), BATCHES)
        for counter in ("counter-01", "counter-02"):
            moves = [e for e in site.house.ledger.stream(f"asset/{counter}") if e.kind in {"claim", "free"}]
            assert [e.kind for e in moves] == ["claim", "free"] * (len(moves) // 2)
            claims = [Claim.model_validate_json(bytes(e.read(Recorded).given)) for e in moves if e.kind == "claim"]
            assert len({claim.batch for claim in claims}) == len(claims) >= 2
        return ended

    assert _at(crowd.make(tmp_path, batches=6, counters=2, pace=1.0), job) == ["complete"] * 6


def test_all_open_batches_are_taken_up_by_the_next_process(tmp_path: Path) -> None:
    """The first one ends in the midst of receipts and counts; in the second, every batch goes on where it stood."""

    async def begin(site: Site) -> None:
        await _issue(site)
        running = asyncio.ensure_future(crowd.run_all(site, crowd.recipe_of(site), BATCHES))
        await site.house.clock.sleep(Seconds(120.0))
        assert not running.done()

    async def go_on(site: Site) -> list[str]:
        return await crowd.run_all(site, crowd.recipe_of(site), BATCHES)

    folder = crowd.make(tmp_path, batches=6, counters=2, pace=1.0)
    _at(folder, begin)
    assert _at(folder, go_on) == ["complete"] * 6


@pytest.mark.requirement("F124")
def test_two_days_of_storage_tell_of_what_was_planned_and_of_nothing_else(tmp_path: Path) -> None:
    """One store loses its power for half an hour, one is nearly emptied; every other reading is kept."""
    month, wrong = storage_month.run(tmp_path, stores=storage_month.names(2), days=2)
    assert (wrong, sum(month.gaps.values())) == ([], 1)


@pytest.mark.requirement("F106")
def test_a_grown_site_takes_commands_and_the_next_start_reads_only_the_end(tmp_path: Path) -> None:
    """The first process keeps how everything stands; the second sees the same and goes on."""
    big_ledger.grow(tmp_path, events=1_500, site="a", recipe="freeze-day", still_open=2)

    async def job(site: Site) -> tuple[int, list[str]]:
        training = {"operation": "wash", "version": str(site.house.ledger.last.seq)}
        event = await site.house.door.submit(Command("person/anna", "train", training, "carla"))
        return event.version, sorted(thing.id for thing in site.house.door.marked("batch", "open"))

    first, second = _at(tmp_path, job), _at(tmp_path, job)
    assert (tmp_path / "derived.sqlite").exists()
    assert (second[0], len(second[1])) == (first[0] + 1, 2)
    assert second[1] == first[1]
