"""The page docs/qualification.md, run word for word at the command line; what the page shows is what comes out."""

import re
from pathlib import Path

import pytest

from automation.qualification.checks import CHECKS
from tests.support.pages import DOCS, Told, told


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[Told, ...]]:
    """Run the page in a folder of its own."""
    folder = tmp_path_factory.mktemp("qualification")
    return folder, told("qualification.md", folder)


@pytest.mark.requirement("F150.2", "C10.2")
@pytest.mark.requirement("F150.2", "C10.2", refuses=True)
def test_every_command_of_the_page_about_qualification_does_what_it_shows(page: tuple[Path, tuple[Told, ...]]) -> None:
    """Refused where the page says so, with these words; else done."""
    assert [(one.words, one.said.err) for one in page[1] if one.said.status != int(one.refused)] == []
    assert [(one.words, one.missing) for one in page[1] if one.missing] == []


@pytest.mark.requirement("F150.2", "C10.2")
def test_the_report_of_the_page_has_both_results_of_the_repeated_step(page: tuple[Path, tuple[Told, ...]]) -> None:
    """The first weighing, the second, the deviation between them, what shows each requirement, and SIMULATED."""
    text = (page[0] / "balance-01-oq.html").read_text(encoding="utf-8")
    for said in ("200.31", "200.03", "corrected and repeated", "URS-3", "W-17", "SIMULATED", "Hugo Wirth", "[M]"):
        assert said in text


def test_the_page_names_every_check() -> None:
    """A validation engineer finds each with what it wants to be told."""
    rows = re.findall(r"^\| `([^`]+)` \| ([^|]+) \|$", (DOCS / "qualification.md").read_text("utf-8"), re.MULTILINE)
    told_of = {name: what for name, what in rows if name in CHECKS}
    assert set(told_of) == set(CHECKS)
    assert all(word in told_of[name] for name, one in CHECKS.items() for word in (*one.needs, *one.may))
