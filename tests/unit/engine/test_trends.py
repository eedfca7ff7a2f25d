"""Process data: sealed in chunks, cited by the digest of their values; what is open survives, what was missed shows."""

import asyncio
import errno
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from pytest_mock import MockerFixture

from automation.engine import trends
from automation.engine.recorder import Recorder
from automation.engine.trends import CHUNK, Recent, Sample, Sealed, Trends, digest, pack, unpack
from automation.kernel.clock import SimulatedClock, instant, run_simulated
from automation.kernel.errors import DamagedError, FailedError
from automation.kernel.quantity import Instant, Seconds
from automation.ledger.blobs import Blobs
from automation.ledger.store import Ledger
from tests.support.system_faults import no_file_grows_beyond
from tests.unit.ledger.ledgers import KEY, make

T = TypeVar("T")
STREAM = "batch/B/step/freeze"
START = instant("2026-01-05T08:00:00")
SECOND = Seconds(1.0)


class Bench:
    """A step that looks at one probe; every opening is a new process over the same folder."""

    def __init__(self, folder: Path, clock: SimulatedClock) -> None:
        """Open what is in the folder."""
        self.clock = clock
        self.ledger = Ledger.open(folder, key=KEY) if (folder / "ledger.sqlite").exists() else make(folder)
        self.recent = Recent(folder / "recent.log", every=True)
        self.trends = Trends(Recorder(self.ledger, clock, STREAM), Blobs(folder / "blobs", sync=False), self.recent)
        self.trends.restore(self.ledger.stream(STREAM))

    async def look(self, times: int) -> None:
        """Look once a second."""
        for _ in range(times):
            self.trends.add({"probe.sample": float(self.clock.now()) % 60, "probe.air": -1.0}, {"probe.sample": "degC"})
            await self.clock.sleep(SECOND)

    @property
    def sealed(self) -> list[Sealed]:
        """Give the chunks that the ledger cites."""
        return [event.read(Sealed) for event in self.ledger.stream(STREAM) if event.kind == "data"]

    def close(self) -> None:
        """End this process."""
        self.recent.close()
        self.ledger.close()


def at(folder: Path, job: Callable[[Bench], T], *, looks: int = 0, after: float = 0.0) -> T:
    """Look some times in a new process, let something be asked, and end it."""

    async def main(clock: SimulatedClock) -> T:
        bench = Bench(folder, clock)
        try:
            await bench.look(looks)
            return job(bench)
        finally:
            bench.close()

    return run_simulated(main, start=START + Seconds(after))


@pytest.mark.requirement("F104")
def test_a_chunk_is_cited_by_the_digest_of_its_decoded_values(tmp_path: Path) -> None:
    """Another encoding of the same values has the same digest, and a file of another name."""

    def job(bench: Bench) -> tuple[list[Sealed], list[bytes]]:
        bench.trends.seal()
        return bench.sealed, [Blobs(tmp_path / "blobs", sync=False).get(chunk.blob) for chunk in bench.sealed]

    sealed, kept = at(tmp_path, job, looks=10)
    assert [(chunk.channel, chunk.count, chunk.unit) for chunk in sealed] == [
        ("probe.air", 10, ""),
        ("probe.sample", 10, "degC"),
    ]
    assert [digest(*unpack(data)) for data in kept] == [chunk.digest for chunk in sealed]
    again = zlib.compress(zlib.decompress(kept[0]), 1)
    assert digest(*unpack(again)) == sealed[0].digest
    assert again != kept[0]


@pytest.mark.requirement("F104")
@pytest.mark.parametrize("values", [[], [1.5], [None], [-0.0, None, 1e300], [0.1] * 700])
def test_values_and_gaps_come_back_as_they_were_sealed(values: list[float | None]) -> None:
    """A gap is None on both sides, never a number."""
    times = list(range(len(values)))
    assert unpack(pack(times, values)) == (times, values)


