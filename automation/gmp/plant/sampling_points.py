"""Sampling points of the environmental monitoring plan: where, how, how often, and which results call for what.

The action limit is that of the grade, or a stricter one of the site; the alert level is the site's own, from its trend.
The point keeps its last results, so that trend and alert level can be looked at together.
Units:  those of the method (``cleanrooms.UNITS``); intervals in h; moments in s (UTC).
Source: EU GMP Annex 1 (2022), 9.4 to 9.11 (programme, alert and action limits, trend), 9.15, 9.30;
        USP <1116> (contamination recovery rate).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, Self, cast

from automation.formulas.cleanrooms import UNITS, VIABLE, Grade, Method, Use, highest
from automation.gmp.bodies.rooms import Layout
from automation.gmp.due import HOUR, Due, until
from automation.gmp.marks import OPEN
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant, Seconds

WORD = "sampling-point"
_KEPT = 200  # results
_ENOUGH = 20  # results, below which a trend proposes no alert level
_SHARE = 0.95  # of the results that an alert level should not reach


class State(StrEnum):
    """Where a point stands."""

    ABSENT = "absent"
    IN_FORCE = "in force"
    ENDED = "ended"


class Verdict(StrEnum):
    """What a result calls for."""

    NORMAL = "normal"
    ALERT = "alert"
    ACTION = "action"


class Plan(Body):
    """What is sampled, how and how often."""

    room: str = field(label="Room", length=1)
    place: str = field(label="Place", help="Where in the room, as on its plan", length=1)
    method: Method = field(label="Method")
    grade: Grade = field(label="Grade", help="Of the place: A, B, C or D")
    use: Use = field(label="Use", help="at rest or in operation", default=Use.IN_OPERATION)
    every_h: float = field(label="Every", unit="h", low=0.1, high=9000)
    alert: float = field(label="Alert level", help="Highest result that needs no look", low=0)
    action: float | None = field(
        label="Action limit", help="Highest allowed; the grade's when none", low=0, default=None
    )
    least_h: float = field(label="Least incubation", help="None when 0", unit="h", low=0, high=9000, default=0.0)
    rationale: str = field(label="Rationale", help="Why here, and why this level", length=3)


class Note(Body):
    """One result."""

    sample: str = field(label="Sample", length=1)
    value: float = field(label="Result", low=0)
    verdict: Verdict = field(label="Verdict")


_APPROVED = (Meaning.APPROVED,)

TABLE = Table(
    State.ABSENT,
    (
        *(
            Row(command, source, State.IN_FORCE, by={Right.APPROVE}, signs=_APPROVED, body=Plan)
            for command, source in (("plan", State.ABSENT), ("alter", State.IN_FORCE))
        ),
        Row("note", State.IN_FORCE, State.IN_FORCE, by={Right.SYSTEM}, body=Note),
        Row("end", State.IN_FORCE, State.ENDED, by={Right.APPROVE}, signs=_APPROVED, body=Reason),
    ),
)


class _Room(Protocol):
    """What a point asks of its room."""

    @property
    def state(self) -> str: ...
    @property
    def layout(self) -> Layout | None: ...


@dataclass(frozen=True, slots=True)
class Point:
    """One sampling point, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    plan: Plan | None = None
    begun_at: Instant = Instant(0.0)  # when it came into force first
    planned_at: Instant = Instant(0.0)
    sampled_at: Instant | None = None  # when the last result came
    results: tuple[float, ...] = ()  # the last ones
    ended: str = ""  # why

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one in force is open."""
        return (OPEN,) if self.state is State.IN_FORCE else ()

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: the next sample."""
        if self.state is not State.IN_FORCE or self.plan is None:
            return ()
        since = self.sampled_at or self.planned_at
        end = since + Seconds(self.plan.every_h * float(HOUR))
        what = f"sample {self.plan.place} in {self.plan.room} by {self.plan.method} ({self.id})"
        return (until(what, owner=Right.PERFORM, since=since, by=end, escalate=Right.REVIEW),)

    @property
    def limit(self) -> float | None:
        """Give the highest result that needs no action; None where neither grade nor site has one."""
        if self.plan is None:
            return None
        of_grade, own = highest(self.plan.grade, self.plan.method, self.plan.use), self.plan.action
        return min((one for one in (of_grade, own) if one is not None), default=None)

    def judge(self, value: float) -> Verdict:
        """Say what a result calls for."""
        if self.limit is not None and value > self.limit:
            return Verdict.ACTION
        return Verdict.ALERT if self.plan is not None and value > self.plan.alert else Verdict.NORMAL

    def told(self, _site: Site) -> Iterator[str]:
        """Say the limits, and what the last results say of them."""
        if self.plan is None:
            return
        unit = UNITS[self.plan.method]
        limit = "none" if self.limit is None else f"{self.limit:g} {unit}"
        yield f"alert above {self.plan.alert:g} {unit}, action above {limit} (grade {self.plan.grade})"
        if not self.results:
            return
        grown = sum(1 for one in self.results if one > 0)
        mean = sum(self.results) / len(self.results)
        share = 100 * grown / len(self.results)
        yield f"last {len(self.results)} results: mean {mean:.2g} {unit}, {share:.1f} % above 0"
        if len(self.results) >= _ENOUGH:
            nearest = sorted(self.results)[math.ceil(_SHARE * len(self.results)) - 1]
            yield f"95 % of them are at most {nearest:g} {unit}"

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse a point in no room, without a limit, or with a limit above the grade's."""
        if not isinstance(fact.body, Plan):
            return
        said = fact.body
        room = cast("_Room", site.find("room", said.room))
        self._refuse(room.state == "absent", f"is in {said.room}, which is no room here")
        of_grade = highest(said.grade, said.method, said.use)
        limit = said.action if said.action is not None else of_grade
        self._refuse(limit is None, f"needs an action limit of its own: grade {said.grade} has none for {said.method}")
        if of_grade is not None and said.action is not None:
            self._refuse(
                said.action > of_grade, f"has action limit {said.action:g}; grade {said.grade} allows {of_grade}"
            )
        whole = room.layout.grade if room.layout is not None else said.grade
        lower = list(Grade).index(said.grade) > list(Grade).index(whole)
        self._refuse(lower, f"is of grade {said.grade}; {said.room} is of grade {whole}, and so is all in it")
        high = limit is not None and said.alert > limit
        self._refuse(high, f"has alert level {said.alert:g} above its action limit {limit}")

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"sampling point {self.id} {why}")

    def apply(self, fact: Fact) -> Self:
        """Give the point as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        match fact.body:
            case Plan() as said:
                same = self.plan is not None and self.plan.method is said.method
                begun = fact.at if self.plan is None else self.begun_at
                results = self.results if same else ()
                return replace(after, plan=said, begun_at=begun, planned_at=fact.at, results=results)
            case Note(value=value):
                return replace(after, sampled_at=fact.at, results=(*self.results[1 - _KEPT :], value))
        return replace(after, ended=fact.stated(Reason).reason)


def is_viable(point: Point) -> bool:
    """Tell whether what is sampled has to grow before it can be counted."""
    return point.plan is not None and point.plan.method in VIABLE


KIND = Kind(WORD, "plant", TABLE, Point)
