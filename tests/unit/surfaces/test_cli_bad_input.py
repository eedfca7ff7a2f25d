"""Bad input at the command line: one clear paragraph that says where, exit status 2, and nothing is changed."""

import contextlib
import re
import shutil
import sqlite3
from pathlib import Path

import pytest

from automation.ledger.file import NAME
from tests.support.commands import Said, cellwright, simulated_site

RECIPE = Path(__file__).parents[3] / "protocols" / "recipes" / "freeze-day.yaml"
CYCLE = ("    title: Receipt and identification\n", "    title: Receipt and identification\n    after: store\n")
RECIPES = {
    "syntax": ("  id: freeze-day", "  id: [freeze-day", "not YAML"),
    "duplicate key": ("  status: draft", "  status: draft\n  status: draft", "stands twice"),
    "unknown key": ("      every: 10 s", "      evry: 10 s", "did you mean 'every'"),
    "missing unit": ("every: 10 s", "every: 10", "without a unit"),
    "wrong dimension": ("every: 10 s", "every: 10 mL", "dimension"),
    "decimal comma": ("load_at: 4 degC", "load_at: '1,5 degC'", "decimal point"),
    "out of range": ("faults_allowed: 0", "faults_allowed: 5000", "allowed"),
    "not a number": ("every: 10 s", "every: nan s", "finite"),
    "unknown operation": ("operation: freeze", "operation: freze", "did you mean 'freeze'"),
    "cyclic order": (*CYCLE, "circle"),
    "parameter missing": ("      every: 10 s\n", "", "lacks every"),
}
SITES = {
    "absent driver": ("driver: eurotherm_modbus", "driver: eurotherm_modbuss", "did you mean 'eurotherm_modbus'"),
    "unknown port": ("port: memory", "port: floppy", "port"),
    "fake on a live site": ("mode: simulated", "mode: live", "live"),
}


def assert_refused(said: Said, *, names: str) -> None:
    """One paragraph on standard error that names the problem, nothing on standard output, exit status 2."""
    assert said.status == 2, said.err
    assert names in said.err, said.err
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert "Traceback" not in said.err
    assert "mistake of the program" not in said.err


