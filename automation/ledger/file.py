"""The SQLite file of a ledger: its schema, how it is opened, and what can be wrong with it.

Source: docs/ledger-format.md; https://sqlite.org/fileformat.html (header), https://sqlite.org/pragma.html.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from automation.kernel.errors import DamagedError, FailedError, InputError, NewerVersionError, NotOursError
from automation.kernel.files import sync_folder
from automation.ledger.event import FORMAT

NAME = "ledger.sqlite"
APPLICATION_ID = 0x43454C57  # "CELW"
_PATIENCE = 1.0  # s; how long the owner waits for another program that sits in a transaction
_MAGIC = b"SQLite format 3\0"
BROKEN = (sqlite3.DatabaseError, UnicodeDecodeError)
"""What a damaged file ends in; the second when what SQLite says of it quotes bytes that are no text."""

SCHEMA = """
CREATE TABLE event(seq INTEGER PRIMARY KEY, stream TEXT NOT NULL, envelope TEXT NOT NULL,
    body BLOB NOT NULL, hash BLOB NOT NULL) STRICT;
CREATE INDEX event_stream ON event(stream);
CREATE TABLE head(seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, key_id TEXT NOT NULL,
    body TEXT NOT NULL, signature BLOB NOT NULL) STRICT;
CREATE TRIGGER event_next BEFORE INSERT ON event
    WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM event)
    BEGIN SELECT RAISE(ABORT, 'an event takes the next number; nothing is replaced'); END;
CREATE TRIGGER event_update BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'events never change'); END;
CREATE TRIGGER event_delete BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'events never go'); END;
CREATE TRIGGER head_next BEFORE INSERT ON head WHEN NEW.seq <= (SELECT coalesce(max(seq), 0) FROM head)
    BEGIN SELECT RAISE(ABORT, 'a head covers more than the one before; nothing is replaced'); END;
