"""Time limits between events of different steps: each is a timer, started and met by the moves that the recipe names.

Units: s. Source: 21 CFR 211.111 (time limits for each phase; a deviation is justified and documented).
"""

from dataclasses import dataclass

from automation.engine.alarms import Alarms
from automation.engine.journal import Moved
from automation.engine.recipe.model import Mark, Recipe, TimeLimit
from automation.engine.recipe.spec import words
from automation.engine.recorder import RUNNER
from automation.gmp.door import Command, Door
from automation.gmp.quality.timers import Timer
from automation.kernel.clock import MICRO
from automation.kernel.quantity import Instant, Seconds
from automation.ledger.event import Event

FAR = Seconds(3.2e9)  # s; a limit that only has a least time never runs out


@dataclass(slots=True)
class TimeLimits:
    """The time limits of one batch; ``see`` is called after each event, when it is folded."""

    door: Door
    recipe: Recipe
    batch: str

    def see(self, event: Event) -> None:
        """Look at a move of one of the batch's steps."""
        prefix = f"batch/{self.batch}/step/"
        if event.kind != "move" or not event.stream.startswith(prefix):
            return
        step, moved = event.stream.removeprefix(prefix), event.read(Moved)
        for limit in self.recipe.time_limits:
            if _is(limit.end, step, moved):
                self._end(limit, event)
            if _is(limit.start, step, moved):
                self._start(limit, event)

    def _start(self, limit: TimeLimit, event: Event) -> None:
        if self._timer(limit).state != "absent":
            return
        begun = Instant(event.at / MICRO)
        warn = None
        if limit.most is not None and limit.warn_at is not None:
            warn = float(begun + limit.most * (float(limit.warn_at) / 100))
        body = {
            "what": limit.name,
            "batch": self.batch,
            "step": limit.end.step,
            "due": float(begun + (limit.most or FAR)),
            "warn": warn,
            "clock": "limit",
            "rule": f"{limit.start.text} to {limit.end.text}",
        }
        self._enter(limit, "start", body, event)

    def _end(self, limit: TimeLimit, event: Event) -> None:
        timer = self._timer(limit)
        if not timer.going or timer.started_at is None:
            return
        moment = Instant(event.at / MICRO)
        taken = moment - timer.started_at
        self._enter(limit, timer.verdict(moment), {}, event)
        if limit.least is not None and taken < limit.least:
            least, minutes = float(limit.least) / 60, float(taken) / 60
            title = f"{limit.name} took {minutes:.1f} min, at least {least:.1f} min are needed"
            Alarms(self.door, batch=self.batch, step=limit.end.step).deviation(title, rule=limit.name, cause=event.seq)

    def _enter(self, limit: TimeLimit, command: str, body: dict[str, object], event: Event) -> None:
        name = self._name(limit)
        once = f"timer {name} {command}"
        self.door.enter(Command(f"timer/{name}", command, body, RUNNER, cause=event.seq, id=once))

    def _timer(self, limit: TimeLimit) -> Timer:
        thing = self.door.find("timer", self._name(limit))
        if not isinstance(thing, Timer):
            raise TypeError(thing)
        return thing

    def _name(self, limit: TimeLimit) -> str:
        return f"{self.batch}.{limit.name}".replace(" ", "-").replace("/", "-")


def _is(mark: Mark, step: str, moved: Moved) -> bool:
    names = {moved.command, moved.dest, words(moved.command).replace(" ", "_"), words(moved.dest).replace(" ", "_")}
    return mark.step == step and mark.event in names
