"""Backups: whole or not there, made while the owner works, tried before anybody relies on them, never in the way."""

import os
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from automation.kernel.errors import DamagedError
from automation.ledger.backup import LIST, Manifest, aside, read_manifest
from automation.ledger.read import Reader
from automation.ledger.verify import verify
from automation.views.standing import standing
from tests.support.commands import Said, cellwright, simulated_site
from tests.support.system_faults import no_file_grows_beyond
from tests.unit.ledger.ledgers import make

LONGEST = 30.0  # s
FORMS = pytest.mark.parametrize("form", ["copy", "copy.tar"])


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site that has begun a batch and left it open."""
    folder = simulated_site(tmp_path_factory.mktemp("lived") / "site")
    said = cellwright("run", "freeze-day", "--batch", "B-1", "--stop-at", "freeze.freezing", "--site", folder)
    assert said.status == 0
    return folder


@pytest.fixture
def site(tmp_path: Path, lived: Path) -> Path:
    """Give a site of the test's own."""
    return shutil.copytree(lived, tmp_path / "site")


def _backup(site: Path, to: Path, *more: object) -> Said:
    said = cellwright("backup", to, "--site", site, *more)
    assert said.status == 0, said.err
    return said


def _standing(folder: Path) -> dict[str, str]:
    with Reader(folder) as reader:
        return standing(reader)


@pytest.mark.requirement("C01.2")
@FORMS
def test_what_a_killed_process_of_the_same_number_has_left_is_in_nobodys_way(
    tmp_path: Path, site: Path, form: str
) -> None:
    """In a container the command has the same number each time."""
    for name in (form, "again"):
        left = aside(tmp_path / name)
        left.mkdir()
        (left / "site.yaml").write_text("half", encoding="utf-8")
        left.with_suffix(".tar.tmp").write_bytes(b"half")
    _backup(site, tmp_path / form)
    assert cellwright("restore", tmp_path / form, "--to", tmp_path / "again").status == 0


@pytest.mark.requirement("C01.2")
@FORMS
def test_a_restored_site_goes_on_as_the_first_one_would_have(tmp_path: Path, site: Path, form: str) -> None:
    """The same events, then the same end of the batch that was open: plant, recipe and key are there."""
    _backup(site, tmp_path / form, "--with-key")
    assert cellwright("restore", tmp_path / form, "--to", tmp_path / "again").status == 0
    assert _standing(tmp_path / "again") == _standing(site)
    ends = [cellwright("resume", "B-1", "--site", folder, "--json") for folder in (site, tmp_path / "again")]
    assert ends[0].data["head"] == ends[1].data["head"]
    assert verify(tmp_path / "again").intact


@FORMS
def test_the_private_key_stays_behind_unless_it_is_asked_for(tmp_path: Path, site: Path, form: str) -> None:
    """Either way it is said."""
    without = _backup(site, tmp_path / form)
    with_it = _backup(site, tmp_path / f"key {form}", "--with-key")
    assert "the private key is not in it" in without.out
    assert "the private key is in it: keep it as the key itself" in with_it.out
    names = [{one.path for one in read_manifest(tmp_path / f"{key}{form}").files} for key in ("", "key ")]
    assert names[1] - names[0] == {"site.key"}
    key = (site / "site.key").read_bytes().strip()
    assert not any(
        key in path.read_bytes()
        for path in tmp_path.rglob("*")
        if path.is_file() and site not in path.parents and "key" not in str(path.relative_to(tmp_path))
    )


def test_a_restored_site_without_its_key_says_which_file_is_missing(tmp_path: Path, site: Path) -> None:
    """It can be read and verified; for work the key has to be put there."""
    _backup(site, tmp_path / "copy")
    assert cellwright("restore", tmp_path / "copy", "--to", tmp_path / "again").status == 0
    assert verify(tmp_path / "again").intact
    assert "private key is missing" in cellwright("resume", "B-1", "--site", tmp_path / "again").err
    shutil.copy(site / "site.key", tmp_path / "again")
    assert cellwright("resume", "B-1", "--site", tmp_path / "again").status == 0


