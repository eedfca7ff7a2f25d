"""The page docs/samples.md, run word for word at the command line; what the page shows is what comes out."""

from pathlib import Path

import pytest

from automation.ledger.read import Reader
from tests.support.pages import Told, told


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[Told, ...]]:
    """Run the page in a folder of its own."""
    folder = tmp_path_factory.mktemp("samples")
    return folder / "site", told("samples.md", folder)


@pytest.mark.requirement("F071", "F119", "F122", "F123", "F149.2")
def test_every_command_of_the_page_about_samples_does_what_it_shows(page: tuple[Path, tuple[Told, ...]]) -> None:
    """Refused where the page says so, with these words; else done."""
    assert [(one.words, one.said.err) for one in page[1] if one.said.status != int(one.refused)] == []
    assert [(one.words, one.missing) for one in page[1] if one.missing] == []


@pytest.mark.requirement("F106.1", refuses=True)
def test_whoever_was_refused_on_the_way_of_the_samples_is_on_the_record(page: tuple[Path, tuple[Told, ...]]) -> None:
    """Each refusal that the page shows is an event, by whoever tried."""
    with Reader(page[0]) as reader:
        refused = [event.by for event in reader.events() if event.stream.startswith("refusals/")]
    assert len(refused) == sum(one.refused for one in page[1])
