"""Suppression by design: an alarm of a device that the state of a step makes meaningless is set aside for that long.

Its condition is still watched and recorded; when the step goes on, the alarm comes back as its condition stands.
Source: ISA-18.2 state H (suppressed by design).
"""

from collections.abc import Iterable

from automation.engine.afterwards import Afterwards
from automation.engine.alarmmodel import Definition
from automation.engine.recorder import RUNNER
from automation.engine.standing_steps import StandingSteps
from automation.gmp.door import Command, Door
from automation.gmp.plant.alarms import TABLE, Alarm, State
from automation.ledger.event import Event
from automation.ledger.store import Ledger


class Suppression:
    """Sets the alarms of a site aside, and brings them back."""

    def __init__(self, ledger: Ledger, door: Door, definitions: Iterable[Definition], afterwards: Afterwards) -> None:
        """Take up where the steps stand, and follow them."""
        self._door = door
        self._afterwards = afterwards
        self._definitions = tuple(one for one in definitions if one.suppressed_in)
        if not self._definitions:
            return
        self._steps = StandingSteps.of_open_batches(door, ledger)
        self._settle()
        ledger.subscribe(self._follow)

    def _follow(self, event: Event) -> None:
        if self._steps.take(event):
            self._afterwards.add(self._settle)

    def _settle(self) -> None:
        for one in self._definitions:
            alarm = self._door.find("alarm", one.id)
            if not isinstance(alarm, Alarm):
                continue
            place = self._place(one)
            if place and "suppress" in TABLE.commands(alarm.state):
                self._door.enter(Command(f"alarm/{one.id}", "suppress", {"by_design": place}, RUNNER))
            elif not place and alarm.state is State.SUPPRESSED:
                self._door.enter(Command(f"alarm/{one.id}", alarm.back, {}, RUNNER))

    def _place(self, one: Definition) -> str:
        """Give the place of a step that makes an alarm meaningless; empty when there is none."""
        for step in self._steps:
            if one.asset in step.assets.values() and step.place in one.suppressed_in:
                return step.place
        return ""
