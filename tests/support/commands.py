"""Runs the command ``cellwright`` in this process, as a person at a pipe would see it."""

import asyncio
import contextlib
import io
import json
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

from automation.bootstrap import begins, open_site, read_site
from automation.engine.site import Site
from automation.kernel.clock import SimulatedClock, SimulatedLoop
from automation.opener import House
from automation.surfaces.cli.main import run
from automation.surfaces.cli.port import Opening
from tests.support.runs import SITES

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Said:
    """What a command came to."""

    status: int
    out: str
    err: str

    @property
    def data(self) -> dict[str, object]:
        """Give what ``--json`` printed."""
        return cast("dict[str, object]", json.loads(self.out))


class Kept(House):
    """A house that leaves its one simulated site open between commands, as an owner would; left by ``leave``."""

    def __init__(self) -> None:
        """Open nothing yet."""
        self._loop = SimulatedLoop()
        self._site: Site | None = None

    def work(self, folder: Path, job: Callable[[Site], Awaitable[T]], opening: Opening | None = None) -> T:  # noqa: ARG002  opened once
        """Let a job work at the site, which is opened for the first one."""
        asyncio.set_event_loop(self._loop)
        if self._site is None:
            clock = SimulatedClock(self._loop, start=begins(folder, read_site(folder)))
            self._site = self._loop.run_until_complete(open_site(folder, clock=clock))
        done = self._loop.run_until_complete(_awaited(job(self._site)))
        self._site.house.ledger.flush()
        return done

    def leave(self) -> None:
        """Leave the site."""
        if self._site is not None:
            self._loop.run_until_complete(self._site.leave())
        self._loop.close()


async def _awaited(job: Awaitable[T]) -> T:
    return await job


def cellwright(*words: object, house: Callable[[], House] = House) -> Said:
    """Run one command and catch what it prints."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = run(house, [str(word) for word in words])
    return Said(status, out.getvalue(), err.getvalue())


def simulated_site(folder: Path, name: str = "a", *, edit: tuple[str, str] | None = None) -> Path:
    """Make a site folder with a packaged site file, perhaps edited; it has no ledger yet."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(SITES / name / "site.yaml", folder / "site.yaml")
    if edit is not None:
        text = (folder / "site.yaml").read_text(encoding="utf-8")
        if edit[0] not in text:
            msg = f"{edit[0]!r} is not in the site file"
            raise ValueError(msg)
        (folder / "site.yaml").write_text(text.replace(edit[0], edit[1], 1), encoding="utf-8")
    return folder
