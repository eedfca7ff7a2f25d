"""Writes a step's own events: the runner's and the binding's pen, one stream each step."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from automation.kernel.clock import Clock
from automation.ledger.event import Draft, Event
from automation.ledger.store import Ledger

RUNNER = "system:runner"
_encode = msgspec.json.Encoder().encode


class Entry(NamedTuple):
    """One event to be written: in which stream, its kind, what it says."""

    stream: str
    kind: str
    body: msgspec.Struct


def write_together(ledger: Ledger, clock: Clock, entries: Iterable[Entry], *, cause: int) -> None:
    """Append events of several streams in one commit: all of them or none."""
    drafts = [Draft(one.stream, one.kind, _encode(one.body), RUNNER, "", cause) for one in entries]
    if drafts:
        ledger.append(drafts, at=clock.micros())


@dataclass(frozen=True, slots=True)
class Recorder:
    """Appends to one stream; ``careful`` commits before a device is touched even in simulated time."""

    ledger: Ledger
    clock: Clock
    stream: str
    careful: bool = False

    def write(self, kind: str, body: msgspec.Struct, *, cause: int | None = None) -> Event:
        """Append one event; ``body`` becomes its JSON."""
        draft = Draft(self.stream, kind, _encode(body), RUNNER, "", cause)
        return self.ledger.append((draft,), at=self.clock.micros())[0]

    async def before_act(self, event: Event) -> None:
        """Return when the event is where a killed process can't lose it."""
        if self.careful:
            self.ledger.flush()
        await self.ledger.durable(event.seq)
