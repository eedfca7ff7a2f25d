"""Curricula: what a person has to have read, shown and passed before operations are open to that person.

From its approval on, whoever performs one of its operations has to be qualified by it; a skill such as gowning or media
fill is a curriculum of its own, without operations, that others need (``also``). A revision opens the trainings again;
a batch keeps the version that was in force when it was issued. Whoever is assigned gets a training of the object
``training``, named CURRICULUM.PERSON, with everything that has to be done.
Units:  days (d) of 86 400 s; the pass mark in percent.
Source: 21 CFR 211.25(a), 211.28 (training before function, gowning), 211.113(b) (media fills), 11.10(i); EU GMP chapter
        2, 2.10 to 2.14 (initial and continuing training, assessed), annex 1, 7.5 (gowning and aseptic qualification).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, Self, cast

from automation.gmp.codes import Moment, moment
from automation.gmp.courses.known import course as course_of
from automation.gmp.due import DAY, Due, within
from automation.gmp.marks import OPEN, TO_RECORD, of_curriculum, opening, teaching
from automation.gmp.objects import Fact, Follow, Kind, Next, Site, Thing
from automation.gmp.operating import check_operations
from automation.gmp.quality import documents
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.clock import local
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

_APPROVE_IN = 10 * DAY  # s
LONGEST = 3650.0  # d; no qualification is for ever


class State(StrEnum):
    """Where a curriculum stands; what was approved before holds while a revision is a draft."""

    ABSENT = "absent"
    DRAFT = "draft"
    EFFECTIVE = "effective"
    WITHDRAWN = "withdrawn"


class Plan(Body):
    """What it takes to be qualified, and for how long."""

    title: str = field(label="Title", length=3)
    operations: tuple[str, ...] = field(label="Operations", help="That it opens; none for a skill", default=())
    roles: tuple[str, ...] = field(label="Roles", help="Whose holders are assigned by its approval", default=())
    also: tuple[str, ...] = field(label="Also needs", help="Other curricula, such as gowning", default=())
    documents: tuple[str, ...] = field(label="Documents", help="SOP-12 (as in force) or SOP-12@3", default=())
    observed: int = field(label="Observed runs", help="Passed in a row", default=0, low=0)
    pass_mark: float | None = field(label="Pass mark of the quiz", unit="%", low=0, high=100, default=None)
    valid_days: float = field(label="Valid for", unit="d", low=1, high=LONGEST)
    fade_days: float | None = field(
        label="Fades after", help="Without performing it", unit="d", low=1, high=LONGEST, default=None
    )
    read_days: float = field(label="To be read within", unit="d", low=0, high=LONGEST, default=14.0)
    trainers: tuple[str, ...] = field(label="Trainers", help="Beside those who are qualified by it", default=())
    course: str = field(label="Course", help="Whose questions are the quiz: data-integrity@1", default="")
    records_from: Moment | None = field(
        label="Needed to record from", help="From then on nobody records anything without it", default=None
    )


class Assignment(Body):
    """Who is trained, or trained again, and by whom."""

    person: str = field(label="Person", length=1)
    mentor: str = field(label="Mentor", help="Who accompanies and observes", default="")
    due: Moment | None = field(label="To be read by", help="Empty: as the curriculum says", default=None)


class Revision(Body):
    """Which version of a document that it teaches comes into force, and when."""

    document: str = field(label="Document", help="With its version", length=3)
    begins: Moment = field(label="In force from")


@dataclass(frozen=True, slots=True)
class Version:
    """A plan from the moment of its approval on."""

    plan: Plan
    since: Instant
    records_since: Instant | None = None


_AUTHORS = frozenset({Right.SUPERVISE, Right.REVIEW})

TABLE = Table(
    State.ABSENT,
    (
        *(
            Row("write", state, State.DRAFT, by=_AUTHORS, signs=(Meaning.AUTHORED,), body=Plan)
            for state in (State.ABSENT, State.DRAFT, State.EFFECTIVE)
        ),
        Row("approve", State.DRAFT, State.EFFECTIVE, by={Right.APPROVE}, signs=(Meaning.APPROVED,)),
        Row("assign", State.EFFECTIVE, State.EFFECTIVE, by=_AUTHORS, body=Assignment),
        *(Row("reopen", state, state, by={Right.SYSTEM}, body=Revision) for state in (State.DRAFT, State.EFFECTIVE)),
        *(
            Row("withdraw", state, State.WITHDRAWN, by={Right.APPROVE}, signs=(Meaning.RESPONSIBLE,), body=Reason)
            for state in (State.DRAFT, State.EFFECTIVE)
        ),
    ),
)


class _Training(Protocol):
    """What a curriculum asks of the training of who is to accompany somebody."""

    def lacking(self, documents: Iterable[str], *, at: Instant, done: Instant, zone: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Curriculum:
    """One curriculum, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    draft: Plan | None = None
    writers: tuple[str, ...] = ()  # of the draft
    written_at: Instant = Instant(0.0)
    versions: tuple[Version, ...] = ()
    withdrawn: str = ""  # why

    @property
    def plan(self) -> Plan | None:
        """Give what holds; None before its first approval and after its withdrawal."""
        return self.versions[-1].plan if self.versions and self.state is not State.WITHDRAWN else None

    @property
    def records_since(self) -> Instant | None:
        """Give from when on nobody records anything without it; None when it is not needed for that."""
        return self.versions[-1].records_since if self.plan is not None else None

    def as_of(self, at: Instant) -> Plan | None:
        """Give what held at a moment; None when nothing did, or when it is withdrawn."""
        held = [one.plan for one in self.versions if one.since <= at]
        return held[-1] if held and self.plan is not None else None

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: the operations that it opens, the documents that it teaches; a draft is open."""
        opens = [opening(name) for one in self.versions for name in one.plan.operations] if self.plan else []
        teaches = [teaching(name.partition("@")[0]) for name in self.plan.documents] if self.plan else []
        needed_by_all = (TO_RECORD,) if self.records_since is not None else ()
        draft = (OPEN,) if self.state is State.DRAFT else ()
        return tuple(dict.fromkeys((*opens, *teaches, *needed_by_all, *draft)))

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: a draft is approved within ten days."""
        what = f"approve curriculum {self.id}"
        draft = within(what, owner=Right.APPROVE, since=self.written_at, given=_APPROVE_IN)
        return (draft,) if self.state is State.DRAFT else ()

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse needs that are not known, the author as approver, and training oneself or by oneself."""
        match fact.body:
            case Plan() as said:
                unknown = [one for one in said.also if site.find("curriculum", one).state == "absent" or one == self.id]
                self._refuse(bool(unknown), f"also needs {', '.join(unknown)}, which is no other curriculum here")
                idle = said.fade_days is not None and not said.operations
                self._refuse(idle, "opens no operation, so that nobody could be seen to perform it: it can't fade")
                self._check_named(said, site)
                self._check_course(said)
            case Assignment(person=person, mentor=mentor):
                for name in filter(None, (person, mentor)):
                    active = site.find("person", name).state == "active"
                    self._refuse(not active, f"names {name}, who is no active person here")
                self._refuse(
                    person in {mentor, fact.by},
                    f"can't be assigned to {person} by {person}: nobody trains the own person",
                )
                self._check_mentor(mentor, fact, site)
        if fact.kind == "approve":
            self._refuse(fact.by in self.writers, f"was written by {fact.by}; someone else has to approve it")

    def _check_mentor(self, mentor: str, fact: Fact, site: Site) -> None:
        """Refuse a mentor who could observe nothing: neither a trainer of the curriculum nor qualified by it."""
        if not mentor or self.plan is None or mentor in self.plan.trainers:
            return
        training = cast("_Training", site.find("training", f"{self.id}.{mentor}"))
        lacks = training.lacking((), at=fact.at, done=fact.at, zone=fact.zone)
        self._refuse(bool(lacks), f"can't have {mentor} as mentor, who {lacks}")

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"curriculum {self.id} {why}")

    def _check_named(self, said: Plan, site: Site) -> None:
        """Refuse trainers who are nobody here, and documents that are not here where instructions are kept here."""
        check_operations(said.operations, site, where=f"curriculum {self.id}")
        nobody = [one for one in said.trainers if site.find("person", one).state != "active"]
        self._refuse(bool(nobody), f"names {', '.join(nobody)}, who is no active person here")
        kept = next(iter(site.marked("document", documents.INSTRUCTION)), None) is not None
        absent = [one for one in said.documents if not documents.known(site, one)] if kept else []
        self._refuse(bool(absent), f"teaches {', '.join(absent)}, which is no document of this site")

    def _check_course(self, said: Plan) -> None:
        if said.course:
            course_of(said.course)
            self._refuse(said.pass_mark is None, f"asks the questions of {said.course}; say the pass mark")

    def apply(self, fact: Fact) -> Self:
        """Give the curriculum as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        match fact.body:
            case Plan() as said:
                writers = tuple(dict.fromkeys((*(self.writers if self.draft else ()), fact.by)))
                return replace(after, draft=said, writers=writers, written_at=fact.at)
            case Reason(reason=reason):
                return replace(after, withdrawn=reason)
        if fact.kind == "approve" and self.draft is not None:
            begins = self.draft.records_from
            since = max(fact.at, moment(begins, zone=fact.zone)) if begins is not None else None
            return replace(after, draft=None, versions=(*self.versions, Version(self.draft, fact.at, since)))
        return after


