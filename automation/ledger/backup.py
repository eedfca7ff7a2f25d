"""Copies of a site folder that can be trusted: made while its owner goes on, listed with their hashes, and tried out.

A backup is a folder, or one file (``.tar``), with the site's files and ``backup.json``, the list of them. It stands
under its name only when it is whole: written aside, synchronised, renamed. The log of heads is copied before the
ledger and kept files after it, so that nothing in the copy cites what is not there.
Units:  bytes; times in UTC microseconds; digests are SHA-256, hex.
Source: https://sqlite.org/backup.html; EU GMP Annex 11, 7.2 (integrity of backups and the ability to restore).
"""

import hashlib
import os
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

import msgspec

from automation.kernel.errors import DamagedError, FailedError, InputError, NewerVersionError, NotOursError
from automation.ledger import anchor, file, lease, sealed, where
from automation.ledger.file_place import copy_database, sync
from automation.ledger.place import Place

LIST = "backup.json"
FORMAT = 1
KEY = "site.key"
SEAL = "seal.key"  # of a simulated site; a live one names its own
KEYS = frozenset({KEY, sealed.KEY, SEAL})
ONE_FILE = ".tar"
_LEFT_OUT = frozenset({lease.NAME, where.POINTER, "owner.sock", "derived.sqlite"})  # of this place, or made anew
_PASSING = ("-wal", "-shm", "-journal", ".tmp", ".new")
_BLOCK = 1 << 20  # bytes
_LEDGER = PurePosixPath(file.NAME)  # whichever database keeps it: a backup has it as a file


class Kept(msgspec.Struct, frozen=True):
    """One file of a backup; ``path`` within the site folder, parts joined by ``/``."""

    path: str
    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup holds, and what has to come out of it."""

    cellwright_backup: int = FORMAT
    release: str
    made: int
    ledger: str  # id, hex
    site: str
    mode: str
    events: int
    head: str  # hash of the last event, hex
    standing: str  # digest of all states that the events fold to
    with_key: bool
    files: tuple[Kept, ...]

    @property
    def bytes(self) -> int:
        """Give the size of all files together."""
        return sum(one.bytes for one in self.files)

    @property
    def id(self) -> str:
        """Give the name of this backup: the beginning of its list's digest."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:16]


def aside(target: Path) -> Path:
    """Give the name under which something is made that is to stand under ``target`` when it is whole."""
    return target.with_name(f".{target.name}.{os.getpid()}.tmp")


def begin_aside(target: Path) -> Path:
    """Give that name, free: what a killed process with our number has left under it is nobody's any more."""
    made = aside(target)
    shutil.rmtree(made, ignore_errors=True)
    _one_file(target).unlink(missing_ok=True)
    return made


def check_free(target: Path) -> None:
    """Raise InputError when something stands under a name already: nothing is ever overwritten."""
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise InputError("there is something already, and nothing is overwritten", where=str(target))
    if not target.resolve().parent.is_dir():
        raise InputError("the folder that it is to stand in does not exist", where=str(target))


def copy_site(site: Path, into: Path, *, with_key: bool) -> tuple[Kept, ...]:
    """Copy the files of a site folder into a new folder and give the list of them; the owner may go on meanwhile.

    The private key is copied only ``with_key``. Raises InputError and its kin for a folder without a ledger of ours,
    FailedError when the disk refuses.
    """
    place = where.of_site(site)
    place.check()
    try:
        into.mkdir(mode=0o700)
        found = sorted({_LEDGER, *_of_site(site, with_key=with_key)}, key=_in_turn)
        return tuple(_copy(site, path, into=into, place=place) for path in found if _is_there(site, path))
    except OSError as error:
        raise FailedError(f"the backup can't be written ({error.strerror}: {error.filename or into})") from error


def _of_site(site: Path, *, with_key: bool) -> Iterator[PurePosixPath]:
    for path in site.rglob("*"):
        name = path.name
        if not path.is_file() or path.is_symlink() or name in _LEFT_OUT or name.endswith(_PASSING):
            continue
        if name in KEYS and not with_key:
            continue
        yield PurePosixPath(path.relative_to(site).as_posix())


def _in_turn(path: PurePosixPath) -> tuple[int, PurePosixPath]:
    order = {anchor.NAME: 0, file.NAME: 1}
    return order.get(str(path), 2), path


def _is_there(site: Path, path: PurePosixPath) -> bool:
    return path == _LEDGER or (site / path).exists()


def _copy(site: Path, path: PurePosixPath, *, into: Path, place: Place) -> Kept:
    source, target = site / path, into / path
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path == _LEDGER:
        place.copy_to(target)
    elif path.suffix == ".sqlite":
        copy_database(source, target)
    else:
        with source.open("rb") as stream:
            _write(stream, target, whole_lines=path.suffix == ".log")
    return _kept(target, path)


def _write(stream: IO[bytes], target: Path, *, whole_lines: bool = False) -> None:
    handle = os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "r+b") as out:
        shutil.copyfileobj(stream, out, _BLOCK)
        if whole_lines:
            size = out.tell()
            out.seek(max(0, size - _BLOCK))
            tail = out.read()
            out.truncate(size - len(tail) + tail.rfind(b"\n") + 1)
        out.flush()
        os.fsync(out.fileno())


