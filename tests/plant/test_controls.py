"""Procedural control over all installed operations: a fixed part of ``python -m tests.plant.controls``."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from automation.bootstrap import operations
from automation.engine.operation import MAKING_SAFE
from tests.storms.run import Weathered
from tests.support.control_verdicts import as_undisturbed, broken
from tests.support.controlled import Case, Place, calm, controlled, home, missing, places

RECIPE = "final-day"


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Weathered:
    """Give a day on site B on which nobody commands anything."""
    return calm(tmp_path_factory.mktemp("b") / "site", site="b", recipe=RECIPE)


@pytest.fixture(scope="module")
def driven(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Weathered]:
    """Give a batch of any recipe on site A that nobody disturbs, run once."""
    return cache(lambda recipe: calm(tmp_path_factory.mktemp("a") / "site", site="a", recipe=recipe))


def one_each(found: Weathered, site: str, *, last: bool = False, recipe: str = RECIPE) -> list[Place]:
    """Give one state of each operation: the first, or the last, of those that last."""
    lasting = [place for place in places(found, site=site, recipe=recipe) if place.stays]
    return list({p.operation: p for p in (lasting if last else reversed(lasting))}.values())


@pytest.mark.requirement("F005")
def test_every_installed_operation_is_run_by_an_installed_recipe() -> None:
    """One that no recipe runs is held, stopped and aborted by nobody's test: give it a recipe that runs it."""
    assert missing() == [], "these operations are in no recipe of the entry-point group cellwright.recipes"


@pytest.mark.requirement("F048")
@pytest.mark.parametrize("name", sorted(operations()))
def test_every_operation_declares_what_is_safe_after_each_of_its_ends(name: str) -> None:
    """Holding, stopping and aborting each leave something behind that can be looked at."""
    operation = operations()[name].operation
    declared = {side for one in getattr(operation, "safe", ()) for side in one.after}
    assert declared == set(MAKING_SAFE), (
        f"{name} declares what is safe after {sorted(declared)}; see docs/operations.md"
    )
    assert all(hasattr(operation, side) for side in MAKING_SAFE)


@pytest.mark.requirement("F005")
@pytest.mark.parametrize(("command", "last"), [("hold", True), ("pause", False)])
def test_a_day_with_an_order_in_each_operation_ends_as_one_without(
    tmp_path: Path, quiet: Weathered, command: str, *, last: bool
) -> None:
    """Each step stands still, is safe as declared, refuses what is not possible, goes on, and repeats no act."""
    cases = [Case(place, command) for place in one_each(quiet, "b", last=last)]
    controlled(tmp_path / "site", *cases)
    assert {case.place.operation: broken(case, quiet) for case in cases if broken(case, quiet)} == {}


@pytest.mark.requirement("C04")
def test_what_is_not_possible_changes_nothing_in_any_state_of_any_operation(tmp_path: Path, quiet: Weathered) -> None:
    """Restart and unpause of a batch that runs are refused and recorded; every other event is as without them."""
    found = places(quiet, site="b", recipe=RECIPE)
    cases = [Case(place, command) for place in found for command in ("restart", "unpause")]
    controlled(tmp_path / "site", *cases)
    assert as_undisturbed(cases, quiet) == []


@pytest.mark.requirement("F005")
@pytest.mark.parametrize("name", sorted(operations()))
def test_an_operation_that_is_ended_is_safe(tmp_path: Path, driven: Callable[[str], Weathered], name: str) -> None:
    """Device, product, questions, claims and clocks; stop and abort take turns over the operations."""
    order = {operation: ("stop", "abort")[n % 2] for n, operation in enumerate(sorted(operations()))}
    calm_day = driven(home(name))
    [place] = [p for p in one_each(calm_day, "a", last=True, recipe=home(name)) if p.operation == name]
    case = Case(place, order[name])
    controlled(tmp_path / "site", case)
    assert broken(case, calm_day) == []


@pytest.mark.requirement("F017")
def test_a_limit_that_ends_in_a_hold_is_judged_in_its_moment(
    tmp_path: Path, driven: Callable[[str], Weathered]
) -> None:
    """The wash is held past its own limit: the overrun stands where it was due, not where people came back."""
    calm_day = driven(RECIPE)
    [place] = [p for p in places(calm_day, site="a", recipe=RECIPE) if (p.operation, p.state) == ("wash", "washing")]
    case = Case(place, "hold past")
    controlled(tmp_path / "site", case)
    assert broken(case, calm_day) == []