def needed(site: Site, names: Iterable[str], *, at: Instant) -> Iterator[tuple[Curriculum, Plan]]:
    """Give curricula that held at a moment, and those that they need, each once."""
    waiting, seen = list(names), set[str]()
    while waiting:
        name = waiting.pop(0)
        one = cast("Curriculum", site.find("curriculum", name))
        plan = None if name in seen else one.as_of(at)
        seen.add(name)
        if plan is not None:
            waiting += plan.also
            yield one, plan


def required(site: Site, plan: Plan, *, at: Instant) -> tuple[str, ...]:
    """Give the documents of a plan with their versions: those named, else those in force at a moment."""
    held = ((name, None if "@" in name else documents.in_force(site, name, at)) for name in plan.documents)
    return tuple(name if one is None else one.id for name, one in held)


def task(site: Site, curriculum: Curriculum, said: Assignment, *, at: Instant, reason: str) -> Next:
    """Give the command that puts the training of one person on the list, with all that it takes; ``at``: from when."""
    plan = cast("Plan", curriculum.plan)
    stream = f"{curriculum.id}.{said.person}"
    due = said.due or local(at + plan.read_days * DAY, zone=site.zone).isoformat(timespec="seconds")
    body: dict[str, object] = {
        "curriculum": curriculum.id,
        "person": said.person,
        "mentor": said.mentor,
        "documents": list(required(site, plan, at=at)),
        "observed": plan.observed,
        "pass_mark": plan.pass_mark,
        "valid_days": plan.valid_days,
        "fade_days": plan.fade_days,
        "course": plan.course,
        "due": due,
        "reason": reason,
    }
    known = site.find("training", stream).state != "absent"
    return Next(f"training/{stream}", "renew" if known else "assign", body)


