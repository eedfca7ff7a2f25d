"""Cells in culture: what grows, what it eats, what a vector does, and that looking changes nothing; h, cells, g."""

import math
from dataclasses import replace

import pytest

from automation.kernel.quantity import Cells, Celsius, Instant, Millilitres, Seconds
from fakes.contents import Contents, filled
from fakes.physics.culture import COATED, SPUN, STIMULI, Growth, lived
from fakes.physics.trace import Constant
from fakes.world import Container, World

pytestmark = pytest.mark.requirement("F014", "C07")

START = Instant(1_000_000.0)
HOUR, DAY = 3600.0, 86_400.0


def after(hours: float) -> Instant:
    """Give a moment so many hours after the start."""
    return START + Seconds(hours * HOUR)


def culture(volume: float = 1167.0, *, glucose: float = 100.0, beads: float = 3e8) -> Contents:
    """Give 1e8 T cells in medium."""
    some = filled(Millilitres(volume), live=Cells(1e8), dead=Cells(2e6), density=1.0)
    particles = {"beads": beads} if beads else {}
    subsets = {"CD3+CD4+": 6e7, "CD3+CD8+": 4e7}
    return replace(some, subsets=subsets, solutes={"glucose": glucose}, particles=particles)


def warm_world(contents: Contents, *, at: float = 37.0) -> World:
    """Give a world with one culture in an incubator."""
    world = World(1)
    world.add_place("incubator", Constant(at))
    world.add(Container("C", "bag3000", contents=contents), place="incubator", at=Celsius(at), now=START)
    return world


def test_a_stimulated_culture_grows_thirtyfold_in_ten_to_twelve_days() -> None:
    """From 1e8 to a limit of 3.5e9 cells: the usual course of a 13-day process."""
    world = warm_world(culture())
    course = {day: float(world.holds("C", after(24.0 * day)).live) / 1e8 for day in (2, 6, 10, 12)}
    assert 0.85 < course[2] < 1.3
    assert 8.0 < course[6] < 20.0
    assert 24.0 < course[10] < 34.0
    assert 30.0 < course[12] < 35.0


def test_without_a_stimulus_or_warmth_nothing_grows() -> None:
    """Cells that rest in the incubator die slowly; those in a cold place do nothing that a culture does."""
    resting, cold = warm_world(culture(beads=0.0)), warm_world(culture(), at=4.0)
    assert 0.7e8 < float(resting.holds("C", after(96.0)).live) < 1e8
    assert cold.holds("C", after(96.0)).live == Cells(1e8)


def test_viability_dips_after_activation_and_recovers() -> None:
    """Some tenth dies in the lag; growth outruns death later."""
    world = warm_world(culture())
    seen = [world.holds("C", after(hours)).viability for hours in (0.0, 36.0, 144.0)]
    assert seen[0] > 0.97
    assert 0.85 < seen[1] < 0.93
    assert seen[2] > seen[1] + 0.03


def test_growth_stops_when_the_glucose_is_eaten() -> None:
    """With a tenth of the glucose the culture starves; lactate is 1.7 mol for each mol."""
    poor, rich = warm_world(culture(glucose=0.3)), warm_world(culture())
    starved = poor.holds("C", after(240.0))
    assert float(starved.live) < float(rich.holds("C", after(240.0)).live) / 4.0
    assert starved.solutes["glucose"] == pytest.approx(0.0, abs=1e-9)
    assert starved.solutes["lactate"] == pytest.approx(0.3 * 1.7 * 90.08 / 180.16, rel=1e-6)


@pytest.mark.parametrize("glucose", [0.05, 0.3, 100.0])
def test_a_stretch_cut_in_pieces_gives_the_same_as_one(glucose: float) -> None:
    """Through lag, growth and hunger."""
    growth = Growth(STIMULI["beads"], START)
    whole = lived(culture(glucose=glucose), growth, since=START, until=after(240.0), densest=3e6)
    parts = culture(glucose=glucose)
    for hour in range(0, 240, 5):
        parts = lived(parts, growth, since=after(hour), until=after(hour + 5), densest=3e6)
    assert float(parts.live) == pytest.approx(float(whole.live), rel=1e-6)
    assert float(parts.dead) == pytest.approx(float(whole.dead), rel=1e-5)
    assert parts.solutes["glucose"] == pytest.approx(whole.solutes["glucose"], abs=1e-9)


def test_looking_changes_nothing() -> None:
    """Who looks every hour finds bit for bit what one finds who looks once."""
    often, once = warm_world(culture()), warm_world(culture())
    for hour in range(200):
        often.holds("C", after(hour))
    assert often.holds("C", after(200.0)) == once.holds("C", after(200.0))


def test_what_a_culture_makes_is_counted() -> None:
    """All cells of the world less those made are those that were brought; subsets stay the live cells."""
    world = warm_world(culture())
    world.add(Container("D", "bag3000"), place="incubator", at=Celsius(37.0), now=START)
    world.pour("C", "D", volume=Millilitres(500.0), now=after(120.0))
    world.age("C", after(200.0))
    world.age("D", after(200.0))
    balance = world.total() - world.made
    assert float(balance.cells) == pytest.approx(1.02e8, rel=1e-9)
    assert balance.solutes["glucose"] == pytest.approx(100.0, rel=1e-9)
    assert sum(world.total().subsets.values()) == pytest.approx(float(world.total().live), rel=1e-9)


def test_cells_poured_into_another_bag_go_on_growing_without_a_new_lag() -> None:
    """Activation is not forgotten by moving the cells."""
    world = warm_world(culture())
    world.add(Container("D", "bag3000"), place="incubator", at=Celsius(37.0), now=START)
    world.pour("C", "D", volume=Millilitres(500.0), now=after(120.0))
    before, later = world.holds("D", after(120.0)), world.holds("D", after(146.0))
    assert 1.6 < float(later.live) / float(before.live) < 2.1


@pytest.mark.requirement("F013")
@pytest.mark.parametrize(("factor", "low", "high"), [(1.0, 8.0, 12.0), (SPUN, 18.0, 24.0), (SPUN * COATED, 58.0, 68.0)])
def test_a_vector_marks_the_published_share_of_cells(factor: float, low: float, high: float) -> None:
    """MOI 5: 10 % static, 21 % spun, 63 % spun in a coated vessel (published for one process)."""
    some = culture()
    world = warm_world(replace(some, particles={**some.particles, "vector": 5e8}))
    world.enhance("C", factor)
    world.age("C", after(24.0))
    now = world.holds("C", after(24.0))
    carrying = sum(n for name, n in now.subsets.items() if name.endswith("CAR+"))
    assert low < 100.0 * carrying / float(now.live) < high
    assert now.particles["vector"] == pytest.approx(5e8 * math.exp(-4.0))
