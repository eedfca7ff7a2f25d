"""The fixed part of the storms: a few seeds over both sites and recipes, and proof that a planted bug is caught.

``make storm`` blows as many seeds as are asked for, and ``python -m tests.storms.planting`` plants every bug.
"""

import pytest

from fakes.faults import Fault, FaultKind
from tests.storms.__main__ import Where, storm, under
from tests.storms.planting import PATCHES, caught, read
from tests.storms.weather import read as plan_of
from tests.storms.weather import written

SEEDS = {("a", "freeze-day"): 3, ("b", "freeze-day"): 6, ("a", "final-day"): 2, ("b", "final-day"): 4}
SHARE = 0.01
PLANTED = "repeats-what-is-in-doubt"


@pytest.mark.sweep
@pytest.mark.requirement("C01.2", "C01.3")
@pytest.mark.parametrize(
    ("site", "recipe", "seed"), [(*where, n) for where, count in SEEDS.items() for n in range(count)]
)
def test_in_a_storm_every_invariant_holds(site: str, recipe: str, seed: int) -> None:
    """The batch ends, nothing is done twice, nothing is hidden, and the record is the fold of its events."""
    found = storm(seed, where=Where(site, recipe), share=SHARE)
    assert (found.broken, written(found.plan)) == ((), written(found.plan))


@pytest.mark.sweep
def test_a_storm_notices_a_planted_bug() -> None:
    """An invariant that nothing can break proves nothing."""
    assert caught(read(PATCHES / f"{PLANTED}.patch")) == ""


def test_a_plan_is_replayed_as_it_was_written() -> None:
    """The command that is printed for a broken invariant gives the same faults."""
    plan = (Fault("crf-01", 120, FaultKind.LOSE_REPLY), Fault("scanner-01", 3, FaultKind.NOISE))
    assert plan_of(written(plan)) == plan


def test_a_fault_in_an_exchange_that_never_comes_changes_nothing() -> None:
    """A plan names its exchanges; one that is not reached leaves the batch as it was."""
    assert under((Fault("crf-01", 10**6, FaultKind.LOSE_REPLY),), Where("a", "freeze-day")) == []
