"""The table of realism: a few seeds here, all of them by ``python -m tests.plant.realism``; its page is complete."""

import pytest

from tests.plant import realism
from tests.plant.realism_numbers import FINAL_DAY, INFUSION, NUMBERS, STARTING, Use

SEEDS = {FINAL_DAY: (1,), INFUSION: (1, 2), STARTING: (1, 2)}


def rows() -> list[list[str]]:
    """Give the cells of the lines of the page's tables."""
    lines = realism.PAGE.read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return [one for one in cells if one[0] not in {"recipe", "---"}]


@pytest.mark.requirement("C07")
@pytest.mark.parametrize(("recipe", "seed"), [(recipe, seed) for recipe, some in SEEDS.items() for seed in some])
def test_a_seed_gives_every_number_of_its_recipe_within_what_is_published(recipe: str, seed: int) -> None:
    """Every quantity of the table is read, and what is not explained lies where the public number is."""
    found = realism.run_seed(seed, recipe=recipe)
    asked = [number for number in NUMBERS if number.recipe == recipe]
    assert set(found) == {number.name for number in asked}
    assert [one.name for one in asked if not one.why and not one.low <= found[one.name] <= one.high] == []


def test_the_page_says_each_number_once_with_its_use_and_none_is_off() -> None:
    """What is kept apart to check stands apart from what the fakes were set by."""
    assert sorted((one[0], one[1]) for one in rows()) == sorted((one.recipe, one.name) for one in NUMBERS)
    checked, calibrated = realism.PAGE.read_text(encoding="utf-8").split("## Used to calibrate")
    for number in NUMBERS:
        assert f"| {number.name} |" in (checked if number.use is Use.CHECKED else calibrated)
    assert {one[-1].partition(":")[0] for one in rows()} == {"within", "explained"}


def test_the_page_is_written_from_two_hundred_seeds() -> None:
    """As its first lines say."""
    assert f"{realism.SEEDS} seeds of each recipe" in realism.PAGE.read_text(encoding="utf-8")


def test_a_number_that_is_neither_published_nor_explained_is_off() -> None:
    """And one that is explained says why."""
    number = next(one for one in NUMBERS if one.name == "glucose, least")
    assert realism.Spread(number, [0.2, 0.3]).verdict == "**off**"
    explained = next(one for one in NUMBERS if one.why)
    assert explained.why in realism.Spread(explained, [explained.low - 1.0]).verdict


def test_a_quantity_that_no_run_gave_is_an_error() -> None:
    """Nothing is left out of the table in silence."""
    with pytest.raises(KeyError, match="no seed gave"):
        realism.spreads({})
