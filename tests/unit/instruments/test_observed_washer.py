"""The observed washer: people work its panel through the real desk, door and binding; units mL."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from automation.engine.handles import Container
from automation.kernel.errors import InputError, RefusedError
from instruments.drivers.observed_washer.driver import FACTORY
from instruments.drivers.washer_history import wire
from instruments.interfaces.cell_washer import (
    Acknowledgement,
    CellWasher,
    ProcessValues,
    RunHistory,
    Waiting,
    WasherState,
    WasherStatus,
    WashParameter,
    WashProgram,
)
from tests.support.doors import Doorway, doorway
from tests.support.persons import Crew, Script, no_link, with_crew
from tests.support.washers import bound

pytestmark = pytest.mark.requirement("F016", "C04", "C06")

SUM = "e152abb59e4949980731c5bbf7194ffb"
PROGRAM = WashProgram(
    "Concentrate", SUM, (WashParameter("Source volume (mL)", 300), WashParameter("G-force (g)", 1600))
)
BAGS = {"source": Container("HARVEST"), "product": Container("WASHED")}
READY: Script = [("select the stored protocol 'Concentrate'", {}), ("press the washer's start", {})]


@pytest.fixture
def way(tmp_path: Path) -> Iterator[Doorway]:
    """Open a simulated site."""
    with doorway(tmp_path) as made:
        yield made


def washer(crew: Crew, *, control: bool = True, **settings: str) -> CellWasher:
    """Bind an observed washer; a new one remembers nothing."""
    return bound(crew, FACTORY.build(no_link("washer"), {"model": "Panel 1"} | settings, control=control))


async def begun(crew: Crew) -> None:
    """Prepare and start."""
    crew.script = list(READY)
    await washer(crew).prepare(program=PROGRAM)
    await washer(crew).start(**BAGS)
    crew.enter()


async def seen(crew: Crew) -> WasherStatus:
    """Look as a wait does, after everybody had time to answer."""
    driver = cast("CellWasher", FACTORY.build(no_link("washer"), {}, control=True))
    await driver.look()
    for _ in range(5):
        await asyncio.sleep(0)
    await crew.answer()
    return await driver.look()


def test_the_approved_values_stand_in_the_question_line_by_line_and_a_second_verifies(
    way: Doorway, tmp_path: Path
) -> None:
    """With the check sum; what a person finds different is not what was approved."""

    async def work(crew: Crew) -> None:
        crew.script = [READY[0], ("read as approved", {"choice": "as approved"})]
        await washer(crew).prepare(program=PROGRAM)
        assert f"with check sum {SUM}:\nSource volume (mL): 300\nG-force (g): 1600" in crew.texts()[0]
        assert crew.prompts()[0].verified_by == "verify"
        assert await washer(crew).prepared(program=PROGRAM) == PROGRAM
        crew.script = [("read as approved", {"choice": "different"})]
        assert await washer(crew).prepared(program=PROGRAM) != PROGRAM
        assert ((await seen(crew)).protocol, (await seen(crew)).checksum) == ("Concentrate", SUM)

    with_crew(way, tmp_path, work)


def test_a_bubble_is_told_by_a_person_answered_and_the_run_ends(way: Doorway, tmp_path: Path) -> None:
    """Looking waits for nobody; the second end is another question than the first."""

    async def work(crew: Crew) -> None:
        await begun(crew)
        assert [(await seen(crew)).state for _ in range(3)] == [WasherState.RUNNING] * 3
        assert len(crew.prompts()) == 3
        crew.script = [("no longer runs", {"choice": "waits: bubble"})]
        assert (await seen(crew)).waiting is Waiting.BUBBLE
        crew.script = [("press continue", {}), ("no longer runs", {"choice": "ended"})]
        await washer(crew).acknowledge(waiting=Waiting.BUBBLE, answer=Acknowledgement.CONTINUE, step=0)
        assert (await seen(crew)).state is WasherState.READY
        with pytest.raises(RefusedError, match="does not wait for bubble"):
            await washer(crew).acknowledge(waiting=Waiting.BUBBLE, answer=Acknowledgement.SKIP, step=0)

    with_crew(way, tmp_path, work)


@pytest.mark.requirement("C01.2")
def test_an_act_is_asked_once_although_the_program_died_before_it_heard_the_answer(
    way: Doorway, tmp_path: Path
) -> None:
    """Nobody presses next step twice."""

    async def work(crew: Crew) -> None:
        await begun(crew)
        crew.absent = True
        asked = asyncio.ensure_future(washer(crew).skip(step=0))
        await crew.desk.changed("prompt")
        asked.cancel()
        crew.absent, crew.script = False, [("press next step", {})]
        await crew.answer()
        crew.restart()
        await washer(crew).skip(step=0)
        assert ["press next step" in text for text in crew.texts()].count(True) == 1

    with_crew(way, tmp_path, work)


def test_a_pause_at_the_panel_is_done_by_a_person_once(way: Doorway, tmp_path: Path) -> None:
    """What is paused stays so; what does not run can't be paused."""

    async def work(crew: Crew) -> None:
        with pytest.raises(RefusedError, match="nothing can be paused"):
            await washer(crew).pause()
        await begun(crew)
        crew.script = [("press pause", {})]
        await washer(crew).pause()
        await washer(crew).pause()
        assert (await seen(crew)).waiting is Waiting.PAUSED_BY_PROGRAM
        assert len(crew.prompts()) == 3

    with_crew(way, tmp_path, work)


def test_the_run_history_is_attached_until_it_can_be_read(way: Doorway, tmp_path: Path) -> None:
    """A broken one is asked for again with the reason; an unknown layout gives its hash."""

    async def work(crew: Crew) -> None:
        assert crew.desk.blobs is not None
        history = RunHistory("", "Concentrate", "KIT-1", "08:00", "08:10", ("bubble",), ProcessValues())
        good, broken = wire.write(history), f"{wire.HEADER}\nnonsense\n".encode()
        crew.script = [
            ("attach the run history", {"file": crew.desk.blobs.put(broken)}),
            ("line 2 is 'nonsense'", {"file": crew.desk.blobs.put(good)}),
            ("attach", {"file": crew.desk.blobs.put(b"another layout")}),
        ]
        assert await washer(crew).history() == wire.read(good)
        assert await washer(crew).history() == wire.read(b"another layout")
        assert await washer(crew, history="none").history() is None

    with_crew(way, tmp_path, work)


def test_without_control_nobody_is_asked_and_nothing_starts_unprepared(way: Doorway, tmp_path: Path) -> None:
    """Refused by the driver alone."""

    async def work(crew: Crew) -> None:
        with pytest.raises(RefusedError, match="control"):
            await washer(crew, control=False).prepare(program=PROGRAM)
        with pytest.raises(RefusedError, match="nothing was prepared"):
            await washer(crew).start(**BAGS)
        with pytest.raises(RefusedError, match="step 0 can't be skipped"):
            await washer(crew).skip(step=0)
        assert crew.prompts() == []

    with_crew(way, tmp_path, work)


@pytest.mark.parametrize("wrong", [{"history": "maybe"}, {"port": "x"}])
def test_a_wrong_setting_is_refused_with_what_is_allowed(wrong: dict[str, str]) -> None:
    """By the name of the setting."""
    with pytest.raises(InputError, match=f"{next(iter(wrong))}.*allowed: "):
        FACTORY.build(no_link("washer"), wrong, control=True)
