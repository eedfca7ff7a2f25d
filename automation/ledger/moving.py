"""A ledger as it stands at one moment, brought from one database into another: the same bytes, so the same hashes."""

from contextlib import closing

from automation.ledger.head import parse
from automation.ledger.place import Place

_SLICE = 2_000  # events


def move(before: Place, after: Place, *, live: bool) -> None:
    """Write every event and head of a ledger into a place that has none; the owner of the first may go on.

    ``live`` writes each slice through to the disk. Raises InputError when there is a ledger already, FailedError
    when a database refuses; what is there then is a beginning that nobody may use.
    """
    with closing(after.make(live=live)) as sink, closing(before.to_read()) as rows:
        heads = [parse(*row) for row in rows.ask("SELECT body, signature FROM head ORDER BY seq")]
        last = rows.ask("SELECT max(seq) FROM event")[0][0]
        query = "SELECT seq, stream, envelope, body, hash FROM event WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?"
        done = 0
        while found := rows.ask(query, done, last, _SLICE):
            sink.put([(seq, str(stream, "utf-8"), str(text, "utf-8"), *rest) for seq, stream, text, *rest in found], [])
            done = found[-1][0]
        if heads:
            sink.put([], heads)
