"""The observed freezer: people work it through the real desk, door and binding; units degC, K/min, s."""

import asyncio
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from automation.kernel.errors import FailedError, InputError, RefusedError
from automation.kernel.quantity import Cells, Celsius, Instant, KelvinPerMinute, Millilitres, Seconds
from fakes.contents import filled
from fakes.freezer import ObservedFreezer as Thing
from fakes.world import Container, World
from instruments.drivers.observed_freezer.driver import FACTORY
from instruments.drivers.stored_programs import written
from instruments.interfaces.device import Identity
from instruments.interfaces.freezer import ControlledRateFreezer, PowerFail, Program, RunState, Segment, SegmentType
from tests.support.doors import START, Doorway, doorway
from tests.support.persons import Crew, Script, no_link, with_crew

pytestmark = pytest.mark.requirement("F048", "C05.1", "C06")

PROGRAM = Program(
    "COMP-20",
    (
        Segment(SegmentType.HOLD, Celsius(4.0), dwell=Seconds(600.0)),
        Segment(SegmentType.RAMP, Celsius(-8.0), rate=KelvinPerMinute(1.0)),
        Segment(SegmentType.STEP, Celsius(-45.0)),
    ),
)
GIVEN = {"maker": "Planer", "model": "Kryo 560", "serial": "K1", "power_fail": "continue"}
STARTED: Script = [("press start", {})]


@pytest.fixture
def way(tmp_path: Path) -> Iterator[Doorway]:
    """Open a simulated site."""
    with doorway(tmp_path) as made:
        yield made


def freezer(crew: Crew, *, control: bool = True, **more: str) -> ControlledRateFreezer:
    """Bind an observed freezer; a new one remembers nothing."""
    driver = FACTORY.build(no_link("freezer"), GIVEN | more, control=control)
    return cast("ControlledRateFreezer", crew.bind(driver, ControlledRateFreezer))


async def seen() -> RunState:
    """Look at the run as a wait does, after everybody had time to answer."""
    for _ in range(5):
        await asyncio.sleep(0)
    driver = FACTORY.build(no_link("freezer"), GIVEN, control=True)
    return (await cast("ControlledRateFreezer", driver).run()).state


def test_what_can_be_declared_is_asked_of_nobody(way: Doorway, tmp_path: Path) -> None:
    """Identity and power-fail strategy stand in the site file; both are on the record."""

    async def work(crew: Crew) -> None:
        assert await freezer(crew).identify() == Identity("Planer", "Kryo 560", "K1")
        assert await freezer(crew).power_fail() is PowerFail.CONTINUE
        assert crew.prompts() == []
        assert crew.kinds() == ["enter", "call", "reply", "call", "reply"]

    with_crew(way, tmp_path, work)


def test_a_program_is_written_out_line_by_line_and_verified_by_a_second_person(way: Doorway, tmp_path: Path) -> None:
    """What the panel has to show stands in the question."""

    async def work(crew: Crew) -> None:
        crew.script = [("select the stored program 'COMP-20'", {})]
        await freezer(crew).load(program=PROGRAM)
        (prompt,) = crew.prompts()
        assert (prompt.answered_by, prompt.verified_by) == ("perform", "verify")
        assert "1. hold at 4 degC for 10 min\n2. ramp to -8 degC at 1 K/min\n3. step to -45 degC" in crew.texts()[0]

    with_crew(way, tmp_path, work)


@pytest.mark.parametrize(("choice", "same"), [("as approved", True), ("different", False)])
def test_a_person_says_whether_the_program_reads_as_approved(
    way: Doorway, tmp_path: Path, choice: str, *, same: bool
) -> None:
    """A different one has no known segments, so it never equals the approved one."""

    async def work(crew: Crew) -> None:
        crew.script = [("does the selected program", {"choice": choice})]
        assert (await freezer(crew).loaded(program=PROGRAM) == PROGRAM) is same
        assert written(PROGRAM) in crew.texts()[0]

    with_crew(way, tmp_path, work)


