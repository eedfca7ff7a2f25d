"""The one owner of a ledger in PostgreSQL, and how its groups of events get there.

Three things keep a second owner out. A lock that the owner's session holds, and that the server drops with the session,
however it ends. A turn: each ownership takes the next number of the table ``turn``, and a trigger refuses, inside every
commit, whatever a session writes whose number is not the last one; a commit and a new turn exclude each other. The
primary key: an event takes the next number. So a process that was taken over appends nothing, whenever it wakes up.

A connection that breaks during a commit leaves doubt. It is settled by asking: once the lock can be taken again the
former session has ended, so what is there is there, and what is not there never will be.
Source: https://www.postgresql.org/docs/current/sql-copy.html; .../explicit-locking.html#ADVISORY-LOCKS.
Units:  s unless said otherwise.
"""

import os
import platform
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import psycopg

from automation.kernel.errors import CellwrightError, FailedError, InputError, RefusedError
from automation.ledger.head import Head
from automation.ledger.place import STALE, Row, Tip
from automation.ledger.postgresql import schema, session
from automation.ledger.postgresql.pointer import Server

_AT_ONCE = "1ms"
_LETS_GO = "2s"  # within it the server notices that a process on its own host was killed
_ENDS = 5_000  # ms; how long a session that is ended from outside may take
_COPY = "COPY event (seq, stream, envelope, body, hash) FROM STDIN (FORMAT BINARY)"
_TYPES = ("int8", "text", "text", "bytea", "bytea")
_HEAD = "INSERT INTO head (seq, at, key_id, body, signature) VALUES (?, ?, ?, ?, ?)"
_TABLE = "SELECT 'event'::regclass::oid::bigint"
_TURN = """
INSERT INTO turn (number, process, host) SELECT coalesce(max(number), 0) + 1, ?, ? FROM turn RETURNING number
"""
_END = """
SELECT pg_terminate_backend(pid, ?) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND classid = ? AND objid = ? AND pid <> pg_backend_pid() AND pid = coalesce(?, pid)
"""


