"""Pilots of single operations on site A, and what the courses that vary others change."""

import pytest

from automation.bootstrap import operations
from automation.engine.recipe.difference import differences
from automation.engine.recipe.load import load
from automation.engine.recipe.model import Recipe
from tests.support.runs import Run, make_site, run_batch


def recipe(name: str) -> Recipe:
    """Load a packaged recipe."""
    return load(name, operations())


@pytest.fixture(scope="module")
def activation(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Give a whole run of the activation."""
    return run_batch(make_site(tmp_path_factory.mktemp("activation") / "site"), recipe="activation")


@pytest.mark.requirement("F014")
def test_a_culture_is_looked_at_every_day_until_there_are_cells_enough(activation: Run) -> None:
    """Each day at the same time, beside the incubation, and no more often than is needed."""
    assert activation.state == "closed"
    looks = [name for name in activation.steps if name.startswith("look")]
    assert looks == ["look", "look-2", "look-3", "look-4"]
    begun = [next(e.at for e in activation.events if e.stream.endswith(f"/step/{name}")) for name in looks]
    assert [round((at - begun[0]) / 86_400e6, 2) for at in begun] == [0.0, 1.0, 2.0, 3.0]
    cells = [float(str(activation.step(name).results["viable_cells"])) for name in looks]
    assert cells[-2] < 1.5e8 <= cells[-1]


@pytest.mark.requirement("F008", "F159")
def test_the_courses_of_13_days_differ_from_those_of_9_in_the_expansion_alone() -> None:
    """Fresh and frozen alike."""
    for long, short in (("car-t-13-day", "car-t"), ("car-t-frozen-13-day", "car-t-frozen")):
        found = [one.where for one in differences(recipe(short), recipe(long)) if one.where not in {"id", "title"}]
        assert found == ["steps.expand.given.rules"]


@pytest.mark.requirement("F008")
def test_cells_from_the_freezer_rest_only_when_they_came_poorly_out_of_the_thaw() -> None:
    """And a count that is not sure enough is made again."""
    frozen = recipe("car-t-frozen")
    assert str(frozen.step("rest").when) == "count-apheresis.viability is below 80.0 %"
    assert [str(part.word) for part in frozen.parts] == ["repeat"]


@pytest.mark.requirement("F007", "F160")
def test_many_doses_are_frozen_in_loads_of_which_each_is_stored_before_the_next() -> None:
    """A sub-lot for each run of the freezer."""
    [part] = recipe("car-nk-doses").parts
    assert (part.steps, part.at_most, str(part.word)) == (("freeze", "store"), 8, "loads")


@pytest.mark.requirement("F027", "F004")
def test_a_tumour_is_opened_in_grade_a_and_a_difference_of_the_background_is_said() -> None:
    """In an isolator a background of grade C is enough."""
    found = {one.where: (one.before, one.after) for one in differences(recipe("explant"), recipe("isolator-explant"))}
    said = "grade A in a background of grade B", "grade A in a background of grade C"
    assert found["steps.explant.opens"] == said
