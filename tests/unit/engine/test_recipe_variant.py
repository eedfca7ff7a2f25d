"""Variants of recipes: what differs is said, all else is the other's, and what they make is a whole recipe."""

from pathlib import Path

import pytest

from automation.bootstrap import operations
from automation.engine.masters import keep
from automation.engine.recipe import source
from automation.engine.recipe.load import load
from automation.engine.recipe.model import Literal
from automation.formulas.limits import Limits, Operator
from automation.kernel.errors import InputError

NAMES = ("car-t", "tcr-t", "car-nk", "til")
SIDE = {
    Operator.AT_MOST: "high",
    Operator.BELOW: "high",
    Operator.AT_LEAST: "low",
    Operator.ABOVE: "low",
    Operator.EQUAL: "both",
}
HEADER = 'variant_of: freeze-day\n\nrecipe: {id: mine, version: "1", title: Mine, status: draft}\n'

pytestmark = pytest.mark.requirement("F092", "F159")


def variant(folder: Path, text: str) -> Path:
    """Write a variant of the freezing day."""
    path = folder / "mine.yaml"
    path.write_text(HEADER + text, encoding="utf-8")
    return path


def test_what_is_named_differs_and_all_else_is_the_other_recipe(tmp_path: Path) -> None:
    """One limit and one parameter; the same steps, another digest."""
    text = "steps:\n  freeze:\n    given: {cool_within: 45 min}\n    limits: {plateau: {reject: at most 20.0 min}}\n"
    mine, other = load(variant(tmp_path, text), operations()), load("freeze-day", operations())
    assert mine.header.id == "mine"
    assert [step.id for step in mine.steps] == [step.id for step in other.steps]
    given = {step.id: step for step in mine.steps}["freeze"].given["cool_within"]
    assert isinstance(given, Literal)
    assert given.value == 2700.0
    assert mine.digest != other.digest


def test_what_a_variant_makes_is_kept_whole(tmp_path: Path) -> None:
    """The site folder needs neither the variant nor the other recipe: the file there has the same digest."""
    path = variant(tmp_path, "steps:\n  freeze:\n    given: {cool_within: 45 min}\n")
    mine = load(path, operations())
    kept = keep(tmp_path, path, mine)
    assert "variant_of" not in kept.read_text(encoding="utf-8")
    assert load(kept, operations()).digest == mine.digest


@pytest.mark.parametrize("name", [*NAMES, "freeze-day", "final-day", "selection"])
def test_a_recipe_that_is_written_out_reads_as_it_was(tmp_path: Path, name: str) -> None:
    """Quoted texts stay quoted, numbers keep their decimals, nothing stays nothing."""
    path = tmp_path / "empty.yaml"
    path.write_text(f'variant_of: {name}\n\nrecipe: {{id: {name}, version: "2", title: T, status: draft}}\n')
    whole = tmp_path / "whole.yaml"
    whole.write_text(source.written(path) or "", encoding="utf-8")
    assert load(whole, operations()).digest == load(path, operations()).digest


@pytest.mark.requirement("F092", "F159", refuses=True)
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "steps: {freze: {given: {}}}\n",
            "steps names 'freze', which the other recipe has not; did you mean 'freeze'?",
        ),
        ("steps: {freeze: {given: {cooling: 1 min}}}\n", "changes 'cooling', which the other recipe has not"),
        ("steps: {freeze: {id: frost}}\n", "changes id, by which it is known"),
        ("time_limits: {lunch: {max: 1 h}}\n", "time_limits names 'lunch'"),
        ("steps: {freeze: {given: {cool_within: 45}}}\n", "without a unit"),
    ],
)
def test_what_the_other_recipe_has_not_is_refused_where_it_stands(tmp_path: Path, text: str, problem: str) -> None:
    """File, line and column of the variant."""
    with pytest.raises(InputError, match=r"mine\.yaml:[45]:") as refusal:
        load(variant(tmp_path, text), operations())
    assert problem in str(refusal.value)


def test_a_variant_of_a_variant_is_refused(tmp_path: Path) -> None:
    """One file and the other say all that there is to read."""
    variant(tmp_path, "")
    again = tmp_path / "again.yaml"
    again.write_text(HEADER.replace("variant_of: freeze-day", "variant_of: mine.yaml"), encoding="utf-8")
    with pytest.raises(InputError, match="is a variant itself"):
        load(again, operations())


@pytest.mark.parametrize("name", NAMES)
def test_process_development_has_the_same_steps_and_no_narrower_limit(name: str) -> None:
    """Whatever the recipe accepts, its variant accepts, too; and something more."""
    wide, other = load(f"{name}-pd", operations()), load(name, operations())
    assert [step.id for step in wide.steps] == [step.id for step in other.steps]
    wider = 0
    for mine, theirs in zip(wide.steps, other.steps, strict=True):
        for result, before in theirs.limits.items():
            now = mine.limits[result]
            assert _narrower(now, before) == [], f"{mine.id}.{result}"
            wider += now != before
    assert wider > 5


def _narrower(now: Limits, before: Limits) -> list[str]:
    """Name the limits that do not accept all that the ones before accept."""
    pairs = ((now.alert, before.alert), (now.action, before.action), (now.reject, before.reject))
    return [
        str(limit)
        for limits, earlier in pairs
        for limit in limits
        if not any(SIDE[old.operator] == SIDE[limit.operator] and limit.met_by(old.value) for old in earlier)
    ]