def _kept(target: Path, path: PurePosixPath) -> Kept:
    with target.open("rb") as stream:
        return Kept(str(path), target.stat().st_size, hashlib.file_digest(stream, "sha256").hexdigest())


def finish(made: Path, *, target: Path, manifest: Manifest) -> None:
    """Write the list beside the files and put the whole under its name; raises FailedError when the disk refuses."""
    try:
        (made / LIST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")
        sync(made / LIST)
        if target.suffix == ONE_FILE:
            _pack(made, manifest, target=(whole := _one_file(target)))
            shutil.rmtree(made)
            made = whole
        settle(made, target)
    except OSError as error:
        raise FailedError(f"the backup can't be written ({error.strerror}: {error.filename or target})") from error


def _one_file(target: Path) -> Path:
    return aside(target).with_suffix(".tar.tmp")


def settle(made: Path, target: Path) -> None:
    """Put what was made aside under its name, on the disk; raises FailedError when the disk refuses."""
    try:
        for folder in (made, *(path for path in made.rglob("*") if path.is_dir())):
            sync(folder)
        made.rename(target)
        sync(target.resolve().parent)
    except OSError as error:
        raise FailedError(f"{target} can't be put in its place ({error.strerror})") from error


def _pack(made: Path, manifest: Manifest, *, target: Path) -> None:
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for name in (LIST, *(one.path for one in manifest.files)):
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = (made / name).stat().st_size, 0o600
                with (made / name).open("rb") as stream:
                    tar.addfile(entry, stream)
        out.flush()
        os.fsync(out.fileno())


def unpack(backup: Path, into: Path) -> Manifest:
    """Write the files of a backup into a new folder, each checked against the list; gives the list.

    Raises InputError and its kin for what is no backup, DamagedError that names the first file that is not what was
    kept, FailedError when the disk refuses.
    """
    manifest = read_manifest(backup)
    try:
        into.mkdir(mode=0o700)
        if backup.is_dir():
            _unpack_folder(backup, into=into, manifest=manifest)
        else:
            _unpack_file(backup, into=into, manifest=manifest)
    except tarfile.TarError as error:
        raise DamagedError(f"the backup can't be read ({error})", where=str(backup)) from error
    except OSError as error:
        raise FailedError(f"the backup can't be unpacked ({error.strerror}: {error.filename or into})") from error
    for one in manifest.files:
        path = into / one.path
        if not path.is_file():
            raise DamagedError(f"{one.path} is missing", where=str(backup))
        if _kept(path, PurePosixPath(one.path)) != one:
            raise DamagedError(f"{one.path} is not what was kept", where=str(backup))
    return manifest


def read_manifest(backup: Path) -> Manifest:
    """Read the list of a backup; raises InputError and its kin for what is no backup of ours."""
    try:
        if backup.is_dir():
            text = (backup / LIST).read_bytes()
        else:
            with tarfile.open(backup, "r:") as tar:
                first = tar.next()  # what follows may be cut off, which is damage, and no reason not to know it
                found = tar.extractfile(first) if first is not None and first.name == LIST else None
                text = found.read() if found else b""
        version = msgspec.json.decode(text, type=dict[str, object]).get("cellwright_backup")
    except (KeyError, FileNotFoundError, tarfile.TarError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotOursError(f"this is no backup of ours: it has no readable {LIST}", where=str(backup)) from error
    except OSError as error:
        raise InputError(f"the backup can't be read ({error.strerror})", where=str(backup)) from error
    if isinstance(version, int) and version > FORMAT:
        raise NewerVersionError(f"the backup has format {version}; this release reads {FORMAT}", where=str(backup))
    try:
        return _checked(msgspec.json.decode(text, type=Manifest), backup)
    except msgspec.DecodeError as error:
        raise DamagedError(f"{LIST} can't be read ({error})", where=str(backup)) from error


def _checked(manifest: Manifest, backup: Path) -> Manifest:
    """Refuse a list whose names lead out of the folder."""
    for one in manifest.files:
        path = PurePosixPath(one.path)
        if path.is_absolute() or ".." in path.parts or str(path) != one.path:
            raise DamagedError(f"{LIST} names {one.path!r}, which is no place in a site folder", where=str(backup))
    return manifest


def _unpack_folder(backup: Path, *, into: Path, manifest: Manifest) -> None:
    known = {LIST, *(one.path for one in manifest.files)}
    for path in sorted(backup.rglob("*")):
        name = path.relative_to(backup).as_posix()
        if path.is_file() and name not in known:
            raise DamagedError(f"{name} was added to the backup", where=str(backup))
    for one in manifest.files:
        if (backup / one.path).is_file():
            with (backup / one.path).open("rb") as stream:
                _place(stream, into / one.path)


def _unpack_file(backup: Path, *, into: Path, manifest: Manifest) -> None:
    awaited = {LIST, *(one.path for one in manifest.files)}
    with tarfile.open(backup, "r:") as tar:
        for entry in tar:
            stream = tar.extractfile(entry) if entry.isreg() else None
            if stream is None or entry.name not in awaited:
                raise DamagedError(f"{entry.name} was added to the backup", where=str(backup))
            awaited.remove(entry.name)
            if entry.name != LIST:
                _place(stream, into / entry.name)


def _place(stream: IO[bytes], target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _write(stream, target)
