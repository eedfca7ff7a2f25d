"""Timers: limits on time between two moves, exposure clocks and shelf lives; judged by when, not by who was awake.

Units:  ``due`` and ``warn`` are moments (s, UTC).
Source: 21 CFR 211.111 time limits on production, deviation justified and documented.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from automation.gmp.due import Due
from automation.gmp.marks import OPEN
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.words import Body, Reason, Right, field
from automation.kernel.clock import iso
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant, Seconds

NEAR = Seconds(0.001)  # s; this close to the due moment either verdict stands, so that no rounding decides


class State(StrEnum):
    """Where a timer stands."""

    ABSENT = "absent"
    RUNNING = "running"
    WARNED = "warned"
    MET = "met"
    OVERRUN = "overrun"
    CANCELLED = "cancelled"


class Clock(StrEnum):
    """What the time counts."""

    EXPOSURE = "exposure"
    LIMIT = "limit"
    SHELF = "shelf"


class Start(Body):
    """What has to happen until when, and which rule says so."""

    what: str = field(label="What", help="What has to happen in time", length=1)
    batch: str = field(label="Batch", default="")
    step: str = field(label="Step", default="")
    due: float = field(label="Due", unit="s")
    warn: float | None = field(label="Warn at", unit="s", default=None)
    since: float | None = field(label="Counts since", unit="s", help="Empty: since this entry", default=None)
    clock: Clock = field(label="Clock", default=Clock.LIMIT)
    rule: str = field(label="Rule", help="The limit of the recipe, or the clause", default="")


_PROGRAM = frozenset({Right.SYSTEM})
_GOING = (State.RUNNING, State.WARNED)

TABLE = Table(
    State.ABSENT,
    (
        Row("start", State.ABSENT, State.RUNNING, by=_PROGRAM, body=Start),
        Row("warn", State.RUNNING, State.WARNED, by=_PROGRAM),
        *(Row("meet", state, State.MET, by=_PROGRAM) for state in _GOING),
        *(Row("overrun", state, State.OVERRUN, by=_PROGRAM) for state in _GOING),
        *(Row("cancel", state, State.CANCELLED, by=_PROGRAM, body=Reason) for state in _GOING),
    ),
)


@dataclass(frozen=True, slots=True)
class Timer:
    """One timer, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    what: str = ""
    batch: str = ""
    step: str = ""
    due: Instant = Instant(0.0)
    warn: Instant | None = None
    clock: Clock = Clock.LIMIT
    rule: str = ""
    started_at: Instant | None = None
    ended_at: Instant | None = None

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that still counts is open."""
        return (OPEN,) if self.going else ()

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give until when what it waits for has to come."""
        if not self.going or not self.bounded:
            return ()
        what = f"{self.what} of {self.batch}" if self.batch else self.what
        return (Due(what, Right.PERFORM, self.due, self.due if self.warn is None else self.warn, Right.SUPERVISE),)

    @property
    def going(self) -> bool:
        """Tell whether it still counts."""
        return self.state in _GOING

    def verdict(self, at: Instant) -> str:
        """Give the command that ends it when the awaited move comes at ``at``: meet or overrun."""
        return "meet" if not self.bounded or at <= self.due else "overrun"

    @property
    def bounded(self) -> bool:
        """Tell whether it can be overrun; one that is due at its start only measures."""
        return self.started_at is None or self.due > self.started_at

    def check(self, fact: Fact, site: Site) -> None:  # noqa: ARG002  every object is asked the same way
        """Refuse a verdict that the time belies, whenever it is given."""
        if fact.kind == "start":
            said = fact.stated(Start)
            if said.since is not None and Instant(said.since) > fact.at:
                msg = f"timer {self.id}: since is {said.since}, which is still to come; at or before now is allowed"
                raise RefusedError(msg)
            if said.warn is not None and said.warn > said.due:
                msg = f"timer {self.id}: warn is {said.warn}, after due {said.due}; at or before it is allowed"
                raise RefusedError(msg)
        just_now = abs(fact.at - self.due) <= NEAR
        if fact.kind in {"meet", "overrun"} and fact.kind != self.verdict(fact.at) and not just_now:
            verdict = f"at {iso(fact.at)} the verdict is {self.verdict(fact.at)!r}"
            msg = f"timer {self.id} was due at {iso(self.due)}; {verdict}"
            raise RefusedError(msg)
        if fact.kind == "warn" and (self.warn is None or fact.at < self.warn - NEAR):
            at = "none is set" if self.warn is None else f"it is set for {iso(self.warn)}"
            msg = f"timer {self.id}: no warning is due, {at}"
            raise RefusedError(msg)

    def apply(self, fact: Fact) -> Self:
        """Give the timer as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        if fact.kind == "start":
            said = fact.stated(Start)
            return replace(
                after,
                what=said.what,
                batch=said.batch,
                step=said.step,
                due=Instant(said.due),
                warn=None if said.warn is None else Instant(said.warn),
                clock=said.clock,
                rule=said.rule,
                started_at=fact.at if said.since is None else Instant(said.since),
            )
        return after if fact.kind == "warn" else replace(after, ended_at=fact.at)


KIND = Kind("timer", "quality", TABLE, Timer)
