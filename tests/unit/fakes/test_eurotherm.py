"""The fake controller's parameters: what may be changed when, and what a person's hands do at its panel."""

import pytest

from automation.kernel.errors import FailedError
from automation.kernel.quantity import Instant, Seconds
from fakes.eurotherm import EurothermFreezer, build
from fakes.eurotherm_bisynch import build as build_bisynch
from fakes.eurotherm_controller import Refusal, Setup
from fakes.physics.programmer import State
from fakes.world import World, grid
from instruments.drivers.eurotherm.wire import bisynch
from instruments.drivers.eurotherm.wire import registers as r
from instruments.transport import modbus
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


def test_each_fake_can_be_built_alone_in_a_world() -> None:
    """As ``fakes serve`` does; both answer in their own protocol."""
    assert build(World(1), "freezer", {}).feed(modbus.Read(1, r.STATUS, count=1).frame, START)[1] == 3
    assert build_bisynch(World(1), "freezer", {}).feed(bisynch.Ask(1, "PC").frame, START) == bisynch.message("PC", "1")


def test_a_program_entered_at_the_panel_is_the_one_that_is_read() -> None:
    """The helper that enters programs for other tests says the same as the driver's encoder would."""
    controller = EurothermFreezer(World(1), "freezer")
    enter(controller, SHORT)
    kinds = [controller.stored[r.block(1, segment)] for segment in range(1, 6)]
    assert kinds == [r.Type.STEP, r.Type.DWELL, r.Type.RAMP_RATE, r.Type.STEP, r.Type.END]


@pytest.mark.parametrize(
    ("start", "count"),
    [(r.image(r.PV) + 1, 2), (r.image(r.PV), 3), (0, 1), (r.SETPOINTS + 1, 1)],
    ids=["odd address in the image", "half a parameter", "before the first", "after the last"],
)
def test_what_can_not_be_read_is_refused(fake: EurothermFreezer, start: int, count: int) -> None:
    """Exception 2, illegal data address."""
    assert fake.feed(modbus.Read(1, start, count=count).frame, later(0))[1:3] == bytes((0x83, 2))


def test_more_than_125_registers_are_refused(fake: EurothermFreezer) -> None:
    """Exception 3, illegal data value: the reply would not fit."""
    assert fake.feed(modbus.seal(bytes((1, 3, 0, 1, 0, 126))), later(0))[1:3] == bytes((0x83, 3))


def test_a_controller_may_refuse_to_read_across_gaps() -> None:
    """Whether a real one does is not documented; the driver needs it nowhere."""
    strict = EurothermFreezer(World(1), "freezer", setup=Setup(gaps=False))
    assert strict.feed(modbus.Read(1, 1, count=5).frame, START)[1] == 0x83


def test_function_4_reads_the_same_as_function_3_and_8_echoes(fake: EurothermFreezer) -> None:
    """As the handbook lists them."""
    three, four = (fake.feed(modbus.seal(bytes((1, code, 0, 2, 0, 1))), later(0)) for code in (3, 4))
    loopback = modbus.seal(bytes((1, 8, 0, 0, 0x12, 0x34)))
    assert three[2:5] == four[2:5]
    assert fake.feed(loopback, later(0)) == loopback


@pytest.mark.parametrize(
    ("register", "word", "stored"),
    [
        (r.block(1, 3) + r.SEG_TARGET, 0x10000 - 405, -40.5),
        (r.block(1, 3) + r.SEG_RATE, 15, 1.5),
        (r.block(1, 2) + r.SEG_RATE, 12, 720.0),
        (r.block(1) + r.HOLDBACK_VALUE, 35, 3.5),
        (r.block(1) + r.CYCLES, 2, 2.0),
    ],
    ids=["target", "rate", "dwell in minutes", "holdback value", "cycles"],
)
def test_program_words_are_scaled_and_read_back_as_written(
    fake: EurothermFreezer, register: int, word: int, stored: float
) -> None:
    """One decimal for temperatures and rates, whole minutes for times."""
    fake.feed(modbus.WriteOne(1, register, value=word).frame, later(0))
    assert fake.stored[register] == pytest.approx(stored)
    assert r.word(fake.feed(modbus.Read(1, register, count=1).frame, later(0)), 3) == word


@pytest.mark.parametrize(
    "write",
    [
        modbus.Write(1, r.image(r.TARGET_SP), data=bytes.fromhex("7fc00000")),
        modbus.Write(1, r.image(r.TARGET_SP), data=b"\x40\x80"),
    ],
    ids=["not a number", "half a number"],
)
def test_a_write_that_is_no_number_is_refused(fake: EurothermFreezer, write: modbus.Write) -> None:
    """The set point stays."""
    reply = fake.feed(write.frame, later(0))
    assert (reply[1], fake.chamber.programmer.target) == (0x90, 4.0)


def test_half_a_request_is_forgotten_after_a_pause(fake: EurothermFreezer) -> None:
    """Modbus RTU ends a frame by silence."""
    frame = modbus.Read(1, r.STATUS, count=1).frame
    assert fake.feed(frame[:5], later(0)) == b""
    assert fake.feed(frame, later(1))[:3] == bytes((1, 3, 2))


def test_without_power_there_is_silence() -> None:
    """In both protocols."""
    for fake, frame in (
        (build(World(1), "freezer", {}), modbus.Read(1, 1, count=1).frame),
        (build_bisynch(World(1), "freezer", {}), bisynch.Ask(1, "PV").frame),
    ):
        fake.hand("power", {"on": False}, START)
        assert fake.feed(frame, START) == b""


def test_a_dark_panel_has_no_keys(fake: EurothermFreezer) -> None:
    """Without power a person can't start anything either."""
    fake.hand("power", {"on": False}, later(0))
    with pytest.raises(FailedError, match="no power"):
        fake.hand("key", {"key": "start"}, later(1))


def test_an_unsound_or_unknown_setting_is_met_with_nak() -> None:
    """EE then holds a number."""
    fake = build_bisynch(World(1), "freezer", {})
    good = bisynch.Tell(1, "SL", text="4.0").frame
    for frame, error in ((good[:-1] + b"\x00", "2"), (bisynch.Tell(1, "ZZ", text="1").frame, "1")):
        assert fake.feed(frame, START) == bytes((bisynch.NAK,))
        assert fake.feed(bisynch.Ask(1, "EE").frame, START) == bisynch.message("EE", f">000{error}")