@pytest.mark.requirement("C01.2")
def test_a_backup_is_made_while_the_owner_appends(tmp_path: Path) -> None:
    """It has everything that was acknowledged before it began, and is whole at whatever event it ends."""
    site = simulated_site(tmp_path / "site")
    (site / "site.yaml").write_text("site: {name: Suite 9, mode: live, zone: UTC}\nroles: {}\nassets: {}\n")
    code = (
        "import sys; from pathlib import Path; from tests.unit.ledger.ledgers import *\n"
        "ledger = make(Path(sys.argv[1]), mode=Mode.LIVE)\n"
        "for n in range(100_000):\n"
        "    seq = ledger.append([draft(f'ledger/{n % 9}', n=n)], at=START + n)[-1].seq; ledger.flush()\n"
        "    if n % 200 == 199: ledger.seal(); print(seq, flush=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(site)], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        told = int(owner.stdout.readline())
        _backup(site, tmp_path / "copy")
        owner.kill()
    assert verify(tmp_path / "copy").events >= told
    assert cellwright("restore", "--verify", tmp_path / "copy").status == 0


def test_nothing_is_ever_overwritten(tmp_path: Path, site: Path) -> None:
    """Neither by a backup nor by a restored site; and no backup lies in the site that it is of."""
    _backup(site, tmp_path / "copy")
    refused = [
        cellwright("backup", tmp_path / "copy", "--site", site),
        cellwright("restore", tmp_path / "copy", "--to", site),
        cellwright("backup", site / "copy", "--site", site),
        cellwright("backup", tmp_path / "nowhere" / "copy", "--site", site),
        cellwright("restore", tmp_path / "copy"),
    ]
    assert [said.status for said in refused] == [2] * 5
    assert "nothing is overwritten" in refused[0].err
    assert "nothing is overwritten" in refused[1].err


def _changed(backup: Path, name: str) -> None:
    """Flip one bit in the middle of a file."""
    whole = bytearray((backup / name).read_bytes())
    whole[len(whole) // 2] ^= 1
    (backup / name).write_bytes(whole)


def _missing(backup: Path, name: str) -> None:
    (backup / name).unlink()


def _cut(backup: Path, name: str) -> None:
    os.truncate(backup / name, (backup / name).stat().st_size - 1)


@pytest.mark.requirement("F106.2", refuses=True)
@pytest.mark.parametrize("spoil", [_changed, _missing, _cut])
def test_a_file_that_is_not_what_was_kept_is_named(
    tmp_path: Path, site: Path, spoil: Callable[[Path, str], None]
) -> None:
    """Each file in turn; the answer is no, and nothing is restored from it."""
    _backup(site, tmp_path / "whole")
    for number, one in enumerate(read_manifest(tmp_path / "whole").files):
        copy = shutil.copytree(tmp_path / "whole", tmp_path / f"{number}")
        spoil(copy, one.path)
        said = cellwright("restore", copy, "--to", tmp_path / "again")
        assert (said.status, one.path in said.err) == (1, True)
    assert not (tmp_path / "again").exists()


def test_a_file_that_was_added_is_named(tmp_path: Path, site: Path) -> None:
    """In the folder as well as in the one file."""
    _backup(site, tmp_path / "copy")
    _backup(site, tmp_path / "copy.tar")
    (tmp_path / "copy" / "more.txt").write_text("x")
    with tarfile.open(tmp_path / "copy.tar", "a") as tar:
        tar.add(tmp_path / "copy" / "more.txt", "more.txt")
    said = [cellwright("restore", "--verify", tmp_path / name) for name in ("copy", "copy.tar")]
    assert [(one.status, "more.txt was added" in one.err) for one in said] == [(1, True)] * 2


@pytest.mark.parametrize("share", range(1, 10))
def test_one_file_that_was_cut_or_changed_is_refused(tmp_path: Path, site: Path, share: int) -> None:
    """In the midst of each of its files; never a traceback, never a half site."""
    _backup(site, tmp_path / "copy.tar")
    whole = (tmp_path / "copy.tar").read_bytes()
    with tarfile.open(tmp_path / "copy.tar") as tar:
        files = [file for file in tar if file.size]  # what fills the last block of each is nobody's
    at = files[share % len(files)].offset_data + files[share % len(files)].size // 2
    for number, spoilt in enumerate((whole[:at], whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])):
        (tmp_path / f"{number}.tar").write_bytes(spoilt)
        assert cellwright("restore", tmp_path / f"{number}.tar", "--to", tmp_path / "again").status in {1, 2}
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "a/../../b", "a//b"])
def test_a_list_that_leads_out_of_the_folder_is_refused(tmp_path: Path, site: Path, name: str) -> None:
    """Whoever made it, nothing is written anywhere else."""
    _backup(site, tmp_path / "copy")
    manifest = msgspec.json.decode((tmp_path / "copy" / LIST).read_bytes(), type=Manifest)
    wrong = msgspec.structs.replace(manifest.files[0], path=name)
    (tmp_path / "copy" / LIST).write_bytes(
        msgspec.json.encode(msgspec.structs.replace(manifest, files=(wrong, *manifest.files[1:])))
    )
    with pytest.raises(DamagedError, match="no place in a site folder"):
        read_manifest(tmp_path / "copy")


