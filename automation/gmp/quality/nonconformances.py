"""Non-conformances: material or product that is not as it has to be, and what becomes of it.

Whoever found it or proposes what becomes of it does not decide it; it closes when that has been done.
Source: 21 CFR 211.110(c), 211.142, 211.165(f) (rejected material; reprocessing), ISO 13485 8.3 (disposition,
        with justification); EU GMP chapter 5, 5.66 to 5.69.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, Self, cast

from automation.gmp.due import DAY, Due, within
from automation.gmp.evidence import CITED, check_cited, is_here
from automation.gmp.marks import OPEN, of_batch, of_subject
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

_STEP = 10 * DAY  # s, for each of: propose, decide, carry out
_GONE = {"lot": frozenset({"rejected", "withdrawn"}), "container": frozenset({"destroyed"})}


class State(StrEnum):
    """Where a non-conformance stands; DECIDED waits for what was decided to be done."""

    ABSENT = "absent"
    REPORTED = "reported"
    PROPOSED = "proposed"
    DECIDED = "decided"
    CLOSED = "closed"


class Disposition(StrEnum):
    """What becomes of it."""

    USE_AS_IS = "use as is"
    REWORK = "rework"
    RETURN = "return to supplier"
    SCRAP = "scrap"


class Report(Body):
    """What is not as it has to be, and by which requirement."""

    subject: str = field(label="Subject", help="Stream of the lot or container, for example lot/L-7", length=3)
    found: str = field(label="What was found", length=3)
    requirement: str = field(label="Requirement that it does not meet", length=3)
    batch: str = field(label="Batch", default="")


class Proposal(Body):
    """What should become of it, and why that is right."""

    disposition: Disposition = field(label="Disposition", help="use as is, rework, return to supplier or scrap")
    reason: str = field(label="Reason", length=3)
    deviation: str = field(label="Deviation", help="Needed for what is used nevertheless", default="")


class Deed(Body):
    """What was done, and what shows it."""

    what: str = field(label="What was done", length=3)
    evidence: str = field(label="Evidence", help=CITED, length=3)


_FINDERS = frozenset(Right) - {Right.READ}
_PROPOSERS = frozenset({Right.INVESTIGATE, Right.REVIEW, Right.RELEASE_MATERIAL})
_DOERS = frozenset({Right.PERFORM, Right.SUPERVISE, Right.RELEASE_MATERIAL})

TABLE = Table(
    State.ABSENT,
    (
        Row("report", State.ABSENT, State.REPORTED, by=_FINDERS, body=Report),
        Row("propose", State.REPORTED, State.PROPOSED, by=_PROPOSERS, signs=(Meaning.AUTHORED,), body=Proposal),
        Row("return", State.PROPOSED, State.REPORTED, by={Right.APPROVE}, signs=(Meaning.RETURNED,), body=Reason),
        Row("decide", State.PROPOSED, State.DECIDED, by={Right.APPROVE}, signs=(Meaning.APPROVED,)),
        Row("close", State.DECIDED, State.CLOSED, by=_DOERS, signs=(Meaning.PERFORMED,), body=Deed),
    ),
)


class _Opening(Protocol):
    """What a non-conformance asks of how a deviation was opened."""

    subject: str
    batch: str


class _Deviation(Protocol):
    """What a non-conformance asks of a deviation."""

    opening: _Opening | None


@dataclass(frozen=True, slots=True)
class Nonconformance:
    """One non-conformance, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    report: Report | None = None
    proposal: Proposal | None = None
    deed: Deed | None = None
    reported_by: str = ""
    proposers: tuple[str, ...] = ()
    moved_at: Instant = Instant(0.0)  # of the last move

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that is not closed is open; its subject; its batch."""
        open_one = (OPEN,) if self.state not in {State.ABSENT, State.CLOSED} else ()
        subject = (of_subject(self.report.subject),) if self.report else ()
        return (*open_one, *subject, *((of_batch(self.report.batch),) if self.report and self.report.batch else ()))

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next, each step within ten days."""
        steps = {
            State.REPORTED: ("propose what becomes of", Right.INVESTIGATE),
            State.PROPOSED: ("decide on", Right.APPROVE),
            State.DECIDED: ("carry out what was decided on", Right.SUPERVISE),
        }
        if self.state not in steps:
            return ()
        what, owner = steps[self.state]
        return (within(f"{what} non-conformance {self.id}", owner=owner, since=self.moved_at, given=_STEP),)

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse what is about nothing, use without a deviation, the own judgement, and a deed that was not done."""
        match fact.body:
            case Report() as said:
                there = said.subject.partition("/")[0] in _GONE and is_here(said.subject, site)
                self._refuse(not there, f"is about {said.subject!r}, which is no lot or container here")
            case Proposal() as said:
                state = site.find("deviation", said.deviation).state if said.deviation else "named nowhere"
                bare = said.disposition is Disposition.USE_AS_IS and state in {"absent", "named nowhere"}
                self._refuse(bare, f"can't be used as it is: its deviation is {state}")
                self._check_about(said.deviation, site)
            case Deed() as said:
                check_cited(said.evidence, site, where=f"non-conformance {self.id}")
                self._check_done(site)
        if fact.kind == "decide":
            hands = {**dict.fromkeys(self.proposers, "proposed"), self.reported_by: "found"}
            did = hands.get(fact.by, "")
            self._refuse(bool(did), f"was {did} by {fact.by}; someone else has to decide it")

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"non-conformance {self.id} {why}")

    def _check_about(self, name: str, site: Site) -> None:
        """Refuse a deviation about something else: neither this, nor what it is about, nor the lot of that."""
        opening = cast("_Deviation", site.find("deviation", name)).opening if name else None
        if opening is None or self.report is None:
            return
        kind, _, one = self.report.subject.partition("/")
        batches = {self.report.batch, getattr(site.find(kind, one), "batch", "")} - {""}  # that of a container, too
        about = opening.subject in {f"nonconformance/{self.id}", self.report.subject} or opening.batch in batches
        self._refuse(not about, f"is not what deviation {name} is about; that is {opening.subject}")

    def _check_done(self, site: Site) -> None:
        disposition = self.proposal.disposition if self.proposal else ""
        subject = self.report.subject if self.report else ""
        if disposition not in {Disposition.SCRAP, Disposition.RETURN}:
            return
        kind, _, name = subject.partition("/")
        state = site.find(kind, name).state
        self._refuse(state not in _GONE[kind], f"is to be closed by {disposition}, yet {kind} {name} is {state}")

    def apply(self, fact: Fact) -> Self:
        """Give the non-conformance as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest), moved_at=fact.at)
        match fact.body:
            case Report() as said:
                return replace(after, report=said, reported_by=fact.by)
            case Proposal() as said:
                return replace(after, proposal=said, proposers=tuple(dict.fromkeys((*self.proposers, fact.by))))
            case Deed() as said:
                return replace(after, deed=said)
        return after


KIND = Kind("nonconformance", "quality", TABLE, Nonconformance)
