"""Tables and snapshots calculated from the events, in a second file that may be deleted at any time.

Everything here is stamped with the seq and hash of the event up to which it was calculated. A stamp that the ledger
does not know (an older copy was put back, the tail never reached the disk), another ledger, another version of a
projection, or an unreadable file: what is in doubt is dropped and calculated again. Nothing here proves anything;
``verify`` does not look at it.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from automation.kernel.errors import CellwrightError
from automation.ledger.event import Event, Genesis
from automation.ledger.file import BROKEN, connect_to_read

NAME = "derived.sqlite"
_FORMAT = 1
_AGAIN = "UPDATE snapshot SET value = ?, seq = ?, hash = ? WHERE name = ? AND key = ?"
_HIGHEST = "\U0010ffff"  # sorts behind whatever a key may hold
_SCHEMA = """
CREATE TABLE made_for(ledger TEXT NOT NULL) STRICT;
CREATE TABLE stamp(name TEXT PRIMARY KEY, version INTEGER NOT NULL, seq INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;
CREATE TABLE row(name TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL,
    PRIMARY KEY(name, key)) STRICT, WITHOUT ROWID;
CREATE TABLE snapshot(name TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, seq INTEGER NOT NULL,
    hash BLOB NOT NULL, PRIMARY KEY(name, key)) STRICT, WITHOUT ROWID;
"""


Row = tuple[str, str, bytes | None]  # name, key and value of what is kept


class Source(Protocol):
    """What is asked of a ledger; its owner and a reader both have it."""

    genesis: Genesis

    def events(self, *, after: int = 0, prefix: str = "") -> Iterator[Event]:
        """Give the events after a seq."""
        ...

    def hash_at(self, seq: int) -> bytes | None:
        """Give the hash of an event; None when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Change:
    """One row of a projection's table after an event: a new value, none (the row goes), or a fold of the old value."""

    key: str
    value: bytes | None = None  # JSON
    fold: Callable[[bytes | None], bytes | None] | None = None  # pure; old value in, new value out


class Projection(Protocol):
    """A table calculated from events; another ``version`` means that old rows are not ours to keep."""

    name: str
    version: int

    def apply(self, event: Event) -> Iterable[Change]:
        """Give the rows that the event changes; pure."""
        ...


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A value as it stood after event ``seq``."""

    value: bytes  # JSON
    seq: int


class Derived:
    """The derived tables of one ledger; every read is first brought up to the ledger's last event."""

    def __init__(self, path: Path, source: Source, *, to_write: bool = True) -> None:
        """Open or make ``path`` (a file); where none can be written the tables live in memory.

        Without ``to_write`` the file is left as it is, and seen as it stands now until it is closed: the process that
        owns the ledger goes on writing. One that is in doubt counts as empty.
        """
        self._path = path
        self._source = source
        self._to_write = to_write
        self._projections: dict[str, Projection] = {}
        self._count: int | None = None  # of the values that are kept, once they were counted
        self._connection = self._opened()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def register(self, projection: Projection) -> None:
        """Keep a projection's table from now on; it is caught up at the next read."""
        self._projections[projection.name] = projection

    def get(self, name: str, key: str) -> bytes | None:
        """Give one row of a projection's table, up to date."""
        self.catch_up()
        found = self._ask("SELECT value FROM row WHERE name = ? AND key = ?", name, key)
        return found[0][0] if found else None

    def rows(self, name: str) -> dict[str, bytes]:
        """Give a projection's table, up to date, by key in order."""
        self.catch_up()
        return dict(self._ask("SELECT key, value FROM row WHERE name = ? ORDER BY key", name))

    def put(self, name: str, key: str, *, value: bytes, seq: int) -> None:
        """Keep a value as it stands after event ``seq``; nothing is kept for an event that the ledger lacks."""
        digest = self._source.hash_at(seq)
        self._count = None
        if digest is not None:
            self._ask("INSERT OR REPLACE INTO snapshot VALUES(?,?,?,?,?)", name, key, value, seq, digest)

    def put_all(self, rows: Sequence[Row], *, seq: int, last: Callable[[int], Row]) -> None:
        """Keep many values as they stand after event ``seq``, all or none; a row without a value goes.

        ``last`` is told how many values there are then, and gives one more, which is not there yet. They are counted
        once; from then on what is put and taken away here counts, so that another hand's never does. Raises
        sqlite3.Error when the file can't be written.
        """
        digest = self._source.hash_at(seq)
        run, many = self._connection.execute, self._connection.executemany
        run("BEGIN IMMEDIATE")
        try:
            here = self.count() if self._count is None else self._count
            gone = [row[:2] for row in rows if row[2] is None]
            here -= many("DELETE FROM snapshot WHERE name = ? AND key = ?", gone).rowcount if gone else 0
            kept = [(*row, seq, digest) for row in rows if row[2] is not None]
            many(_AGAIN, [(value, seq, digest, name, key) for name, key, value, *_ in kept])
            here += many("INSERT OR IGNORE INTO snapshot VALUES(?,?,?,?,?)", kept).rowcount if kept else 0
            run("INSERT INTO snapshot VALUES(?,?,?,?,?)", (*last(here), seq, digest))
            run("COMMIT")
            self._count = here + 1
        except BaseException:
            if self._connection.in_transaction:
                run("ROLLBACK")
            raise

    def count(self) -> int:
        """Give how many values are kept."""
        return int(self._connection.execute("SELECT count(*) FROM snapshot").fetchone()[0])

    def clear(self) -> None:
        """Throw everything away."""
        self._start_again()

    def snapshot(self, name: str, key: str) -> Snapshot | None:
        """Give a value kept by ``put`` if the ledger still knows the event that it was calculated after."""
        found = self._ask("SELECT value, seq, hash FROM snapshot WHERE name = ? AND key = ?", name, key)
        if not found or self._source.hash_at(found[0][1]) != found[0][2]:
            return None
        return Snapshot(*found[0][:2])

    def snapshots(self, name: str, *, prefix: str = "") -> dict[str, Snapshot]:
        """Give all values under a name that the ledger still knows, by key in order; those whose key so begins."""
        query = "SELECT key, value, seq, hash FROM snapshot WHERE name = ? AND key >= ? AND key < ? ORDER BY key"
        found = self._ask(query, name, prefix, f"{prefix}{_HIGHEST}")
        return {key: Snapshot(value, seq) for key, value, seq, digest in found if self._source.hash_at(seq) == digest}

    def catch_up(self) -> None:
        """Apply the events that the tables have not seen; starts again for a table whose stamp is in doubt."""
        try:
            self._catch_up()
        except BROKEN:
            self._start_again()
            self._catch_up()

    def _catch_up(self) -> None:
        if not self._projections:
            return
        run = self._connection.execute
        run("BEGIN IMMEDIATE")
        try:
            seen = {projection.name: self._stamp(projection) for projection in self._projections.values()}
            tables = {name: _Table(self._connection, name) for name in self._projections}
            for event in self._source.events(after=min(seen.values())):
                for name, projection in self._projections.items():
                    if event.seq > seen[name]:
                        tables[name].change(projection.apply(event))
                        tables[name].seen = event.seq, event.hash
            for name, table in tables.items():
                table.save(self._projections[name].version)
            run("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                run("ROLLBACK")
            raise

    def _stamp(self, projection: Projection) -> int:
        """Give the seq up to which a table is right; drops its rows when that is in doubt."""
        found = self._connection.execute(
            "SELECT version, seq, hash FROM stamp WHERE name = ?", (projection.name,)
        ).fetchone()
        if found and found[0] == projection.version and self._source.hash_at(found[1]) == found[2]:
            return int(found[1])
        self._connection.execute("DELETE FROM row WHERE name = ?", (projection.name,))
        return 0

    def _ask(self, query: str, *values: object) -> list[Any]:  # columns differ by query
        try:
            return self._connection.execute(query, values).fetchall()
        except BROKEN:
            self._start_again()
            self._catch_up()
            return self._connection.execute(query, values).fetchall()

    def _opened(self) -> sqlite3.Connection:
        return self._opened_to_write() if self._to_write else self._opened_to_read()

    def _opened_to_read(self) -> sqlite3.Connection:
        try:
            connection = connect_to_read(self._path)
        except CellwrightError:
            return self._in_memory()
        try:
            connection.execute("BEGIN")
            if self._is_made_for(connection):
                return connection
        except BROKEN:
            pass
        connection.close()
        return self._in_memory()

    def _opened_to_write(self) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(self._path, isolation_level=None)
        except sqlite3.OperationalError:
            return self._in_memory()
        try:
            if self._is_ours(connection):
                return connection
            connection.close()
            self._remove()
            connection = sqlite3.connect(self._path, isolation_level=None)
            self._fill(connection)
            return connection
        except (sqlite3.OperationalError, OSError):
            connection.close()
            return self._in_memory()

    def _is_ours(self, connection: sqlite3.Connection) -> bool:
        try:
            connection.execute("PRAGMA journal_mode=WAL").fetchall()
            connection.execute("PRAGMA synchronous=OFF")
            return self._is_made_for(connection)
        except sqlite3.OperationalError:
            raise
        except BROKEN:
            return False

    def _is_made_for(self, connection: sqlite3.Connection) -> bool:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        made_for = connection.execute("SELECT ledger FROM made_for").fetchone() if version else None
        return bool(version == _FORMAT and made_for == (self._source.genesis.ledger,))

    def _fill(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA journal_mode=WAL").fetchall()
        connection.execute("PRAGMA synchronous=OFF")
        connection.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version={_FORMAT}; COMMIT;")
        connection.execute("INSERT INTO made_for VALUES(?)", (self._source.genesis.ledger,))

    def _in_memory(self) -> sqlite3.Connection:
        connection = sqlite3.connect(":memory:", isolation_level=None)
        self._fill(connection)
        return connection

    def _start_again(self) -> None:
        self._connection.close()
        self._count = None
        if not self._to_write:
            self._connection = self._in_memory()
            return
        try:
            self._remove()
            self._connection = self._opened()
        except OSError:  # something stands there that is not ours to take away
            self._connection = self._in_memory()

    def _remove(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)


class _Table:
    """One projection's rows during a catch-up; written once at its end."""

    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        self._connection = connection
        self._name = name
        self._rows: dict[str, bytes | None] = {}
        self.seen: tuple[int, bytes] | None = None  # seq and hash of the last event applied

    def change(self, changes: Iterable[Change]) -> None:
        """Take changes in order."""
        for change in changes:
            fold = change.fold
            self._rows[change.key] = fold(self._now(change.key)) if fold else change.value

    def save(self, version: int) -> None:
        """Write what changed, and the stamp."""
        if self.seen is None:
            return
        name = self._name
        gone = [(name, key) for key, value in self._rows.items() if value is None]
        kept = [(name, key, value) for key, value in self._rows.items() if value is not None]
        self._connection.executemany("DELETE FROM row WHERE name = ? AND key = ?", gone)
        self._connection.executemany("INSERT OR REPLACE INTO row VALUES(?,?,?)", kept)
        self._connection.execute("INSERT OR REPLACE INTO stamp VALUES(?,?,?,?)", (name, version, *self.seen))

    def _now(self, key: str) -> bytes | None:
        if key in self._rows:
            return self._rows[key]
        query = "SELECT value FROM row WHERE name = ? AND key = ?"
        found = self._connection.execute(query, (self._name, key)).fetchone()
        return found[0] if found else None
