"""The freezer as a thing in the world: what happens to it and what a person's hands do; units degC, K/min, s, L."""

import pytest

from automation.kernel.errors import FailedError
from automation.kernel.quantity import Cells, Celsius, Instant, Millilitres
from fakes.contents import filled
from fakes.freezer import Freezer, ObservedFreezer
from fakes.physics.chamber import Build
from fakes.physics.programmer import PowerFail, Sequence, State, Step
from fakes.world import Container, World, grid
from instruments.drivers.curve_csv import wire as curve_csv

pytestmark = pytest.mark.requirement("F048", "C07")

COOLING = Sequence((Step(-80.0, 1.0 / 60.0),))


def later(seconds: float) -> Instant:
    """Give a moment so many seconds after the beginning."""
    return Instant(1_000_000.0 + seconds)


def running(build: Build | None = None, program: Sequence = COOLING) -> Freezer:
    """Give a freezer that has stood at 4 degC for an hour and now runs a program."""
    freezer = Freezer(World(1), "freezer", build)
    freezer.aim(4.0, later(-3600))
    freezer.start(program, later(0))
    return freezer


def chamber(freezer: Freezer, seconds: float) -> float:
    """Give the true chamber temperature (degC) so many seconds after the start."""
    return freezer.chamber.at(grid(later(seconds)))


def test_the_chamber_lags_behind_a_ramp_by_its_time_constant() -> None:
    """60 s at 1 K/min are 1 K."""
    assert chamber(running(), 1800) == pytest.approx(4.0 - 30.0 + 1.0, abs=0.05)


def test_the_chamber_goes_no_lower_than_it_can() -> None:
    """-180 degC, whatever is asked."""
    freezer = running(program=Sequence((Step(-300.0, 50.0 / 60.0),)))
    assert chamber(freezer, 3000) == -180.0


def test_the_sensor_reads_the_truth_within_half_a_degree() -> None:
    """Noise depends on seed and second alone: asked twice it is the same."""
    freezer = running()
    errors = [freezer.measured(later(second)) - chamber(freezer, second) for second in range(1000)]
    assert 0.3 < max(abs(error) for error in errors) <= 0.5 + 1e-9
    assert freezer.measured(later(17)) - chamber(freezer, 17) == errors[17]


def test_looking_often_gives_the_same_as_looking_once() -> None:
    """Temperatures, nitrogen and alarm, in a run and in the days after it."""
    ends = []
    for looks in (range(0, 400_000, 777), (400_000,)):
        freezer = running()
        freezer.hand("ln2", {"level": 20.0}, later(0))
        for second in looks:
            chamber(freezer, second)
        chamber(freezer, 400_000)
        ends.append((freezer.chamber.temperature, freezer.chamber.nitrogen, freezer.chamber.deviating > 0))
    assert ends[0] == ends[1]


def test_the_fast_way_through_a_segment_is_the_slow_one() -> None:
    """A holdback that never bites makes the chamber live second by second: the same bits, the same nitrogen."""
    fast, slow = (
        running(program=Sequence((Step(-8.0, 1 / 60), Step(-45.0, 25 / 60), Step(None, seconds=90)), holdback=holdback))
        for holdback in (0.0, 1e9)
    )
    assert [chamber(fast, second) for second in range(900)] == [chamber(slow, second) for second in range(900)]
    assert fast.chamber.nitrogen == slow.chamber.nitrogen


def test_without_nitrogen_the_chamber_cannot_follow_and_an_alarm_comes() -> None:
    """An empty tank, or a closed supply: the chamber warms while the set point falls."""
    freezer = running()
    freezer.hand("ln2", {"supply": False}, later(1200))
    assert chamber(freezer, 2400) > chamber(freezer, 1200)
    assert freezer.chamber.deviation_alarm


def test_a_run_uses_about_fifteen_litres_and_stops_cooling_when_they_are_gone() -> None:
    """Two litres are not enough."""
    full, short = running(), running()
    short.hand("ln2", {"level": 2.0}, later(0))
    assert chamber(full, 5100) == pytest.approx(-80.0, abs=0.5)
    assert 10.0 < (full.chamber.build.tank - full.chamber.nitrogen) / 1e6 < 20.0
    assert chamber(short, 5100) > -40.0


def test_a_chamber_that_holds_cold_for_a_month_can_still_run() -> None:
    """A site's bulk tank feeds it; weeks between two batches are nothing to it."""
    freezer = running()
    assert chamber(freezer, 30 * 86_400) == pytest.approx(-80.0, abs=0.5)


def test_an_open_lid_lets_heat_in() -> None:
    """The chamber stays above its set point until the lid is closed."""
    freezer = running()
    freezer.hand("lid", {"open": True}, later(1800))
    gap = chamber(freezer, 2400) - freezer.chamber.programmer.working
    freezer.hand("lid", {"open": False}, later(2400))
    assert gap > 15.0
    assert chamber(freezer, 3000) - freezer.chamber.programmer.working < 2.0


def test_with_a_broken_sensor_the_controller_stops_cooling() -> None:
    """It can't control what it can't read."""
    freezer = running()
    freezer.hand("sensor", {"broken": True}, later(1800))
    assert chamber(freezer, 2400) > chamber(freezer, 1800)
    assert freezer.chamber.output == 0.0


