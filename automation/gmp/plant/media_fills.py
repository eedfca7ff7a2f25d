"""Media fills: the open steps of a process with growth medium in place of product, incubated, and read 14 days later.

Any growth fails it, and acts at the first look that shows it: a deviation, everybody who took part loses the skill, the
room is suspended, and every batch that was open there since the last good one is held and looked into. One that passed
renews the skill of everybody who took part; the third in a row brings a suspended room back. It is due again for each
of them and for the process, until a later one of that process passed with that person, or somebody says why not.
Units:  degC; moments in s (UTC).
Source: EU GMP Annex 1 (2022), 9.32 to 9.49, of these 9.38 and 9.39 (three in a row at first, then about every six
        months; of those who fill by hand everybody, of others once a year) and 9.46 (no growth, and what follows when
        there is); 21 CFR 211.113(b); FDA as in ``bodies.media_fills``.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, Self, cast

from automation.gmp.bodies.media_fills import Conclusion, Excusal, Filled, Growth, Look, Renewal, Simulation, Turn
from automation.gmp.codes import moment
from automation.gmp.due import DAY, Due, until, within
from automation.gmp.marks import OPEN, filled_in, of_batch, of_process
from automation.gmp.objects import Fact, Follow, Kind, Next, Site, Thing
from automation.gmp.plant.em_samples import Organism
from automation.gmp.words import Meaning, Reason, Right
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

WORD = "media-fill"
EACH, WHOLE = 7 * DAY, 14 * DAY  # s, at each of two temperatures, and together
IN_A_ROW = 3  # that passed, before a room is used again
_CONCLUDE_IN = 2 * DAY  # s


class State(StrEnum):
    """Where a media fill stands."""

    ABSENT = "absent"
    PLANNED = "planned"
    INCUBATING = "incubating"
    WARMER = "at the second temperature"
    READ = "read"
    PASSED = "passed"
    FAILED = "failed"
    ABANDONED = "abandoned"


_HANDS = frozenset({Right.PERFORM, Right.VERIFY})
_TWO = (Meaning.PERFORMED, Meaning.VERIFIED)
_LEADERS = frozenset({Right.SUPERVISE, Right.REVIEW})
_UNREAD = (State.PLANNED, State.INCUBATING, State.WARMER)

TABLE = Table(
    State.ABSENT,
    (
        Row(
            "plan",
            State.ABSENT,
            State.PLANNED,
            by=_LEADERS,
            signs=(Meaning.AUTHORED, Meaning.APPROVED),
            body=Simulation,
        ),
        Row("incubate", State.PLANNED, State.INCUBATING, by={Right.PERFORM}, signs=_TWO, body=Filled),
        *(Row("look", state, state, by=_HANDS, body=Look) for state in (State.INCUBATING, State.WARMER)),
        Row("turn", State.INCUBATING, State.WARMER, by=_HANDS, signs=(Meaning.PERFORMED,), body=Turn),
        Row("read", State.WARMER, State.READ, by={Right.PERFORM}, signs=_TWO, body=Growth),
        Row("identify", State.READ, State.READ, by=_HANDS | {Right.INVESTIGATE}, body=Organism),
        Row("pass", State.READ, State.PASSED, by={Right.APPROVE}, signs=(Meaning.APPROVED,), body=Conclusion),
        Row("fail", State.READ, State.FAILED, by={Right.APPROVE}, signs=(Meaning.APPROVED,), body=Conclusion),
        Row("renew", State.PASSED, State.PASSED, by={Right.SYSTEM}, body=Renewal),
        Row("excuse", State.PASSED, State.PASSED, by=_LEADERS, signs=(Meaning.RESPONSIBLE,), body=Excusal),
        *(
            Row("abandon", state, State.ABANDONED, by=_LEADERS, signs=(Meaning.RESPONSIBLE,), body=Reason)
            for state in _UNREAD
        ),
    ),
)


class _Lot(Protocol):
    """What is asked of the lot of the medium."""

    def ready(self, now: Instant, *, zone: str) -> tuple[str, ...]:
        """Give what stands in the way of its use."""
        ...


class _Room(Protocol):
    """What is asked of the room."""

    @property
    def suspended(self) -> str: ...
    @property
    def suspended_at(self) -> Instant: ...
    def open_in(self, since: Instant, until: Instant) -> tuple[str, ...]:
        """Give the batches whose product was open at any moment of a window."""
        ...


class _Prompt(Protocol):
    """What is asked of the questions of the batch in which it was filled."""

    answered_by: str
    verified_by: str


@dataclass(frozen=True, slots=True)
class MediaFill:
    """One media fill, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    plan: Simulation | None = None
    planned_by: str = ""
    filled: Filled | None = None
    filled_at: Instant = Instant(0.0)
    turn: Turn | None = None
    turned_at: Instant = Instant(0.0)
    grown: tuple[int, ...] = ()  # units with growth at every look, the reading last
    reading: Growth | None = None
    hands: tuple[str, ...] = ()  # who incubated, turned, looked, read or identified, also as the second person
    organisms: tuple[Organism, ...] = ()
    moved_at: Instant = Instant(0.0)
    conclusion: str = ""
    over_for: tuple[str, ...] = ()  # for whom it is not due again any more
    repeated: bool = False  # whether a later one of its process passed

    @property
    def people(self) -> tuple[str, ...]:
        """Give everybody who took part, each once."""
        return tuple(dict.fromkeys(self.filled.people)) if self.filled else ()

    @property
    def incubated(self) -> int:
        """Count the units that were incubated."""
        return self.filled.filled - self.filled.rejected if self.filled else 0

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: its room, its batch; one that is not concluded is open."""
        if self.plan is None:
            return ()
        batch = (of_batch(self.plan.batch),) if self.plan.batch else ()
        mine = (filled_in(self.plan.room), of_process(self.plan.process), *batch)
        again = self.state is State.PASSED and (bool(self._waiting) or not self.repeated)
        return (*mine, OPEN) if again or self.state in {*_UNREAD, State.READ} else mine

    @property
    def _waiting(self) -> tuple[str, ...]:
        """Give who has to take part again."""
        return tuple(one for one in self.people if one not in self.over_for)

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: brought to the second temperature, read, concluded."""
        match self.state:
            case State.INCUBATING:
                end, what = self.filled_at + EACH, f"bring media fill {self.id} to its second temperature"
                return (until(what, owner=Right.PERFORM, since=self.filled_at, by=end + DAY, escalate=Right.REVIEW),)
            case State.WARMER:
                what, end = f"read media fill {self.id}", self.readable_at + DAY
                return (until(what, owner=Right.PERFORM, since=self.turned_at, by=end, escalate=Right.REVIEW),)
            case State.READ:
                what = f"conclude media fill {self.id}"
                return (within(what, owner=Right.APPROVE, since=self.moved_at, given=_CONCLUDE_IN),)
            case State.PASSED if self.plan is not None:
                return tuple(self._again(self.plan))
        return ()

    def _again(self, plan: Simulation) -> Iterator[Due]:
        """Give what is due again: of the process, and of each person who took part."""
        by = self.filled_at + plan.again_days * DAY
        every = [(name, f"take part in a media fill of {plan.process} again ({name})") for name in self._waiting]
        leader = str(Right.SUPERVISE)
        every += [] if self.repeated else [(leader, f"repeat the media fill of {plan.process} (last: {self.id})")]
        for owner, what in every:
            yield until(what, owner=owner, since=self.filled_at, by=by, escalate=leader)

    @property
    def readable_at(self) -> Instant:
        """Give from when on it may be read."""
        return max(self.filled_at + WHOLE, self.turned_at + EACH)

    def told(self, site: Site) -> tuple[str, ...]:
        """Say what was filled, what grew, and which batches that concerns."""
        if self.plan is None or self.filled is None:
            return ()
        said = f"{self.incubated} of {self.filled.filled} units were incubated, filled by {', '.join(self.people)}"
        grown = max(self.grown, default=0)
        if not grown:
            return (said, *(("no unit has grown",) if self.grown else ()))
        batches = ", ".join(self.concerned(site)) or "none"
        return said, f"{grown} of {self.incubated} units have grown; open in {self.plan.room} since the last: {batches}"

    def concerned(self, site: Site) -> tuple[str, ...]:
        """Give the batches that were open in the room since the last media fill that passed there, without its own."""
        if self.plan is None:
            return ()
        good = [one.filled_at for one in self._there(site) if one.state is State.PASSED]
        room = cast("_Room", site.find("room", self.plan.room))
        every = room.open_in(max(good, default=Instant(0.0)), self.moved_at)
        own = {one.plan.batch for one in self._there(site) if one.plan is not None}
        return tuple(one for one in every if one not in own)

    def brings_back(self, site: Site) -> bool:
        """Tell whether the room was suspended and the last three media fills since then, this one too, have passed."""
        room = cast("_Room", site.find("room", self.plan.room if self.plan else ""))
        over = [one for one in self._there(site) if one.state in {State.PASSED, State.FAILED}]
        after = sorted((one for one in over if one.filled_at >= room.suspended_at), key=lambda one: one.filled_at)
        last = after[-IN_A_ROW:]
        return bool(room.suspended) and len(last) == IN_A_ROW and all(one.state is State.PASSED for one in last)

    def _there(self, site: Site) -> list[Self]:
        marked = site.marked(WORD, filled_in(self.plan.room if self.plan else ""))
        return [cast("Self", one) for one in marked]

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse what would show nothing: too few units, steps left out, too short, a medium that grows nothing."""
        match fact.body:
            case Simulation() as said:
                absent = [f"{kind} {name}" for kind, name in _named(said) if site.find(kind, name).state == "absent"]
                self._refuse(bool(absent), f"names {', '.join(absent)}, which is not here")
            case Filled() as said:
                self._check_filled(said, fact, site)
            case Turn() as said:
                self._check_turn(said, fact, site)
            case Look(grown=grown) | Growth(grown=grown):
                self._check_grown(grown, fact)
            case Conclusion():
                self._check_conclusion(fact)
            case Excusal(person=person):
                self._refuse(person not in self._waiting, f"is not due again for {person}")
                self._refuse(person == fact.by, f"can't be excused for {person} by {person}; somebody else has to")

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"media fill {self.id} {why}")

    def _check_filled(self, said: Filled, fact: Fact, site: Site) -> None:
        plan = self.plan
        if plan is None:
            return
        few = said.filled - said.rejected < plan.units
        self._refuse(few, f"has {said.filled - said.rejected} units to incubate; {plan.units} are planned at least")
        self._refuse(bool(said.rejected) and not said.why_rejected, "has units that are not incubated; say why")
        left_out = [one for one in plan.interventions if one not in said.interventions]
        self._refuse(bool(left_out), f"lacks interventions that were planned: {', '.join(left_out)}")
        unknown = [one for one in said.people if site.find("person", one).state != "active"]
        self._refuse(bool(unknown), f"names {', '.join(unknown)}, who is nobody here")
        others = sorted(set(_hands(site, plan.batch)) - set(said.people))
        self._refuse(bool(others), f"leaves out {', '.join(others)}, who took part in batch {plan.batch}")
        wrong = "; ".join(cast("_Lot", site.find("lot", said.medium)).ready(fact.at, zone=fact.zone))
        self._refuse(bool(wrong), f"is filled with {said.medium}: {wrong}")
        self._check_climate(said, fact, site)

    def _check_turn(self, said: Turn, fact: Fact, site: Site) -> None:
        since = moment(said.since, zone=fact.zone)
        self._refuse(since < self.filled_at + EACH, "has to stay at its first temperature for 7 d")
        colder = self.filled is not None and said.low_c < self.filled.high_c
        self._refuse(colder, "is incubated at the lower temperature first")
        self._check_climate(said, fact, site)

    def _check_climate(self, said: Filled | Turn, fact: Fact, site: Site) -> None:
        self._refuse(moment(said.since, zone=fact.zone) > fact.at, f"is incubated from {said.since}, which is to come")
        self._refuse(said.low_c >= said.high_c, f"is incubated from {said.low_c:g} to {said.high_c:g} degC")
        state = site.find("asset", said.asset).state
        self._refuse(state != "qualified", f"is incubated in {said.asset}, which is {state}, not qualified")

    def _check_grown(self, grown: int, fact: Fact) -> None:
        most = max(self.grown, default=0)
        self._refuse(grown < most, f"had {most} units with growth before; that does not go away")
        self._refuse(grown > self.incubated, f"has {self.incubated} units; {grown} with growth are more")
        if fact.kind == "read":
            early = fact.at < self.readable_at
            self._refuse(early, "has to be incubated for 14 d, 7 d of them at the second temperature")
            units = fact.stated(Growth).units
            self._refuse(units != self.incubated, f"has {self.incubated} units incubated; {units} were read")

    def _check_conclusion(self, fact: Fact) -> None:
        mine = fact.by in {self.planned_by, *self.hands, *self.people}
        self._refuse(mine, f"was planned, filled, incubated or read by {fact.by}; someone else has to conclude it")
        grown = max(self.grown, default=0)
        if fact.kind == "pass":
            self._refuse(grown > 0, f"has {grown} units with growth; none is allowed")
            poor = self.reading is not None and not self.reading.promotes
            self._refuse(poor, "shows nothing: its medium did not grow what it was given")
        self._refuse(bool(grown) and not self.organisms, "has growth; identify what grew first")

    def apply(self, fact: Fact) -> Self:
        """Give the media fill as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest), moved_at=fact.at)
        if isinstance(fact.body, Simulation):
            return replace(after, plan=fact.body, planned_by=fact.by)
        did = (fact.by, *(one.by for one in fact.signed))
        after = replace(after, hands=tuple(dict.fromkeys((*self.hands, *did))))
        match fact.body:
            case Filled() as said:
                return replace(after, filled=said, filled_at=moment(said.since, zone=fact.zone))
            case Turn() as said:
                return replace(after, turn=said, turned_at=moment(said.since, zone=fact.zone))
            case Look(grown=grown):
                return replace(after, grown=(*self.grown, grown))
            case Growth(grown=grown) as said:
                return replace(after, grown=(*self.grown, grown), reading=said)
            case Organism() as said:
                return replace(after, organisms=(*self.organisms, said))
            case Renewal(people=people):
                return replace(after, over_for=tuple(dict.fromkeys((*self.over_for, *people))), repeated=True)
            case Excusal(person=person):
                return replace(after, over_for=(*self.over_for, person))
            case Reason(reason=reason) | Conclusion(conclusion=reason):
                return replace(after, conclusion=reason)
        return after


