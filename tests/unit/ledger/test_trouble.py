"""Faults of the operating system: one clear error each, nothing acknowledged is lost, and it goes on afterwards.

The faults are real ones: calls refused by the kernel, files that may not grow, rights that were taken away.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from automation.kernel.errors import FailedError, InputError
from automation.ledger.blobs import Blobs
from automation.ledger.event import Mode
from automation.ledger.store import Ledger
from automation.ledger.verify import verify
from tests.support.system_faults import no_file_grows_beyond
from tests.unit.ledger.ledgers import KEY, START, draft, make
from tests.unit.ledger.owner_in_trouble import BEFORE, FAULTS

LONGEST = 30.0  # s
NOBODY = 65_534


def _in_trouble(folder: Path, fault: str) -> list[str]:
    """Give what an owner in trouble says, line by line."""
    make(folder, mode=Mode.LIVE).close()
    words = [sys.executable, "-m", "tests.unit.ledger.owner_in_trouble", str(folder), fault]
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=LONGEST).stdout.splitlines()


@pytest.mark.requirement("C01.2", refuses=True)
@pytest.mark.parametrize("fault", FAULTS)
def test_after_a_fault_nothing_is_acknowledged_until_the_site_is_opened_anew(tmp_path: Path, fault: str) -> None:
    """Every attempt of the same owner gets the same error, and so does an opening while the cause is there."""
    said = _in_trouble(tmp_path, fault)
    told = [int(line) for line in said if line.isdigit()]
    refused = [line for line in said if not line.isdigit()]
    assert told == list(range(2, 2 + BEFORE))
    assert len(set(refused[:-1])) == 1
    assert "are not acknowledged; find the cause, then open the site anew" in refused[0]
    assert refused[-1].startswith("InputError: ")
    assert "can't be written" in refused[-1]


@pytest.mark.requirement("C01.2")
@pytest.mark.parametrize("fault", FAULTS)
def test_when_the_cause_is_gone_everything_acknowledged_is_there_and_it_goes_on(tmp_path: Path, fault: str) -> None:
    """What was not acknowledged may be there or not; nothing in between."""
    last = max(int(line) for line in _in_trouble(tmp_path, fault) if line.isdigit())
    with Ledger.open(tmp_path, key=KEY) as again:
        assert last <= again.last.seq <= last + 1
        again.append([draft(n=99)], at=START)
        again.flush()
    assert verify(tmp_path).intact


async def _appended(ledger: Ledger, events: int) -> int:
    """Append until it fails; give the last event that was acknowledged."""
    told = ledger.last.seq
    for number in range(events):
        (event,) = ledger.append([draft(text="x" * 500, n=number)], at=START)
        await ledger.durable(event.seq)
        told = event.seq
    return told


@pytest.mark.requirement("C01.2")
@pytest.mark.parametrize("room", [1, 1_000, 4_000, 5_000, 9_000, 20_001])
def test_a_torn_write_costs_nothing_that_was_acknowledged(tmp_path: Path, room: int) -> None:
    """The file takes a part of what is written and then no more; the same process opens it again and goes on."""
    ledger = make(tmp_path, mode=Mode.LIVE)
    told = asyncio.run(_appended(ledger, 5))
    wal = tmp_path / "ledger.sqlite-wal"
    with no_file_grows_beyond(wal.stat().st_size + room):
        with pytest.raises(FailedError, match="not acknowledged"):
            told = asyncio.run(_appended(ledger, 20))
        with pytest.raises(FailedError):
            ledger.close()
    with Ledger.open(tmp_path, key=KEY) as again:
        assert again.last.seq >= told
        assert asyncio.run(_appended(again, 5)) >= told + 5
    assert verify(tmp_path).intact


def test_a_log_of_heads_that_is_torn_is_written_whole_by_the_next_owner(tmp_path: Path) -> None:
    """The events are on disk, the head stands in the ledger; only its line is cut."""
    ledger = make(tmp_path)
    ledger.seal()
    ledger.append([draft()], at=START)
    with no_file_grows_beyond(0), pytest.raises(FailedError):
        ledger.seal()
    with pytest.raises(FailedError):
        ledger.close()
    Ledger.open(tmp_path, key=KEY).close()
    verdict = verify(tmp_path)
    assert (verdict.intact, verdict.anchored_to) == (True, verdict.events)


def _killed(folder: Path) -> int:
    """Leave a live ledger as a killed owner does, with events in the -wal file alone; give the last one."""
    code = (
        "import os, signal, sys; from pathlib import Path; from tests.unit.ledger.ledgers import *\n"
        "ledger = make(Path(sys.argv[1]), mode=Mode.LIVE)\n"
        "for n in range(9): ledger.append([draft(n=n)], at=START); ledger.flush()\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(folder)], check=False, timeout=LONGEST)
    assert done.returncode == -signal.SIGKILL
    return 10


def _gone(wal: Path) -> None:
    wal.unlink()


def _emptied(wal: Path) -> None:
    wal.write_bytes(b"")


def _header_overwritten(wal: Path) -> None:
    wal.write_bytes(b"x" * 32 + wal.read_bytes()[32:])


def _one_bit_flipped(wal: Path) -> None:
    whole = bytearray(wal.read_bytes())
    whole[len(whole) // 2] ^= 1
    wal.write_bytes(whole)


def _cut(wal: Path) -> None:
    os.truncate(wal, wal.stat().st_size - 1)


@pytest.mark.requirement("F106.2", refuses=True)
@pytest.mark.parametrize("spoil", [_gone, _emptied, _header_overwritten, _one_bit_flipped, _cut])
def test_a_wal_file_that_is_damaged_or_missing_is_told_and_not_glossed_over(
    tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    """SQLite drops what it can't read and goes on; the mark knows that more was acknowledged. Put back, it opens."""
    folder = tmp_path / "site"
    last = _killed(folder)
    kept = shutil.copytree(folder, tmp_path / "kept")
    spoil(folder / "ledger.sqlite-wal")
    with pytest.raises(InputError, match=r"acknowledged and are gone|can't be read"):
        Ledger.open(folder, key=KEY)
    assert not verify(folder).intact
    for name in ("ledger.sqlite", "ledger.sqlite-wal"):
        shutil.copy(kept / name, folder / name)
    with Ledger.open(folder, key=KEY) as again:
        assert again.last.seq == last
    assert verify(folder).intact


