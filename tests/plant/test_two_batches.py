"""Two patients at once in one process: equipment goes from one to the other, and a mix-up locks one step alone."""

import asyncio
from pathlib import Path

import pytest

from automation.bootstrap import begins, open_site, read_site, release
from automation.engine.issue import Order, issue, start
from automation.engine.journal import Stage
from automation.engine.recipe.load import load
from automation.engine.site import Site
from automation.gmp.people.prompts import Prompt
from automation.gmp.quality.deviations import Deviation
from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.quantity import Seconds
from automation.ledger.event import Event
from automation.ledger.verify import verify
from fakes.panel import Habit, Values
from tests.support.runs import Hook, Run, make_site, staff_of, with_hooks

BOTH = {"B-001": "BAG-0001", "B-002": "BAG-0002"}
LATER = Seconds(300.0)  # s from the start of the first batch to that of the second
CODES = {"BAG-0001": "=A99992600001700", "BAG-0002": "=A99992600001800"}
MORE_TIME = {"receive.exposure_longest": "600 min"}  # the second waits for the freezer


def run_both(folder: Path, *hooks: Hook) -> Run:
    """Run two batches of two patients, the second begun five minutes after the first."""

    async def main(_clock: SimulatedClock) -> Run:
        site = await open_site(folder, with_hooks(None, hooks))
        made = load("freeze-day", site.house.operations, changes=MORE_TIME)

        async def one(batch: str, bag: str) -> str:
            await issue(site, made, Order(batch, containers=(bag,), release=release(), reason="test"), by="carla")
            await start(site, batch, by="carla")
            return await site.take_up(made, batch).run()

        async def second() -> str:
            await site.house.clock.sleep(LATER)
            return await one("B-002", "BAG-0002")

        try:
            ended = await asyncio.gather(one("B-001", "BAG-0001"), second())
            found = Run(folder, ",".join(ended), events=list(site.house.ledger.events()))
            for kind in ("deviation", "container", "batch"):
                found.things |= {f"{kind}/{thing.id}": thing for thing in site.house.door.every(kind)}
            return found
        finally:
            site.close()

    return run_simulated(main, start=begins(folder, read_site(folder)))


def mixed_up(site: Site) -> None:
    """Let people scan the other patient's bag: at the freezer in the first batch, at receipt in the second."""
    staff = staff_of(site)

    def swap(batch: str, step: str, code: str) -> None:
        async def act(prompt: Prompt) -> Values | None:
            if (prompt.batch, prompt.step) != (batch, step):
                return await staff.work(prompt)
            staff.habits.remove(habit)
            return {"code": code}

        habit = Habit(r"^Scan the (label of|donation)", act)
        staff.habits.insert(0, habit)

    swap("B-001", "freeze", CODES["BAG-0002"])
    swap("B-002", "receive", CODES["BAG-0001"])


def of_step(run: Run, batch: str, step: str, kind: str) -> list[Event]:
    """Give a step's events of one kind."""
    return [e for e in run.events if e.stream == f"batch/{batch}/step/{step}" and e.kind == kind]


@pytest.mark.requirement("F006")
def test_two_patients_share_one_freezer_and_each_bag_comes_to_its_own_end(tmp_path: Path) -> None:
    """The second waits until the freezer is clean and free; both are stored, and the ledger proves itself."""
    run = run_both(make_site(tmp_path))
    assert run.state == "complete,complete"
    [first, second] = (of_step(run, batch, "freeze", "procedural") for batch in BOTH)
    assert second[0].at > first[-1].at
    claims = [event.kind for event in run.events if event.stream == "asset/crf-01"]
    assert claims[-8:] == ["claim", "use", "clean", "free", "claim", "use", "clean", "free"]
    assert {run.things[f"container/{bag}"].state for bag in BOTH.values()} == {"stored"}
    assert verify(tmp_path).intact


@pytest.mark.requirement("F006", refuses=True)
def test_each_others_codes_lock_only_the_step_where_they_were_scanned(tmp_path: Path) -> None:
    """One deviation in each batch, no step of either is held, and every step ends as it should."""
    run = run_both(make_site(tmp_path), mixed_up)
    locked = [event.stream.split(".")[:2] for event in run.events if event.kind == "lock"]
    assert sorted(locked) == [["prompt/B-001", "freeze"], ["prompt/B-002", "receive"]]
    opened = {
        thing.id: thing.opening.subject
        for thing in run.things.values()
        if isinstance(thing, Deviation) and thing.opening
    }
    assert opened == {
        "B-001-D01": "batch/B-001/step/freeze",
        "B-002-D01": "batch/B-002/step/receive",
    }
    stages = {event.read(Stage).state for event in run.events if event.kind == "procedural"}
    assert stages == {"running", "complete"}
    assert run.state == "complete,complete"
