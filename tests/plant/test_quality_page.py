"""The page docs/quality.md, run word for word at the command line; what the page shows is what comes out."""

from pathlib import Path

import pytest

from tests.support.pages import told


@pytest.mark.requirement(
    "F073",
    "F076",
    "F077",
    "F078",
    "F079",
    "F108",
    "F113",
    "F115",
    "F116",
    "F117",
    "F139",
    "F141",
    "F154.2",
    "F155",
    "F169",
    "F171",
    "F172.1",
    "F174.2",
    "F175",
    "F180.2",
    "F181",
)
def test_every_command_of_the_page_about_quality_does_what_it_shows(tmp_path: Path) -> None:
    """Refused where the page says so, with these words; else done."""
    page = told("quality.md", tmp_path)
    assert [(one.words, one.said.err) for one in page if one.said.status != int(one.refused)] == []
    assert [(one.words, one.missing) for one in page if one.missing] == []