class DatabaseSink:
    """The rows of an owner on their way into the database."""

    quick = 0.0  # a network may hang, so the event loop makes no commit itself

    def __init__(self, server: Server, path: Path, *, take_over: bool) -> None:
        """Own the ledger; ``take_over`` also ends the session of an owner that no longer answers.

        Raises RefusedError when another process owns it, InputError for a role that may do too much, FailedError.
        """
        self.taken_from: int | None = None
        self._server, self._path = server, path
        self._tip: Tip | None = None
        self._live = True
        self._turn = 0
        self._backend = 0  # process of the server that serves the session
        self._connection = session.connect(server, path, to_write=True)
        try:
            session.check_rights(self._connection, server, path)
            self._table = self._number(_TABLE)
            self._take(take_over=take_over)
        except psycopg.Error as error:
            self._connection.close()
            raise FailedError(f"{path}: the ledger can't be owned ({session.said(error)})") from None
        except CellwrightError:
            self._connection.close()
            raise

    def begin(self, *, live: bool, tip: Tip | None) -> None:
        """Write behind ``tip``; on a live site a commit returns when it is on the disk of the server.

        Raises InputError when the server is set up not to write through to its disk, and FailedError.
        """
        self._live, self._tip = live, tip
        try:
            self._settle()
            if live and self._asked("SHOW fsync")[0][0] != b"on":
                raise InputError("the server has fsync off: no live site can be kept there", where=str(self._path))
        except psycopg.Error as error:
            raise FailedError(f"{self._path}: the ledger can't be written ({session.said(error)})") from None

    def put(self, rows: Sequence[Row], heads: Sequence[Head]) -> None:
        """Commit all or nothing; raises RefusedError for a stale owner, FailedError when the database refuses."""
        try:
            self._put(rows, heads)
        except psycopg.Error as error:
            self._give_up(error)
        if rows:
            self._tip = (rows[-1][0], rows[-1][4])

    def close(self) -> None:
        """Give the ledger up."""
        with suppress(psycopg.Error):  # the server may be gone, and the lock with it
            if not session.is_lost(self._connection):
                self._asked("SELECT pg_advisory_unlock_all()")
        self._connection.close()

    def _put(self, rows: Sequence[Row], heads: Sequence[Head]) -> None:
        try:
            self._write(rows, heads)
        except psycopg.OperationalError:
            if not session.is_lost(self._connection):
                raise
            self._come_back()
            if not self._has(rows, heads):
                self._write(rows, heads)

    def _write(self, rows: Sequence[Row], heads: Sequence[Head]) -> None:
        if not heads:
            self._copy(rows)  # one statement is a transaction of its own
            return
        with self._connection.transaction():
            if rows:
                self._copy(rows)
            else:
                self._check_own()
            for head in heads:
                self._connection.execute(_HEAD.replace("?", "%s").encode(), head.row)

    def _copy(self, rows: Sequence[Row]) -> None:
        with self._connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            copy.set_types(_TYPES)
            for row in rows:
                copy.write_row(row)

    def _has(self, rows: Sequence[Row], heads: Sequence[Head]) -> bool:
        """Tell whether a commit took place; events and heads of one commit are there together or not at all."""
        if rows:
            found = self._asked("SELECT hash FROM event WHERE seq = ?", rows[-1][0])
            return found == [(rows[-1][4],)]
        return self._asked("SELECT signature FROM head WHERE seq = ?", heads[-1].said.seq) == [(heads[-1].signature,)]

    def _come_back(self) -> None:
        """Connect and own the ledger again, if nobody took a turn meanwhile; the former session is over then."""
        self._connection = session.reconnect(self._server, self._path, to_write=True)
        if self._number("SELECT max(number) FROM turn") != self._turn:
            raise RefusedError(STALE)
        if not self._lock(within=_AT_ONCE):
            self._end(self._backend)
            if not self._lock():
                raise RefusedError(STALE)
        if self._number("SELECT max(number) FROM turn") != self._turn:
            raise RefusedError(STALE)
        self._settle()

    def _take(self, *, take_over: bool) -> None:
        if not self._lock(within=_AT_ONCE if take_over else _LETS_GO):
            process, host = self._holder()
            if not take_over:
                raise RefusedError(f"{self._path}: the ledger is owned by process {process} on {host}")
            self.taken_from = process
            self._end(None)
            if not self._lock():
                raise RefusedError(f"{self._path}: process {process} on {host} does not let the ledger go")
        self._turn = self._number(_TURN, os.getpid(), platform.node())
        self._settle()

    def _lock(self, *, within: str = _LETS_GO) -> bool:
        """Take the lock that the owner's session holds; false when another session keeps it."""
        try:
            self._asked("SELECT set_config('lock_timeout', ?, false)", within)
            self._asked("SELECT pg_advisory_lock(?)", (schema.OWNED << 32) + self._table)
        except psycopg.errors.LockNotAvailable:
            return False
        return True

    def _end(self, backend: int | None) -> None:
        """End the session that holds the lock (only if it is ``backend``, when that is given)."""
        self._asked(_END, _ENDS, schema.OWNED, self._table, backend)

    def _holder(self) -> tuple[int, str]:
        found = self._asked("SELECT process, host FROM turn ORDER BY number DESC LIMIT 1")
        if not found:
            return 0, "an unknown host"
        return int(str(found[0][0])), _text(found[0][1])

    def _settle(self) -> None:
        """Tell the session its turn, and how safe a commit has to be."""
        self._backend = self._connection.info.backend_pid
        self._asked("SELECT set_config('lock_timeout', ?, false)", _LETS_GO)
        self._asked("SELECT set_config('cellwright.turn', ?, false)", str(self._turn))
        self._asked("SELECT set_config('synchronous_commit', ?, false)", "on" if self._live else "off")

    def _check_own(self) -> None:
        last = self._asked("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1")
        if last != [self._tip]:
            raise RefusedError(STALE)

    def _give_up(self, error: psycopg.Error) -> NoReturn:
        if error.sqlstate in {schema.STALE, psycopg.errors.UniqueViolation.sqlstate}:
            raise RefusedError(STALE) from None
        what = f"the ledger can't be written ({session.said(error)}): the last events are not acknowledged"
        raise FailedError(f"{what}; find the cause, then open the site anew") from None

    def _asked(self, query: str, *values: object) -> list[tuple[object, ...]]:
        return session.rows(self._connection, query, *values)

    def _number(self, query: str, *values: object) -> int:
        return int(str(self._asked(query, *values)[0][0]))


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
