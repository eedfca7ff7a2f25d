"""Keeps the outbox as long as a site is open: gathers notices again and again, and puts them into the spool.

Only where the site file says so (``notices``). What could not be put there stays unsent and is tried at the next look;
why stands in the ledger, once. Mail is sent by the command ``notices``, never by the process that owns the site.
Units:  s between two looks.
Source: EU GMP Annex 11 13 (incidents reported); ICH Q10 3.2.
"""

import asyncio
from dataclasses import dataclass, field

import msgspec

from automation.engine.noticefile import NoticePlan
from automation.engine.outbox import STREAM, gather, note_sent
from automation.engine.recorder import Recorder
from automation.engine.site import Site
from automation.engine.spool import put
from automation.kernel.clock import background


class Stuck(msgspec.Struct, frozen=True):
    """Why notices could not be put into the spool."""

    why: str


@dataclass(slots=True)
class OutboxKeeper:
    """Looks every so often while the site is open."""

    site: Site
    plan: NoticePlan
    _recorder: Recorder = field(init=False)
    _armed: asyncio.TimerHandle | None = None
    _stuck: str = ""
    _seen: int = 0

    def __post_init__(self) -> None:
        """Write to the stream of the outbox."""
        self._recorder = Recorder(self.site.house.ledger, self.site.house.clock, STREAM)

    def start(self) -> None:
        """Look when the first time is over, and then again and again; simulated time does not wait for it."""
        with background():
            self._armed = asyncio.get_running_loop().call_later(float(self.plan.every), self._again)

    def stop(self) -> None:
        """Look no more."""
        if self._armed is not None:
            self._armed.cancel()

    def _again(self) -> None:
        self.look()
        self.start()

    def look(self) -> None:
        """Write the notices that are new, and put what is not sent into the spool."""
        last = self.site.house.ledger.last.seq
        waiting = gather(self._recorder, self.site.house.door, self.plan.levels, seen=self._seen)
        self._seen = last
        if not self.plan.spool:
            return
        spool, done = self.site.folder / self.plan.spool, list[str]()
        try:
            for one in waiting:
                put(spool, one, site=self.site.file)
                done.append(one.id)
            self._stuck = ""
        except OSError as error:
            self._tell(error.strerror or type(error).__name__)
        if done:
            note_sent(self._recorder, done, how=f"spool {self.plan.spool}")

    def _tell(self, why: str) -> None:
        if why != self._stuck:
            self._recorder.write("stuck", Stuck(why))
        self._stuck = why
