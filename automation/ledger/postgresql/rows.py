"""The committed rows of a ledger in PostgreSQL, for its owner and for any other process."""

from pathlib import Path
from typing import Any

import psycopg

from automation.kernel.errors import DamagedError
from automation.ledger.postgresql import session
from automation.ledger.postgresql.pointer import Server


class DatabaseRows:
    """The committed rows over one connection, which is made anew when it was lost."""

    def __init__(self, server: Server, path: Path) -> None:
        """Connect; raises as ``session.connect``."""
        self._server, self._path = server, path
        self._connection = session.connect(server, path, to_write=False)

    def ask(self, query: str, *values: object) -> list[Any]:  # columns differ by query
        """Give all rows of an answer; raises DamagedError when they can't be read, FailedError without a server."""
        try:
            return self._asked(query, values)
        except psycopg.Error as error:
            raise DamagedError(f"the ledger can't be read ({session.said(error)})", where=str(self._path)) from None

    def fault(self) -> tuple[int, str] | None:
        """Find nothing: PostgreSQL compares table and index by ``amcheck``, which only its administrator may run."""
        return None

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def _asked(self, query: str, values: tuple[object, ...]) -> list[tuple[object, ...]]:
        try:
            return session.rows(self._connection, query, *values)
        except psycopg.OperationalError:
            if not session.is_lost(self._connection):
                raise
        self._connection = session.reconnect(self._server, self._path, to_write=False)
        return session.rows(self._connection, query, *values)
