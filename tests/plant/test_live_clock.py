"""The clock of a live site: steps are events and alarms, and nothing is signed while it is far off.

Units: s; the machine's clock is the test's own, moved by hand.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from automation.bootstrap import last_of_ledger, open_site
from automation.engine.alarms import Alarms
from automation.engine.clockwatch import STREAM, Clockwatch, Stepped
from automation.engine.recorder import Recorder
from automation.engine.site import Site
from automation.gmp.door import Command, Proof
from automation.gmp.words import Meaning
from automation.kernel.clock import MICRO, SystemClock, instant
from automation.kernel.errors import RefusedError
from automation.kernel.quantity import Seconds
from automation.ledger.verify import verify
from tests.plant.test_live_refusals import live_site

T = TypeVar("T")
QUALITY = {"name": "Dora", "roles": ["quality"]}
BLOCKED = "signing is blocked: the clock of this machine was moved; set it right first"
START = round(float(instant("2026-11-22T09:00:00")) * 1_000) * 1_000_000  # ns


@dataclass
class Wall:
    """A machine's clock that only moves when it is set; ledger time goes on by itself (ms in a test)."""

    ns: int = START

    def move(self, seconds: float) -> None:
        """Set it ahead, or back."""
        self.ns += round(seconds * 1e9)

    def at(self, folder: Path, job: Callable[[Site, Clockwatch], Awaitable[T]]) -> T:
        """Open a live site by this clock, with a watch of the test's own."""

        async def main() -> T:
            clock = SystemClock(not_before=last_of_ledger(folder), wall=lambda: self.ns)
            site = await open_site(folder, clock=clock)
            recorder = Recorder(site.house.ledger, clock, STREAM)
            try:
                return await job(site, Clockwatch(recorder, clock, Alarms(site.house.door, batch="", step="")))
            finally:
                await site.leave()

        return asyncio.run(main())


def steps(site: Site) -> list[int]:
    """Give the recorded steps, in whole seconds."""
    return [round(e.read(Stepped).step) for e in site.house.ledger.stream(STREAM) if e.kind == "stepped"]


@pytest.mark.requirement("F047")
def test_a_step_of_the_clock_is_one_event_and_an_alarm_that_ends_with_it(tmp_path: Path) -> None:
    """Half a second is no step; a step that stays is told once; setting the clock right is told too."""
    wall = Wall()

    async def job(site: Site, watch: Clockwatch) -> list[tuple[list[int], str]]:
        seen = []
        for moved in (0.5, 3.0, 0.0, 60.0, -63.5):
            wall.move(moved)
            watch.look()
            seen.append((steps(site), str(site.house.door.find("alarm", "clock").state)))
        return seen

    assert wall.at(live_site(tmp_path), job) == [
        ([], "absent"),
        ([3], "unacknowledged"),
        ([3], "unacknowledged"),
        ([3, 63], "unacknowledged"),
        ([3, 63, 0], "returned"),
    ]


@pytest.mark.requirement("F047")
def test_ledger_time_does_not_follow_a_clock_that_is_moved(tmp_path: Path) -> None:
    """It is advanced by the monotonic clock alone, so order and durations stay true."""
    wall = Wall()

    async def job(site: Site, watch: Clockwatch) -> list[int]:
        wall.move(-3600.0)
        watch.look()
        return [event.at for event in site.house.ledger.events()]

    at = wall.at(live_site(tmp_path), job)
    assert at == sorted(at)
    assert at[-1] - at[0] < 60 * MICRO


@pytest.mark.requirement("F047")
def test_a_restart_takes_the_clock_as_it_is_and_records_the_gap(tmp_path: Path) -> None:
    """Ahead it is a gap; behind the last event it is a step from the first moment on, with its alarm."""
    wall, folder = Wall(), live_site(tmp_path)

    async def job(site: Site, _watch: Clockwatch) -> tuple[int, list[int], str]:
        anchored = [e for e in site.house.ledger.stream(STREAM) if e.kind == "anchored"][-1]
        return round(float(str(anchored.fields["gap"]))), steps(site), str(site.house.door.find("alarm", "clock").state)

    first = wall.at(folder, job)
    wall.move(600.0)
    second = wall.at(folder, job)
    wall.move(-60.0)
    assert (first, second) == ((0, [], "absent"), (600, [], "absent"))
    assert wall.at(folder, job) == (0, [-60], "unacknowledged")