@pytest.mark.parametrize(
    ("strategy", "state", "setpoint"),
    [
        (PowerFail.CONTINUE, State.RUN, -26.0),
        (PowerFail.HOLD, State.HOLD, -26.0),
        (PowerFail.RESET, State.RESET, 4.0),
        (PowerFail.RAMP_BACK, State.RUN, -14.6),
    ],
)
def test_when_power_comes_back_the_controller_does_what_it_is_set_to(
    strategy: PowerFail, state: State, setpoint: float
) -> None:
    """Ten minutes without power half an hour into a ramp of 1 K/min."""
    freezer = running(Build(power_fail=strategy))
    freezer.hand("power", {"on": False}, later(1800))
    freezer.hand("power", {"on": True}, later(2400))
    assert freezer.programmer_state is state
    assert freezer.chamber.programmer.working == pytest.approx(setpoint, abs=0.2)


def test_ramping_back_reaches_the_lost_point_and_then_goes_on() -> None:
    """The program is late by the time without power and by the way back."""
    freezer = running(Build(power_fail=PowerFail.RAMP_BACK))
    freezer.hand("power", {"on": False}, later(1800))
    freezer.hand("power", {"on": True}, later(2400))
    back = next(s for s in range(2400, 4000) if chamber(freezer, s) and freezer.chamber.programmer.working <= -26.0)
    chamber(freezer, back + 600)
    assert freezer.chamber.programmer.working == pytest.approx(-36.0, abs=0.2)


def test_holdback_waits_for_the_chamber() -> None:
    """The programmer stands still while the chamber is too far away, and goes on after."""
    freezer = running(program=Sequence((Step(-40.0, 1.0 / 60.0),), holdback=5.0))
    freezer.hand("lid", {"open": True}, later(600))
    chamber(freezer, 1200)
    waiting = freezer.programmer_state
    freezer.hand("lid", {"open": False}, later(1200))
    chamber(freezer, 1500)
    assert (waiting, freezer.programmer_state) == (State.HOLDBACK, State.RUN)


def test_a_program_runs_as_often_as_it_says_and_ends_as_it_says() -> None:
    """Two cycles of a minute, then reset."""
    program = Sequence((Step(0.0), Step(None, seconds=30), Step(4.0, seconds=30)), cycles=2, reset_at_end=True)
    freezer = running(program=program)
    chamber(freezer, 119)
    before = freezer.programmer_state
    chamber(freezer, 121)
    assert (before, freezer.programmer_state) == (State.RUN, State.RESET)


@pytest.fixture
def observed() -> ObservedFreezer:
    """Give a freezer without a link, with a bag and a program entered at its panel."""
    world = World(1)
    contents = filled(Millilitres(20.0), live=Cells(1e9), dead=Cells(1e8))
    world.add(Container("bag", "bag20", contents=contents), place="fridge", at=Celsius(4.0), now=later(0))
    freezer = ObservedFreezer(world, "freezer")
    freezer.hand("set point", {"target": 4.0}, later(0))
    segments = [{"type": "ramp", "target": -90.0, "rate": 2.0}, {"type": "dwell", "seconds": 600}]
    freezer.hand("program", {"segments": segments}, later(0))
    freezer.hand("load", {"container": "bag"}, later(600))
    return freezer


def test_a_person_starts_a_freezer_that_nobody_can_talk_to(observed: ObservedFreezer) -> None:
    """The key starts it once; pressing it again does nothing but say so."""
    observed.hand("key", {"key": "start"}, later(700))
    with pytest.raises(FailedError, match="run"):
        observed.hand("key", {"key": "start"}, later(710))
    assert observed.acts["start"] == 1


def test_its_report_is_a_curve_that_can_be_judged(observed: ObservedFreezer) -> None:
    """A plain CSV, which the reader of curves takes; chamber and sample every 10 s from the start."""
    observed.hand("key", {"key": "start"}, later(700))
    text = observed.report(later(700 + 4000))
    points = curve_csv.read(text)
    assert len(points) == 401
    assert points[-1].sample == pytest.approx(-90.0, abs=1.0)
    assert observed.report(later(700 + 4000)) == text


def test_an_unloaded_container_leaves_the_sample_probe_behind(observed: ObservedFreezer) -> None:
    """The probe then feels the chamber's air."""
    observed.hand("unload", {"container": "bag", "to": "storage"}, later(900))
    assert observed.world.container("bag").place == "storage"
    assert observed.world.probes() == {"freezer sample": "freezer"}


@pytest.mark.parametrize(
    ("action", "details", "named"),
    [
        ("kick", {}, "kick"),
        ("lid", {"open": "yes"}, "open"),
        ("ln2", {"level": "full"}, "level"),
        ("load", {}, "container"),
        ("program", {"segments": [{"type": "jump"}]}, "jump"),
        ("program", {"segments": "none"}, "segments"),
    ],
)
def test_a_hand_that_does_what_can_not_be_done_is_told_what_can(
    observed: ObservedFreezer, action: str, details: dict[str, object], named: str
) -> None:
    """Scripts of persons are checked as they run."""
    with pytest.raises(FailedError, match=named):
        observed.hand(action, details, later(1000))


def test_a_freezer_as_such_says_nothing(observed: ObservedFreezer) -> None:
    """It has no link."""
    assert (observed.feed(b"?", later(0)), observed.unasked(later(0)), observed.due(later(0))) == (b"", b"", None)