def test_what_was_different_is_asked_anew_when_the_step_tries_again(way: Doorway, tmp_path: Path) -> None:
    """Otherwise the first answer would stand for ever."""

    async def work(crew: Crew) -> None:
        crew.script = [("selected program", {"choice": "different"}), ("selected program", {"choice": "as approved"})]
        assert await freezer(crew).loaded(program=PROGRAM) != PROGRAM
        crew.again()
        assert await freezer(crew).loaded(program=PROGRAM) == PROGRAM
        assert len(crew.prompts()) == 2

    with_crew(way, tmp_path, work)


@pytest.mark.requirement("C01.2")
def test_start_is_asked_once_although_the_program_died_before_it_heard_the_answer(way: Doorway, tmp_path: Path) -> None:
    """The answer is taken from the record; nobody presses start twice."""

    async def work(crew: Crew) -> None:
        crew.absent = True
        asked = asyncio.ensure_future(freezer(crew).start(containers=()))
        await crew.desk.changed("prompt")
        asked.cancel()
        crew.absent, crew.script = False, list(STARTED)
        await crew.answer()
        crew.restart()
        await freezer(crew).start(containers=())
        assert len(crew.prompts()) == 1
        assert crew.kinds() == ["enter", "call", "call", "reply"]

    with_crew(way, tmp_path, work)


def test_a_restart_answers_from_the_record(way: Doorway, tmp_path: Path) -> None:
    """A start that was confirmed is confirmed."""

    async def work(crew: Crew) -> None:
        crew.script = list(STARTED)
        await freezer(crew).start(containers=())
        crew.restart()
        await freezer(crew).start(containers=())
        assert len(crew.prompts()) == 1

    with_crew(way, tmp_path, work)


def test_looking_at_a_run_waits_for_nobody_and_asks_once(way: Doorway, tmp_path: Path) -> None:
    """Before the start nothing is asked; afterwards it runs until a person says that it has ended."""

    async def work(crew: Crew) -> None:
        assert await seen() is RunState.RESET
        crew.script = list(STARTED)
        await freezer(crew).start(containers=())
        crew.enter()
        assert [await seen() for _ in range(3)] == [RunState.RUN] * 3
        assert len(crew.prompts()) == 2
        crew.script = [("no longer runs", {"choice": "ended"})]
        await crew.answer()
        crew.restart()
        assert await seen() is RunState.COMPLETE
        assert len(crew.prompts()) == 2

    with_crew(way, tmp_path, work)


def test_a_held_run_goes_on_when_a_person_lets_it(way: Doorway, tmp_path: Path) -> None:
    """The second end is another question than the first."""

    async def work(crew: Crew) -> None:
        crew.script = [*STARTED, ("no longer runs", {"choice": "held"})]
        await freezer(crew).start(containers=())
        await seen()
        assert await seen() is RunState.HOLD
        crew.enter()
        crew.script = [("let the held program go on", {}), ("no longer runs", {"choice": "ended"})]
        await freezer(crew).go_on()
        assert await seen() is RunState.RUN
        assert await seen() is RunState.COMPLETE

    with_crew(way, tmp_path, work)


def test_a_run_that_a_person_stopped_is_no_complete_one(way: Doorway, tmp_path: Path) -> None:
    """Stopped before its end, as reported from the panel."""

    async def work(crew: Crew) -> None:
        crew.script = [*STARTED, ("no longer runs", {"choice": "stopped"})]
        await freezer(crew).start(containers=())
        await seen()
        assert await seen() is RunState.RESET

    with_crew(way, tmp_path, work)


def test_hold_reset_and_stand_by_are_done_by_a_person(way: Doorway, tmp_path: Path) -> None:
    """After a reset nobody is asked for an end any more."""

    async def work(crew: Crew) -> None:
        crew.script = [*STARTED, ("hold the program", {}), ("end the program", {}), ("set the chamber to 4 degC", {})]
        await freezer(crew).start(containers=())
        await seen()
        await freezer(crew).hold()
        assert await seen() is RunState.HOLD
        await freezer(crew).reset()
        assert await seen() is RunState.RESET
        await freezer(crew).stand_by(target=Celsius(4.0))
        assert [str(prompt.state) for prompt in crew.prompts()].count("withdrawn") == 1

    with_crew(way, tmp_path, work)


