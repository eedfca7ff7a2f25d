"""Time limits between events of different steps: each is a timer, started and met by the moves that the recipe names.

Units: s. Source: 21 CFR 211.111 (time limits for each phase; a deviation is justified and documented).
"""

from dataclasses import dataclass

from automation.engine.alarms import Alarms
from automation.engine.journal import Moved
from automation.engine.recipe.model import Mark, TimeLimit
from automation.engine.recipe.spec import words
from automation.engine.recorder import RUNNER
from automation.engine.rounds import Rounds
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
    rounds: Rounds
    batch: str

    def see(self, event: Event) -> None:
        """Look at a move of one of the batch's steps."""
        prefix = f"batch/{self.batch}/step/"
        if event.kind != "move" or not event.stream.startswith(prefix):
            return
        name, moved = event.stream.removeprefix(prefix), event.read(Moved)
        step = self.rounds.recipe.named(name)
        number = int(name.removeprefix(f"{step}-")) if name != step else 1
        for limit in self.rounds.recipe.time_limits:
            alike = self._within_a_round(limit)
            if _is(limit.end, step, moved) and (alike or self.rounds.is_last(step, number)):
                self._end(limit, event, number if alike else 1)
            if _is(limit.start, step, moved) and (alike or number == 1):
                self._start(limit, event, number)

    def _within_a_round(self, limit: TimeLimit) -> bool:
        """Tell whether each round has the limit for itself; else it counts from the first round to the last."""
        part = self.rounds.recipe.part_of(limit.start.step)
        return part is not None and limit.end.step in part.steps

    def _start(self, limit: TimeLimit, event: Event, number: int) -> None:
        if self._timer(limit, number).state != "absent":
            return
        begun = Instant(event.at / MICRO)
        warn = None
        if limit.most is not None and limit.warn_at is not None:
            warn = float(begun + limit.most * (float(limit.warn_at) / 100))
        body = {
            "what": limit.name,
            "batch": self.batch,
            "step": limit.end.step if number == 1 else f"{limit.end.step}-{number}",
            "due": float(begun + (limit.most or FAR)),
            "warn": warn,
            "clock": "limit",
            "rule": f"{limit.start.text} to {limit.end.text}",
        }
        self._enter(self._name(limit, number), event, command="start", body=body)

    def _end(self, limit: TimeLimit, event: Event, number: int) -> None:
        timer = self._timer(limit, number)
        if not timer.going or timer.started_at is None:
            return
        moment = Instant(event.at / MICRO)
        taken = moment - timer.started_at
        self._enter(self._name(limit, number), event, command=timer.verdict(moment), body={})
        if limit.least is not None and taken < limit.least:
            least, minutes = float(limit.least) / 60, float(taken) / 60
            title = f"{limit.name} took {minutes:.1f} min, at least {least:.1f} min are needed"
            Alarms(self.door, batch=self.batch, step=limit.end.step).deviation(title, rule=limit.name, cause=event.seq)

    def _enter(self, name: str, event: Event, *, command: str, body: dict[str, object]) -> None:
        once = f"timer {name} {command}"
        self.door.enter(Command(f"timer/{name}", command, body, RUNNER, cause=event.seq, id=once))

    def _timer(self, limit: TimeLimit, number: int) -> Timer:
        thing = self.door.find("timer", self._name(limit, number))
        if not isinstance(thing, Timer):
            raise TypeError(thing)
        return thing

    def _name(self, limit: TimeLimit, number: int) -> str:
        again = "" if number == 1 else f"-{number}"
        return f"{self.batch}.{limit.name}{again}".replace(" ", "-").replace("/", "-")


def _is(mark: Mark, step: str, moved: Moved) -> bool:
    names = {moved.command, moved.dest, words(moved.command).replace(" ", "_"), words(moved.dest).replace(" ", "_")}
    return mark.step == step and mark.event in names
