"""Rule profiles: what the rules by which a product was ordered decide, each with its clause, as signed documents.

A profile's id is ``<us|eu|study>@<version>``; version 1 of each is packaged, a site writes the next. One person writes
it, another approves it, and it is in force from its day on. An order goes by the version that was in force when it was
placed, whatever comes later: that is read off the order of approval, withdrawal and placing in the ledger.
Source: each line names its own; 21 CFR 211.22(c), 211.100(a) and EU GMP chapter 4 (approved, dated, superseded).
"""

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self, cast

from automation.formulas.label_statements import Statement, of_rules
from automation.gmp.codes import Moment, moment
from automation.gmp.due import DAY, Due, within
from automation.gmp.marks import OPEN, known_as
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.clock import iso
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

_APPROVE_IN = 5 * DAY  # s


@dataclass(frozen=True, slots=True)
class Rules:
    """What one version of a profile decides."""

    cited: str  # with its version, as records cite it
    negative_to_date: bool  # whether every test that comes later needs a negative reading before a conditional release
    early_clause: str
    out_of_specification: bool  # whether a physician may ask for a lot that is out of specification
    supply_clause: str
    labels: tuple[tuple[str, Statement], ...] = ()  # type of lot, what its labels say

    def statements(self, lot_type: str) -> tuple[Statement, ...]:
        """Give what labels of a type of lot have to say by these rules."""
        return tuple(statement for one, statement in self.labels if one == lot_type)

    @property
    def sentences(self) -> tuple[tuple[str, str, str], ...]:
        """Give each rule with what it is about and its clause."""
        early = "only on a negative reading" if self.negative_to_date else "without a reading so far"
        supply = "at a physician's request" if self.out_of_specification else "never"
        labels = ((f"labels of a {lot} lot", f"say {one.text!r}", one.clause) for lot, one in self.labels)
        return (
            ("release before all results", early, self.early_clause),
            ("supply out of specification", supply, self.supply_clause),
            *labels,
        )


def _packaged(name: str, *, negative: bool, early: str, supplied: bool, supply: str) -> Rules:
    lots = ("engineering", "clinical", "commercial")
    labels = tuple((lot, one) for lot in lots for one in of_rules(name, lot))
    return Rules(f"{name}@1", negative, early, supplied, supply, labels)


PACKAGED = {
    "us": _packaged(
        "us",
        negative=True,
        early="21 CFR 610.12 (results before release, but by an approved exception with interim readings)",
        supplied=False,
        supply="21 CFR 211.165(f): what fails its specification is rejected; expanded access is no release",
    ),
    "eu": _packaged(
        "eu",
        negative=False,
        early="EU GMP Part IV 11.3 (two-step release)",
        supplied=True,
        supply="EU GMP Part IV 11.53 and 11.54",
    ),
    "study": _packaged(
        "study",
        negative=False,
        early="EU GMP Part IV 11.3, the protocol of the study",
        supplied=True,
        supply="EU GMP Part IV 11.54 (the sponsor is told immediately)",
    ),
}
"""Version 1 of each profile, for sites that have written none."""


class State(StrEnum):
    """Where a version stands; an approved one is in force from its day on, until a later one is."""

    ABSENT = "absent"
    DRAFT = "draft"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"


class LabelRule(Body):
    """What the labels of a type of lot have to say."""

    lot_type: str = field(label="Type of lot", help="clinical or commercial", length=1)
    text: str = field(label="Text", length=3)
    clause: str = field(label="Clause", length=3)


class Writing(Body):
    """What is decided, each with its clause, and from when on."""

    negative_to_date: bool = field(label="Release before all results needs a negative reading")
    early_clause: str = field(label="Clause of that", length=3)
    out_of_specification: bool = field(label="A physician may ask for a lot that is out of specification")
    supply_clause: str = field(label="Clause of that", length=3)
    labels: tuple[LabelRule, ...] = field(label="What labels say", default=())
    effective: Moment = field(label="In force from", help="Never before its approval")
    changes: str = field(label="What differs from the version before, and why", length=3)


_AUTHORS = frozenset({Right.REVIEW, Right.RELEASE})

