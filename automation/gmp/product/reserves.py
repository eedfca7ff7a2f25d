"""Reserves: samples of a lot that are kept, and pulled by a plan (stability) or only with a reason (retention).

A plan names every sample, its condition, and when which one is pulled; another person approves it. A pull is signed by
two and is in its window, or it is one out of the plan that another person has approved, which leaves one sample less.
Units:  d for windows.
Source: 21 CFR 211.166 (stability), 211.170 (reserve samples), 211.194(a); ICH Q1A(R2) 2.2.7 (testing frequency).
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, Self, TypeVar, cast

from automation.gmp.codes import Moment, moment
from automation.gmp.due import DAY, Due, until, within
from automation.gmp.marks import OPEN, of_batch
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.errors import IdentityError, RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

_APPROVE_IN = 5 * DAY  # s
_NOT_HERE = frozenset({"absent", "cancelled", "destroyed", "emptied"})


class State(StrEnum):
    """Where a reserve stands."""

    ABSENT = "absent"
    PLANNED = "planned"
    KEPT = "kept"
    ENDED = "ended"
    CANCELLED = "cancelled"


class Sort(StrEnum):
    """What the samples are kept for."""

    STABILITY = "stability"
    RETENTION = "retention"


class Pull(Body):
    """One time point: which sample, when, for which tests."""

    sample: str = field(label="Sample", length=1)
    at: Moment = field(label="Pull at")
    tests: tuple[str, ...] = field(label="Tests", length=1)


class Plan(Body):
    """Which samples of which lot are kept, how and until when."""

    batch: str = field(label="Batch", length=1)
    sort: Sort = field(label="Kept for", help="stability or retention")
    samples: tuple[str, ...] = field(label="Samples", help="The containers as they are labelled", length=1)
    condition: str = field(
        label="Condition", help="For example: vapour of liquid nitrogen, at most -150 degC", length=3
    )
    pulls: tuple[Pull, ...] = field(label="Pulls", help="Of stability; none for retention", default=())
    window_d: float = field(label="Window of a pull, both ways", unit="d", low=0.0, default=0.0)
    until: Moment = field(label="Kept until")


class Pulling(Body):
    """Which sample was taken out, and where it went."""

    sample: str = field(label="Sample, scanned", length=1)
    to: str = field(label="Where to", help="The laboratory, with the test that was requested", length=2)


class Unplanned(Pulling):
    """As a pulling, out of the plan: why."""

    reason: str = field(label="Reason", length=3)


class Ending(Body):
    """What became of what was left, and what the data say."""

    conclusion: str = field(label="Conclusion", length=3)
    left: str = field(label="What became of the samples that are left", length=3)


_QUALITY = frozenset({Right.REVIEW, Right.INVESTIGATE})
_HANDS = frozenset({Right.PERFORM, Right.SUPERVISE})
_R = TypeVar("_R", bound="Reserve")
_TWO = (Meaning.PERFORMED, Meaning.VERIFIED)

TABLE = Table(
    State.ABSENT,
    (
        Row("plan", State.ABSENT, State.PLANNED, by=_QUALITY, signs=(Meaning.AUTHORED,), body=Plan),
        Row("replan", State.PLANNED, State.PLANNED, by=_QUALITY, signs=(Meaning.AUTHORED,), body=Plan),
        Row("cancel", State.PLANNED, State.CANCELLED, by=_QUALITY, body=Reason),
        Row("approve", State.PLANNED, State.KEPT, by={Right.APPROVE}, signs=(Meaning.APPROVED,)),
        Row("pull", State.KEPT, State.KEPT, by=_HANDS, signs=_TWO, body=Pulling),
        Row(
            "pull_unplanned",
            State.KEPT,
            State.KEPT,
            by=_HANDS,
            signs=(Meaning.PERFORMED, Meaning.APPROVED),
            body=Unplanned,
        ),
        Row("end", State.KEPT, State.ENDED, by={Right.APPROVE}, signs=(Meaning.APPROVED,), body=Ending),
    ),
)


class _Container(Protocol):
    """What a reserve asks of a sample."""

    state: str
    identity: str
    purpose: str


class _Batch(Protocol):
    """What a reserve asks of a batch."""

    state: str

    @property
    def identity(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Reserve:
    """One reserve, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    plan: Plan | None = None
    authors: tuple[str, ...] = ()
    moved_at: Instant = Instant(0.0)  # of the last move
    zone: str = "UTC"
    pulled: tuple[str, ...] = ()  # samples, in the order in which they went
    pulled_at: tuple[Instant, ...] = ()  # when each of them did
    unplanned: tuple[str, ...] = ()  # those of them that no plan had named
    conclusion: str = ""

    @property
    def left(self) -> tuple[str, ...]:
        """Give the samples that are still kept."""
        return tuple(one for one in self.plan.samples if one not in self.pulled) if self.plan else ()

    @property
    def to_come(self) -> tuple[Pull, ...]:
        """Give the pulls that are not done, the next first."""
        pulls = [one for one in self.plan.pulls if one.sample not in self.pulled] if self.plan else []
        return tuple(sorted(pulls, key=lambda one: float(moment(one.at, zone=self.zone))))

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that is not over is open; its batch."""
        batch = (of_batch(self.plan.batch),) if self.plan else ()
        return (*batch, *((OPEN,) if self.state in {State.PLANNED, State.KEPT} else ()))

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: approved in five days, each pull before its window ends, then ended."""
        if self.plan is None or self.state not in {State.PLANNED, State.KEPT}:
            return ()
        if self.state is State.PLANNED:
            what = f"approve reserve {self.id}"
            return (within(what, owner=Right.APPROVE, since=self.moved_at, given=_APPROVE_IN),)
        following = self.to_come
        if not following:
            end, what = moment(self.plan.until, zone=self.zone), f"end reserve {self.id}"
            return (until(what, owner=Right.APPROVE, since=self.moved_at, by=end),)
        one = following[0]
        end = moment(one.at, zone=self.zone) + self.plan.window_d * DAY
        what = f"pull {one.sample} of reserve {self.id} for {', '.join(one.tests)}"
        return (until(what, owner=Right.PERFORM, since=self.moved_at, by=end, escalate=Right.REVIEW),)

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse another patient's sample, the author as approver, a sample twice, a window missed, an early end."""
        match fact.body:
            case Plan() as said:
                self._check_plan(fact, said, site)
            case Unplanned() as said:
                self._check_kept(said.sample)
            case Pulling() as said:
                self._check_pull(fact, said)
            case Ending():
                self._check_end(fact)
        if fact.kind == "approve":
            self._refuse(fact.by in self.authors, f"was planned by {fact.by}; someone else has to approve it")

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"reserve {self.id} {why}")

    def _check_plan(self, fact: Fact, said: Plan, site: Site) -> None:
        batch = cast("_Batch", site.find("batch", said.batch))
        self._refuse(batch.state == State.ABSENT, f"is of batch {said.batch}, which was never issued")
        for name in said.samples:
            sample = cast("_Container", site.find("container", name))
            self._refuse(sample.state in _NOT_HERE, f"has no sample {name}: it is {sample.state}")
            self._refuse(sample.purpose == "product", f"can't keep {name}: it is product of the patient, no sample")
            if sample.identity != batch.identity:
                raise IdentityError(f"reserve {self.id}: sample {name} is of another chain of identity")
            other = next((one.id for one in _others(site, said.batch, but=self.id) if name in one.left), "")
            self._refuse(bool(other), f"can't keep {name}: it is kept by {other}")
        planned = [one.sample for one in said.pulls]
        self._refuse(len(set(planned)) < len(planned), "pulls a sample twice")
        strange = sorted(set(planned) - set(said.samples))
        self._refuse(bool(strange), f"pulls {', '.join(strange)}, which it does not keep")
        bare = said.sort is Sort.STABILITY and not said.pulls
        self._refuse(bare, "is for stability and names no pulls")
        end = moment(said.until, zone=fact.zone)
        late = [one.sample for one in said.pulls if not fact.at < moment(one.at, zone=fact.zone) <= end]
        self._refuse(bool(late), f"pulls {', '.join(late)} before now or after its end")
        self._refuse(end <= fact.at, f"is kept until {said.until}, which is over")

    def _check_kept(self, sample: str) -> None:
        self._refuse(sample not in self.left, f"does not keep {sample} any more, or never did")

    def _check_pull(self, fact: Fact, said: Pulling) -> None:
        self._check_kept(said.sample)
        one = next((pull for pull in self.to_come if pull.sample == said.sample), None)
        self._refuse(one is None, f"has no pull of {said.sample} in its plan; pull it unplanned, with a reason")
        if one is not None and self.plan is not None:
            planned, window = moment(one.at, zone=fact.zone), self.plan.window_d * DAY
            outside = abs(fact.at - planned) > window
            why = f"pulls {said.sample} at {one.at}, at most {self.plan.window_d:g} d before or after"
            self._refuse(outside, why)

    def _check_end(self, fact: Fact) -> None:
        left = ", ".join(one.sample for one in self.to_come)
        self._refuse(bool(left), f"can't be ended: {left} is still to be pulled")
        early = self.plan is not None and fact.at < moment(self.plan.until, zone=fact.zone)
        self._refuse(early and bool(self.left), f"is kept until {self.plan.until if self.plan else ''}")

    def apply(self, fact: Fact) -> Self:
        """Give the reserve as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest), moved_at=fact.at)
        match fact.body:
            case Plan() as said:
                authors = tuple(dict.fromkeys((*self.authors, fact.by)))
                return replace(after, plan=said, authors=authors, zone=fact.zone)
            case Unplanned() as said:
                gone = (*self.unplanned, said.sample)
                return replace(_less(after, said.sample, fact.at), unplanned=gone)
            case Pulling() as said:
                return _less(after, said.sample, fact.at)
            case Ending() as said:
                return replace(after, conclusion=said.conclusion)
        return after


def _less(reserve: _R, sample: str, at: Instant) -> _R:
    """Give a reserve without a sample."""
    return replace(reserve, pulled=(*reserve.pulled, sample), pulled_at=(*reserve.pulled_at, at))


def _others(site: Site, batch: str, *, but: str) -> tuple[Reserve, ...]:
    """Give the other reserves of a lot that keep something."""
    found = (one for one in site.marked("reserve", of_batch(batch)) if one.id != but and one.state in _GOING)
    return tuple(one for one in found if isinstance(one, Reserve))


_GOING = frozenset({State.PLANNED, State.KEPT})


def stability_of(site: Site, *, batch: str, sample: str) -> Reserve | None:
    """Give the reserve for stability that a sample of a lot belongs to; None when it belongs to none."""
    for one in site.marked("reserve", of_batch(batch)):
        if isinstance(one, Reserve) and one.plan and one.plan.sort is Sort.STABILITY and sample in one.plan.samples:
            return one
    return None


KIND = Kind("reserve", "product", TABLE, Reserve)
