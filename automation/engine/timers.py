"""Running timers of a site: warned and judged at their moment, armed again after a restart, judged late if need be.

Units: s (UTC). A timer is an object behind the door; this only watches the clock for it.
Source: 21 CFR 211.111 (time limits for each phase; a deviation is justified and documented).
"""

import asyncio
from collections.abc import Callable

from automation.engine.alarms import Alarms
from automation.engine.recorder import RUNNER
from automation.gmp.door import Command, Door
from automation.gmp.marks import OPEN
from automation.gmp.objects import Thing
from automation.gmp.quality.timers import Timer
from automation.kernel.quantity import Instant
from automation.ledger.event import Event


class Timers:
    """Watches the clock for every running timer."""

    def __init__(self, door: Door) -> None:
        """Arm what runs already, and whatever is started later."""
        self._door = door
        self._armed: dict[str, list[asyncio.TimerHandle]] = {}
        for thing in door.marked("timer", OPEN):
            if isinstance(thing, Timer) and thing.going:
                self._arm(thing)
        door.follow(self._follow)

    def stop(self) -> None:
        """Disarm everything."""
        for name in list(self._armed):
            self._disarm(name)

    def _follow(self, event: Event, thing: Thing) -> None:
        if not isinstance(thing, Timer):
            return
        if event.kind == "start":
            self._arm(thing)
        elif not thing.going:
            self._disarm(thing.id)
            if thing.state in {"met", "cancelled"}:
                self._alarms(thing).clear(f"limit {thing.what}")

    def _arm(self, timer: Timer) -> None:
        handles = [self._at(timer.due, self._overrun, timer.id)]
        if timer.warn is not None and timer.state == "running":
            handles.insert(0, self._at(timer.warn, self._warn, timer.id))
        self._armed[timer.id] = handles

    def _at(self, moment: Instant, call: Callable[[str], None], name: str) -> asyncio.TimerHandle:
        gap = max(0.0, float(moment - self._door.now))
        return asyncio.get_running_loop().call_later(gap, call, name)

    def _disarm(self, name: str) -> None:
        for handle in self._armed.pop(name, []):
            handle.cancel()

    def _timer(self, name: str) -> Timer:
        thing = self._door.find("timer", name)
        if not isinstance(thing, Timer):
            raise TypeError(thing)
        return thing

    def _warn(self, name: str) -> None:
        timer = self._timer(name)
        if timer.state != "running":
            return
        self._door.enter(Command(f"timer/{name}", "warn", {}, RUNNER))
        left = float(timer.due - self._door.now) / 60
        self._alarms(timer).sound(
            f"limit {timer.what}",
            f"{timer.what}: {left:.0f} min left",
            priority="medium",
            consequence="a deviation, and product outside its validated time",
            response="go on with the batch without delay",
        )

    def _overrun(self, name: str) -> None:
        timer = self._timer(name)
        if not timer.going:
            return
        self._door.enter(Command(f"timer/{name}", "overrun", {}, RUNNER))
        self._alarms(timer).clear(f"limit {timer.what}")
        self._alarms(timer).sound(
            f"overrun {timer.what}",
            f"{timer.what}: the time is over",
            consequence="product outside its validated time",
            response="go on; quality decides about the lot",
        )
        self._alarms(timer).deviation(f"{timer.what}: the time limit was exceeded", rule=timer.rule)

    def _alarms(self, timer: Timer) -> Alarms:
        return Alarms(self._door, batch=timer.batch, step=timer.step)
