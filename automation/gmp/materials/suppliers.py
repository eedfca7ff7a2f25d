"""Suppliers: proposed with their evidence, approved by another person for named materials until a day, looked at again.

From the first supplier on that a site proposes, nothing is received or released that does not come from an approved
one. Whoever is disqualified takes the released lots back into quarantine with it.
Units:  moments in s (UTC).
Source: 21 CFR 211.84(d)(2), (3) (reliability of the supplier's analyses); EU GMP chapter 5, 5.27 to 5.29 (approval,
supply chain); ICH Q10 2.7; EudraLex volume 4 part IV 7.10 to 7.20.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, Self, cast

from automation.gmp.codes import Moment, moment
from automation.gmp.due import DAY, Due, until, within
from automation.gmp.marks import LISTED, OPEN, from_supplier
from automation.gmp.objects import Fact, Follow, Kind, Next, Site, Thing
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.clock import iso
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

_APPROVE_IN = 30 * DAY  # s


class State(StrEnum):
    """Where a supplier stands; only an approved one supplies."""

    ABSENT = "absent"
    PROPOSED = "proposed"
    APPROVED = "approved"
    SUSPENDED = "suspended"
    DISQUALIFIED = "disqualified"


class Role(StrEnum):
    """What a supplier does; who makes a material and who sells it are both qualified."""

    MANUFACTURER = "manufacturer"
    DISTRIBUTOR = "distributor"


class Basis(StrEnum):
    """What a qualification rests on."""

    AUDIT = "audit"
    QUESTIONNAIRE = "questionnaire"
    CERTIFICATE = "certificate of a third party"
    HISTORY = "history of its deliveries"


class Proposal(Body):
    """Who supplies what, on which evidence, under which agreement."""

    role: Role = field(label="Role")
    materials: tuple[str, ...] = field(label="Materials", length=1)
    basis: Basis = field(label="Basis")
    evidence: str = field(label="Evidence", help="Report, certificate or hash", length=3)
    agreement: str = field(label="Quality agreement", help="Document with its version; empty: none", default="")


class Approval(Body):
    """Until when the qualification holds."""

    until: Moment = field(label="Qualified until")


class Requalification(Body):
    """What a supplier was looked at again by, and until when the qualification holds from now on."""

    materials: tuple[str, ...] = field(label="Materials", length=1)
    basis: Basis = field(label="Basis")
    evidence: str = field(label="Evidence", help="Report, certificate or hash", length=3)
    until: Moment = field(label="Qualified until")


_AUTHORS = frozenset({Right.REVIEW, Right.RELEASE_MATERIAL})
_BOTH = (Meaning.AUTHORED, Meaning.APPROVED)

TABLE = Table(
    State.ABSENT,
    (
        Row("propose", State.ABSENT, State.PROPOSED, by=_AUTHORS, signs=(Meaning.AUTHORED,), body=Proposal),
        Row("revise", State.PROPOSED, State.PROPOSED, by=_AUTHORS, signs=(Meaning.AUTHORED,), body=Proposal),
        Row("approve", State.PROPOSED, State.APPROVED, by={Right.APPROVE}, signs=(Meaning.APPROVED,), body=Approval),
        Row("requalify", State.APPROVED, State.APPROVED, by=_AUTHORS, signs=_BOTH, body=Requalification),
        Row("suspend", State.APPROVED, State.SUSPENDED, by=_AUTHORS | {Right.APPROVE}, body=Reason),
        Row("reinstate", State.SUSPENDED, State.APPROVED, by=_AUTHORS, signs=_BOTH, body=Requalification),
        *(
            Row("disqualify", at, State.DISQUALIFIED, by={Right.APPROVE}, signs=(Meaning.RESPONSIBLE,), body=Reason)
            for at in (State.PROPOSED, State.APPROVED, State.SUSPENDED)
        ),
    ),
)


class _Lot(Protocol):
    """What a scorecard and a disqualification ask of a lot."""

    id: str
    state: str
    complaints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Supplier:
    """One supplier, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    proposal: Proposal | None = None
    materials: tuple[str, ...] = ()
    proposed_at: Instant = Instant(0.0)
    qualified_at: Instant = Instant(0.0)
    until: Instant = Instant(0.0)
    authors: tuple[str, ...] = ()  # of the proposal
    looked_at: tuple[Requalification, ...] = ()
    reason: str = ""  # why it was suspended or disqualified

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: it is on the list; one of which something is due is open."""
        return (LISTED, *((OPEN,) if self.dues else ())) if self.state is not State.ABSENT else ()

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: approved in a month, qualified again before its time is over."""
        if self.state is State.PROPOSED:
            what = f"approve supplier {self.id}"
            return (within(what, owner=Right.APPROVE, since=self.proposed_at, given=_APPROVE_IN),)
        if self.state is State.APPROVED:
            what, owner = f"qualify supplier {self.id} again", Right.RELEASE_MATERIAL
            return (until(what, owner=owner, since=self.qualified_at, by=self.until, escalate=Right.APPROVE),)
        return ()

    def wrong(self, material: str, now: Instant) -> Iterator[str]:
        """Give what speaks against a material from this supplier."""
        if self.state is not State.APPROVED:
            state = (
                "not on the list of approved suppliers" if self.state is State.ABSENT else f"{self.state}, not approved"
            )
            yield f"supplier {self.id} is {state}{f' ({self.reason})' if self.reason else ''}"
            return
        if now > self.until:
            yield f"supplier {self.id} had to be qualified again by {iso(self.until)[:10]}"
        if material not in self.materials:
            yield f"supplier {self.id} is approved for {', '.join(self.materials)}, not for {material}"

    def told(self, site: Site) -> tuple[str, ...]:
        """Give its scorecard: what became of its lots."""
        lots = [cast("_Lot", one) for one in site.marked("lot", from_supplier(self.id))]
        if not lots:
            return ("no lot of it was received yet",)
        states = Counter(str(one.state) for one in lots)
        bad = [one for one in lots if one.complaints]
        share = 100 * (len(lots) - len(bad)) / len(lots)
        counts = ", ".join(f"{number} {state}" for state, number in sorted(states.items()))
        first = f"{len(lots)} lots received: {counts}; {share:.0f} % without complaint"
        return (first, *(f"lot {one.id}: {'; '.join(one.complaints)}" for one in bad))

    def check(self, fact: Fact, site: Site) -> None:  # noqa: ARG002  every object is asked the same way
        """Refuse the author as approver, and a qualification that is over before it begins."""
        if fact.kind == "approve":
            self._refuse(fact.by in self.authors, f"was proposed by {fact.by}; someone else has to approve it")
        if isinstance(fact.body, Approval | Requalification):
            over = moment(fact.body.until, zone=fact.zone) <= fact.at
            self._refuse(over, f"can't be qualified until {fact.body.until}, which is over")

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"supplier {self.id} {why}")

    def apply(self, fact: Fact) -> Self:
        """Give the supplier as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        match fact.body:
            case Proposal() as said:
                authors = tuple(dict.fromkeys((*self.authors, fact.by)))
                return replace(after, proposal=said, materials=said.materials, authors=authors, proposed_at=fact.at)
            case Approval(until=end):
                return replace(after, qualified_at=fact.at, until=moment(end, zone=fact.zone))
            case Requalification(until=end) as said:
                looked_at = (*self.looked_at, said)
                made = replace(after, materials=said.materials, looked_at=looked_at, reason="")
                return replace(made, qualified_at=fact.at, until=moment(end, zone=fact.zone))
            case Reason(reason=reason):
                return replace(after, reason=reason)
        return after


def not_approved(site: Site, names: tuple[str, ...], material: str) -> tuple[str, ...]:
    """Give what speaks against a material from these suppliers; nothing at a site that keeps no list."""
    if next(site.marked("supplier", LISTED), None) is None:
        return ()
    found = (cast("Supplier", site.find("supplier", name)) for name in dict.fromkeys(names) if name)
    return tuple(sentence for one in found for sentence in one.wrong(material, site.now))


def _take_back(supplier: Thing, _fact: Fact, site: Site) -> Iterator[Next]:
    for lot in site.marked("lot", from_supplier(supplier.id)):
        if lot.state == "released":
            yield Next(f"lot/{lot.id}", "quarantine", {"reason": f"supplier {supplier.id} is disqualified"})


FOLLOWS = (
    Follow("supplier-disqualified", "disqualify", "its released lots go into quarantine", "21 CFR 211.84", _take_back),
)

KIND = Kind("supplier", "materials", TABLE, Supplier, FOLLOWS)