def _again(site: Site, curriculum: Curriculum, *, at: Instant, due: str | None, reason: str) -> Iterator[Next]:
    """Give the commands that open the trainings of a curriculum again, each with its mentor; not those withdrawn."""
    for one in site.marked("training", of_curriculum(curriculum.id)):
        said = Assignment(person=getattr(one, "person", ""), mentor=getattr(one, "mentor", ""), due=due)
        if one.state != "withdrawn":
            yield task(site, curriculum, said, at=at, reason=reason)


def _assigned(thing: Thing, fact: Fact, site: Site) -> Iterable[Next]:
    said = fact.stated(Assignment)
    yield task(site, cast("Curriculum", thing), said, at=fact.at, reason=f"assigned by {fact.by}")


def _approved(thing: Thing, fact: Fact, site: Site) -> Iterable[Next]:
    made = cast("Curriculum", thing)
    known = {getattr(one, "person", "") for one in site.marked("training", of_curriculum(made.id))}
    yield from _again(site, made, at=fact.at, due=None, reason=f"curriculum {made.id} was revised")
    roles = set(made.plan.roles) if made.plan else set()
    for one in site.every("person") if roles else ():
        if one.state == "active" and one.id not in known and roles & set(getattr(one, "roles", ())):
            yield task(site, made, Assignment(person=one.id), at=fact.at, reason="the curriculum is for the role")


def _reopened(thing: Thing, fact: Fact, site: Site) -> Iterable[Next]:
    """Let everybody be trained on a new version before it holds."""
    made, said = cast("Curriculum", thing), fact.stated(Revision)
    begins = moment(said.begins, zone=fact.zone)
    ahead = begins > fact.at
    if made.plan is not None and said.document in required(site, made.plan, at=begins):
        due = said.begins if ahead else None
        yield from _again(site, made, at=begins if ahead else fact.at, due=due, reason=f"{said.document} comes")


KIND = Kind(
    "curriculum",
    "people",
    TABLE,
    Curriculum,
    (
        Follow("training-assigned", "assign", "the person's training is on the list", "21 CFR 211.25(a)", _assigned),
        Follow(
            "training-revised",
            "approve",
            "its trainings are open again; holders of its roles are assigned",
            "EU GMP chapter 2, 2.10",
            _approved,
        ),
        Follow("training-reopened", "reopen", "its trainings are open again", "21 CFR 211.25(a)", _reopened),
    ),
)
