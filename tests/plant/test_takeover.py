"""A site is taken over from an owner that no longer answers; when that one wakes up it can do no harm."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from automation.bootstrap import Way, open_site, release
from automation.engine.caller import ask
from automation.engine.issue import Order, issue, start
from automation.engine.owner import bell
from automation.engine.recipe.load import load
from automation.engine.requests import Request, carry_out
from automation.engine.site import Site
from automation.kernel.errors import RefusedError
from automation.ledger.lease import Lease
from automation.ledger.verify import verify
from tests.support.commands import cellwright, simulated_site

BATCH = "B-1"
PAUSE = Request(
    what="direct",
    target=BATCH,
    command="pause",
    body={"reason": "line clearance", "step": ""},
    by="anna",
    secret="anna-simulated",
)


def taken_over(folder: Path, job: Callable[[Site, Site], Awaitable[None]]) -> None:
    """Let one owner begin a batch and another take the site over; both then listen, as far as they can."""

    async def main() -> None:
        former = await open_site(simulated_site(folder), Way(careful=True, staffed=False))
        recipe = load("freeze-day", former.house.operations)
        await issue(former, recipe, Order(BATCH, release=release(), seed=1), by="carla")
        await start(former, BATCH, by="carla")
        former.house.ledger.flush()
        async with contextlib.AsyncExitStack() as stack:
            async with bell(former):
                site = await open_site(folder, Way(staffed=False, take_over=True))
                await stack.enter_async_context(bell(site))
            await asyncio.wait_for(job(former, site), 20)
        with pytest.raises(RefusedError):
            former.close()
        site.close()

    asyncio.run(main())


@pytest.mark.requirement("C01.2", refuses=True)
def test_the_former_owner_can_move_nothing_and_says_why(tmp_path: Path) -> None:
    """Neither by an order nor by its batch, whose step can't even begin; the record stays whole."""

    async def job(former: Site, site: Site) -> None:
        with pytest.raises(RefusedError, match="stale and appends nothing"):
            await carry_out(former, PAUSE)
        recipe = load("freeze-day", former.house.operations)
        with pytest.raises(RefusedError, match="stale and appends nothing"):
            await former.take_up(recipe, BATCH).run()
        assert site.house.ledger.last.epoch == former.house.ledger.epoch + 1

    taken_over(tmp_path, job)
    assert verify(tmp_path).intact


@pytest.mark.requirement("C01.2")
def test_the_end_of_the_former_owner_leaves_the_new_ones_socket_alone(tmp_path: Path) -> None:
    """Orders go to the new owner, which carries them out."""

    async def job(_former: Site, site: Site) -> None:
        recipe = load("freeze-day", site.house.operations)
        run = asyncio.get_running_loop().create_task(site.take_up(recipe, BATCH).run())
        done = await asyncio.to_thread(ask, site.folder, PAUSE)
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)
        assert done.state == "paused"

    taken_over(tmp_path, job)


@pytest.mark.requirement("C01.2", refuses=True)
def test_a_site_is_taken_over_on_demand_only(tmp_path: Path) -> None:
    """``resume`` is refused while somebody owns the site, and says so; ``--take-over`` is a person's decision."""
    words = ("--site", simulated_site(tmp_path))
    assert cellwright("run", "freeze-day", "--batch", BATCH, "--stop-at", "freeze.freezing", *words).status == 0
    former = Lease(tmp_path)
    said = [cellwright("resume", BATCH, *words, *more) for more in ([], ["--take-over"])]
    assert [one.status for one in said] == [1, 0]
    assert "the site is owned by process" in said[0].err
    with pytest.raises(RefusedError, match="taken the site over"):
        former.check()
    former.release()
