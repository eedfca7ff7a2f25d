"""Improvements: a card of the board, from an idea through a trial to the way of work, or dropped with the reason.

The card names a measure and never a number: what it was before and during the trial is read off the ledger each time
(``views.improvement``), so that nobody can enter it. Who had the idea does not let it be tried, and neither that person
nor who measured makes it the way of work; that it is one is shown by a document in force or a change that was made.
Source: ICH Q10 3.2.3, 4.1; EU GMP chapter 1, 1.4(xi); the PDCA cycle (Deming).
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, Self, cast, runtime_checkable

from automation.gmp.codes import Moment, moment
from automation.gmp.due import DAY, Due, until, within
from automation.gmp.evidence import CITED, check_cited, check_known, unknown
from automation.gmp.marks import OPEN, of_subject
from automation.gmp.objects import Fact, Kind, Site, Thing
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

WORD = "improvement"
_DECIDE_IN, _ADOPT_IN, _MEASURE_IN = 30 * DAY, 14 * DAY, 7 * DAY  # s
_AGREED = frozenset({"approved", "implemented", "closed"})  # states of a change by which something may be tried
_MADE = frozenset({"implemented", "closed"})  # states of a change that is the way of work


class State(StrEnum):
    """Where a card hangs."""

    ABSENT = "absent"
    PROPOSED = "proposed"
    TRIAL = "on trial"
    MEASURED = "measured"
    ADOPTED = "adopted"
    DROPPED = "dropped"


class Measure(StrEnum):
    """By which metric of ``cellwright metrics`` it is judged; a test keeps the two lists the same."""

    YIELD = "yield"
    VIABILITY = "viability"
    RESULTS = "results"
    CONTAMINATION = "contamination"
    ENVIRONMENT = "environment"
    MEDIA_FILLS = "media-fills"
    TURNAROUND = "turnaround"
    RIGHT_FIRST_TIME = "right-first-time"
    ACCEPTANCE = "acceptance"
    WAITING = "waiting"
    WASTES = "wastes"


class Better(StrEnum):
    """Which way is better."""

    HIGHER = "higher"
    LOWER = "lower"


class Idea(Body):
    """What is not good, what is to be tried, and by which measure it will be seen."""

    title: str = field(label="Title", length=3)
    problem: str = field(label="What is not good", length=3)
    idea: str = field(label="What is to be tried", length=3)
    measure: Measure = field(label="Metric", help="Of cellwright metrics")
    heading: str = field(label="Heading", help="Of the metric, as 'waiting for a person'; * stands for any text")
    recipe: str = field(label="Recipe", help="ID or ID@VERSION; else all batches", default="")
    better: Better = field(label="Better is", help="higher or lower")
    since: Moment = field(label="What it was before counts from")
    owner: str = field(label="Owner", help="A person", length=1)
    source: tuple[str, ...] = field(label="Comes from", help="observation/O-1, meeting/M-2, deviation/D-3", default=())


class Trial(Body):
    """Until when it is tried, and by which change, or why none is needed."""

    ends: Moment = field(label="The trial ends")
    change: str = field(label="Change", help="Approved; for what touches product, equipment or records", default="")
    no_change: str = field(label="Why no change control is needed", default="")


class Finding(Body):
    """What was found; the numbers are read off the ledger."""

    conclusion: str = field(label="Conclusion", length=3)
    evidence: str = field(label="What else shows it", help=CITED, default="")


class Adoption(Body):
    """Where it stands that this is the way of work now."""

    standard: tuple[str, ...] = field(label="Standard", help="document/SOP-12@2 in force, or change/CC-1", length=1)


_WORKERS = frozenset(Right) - {Right.READ, Right.SYSTEM}
_LEADERS = frozenset({Right.SUPERVISE, Right.APPROVE})
_RUNNING = (State.PROPOSED, State.TRIAL, State.MEASURED)

TABLE = Table(
    State.ABSENT,
    (
        Row("propose", State.ABSENT, State.PROPOSED, by=_WORKERS, body=Idea),
        *(
            Row("try", state, State.TRIAL, by=_LEADERS, signs=(Meaning.APPROVED,), body=Trial)
            for state in (State.PROPOSED, State.MEASURED)
        ),
        Row("measure", State.TRIAL, State.MEASURED, by=_WORKERS, signs=(Meaning.AUTHORED,), body=Finding),
        Row("adopt", State.MEASURED, State.ADOPTED, by=_LEADERS, signs=(Meaning.APPROVED,), body=Adoption),
        *(
            Row("drop", state, State.DROPPED, by=_LEADERS, signs=(Meaning.RESPONSIBLE,), body=Reason)
            for state in _RUNNING
        ),
    ),
)


@runtime_checkable
class _Document(Protocol):
    """What is asked of a version of a document."""

    def in_force(self, at: Instant) -> bool: ...


@dataclass(frozen=True, slots=True)
class Improvement:
    """One card, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    idea: Idea | None = None
    proposed_by: str = ""
    since: Instant = Instant(0.0)  # from when on it counts what it was before
    trial: Trial | None = None
    tried_at: Instant = Instant(0.0)  # begin of the trial, of the first one when it was prolonged
    ends_at: Instant = Instant(0.0)
    finding: Finding | None = None
    measured_by: tuple[str, ...] = ()
    measured_at: Instant = Instant(0.0)
    measured_seq: int = 0  # the event up to which the trial counts
    adoption: Adoption | None = None
    dropped: str = ""  # why
    moved_at: Instant = Instant(0.0)

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that is neither adopted nor dropped is open; what it comes from."""
        sources = map(of_subject, self.idea.source if self.idea else ())
        return (*sources, *((OPEN,) if self.state in _RUNNING else ()))

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: tried or dropped in 30 days, measured in a week after, decided in 14 days."""
        match self.state:
            case State.PROPOSED:
                what = f"try or drop improvement {self.id}"
                return (within(what, owner=Right.SUPERVISE, since=self.moved_at, given=_DECIDE_IN),)
            case State.TRIAL:
                what, owner = f"measure improvement {self.id}", self.idea.owner if self.idea else ""
                end = self.ends_at + _MEASURE_IN
                return (until(what, owner=owner, since=self.moved_at, by=end, escalate=Right.SUPERVISE),)
            case State.MEASURED:
                what = f"adopt, prolong or drop improvement {self.id}"
                return (within(what, owner=Right.SUPERVISE, since=self.moved_at, given=_ADOPT_IN),)
        return ()

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse an idea for nobody, the own approval, a trial without change or reason, what is no standard."""
        match fact.body:
            case Idea() as said:
                self._check_idea(fact, said, site)
            case Trial() as said:
                self._refuse(fact.by == self.proposed_by, f"was proposed by {fact.by}; someone else lets it be tried")
                self._check_trial(fact, said, site)
            case Finding() as said:
                owner = self.idea.owner if self.idea else ""
                self._refuse(fact.by != owner, f"is {owner}'s to measure")
                ends = self.trial.ends if self.trial else ""
                self._refuse(
                    fact.at < self.ends_at, f"is on trial until {ends}; it can be dropped before, not measured"
                )
                if said.evidence:
                    check_cited(said.evidence, site, where=f"improvement {self.id}")
            case Adoption() as said:
                did = {**dict.fromkeys(self.measured_by, "measured"), self.proposed_by: "proposed"}.get(fact.by, "")
                self._refuse(bool(did), f"was {did} by {fact.by}; someone else makes it the way of work")
                for one in said.standard:
                    self._check_standard(one, site)

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"improvement {self.id} {why}")

    def _check_idea(self, fact: Fact, said: Idea, site: Site) -> None:
        active = site.find("person", said.owner).state == "active"
        self._refuse(not active, f"is for {said.owner}, who is no active person here")
        early = moment(said.since, zone=fact.zone) < fact.at
        self._refuse(not early, f"counts what it was before from {said.since}, which is still to come")
        for one in said.source:
            check_known(one, site, where=f"improvement {self.id}: source")

    def _check_trial(self, fact: Fact, said: Trial, site: Site) -> None:
        late = moment(said.ends, zone=fact.zone) <= fact.at
        self._refuse(late, f"is to be tried until {said.ends}, which is over")
        self._refuse(bool(said.change) == bool(said.no_change), "needs its change, or why none is needed: one of them")
        state = site.find("change", said.change).state if said.change else "approved"
        self._refuse(state not in _AGREED, f"is tried by change {said.change}, which is {state}, not approved")

    def _check_standard(self, stream: str, site: Site) -> None:
        kind, _, name = stream.partition("/")
        self._refuse(kind not in {"document", "change"}, f"is no way of work by {stream}: a document or change is one")
        thing: Thing = site.find(kind, name)
        self._refuse(thing.state == "absent", f"stands in {unknown(stream, site)}")
        if kind == "change":
            self._refuse(thing.state not in _MADE, f"stands in {stream}, which is {thing.state}, not implemented")
        else:
            held = isinstance(thing, _Document) and thing.in_force(site.now)
            self._refuse(not held, f"stands in {stream}, which is {thing.state}, not in force")

    def apply(self, fact: Fact) -> Self:
        """Give the card as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest), moved_at=fact.at)
        match fact.body:
            case Idea() as said:
                since = moment(said.since, zone=fact.zone)
                return replace(after, idea=said, proposed_by=fact.by, since=since)
            case Trial() as said:
                ends = moment(said.ends, zone=fact.zone)
                return replace(after, trial=said, tried_at=self.tried_at if self.trial else fact.at, ends_at=ends)
            case Finding() as said:
                by = tuple(dict.fromkeys((*self.measured_by, fact.by)))
                return replace(after, finding=said, measured_by=by, measured_at=fact.at, measured_seq=fact.seq)
            case Adoption() as said:
                return replace(after, adoption=said)
            case Reason(reason=reason):
                return replace(after, dropped=reason)
        return after


def as_card(thing: Thing) -> Improvement:
    """Give an object of this kind as what it is."""
    return cast("Improvement", thing)


KIND = Kind(WORD, "quality", TABLE, Improvement)
