"""The two stores of a ledger as the contract suite works with them: a new place each, and hands on its database."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass
from pathlib import Path

from automation.ledger import file, where
from automation.ledger.postgresql import pointer
from tests.support.postgresql import OWNER, SECRET, Server
from tests.support.system_faults import no_file_grows_beyond

CEILING = 4_000_000  # bytes; no file grows beyond it when the disk is full, and none of the server's ever does


@dataclass(frozen=True, slots=True)
class Store:
    """A site folder whose ledger is to be made, and what can be done to its tables."""

    folder: Path
    owner: Callable[[str], None]  # one statement as who owns the tables, triggers in place
    intruder: Callable[[str], None]  # the same, past the triggers
    newer: str  # what a later release would have done
    full: Callable[[], AbstractContextManager[None]]  # while no file of the ledger grows beyond CEILING


def in_sqlite(folder: Path) -> Store:
    """Give a folder for a ledger in a file."""
    folder.mkdir(exist_ok=True)
    path = folder / file.NAME

    def owner(statement: str) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute(statement)

    def intruder(statement: str) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
                connection.execute(f"DROP TRIGGER {name}")
            connection.execute(statement)

    return Store(folder, owner, intruder, "PRAGMA user_version=99", lambda: no_file_grows_beyond(CEILING))


def in_postgresql(folder: Path, server: Server, *, schema: str) -> Store:
    """Give a folder for a ledger in a schema of its own."""
    folder.mkdir(exist_ok=True)
    os.environ["PGPASSWORD"] = SECRET
    pointer.write(folder / where.POINTER, pointer.parse(server.words(schema), where="the test"))
    here = f'SET search_path TO "{schema}"; '

    def owner(statement: str) -> None:
        with server.admin() as connection:
            connection.execute(f"{here} SET ROLE {OWNER}; {statement}".encode())

    def intruder(statement: str) -> None:
        with server.admin() as connection:
            connection.execute(f"{here} SET session_replication_role TO replica; {statement}".encode())

    return Store(folder, owner, intruder, "UPDATE format SET number = 99", nullcontext)
