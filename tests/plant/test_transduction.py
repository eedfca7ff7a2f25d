"""Transduction at rest and on a coated surface, and an apheresis without its platelets, beside public numbers."""

from pathlib import Path

import pytest

from fakes.world import World
from tests.support.runs import BATCH, make_site, plant_of, run_batch

SOON = 12_000.0  # s; the vector has gone in, and the days after it are left open


def ran(folder: Path, recipe: str, *, until: float = 1e6) -> World:
    """Run a recipe at a new site and give its world."""
    worlds: list[World] = []
    site = make_site(folder / "site", "a")
    run = run_batch(site, lambda opened: worlds.append(plant_of(opened).world), recipe=recipe, until=until)
    assert run.deviations() == []
    return worlds[0]


@pytest.mark.requirement("F013")
@pytest.mark.parametrize(
    ("recipe", "low", "high"),
    [
        ("transduction-static", 0.07, 0.13),  # 10 % at rest
        ("transduction-coated", 0.30, 0.42),  # between the two: no public number of it alone
        ("spinoculation-coated", 0.57, 0.69),  # 63 % with both
    ],
)
def test_a_coated_surface_brings_more_vector_into_the_cells(
    tmp_path: Path, recipe: str, low: float, high: float
) -> None:
    """At MOI 5, as published for one process: 10 % at rest, 63 % spun down in a coated vessel."""
    contents = ran(tmp_path, recipe).container(f"{BATCH}-C").contents
    carrying = sum(n for name, n in contents.subsets.items() if name.endswith("CAR+"))
    assert low < carrying / float(contents.live) < high


@pytest.mark.requirement("F016")
def test_most_platelets_of_an_apheresis_are_washed_away_and_the_cells_stay(tmp_path: Path) -> None:
    """Platelets go with the supernatant; at least four of five cells are in the new bag."""
    world = ran(tmp_path, "platelet-reduction")
    washed = world.container(f"{BATCH}-P").contents
    assert washed.particles.get("platelets", 0.0) < 0.05 * 2.0e11
    assert float(washed.live) > 0.8 * 3.5e9
