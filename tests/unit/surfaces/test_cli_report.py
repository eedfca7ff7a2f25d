"""Trend reports at the command line; docs/trend-reports.md is run word for word."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from automation.ledger.read import Reader
from automation.surfaces.cli.reporting import FOLDER
from automation.surfaces.documents.trend_report import Signed
from tests.support.commands import cellwright
from tests.support.doors import KEY
from tests.support.history import history
from tests.support.pages import Told, told

Page = tuple[Path, tuple[Told, ...]]
LAST = ("report", "CPV-1", "--period", "2026-12")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Page:
    """Run the page in a folder with a site of thirty batches."""
    folder = tmp_path_factory.mktemp("reports")
    (history(folder / "site") / "site.key").write_text(KEY.hex(), encoding="ascii")
    return folder, told("trend-reports.md", folder)


@pytest.mark.requirement("F137", "F137.2")
@pytest.mark.requirement("F137", "F137.2", refuses=True)
def test_every_command_of_the_page_does_what_the_page_shows(page: Page) -> None:
    """Refused where the page says so, with these words; else done."""
    assert len(page[1]) > 10
    for one in page[1]:
        assert (one.said.status != 0, one.words) == (one.refused, one.words), one.said.err
        assert (one.missing, one.words) == ([], one.words)


@pytest.mark.requirement("F137.2")
def test_every_number_of_a_report_cites_events_that_are_there(page: Page) -> None:
    """Batches, numbers, causes: each by numbers of events up to the one that the report is as of."""
    made = json.loads((page[0] / "cpv.json").read_bytes())
    with Reader(page[0] / "site") as reader:
        seqs = {event.seq for event in reader.events() if event.seq <= made["seq"]}
        assert (made["simulated"], made["head"]) == (True, cast("bytes", reader.hash_at(made["seq"])).hex())
    told_by = [*made["batches"], *made["causes"], *(one for each in made["measured"] for one in each["numbers"])]
    assert len(told_by) > 60
    assert all(one["events"] and set(one["events"]) <= seqs for one in told_by)


@pytest.mark.requirement("F137.2")
def test_the_page_has_charts_capability_and_who_concluded(page: Page) -> None:
    """What can't be judged is said: rare events of too few lots have no chart."""
    text = (page[0] / "cpv.html").read_text(encoding="utf-8")
    shown = (
        "SIMULATED",
        "capability of count.viability: Cpk",
        "too few cells came with MED-B",
        "no chart of right first",
    )
    assert [one for one in shown if one not in text] == []
    assert (text.count('src="data:image/svg'), "NOT CONCLUDED" in text) == (2, False)
    assert b"/ByteRange" in (page[0] / "cpv.pdf").read_bytes()


@pytest.mark.requirement("F137.2")
def test_what_changed_in_the_ledger_since_stands_beside_a_report_that_was_signed(page: Page, tmp_path: Path) -> None:
    """A batch that was right first time got a deviation later; the signed numbers stay, and the pages are marked."""
    site = shutil.copytree(page[0] / "site", tmp_path / "site", ignore=shutil.ignore_patterns("*.sock"))
    late = ("--subject", "batch/B-20", "--title", "found later", "--rule", "yield", "--batch", "B-20", "--as", "dora")
    assert cellwright("do", "deviation", "B-20-D09", "open", *late, "--site", site).status == 0
    said = cellwright(*LAST, "--site", site)
    told_since = [line for line in said.out.splitlines() if line.startswith("changed since: ")]
    assert (said.status, len(told_since)) == (0, 2), said
    assert "1 of 1 in the report, 0 of 1 now" in told_since[0]
    assert "batch B-20 is no longer what it was: deviation B-20-D09" in told_since[1]
    signed = Signed("in control", approved=True)
    assert (signed.marks, replace(signed, changed=tuple(told_since)).marks) == ((), ("CHANGED SINCE",))
    assert (replace(signed, approved=False).marks, Signed().marks) == (("NOT APPROVED",), ("NOT CONCLUDED",))


@pytest.mark.requirement("F137.2", refuses=True)
def test_a_report_that_is_not_what_was_signed_is_not_shown(page: Page, tmp_path: Path) -> None:
    """A changed file and one that was taken away exit with 1, and nothing is written."""
    site = shutil.copytree(page[0] / "site", tmp_path / "site", ignore=shutil.ignore_patterns("*.sock"))
    kept = next((site / FOLDER).iterdir())
    kept.write_bytes(kept.read_bytes().replace(b'"B-07"', b'"B-08"', 1))
    changed = cellwright(*LAST, "-o", tmp_path / "x.html", "--site", site)
    kept.write_bytes(kept.read_bytes().replace(b'"B-08"', b'"B-07"', 1) + b"\n")
    longer = cellwright(*LAST, "-o", tmp_path / "x.html", "--site", site)
    kept.unlink()
    missing = cellwright(*LAST, "-o", tmp_path / "x.html", "--site", site)
    for one in (changed, longer):
        assert (one.status, "is not what was signed" in one.err) == (1, True), one
    assert (missing.status, "is not kept here" in missing.err, (tmp_path / "x.html").exists()) == (1, True, False)


@pytest.mark.requirement("F137.2", refuses=True)
@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("report", "CPV-9"), "CPV-9"),
        (("report", "CPV-1", "--period", "2026-13"), "a month as 2026-01"),
        ((*LAST, "--freeze"), "is concluded for 2026-12"),
        ((*LAST, "-o", "x.txt"), ".json, .html or .pdf"),
        ((*LAST, "--seal"), "--seal needs -o FILE.pdf"),
    ],
)
def test_a_wrong_word_is_told_and_changes_nothing(page: Page, words: Sequence[str], why: str) -> None:
    """Exit status 2, one paragraph that names it."""
    said = cellwright(*words, "--site", page[0] / "site")
    assert (said.status, said.out, why in said.err) == (2, "", True), said.err
