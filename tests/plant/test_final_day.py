"""The final day on both simulated sites: the same recipe, whatever drives, watches or does the work by hand."""

from pathlib import Path

import pytest

from automation.bootstrap import Way, begins, open_site, read_site
from automation.engine.issue import Order, issue
from automation.engine.recipe.load import load
from automation.gmp.product.containers import Container
from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.errors import InputError
from automation.ledger.verify import verify
from tests.support.runs import BATCH, make_site, run_batch

STEPS = ("receive", "count", "wash", "count-washed", "formulate", "fill", "freeze", "store")
ENDS = ("accepted", "counted", "washed", "counted", "formulated", "filled", "frozen", "stored")


@pytest.mark.requirement("F016", "F048", "F119", "C02")
@pytest.mark.parametrize("site", ["a", "b"])
def test_a_harvest_is_washed_formulated_filled_frozen_and_stored(tmp_path: Path, site: str) -> None:
    """Every step ends well without a deviation; what was filled stands in the store, what was on the way is emptied."""
    run = run_batch(make_site(tmp_path, site), recipe="final-day")
    assert run.state == "closed"
    assert tuple(run.step(name).state for name in STEPS) == ENDS
    assert run.deviations() == []
    ours = [c for c in run.things.values() if isinstance(c, Container) and c.batch == BATCH]
    stored = sorted(one.id for one in ours if one.state == "stored")
    assert stored == [f"{BATCH}-0{n}" for n in (1, 2)] + [f"{BATCH}-V{n}" for n in (1, 2, 3, 4)]
    assert [one.state for one in ours if one.purpose == "intermediate"] == ["emptied", "emptied"]
    assert [(one.state, one.where) for one in ours if one.purpose == "aliquot"] == [("handed over", "QC")] * 2
    assert not [one.id for one in run.things.values() if isinstance(one, Container) and one.state == "in process"]
    assert verify(run.folder).intact


@pytest.mark.requirement("C07")
@pytest.mark.parametrize("site", ["a", "b"])
def test_the_same_seed_gives_the_same_head_on_the_final_day_too(tmp_path: Path, site: str) -> None:
    """Also where a library's own thread does the pipetting."""
    one, two = (run_batch(make_site(tmp_path / name, site), way=Way(seed=3), recipe="final-day") for name in "xy")
    assert one.head == two.head


@pytest.mark.requirement("F022", refuses=True)
def test_a_recipe_refuses_a_container_of_another_kind_than_it_starts_from(tmp_path: Path) -> None:
    """One clear error at issue, and no batch."""

    async def main(clock: SimulatedClock) -> None:
        site = await open_site(make_site(tmp_path), clock=clock)
        try:
            recipe = load("final-day", site.house.operations)
            with pytest.raises(InputError, match="BAG-0001 is a bag20; final-day starts from bag600"):
                await issue(site, recipe, Order(BATCH, containers=("BAG-0001",)), by="carla")
            assert site.house.door.find("batch", BATCH).state == "absent"
        finally:
            site.close()

    run_simulated(main, start=begins(tmp_path, read_site(make_site(tmp_path))))
