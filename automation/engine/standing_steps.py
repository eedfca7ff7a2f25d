"""In which state each step that runs stands, and with which assets: folded from the steps' own events.

Alarms are suppressed by design, and policies chosen, by ``operation.state``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

import msgspec

from automation.engine.journal import Enter, Stage
from automation.gmp.door import Door
from automation.gmp.marks import OPEN
from automation.ledger.event import Event
from automation.ledger.store import Ledger

_OVER = frozenset({"complete", "stopped", "aborted"})


class _Bound(msgspec.Struct):
    """The part of a ``bound`` event that says with what a step works."""

    operation: str
    assets: dict[str, str]


@dataclass(frozen=True, slots=True)
class StepNow:
    """One step as it stands; ``state`` is empty before its first one."""

    batch: str
    step: str
    operation: str
    assets: Mapping[str, str]
    state: str = ""

    @property
    def place(self) -> str:
        """Give ``operation.state``."""
        return f"{self.operation}.{self.state}"


@dataclass(slots=True)
class StandingSteps:
    """Every step that runs; fed with events in their order."""

    _steps: dict[str, StepNow] = field(default_factory=dict)

    @classmethod
    def of_open_batches(cls, door: Door, ledger: Ledger) -> Self:
        """Give the steps that run now; those of a batch that is closed do not."""
        found = cls()
        for batch in door.marked("batch", OPEN):
            for event in ledger.events(prefix=f"batch/{batch.id}/step/"):
                found.take(event)
        return found

    def __iter__(self) -> Iterator[StepNow]:
        """Go over the steps that run, in the order of their beginning."""
        return iter(tuple(self._steps.values()))

    def take(self, event: Event) -> bool:
        """Fold one event; tells whether the place of a step has changed."""
        if not event.stream.startswith("batch/") or "/step/" not in event.stream:
            return False
        match event.kind:
            case "bound":
                said = event.read(_Bound)
                _, batch, _, step = event.stream.split("/", 3)
                self._steps[event.stream] = StepNow(batch, step, said.operation, said.assets)
            case "enter" if event.stream in self._steps:
                entered = event.read(Enter)
                if not entered.within:
                    self._steps[event.stream] = replace(self._steps[event.stream], state=entered.state)
            case "procedural" if event.read(Stage).state in _OVER:
                self._steps.pop(event.stream, None)
            case _:
                return False
        return True

    def of(self, batch: str, step: str) -> StepNow | None:
        """Give one step; None when it does not run."""
        return self._steps.get(f"batch/{batch}/step/{step}")
