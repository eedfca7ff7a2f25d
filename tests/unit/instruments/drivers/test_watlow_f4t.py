"""A freezer on a Watlow F4T: programs and steps, what a panel changes, and a controller that is not as expected."""

from dataclasses import replace

import pytest

from automation.engine.handles import Container
from automation.kernel.effect import Call, Done, NotDone, Unknown
from automation.kernel.errors import FailedError, InputError, RefusedError, WireError
from automation.kernel.quantity import Celsius, KelvinPerMinute, Seconds
from instruments.drivers.watlow_f4t import wire
from instruments.drivers.watlow_f4t.driver import FACTORY, WatlowF4T
from instruments.drivers.watlow_f4t.programs import Limits, Step, from_steps, to_steps
from instruments.drivers.watlow_f4t.settings import settings
from instruments.drivers.watlow_f4t.wire import Kind
from instruments.interfaces.freezer import Program, RunState, Segment, SegmentType
from instruments.transport import Link, MemoryStream
from tests.support.freezers import COMP, LIN, SHORT, Bench, Wish, hold, on_bench, ramp

pytestmark = pytest.mark.requirement("C05.3")

WATLOW = Wish(protocol="watlow")
BAG = (Container("bag"),)
LIMITS = Limits(low=-180.0, high=50.0)


@pytest.mark.parametrize("program", [LIN, COMP, SHORT], ids=lambda one: one.name)
def test_a_program_that_is_written_is_read_back_as_it_was(program: Program) -> None:
    """Also in K/h, and over another one with more steps."""

    async def work(bench: Bench) -> None:
        await bench.freezer.load(program=COMP)
        await bench.freezer.load(program=program)
        assert await bench.freezer.loaded(program=program) == program

    on_bench(WATLOW, work)


def test_a_hold_is_a_soak_or_an_instant_change_with_its_time() -> None:
    """By what stands before it; a step has no time."""
    steps = to_steps(Program("P", (hold(4, dwell=60), hold(4, dwell=30), *SHORT.segments[1:])), LIMITS)
    assert steps == (
        Step(Kind.INSTANT, 4.0, seconds=60),
        Step(Kind.SOAK, seconds=30),
        Step(Kind.RAMP_RATE, -6.0, rate=10.0),
        Step(Kind.INSTANT, -8.5),
        Step(Kind.END),
    )


@pytest.mark.requirement("C05.3", refuses=True)
@pytest.mark.parametrize(
    ("segments", "said"),
    [
        ((ramp(-200, rate=1),), "allows -180 to 50 degC"),
        ((hold(4, dwell=0.5),), "whole seconds"),
        ((hold(4, dwell=360_000),), "whole seconds"),
        ((ramp(-5, rate=0.33333),), "4 decimals"),
        ((Segment(SegmentType.RAMP, Celsius(-5.0)),), "rate is None"),
        ((), "2 to 50 fit"),
        ((hold(4, dwell=60),) * 50, "2 to 50 fit"),
    ],
)
def test_a_program_that_would_be_changed_is_refused(segments: tuple[Segment, ...], said: str) -> None:
    """Before anything is written."""
    with pytest.raises(RefusedError, match=said):
        to_steps(Program("P", segments), LIMITS)


@pytest.mark.parametrize("kind", [Kind.JUMP, Kind.WAIT, Kind.RAMP_TIME, Kind.SOAK])
def test_a_step_that_no_program_has_is_told(kind: Kind) -> None:
    """A soak has to follow something."""
    with pytest.raises(FailedError, match=r"step 1 of the stored profile is a \w+"):
        from_steps("P", (Step(kind, seconds=5),))


@pytest.mark.parametrize(
    ("register", "value"),
    [
        (wire.step(2) + wire.TYPE, int(Kind.SOAK)),
        (wire.step(1) + wire.SECONDS, 59),
        (wire.step(1) + wire.SOAK_GUARANTEED, wire.ON),
        (wire.step(4) + wire.END_MODE, wire.OFF),
        (wire.step(4) + wire.TYPE, int(Kind.WAIT)),
    ],
)
def test_a_program_that_was_changed_at_the_panel_is_seen(register: int, value: int) -> None:
    """A type, a time, guaranteed soak, another end, one step more."""

    async def work(bench: Bench) -> None:
        await bench.freezer.load(program=SHORT)
        assert await approved(bench)
        bench.hand("panel", register=register, value=value)
        assert not await approved(bench)

    on_bench(WATLOW, work)


async def approved(bench: Bench) -> bool:
    """Tell whether the profile is the program, as the freezing operation does: what none of ours reads is not."""
    try:
        return await bench.freezer.loaded(program=SHORT) == SHORT
    except FailedError:
        return False


@pytest.mark.requirement("C05.3", refuses=True)
def test_a_controller_in_degrees_fahrenheit_is_not_used() -> None:
    """Nor one whose words stand in another order; both are seen before anything is written."""

    async def work(bench: Bench) -> None:
        assert (await bench.freezer.identify()).model == "F4T SIMULATED"
        bench.hand("units", unit="F")
        other = FACTORY.build(bench.link, {"rate_per": "min"}, control=True)
        assert isinstance(other, WatlowF4T)
        with pytest.raises(WireError, match="in degF; set it to degC"):
            await other.load(program=SHORT)

    on_bench(WATLOW, work)