def tampered(folder: Path, *statements: str) -> None:
    """Change a ledger's file behind its back."""
    with contextlib.closing(sqlite3.connect(folder / NAME, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated site with a ledger and no batch."""
    folder = tmp_path_factory.mktemp("site") / "a"
    assert cellwright("init", folder, "--simulated").status == 0
    return folder


@pytest.mark.requirement("F159", "C01.1", refuses=True)
@pytest.mark.parametrize("case", RECIPES)
def test_a_wrong_recipe_is_refused_with_line_and_column(tmp_path: Path, site: Path, case: str) -> None:
    """Every kind of mistake in a recipe names file, line and column."""
    right, wrong, names = RECIPES[case]
    text = RECIPE.read_text(encoding="utf-8")
    assert right in text
    (tmp_path / "r.yaml").write_text(text.replace(right, wrong, 1), encoding="utf-8")
    said = cellwright("run", tmp_path / "r.yaml", "--site", site, "--batch", "B-1")
    assert_refused(said, names=names)
    assert re.match(r"cellwright: r\.yaml:\d+:\d+: ", said.err), said.err


@pytest.mark.requirement("C01.1", refuses=True)
@pytest.mark.parametrize("case", SITES)
def test_a_wrong_site_file_is_refused_with_line_and_column(tmp_path: Path, case: str) -> None:
    """A driver or port that is not there, and a fake on a live site, are named where they stand."""
    *edit, names = SITES[case]
    folder = simulated_site(tmp_path, edit=(edit[0], edit[1]))
    said = cellwright("run", "freeze-day", "--site", folder, "--batch", "B-1")
    assert_refused(said, names=names)
    assert re.match(r"cellwright: site\.yaml:\d+:\d+: ", said.err), said.err
    assert not (folder / NAME).exists()


@pytest.mark.requirement("F041", refuses=True)
def test_a_batch_id_is_used_once(tmp_path: Path) -> None:
    """A second batch of the same id is refused and told how to go on."""
    folder = simulated_site(tmp_path)
    words = ("run", "freeze-day", "--site", folder, "--batch", "B-1", "--stop-at", "receive.identified")
    assert cellwright(*words).status == 0
    assert_refused(cellwright(*words), names="'B-1' is in use (running)")


def test_a_folder_that_is_no_site_is_told_how_to_become_one(tmp_path: Path) -> None:
    """The message names the command."""
    assert_refused(cellwright("status", "--site", tmp_path), names="cellwright init")


def test_a_site_is_made_once(site: Path) -> None:
    """A second init changes nothing."""
    before = (site / NAME).read_bytes()
    assert_refused(cellwright("init", site, "--simulated"), names="is a site already")
    assert (site / NAME).read_bytes() == before


@pytest.mark.requirement("C07", refuses=True)
def test_a_site_of_the_other_mode_is_refused(tmp_path: Path) -> None:
    """A simulated ledger under a site file that says live is not opened."""
    folder = tmp_path / "live"
    assert cellwright("init", folder).status == 0
    live = (folder / "site.yaml").read_text(encoding="utf-8")
    (folder / "site.yaml").write_text(live.replace("mode: live", "mode: simulated"), encoding="utf-8")
    assert_refused(cellwright("instruments", "identify", "--site", folder), names="for ever")


@pytest.mark.requirement("C07", refuses=True)
@pytest.mark.parametrize(
    "words",
    [("status",), ("worklist",), ("list", "batch"), ("show", "asset", "crf-01"), ("trace", "B-1"), ("record", "B-1")],
    ids="-".join,
)
def test_a_simulated_ledger_is_never_shown_as_live(tmp_path: Path, site: Path, words: tuple[str, ...]) -> None:
    """A ledger copied into a live site is refused by all that only look, too."""
    folder = tmp_path / "live"
    assert cellwright("init", folder).status == 0
    for name in (NAME, "heads.log"):
        shutil.copy(site / name, folder / name)
    more = ("-o", tmp_path / "r.html") if words[0] == "record" else ()
    assert_refused(cellwright(*words, "--site", folder, *more), names="is simulated, for ever")


@pytest.mark.requirement("F106.2", refuses=True)
@pytest.mark.parametrize(
    ("gone", "names"), [("site.key", "private key is missing"), (NAME, "the ledger is gone; heads.log says it had")]
)
def test_a_lost_key_or_ledger_is_not_replaced(tmp_path: Path, gone: str, names: str) -> None:
    """The missing file is named and no file of the site is made or changed."""
    folder = tmp_path / "a"
    assert cellwright("init", folder, "--simulated").status == 0
    (folder / gone).unlink()
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert_refused(cellwright("run", "freeze-day", "--site", folder, "--batch", "B-1"), names=names)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


@pytest.mark.requirement("F106.2", refuses=True)
@pytest.mark.parametrize("text", ["", "not hex\n", "ab" * 31, "\u00e9" * 64])
def test_a_key_file_that_holds_no_key_is_refused(tmp_path: Path, text: str) -> None:
    """The message names the file and never what stands in it."""
    folder = tmp_path / "a"
    assert cellwright("init", folder, "--simulated").status == 0
    (folder / "site.key").write_text(text, encoding="utf-8")
    said = cellwright("run", "freeze-day", "--site", folder, "--batch", "B-1")
    assert_refused(said, names="64 hex digits are needed")


@pytest.mark.requirement("F106.2", refuses=True)
@pytest.mark.parametrize("command", [("verify",), ("list", "batch", "--site")], ids="-".join)
def test_a_file_that_never_was_a_ledger_is_refused(tmp_path: Path, command: tuple[str, ...]) -> None:
    """Another program's file is told from a damaged one of ours."""
    folder = simulated_site(tmp_path)
    (folder / NAME).write_bytes(b"hello, world\n" * 20)
    assert_refused(cellwright(*command, folder), names="never was a ledger")


@pytest.mark.requirement("F106")
def test_another_file_beside_a_ledger_is_no_damaged_ledger(site: Path) -> None:
    """What lies in a site folder is not all of the ledger."""
    assert_refused(cellwright("verify", site / "site.yaml"), names="never was a ledger")


@pytest.mark.requirement("F106.2", refuses=True)
def test_a_ledger_of_a_newer_release_is_refused(tmp_path: Path) -> None:
    """An older program does not guess at a format that it does not know."""
    folder = simulated_site(tmp_path)
    assert cellwright("instruments", "identify", "--site", folder).status == 0
    tampered(folder, "PRAGMA user_version=99")
    for command in (("status", "--site"), ("verify",)):
        assert_refused(cellwright(*command, folder), names="use a newer release")


@pytest.mark.requirement("F106")
@pytest.mark.parametrize("text", ['{"cellwrght_record":1,"ledger":""}', " {", "[1, 2]"])
def test_a_file_that_begins_like_a_record_is_called_a_damaged_or_foreign_one(tmp_path: Path, text: str) -> None:
    """Nobody is told that a JSON file is no SQLite file."""
    (tmp_path / "record.json").write_text(text, encoding="utf-8")
    assert_refused(cellwright("verify", tmp_path / "record.json"), names="damaged or foreign record")


@pytest.mark.requirement("F106.2", refuses=True)
def test_a_damaged_ledger_is_not_opened_for_work_and_verify_says_no(tmp_path: Path) -> None:
    """Work is refused as wrong input; verify answers the question with no and names the first bad event."""
    folder = simulated_site(tmp_path)
    assert cellwright("instruments", "identify", "--site", folder).status == 0
    tampered(folder, "DROP TRIGGER event_update", "UPDATE event SET body = CAST(replace(body, 'SIM', 'LIV') AS BLOB)")
    said = cellwright("verify", folder, "--json")
    assert (said.status, said.data["intact"]) == (1, False)
    assert "first_bad" in said.data
    work = cellwright("run", "freeze-day", "--site", folder, "--batch", "B-1")
    assert work.status == 2, work.err


def test_a_folder_that_takes_no_files_is_refused() -> None:
    """The kernel's own file system can't be written by anybody; no key, ledger or half a site is left."""
    said = cellwright("init", "/proc/cellwright-site", "--simulated")
    assert_refused(said, names="/proc/cellwright-site")


@pytest.mark.requirement("C01.1", refuses=True)
@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("vrify", "x"), "did you mean 'verify'"),
        (("list", "contaner"), "did you mean 'container'"),
        (("do", "asset", "crf-01", "claen"), "did you mean 'clean'"),
        (("do", "asset", "crf-01", "clean", "--procdure", "SOP-1"), "did you mean --procedure"),
        (("diagram", "freez"), "did you mean 'freeze'"),
        (("show", "asset", "crf-02"), "known: crf-01"),
        (("run", "freeze-dya", "--batch", "B-1"), "did you mean 'freeze-day'"),
        (("run", "freeze-day"), "--batch"),
        (("run", "freeze-day", "--batch", "B-1", "--stop-at", "freeze.frezing"), "did you mean 'freezing'"),
        (("run", "freeze-day", "--batch", "B-1", "--stop-at", "freeze"), "STEP.STATE"),
        (("run", "freeze-day", "--batch", "B 1"), "batch id is 'B 1'"),
        (("run", "freeze-day", "--batch", "B 1/../x"), "1 to 64 letters, digits, '.', '_' and '-' are allowed"),
        (("run", "freeze-day", "--batch", "B-1", "--set", "every=5 s", "--reason", "trial"), "step.parameter=VALUE"),
        (("run", "freeze-day", "--batch", "B-1", "--set", "freeze.every", "--reason", "trial"), "step.parameter=VALUE"),
        (
            ("run", "freeze-day", "--batch", "B-1", "--set", "freeze.every=5 s", "--reason", "x"),
            "at least 3 characters",
        ),
        (("hold", "B-1", "--reason", "x"), "--reason is 'x'; at least 3 characters are needed"),
        (("run", "freeze-day", "--batch", "B-1", "--set", "freeze.every=5 s"), "--reason"),
        (("run", "freeze-day", "--batch", "B-1", "--container", "BAG-9"), "'BAG-9' is not known"),
        (("resume", "B-9"), "'B-9' is not known"),
        (("hold", "B-9", "--reason", "line clearance"), "'B-9' is not known"),
        (("answer", "nothing"), "known: none"),
        (("check", "freeze-day", "--lasting", "3"), "without a unit"),
        (("trace", "NOBODY-1"), "names 'NOBODY-1'"),
        (("record", "B-9", "-o", "x.html"), "'B-9' is not in this ledger"),
        (("verify", ".", "--head", "12"), "64 hex digits"),
        (("do", "deviation", "D-1", "open", "--as", "ana"), "known without one here: anna, ben, "),
        (("record", "B-1", "-o", "x.doc"), "written as .html, .pdf, .json or .xml"),
        (("record", "B-1", "--format", "pdf", "-o", "x.html"), "they have to say the same"),
        (("dossier", "period", "01.01.2026/01.02.2026", "-o", "../x.zip"), "FROM/TO is needed"),
        (("dossier", "period", "2026-02-01/2026-01-01", "-o", "../x.zip"), "it has to end after it began"),
    ],
)
def test_a_wrong_word_is_answered_with_what_is_known(
    site: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], names: str
) -> None:
    """Names are compared with the known ones and the nearest is suggested."""
    monkeypatch.setenv("CELLWRIGHT_SITE", str(site))
    monkeypatch.chdir(site)
    assert_refused(cellwright(*words), names=names)


