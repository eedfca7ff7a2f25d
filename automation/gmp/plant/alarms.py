"""Alarms: one object for one tag, moved through the states of ISA-18.2.

Units:  ``until`` and ``lost_at`` are moments (s, UTC), durations s; limit and value are text with their unit.
Source: ISA-18.2 / IEC 62682 states A (normal) to I (out of service); Annex 11 draft 8: log with comments.

A latching alarm whose condition is gone stays until a person resets it. Shelved, suppressed by design and out of
service keep count of the condition, so that the alarm comes back as it stands.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self, TypeVar

from automation.gmp.due import Due, within
from automation.gmp.marks import OPEN
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.words import SYSTEM, Body, Reason, Right, field
from automation.kernel.clock import iso
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant, Seconds

_A = TypeVar("_A", bound="Alarm")
LONGEST_SHELVING = Seconds(8 * 3600.0)  # s; our default, one shift


class State(StrEnum):
    """Where an alarm stands; absent is normal and never raised."""

    ABSENT = "absent"
    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned"  # the condition is gone, nobody has acknowledged
    LATCHED = "latched unacknowledged"  # gone, and it does not go by itself
    LATCHED_ACKNOWLEDGED = "latched acknowledged"  # waits for a reset
    NORMAL = "normal"
    SHELVED = "shelved"
    SUPPRESSED = "suppressed by design"  # it means nothing in the state that the equipment is in
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
    latching: bool = field(label="Latching", help="Stays until it is reset", default=False)
    product: bool = field(label="Product at risk", default=False)
    asset: str = field(label="Asset", default="")
    respond_within: float = field(label="Time to respond", help="None when 0", unit="s", low=0, default=0.0)
    alarm_again: float = field(label="Re-alarm after", help="Never when 0", unit="s", low=0, default=0.0)
    shelve_at_most: float = field(label="Longest shelving", help="One shift when 0", unit="s", low=0, default=0.0)
    owner: str = field(label="Owner", default="")
    version: str = field(label="Rationalisation", help="Version of the definition", default="")


class Again(Body):
    """The condition is there again."""

    message: str = field(label="Message", help="As before when empty", default="")
    value: str = field(label="Value", help="With its unit", default="")


class Ending(Body):
    """The condition is gone."""

    finding: str = field(label="Finding", help="What it turned out to be", default="")


class Suppression(Body):
    """What makes the alarm meaningless for now."""

    by_design: str = field(label="By design", help="Operation and state", length=1)


class Acknowledgement(Body):
    """What the person makes of it."""

    comment: str = field(label="Comment", length=3)


class Shelving(Body):
    """Why and until when it is silenced."""

    reason: str = field(label="Reason", length=3)
    until: float = field(label="Until", unit="s")


_PROGRAM = frozenset({Right.SYSTEM})
_HANDS = frozenset({Right.PERFORM, Right.SUPERVISE})
_KEEPERS = frozenset({Right.SUPERVISE, Right.MAINTAIN})
_ASIDE = (State.SHELVED, State.SUPPRESSED, State.OUT_OF_SERVICE)
_IN_SERVICE = (
    State.UNACKNOWLEDGED,
    State.ACKNOWLEDGED,
    State.RETURNED,
    State.LATCHED,
    State.LATCHED_ACKNOWLEDGED,
    State.NORMAL,
)
STANDING = frozenset(_IN_SERVICE) - {State.NORMAL}
"""What stands in an alarm list: B to F."""
UNANSWERED = frozenset({State.UNACKNOWLEDGED, State.RETURNED, State.LATCHED})
"""Nobody has acted yet: B, D and E."""

TABLE = Table(
    State.ABSENT,
    (
        Row("raise", State.ABSENT, State.UNACKNOWLEDGED, by=_PROGRAM, body=Raising),
        Row("raise", State.NORMAL, State.UNACKNOWLEDGED, by=_PROGRAM, body=Raising),
        *(
            Row("again", state, State.UNACKNOWLEDGED, by=_PROGRAM, body=Again)
            for state in _IN_SERVICE
            if state is not State.UNACKNOWLEDGED
        ),
        Row("acknowledge", State.UNACKNOWLEDGED, State.ACKNOWLEDGED, by=_HANDS, body=Acknowledgement),
        Row("acknowledge", State.RETURNED, State.NORMAL, by=_HANDS, body=Acknowledgement),
        Row("acknowledge", State.LATCHED, State.LATCHED_ACKNOWLEDGED, by=_HANDS, body=Acknowledgement),
        Row("clear", State.UNACKNOWLEDGED, State.RETURNED, by=_PROGRAM, body=Ending),
        Row("clear", State.ACKNOWLEDGED, State.NORMAL, by=_PROGRAM, body=Ending),
        Row("latch", State.UNACKNOWLEDGED, State.LATCHED, by=_PROGRAM, body=Ending),
        Row("latch", State.ACKNOWLEDGED, State.LATCHED_ACKNOWLEDGED, by=_PROGRAM, body=Ending),
        Row("reset", State.LATCHED_ACKNOWLEDGED, State.NORMAL, by=_HANDS, body=Reason),
        *(Row("shelve", state, State.SHELVED, by=_HANDS, body=Shelving) for state in _IN_SERVICE),
        *(
            Row("suppress", state, State.SUPPRESSED, by=_PROGRAM, body=Suppression)
            for state in (State.ABSENT, *_IN_SERVICE)
        ),
        *(
            Row("remove", state, State.OUT_OF_SERVICE, by=_KEEPERS, body=Reason)
            for state in (State.ABSENT, *_IN_SERVICE)
        ),
        *(Row("clear", state, state, by=_PROGRAM, body=Ending) for state in _ASIDE),
        *(Row("again", state, state, by=_PROGRAM, body=Again) for state in _ASIDE),
        *(Row("raise", state, state, by=_PROGRAM, body=Raising) for state in _ASIDE),
        Row("unshelve", State.SHELVED, State.NORMAL, by=_HANDS | _PROGRAM),
        Row("resume", State.SHELVED, State.UNACKNOWLEDGED, by=_HANDS | _PROGRAM),
        Row("unsuppress", State.SUPPRESSED, State.NORMAL, by=_PROGRAM),
        Row("resume", State.SUPPRESSED, State.UNACKNOWLEDGED, by=_PROGRAM),
        Row("restore", State.OUT_OF_SERVICE, State.NORMAL, by=_KEEPERS),
        Row("resume", State.OUT_OF_SERVICE, State.UNACKNOWLEDGED, by=_KEEPERS),
    ),
)
_BACK = {State.SHELVED: "unshelve", State.SUPPRESSED: "unsuppress", State.OUT_OF_SERVICE: "restore"}


_RESPOND_IN = 600.0  # s; where its definition says nothing


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
    shelved_by: str = ""
    raised_seq: int = 0  # the event that raised it last
    aside_for: str = ""  # why it is shelved, suppressed or out of service
    finding: str = ""  # what it turned out to be when it was last over

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that is not at rest is open."""
        return () if self.state in {State.ABSENT, State.NORMAL} else (OPEN,)

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: acted on within the time to respond."""
        if not self.unanswered or self.raising is None or self.raised_at is None:
            return ()
        given = Seconds(self.raising.respond_within or _RESPOND_IN)
        what = f"act on alarm {self.id}: {self.raising.message}"
        owner = self.raising.owner or Right.PERFORM
        return (within(what, owner=owner, since=self.raised_at, given=given, escalate=Right.SUPERVISE),)

    @property
    def standing(self) -> bool:
        """Tell whether it stands in the alarm list."""
        return self.state in STANDING

    @property
    def unanswered(self) -> bool:
        """Tell whether nobody has acted on it yet."""
        return self.state in UNANSWERED

    @property
    def over(self) -> str:
        """Give the command that notes that the condition is gone: a latching alarm stays."""
        latches = self.raising is not None and self.raising.latching
        return "latch" if latches and self.state in {State.UNACKNOWLEDGED, State.ACKNOWLEDGED} else "clear"

    @property
    def back(self) -> str:
        """Give the command that brings an alarm back that was set aside; empty when it was not."""
        if self.state not in _ASIDE:
            return ""
        return "resume" if self.active else _BACK[self.state]

    @property
    def batch(self) -> str:
        """Give the batch that it concerns; empty when none."""
        return self.raising.batch if self.raising else ""

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse to shelve without end, to unshelve another's, and a return to a state that its condition belies."""
        if fact.kind == "shelve":
            self._check_shelving(fact.stated(Shelving), fact.at)
        if fact.kind in {"clear", "latch"} and fact.kind != self.over:
            stays = "stays until it is reset" if self.over == "latch" else "goes with its condition"
            raise RefusedError(f"alarm {self.id} {stays}; {self.over!r} notes that its condition is gone")
        if fact.kind in {"resume", *_BACK.values()}:
            self._check_shelver(fact, site)
        if fact.kind in {"resume", *_BACK.values()} and fact.kind != self.back:
            gone = "still there" if self.active else "gone"
            to = "unacknowledged" if self.active else "to normal"
            raise RefusedError(f"alarm {self.id}: its condition is {gone}; {self.back!r} brings it back {to}")

    def _check_shelver(self, fact: Fact, site: Site) -> None:
        own = fact.by == self.shelved_by or fact.by.startswith(f"{SYSTEM}:")
        if self.state is State.SHELVED and self.shelved_by and not own and Right.SUPERVISE not in site.rights(fact.by):
            who = f"was shelved by {self.shelved_by}"
            raise RefusedError(f"alarm {self.id} {who}: that person, a supervisor or its time brings it back")

    def _check_shelving(self, said: Shelving, now: Instant) -> None:
        if self.raising is not None and self.raising.highly_managed:
            msg = f"alarm {self.id} is highly managed and may not be shelved"
            raise RefusedError(msg)
        most = self.raising.shelve_at_most if self.raising is not None else 0.0
        last, until = now + (Seconds(most) if most else LONGEST_SHELVING), Instant(said.until)
        if not now < until <= last:
            msg = f"alarm {self.id}: until is {said.until}; a moment after now and up to {iso(last)} is allowed"
            raise RefusedError(msg)

    def apply(self, fact: Fact) -> Self:
        """Give the alarm as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        match fact.kind:
            case "raise":
                fresh = replace(after, acknowledged_at=None, acknowledged_by="", comment="", cleared_at=None)
                return _raised(replace(fresh, raising=fact.stated(Raising)), fact)
            case "again":
                return _raised(replace(after, raising=_told_again(self.raising, fact.stated(Again))), fact)
            case "clear" | "latch":
                return replace(after, active=False, cleared_at=fact.at, finding=_found(fact))
            case "acknowledge":
                comment = fact.stated(Acknowledgement).comment
                return replace(after, acknowledged_at=fact.at, acknowledged_by=fact.by, comment=comment)
            case "shelve":
                said = fact.stated(Shelving)
                return replace(after, shelved_until=Instant(said.until), shelved_by=fact.by, aside_for=said.reason)
            case "suppress":
                return replace(after, aside_for=fact.stated(Suppression).by_design)
            case "remove":
                return replace(after, aside_for=fact.stated(Reason).reason)
        return replace(after, shelved_until=None, shelved_by="", aside_for="")


def _raised(alarm: _A, fact: Fact) -> _A:
    counted = replace(alarm, count=alarm.count + 1, raised_at=fact.at, raised_seq=fact.seq)
    return replace(counted, active=True, finding="")


def _found(fact: Fact) -> str:
    """Give what was said of an alarm's end; earlier releases said nothing."""
    return fact.body.finding if isinstance(fact.body, Ending) else ""


def _told_again(raising: Raising | None, again: Again) -> Raising | None:
    changed = {name: text for name, text in (("message", again.message), ("value", again.value)) if text}
    return raising.model_copy(update=changed) if raising and changed else raising


KIND = Kind("alarm", "plant", TABLE, Alarm)
