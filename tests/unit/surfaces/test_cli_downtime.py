"""The downtime pack: numbered forms of what is left to do, on the record by the hash of what was printed."""

import hashlib
from pathlib import Path

import pytest

from tests.support.commands import cellwright


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site whose batch is in the middle of its freezing."""
    folder = tmp_path_factory.mktemp("downtime") / "a"
    assert cellwright("init", folder, "--simulated").status == 0
    cellwright("run", "freeze-day", "--site", folder, "--batch", "B-1", "--stop-at", "freeze.freezing")
    return folder


@pytest.mark.requirement("F046", "F177.1")
def test_the_pack_has_a_numbered_form_for_each_step_that_is_not_over(site: Path, tmp_path: Path) -> None:
    """Each is on the record with the hash of the file; a second pack numbers on; parameters stand as in the recipe."""
    out = tmp_path / "forms.html"
    made = cellwright("downtime-pack", "B-1", "--site", site, "-o", out, "--as", "anna", "--json")
    assert made.data["forms"] == ["B-1-F01", "B-1-F02"]
    shown = cellwright("show", "form", "B-1-F02", "--site", site, "--json").data
    assert (shown["state"], shown["step"]) == ("issued", "store")
    assert shown["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    text = out.read_text(encoding="utf-8")
    assert all(
        words in text for words in ("SIMULATED", "Form B-1-F01", "CHA999926X7K2QD", "-150 degC", "at most 30 min")
    )
    again = cellwright("downtime-pack", "B-1", "--site", site, "-o", out, "--as", "anna", "--json")
    assert again.data["forms"] == ["B-1-F03", "B-1-F04"]


@pytest.mark.requirement("F046", "F177.1", refuses=True)
def test_a_pack_is_neither_of_another_kind_of_file_nor_where_the_site_keeps_its_own(site: Path, tmp_path: Path) -> None:
    """Both are wrong input, and no form is issued."""
    for place in (tmp_path / "forms.txt", site / "forms.html"):
        said = cellwright("downtime-pack", "B-1", "--site", site, "-o", place, "--as", "anna")
        assert (said.status, place.exists()) == (2, False)
