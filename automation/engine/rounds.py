"""The steps of a batch as they run: parts of the recipe in rounds, and steps that are left out.

Round 1 of a step has its id, later ones ``freeze-2``, ``freeze-3``. How containers are shared out is recorded before
the first round (``divided``); whether another round follows, with the value that decided, when a round is over
(``round``); that a step is left out, likewise (``skipped``). All three are events of the steps and are only read after
a restart.
Units: s. A day is a day of the calendar in the site's zone, so that a round begins at the same local time.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import msgspec

from automation.engine.holdings import of_batch
from automation.engine.house import House
from automation.engine.past import past
from automation.engine.product import HERE, PROCESSED
from automation.engine.recipe.model import Condition, Part, Recipe, Step, Word
from automation.engine.recipe.spec import unit_of
from automation.engine.recorder import Recorder
from automation.formulas.limits import Band, Limits, judge
from automation.kernel.clock import MICRO, local
from automation.kernel.errors import RefusedError
from automation.kernel.quantity import Instant
from automation.ledger.event import Event

DIVIDED, ROUND, SKIPPED = "divided", "round", "skipped"


class Divided(msgspec.Struct, frozen=True):
    """Which containers each round has."""

    part: str
    rounds: tuple[tuple[str, ...], ...]


class Decided(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was decided at the end of a round or before a step, from which recorded result."""

    sentence: str
    more: bool = False  # another round follows
    met: bool = True
    source: int = 0  # the event that recorded the result


