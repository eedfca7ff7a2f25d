"""Change control: what is to change, whom and what it touches, who agreed, and that everything it named was done.

The impact names documents and recipes by the version that has to come into force, people by what they have to be
trained on, assets by the certificate that shows them fit again, actions by their CAPA. A change closes when all of it
is there.
Source: ICH Q10 3.2.3 (change management, effectiveness of changes); EU GMP chapter 1, 1.4(xii), (xiii), Annex 15 11;
        21 CFR 211.100(a) (changes reviewed and approved by the quality unit).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, Self, cast

from automation.gmp.codes import Moment, moment
from automation.gmp.due import DAY, Due, until, within
from automation.gmp.evidence import CITED, check_cited
from automation.gmp.marks import OPEN, of_person
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.operating import check_operations
from automation.gmp.quality.documents import State as Written
from automation.gmp.quality.documents import instructing, of_change
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.errors import InputError, RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant, Seconds

_ASSESS_IN, _DECIDE_IN, _CLOSE_IN = 20 * DAY, 10 * DAY, 10 * DAY  # s


class State(StrEnum):
    """Where a change stands."""

    ABSENT = "absent"
    PROPOSED = "proposed"
    ASSESSED = "assessed"
    APPROVED = "approved"
    IMPLEMENTED = "implemented"
    CLOSED = "closed"
    REJECTED = "rejected"


class Proposal(Body):
    """What is to change, why, and which operations it touches."""

    title: str = field(label="Title", length=3)
    what: str = field(label="What changes", help="From what to what", length=3)
    reason: str = field(label="Why", length=3)
    operations: tuple[str, ...] = field(label="Operations", help="That it touches", default=())
    source: str = field(label="Source", help="Stream of the deviation, CAPA or complaint, if any", default="")


class Impact(Body):
    """What has to be there before the change is done; what is named nowhere was found untouched."""

    documents: tuple[str, ...] = field(label="Documents", help="The new versions, for example SOP-12@4", default=())
    recipes: tuple[str, ...] = field(label="Recipes", help="The new versions, for example freeze-day@2", default=())
    training: tuple[str, ...] = field(
        label="Training", help="PERSON: OPERATION@VERSION or DOCUMENT@VERSION", default=()
    )
    validation: tuple[str, ...] = field(label="Validation", help="ASSET: certificate of its qualification", default=())
    actions: tuple[str, ...] = field(label="Actions", help="CAPA", default=())
    untouched: tuple[str, ...] = field(label="Untouched", help="DOCUMENT: why it stays as it is", default=())
    rationale: str = field(label="Rationale", help="Why this is all, and which risk is left", length=3)
    owner: str = field(label="Owner", help="Who carries it out", length=1)
    due: Moment = field(label="To be done by")


class Deed(Body):
    """What was done, and since when."""

    what: str = field(label="What was done", length=3)
    evidence: str = field(label="Evidence", help=CITED, length=3)


class Outcome(Body):
    """What the change brought."""

    outcome: str = field(label="Outcome", help="Whether it did what it was for", length=3)


_ASKERS = frozenset(Right) - {Right.READ, Right.SYSTEM}
_ASSESSORS = frozenset({Right.INVESTIGATE, Right.REVIEW})

TABLE = Table(
    State.ABSENT,
    (
        Row("propose", State.ABSENT, State.PROPOSED, by=_ASKERS, signs=(Meaning.AUTHORED,), body=Proposal),
        *(
            Row("assess", state, State.ASSESSED, by=_ASSESSORS, signs=(Meaning.REVIEWED,), body=Impact)
            for state in (State.PROPOSED, State.ASSESSED)
        ),
        Row("approve", State.ASSESSED, State.APPROVED, by={Right.APPROVE}, signs=(Meaning.APPROVED,)),
        Row(
            "implement",
            State.APPROVED,
            State.IMPLEMENTED,
            by={Right.SUPERVISE, Right.INVESTIGATE, Right.MAINTAIN},
            signs=(Meaning.PERFORMED,),
            body=Deed,
        ),
        Row("close", State.IMPLEMENTED, State.CLOSED, by={Right.APPROVE}, signs=(Meaning.APPROVED,), body=Outcome),
        *(
            Row("reject", state, State.REJECTED, by={Right.APPROVE}, signs=(Meaning.RESPONSIBLE,), body=Reason)
            for state in (State.PROPOSED, State.ASSESSED, State.APPROVED)
        ),
    ),
)


class _Person(Protocol):
    """What a change asks of a person."""

    def is_trained(self, operation: str) -> bool: ...


class _Held(Protocol):
    """What a change asks of a qualification."""

    documents: tuple[str, ...]
    until: Instant
    revoked: str


class _Training(Protocol):
    """What a change asks of a training."""

    held: Sequence[_Held]


class _Named(Protocol):
    """What a change asks of a document that was written for it."""

    id: str
    state: str


class _Document(Protocol):
    """What a change asks of a version of a document."""

    state: str
    begins: Instant


class _Asset(Protocol):
    """What a change asks of an asset."""

    state: str
    certificate: str


@dataclass(frozen=True, slots=True)
class Change:
    """One change, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    proposal: Proposal | None = None
    impact: Impact | None = None
    moved_at: Instant = Instant(0.0)  # of the last move
    due_at: Instant = Instant(0.0)
    proposed_by: str = ""
    assessors: tuple[str, ...] = ()
    deed: Deed | None = None
    done_by: str = ""
    outcome: str = ""
    rejected: str = ""  # why
    began_seq: int = 0  # the event that proposed it

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that is not over is open."""
        return () if self.state in {State.ABSENT, State.CLOSED, State.REJECTED} else (OPEN,)

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: assessed in 20 days, decided in ten, done when planned, closed in ten."""
        match self.state:
            case State.PROPOSED:
                return (self._within("assess", Right.INVESTIGATE, _ASSESS_IN),)
            case State.ASSESSED:
                return (self._within("approve or reject", Right.APPROVE, _DECIDE_IN),)
            case State.APPROVED if self.impact:
                what, owner = f"carry out change {self.id}", self.impact.owner
                return (until(what, owner=owner, since=self.moved_at, by=self.due_at, escalate=Right.APPROVE),)
            case State.IMPLEMENTED:
                return (self._within("close", Right.APPROVE, _CLOSE_IN),)
        return ()

    def _within(self, what: str, owner: Right, given: Seconds) -> Due:
        return within(f"{what} change {self.id}", owner=owner, since=self.moved_at, given=given)

    def told(self, site: Site) -> tuple[str, ...]:
        """Say what instructs the operations that it touches, and what is still missing."""
        if self.state is State.PROPOSED:
            return tuple(f"touches {name}, which is in force" for name in self._instructing(site))
        if self.impact is None or self.state in {State.CLOSED, State.REJECTED}:
            return ()
        return tuple(self._missing(site)) or ("everything that it names is done",)

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse an impact that forgets a document, who judges the own work, and a close before all is done."""
        match fact.kind:
            case "propose":
                check_operations(fact.stated(Proposal).operations, site, where=f"change {self.id}")
            case "assess":
                self._check_impact(fact, fact.stated(Impact), site)
            case "approve":
                for who, did in ((self.proposed_by, "proposed"), *((one, "assessed") for one in self.assessors)):
                    self._refuse(fact.by == who, f"was {did} by {who}; someone else has to approve it")
            case "implement":
                owner = self.impact.owner if self.impact else ""
                self._refuse(fact.by != owner, f"is {owner}'s to carry out")
                check_cited(fact.stated(Deed).evidence, site, where=f"change {self.id}", since=self.began_seq)
            case "close":
                self._refuse(fact.by == self.done_by, f"was carried out by {fact.by}; someone else has to close it")
                missing = tuple(self._missing(site))
                self._refuse(bool(missing), f"is not done: {'; '.join(missing)}")

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"change {self.id} {why}")

    def _instructing(self, site: Site) -> tuple[str, ...]:
        touched = self.proposal.operations if self.proposal else ()
        found = (one.id for name in touched for one in instructing(site, name, site.now))
        return tuple(dict.fromkeys(found))

    def _check_impact(self, fact: Fact, said: Impact, site: Site) -> None:
        active = site.find("person", said.owner).state == "active"
        self._refuse(not active, f"is for {said.owner}, who is no active person here")
        late = moment(said.due, zone=fact.zone) <= fact.at
        self._refuse(late, f"is to be done by {said.due}, which is over")
        for pairs in (said.training, said.validation, said.untouched):
            for one in pairs:
                _pair(one, where=f"change {self.id}")
        named = {one.partition("@")[0] for one in (*said.documents, *said.recipes)}
        named |= {_pair(one, where="")[0] for one in said.untouched}
        forgotten = [name for name in self._instructing(site) if name.partition("@")[0] not in named]
        what = "name its new version, or under untouched why it stays as it is"
        self._refuse(bool(forgotten), f"touches {', '.join(forgotten)}: {what}")

    def _missing(self, site: Site) -> Iterator[str]:
        """Give what the impact names and is not done."""
        if self.impact is None:
            return
        for name in (*self.impact.documents, *self.impact.recipes):
            yield from _not_in_force(name, site)
        for one in self.impact.training:
            person, what = _pair(one, where="")
            if not _knows(person, what=what, site=site):
                yield f"{person} is not trained on {what}"
        for one in self.impact.validation:
            name, certificate = _pair(one, where="")
            asset = cast("_Asset", site.find("asset", name))
            if asset.state != "qualified" or asset.certificate != certificate:
                yield f"asset {name} is {asset.state} by {asset.certificate or 'nothing'}, not by {certificate}"
        for name in self.impact.actions:
            state = site.find("capa", name).state
            if state not in {"implemented", "effective"}:
                yield f"CAPA {name} is {state}"
        yield from (f"document {one.id} is {one.state}" for one in _waiting(site, self.id))

    def apply(self, fact: Fact) -> Self:
        """Give the change as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest), moved_at=fact.at)
        match fact.body:
            case Proposal() as said:
                return replace(after, proposal=said, proposed_by=fact.by, began_seq=fact.seq)
            case Impact() as said:
                due = moment(said.due, zone=fact.zone)
                assessors = tuple(dict.fromkeys((*self.assessors, fact.by)))
                return replace(after, impact=said, assessors=assessors, due_at=due)
            case Deed() as said:
                return replace(after, deed=said, done_by=fact.by)
            case Outcome(outcome=outcome):
                return replace(after, outcome=outcome)
            case Reason(reason=reason):
                return replace(after, rejected=reason)
        return after


