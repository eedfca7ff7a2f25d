"""The freezer driver on its fake when things go wrong: on the wire, in the chamber, at the panel; units degC, s."""

from pathlib import Path

import pytest

from automation.engine.handles import Container
from automation.kernel.effect import Call, Done, Unknown
from automation.kernel.errors import FailedError, InputError, LinkError, RefusedError, WireError
from automation.kernel.quantity import Celsius
from fakes.eurotherm import EurothermFreezer
from fakes.eurotherm_controller import Setup
from fakes.faults import FaultKind
from fakes.physics.chamber import Build
from fakes.physics.programmer import PowerFail as Strategy
from fakes.physics.programmer import State
from fakes.plant import PlantLog
from fakes.serve import rebuild
from fakes.world import World, grid
from instruments.drivers.eurotherm import driver_bisynch, driver_modbus
from instruments.drivers.eurotherm.wire import registers
from instruments.interfaces.freezer import PowerFail, Program, RunState, Segment, SegmentType
from instruments.transport import Link, MemoryStream
from instruments.transport.serial import SerialStream
from tests.support.freezers import COMP, LIN, SHORT, START, Bench, Wish, hold, on_bench, put_bag, ramp

pytestmark = pytest.mark.requirement("F048", "C05.1", "C06")

BAG = (Container("bag"),)


async def started(bench: Bench, program: Program = COMP) -> driver_modbus.EurothermModbus:
    """Load and start a program on the bag; gives the driver."""
    assert isinstance(bench.freezer, driver_modbus.EurothermModbus)
    await bench.freezer.load(program=program)
    bench.hand("load", container="bag")
    await bench.freezer.start(containers=BAG)
    return bench.freezer


@pytest.mark.parametrize("program", [LIN, COMP, SHORT], ids=lambda program: program.name)
def test_each_program_comes_back_as_it_was_written(program: Program) -> None:
    """Rates, targets and times to the last digit, and again after it was written again."""

    async def work(bench: Bench) -> None:
        for _ in range(2):
            await bench.freezer.load(program=program)
            assert await bench.freezer.loaded(program=program) == program

    on_bench(Wish(), work)


@pytest.mark.requirement("F048", "C05.1", refuses=True)
@pytest.mark.parametrize(
    ("segments", "said"),
    [
        ((ramp(-300, rate=1),), "segment 1: target is -300 degC; the controller allows -180 to 50"),
        ((ramp(-40, rate=0),), "rate is 0; a ramp needs"),
        ((Segment(SegmentType.RAMP, Celsius(-40.0)),), "rate is None"),
        ((Segment(SegmentType.HOLD, Celsius(4.0)),), "dwell is None"),
        ((Segment(SegmentType.STEP, Celsius(4.0)), hold(4, dwell=60)), "segment 2: the step before it is not needed"),
        ((ramp(-40, rate=1),) * 16, "needs 17 segments, its end included; the controller holds 16"),
    ],
)
def test_a_program_that_the_controller_can_not_hold_is_refused_before_a_byte_of_it_is_written(
    segments: tuple[Segment, ...], said: str
) -> None:
    """The message names the segment, the value and what is allowed."""

    async def work(bench: Bench) -> None:
        with pytest.raises(RefusedError, match=said):
            await bench.freezer.load(program=Program("bad", segments))
        assert all(sent.sent[1] == 3 for sent in bench.link.take_tape())

    on_bench(Wish(), work)


@pytest.mark.requirement("F048", "C05.1", refuses=True)
def test_a_program_changed_at_the_panel_is_seen_when_it_is_read_back() -> None:
    """The loaded program no longer is the approved one."""

    async def work(bench: Bench) -> None:
        await bench.freezer.load(program=LIN)
        bench.hand("panel", register=registers.block(1, 3) + registers.SEG_RATE, value=2.0)
        assert await bench.freezer.loaded(program=LIN) != LIN

    on_bench(Wish(), work)


@pytest.mark.parametrize(
    ("register", "value", "said"),
    [
        (registers.block(1) + registers.CYCLES, 3, "holds 3; 1 belongs to a freezing program"),
        (registers.block(1) + registers.HOLDBACK_TYPE, 3, "holds 3; 0 belongs to a freezing program"),
        (registers.block(1, 3) + registers.SEG_TYPE, registers.Type.RAMP_TIME, "segment 3 of the stored program"),
        (
            registers.block(1, 1) + registers.SEG_TYPE,
            registers.Type.DWELL,
            "segment 1 of the stored program is a dwell",
        ),
        (registers.block(1, 6) + registers.SEG_END, registers.End.RESET, "end type at 8379 is 1"),
    ],
)
def test_what_a_recipe_can_not_say_is_found_when_the_program_is_read_back(register: int, value: int, said: str) -> None:
    """Cycles, holdback, other segments or another end must not run unseen."""

    async def work(bench: Bench) -> None:
        await bench.freezer.load(program=LIN)
        bench.hand("panel", register=register, value=value)
        with pytest.raises(FailedError, match=said):
            await bench.freezer.loaded(program=LIN)

    on_bench(Wish(), work)


