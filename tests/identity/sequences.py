"""Sequences: each a seeded handful of right and wrong acts at the open questions of some patients, judged one by one.

After every act is asked: was a wrong one refused, recorded, and without any other trace; was a right one taken. Who was
touched is watched all the time (``eyes``).
Units: s of simulated time.
"""

import asyncio
import math
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import cast

from automation.engine.site import Site
from automation.formulas.identifiers import Kind
from automation.gmp.door import Command
from automation.gmp.form import CODE
from automation.gmp.marks import OPEN
from automation.gmp.people.prompts import Prompt
from automation.gmp.product.batches import Batch
from automation.kernel.errors import CellwrightError, InputError
from automation.kernel.ids import keyed
from automation.kernel.quantity import Seconds
from automation.ledger.event import Event
from tests.identity import effects
from tests.identity.careless import ASKS
from tests.identity.crew import FIRST, PEOPLE, SECOND, STRANGER, Crew
from tests.identity.eyes import GOES_ON, LOCKED, REFUSED, TAKEN, Eyes
from tests.identity.mistakes import MISTAKES, Asked, Outcome, right
from tests.identity.ward import PATIENTS, SUPERVISOR, Bag, begin, patient_of, recipe_of

SHORTEST, LONGEST = 6, 12  # acts in a sequence
LEAST_RIGHT = 1 / 3  # of the acts
LIKELY_RIGHT, LIKELY_ELSE = 0.3, 0.8  # where a code or a container is asked for; at all other questions
BY_SCANNER = 0.03  # share of scans that go the way of the cable
BREATH = Seconds(2.0)  # s between two acts
PATIENCE, WAIT = 400, Seconds(30.0)  # waits in a row for the next question of anybody
RIGHT = "right"
QUIET = frozenset({"prompt", "refusals", "alarm", "deviation", "notice"})
"""Streams in which a wrong scan may leave its traces."""


