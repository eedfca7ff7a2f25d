"""Inspection mode and dossiers: looks that are on the record, no way to change anything, one file with all of it."""

import contextlib
import hashlib
import json
import re
import shutil
import sqlite3
import zipfile
from pathlib import Path

import pytest

from automation.views.masking import Mask
from tests.support.commands import cellwright
from tests.support.pages import Told, told

ANNOUNCED = ("--sort", "authority", "--party", "an agency", "--scope", "batches", "--begins", "2026-02-01T08:00")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with one batch, and an inspector who can only read."""
    folder = tmp_path_factory.mktemp("inspecting") / "a"
    cellwright("init", folder, "--simulated")
    place = folder / "site.yaml"
    text = place.read_text(encoding="utf-8").replace("\nroles:\n", "\nroles:\n  inspector: [read]\n", 1)
    ines = "\npeople:\n  ines: {name: Ines Vogt, roles: [inspector]}\n"
    place.write_text(text.replace("\npeople:\n", ines, 1), encoding="utf-8")
    cellwright("run", "freeze-day", "--site", folder, "--batch", "B-1", "--stop-at", "freeze.freezing")
    announce = ("do", "inspection", "INS-1", "announce", *ANNOUNCED, "--inspectors", "ines", "--as", "dora")
    assert cellwright(*announce, "--site", folder).status == 0
    assert cellwright("do", "inspection", "INS-1", "begin", "--as", "dora", "--site", folder).status == 0
    return folder


def looks(site: Path) -> list[object]:
    """Give what the record says was looked at."""
    moves = cellwright("show", "inspection", "INS-1", "--site", site, "--json").data["history"]
    assert isinstance(moves, list)
    return [(one["by"], one["said"]) for one in moves if one["kind"] == "look"]


@pytest.mark.requirement("F107", "F109", "F109.1")
def test_every_look_of_an_inspector_is_on_the_record_before_it_is_shown(site: Path) -> None:
    """Also one that finds nothing; what is shown is what anybody sees."""
    shown = cellwright("inspect", "--as", "ines", "--site", site, "INS-1", "show", "batch", "B-1")
    assert (shown.status, "batch B-1: running" in shown.out) == (0, True)
    nothing = cellwright("inspect", "--as", "ines", "--site", site, "INS-1", "show", "batch", "B-99")
    assert nothing.status == 2
    assert looks(site)[-2:] == [("ines", "what show batch B-1"), ("ines", "what show batch B-99")]


@pytest.mark.requirement("F107", "F109", "F109.1", refuses=True)
@pytest.mark.parametrize(
    "words", [("do", "batch", "B-1", "close"), ("hold", "B-1"), ("answer", "P-1"), ("backup", "x")]
)
def test_nothing_is_changed_in_inspection_mode(site: Path, words: tuple[str, ...]) -> None:
    """A command that is no look is refused, and so is everything that an inspector tries without it."""
    said = cellwright("inspect", "--as", "ines", "--site", site, "INS-1", *words)
    assert (said.status, "is nothing that an inspector looks with" in said.err) == (2, True)
    direct = cellwright("do", "batch", "B-1", "abort", "--reason", "to see", "--as", "ines", "--site", site)
    assert (direct.status, "needs the right" in direct.err) == (1, True)


@pytest.mark.requirement("F107", refuses=True)
def test_who_is_no_inspector_does_not_look_as_one(site: Path) -> None:
    """Nothing is shown to the operator, who has other commands."""
    said = cellwright("inspect", "--as", "anna", "--site", site, "INS-1", "show", "batch", "B-1")
    assert (said.status, said.out) == (1, "")


@pytest.mark.requirement("F044", "F108")
@pytest.mark.parametrize(
    ("about", "which", "holds"),
    [
        ("lot", "B-1", {"record.html", "record.json", "objects/batch-B-1.md", "objects/container-BAG-0001.md"}),
        ("asset", "crf-01", {"objects/asset-crf-01.md", "objects/batch-B-1.md"}),
        ("period", "2026-01-01/2026-02-01", {"objects/batch-B-1.md", "objects/inspection-INS-1.md"}),
    ],
)
def test_a_dossier_holds_what_is_on_record_with_the_hash_of_each_file(
    site: Path, tmp_path: Path, about: str, which: str, holds: set[str]
) -> None:
    """Made twice it is the same file; the manifest names every other file and says SIMULATED."""
    place = tmp_path / "dossier.zip"
    digests = {cellwright("dossier", about, which, "-o", place, "--site", site, "--json").data["sha256"] for _ in "ab"}
    assert digests == {hashlib.sha256(place.read_bytes()).hexdigest()}
    with zipfile.ZipFile(place) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        found = {name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()}
    assert (manifest["simulated"], manifest["intact"]) == (True, True)
    assert manifest["files"] == {name: digest for name, digest in found.items() if name != "manifest.json"}
    assert holds <= set(found)


def test_a_period_in_which_nothing_happened_has_a_dossier_of_nothing(site: Path, tmp_path: Path) -> None:
    """An inspector who asks gets the answer."""
    said = cellwright("dossier", "period", "2020-01-01/2020-02-01", "-o", tmp_path / "d.zip", "--site", site, "--json")
    assert said.data["files"] == ["index.md", "manifest.json"]


@pytest.mark.requirement("F044", "F108", refuses=True)
@pytest.mark.parametrize("about", ["lot", "asset"])
def test_of_what_is_not_here_there_is_no_dossier(site: Path, tmp_path: Path, about: str) -> None:
    """It is said by name, and no file is written."""
    place = tmp_path / "d.zip"
    said = cellwright("dossier", about, "B-99", "-o", place, "--site", site)
    assert (said.status, "B-99" in said.err, place.exists()) == (2, True, False)


@pytest.fixture(scope="module")
def walked(site: Path) -> tuple[Told, ...]:
    """Run the page of walks at the site."""
    (site.parent / "site").symlink_to(site.name)
    return told("walkthrough.md", site.parent)


@pytest.mark.requirement("F109.2")
@pytest.mark.requirement("F109.2", refuses=True)
def test_every_command_of_the_page_of_walks_does_what_the_page_shows(walked: tuple[Told, ...]) -> None:
    """Refused where the page says so, with these words; else done."""
    assert len(walked) > 5
    for one in walked:
        assert (one.said.status != 0, one.words) == (one.refused, one.words), one.said.err
        assert (one.missing, one.words) == ([], one.words)


@pytest.mark.requirement("F109.2", refuses=True)
def test_nothing_on_the_pages_of_a_walk_can_edit_or_leads_away(site: Path, walked: tuple[Told, ...]) -> None:
    """No form, no script, nothing loaded; every link is to a page of the walk, and every chapter leads to the next."""
    assert walked
    pages = {path.name: path.read_text(encoding="utf-8") for path in (site.parent / "pages").glob("*.html")}
    assert len(pages) == 8
    for name, text in pages.items():
        assert re.findall(r"<(form|input|button|textarea|script|iframe|object|embed|link|base)", text) == []
        links = re.findall(r'(?:href|src|action)="([^"]+)"', text)
        assert (set(links) <= set(pages), links != [], "SIMULATED" in text) == (True, True, True), name
        assert re.search(r"as of event \d+, head [0-9a-f]{64}", text)
    assert [name for name in pages if name != "7-system.html" and "next: " not in pages[name]] == ["index.html"]


@pytest.mark.requirement("F109.2")
def test_identifiers_are_masked_unless_somebody_said_why_not(site: Path, walked: tuple[Told, ...]) -> None:
    """The same number on every page; shown with the reason on record."""
    assert walked
    identity = str(cellwright("show", "container", "BAG-0001", "--site", site, "--json").data["identity"])
    masked = "".join(path.read_text(encoding="utf-8") for path in (site.parent / "pages").iterdir())
    shown = (site.parent / "bedside" / "2-batch.html").read_text(encoding="utf-8")
    assert (identity in masked, "[id 1]" in masked, identity in shown) == (False, True, True)
    assert ("the site&#x27;s file came into force" in masked, "secret:" in masked) == (True, False)


@pytest.mark.requirement("F109.2")
def test_the_manifest_of_a_walk_holds_the_hash_of_each_page(site: Path, walked: tuple[Told, ...]) -> None:
    """So that what was handed out can be compared later."""
    assert walked
    folder = site.parent / "pages"
    said = json.loads((folder / "manifest.json").read_bytes())
    pages = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.html")}
    assert (said["files"], said["simulated"], said["masked"]) == (pages, True, True)


@pytest.mark.requirement("F109.2", refuses=True)
def test_pages_and_a_dossier_of_a_ledger_that_is_not_intact_say_so(
    site: Path, walked: tuple[Told, ...], tmp_path: Path
) -> None:
    """With the first bad event, and exit status 1; the pages of the sound one say that it is intact."""
    bad = shutil.copytree(site, tmp_path / "site", ignore=shutil.ignore_patterns("*.sock"))
    with contextlib.closing(sqlite3.connect(bad / "ledger.sqlite")) as ledger:
        ledger.execute("DROP TRIGGER event_update")
        ledger.execute("UPDATE event SET body = CAST(replace(body, 'an agency', 'an agencY') AS BLOB) WHERE seq > 200")
        ledger.commit()
    words = ("walkthrough", "INS-1", "--as", "ines", "--chapter", "plant")
    said = cellwright(*words, "-o", tmp_path / "pages", "--site", bad)
    assert (said.status, "NOT INTACT: event" in said.out) == (1, True), said
    for name in ("index.html", "1-plant.html"):
        text = (tmp_path / "pages" / name).read_text(encoding="utf-8")
        assert ("LEDGER NOT INTACT" in text, "its bytes are not what was hashed" in text) == (True, True)
    told_too = cellwright("dossier", "asset", "crf-01", "-o", tmp_path / "d.zip", "--site", bad)
    with zipfile.ZipFile(tmp_path / "d.zip") as archive:
        manifest, index = json.loads(archive.read("manifest.json")), archive.read("index.md").decode()
    assert (told_too.status, manifest["intact"], "LEDGER NOT INTACT: event" in index) == (1, False, True)
    assert walked
    assert "the ledger is intact" in (site.parent / "pages" / "index.html").read_text(encoding="utf-8")


@pytest.mark.requirement("F109.2", refuses=True)
def test_identifiers_are_not_shown_for_a_reason_that_says_nothing(site: Path, tmp_path: Path) -> None:
    """Nothing is written, and no look is on the record."""
    before = looks(site)
    said = cellwright("walkthrough", "INS-1", "--as", "ines", "--unmasked", "  ", "-o", tmp_path / "p", "--site", site)
    assert (said.status, "it needs the reason" in said.err, (tmp_path / "p").exists()) == (2, True, False)
    assert looks(site) == before


def test_a_longer_identifier_is_masked_before_one_that_lies_within_it() -> None:
    """A donation number with its check character is one identifier, not one with a letter behind."""
    mask = Mask(("A999926000017", "A999926000017X"))
    assert mask("bag A999926000017X, then A999926000017") == "bag [id 2], then [id 1]"


def test_a_short_code_is_masked_as_a_word_and_a_long_one_within_a_scanned_text_too() -> None:
    """``REC`` is a recipient, and RECEIVE is not; a donation number stands within the code of a label."""
    mask = Mask(("REC", "A999926000017"))
    assert mask("RECEIVE for REC: =A99992600001700") == "RECEIVE for [id 1]: =[id 2]00"


def test_a_code_that_somebody_typed_in_small_letters_is_masked_too() -> None:
    """In a title or a reason people write as they like; a short one stays a word of its own."""
    mask = Mask(("SUBJ-017", "REC"))
    assert mask("the bag of subj-017, Subj-017: rec") == "the bag of [id 1], [id 1]: rec"
