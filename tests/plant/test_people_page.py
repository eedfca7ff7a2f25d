"""The page docs/people.md, run word for word at the command line; what the page shows is what comes out."""

from pathlib import Path

import pytest

from automation.ledger.read import Reader
from automation.views.objects import Objects
from tests.support.pages import Told, told


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[Told, ...]]:
    """Run the page in a folder of its own."""
    folder = tmp_path_factory.mktemp("people")
    return folder / "site", told("people.md", folder)


@pytest.mark.requirement("F081", "F085", "F086", "F087", "F088", "F089", "F152.1", "F158", "F165.3", "F183.1")
def test_every_command_of_the_page_about_people_does_what_it_shows(page: tuple[Path, tuple[Told, ...]]) -> None:
    """Refused where the page says so, with these words; else done."""
    assert [(one.words, one.said.err) for one in page[1] if one.said.status != int(one.refused)] == []
    assert [(one.words, one.missing) for one in page[1] if one.missing] == []


@pytest.mark.requirement("F087")
@pytest.mark.requirement("F087", refuses=True)
def test_whoever_was_not_qualified_is_on_the_record_and_who_came_has_the_step(
    page: tuple[Path, tuple[Told, ...]],
) -> None:
    """Nine acts of people were refused; the step passed from one to the other, and the answer is the second one's."""
    with Reader(page[0]) as reader:
        refused = [event.by for event in reader.events() if event.stream.startswith("refusals/")]
        objects = Objects(reader)
    answered = objects.find("prompt", "B-1.receive.1.1")
    shifts = getattr(objects.find("batch", "B-1"), "shifts", ())
    assert refused == ["ben", "anna", "carla", "ben", "dora", "carla", *["carla"] * 2, "anna"]
    assert (getattr(answered, "answered_by", ""), [(one.leaving, one.person) for one in shifts]) == (
        "anna",
        [("carla", "anna")],
    )