@pytest.mark.requirement("F047.2", refuses=True)
@pytest.mark.parametrize(("moved", "refused"), [(4.0, "could not be identified"), (6.0, "signing is blocked")])
def test_nothing_is_signed_while_the_clock_is_far_off(tmp_path: Path, moved: float, refused: str) -> None:
    """Up to 5 s a signature is looked at like any other; beyond, nobody's is."""
    wall = Wall()

    async def job(site: Site, _watch: Clockwatch) -> str:
        site.house.door.enter(
            Command("person/dora", "register", {"name": "Dora", "roles": ["quality"]}, "system:setup")
        )
        site.house.door.enter(Command("asset/a-1", "register", {"asset_class": "place"}, "system:setup"))
        wall.move(moved)
        proof = Proof("dora", "not hers", Meaning.APPROVED)
        body = {"due": "2099-12-31", "certificate": "C-1"}
        with pytest.raises(RefusedError) as why:
            site.house.door.enter(Command("asset/a-1", "qualify", body, "dora", proofs=(proof,)))
        return str(why.value)

    assert refused in wall.at(live_site(tmp_path), job)


@pytest.mark.requirement("F047.2")
def test_signing_goes_on_when_the_clock_is_right_again(tmp_path: Path) -> None:
    """Set ahead, right, far back, right: refused on the record while it is wrong, in order and time all the same."""
    wall = Wall()

    async def job(site: Site, watch: Clockwatch) -> list[str]:
        await _quality(site)
        said = []
        for number, moved in enumerate((60.0, -60.0, -7200.0, 7200.0)):
            wall.move(moved)
            watch.look()
            said.append(await _signed(site, f"asset/a-{number}"))
        assert [e.kind for e in site.house.ledger.events(prefix="refusals/asset")] == ["refused", "refused"]
        return said

    folder = live_site(tmp_path)
    assert wall.at(folder, job) == [BLOCKED, "signed", BLOCKED, "signed"]
    assert verify(folder).intact


@pytest.mark.requirement("F047.2", refuses=True)
def test_a_clock_that_stands_before_the_last_event_blocks_signing_from_the_start(tmp_path: Path) -> None:
    """Somebody has set it back while nobody watched; when it is right, signing goes on without another start."""
    wall, folder = Wall(), live_site(tmp_path)

    async def before(site: Site, _watch: Clockwatch) -> None:
        await _quality(site)

    async def after(site: Site, _watch: Clockwatch) -> list[str]:
        blocked = await _signed(site, "asset/a-1")
        wall.move(600.0)
        return [blocked, await _signed(site, "asset/a-1")]

    wall.at(folder, before)
    wall.move(-600.0)
    assert wall.at(folder, after) == [BLOCKED, "signed"]


async def _quality(site: Site) -> None:
    """Register somebody who may sign, with a secret of her own."""
    await site.house.door.submit(Command("person/dora", "register", QUALITY, "system:setup"))
    site.credentials.set("dora", "dora's own secret")


async def _signed(site: Site, asset: str) -> str:
    """Try to qualify an asset under signature; give what comes of it."""
    door = site.house.door
    if door.find("asset", asset.removeprefix("asset/")).state == "absent":
        await door.submit(Command(asset, "register", {"asset_class": "place"}, "system:setup"))
    proof = Proof("dora", "dora's own secret", Meaning.APPROVED)
    body = {"due": "2099-12-31", "certificate": "C-1"}
    try:
        await door.submit(Command(asset, "qualify", body, "dora", proofs=(proof,)))
    except RefusedError as refusal:
        return str(refusal)
    return "signed"


def test_the_watch_looks_again_and_again(tmp_path: Path) -> None:
    """Every 30 s on a site; here at once, until it has seen the step."""
    wall = Wall()

    async def job(site: Site, watch: Clockwatch) -> list[int]:
        told = asyncio.Event()
        site.house.ledger.subscribe(lambda event: told.set() if event.kind == "stepped" else None)
        watching = asyncio.get_running_loop().create_task(watch.run(every=Seconds(0.001)))
        wall.move(2.0)
        await asyncio.wait_for(told.wait(), timeout=5.0)
        watching.cancel()
        return steps(site)

    assert wall.at(live_site(tmp_path), job) == [2]
