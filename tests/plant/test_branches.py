"""Every way is named with what takes it, and a few of them are taken (all: ``python -m tests.plant.branches``)."""

from pathlib import Path

import pytest

from tests.plant.branches import Wish, every, explore
from tests.plant.scenes_of_ways import SCENES, play
from tests.plant.ways import Way, shown
from tests.plant.ways_check import stands


@pytest.mark.requirement("F002")
def test_every_way_out_of_every_decision_of_a_check_of_documents_is_reached(tmp_path: Path) -> None:
    """A match goes on, a mismatch and what is not stated hold the batch: from the questions of that step alone."""
    found = explore(tmp_path, "document-check", Wish(step="hla", about="restricting allele"))
    wanted = {one for one in every(found.recipe) if one.step == "hla"}
    assert found.whole
    assert {one.option for one in wanted} == {"match", "mismatch"}
    assert wanted <= set(found.reached)


@pytest.mark.requirement("F002")
def test_every_way_of_every_operation_and_recipe_has_a_test_or_a_scene_that_takes_it() -> None:
    """A new row of a table, or a test that goes, shows here at once."""
    assert list(stands()) == []


@pytest.mark.requirement("F002", "F050")
@pytest.mark.parametrize(
    ("scene", "way"),
    [
        ("a leaking bag that is refused", Way("receive", "examined", "refuse")),
        ("buckets without balance", Way("spin", "ready", "leave_out")),
        ("five bags in two shippers", Way("recipe ship", "shipper loads", "another")),
    ],
)
def test_a_scene_takes_the_way_that_it_is_there_for(tmp_path: Path, scene: str, way: Way) -> None:
    """The ledger shows it."""
    play(tmp_path / "site", SCENES[scene])
    assert way in shown(tmp_path / "site").taken