@dataclass(frozen=True, slots=True)
class Rounds:
    """The steps of one batch; ``stream`` gives the events of a step by its id."""

    house: House
    recipe: Recipe
    batch: str
    stream: Callable[[str], list[Event]]

    def steps(self) -> tuple[Step, ...]:
        """Give every step that is known by now, each in all its rounds."""
        if not self.recipe.parts:
            return self.recipe.steps
        found: list[Step] = []
        for step in self.recipe.steps:
            part = self.recipe.part_of(step.id)
            if part is None:
                found.append(replace(step, after=self._after(step)))
            elif step.id == part.steps[0]:
                found += self._of(part)
        return tuple(found)

    def latest(self, name: str) -> str:
        """Give the id of the last round of a step that has begun; the id itself when none has."""
        part = self.recipe.part_of(name)
        rounds = range(self._number(part) if part is not None else 1, 1, -1)
        return next((round_of(name, n) for n in rounds if self.stream(round_of(name, n))), name)

    def containers(self, step: Step) -> frozenset[str] | None:
        """Give the containers of a step's round; None for a step that handles all of the batch."""
        part = self.recipe.part_of(step.named)
        shares = self._shares(part) if part is not None else None
        return None if shares is None else frozenset(shares[step.round - 1])

    def is_last(self, step: str, number: int) -> bool:
        """Tell whether a round is the last one that shares containers out; the first of any other part is."""
        part = self.recipe.part_of(step)
        return number == self._number(part) if part is not None and part.divides else number == 1

    # before a step

    def begin(self, step: Step) -> None:
        """Share the containers out before the first step of a part; raises RefusedError when there is none."""
        part = self.recipe.part_of(step.named)
        if part is None or not part.divides or self._shares(part) is not None:
            return
        every = [one for one in of_batch(self.house.door, self.batch) if one.state in HERE]
        names = [one.id for one in every if one.purpose in PROCESSED]
        if not names:
            msg = f"{part.id} shares the containers of the batch out, and none is here"
            raise RefusedError(msg)
        shares = tuple(tuple(names[n : n + part.at_most]) for n in range(0, len(names), part.at_most))
        self._write(part.steps[0], Divided(part.id, shares), kind=DIVIDED)

    def left_out(self, step: Step) -> bool:
        """Tell whether a step is left out, and record it; raises RefusedError for a result that is not there."""
        if step.when is None or any(event.kind == SKIPPED for event in self.stream(step.id)):
            return step.when is not None
        inside = self.recipe.part_of(step.named)
        alike = inside is not None and step.when.of.step in inside.steps
        met, value, seq = self._is(step.when, step.round if alike else 0)
        if seq == 0:
            msg = f"step {step.id} is for when {step.when}, and there is no such result"
            raise RefusedError(msg)
        if not met:
            self._write(
                step.id, Decided(f"left out: {step.when}, and it is {value}", met=False, source=seq), kind=SKIPPED
            )
        return not met

    def is_left_out(self, step: Step) -> int:
        """Give the event by which a step was left out; 0 when it was not."""
        return next((event.seq for event in self.stream(step.id) if event.kind == SKIPPED), 0)

    def due(self, step: Step) -> Instant | None:
        """Give when a round that waits for its day begins; None for what begins at once."""
        part = self.recipe.part_of(step.named)
        first = self.stream(step.named)
        if part is None or part.word is not Word.DAILY or step.round == 1 or step.named != part.steps[0] or not first:
            return None
        begun = local(Instant(first[0].at / MICRO), zone=self.house.door.zone)
        return Instant((begun + timedelta(days=step.round - 1)).timestamp())

    # after a round

    def over(self, done: Collection[str]) -> Iterator[tuple[Part, int, Decided]]:
        """Give what is to be decided now: the last known round of a part is done, and nothing was decided yet."""
        for part in self.recipe.parts:
            number = self._number(part)
            if all(round_of(name, number) in done for name in part.steps) and not self._decided(part, number):
                yield part, number, self._decision(part, number)

    def decide(self, part: Part, number: int, decided: Decided) -> None:
        """Record what was decided at the end of a round."""
        self._write(round_of(part.steps[0], number), decided, kind=ROUND)

    def _decision(self, part: Part, number: int) -> Decided:
        shares = self._shares(part)
        if part.divides:
            of = len(shares) if shares is not None else number
            return Decided(f"{part.unit} {number} of {of} is done", more=number < of)
        if part.until is None:
            return Decided(f"{part.unit} {number} of {part.at_most} is done", more=number < part.at_most)
        met, value, seq = self._is(part.until, number)
        said = f"{part.unit} {number} of at most {part.at_most}: until {part.until}, and it is {value}"
        return Decided(said, more=not met and number < part.at_most, met=met, source=seq)

    def _is(self, condition: Condition, number: int) -> tuple[bool, str, int]:
        """Tell whether a condition holds, the value in words and the event that recorded it (0: there is no value).

        ``number`` is the round that is meant; 0 for the last one.
        """
        name = round_of(condition.of.step, number) if number else self.latest(condition.of.step)
        record = past("", self.stream(name))
        value, seq = record.results.get(condition.of.result), record.sources.get(condition.of.result, 0)
        if value is None:
            return False, "not there", 0
        if not condition.limits:
            word = str(value).lower() if isinstance(value, bool) else str(value)
            return word in condition.words, word, seq
        unit = unit_of(
            self.house.operations[self.recipe.step(condition.of.step).operation].results[condition.of.result]
        )
        number_of = float(value) if isinstance(value, int | float) else None
        found = judge(number_of, unit, Limits(reject=condition.limits), what=condition.of.text)
        return found.band is Band.WITHIN, f"{found.reported} {unit}", seq

    # how the rounds stand

    def _of(self, part: Part) -> Iterator[Step]:
        total = self._number(part)
        shares = self._shares(part)
        inner = [step for step in self.recipe.steps if step.id in part.steps]
        for number in range(1, total + 1):
            of = f" of {len(shares)}" if shares is not None else ""
            known = shares is not None or part.word in {Word.DAILY, Word.REPEAT}
            for step in inner:
                after = [round_of(one, number) for one in step.after if one in part.steps]
                if number == 1:
                    after += self._after(replace(step, after=tuple(one for one in step.after if one not in part.steps)))
                else:
                    after += [round_of(one, number - 1) for one in part.steps]
                title = f"{step.title} ({part.unit} {number}{of})" if known else step.title
                yield replace(
                    step, id=round_of(step.id, number), after=tuple(after), title=title, base=step.id, round=number
                )

    def _after(self, step: Step) -> tuple[str, ...]:
        """Give what a step comes after; of a part that is not over, also what never is done."""
        found: list[str] = []
        for name in step.after:
            part = self.recipe.part_of(name)
            if part is None:
                found.append(name)
            else:
                number = self._number(part)
                found += [round_of(one, number) for one in part.steps]
                found += [] if self._decided(part, number) else [f"{part.id} is over"]
        return tuple(found)

    def _number(self, part: Part | None) -> int:
        """Give the number of the last round that is known."""
        number = 1
        while part is not None and (decided := self._decided(part, number)) is not None and decided.more:
            number += 1
        return number

    def _decided(self, part: Part, number: int) -> Decided | None:
        events = self.stream(round_of(part.steps[0], number))
        return next((event.read(Decided) for event in events if event.kind == ROUND), None)

    def _shares(self, part: Part | None) -> tuple[tuple[str, ...], ...] | None:
        events = self.stream(part.steps[0]) if part is not None else []
        return next((event.read(Divided).rounds for event in events if event.kind == DIVIDED), None)

    def _write(self, step: str, body: msgspec.Struct, *, kind: str) -> None:
        stream = f"batch/{self.batch}/step/{step}"
        Recorder(self.house.ledger, self.house.clock, stream, self.house.careful).write(kind, body)


def was_left_out(events: Iterable[Event]) -> bool:
    """Tell whether the events of a step say that it was left out."""
    return any(event.kind == SKIPPED for event in events)


def goes_on(events: Iterable[Event]) -> bool:
    """Tell whether the events of the first step of a round say that another round follows."""
    return any(event.kind == ROUND and event.read(Decided).more for event in events)


def round_of(step: str, number: int) -> str:
    """Give the id of a step in a round (1..)."""
    return step if number == 1 else f"{step}-{number}"