def test_a_list_that_tells_of_another_ledger_is_found_out(tmp_path: Path, site: Path) -> None:
    """Its number of events, its last event or its states are not those of the files."""
    _backup(site, tmp_path / "copy")
    manifest = read_manifest(tmp_path / "copy")
    for wrong in ({"events": manifest.events - 1}, {"head": "0" * 64}, {"standing": "0" * 64}):
        (tmp_path / "copy" / LIST).write_bytes(msgspec.json.encode(msgspec.structs.replace(manifest, **wrong)))
        assert cellwright("restore", "--verify", tmp_path / "copy").status == 1


@pytest.mark.requirement("F106")
def test_every_trial_is_recorded_at_the_site_by_who_made_it(tmp_path: Path, site: Path) -> None:
    """Also one that failed, with why."""
    _backup(site, tmp_path / "copy")
    for status in (0, 1):
        said = cellwright("restore", "--verify", tmp_path / "copy", "--site", site, "--as", "carla")
        assert said.status == status
        with (tmp_path / "copy" / "heads.log").open("ab") as log:
            log.write(b"{}\n")
    with Reader(site) as reader:
        trials = [event for event in reader.events(prefix="backup") if event.kind in {"prove", "fail"}]
    assert [(event.kind, event.by) for event in trials] == [("prove", "carla"), ("fail", "carla")]
    assert "heads.log is not what was kept" in str(trials[1].fields)
    assert verify(site).intact


def test_a_trial_is_not_recorded_at_another_site_or_by_nobody(tmp_path: Path, site: Path) -> None:
    """The record of a site tells of its own backups."""
    _backup(site, tmp_path / "copy")
    other = simulated_site(tmp_path / "other", "b")
    make(other).close()
    said = cellwright("restore", "--verify", tmp_path / "copy", "--site", other)
    assert (said.status, "the backup is of ledger" in said.err) == (2, True)
    by_anna = cellwright("restore", "--verify", tmp_path / "copy", "--site", site, "--as", "anna")
    assert by_anna.status == 1


def test_a_backup_of_a_site_that_is_not_whole_is_refused(tmp_path: Path, site: Path) -> None:
    """What is wrong is named, and nothing stands under the name."""
    with (site / "heads.log").open("ab") as log:
        log.write(b"{}\n")
    said = cellwright("backup", tmp_path / "copy", "--site", site)
    assert (said.status, "heads.log" in said.err) == (2, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["site"]


@FORMS
def test_a_full_disk_leaves_no_half_backup(tmp_path: Path, site: Path, form: str) -> None:
    """One error; nothing under the name and nothing beside it."""
    with no_file_grows_beyond(20_000):
        said = cellwright("backup", tmp_path / form, "--site", site)
    assert (said.status, "can't be" in said.err) == (1, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["site"]


@pytest.mark.requirement("C01.2")
@FORMS
def test_a_killed_backup_leaves_nothing_under_its_name(tmp_path: Path, form: str) -> None:
    """Killed while it copies many files; the next one is whole."""
    site = simulated_site(tmp_path / "site")
    make(site).close()
    for number in range(30):
        (site / f"{number}.bin").write_bytes(os.urandom(1000))
    words = [sys.executable, "-m", "automation", "backup", str(tmp_path / form), "--site", str(site)]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        while not any(path.suffix == ".tmp" for path in tmp_path.iterdir()) and process.poll() is None:
            pass
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert not (tmp_path / form).exists()
    _backup(site, tmp_path / form)
    assert cellwright("restore", "--verify", tmp_path / form).status == 0
