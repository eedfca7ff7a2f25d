"""Alarms: one object for one tag, moved through the states of ISA-18.2; not latching.

Units:  ``until`` is a moment (s, UTC); limit and value are text with their unit.
Source: ISA-18.2 / IEC 62682 states A (normal), B, C, D, G (shelved), I (out of service);
        Annex 11 draft 8: log with comments.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.words import Body, Reason, Right, field
from automation.kernel.clock import iso
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant, Seconds

LONGEST_SHELVING = Seconds(8 * 3600.0)  # s; our default, one shift


class State(StrEnum):
    """Where an alarm stands; absent is normal and never raised."""

    ABSENT = "absent"
    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned"  # the condition is gone, nobody has acknowledged
    NORMAL = "normal"
    SHELVED = "shelved"
    OUT_OF_SERVICE = "out of service"


class Priority(StrEnum):
    """How soon a person has to act."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Raising(Body):
    """What is wrong, what follows if nobody acts, and what to do."""

    source: str = field(label="Source", help="Asset, container or step", length=1)
    message: str = field(label="Message", length=1)
    priority: Priority = field(label="Priority")
    consequence: str = field(label="Consequence", help="What follows if nobody acts", default="")
    response: str = field(label="Response", help="What to do", default="")
    limit: str = field(label="Limit", help="With its unit", default="")
    value: str = field(label="Value", help="With its unit", default="")
    batch: str = field(label="Batch", default="")
    step: str = field(label="Step", default="")
    highly_managed: bool = field(label="Highly managed", help="May not be shelved", default=False)


class Again(Body):
    """The condition is there again."""

    message: str = field(label="Message", help="As before when empty", default="")
    value: str = field(label="Value", help="With its unit", default="")


class Acknowledgement(Body):
    """What the person makes of it."""

    comment: str = field(label="Comment", length=3)


class Shelving(Body):
    """Why and until when it is silenced."""

    reason: str = field(label="Reason", length=3)
    until: float = field(label="Until", unit="s")


_PROGRAM = frozenset({Right.SYSTEM})
_HANDS = frozenset({Right.PERFORM, Right.SUPERVISE})
_ASIDE = (State.SHELVED, State.OUT_OF_SERVICE)
_IN_SERVICE = (State.UNACKNOWLEDGED, State.ACKNOWLEDGED, State.RETURNED, State.NORMAL)

TABLE = Table(
    State.ABSENT,
    (
        Row("raise", State.ABSENT, State.UNACKNOWLEDGED, by=_PROGRAM, body=Raising),
        Row("raise", State.NORMAL, State.UNACKNOWLEDGED, by=_PROGRAM, body=Raising),
        Row("again", State.NORMAL, State.UNACKNOWLEDGED, by=_PROGRAM, body=Again),
        Row("again", State.RETURNED, State.UNACKNOWLEDGED, by=_PROGRAM, body=Again),
        Row("again", State.ACKNOWLEDGED, State.UNACKNOWLEDGED, by=_PROGRAM, body=Again),
        Row("acknowledge", State.UNACKNOWLEDGED, State.ACKNOWLEDGED, by=_HANDS, body=Acknowledgement),
        Row("acknowledge", State.RETURNED, State.NORMAL, by=_HANDS, body=Acknowledgement),
        Row("clear", State.UNACKNOWLEDGED, State.RETURNED, by=_PROGRAM),
        Row("clear", State.ACKNOWLEDGED, State.NORMAL, by=_PROGRAM),
        *(Row("shelve", state, State.SHELVED, by=_HANDS, body=Shelving) for state in _IN_SERVICE),
        *(
            Row("remove", state, State.OUT_OF_SERVICE, by={Right.SUPERVISE, Right.MAINTAIN}, body=Reason)
            for state in _IN_SERVICE
        ),
        *(Row("clear", state, state, by=_PROGRAM) for state in _ASIDE),
        *(Row("again", state, state, by=_PROGRAM, body=Again) for state in _ASIDE),
        Row("unshelve", State.SHELVED, State.NORMAL, by=_HANDS | _PROGRAM),
        Row("resume", State.SHELVED, State.UNACKNOWLEDGED, by=_HANDS | _PROGRAM),
        Row("restore", State.OUT_OF_SERVICE, State.NORMAL, by={Right.SUPERVISE, Right.MAINTAIN}),
        Row("resume", State.OUT_OF_SERVICE, State.UNACKNOWLEDGED, by={Right.SUPERVISE, Right.MAINTAIN}),
    ),
)


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    raising: Raising | None = None
    active: bool = False  # whether the condition is there, also while it is shelved
    count: int = 0  # how often it was raised
    raised_at: Instant | None = None
    cleared_at: Instant | None = None
    acknowledged_at: Instant | None = None
    acknowledged_by: str = ""
    comment: str = ""
    shelved_until: Instant | None = None

    @property
    def batch(self) -> str:
        """Give the batch that it concerns; empty when none."""
        return self.raising.batch if self.raising else ""

    def check(self, fact: Fact, site: Site) -> None:  # noqa: ARG002  every object is asked the same way
        """Refuse to shelve without end, and to return an alarm to a state that its condition belies."""
        if fact.kind == "shelve":
            self._check_shelving(fact.stated(Shelving), fact.at)
        if fact.kind in {"unshelve", "restore"} and self.active:
            msg = f"alarm {self.id}: its condition is still there; 'resume' brings it back unacknowledged"
            raise RefusedError(msg)
        if fact.kind == "resume" and not self.active:
            other = "unshelve" if self.state is State.SHELVED else "restore"
            msg = f"alarm {self.id}: its condition is gone; {other!r} brings it back to normal"
            raise RefusedError(msg)

    def _check_shelving(self, said: Shelving, now: Instant) -> None:
        if self.raising is not None and self.raising.highly_managed:
            msg = f"alarm {self.id} is highly managed and may not be shelved"
            raise RefusedError(msg)
        last, until = now + LONGEST_SHELVING, Instant(said.until)
        if not now < until <= last:
            msg = f"alarm {self.id}: until is {said.until}; a moment after now and up to {iso(last)} is allowed"
            raise RefusedError(msg)

    def apply(self, fact: Fact) -> Self:
        """Give the alarm as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        match fact.kind:
            case "raise":
                fresh = replace(after, acknowledged_at=None, acknowledged_by="", comment="", cleared_at=None)
                return replace(
                    fresh, raising=fact.stated(Raising), active=True, count=self.count + 1, raised_at=fact.at
                )
            case "again":
                said = _told_again(self.raising, fact.stated(Again))
                return replace(after, raising=said, active=True, count=self.count + 1, raised_at=fact.at)
            case "clear":
                return replace(after, active=False, cleared_at=fact.at)
            case "acknowledge":
                comment = fact.stated(Acknowledgement).comment
                return replace(after, acknowledged_at=fact.at, acknowledged_by=fact.by, comment=comment)
            case "shelve":
                return replace(after, shelved_until=Instant(fact.stated(Shelving).until))
        return replace(after, shelved_until=None)


def _told_again(raising: Raising | None, again: Again) -> Raising | None:
    changed = {name: text for name, text in (("message", again.message), ("value", again.value)) if text}
    return raising.model_copy(update=changed) if raising and changed else raising


KIND = Kind("alarm", "plant", TABLE, Alarm)
