"""Releases of lots: opened for review, then released, conditionally or whole, or rejected; never by who made the lot.

A release states the digest of the certificate of analysis, which has to be the one that the records give at that
moment. Conditional is what waits for tests that outlast the shelf life, and for nothing else.
Source: 21 CFR 211.22(a), 211.165, 211.192; EU GMP Part IV 11.3 (two-step release), Annex 16 (certification).
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, Self, cast

from automation.gmp.certificates import certificate
from automation.gmp.due import DAY, Due, until, within
from automation.gmp.lineage import hands_of
from automation.gmp.marks import OPEN
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.obstacles import Obstacle, obstacles, product_of
from automation.gmp.product.orders import order_of
from automation.gmp.product.rule_profiles import Rules
from automation.gmp.product.testing import tests_of
from automation.gmp.quality.specifications import Specification
from automation.gmp.shelf_lives import expiry_of
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.clock import iso
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

_DECIDE_IN = 5 * DAY  # s
_TELL_IN = 2 * DAY  # s; this house's reading of *immediately*, EU GMP Part IV 11.54


class State(StrEnum):
    """Where the release of a lot stands."""

    ABSENT = "absent"
    UNDER_REVIEW = "under review"
    CONDITIONAL = "conditionally released"
    SUPPLIED = "supplied out of specification"
    RELEASED = "released"
    REJECTED = "rejected"
    REVOKED = "revoked"


class Opening(Body):
    """By which specification the lot is judged."""

    specification: str = field(label="Specification", length=1)


class Certification(Body):
    """What is signed: the very certificate, and which containers are released."""

    certificate: str = field(label="SHA-256 of the certificate of analysis", length=64)
    containers: tuple[str, ...] = field(label="Containers", length=1)
    statement: str = field(label="Statement", help="What was reviewed, by which rules", length=3)


class Condition(Certification):
    """As a certification; why the patient can't wait, and who was told what is open."""

    reason: str = field(label="Why before all results", length=3)
    informed: str = field(label="Treating physician informed", help="When and how; never a patient's name", length=3)


class Supply(Condition):
    """As a condition; that the physician asked for it, knowing what is out, and what else there would be."""

    request: str = field(label="Physician's signed request", help="The paper; never a patient's name", length=3)
    risks: str = field(label="Evaluation of the risks", help="The document that the physician was given", length=3)
    alternatives: str = field(label="Alternatives", help="And what not giving it would mean", length=3)


class Notice(Body):
    """That the authority, and in a trial the sponsor, was told of the supply."""

    told: str = field(label="Who was told", length=3)
    how: str = field(label="How", help="With the number of the notification", length=3)


_RELEASERS = frozenset({Right.RELEASE})
_OUT = (State.CONDITIONAL, State.RELEASED, State.SUPPLIED)
_SIGNED = (Meaning.RELEASED,)
_DECIDED = (Meaning.RESPONSIBLE,)

TABLE = Table(
    State.ABSENT,
    (
        Row("open", State.ABSENT, State.UNDER_REVIEW, by={Right.REVIEW, Right.RELEASE}, body=Opening),
        Row("release", State.UNDER_REVIEW, State.RELEASED, by=_RELEASERS, signs=_SIGNED, body=Certification),
        Row(
            "release_conditionally",
            State.UNDER_REVIEW,
            State.CONDITIONAL,
            by=_RELEASERS,
            signs=_SIGNED,
            body=Condition,
        ),
        Row(
            "supply_out_of_specification",
            State.UNDER_REVIEW,
            State.SUPPLIED,
            by=_RELEASERS,
            signs=_SIGNED,
            body=Supply,
        ),
        Row("notify", State.SUPPLIED, State.SUPPLIED, by=_RELEASERS, signs=(Meaning.PERFORMED,), body=Notice),
        Row("complete", State.CONDITIONAL, State.RELEASED, by=_RELEASERS, signs=_SIGNED, body=Certification),
        Row("reject", State.UNDER_REVIEW, State.REJECTED, by=_RELEASERS, signs=_DECIDED, body=Reason),
        *(Row("revoke", state, State.REVOKED, by=_RELEASERS, signs=_DECIDED, body=Reason) for state in _OUT),
    ),
)


class _Issue(Protocol):
    """What a release asks of how a batch was issued."""

    product: str


