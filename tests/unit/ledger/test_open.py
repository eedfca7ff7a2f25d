"""Opening: what is no ledger, not ours to write, or no longer whole gets one clear error and stays as it was."""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from automation.kernel.errors import DamagedError, InputError, NewerVersionError, NotOursError, RefusedError
from automation.ledger.chain import entry_hash, opening
from automation.ledger.event import Genesis, Mode
from automation.ledger.head import public_key, read_public_key
from automation.ledger.read import Reader
from automation.ledger.store import Ledger
from automation.ledger.verify import verify
from tests.unit.ledger.ledgers import KEY, OTHER_KEY, START, draft, filled, genesis, make, tampering

NOBODY = 65_534


def _content(folder: Path) -> dict[str, bytes]:
    """Give every file's bytes, but for what SQLite keeps beside a file that is open."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.endswith(("-wal", "-shm"))}


def _no_database(folder: Path) -> None:
    (folder / "ledger.sqlite").write_text("dear diary\n" * 100)


def _empty(folder: Path) -> None:
    (folder / "ledger.sqlite").write_bytes(b"")


def _stranger(folder: Path) -> None:
    (folder / "ledger.sqlite").unlink()
    connection = sqlite3.connect(folder / "ledger.sqlite")
    connection.execute("CREATE TABLE event(seq INTEGER PRIMARY KEY)")
    connection.close()


def _absent(folder: Path) -> None:
    (folder / "ledger.sqlite").unlink()


def _newer(folder: Path) -> None:
    with tampering(folder) as connection:
        connection.execute("PRAGMA user_version = 2")


def _tail_changed(folder: Path) -> None:
    with tampering(folder) as connection:
        connection.execute("UPDATE event SET body = x'7b7d' WHERE seq = 13")


def _cut(folder: Path) -> None:
    with tampering(folder) as connection:
        connection.execute("DELETE FROM event WHERE seq > 9")
        connection.execute("DELETE FROM head WHERE seq > 9")


def _no_genesis(folder: Path) -> None:
    with tampering(folder) as connection:
        connection.execute("DELETE FROM event WHERE seq = 1")


@pytest.mark.parametrize(
    ("spoil", "error", "said"),
    [
        (_absent, InputError, "No such file"),
        (_empty, NotOursError, "never was a ledger"),
        (_no_database, NotOursError, "never was a ledger"),
        (_stranger, NotOursError, "another program"),
        (_newer, NewerVersionError, "format 2"),
        (_no_genesis, DamagedError, "genesis"),
        (_tail_changed, DamagedError, "event 13"),
        (_cut, DamagedError, "older copy"),
    ],
)
def test_what_is_no_whole_ledger_is_refused_and_left_alone(
    tmp_path: Path, spoil: Callable[[Path], None], error: type[InputError], said: str
) -> None:
    """One clear error that names the file; no byte of the folder changes."""
    spoil(filled(tmp_path))
    before = _content(tmp_path)
    with pytest.raises(error, match=said) as caught:
        Ledger.open(tmp_path, key=KEY)
    assert str(tmp_path) in str(caught.value)
    assert _content(tmp_path) == before


def _sql(command: str) -> Callable[[Path], None]:
    def tamper(folder: Path) -> None:
        with tampering(folder) as connection:
            connection.execute(command)

    return tamper


def _unsealed(folder: Path) -> None:
    """Take all heads away, and change the genesis."""
    _sql("DELETE FROM head")(folder)
    _sql("UPDATE event SET body = CAST(body || ' ' AS BLOB) WHERE seq = 1")(folder)
    (folder / "heads.log").unlink()


def _written_anew(folder: Path) -> None:
    """Put another last event in the place of the signed one, with the hash that belongs to it."""
    with Reader(folder) as reader:
        last, start = reader.last, opening(reader.genesis.id)
    digest = entry_hash(start, (last.prev, last.prev_in_stream), envelope=last.envelope, body=b"{}")
    with tampering(folder) as connection:
        connection.execute("UPDATE event SET body = x'7b7d', hash = ? WHERE seq = 13", (digest,))
    (folder / "ledger.lock").unlink()


def _older_copy(folder: Path) -> None:
    _cut(folder)
    (folder / "ledger.lock").unlink()


WAL = "the -wal file is missing or damaged, or an older copy was put back; restore the files"
TAILS: dict[str, tuple[Callable[[Path], None], str]] = {
    "signature": (
        _sql("UPDATE head SET signature = zeroblob(64) WHERE seq = 13"),
        "the head at event 13 has a bad signature",
    ),
    "changed": (_tail_changed, "event 13 is not what was written; run verify"),
    "genesis": (_unsealed, "event 1 is not what was written; run verify"),
    "exchanged": (_written_anew, "event 13 is not the one that was signed; run verify"),
    "cut": (_cut, f"event 10 to 13 were acknowledged and are gone: {WAL}"),
    "older copy": (_older_copy, "heads.log knows event 13, the ledger ends at 9: an older copy was put back"),
}


@pytest.mark.parametrize("what", TAILS)
def test_an_end_that_is_not_what_was_written_is_named_in_one_sentence(tmp_path: Path, what: str) -> None:
    """Nothing is written behind it."""
    spoil, said = TAILS[what]
    spoil(filled(tmp_path))
    with pytest.raises(DamagedError) as damaged:
        Ledger.open(tmp_path, key=KEY)
    assert str(damaged.value) == f"{tmp_path}/ledger.sqlite: {said}"


@pytest.mark.parametrize("spoil", [_absent, _stranger, _newer])
def test_verify_and_readers_refuse_what_never_was_a_ledger(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    """Also when there is no heads.log that says otherwise."""
    (filled(tmp_path) / "heads.log").unlink()
    spoil(tmp_path)
    for use in (verify, Reader):
        with pytest.raises(InputError):
            use(tmp_path)


def test_a_ledger_keeps_its_mode_for_ever(tmp_path: Path) -> None:
    """A simulated ledger is not opened for live work."""
    filled(tmp_path)
    with pytest.raises(InputError, match=r"is simulated, for ever; live was asked for"):
        Ledger.open(tmp_path, key=KEY, mode=Mode.LIVE)


def test_another_key_is_refused(tmp_path: Path) -> None:
    """Both keys are named by their ids; a private key is never shown."""
    filled(tmp_path)
    with pytest.raises(InputError, match="belongs to key") as caught:
        Ledger.open(tmp_path, key=OTHER_KEY)
    assert OTHER_KEY.hex() not in str(caught.value)


def test_a_second_ledger_in_one_folder_is_refused(tmp_path: Path) -> None:
    """The first stays as it was."""
    before = _content(filled(tmp_path))
    with pytest.raises(InputError, match="there is a ledger already"):
        make(tmp_path)
    assert _content(tmp_path) == before


@pytest.mark.parametrize("wrong", [genesis(ledger="ab"), genesis(ledger="zz" * 16), genesis(public_key="00" * 32)])
def test_a_genesis_that_does_not_fit_is_refused(tmp_path: Path, wrong: Genesis) -> None:
    """Nothing is made."""
    with pytest.raises(InputError):
        Ledger.create(tmp_path, genesis=wrong, key=KEY)
    assert not (tmp_path / "ledger.sqlite").exists()


def test_a_live_genesis_holds_the_public_key(tmp_path: Path) -> None:
    """Whoever reads event 1 knows who may sign; a simulated one may leave it out."""
    with make(tmp_path / "live", mode=Mode.LIVE) as live, make(tmp_path / "simulated") as simulated:
        assert (live.genesis.public_key, simulated.genesis.public_key) == (public_key(KEY).hex(), "")


@pytest.mark.requirement("C01.2", refuses=True)
def test_a_site_has_one_owner_at_a_time(tmp_path: Path) -> None:
    """The second is told who owns it; after the first has closed it may own the site."""
    with make(tmp_path), pytest.raises(RefusedError, match=f"owned by process {os.getpid()}"):
        Ledger.open(tmp_path, key=KEY)
    with Ledger.open(tmp_path, key=KEY) as ledger:
        assert ledger.last.seq == 1


def test_another_process_is_kept_out_and_may_read(tmp_path: Path) -> None:
    """The lock holds between processes; readers need none."""
    code = (
        "import sys; from pathlib import Path; from automation.ledger.read import Reader;"
        "from automation.ledger.store import Ledger; from automation.kernel.errors import RefusedError\n"
        "print(Reader(Path(sys.argv[1])).last.seq)\n"
        "try: Ledger.open(Path(sys.argv[1]), key=None)\n"
        "except RefusedError as error: print('refused')"
    )
    with make(tmp_path) as ledger:
        ledger.append([draft()], at=START)
        ledger.flush()
        command = [sys.executable, "-c", code, str(tmp_path)]
        said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    assert said.split() == ["2", "refused"]


def test_each_owner_that_appends_takes_a_new_epoch(tmp_path: Path) -> None:
    """Opening alone leaves no trace; the owner that writes behind the genesis has epoch 1."""
    make(tmp_path).close()
    Ledger.open(tmp_path, key=KEY).close()
    for number in range(2):
        with Ledger.open(tmp_path, key=KEY) as ledger:
            ledger.append([draft(n=number)], at=START)
    with Reader(tmp_path) as reader:
        found = [(event.kind, event.epoch) for event in reader.events()]
    assert found == [("genesis", 1), ("note", 1), ("epoch taken", 2), ("note", 2)]


def test_without_its_key_a_ledger_grows_and_seals_nothing(tmp_path: Path) -> None:
    """Sealing is refused; the events stand, chained."""
    filled(tmp_path)
    with Ledger.open(tmp_path, key=None) as ledger:
        ledger.append([draft()], at=START + 100)
        with pytest.raises(RefusedError, match="without its key"):
            ledger.seal()
    assert verify(tmp_path).signed_to == 13


@contextmanager
def _as_nobody() -> Iterator[Path]:
    """Work without the rights of root in a folder that others may enter and read; gives that folder."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        if os.geteuid() == NOBODY:
            os.seteuid(0)
        folder.chmod(0o755)
        shutil.rmtree(folder)


