"""A ledger in a schema of PostgreSQL, named by the ``ledger.toml`` of its site; see ``automation.ledger.place``."""

from contextlib import closing
from pathlib import Path

from automation.kernel.errors import InputError
from automation.ledger import file
from automation.ledger.file_place import sync
from automation.ledger.file_sink import FileSink
from automation.ledger.head import parse
from automation.ledger.place import Rows, Sink
from automation.ledger.postgresql import pointer, session
from automation.ledger.postgresql.rows import DatabaseRows
from automation.ledger.postgresql.sink import DatabaseSink

_SLICE = 2_000  # events


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
        session.connect(self._server, self.path).close()

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
        sink = FileSink(target)
        sink.make(live=False)
        with closing(sink), closing(self.to_read()) as rows:
            transfer(rows, sink)
        file.fold(target)
        sync(target)


def transfer(rows: Rows, sink: Sink) -> None:
    """Write every row that stands there now to an empty ledger, heads after the events that they cover."""
    heads = [parse(*row) for row in rows.ask("SELECT body, signature FROM head ORDER BY seq")]
    after, last = 0, rows.ask("SELECT max(seq) FROM event")[0][0]
    query = "SELECT seq, stream, envelope, body, hash FROM event WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?"
    while found := rows.ask(query, after, last, _SLICE):
        sink.put([(seq, str(stream, "utf-8"), str(text, "utf-8"), *rest) for seq, stream, text, *rest in found], [])
        after = found[-1][0]
    sink.put([], heads)
