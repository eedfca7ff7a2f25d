"""What time does to alarms: shelving ends by itself, and an acknowledged alarm whose condition stays comes again.

Both are armed anew at start; what fell due while the program was down is done then.
Units:  s.
Source: ISA-18.2 (time-limited shelving, re-alarm).
"""

import asyncio

from automation.engine.recorder import RUNNER
from automation.gmp.door import Command, Door
from automation.gmp.marks import OPEN
from automation.gmp.objects import Thing
from automation.gmp.plant.alarms import Alarm, State
from automation.kernel.clock import background
from automation.kernel.quantity import Instant, Seconds
from automation.ledger.event import Event


class AlarmTimes:
    """Watches the clock for every alarm that is shelved, or acknowledged and comes again."""

    def __init__(self, door: Door) -> None:
        """Arm what stands already, and whatever changes later."""
        self._door = door
        self._armed: dict[str, asyncio.TimerHandle] = {}
        for thing in door.marked("alarm", OPEN):
            self._arm(thing)
        door.follow(self._follow)

    def stop(self) -> None:
        """Disarm everything."""
        for handle in self._armed.values():
            handle.cancel()
        self._armed.clear()

    def _follow(self, _event: Event, thing: Thing) -> None:
        self._arm(thing)

    def _arm(self, thing: Thing) -> None:
        if not isinstance(thing, Alarm):
            return
        before = self._armed.pop(thing.id, None)
        if before is not None:
            before.cancel()
        due = _due(thing)
        if due is not None:
            gap = max(0.0, float(due - self._door.now))
            with background():
                self._armed[thing.id] = asyncio.get_running_loop().call_later(gap, self._ring, thing.id)

    def _ring(self, name: str) -> None:
        self._armed.pop(name, None)
        alarm = self._door.find("alarm", name)
        if isinstance(alarm, Alarm) and _due(alarm) is not None:
            command = alarm.back if alarm.state is State.SHELVED else "again"
            self._door.enter(Command(f"alarm/{name}", command, {}, RUNNER))


def _due(alarm: Alarm) -> Instant | None:
    """Give when time does something to an alarm; None when it does nothing."""
    if alarm.state is State.SHELVED:
        return alarm.shelved_until
    again = Seconds(alarm.raising.alarm_again if alarm.raising is not None else 0.0)
    if alarm.state is State.ACKNOWLEDGED and again > Seconds(0.0) and alarm.acknowledged_at is not None:
        return alarm.acknowledged_at + again
    return None
