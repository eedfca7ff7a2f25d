"""Calls the people of a roster for an alarm, one after the other, until somebody acts; armed anew at start.

A call is a notice: an event, a line of ``status`` and of ``worklist``; whatever rings is for the site to attach.
Units:  s.
"""

import asyncio
from functools import partial

from automation.engine.afterwards import Afterwards
from automation.engine.alarmmodel import OnCall
from automation.gmp.door import Command, Door
from automation.gmp.marks import OPEN
from automation.gmp.objects import Thing
from automation.gmp.plant.alarms import Alarm
from automation.gmp.plant.calls import Call
from automation.kernel.clock import background
from automation.kernel.quantity import Instant
from automation.ledger.event import Event

POLICIES = "system:policies"


class Calling:
    """Every call that stands."""

    def __init__(self, door: Door, roster: tuple[OnCall, ...], afterwards: Afterwards) -> None:
        """Arm what stands already, and follow alarms and calls."""
        self._door = door
        self._afterwards = afterwards
        self._roster = roster
        self._armed: dict[str, asyncio.TimerHandle] = {}
        for thing in door.marked("call", OPEN):
            self._arm(thing)
            self._settle(thing.id)
        door.follow(self._follow)

    def begin(self, alarm: Alarm, *, cause: int, command: str) -> None:
        """Call the first of the roster for an alarm; calls that go on already stay as they are."""
        if not self._roster or self._door.find("call", alarm.id).state == "calling":
            return
        self._call(alarm, 1, "call", cause=cause, command=command)

    def stop(self) -> None:
        """Disarm everything."""
        for handle in self._armed.values():
            handle.cancel()
        self._armed.clear()

    def _follow(self, _event: Event, thing: Thing) -> None:
        if isinstance(thing, Call):
            self._arm(thing)
        elif isinstance(thing, Alarm) and not thing.unanswered and thing.id in self._armed:
            self._afterwards.add(partial(self._settle, thing.id))

    def _settle(self, name: str) -> None:
        """End the calls for an alarm on which somebody has acted."""
        alarm = self._door.find("alarm", name)
        if isinstance(alarm, Alarm) and not alarm.unanswered and self._door.find("call", name).state == "calling":
            done = f"alarm is {alarm.state}" + (f", {alarm.acknowledged_by} acted" if alarm.acknowledged_by else "")
            self._door.enter(Command(f"call/{name}", "answer", {"reason": done}, POLICIES, cause=alarm.raised_seq))

    def _arm(self, thing: Thing) -> None:
        before = self._armed.pop(thing.id, None)
        if before is not None:
            before.cancel()
        if isinstance(thing, Call) and thing.due is not None:
            gap = max(0.0, float(thing.due - self._door.now))
            with background():
                self._armed[thing.id] = asyncio.get_running_loop().call_later(gap, self._next, thing.id)

    def _next(self, name: str) -> None:
        call, alarm = self._door.find("call", name), self._door.find("alarm", name)
        if isinstance(call, Call) and isinstance(alarm, Alarm) and call.calling is not None:
            number = call.calling.number + 1
            self._call(alarm, number, "next", cause=alarm.raised_seq, command=f"{name}:{alarm.raised_seq}:{number}")

    def _call(self, alarm: Alarm, number: int, word: str, *, cause: int, command: str) -> None:
        place = self._roster[(number - 1) % len(self._roster)]
        body = {
            "alarm": alarm.id,
            "person": place.person,
            "number": number,
            "until": float(Instant(float(self._door.now)) + place.wait),
            "text": alarm.raising.message if alarm.raising else "",
        }
        self._door.enter(Command(f"call/{alarm.id}", word, body, POLICIES, cause=cause, id=command))