@pytest.mark.requirement("F103.2", refuses=True)
@pytest.mark.parametrize(
    "text", ["{}\n", "time [{}]\n0\n", "time [s],sample [{}]\n0,1\n", "time [s],sample [degC]\n0,{}\n"]
)
def test_a_file_that_nobody_can_read_is_not_repeated(tmp_path: Path, text: str) -> None:
    """A refusal names the place and never what stands there: it may be of a patient."""
    path = tmp_path / "results.csv"
    path.write_text(text.format("erika muster"), encoding="utf-8")
    said = cellwright("read", path)
    assert_refused(said, names="nobody can read this file")
    assert "muster" not in said.err.lower()


@pytest.fixture
def growing(site: Path, tmp_path: Path) -> Path:
    """A copy of the site, of which the file says more than its ledger knows."""
    folder = tmp_path / "b"
    shutil.copytree(site, folder)
    text = (folder / "site.yaml").read_text(encoding="utf-8")
    before, scales, rest = re.split(r"(?ms)^(  balance-01:\n.*?)(?=^  \S)", text, maxsplit=1)
    more = scales.replace("balance-01", "balance-02")
    (folder / "site.yaml").write_text(before + scales + more + rest, encoding="utf-8")
    return folder


def test_what_is_new_in_the_site_file_is_moved_by_the_first_command(growing: Path) -> None:
    """Nobody has to look again at what the opening of the site has only made."""
    body = ("--due", "2027-09-09", "--certificate", "PQ-2")
    said = cellwright("do", "asset", "balance-02", "qualify", *body, "--as", "dora", "--site", growing)
    assert (said.status, "asset balance-02 is qualified (qualify by dora" in said.out) == (0, True), said.err


@pytest.mark.requirement("C01.1")
@pytest.mark.requirement("C01.1", refuses=True)
def test_a_mistake_in_the_site_file_is_said_and_keeps_nobody_from_looking(growing: Path) -> None:
    """What is shown goes by the file that was in force last; nothing is done before it is mended."""
    text = (growing / "site.yaml").read_text(encoding="utf-8")
    (growing / "site.yaml").write_text(text.replace("[order, read]", "[ordr, read]"), encoding="utf-8")
    looked = cellwright("show", "asset", "balance-01", "--site", growing)
    assert (looked.status, "asset balance-01: qualified" in looked.out) == (0, True)
    assert re.match(r"site\.yaml:\d+:\d+: .*did you mean 'order'", looked.err), looked.err
    done = cellwright("do", "asset", "balance-01", "clean", "--procedure", "SOP-1", "--as", "anna", "--site", growing)
    assert (done.status, "site.yaml" in done.err) == (2, True)