def _pair(text: str, *, where: str) -> tuple[str, str]:
    """Read ``WHO: WHAT``; raises InputError for anything else."""
    name, _, what = (part.strip() for part in text.partition(":"))
    if not name or not what:
        raise InputError(f"{text!r} is no pair; write NAME: WHAT", where=where)
    return name, what


def _knows(person: str, *, what: str, site: Site) -> bool:
    """Tell whether a person is trained on an operation, or qualified on a version of a document."""
    if cast("_Person", site.find("person", person)).is_trained(what):
        return True
    held = (one for found in site.marked("training", of_person(person)) for one in cast("_Training", found).held)
    return any(what in one.documents and not one.revoked and site.now < one.until for one in held)


def _not_in_force(name: str, site: Site) -> Iterator[str]:
    one = cast("_Document", site.find("document", name))
    if one.state not in {Written.EFFECTIVE, Written.SUPERSEDED} or one.begins > site.now:
        state = f"{one.state} from a day to come" if one.state == Written.EFFECTIVE else one.state
        yield f"document {name} is {state}"


def _waiting(site: Site, change: str) -> Iterable[_Named]:
    """Give the documents that were written for a change and don't hold yet."""
    there = {one.id for one in site.marked("document", OPEN)}
    return (cast("_Named", one) for one in site.marked("document", of_change(change)) if one.id in there)


KIND = Kind("change", "quality", TABLE, Change)
