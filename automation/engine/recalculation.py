"""What follows from a correction: everything that rests on the entry is recalculated, judged again, and unsigned.

A durable subscriber: a correction stays open until this is done, so that what a dead process left is done at the next
start. New results and verdicts of all steps go to the ledger in one commit. Steps that are still under way are
recalculated when they are over; those to come take the new values by themselves.
Source: 21 CFR 11.70 and Annex 11 draft 13.8 (a later change shows as unsigned), 211.192; design: corrections.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import msgspec

from automation.engine.afterwards import Afterwards
from automation.engine.alarms import Alarms
from automation.engine.house import House
from automation.engine.journal import Recalculated
from automation.engine.recipe.model import Recipe
from automation.engine.recorder import RUNNER, Entry, write_together
from automation.engine.resting import Resting, Worked
from automation.engine.rounds import Rounds
from automation.engine.verdicts import open_deviation, question_of
from automation.gmp.door import Command
from automation.gmp.marks import OPEN
from automation.gmp.product.batches import Batch
from automation.gmp.quality.corrections import Correction
from automation.kernel.errors import CellwrightError
from automation.kernel.quantity import Seconds
from automation.ledger.event import Event

_MAKING = frozenset({"correct", "add", "exclude"})
_SIGNED_IN = Seconds(2 * 86_400.0)  # s


@dataclass(frozen=True, slots=True)
class Recalculation:
    """Works corrections out, one after the other."""

    house: House
    recipe_of: Callable[[Batch], Recipe]
    afterwards: Afterwards

    def start(self) -> None:
        """Do what is left to do, then follow the ledger."""
        self._all()
        self.house.ledger.subscribe(self._follow)

    def _follow(self, event: Event) -> None:
        if event.stream.startswith("correction/") and event.kind in _MAKING:
            self.afterwards.add(partial(self.work_out, event.stream.partition("/")[2]))
        elif event.kind in {"concluded", "procedural"} and event.stream.startswith("batch/"):
            self.afterwards.add(self._all)

    def _all(self) -> None:
        for one in tuple(self.house.door.marked("correction", OPEN)):
            self.work_out(one.id)

    def work_out(self, name: str) -> None:
        """Recalculate what rests on one correction; done again it changes nothing."""
        correction = self.house.door.find("correction", name)
        if not isinstance(correction, Correction) or correction.state != "made":
            return
        batch = self.house.door.find("batch", correction.batch)
        if not isinstance(batch, Batch):
            raise TypeError(batch)
        try:
            recipe = self.recipe_of(batch)
        except CellwrightError as why:
            self._end(correction, (), left=(f"nothing was recalculated: {why}",))
            return
        rounds = Rounds(self.house, recipe, batch.id, lambda step: self._stream(batch.id, step))
        worked = Resting(self.house, batch, rounds, correction).work()
        self._write(correction, worked)
        self._follow_up(correction, rounds)
        if not worked.waiting:
            self._end(correction, tuple(step.id for step in rounds.steps()))
            if batch.state == "closed":
                self.house.ledger.seal()

    def _stream(self, batch: str, step: str) -> list[Event]:
        return self.house.ledger.stream(f"batch/{batch}/step/{step}")

    def _write(self, correction: Correction, worked: Worked) -> None:
        """Append all new results and verdicts in one commit."""
        under = f"batch/{correction.batch}/step"
        entries = (Entry(f"{under}/{step}", kind, body) for step, kind, body in worked.events)
        write_together(self.house.ledger, self.house.clock, entries, cause=correction.seq)

    def _mine(self, correction: Correction, step: str) -> list[Event]:
        """Give the events of a step that came of the correction."""
        return [event for event in self._stream(correction.batch, step) if event.cause == correction.seq]

    def _follow_up(self, correction: Correction, rounds: Rounds) -> None:
        """Open deviations for what is out of limits or left to people, and ask for the signatures again."""
        for step in rounds.steps():
            mine = self._mine(correction, step.id)
            alarms = Alarms(self.house.door, batch=correction.batch, step=step.id)
            for event in mine:
                if event.kind == "judged":
                    open_deviation(event, alarms)
                elif left := event.read(Recalculated).left:
                    title = f"after correction {correction.id}: {'; '.join(left)}"
                    alarms.deviation(title, rule="what was done with a corrected value", cause=event.seq)
            if mine and step.signatures and self._was_signed(correction.batch, step.id):
                changes = "; ".join(self._changes(correction, step.id)) or "what it says is unchanged"
                text = f"{step.title or step.id} after correction {correction.id}: {changes}"
                question = question_of(step, text, within=_SIGNED_IN)
                again = _again(correction, step.id)
                self.house.desk.look(again, question, batch=correction.batch, step=step.id)

    def _was_signed(self, batch: str, step: str) -> bool:
        return self.house.door.find("prompt", f"{batch}.{step}.signatures").state == "answered"

    def _changes(self, correction: Correction, step: str) -> Iterator[str]:
        for event in self._mine(correction, step):
            if event.kind == "recalculated":
                yield from said(step, event.read(Recalculated))

    def _end(self, correction: Correction, steps: tuple[str, ...], *, left: tuple[str, ...] = ()) -> None:
        """Say at the correction what came of it."""
        told = [event for step in steps for event in self._mine(correction, step) if event.kind == "recalculated"]
        asked = [_again(correction, step) for step in steps]
        body = {
            "changed": [line for step in steps for line in self._changes(correction, step)],
            "unsigned": [name for name in asked if self.house.door.find("prompt", name).state != "absent"],
            "left": [*left, *(line for event in told for line in event.read(Recalculated).left)],
        }
        name = f"work out {correction.id}"
        self.house.door.enter(Command(f"correction/{correction.id}", "work_out", body, RUNNER, id=name))
        if left:
            Alarms(self.house.door, batch=correction.batch, step="").deviation("; ".join(left), rule="corrections")


def said(step: str, made: Recalculated) -> Iterator[str]:
    """Say what results came to, each beside what it was."""
    was = msgspec.json.decode(bytes(made.was), type=dict[str, object])
    now = msgspec.json.decode(bytes(made.results), type=dict[str, object])
    for name, value in now.items():
        plain = isinstance(value, str | int | float | None)
        yield f"{step}.{name}: " + (f"{_short(was.get(name))} becomes {_short(value)}" if plain else "recalculated")


def _short(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _again(correction: Correction, step: str) -> str:
    return f"{correction.batch}.{step}.signatures.{correction.id}"
