"""Writing to the SQLite file of a ledger, one transaction after another over the owner's connection."""

import itertools
import os
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from automation.kernel.errors import FailedError, InputError, RefusedError
from automation.ledger import file
from automation.ledger.head import Head
from automation.ledger.place import STALE, Row, Tip

_SMALL = 20  # events; groups up to here are one statement each
_STATEMENTS = {  # inserts of so many rows, largest first
    size: file.INSERT_EVENT + ",(?,?,?,?,?)" * (size - 1) for size in (500, 100, *range(_SMALL, 0, -1))
}
_flat = itertools.chain.from_iterable


class FileSink:
    """The rows of an owner on their way into the file; a second owner is kept out by the lock of the site folder."""

    quick = 0.002
    taken_from: int | None = None

    def __init__(self, path: Path) -> None:
        """Name the file; ``begin`` or ``make`` opens it."""
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._tip: Tip | None = None
        self._aside: Path | None = None
        self._ours: dict[Path, tuple[int, int]] = {}  # device and inode of each file that we write

    def make(self, *, live: bool) -> None:
        """Make an empty ledger file, which gets its name when it is closed and its first event is in it.

        Raises InputError when there is one or the folder takes none.
        """
        if self._path.exists():
            raise InputError("there is a ledger already", where=str(self._path))
        self._aside = self._path.with_name(f".{self._path.name}.{os.getpid()}.tmp")
        self._aside.unlink(missing_ok=True)  # of a killed process that had our number
        self._connection = file.create(self._aside, live=live)

    def begin(self, *, live: bool, tip: Tip | None) -> None:
        """Open the file behind ``tip``; see ``place.Sink``."""
        self._connection, self._tip = file.open_to_write(self._path, live=live), tip
        self._ours = {self._path: _identity(self._path)}

    def put(self, rows: Sequence[Row], heads: Sequence[Head]) -> None:
        """Commit all or nothing; raises RefusedError for a stale owner, FailedError when the disk refuses.

        The table itself refuses an event that does not take the next number, so a stale owner shows by that; before
        a head is written the last event has to be the owner's own.
        """
        connection = self._open
        run = connection.execute
        try:
            if 0 < len(rows) <= _SMALL and not heads:
                run(_STATEMENTS[len(rows)], tuple(_flat(rows)))  # one statement is a transaction of its own
            else:
                run("BEGIN IMMEDIATE")
                self._check_own()
                self._insert(rows)
                if heads:
                    connection.executemany(file.INSERT_HEAD, [head.row for head in heads])
                run("COMMIT")
            self._check_there()
        except (sqlite3.Error, OSError, RefusedError) as error:
            self._give_up(error)
        if rows:
            self._tip = (rows[-1][0], rows[-1][4])

    def close(self) -> None:
        """Let the file go; raises FailedError when the disk refuses a new one its name."""
        if self._connection is not None:
            self._connection.close()
        if self._aside is not None and self._tip is not None:
            file.fold(self._aside)
            file.settle(self._aside, self._path)
        self._aside = None

    @property
    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise RefusedError("nothing was begun: the file is not open")
        return self._connection

    def _check_there(self) -> None:
        """Raise OSError when a file was moved or exchanged under its owner: what was written is nowhere.

        In a folder that lets nobody look, the files that are open are the ones that are written.
        """
        with suppress(PermissionError):
            if self._ours:
                wal = self._path.with_name(f"{self._path.name}-wal")
                self._ours.setdefault(wal, _identity(wal))
            for path, ours in self._ours.items():
                if _identity(path) != ours:
                    raise FileNotFoundError(f"{path.name} was moved or exchanged under its owner; put it back")

    def _check_own(self) -> None:
        query = "SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1"
        found: Tip | None = self._open.execute(query).fetchone()
        if found != self._tip:
            raise RefusedError(STALE)

    def _give_up(self, error: Exception) -> NoReturn:
        """Undo what is open, and say what stands against the commit."""
        with suppress(sqlite3.Error):  # a file that can't be written can't be rolled back either; the reopening does it
            if self._open.in_transaction:
                self._open.execute("ROLLBACK")
            if isinstance(error, sqlite3.IntegrityError):
                self._check_own()
        if isinstance(error, RefusedError):
            raise error
        what = f"the ledger can't be written ({error}): the last events are not acknowledged"
        raise FailedError(f"{what}; find the cause, then open the site anew") from error

    def _insert(self, rows: Sequence[Row]) -> None:
        """Insert the rows of a group by few statements: while one runs, other threads run too."""
        start = 0
        for size, statement in _STATEMENTS.items():
            while len(rows) - start >= size:
                self._open.execute(statement, tuple(_flat(rows[start : start + size])))
                start += size


def _identity(path: Path) -> tuple[int, int]:
    """Give device and inode of a file; raises OSError when there is none."""
    found = path.stat()
    return found.st_dev, found.st_ino