def test_a_program_without_an_end_is_none() -> None:
    """Its sixteen segments are all steps."""

    async def work(bench: Bench) -> None:
        await bench.freezer.load(program=LIN)
        for segment in range(1, 17):
            bench.hand("panel", register=registers.block(1, segment), value=registers.Type.STEP)
        with pytest.raises(FailedError, match="no end in 16 segments"):
            await bench.freezer.loaded(program=LIN)

    on_bench(Wish(), work)


@pytest.mark.requirement("F048", "C05.1", refuses=True)
def test_a_program_is_not_loaded_into_a_running_freezer() -> None:
    """Nothing is written while one runs; once it has ended the programmer is reset and takes the next."""

    async def work(bench: Bench) -> None:
        freezer = await started(bench, SHORT)
        with pytest.raises(RefusedError, match="in run"):
            await freezer.load(program=LIN)
        await bench.passes(600)
        await freezer.load(program=LIN)
        assert (await freezer.run()).state is RunState.RESET

    on_bench(Wish(), work)


def test_the_run_tells_segment_time_left_and_set_point() -> None:
    """As the controller's own display does."""

    async def work(bench: Bench) -> None:
        freezer = await started(bench, LIN)
        await bench.passes(600 + 300)
        run = await freezer.run()
        assert (run.segment, run.alarms) == (3, ())
        assert run.remaining == pytest.approx(69 * 60 - 900, abs=1)
        assert run.setpoint == pytest.approx(-1.0, abs=0.05)

    on_bench(Wish(), work)


def test_empty_nitrogen_raises_the_alarm_word_as_it_is() -> None:
    """No document at hand names its bits, so the driver doesn't either."""

    async def work(bench: Bench) -> None:
        freezer = await started(bench)
        await bench.passes(1800)
        bench.hand("ln2", level=0.0)
        await bench.passes(900)
        assert (await freezer.run()).alarms == ("alarm word 0x0001",)

    on_bench(Wish(), work)


def test_a_broken_sensor_is_a_state_and_no_number() -> None:
    """The run gives no chamber temperature, and asking for it alone fails."""

    async def work(bench: Bench) -> None:
        bench.hand("sensor", broken=True)
        run = await bench.freezer.run()
        assert (run.chamber, run.alarms) == (None, ("sensor break",))
        with pytest.raises(FailedError, match="sensor is broken"):
            await bench.freezer.chamber()

    on_bench(Wish(), work)


@pytest.mark.parametrize(
    ("strategy", "state"),
    [
        (Strategy.CONTINUE, RunState.RUN),
        (Strategy.HOLD, RunState.HOLD),
        (Strategy.RESET, RunState.RESET),
        (Strategy.RAMP_BACK, RunState.RUN),
    ],
)
def test_after_a_power_loss_the_driver_reads_and_restarts_nothing(strategy: Strategy, state: RunState) -> None:
    """While there is no power there is silence; afterwards the state is what the controller makes it."""

    async def work(bench: Bench) -> None:
        freezer = await started(bench)
        await bench.passes(1500)
        bench.hand("power", on=False)
        with pytest.raises(LinkError):
            await freezer.run()
        await bench.passes(300)
        bench.hand("power", on=True)
        assert (await freezer.run()).state is state
        assert bench.fake.acts["start"] == 1

    on_bench(Wish(build=Build(power_fail=strategy)), work)


def test_a_start_that_a_power_failure_may_have_undone_stays_in_doubt() -> None:
    """A controller that resets shows the same state before and after."""

    async def work(bench: Bench) -> None:
        freezer = bench.freezer
        assert isinstance(freezer, driver_modbus.EurothermModbus)
        assert isinstance(await freezer.reconcile(Call("freezer", "start", {})), Unknown)

    on_bench(Wish(settings=(("power_fail", "reset"),)), work)


@pytest.mark.parametrize("kind", [FaultKind.LOSE_REPLY, FaultKind.GARBLE_REPLY, FaultKind.CUT_REPLY])
def test_when_the_answer_to_a_start_is_lost_the_device_is_asked(kind: FaultKind) -> None:
    """The start took effect; the doubt is settled by reading, and the next question gets its own answer."""

    async def work(bench: Bench) -> None:
        freezer = bench.freezer
        assert isinstance(freezer, driver_modbus.EurothermModbus)
        await freezer.load(program=SHORT)
        bench.fault(kind, at=3)
        with pytest.raises((LinkError, WireError)):
            await freezer.start(containers=BAG)
        assert await freezer.reconcile(Call("freezer", "start", {})) == Done()
        assert bench.fake.acts["start"] == 1

    on_bench(Wish(), work)