def _named(said: Simulation) -> tuple[tuple[str, str], ...]:
    batch = (("batch", said.batch),) if said.batch else ()
    return (("room", said.room), ("curriculum", said.curriculum), *batch)


def _hands(site: Site, batch: str) -> Iterator[str]:
    """Name everybody who answered or verified something in a batch."""
    for one in site.marked("prompt", of_batch(batch)) if batch else ():
        prompt = cast("_Prompt", one)
        yield from (person for person in (prompt.answered_by, prompt.verified_by) if person)


def _grew(thing: Thing, _fact: Fact, site: Site) -> Iterable[Next]:
    """Act at the first look that shows growth."""
    made = cast("MediaFill", thing)
    *before, grown = made.grown
    if not grown or any(before) or made.plan is None:
        return
    title = f"media fill {made.id} of {made.plan.process}: {grown} of {made.incubated} units have grown"
    body = {"subject": f"{WORD}/{made.id}", "title": title, "rule": "no growth"}
    yield Next(f"deviation/{made.id}-D00", "open", body)
    yield Next(f"room/{made.plan.room}", "suspend", {"reason": title})
    for person in made.people:
        yield from _told(site, made, person, passed=False, reason=title)
    for number, batch in enumerate(made.concerned(site), start=1):
        deviation, said = f"{made.id}-D{number:02d}", f"{title}; its product was open there"
        yield Next(f"deviation/{deviation}", "open", {**body, "title": said, "batch": batch})
        yield Next(f"qa-hold/{made.id}-{batch}", "place", {"batch": batch, "reason": said, "deviation": deviation})