TABLE = Table(
    State.ABSENT,
    (
        Row("write", State.ABSENT, State.DRAFT, by=_AUTHORS, signs=(Meaning.AUTHORED,), body=Writing),
        Row("revise", State.DRAFT, State.DRAFT, by=_AUTHORS, signs=(Meaning.AUTHORED,), body=Writing),
        Row("approve", State.DRAFT, State.APPROVED, by={Right.APPROVE}, signs=(Meaning.APPROVED,)),
        *(
            Row("withdraw", state, State.WITHDRAWN, by={Right.APPROVE}, signs=(Meaning.RESPONSIBLE,), body=Reason)
            for state in (State.DRAFT, State.APPROVED)
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class RuleProfile:
    """One version of one profile, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    writing: Writing | None = None
    authors: tuple[str, ...] = ()
    written_at: Instant = Instant(0.0)
    since: Instant | None = None  # in force from
    approved_seq: int = 0  # the event of the approval; 0 before it
    withdrawn_seq: int = 0
    reason: str = ""  # why it was withdrawn

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: its name, whatever the version; a draft is open."""
        return (known_as(self.id.partition("@")[0]), *((OPEN,) if self.state is State.DRAFT else ()))

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: a draft is approved in five days."""
        if self.state is not State.DRAFT:
            return ()
        return (within(f"approve profile {self.id}", owner=Right.APPROVE, since=self.written_at, given=_APPROVE_IN),)

    @property
    def rules(self) -> Rules:
        """Give what it decides; raises TypeError before it is written."""
        if self.writing is None:
            raise TypeError(self)
        said = self.writing
        labels = tuple((one.lot_type, Statement(one.text.upper(), one.clause)) for one in said.labels)
        decided = (said.negative_to_date, said.early_clause, said.out_of_specification, said.supply_clause)
        return Rules(self.id, *decided, labels)

    def told(self, site: Site) -> tuple[str, ...]:
        """Say what it decides by which clause, and since when it is in force."""
        if self.writing is None:
            return ()
        lines = (f"{about}: {what} ({clause})" for about, what, clause in self.rules.sentences)
        when = f"in force from {iso(self.since, zone=site.zone)[:16]}" if self.since is not None else "not in force"
        return (*lines, when)

    def check(self, fact: Fact, _site: Site) -> None:
        """Refuse a name that no order knows, a packaged version, and an author as approver."""
        name, _, version = self.id.partition("@")
        known = ", ".join(PACKAGED)
        self._refuse(name not in PACKAGED or not version, f"needs an id like eu@2; orders know {known}")
        self._refuse(self.id == PACKAGED[name].cited, "is the packaged one, which nobody changes; write the next")
        if fact.kind == "approve":
            self._refuse(fact.by in self.authors, f"was written by {fact.by}; someone else has to approve it")

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"profile {self.id} {why}")

    def apply(self, fact: Fact) -> Self:
        """Give the version as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        match fact.body:
            case Writing() as said:
                authors = tuple(dict.fromkeys((*self.authors, fact.by)))
                return replace(after, writing=said, authors=authors, written_at=fact.at)
            case Reason(reason=reason):
                return replace(after, withdrawn_seq=fact.seq, reason=reason)
        effective = moment(self.writing.effective, zone=fact.zone) if self.writing else fact.at
        return replace(after, since=max(effective, fact.at), approved_seq=fact.seq)


def rules_at(site: Site, profile: str, at: Instant, *, before: int | None = None) -> Rules:
    """Give the version of a profile that was in force at a moment; the packaged one where the site had none.

    What was approved or withdrawn at or after the event ``before`` does not count, however fast it followed.
    """
    versions = (cast("RuleProfile", one) for one in site.marked("profile", known_as(profile)))
    end = math.inf if before is None else before
    begun = [(one.since, one) for one in versions if one.since is not None and one.since <= at]
    known = [(since, one) for since, one in begun if one.approved_seq < end]
    standing = [(since, one.approved_seq, one) for since, one in known if not 0 < one.withdrawn_seq < end]
    return max(standing, key=lambda found: found[:2])[2].rules if standing else PACKAGED[profile]


def cites(rules: Rules) -> tuple[str, ...]:
    """Say by which version an order goes, rule by rule with its clause."""
    lines = (f"{about}: {what} ({clause}; {rules.cited})" for about, what, clause in rules.sentences)
    return (f"rules: {rules.cited}", *lines)


KIND = Kind("profile", "product", TABLE, RuleProfile)
