"""A connection to the database of a ledger: how it is made, what it checks first, and errors in our words.

psycopg (LGPL, unmodified) is an optional part: ``pip install cellwright[postgres]``. Times in s unless said otherwise.
Source: https://www.postgresql.org/docs/current/libpq-connect.html; https://www.postgresql.org/docs/current/errcodes-appendix.html.
"""

import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.types.string import ByteaBinaryLoader

from automation.kernel.errors import FailedError, InputError, NewerVersionError, NotOursError
from automation.ledger.event import FORMAT
from automation.ledger.postgresql.pointer import PAUSE, Server

Connection = psycopg.Connection[tuple[object, ...]]

OLDEST = 140_000  # server version; what is used here is known from 14 on
_MANNERS: Mapping[str, str] = {  # a peer that is gone is noticed after about 25 s, by either side
    "application_name": "cellwright",
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "25000",  # ms
}
_SETTINGS = """
SET search_path TO "{schema}", pg_temp; SET default_transaction_isolation TO 'read committed';
SET client_encoding TO 'UTF8'; SET enable_seqscan TO off;
SET tcp_keepalives_idle TO 10; SET tcp_keepalives_interval TO 5; SET tcp_keepalives_count TO 3;
SET idle_session_timeout TO 0; SET statement_timeout TO 0; SET lock_timeout TO '5s'
"""  # every question is answered by an index: no statistics of a young table shall decide otherwise
_MORE = """
SELECT current_user, rolsuper OR has_schema_privilege(?, 'CREATE')
    OR pg_has_role((SELECT relowner FROM pg_class WHERE oid = 'event'::regclass), 'MEMBER')
    OR has_table_privilege('event', 'UPDATE, DELETE, TRUNCATE, TRIGGER')
    OR has_table_privilege('head', 'UPDATE, DELETE, TRUNCATE, TRIGGER')
    OR has_table_privilege('turn', 'UPDATE, DELETE, TRUNCATE, TRIGGER')
FROM pg_roles WHERE rolname = current_user
"""


def connect(server: Server, path: Path, *, to_write: bool) -> Connection:
    """Connect to the ledger's schema; ``path`` is how errors name it. Unless ``to_write``, the session can only read.

    Raises FailedError when it can't be reached, NotOursError or NewerVersionError for what is no ledger of this format.
    """
    try:
        connection = psycopg.connect(make_conninfo("", **_MANNERS, **server.keywords), autocommit=True)
    except psycopg.Error as error:
        what = f"{path}: the database of the ledger can't be reached ({server.name}): {said(error)}"
        raise FailedError(what) from None
    try:
        _prepare(connection, server, path)
        connection.execute(f"SET default_transaction_read_only TO {'off' if to_write else 'on'}")
    except psycopg.Error as error:
        connection.close()
        raise FailedError(f"{path}: the database of the ledger can't be used ({server.name}): {said(error)}") from None
    except InputError:
        connection.close()
        raise
    return connection


def reconnect(server: Server, path: Path, *, to_write: bool) -> Connection:
    """Connect to a server that was lost and may be starting anew; raises as ``connect`` when its time is over."""
    for _ in range(server.attempts - 1):
        with suppress(FailedError):
            return connect(server, path, to_write=to_write)
        threading.Event().wait(PAUSE)
    return connect(server, path, to_write=to_write)


def _prepare(connection: Connection, server: Server, path: Path) -> None:
    version = connection.info.server_version
    if version < OLDEST:
        raise InputError(f"the server is PostgreSQL {version // 10_000}; 14 or newer is needed", where=str(path))
    connection.adapters.register_loader("text", ByteaBinaryLoader)  # text comes as stored bytes
    connection.execute(_SETTINGS.format(schema=server.schema))
    if rows(connection, "SELECT to_regclass(?) IS NULL", f"{server.schema}.format")[0][0]:
        what = f"schema {server.schema} holds no ledger, or not for this user: make it as docs/postgresql.md tells"
        raise NotOursError(f"{what} ({server.name})", where=str(path))
    made = rows(connection, "SELECT max(number) FROM format")[0][0]
    if not isinstance(made, int) or made > FORMAT:
        what = f"the ledger has format {made}; this release reads up to {FORMAT}: use a newer release"
        raise NewerVersionError(what, where=str(path))


def check_rights(connection: Connection, server: Server, path: Path) -> None:
    """Refuse a role that could do more than insert and select; raises InputError."""
    who, more = rows(connection, _MORE, server.schema)[0]
    if more:
        what = f"role {who} may do more than insert and select (superuser, owner, or granted); use one that can't"
        raise InputError(what, where=str(path))


def rows(connection: Connection, query: str, *values: object) -> list[tuple[object, ...]]:
    """Ask with ``?`` for each value; everything comes in binary form. Raises psycopg's errors."""
    with connection.cursor(binary=True) as cursor:
        return cursor.execute(query.replace("%", "%%").replace("?", "%s").encode(), values).fetchall()


def said(error: psycopg.Error) -> str:
    """Give the first line of what the database says: what follows may hold stored values."""
    return error.diag.message_primary or str(error).strip().partition("\n")[0]


def is_lost(connection: Connection) -> bool:
    """Tell whether the connection broke, so that nobody knows what became of the last commit."""
    return connection.closed
