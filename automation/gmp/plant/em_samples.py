"""Environmental samples: plates, active air and particle counts, from their exposure to the review of what was found.

A plate is read days after it was exposed. A result that calls for action reaches back: every batch whose product was
open in the room in the window of the exposure is held and looked into, once, at the first reading that shows it.
Units:  counts in CFU or particles; volumes in L; results in the unit of the method; moments in s (UTC).
Source: EU GMP Annex 1 (2022), 9.13 (batches made until the reading are assessed), 9.14 to 9.31 (total and viable
        particles, settle plates for at most 4 h, what grew is identified); 21 CFR 211.42(c)(10)(iv), 211.192.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, Self, cast

from automation.formulas.cleanrooms import UNITS, Method
from automation.gmp.codes import Moment, moment
from automation.gmp.due import DAY, HOUR, Due, until, within
from automation.gmp.marks import OPEN
from automation.gmp.objects import Fact, Follow, Kind, Next, Site, Thing
from automation.gmp.plant.sampling_points import WORD as POINT
from automation.gmp.plant.sampling_points import Point, Verdict, is_viable
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.clock import iso
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant, Seconds

_SETTLE = Seconds(4 * 3600.0)  # s; longer exposed plates dry out
_REASON = 3  # characters, at least
_CUBIC = 1000.0  # L in 1 m3
_MINUTE = Seconds(60.0)  # s; people write no seconds
_LATE = 12 * HOUR  # s, a long shift; later it is not recorded at the time of the work any more
_INCUBATE_IN, _REVIEW_IN = 1 * DAY, 2 * DAY  # s


class State(StrEnum):
    """Where a sample stands."""

    ABSENT = "absent"
    TAKEN = "taken"
    INCUBATING = "incubating"
    READ = "read"
    REVIEWED = "reviewed"
    LOST = "lost"


class Exposure(Body):
    """Where and when it was taken."""

    point: str = field(label="Sampling point", length=1)
    since: Moment = field(label="Exposed from")
    until: Moment = field(label="Exposed until")
    medium: str = field(label="Lot of the medium", help="Of everything that has to grow", default="")
    volume_l: float = field(label="Volume of air", unit="L", help="Of active air and particles", low=0, default=0.0)
    person: str = field(label="Person", help="Of a glove print", default="")
    late: str = field(label="Why so late", help="Only of what is recorded 12 h after it and later", default="")


class Incubation(Body):
    """In which incubator it is, and from when on it may be read."""

    asset: str = field(label="Incubator", length=1)
    until: Moment = field(label="Incubated until")
    program: str = field(label="Temperatures and times", length=3)


class Reading(Body):
    """What was counted."""

    count: int = field(label="Count", help="Colonies or particles; 300 for too many to count", low=0)
    seen: str = field(label="What was seen", default="")


class Organism(Body):
    """What grew."""

    name: str = field(label="Organism", length=3)
    method: str = field(label="Identified by", length=3)
    origin: str = field(label="Likely origin", help="Skin, water, spores, process", default="")


class Review(Body):
    """What the reviewer makes of it."""

    conclusion: str = field(label="Conclusion", length=3)


_HANDS = frozenset({Right.PERFORM, Right.VERIFY})

TABLE = Table(
    State.ABSENT,
    (
        Row("take", State.ABSENT, State.TAKEN, by={Right.PERFORM}, body=Exposure),
        Row("incubate", State.TAKEN, State.INCUBATING, by=_HANDS, body=Incubation),
        Row("look", State.INCUBATING, State.INCUBATING, by=_HANDS, body=Reading),
        Row("count", State.TAKEN, State.READ, by=_HANDS, signs=(Meaning.PERFORMED,), body=Reading),
        Row("read", State.INCUBATING, State.READ, by=_HANDS, signs=(Meaning.PERFORMED,), body=Reading),
        Row("identify", State.READ, State.READ, by=_HANDS | {Right.INVESTIGATE}, body=Organism),
        Row("review", State.READ, State.REVIEWED, by={Right.REVIEW}, signs=(Meaning.REVIEWED,), body=Review),
        *(Row("lose", source, State.LOST, by=_HANDS, body=Reason) for source in (State.TAKEN, State.INCUBATING)),
    ),
)


class _Room(Protocol):
    """What a sample asks of its room."""

    def open_in(self, since: Instant, until: Instant) -> tuple[str, ...]:
        """Give the batches whose product was open at any moment of a window."""
        ...


class _Lot(Protocol):
    """What a sample asks of the lot of its medium."""

    @property
    def released_at(self) -> Instant | None: ...
    def ready(self, now: Instant, *, zone: str) -> tuple[str, ...]:
        """Give what stands in the way of its use."""
        ...


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    exposure: Exposure | None = None
    since: Instant = Instant(0.0)
    until: Instant = Instant(0.0)
    incubation: Incubation | None = None
    readable_at: Instant = Instant(0.0)
    moved_at: Instant = Instant(0.0)
    counts: tuple[int, ...] = ()  # of every look, the reading last
    read_by: str = ""
    organisms: tuple[Organism, ...] = ()
    reviewed_by: str = ""
    lost: str = ""  # why

    @property
    def point(self) -> str:
        """Give the sampling point; empty before it is taken."""
        return self.exposure.point if self.exposure else ""

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that is neither reviewed nor lost is open."""
        return (OPEN,) if self.state in {State.TAKEN, State.INCUBATING, State.READ} else ()

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: incubated in a day, read when it may be, reviewed two days later."""
        match self.state:
            case State.TAKEN:
                what = f"incubate or read sample {self.id}"
                return (within(what, owner=Right.PERFORM, since=self.moved_at, given=_INCUBATE_IN),)
            case State.INCUBATING:
                what, end = f"read sample {self.id}", self.readable_at + _INCUBATE_IN
                return (until(what, owner=Right.PERFORM, since=self.moved_at, by=end, escalate=Right.REVIEW),)
            case State.READ:
                what = f"review sample {self.id}"
                return (
                    within(what, owner=Right.REVIEW, since=self.moved_at, given=_REVIEW_IN, escalate=Right.APPROVE),
                )
        return ()

    def result(self, count: int, point: Point) -> float:
        """Give a count in the unit of the method: per m3 of air, else as it is."""
        per_volume = point.plan is not None and point.plan.method in {
            Method.AIR,
            Method.PARTICLES_05,
            Method.PARTICLES_5,
        }
        volume = self.exposure.volume_l if self.exposure else 0.0
        return count * _CUBIC / volume if per_volume else float(count)

    def told(self, site: Site) -> tuple[str, ...]:
        """Say what was found, what that calls for, and which batches were open."""
        point = cast("Point", site.find(POINT, self.point))
        if point.plan is None:
            return ()
        batches = ", ".join(self.open_batches(site)) or "none"
        opened = f"open in {point.plan.room} meanwhile: {batches}"
        if not self.counts:
            return (opened,)
        value = self.result(self.counts[-1], point)
        return (f"{value:g} {UNITS[point.plan.method]}: {point.judge(value)}", opened)

    def open_batches(self, site: Site) -> tuple[str, ...]:
        """Give the batches whose product was open in the room in the window of the exposure."""
        plan = cast("Point", site.find(POINT, self.point)).plan
        room = cast("_Room", site.find("room", plan.room)) if plan else None
        return room.open_in(self.since, self.until) if room is not None else ()

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse what shows nothing: wrong windows, unfit media, early readings, and the reader as reviewer."""
        point = cast("Point", site.find(POINT, self.point))
        match fact.body:
            case Exposure() as said:
                self._check_exposure(fact, said, site)
            case Incubation() as said:
                self._refuse(not is_viable(point), "has nothing that grows; count it")
                self._refuse(
                    moment(said.until, zone=fact.zone) <= fact.at, f"is incubated until {said.until}, now over"
                )
                hours = float(moment(said.until, zone=fact.zone) - fact.at) / float(HOUR)
                least = point.plan.least_h if point.plan is not None else 0.0
                self._refuse(hours < least, f"would grow for {hours:.1f} h; {self.point} asks for {least:g} h at least")
                state = site.find("asset", said.asset).state
                self._refuse(state != "qualified", f"is incubated in {said.asset}, which is {state}, not qualified")
            case Reading() if fact.kind == "count":
                self._refuse(is_viable(point), "has to grow before it is read: incubate it")
            case Reading(count=count):
                at = self.incubation.until if self.incubation else ""
                early = fact.kind == "read" and fact.at < self.readable_at
                self._refuse(early, f"is incubated until {at}; until then it can only be looked at")
                fewer = bool(self.counts) and count < max(self.counts)
                self._refuse(fewer, f"had {max(self.counts, default=0)} colonies before; they don't go away")
            case Review():
                self._check_review(fact, point)

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"sample {self.id} {why}")

    def _check_exposure(self, fact: Fact, said: Exposure, site: Site) -> None:
        point = cast("Point", site.find(POINT, said.point))
        plan = point.plan
        if plan is None or point.state != "in force":
            raise RefusedError(f"sample {self.id} is of {said.point}, which is no sampling point in force")
        since, end = moment(said.since, zone=fact.zone), moment(said.until, zone=fact.zone)
        self._refuse(not since <= end <= fact.at, "has to begin before it ends, and to be over")
        long = plan.method is Method.SETTLE and end - since > _SETTLE
        self._refuse(long, "was exposed for more than 4 h; change settle plates before they dry out")
        self._check_time(fact, said, begun=point.begun_at, what=f"{said.point} was planned")
        air = plan.method in {Method.AIR, Method.PARTICLES_05, Method.PARTICLES_5}
        self._refuse(air and said.volume_l <= 0, f"of {plan.method} needs the volume of air")
        self._refuse(plan.method is Method.GLOVE and not said.person, "of a glove needs the person")
        if is_viable(point):
            self._refuse(not said.medium, "needs the lot of its medium")
            lot = cast("_Lot", site.find("lot", said.medium))
            wrong = "; ".join(lot.ready(end, zone=fact.zone))
            self._refuse(bool(wrong), f"is on {said.medium}: {wrong}")
            if lot.released_at is not None:
                self._check_time(fact, said, begun=lot.released_at, what=f"{said.medium} was released")

    def _check_time(self, fact: Fact, said: Exposure, *, begun: Instant, what: str) -> None:
        """Refuse an exposure before there was what it needs, and one that is recorded late without a reason."""
        since, end = moment(said.since, zone=fact.zone), moment(said.until, zone=fact.zone)
        when = iso(begun, zone=fact.zone)[:16]
        self._refuse(since < begun - _MINUTE, f"was exposed from {said.since}, before {what} ({when})")
        late = fact.at - end > _LATE and len(said.late) < _REASON
        self._refuse(late, f"was over at {said.until}, more than 12 h ago; state under late why it is recorded now")

    def _check_review(self, fact: Fact, point: Point) -> None:
        self._refuse(fact.by == self.read_by, f"was read by {fact.by}; someone else has to review it")
        count = self.counts[-1] if self.counts else 0
        action = point.judge(self.result(count, point)) is Verdict.ACTION
        unknown = action and is_viable(point) and not self.organisms
        self._refuse(unknown, "calls for action; identify what grew first")

    def apply(self, fact: Fact) -> Self:
        """Give the sample as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest), moved_at=fact.at)
        match fact.body:
            case Exposure() as said:
                since, end = moment(said.since, zone=fact.zone), moment(said.until, zone=fact.zone)
                return replace(after, exposure=said, since=since, until=end)
            case Incubation() as said:
                return replace(after, incubation=said, readable_at=moment(said.until, zone=fact.zone))
            case Reading(count=count):
                reader = self.read_by if fact.kind == "look" else fact.by
                return replace(after, counts=(*self.counts, count), read_by=reader)
            case Organism() as said:
                return replace(after, organisms=(*self.organisms, said))
            case Reason(reason=reason):
                return replace(after, lost=reason)
        return replace(after, reviewed_by=fact.by)


def _judged(thing: Thing, fact: Fact, site: Site) -> Iterable[Next]:
    """Hold and look into what was open, at the first count that calls for action; note the reading at its point."""
    sample = cast("Sample", thing)
    point = cast("Point", site.find(POINT, sample.point))
    if point.plan is None:
        return
    *before, count = (sample.result(one, point) for one in sample.counts)
    found, unit = point.judge(count), UNITS[point.plan.method]
    if fact.kind != "look":
        yield Next(f"{POINT}/{point.id}", "note", {"sample": sample.id, "value": count, "verdict": found})
    if found is not Verdict.ACTION or any(point.judge(one) is Verdict.ACTION for one in before):
        return
    where = f"{point.plan.place} in {point.plan.room}"
    title = f"{count:g} {unit} at {where} (sample {sample.id}); at most {point.limit:g} are allowed"
    body = {"subject": f"em-sample/{sample.id}", "title": title, "rule": f"grade {point.plan.grade}"}
    yield Next(f"deviation/{sample.id}-D00", "open", body)
    for number, batch in enumerate(sample.open_batches(site), start=1):
        deviation = f"{sample.id}-D{number:02d}"
        said = f"{title}; its product was open there"
        yield Next(f"deviation/{deviation}", "open", {**body, "title": said, "batch": batch})
        yield Next(f"qa-hold/{sample.id}-{batch}", "place", {"batch": batch, "reason": said, "deviation": deviation})


def _missed(thing: Thing, fact: Fact, _site: Site) -> Iterable[Next]:
    """Open a deviation for a sample that can't be read any more."""
    title = f"environmental sample {thing.id} was lost: {fact.stated(Reason).reason}"
    yield Next(f"deviation/{thing.id}-D00", "open", {"subject": f"em-sample/{thing.id}", "title": title})


_CLAUSE = "EU GMP Annex 1, 9.13, 9.30; 21 CFR 211.42(c)(10)(iv), 211.192"
FOLLOWS = (
    Follow("em-looked-at", "look", "an early count reaches every batch that was open, too", _CLAUSE, _judged),
    Follow(
        "em-read", "read", "a count beyond its limit reaches every batch that was open in the room", _CLAUSE, _judged
    ),
    Follow("em-counted", "count", "so does a count of particles", _CLAUSE, _judged),
    Follow("em-lost", "lose", "a sample that is lost is looked into", "EU GMP Annex 1, 9.4", _missed),
)

KIND = Kind("em-sample", "plant", TABLE, Sample, FOLLOWS)
