"""A harvest that is more than one load of the washer, whole runs: each load has its own kit and accounts."""

from functools import cache
from pathlib import Path

import pytest

from fakes.world import World
from tests.plant.kills import faults
from tests.support.changed import recipe_with
from tests.support.crash import at_appends, resumed
from tests.support.runs import BATCH, Hook, Run, make_site, plant_of, run_batch

RECIPE = "wash-loads"
LOADS = ("wash", "wash-2")

pytestmark = pytest.mark.requirement("F016")


def washed(folder: Path, *hooks: Hook, changes: tuple[tuple[str, str], ...] = (), site: str = "a") -> Run:
    """Run the recipe at a new site, with changes of its text."""
    recipe = recipe_with(folder, RECIPE, *changes) if changes else RECIPE
    return run_batch(make_site(folder / "site", site), *hooks, recipe=recipe)


@cache
def undisturbed(folder: Path) -> tuple[Run, World]:
    """Run it once with nothing going wrong."""
    worlds: list[World] = []
    return washed(folder, lambda site: worlds.append(plant_of(site).world)), worlds[0]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, World]:
    """Give the undisturbed run and its world."""
    return undisturbed(tmp_path_factory.mktemp("loads"))


def number(run: Run, step: str, result: str) -> float:
    """Give a result as a number."""
    return float(str(run.step(step).results[result]))


def test_four_hundred_ml_are_washed_in_two_loads_with_a_kit_each(good: tuple[Run, World]) -> None:
    """Half of it in each; another kit, another bag, and the batch is done."""
    run, _ = good
    assert (run.state, run.deviations()) == ("closed", [])
    assert run.step("portion").results["loads"] == 2
    assert [run.step(one).results["product"] for one in LOADS] == [f"{BATCH}-W", f"{BATCH}-W2"]
    assert len({run.step(one).results["kit"] for one in LOADS}) == 2


@pytest.mark.requirement("F024")
def test_the_accounts_of_every_load_close_and_together_are_those_of_the_harvest(good: tuple[Run, World]) -> None:
    """In by weight of each load is what was shared out; out of all of them is what is in the pool."""
    run, world = good
    for one in LOADS:
        assert abs(number(run, one, "unaccounted")) <= number(run, one, "unaccounted_expanded")
    came_in = sum(number(run, one, "volume_in") for one in LOADS)
    assert came_in == pytest.approx(number(run, "portion", "volume"), rel=0.03)  # some 5 mL stay in each bag
    came_out = sum(number(run, one, "volume_out") for one in LOADS)
    assert number(run, "pool", "volume") == pytest.approx(came_out, rel=0.01)
    assert float(world.container(f"{BATCH}-P").contents.volume) == pytest.approx(came_out - 0.2, rel=0.02)


@pytest.mark.requirement("F022")
def test_every_load_has_its_parents_without_a_gap(good: tuple[Run, World]) -> None:
    """Washed cells, their load, the harvest."""
    run, _ = good
    parents = {name: getattr(run.things[f"container/{BATCH}-{name}"], "parent", "") for name in ("W", "W2", "L1", "L2")}
    assert parents == {"W": f"{BATCH}-L1", "W2": f"{BATCH}-L2", "L1": "HARV-0001", "L2": "HARV-0001"}


@pytest.mark.requirement("F016", refuses=True)
def test_more_loads_than_are_allowed_are_refused_before_anything_is_opened(tmp_path: Path) -> None:
    """400 mL in loads of 100 mL are four; three are allowed."""
    run = washed(tmp_path, changes=(("load_most: 250 mL", "load_most: 100 mL"),))
    assert run.step("portion").state == "not possible"
    assert "are 4 loads of 100 mL at most; 3 allowed" in str(run.step("portion").results["why"])


def test_a_pool_that_its_bag_does_not_take_is_refused(tmp_path: Path) -> None:
    """Both loads stay closed in their bags, and people decide."""
    run = washed(tmp_path, changes=(("volume_most: 150 mL", "volume_most: 30 mL"),))
    assert run.step("pool").state == "not possible"
    states = {getattr(run.things[f"container/{BATCH}-{one}"], "state", "") for one in ("W", "W2")}
    assert states == {"in process"}


@pytest.mark.requirement("C01.2")
def test_killed_between_two_loads_each_is_washed_once(tmp_path: Path) -> None:
    """The first load is over, the second has not begun: it ends as undisturbed."""
    whole, kept = at_appends(
        make_site(tmp_path / "site"),
        tmp_path / "kept",
        lambda event: event.stream == f"batch/{BATCH}/step/wash-2" and event.kind == "bound",
        recipe=RECIPE,
    )
    assert [faults(resumed(kept, one), whole) for one in kept.moments] == [[]]