def _told(site: Site, made: MediaFill, person: str, *, passed: bool, reason: str = "") -> Iterator[Next]:
    """Let a run count for the skill of a person: towards it, for its renewal, or against it."""
    name = f"{made.plan.curriculum}.{person}" if made.plan else ""
    run: dict[str, object] = {"run": f"media fill {made.id}", "passed": passed}
    match site.find("training", name).state:
        case "read and understood":
            yield Next(f"training/{name}", "credit", run)
        case "qualified" if passed:
            yield Next(f"training/{name}", "extend", run)
        case "qualified":
            yield Next(f"training/{name}", "lapse", {"reason": reason})


def _passed(thing: Thing, _fact: Fact, site: Site) -> Iterable[Next]:
    """Renew the skill of everybody who took part; the third in a row brings the room back."""
    made = cast("MediaFill", thing)
    for person in made.people:
        yield from _told(site, made, person, passed=True)
    for one in site.marked(WORD, of_process(made.plan.process)) if made.plan is not None else ():
        if one.id != made.id and one.state is State.PASSED:
            yield Next(f"{WORD}/{one.id}", "renew", {"fill": made.id, "people": list(made.people)})
    if made.plan is not None and made.brings_back(site):
        reason = f"media fill {made.id} is the third in a row that passed"
        yield Next(f"room/{made.plan.room}", "restore", {"reason": reason})


