"""Policies: what follows from an alarm by itself, per state of the operation that it belongs to.

A policy is a durable subscriber of the ledger. Its commands are named by (policy, causing event, action), so none is
given twice; ``done`` in the stream ``policies`` is the cursor, and ``in force`` says from where on these rules hold.
What was not done when the process died is done at the next start, judged by where the steps stood at the time.
Source: 21 CFR 211.100(b), 211.192 (deviations are opened when they occur); ISA-18.2 (response to an alarm).
"""

import hashlib
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from automation.engine.afterwards import Afterwards
from automation.engine.alarmmodel import Action, Policy, Vigilance
from automation.engine.calling import POLICIES, Calling
from automation.engine.recorder import Recorder
from automation.engine.standing_steps import StandingSteps
from automation.gmp.door import Command, Door
from automation.gmp.objects import fact
from automation.gmp.plant.alarms import TABLE, Alarm, Priority, State
from automation.kernel.errors import RefusedError
from automation.ledger.event import Event

STREAM = "policies"
_RANK = {Priority.LOW: 0, Priority.MEDIUM: 1, Priority.HIGH: 2}
_CALLING = frozenset({"raise", "again", "resume"})  # moves after which an alarm wants a person


class InForce(msgspec.Struct, frozen=True):
    """Which policies hold from here on."""

    digest: str
    policies: tuple[str, ...]


class Handled(msgspec.Struct, frozen=True):
    """What was done about one event of an alarm."""

    seq: int
    policies: tuple[str, ...]


@dataclass(slots=True)
class Policies:
    """All policies of a site; ``start`` catches up and follows from then on."""

    door: Door
    recorder: Recorder  # of the stream ``policies``
    vigilance: Vigilance
    calling: Calling
    afterwards: Afterwards
    _steps: StandingSteps = field(default_factory=StandingSteps)
    _alarms: dict[str, Alarm] = field(default_factory=dict)
    _after: int = 0  # events up to this one are done, or older than the rules
    _due: deque[tuple[Alarm, int, tuple[Policy, ...]]] = field(default_factory=deque)

    def start(self) -> None:
        """Do what is left to do, then follow the ledger."""
        if not self.vigilance.policies:
            return
        self._after = self._cursor()
        ledger = self.recorder.ledger
        for event in tuple(ledger.events()):
            self._take(event)
        self._work_off()
        ledger.subscribe(self._follow)

    def _follow(self, event: Event) -> None:
        """Fold an event at once; what follows from it is done right after the append that tells of it."""
        self._take(event)
        if self._due:
            self.afterwards.add(self._work_off)

    def _cursor(self) -> int:
        """Give the event up to which nothing is left to do; notes policies that are new."""
        digest = hashlib.sha256(msgspec.json.encode(self.vigilance.policies, enc_hook=str)).hexdigest()
        events = self.recorder.ledger.stream(STREAM)
        rules = [event for event in events if event.kind == "in force"]
        if not rules or rules[-1].read(InForce).digest != digest:
            return self.recorder.write("in force", InForce(digest, tuple(self.vigilance.policies))).seq
        done = [event.read(Handled).seq for event in events if event.kind == "done"]
        return max(rules[-1].seq, *done, 0)

    def _take(self, event: Event) -> None:
        self._steps.take(event)
        kind, _, name = event.stream.partition("/")
        if kind != "alarm" or "/" in name:
            return
        before = self._alarms.get(name) or Alarm(name)
        alarm = self._alarms[name] = before.apply(fact(event, TABLE, before.state))
        if event.seq > self._after and event.kind in _CALLING and alarm.state is State.UNACKNOWLEDGED:
            self._follow_up(alarm, event)

    def _follow_up(self, alarm: Alarm, event: Event) -> None:
        said = alarm.raising
        step = self._steps.of(alarm.batch, said.step) if said is not None else None
        place = step.place if step is not None else ""
        met = tuple(policy for policy in self.vigilance.policies.values() if _meets(policy, alarm, place))
        if met:
            self._due.append((alarm, event.seq, met))

    def _work_off(self) -> None:
        while self._due:
            alarm, seq, met = self._due.popleft()
            for policy in met:
                for action in policy.actions:
                    self._do(action, alarm, cause=seq, command=f"{policy.id}:{seq}:{action}")
            self.recorder.write("done", Handled(seq, tuple(one.id for one in met)), cause=seq)

    def _do(self, action: Action, alarm: Alarm, *, cause: int, command: str) -> None:
        match action:
            case Action.CALL:
                self.calling.begin(alarm, cause=cause, command=command)
            case Action.HOLD:
                self._hold(alarm, cause=cause, command=command)
            case Action.DEVIATION:
                self._deviation(alarm, cause=cause, command=command)

    def _hold(self, alarm: Alarm, *, cause: int, command: str) -> None:
        """Hold the step, which makes its product safe first; what can't be held is on the record as refused."""
        if alarm.raising is None or not alarm.batch:
            return
        body = {"reason": f"alarm {alarm.id}: {alarm.raising.message}", "step": alarm.raising.step}
        try:
            self.door.enter(Command(f"batch/{alarm.batch}", "hold", body, POLICIES, cause=cause, id=command))
        except RefusedError:
            return

    def _deviation(self, alarm: Alarm, *, cause: int, command: str) -> None:
        """Open a deviation, unless one is open for the same alarm."""
        said = alarm.raising
        if said is None:
            return
        title = f"alarm {alarm.id}"
        for thing in self.door.every("deviation"):
            opening = getattr(thing, "opening", None)
            if opening is not None and opening.rule == title and thing.state != "closed":
                return
        whose = alarm.batch or said.asset or "site"
        prefix = f"{whose}-D"
        number = sum(1 for thing in self.door.every("deviation") if thing.id.startswith(prefix)) + 1
        body: Mapping[str, object] = {
            "subject": f"batch/{alarm.batch}/step/{said.step}" if alarm.batch else f"asset/{said.asset or said.source}",
            "title": said.message,
            "rule": title,
            "batch": alarm.batch,
        }
        self.door.enter(Command(f"deviation/{prefix}{number:02d}", "open", body, POLICIES, cause=cause, id=command))


def _meets(policy: Policy, alarm: Alarm, place: str) -> bool:
    """Tell whether a policy is for an alarm that a step in ``place`` has, empty where none has it."""
    said = alarm.raising
    if said is None or _RANK[said.priority] < _RANK[policy.least]:
        return False
    named = not policy.alarms or alarm.id in policy.alarms or said.source in policy.alarms
    return named and (said.product or not policy.product) and (not policy.during or place in policy.during)