def test_every_value_and_time_changes_the_digest() -> None:
    """Also the sign of a zero, a gap for a number, and the order."""
    some: list[tuple[list[int], list[float | None]]] = [
        ([1, 2], [0.0, 1.0]),
        ([1, 2], [-0.0, 1.0]),
        ([1, 2], [None, 1.0]),
        ([1, 3], [0.0, 1.0]),
        ([1, 2], [1.0, 0.0]),
    ]
    assert len({digest(times, values) for times, values in some}) == len(some)


def test_a_chunk_is_sealed_when_it_is_full(tmp_path: Path) -> None:
    """The rest stays open, and the curve is one."""

    def job(bench: Bench) -> tuple[list[int], int]:
        return [chunk.count for chunk in bench.sealed], len(bench.trends.curve("probe.sample").times)

    assert at(tmp_path, job, looks=CHUNK + 50) == ([CHUNK, CHUNK], CHUNK + 50)


@pytest.mark.requirement("F104", "C01.2")
@pytest.mark.parametrize("looks", [1, 7, CHUNK - 1, CHUNK, CHUNK + 3])
def test_what_was_open_is_taken_up_by_the_next_process(tmp_path: Path, looks: int) -> None:
    """Wherever the first one ends, no reading is lost and none is said twice."""
    at(tmp_path, lambda _: None, looks=looks)
    curve = at(tmp_path, lambda bench: bench.trends.curve("probe.sample"), looks=5, after=float(looks))
    assert len(curve.times) == looks + 5
    assert list(curve.times) == sorted(set(curve.times))


@pytest.mark.requirement("F104")
@pytest.mark.parametrize(("down", "since"), [(1.0, None), (2.4, None), (2.6, 9.0), (30.0, 9.0), (86_400.0, 9.0)])
def test_a_look_that_was_missed_while_nobody_watched_is_told_once(
    tmp_path: Path, down: float, since: float | None
) -> None:
    """Since the last look of the earlier process; none when the next one comes in its turn."""
    at(tmp_path, lambda _: None, looks=10)

    def job(bench: Bench) -> list[Instant | None]:
        return [bench.trends.missed({"probe"}, before=bench.clock.now(), every=SECOND) for _ in range(2)]

    assert at(tmp_path, job, after=9.0 + down) == [None if since is None else START + Seconds(since), None]


def test_a_new_wait_and_another_asset_have_missed_nothing(tmp_path: Path) -> None:
    """What an earlier process had looked at was over, or is not looked at now."""
    at(tmp_path, lambda _: None, looks=3)

    def fresh(bench: Bench) -> Instant | None:
        bench.trends.go_on()
        return bench.trends.missed({"probe"}, before=bench.clock.now(), every=SECOND)

    def other(bench: Bench) -> Instant | None:
        return bench.trends.missed({"freezer"}, before=bench.clock.now(), every=SECOND)

    assert (at(tmp_path, fresh, after=100.0), at(tmp_path, other, after=200.0)) == (None, None)


WRITER = """
import sys; from pathlib import Path; from automation.engine.trends import Recent, Sample
recent = Recent(Path(sys.argv[1]), every=True)
for number in range(10**9):
    recent.add("s", Sample("c", number, 0.5, "degC")); print(number, flush=True)
"""


@pytest.mark.requirement("F104", "C01.2")
def test_a_killed_process_loses_no_reading_that_it_had_taken(tmp_path: Path) -> None:
    """Each is in the file before anybody goes on with it; half a line is dropped."""
    path = tmp_path / "recent.log"
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = [int(process.stdout.readline()) for _ in range(300)][-1]
        process.kill()
    with path.open("ab") as file:
        file.write(b"s\tc\t12")
    recent = Recent(path, every=True)
    assert [sample.at for sample in recent.read("s")][: told + 1] == list(range(told + 1))
    recent.close()


