"""A rotor in closed form: up, at speed, down, and what trips it; 1/min, s, g."""

import pytest

from automation.kernel.quantity import Instant, Seconds
from fakes.hettich_460r import build
from fakes.physics.rotor import HARDEST, UP, Turning, trips_at
from fakes.world import World

START = Instant(1_000.0)
SPIN = Turning(START, 1800.0, START + Seconds(600.0), 9)

pytestmark = pytest.mark.requirement("F013")


def test_it_speeds_up_stays_and_brakes() -> None:
    """Constant rates; the speed is what it was set to in between."""
    assert SPIN.at(START + Seconds(10.0)) == pytest.approx(10.0 * UP)
    assert SPIN.at(SPIN.reached_at) == SPIN.at(SPIN.brakes_at) == 1800.0
    assert SPIN.at(SPIN.brakes_at + Seconds(10.0)) == pytest.approx(1800.0 - 10.0 * HARDEST)
    assert SPIN.at(SPIN.stands_at) == pytest.approx(0.0, abs=1e-9)


def test_a_spin_that_is_ended_early_brakes_from_the_speed_that_it_has() -> None:
    """Half way up; ending it again changes nothing."""
    early = SPIN.ended(START + Seconds(20.0), brake=0)
    assert early.at(START + Seconds(20.0)) == pytest.approx(900.0)
    assert early.stands_at > SPIN.ended(START + Seconds(20.0), brake=9).stands_at
    assert early.ended(START + Seconds(30.0), brake=9) == early
    assert early.pressed(force=1000.0) == 0.0


def test_force_times_time_counts_from_when_the_speed_is_there() -> None:
    """40 s up, 560 s at speed."""
    assert SPIN.pressed(force=600.0) == pytest.approx(600.0 * 560.0 / 60.0)


@pytest.mark.parametrize(("differ", "trips"), [(0.0, False), (5.0, False), (90.0, False), (150.0, True)])
def test_the_more_it_is_out_of_balance_the_earlier_it_trips(differ: float, *, trips: bool) -> None:
    """It presses with the square of the speed: 15 g at 4600, 98 g at 1800."""
    at = trips_at(SPIN, differ=differ, tolerated=15.0, fastest=4600.0)
    assert (at is not None and at < SPIN.reached_at) is trips


def test_a_centrifuge_set_to_no_speed_refuses_to_start() -> None:
    """Nothing turns, and the count of starts stays."""
    fake = build(World(1), "centrifuge", {})
    said = [fake.feed(telegram, START) for telegram in (b"\x04]\x0200522=0001\x03\n", b"\x04]\x0200633=0002\x03\n")]
    assert said == [b"]\x06", b"]\x15"]
    assert fake.acts["start"] == 0
