"""Time limits between events of different steps: started and met by moves, warned, overrun, re-armed after a restart.

Units: s. A limit whose moment passed while the program was down is judged late, at once.
Source: 21 CFR 211.111 (time limits for each phase; a deviation is justified and documented).
"""

import asyncio
from dataclasses import dataclass, field

from automation.engine.alarms import Alarms
from automation.engine.journal import Moved
from automation.engine.recipe.model import Mark, Recipe, TimeLimit
from automation.engine.recorder import RUNNER
from automation.gmp.door import Command, Door
from automation.gmp.quality.timers import Timer
from automation.kernel.clock import MICRO
from automation.kernel.quantity import Seconds
from automation.ledger.event import Event


@dataclass(slots=True)
class TimeLimits:
    """The time limits of one batch."""

    door: Door
    recipe: Recipe
    batch: str
    _armed: dict[str, list[asyncio.TimerHandle]] = field(default_factory=dict)

    def rearm(self) -> None:
        """Arm every running limit again; what is past is judged at once."""
        for limit in self.recipe.time_limits:
            timer = self._timer(limit)
            if timer.state in {"running", "warned"} and limit.most is not None:
                self._arm(limit, timer)

    def stop(self) -> None:
        """Disarm everything; the batch is over."""
        for handles in self._armed.values():
            for handle in handles:
                handle.cancel()
        self._armed.clear()

    def see(self, event: Event) -> None:
        """Look at a move of one of the batch's steps."""
        prefix = f"batch/{self.batch}/step/"
        if event.kind != "move" or not event.stream.startswith(prefix):
            return
        step, moved = event.stream.removeprefix(prefix), event.read(Moved)
        for limit in self.recipe.time_limits:
            if _is(limit.start, step, moved):
                self._start(limit, event)
            if _is(limit.end, step, moved):
                self._end(limit, event)

    def _start(self, limit: TimeLimit, event: Event) -> None:
        if self._timer(limit).state != "absent":
            return
        begun = event.at / MICRO
        due = begun + float(limit.most) if limit.most is not None else None
        warn = begun + float(limit.most) * float(limit.warn_at) / 100 if limit.most and limit.warn_at else None
        body = {
            "what": limit.name,
            "batch": self.batch,
            "step": limit.start.step,
            "due": due if due is not None else begun,
            "warn": warn,
            "clock": "limit",
            "rule": f"{limit.start.text} to {limit.end.text}",
        }
        self._enter(limit, "start", body, cause=event.seq)
        if due is not None:
            self._arm(limit, self._timer(limit))

    def _end(self, limit: TimeLimit, event: Event) -> None:
        timer = self._timer(limit)
        if timer.state not in {"running", "warned"}:
            return
        for handle in self._armed.pop(limit.name, []):
            handle.cancel()
        taken = Seconds(event.at / MICRO - float(timer.started_at))
        self._alarms(limit).clear(f"limit {limit.name}")
        self._enter(limit, "meet", {}, cause=event.seq)
        if limit.least is not None and taken < limit.least:
            title = f"{limit.name} took {float(taken) / 60:.1f} min, at least {float(limit.least) / 60:.1f} min are needed"
            self._alarms(limit).deviation(title, rule=limit.name, cause=event.seq)

    def _arm(self, limit: TimeLimit, timer: Timer) -> None:
        loop, now = asyncio.get_running_loop(), self.door.now
        handles: list[asyncio.TimerHandle] = []
        if timer.warn is not None and timer.state == "running":
            gap = max(0.0, float(timer.warn - now))
            handles.append(loop.call_later(gap, self._warn, limit))
        handles.append(loop.call_later(max(0.0, float(timer.due - now)), self._overrun, limit))
        self._armed[limit.name] = handles

    def _warn(self, limit: TimeLimit) -> None:
        timer = self._timer(limit)
        if timer.state != "running":
            return
        left = (timer.due - self.door.now) / Seconds(60.0)
        self._enter(limit, "warn", {})
        self._alarms(limit).sound(
            f"limit {limit.name}",
            f"{limit.name}: {left:.0f} min left",
            priority="medium",
            consequence="a deviation, and product outside its validated time",
            response=f"go on to {limit.end.text}",
        )

    def _overrun(self, limit: TimeLimit) -> None:
        if self._timer(limit).state not in {"running", "warned"}:
            return
        self._enter(limit, "overrun", {})
        minutes = float(limit.most or Seconds(0.0)) / 60
        self._alarms(limit).sound(
            f"limit {limit.name}",
            f"{limit.name}: {minutes:.0f} min are over",
            consequence="product outside its validated time",
            response="go on; quality decides about the lot",
        )
        self._alarms(limit).deviation(f"{limit.name} longer than {minutes:.0f} min", rule=limit.name)

    def _enter(self, limit: TimeLimit, command: str, body: dict[str, object], *, cause: int | None = None) -> None:
        name = self._name(limit)
        self.door.enter(Command(f"timer/{name}", command, body, RUNNER, cause=cause, id=f"timer {name} {command}"))

    def _timer(self, limit: TimeLimit) -> Timer:
        thing = self.door.find("timer", self._name(limit))
        if not isinstance(thing, Timer):
            raise TypeError(thing)
        return thing

    def _alarms(self, limit: TimeLimit) -> Alarms:
        return Alarms(self.door, batch=self.batch, step=limit.end.step)

    def _name(self, limit: TimeLimit) -> str:
        return f"{self.batch}.{limit.name}".replace(" ", "-").replace("/", "-")


def _is(mark: Mark, step: str, moved: Moved) -> bool:
    return mark.step == step and mark.event in {moved.command, moved.dest}


