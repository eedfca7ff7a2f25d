"""When a value is in alarm: limits, deadbands and delays as a fold; s, and the unit of the channel."""

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.formulas.alarming import Bound, Change, Condition, Side, look
from automation.kernel.quantity import Instant, Seconds

HOT = Bound(side=Side.ABOVE, limit=10.0, deadband=2.0, on_delay=Seconds(60.0), off_delay=Seconds(120.0))
LOW = Bound(side=Side.BELOW, limit=20.0, deadband=1.0)

Look = tuple[float, float | None]

pytestmark = pytest.mark.requirement("F124")


def fold(bound: Bound, looks: Sequence[Look]) -> list[Change]:
    """Give everything that changes over looks (s, value)."""
    condition, changes = Condition(), list[Change]()
    for at, value in looks:
        condition, found = look(bound, condition, value, at=Instant(at))
        changes += found
    return changes


def test_an_alarm_begins_when_its_value_has_been_beyond_the_limit_for_its_delay() -> None:
    """At the end of the delay, though the look that notices it comes later."""
    assert fold(HOT, [(0.0, 11.0), (45.0, 11.0), (90.0, 11.0)]) == [Change(on=True, at=Instant(60.0))]


def test_a_value_that_comes_back_within_the_delay_is_no_alarm() -> None:
    """And the next time the delay runs anew."""
    assert fold(HOT, [(0.0, 11.0), (50.0, 9.0), (55.0, 11.0), (110.0, 11.0)]) == []


def test_an_alarm_ends_only_behind_its_deadband_and_after_its_delay() -> None:
    """9 is inside the deadband, 8 is behind it."""
    looks = [(0.0, 11.0), (60.0, 9.0), (600.0, 8.0), (719.0, 8.0), (720.0, 8.0)]
    assert fold(HOT, looks) == [Change(on=True, at=Instant(60.0)), Change(on=False, at=Instant(720.0))]


@pytest.mark.parametrize(("value", "on"), [(20.0, False), (19.9, True), (20.9, True), (21.0, False)])
def test_a_low_alarm_without_delays_follows_its_limit_and_deadband_at_once(value: float, *, on: bool) -> None:
    """20.9 is beyond the limit on no side; the alarm that stands stays, and at 21.0 it ends."""
    looks: list[Look] = [(0.0, 19.0), (1.0, value)] if value != 20.0 else [(1.0, value)]
    changes = fold(LOW, looks)
    assert (changes[-1].on if changes else False) is on


def test_a_gap_never_ends_an_alarm() -> None:
    """The off-delay that ran begins anew with the next reading."""
    looks = [(0.0, 11.0), (60.0, 5.0), (100.0, None), (1000.0, None), (1001.0, 5.0), (1100.0, 5.0)]
    assert fold(HOT, looks) == [Change(on=True, at=Instant(60.0))]


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
def test_a_reading_that_is_no_number_neither_raises_nor_ends_an_alarm(broken: float) -> None:
    """It is a gap, whichever side of the limit it would compare to."""
    assert fold(HOT, [(0.0, broken), (100.0, broken)]) == []
    assert fold(HOT, [(0.0, 11.0), (60.0, 11.0), (70.0, broken), (9000.0, broken)]) == [
        Change(on=True, at=Instant(60.0))
    ]


def test_a_gap_does_not_save_from_an_alarm() -> None:
    """What was beyond the limit when it was last seen is taken to be there still."""
    assert fold(HOT, [(0.0, 11.0), (10.0, None), (70.0, None)]) == [Change(on=True, at=Instant(60.0))]


VALUES = st.one_of(st.none(), st.floats(min_value=0.0, max_value=25.0))
GAPS = st.floats(min_value=0.001, max_value=300.0)


@given(
    bound=st.sampled_from([HOT, LOW]),
    looks=st.lists(st.tuples(GAPS, VALUES), min_size=1, max_size=30),
    between=st.lists(st.floats(min_value=0.0, max_value=1.0, exclude_max=True), max_size=5),
)
def test_looking_more_often_changes_nothing(
    bound: Bound, looks: list[tuple[float, float | None]], between: list[float]
) -> None:
    """More looks at the same signal, which holds its value in between, give the same changes at the same moments."""
    at, once, often = 0.0, list[Look](), list[Look]()
    for gap, value in looks:
        once.append((at, value))
        often += [(at, value), *((at + share * gap, value) for share in sorted(between))]
        at += gap
    once.append((at, None))
    often.append((at, None))
    assert fold(bound, often) == fold(bound, once)


@given(looks=st.lists(st.tuples(GAPS, VALUES), max_size=30))
def test_changes_alternate_and_come_in_order(looks: list[tuple[float, float | None]]) -> None:
    """On, off, on: whatever the signal does."""
    moments = [sum(gap for gap, _ in looks[:number]) for number in range(len(looks))]
    changes = fold(HOT, [(at, value) for at, (_, value) in zip(moments, looks, strict=True)])
    assert [change.on for change in changes] == [number % 2 == 0 for number in range(len(changes))]
    assert [change.at for change in changes] == sorted(change.at for change in changes)
