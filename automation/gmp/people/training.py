"""Trainings: one person on one curriculum, from read and understood over observed runs to qualified, and until when.

Nobody trains, observes, assesses or qualifies the own person; who observes is a trainer of the curriculum or qualified
by it. Runs count when they were passed in a row. A qualification names the versions of the documents that it covers; it
ends by its date or by being revoked, and fades when the operations were not performed for too long. What was held
before stays known, so that a batch may be finished by the version with which it was issued.
Units:  days (d) of 86 400 s; moments in s (UTC); scores in percent.
Source: 21 CFR 211.25(a), 211.28, 11.10(i); EU GMP chapter 2, 2.10 to 2.14; Annex 1 (2022), 7.3, 7.4 (gowning: at
        least once a year), 7.6 (disqualified); how many passes in a row is the site's rule: a curriculum says it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, Self, cast

from automation.gmp.codes import Moment, moment
from automation.gmp.courses.course import Graded
from automation.gmp.courses.known import course as course_of
from automation.gmp.due import DAY, Due, until
from automation.gmp.marks import OPEN, done_by, of_curriculum, of_person
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.people.curricula import LONGEST, Curriculum
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.clock import iso
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

_ATTEMPTS = 3  # at the questions of a course
_SHOWN_IN = 30 * DAY  # s after it was read, for observed runs, quiz and the decision


class State(StrEnum):
    """Where a training stands; whether a qualification still holds is told by its date."""

    ABSENT = "absent"
    ASSIGNED = "assigned"
    READ = "read and understood"
    QUALIFIED = "qualified"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


class Task(Body):
    """What the person has to do, as the curriculum says it now."""

    curriculum: str = field(label="Curriculum", length=1)
    person: str = field(label="Person", length=1)
    mentor: str = field(label="Mentor", default="")
    documents: tuple[str, ...] = field(label="Documents", default=())
    observed: int = field(label="Observed runs", default=0, low=0)
    pass_mark: float | None = field(label="Pass mark of the quiz", unit="%", default=None)
    valid_days: float = field(label="Valid for", unit="d", low=1, high=LONGEST)
    fade_days: float | None = field(label="Fades after", unit="d", low=1, high=LONGEST, default=None)
    course: str = field(label="Course", help="Whose questions are the quiz", default="")
    due: Moment = field(label="To be read by")
    reason: str = field(label="Reason", default="")


class Reading(Body):
    """What was read and understood."""

    documents: tuple[str, ...] = field(label="Documents", help="Each with its version, as assigned", default=())


class Observation(Body):
    """One run that was watched."""

    run: str = field(label="Run", help="Batch and step, media fill, or gowning", length=1)
    passed: bool = field(label="Passed")
    form: str = field(label="Form", help="The observation form or its hash", default="")
    remarks: str = field(label="Remarks", default="")


class Quiz(Body):
    """What came of a quiz or interview."""

    score: float = field(label="Score", unit="%", low=0, high=100)
    form: str = field(label="Form", help="The quiz and its version", length=1)


class Answers(Body):
    """What somebody answered to the questions of a course; the score follows from it."""

    letters: str = field(label="Answers", help="A letter for each question, in the order of the paper", length=1)


class Evidence(Body):
    """Why it is held already."""

    evidence: str = field(label="Evidence", help="Earlier records, curriculum vitae", length=3)


@dataclass(frozen=True, slots=True)
class Qualification:
    """One qualification: which versions it covers, from when until when, by whom."""

    documents: tuple[str, ...]
    since: Instant
    until: Instant
    by: str
    fade_days: float | None = None
    revoked: str = ""  # why


_EVERYBODY = frozenset(Right) - {Right.SYSTEM}
_LEADERS = frozenset({Right.SUPERVISE, Right.APPROVE})
_WATCHERS = frozenset({Right.PERFORM, Right.VERIFY, Right.SUPERVISE})
_ANY = (State.ASSIGNED, State.READ, State.QUALIFIED, State.LAPSED)

TABLE = Table(
    State.ABSENT,
    (
        Row("assign", State.ABSENT, State.ASSIGNED, by={Right.SYSTEM}, body=Task),
        *(Row("renew", state, State.ASSIGNED, by={Right.SYSTEM}, body=Task) for state in (*_ANY, State.WITHDRAWN)),
        Row("read", State.ASSIGNED, State.READ, by=_EVERYBODY, signs=(Meaning.UNDERSTOOD,), body=Reading),
        Row("observe", State.READ, State.READ, by=_WATCHERS, signs=(Meaning.OBSERVED,), body=Observation),
        Row("assess", State.READ, State.READ, by=_WATCHERS, signs=(Meaning.OBSERVED,), body=Quiz),
        Row("examine", State.READ, State.READ, by=_EVERYBODY, signs=(Meaning.PERFORMED,), body=Answers),
        Row("qualify", State.READ, State.QUALIFIED, by=_LEADERS, signs=(Meaning.APPROVED,)),
        Row("recognise", State.READ, State.QUALIFIED, by={Right.APPROVE}, signs=(Meaning.APPROVED,), body=Evidence),
        Row("credit", State.READ, State.READ, by={Right.SYSTEM}, body=Observation),
        Row("extend", State.QUALIFIED, State.QUALIFIED, by={Right.SYSTEM}, body=Observation),
        Row("lapse", State.QUALIFIED, State.LAPSED, by={Right.SYSTEM}, body=Reason),
        Row("revoke", State.QUALIFIED, State.LAPSED, by=_LEADERS, signs=(Meaning.RESPONSIBLE,), body=Reason),
        *(Row("withdraw", state, State.WITHDRAWN, by=_LEADERS, body=Reason) for state in _ANY),
    ),
)


@dataclass(frozen=True, slots=True)
class Training:
    """One person's training on one curriculum, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    task: Task | None = None
    due_at: Instant = Instant(0.0)
    read: tuple[str, ...] = ()
    read_at: Instant = Instant(0.0)
    observations: tuple[Observation, ...] = ()  # since it was assigned
    observers: tuple[str, ...] = ()
    score: float | None = None  # of the last quiz, %
    attempts: int = 0  # at the questions of a course, since it was assigned
    again: tuple[str, ...] = ()  # topics of the questions that were answered wrongly at the last attempt
    held: tuple[Qualification, ...] = ()
    reason: str = ""  # of the last withdrawal or revocation

    @property
    def person(self) -> str:
        """Give whose it is; empty before it is assigned."""
        return self.task.person if self.task else ""

    @property
    def curriculum(self) -> str:
        """Give by which curriculum; empty before it is assigned."""
        return self.task.curriculum if self.task else ""

    @property
    def mentor(self) -> str:
        """Give who accompanies the person; empty when nobody does."""
        return self.task.mentor if self.task else ""

    @property
    def in_a_row(self) -> int:
        """Count the runs that were passed since the last one that was not."""
        failed = [number for number, one in enumerate(self.observations) if not one.passed]
        return len(self.observations) - (failed[-1] + 1 if failed else 0)

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: its curriculum, its person; one that is not withdrawn is open."""
        if self.task is None:
            return ()
        mine = of_curriculum(self.curriculum), of_person(self.person)
        return mine if self.state is State.WITHDRAWN else (*mine, OPEN)

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: read in time, shown within thirty days, renewed before it ends."""
        leader = str(Right.SUPERVISE)
        match self.state:
            case State.ASSIGNED:
                documents = ", ".join(self.task.documents) if self.task else ""
                what = f"read {documents or 'what it asks'} for {self.curriculum}"
                return (until(what, owner=self.person, since=self.due_at - 14 * DAY, by=self.due_at, escalate=leader),)
            case State.READ:
                what = f"observe, assess and qualify {self.person} for {self.curriculum}"
                end = self.read_at + _SHOWN_IN
                return (until(what, owner=self.mentor or leader, since=self.read_at, by=end, escalate=leader),)
            case State.QUALIFIED:
                what = f"qualify {self.person} for {self.curriculum} again"
                return (until(what, owner=leader, since=self.held[-1].since, by=self.held[-1].until),)
        return ()

    def told(self, site: Site) -> tuple[str, ...]:
        """Say from and until when it was held, on which versions, and what the runs came to."""
        wanted = self.task.observed if self.task else 0
        runs = (f"{self.in_a_row} of {wanted} observed runs were passed in a row",) if wanted else ()
        graded = f"attempt {self.attempts}: {self.score:.0f} %" if self.attempts and self.score is not None else ""
        look = f"; read again: {', '.join(self.again)}" if self.again else ""
        runs = (*runs, *((f"{graded}{look}",) if graded else ()))
        return (*runs, *(_held(one, zone=site.zone) for one in self.held))

    def lacking(self, documents: Iterable[str], *, at: Instant, done: Instant, zone: str) -> str:
        """Say what is missing for these versions at a moment; ``done``: when the person last performed it."""
        covering = [one for one in self.held if set(documents) <= set(one.documents)]
        if not covering:
            how = "; the qualification covers other versions" if self.held else ""
            return f"needs {', '.join(documents) or 'to be qualified'}: the training is {self.state}{how}"
        best = max(covering, key=lambda one: (not one.revoked, one.until))
        if best.revoked:
            return f"lost the qualification: {best.revoked}"
        if at > best.until:
            return f"was qualified until {iso(best.until, zone=zone)[:10]}"
        idle = float(at - max(best.since, done)) / float(DAY)
        if best.fade_days is not None and idle > best.fade_days:
            return f"has not performed it for {idle:.0f} d; {best.fade_days:.0f} d are allowed"
        return ""

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse favours to oneself, another's reading, observers who are none, and what is not shown yet."""
        own = fact.by == self.person
        match fact.kind:
            case "read":
                self._refuse(not own, f"is {self.person}'s; nobody reads for another")
                wanted = set(self.task.documents) if self.task else set()
                missing = wanted - set(fact.stated(Reading).documents)
                self._refuse(bool(missing), f"asks for {', '.join(sorted(missing))}, too")
            case "observe" | "assess":
                self._refuse(own, f"is {fact.by}'s; nobody trains the own person")
                asked = fact.kind == "assess" and bool(self._course)
                self._refuse(asked, f"is graded by its answers to {self._course}; nobody enters its score")
                self._check_other_run(fact)
                self._check_trainer(fact, site)
            case "examine":
                self._refuse(not own, f"is {self.person}'s; nobody answers for another")
                self._check_attempt(fact)
            case "qualify":
                self._refuse(own, f"is {fact.by}'s; nobody qualifies the own person")
                self._check_shown()
            case "recognise" | "withdraw" | "revoke":
                self._refuse(own, f"is {fact.by}'s; somebody else has to {fact.kind} it")

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"training {self.id} {why}")

    def _check_other_run(self, fact: Fact) -> None:
        """Refuse a run that was observed before: twice on paper is once in the room."""
        run = fact.body.run if isinstance(fact.body, Observation) else ""
        known = {one.run.strip().casefold() for one in self.observations}
        again = bool(run) and run.strip().casefold() in known
        self._refuse(again, f"has run {run!r} already, which counts once; name the other run")

    def _check_attempt(self, fact: Fact) -> None:
        self._refuse(not self._course, "has no course with questions; its quiz is assessed by a trainer")
        failed = self.attempts >= _ATTEMPTS
        self._refuse(failed, f"had {self.attempts} attempts; it is assigned again, and somebody talks about it first")
        self._graded(fact.stated(Answers))

    @property
    def _course(self) -> str:
        return self.task.course if self.task else ""

    def _graded(self, said: Answers) -> Graded:
        return course_of(self._course).grade(said.letters, self.id, attempt=self.attempts + 1)

    def _check_trainer(self, fact: Fact, site: Site) -> None:
        plan = cast("Curriculum", site.find("curriculum", self.curriculum)).plan
        if plan is not None and fact.by in plan.trainers:
            return
        other = cast("Training", site.find("training", f"{self.curriculum}.{fact.by}"))
        done = last_done(site, fact.by, plan.operations if plan is not None else ())
        lacks = other.lacking((), at=fact.at, done=done, zone=fact.zone)
        self._refuse(bool(lacks), f"is observed by a qualified trainer; {fact.by} {lacks}")

    def _check_shown(self) -> None:
        wanted = self.task.observed if self.task else 0
        missing = self.in_a_row < wanted
        self._refuse(missing, f"has {self.in_a_row} of {wanted} observed runs passed in a row")
        mark = self.task.pass_mark if self.task else None
        failed = mark is not None and (self.score is None or self.score < mark)
        self._refuse(
            failed, f"has no quiz with at least {mark} % (last: {'none' if self.score is None else self.score})"
        )

    def apply(self, fact: Fact) -> Self:
        """Give the training as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        match fact.body:
            case Task() as said:
                fresh = replace(after, read=(), observations=(), observers=(), score=None, attempts=0, again=())
                return replace(fresh, task=said, due_at=moment(said.due, zone=fact.zone))
            case Reading():
                return replace(after, read=self.task.documents if self.task else (), read_at=fact.at)
            case Observation() as said:
                who = tuple(dict.fromkeys((*self.observers, fact.by)))
                noted = replace(after, observations=(*self.observations, said), observers=who)
                return noted if fact.kind != "extend" else replace(noted, held=(*self.held, self._qualification(fact)))
            case Answers() as said:
                made = self._graded(said)
                again = tuple(dict.fromkeys(one.topic for one in made.wrong))
                return replace(after, score=made.score, attempts=self.attempts + 1, again=again)
            case Quiz(score=score):
                return replace(after, score=score)
            case Reason(reason=reason):
                held = tuple(replace(one, revoked=one.revoked or reason) for one in self.held)
                return replace(after, held=held, reason=reason)
        return replace(after, held=(*self.held, self._qualification(fact)))

    def _qualification(self, fact: Fact) -> Qualification:
        days = self.task.valid_days if self.task else 0.0
        fades = self.task.fade_days if self.task else None
        by = fact.stated(Observation).run if fact.kind == "extend" else fact.by
        return Qualification(self.read, fact.at, fact.at + days * DAY, by, fades)


class _Prompt(Protocol):
    """What is asked of a prompt."""

    answered_at: Instant | None


def last_done(site: Site, person: str, operations: Iterable[str]) -> Instant:
    """Give when a person last answered for one of these operations; 0 for never."""
    prompts = (cast("_Prompt", one) for name in operations for one in site.marked("prompt", done_by(person, name)))
    return max((one.answered_at for one in prompts if one.answered_at is not None), default=Instant(0.0))


def _held(one: Qualification, *, zone: str) -> str:
    since, ends = iso(one.since, zone=zone)[:10], iso(one.until, zone=zone)[:10]
    covers = f" on {', '.join(one.documents)}" if one.documents else ""
    ended = f"; revoked: {one.revoked}" if one.revoked else ""
    return f"qualified{covers} from {since} until {ends} by {one.by}{ended}"


KIND = Kind("training", "people", TABLE, Training)
