"""``transfer package``, ``plan`` and ``report``: what is frozen, what is no package, and whose batches are whose."""

import hashlib
import json
from pathlib import Path
from typing import cast

import pytest

from tests.support.commands import Said, cellwright, simulated_site

pytestmark = pytest.mark.requirement("F090")
WHY = ("--title", "Freezing at site B", "--why", "three of each unit show it")
CQA = ("--cqa", "count.viability", "--margin", "count.viability=5 %")
PLAN = ("--owner", "carla", "--due", "2026-06-30T17:00", "--as", "dora")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Site b, which is to freeze bags as site a does, and the package of it."""
    folder = tmp_path_factory.mktemp("transfer")
    site = simulated_site(folder / "b", "b")
    assert cellwright("instruments", "identify", "--site", site).status == 0
    files = [word for end in ("json", "html") for word in ("-o", folder / f"package.{end}")]
    scale = ("--step", "freeze", "--from", "volume=20 mL", "--to", "volume=50 mL")
    said = cellwright("transfer", "package", "a", site, "freeze-day", *WHY, *CQA, "--cpp", "freeze.*", *scale, *files)
    assert said.status == 0, said.err
    return folder


def packed(place: Path) -> dict[str, object]:
    """Give what stands in the file."""
    return cast("dict[str, object]", json.loads((place / "package.json").read_text(encoding="utf-8")))


def test_a_package_holds_the_process_what_is_critical_the_gaps_and_the_protocol(place: Path) -> None:
    """Every step of the recipe in order, with its limits; both ledgers are cited up to an event."""
    found = packed(place)
    steps = cast("list[dict[str, object]]", found["map"])
    assert [step["id"] for step in steps] == ["receive", "count", "freeze", "store"]
    assert "count.viability" in cast("list[str]", found["critical"])
    assert "freeze.program" in cast("list[str]", found["critical"])
    assert len(cast("list[object]", found["gaps"])) == 8
    assert cast("dict[str, object]", found["receiving"])["name"] == "Site B (mixed)"
    assert cast("dict[str, object]", found["sheet"])["ratio"] == 2.5


def test_the_page_of_a_package_draws_the_process_and_says_simulated(place: Path) -> None:
    """It shows the JSON that is frozen, by its SHA-256."""
    page = (place / "package.html").read_text(encoding="utf-8")
    assert "<b class=mark>SIMULATED</b>" in page
    assert "The steps of the process in their order" in page
    assert hashlib.sha256((place / "package.json").read_bytes()).hexdigest() in page


@pytest.mark.requirement("F090", refuses=True)
@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((), "nothing is called critical"),
        (("--cqa", "count.viabilty"), "did you mean"),
        (("--cqa", "count.viability", "--cpp", "freeze.speed"), "is no parameter of the recipe"),
        (("--cqa", "count.viability", "--margin", "freeze.rate=1 K/min"), "is no critical quality attribute"),
        (("--cqa", "count.viability", "--margin", "count.viability=5 K"), "is in K; it is in %"),
        (("--cqa", "count.viability", "--margin", "count.viability=-5 %"), "more than 0 is needed"),
        ((*CQA, "-o", "package.docx"), ".json, .html or .pdf is written"),
    ],
)
def test_a_package_that_says_nothing_is_not_written(place: Path, words: tuple[str, ...], why: str) -> None:
    """Wrong input, and no file."""
    out = place / "none.json"
    said = cellwright("transfer", "package", place / "b", place / "b", "freeze-day", *WHY, *words, "-o", out)
    assert (said.status, why in said.err, out.exists()) == (2, True, False), said.err


@pytest.mark.requirement("F090", "C09.2", refuses=True)
@pytest.mark.parametrize("text", ["", "{}", '{"is": "transfer report"}', "[1, 2]", '{"is": 3, "gaps": []}', "\ufeff{"])
def test_what_is_no_package_is_not_planned(place: Path, text: str) -> None:
    """A file of another kind, a part of one, none at all: one sentence, nothing recorded."""
    file = place / "wrong.json"
    file.write_text(text, encoding="utf-8")
    said = cellwright("transfer", "plan", "T-9", file, *PLAN, "--site", place / "b")
    assert (said.status, "this is no" in said.err) == (2, True), said.err
    assert cellwright("transfer", "plan", "T-9", place / "nowhere.json", *PLAN, "--site", place / "b").status == 2


@pytest.mark.requirement("F094", "C09.2", refuses=True)
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"is": "transfer package"}', "no transfer report and no ppq report"),
        ('{"is": "ppq report"}', "no transfer report and no ppq report"),
        ('{"is": "ppq report", "ppq": "P-2"}', "the report is of ppq/P-2, not of P-1"),
        ("not JSON", "this is no report"),
    ],
)
def test_nothing_is_concluded_from_what_is_no_report_of_it(place: Path, text: str, why: str) -> None:
    """Another file, a report of something else, none at all."""
    file = place / "wrong.json"
    file.write_text(text, encoding="utf-8")
    said = cellwright("transfer", "conclude", "P-1", file, "--conclusion", "all good", "--site", place / "b")
    assert (said.status, why in said.err) == (2, True), said.err


@pytest.mark.requirement("F090", refuses=True)
def test_a_package_for_another_site_is_not_planned_here(place: Path) -> None:
    """A package whose receiving unit is another ledger; the right one is planned, and what it cites is stated."""
    found = packed(place)
    found["receiving"] = {**cast("dict[str, object]", found["receiving"]), "ledger": "f" * 32}
    (place / "other.json").write_text(json.dumps(found), encoding="utf-8")
    site = ("--site", place / "b")
    said = cellwright("transfer", "plan", "T-1", place / "other.json", *PLAN, *site)
    assert (said.status, "has another ledger" in said.err) == (2, True)
    assert cellwright("transfer", "plan", "T-1", place / "package.json", *PLAN, *site).status == 0
    again: Said = cellwright("transfer", "plan", "T-1", place / "package.json", *PLAN, *site, "--json")
    assert (again.data["command"], again.data["state"]) == ("replan", "planned")


@pytest.mark.requirement("F090", "C09.2", refuses=True)
def test_a_package_that_is_silent_on_what_blocks_now_is_not_planned(place: Path) -> None:
    """A lot was quarantined after it was written, or somebody deleted the line; released again, it is planned."""
    words = ("transfer", "plan", "T-2", place / "package.json", *PLAN, "--site", place / "b")
    site = ("--as", "dora", "--site", place / "b")
    assert cellwright("do", "lot", "OVER-1177", "quarantine", "--reason", "a torn one", *site).status == 0
    said = cellwright(*words)
    assert (said.status, "silent on what blocks now: lot of overwrap at Site B" in said.err) == (2, True), said.err
    assert cellwright("do", "lot", "OVER-1177", "release", *site).status == 0
    assert cellwright(*words).status == 0


@pytest.mark.requirement("F090", "C09.2", refuses=True)
def test_nothing_of_a_simulated_site_is_planned_at_a_live_one(place: Path, tmp_path: Path) -> None:
    """A package in which either site is simulated; the live site records nothing."""
    assert cellwright("init", tmp_path / "live").status == 0
    said = cellwright("transfer", "plan", "T-1", place / "package.json", *PLAN, "--site", tmp_path / "live")
    assert (said.status, "of a simulated site, of which nothing counts" in said.err) == (2, True), said.err
