"""The fake controller's parameters: what may be changed when, and what a person's hands do at its panel."""

import pytest

from automation.kernel.errors import FailedError
from automation.kernel.quantity import Instant, Seconds
from fakes.eurotherm import EurothermFreezer, build
from fakes.eurotherm_bisynch import build as build_bisynch
from fakes.eurotherm_controller import Refusal
from fakes.physics.programmer import State
from fakes.world import World, grid
from instruments.drivers.eurotherm.wire import bisynch, modbus
from instruments.drivers.eurotherm.wire import registers as r
from tests.support.freezers import LIN, SHORT, START, enter

pytestmark = pytest.mark.requirement("F048", "C07")


@pytest.fixture
def fake() -> EurothermFreezer:
    """Give a controller at 4 degC with a program entered at its panel."""
    controller = EurothermFreezer(World(1), "freezer")
    press(controller, r.TARGET_SP, 4.0)
    enter(controller, LIN)
    controller.chamber.catch_up(grid(later(0)))
    return controller


def later(seconds: float) -> Instant:
    """Give a moment an hour and so many seconds after the beginning."""
    return START + Seconds(3600.0 + seconds)


def press(fake: EurothermFreezer, register: int, value: float, *, at: float = -3600.0) -> None:
    """Change a parameter at the panel, at a moment (s)."""
    fake.hand("panel", {"register": register, "value": value}, later(at))


def shown(fake: EurothermFreezer, register: int, *, at: float) -> float:
    """Read what the controller shows, at a moment (s)."""
    return fake.live(later(at))[register]


def test_a_person_starts_holds_and_resets_at_the_panel(fake: EurothermFreezer) -> None:
    """Each key moves the programmer once, and the device counts it."""
    states = []
    for at, key in enumerate(("start", "hold", "go on", "reset")):
        fake.hand("key", {"key": key}, later(at * 60.0))
        states.append(fake.programmer_state)
    assert states == [State.RUN, State.HOLD, State.RUN, State.RESET]
    assert fake.acts == {"start": 1, "hold": 1, "go on": 1, "reset": 1, "set point": 1}


def test_the_running_copy_changes_in_hold_only_and_is_not_stored(fake: EurothermFreezer) -> None:
    """A dwell lengthened in hold lasts longer; the stored program stays as it was."""
    dwell = r.block(0, 2) + r.SEG_RATE
    fake.hand("key", {"key": "start"}, later(0))
    with pytest.raises(FailedError, match="code 3"):
        press(fake, dwell, 1200.0, at=10)
    fake.hand("key", {"key": "hold"}, later(60))
    press(fake, dwell, 1200.0, at=60)
    fake.hand("key", {"key": "go on"}, later(60))
    assert shown(fake, r.SEGMENT_LEFT, at=120) == 1200 - 120
    assert fake.stored[r.block(1, 2) + r.SEG_RATE] == 600.0


def test_a_stored_program_changed_during_a_run_does_not_touch_the_run(fake: EurothermFreezer) -> None:
    """The programmer runs its copy."""
    fake.hand("key", {"key": "start"}, later(0))
    press(fake, r.block(1, 2) + r.SEG_RATE, 1.0, at=10)
    assert shown(fake, r.SEGMENT, at=300) == 2


def test_another_program_is_selected_only_while_none_runs(fake: EurothermFreezer) -> None:
    """As the programmer of a chamber should."""
    press(fake, r.PROGRAM, 2, at=0)
    press(fake, r.PROGRAM, 1, at=0)
    fake.hand("key", {"key": "start"}, later(0))
    with pytest.raises(FailedError, match="code 3"):
        press(fake, r.PROGRAM, 2, at=10)


def test_an_empty_program_does_not_start(fake: EurothermFreezer) -> None:
    """There is nothing to run."""
    press(fake, r.PROGRAM, 2, at=0)
    with pytest.raises(FailedError, match="code 3"):
        fake.hand("key", {"key": "start"}, later(0))
    assert fake.acts["start"] == 0


