"""Process performance qualification: how many batches and why, what is sampled, what has to come out, and what did.

The number follows from a stated claim, and a plan with fewer batches than the claim needs is refused. From its approval
on every batch of the recipe counts, good or not. Who planned does not approve, who concluded does not close.
Units: confidence, share in %; scatter and margin in the unit of the attribute.
Source: FDA, Process Validation (2011), IV.C.2; EU GMP Annex 15, 5.19 to 5.22; ``automation.formulas.runs``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from automation.formulas import runs
from automation.gmp.codes import LimitText, Moment, moment
from automation.gmp.counted import check_deviations, left_out, made_since
from automation.gmp.due import DAY, Due, until, within
from automation.gmp.marks import OPEN
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.errors import InputError, RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant, Percent

_APPROVE_IN = 10 * DAY  # s


class State(StrEnum):
    """Where a plan stands."""

    ABSENT = "absent"
    PLANNED = "planned"
    APPROVED = "approved"
    CONCLUDED = "concluded"
    CLOSED = "closed"
    FAILED = "failed"


class Claim(StrEnum):
    """What the batches are to show."""

    SUCCESS_RUN = "success run"  # none of them fails
    SHARE = "share"  # at most so many of them fail
    TOLERANCE = "tolerance interval"  # of one attribute lies within its limits


class Sampling(Body):
    """What is drawn where, beyond the routine."""

    step: str = field(label="Step", length=1)
    what: str = field(label="What is drawn, how much, how often", length=3)
    tests: tuple[str, ...] = field(label="Tests", default=())


class Acceptance(Body):
    """What has to come out of each batch."""

    where: str = field(label="Result", help="STEP.NAME", length=3)
    limit: LimitText = field(label="Limit", help="For example: at least 70 %", length=3)


class Plan(Body):
    """The recipe, the claim and the number that it takes, the sampling, the acceptance."""

    title: str = field(label="Title", length=3)
    recipe: str = field(label="Recipe", length=1)
    digest: str = field(label="Digest of the recipe", help="As check RECIPE says it", length=64)
    claim: Claim = field(label="Claim")
    confidence: float = field(label="Confidence", unit="%", low=50.0, high=99.99)
    share: float = field(label="Share of batches that is good", unit="%", low=1.0, high=99.99)
    failures: int = field(label="Failures that are allowed", help="Of the claim share", low=0, high=99, default=0)
    sd: float = field(label="Expected scatter", help="Of the claim tolerance interval", low=0.0, default=0.0)
    margin: float = field(label="Expected mean to the nearer limit", help="As sd", low=0.0, default=0.0)
    number: int = field(label="Number of batches", low=1, high=9999)
    rationale: str = field(label="Why this claim", help="The risk that is left, what is known already", length=10)
    sampling: tuple[Sampling, ...] = field(label="Sampling plan")
    acceptance: tuple[Acceptance, ...] = field(label="Acceptance")
    owner: str = field(label="Owner", help="A person", length=1)
    due: Moment = field(label="To be concluded by")


class Counted(Body):
    """One batch, and whether all came out as planned."""

    batch: str = field(label="Batch", length=1)
    conforms: bool = field(label="Meets the acceptance")
    why: str = field(label="What does not", help="Needed when it does not", default="")


class Closing(Body):
    """Which report is approved; earlier records name none."""

    report: str = field(label="Report", help="SHA-256 of the file that was read", default="")


class Conclusion(Body):
    """What the report says, and what is concluded from it."""

    report: str = field(label="Report", help="SHA-256 of the file", length=64)
    met: bool = field(label="The claim is met")
    conclusion: str = field(label="Conclusion", length=10)
    deviations: tuple[str, ...] = field(label="Deviations", help="Of its batches, each judged", default=())


_AUTHORS = frozenset({Right.INVESTIGATE, Right.REVIEW, Right.SUPERVISE})

TABLE = Table(
    State.ABSENT,
    (
        *(
            Row(command, source, State.PLANNED, by=_AUTHORS, signs=(Meaning.AUTHORED,), body=Plan)
            for command, source in (("plan", State.ABSENT), ("replan", State.PLANNED))
        ),
        Row("approve", State.PLANNED, State.APPROVED, by={Right.APPROVE}, signs=(Meaning.APPROVED,)),
        Row("count", State.APPROVED, State.APPROVED, by=_AUTHORS, signs=(Meaning.REVIEWED,), body=Counted),
        Row("conclude", State.APPROVED, State.CONCLUDED, by=_AUTHORS, signs=(Meaning.AUTHORED,), body=Conclusion),
        Row("return", State.CONCLUDED, State.APPROVED, by={Right.APPROVE}, signs=(Meaning.RETURNED,), body=Reason),
        Row("close", State.CONCLUDED, State.CLOSED, by={Right.APPROVE}, signs=(Meaning.APPROVED,), body=Closing),
        *(
            Row("fail", state, State.FAILED, by={Right.APPROVE}, signs=(Meaning.RESPONSIBLE,), body=Reason)
            for state in (State.PLANNED, State.APPROVED, State.CONCLUDED)
        ),
    ),
)


def needed(said: Plan) -> int:
    """Give how many batches the claim of a plan takes; raises InputError for one that no number meets."""
    confidence, share = Percent(said.confidence), Percent(said.share)
    match said.claim:
        case Claim.SUCCESS_RUN:
            return runs.runs_without_failure(confidence=confidence, share=share)
        case Claim.SHARE:
            return runs.runs_with_failures(failures=said.failures, confidence=confidence, share=share)
        case Claim.TOLERANCE:
            return runs.runs_for_tolerance(sd=said.sd, margin=said.margin, confidence=confidence, share=share)


@dataclass(frozen=True, slots=True)
class Qualification:
    """One process performance qualification, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    plan: Plan | None = None
    authors: tuple[str, ...] = ()
    moved_at: Instant = Instant(0.0)
    due_at: Instant = Instant(0.0)
    approved_at: Instant = Instant(0.0)
    counted: tuple[Counted, ...] = ()
    conclusion: Conclusion | None = None
    concluded_by: str = ""
    failed: str = ""  # why

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its mark: one that is not over is open."""
        return () if self.state in {State.ABSENT, State.CLOSED, State.FAILED} else (OPEN,)

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: approved in ten days, concluded when planned, closed in ten days."""
        owner = self.plan.owner if self.plan else ""
        match self.state:
            case State.PLANNED:
                what = f"approve the PPQ plan {self.id}"
                return (within(what, owner=Right.APPROVE, since=self.moved_at, given=_APPROVE_IN),)
            case State.APPROVED:
                what = f"conclude PPQ {self.id}"
                return (until(what, owner=owner, since=self.approved_at, by=self.due_at, escalate=Right.APPROVE),)
            case State.CONCLUDED:
                what = f"close, return or fail PPQ {self.id}"
                return (within(what, owner=Right.APPROVE, since=self.moved_at, given=_APPROVE_IN),)
        return ()

    @property
    def bad(self) -> tuple[str, ...]:
        """Give the batches that did not meet the acceptance."""
        return tuple(one.batch for one in self.counted if not one.conforms)

    def told(self, site: Site) -> tuple[str, ...]:
        """Say what the claim takes, how far it is, and what is not counted."""
        if self.plan is None:
            return ()
        claim = f"{self.plan.claim}, {self.plan.share:g} % with {self.plan.confidence:g} % confidence"
        found = [f"{claim}: {needed(self.plan)} batches are needed, {self.plan.number} planned"]
        if self.state is State.APPROVED:
            found += self._lacking(site)
        return tuple(found)

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse too few batches for the claim, batches left out, and the own approval."""
        match fact.body:
            case Plan() as said:
                self._check_plan(fact, said, site)
            case Counted() as said:
                self._check_counted(said, site)
            case Conclusion() as said:
                self._check_conclusion(said, site)
            case Closing(report=report):
                self._check_close(fact, report)
        if fact.kind == "approve":
            self._refuse(fact.by in self.authors, f"was planned by {fact.by}; someone else has to approve it")

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"PPQ {self.id} {why}")

    def _check_plan(self, fact: Fact, said: Plan, site: Site) -> None:
        active = site.find("person", said.owner).state == "active"
        self._refuse(not active, f"is for {said.owner}, who is no active person here")
        self._refuse(moment(said.due, zone=fact.zone) <= fact.at, f"is to be concluded by {said.due}, which is over")
        self._refuse(not said.sampling, "has no sampling plan")
        self._refuse(not said.acceptance, "says nothing of what has to come out")
        try:
            number = needed(said)
        except InputError as error:
            raise RefusedError(f"PPQ {self.id}: {error}") from None
        few = f"plans {said.number} batches; {said.claim} of {said.share:g} % with {said.confidence:g} % confidence"
        self._refuse(said.number < number, f"{few} takes {number}")

    def _check_counted(self, said: Counted, site: Site) -> None:
        digest = self.plan.digest if self.plan else ""
        twice = (said.batch, said.conforms) in {(one.batch, one.conforms) for one in self.counted}
        self._refuse(twice, f"counts batch {said.batch} already")
        found = made_since(site, said.batch, digest=digest, since=self.approved_at, where=f"PPQ {self.id}")
        self._refuse(not said.conforms and not said.why, f"has to say what of batch {said.batch} did not conform")
        stopped = said.conforms and found.state in {"stopped", "aborted"}
        self._refuse(stopped, f"can't count batch {said.batch} as good: it is {found.state}")

    def _check_conclusion(self, said: Conclusion, site: Site) -> None:
        out = ", ".join(self._left_out(site))
        self._refuse(bool(out), f"leaves out {out}: every batch of the recipe since the approval counts")
        check_deviations(site, self._names, named=said.deviations, where=f"PPQ {self.id}")
        if said.met and self.plan is not None:
            lacking = "; ".join(self._lacking(site))
            self._refuse(bool(lacking), f"can't meet its claim: {lacking}")
            allowed = self.plan.failures if self.plan.claim is Claim.SHARE else 0
            self._refuse(len(self.bad) > allowed, f"can't meet its claim: {', '.join(self.bad)} did not conform")

    def _check_close(self, fact: Fact, report: str) -> None:
        self._refuse(fact.by == self.concluded_by, f"was concluded by {fact.by}; someone else has to close it")
        other = self.conclusion is not None and report != self.conclusion.report
        self._refuse(other, f"was concluded by another report than {report[:12] or 'none'}; name the one that was read")
        met = self.conclusion is not None and self.conclusion.met
        self._refuse(not met, "did not meet its claim; return it or fail it")

    @property
    def _names(self) -> Sequence[str]:
        return [one.batch for one in self.counted]

    def _left_out(self, site: Site) -> tuple[str, ...]:
        digest = self.plan.digest if self.plan else ""
        return left_out(site, digest, since=self.approved_at, counted=self._names)

    def _lacking(self, site: Site) -> list[str]:
        wanted = self.plan.number if self.plan else 0
        few = [f"{len(self.counted)} of {wanted} batches are counted"] if len(self.counted) < wanted else []
        return [*few, *(f"batch {name} is left out" for name in self._left_out(site))]

    def apply(self, fact: Fact) -> Self:
        """Give the qualification as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest), moved_at=fact.at)
        match fact.body:
            case Plan() as said:
                authors = tuple(dict.fromkeys((*self.authors, fact.by)))
                return replace(after, plan=said, authors=authors, due_at=moment(said.due, zone=fact.zone))
            case Counted() as said:
                others = (one for one in self.counted if one.batch != said.batch)  # said otherwise: the last word holds
                return replace(after, counted=(*others, said))
            case Conclusion() as said:
                return replace(after, conclusion=said, concluded_by=fact.by)
            case Reason(reason=reason) if fact.kind == "fail":
                return replace(after, failed=reason)
        return replace(after, approved_at=fact.at) if fact.kind == "approve" else after


KIND = Kind("ppq", "quality", TABLE, Qualification)
