"""``calc`` and ``diff`` from the command line."""

import json
from pathlib import Path

import pytest

from protocols import recipes
from tests.support.commands import cellwright

WASH = Path(recipes.__file__).parent / "final-day.yaml"


@pytest.mark.requirement("F012", "F033")
def test_a_calculation_shows_formula_inputs_result_and_source() -> None:
    """1e8 cells at MOI 5 from 1e8 TU/mL."""
    said = cellwright("calc", "vector_volume", "cells=1e8 cells", "moi=5", "titre_tu_per_ml=1e8")
    assert said.status == 0
    for words in ("cells * moi / titre", "cells = 100000000 cells", "result = 5 mL", "source:"):
        assert words in said.out


def test_without_inputs_it_says_what_it_needs_and_without_a_name_it_lists_all() -> None:
    """Units stand beside each input."""
    assert "cells/mL" in cellwright("calc", "seeding_volume").out
    assert "endotoxin_limit" in cellwright("calc").out


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("vector_volume", "cells=1e8", "moi=5", "titre_tu_per_ml=1e8"), "without a unit"),
        (("vector_volume", "cells=1e8 cells"), "lacks 'moi'"),
        (("vector_volume", "cells"), "NAME=VALUE"),
        (("vector_volume", "moi=5", "moi=6"), "once"),
        (("vector_volume", "cells=1,5 cells", "moi=5", "titre_tu_per_ml=1e8"), "decimal point"),
        (("nonsense", "x=1"), "no calculation"),
    ],
)
def test_bad_input_is_one_clear_error(words: tuple[str, ...], why: str) -> None:
    """Exit status 2."""
    said = cellwright("calc", *words)
    assert (said.status, why in said.err) == (2, True)


@pytest.mark.requirement("F002", "F113", "F171")
def test_what_differs_between_two_recipes_is_said_in_words(tmp_path: Path) -> None:
    """A value, a limit, a material, a step and a time limit; the same value in another unit is none."""
    text = WASH.read_text(encoding="utf-8")
    for old, new in (
        ("transport_lowest: 15.0 degC", "transport_lowest: 12.0 degC"),
        ("lowest: {reject: at least 15.0 degC}", "lowest: {reject: at least 12.0 degC}"),
        ("quantity: 350 mL, step: wash", "quantity: 0.4 L, step: wash"),
        ("max: 4 h, warn_at: 75 %", "max: 5 h, warn_at: 75 %"),
        ("load_at: 4 degC", "load_at: 277.15 K"),
    ):
        assert old in text, old
        text = text.replace(old, new, 1)
    changed = tmp_path / "changed.yaml"
    changed.write_text(text, encoding="utf-8")
    said = cellwright("diff", "final-day", changed, "--json")
    found = {one["where"]: (one["before"], one["after"]) for one in json.loads(said.out)["differences"]}
    assert said.status == 1
    assert found["steps.receive.given.transport_lowest"] == ("15.0 degC", "12.0 degC")
    assert found["steps.receive.limits.lowest"] == ("reject >= 15.0 degC", "reject >= 12.0 degC")
    assert "at most 300 min" in found["time_limits.harvest to wash"][1]
    assert "materials.wash.wash buffer" in found
    assert len(found) == 4


def test_a_recipe_does_not_differ_from_itself() -> None:
    """Exit status 0."""
    said = cellwright("diff", "freeze-day", "freeze-day")
    assert (said.status, "0 differences" in said.out) == (0, True)


def test_steps_that_come_go_or_change_places_are_named() -> None:
    """By their ids."""
    said = cellwright("diff", "freeze-day", "final-day")
    assert "steps.wash: added Wash and concentrate" in said.out
