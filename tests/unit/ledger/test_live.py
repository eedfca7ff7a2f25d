"""Live durability: what was acknowledged is on disk, commits are shared, and a crash loses nothing that was told."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from automation.kernel.errors import FailedError
from automation.ledger.event import Mode
from automation.ledger.read import Reader
from automation.ledger.store import Ledger
from automation.ledger.verify import verify
from tests.unit.ledger.ledgers import KEY, START, draft, make, tampering


def test_an_event_is_in_the_file_when_durable_returns(tmp_path: Path) -> None:
    """Another connection sees it then."""

    async def work(ledger: Ledger) -> int:
        (event,) = ledger.append([draft()], at=START)
        await ledger.durable(event.seq)
        with Reader(tmp_path) as reader:
            return reader.last.seq

    with make(tmp_path, mode=Mode.LIVE) as ledger:
        assert asyncio.run(work(ledger)) == 2


def test_many_callers_share_commits_and_each_gets_its_own(tmp_path: Path) -> None:
    """A hundred callers need far fewer than a hundred commits each; none goes on early."""

    async def caller(ledger: Ledger, name: int) -> None:
        for number in range(10):
            (event,) = ledger.append([draft(f"batch/{name}", n=number)], at=START)
            await ledger.durable(event.seq)
            assert ledger.reader.hash_at(event.seq) == event.hash

    async def work(ledger: Ledger) -> None:
        await asyncio.gather(*(caller(ledger, name) for name in range(100)))

    with make(tmp_path, mode=Mode.LIVE) as ledger:
        asyncio.run(work(ledger))
        assert ledger.last.seq == 1001
        assert len(ledger.commit_sizes) < 500
        assert sum(ledger.commit_sizes) == 1000
    assert verify(tmp_path).intact


def test_events_of_one_append_are_never_split_between_commits(tmp_path: Path) -> None:
    """Not even when they are more than a usual group."""
    with make(tmp_path, mode=Mode.LIVE) as ledger:
        ledger.append([draft(n=number) for number in range(1_500)], at=START)
        ledger.flush()
        assert 1_500 in ledger.commit_sizes


def test_a_failed_write_reaches_everybody_who_waits(tmp_path: Path) -> None:
    """Nobody is told that an event is on disk when it is not."""

    async def work(ledger: Ledger) -> list[object]:
        events = ledger.append([draft(n=number) for number in range(3)], at=START)
        return list(await asyncio.gather(*(ledger.durable(e.seq) for e in events), return_exceptions=True))

    ledger = make(tmp_path, mode=Mode.LIVE)
    with tampering(tmp_path) as connection:
        connection.execute("CREATE TRIGGER full BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'disk is full'); END")
    found = asyncio.run(work(ledger))
    assert [type(error) for error in found] == [FailedError] * 3
    with pytest.raises(FailedError):
        ledger.close()


def test_a_log_that_cannot_be_synchronised_stops_the_writer(tmp_path: Path, mocker: MockerFixture) -> None:
    """A head counts as anchored only when the disk has it."""
    ledger = make(tmp_path, mode=Mode.LIVE)
    ledger.append([draft()], at=START)
    mocker.patch("os.fsync", side_effect=OSError(5, "Input/output error"))
    with pytest.raises(FailedError, match=r"heads\.log can't be written"):
        ledger.seal()
    with pytest.raises(FailedError):
        ledger.close()


WORKER = """
import asyncio, sys
from pathlib import Path
from automation.ledger.store import Ledger
from tests.unit.ledger.ledgers import KEY, START, draft

async def work(ledger):
    while True:
        events = ledger.append([draft(f"batch/{n % 7}", n=n) for n in range(5)], at=START)
        await ledger.durable(events[-1].seq)
        print(events[-1].seq, flush=True)

asyncio.run(work(Ledger.open(Path(sys.argv[1]), key=KEY)))
"""


@pytest.mark.parametrize("mode", list(Mode))
def test_after_kill_9_everything_acknowledged_is_there_and_whole(tmp_path: Path, mode: Mode) -> None:
    """Also sealed heads, which the next owner writes to heads.log where the crash came between."""
    make(tmp_path, mode=mode).close()
    with subprocess.Popen(
        [sys.executable, "-c", WORKER, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    ) as worker:
        assert worker.stdout is not None
        told = [int(worker.stdout.readline()) for _ in range(1_500)][-1]
        worker.send_signal(signal.SIGKILL)
        told = max([told, *map(int, worker.stdout.read().split("\n")[:-1])])
    with Ledger.open(tmp_path, key=KEY) as again:
        assert again.last.seq >= (told if mode is Mode.LIVE else 5_000)
    assert verify(tmp_path).intact


def test_a_head_that_missed_the_log_in_a_crash_is_added_by_the_next_owner(tmp_path: Path) -> None:
    """The log is behind the database then, never ahead."""
    with make(tmp_path) as ledger:
        for number in range(3):
            ledger.append([draft(n=number)], at=START)
            ledger.seal()
    log = tmp_path / "heads.log"
    whole = log.read_bytes()
    log.write_bytes(b"".join(whole.splitlines(keepends=True)[:1]))
    Ledger.open(tmp_path, key=KEY).close()
    assert log.read_bytes() == whole


def test_what_is_not_yet_committed_is_readable_by_its_owner(tmp_path: Path) -> None:
    """Streams, prefixes, versions and hashes do not wait for the disk."""
    with make(tmp_path) as ledger:
        ledger.append([draft("batch/B1"), draft("batch/B12")], at=START)
        ledger.flush()
        late = ledger.append([draft("batch/B1/step/1"), draft("batch/B1")], at=START)
        assert [event.seq for event in ledger.events(prefix="batch/B1")] == [2, 4, 5]
        assert [event.version for event in ledger.stream("batch/B1")] == [1, 2]
        assert ledger.hash_at(late[-1].seq) == late[-1].hash
        with Reader(tmp_path) as reader:
            assert reader.last.seq == 3
