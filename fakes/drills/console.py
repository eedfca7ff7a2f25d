"""A person at a terminal handles the trouble of a drill; time passes only when the person lets it.

Colleagues go on with the routine work; what has to be decided, and what makes the product safe, waits for the person.
Units: s of simulated time.
"""

import asyncio
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from automation.engine.answers import Given
from automation.engine.conduct import open_prompts
from automation.engine.journal import Called, Enter
from automation.engine.setup import secret_of
from automation.engine.sitemodel import PersonEntry
from automation.gmp.door import Command, Proof
from automation.gmp.form import CHOICE, CODE
from automation.gmp.objects import Thing
from automation.gmp.people.prompts import SIGNING, Prompt
from automation.gmp.plant.alarms import Alarm
from automation.gmp.quality.timers import Timer
from automation.gmp.words import Meaning, Right
from automation.kernel.clock import iso
from automation.kernel.errors import CellwrightError, FailedError
from automation.kernel.quantity import Seconds, read
from automation.ledger.event import Event
from automation.views.wording import span
from fakes.drills.stage import BATCH, Stage
from fakes.panel import Habit, Values
from fakes.supervisor import TERMINAL, supervisor_of
from fakes.witness import doubts

AT_MOST = Seconds(3600.0)  # s; one wait without a stated end
TURNS = 400  # rounds of the loop in which everything due now is done, without any time
_WATCHING = re.compile(r"when the program no longer runs")  # a colleague stands there and watches
HELP = """\
  status                        what runs, what waits for you, alarms, limits and the time that is left
  wait [5 min]                  let time pass; without a duration until something new is there, at most an hour
  answer [PROMPT] [NAME=VALUE]  answer; a choice by its number or text. Without values: do as asked, as on any other day
  ack [ALARM] [COMMENT]         acknowledge an alarm, or all
  clear WHAT YOU SAW            clear a line that is locked, with a colleague's signature beside yours
  resolve done|'not done' WHY   decide the open doubt, under your signature
  hold|restart|pause|unpause|stop|abort [WHY]
  look                          go to the device and look
  mend                          put right what hands can put right
  hand ACTION [NAME=VALUE]      let your hands do anything else at the device
  leave                         end the drill here; then comes the debrief"""


class Terminal(Protocol):
    """Where the person sits."""

    def say(self, text: str) -> None:
        """Show a text."""
        ...

    def ask(self) -> str | None:
        """Give the next line, None when there is none; time stands still meanwhile."""
        ...


