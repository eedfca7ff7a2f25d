"""Procedural control over all installed operations: a fixed part of ``python -m tests.plant.controls``."""

from pathlib import Path

import pytest

from automation.bootstrap import operations
from automation.engine.operation import MAKING_SAFE
from automation.engine.recipe.load import load
from automation.kernel.machine import Table
from tests.storms.run import Weathered
from tests.support.control_verdicts import as_undisturbed, broken
from tests.support.controlled import Case, Place, calm, controlled, home, missing, places

RECIPE = "final-day"


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Weathered:
    """Give a day on site B on which nobody commands anything."""
    return calm(tmp_path_factory.mktemp("b") / "site", site="b", recipe=RECIPE)


@pytest.fixture(scope="module")
def driven(tmp_path_factory: pytest.TempPathFactory) -> Weathered:
    """Give such a day on site A."""
    return calm(tmp_path_factory.mktemp("a") / "site", site="a", recipe=RECIPE)


def last_state(undisturbed: Weathered, operation: str) -> Place:
    """Give the last state of an operation that lasts, in the final day on site A."""
    found = places(undisturbed, site="a", recipe=RECIPE)
    return [place for place in found if place.operation == operation and place.stays][-1]


def first_state(operation: str) -> Place:
    """Give the first state of an operation of another recipe, a second after its entry."""
    recipe = home(operation)
    step = next(one.id for one in load(recipe, operations()).steps if one.operation == operation)
    table: Table = getattr(operations()[operation].operation, "table")  # noqa: B009  of the protocol
    return Place("a", recipe, step, operation, str(table.initial), begun=0.0, stays=2.0, due=None)


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


@pytest.mark.sweep
@pytest.mark.requirement("F005")
@pytest.mark.parametrize("command", ["hold", "pause"])
def test_a_day_with_an_order_in_every_state_ends_as_one_without(tmp_path: Path, quiet: Weathered, command: str) -> None:
    """In each state of each step it stands still, is safe as declared, refuses what is not possible, and goes on."""
    found = places(quiet, site="b", recipe=RECIPE)
    cases = [Case(place, command) for place in found if place.stays]
    controlled(tmp_path / "site", *cases)
    wrong = {f"{one.place.operation}, {one.place.state}": broken(one, quiet) for one in cases}
    assert {place: what for place, what in wrong.items() if what} == {}


@pytest.mark.sweep
@pytest.mark.requirement("F005", "C02", refuses=True)
def test_what_is_not_possible_changes_nothing_in_any_state_of_any_operation(tmp_path: Path, quiet: Weathered) -> None:
    """Restart and unpause of a batch that runs are refused and recorded; every other event is as without them."""
    found = places(quiet, site="b", recipe=RECIPE)
    cases = [Case(place, command) for place in found for command in ("restart", "unpause")]
    controlled(tmp_path / "site", *cases)
    assert as_undisturbed(cases, quiet) == []


@pytest.mark.sweep
@pytest.mark.requirement("F005")
@pytest.mark.parametrize("name", sorted(operations()))
def test_an_operation_that_is_ended_is_safe(tmp_path: Path, driven: Weathered, name: str) -> None:
    """Device, product, questions, claims and clocks; stop and abort take turns over the operations."""
    order = {operation: ("stop", "abort")[n % 2] for n, operation in enumerate(sorted(operations()))}
    place = last_state(driven, name) if home(name) == RECIPE else first_state(name)
    case = Case(place, order[name])
    controlled(tmp_path / "site", case)
    assert broken(case, driven) == []


@pytest.mark.requirement("F017")
def test_a_limit_that_ends_in_a_hold_is_judged_in_its_moment(tmp_path: Path, driven: Weathered) -> None:
    """The wash is held past its own limit: the overrun stands where it was due, not where people came back."""
    [place] = [p for p in places(driven, site="a", recipe=RECIPE) if (p.operation, p.state) == ("wash", "washing")]
    case = Case(place, "hold past")
    controlled(tmp_path / "site", case)
    assert broken(case, driven) == []


@pytest.mark.requirement("F061")
def test_a_label_that_came_out_while_its_printing_was_ended_is_not_said_to_be_missing(
    tmp_path: Path, driven: Weathered
) -> None:
    """People look at the printer: what lies there is noted as printed, then destroyed."""
    [place] = [p for p in places(driven, site="a", recipe=RECIPE) if (p.operation, p.state) == ("fill", "set out")]
    case = Case(place, "stop")
    controlled(tmp_path / "site", case)
    assert broken(case, driven) == []
    asked = [e for e in case.run.events if e.stream.startswith("prompt/") and "has label" in str(e.fields)]
    assert len(asked) == 1
