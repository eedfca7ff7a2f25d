"""The store's physics against hand calculation; L, %, degC, s."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.kernel.quantity import Instant
from fakes.physics.dewar import DAY, LIQUID, ROOM, WARM, Build, Dewar

BUILD = Build()

pytestmark = pytest.mark.requirement("C07", "F030")


def dewar(level: float = 50.0, *, automatic: bool = True) -> Dewar:
    """Make a store at moment 0."""
    made = Dewar(BUILD, level=level, now=Instant(0.0))
    made.automatic = automatic
    return made


def at(days: float) -> Instant:
    """Give a moment."""
    return Instant(days * DAY)


def test_a_closed_store_loses_its_boil_off() -> None:
    """5 L a day of 100 L are 5 % a day."""
    assert dewar().level(at(2.0)) == pytest.approx(40.0)


def test_the_controller_fills_between_its_two_levels() -> None:
    """At 30 % after four days; 30 L at 1.5 L/min less the boil-off take a little more than 20 min."""
    store = dewar()
    assert store.level(at(4.0)) == pytest.approx(30.0)
    assert store.filling
    minutes = 30.0 / (1.5 - 5.0 / 1440.0)
    assert store.level(Instant(4.0 * DAY + minutes * 60.0)) == pytest.approx(60.0)
    assert not store.filling


def test_a_supply_that_ends_leaves_the_fill_alarm() -> None:
    """10 L come; then the fill is given up after its longest time."""
    store = dewar(30.0)
    store.change(Instant(1.0))
    store.supply = 10.0
    store.settle()
    assert store.level(Instant(500.0)) == pytest.approx(40.0, abs=0.1)
    store.until(Instant(3_700.0))
    assert (store.fill_alarm, store.filling) == (True, False)


def test_without_power_the_store_runs_dry_and_then_warms_to_the_room() -> None:
    """Ten days of liquid, then the time constant of a dry store."""
    store = dewar()
    store.powered = False
    store.settle()
    assert store.level(at(10.0)) == pytest.approx(0.0, abs=1e-9)
    steady = LIQUID + 0.2 * 45.0
    warmed = steady + (ROOM - LIQUID) * (1.0 - math.exp(-3_600.0 / WARM))
    assert store.temperature("b", Instant(10.0 * DAY + 3_600.0)) == pytest.approx(warmed, abs=0.01)
    assert store.temperature("a", at(60.0)) == ROOM


def test_an_open_lid_warms_the_top_first_and_empties_faster() -> None:
    """Closed again, the vapour cools down."""
    store = dewar()
    store.change(Instant(0.0))
    store.lid_open = True
    store.settle()
    half = Instant(1_800.0)
    assert store.temperature("a", half) > store.temperature("b", half) + 10.0
    store.change(half)
    store.lid_open = False
    store.settle()
    assert store.temperature("a", Instant(9_000.0)) < store.temperature("a", half) - 30.0


def test_a_valve_that_sticks_open_fills_to_the_brim_and_no_further() -> None:
    """Whatever the controller wants."""
    store = dewar()
    store.stuck = True
    store.settle()
    assert store.level(at(1.0)) == pytest.approx(100.0)


@given(moments=st.lists(st.floats(min_value=0.0, max_value=30.0 * DAY), max_size=30), supply=st.floats(0.0, 100.0))
def test_asking_in_between_changes_no_later_reading(moments: list[float], supply: float) -> None:
    """To the last bit, over a month of fills."""
    asked, quiet = dewar(), dewar()
    for store in (asked, quiet):
        store.supply = supply
    for moment in sorted(moments):
        asked.temperature("a", Instant(moment))
    end = Instant(30.0 * DAY)
    assert (asked.level(end), asked.temperature("a", end)) == (quiet.level(end), quiet.temperature("a", end))


@given(hours=st.lists(st.floats(min_value=0.0, max_value=1000.0), min_size=2, max_size=50))
def test_the_level_stays_between_empty_and_full(hours: list[float]) -> None:
    """And moves no faster than the valve."""
    store = dewar(95.0)
    levels = [(hour, store.level(Instant(hour * 3600.0))) for hour in sorted(hours)]
    assert all(0.0 <= level <= 100.0 for _, level in levels)
    assert all(abs(b - a) <= 90.0 * (late - early) + 1e-6 for (early, a), (late, b) in pairwise(levels))
