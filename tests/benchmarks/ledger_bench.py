"""The ledger against its yardsticks, each pair in the same run.

Run:   ``python -m tests.benchmarks.ledger_bench``
Units: ratios (ours / yardstick, in events per second), and events/s for the simulated append path.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import msgspec

from automation.ledger import file
from automation.ledger.event import Draft, Genesis, Mode
from automation.ledger.store import Ledger
from automation.ledger.verify import verify

EVENTS = 40_000
CALLERS = 4  # batches that run at the same time, each waiting for every event of its own (live)
_KEY = bytes(range(32))
_AT = 1_767_225_600_000_000


def _bodies(count: int) -> list[bytes]:
    """Give bodies of about 200 bytes, as the binding writes them."""
    text = "the digest of the arguments and of what the device answered, in hex, as long as it is in a real reply"
    return [
        msgspec.json.encode({"asset": "freezer-1", "method": "chamber", "number": n, "arguments": {}, "digest": text})
        for n in range(count)
    ]


def _ledger(folder: Path, mode: Mode) -> Ledger:
    genesis = Genesis(ledger="00" * 16, mode=mode, site="bench", zone="UTC", created=_AT, release="0")
    return Ledger.create(folder, genesis=genesis, key=_KEY)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _filled(folder: Path, events: int) -> float:
    """Append in simulated time, four events a step as the binding does; give the seconds it took."""
    drafts = [Draft("batch/B1/step/3", "call freezer.chamber", body, "system", cause=1) for body in _bodies(events)]
    with _ledger(folder, Mode.SIMULATED) as ledger:

        def work() -> None:
            for start in range(0, events, 4):
                ledger.append(drafts[start : start + 4], at=_AT + start)
            ledger.flush()

        return _seconds(work)


def simulated_events_per_second(*, events: int = EVENTS, rounds: int = 3) -> float:
    """Give how many events of about 200 bytes a simulated ledger takes per second, heads and commits included."""
    taken = []
    for _ in range(rounds):
        with TemporaryDirectory() as folder:
            taken.append(_filled(Path(folder), events))
    return events / median(taken)


async def _live_load(ledger: Ledger, bodies: Sequence[bytes], *, callers: int) -> None:
    """Let callers append one event each and wait until it is on disk, again and again."""

    async def caller(number: int) -> None:
        for body in bodies[number::callers]:
            (event,) = ledger.append([Draft(f"batch/B{number}", "reply freezer.chamber", body, "system")], at=_AT)
            await ledger.durable(event.seq)

    await asyncio.gather(*(caller(number) for number in range(callers)))


def _raw(target: Path, source: Path, sizes: Sequence[int]) -> float:
    """Write the same rows in the same groups with plain ``executemany``, into the same table without triggers."""
    reader = file.open_to_read(source)
    reader.text_factory = str
    rows = reader.execute("SELECT seq, stream, envelope, body, hash FROM event WHERE seq > 1 ORDER BY seq").fetchall()
    reader.close()
    connection = file.create(target, live=True)
    for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")

    def work() -> None:
        start = 0
        for size in sizes:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(file.INSERT_EVENT, rows[start : start + size])
            connection.execute("COMMIT")
            start += size

    seconds = _seconds(work)
    connection.close()
    return seconds


def live_against_executemany(*, callers: int = CALLERS, events: int = 4_000, rounds: int = 7) -> float:
    """Give live durable appends per raw ``executemany`` of the same rows, groups and pragmas (median of rounds)."""
    bodies = _bodies(events)
    return median(_live_round(bodies, callers=callers) for _ in range(rounds))


def _live_round(bodies: Sequence[bytes], *, callers: int) -> float:
    with TemporaryDirectory() as name:
        folder = Path(name)
        with _ledger(folder, Mode.LIVE) as ledger:
            ours = _seconds(lambda: asyncio.run(_live_load(ledger, bodies, callers=callers)))
            sizes = [size for size in ledger.commit_sizes if size]
        return _raw(folder / "raw.sqlite", folder / file.NAME, sizes) / ours


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
            ours = _seconds(lambda: verify(Path(name)))
            ratios.append(_seconds(lambda: _bare_chain(Path(name) / file.NAME)) / ours)
    return median(ratios)


def main() -> None:
    """Print all figures."""
    sys.stdout.write(f"simulated appends: {simulated_events_per_second():,.0f} events/s\n")
    for callers in (1, CALLERS, 16, 200):
        ratio = live_against_executemany(callers=callers)
        sys.stdout.write(f"live durable appends / raw executemany, {callers} callers: {ratio:.2f}\n")
    sys.stdout.write(f"verify / bare sha256 chain: {verify_against_bare_chain():.2f} (at least 0.5)\n")


if __name__ == "__main__":
    main()