def test_a_ledger_that_was_cut_anywhere_is_refused_or_whole(tmp_path: Path) -> None:
    """At each page and in the midst of each; never a crash, never fewer events than were acknowledged."""
    with make(tmp_path / "whole", mode=Mode.LIVE) as ledger:
        ledger.append([draft(f"batch/B{n}", text="x" * 300) for n in range(60)], at=START)
    whole = (tmp_path / "whole" / "ledger.sqlite").read_bytes()
    folder = shutil.copytree(tmp_path / "whole", tmp_path / "cut")
    for size in range(0, len(whole), 2_048):
        (folder / "ledger.sqlite").write_bytes(whole[:size])
        with pytest.raises(InputError):
            Ledger.open(folder, key=KEY)
    assert len(whole) > 8 * 4_096


def test_a_database_that_somebody_else_locks_is_refused_in_one_sentence(tmp_path: Path) -> None:
    """Another program sits in a transaction; when it has ended, the site opens."""
    make(tmp_path, mode=Mode.LIVE).close()
    other = sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(InputError) as refused:
        Ledger.open(tmp_path, key=KEY)
    assert str(refused.value) == f"{tmp_path}/ledger.sqlite: the ledger can't be written (database is locked)"
    other.close()
    Ledger.open(tmp_path, key=KEY).close()


@contextmanager
def _without_rights_of_root() -> Iterator[Path]:
    """Work as somebody whom rights can be taken from; gives a folder of that person."""
    folder = Path(tempfile.mkdtemp())
    root = os.geteuid() == 0
    if root:
        os.chown(folder, NOBODY, NOBODY)
        os.seteuid(NOBODY)
    try:
        yield folder
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o700)
        shutil.rmtree(folder)


def test_a_folder_that_lost_its_rights_stops_the_owner_and_costs_nothing() -> None:
    """What stands in open files goes on; what needs the folder fails with its name, and comes later."""
    with _without_rights_of_root() as folder:
        ledger = make(folder, mode=Mode.LIVE)
        folder.chmod(0)
        told = asyncio.run(_appended(ledger, 5))
        with pytest.raises(FailedError, match=r"heads.log can't be written \(Permission denied\)"):
            ledger.seal()
        with pytest.raises(FailedError):
            ledger.close()
        with pytest.raises(InputError, match="Permission denied"):
            Ledger.open(folder, key=KEY)
        folder.chmod(0o700)
        Ledger.open(folder, key=KEY).close()
        verdict = verify(folder)
        assert (verdict.intact, verdict.events >= told, verdict.anchored_to) == (True, True, verdict.events)


def test_a_file_that_cannot_be_kept_is_said_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """Neither half a file under its name nor one beside it; kept again when the cause is gone."""
    blobs = Blobs(tmp_path / "blobs", sync=True)
    with no_file_grows_beyond(1_000), pytest.raises(FailedError, match="can't be kept"):
        blobs.put(b"x" * 5_000)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert blobs.get(blobs.put(b"x" * 5_000)) == b"x" * 5_000


def test_a_folder_without_rights_keeps_no_file() -> None:
    """The folder is named."""
    with _without_rights_of_root() as folder:
        (folder / "blobs").mkdir(mode=0o500)
        with pytest.raises(FailedError, match=r"blobs .Permission denied"):
            Blobs(folder / "blobs", sync=True).put(b"x")


def _moved_away(path: Path) -> None:
    path.rename(path.with_name("aside"))


def _exchanged(path: Path) -> None:
    shutil.copy(path, path.with_name("copy"))
    path.with_name("copy").replace(path)


@pytest.mark.requirement("C01.2", refuses=True)
@pytest.mark.parametrize("name", ["ledger.sqlite", "ledger.sqlite-wal"])
@pytest.mark.parametrize("spoil", [_moved_away, _exchanged, Path.unlink])
def test_a_file_that_is_taken_from_under_its_owner_acknowledges_nothing_more(
    tmp_path: Path, spoil: Callable[[Path], None], name: str
) -> None:
    """The next event is refused by name, and so is everything after it: it would be written to nowhere."""
    ledger = make(tmp_path, mode=Mode.LIVE)
    assert asyncio.run(_appended(ledger, 3)) == 4
    spoil(tmp_path / name)
    for _ in range(2):
        with pytest.raises(FailedError, match=rf"{name} was moved or exchanged|No such file.*{name}"):
            asyncio.run(_appended(ledger, 1))
    with contextlib.suppress(FailedError):
        ledger.close()
