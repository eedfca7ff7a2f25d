"""Every recipe of ours runs to its end on fakes."""

from importlib.metadata import entry_points
from pathlib import Path

import pytest
from fakes.kit.runs import fitting, run_batch

SITES = ("example-lab", "a", "b")  # the first one that has the equipment
OURS = "example_lab.recipes"
RECIPES = sorted(point.name for point in entry_points(group="cellwright.recipes") if point.value == OURS)


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_runs_to_its_end(tmp_path: Path, recipe: str) -> None:
    """Issued, started and closed on a simulated site, with no deviation and no alarm."""
    run = run_batch(fitting(tmp_path, recipe, *SITES), recipe=recipe)
    assert run.stuck == []
    assert (run.state, run.error) == ("closed", "")
    assert (run.deviations(), run.alarms()) == ([], [])