@dataclass(slots=True)
class Tally:
    """What was done so far."""

    cells: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # operation, state, kind of act
    sequences: int = 0
    acts: int = 0
    right: int = 0
    least: float = 1.0  # share of right acts, of the sequence with the fewest
    touched: int = 0  # effects on containers that passed the gates
    batches: int = 0

    def add(self, other: "Tally") -> None:
        """Take in what was done elsewhere."""
        self.cells.update(other.cells)
        for name in ("sequences", "acts", "right", "touched", "batches"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.least = min(self.least, other.least)


class Ward:
    """Twenty patients at one site, and whoever tries things there."""

    def __init__(self, site: Site) -> None:
        """Nothing has begun."""
        self.site = site
        self.eyes = Eyes(site)
        self.crew = Crew(site)
        self.tally = Tally()
        self._bags = dict.fromkeys(PATIENTS, 0)
        self._runs: dict[str, asyncio.Task[str]] = {}
        self._last: dict[str, str] = {}  # what was last scanned rightly for a batch
        self._answered: dict[str, Prompt] = {}  # the last question for a scan that was answered, of a patient

    async def open(self) -> None:
        """Let the first bag of every patient come."""
        self.eyes.open()
        for patient in PATIENTS:
            await self._next_batch(patient)
        await self._breathe()

    async def close(self) -> list[str]:
        """Let nothing run any more; gives what is found broken at the end."""
        self.eyes.look_back()
        for task in self._runs.values():
            task.cancel()
        await asyncio.gather(*self._runs.values(), return_exceptions=True)
        return self.eyes.broken

    async def sequence(self, seed: int, number: int) -> list[str]:
        """Live through one sequence; gives what was broken by it."""
        rng = keyed(seed, "identity", number)
        length, rights = rng.randint(SHORTEST, LONGEST), 0
        least = math.ceil(length * LEAST_RIGHT)
        some = rng.sample(PATIENTS, rng.randint(1, 5))
        for left in range(length, 0, -1):
            prompt = await self._question(some, rng)
            if prompt is None:
                self.eyes.broken.append(f"{GOES_ON}: nobody is asked anything any more")
                break
            must = rights + left <= least
            likely = LIKELY_RIGHT if self._names(prompt) else LIKELY_ELSE
            rights += await self._act(prompt, rng, rightly=must or rng.random() < likely)
            if self.eyes.broken:
                break
        self.eyes.look()
        self._count(length, rights)
        broken, self.eyes.broken = self.eyes.broken, []
        return broken

    def _count(self, length: int, rights: int) -> None:
        tally = self.tally
        tally.sequences, tally.acts, tally.right = tally.sequences + 1, tally.acts + length, tally.right + rights
        tally.least, tally.touched = min(tally.least, rights / length), self.eyes.acts

    # which question

    async def _question(self, some: list[str], rng: Random) -> Prompt | None:
        """Give an open question of one of some patients; when they have none, of any; when nobody has one, wait."""
        for _ in range(PATIENCE):
            await self._go_on()
            asking = [one for one in self.site.house.door.marked("prompt", OPEN) if isinstance(one, Prompt)]
            asking = [one for one in asking if one.batch]
            wanted = [one for one in asking if patient_of(one.batch) in some] or asking
            if wanted:
                return rng.choice(wanted)
            await self.site.house.clock.sleep(WAIT)
        return None

    async def _go_on(self) -> None:
        """Begin another batch where one is over; one that is held was held by something that was right."""
        for patient, task in list(self._runs.items()):
            if task.done():
                if task.result() != "complete":
                    self.eyes.broken.append(f"{GOES_ON}: that of patient {patient} ended as {task.result()}")
                await self._next_batch(patient)

    async def _next_batch(self, patient: str) -> None:
        self._bags[patient] += 1
        self.tally.batches += 1
        made = recipe_of(self.site, patient)
        batch = await begin(self.site, made, Bag(patient, f"B{self._bags[patient]}"))
        run = self.site.take_up(made, batch).run()
        self._runs[patient] = asyncio.get_running_loop().create_task(run, name=batch)

    async def _breathe(self) -> None:
        await self.site.house.clock.sleep(BREATH)

    # one act

    async def _act(self, prompt: Prompt, rng: Random, *, rightly: bool) -> bool:
        """Do one thing at a question; tells whether it was a right one."""
        if rightly:
            await self._rightly(prompt, rng)
        else:
            rightly = await self._wrongly(prompt, rng)
        await self._look_at_batch(prompt)
        return rightly

    async def _look_at_batch(self, prompt: Prompt) -> None:
        """A batch is held by a result of the process alone, and then the supervisor lets it go on."""
        batch = cast("Batch", self.site.house.door.find("batch", prompt.batch))
        if batch.state != "held":
            return
        why = batch.order.reason if batch.order else ""
        if " ended as " not in why:
            self.eyes.broken.append(f"{GOES_ON}: {batch.id} is held ({why})")
        body = {"reason": "a result of the process, of no interest here", "step": ""}
        await self.site.house.door.submit(Command(f"batch/{batch.id}", "restart", body, SUPERVISOR))
        await self._breathe()

    async def _rightly(self, prompt: Prompt, rng: Random) -> None:
        """Do what is right at a question as it stands; anything but that it is taken is a broken invariant."""
        self._mark(prompt, RIGHT)
        try:
            await self._do(prompt, rng)
        except CellwrightError as refusal:
            self.eyes.broken.append(f"{TAKEN}: it was refused at {prompt.id}: {refusal}")
            return
        if self.site.answers.prompt(prompt.id) == prompt:
            self.eyes.broken.append(f"{TAKEN}: it changed nothing at {prompt.id}")
        await self._breathe()

    async def _do(self, prompt: Prompt, rng: Random) -> None:
        if prompt.state == "locked":
            await self.crew.clear(prompt, (FIRST, "performed"), (SECOND, "verified"))
        elif prompt.state == "entered":
            await self.crew.verify(prompt)
        elif self._scans(prompt):
            await self._scan(prompt, rng)
        else:
            values = await self.crew.values(prompt, rng)
            if "what" in values:
                self.crew.hang(self.eyes.pumps[prompt.batch], values)
            await self.crew.give(prompt, values)

    async def _scan(self, prompt: Prompt, rng: Random) -> None:
        await self.crew.values(prompt, rng)  # hands put it where it is to be scanned
        code = right(self._asked(prompt), rng)
        if rng.random() < BY_SCANNER:
            await self.crew.scan(prompt, code)
        else:
            await self.crew.give(prompt, {CODE: code})
        self._last[prompt.batch], self._answered[patient_of(prompt.batch)] = code, prompt

    async def _wrongly(self, prompt: Prompt, rng: Random) -> bool:
        """Do something wrong at a question; tells whether it had to be something right after all."""
        if prompt.opening is not None and prompt.opening.text == ASKS and prompt.state != "locked":
            await self._wrong_effect(prompt, rng)
            return False
        others = self._others(prompt, rng)
        if not self._scans(prompt) or prompt.state not in {"open", "claimed"} or rng.random() < 0.1:
            kind = rng.choice(sorted(others))
            await self._refused(prompt, kind, others[kind])
            return False
        kind = rng.choice(tuple(MISTAKES))
        wrong = MISTAKES[kind](self._asked(prompt), rng)
        if wrong is None:
            return await self._wrongly(prompt, rng)
        give = self.crew.scan if rng.random() < BY_SCANNER and wrong.outcome is Outcome.LOCKED else None
        call = (lambda: give(prompt, wrong.text)) if give else (lambda: self.crew.give(prompt, {CODE: wrong.text}))
        await self._refused(prompt, kind, call, wrong.outcome, told=give is not None)
        if patient_of(prompt.batch) and wrong.outcome is Outcome.LOCKED and wrong.text.encode() in self._written:
            self.eyes.broken.append(f"{LOCKED}: {kind} stands in the record of {prompt.id}")
        return False

    def _others(self, prompt: Prompt, rng: Random) -> dict[str, Callable[[], Awaitable[None]]]:
        """Give what is wrong at a question whatever it asks for."""
        crew, foreign = self.crew, rng.choice([p for p in PATIENTS if p != patient_of(prompt.batch)])
        code = f"={Bag(foreign, 'R1').din}00"
        if prompt.state == "locked":
            text = right(self._asked(prompt), rng)
            return {
                "right code while locked": lambda: crew.give(prompt, {CODE: text}),
                "cleared by one": lambda: crew.clear(prompt, (FIRST, "performed"), (FIRST, "verified")),
                "cleared by nobody": lambda: crew.clear(prompt),
            }
        if prompt.state == "entered":
            return {
                "verified by the same": lambda: crew.verify(prompt, by=FIRST),
                "a code where none is asked": lambda: crew.give(prompt, {CODE: code}),
            }
        found: dict[str, Callable[[], Awaitable[None]]] = {}
        if self._scans(prompt):
            text = right(self._asked(prompt), rng)
            found["right code, stranger"] = lambda: crew.give(prompt, {CODE: text}, by=STRANGER)
            found["another patient's, past the look"] = lambda: crew.to_the_door(prompt, Bag(foreign, "R1").din)
            before = self._answered.get(patient_of(prompt.batch))
            if before is not None:
                found["answered already"] = lambda: crew.give(before, {CODE: self._last[before.batch]})
        else:
            found["a code where none is asked"] = lambda: crew.give(prompt, {CODE: code})
        return found

    async def _refused(
        self,
        prompt: Prompt,
        kind: str,
        call: Callable[[], Awaitable[None]],
        outcome: Outcome = Outcome.COUNTED,
        *,
        told: bool = False,
    ) -> None:
        """Do what is wrong: it has to be refused and recorded, and to leave no other trace."""
        self._mark(prompt, kind)
        self.eyes.since()
        before, why = self.site.answers.prompt(prompt.id), "taken"
        try:
            await call()
        except InputError as unread:  # what can't be read is answered, not recorded
            why = str(unread)
            told = True
        except CellwrightError as refusal:
            why = str(refusal)
        seen, after = self.eyes.since(), self.site.answers.prompt(prompt.id)
        self._written = b"".join(bytes(event.body) for event in seen)
        wrong = self._trace(seen, told=told)
        if why == "taken" and not told:
            wrong = f"it was taken; {wrong}"
        elif after.state != before.state and not (after.state == "locked" and outcome is not Outcome.COUNTED):
            wrong = f"the question is {after.state}, it was {before.state}; {wrong}"
        elif outcome is Outcome.LOCKED and after.state != "locked":
            wrong = f"nothing was locked ({why}); {wrong}"
        if wrong:
            text = prompt.opening.text if prompt.opening else ""
            name = LOCKED if outcome is Outcome.LOCKED else REFUSED
            self.eyes.broken.append(f"{name}: {kind} at {prompt.id} ({text}): {wrong}")
        await self._breathe()

    @staticmethod
    def _trace(seen: list[Event], *, told: bool) -> str:
        """Say what is wrong with the traces of a wrong act: none, or such as it may not leave."""
        loud = [f"{event.stream} {event.kind}" for event in seen if event.stream.partition("/")[0] not in QUIET]
        if loud and not told:  # a scanner takes its time, in which other batches go on
            return f"it left {', '.join(loud)}"
        if told:
            return ""
        who = [
            event for event in seen if event.by in PEOPLE or any(one.encode() in bytes(event.body) for one in PEOPLE)
        ]
        return "" if who else "nobody is named for it" if seen else "nothing of it was recorded"

    async def _wrong_effect(self, prompt: Prompt, rng: Random) -> None:
        """Name containers that the batch may not touch: the binding or the door refuses the effect, on the record."""
        asked = Asked(patient_of(prompt.batch), "", "", self.eyes.known)
        kind = rng.choice(tuple(effects.MISTAKES))
        values = effects.named(kind, self.crew.careless(prompt.batch, rng), asked, rng)
        self._mark(prompt, kind)
        self.crew.hang(self.eyes.pumps[prompt.batch], values)
        self.eyes.since()
        await self.crew.give(prompt, values)
        await self._breathe()
        stream = f"batch/{prompt.batch}/step/{prompt.step}"
        kinds = [event.kind for event in self.eyes.since() if event.stream == stream]
        if "refused" not in kinds or "call" in kinds:
            self.eyes.broken.append(f"{REFUSED}: {kind}, {values} ({', '.join(kinds)})")
        self.eyes.look()

    def _names(self, prompt: Prompt) -> bool:
        """Tell whether a question asks for a code, or for containers to touch."""
        return self._scans(prompt) or (prompt.opening is not None and prompt.opening.text == ASKS)

    @staticmethod
    def _scans(prompt: Prompt) -> bool:
        return prompt.opening is not None and prompt.opening.kind == "scan"

    def _asked(self, prompt: Prompt) -> Asked:
        opening = prompt.opening
        value, expects = (
            (opening.accept[0], Kind(opening.expects)) if opening and opening.accept else ("", Kind.UNKNOWN)
        )
        return Asked(patient_of(prompt.batch), value, expects, self.eyes.known, self._last.get(prompt.batch, ""))

    def _mark(self, prompt: Prompt, kind: str) -> None:
        operation, state = self.eyes.where(prompt.batch, prompt.step)
        opening = prompt.opening
        asks = f"scan {opening.expects}" if opening and opening.kind == "scan" else str(opening.kind if opening else "")
        stands = f", {prompt.state}" if prompt.state in {"locked", "entered"} else ""
        self.tally.cells[operation, f"{state}: {asks}{stands}", kind] += 1
