"""Asking people: to a protocol the operator looks like an instrument.

A prompt is an object behind the door; terminal, web and scripted people answer it there, so that every answer is
authorised, and a restart finds it as it was. Credentials go to the door only.
"""

import asyncio
from contextvars import ContextVar
from dataclasses import dataclass, field, replace

import msgspec

from automation.engine.alarms import Alarms
from automation.engine.binding import STAY, Stay
from automation.engine.journal import Seen, Waiting
from automation.engine.recorder import RUNNER, Recorder
from automation.gmp.door import Command, Door
from automation.gmp.marks import OPEN, of_batch, with_file
from automation.gmp.objects import Thing
from automation.gmp.people.prompts import Prompt
from automation.gmp.words import Right
from automation.kernel.errors import FailedError, InputError
from automation.kernel.quantity import Instant, Seconds, finite
from automation.ledger.blobs import Blobs
from automation.ledger.event import Event

_encode = msgspec.json.Encoder().encode
WITHIN = Seconds(600.0)  # s; an unanswered prompt is an alarm after this


@dataclass(frozen=True, slots=True)
class Entry:
    """One field of a form."""

    name: str
    label: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    decimals: int | None = None
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, of whom, until when it becomes an alarm."""

    kind: str  # confirm, scan, enter, choose, sign, attach, witness
    text: str
    fields: tuple[Entry, ...] = ()
    options: tuple[str, ...] = ()
    expects: str = ""  # what kind of code a scan has to be, in words
    accept: tuple[str, ...] = ()  # the codes that are right
    asks: tuple[str, ...] = (Right.PERFORM,)
    second: bool = False  # a second person verifies
    meanings: tuple[str, ...] = ()  # of a sign prompt
    within: Seconds = WITHIN
    operation: str = ""  # the person has to be trained on it


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered, by whom, verified by whom."""

    values: dict[str, str | float | bool] = field(default_factory=dict)
    by: str = ""
    verified_by: str = ""
    seq: int = 0
    at: Instant = Instant(0.0)  # when; not when the protocol heard of it

    def word(self, name: str) -> str:
        """Give an entry as text."""
        return str(self.values.get(name, ""))

    def number(self, name: str) -> float:
        """Give an entry as a finite number in the unit of its field."""
        value = self.values.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            msg = f"{name} was answered with {value!r}, which is no number"
            raise FailedError(msg)
        return finite(float(value), what=name)


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer that a driver asked for under a word, in the order of the answers, and the text of the question."""

    word: str
    answer: Answer
    text: str = ""


class Desk:
    """All open prompts of a site, who waits for them, and the files that people attach."""

    def __init__(self, door: Door, blobs: Blobs | None = None) -> None:
        """Follow the door; attached files are kept in ``blobs``."""
        self.door = door
        self.blobs = blobs
        self.moves = 0  # of prompts, as seen since the start; what was folded before another move is out of date
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._changes: dict[str, list[asyncio.Future[None]]] = {}
        door.follow(self._follow)

    async def ask(self, name: str, question: Question, *, batch: str, step: str, alarms: Alarms) -> Answer:
        """Open a prompt under this name, or find it as it was, and wait for its answer."""
        self._open(name, question, batch=batch, step=step)
        found = self._answered(name)
        if found is not None:
            return found
        opening = self._prompt(name).opening
        known = None if opening is None else opening.deadline  # kept counting while no program ran
        wait = float(question.within) if known is None else max(0.0, float(Instant(known) - self.door.now))
        overdue = asyncio.get_running_loop().call_later(wait, self._overdue, name, question, alarms)
        try:
            while found is None:
                waiting = self._waiting[name] = asyncio.get_running_loop().create_future()
                await waiting
                found = self._answered(name)
        finally:
            overdue.cancel()
            self._waiting.pop(name, None)
        alarms.clear(f"prompt {name}")
        return found

    def withdraw(self, name: str, reason: str) -> None:
        """Take back a prompt that nobody waits for any more."""
        prompt = self._prompt(name)
        if prompt.state in {"open", "claimed", "entered", "locked"}:
            self.door.enter(Command(f"prompt/{name}", "withdraw", {"reason": reason}, RUNNER))

    async def changed(self, *what: str) -> None:
        """Wait until one of these objects (KIND/ID), or any of these kinds (KIND), has moved."""
        change: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        for one in what:
            self._changes.setdefault(one, []).append(change)
        await change

    def answered(self, name: str) -> Answer | None:
        """Give the answer of a prompt, or None while there is none."""
        return self._answered(name)

    def look(self, name: str, question: Question, *, batch: str, step: str) -> Answer | None:
        """Open a prompt once and give its answer, or None while there is none; waits for nobody."""
        self._open(name, question, batch=batch, step=step)
        return self._answered(name)

    def file(self, sha256: str) -> bytes:
        """Give the bytes of an attached file; raises InputError when they are not kept here or were changed."""
        if self.blobs is None:
            msg = f"the file {sha256} can't be read: this site keeps no files"
            raise InputError(msg)
        return self.blobs.get(sha256)

    def attached(self, sha256: str) -> tuple[Prompt, ...]:
        """Give the prompts that were answered with this file, in the order of their making."""
        return self._marked(with_file(sha256))

    def answers(self, prefix: str, *, batch: str) -> tuple[tuple[str, Answer], ...]:
        """Give the answered prompts of a batch whose name begins so, in the order of their answers."""
        found = [p for p in self._marked(of_batch(batch)) if p.state == "answered" and p.id.startswith(prefix)]
        return tuple((p.id, _answer(p)) for p in sorted(found, key=lambda p: p.answered_seq))

    def text(self, name: str) -> str:
        """Give what a prompt asks; empty when it was never opened."""
        opening = self._prompt(name).opening
        return opening.text if opening else ""

    def asking(self, batch: str, step: str) -> tuple[Prompt, ...]:
        """Give the prompts of a step that still want an answer, in the order of their making."""
        return tuple(p for p in self._marked(OPEN) if (p.batch, p.step) == (batch, step))

    def _marked(self, mark: str) -> tuple[Prompt, ...]:
        return tuple(thing for thing in self.door.marked("prompt", mark) if isinstance(thing, Prompt))

    def _open(self, name: str, question: Question, *, batch: str, step: str) -> None:
        if self._prompt(name).state != "absent":
            return
        body: dict[str, object] = {
            "kind": question.kind,
            "text": question.text,
            "fields": [msgspec.to_builtins(entry) for entry in question.fields],
            "options": list(question.options),
            "expects": question.expects,
            "accept": list(question.accept),
            "asks": [str(right) for right in question.asks],
            "second": question.second,
            "meanings": list(question.meanings),
            "operation": question.operation,
            "batch": batch,
            "step": step,
            "deadline": float(self.door.now + question.within),
        }
        self.door.enter(Command(f"prompt/{name}", "open", body, RUNNER, id=f"open {name}"))

    def _prompt(self, name: str) -> Prompt:
        thing = self.door.find("prompt", name)
        if not isinstance(thing, Prompt):
            raise TypeError(thing)
        return thing

    def _answered(self, name: str) -> Answer | None:
        prompt = self._prompt(name)
        return _answer(prompt) if prompt.state == "answered" else None

    def _overdue(self, name: str, question: Question, alarms: Alarms) -> None:
        alarms.sound(
            f"prompt {name}",
            f"nobody has answered: {question.text}",
            priority="medium",
            response="Answer the prompt or hand the step over",
        )

    def _follow(self, event: Event, thing: Thing) -> None:
        kind = event.stream.partition("/")[0]
        for change in (*self._changes.pop(event.stream, ()), *self._changes.pop(kind, ())):
            if not change.done():
                change.set_result(None)
        if event.stream.startswith("prompt/"):
            self.moves += 1
            waiting = self._waiting.get(thing.id)
            if waiting is not None and not waiting.done():
                waiting.set_result(None)


def _answer(prompt: Prompt) -> Answer:
    at = prompt.answered_at or Instant(0.0)
    return Answer(dict(prompt.values), prompt.answered_by, prompt.verified_by, prompt.answered_seq, at)


class Operator:
    """What a protocol asks people with; each question is one wait of the visit."""

    def __init__(self, recorder: Recorder, desk: Desk, alarms: Alarms, *, operation: str) -> None:
        """Ask on behalf of the step that the alarms speak for; who answers has to be trained on its operation."""
        self._operation = operation
        self._recorder = recorder
        self._desk = desk
        self._alarms = alarms
        self._batch = alarms.batch
        self._step = alarms.step
        self._heard: tuple[int, tuple[Heard, ...]] = (-1, ())

    async def confirm(self, text: str, *, second: bool = False, within: Seconds = WITHIN) -> Answer:
        """Let a person confirm that something was done or seen."""
        return await self.ask(Question("confirm", text, second=second, within=within))

    async def enter(self, text: str, *fields: Entry, second: bool = False, within: Seconds = WITHIN) -> Answer:
        """Let a person enter values; with ``second`` another person verifies them."""
        return await self.ask(Question("enter", text, fields=fields, second=second, within=within))

    async def choose(self, text: str, *options: str, second: bool = False, within: Seconds = WITHIN) -> str:
        """Let a person choose one of the options."""
        answer = await self.ask(Question("choose", text, options=options, second=second, within=within))
        return answer.word("choice")

    async def scan(self, text: str, *, accept: tuple[str, ...], expects: str, within: Seconds = WITHIN) -> Answer:
        """Let a person scan one of the accepted codes; anything else is refused with a hint, counted, or locks."""
        return await self.ask(Question("scan", text, accept=accept, expects=expects, within=within))

    async def sign(self, text: str, *meanings: str, within: Seconds = WITHIN) -> Answer:
        """Let people sign, each meaning another person."""
        asks = (Right.PERFORM, Right.VERIFY, Right.SUPERVISE, Right.REVIEW, Right.APPROVE)
        return await self.ask(Question("sign", text, meanings=meanings, asks=asks, within=within))

    async def attach(self, text: str, *, within: Seconds = WITHIN) -> Answer:
        """Let a person attach a file; the answer holds its SHA-256 under ``file``."""
        return await self.ask(Question("attach", text, within=within))

    async def ask(self, question: Question) -> Answer:
        """Ask anything; the answer is in the journal and a restart does not ask again."""
        stay = STAY.get()
        question = replace(question, operation=question.operation or self._operation)
        n = stay.begin(f"prompt {question.kind}")
        try:
            what, detail = f"prompt {question.kind}", _encode(question)
            entry = stay.journal.check(n, what, detail)
            if entry is not None and entry.outcome is not None:
                return msgspec.json.decode(bytes(entry.outcome.read(Seen).value), type=Answer)
            if entry is None:
                await stay.passage()
                event = self._recorder.write("wait", Waiting(stay.number, n, what, msgspec.Raw(detail)))
                await self._recorder.ledger.durable(event.seq)
            answer = await self._desk.ask(
                self.name(stay, n), question, batch=self._batch, step=self._step, alarms=self._alarms
            )
            await stay.passage()
            seen = self._recorder.write("seen", Seen(stay.number, n, "answered", msgspec.Raw(_encode(answer))))
            await self._recorder.ledger.durable(seen.seq)
            return answer
        finally:
            stay.end()

    async def ask_within(self, question: Question, *, word: str = "") -> Answer:
        """Ask from inside an effect of a manual or observed driver; the effect's own record holds the outcome."""
        stay = STAY.get()
        stay.asked += 1
        name = f"{self.name(stay, stay.n)}.{stay.asked}" + (f".{word}" if word else "")
        return await self._desk.ask(name, question, batch=self._batch, step=self._step, alarms=self._alarms)

    def already(self, *, word: str) -> bool:
        """Tell whether the next question of this effect was answered before, as when it is settled after a restart."""
        stay = STAY.get()
        return self._desk.answered(f"{self.name(stay, stay.n)}.{stay.asked + 1}.{word}") is not None

    def ask_aside(self, question: Question, *, word: str, number: int) -> Answer | None:
        """Open a question once in the step and give its answer, or None while there is none."""
        return self._desk.look(self._aside(word, number), question, batch=self._batch, step=self._step)

    def take_back(self, *, word: str, number: int, reason: str) -> None:
        """Take back a question aside that nobody needs to answer any more."""
        self._desk.withdraw(self._aside(word, number), reason)

    def give_up(self, reason: str, *, keep: int = 0) -> None:
        """Take back every question of the step, except those of the visit ``keep``: nobody waits for the answers."""
        for prompt in self._desk.asking(self._batch, self._step):
            if not keep or not prompt.id.startswith(f"{self._batch}.{self._step}.{keep}."):
                self._desk.withdraw(prompt.id, reason)
                self._alarms.clear(f"prompt {prompt.id}")

    def heard(self) -> tuple[Heard, ...]:
        """Give what was answered in this step to questions under a word, in the order of the answers."""
        if self._heard[0] != self._desk.moves:
            prefix = f"{self._batch}.{self._step}."
            found = (
                Heard(part, answer, self._desk.text(name))
                for name, answer in self._desk.answers(prefix, batch=self._batch)
                for part in name.removeprefix(prefix).split(".")
                if part.isalpha()
            )
            self._heard = (self._desk.moves, tuple(found))
        return self._heard[1]

    def file(self, answer: Answer) -> bytes:
        """Give the file of an answer; raises InputError when it can't be had or was attached in another step."""
        sha256 = answer.word("file")
        for prompt in self._desk.attached(sha256):
            if (prompt.batch, prompt.step) != (self._batch, self._step):
                msg = f"the file {sha256[:12]} was attached in batch {prompt.batch}, step {prompt.step} already"
                raise InputError(msg)
        return self._desk.file(sha256)

    def name(self, stay: Stay, n: int) -> str:
        """Give the id of a prompt: the same after a restart, another when a failed effect is tried anew."""
        entry = stay.journal.entries.get(n)
        again = f"-{entry.again + 1}" if entry is not None and entry.again else ""
        return f"{self._batch}.{self._step}.{stay.number}.{n}{again}"

    def _aside(self, word: str, number: int) -> str:
        return f"{self._batch}.{self._step}.{word}.{number}"

    def deadline(self, within: Seconds) -> Instant:
        """Give the moment after which something is late."""
        return self._recorder.clock.now() + within


OPERATOR: ContextVar[Operator] = ContextVar("operator")
"""Who asks on behalf of the step that runs in this task; manual and observed drivers ask through it."""


async def ask_person(question: Question, *, word: str = "") -> Answer:
    """Ask from a driver that needs a person; the step whose effect it is asks. A word makes the answer ``heard``."""
    return await OPERATOR.get().ask_within(question, word=word)


def asker() -> Operator:
    """Give whoever asks on behalf of the step that runs: for questions aside, what was heard, and attached files."""
    return OPERATOR.get()
