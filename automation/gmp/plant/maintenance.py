"""Maintenance plans: what is done to an asset at which interval; who did it, and when it is due again.

An asset whose maintenance is overdue is not ready. Quality may put one date off, with a reason; nobody else may.
Units:  intervals in days, moments in s (UTC).
Source: 21 CFR 211.67(a), (b)(1), (b)(2) (schedules, responsibility), 211.182 (equipment log); EU GMP chapter 3, 3.34.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self, cast

from automation.gmp.bodies.assets import EndOf, moment
from automation.gmp.codes import Moment
from automation.gmp.codes import moment as stated_moment
from automation.gmp.due import DAY, Due, until
from automation.gmp.marks import OPEN, of_asset
from automation.gmp.objects import Fact, Follow, Kind, Next, Site, Thing
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.clock import iso
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant, Seconds


class State(StrEnum):
    """Where a plan stands."""

    ABSENT = "absent"
    IN_FORCE = "in force"
    ENDED = "ended"


class Plan(Body):
    """What is done to which asset, how, how often."""

    asset: str = field(label="Asset", length=1)
    what: str = field(label="What is done", length=3)
    procedure: str = field(label="Procedure", length=1)
    every_d: float = field(label="Every", unit="d", low=0.04, high=3660)
    first: EndOf = field(label="First due", help="Date (to its end, in the site's zone) or ISO 8601 moment")


class Work(Body):
    """What was done and seen."""

    performed: Moment = field(label="Performed at")
    findings: str = field(label="Findings", length=3)
    parts: tuple[str, ...] = field(label="Parts", help="With their numbers", default=())


class Delay(Body):
    """Until when it is put off, and why that is no harm."""

    due: EndOf = field(label="Due", help="Date (to its end, in the site's zone) or ISO 8601 moment")
    reason: str = field(label="Reason", length=3)


_APPROVED = (Meaning.APPROVED,)

TABLE = Table(
    State.ABSENT,
    (
        Row("plan", State.ABSENT, State.IN_FORCE, by={Right.APPROVE}, signs=_APPROVED, body=Plan),
        Row("perform", State.IN_FORCE, State.IN_FORCE, by={Right.MAINTAIN}, signs=(Meaning.PERFORMED,), body=Work),
        Row("put_off", State.IN_FORCE, State.IN_FORCE, by={Right.APPROVE}, signs=_APPROVED, body=Delay),
        Row("end", State.IN_FORCE, State.ENDED, by={Right.APPROVE}, signs=_APPROVED, body=Reason),
    ),
)


@dataclass(frozen=True, slots=True)
class Maintenance:
    """One plan for one asset, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    plan: Plan | None = None
    since: Instant = Instant(0.0)  # when it was planned, or last done
    done_at: Instant = Instant(0.0)
    due: Instant = Instant(0.0)
    works: int = 0
    last: Work | None = None
    done_by: str = ""
    ended: str = ""  # why

    @property
    def asset(self) -> str:
        """Give the asset; empty before it is planned."""
        return self.plan.asset if self.plan else ""

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one in force is open; its asset."""
        asset = (of_asset(self.asset),) if self.plan else ()
        return (*asset, OPEN) if self.state is State.IN_FORCE else asset

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: the work, when its interval ends."""
        if self.state is not State.IN_FORCE or self.plan is None:
            return ()
        what = f"{self.plan.what} at {self.asset} ({self.id})"
        return (until(what, owner=Right.MAINTAIN, since=self.since, by=self.due, escalate=Right.APPROVE),)

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse a plan for what is not here, work of another time, and a date that is over."""
        match fact.body:
            case Plan() as said:
                known = site.find("asset", said.asset).state not in {"absent", "retired"}
                self._refuse(not known, f"is of {said.asset}, which is no asset in use here")
            case Work() as said:
                performed = stated_moment(said.performed, zone=fact.zone)
                self._refuse(performed > fact.at, f"was done at {said.performed}, still to come")
                self._refuse(performed < self.done_at, f"was done later, too: {iso(self.done_at, zone=fact.zone)}")
            case Delay() as said:
                due = moment(said.due, zone=fact.zone)
                self._refuse(due <= fact.at, f"is put off to {said.due}, which is over")
                self._check_reach(due, stated=said.due, zone=fact.zone)

    def _check_reach(self, due: Instant, *, stated: str, zone: str) -> None:
        """Refuse to put it off by more than one interval, however often: that is another plan, or none."""
        if self.plan is not None:
            every = Seconds(float(DAY) * self.plan.every_d)
            regular = self.done_at + every if self.works else moment(self.plan.first, zone=zone)
            was = f"{iso(regular, zone=zone)[:10]}, when it was due"
            far = f"is put off to {stated}, more than its {self.plan.every_d:g} d beyond {was}; do it, or end the plan"
            self._refuse(due > regular + every, far)

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"maintenance {self.id} {why}")

    def apply(self, fact: Fact) -> Self:
        """Give the plan as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        match fact.body:
            case Plan() as said:
                return replace(after, plan=said, since=fact.at, due=moment(said.first, zone=fact.zone))
            case Work() as said:
                performed = stated_moment(said.performed, zone=fact.zone)
                every = Seconds(float(DAY) * self.plan.every_d) if self.plan else Seconds(0.0)
                done = replace(after, last=said, done_by=fact.by, works=self.works + 1)
                return replace(done, since=performed, done_at=performed, due=performed + every)
            case Delay() as said:
                return replace(after, due=moment(said.due, zone=fact.zone))
        return replace(after, ended=fact.stated(Reason).reason)


def _told_asset(thing: Thing, _fact: Fact, _site: Site) -> Iterable[Next]:
    one = cast("Maintenance", thing)
    due = iso(one.due) if one.state is State.IN_FORCE else ""
    yield Next(f"asset/{one.asset}", "service", {"plan": one.id, "due": due})


FOLLOWS = tuple(
    Follow(f"maintenance-{name}", on, "the asset knows when it is due", "21 CFR 211.67", _told_asset)
    for on, name in {"plan": "planned", "perform": "done", "put_off": "put-off", "end": "ended"}.items()
)

KIND = Kind("maintenance", "plant", TABLE, Maintenance, FOLLOWS)