def test_in_manual_the_output_moves_the_chamber_and_no_alarm_comes(fake: EurothermFreezer) -> None:
    """Half of full cooling is 25 K/min."""
    press(fake, r.MANUAL, 1, at=0)
    press(fake, r.MANUAL_OUTPUT, -50.0, at=0)
    assert shown(fake, r.PV, at=60) == pytest.approx(4.0 - 25.0, abs=1.0)
    assert shown(fake, r.ALARMS, at=600) == 0


def test_holdback_waits_as_the_program_says(fake: EurothermFreezer) -> None:
    """With a closed supply the chamber stays behind and the programmer with it."""
    press(fake, r.block(1) + r.HOLDBACK_TYPE, r.Holdback.BAND, at=0)
    press(fake, r.block(1) + r.HOLDBACK_VALUE, 3.0, at=0)
    fake.hand("key", {"key": "start"}, later(0))
    fake.hand("ln2", {"supply": False}, later(0))
    assert shown(fake, r.STATUS, at=1200) == r.Status.HOLDBACK


def test_a_ramp_may_be_given_by_its_time(fake: EurothermFreezer) -> None:
    """To -6 degC in 600 s is 1 K/min."""
    for offset, value in enumerate((r.Type.RAMP_TIME, -6.0, 600.0)):
        press(fake, r.block(2, 1) + offset, value, at=0)
    press(fake, r.PROGRAM, 2, at=0)
    fake.hand("key", {"key": "start"}, later(0))
    assert shown(fake, r.SEGMENT_TYPE, at=300) == r.Type.RAMP_TIME
    assert shown(fake, r.WORKING_SP, at=300) == pytest.approx(-1.0)


@pytest.mark.parametrize(
    ("register", "value"),
    [
        (r.TARGET_SP, 400.0),
        (r.block(1, 1) + r.SEG_TARGET, -300.0),
        (r.block(1, 1) + r.SEG_TYPE, r.Type.CALL),
        (r.PV, 4.0),
        (r.SP_HIGH, 100.0),
    ],
)
def test_a_value_that_is_not_allowed_changes_nothing(fake: EurothermFreezer, register: int, value: float) -> None:
    """Outside the limits, of an unknown kind, or read-only."""
    before = dict(fake.stored)
    with pytest.raises(Refusal):
        fake.put(register, value, later(0))
    assert fake.stored == before


def test_asking_twice_in_a_second_and_after_a_change_shows_the_change(fake: EurothermFreezer) -> None:
    """What is kept for the second is forgotten when a parameter or the plant is changed."""
    before = shown(fake, r.WORKING_SP, at=0)
    press(fake, r.TARGET_SP, 5.0, at=0)
    fake.hand("sensor", {"broken": True}, later(0))
    assert (before, shown(fake, r.WORKING_SP, at=0), shown(fake, r.SENSOR_BREAK, at=0)) == (4.0, 5.0, 1)


def test_an_unknown_key_is_named_with_those_there_are(fake: EurothermFreezer) -> None:
    """A script of persons is checked as it runs."""
    with pytest.raises(FailedError, match="start, go on, hold, reset"):
        fake.hand("key", {"key": "turbo"}, later(0))


def test_each_fake_can_be_built_from_a_seed_alone() -> None:
    """As ``fakes serve`` does; both answer in their own protocol."""
    assert build(1).feed(modbus.Read(1, r.STATUS, 1).frame, START)[1] == 3
    assert build_bisynch(1).feed(bisynch.Ask(1, "PC").frame, START) == bisynch.message("PC", "1")


def test_a_program_entered_at_the_panel_is_the_one_that_is_read() -> None:
    """The helper that enters programs for other tests says the same as the driver's encoder would."""
    controller = EurothermFreezer(World(1), "freezer")
    enter(controller, SHORT)
    kinds = [controller.stored[r.block(1, segment)] for segment in range(1, 6)]
    assert kinds == [r.Type.STEP, r.Type.DWELL, r.Type.RAMP_RATE, r.Type.STEP, r.Type.END]
