"""Particles in the air of a room: Poisson counts by grade, doors, and nothing that depends on who looks; per m3, s."""

import math

import pytest

from automation.kernel.quantity import Instant, Litres
from fakes.lighthouse import FakeLighthouse, build
from fakes.physics.air import AT_REST, DOOR, LIMITS, RECOVERY, Air, poisson
from fakes.world import World

NOW = Instant(1_780_000_000.0)

pytestmark = pytest.mark.requirement("C07")


@pytest.mark.parametrize("mean", [0.3, 4.0, 200.0])
def test_a_poisson_number_has_its_mean_as_variance(mean: float) -> None:
    """Of small means and of large ones, over 3000 draws."""
    drawn = [poisson(mean, 1, "draw", at) for at in range(3000)]
    average = sum(drawn) / len(drawn)
    variance = sum((one - average) ** 2 for one in drawn) / len(drawn)
    assert average == pytest.approx(mean, abs=5 * math.sqrt(mean / 3000))
    assert variance == pytest.approx(mean, rel=0.15)


@pytest.mark.parametrize("grade", LIMITS)
def test_a_room_in_order_keeps_the_limit_of_its_grade(grade: str) -> None:
    """At rest, for 0.5 um as for 5 um."""
    air = Air(grade)
    assert air.mean(0.5, start=0.0, end=60.0) == pytest.approx(AT_REST[grade] * LIMITS[grade])
    assert air.mean(5.0, start=0.0, end=60.0) < air.mean(0.5, start=0.0, end=60.0) / 100.0


def test_a_door_adds_particles_that_are_thinned_out_to_a_hundredth_in_a_quarter_of_an_hour() -> None:
    """Mean over a short while, right after it and 15 min later."""
    air, at = Air("C"), float(NOW)
    rest = air.mean(0.5, start=at, end=at + 1.0)
    air.door(NOW)
    added = [air.mean(0.5, start=start, end=start + 1.0) - rest for start in (at, at + 900.0)]
    assert added[0] == pytest.approx(DOOR["C"] * LIMITS["C"], rel=0.01)
    assert added[1] == pytest.approx(added[0] / 100.0)
    assert air.mean(0.5, start=at - 60.0, end=at) == rest


def test_the_mean_over_a_while_is_that_of_its_parts() -> None:
    """In closed form: ten minutes are twice five."""
    air, at = Air("B"), float(NOW)
    air.door(NOW)
    parts = [air.mean(0.5, start=at + start, end=at + start + 300.0) for start in (0.0, 300.0)]
    assert air.mean(0.5, start=at, end=at + 600.0) == pytest.approx(sum(parts) / 2.0)
    assert pytest.approx(195.4, abs=0.1) == RECOVERY


def test_what_is_expected_is_by_size_range_and_volume() -> None:
    """Twice the air holds twice the particles; the ranges add up to what is at least 0.5 um."""
    air = Air("D")
    once, twice = (air.expected((0.5, 5.0), Litres(volume), start=0.0, end=60.0) for volume in (28.3, 56.6))
    assert twice == pytest.approx([2.0 * one for one in once])
    assert sum(once) == pytest.approx(air.mean(0.5, start=0.0, end=60.0) * 0.0283)


def counted(*looks: float) -> list[tuple[int, ...]]:
    """Let a counter sample for ten minutes and be looked at after these seconds; give its counts."""
    fake: FakeLighthouse = build(World(7), "counter", {"grade": "C"})
    fake.hand("start", {}, NOW)
    for after in (*looks, 600.0):
        fake.feed(b"", Instant(float(NOW) + after))
    return [one.counts for one in fake._records]  # noqa: SLF001  what is on record, whoever reads it


def test_looking_changes_no_count() -> None:
    """Asked once in the end, or every second."""
    assert counted() == counted(*map(float, range(600)))
    assert len(counted()) == 9


def test_the_buffer_keeps_its_newest_records() -> None:
    """A year of samples: 3000 are kept, and nothing takes long."""
    fake: FakeLighthouse = build(World(7), "counter", {})
    fake.hand("start", {}, NOW)
    fake.feed(b"", Instant(float(NOW) + 365 * 86_400.0))
    assert len(fake._records) == 3000  # noqa: SLF001  as above
