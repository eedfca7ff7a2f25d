"""Watches the clock of a live site: where it was anchored, and every step of the machine's clock since.

Ledger time is advanced by the monotonic clock, so it does not follow a clock that is moved; that it was moved is an
event and an alarm, and the door signs nothing while the two are too far apart.
Units:  s; a step is the machine's clock minus ledger time.
Source: 21 CFR 11.10(e) (time-stamped audit trail); Annex 11 draft (clock synchronised, changes recorded).
"""

import asyncio

import msgspec

from automation.engine.alarms import Alarms
from automation.engine.recorder import Recorder
from automation.kernel.clock import MICRO, STEP_ALARM, STEP_BLOCKS_SIGNING, SystemClock
from automation.kernel.quantity import Seconds

STREAM = "clock"
EVERY = Seconds(30.0)
ALARM = "clock"


class Anchored(msgspec.Struct, frozen=True):
    """From when ledger time goes on, and how long nobody wrote before."""

    gap: float
    step: float


class Stepped(msgspec.Struct, frozen=True):
    """How far the machine's clock stands from ledger time now, and how far it stood when that was last told."""

    step: float
    before: float


class Clockwatch:
    """Compares the machine's clock with ledger time."""

    def __init__(self, recorder: Recorder, clock: SystemClock, alarms: Alarms) -> None:
        """Write to the clock's own stream; nothing is compared yet."""
        self._recorder = recorder
        self._clock = clock
        self._alarms = alarms
        self._told = 0.0  # s, the step that stands in the record
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Record the gap since the last event, and compare for the first time."""
        gap = (self._clock.micros() - self._recorder.ledger.last.at) / MICRO
        self._recorder.write("anchored", Anchored(gap, float(self._clock.step())))
        self.look()

    def look(self) -> None:
        """Compare once: a step that is not told yet becomes an event, and an alarm while it lasts."""
        step = float(self._clock.step())
        if abs(step - self._told) <= float(STEP_ALARM):
            return
        self._recorder.write("stepped", Stepped(step, self._told))
        self._told = step
        if abs(step) <= float(STEP_ALARM):
            self._alarms.clear(ALARM)
            return
        self._alarms.sound(
            ALARM,
            f"the clock of this machine stands {step:+.1f} s from the record's time",
            consequence=f"beyond {STEP_BLOCKS_SIGNING:g} s nothing can be signed",
            response="Set the clock right; when the record's time is wrong, start the program anew",
        )

    async def run(self, *, every: Seconds = EVERY) -> None:
        """Compare again and again, until cancelled."""
        while True:
            await self._clock.sleep(every)
            self.look()

    def start(self) -> None:
        """Begin, and go on in a task of its own."""
        self.begin()
        self._task = asyncio.get_running_loop().create_task(self.run(), name="clockwatch")

    def stop(self) -> None:
        """Compare no more."""
        if self._task is not None:
            self._task.cancel()
