"""A ledger in a file of SQLite beside everything else of its site; see ``place``."""

import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from automation.kernel.errors import FailedError
from automation.ledger import file
from automation.ledger.file_sink import FileSink


class FileRows:
    """The committed rows of a file; no read transaction stays open, so a slow reader never stops a checkpoint."""

    def __init__(self, path: Path) -> None:
        """Open the file read-only; raises as ``file.open_to_read``."""
        self._path = path
        self._connection = file.open_to_read(path)

    def ask(self, query: str, *values: object) -> list[Any]:  # columns differ by query
        """Give all rows of an answer; raises DamagedError when they can't be read."""
        with file.reading(self._path):
            return self._connection.execute(query, values).fetchall()

    def fault(self) -> tuple[int, str] | None:
        """Let SQLite compare table and index, by which streams are read."""
        said = str(self.ask("PRAGMA integrity_check(1)")[0][0], "utf-8", "replace")
        if said == "ok":
            return None
        row = re.search(r"row (\d+) missing", said)
        return int(row[1]) if row else 1, said

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


class File:
    """The place of a ledger in a file of SQLite."""

    def __init__(self, path: Path) -> None:
        """Name the file."""
        self.path = path

    def exists(self) -> bool:
        """Tell whether the file is there."""
        return self.path.exists()

    def check(self) -> None:
        """Refuse what is no ledger of this format, before SQLite touches it; raises as ``file.check``."""
        file.check(self.path)

    def make(self, *, live: bool) -> FileSink:
        """Make the file; raises InputError when there is one or the folder takes none."""
        sink = FileSink(self.path)
        sink.make(live=live)
        return sink

    def own(self, *, take_over: bool) -> FileSink:  # noqa: ARG002  the lock of the site folder says who owns a file
        """Give the way into the file."""
        return FileSink(self.path)

    def to_read(self) -> FileRows:
        """Open the file read-only; raises as ``file.open_to_read``."""
        return FileRows(self.path)

    def copy_to(self, target: Path) -> None:
        """Copy the file as it stands at one moment; writers are not held up."""
        copy_database(self.path, target)


def copy_database(source: Path, target: Path) -> None:
    """Copy a database of SQLite as it stands at one moment, as one file; raises FailedError."""
    target.touch(mode=0o600)
    try:
        with closing(file.connect_to_read(source)) as before, closing(sqlite3.connect(target)) as after:
            before.backup(after)
            after.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise FailedError(f"{source} can't be copied ({error})") from error
    sync(target)


def sync(path: Path) -> None:
    """Bring a file or folder through to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
