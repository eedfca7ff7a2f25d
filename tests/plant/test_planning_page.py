"""The page docs/planning.md, run word for word at the command line; what the page shows is what comes out."""

import re
from pathlib import Path

import pytest

from tests.support.commands import cellwright
from tests.support.pages import DOCS, Told, told


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[Told, ...]]:
    """Run the page in a folder with a site that states the capacities of the page."""
    folder = tmp_path_factory.mktemp("planning")
    site = folder / "site"
    assert cellwright("init", site, "--simulated").status == 0
    stated = re.findall(r"```yaml\n(.*?)```", (DOCS / "planning.md").read_text(encoding="utf-8"), re.DOTALL)
    with (site / "site.yaml").open("a", encoding="utf-8") as file:
        file.write("\n" + "\n".join(stated))
    return folder / "site", told("planning.md", folder)


@pytest.mark.requirement("F053.2")
@pytest.mark.requirement("F053.2", refuses=True)
def test_every_command_of_the_page_about_planning_does_what_it_shows(page: tuple[Path, tuple[Told, ...]]) -> None:
    """Refused where the page says so, with these words; else done."""
    assert [(one.words, one.said.err) for one in page[1] if one.said.status != int(one.refused)] == []
    assert [(one.words, one.missing) for one in page[1] if one.missing] == []
