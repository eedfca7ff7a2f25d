"""The recipe that we ship fits the operations that we ship."""

from pathlib import Path

import pytest

from automation.engine.recipe.load import load
from automation.engine.recipe.model import Literal, Recipe
from automation.engine.recipe.spec import spec_of
from automation.formulas.freezing import Criteria
from automation.kernel.quantity import Percent
from instruments.interfaces.freezer import Segment, SegmentType
from protocols import recipes
from protocols.operations.count import Count
from protocols.operations.freeze import Freeze
from protocols.operations.receive import Receive
from protocols.operations.store import Store

OPERATIONS = {spec.name: spec for spec in map(spec_of, (Receive, Count, Freeze, Store))}


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    """The shipped recipe."""
    return load(Path(recipes.__path__[0]) / "freeze-day.yaml", OPERATIONS)


@pytest.mark.requirement("F048")
def test_the_shipped_recipe_freezes_bags_with_a_cold_spike(recipe: Recipe) -> None:
    """The program is the one for bags: spike to -45, back to -18, then 1 K/min."""
    program = recipe.step("freeze").given["program"]
    assert isinstance(program, Literal)
    assert isinstance(program.value, tuple)
    assert all(isinstance(segment, Segment) for segment in program.value)
    ramps = [(segment.rate, segment.target) for segment in program.value if segment.type is SegmentType.RAMP]
    assert ramps == [(1.0, -8.0), (25.0, -45.0), (10.0, -18.0), (1.0, -45.0), (10.0, -90.0)]


def test_each_step_has_limits_and_two_signatures(recipe: Recipe) -> None:
    """Nothing critical is done by one person alone."""
    assert [step.id for step in recipe.steps] == ["receive", "count", "freeze", "store"]
    assert all(step.limits and len(step.signatures) == 2 for step in recipe.steps)


def test_people_are_told_before_time_runs_out(recipe: Recipe) -> None:
    """At 70 % of the exposure before freezing and of the way into storage."""
    share = recipe.step("receive").given["warn_at"]
    assert isinstance(share, Literal)
    assert share.value == 70.0
    assert [one.warn_at for one in recipe.time_limits if one.end.step == "store"] == [Percent(70.0)]


def test_the_acceptance_criteria_of_a_run_are_parameters(recipe: Recipe) -> None:
    """The user's own, signed and versioned with the recipe."""
    acceptance = recipe.step("freeze").given["acceptance"]
    assert isinstance(acceptance, Literal)
    assert isinstance(acceptance.value, Criteria)