def test_the_run_tells_step_time_left_and_alarms() -> None:
    """Another profile than ours is an alarm, a broken sensor too."""

    async def work(bench: Bench) -> None:
        await bench.freezer.load(program=LIN)
        await bench.freezer.start(containers=BAG)
        run = await bench.freezer.run()
        assert (run.segment, run.alarms) == (1, ())
        assert run.remaining == Seconds(4140.0)  # 10 min, 44 K at 1 K/min, 5 min, 10 min
        await bench.passes(700.0)
        assert (await bench.freezer.run()).segment == 2
        bench.hand("sensor", broken=True)
        seen = await bench.freezer.run()
        assert (seen.chamber, seen.alarms) == (None, ("sensor break",))
        with pytest.raises(FailedError, match="sensor is broken"):
            await bench.freezer.chamber()

    on_bench(WATLOW, work)


def test_somebody_elses_profile_is_not_ours() -> None:
    """It is told as an alarm, and a start in doubt stays so."""

    async def work(bench: Bench) -> None:
        await bench.freezer.load(program=SHORT)
        for register, value in ((wire.SELECT, 2), (wire.EDIT, wire.ADDS), (wire.STEPS, Kind.RAMP_TIME)):
            bench.hand("panel", register=register, value=value)
        bench.hand("panel", register=wire.STEPS + wire.HOURS, value=1)
        bench.hand("panel", register=wire.START, value=2)
        bench.hand("key", key="start")
        assert "profile 2 runs, not 1" in (await bench.freezer.run()).alarms
        assert isinstance(bench.freezer, WatlowF4T)
        assert isinstance(await bench.freezer.reconcile(Call("freezer", "start", {})), Unknown)
        with pytest.raises(RefusedError, match="a profile is in run"):
            await bench.freezer.stand_by(target=Celsius(4.0))

    on_bench(WATLOW, work)


def test_a_profile_that_is_over_is_never_taken_for_one_that_was_not_started() -> None:
    """It may have been this one; before any it was not started; while it runs it is ours."""

    async def work(bench: Bench) -> None:
        assert isinstance(bench.freezer, WatlowF4T)
        start = Call("freezer", "start", {})
        await bench.freezer.load(program=SHORT)
        assert await bench.freezer.reconcile(start) == NotDone()
        await bench.freezer.start(containers=BAG)
        assert await bench.freezer.reconcile(start) == Done()
        await bench.passes(600.0)
        assert (await bench.freezer.run()).state is RunState.COMPLETE
        assert isinstance(await bench.freezer.reconcile(start), Unknown)
        await bench.freezer.stand_by(target=Celsius(4.0))
        assert (await bench.freezer.run()).setpoint == pytest.approx(4.0)

    on_bench(WATLOW, work)


@pytest.mark.requirement("C05.3", refuses=True)
def test_a_loop_that_is_off_is_switched_on_by_a_person() -> None:
    """The driver never changes modes."""

    async def work(bench: Bench) -> None:
        bench.hand("loop", mode="off")
        with pytest.raises(RefusedError, match="not automatic"):
            await bench.freezer.stand_by(target=Celsius(4.0))

    on_bench(WATLOW, work)


@pytest.mark.requirement("C05.3", refuses=True)
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "min or h is needed"),
        ({"rate_per": "s"}, "rate_per is 's'"),
        ({"rate_per": "h", "framing": "ascii"}, "framing is 'ascii'"),
        ({"rate_per": "h", "profile": "41"}, "1 to 40"),
        ({"rate_per": "h", "unit": "0"}, "1 to 247"),
        ({"rate_per": "h", "alarms": "15"}, "0 to 14"),
        ({"rate_per": "h", "power_fail": "perhaps"}, "power_fail is 'perhaps'"),
    ],
)
def test_a_setting_that_can_not_be_is_refused(given: dict[str, str], said: str) -> None:
    """What a rate is counted in has no default: sixty times too fast is no small mistake."""
    with pytest.raises(InputError, match=said):
        settings(given)


def test_without_control_another_profile_is_not_even_selected() -> None:
    """Reading steps needs their profile to be selected, which is a write."""

    async def work(bench: Bench) -> None:
        await bench.freezer.load(program=SHORT)
        looker = FACTORY.build(bench.link, {"rate_per": "min"}, control=False)
        assert isinstance(looker, WatlowF4T)
        assert await looker.loaded(program=SHORT) == SHORT
        bench.hand("panel", register=wire.SELECT, value=2)
        with pytest.raises(RefusedError, match="selecting one needs control"):
            await looker.loaded(program=SHORT)

    on_bench(WATLOW, work)


def test_rates_are_counted_as_the_site_says() -> None:
    """60 K/h at the controller are 1 K/min of the recipe."""
    link = Link(MemoryStream(lambda _data: None), name="freezer")
    assert FACTORY.build(link, {"rate_per": "h"}, control=True) is not None
    assert (settings({"rate_per": "h"}).per, settings({"rate_per": "min"}).per) == (60.0, 1.0)
    [first, *_] = to_steps(Program("P", (replace(ramp(-5, rate=1), rate=KelvinPerMinute(1.5)),)), LIMITS)
    assert first.rate == 1.5
