"""What one rule finds, before it is numbered and its times are written.

Units: us (UTC).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from automation.engine.journal import Called, Fell
from automation.ledger.event import Event
from automation.views.record import Finding, Master, Step
from automation.views.record_of_product import Labels, Reconciliation
from automation.views.wording import stamp


@dataclass(frozen=True, slots=True)
class Shown:
    """What of the record is drawn already when the rules look at it."""

    steps: tuple[Step, ...]
    master: Master
    reconciliation: tuple[Reconciliation, ...]
    labels: Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One exception: when (us), in which step, what, how it ended, and the events that show it."""

    at: int
    what: str
    outcome: str
    events: tuple[int, ...]
    step: str = ""
    is_open: bool = False

    def under(self, rule: str, zone: str) -> Finding:
        """Give the exception under its rule, as the record shows it."""
        return Finding(rule, stamp(self.at, zone=zone), self.step, self.what, self.outcome, self.events, self.is_open)


@dataclass(frozen=True, slots=True)
class Found:
    """What a rule looked at, in words, and what it found."""

    checked: str
    items: tuple[Item, ...]


def step_of(stream: str) -> str:
    """Give the step in the name of a stream; empty when it names none."""
    parts = stream.split("/")
    return parts[3] if len(parts) > 3 and parts[0] == "batch" and parts[2] == "step" else ""


def asked_of(events: Iterable[Event]) -> dict[tuple[int, int], str]:
    """Give what each effect asked, by visit and number."""
    found: dict[tuple[int, int], str] = {}
    for event in events:
        if event.kind == "call":
            said = event.read(Called)
            found[said.visit, said.n] = f"{said.asset}.{said.method}"
        elif event.kind in {"failed", "doubt", "refused"}:
            fell = event.read(Fell)
            if fell.asset:
                found[fell.visit, fell.n] = f"{fell.asset}.{fell.method}"
    return found
