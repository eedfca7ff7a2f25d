"""Children of this process: each runs the real command line with points laid, and ends however it ends.

A child is forked from a process that has loaded the program already, so that it starts at once; from then on it is a
process like any other, and SIGKILL ends it as any other. Units: s of real time.
"""

import ctypes
import gc
import importlib
import os
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from automation import bootstrap, opener
from automation.bootstrap import Way
from automation.engine.site import Site
from automation.opener import House
from automation.surfaces.cli.main import COMMANDS, HERE, run
from tests.plant.real_points import Fuse
from tests.storms.crew import Crew
from tests.support.runs import with_hooks

DIES_WITH_PARENT = 1  # PR_SET_PDEATHSIG of linux/prctl.h
LONGEST = 120  # s; then the system ends a child that hangs


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended: its exit status, negative for a signal, and the last that it said."""

    status: int
    said: str

    @property
    def killed(self) -> bool:
        """Tell whether SIGKILL ended it."""
        return self.status == -signal.SIGKILL


@dataclass(frozen=True, slots=True)
class Children:
    """Makes children; each has what it prints in a file of the folder."""

    folder: Path

    def command(self, *words: object, fuse: Fuse | None = None) -> int:
        """Begin a command line in a child and give its process id."""

        def job(laid: Fuse) -> int:
            with_people()
            laid.lay()
            return run(House, [str(word) for word in words])

        return self.begin(job, fuse or Fuse())

    def begin(self, job: Callable[[Fuse], int], fuse: Fuse) -> int:
        """Begin a job in a child and give its process id."""
        gc.freeze()
        child = os.fork()
        if child:
            return child
        status = 99
        try:
            ctypes.CDLL(None).prctl(DIES_WITH_PARENT, int(signal.SIGKILL))  # a frozen one hears no alarm
            signal.alarm(LONGEST)
            out = os.open(self._said(os.getpid()), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(out, 1)
            os.dup2(out, 2)
            status = job(fuse)
            seen = os.open(self._counts(os.getpid()), os.O_WRONLY | os.O_CREAT)
            os.pwrite(seen, msgspec.json.encode(fuse.seen), 0)
        finally:
            os._exit(status)

    def end(self, child: int) -> Ended:
        """Wait for a child to end."""
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        return Ended(status, self._said(child).read_text(encoding="utf-8").strip()[-500:])

    def done(self, *words: object, fuse: Fuse | None = None) -> Ended:
        """Run a command line in a child to its end."""
        return self.end(self.command(*words, fuse=fuse))

    def counted(self, *words: object) -> Counter[str]:
        """Run a command line in a child to its end, and give how often it reached each point."""
        return self.seen(self.command(*words))

    def seen(self, child: int) -> Counter[str]:
        """Wait for a child to end, and give how often it reached each point; raises ChildProcessError."""
        ended = self.end(child)
        if ended.status not in {0, 1}:
            raise ChildProcessError(str(ended))
        return Counter(msgspec.json.decode(self._counts(child).read_bytes(), type=dict[str, int]))

    def killed_after(self, delay: float, *words: object) -> Ended:
        """Run a command line in a child and kill it from outside after so long (s), unless it has ended by then."""
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        while signal.sigtimedwait({signal.SIGCHLD}, 0):
            pass  # of children that have ended before
        child = self.command(*words)
        signal.sigtimedwait({signal.SIGCHLD}, delay)
        os.kill(child, signal.SIGKILL)
        return self.end(child)

    def frozen(self, child: int) -> bool:
        """Wait until a child is frozen, or has ended; tells which."""
        return os.WIFSTOPPED(os.waitpid(child, os.WUNTRACED)[1])

    def _said(self, child: int) -> Path:
        return self.folder / f"{child}.said"

    def _counts(self, child: int) -> Path:
        return self.folder / f"{child}.seen"


def warm() -> None:
    """Load what the children need, so that each of them begins at once."""
    bootstrap.check_origin()
    bootstrap.operations()
    for module in {module for module, _ in COMMANDS.values()}:
        importlib.import_module(f"{HERE}.{module}")


def with_people() -> None:
    """Let every site that is opened from now on have a supervisor who decides what is in doubt."""
    plain = opener._way  # noqa: SLF001  the one place where the command line says how a site is opened

    def way(*args: object) -> Way:
        return with_hooks(plain(*args), (_crew,))  # type: ignore[arg-type]  # hands on what it was given

    setattr(opener, "_way", way)  # noqa: B010  mypy knows that a function is no variable


def _crew(site: Site) -> None:
    Crew(site)
