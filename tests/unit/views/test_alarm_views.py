"""The alarm list and the indicators: what comes first, and floods, chattering and stale alarms counted; s."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.gmp.plant.alarms import Alarm
from automation.kernel.quantity import Instant
from automation.ledger.read import Reader
from automation.views.alarm_indicators import CALM, MOST, WINDOW, Indicators, floods, indicators, lasting
from automation.views.alarm_list import Line, alarm_list
from automation.views.objects import Objects
from automation.views.stores import Stores
from tests.support.doors import SYSTEM, Doorway, doorway
from tests.unit.gmp.moves import RAISING

SEEN = {"comment": "seen it"}
DAY = 86_400.0

pytestmark = pytest.mark.requirement("F124", "F125")


@dataclass(frozen=True, slots=True)
class Board:
    """A site, and what its views show."""

    way: Doorway
    folder: Path

    def do(self, stream: str, command: str, body: Mapping[str, object] | None = None, *, by: str = SYSTEM) -> None:
        """Command one object."""
        self.way.do(stream, command, body, by=by)

    def go(self, seconds: float) -> None:
        """Let time pass."""
        self.way.clock.go(seconds)

    def raised(self, name: str, **said: object) -> None:
        """Raise an alarm."""
        self.do(f"alarm/{name}", "raise", {**RAISING, **said})

    @contextmanager
    def read(self) -> Iterator[Objects]:
        """Read the site as a view does."""
        self.way.ledger.flush()
        with Reader(self.folder) as reader:
            yield Objects(reader)

    def lines(self) -> list[Line]:
        """Give the alarm list."""
        with self.read() as objects:
            return alarm_list(objects, Stores({}), now=self.way.clock.now())

    def report(self) -> Indicators:
        """Give the indicators up to now."""
        with self.read() as objects:
            return indicators(objects, until=self.way.clock.now())


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Board]:
    """Open a simulated site."""
    with doorway(tmp_path) as made:
        yield Board(made, tmp_path)


def test_product_at_risk_comes_first_however_many_alarms_stand(board: Board) -> None:
    """A flood of high alarms does not hide the one that counts, nor is one of them dropped."""
    for number in range(30):
        board.raised(f"noise-{number}")
    board.raised("store-dry", priority="medium", product=True)
    found = board.lines()
    assert (found[0].id, found[0].risk, len(found)) == ("store-dry", "PRODUCT AT RISK, time left not known", 31)
    with board.read() as objects:
        assert lasting(objects, now=board.way.clock.now()) is not None


def test_of_two_batches_the_one_with_less_time_comes_first(board: Board) -> None:
    """The time left is that of the limit that runs, whatever the priority."""
    now = float(board.way.clock.now())
    for batch, minutes in (("B1", 40.0), ("B2", 5.0)):
        board.do(f"timer/{batch}-exposure", "start", {"what": "exposure", "batch": batch, "due": now + 60.0 * minutes})
    board.raised("one", batch="B1", priority="high")
    board.raised("two", batch="B2", priority="low")
    board.raised("three", priority="high")
    assert [(line.id, line.left) for line in board.lines()] == [
        ("two", "5 min 00 s left"),
        ("one", "40 min 00 s left"),
        ("three", ""),
    ]


def test_without_product_at_risk_the_priority_decides_and_then_the_time(board: Board) -> None:
    """Older ones first."""
    for name, priority in (("a", "low"), ("b", "high"), ("c", "medium"), ("d", "high")):
        board.raised(name, priority=priority)
        board.go(1.0)
    assert [line.id for line in board.lines()] == ["b", "d", "c", "a"]


def test_the_log_says_who_acted_when_and_with_which_comment(board: Board) -> None:
    """And whether it took longer than the time to respond."""
    board.raised("one", respond_within=60.0)
    board.go(90.0)
    board.do("alarm/one", "acknowledge", SEEN, by="perform")
    board.do("alarm/one", "clear")
    found = board.report()
    assert (found.log[0].acknowledged_by, found.log[0].comment, found.log[0].waited) == ("perform", "seen it", 90.0)
    assert found.log[0].cleared_at
    assert (found.late, found.median_to_acknowledge) == (1, 90.0)


def test_an_alarm_that_comes_three_times_in_a_minute_chatters(board: Board) -> None:
    """Twice is not enough."""
    for name, times in (("twice", 2), ("thrice", 3)):
        board.raised(name)
        for _ in range(times - 1):
            board.do(f"alarm/{name}", "clear")
            board.do(f"alarm/{name}", "again")
            board.go(20.0)
    assert board.report().chattering == ("thrice",)


def test_an_alarm_that_has_stood_for_a_day_is_stale(board: Board) -> None:
    """Also when somebody has acknowledged it."""
    board.raised("old")
    board.do("alarm/old", "acknowledge", SEEN, by="perform")
    board.raised("gone")
    board.do("alarm/gone", "clear")
    board.go(DAY + 1.0)
    board.raised("new")
    assert board.report().stale == ("old",)


def test_priorities_and_alarms_set_aside_are_counted(board: Board) -> None:
    """One of each, and one low more."""
    for name, priority in (("a", "low"), ("b", "low"), ("c", "medium"), ("d", "high")):
        board.raised(name, priority=priority)
    board.do("alarm/a", "suppress", {"by_design": "freeze.cooling"})
    found = board.report()
    assert found.priorities == {"low": 50.0, "medium": 25.0, "high": 25.0}
    assert found.aside == {"shelved": 0, "suppressed by design": 1, "out of service": 0}
    assert isinstance(board.way.door.find("alarm", "a"), Alarm)


def test_a_flood_begins_with_the_eleventh_alarm_and_ends_when_few_are_left() -> None:
    """Eleven in ten minutes; the seventh of them leaves the window 600 s after it came."""
    found = floods([1_000.0 + 10.0 * number for number in range(11)], end=9_000.0)
    assert [(flood.alarms, flood.seconds) for flood in found] == [(11, 1_660.0 - 1_100.0)]
    assert floods([1_000.0 + 10.0 * number for number in range(10)], end=9_000.0) == ()


@given(moments=st.lists(st.floats(min_value=1.0, max_value=20_000.0), max_size=80))
def test_whenever_more_than_ten_alarms_came_in_ten_minutes_it_is_a_flood(moments: list[float]) -> None:
    """By counting each window by hand; a flood that lasts has no end."""
    end = max(moments, default=0.0) + 10.0 * WINDOW
    crowded = any(sum(at - WINDOW < other <= at for other in moments) > MOST for at in moments)
    found = floods(moments, end=end)
    assert bool(found) is crowded
    assert all(flood.alarms > MOST and flood.seconds > 0.0 for flood in found)
    if moments:
        now = max(moments)
        recent = sum(now - WINDOW < other <= now for other in moments)
        lasting_now = floods(moments, end=float(Instant(now)))
        assert recent <= MOST or not lasting_now[-1].end
        assert recent >= CALM or not lasting_now or lasting_now[-1].end
