"""Copies of a site folder: what is in them, how they are written, and what is said of one that is not right."""

import hashlib
import os
import shutil
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from automation.kernel.errors import (
    CellwrightError,
    DamagedError,
    FailedError,
    InputError,
    NewerVersionError,
    NotOursError,
)
from automation.ledger.backup import (
    FORMAT,
    LIST,
    Kept,
    Manifest,
    aside,
    begin_aside,
    check_free,
    copy_site,
    finish,
    read_manifest,
    settle,
    unpack,
)
from automation.ledger.read import Reader
from tests.unit.ledger.ledgers import filled

NAMES = ["heads.log", "ledger.sqlite", "a/deep/torn.log", "a/own.sqlite", "site.yaml"]
FORMS = pytest.mark.parametrize("form", ["copy", "copy.tar"])
Hand = Callable[[Path], object]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site folder with all that may lie in one."""
    folder = filled(tmp_path_factory.mktemp("backup") / "site")
    (folder / "a" / "deep").mkdir(parents=True)
    (folder / "a" / "deep" / "torn.log").write_bytes(b"x" * (1 << 20) + b"\nwhole\ntorn")
    with closing(sqlite3.connect(folder / "a" / "own.sqlite", isolation_level=None)) as other:
        other.execute("CREATE TABLE t(x)")
    for name in ("site.yaml", "site.key", "owner.sock", "derived.sqlite", "a/b-wal", "a/b-shm", "c-journal"):
        (folder / name).write_text(name, encoding="utf-8")
    for name in (".a.1.tmp", "a/b.new"):
        (folder / name).write_text(name, encoding="utf-8")
    (folder / "link").symlink_to("site.yaml")
    return folder


@pytest.fixture(scope="module")
def kept(site: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[Kept, ...]]:
    """Give a copy of the site folder with the list of its files."""
    into = tmp_path_factory.mktemp("kept") / "copy"
    return into, copy_site(site, into, with_key=False)


def _manifest(files: tuple[Kept, ...], **changes: object) -> Manifest:
    made = Manifest(
        release="1",
        made=2,
        ledger="3",
        site="4",
        mode="5",
        events=6,
        head="7",
        standing="8",
        with_key=False,
        files=files,
    )
    return msgspec.structs.replace(made, **changes)


@pytest.fixture
def backup(kept: tuple[Path, tuple[Kept, ...]], tmp_path: Path) -> Callable[[str], Path]:
    """Make a backup of the copy, as a folder or as one file."""

    def make(form: str) -> Path:
        made = Path(shutil.copytree(kept[0], begin_aside(tmp_path / form)))
        finish(made, target=tmp_path / form, manifest=_manifest(kept[1]))
        return tmp_path / form

    return make


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_copy_has_the_files_of_the_site_and_nothing_that_passes(
    site: Path, kept: tuple[Path, tuple[Kept, ...]]
) -> None:
    """The log of heads first, then the ledger; no key, lock, socket, link, or half-written file."""
    into, files = kept
    assert [one.path for one in files] == NAMES
    assert sorted(path.relative_to(into).as_posix() for path in into.rglob("*") if path.is_file()) == sorted(NAMES)
    for one in files:
        data = (into / one.path).read_bytes()
        assert (one.bytes, one.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert (into / "site.yaml").read_bytes() == (site / "site.yaml").read_bytes()
    with Reader(into) as copy, Reader(site) as ours:
        assert list(copy.events()) == list(ours.events())


def test_a_copy_is_for_nobody_elses_eyes(kept: tuple[Path, tuple[Kept, ...]]) -> None:
    """Folders and files are those of who made it."""
    into, files = kept
    assert {_mode(path) for path in (into, into / "a" / "deep")} == {0o700}
    assert {_mode(into / one.path) for one in files} == {0o600}


def test_a_log_is_copied_up_to_its_last_whole_line(kept: tuple[Path, tuple[Kept, ...]]) -> None:
    """Its writer may be in the midst of the next; also where the file is longer than what is looked at."""
    assert (kept[0] / "a" / "deep" / "torn.log").read_bytes() == b"x" * (1 << 20) + b"\nwhole\n"


def test_another_database_is_copied_as_one(kept: tuple[Path, tuple[Kept, ...]]) -> None:
    """Whatever its owner does meanwhile."""
    with closing(sqlite3.connect(kept[0] / "a" / "own.sqlite")) as copy:
        assert copy.execute("PRAGMA table_info(t)").fetchall()[0][1] == "x"


def test_the_key_is_copied_where_it_is_asked_for(site: Path, tmp_path: Path) -> None:
    """It is one file of the list like the others."""
    files = copy_site(site, tmp_path / "copy", with_key=True)
    assert [one.path for one in files] == [*NAMES[:-1], "site.key", "site.yaml"]
    assert (tmp_path / "copy" / "site.key").read_text() == "site.key"


def test_a_copy_that_cannot_be_written_is_one_clear_error(site: Path, tmp_path: Path) -> None:
    """It names what refused."""
    (tmp_path / "copy").mkdir()
    with pytest.raises(FailedError, match=rf"^the backup can't be written \(File exists: {tmp_path}/copy\)$"):
        copy_site(site, tmp_path / "copy", with_key=False)
    with pytest.raises(InputError, match="no ledger"):
        copy_site(tmp_path, tmp_path / "copy", with_key=False)
    assert list((tmp_path / "copy").iterdir()) == []


def test_what_is_made_aside_has_a_name_of_its_own_that_is_free(tmp_path: Path) -> None:
    """What a killed process with our number has left there goes."""
    made = aside(tmp_path / "copy.tar")
    assert made == tmp_path / f".copy.tar.{os.getpid()}.tmp"
    whole = tmp_path / f".copy.tar.{os.getpid()}.tar.tmp"
    (made / "more").mkdir(parents=True)
    whole.write_bytes(b"half")
    assert begin_aside(tmp_path / "copy.tar") == made
    assert list(tmp_path.iterdir()) == []


def test_a_name_is_free_where_nothing_or_an_empty_folder_stands(tmp_path: Path) -> None:
    """A file or a folder with something in it stays as it is."""
    for name in ("nothing", "empty"):
        check_free(tmp_path / name)
        (tmp_path / "empty").mkdir(exist_ok=True)
    (tmp_path / "empty" / "file").write_bytes(b"")
    for taken in (tmp_path / "empty", tmp_path / "empty" / "file"):
        with pytest.raises(InputError) as refused:
            check_free(taken)
        assert str(refused.value) == f"{taken}: there is something already, and nothing is overwritten"
    with pytest.raises(InputError) as refused:
        check_free(tmp_path / "no" / "copy")
    assert str(refused.value) == f"{tmp_path}/no/copy: the folder that it is to stand in does not exist"


@FORMS
def test_a_backup_is_put_under_its_name_with_its_list(backup: Callable[[str], Path], tmp_path: Path, form: str) -> None:
    """Nothing is left beside it, and what it holds is given back as it was kept."""
    made = backup(form)
    assert list(tmp_path.iterdir()) == [made]
    assert read_manifest(made) == unpack(made, tmp_path / "again")
    files = {path.relative_to(tmp_path / "again").as_posix() for path in (tmp_path / "again").rglob("*.*")}
    assert files == set(NAMES)
    assert {_mode(tmp_path / "again" / name) for name in ("", "a/deep")} == {0o700}
    assert {_mode(tmp_path / "again" / name) for name in NAMES} == {0o600}


def test_the_list_can_be_read_by_anybody(backup: Callable[[str], Path]) -> None:
    """A line for each thing that it says, and a line end."""
    text = (backup("copy") / LIST).read_text(encoding="utf-8")
    assert text.startswith(f'{{\n "cellwright_backup": {FORMAT},\n "release": "1",\n')
    assert text.endswith("]\n}\n")


def test_one_file_is_an_archive_of_the_list_and_the_files(backup: Callable[[str], Path]) -> None:
    """The list first; all for nobody else's eyes, the archive too."""
    made = backup("copy.tar")
    with tarfile.open(made, "r:") as tar:
        assert [(entry.name, entry.mode) for entry in tar] == [(name, 0o600) for name in (LIST, *NAMES)]
        assert tar.pax_headers is not None
    assert _mode(made) == 0o600


