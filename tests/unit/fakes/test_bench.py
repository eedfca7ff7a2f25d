"""A person's hands at the bench; units mL."""

import pytest

from automation.kernel.errors import FailedError
from automation.kernel.quantity import Cells, Celsius, Instant, Millilitres
from fakes.bench import Bench
from fakes.contents import filled
from fakes.world import Container, World

pytestmark = pytest.mark.requirement("C07")

START, LATER = Instant(1_000_000.0), Instant(1_003_600.0)


@pytest.fixture
def bench() -> Bench:
    """Give hands at a bench with a bag of 20 mL."""
    world = World(1)
    contents = filled(Millilitres(20.0), live=Cells(2e8))
    world.add(Container("bag", "bag50", contents=contents), place="bench", at=Celsius(22.0), now=START)
    made = Bench(world)
    made.hand("new", {"container": "vial", "kind": "vial"}, START)
    return made


def of(bench: Bench, name: str) -> tuple[float, float]:
    """Give volume and cells of a container."""
    held = bench.world.container(name).contents
    return float(held.volume), float(held.cells)


def test_a_volume_is_poured_and_all_without_one(bench: Bench) -> None:
    """Cells go with it."""
    bench.hand("new", {"container": "other", "kind": "bag50"}, START)
    bench.hand("pour", {"source": "bag", "dest": "vial", "volume": 1.0}, START)
    assert of(bench, "vial") == pytest.approx((1.0, 1e7))
    bench.hand("pour", {"source": "bag", "dest": "other"}, START)
    assert of(bench, "other") == pytest.approx((19.0, 1.9e8))
    assert of(bench, "bag") == pytest.approx((0.0, 0.0), abs=1e-6)


def test_at_most_what_is_there_is_poured(bench: Bench) -> None:
    """Hands say what they mean to pour without looking, so that after a restart they say the same, and it is done."""
    bench.hand("new", {"container": "other", "kind": "bag50"}, START)
    bench.hand("pour", {"source": "bag", "dest": "other", "volume": 21.0}, START)
    assert of(bench, "other") == pytest.approx((20.0, 2e8))


def test_a_sample_off_the_top_of_a_bag_that_rested_is_poor_until_it_is_mixed(bench: Bench) -> None:
    """At the top an hour of rest leaves about six tenths of the cells."""
    bench.hand("sample", {"container": "A", "source": "bag", "volume": 0.5, "settled": True}, LATER)
    bench.hand("mix", {"container": "bag"}, LATER)
    bench.hand("sample", {"container": "B", "source": "bag", "volume": 0.5, "settled": True}, LATER)
    assert of(bench, "A")[1] < 0.62 * 5e6
    assert of(bench, "B")[1] > 5e6


@pytest.mark.parametrize(
    ("action", "details", "why"),
    [
        ("dance", {}, "action is 'dance'"),
        ("pour", {"source": "bag", "dest": "vial", "volume": 3.0}, "room for 2.3 mL"),
        ("pour", {"source": "bag", "dest": "moon", "volume": 1.0}, "container is 'moon'"),
        ("pour", {"source": "bag", "dest": "vial", "volume": -1.0}, "volume is -1"),
        ("pour", {"source": "bag", "dest": "vial", "volume": "much"}, "volume is 'much'"),
        ("new", {"container": "bag", "kind": "bag50"}, "in the world already"),
        ("new", {"container": "x", "kind": "box"}, "kind is 'box'"),
        ("move", {"container": "bag", "to": "moon"}, "place is 'moon'"),
    ],
)
def test_what_cannot_be_done_is_named_and_changes_nothing(
    bench: Bench, action: str, details: dict[str, object], why: str
) -> None:
    """Unknown actions, things and places, and what does not go in."""
    before = bench.world.total()
    with pytest.raises(FailedError, match=why):
        bench.hand(action, details, START)
    assert bench.world.total() == before


def test_a_bench_says_nothing(bench: Bench) -> None:
    """It has no link."""
    assert bench.feed(b"hello", START) == bench.unasked(LATER) == b""
    assert bench.due(START) is None
