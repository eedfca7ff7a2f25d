"""Scanners feed prompts: a read answers the scan prompt that is claimed at the scanner's terminal.

A read that fits no prompt, or that is refused, is told to who listens at the terminal; nothing is guessed.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from automation.engine.answers import Answers, Given
from automation.gmp.door import Door
from automation.gmp.form import CODE
from automation.gmp.marks import OPEN
from automation.gmp.people.prompts import Prompt
from automation.kernel.errors import CellwrightError, LinkError


class Read(Protocol):
    """One good read of one symbol."""

    @property
    def text(self) -> str:
        """Give what the symbol says."""
        ...


class BadRead(Protocol):
    """One read that is not used."""

    @property
    def hint(self) -> str:
        """Tell the person what to do."""
        ...


class Source(Protocol):
    """A scanner that passes its reads on."""

    def on_scan(self, good: Callable[[Read], None], bad: Callable[[BadRead], None]) -> Callable[[], None]:
        """Call at every read; gives the call that ends it."""
        ...

    async def listen(self) -> None:
        """Pass reads on until cancelled."""
        ...


Told = Callable[[str, str], None]
"""Told the terminal and what to say there."""


@dataclass(slots=True)
class Scanning:
    """Listens to the scanners of a site, each at its terminal."""

    door: Door
    answers: Answers
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _told: list[Told] = field(default_factory=list)

    def listen(self, source: Source, *, terminal: str) -> None:
        """Begin to listen to one scanner."""
        source.on_scan(lambda read: self._good(terminal, read.text), lambda read: self._tell(terminal, read.hint))
        loop = asyncio.get_running_loop()
        self._tasks.append(loop.create_task(self._until_lost(source, terminal), name=f"scanner {terminal}"))

    def on_word(self, told: Told) -> None:
        """Hear what people at the terminals are told."""
        self._told.append(told)

    def stop(self) -> None:
        """Stop listening."""
        for task in self._tasks:
            task.cancel()

    async def _until_lost(self, source: Source, terminal: str) -> None:
        try:
            await source.listen()
        except LinkError as lost:
            self._tell(terminal, f"the scanner is lost: {lost}")

    def _good(self, terminal: str, text: str) -> None:
        claimed = self._claimed(terminal)
        if len(claimed) != 1:
            many = f"{len(claimed)} questions wait for a scan at this terminal; keep one of them and scan again"
            self._tell(terminal, many if claimed else "nothing waits for a scan at this terminal")
            return
        work = self._answer(claimed[0], text)
        self._tasks.append(asyncio.get_running_loop().create_task(work, name=f"scan {claimed[0].id}"))

    async def _answer(self, prompt: Prompt, text: str) -> None:
        try:
            await self.answers.give(Given(prompt.id, prompt.claimed_by, {CODE: text}, prompt.terminal))
        except CellwrightError as refusal:
            self._tell(prompt.terminal, str(refusal))

    def _claimed(self, terminal: str) -> list[Prompt]:
        prompts = (thing for thing in self.door.marked("prompt", OPEN) if isinstance(thing, Prompt))
        here = (prompt for prompt in prompts if prompt.state == "claimed" and prompt.terminal == terminal)
        return [prompt for prompt in here if prompt.opening is not None and prompt.opening.kind == "scan"]

    def _tell(self, terminal: str, words: str) -> None:
        for told in self._told:
            told(terminal, words)
