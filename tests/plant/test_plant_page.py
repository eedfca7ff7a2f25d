"""The page docs/plant.md, run word for word at the command line; what the page shows is what comes out."""

from pathlib import Path

import pytest

from automation.ledger.read import Reader
from automation.views.objects import Objects
from tests.support.pages import Told, told


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[Told, ...]]:
    """Run the page in a folder of its own."""
    folder = tmp_path_factory.mktemp("plant")
    return folder / "site", told("plant.md", folder)


@pytest.mark.requirement("F032", "F045", "F080", "F082", "F083", "F084", "F166")
def test_every_command_of_the_page_about_the_plant_does_what_it_shows(page: tuple[Path, tuple[Told, ...]]) -> None:
    """Refused where the page says so, with these words; else done."""
    assert [(one.words, one.said.err) for one in page[1] if one.said.status != int(one.refused)] == []
    assert [(one.words, one.missing) for one in page[1] if one.missing] == []


@pytest.mark.requirement("F080", "F106", "F166")
def test_a_batch_is_held_for_each_cause_of_its_own(page: tuple[Path, tuple[Told, ...]]) -> None:
    """For the plate and for the freezer, each with its deviation; whoever was refused is on the record."""
    with Reader(page[0]) as reader:
        refused = [event.by for event in reader.events() if event.stream.startswith("refusals/")]
        objects = Objects(reader)
    held = [one.id for one in objects.every("qa-hold") if one.state == "placed"]
    assert [name.partition("-")[0] for name in held] == ["EM", "crf"]
    assert all(name.endswith("-B-1") for name in held)
    assert refused == ["system:runner", "anna", "anna", "dora", "anna", "erik", "erik"]
