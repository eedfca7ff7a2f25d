"""The page docs/transfer.md, run word for word at the command line; what the page shows is what comes out."""

import json
from pathlib import Path

import pytest

from tests.support.pages import told


@pytest.mark.requirement("F090", "F094", "C09.2")
@pytest.mark.requirement("F090", "F094", "C09.2", refuses=True)
def test_every_command_of_the_page_about_transfers_does_what_it_shows(tmp_path: Path) -> None:
    """Refused where the page says so, with these words; else done."""
    page = told("transfer.md", tmp_path)
    assert [(one.words, one.said.err) for one in page if one.said.status != int(one.refused)] == []
    assert [(one.words, one.missing) for one in page if one.missing] == []
    kept = {path.read_bytes() for path in (tmp_path / "site" / "blobs").glob("??/*")}
    assert {(tmp_path / name).read_bytes() for name in ("package.json", "ppq.json")} <= kept
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert {one["where"] for one in report["attributes"]} == {"count.viability", "freeze.rate"}
