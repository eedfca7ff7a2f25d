"""The file of a ledger: how it is opened for reading and writing, and what is said of one that can't be."""

import shutil
import threading
from contextlib import closing
from pathlib import Path

import pytest

from automation.kernel.errors import DamagedError, FailedError, InputError, NewerVersionError, NotOursError
from automation.ledger import file
from automation.ledger.event import Mode
from automation.ledger.file_place import FileRows
from automation.ledger.read import Reader
from tests.unit.ledger.ledgers import START, draft, filled, make, tampering

MANNERS = (
    "journal_mode",
    "synchronous",
    "wal_autocheckpoint",
    "cache_size",
    "trusted_schema",
    "cell_size_check",
    "recursive_triggers",
)


@pytest.mark.requirement("C01.2")
def test_a_live_ledger_waits_for_the_disk_and_a_simulated_one_does_not(tmp_path: Path) -> None:
    """2 is FULL: each commit is synchronised; the rest keeps a damaged file from doing more harm."""
    path = filled(tmp_path) / file.NAME
    for live, waits, pages in ((True, 2, 1_000), (False, 0, 20_000)):
        with closing(file.open_to_write(path, live=live)) as connection:
            found = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in MANNERS]
        assert found == ["wal", waits, pages, -64_000, 0, 1, 1]
        with closing(file.create(tmp_path / f"{live}", live=live)) as made:
            assert [made.execute(f"PRAGMA {name}").fetchone()[0] for name in MANNERS] == found


@pytest.mark.requirement("C01.2")
def test_what_a_live_site_has_not_folded_in_stays_short(tmp_path: Path) -> None:
    """Its owner writes as on a live site: after so many pages they go from the -wal file into the ledger."""
    with make(tmp_path, mode=Mode.LIVE) as ledger:
        for _ in range(7):
            ledger.append([draft(text="x" * 1_000_000)], at=START)
            ledger.flush()
        assert (tmp_path / "ledger.sqlite-wal").stat().st_size < 6_500_000


def test_what_is_no_ledger_is_refused_with_its_name(tmp_path: Path) -> None:
    """Each in a sentence of its own, and of the right kind."""
    path = tmp_path / file.NAME
    with pytest.raises(InputError) as absent:
        file.check(path)
    assert str(absent.value) == f"{path}: no ledger can be read here (No such file or directory)"
    whole = (filled(tmp_path / "site") / file.NAME).read_bytes()[:100]
    file.check(_written(path, whole))
    never = "this never was a ledger of ours"
    for data, said in (
        (whole[:99], f"{never}: not an SQLite file"),
        (b"x" + whole[1:], f"{never}: not an SQLite file"),
        (whole[:68] + bytes(4) + whole[72:], f"{never}: another program's SQLite file"),
    ):
        with pytest.raises(NotOursError) as refused:
            file.check(_written(path, data))
        assert str(refused.value) == f"{path}: {said}"
    with pytest.raises(NewerVersionError) as newer:
        file.check(_written(path, whole[:60] + bytes([0, 0, 1, 0]) + whole[64:]))
    assert str(newer.value) == f"{path}: the ledger has format 256; this release reads up to 1: use a newer release"


def _written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_a_file_is_made_where_there_is_none_and_a_folder_for_it(tmp_path: Path) -> None:
    """Else it is said what stands against it."""
    there, nowhere = filled(tmp_path) / file.NAME, tmp_path / "no" / file.NAME
    with pytest.raises(InputError) as twice:
        file.create(there, live=False)
    with pytest.raises(InputError) as no_folder:
        file.create(nowhere, live=False)
    assert str(twice.value) == f"{there}: there is a ledger already"
    assert str(no_folder.value) == f"{nowhere}: no ledger can be made here (No such file or directory)"


def test_a_damaged_file_is_named_by_whoever_opens_or_reads_it(tmp_path: Path) -> None:
    """In the words of the database: a broken first page, then a broken page of events."""
    path = filled(tmp_path) / file.NAME
    whole = path.read_bytes()
    with tampering(tmp_path) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'event'").fetchone()
    said = f"{path}: the ledger can't be read (database disk image is malformed)"
    path.write_bytes(whole[: (page - 1) * 4096] + bytes(4096) + whole[page * 4096 :])
    with pytest.raises(DamagedError) as read, closing(FileRows(path)) as rows:
        rows.ask("SELECT max(seq) FROM event")
    assert str(read.value) == said
    path.write_bytes(whole[:100] + bytes(3996) + whole[4096:])
    with pytest.raises(DamagedError) as written:
        file.open_to_write(path, live=False)
    with pytest.raises(DamagedError) as opened:
        file.open_to_read(path)
    assert (str(written.value), str(opened.value)) == (said, said)


def test_a_folder_that_takes_no_shared_memory_is_read_when_nothing_is_missed(tmp_path: Path) -> None:
    """What the -wal file holds can't be read then, so it must not be there; an empty one holds nothing."""
    filled(tmp_path / "closed")
    (tmp_path / "closed" / "ledger.sqlite-shm").symlink_to("absent/file")
    with Reader(tmp_path / "closed") as reader:
        assert reader.last.seq == 13
    with make(tmp_path / "open") as ledger:
        ledger.append([draft()], at=START)
        ledger.flush()
        copy = Path(shutil.copytree(tmp_path / "open", tmp_path / "copy"))
    (copy / "ledger.sqlite-shm").unlink()
    (copy / "ledger.sqlite-shm").symlink_to("absent/file")
    with pytest.raises(InputError) as refused:
        Reader(copy)
    said = "the folder is read-only and the ledger was not closed: copy both files"
    assert str(refused.value) == f"{copy}/ledger.sqlite: {said}"
    (copy / "ledger.sqlite-wal").write_bytes(b"")
    with Reader(copy) as reader:
        assert reader.last.seq == 1


def test_a_reader_may_be_asked_from_any_thread(tmp_path: Path) -> None:
    """One after the other."""
    seen: list[int] = []
    with Reader(filled(tmp_path)) as reader:
        asking = threading.Thread(target=lambda: seen.append(reader.last.seq))
        asking.start()
        asking.join()
    assert seen == [13]


def test_an_event_that_the_index_lacks_is_named(tmp_path: Path) -> None:
    """It would be missing wherever its stream is read."""
    path = filled(tmp_path) / file.NAME
    with tampering(tmp_path) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("CREATE TABLE kept AS SELECT * FROM sqlite_schema WHERE name = 'event_stream'")
        connection.execute("DELETE FROM sqlite_schema WHERE name = 'event_stream'")
    with tampering(tmp_path) as connection:
        connection.execute("INSERT INTO event SELECT 14, stream, envelope, body, hash FROM event WHERE seq = 13")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("INSERT INTO sqlite_schema SELECT * FROM kept")
    with closing(FileRows(path)) as rows:
        assert rows.fault() == (14, "row 14 missing from index event_stream")


def test_a_file_that_cannot_be_closed_or_put_in_its_place_is_named(tmp_path: Path) -> None:
    """With what the system or the database says."""
    with pytest.raises(FailedError) as failed:
        file.settle(tmp_path / "absent", tmp_path / "there")
    assert str(failed.value) == f"{tmp_path}/there can't be put in its place (No such file or directory)"
    (tmp_path / "other").write_bytes(b"dear diary\n" * 100)
    with pytest.raises(FailedError) as unfolded:
        file.fold(tmp_path / "other")
    assert str(unfolded.value) == f"{tmp_path}/other can't be closed (file is not a database)"
