"""Other processes reach the owner of a site over its socket, in real time."""

import asyncio
import stat
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest

from automation.bootstrap import Way, open_site, release
from automation.engine.caller import ask
from automation.engine.issue import Order, issue, start
from automation.engine.owner import NAME, Reply, bell
from automation.engine.recipe.load import load
from automation.engine.requests import Request
from automation.engine.site import Site
from automation.kernel.errors import InputError, RefusedError
from tests.support.commands import simulated_site

BATCH = "B-1"
PAUSE = Request(
    what="direct",
    target=BATCH,
    command="pause",
    body={"reason": "line clearance", "step": ""},
    by="anna",
    secret="anna-simulated",
)


def owned(folder: Path, job: Callable[[Site], Awaitable[None]]) -> None:
    """Let a job run beside a batch that waits for people, in a process that owns the site in real time."""

    async def main() -> None:
        site = await open_site(simulated_site(folder), Way(staffed=False))
        recipe = load("freeze-day", site.house.operations)
        await issue(site, recipe, Order(BATCH, release=release(), seed=1), by="carla")
        await start(site, BATCH, by="carla")
        run = asyncio.create_task(site.take_up(recipe, BATCH).run())
        try:
            async with bell(site):
                await asyncio.wait_for(job(site), 30)
        finally:
            run.cancel()
            await asyncio.gather(run, return_exceptions=True)
            site.close()

    asyncio.run(main())


@pytest.mark.requirement("C01.1")
def test_a_second_process_pauses_the_batch_that_the_first_one_runs(tmp_path: Path) -> None:
    """The order goes to the owner, which carries it out; ``status`` says who the owner is."""

    async def job(_site: Site) -> None:
        words = ("pause", BATCH, "--reason", "line clearance", "--as", "anna", "--site", str(tmp_path))
        paused = await said(*words)
        shown = await said("status", "--site", str(tmp_path))
        assert "B-1 is paused (pause by anna" in paused
        assert "owned by process" in shown

    owned(tmp_path, job)


async def said(*words: str) -> str:
    """Run a command in a process of its own."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "automation", *words, stdout=pipe, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await process.communicate()
    return out.decode()


@pytest.mark.requirement("F047.2", refuses=True)
def test_whoever_asks_is_known_by_the_own_secret(tmp_path: Path) -> None:
    """The socket lets nobody in by name alone, and the errors come back as they were raised."""

    async def job(site: Site) -> None:
        with pytest.raises(RefusedError, match="could not be identified"):
            await asyncio.to_thread(ask, site.folder, msgspec.structs.replace(PAUSE, secret="guessed"))
        with pytest.raises(InputError, match="'B-9' is not known"):
            await asyncio.to_thread(ask, site.folder, msgspec.structs.replace(PAUSE, target="B-9"))
        done = await asyncio.to_thread(ask, site.folder, PAUSE)
        assert done.state == "paused"

    owned(tmp_path, job)


def test_the_socket_is_the_users_own_and_goes_with_the_owner(tmp_path: Path) -> None:
    """Only the same user may write to it; after the owner has gone it is not there."""

    async def job(site: Site) -> None:
        assert stat.S_IMODE((site.folder / NAME).stat().st_mode) == 0o600

    owned(tmp_path, job)
    assert not (tmp_path / NAME).exists()
    with pytest.raises(RefusedError, match="does not listen"):
        ask(tmp_path, PAUSE)


def test_a_line_that_is_no_request_is_answered_not_obeyed(tmp_path: Path) -> None:
    """The owner goes on, whatever it is told; a long path is no obstacle."""
    folder = tmp_path / ("long-" * 20)

    async def job(site: Site) -> None:
        done = await asyncio.to_thread(ask, site.folder, PAUSE)
        assert done.state == "paused"

    owned(folder, job)
    assert msgspec.json.decode(b'{"error":"InputError"}', type=Reply).done is None
