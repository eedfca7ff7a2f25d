"""One owner process per site folder: a lock that the system drops when the process ends, however it ends.

The lock keeps a second owner out. One that no longer answers and can't be ended may be taken over: the lock file is
replaced, and the former owner finds at its next append that its own is gone. Should even that fail, the ledger's table
takes only the next number, so a stale owner appends nothing (see ``writer``).
The lock file also holds a mark: the last event that was acknowledged, written after it was on disk. A ledger that ends
before its mark has lost what somebody was told.
"""

import fcntl
import mmap
import os
import re
from pathlib import Path
from typing import NamedTuple

from automation.kernel.errors import InputError, OwnedError, RefusedError

NAME = "ledger.lock"
_SIZE = 96  # bytes; the content always has this length
_MARK = re.compile(rb" *(\d+)\n *(\d+) ([0-9a-f]{64})\n")


class Mark(NamedTuple):
    """The last event that was acknowledged: its number and hash."""

    seq: int
    hash: bytes


class Lease:
    """The ownership of a site folder, held from construction to ``release``."""

    def __init__(self, folder: Path, *, take_over: bool = False) -> None:
        """Take the site; ``take_over`` also from a process that still owns it.

        Raises OwnedError when another process owns it, InputError when it is read-only.
        """
        self._path = folder / NAME
        self._handle = _open(self._path, os.O_RDWR | os.O_CREAT)
        self.taken_from: int | None = None  # the process that owned the site; 0 for one that the lock does not name
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self.taken_from = _holder(self._handle)
            if not take_over:
                os.close(self._handle)
                who = self.taken_from or "unknown"
                raise OwnedError(f"{folder}: the site is owned by process {who}") from error
        self.mark = mark(folder)
        try:
            if self.taken_from is not None:
                self._replace()
            self._write()
            # Written through memory: a changed inode would make every commit of the ledger wait for the journal.
            self._page = mmap.mmap(self._handle, _SIZE)
        except OSError as error:
            os.close(self._handle)
            raise _unwritable(self._path, error) from error

    def check(self) -> None:
        """Raise RefusedError when the lock file was replaced or taken away, so that another may own the site."""
        if not os.fstat(self._handle).st_nlink:
            what = "another process has taken the site over: this one is stale and appends nothing"
            raise RefusedError(f"{self._path.parent}: {what}")

    def note(self, seq: int, digest: bytes) -> None:
        """Mark an event as acknowledged; the mark may fall behind the ledger and never runs ahead of it."""
        self.mark = Mark(seq, digest)
        self._page[:] = _content(self.mark)

    def release(self) -> None:
        """Give the site up."""
        self._page.close()
        os.close(self._handle)

    def _replace(self) -> None:
        """Put a lock file of our own in the place of one that another process holds."""
        os.close(self._handle)
        aside = self._path.with_suffix(f".{os.getpid()}.tmp")
        self._handle = os.open(aside, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._write()
        aside.replace(self._path)

    def _write(self) -> None:
        os.pwrite(self._handle, _content(self.mark or Mark(0, bytes(32))), 0)
        os.ftruncate(self._handle, _SIZE)


def _content(said: Mark) -> bytes:
    return b"%10d\n%19d %b\n" % (os.getpid(), said.seq, said.hash.hex().encode())


def _open(path: Path, flags: int) -> int:
    try:
        return os.open(path, flags, 0o600)
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> InputError:
    return InputError(f"the site folder can't be written ({error.strerror})", where=str(path))


def _holder(handle: int) -> int:
    """Give the process that a lock file names; 0 when it names none."""
    text = os.pread(handle, 10, 0).decode("ascii", "replace").strip()
    return int(text) if text.isdigit() else 0


def mark(folder: Path) -> Mark | None:
    """Give the last event of a site folder that was acknowledged; None when nobody noted one."""
    try:
        found = _MARK.fullmatch((folder / NAME).read_bytes())
    except OSError:
        return None
    return Mark(int(found[2]), bytes.fromhex(found[3].decode())) if found and int(found[2]) else None


def owner(folder: Path) -> int | None:
    """Give the process that owns a site folder; None when nobody does. Asks the lock, not the number in it."""
    try:
        handle = os.open(folder / NAME, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _holder(handle)
    finally:
        os.close(handle)
    return None
