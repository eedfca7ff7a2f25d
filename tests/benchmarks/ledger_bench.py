"""The ledger against its yardsticks, each pair in the same run.

Run:   ``python -m tests.benchmarks.ledger_bench``
Units: ratios (ours / yardstick, in events per second), and events/s for the simulated append path.

Live load: batches that run at the same time, each of which appends one event, waits until it is on disk, and goes on
at once. The engine appends one event at a time too, and on a whole day of site A (1188 events, 522 waits) waits after
each event in three of five cases and after at most seven but for the set-up; devices make it slower, never the ledger.
"""

import asyncio
import itertools
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

import msgspec

from automation.ledger import file
from automation.ledger.event import Draft, Genesis, Mode
from automation.ledger.place import Row
from automation.ledger.store import HEAD_EVERY, Ledger
from automation.ledger.verify import verify

EVENTS = 40_000
CALLERS = 4  # batches that run at the same time, each waiting for every event of its own (live)
_KEY = bytes(range(32))
_AT = 1_767_225_600_000_000


def bodies(count: int) -> list[bytes]:
    """Give bodies of about 200 bytes, as the binding writes them."""
    text = "the digest of the arguments and of what the device answered, in hex, as long as it is in a real reply"
    return [
        msgspec.json.encode({"asset": "freezer-1", "method": "chamber", "number": n, "arguments": {}, "digest": text})
        for n in range(count)
    ]


def _ledger(folder: Path, mode: Mode) -> Ledger:
    genesis = Genesis(ledger="00" * 16, mode=mode, site="bench", zone="UTC", created=_AT, release="0")
    return Ledger.create(folder, genesis=genesis, key=_KEY)


def seconds(work: Callable[[], object]) -> float:
    """Give how long work takes (s)."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _filled(folder: Path, events: int) -> float:
    """Append in simulated time, four events a step as the binding does; give the seconds it took."""
    drafts = [Draft("batch/B1/step/3", "call freezer.chamber", body, "system", cause=1) for body in bodies(events)]
    with _ledger(folder, Mode.SIMULATED) as ledger:

        def work() -> None:
            for start in range(0, events, 4):
                ledger.append(drafts[start : start + 4], at=_AT + start)
            ledger.flush()

        return seconds(work)


def simulated_events_per_second(*, events: int = EVENTS, rounds: int = 3) -> float:
    """Give how many events of about 200 bytes a simulated ledger takes per second, heads and commits included."""
    taken = []
    for _ in range(rounds):
        with TemporaryDirectory() as folder:
            taken.append(_filled(Path(folder), events))
    return events / median(taken)


async def live_load(ledger: Ledger, bodies: Sequence[bytes], *, callers: int) -> None:
    """Let callers append one event each and wait until it is on disk, again and again."""

    async def caller(number: int) -> None:
        for body in bodies[number::callers]:
            (event,) = ledger.append([Draft(f"batch/B{number}", "reply freezer.chamber", body, "system")], at=_AT)
            await ledger.durable(event.seq)

    await asyncio.gather(*(caller(number) for number in range(callers)))


def _raw_file(path: Path) -> sqlite3.Connection:
    """Make a file with the ledger's table, index and pragmas, without its triggers."""
    connection = file.create(path, live=True)
    for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    return connection


def _write_raw(connection: sqlite3.Connection, rows: Sequence[Row], *, sizes: Iterable[int]) -> None:
    """Write rows in groups of these sizes with plain ``executemany``."""
    start = 0
    for size in sizes:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(file.INSERT_EVENT, rows[start : start + size])
        connection.execute("COMMIT")
        start += size


def live_ratios(*, callers: int = CALLERS, events: int = HEAD_EVERY, rounds: int = 21) -> list[float]:
    """Give live durable appends per raw ``executemany``, in one ratio a round, from the least to the greatest.

    Each round writes ``events`` events to a live ledger (with their signed head, as they come), then the very same
    rows in the very same groups to a second file with the same table, index and pragmas. The two files take turns in
    one folder, so that a disk which gets faster or slower does so for both.
    """
    with TemporaryDirectory() as name, _ledger(Path(name), Mode.LIVE) as ledger:
        connection = _raw_file(Path(name) / "raw.sqlite")
        _write_raw(connection, _rows(Path(name), after=0), sizes=[1])  # the genesis

        async def work() -> list[float]:
            return [await _live_round(ledger, connection, callers=callers, events=events) for _ in range(rounds)]

        ratios = asyncio.run(work())
        connection.close()
    return sorted(ratios)


async def _live_round(ledger: Ledger, connection: sqlite3.Connection, *, callers: int, events: int) -> float:
    given, after, commits = bodies(events), ledger.last.seq, len(ledger.commit_sizes)
    start = time.perf_counter()
    await live_load(ledger, given, callers=callers)
    ours = time.perf_counter() - start
    rows = _rows(ledger.reader.file.parent, after=after)
    sizes = [size for size in itertools.islice(ledger.commit_sizes, commits, None) if size]
    return seconds(lambda: _write_raw(connection, rows, sizes=sizes)) / ours


def _rows(folder: Path, *, after: int) -> list[Row]:
    reader = file.open_to_read(folder / file.NAME)
    reader.text_factory = str
    query = "SELECT seq, stream, envelope, body, hash FROM event WHERE seq > ? ORDER BY seq"
    found: list[Row] = reader.execute(query, (after,)).fetchall()
    reader.close()
    return found


def live_against_executemany(*, callers: int = CALLERS, rounds: int = 21) -> float:
    """Give live durable appends per raw ``executemany`` of the same rows, groups and pragmas (median of rounds)."""
    return median(live_ratios(callers=callers, rounds=rounds))


def _bare_chain(path: Path) -> bytes:
    """Hash every stored byte of every event once, in order, and nothing else."""
    connection = file.open_to_read(path)
    query = "SELECT seq, stream, envelope, body, hash FROM event WHERE seq > ? ORDER BY seq LIMIT 50000"
    seq, digest = 0, b""
    while rows := connection.execute(query, (seq,)).fetchall():
        for _, stream, envelope, body, stored in rows:
            digest = sha256(digest + stream + envelope + body + stored).digest()
        seq = rows[-1][0]
    connection.close()
    return digest


def verify_against_bare_chain(*, events: int = 5 * EVENTS, rounds: int = 5) -> float:
    """Give full verification per bare SHA-256 chain over the same stored bytes of the same file (median of rounds)."""
    ratios = []
    with TemporaryDirectory() as name:
        _filled(Path(name), events)
        for _ in range(rounds):
            ours = seconds(lambda: verify(Path(name)))
            ratios.append(seconds(lambda: _bare_chain(Path(name) / file.NAME)) / ours)
    return median(ratios)


def main() -> None:
    """Print all figures."""
    sys.stdout.write(f"simulated appends: {simulated_events_per_second():,.0f} events/s\n")
    for callers in (1, 2, CALLERS, 16, 200):
        ratios = live_ratios(callers=callers)
        low, _, high = quantiles(ratios, n=4)
        spread = f"{median(ratios):.2f} (half of the rounds {low:.2f} to {high:.2f})"
        sys.stdout.write(f"live durable appends / raw executemany, {callers} callers: {spread}\n")
    sys.stdout.write(f"verify / bare sha256 chain: {verify_against_bare_chain():.2f} (at least 0.5)\n")


if __name__ == "__main__":
    main()
