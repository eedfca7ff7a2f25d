"""``gap``: what a receiving site lacks for a recipe, what it does otherwise, and what blocks."""

from pathlib import Path
from typing import cast

import pytest

from automation.opener import House
from tests.support.commands import Said, cellwright

pytestmark = pytest.mark.requirement("C09.2")


def told(said: Said) -> dict[str, dict[str, str]]:
    """Give the gaps by the name under which they are disposed of."""
    return {one["id"]: one for one in cast("list[dict[str, str]]", said.data["gaps"])}


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sites a and b, whose instruments were asked once."""
    folder = tmp_path_factory.mktemp("sites")
    for name in ("a", "b"):
        House().found(folder / name, House().template(name))
    return folder


@pytest.fixture(scope="module")
def car_t(sites: Path) -> Said:
    """A mixed site that only freezes is to make CAR-T cells."""
    return cellwright("gap", sites / "a", sites / "b", "car-t", "--json")


@pytest.mark.requirement("C09.2", "F090", refuses=True)
def test_what_the_receiving_site_lacks_blocks_with_the_steps_that_wait_for_it(car_t: Said) -> None:
    """No separator, no vector, nobody trained to transduce: the answer is no."""
    found = told(car_t)
    blocked = [
        "equipment: cell separator",
        "equipment: flow cytometer",
        "materials: lot of vector",
        "people: trained on transduce",
    ]
    assert (car_t.status, [found[name]["severity"] for name in blocked]) == (1, ["blocks"] * len(blocked))
    assert "(step activate, expand)" in found["materials: lot of medium"]["sentence"]


def test_what_is_done_otherwise_changes_the_process(car_t: Said) -> None:
    """People wash by a centrifuge where a washer was driven, by the program that the recipe holds for that model."""
    found = told(car_t)
    acts, program = found["equipment: cell washer, who acts"], found["capacity: cell washer, program of step wash"]
    assert {acts["severity"], program["severity"]} == {"changes the process"}
    assert "driven by the program at Site A" in acts["sentence"]
    assert "washout continuous becomes batch" in program["sentence"]
    assert "hold up 10 mL becomes 0 mL" in program["sentence"]


def test_what_makes_no_difference_to_the_product_is_only_told(car_t: Said) -> None:
    """The time zone; every gap says what to do, and the heaviest come first."""
    weights = [one["severity"] for one in told(car_t).values()]
    assert told(car_t)["site: time zone"]["severity"] == "tells only"
    assert weights == sorted(weights, key=["blocks", "changes the process", "tells only"].index)
    assert all(one["remedy"] for one in told(car_t).values())


def test_a_recipe_for_which_nothing_is_missing_is_not_blocked(sites: Path) -> None:
    """Both sites freeze a bag; who acts on the freezer differs, which is said, with exit status 0."""
    said = cellwright("gap", sites / "a", sites / "b", "freeze-day")
    assert (said.status, said.out.startswith("SIMULATED freeze-day, from Site A")) == (0, True)
    assert "of which 0 block" in said.out


def test_a_site_beside_itself_has_no_gap(sites: Path) -> None:
    """Everything is there and the same."""
    assert told(cellwright("gap", sites / "a", sites / "a", "freeze-day", "--json")) == {}


@pytest.mark.requirement("C09.2", refuses=True)
def test_what_is_no_site_and_no_recipe_is_wrong_input(tmp_path: Path) -> None:
    """A folder without a site, and a recipe that nobody installed."""
    assert cellwright("gap", tmp_path, "b", "car-t").status == 2
    assert cellwright("gap", "a", "b", "car-x").status == 2
