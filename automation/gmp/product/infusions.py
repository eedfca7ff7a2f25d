"""Infusions: one container, thawed for one patient, identified at the bedside by two identifiers and two people.

What is scanned from wristband and bag has to be the order's; the record says that it was, never who the patient is.
A thawed bag is used no longer than the specification says by which its lot was released.
Units:  mL, h.
Source: FACT-JACIE (identification before infusion, by two); 21 CFR 1271.290; EU GMP Part IV 16 (thaw at the bedside).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, Self, cast

from automation.gmp.codes import Code, Identity, Moment, moment
from automation.gmp.due import Due, until
from automation.gmp.marks import OPEN, of_container, of_order
from automation.gmp.objects import Fact, Follow, Kind, Next, Site, Thing
from automation.gmp.product.custody import custody_findings, held_by
from automation.gmp.product.orders import Order, check_runs
from automation.gmp.product.recalls import check_recalls
from automation.gmp.product.releases import Release
from automation.gmp.product.shipments import Shipment
from automation.gmp.quality.holds import barring
from automation.gmp.quality.specifications import Specification
from automation.gmp.shelf_lives import expired
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.clock import iso
from automation.kernel.errors import IdentityError, RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant, Seconds


class State(StrEnum):
    """Where an infusion stands."""

    ABSENT = "absent"
    PLANNED = "planned"
    PREPARED = "prepared"
    IDENTIFIED = "identified"
    RUNNING = "running"
    GIVEN = "given"
    STOPPED = "stopped"
    NOT_GIVEN = "not given"


class Plan(Body):
    """For which order, from which container, where and when."""

    order: str = field(label="Order", length=1)
    container: str = field(label="Container", length=1)
    batch: str = field(label="Batch", help="The released lot", length=1)
    ward: str = field(label="Ward", help="The party that holds it, as hand-overs name it", length=2)
    at: Moment = field(label="Infusion")


class Preparation(Body):
    """That it was thawed, and until when it may be used."""

    container: str = field(label="Container, scanned", length=1)
    thawed: Moment = field(label="Thawed at")
    expires: Moment = field(label="To be used by")


class Identification(Body):
    """What two people read at the bedside, from the wristband and from the bag."""

    identity: Identity = field(label="Chain of identity, from the wristband")
    subject: Code = field(label="Recipient code, from the wristband")
    container: str = field(label="Container, from the bag", length=1)
    bag_identity: Identity = field(label="Chain of identity, from the bag")


class Ending(Body):
    """How much was given, and what was seen."""

    volume_ml: float = field(label="Volume", unit="mL", low=0.0)
    reaction: str = field(label="Reaction", help="None, or what was seen and reported", length=2)


_BEDSIDE = frozenset({Right.TREAT})
_MINUTE = Seconds(60.0)  # s; people write no seconds
_TWO = (Meaning.PERFORMED, Meaning.VERIFIED)

TABLE = Table(
    State.ABSENT,
    (
        Row("plan", State.ABSENT, State.PLANNED, by=_BEDSIDE, body=Plan),
        Row("prepare", State.PLANNED, State.PREPARED, by=_BEDSIDE, signs=_TWO, body=Preparation),
        Row("identify", State.PREPARED, State.IDENTIFIED, by=_BEDSIDE, signs=_TWO, body=Identification),
        Row("begin", State.IDENTIFIED, State.RUNNING, by=_BEDSIDE),
        Row("complete", State.RUNNING, State.GIVEN, by=_BEDSIDE, signs=_TWO, body=Ending),
        Row("stop", State.RUNNING, State.STOPPED, by=_BEDSIDE, signs=(Meaning.RESPONSIBLE,), body=Ending),
        *(
            Row("abandon", state, State.NOT_GIVEN, by=_BEDSIDE, signs=(Meaning.RESPONSIBLE,), body=Reason)
            for state in (State.PLANNED, State.PREPARED, State.IDENTIFIED)
        ),
    ),
)


class _Container(Protocol):
    """What an infusion asks of a container."""

    identity: str
    on_hold: bool
    hold_reason: str


@dataclass(frozen=True, slots=True)
class Infusion:
    """One infusion, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    plan: Plan | None = None
    planned_at: Instant = Instant(0.0)
    due_at: Instant = Instant(0.0)
    thawed_at: Instant | None = None
    expires_at: Instant | None = None
    began_at: Instant | None = None
    ended_at: Instant | None = None
    volume_ml: float = 0.0
    reaction: str = ""
    ended: str = ""  # why it was not given

    @property
    def order(self) -> str:
        """Give the order; empty before it is planned."""
        return self.plan.order if self.plan else ""

    @property
    def container(self) -> str:
        """Give the container; empty before it is planned."""
        return self.plan.container if self.plan else ""

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that is not over is open; its order; its container."""
        going = self.state in {State.PLANNED, State.PREPARED, State.IDENTIFIED, State.RUNNING}
        marks = (of_order(self.order), of_container(self.container)) if self.plan else ()
        return (*marks, *((OPEN,) if going else ()))

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: begun when planned, and before what was thawed expires."""
        if self.state is State.PLANNED:
            what = f"prepare infusion {self.id}"
            return (until(what, owner=Right.TREAT, since=self.planned_at, by=self.due_at, escalate=Right.ORDER),)
        if self.state in {State.PREPARED, State.IDENTIFIED} and self.expires_at and self.thawed_at:
            what = f"begin infusion {self.id} before the bag expires"
            return (until(what, owner=Right.TREAT, since=self.thawed_at, by=self.expires_at, escalate=Right.ORDER),)
        return ()

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse another patient or bag, what is not released or not here, and what has expired."""
        match fact.body:
            case Plan() as said:
                self._check_plan(fact, said, site)
            case Preparation() as said:
                self._check_preparation(fact, said, site)
            case Identification() as said:
                self._check_identity(said, site)
        if fact.kind in {"prepare", "identify", "begin"}:
            check_runs(cast("Order", site.find("order", self.order)), what=f"infusion {self.id}")
            self._check_fit(site)
        if fact.kind in {"identify", "begin"} and self.expires_at is not None:
            late = fact.at > self.expires_at
            self._refuse(late, f"can't go on: the bag was to be used by {iso(self.expires_at, zone=fact.zone)}")

    @property
    def _planned(self) -> Plan:
        if self.plan is None:
            raise TypeError(self)
        return self.plan

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"infusion {self.id} {why}")

    def _check_plan(self, fact: Fact, said: Plan, site: Site) -> None:
        order = cast("Order", site.find("order", said.order))
        check_runs(order, what=f"infusion {self.id}")
        if cast("_Container", site.find("container", said.container)).identity != order.identity:
            raise IdentityError(f"infusion {self.id}: container {said.container} is not of order {order.id}")
        others = (one for one in site.marked("infusion", of_container(said.container)) if one.id != self.id)
        other = next((one for one in others if one.state != State.NOT_GIVEN), None)
        taken = f"can't be planned: container {said.container} is infusion {other.id if other else ''}'s"
        self._refuse(other is not None, taken)
        self._refuse(moment(said.at, zone=fact.zone) <= fact.at, f"is planned for {said.at}, which is over")

    def _check_preparation(self, fact: Fact, said: Preparation, site: Site) -> None:
        plan = self._planned
        if said.container != plan.container:
            raise IdentityError(f"infusion {self.id} is of {plan.container}; another container was scanned")
        shipments = (cast("Shipment", one) for one in site.marked("shipment", of_container(plan.container)))
        arrived = max((one.moved_at for one in shipments if one.state == "accepted"), default=None)
        if arrived is None:
            raise RefusedError(f"infusion {self.id} can't be prepared: no shipment of {plan.container} was accepted")
        holder = held_by(site, plan.container) or "nobody on record"
        self._refuse(holder != plan.ward, f"can't be prepared: {plan.container} is with {holder}, not {plan.ward}")
        broken = custody_findings(site, plan.container)
        self._refuse(bool(broken), f"can't be prepared: {'; '.join(broken)}")
        thawed, expires = moment(said.thawed, zone=fact.zone), moment(said.expires, zone=fact.zone)
        self._refuse(not thawed <= fact.at < expires, "has to be thawed before now and expire after")
        since = iso(arrived, zone=fact.zone)[:16]
        self._check_life(site, thawed=thawed, expires=expires, zone=fact.zone)
        early = thawed < arrived - _MINUTE
        self._refuse(early, f"can't have thawed at {said.thawed}: its shipment was accepted at {since}")

    def _check_life(self, site: Site, *, thawed: Instant, expires: Instant, zone: str) -> None:
        release = cast("Release", site.find("release", self._planned.batch))
        by = cast("Specification", site.find("specification", release.specification))
        if by.thawed_h is not None:
            life = Seconds(by.thawed_h * 3600.0)
            said = (
                f"specification {by.id} gives a thawed bag {by.thawed_h:.10g} h, until {iso(thawed + life, zone=zone)}"
            )
            self._refuse(expires > thawed + life, f"can't be used so long: {said}")

    def _check_fit(self, site: Site) -> None:
        plan = self._planned
        release = cast("Release", site.find("release", plan.batch))
        out = release.is_out and plan.container in release.containers
        self._refuse(not out, f"can't go on: {plan.container} of lot {plan.batch} is not released ({release.state})")
        check_recalls(site, plan.batch, what=f"infusion {self.id}")
        held = next(barring(site, plan.batch, (plan.container,)), "")
        self._refuse(bool(held), f"can't go on: {held}")
        over = expired(site, plan.batch)
        self._refuse(bool(over), f"can't go on: {over}")
        bag = cast("_Container", site.find("container", plan.container))
        self._refuse(bag.on_hold, f"can't go on: {plan.container} is on QA hold ({bag.hold_reason})")

    def _check_identity(self, said: Identification, site: Site) -> None:
        order = cast("Order", site.find("order", self.order))
        read = {
            "chain of identity on the wristband": said.identity == order.identity,
            "recipient code on the wristband": said.subject == order.subject,
            "container": said.container == self.container,
            "chain of identity on the bag": said.bag_identity == order.identity,
        }
        wrong = [what for what, right in read.items() if not right]
        if wrong:
            raise IdentityError(f"infusion {self.id}: STOP, the {wrong[0]} is not that of order {order.id}")

    def apply(self, fact: Fact) -> Self:
        """Give the infusion as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        match fact.body:
            case Plan() as said:
                return replace(after, plan=said, planned_at=fact.at, due_at=moment(said.at, zone=fact.zone))
            case Preparation() as said:
                thawed, expires = moment(said.thawed, zone=fact.zone), moment(said.expires, zone=fact.zone)
                return replace(after, thawed_at=thawed, expires_at=expires)
            case Ending() as said:
                return replace(after, ended_at=fact.at, volume_ml=said.volume_ml, reaction=said.reaction)
            case Reason(reason=reason):
                return replace(after, ended=reason)
        return replace(after, began_at=fact.at) if fact.kind == "begin" else after


def _fulfil(thing: Thing, _fact: Fact, _site: Site) -> Iterable[Next]:
    infusion = cast("Infusion", thing)
    yield Next(f"order/{infusion.order}", "fulfil", {"infusion": infusion.id})


FOLLOWS = (Follow("infusion-fulfils", "complete", "its order is fulfilled", "21 CFR 1271.290", _fulfil),)

KIND = Kind("infusion", "product", TABLE, Infusion, FOLLOWS)
