"""Technology transfers: a process moves to another site by a frozen package, and is found equivalent there or not.

The package (process map, what is critical, gaps, protocol) is a file; the transfer states its SHA-256 and what of it is
asked later. Each gap is disposed of: closed with evidence before anything runs, or accepted with its reason, which one
that blocks can't be. Margins and numbers of runs are declared before the data are seen. Who planned does not approve,
who evaluated does not close.
Units: moments in s (UTC).
Source: WHO TRS 1044 annex 4 (2022), 4, 7 and 12; ICH Q10 3.1.2; EU GMP Annex 15, 5; 21 CFR 211.100(a).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from automation.formulas import limits
from automation.gmp.codes import Moment, moment
from automation.gmp.counted import check_deviations, left_out, made_since
from automation.gmp.due import DAY, Due, until, within
from automation.gmp.evidence import check_evidence
from automation.gmp.marks import OPEN
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.errors import InputError, RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

BLOCKS, TELLS = "blocks", "tells only"
_APPROVE_IN = 10 * DAY  # s
_HASH = re.compile(r"[0-9a-f]{64}")
_FEWEST = 3  # batches on either side of an equivalence test


class State(StrEnum):
    """Where a transfer stands."""

    ABSENT = "absent"
    PLANNED = "planned"
    APPROVED = "approved"
    EXECUTING = "executing"
    EVALUATED = "evaluated"
    CLOSED = "closed"
    FAILED = "failed"


class Side(StrEnum):
    """Which unit made a batch."""

    SENDING = "sending"
    RECEIVING = "receiving"


class Decision(StrEnum):
    """What becomes of a gap."""

    CLOSE = "close"  # before anything runs, with evidence
    ACCEPT = "accept"  # the process goes on with it


class GapLine(Body):
    """One gap of the package."""

    id: str = field(label="Gap", length=3)
    weighs: str = field(label="Weighs", help="blocks, changes the process, tells only", length=3)
    sentence: str = field(label="What differs", length=3)


class Plan(Body):
    """What is transferred from where to where, by which package, and how it will be judged."""

    title: str = field(label="Title", length=3)
    sending: str = field(label="Sending unit", length=1)
    receiving: str = field(label="Receiving unit", length=1)
    recipe: str = field(label="Recipe", length=1)
    digest: str = field(label="Digest of the recipe", length=64)
    package: str = field(label="Package", help="SHA-256 of the file", length=64)
    gaps: tuple[GapLine, ...] = field(label="Gaps", default=())
    critical: tuple[str, ...] = field(label="Critical", help="Parameters and attributes, STEP.NAME", default=())
    margins: tuple[str, ...] = field(label="Margins", help="STEP.NAME=VALUE UNIT", default=())
    runs: int = field(label="Batches at the receiving unit", low=1, high=999)
    references: int = field(label="Batches of the sending unit", low=0, high=999, default=0)
    rationale: str = field(label="Why so many", help="The statistical reason", length=10)
    owner: str = field(label="Owner", help="A person", length=1)
    due: Moment = field(label="To be evaluated by")


class Disposition(Body):
    """What becomes of one gap, and why."""

    gap: str = field(label="Gap", help="As the package names it", length=3)
    decision: Decision = field(label="Decision", help="close or accept")
    rationale: str = field(label="How it is closed, or why it may stay", length=3)
    owner: str = field(label="Owner", help="Who closes it; a person", default="")
    due: Moment | None = field(label="To be closed by", default=None)


class Settlement(Body):
    """That a gap is closed, and what shows it."""

    gap: str = field(label="Gap", length=3)
    what: str = field(label="What was done", length=3)
    evidence: tuple[str, ...] = field(label="Evidence", help="Streams, 'event N' or SHA-256 of files")


class Approval(Body):
    """Which package is approved."""

    package: str = field(label="Package", help="SHA-256 of the file that was read", length=64)


class Execution(Body):
    """One batch that counts; of another site cited by its ledger and a signed head."""

    batch: str = field(label="Batch", length=1)
    side: Side = field(label="Made by the", help="sending or receiving unit")
    ledger: str = field(label="Ledger", help="Of the other site: its id", default="")
    head: str = field(label="Head", help="Of the other site: hash of a head that covers the batch", default="")


class Removal(Body):
    """A batch of the other site that was cited wrongly."""

    batch: str = field(label="Batch", length=1)
    reason: str = field(label="Reason", length=3)


class Closing(Body):
    """Which report is approved; earlier records name none."""

    report: str = field(label="Report", help="SHA-256 of the file that was read", default="")


class Evaluation(Body):
    """What the report says, and what is concluded from it."""

    report: str = field(label="Report", help="SHA-256 of the file", length=64)
    equivalent: bool = field(label="The process is the same there")
    conclusion: str = field(label="Conclusion", length=10)
    deviations: tuple[str, ...] = field(label="Deviations", help="Of its batches, each judged", default=())


_AUTHORS = frozenset({Right.INVESTIGATE, Right.REVIEW, Right.SUPERVISE})
_OWNERS = _AUTHORS | {Right.PERFORM, Right.MAINTAIN}
_BEFORE = (State.PLANNED, State.APPROVED)

TABLE = Table(
    State.ABSENT,
    (
        *(
            Row(command, source, State.PLANNED, by=_AUTHORS, signs=(Meaning.AUTHORED,), body=Plan)
            for command, source in (("plan", State.ABSENT), ("replan", State.PLANNED))
        ),
        Row("dispose", State.PLANNED, State.PLANNED, by=_AUTHORS, signs=(Meaning.RESPONSIBLE,), body=Disposition),
        *(Row("settle", state, state, by=_OWNERS, signs=(Meaning.PERFORMED,), body=Settlement) for state in _BEFORE),
        Row("approve", State.PLANNED, State.APPROVED, by={Right.APPROVE}, signs=(Meaning.APPROVED,), body=Approval),
        Row("start", State.APPROVED, State.EXECUTING, by={Right.SUPERVISE, Right.ISSUE}),
        Row("count", State.EXECUTING, State.EXECUTING, by=_AUTHORS, body=Execution),
        Row("uncite", State.EXECUTING, State.EXECUTING, by=_AUTHORS, signs=(Meaning.RESPONSIBLE,), body=Removal),
        Row("evaluate", State.EXECUTING, State.EVALUATED, by=_AUTHORS, signs=(Meaning.AUTHORED,), body=Evaluation),
        Row("return", State.EVALUATED, State.EXECUTING, by={Right.APPROVE}, signs=(Meaning.RETURNED,), body=Reason),
        Row("close", State.EVALUATED, State.CLOSED, by={Right.APPROVE}, signs=(Meaning.APPROVED,), body=Closing),
        *(
            Row("fail", state, State.FAILED, by={Right.APPROVE}, signs=(Meaning.RESPONSIBLE,), body=Reason)
            for state in (*_BEFORE, State.EXECUTING, State.EVALUATED)
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Disposed:
    """What was decided of a gap, by whom, and how it was closed."""

    said: Disposition
    by: str
    at: Instant
    due_at: Instant | None = None
    settled: Settlement | None = None

    @property
    def is_open(self) -> bool:
        """Tell whether it is still to be closed."""
        return self.said.decision is Decision.CLOSE and self.settled is None


@dataclass(frozen=True, slots=True)
class Transfer:
    """One transfer, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    plan: Plan | None = None
    authors: tuple[str, ...] = ()
    moved_at: Instant = Instant(0.0)  # of the last move
    due_at: Instant = Instant(0.0)
    approved_at: Instant = Instant(0.0)
    approved_by: str = ""
    disposed: tuple[Disposed, ...] = ()
    counted: tuple[Execution, ...] = ()
    evaluation: Evaluation | None = None
    evaluated_by: str = ""
    closed_by: str = ""
    failed: str = ""  # why

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its mark: one that is not over is open."""
        return () if self.state in {State.ABSENT, State.CLOSED, State.FAILED} else (OPEN,)

    @property
    def undisposed(self) -> tuple[GapLine, ...]:
        """Give the gaps of which nobody has said what becomes of them; one that only tells may be left at that."""
        done = {one.said.gap for one in self.disposed}
        gaps = self.plan.gaps if self.plan else ()
        return tuple(one for one in gaps if one.id not in done and one.weighs != TELLS)

    @property
    def unsettled(self) -> tuple[str, ...]:
        """Give the gaps that are to be closed and are not."""
        return tuple(one.said.gap for one in self.disposed if one.is_open)

    def batches(self, side: Side) -> tuple[str, ...]:
        """Give the batches of a unit that were counted."""
        return tuple(one.batch for one in self.counted if one.side is side)

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: gaps by their owners, approval in ten days, evaluation when planned."""
        owner = self.plan.owner if self.plan else ""
        gaps = tuple(self._gap_dues()) if self.state in _BEFORE else ()
        match self.state:
            case State.PLANNED:
                what = f"dispose of the gaps of transfer {self.id} and have its package approved"
                return (
                    *gaps,
                    within(what, owner=owner, since=self.moved_at, given=_APPROVE_IN, escalate=Right.APPROVE),
                )
            case State.APPROVED | State.EXECUTING:
                what = f"evaluate transfer {self.id}"
                by = until(what, owner=owner, since=self.approved_at, by=self.due_at, escalate=Right.APPROVE)
                return (*gaps, by)
            case State.EVALUATED:
                what = f"close, return or fail transfer {self.id}"
                return (within(what, owner=Right.APPROVE, since=self.moved_at, given=_APPROVE_IN),)
        return ()

    def _gap_dues(self) -> Iterator[Due]:
        for one in self.disposed:
            if one.is_open and one.due_at is not None:
                what = f"close gap {one.said.gap!r} of transfer {self.id}"
                yield until(what, owner=one.said.owner, since=one.at, by=one.due_at, escalate=Right.SUPERVISE)

    def told(self, site: Site) -> tuple[str, ...]:
        """Say what is still missing before its next move."""
        if self.plan is None or self.state in {State.CLOSED, State.FAILED}:
            return ()
        found = [f"gap without disposition: {one.id} ({one.weighs})" for one in self.undisposed]
        found += [f"gap to be closed: {name}" for name in self.unsettled]
        if self.state is State.EXECUTING:
            found += self._lacking(site)
        if self.state is State.EVALUATED and self.evaluation is not None:
            verdict = "equivalent" if self.evaluation.equivalent else "not equivalent"
            found += [f"{self.evaluated_by} says that it is {verdict} by report {self.evaluation.report}: read it"]
        return tuple(found) or ("nothing is missing for its next move",)

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse gaps that nobody judged, a package that nobody froze, batches left out, and the own approval."""
        match fact.body:
            case Plan() as said:
                self._check_plan(fact, said, site)
            case Disposition() as said:
                self._check_disposition(fact, said, site)
            case Settlement() as said:
                self._check_settlement(fact, said, site)
            case Approval() as said:
                self._check_approval(fact, said)
            case Execution() as said:
                self._check_execution(said, site)
            case Removal(batch=batch):
                self._refuse(batch not in self.batches(Side.SENDING), f"cites no batch {batch} of the sending unit")
            case Evaluation() as said:
                self._check_evaluation(said, site)
            case Closing(report=report):
                self._check_close(fact, report)
        if fact.kind == "start":
            left = ", ".join(self.unsettled)
            self._refuse(bool(left), f"can't start: {left} is to be closed before")

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"transfer {self.id} {why}")

    def _check_plan(self, fact: Fact, said: Plan, site: Site) -> None:
        for what, text in (("recipe", said.digest), ("package", said.package)):
            self._refuse(not _HASH.fullmatch(text), f"names {what} {text[:16]!r}; a SHA-256 is needed")
        self._refuse(said.sending == said.receiving, f"goes from {said.sending} to itself")
        active = site.find("person", said.owner).state == "active"
        self._refuse(not active, f"is for {said.owner}, who is no active person here")
        self._refuse(moment(said.due, zone=fact.zone) <= fact.at, f"is to be evaluated by {said.due}, which is over")
        twice = len({one.id for one in said.gaps}) < len(said.gaps)
        self._refuse(twice, "names a gap twice")
        for margin in said.margins:
            _check_margin(margin, where=f"transfer {self.id}")
        few = bool(said.margins) and min(said.runs, said.references) < _FEWEST
        self._refuse(few, f"has margins and {said.runs} and {said.references} batches; {_FEWEST} of each unit at least")

    def _check_disposition(self, fact: Fact, said: Disposition, site: Site) -> None:
        gap = self._gap(said.gap)
        accepted = said.decision is Decision.ACCEPT
        self._refuse(accepted and gap.weighs == BLOCKS, f"can't go on with {gap.id}: it blocks, so it has to be closed")
        if not accepted:
            active = site.find("person", said.owner).state == "active"
            self._refuse(not active, f"gap {gap.id}: {said.owner or 'nobody'} is no active person here to close it")
            late = said.due is None or moment(said.due, zone=fact.zone) <= fact.at
            self._refuse(late, f"gap {gap.id}: a day to come is needed until when it is closed")

    def _check_settlement(self, fact: Fact, said: Settlement, site: Site) -> None:
        gap = self._gap(said.gap)
        found = next((one for one in self.disposed if one.said.gap == gap.id), None)
        if found is None or found.said.decision is not Decision.CLOSE:
            raise RefusedError(f"transfer {self.id} gap {gap.id}: nobody decided that it is closed")
        self._refuse(fact.by != found.said.owner, f"gap {gap.id} is {found.said.owner}'s to close")
        self._refuse(not said.evidence, f"gap {gap.id}: evidence is needed that it is closed")
        check_evidence(said.evidence, site, where=f"transfer {self.id} gap {gap.id}")

    def _gap(self, name: str) -> GapLine:
        gaps = self.plan.gaps if self.plan else ()
        found = next((one for one in gaps if one.id == name), None)
        if found is None:
            known = "; ".join(one.id for one in gaps) or "none"
            raise RefusedError(f"transfer {self.id} has no gap {name!r}; its package has: {known}")
        return found

    def _check_approval(self, fact: Fact, said: Approval) -> None:
        self._refuse(fact.by in self.authors, f"was planned by {fact.by}; someone else has to approve it")
        disposers = {one.by for one in self.disposed}
        self._refuse(fact.by in disposers, f"has gaps that {fact.by} disposed of; someone else has to approve it")
        settlers = {one.said.owner for one in self.disposed if one.settled is not None}
        self._refuse(fact.by in settlers, f"has gaps that {fact.by} closed; someone else has to approve it")
        other = self.plan is not None and said.package != self.plan.package
        self._refuse(other, f"is planned by another package than {said.package[:12]}")
        left = "; ".join(one.id for one in self.undisposed)
        self._refuse(bool(left), f"can't be approved: nobody has said what becomes of {left}")

    def _check_execution(self, said: Execution, site: Site) -> None:
        digest = self.plan.digest if self.plan else ""
        where = f"transfer {self.id}"
        twice = (said.batch, said.side) in {(one.batch, one.side) for one in self.counted}
        self._refuse(twice, f"counts batch {said.batch} already")
        if said.side is Side.SENDING:
            cited = bool(said.ledger) and bool(_HASH.fullmatch(said.head))
            self._refuse(
                not cited,
                f"has to cite batch {said.batch} of the other site by its ledger and by the hash of a signed head",
            )
            return
        self._refuse(bool(said.ledger), f"counts batch {said.batch} as made here, so it is of no other ledger")
        made_since(site, said.batch, digest=digest, since=self.approved_at, where=where)

    def _check_evaluation(self, said: Evaluation, site: Site) -> None:
        self._refuse(not _HASH.fullmatch(said.report), f"names report {said.report[:16]!r}; a SHA-256 is needed")
        lacking = "; ".join(self._lacking(site)) if said.equivalent else ""
        self._refuse(bool(lacking), f"can't be found equivalent: {lacking}")
        made = self.batches(Side.RECEIVING)
        out = ", ".join(self._left_out(site))
        self._refuse(bool(out), f"leaves out {out}: every batch of the recipe since the approval counts")
        check_deviations(site, made, named=said.deviations, where=f"transfer {self.id}")
        bad = [name for name in made if site.find("batch", name).state in {"stopped", "aborted"}]
        self._refuse(said.equivalent and bool(bad), f"can't be found equivalent: {', '.join(bad)} did not complete")

    def _left_out(self, site: Site) -> tuple[str, ...]:
        digest = self.plan.digest if self.plan else ""
        return left_out(
            site, digest, since=self.approved_at, counted=[one.batch for one in self.counted if not one.ledger]
        )

    def _lacking(self, site: Site) -> list[str]:
        if self.plan is None:
            return []
        pairs = ((Side.RECEIVING, self.plan.runs), (Side.SENDING, self.plan.references))
        counts = [(side, len(self.batches(side)), wanted) for side, wanted in pairs]
        found = [
            f"{has} of {wanted} batches of the {side} unit are counted" for side, has, wanted in counts if has < wanted
        ]
        return [*found, *(f"batch {name} is left out" for name in self._left_out(site))]

    def _check_close(self, fact: Fact, report: str) -> None:
        self._refuse(fact.by == self.evaluated_by, f"was evaluated by {fact.by}; someone else has to close it")
        self._refuse(fact.by in self.authors, f"was planned by {fact.by}; someone else has to close it")
        other = self.evaluation is not None and report != self.evaluation.report
        self._refuse(other, f"was evaluated by another report than {report[:12] or 'none'}; name the one that was read")
        good = self.evaluation is not None and self.evaluation.equivalent
        self._refuse(not good, "was not found equivalent; return it or fail it")

    def apply(self, fact: Fact) -> Self:
        """Give the transfer as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest), moved_at=fact.at)
        match fact.body:
            case Plan() as said:
                same = _unchanged(self.plan, said) if self.plan else set[str]()
                still = tuple(one for one in self.disposed if one.said.gap in same)
                authors = tuple(dict.fromkeys((*self.authors, fact.by)))
                due = moment(said.due, zone=fact.zone)
                return replace(after, plan=said, authors=authors, disposed=still, due_at=due)
            case Disposition() as said:
                due_at = moment(said.due, zone=fact.zone) if said.due is not None else None
                rest = tuple(one for one in self.disposed if one.said.gap != said.gap)
                return replace(after, disposed=(*rest, Disposed(said, fact.by, fact.at, due_at)))
            case Settlement() as said:
                return replace(after, disposed=tuple(_settled(one, said) for one in self.disposed))
            case Approval():
                return replace(after, approved_by=fact.by, approved_at=fact.at)
            case Execution() as said:
                return replace(after, counted=(*self.counted, said))
            case Removal(batch=batch):
                return replace(after, counted=tuple(_without(self.counted, batch)))
            case Evaluation() as said:
                return replace(after, evaluation=said, evaluated_by=fact.by)
            case Reason(reason=reason) if fact.kind == "fail":
                return replace(after, failed=reason)
        return replace(after, closed_by=fact.by) if fact.kind == "close" else after


def _unchanged(before: Plan, after: Plan) -> set[str]:
    """Give the gaps of which both plans say the same, so that what was decided of them still holds."""
    return {one.id for one in after.gaps if one in before.gaps}


def _without(counted: Sequence[Execution], batch: str) -> Iterator[Execution]:
    return (one for one in counted if (one.batch, one.side) != (batch, Side.SENDING))


def _settled(one: Disposed, said: Settlement) -> Disposed:
    return replace(one, settled=said) if one.said.gap == said.gap else one


def _check_margin(text: str, *, where: str) -> None:
    """Raise RefusedError for what is no ``STEP.NAME=VALUE UNIT``."""
    name, sign, amount = text.partition("=")
    try:
        bound = limits.parse(f"<= {amount.strip()}")[0]
    except InputError as error:
        raise RefusedError(f"{where}: margin {text!r}: {error}") from None
    if not sign or "." not in name or bound.value <= 0:
        raise RefusedError(f"{where}: margin {text!r}; write STEP.NAME=VALUE UNIT, for example count.viability=5 %")


KIND = Kind("transfer", "quality", TABLE, Transfer)
