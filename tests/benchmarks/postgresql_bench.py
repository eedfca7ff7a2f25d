"""A live ledger in PostgreSQL against a raw COPY of the same rows, in the same run, on a server of its own.

Run:   ``python -m tests.benchmarks.postgresql_bench``
Units: ratios (ours / yardstick, in events per second); beside them events/s of this machine at this moment.

Each round appends to a live ledger from callers that each wait until their event is on disk, with signed heads as they
come; then a plain psycopg connection copies the very same rows in the very same groups into a bare table with the same
columns, keys and index, without triggers, one commit a group. Both tables take turns on one server that writes through.
"""

import asyncio
import itertools
import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

import psycopg

from automation.ledger import where
from automation.ledger.event import Genesis, Mode
from automation.ledger.place import Row
from automation.ledger.postgresql import pointer
from automation.ledger.store import HEAD_EVERY, Ledger
from tests.benchmarks.ledger_bench import bodies, live_load, seconds
from tests.support.postgresql import SECRET, Server

CALLERS = (1, 4, 16, 200)
ROUNDS = 7
_BARE = """
CREATE SCHEMA bare;
CREATE TABLE bare.event(seq bigint PRIMARY KEY, stream text COLLATE "C" NOT NULL, envelope text NOT NULL,
  body bytea NOT NULL, hash bytea NOT NULL);
CREATE INDEX ON bare.event(stream, seq);
"""
_COPY = "COPY bare.event (seq, stream, envelope, body, hash) FROM STDIN (FORMAT BINARY)"
_AT = 1_767_225_600_000_000


def ratios(
    server: Server, *, callers: int, events: int = HEAD_EVERY, rounds: int = ROUNDS
) -> list[tuple[float, float]]:
    """Give for each round ours per raw COPY, and our events/s, in the order of the ratios."""
    with TemporaryDirectory() as name, server.admin() as raw:
        folder = Path(name)
        raw.execute(_BARE)
        pointer.write(folder / where.POINTER, pointer.parse(server.words(server.schema()), where="the benchmark"))
        genesis = Genesis(ledger="00" * 16, mode=Mode.LIVE, site="bench", zone="UTC", created=_AT, release="0")
        with Ledger.create(folder, genesis=genesis, key=bytes(range(32))) as ledger:
            found = [_round(ledger, raw, callers=callers, events=events) for _ in range(rounds)]
        raw.execute("DROP SCHEMA bare CASCADE")
    return sorted(found)


def _round(
    ledger: Ledger, raw: "psycopg.Connection[tuple[object, ...]]", *, callers: int, events: int
) -> tuple[float, float]:
    after, commits = ledger.last.seq, len(ledger.commit_sizes)
    given = bodies(events)
    ours = seconds(lambda: asyncio.run(live_load(ledger, given, callers=callers)))
    sizes = [size for size in itertools.islice(ledger.commit_sizes, commits, None) if size]
    rows = _rows(ledger, after=after)
    theirs = seconds(lambda: _write_raw(raw, rows, sizes=sizes))
    return theirs / ours, events / ours


def _rows(ledger: Ledger, *, after: int) -> list[Row]:
    query = "SELECT seq, stream, envelope, body, hash FROM event WHERE seq > ? ORDER BY seq"
    with closing(where.of_site(ledger.reader.file.parent).to_read()) as stored:
        found = stored.ask(query, after)
    return [(seq, str(stream, "utf-8"), str(text, "utf-8"), body, digest) for seq, stream, text, body, digest in found]


def _write_raw(raw: "psycopg.Connection[tuple[object, ...]]", rows: Sequence[Row], *, sizes: Iterable[int]) -> None:
    """Copy rows in groups of these sizes, one commit each."""
    start = 0
    for size in sizes:
        with raw.cursor() as cursor, cursor.copy(_COPY) as copy:
            copy.set_types(("int8", "text", "text", "bytea", "bytea"))
            for row in rows[start : start + size]:
                copy.write_row(row)
        start += size


def main() -> None:
    """Print all figures."""
    os.environ["PGPASSWORD"] = SECRET
    server = Server()
    try:
        for callers in CALLERS:
            found = ratios(server, callers=callers)
            low, _, high = quantiles([ratio for ratio, _ in found], n=4)
            ours = median(rate for _, rate in found)
            spread = f"{median(ratio for ratio, _ in found):.2f} (half of the rounds {low:.2f} to {high:.2f})"
            sys.stdout.write(f"live durable appends / raw COPY, {callers} callers: {spread}; {ours:,.0f} events/s\n")
    finally:
        server.close()


if __name__ == "__main__":
    main()
