"""Runs one command so that nothing of it is left behind: bounded in time and in what it writes, and ended as a whole.

Run by its path, with the time (s), the largest file (bytes) and the command; it needs nothing but Python. It becomes
the parent of every process that the command leaves behind, whatever session that is in, and ends those too.
Source: prctl(2), PR_SET_CHILD_SUBREAPER; setrlimit(2), RLIMIT_FSIZE; proc_pid_stat(5).
"""

import contextlib
import ctypes
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

TOO_LONG = 124
"""Exit status when the time was over, as that of timeout(1)."""
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER


def main() -> int:
    """Run the command and end what it started; gives its exit status."""
    within, largest = float(sys.argv[1]), int(sys.argv[2])
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    with subprocess.Popen(sys.argv[3:]) as process:  # noqa: S603  no shell; the command is the program's own
        try:
            return process.wait(timeout=within)
        except subprocess.TimeoutExpired:
            process.kill()
            return TOO_LONG
        finally:
            _end_all()


def _end_all() -> None:
    """Kill every child, and whatever comes to us when it ends, until there is none."""
    while children := list(_children()):
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(child, 0)


def _children() -> Iterator[int]:
    """Give the processes whose parent is this one."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1]) == os.getpid():
                yield int(stat.parent.name)


if __name__ == "__main__":
    sys.exit(main())
