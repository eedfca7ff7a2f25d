"""Writes a step's own events: the runner's and the binding's pen, one stream each step."""

from dataclasses import dataclass

import msgspec

from automation.kernel.clock import Clock
from automation.ledger.event import Draft, Event
from automation.ledger.store import Ledger

RUNNER = "system:runner"
_encode = msgspec.json.Encoder().encode


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
