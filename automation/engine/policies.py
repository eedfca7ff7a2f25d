"""Policies: what follows from an alarm by itself, per state of the operation that it belongs to.

A policy is a durable subscriber of the ledger. Its commands are named by (policy, causing event, action), so none is
given twice; ``done`` in the stream ``policies`` is the cursor, noted now and then also where nothing had to be done,
and ``in force`` says from where on these rules hold.
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
from automation.gmp.marks import OPEN, of_owner
from automation.gmp.objects import fact
from automation.gmp.plant.alarms import KIND, TABLE, Alarm, Priority, State
from automation.kernel.errors import RefusedError
from automation.ledger.event import Event

STREAM = "policies"
CURSOR_EVERY = 500  # events of alarms after which the cursor is noted although nothing had to be done
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
    _began: int = 1 << 62  # events from this one on are followed as they come
    _after: int = 0  # events up to this one are done, or older than the rules
    _passed: int = 0  # alarms that asked for nothing since the cursor was last noted
    _due: deque[tuple[Alarm, int, tuple[Policy, ...]]] = field(default_factory=deque)

    def start(self) -> None:
        """Do what is left to do, then follow the ledger."""
        if not self.vigilance.policies:
            return
        ledger = self.recorder.ledger
        self._after = self._cursor()
        self._catch_up()
        self._began = ledger.last.seq + 1
        self._steps = StandingSteps.of_open_batches(self.door, ledger)
        self._work_off()
        ledger.subscribe(self._follow)

    def _catch_up(self) -> None:
        """Look at the alarms behind the cursor, each as it and the steps stood at the time."""
        alarms: dict[str, Alarm] = {}
        for event in self.recorder.ledger.events(after=self._after, prefix=KIND.word):
            name = event.stream.partition("/")[2]
            before = alarms.get(name) or self._alarm_before(name, event.seq)
            alarms[name] = before.apply(fact(event, TABLE, before.state))
            self._look(alarms[name], event)

    def _alarm_before(self, name: str, seq: int) -> Alarm:
        found = Alarm(name)
        for event in self.recorder.ledger.stream(f"{KIND.word}/{name}"):
            if event.seq >= seq:
                break
            found = found.apply(fact(event, TABLE, found.state))
        return found

    def _follow(self, event: Event) -> None:
        """Look at an event at once; what follows from it is done right after the append that tells of it."""
        self._steps.take(event)
        kind, _, name = event.stream.partition("/")
        if kind == KIND.word and "/" not in name:
            alarm = self.door.find(kind, name)
            if isinstance(alarm, Alarm):
                self._look(alarm, event)
        if self._due or self._passed >= CURSOR_EVERY:
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

    def _look(self, alarm: Alarm, event: Event) -> None:
        """Note what follows from an event of an alarm, which stands as after it."""
        self._passed += 1
        if event.kind not in _CALLING or alarm.state is not State.UNACKNOWLEDGED:
            return
        place = self._place(alarm, event.seq)
        met = tuple(policy for policy in self.vigilance.policies.values() if _meets(policy, alarm, place))
        if met:
            self._due.append((alarm, event.seq, met))

    def _place(self, alarm: Alarm, seq: int) -> str:
        """Give where the step of an alarm stood when event ``seq`` came; empty where none ran."""
        if alarm.raising is None or not alarm.batch:
            return ""
        steps = self._steps
        if seq < self._began:
            steps = StandingSteps()
            for event in self.recorder.ledger.stream(f"batch/{alarm.batch}/step/{alarm.raising.step}"):
                if event.seq < seq:
                    steps.take(event)
        step = steps.of(alarm.batch, alarm.raising.step)
        return step.place if step is not None else ""

    def _work_off(self) -> None:
        while self._due:
            alarm, seq, met = self._due.popleft()
            for policy in met:
                for action in policy.actions:
                    self._do(action, alarm, cause=seq, command=f"{policy.id}:{seq}:{action}")
            self._handled(seq, met)
        if self._passed >= CURSOR_EVERY:
            self._handled(self.recorder.ledger.last.seq, ())

    def _handled(self, seq: int, met: tuple[Policy, ...]) -> None:
        self._passed = 0
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
        for thing in self.door.marked("deviation", OPEN):
            opening = getattr(thing, "opening", None)
            if opening is not None and opening.rule == title:
                return
        whose = alarm.batch or said.asset or "site"
        number = len(tuple(self.door.marked("deviation", of_owner(whose)))) + 1
        body: Mapping[str, object] = {
            "subject": f"batch/{alarm.batch}/step/{said.step}" if alarm.batch else f"asset/{said.asset or said.source}",
            "title": said.message,
            "rule": title,
            "batch": alarm.batch,
        }
        self.door.enter(Command(f"deviation/{whose}-D{number:02d}", "open", body, POLICIES, cause=cause, id=command))


def _meets(policy: Policy, alarm: Alarm, place: str) -> bool:
    """Tell whether a policy is for an alarm that a step in ``place`` has, empty where none has it."""
    said = alarm.raising
    if said is None or _RANK[said.priority] < _RANK[policy.least]:
        return False
    named = not policy.alarms or alarm.id in policy.alarms or said.source in policy.alarms
    return named and (said.product or not policy.product) and (not policy.during or place in policy.during)