def test_a_backup_that_cannot_be_finished_is_one_clear_error(tmp_path: Path) -> None:
    """It names what refused."""
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").write_bytes(b"")
    (tmp_path / "made").mkdir()
    with pytest.raises(FailedError, match=rf"^{tmp_path}/taken can't be put in its place \(Directory not empty\)$"):
        settle(tmp_path / "made", tmp_path / "taken")
    absent = rf"^the backup can't be written \(No such file or directory: {tmp_path}/absent/{LIST}\)$"
    with pytest.raises(FailedError, match=absent):
        finish(tmp_path / "absent", target=tmp_path / "copy", manifest=_manifest(()))


def _write(name: str, text: str = "x") -> Hand:
    def spoil(folder: Path) -> None:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")

    return spoil


def _listed(**changes: object) -> Hand:
    return lambda folder: (folder / LIST).write_bytes(
        msgspec.json.encode(msgspec.structs.replace(read_manifest(folder), **changes))
    )


def _named(path: str) -> Hand:
    return _listed(files=(Kept(path, 1, ""),))


SPOILT: dict[str, tuple[Hand, type[CellwrightError], str]] = {
    "added": (_write("b/more.txt"), DamagedError, "b/more.txt was added to the backup"),
    "changed": (_write("site.yaml", "Site.yaml"), DamagedError, "site.yaml is not what was kept"),
    "missing": (lambda folder: (folder / "site.yaml").unlink(), DamagedError, "site.yaml is missing"),
    "no list": (
        lambda folder: (folder / LIST).unlink(),
        NotOursError,
        "this is no backup of ours: it has no readable backup.json",
    ),
    "no JSON": (_write(LIST), NotOursError, "this is no backup of ours: it has no readable backup.json"),
    "newer": (_listed(cellwright_backup=2), NewerVersionError, "the backup has format 2; this release reads 1"),
    "another list": (
        _write(LIST, '{"cellwright_backup":1}'),
        DamagedError,
        "backup.json can't be read (Object missing required field `release`)",
    ),
    "absolute": (_named("/a"), DamagedError, "backup.json names '/a', which is no place in a site folder"),
    "outside": (_named("a/../../b"), DamagedError, "backup.json names 'a/../../b', which is no place in a site folder"),
    "another name": (_named("a//b"), DamagedError, "backup.json names 'a//b', which is no place in a site folder"),
}