def _give_up_writing(folder: Path) -> None:
    for path in folder.iterdir():
        path.chmod(0o444)
    folder.chmod(0o555)
    if os.geteuid() == 0:
        os.seteuid(NOBODY)


def test_a_read_only_folder_is_readable_and_not_ownable() -> None:
    """Readers and verify work; the owner's error names the folder."""
    with _as_nobody() as folder:
        filled(folder)
        _give_up_writing(folder)
        with pytest.raises(InputError, match="can't be written"):
            Ledger.open(folder, key=KEY)
        assert verify(folder).intact
        with Reader(folder) as reader:
            assert reader.last.seq == 13


def test_a_folder_that_takes_no_file_gets_no_ledger() -> None:
    """One clear error."""
    with _as_nobody() as folder:
        _give_up_writing(folder)
        with pytest.raises(InputError, match="can't be written"):
            Ledger.create(folder, genesis=genesis(), key=KEY)


def test_a_public_key_is_read_from_a_file_outside_the_site(tmp_path: Path) -> None:
    """Inside the site folder it could be exchanged with the ledger, so it is refused there."""
    site = tmp_path / "site"
    site.mkdir()
    for path in (tmp_path / "key.pub", site / "key.pub"):
        path.write_text(public_key(KEY).hex() + "\n")
    assert read_public_key(tmp_path / "key.pub", site=site) == public_key(KEY)
    with pytest.raises(InputError, match="inside the site folder"):
        read_public_key(site / "key.pub", site=site)


@pytest.mark.parametrize("text", ["", "abc", "zz" * 32, "ab" * 31])
def test_a_file_that_is_no_public_key_is_refused(tmp_path: Path, text: str) -> None:
    """The message says what is expected."""
    (tmp_path / "key.pub").write_text(text)
    with pytest.raises(InputError, match="64 hex digits"):
        read_public_key(tmp_path / "key.pub")
