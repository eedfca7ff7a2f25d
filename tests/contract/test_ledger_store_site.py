"""A whole site whose ledger is in PostgreSQL, through the command line: event for event as in a file."""

import os
import signal
import subprocess
import sys
from operator import attrgetter
from pathlib import Path

import pytest

from automation.ledger import where
from automation.ledger.moving import move
from automation.ledger.postgresql import pointer
from automation.ledger.postgresql.schema import statements
from automation.ledger.read import Reader
from automation.ledger.verify import verify
from tests.support.commands import Said, cellwright
from tests.support.postgresql import SECRET, Server

BATCH = "B-1"
AFTER = 100  # events from the founding of the site to the midst of the freezing
RELEASES = sorted(path.parent for path in (Path(__file__).parents[1] / "golden").glob("*/ledger.sqlite"))


def _good(*words: object) -> Said:
    said = cellwright(*words)
    assert said.status == 0, said.err
    return said


@pytest.fixture
def site(server: Server, tmp_path: Path) -> Path:
    """A simulated site in a schema of its own, made by ``init``."""
    os.environ["PGPASSWORD"] = SECRET
    folder = tmp_path / "site"
    _good("init", folder, "--simulated", "--ledger", server.words(server.schema()))
    return folder


@pytest.mark.requirement("C01")
def test_a_batch_comes_out_as_in_a_file_and_can_be_read_checked_and_copied(site: Path, tmp_path: Path) -> None:
    """Hash for hash; then every command that looks, and a backup that is a site on its own."""
    other = tmp_path / "other"
    _good("init", other, "--simulated")
    for folder in (site, other):
        _good("run", "freeze-day", "--batch", BATCH, "--stop-at", "freeze.freezing", "--site", folder)
        _good("resume", BATCH, "--site", folder)
    with Reader(site) as mine, Reader(other) as its:
        assert [event.hash for event in mine.events()] == [event.hash for event in its.events()]
    for words in (("status",), ("worklist",), ("show", "batch", BATCH), ("list", "prompt"), ("verify", site)):
        _good(*words, *(("--site", site) if words[0] != "verify" else ()))
    _good("record", BATCH, "--format", "json", "-o", tmp_path / "record.json", "--site", site)
    _good("verify", tmp_path / "record.json")
    _good("backup", tmp_path / "copy", "--site", site)
    _good("restore", "--verify", tmp_path / "copy")
    assert verify(tmp_path / "copy").head == verify(site).head == verify(other).head


def test_a_process_that_is_killed_resumes_on_the_same_ledger(site: Path) -> None:
    """A real SIGKILL in the midst of the freezing; the same final state, and a whole chain."""
    words = ("run", "freeze-day", "--batch", BATCH, "--site", str(site))
    with Reader(site) as reader:
        crash = reader.last.seq + AFTER
    done = subprocess.run(
        [sys.executable, "-m", "automation", *words],
        env={**os.environ, "CELLWRIGHT_CRASH_AT": str(crash)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    with Reader(site) as reader:
        assert reader.last.seq == crash
    assert "complete" in _good("resume", BATCH, "--site", site).out
    assert verify(site).intact


def test_a_backup_is_restored_into_a_new_schema_and_the_site_goes_on_there(
    site: Path, server: Server, tmp_path: Path
) -> None:
    """So a site moves into PostgreSQL, too; a schema that holds a ledger is refused."""
    _good("run", "freeze-day", "--batch", BATCH, "--stop-at", "freeze.freezing", "--site", site)
    _good("backup", tmp_path / "copy.tar", "--with-key", "--site", site)
    words = server.words(server.schema())
    _good("restore", tmp_path / "copy.tar", "--to", tmp_path / "again", "--ledger", words)
    assert sorted(path.name for path in (tmp_path / "again").glob("ledger.*")) == [where.POINTER]
    assert verify(tmp_path / "again").head == verify(site).head
    assert "complete" in _good("resume", BATCH, "--site", tmp_path / "again").out
    refused = cellwright("restore", tmp_path / "copy.tar", "--to", tmp_path / "third", "--ledger", words)
    assert (refused.status, "there is a ledger already" in refused.err) == (2, True)
    assert not (tmp_path / "third").exists()


@pytest.mark.parametrize(
    ("words", "status", "why"),
    [
        ("schema=a password=hunter2", 2, "password stands there"),
        ("host={folder} dbname=site user=cellwright schema=nothing", 2, "holds no ledger"),
        ("host={folder}/nobody dbname=site user=cellwright schema=a", 1, "can't be reached"),
    ],
)
def test_a_site_is_not_made_where_its_ledger_cannot_be(
    server: Server, tmp_path: Path, words: str, status: int, why: str
) -> None:
    """Nothing stays behind that looks like a site."""
    os.environ["PGPASSWORD"] = SECRET
    said = cellwright("init", tmp_path, "--simulated", "--ledger", words.format(folder=server.folder))
    assert (said.status, why in said.err, "hunter2" in said.err) == (status, True, False)
    assert not list(tmp_path.iterdir())


def test_a_site_that_is_there_is_not_given_another_ledger(site: Path) -> None:
    """It has its record already; a move is a backup and a restore."""
    said = cellwright("init", site, "--simulated", "--ledger", "schema=other")
    assert (said.status, "--ledger is for a new site" in said.err) == (2, True)


def test_the_sql_is_printed_for_who_administers_the_database() -> None:
    """The program itself never logs in as one who may make tables."""
    said = _good("ledger-sql", "--schema", "site_a", "--login", "cw")
    assert said.out == statements(schema="site_a", login="cw", owner="cellwright_owner")
    for words in (("--schema", "a;b"), ("--schema", "a", "--login", "x", "--owner", "x")):
        assert cellwright("ledger-sql", *words).status == 2


@pytest.mark.parametrize("release", RELEASES, ids=attrgetter("name"))
def test_a_ledger_of_each_release_is_the_same_in_postgresql(server: Server, tmp_path: Path, release: Path) -> None:
    """Moved there and back, byte for byte; older words are read in today's."""
    os.environ["PGPASSWORD"] = SECRET
    folder, back = tmp_path / "site", tmp_path / "back"
    folder.mkdir()
    back.mkdir()
    pointer.write(folder / where.POINTER, pointer.parse(server.words(server.schema()), where="the test"))
    move(where.of_site(release), where.of_site(folder), live=False)
    where.of_site(folder).copy_to(back / "ledger.sqlite")
    for one in (folder, back):
        (one / "heads.log").write_bytes((release / "heads.log").read_bytes())
    assert verify(folder) == verify(back) == verify(release)
    with Reader(folder) as mine, Reader(release) as its:
        assert [event.fields for event in mine.events()] == [event.fields for event in its.events()]
