"""An engineer's own pytest file as a step: as it was approved, in a process of its own, with what it wrote."""

import hashlib
from pathlib import Path

import pytest

from automation.engine.recipe.yaml_source import read_text
from automation.engine.site import Site
from automation.gmp.executed import Result
from automation.kernel.errors import InputError
from automation.qualification.of_pytest import counted
from automation.qualification.protocols import read
from tests.support.qualifying import at_bench, begun, bench, by_program, execution

TESTS = """\
import os, pathlib

def test_the_site_is_there():
    assert (pathlib.Path(os.environ["CELLWRIGHT_SITE"]) / "site.yaml").exists()

def test_no_secret_is_given_on():
    assert not [name for name in os.environ if "SECRET" in name]
"""
PROTOCOL = """\
id: own-oq
version: "1"
title: The site's own tests
stages: [IQ]
asset_class: computerised system
scope: one site
acceptance: every step as expected
requalify_d: 365
requirements: [{id: URS-1, text: It works here., risk: low}]
cases:
  - id: T
    title: Own tests
    requirements: [URS-1]
    risk: low
    steps: [{n: 1, action: The program runs them., expected: All pass., check: pytest,
             given: {file: FILE, sha256: SHA, within: WITHIN}}]
"""
CARELESS = """\
import os, pathlib, signal, subprocess, sys

def test_leaves_a_process_and_changes_the_site():
    left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    site = pathlib.Path(os.environ["CELLWRIGHT_SITE"])
    (site.parent / "left.pid").write_text(str(left.pid))
    (site / "other.yaml").write_text("of a test")
"""
LONG = "import time\n\ndef test_long():\n    time.sleep(60)\n"


def _ran(folder: Path, source: str, *, within: str = "60 s", sha: str = "", file: str = "test_own.py") -> Result:
    (folder / "test_own.py").write_text(source, encoding="utf-8")
    digest = sha or hashlib.sha256(source.encode()).hexdigest()
    text = PROTOCOL.replace("FILE", file).replace("SHA", f'"{digest}"').replace("WITHIN", within)
    protocol = read(read_text(text, name="own.yaml"))

    async def job(site: Site) -> Result:
        await begun(site, "Q", protocol, asset="system-01", equipment={})
        await by_program(site, "Q", folder)
        return execution(site, "Q").results[0]

    return at_bench(bench(folder / "site"), job)


@pytest.mark.requirement("C10.2", "F150.2")
def test_own_tests_are_a_step_and_their_report_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They know the site and no secret; the file, the report and the output stand under their hashes."""
    monkeypatch.setenv("CELLWRIGHT_SECRET", "of nobody")
    monkeypatch.setenv("SECRET_OF_THE_DATABASE", "of nobody")
    found = _ran(tmp_path, TESTS)
    assert (found.met, found.actual) == (True, "2 passed, 0 failed, 0 error, 0 skipped of 2 tests; pytest ended with 0")
    files = {piece.name: piece.sha256 for piece in found.evidence}
    assert set(files) == {"test_own.py", "junit.xml", "output.txt"}
    assert files["test_own.py"] == hashlib.sha256(TESTS.encode()).hexdigest()


@pytest.mark.requirement("C10.2", refuses=True)
def test_a_test_that_does_not_end_fails_its_step(tmp_path: Path) -> None:
    """What came out is on record; nothing runs for ever."""
    found = _ran(tmp_path, LONG, within="0.3 s")
    assert (found.met, found.actual) == (False, "FailedError: pytest did not end within 0.3 s")


@pytest.mark.requirement("C10.2", refuses=True)
def test_tests_that_change_the_site_fail_their_step_and_leave_no_process(tmp_path: Path) -> None:
    """Also one in a session of its own ends with the tests that started it."""
    found = _ran(tmp_path, CARELESS)
    assert not Path("/proc", (tmp_path / "left.pid").read_text("ascii")).exists()
    assert not found.met
    assert found.actual.endswith("pytest ended with 0; of the site's own files changed: other.yaml")


@pytest.mark.requirement("C10.2", refuses=True)
def test_another_file_than_the_approved_one_is_not_run(tmp_path: Path) -> None:
    """Nor one that lies elsewhere; nothing is recorded."""
    with pytest.raises(InputError, match="the protocol was approved with aaaa"):
        _ran(tmp_path, "def test_x(): ...\n", sha="a" * 64)
    (tmp_path / "beside").mkdir()
    with pytest.raises(InputError, match="one beside the protocol is needed"):
        _ran(tmp_path / "beside", "def test_x(): ...\n", file="../test_own.py")


@pytest.mark.parametrize(
    ("report", "counts"),
    [
        (b"<a><testcase/><testcase><failure/></testcase></a>", {"passed": 1, "failed": 1}),
        (b"<a><testcase><skipped/></testcase><testcase><error/></testcase></a>", {"skipped": 1, "error": 1}),
        (b"<a><testcase/>", {}),
        (b"", {}),
        (b"not xml", {}),
    ],
)
def test_a_report_that_is_not_whole_counts_nothing(report: bytes, counts: dict[str, int]) -> None:
    """Half a report may hide the half that failed."""
    assert dict(counted(report)) == counts