def _not_valid(thing: Thing, _fact: Fact, _site: Site) -> Iterable[Next]:
    """Open a deviation for one that came to nothing without growth."""
    made = cast("MediaFill", thing)
    if not any(made.grown):
        title = f"media fill {made.id} is {made.state}: {made.conclusion}"
        yield Next(f"deviation/{made.id}-D00", "open", {"subject": f"{WORD}/{made.id}", "title": title[:200]})


_CLAUSE = "EU GMP Annex 1, 9.46; 21 CFR 211.113(b), 211.192"
FOLLOWS = (
    Follow("media-fill-looked-at", "look", "growth that is seen early acts at once, too", _CLAUSE, _grew),
    Follow("media-fill-read", "read", "growth reaches people, room and every batch since the last", _CLAUSE, _grew),
    Follow(
        "media-fill-passed", "pass", "everybody who took part is qualified again", "EU GMP Annex 1, 9.38, 9.39", _passed
    ),
    Follow("media-fill-failed", "fail", "one that shows nothing is looked into", "EU GMP Annex 1, 9.48", _not_valid),
    Follow(
        "media-fill-abandoned", "abandon", "one that is given up is looked into", "EU GMP Annex 1, 9.48", _not_valid
    ),
)

KIND = Kind(WORD, "plant", TABLE, MediaFill, FOLLOWS)
