"""Content-addressed files: what is too large for an event is kept under the SHA-256 of its bytes.

A file stands under its name only when it is whole: written aside, synchronised, renamed, folder synchronised.
"""

import hashlib
import os
from pathlib import Path

from automation.kernel.errors import DamagedError, FailedError, InputError


class Blobs:
    """A folder of files named by their own hash."""

    def __init__(self, folder: Path, *, sync: bool) -> None:
        """Use a folder; ``sync`` waits for the disk (live sites)."""
        self._folder = folder
        self._sync = sync

    def put(self, data: bytes) -> str:
        """Keep bytes and give their SHA-256 (hex); the same bytes twice are one file.

        Raises FailedError when the disk refuses; then nothing stands under the name.
        """
        name = hashlib.sha256(data).hexdigest()
        path = self._path(name)
        try:
            if not path.exists():
                self._keep(path, data)
        except OSError as error:
            raise FailedError(f"a file can't be kept in {self._folder} ({error.strerror})") from error
        return name

    def _keep(self, path: Path, data: bytes) -> None:
        if not path.parent.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._sync_folder(self._folder)
        aside = path.with_suffix(f".{os.getpid()}.tmp")
        try:
            with aside.open("wb") as file:
                file.write(data)
                if self._sync:
                    file.flush()
                    os.fsync(file.fileno())
            aside.replace(path)
        except OSError:
            aside.unlink(missing_ok=True)
            raise
        self._sync_folder(path.parent)

    def has(self, name: str) -> bool:
        """Tell whether a file is kept under this hash; what it holds is not looked at."""
        return self._path(name).is_file()

    def standing(self, name: str) -> str:
        """Tell how a file stands that was kept: whole, changed or missing."""
        try:
            self.get(name)
        except DamagedError:
            return "changed" if self.has(name) else "missing"
        return "whole"

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

    def _sync_folder(self, folder: Path) -> None:
        if not self._sync:
            return
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