CREATE TRIGGER head_update BEFORE UPDATE ON head BEGIN SELECT RAISE(ABORT, 'heads never change'); END;
CREATE TRIGGER head_delete BEFORE DELETE ON head BEGIN SELECT RAISE(ABORT, 'heads never go'); END;
"""

INSERT_EVENT = "INSERT INTO event VALUES(?,?,?,?,?)"
INSERT_HEAD = "INSERT INTO head VALUES(?,?,?,?,?)"


def check(file: Path) -> None:
    """Refuse what can't be opened as a ledger of this format, before SQLite touches it.

    Raises InputError (absent, unreadable), NotOursError or NewerVersionError; changes nothing.
    """
    try:
        with file.open("rb") as stream:
            header = stream.read(100)
    except OSError as error:
        raise InputError(f"no ledger can be read here ({error.strerror})", where=str(file)) from error
    if len(header) < 100 or not header.startswith(_MAGIC):
        raise NotOursError("this never was a ledger of ours: not an SQLite file", where=str(file))
    if int.from_bytes(header[68:72], "big") != APPLICATION_ID:
        raise NotOursError("this never was a ledger of ours: another program's SQLite file", where=str(file))
    version = int.from_bytes(header[60:64], "big")
    if version > FORMAT:
        message = f"the ledger has format {version}; this release reads up to {FORMAT}: use a newer release"
        raise NewerVersionError(message, where=str(file))


@contextmanager
def reading(file: Path) -> Iterator[None]:
    """Turn what SQLite says about an unreadable file into one clear error."""
    try:
        yield
    except BROKEN as error:
        raise DamagedError(f"the ledger can't be read ({error})", where=str(file)) from error


def create(file: Path, *, live: bool) -> sqlite3.Connection:
    """Make an empty ledger file; raises InputError when there is one or the folder takes none."""
    try:
        file.touch(exist_ok=False)
    except FileExistsError as error:
        raise InputError("there is a ledger already", where=str(file)) from error
    except OSError as error:
        raise InputError(f"no ledger can be made here ({error.strerror})", where=str(file)) from error
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    connection.execute(f"PRAGMA synchronous={'FULL' if live else 'OFF'}")
    connection.executescript(
        f"PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version={FORMAT}; BEGIN; {SCHEMA} COMMIT;"
    )
    return _as_writer(connection, live=live)


def open_to_write(file: Path, *, live: bool) -> sqlite3.Connection:
    """Open the ledger's file for its one writer; raises InputError when it can't be written.

    What stands in the -wal file is brought into the ledger and through to the disk first: after a failed fsync
    nobody knows what the disk holds, and what can still be read is what counts; see https://lwn.net/Articles/752063.
    """
    connection = sqlite3.connect(
        _uri(file, "mode=rw"), uri=True, isolation_level=None, check_same_thread=False, timeout=_PATIENCE
    )
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
        _as_writer(connection, live=live)
        if live and connection.execute("PRAGMA wal_checkpoint(FULL)").fetchone()[0]:
            raise sqlite3.OperationalError("another process is in the midst of reading or writing it")
        return connection
    except sqlite3.OperationalError as error:
        connection.close()
        raise InputError(f"the ledger can't be written ({error})", where=str(file)) from error
    except BROKEN as error:
        connection.close()
        raise DamagedError(f"the ledger can't be read ({error})", where=str(file)) from error


def fold(file: Path) -> None:
    """Make a file that nobody has open one file, without a -wal file beside it; raises FailedError."""
    try:
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE").fetchall()
    except sqlite3.Error as error:
        raise FailedError(f"{file} can't be closed ({error})") from error


def settle(aside: Path, file: Path) -> None:
    """Put a whole file under its name, on the disk; raises FailedError."""
    try:
        aside.replace(file)
        sync_folder(file.resolve().parent)
    except OSError as error:
        raise FailedError(f"{file} can't be put in its place ({error.strerror})") from error


def _as_writer(connection: sqlite3.Connection, *, live: bool) -> sqlite3.Connection:
    for pragma in (
        "journal_mode=WAL",
        f"synchronous={'FULL' if live else 'OFF'}",
        f"wal_autocheckpoint={1_000 if live else 20_000}",
        "cache_size=-64000",
        "trusted_schema=OFF",
        "cell_size_check=ON",
        "recursive_triggers=ON",
    ):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    return connection


def open_to_read(file: Path) -> sqlite3.Connection:
    """Open the ledger's file read-only; text comes as stored bytes. Raises as ``check``, and DamagedError."""
    check(file)
    connection = connect_to_read(file)
    connection.text_factory = bytes
    return connection


def connect_to_read(file: Path) -> sqlite3.Connection:
    """Open any database of a site folder read-only; raises InputError or DamagedError for one that can't be read."""
    connection = _try_read(file, "mode=ro")
    if connection is None:  # a folder that takes no shared-memory file; without a -wal file nothing can be missed
        wal = file.with_name(file.name + "-wal")
        connection = None if wal.exists() and wal.stat().st_size else _try_read(file, "mode=ro&immutable=1")
    if connection is None:
        raise InputError("the folder is read-only and the ledger was not closed: copy both files", where=str(file))
    return connection


def _try_read(file: Path, how: str) -> sqlite3.Connection | None:
    try:
        connection = sqlite3.connect(_uri(file, how), uri=True, isolation_level=None, check_same_thread=False)
    except sqlite3.OperationalError:
        return None
    try:
        connection.execute("PRAGMA trusted_schema=OFF")
        connection.execute("PRAGMA cell_size_check=ON")
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()
        return connection
    except sqlite3.OperationalError:
        connection.close()
        return None
    except BROKEN as error:
        connection.close()
        raise DamagedError(f"the ledger can't be read ({error})", where=str(file)) from error


def _uri(file: Path, how: str) -> str:
    return f"file:{quote(str(file.resolve()))}?{how}"
