"""A ledger in a schema of PostgreSQL, named by the ``ledger.toml`` of its site; see ``automation.ledger.place``."""

from contextlib import closing
from pathlib import Path

from automation.kernel.errors import InputError
from automation.ledger.file_place import File, sync
from automation.ledger.moving import move
from automation.ledger.postgresql import pointer, session
from automation.ledger.postgresql.rows import DatabaseRows
from automation.ledger.postgresql.sink import DatabaseSink


class Database:
    """The place of a ledger in PostgreSQL."""

    def __init__(self, path: Path) -> None:
        """Read ``ledger.toml``; raises InputError."""
        self.path = path
        self._server = pointer.read(path)

    def exists(self) -> bool:
        """Tell whether the ledger has begun; raises as ``check``."""
        with closing(self.to_read()) as rows:
            return bool(rows.ask("SELECT seq FROM event WHERE seq = ?", 1))

    def check(self) -> None:
        """Refuse what is no ledger of this format; raises as ``session.connect``."""
        session.connect(self._server, self.path, to_write=False).close()

    def make(self, *, live: bool) -> DatabaseSink:
        """Own a schema that holds no event yet; raises InputError when it does."""
        sink = self.own(take_over=False)
        try:
            if self.exists():
                raise InputError("there is a ledger already", where=str(self.path))
            sink.begin(live=live, tip=None)
        except BaseException:
            sink.close()
            raise
        return sink

    def own(self, *, take_over: bool) -> DatabaseSink:
        """Own the ledger; raises as ``DatabaseSink``."""
        return DatabaseSink(self._server, self.path, take_over=take_over)

    def to_read(self) -> DatabaseRows:
        """Connect for reading; raises as ``session.connect``."""
        return DatabaseRows(self._server, self.path)

    def copy_to(self, target: Path) -> None:
        """Write all events and heads into a new file of SQLite; the same bytes, so the same hashes."""
        move(self, File(target), live=False)
        target.chmod(0o600)
        sync(target)
