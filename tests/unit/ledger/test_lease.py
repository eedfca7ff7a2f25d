"""The lock of a site folder: who holds it, what it remembers, and how it is said."""

import fcntl
import os
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from automation.kernel.errors import InputError, OwnedError, RefusedError
from automation.ledger.lease import Lease, Mark, mark, owner

DIGEST = bytes(range(32))


def test_a_site_in_use_is_refused_with_its_owner(tmp_path: Path) -> None:
    """And its lock names the process; a lock that names none has an unknown owner."""
    lease = Lease(tmp_path)
    with pytest.raises(OwnedError) as refused:
        Lease(tmp_path)
    assert str(refused.value) == f"{tmp_path}: the site is owned by process {os.getpid()}"
    assert (owner(tmp_path), lease.taken_from) == (os.getpid(), None)
    with (tmp_path / "ledger.lock").open("r+b") as lock:
        lock.write(b"nobod\xff    ")
    with pytest.raises(OwnedError, match=r"owned by process unknown$"):
        Lease(tmp_path)
    assert owner(tmp_path) == 0
    lease.release()
    assert owner(tmp_path) is None


def test_a_folder_without_a_lock_has_no_owner_and_no_mark(tmp_path: Path) -> None:
    """Nobody was ever there."""
    assert (owner(tmp_path), mark(tmp_path)) == (None, None)


def test_who_takes_over_keeps_the_mark_and_knows_from_whom(tmp_path: Path) -> None:
    """The former owner is told at its next look; the lock file is one, with its owner's rights alone."""
    former = Lease(tmp_path)
    former.note(7, DIGEST)
    former.check()
    lease = Lease(tmp_path, take_over=True)
    assert (lease.taken_from, lease.mark, mark(tmp_path)) == (os.getpid(), Mark(7, DIGEST), Mark(7, DIGEST))
    with pytest.raises(RefusedError) as refused:
        former.check()
    stale = "another process has taken the site over: this one is stale and appends nothing"
    assert str(refused.value) == f"{tmp_path}: {stale}"
    lease.check()
    assert list(tmp_path.iterdir()) == [tmp_path / "ledger.lock"]
    assert (tmp_path / "ledger.lock").stat().st_mode & 0o777 == 0o600
    with pytest.raises(OwnedError):
        Lease(tmp_path)
    for held in (former, lease):
        held.release()


def test_a_take_over_of_what_nobody_owns_takes_it_from_nobody(tmp_path: Path) -> None:
    """The lock file stays the same one."""
    Lease(tmp_path).release()
    inode = (tmp_path / "ledger.lock").stat().st_ino
    lease = Lease(tmp_path, take_over=True)
    assert (lease.taken_from, (tmp_path / "ledger.lock").stat().st_ino) == (None, inode)
    lease.release()


def test_the_lock_file_has_one_form_whatever_stood_there(tmp_path: Path) -> None:
    """Process, number and hash in 96 bytes; a longer file is cut, an event 0 is no mark."""
    (tmp_path / "ledger.lock").write_bytes(b"x" * 200)
    lease = Lease(tmp_path)
    zeros = b"%10d\n%19d %b\n" % (os.getpid(), 0, b"0" * 64)
    assert (tmp_path / "ledger.lock").read_bytes() == zeros
    assert mark(tmp_path) is None
    lease.note(12, DIGEST)
    assert (tmp_path / "ledger.lock").read_bytes() == b"%10d\n%19d %b\n" % (os.getpid(), 12, DIGEST.hex().encode())
    lease.release()
    assert Lease(tmp_path).mark == Mark(12, DIGEST)


def test_a_folder_that_takes_no_lock_is_refused_with_its_place(tmp_path: Path, mocker: MockerFixture) -> None:
    """Whether the file can't be made or can't be written; nothing stays locked then."""
    with pytest.raises(InputError) as refused:
        Lease(tmp_path / "missing")
    assert refused.value.where == str(tmp_path / "missing" / "ledger.lock")
    assert "the site folder can't be written (No such file or directory)" in str(refused.value)
    mocker.patch("os.pwrite", side_effect=OSError(28, "No space left on device"))
    with pytest.raises(InputError, match=r"the site folder can't be written \(No space left on device\)") as full:
        Lease(tmp_path)
    assert full.value.where == str(tmp_path / "ledger.lock")
    handle = os.open(tmp_path / "ledger.lock", os.O_RDWR)
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(handle)
