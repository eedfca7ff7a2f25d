"""Washing by hand: people work it through the real desk, door and binding; units mL, g, min."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from automation.engine.handles import Container
from automation.gmp.form import Value
from automation.kernel.errors import InputError, RefusedError
from automation.kernel.quantity import Millilitres
from instruments.drivers.manual_washer.driver import FACTORY
from instruments.interfaces.cell_washer import (
    Acknowledgement,
    CellWasher,
    ProcessValues,
    Waiting,
    WasherState,
    WasherStatus,
    WashParameter,
    WashProgram,
)
from instruments.interfaces.device import Identity
from tests.support.doors import Doorway, doorway
from tests.support.persons import Crew, Script, no_link, with_crew
from tests.support.washers import bound

pytestmark = pytest.mark.requirement("F016", "F026", "C06")

VALUES = {"Cycles": 1, "Buffer per cycle": 100, "Volume left": 10, "Output volume": 30, "Force": 400, "Spin time": 10}
PROGRAM = WashProgram("Manual wash", "", tuple(WashParameter(name, value) for name, value in VALUES.items()))
GIVEN = {"maker": "Simulated", "model": "Bench 4", "serial": "C1"}
READY: Script = [("make ready for the program 'Manual wash'", {}), ("begin with HARVEST into WASHED", {})]
FIRST: Mapping[str, Value] = {"processed": 300.0, "wasted": 289.0, "went": "done"}
CYCLE: Mapping[str, Value] = {"washed": 100.0, "wasted": 99.5, "went": "done"}
LAST: Mapping[str, Value] = {"washed": 19.5, "collected": 29.8, "went": "done"}


@pytest.fixture
def way(tmp_path: Path) -> Iterator[Doorway]:
    """Open a simulated site."""
    with doorway(tmp_path) as made:
        yield made


def washer(crew: Crew, *, control: bool = True) -> CellWasher:
    """Bind a manual washer; a new one remembers nothing."""
    return bound(crew, FACTORY.build(no_link("bench"), GIVEN, control=control))


async def begun(crew: Crew) -> None:
    """Make ready and begin."""
    crew.script = list(READY)
    await washer(crew).prepare(program=PROGRAM)
    await washer(crew).start(source=Container("HARVEST"), product=Container("WASHED"))
    crew.enter()


async def seen(crew: Crew) -> WasherStatus:
    """Look as a wait does, by the unbound driver, after everybody had time to answer."""
    driver = cast("CellWasher", FACTORY.build(no_link("bench"), GIVEN, control=True))
    status = await driver.look()
    for _ in range(5):
        await asyncio.sleep(0)
    await crew.answer()
    return await driver.look() if status.state is not WasherState.READY else status


def flowed(*volumes: float) -> ProcessValues:
    """Give volumes (mL) as read."""
    processed, washed, collected, wasted = map(Millilitres, volumes)
    return ProcessValues(processed, washed, collected, wasted)


async def flows() -> ProcessValues:
    """Give the volumes as entered so far."""
    return await cast("CellWasher", FACTORY.build(no_link("bench"), GIVEN, control=True)).flows()


def test_a_wash_is_asked_step_by_step_and_every_volume_is_verified(way: Doorway, tmp_path: Path) -> None:
    """Transfer and first spin, one cycle, making up: what was entered is what has flowed."""

    async def work(crew: Crew) -> None:
        assert (await seen(crew)).state is WasherState.NO_PROTOCOL
        await begun(crew)
        assert (await flows()).processed is None
        crew.script = [("step 1 of 3: transfer HARVEST", FIRST)]
        assert (await seen(crew)).step == 2
        crew.script = [("step 2 of 3: add 100 mL of buffer", CYCLE)]
        assert (await seen(crew)).step == 3
        crew.script = [("make up with buffer to 30 mL and transfer into WASHED", LAST)]
        assert (await seen(crew)).state is WasherState.READY
        assert await flows() == flowed(300.0, 119.5, 29.8, 388.5)
        assert all(p.verified_by == "verify" for p in crew.prompts() if p.opening and p.opening.fields)

    with_crew(way, tmp_path, work)


def test_the_program_stands_in_the_question_and_is_read_back(way: Doorway, tmp_path: Path) -> None:
    """Line by line, verified by a second person; what was compared last is what is prepared."""

    async def work(crew: Crew) -> None:
        crew.script = [READY[0]]
        await washer(crew).prepare(program=PROGRAM)
        assert "Cycles: 1\nBuffer per cycle: 100 mL\nVolume left: 10 mL" in crew.texts()[0]
        assert crew.prompts()[0].verified_by == "verify"
        assert await washer(crew).prepared(program=PROGRAM) == PROGRAM
        assert (await seen(crew)).state is WasherState.READY_TO_START
        other = replace(PROGRAM, parameters=(WashParameter("Cycles", 2), *PROGRAM.parameters[1:]))
        assert await washer(crew).prepared(program=other) != other

    with_crew(way, tmp_path, work)


def test_looking_asks_once_and_waits_for_nobody(way: Doorway, tmp_path: Path) -> None:
    """However often; before the start nobody is asked anything."""

    async def work(crew: Crew) -> None:
        await begun(crew)
        assert [(await seen(crew)).step for _ in range(4)] == [1] * 4
        assert len(crew.prompts()) == 3

    with_crew(way, tmp_path, work)


@pytest.mark.requirement("C01.2")
def test_start_is_asked_once_although_the_program_died_before_it_heard_the_answer(way: Doorway, tmp_path: Path) -> None:
    """The answer is taken from the record."""

    async def work(crew: Crew) -> None:
        crew.script = [READY[0]]
        await washer(crew).prepare(program=PROGRAM)
        crew.absent = True
        bags = {"source": Container("HARVEST"), "product": Container("WASHED")}
        asked = asyncio.ensure_future(washer(crew).start(**bags))
        await crew.desk.changed("prompt")
        asked.cancel()
        crew.absent, crew.script = False, [READY[1]]
        await crew.answer()
        crew.restart()
        await washer(crew).prepare(program=PROGRAM)
        await washer(crew).start(**bags)
        assert [text.partition(": ")[2][:10] for text in crew.texts()] == ["make ready", "begin with"]
        assert (await seen(crew)).runs == 1

    with_crew(way, tmp_path, work)


def test_a_step_that_was_stopped_waits_and_is_done_again(way: Doorway, tmp_path: Path) -> None:
    """The volumes of both tries are counted; the first answer does not stand for the second."""

    async def work(crew: Crew) -> None:
        await begun(crew)
        crew.script = [("step 1 of 3", {"processed": 100.0, "wasted": 0.0, "went": "stopped before its end"})]
        stopped = await seen(crew)
        assert (stopped.state, stopped.waiting, stopped.step) == (WasherState.PAUSED, Waiting.PAUSED_AT_PANEL, 1)
        crew.script = [("go on with step 1", {}), ("step 1 of 3", FIRST)]
        await washer(crew).acknowledge(waiting=stopped.waiting, answer=Acknowledgement.CONTINUE, step=1)
        assert (await seen(crew)).step == 2
        assert (await flows()).processed == Millilitres(400.0)
        with pytest.raises(RefusedError, match="does not wait for paused at the panel in step 1"):
            await washer(crew).acknowledge(waiting=stopped.waiting, answer=Acknowledgement.CONTINUE, step=1)

    with_crew(way, tmp_path, work)


def test_a_paused_wash_is_led_to_its_last_step(way: Doorway, tmp_path: Path) -> None:
    """The question for a step that is left is taken back; nobody answers it any more."""

    async def work(crew: Crew) -> None:
        await begun(crew)
        crew.script = [("step 1 of 3", FIRST)]
        await seen(crew)
        crew.script = [("interrupt the work", {}), ("leave step 2", {})]
        await washer(crew).pause()
        await washer(crew).pause()
        assert (await seen(crew)).waiting is Waiting.PAUSED_BY_PROGRAM
        await washer(crew).skip(step=2)
        assert (await seen(crew)).step == 3
        assert [str(prompt.state) for prompt in crew.prompts()].count("withdrawn") == 1
        with pytest.raises(RefusedError, match="step 2 can't be left"):
            await washer(crew).skip(step=2)

    with_crew(way, tmp_path, work)


def changed(name: str, value: int) -> WashProgram:
    """Give the program with one other value."""
    return replace(
        PROGRAM, parameters=tuple(replace(p, value=value) if p.name == name else p for p in PROGRAM.parameters)
    )


@pytest.mark.parametrize(
    ("program", "why"),
    [
        (changed("Force", 3001), "'Force' is 3001; allowed: 10 to 3000 g"),
        (changed("Cycles", 0), "'Cycles' is 0; allowed: 1 to 10"),
        (replace(PROGRAM, parameters=PROGRAM.parameters[1:]), "needed, each once"),
        (replace(PROGRAM, checksum="0" * 32), "has none"),
    ],
)
def test_a_program_that_hands_can_not_do_is_refused(
    way: Doorway, tmp_path: Path, program: WashProgram, why: str
) -> None:
    """Rotor limits and missing parameters by name; nobody was asked."""

    async def work(crew: Crew) -> None:
        with pytest.raises(RefusedError, match=why):
            await washer(crew).prepare(program=program)
        assert crew.prompts() == []

    with_crew(way, tmp_path, work)


def test_what_is_declared_is_asked_of_nobody_and_without_control_nobody_is_asked(way: Doorway, tmp_path: Path) -> None:
    """Identity stands in the site file; a wash by hand leaves no file."""

    async def work(crew: Crew) -> None:
        assert await washer(crew).identify() == Identity("Simulated", "Bench 4", "C1")
        assert await washer(crew).history() is None
        with pytest.raises(RefusedError, match="control"):
            await washer(crew, control=False).prepare(program=PROGRAM)
        with pytest.raises(RefusedError, match="nothing was made ready"):
            await washer(crew).start(source=Container("HARVEST"), product=Container("WASHED"))
        assert crew.prompts() == []

    with_crew(way, tmp_path, work)


def test_a_wrong_setting_is_refused() -> None:
    """By its name."""
    with pytest.raises(InputError, match="setting 'rotor' is unknown"):
        FACTORY.build(no_link("bench"), {"rotor": "x"}, control=True)
