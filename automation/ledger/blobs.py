"""Content-addressed files: what is too large for an event is kept under the SHA-256 of its bytes.

A file stands under its name only when it is whole: written aside, synchronised, renamed, folder synchronised.
"""

import hashlib
import os
from pathlib import Path

from automation.kernel.errors import DamagedError, InputError


class Blobs:
    """A folder of files named by their own hash."""

    def __init__(self, folder: Path, *, sync: bool) -> None:
        """Use a folder; ``sync`` waits for the disk (live sites)."""
        self._folder = folder
        self._sync = sync

    def put(self, data: bytes) -> str:
        """Keep bytes and give their SHA-256 (hex); the same bytes twice are one file."""
        name = hashlib.sha256(data).hexdigest()
        path = self._path(name)
        if path.exists():
            return name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        aside = path.with_suffix(f".{os.getpid()}.tmp")
        with aside.open("wb") as file:
            file.write(data)
            if self._sync:
                file.flush()
                os.fsync(file.fileno())
        aside.replace(path)
        if self._sync:
            self._sync_folder(path.parent)
        return name

    def get(self, name: str) -> bytes:
        """Give the bytes; raises InputError when there are none, DamagedError when they are not what they were."""
        if len(name) != hashlib.sha256().digest_size * 2 or not all(c in "0123456789abcdef" for c in name):
            msg = f"{name!r} is not the SHA-256 of a kept file"
            raise InputError(msg)
        try:
            data = self._path(name).read_bytes()
        except FileNotFoundError:
            msg = f"the file {name} is cited by the ledger and missing in {self._folder}"
            raise DamagedError(msg) from None
        if hashlib.sha256(data).hexdigest() != name:
            msg = f"the file {name} in {self._folder} was changed"
            raise DamagedError(msg)
        return data

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name

    @staticmethod
    def _sync_folder(folder: Path) -> None:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