class _Batch(Protocol):
    """What a release asks of a batch."""

    state: str
    issue: _Issue | None

    @property
    def identity(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Release:
    """The release of one lot, folded from its events; a value, never edited in place. Its id is that of the batch."""

    id: str
    state: State = State.ABSENT
    specification: str = ""
    moved_at: Instant = Instant(0.0)  # of the last move
    certificate: str = ""  # SHA-256 of the one that was signed last
    containers: tuple[str, ...] = ()
    condition: str = ""  # why it was released before all results
    signed_by: str = ""
    tell_by: Instant | None = None  # until when the authority is told of a supply out of specification
    notices: tuple[Notice, ...] = ()
    ended: str = ""  # why it was rejected or revoked

    @property
    def is_out(self) -> bool:
        """Tell whether its containers may go to the patient."""
        return self.state in _OUT

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that is not decided, or not whole, is open."""
        untold = self.tell_by is not None and not self.notices
        return (OPEN,) if untold or self.state in {State.UNDER_REVIEW, State.CONDITIONAL} else ()

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: decided in five days, completed in thirty."""
        if self.state is State.UNDER_REVIEW:
            what = f"decide on the release of lot {self.id}"
            return (within(what, owner=Right.RELEASE, since=self.moved_at, given=_DECIDE_IN),)
        if self.state is State.SUPPLIED and self.tell_by is not None and not self.notices:
            what = f"tell the authority that lot {self.id} was supplied out of specification"
            return (until(what, owner=Right.RELEASE, since=self.moved_at, by=self.tell_by),)
        if self.state is State.CONDITIONAL:
            what = f"complete the conditional release of lot {self.id}"
            return (within(what, owner=Right.RELEASE, since=self.moved_at, given=6 * _DECIDE_IN),)
        return ()

    def told(self, site: Site) -> tuple[str, ...]:
        """Say what stands in the way, and which certificate the records give now."""
        if self.state not in {State.UNDER_REVIEW, State.CONDITIONAL}:
            return ()
        found = obstacles(site, self.id, specification=self.specification)
        rules = rules_of_lot(site, self.id)
        by = [f"rules: {rules.cited}; before all results by {rules.early_clause}"] if rules else []
        lines = [f"in the way: {_said(one, site.zone)}" for one in found] or ["nothing stands in the way"]
        made = certificate(site, self.id, specification=self.specification)
        ends = expiry_of(site, self.id)
        by += [f"expires {ends[0]}: {ends[1].months:g} months by study {ends[1].study}"] if ends else []
        return (*lines, *by, f"certificate of analysis: {made.digest}")

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse what still has something in its way, another certificate, and whoever had a hand in the lot."""
        match fact.body:
            case Opening() as said:
                self._check_opening(said, site)
            case Supply() as said:
                self._check_person(fact.by, site)
                self._check_supply(site)
                self._check_certificate(said, site)
            case Certification() as said:
                self._check_person(fact.by, site)
                self._check_obstacles(site, whole=fact.kind != "release_conditionally")
                self._check_certificate(said, site)

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"release of {self.id}: {why}")

    def _check_opening(self, said: Opening, site: Site) -> None:
        batch = cast("_Batch", site.find("batch", self.id))
        self._refuse(batch.issue is None, "this batch was never issued")
        order = order_of(site, batch.identity)
        wanted = order.placing.product if order and order.placing else ""
        found = cast("Specification", site.find("specification", said.specification))
        what = f"{said.specification} is of {found.product or 'nothing'}, the order of {wanted or 'nothing'}"
        self._refuse(not wanted or found.product != wanted, what)

    def _check_person(self, person: str, site: Site) -> None:
        hands = hands_of(site, self.id)
        analysts = {name for test in tests_of(site, self.id) for name in test.analysts}
        self._refuse(person in hands | analysts, f"{person} had a hand in it; someone else has to release it")

    def _check_obstacles(self, site: Site, *, whole: bool) -> None:
        found = obstacles(site, self.id, specification=self.specification)
        barring = [one for one in found if whole or not one.later]
        self._refuse(bool(barring), "; ".join(_said(one, site.zone) for one in barring))
        self._refuse(not whole and not found, "nothing is open; release it without a condition")

    def _check_supply(self, site: Site) -> None:
        """Refuse it where the order's rules do not know it, and for anything but results out of specification."""
        rules = rules_of_lot(site, self.id)
        allowed = rules is not None and rules.out_of_specification
        self._refuse(not allowed, f"can't be supplied out of specification: {rules.supply_clause if rules else '-'}")
        found = obstacles(site, self.id, specification=self.specification)
        barring = [one for one in found if not (one.later or one.supply)]
        self._refuse(bool(barring), "; ".join(_said(one, site.zone) for one in barring))
        self._refuse(not any(one.supply for one in found), "nothing is out of specification")

    def _check_certificate(self, said: Certification, site: Site) -> None:
        made = certificate(site, self.id, specification=self.specification)
        other = f"the certificate {said.certificate[:12]} is not what the records say now ({made.digest[:12]})"
        self._refuse(said.certificate != made.digest, other)
        here = product_of(site, self.id) if self.state is State.UNDER_REVIEW else self.containers
        strange = sorted(set(said.containers) - set(here))
        self._refuse(bool(strange), f"{', '.join(strange)} is no container of its product")

    def apply(self, fact: Fact) -> Self:
        """Give the release as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest), moved_at=fact.at)
        match fact.body:
            case Opening(specification=specification):
                return replace(after, specification=specification)
            case Certification() as said:
                condition = said.reason if isinstance(said, Condition) else self.condition
                made = replace(after, certificate=said.certificate, containers=said.containers)
                tell_by = fact.at + _TELL_IN if isinstance(said, Supply) else None
                return replace(made, condition=condition, signed_by=fact.by, tell_by=tell_by)
            case Notice() as said:
                return replace(after, moved_at=self.moved_at, notices=(*self.notices, said))
        return replace(after, ended=fact.stated(Reason).reason)


def rules_of_lot(site: Site, batch: str) -> Rules | None:
    """Give the rules that a lot was ordered by; None when nobody has ordered it."""
    order = order_of(site, cast("_Batch", site.find("batch", batch)).identity)
    return order.rules(site) if order else None


def _said(one: Obstacle, zone: str) -> str:
    due = "" if one.due is None else f", due {iso(one.due, zone=zone)[:16]}"
    return f"{one.sentence} ({one.owner}{due})"


KIND = Kind("release", "product", TABLE, Release)