@pytest.mark.requirement("F106.2", refuses=True)
@pytest.mark.parametrize("what", SPOILT)
def test_what_is_wrong_with_a_backup_is_said_in_one_sentence(
    backup: Callable[[str], Path], tmp_path: Path, what: str
) -> None:
    """It names the backup and what in it."""
    spoil, kind, said = SPOILT[what]
    made = backup("copy")
    spoil(made)
    with pytest.raises(kind) as refused:
        unpack(made, tmp_path / "again")
    assert (type(refused.value), str(refused.value)) == (kind, f"{made}: {said}")


def _archive(path: Path, *entries: tarfile.TarInfo | Path) -> Path:
    """Add entries to an archive."""
    with tarfile.open(path, "a:") as tar:
        for entry in entries:
            if isinstance(entry, Path):
                tar.add(entry, entry.name)
            else:
                tar.addfile(entry)
    return path


def _folder(name: str) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type = tarfile.DIRTYPE
    return entry


def test_what_was_added_to_one_file_is_named(backup: Callable[[str], Path], site: Path, tmp_path: Path) -> None:
    """Another file, the same one twice, another list, or what is no file."""
    whole = backup("copy.tar")
    entries: list[tarfile.TarInfo | Path] = [
        site / "owner.sock",
        site / "site.yaml",
        tarfile.TarInfo(LIST),
        _folder("site.yaml"),
    ]
    for number, entry in enumerate(entries):
        made = _archive(Path(shutil.copy(whole, tmp_path / f"{number}.tar")), entry)
        with pytest.raises(DamagedError) as refused:
            unpack(made, tmp_path / f"again {number}")
        assert str(refused.value) == f"{made}: {entry.name} was added to the backup"


def test_one_file_that_is_none_of_ours_or_was_cut_is_refused(
    backup: Callable[[str], Path], site: Path, tmp_path: Path
) -> None:
    """An archive of somebody else, a compressed one, no archive, the beginning of one, and none."""
    nobodys = f"this is no backup of ours: it has no readable {LIST}"
    with tarfile.open(tmp_path / "packed.tar", "w:gz") as packed:
        packed.add(backup("copy") / LIST, LIST)
    _archive(tmp_path / "other.tar", site / "site.yaml")
    for path in (tmp_path / "other.tar", tmp_path / "packed.tar", site / "site.yaml", tmp_path / "absent.tar"):
        with pytest.raises(NotOursError) as refused:
            read_manifest(path)
        assert str(refused.value) == f"{path}: {nobodys}"
    cut = backup("copy.tar")
    os.truncate(cut, cut.stat().st_size // 2)
    with pytest.raises(DamagedError) as damaged:
        unpack(cut, tmp_path / "again")
    assert str(damaged.value) == f"{cut}: the backup can't be read (unexpected end of data)"


def test_a_backup_that_the_disk_refuses_is_one_clear_error(backup: Callable[[str], Path], tmp_path: Path) -> None:
    """Where it can't be read, and where it can't be unpacked."""
    made = backup("copy")
    with pytest.raises(FailedError, match=rf"^the backup can't be unpacked \(File exists: {tmp_path}\)$"):
        unpack(made, tmp_path)
    (made / LIST).unlink()
    (made / LIST).mkdir()
    with pytest.raises(InputError) as refused:
        read_manifest(made)
    assert str(refused.value) == f"{made}: the backup can't be read (Is a directory)"