def test_a_late_answer_never_answers_the_next_question() -> None:
    """It comes after the deadline and is put aside."""

    async def work(bench: Bench) -> None:
        await bench.freezer.stand_by(target=Celsius(4.0))
        await bench.passes(900)
        bench.fault(FaultKind.DELAY_REPLY, delay=2.1)
        with pytest.raises(LinkError):
            await bench.freezer.run()
        assert (await bench.freezer.run()).setpoint == pytest.approx(4.0)

    on_bench(Wish(), work)


def test_the_image_is_proven_before_it_is_used() -> None:
    """Limits that differ between words and image are another controller or another word order."""

    async def work(bench: Bench) -> None:
        bench.controller.stored[registers.SP_HIGH] = 49.96
        bench.controller.stored[registers.SP_LOW] = 60.0
        with pytest.raises(WireError, match="set point limits"):
            await bench.freezer.identify()

    on_bench(Wish(), work)


def test_identity_is_the_declared_one_with_a_digest_of_what_was_read() -> None:
    """Other limits are another configuration."""

    async def work(bench: Bench) -> tuple[str, str, str]:
        found = await bench.freezer.identify()
        return found.model, found.serial, found.configuration

    declared = (("model", "2408"), ("serial", "S1"))
    first = on_bench(Wish(settings=declared), work)
    second = on_bench(Wish(settings=declared, setup=Setup(high=40.0)), work)
    assert first[:2] == second[:2] == ("2408", "S1")
    assert first[2] != second[2]


def test_the_power_fail_strategy_is_what_the_site_declares() -> None:
    """No register for it is published; without a declaration it is unknown."""

    async def work(bench: Bench) -> PowerFail:
        return await bench.freezer.power_fail()

    assert on_bench(Wish(settings=(("power_fail", "ramp back"),)), work) is PowerFail.RAMP_BACK
    assert on_bench(Wish(settings=()), work) is PowerFail.UNKNOWN


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"power_fail": "pray"}, "power_fail is 'pray'; allowed: continue, hold, reset, ramp back"),
        ({"unit": "255"}, "unit is '255'; a whole number from 1 to 254"),
        ({"program": "one"}, "program is 'one'"),
        ({"colour": "red"}, "setting 'colour' is unknown; allowed: line, model"),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_allowed(settings: dict[str, str], said: str) -> None:
    """Before anything is sent."""
    with pytest.raises(InputError, match=said):
        driver_modbus.build(Link(MemoryStream()), settings, control=True)


def test_a_serial_line_that_is_set_otherwise_is_refused() -> None:
    """A pty ignores the settings, so they are looked at."""
    with pytest.raises(InputError, match="set to 9600 8N1; the controller needs 9600 7E1"):
        driver_bisynch.build(Link(SerialStream("/dev/ttyUSB0"), name="freezer"), {}, control=True)


def test_only_four_kinds_of_register_are_ever_written() -> None:
    """Target set point, program number, programmer status, program data: neither calibration nor configuration."""
    allowed = {registers.TARGET_SP, registers.PROGRAM, registers.STATUS}
    area = range(registers.block(1), registers.block(2))

    async def work(bench: Bench) -> set[int]:
        freezer = await started(bench)
        await freezer.hold()
        await freezer.go_on()
        await freezer.reset()
        await freezer.stand_by(target=Celsius(4.0))
        sent = [one.sent for one in bench.link.take_tape() if one.sent[1] != 3]
        starts = [int.from_bytes(frame[2:4], "big") for frame in sent]
        return {(at - registers.IMAGE) // 2 if at >= registers.IMAGE else at for at in starts}

    written = on_bench(Wish(), work)
    assert {at for at in written if at not in area} == allowed


def test_the_plant_outlives_the_program(tmp_path: Path) -> None:
    """Built anew from the plant's log alone, the freezer is where the lost one would be."""
    ends: list[tuple[float, State]] = []

    async def work(bench: Bench) -> None:
        await started(bench, LIN)
        await bench.passes(3000)
        ends.append((bench.fake.chamber.at(grid(START) + 3000), bench.fake.programmer_state))

    log = PlantLog(tmp_path / "plant.log")
    on_bench(Wish(log=log), work)
    log.close()
    anew = EurothermFreezer(World(1), "freezer")
    put_bag(anew.world)
    rebuild(anew, tmp_path / "plant.log", name="freezer")
    ends.append((anew.chamber.at(grid(START) + 3000), anew.programmer_state))
    assert ends[0] == ends[1]
    assert anew.acts["start"] == 1