def test_live_readings_are_on_the_disk_within_a_second(
    tmp_path: Path, mocker: MockerFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One synchronisation for all of that second, and one at the end."""
    assert float(trends.OPEN) == 1.0
    monkeypatch.setattr(trends, "OPEN", Seconds(0.01))
    synced = mocker.patch("os.fdatasync")

    async def work() -> list[int]:
        recent = Recent(tmp_path / "recent.log", every=True, lasting=True)
        for number in range(5):
            recent.add("s", Sample("c", number, 1.0, ""))
        before = synced.call_count
        done = asyncio.Event()
        asyncio.get_running_loop().call_later(0.02, done.set)
        await done.wait()
        recent.add("s", Sample("c", 6, 1.0, ""))
        after = synced.call_count
        recent.close()
        return [before, after, synced.call_count]

    assert asyncio.run(work()) == [0, 1, 2]


@pytest.mark.requirement("F104", refuses=True)
def test_after_a_failed_synchronisation_no_reading_is_taken(
    tmp_path: Path, mocker: MockerFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the disk holds is not known any more; the site has to be opened anew."""
    monkeypatch.setattr(trends, "OPEN", Seconds(0.0))
    mocker.patch("os.fdatasync", side_effect=OSError(errno.EIO, "Input/output error"))

    async def work() -> None:
        recent = Recent(tmp_path / "recent.log", every=True, lasting=True)
        recent.add("s", Sample("c", 1, 1.0, ""))
        tried = asyncio.Event()
        asyncio.get_running_loop().call_later(0.01, tried.set)
        await tried.wait()
        with pytest.raises(FailedError, match="Input/output error"):
            recent.add("s", Sample("c", 2, 1.0, ""))
        with pytest.raises(FailedError, match="Input/output error"):
            recent.close()

    asyncio.run(work())


def test_a_full_disk_keeps_a_reading_waiting_and_never_half_a_line(tmp_path: Path) -> None:
    """It is written with the next one when there is room again."""
    recent = Recent(tmp_path / "recent.log", every=True)
    for number in range(5):
        recent.add("s", Sample("c", number, 1.0, ""))
    with no_file_grows_beyond((tmp_path / "recent.log").stat().st_size + 3), pytest.raises(FailedError):
        recent.add("s", Sample("c", 5, 1.0, ""))
    recent.add("s", Sample("c", 6, 1.0, ""))
    assert [sample.at for sample in recent.read("s")] == list(range(7))
    recent.close()


@pytest.mark.requirement("F051", "F104", refuses=True)
@pytest.mark.parametrize("damage", [b"x", b"\t", b"\xff"])
def test_a_reading_that_was_changed_is_named_with_its_line(tmp_path: Path, damage: bytes) -> None:
    """Nothing is made up; readings of other steps are not touched by it."""
    path = tmp_path / "recent.log"
    path.write_bytes(b"s\tc\t1\t0.5\tK\ns\tc\t" + damage + b"2\t0.5\tK\nr\tc\t3\t0.5\tK\n")
    recent = Recent(path, every=True)
    with pytest.raises(DamagedError, match=r"recent\.log:2: .*take the line out"):
        recent.read("s")
    assert [sample.at for sample in recent.read("r")] == [3]
    recent.close()


def test_the_file_of_open_readings_stays_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What chunks hold is dropped; what is open, and other steps' readings, stay."""
    monkeypatch.setattr(trends, "LARGEST", 20_000)

    def job(bench: Bench) -> tuple[int, int, int]:
        left = len(bench.recent.read(STREAM))
        return len(bench.trends.curve("probe.sample").times), left, len(bench.recent.read("other"))

    (tmp_path / "recent.log").write_text("other\tc\t1\t0.5\tK\n")
    looks = 3 * CHUNK + 10
    for times, after in ((looks, 0.0), (0, 10_000.0)):
        found, left, other = at(tmp_path, job, looks=times, after=after)
        assert (found, other) == (looks, 1)
        assert 2 * 10 <= left < 2 * CHUNK
