"""Freezing and thawing kill some of the cells, once, and more of them when it is done badly; donors differ in pace."""

from dataclasses import replace

import pytest

from automation.kernel.quantity import Cells, Celsius, Instant, Millilitres
from fakes.contents import filled
from fakes.physics.trace import Constant
from fakes.world import Container, World

START = 1_767_600_000.0
TAKES = {"water bath": 600.0, "bench": 3600.0}  # s, until all ice is gone for certain
LIVE, DEAD = 9.0e8, 1.0e8


def later(seconds: float) -> Instant:
    """Give a moment of the test."""
    return Instant(START + seconds)


def world_with_bag(*, ice: float = -8.0) -> World:
    """Give a world with a cold bag of cells in 10 % DMSO, in which ice forms at ``ice`` (degC)."""
    world = World(1)
    contents = filled(Millilitres(20.0), live=Cells(LIVE), dead=Cells(DEAD), dmso=0.1)
    world.add(Container("bag", "bag20", contents=contents), place="fridge", at=Celsius(4.0), now=later(0))
    world.nucleates("bag", at=Celsius(ice))
    return world


def freeze_slowly(world: World) -> float:
    """Cool the air by 1 K/min to -90 degC; gives when that is done (s)."""
    world.add_place("chamber", Constant(4.0))
    world.move("bag", to="chamber", now=later(0))
    for minute in range(95):
        world.change_place("chamber", Constant(4.0 - minute), now=later(60.0 * minute))
    return 60.0 * 95


def thawed(world: World, at: float, *, place: str = "water bath") -> float:
    """Thaw at a place; gives the share of the live cells that live on."""
    world.move("bag", to=place, now=later(at))
    world.age("bag", later(at + TAKES[place]))
    contents = world.container("bag").contents
    assert float(contents.cells) == pytest.approx(LIVE + DEAD)
    return float(contents.live) / LIVE


@pytest.mark.requirement("F092")
def test_nine_of_ten_cells_survive_a_slow_freezing_however_it_is_thawed() -> None:
    """0.92 by design, and 2 % of spread, less what up to an hour in DMSO takes."""
    for place in ("water bath", "bench"):
        world = world_with_bag()
        assert thawed(world, freeze_slowly(world), place=place) == pytest.approx(0.88, abs=0.06)


@pytest.mark.requirement("F092")
def test_fast_freezing_costs_cells_only_where_the_thaw_is_slow() -> None:
    """As published: at 1 K/min the rate of warming does not matter, at 10 K/min it does."""
    shares = {}
    for place in ("water bath", "bench"):
        world = world_with_bag()
        world.move("bag", to="storage", now=later(0))
        shares[place] = thawed(world, 7200.0, place=place)
    assert shares["bench"] < 0.87 * shares["water bath"]


@pytest.mark.requirement("F092")
def test_ice_that_forms_too_deep_costs_cells() -> None:
    """A tenth of them below -15 degC."""
    deep, usual = world_with_bag(ice=-18.0), world_with_bag()
    assert thawed(deep, freeze_slowly(deep)) == pytest.approx(0.9 * thawed(usual, freeze_slowly(usual)), rel=0.02)


def test_a_thaw_is_counted_once_and_looking_changes_nothing() -> None:
    """Looked at every minute, or at the end alone: the same cells are dead."""
    often, seldom = world_with_bag(), world_with_bag()
    for world in (often, seldom):
        freeze_slowly(world)
        world.move("bag", to="fridge", now=later(6000))
    for second in range(6060, 20_000, 60):
        often.holds("bag", later(second))
    ends = [world.holds("bag", later(20_000)) for world in (often, seldom)]
    assert ends[0] == ends[1]
    often.age("bag", later(20_000))
    often.age("bag", later(20_001))
    assert float(often.container("bag").contents.live) == pytest.approx(float(ends[0].live), rel=1e-5)


def grown(seed: int) -> float:
    """Give how many times more stimulated cells there are after five days in the warm."""
    world = World(seed)
    cells = replace(filled(Millilitres(500.0), live=Cells(1e8)), subsets={"CD3+": 1e8}, particles={"beads": 3e8})
    world.add_place("incubator", Constant(37.0))
    world.add(Container("bag", "bag3000", contents=cells), place="incubator", at=Celsius(37.0), now=later(0))
    return float(world.holds("bag", later(5 * 86_400.0)).live) / 1e8


def test_donors_cells_grow_at_their_own_pace_and_within_what_is_published() -> None:
    """Doubling times between 20 and 30 h, so folds between seeds differ by less than those would allow."""
    folds = [grown(seed) for seed in range(1, 21)]
    slowest, quickest = ((2.0 ** (84.0 / hours)) for hours in (30.0, 20.0))  # from 36 h on
    assert len(set(folds)) == len(folds)
    assert 0.7 * slowest < min(folds) < max(folds) < quickest  # crowded cells are slower than their doubling time
