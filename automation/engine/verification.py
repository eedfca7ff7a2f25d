"""Verifies the whole ledger behind a site that works already, in a process of its own with low priority.

A start looks at the end of the ledger only; what is older is verified soon after, while commands are taken. A ledger
that is not whole is an event and an alarm; that it could not be verified is one too.
Units:  s.
Source: 21 CFR 11.10(a) (ability to discern invalid or altered records).
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from automation.engine.alarms import Alarms
from automation.engine.recorder import Recorder
from automation.kernel.clock import Clock
from automation.kernel.quantity import Seconds

STREAM = "verification"
ALARM = "ledger"
AFTER = Seconds(10.0)  # of work: who only gives one command has no need of it
_KIND = 15  # how much the process gives way to others (nice)
_ANSWERED = frozenset({0, 1})  # exit states with a verdict


class Found(msgspec.Struct, frozen=True):
    """What is wrong, and with which event; 0 where no single one is named."""

    seq: int
    what: str


class _Bad(msgspec.Struct):
    seq: int
    what: str


class _Verdict(msgspec.Struct):
    intact: bool
    first_bad: _Bad | None = None
    bad_files: tuple[str, ...] = ()

    def found(self) -> Found | None:
        """Give what is wrong; None when nothing is."""
        if self.intact:
            return None
        if self.first_bad is not None:
            return Found(self.first_bad.seq, self.first_bad.what)
        return Found(0, "; ".join(self.bad_files) or "it is not intact")


class Verification:
    """One verification of a site's ledger, some time after the site was opened."""

    def __init__(self, folder: Path, recorder: Recorder, alarms: Alarms) -> None:
        """Write to the verification's own stream; nothing is verified yet."""
        self._command = (sys.executable, "-m", "automation", "verify", str(folder.resolve()), "--json")
        self._recorder = recorder
        self._alarms = alarms
        self._task: asyncio.Task[None] | None = None

    def start(self, clock: Clock, *, after: Seconds = AFTER) -> None:
        """Verify once, ``after`` s from now, in a task of its own."""

        async def later() -> None:
            await clock.sleep(after)
            await self.run()

        self._task = asyncio.get_running_loop().create_task(later(), name="verification")

    async def stop(self) -> None:
        """Verify no more; returns when the process that verified is gone."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def run(self) -> None:
        """Verify now; what is wrong becomes an event and an alarm."""
        found = await self._verified(self._command)
        if found is None:
            self._alarms.clear(ALARM)
            return
        self._recorder.write("not intact", found)
        where = f"event {found.seq}: " if found.seq else ""
        self._alarms.sound(
            ALARM,
            f"the ledger is not intact: {where}{found.what}",
            consequence="the record can't be relied on",
            response="Keep the site's files as they are, look with cellwright verify, call quality",
        )

    async def _verified(self, command: Sequence[str]) -> Found | None:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)
        try:
            with contextlib.suppress(ProcessLookupError):
                os.setpriority(os.PRIO_PROCESS, process.pid, _KIND)
            said, wrong = await process.communicate()
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.communicate()
        if process.returncode not in _ANSWERED:
            return Found(0, f"it could not be verified: {wrong.decode(errors='replace').strip() or process.returncode}")
        return msgspec.json.decode(said, type=_Verdict).found()