def run_report() -> bytes:
    """Give the report of a fake freezer that ran for 10 min with a bag in it."""
    world = World(1)
    thing = Thing(world, "freezer")
    contents = filled(Millilitres(20.0), live=Cells(1e9), dead=Cells(1e8), dmso=0.1)
    world.add(Container("bag", "bag20", contents=contents), place="fridge", at=Celsius(4.0), now=START)
    thing.hand("load", {"container": "bag"}, START)
    thing.hand("program", {"segments": [{"type": "ramp", "target": -10.0, "rate": 1.0}]}, START)
    thing.hand("key", {"key": "start"}, START)
    return thing.report(Instant(float(START) + 600)).encode()


@pytest.mark.requirement("F048")
def test_the_run_report_comes_from_the_attached_file_and_keeps_its_hash(way: Doorway, tmp_path: Path) -> None:
    """Sixty-one lines of ten seconds; s from the first line."""

    async def work(crew: Crew) -> None:
        assert crew.desk.blobs is not None
        sha256 = crew.desk.blobs.put(run_report())
        crew.script = [("attach the report", {"file": sha256})]
        report = await freezer(crew).report()
        assert report is not None
        assert report.sha256 == sha256 == hashlib.sha256(run_report()).hexdigest()
        assert [report.points[0].at, report.points[-1].at, len(report.points)] == [0.0, 600.0, 61]
        assert report.points[0].sample == pytest.approx(4.0, abs=1.0)

    with_crew(way, tmp_path, work)


@pytest.mark.parametrize(
    ("data", "why"), [(b"\xff\xfe\x00", "UTF-8"), (b"a,b\n1,2\n", "no column"), (b"", "no header"), (None, "missing")]
)
def test_a_file_that_is_no_report_is_asked_for_again_with_the_reason(
    way: Doorway, tmp_path: Path, data: bytes | None, why: str
) -> None:
    """A wrong file is a mistake of a person, not the end of the step."""

    async def work(crew: Crew) -> None:
        assert crew.desk.blobs is not None
        wrong = "0" * 64 if data is None else crew.desk.blobs.put(data)
        good = crew.desk.blobs.put(run_report())
        crew.script = [("attach", {"file": wrong}), ("attach", {"file": good})]
        assert await freezer(crew).report() is not None
        assert why in crew.texts()[1]

    with_crew(way, tmp_path, work)


@pytest.mark.requirement("F048", "C05.1", refuses=True)
def test_a_report_of_another_batch_is_not_taken(way: Doorway, tmp_path: Path) -> None:
    """The same file twice is the curve of one of them."""

    async def work(crew: Crew) -> None:
        assert crew.desk.blobs is not None
        old, new = crew.desk.blobs.put(run_report()), crew.desk.blobs.put(run_report() + b"\n")
        crew.script = [("the report of B2", {"file": old}), ("attach", {"file": old}), ("attach", {"file": new})]
        await crew.at("B2").attach("the report of B2")
        crew.enter()
        report = await freezer(crew).report()
        assert report is not None
        assert report.sha256 == new
        assert "in batch B2, step work already" in crew.texts()[2]

    with_crew(way, tmp_path, work)


def test_a_freezer_without_reports_asks_for_none(way: Doorway, tmp_path: Path) -> None:
    """Declared by the site; the independent probe is judged alone."""

    async def work(crew: Crew) -> None:
        assert await freezer(crew, report="none").report() is None
        assert crew.prompts() == []

    with_crew(way, tmp_path, work)


def test_its_chamber_is_not_guessed_and_a_read_only_driver_asks_nobody(way: Doorway, tmp_path: Path) -> None:
    """No reading is invented, no hand is moved without control."""

    async def work(crew: Crew) -> None:
        with pytest.raises(FailedError, match="independent probe"):
            await freezer(crew).chamber()
        with pytest.raises(RefusedError, match="control"):
            await freezer(crew, control=False).hold()
        assert crew.prompts() == []

    with_crew(way, tmp_path, work)


@pytest.mark.parametrize("wrong", [{"power_fail": "explode"}, {"report": "maybe"}, {"port": "x"}])
def test_a_wrong_setting_is_refused_with_what_is_allowed(wrong: dict[str, str]) -> None:
    """By the name of the setting."""
    with pytest.raises(InputError, match=f"{next(iter(wrong))}.*allowed: "):
        FACTORY.build(no_link("freezer"), wrong, control=True)