class Console:
    """One person's handling of one drill."""

    def __init__(self, stage: Stage, work: "asyncio.Task[str]", terminal: Terminal) -> None:
        """Wait for the trouble."""
        self._stage, self._work, self._terminal = stage, work, terminal
        self._site = stage.site
        self._door = stage.site.house.door
        self._who: PersonEntry = supervisor_of(stage.site)
        self._news = asyncio.Event()
        self._commands: Mapping[str, Callable[[list[str]], object]] = {
            "status": lambda _: self._status(),
            "ack": self._acknowledge,
            "resolve": self._resolve,
            "look": lambda _: self._look(),
            "mend": lambda _: self._mend(),
            "hand": self._hand,
            "help": lambda _: self._say(HELP),
            **{one: self._order(one) for one in ("hold", "restart", "pause", "unpause", "stop", "abort")},
        }

    async def handle(self) -> None:
        """Run to the trouble, then take commands until the batch is over or the person leaves."""
        struck = asyncio.get_running_loop().create_task(self._stage.struck.wait(), name="drill trouble")
        await asyncio.wait({struck, self._work}, return_when=asyncio.FIRST_COMPLETED)
        struck.cancel()
        if self._work.done():
            self._say("the batch is over and the trouble never came")
            return
        self._door.follow(self._follow)
        self._stage.plant.people.habits.append(Habit(r"", self._colleague))
        self._stage.plant.people.clears = False
        scene = self._stage.scene
        self._say(
            f"SIMULATED drill on {self._site.file.name}. You are {self._who.name}. Step {scene.step} is "
            f"{scene.spot.state!r}, and something happens now. Time stands still until you let it pass.\n{HELP}"
        )
        await self._settle()
        self._status()
        while not self._work.done():
            line = self._terminal.ask()
            if line is None or line.strip() in {"leave", "quit", "exit"}:
                return
            await self._obey(line)

    async def _obey(self, line: str) -> None:
        try:
            word, *rest = shlex.split(line) or [""]
            if word == "wait":
                await self._wait(" ".join(rest))
            elif word == "answer":
                await self._answer(rest)
            elif word == "clear":
                await self._clear(" ".join(rest))
            elif word in self._commands:
                self._commands[word](rest)
            elif word:
                self._say(f"there is no command {word!r}; see: help")
        except (CellwrightError, ValueError, KeyError) as wrong:
            self._say(f"not possible: {wrong}")
        await self._settle()

    async def _settle(self) -> None:
        """Let everything happen that needs no time."""
        for _ in range(TURNS):
            await asyncio.sleep(0)

    async def _wait(self, text: str) -> None:
        self._news.clear()
        if text:
            await asyncio.wait({self._work}, timeout=float(read(text, Seconds, what="wait")))
        else:
            news = asyncio.get_running_loop().create_task(self._news.wait(), name="drill news")
            waits = {news, self._work}
            await asyncio.wait(waits, timeout=float(AT_MOST), return_when=asyncio.FIRST_COMPLETED)
            news.cancel()
        await self._settle()
        if not self._work.done():
            self._status()

    # what colleagues do, and what waits for the person

    async def _colleague(self, prompt: Prompt) -> Values | None:
        return None if self._mine(prompt) else await self._stage.plant.people.work(prompt)

    def _mine(self, prompt: Prompt) -> bool:
        """Tell whether a question is the person's: a decision, or what makes the product safe."""
        opening = prompt.opening
        chooses = opening is not None and opening.kind == "choose" and not _WATCHING.search(opening.text)
        decides = prompt.state == "locked" or chooses
        return decides or self._aside(prompt)

    def _waits(self, prompt: Prompt) -> bool:
        """Tell whether nobody but the person will answer a question."""
        return self._mine(prompt) or self._stage.plant.people.away

    def _aside(self, prompt: Prompt) -> bool:
        stream = f"batch/{prompt.batch}/step/{prompt.step}"
        visits = (e.read(Enter) for e in self._site.house.ledger.stream(stream) if e.kind == "enter")
        return any(one.within and prompt.id.startswith(f"{prompt.batch}.{prompt.step}.{one.visit}.") for one in visits)

    def _follow(self, event: Event, thing: Thing) -> None:
        opened = isinstance(thing, Prompt) and event.kind in {"open", "lock"} and self._mine(thing)
        alarm = event.stream.startswith("alarm/") and event.kind in {"raise", "again"}
        stands = event.stream == f"batch/{BATCH}" and event.kind == "done"
        if opened or alarm or stands:
            self._news.set()

    # what the person sees

    def _status(self) -> None:
        zone, now = self._site.file.zone, self._site.house.clock.now()
        lines = [f"{iso(now, zone=zone)[:19]}  SIMULATED batch {BATCH} is {self._stage.run.batch.state}"]
        lines += [f"  doubt   {call.asset}.{call.method} in {step}: done or not done?" for step, call in self._doubts()]
        for one in self._door.every("alarm"):
            if isinstance(one, Alarm) and one.standing and one.raising is not None:
                lines.append(f"  alarm   {one.id} ({one.state}): {one.raising.message}")
                lines.append(f"          {one.raising.response}")
        for prompt in open_prompts(self._site, BATCH):
            if prompt.opening is not None and self._waits(prompt):
                lines.append(
                    f"  {'LOCKED' if prompt.state == 'locked' else 'asked':<7} {prompt.id}: {prompt.opening.text}"
                )
                lines += [f"          {n}. {option}" for n, option in enumerate(prompt.opening.options, 1)]
                lines += [f"          {one.name} [{one.unit or 'text'}]" for one in prompt.opening.fields]
        timers = [one for one in self._door.every("timer") if isinstance(one, Timer) and one.going and one.bounded]
        for timer in sorted(timers, key=lambda one: float(one.due)):
            lines.append(f"  limit   {timer.what}: {span(max(0.0, float(timer.due) - float(now)))} left")
        self._say("\n".join(lines))

    def _doubts(self) -> list[tuple[str, Called]]:
        return doubts(self._site, BATCH)

    def _look(self) -> None:
        scene = self._stage.scene
        if not scene.asset:
            self._say("there is no device to look at: look at the people and the bench")
            return
        fake = self._stage.plant.fake(scene.asset)
        acts = ", ".join(f"{name} {count}" for name, count in getattr(fake, "acts", {}).items()) or "nothing"
        stands = getattr(fake, "programmer_state", None)
        lid = getattr(getattr(fake, "chamber", None), "lid_open", None)
        seen = [f"{scene.asset} counts: {acts}"]
        seen += [f"its programmer shows {stands.value}"] if stands is not None else []
        seen += ["its lid is open"] if lid else []
        mends = self._stage.mended_at is None and self._stage.scene.trouble.mends
        seen += [f"you see that {scene.trouble.what}"] if scene.trouble.hands and mends else []
        self._say("; ".join(seen))

    # what the person does

    def _mend(self) -> None:
        done = self._stage.put_right()
        self._say("done" if done else "there is nothing that hands could put right now")

    def _hand(self, words: list[str]) -> None:
        asset = self._stage.scene.asset
        if not words or not asset:
            raise FailedError("write: hand ACTION NAME=VALUE ...; see what a device offers: cellwright fakes list")
        details = dict(word.partition("=")[::2] for word in words[1:])
        self._stage.plant.hand(asset, words[0], **{name: _value(text) for name, text in details.items()})
        self._say("done")

    def _acknowledge(self, words: list[str]) -> None:
        every = [one.id for one in self._door.every("alarm") if isinstance(one, Alarm) and one.unanswered]
        named = [words[0]] if words and words[0] in every else every
        comment = " ".join(words[1:] if words and words[0] in every else words)
        if not named:
            raise FailedError("no alarm waits for anybody")
        for name in named:
            self._enter(f"alarm/{name}", command="acknowledge", body={"comment": comment or "seen, looking at it"})

    def _resolve(self, words: list[str]) -> None:
        outcome, *why = words or [""]
        body = {"outcome": outcome, "reason": " ".join(why)}
        self._enter(f"batch/{BATCH}", command="resolve", body=body, signed=True)

    def _order(self, command: str) -> Callable[[list[str]], None]:
        def give(words: list[str]) -> None:
            self._enter(f"batch/{BATCH}", command=command, body={"reason": " ".join(words) or "as the drill asks"})

        return give

    def _enter(self, stream: str, *, command: str, body: Mapping[str, object], signed: bool = False) -> None:
        proofs = (Proof(self._who.id, secret_of(self._who), Meaning.RESPONSIBLE),) if signed else ()
        self._door.enter(Command(stream, command, body, self._who.id, TERMINAL, proofs))
        self._say(f"{command}: taken")

    async def _answer(self, words: list[str]) -> None:
        mine = [one.id for one in open_prompts(self._site, BATCH) if self._waits(one)]
        known = bool(words) and words[0].startswith(BATCH)
        if not known and len(mine) != 1:
            raise FailedError(f"say which one: {', '.join(mine) or 'nothing waits for you'}")
        name, given = (words[0], words[1:]) if known else (mine[0], words)
        prompt = self._site.answers.prompt(name)
        if not prompt.asking or prompt.opening is None:
            raise FailedError(f"{name} is {prompt.state}; nobody waits for an answer")
        people = self._stage.plant.people
        values = _read(prompt, given) if given else await people.work(prompt)
        proofs = self._signed(SIGNING.get(prompt.wants, ()))
        await self._site.answers.give(Given(prompt.id, self._who.id, values or {}, TERMINAL, proofs))
        self._say("answered" + (", a colleague verifies" if prompt.opening.second else ""))

    async def _clear(self, statement: str) -> None:
        locked = next((one for one in open_prompts(self._site, BATCH) if one.state == "locked"), None)
        if locked is None:
            raise FailedError("no line is locked")
        proofs = self._signed(SIGNING["witness"])
        await self._site.answers.clear_line(Given(locked.id, self._who.id, {}, TERMINAL, proofs, statement))
        self._say("cleared")

    def _signed(self, meanings: Sequence[str]) -> tuple[Proof, ...]:
        """Give signatures for these meanings: the person's own first, then colleagues'."""
        able = [one for one in self._site.file.people.values() if one.id != self._who.id]
        signers = [self._who, *(one for one in able if Right.VERIFY in self._rights(one))]
        return tuple(Proof(one.id, secret_of(one), str(m)) for one, m in zip(signers, meanings, strict=False))

    def _rights(self, person: PersonEntry) -> frozenset[Right]:
        return frozenset[Right]().union(*(self._site.file.roles.get(role, frozenset()) for role in person.roles))

    def _say(self, text: str) -> None:
        self._terminal.say(text)


def _read(prompt: Prompt, given: list[str]) -> Values:
    """Read what a person typed: a choice by number or text, a scanned code, or one value for each field."""
    opening = prompt.opening
    if opening is not None and opening.options and not opening.fields:
        text = " ".join(given)
        chosen = opening.options[int(text) - 1] if text.isdigit() and 0 < int(text) <= len(opening.options) else text
        return {CHOICE: chosen}
    if opening is not None and opening.kind == "scan":
        return {CODE: " ".join(given)}
    return {name: text for name, _, text in (word.partition("=") for word in given)}


def _value(text: str) -> str | float | bool:
    if text in {"true", "false"}:
        return text == "true"
    try:
        return float(text)
    except ValueError:
        return text
