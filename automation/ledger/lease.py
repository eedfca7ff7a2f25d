"""One owner process per site folder: a lock that the system drops when the process ends, however it ends.

The lock keeps a second owner out. Should it ever fail, the ledger's table still takes only the next number, so a
stale owner appends nothing (see ``writer``).
"""

import fcntl
import os
from pathlib import Path

from automation.kernel.errors import InputError, RefusedError

NAME = "ledger.lock"


class Lease:
    """The ownership of a site folder, held from construction to ``release``."""

    def __init__(self, folder: Path) -> None:
        """Take the site; raises RefusedError when another process owns it, InputError when it is read-only."""
        path = folder / NAME
        try:
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise InputError(f"the site folder can't be written ({error.strerror})", where=str(path)) from error
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            owner = os.pread(self._handle, 20, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(self._handle)
            raise RefusedError(f"{folder}: the site is owned by process {owner}") from error
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Give the site up."""
        os.close(self._handle)


def owner(folder: Path) -> int | None:
    """Give the process that owns a site folder; None when nobody does. Asks the lock, not the number in it."""
    try:
        handle = os.open(folder / NAME, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        text = os.pread(handle, 20, 0).decode("ascii", "replace").strip()
        return int(text) if text.isdigit() else 0
    finally:
        os.close(handle)
    return None
