"""Shipments: what is sent for an order, packed only when released, handed to a carrier, judged by the receiver.

Units:  degC, d.
Source: 21 CFR 211.142(b), 211.150 (distribution); EU GMP Part IV 14; 49 CFR 173.199 and 173.320 (what the papers say).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import chain
from typing import Protocol, Self, cast

from automation.formulas import dangerous_goods as goods
from automation.gmp.codes import Moment, moment
from automation.gmp.due import DAY, Due, until, within
from automation.gmp.marks import OPEN, of_container, of_order, of_subject
from automation.gmp.objects import Fact, Follow, Kind, Next, Site, Thing
from automation.gmp.packages import package_of, unfit, untrained
from automation.gmp.product.custody import held_by
from automation.gmp.product.orders import Order, check_runs
from automation.gmp.product.recalls import check_recalls
from automation.gmp.product.releases import Release
from automation.gmp.quality.holds import barring
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.errors import IdentityError, RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

DOCUMENTS = ("order", "certificate of analysis", "custody form", "waybill")


class State(StrEnum):
    """Where a shipment stands."""

    ABSENT = "absent"
    PLANNED = "planned"
    PACKED = "packed"
    IN_TRANSIT = "in transit"
    RECEIVED = "received"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class Plan(Body):
    """What is sent, from which lot, to whom, by whom, in which time and under which conditions."""

    order: str = field(label="Order", length=1)
    batch: str = field(label="Batch", length=1)
    containers: tuple[str, ...] = field(label="Containers", length=1)
    consignee: str = field(label="Consignee", help="The party, as hand-overs name it", length=2)
    carrier: str = field(label="Carrier", help="The party, as hand-overs name it", length=2)
    leaves: Moment = field(label="Leaves")
    arrives: Moment = field(label="Arrives by")
    highest_c: float = field(label="Highest temperature allowed", unit="degC")
    classified: str = field(label="Dangerous goods class", help="What the papers say beside the rule", default="")
    content: goods.Content | None = field(
        label="Content", help="not regulated, category b, category a, gmo or approved gmo", default=None
    )
    coolant: goods.Coolant | None = field(
        label="Coolant", help="none, gel packs, dry ice, dry shipper or liquid nitrogen", default=None
    )
    mode: goods.Mode = field(
        label="Mode", help="passenger aircraft, cargo aircraft or road", default=goods.Mode.PASSENGER_AIRCRAFT
    )
    ice_kg: float = field(label="Dry ice, net", unit="kg", low=0.0, default=0.0)


class Packing(Body):
    """What was put into which shipper, and how long that keeps cold."""

    containers: tuple[str, ...] = field(label="Containers, scanned", length=1)
    shipper: str = field(label="Shipper", length=2)
    qualified_until: Moment = field(label="Shipper qualified until")
    holds_d: float = field(label="Keeps cold", help="By its charge, weighed", unit="d", low=0.0)
    dry_g: float = field(label="Shipper, dry", unit="g", low=0.0, default=0.0)
    charged_g: float = field(label="Shipper, charged and poured off", unit="g", low=0.0, default=0.0)
    full_g: float = field(label="What it takes up at most", unit="g", low=0.0, default=0.0)
    full_holds_d: float = field(label="How long that keeps cold", unit="d", low=0.0, default=0.0)
    logger: str = field(label="Temperature logger", length=2)
    seal: str = field(label="Seal", length=2)
    documents: tuple[str, ...] = field(label="Documents inside", help=", ".join(DOCUMENTS), length=1)


class Dispatch(Body):
    """That the carrier has it."""

    waybill: str = field(label="Waybill", length=2)


class Examination(Body):
    """What the receiver found."""

    containers: tuple[str, ...] = field(label="Containers, scanned", length=1)
    seal: str = field(label="Seal, as found", length=2)
    logger: str = field(label="Temperature logger, as read", length=2)
    highest_c: float = field(label="Highest temperature of the trace", unit="degC")
    unknown_s: float = field(
        label="Time without a reading", help="As cellwright judge transport says", unit="s", low=0.0, default=0.0
    )
    trace: str = field(label="Trace", help="SHA-256 of the logger's file", length=3)
    labels: bool = field(label="Labels legible and as on the papers")


class Acceptance(Body):
    """That it may be used; findings only with a closed deviation about the shipment."""

    conclusion: str = field(label="Conclusion", length=3)
    deviation: str = field(label="Deviation", default="")


_DESK = frozenset({Right.ORDER})
_HANDS = frozenset({Right.PERFORM, Right.SUPERVISE})
_BEDSIDE = frozenset({Right.TREAT})
_TWO = (Meaning.PERFORMED, Meaning.VERIFIED)

TABLE = Table(
    State.ABSENT,
    (
        Row("plan", State.ABSENT, State.PLANNED, by=_DESK, body=Plan),
        Row("replan", State.PLANNED, State.PLANNED, by=_DESK, body=Plan),
        Row("pack", State.PLANNED, State.PACKED, by=_HANDS, signs=_TWO, body=Packing),
        Row("dispatch", State.PACKED, State.IN_TRANSIT, by=_HANDS, signs=(Meaning.PERFORMED,), body=Dispatch),
        Row("receive", State.IN_TRANSIT, State.RECEIVED, by=_BEDSIDE, signs=_TWO, body=Examination),
        Row("accept", State.RECEIVED, State.ACCEPTED, by=_BEDSIDE, signs=(Meaning.RESPONSIBLE,), body=Acceptance),
        Row("reject", State.RECEIVED, State.REJECTED, by=_BEDSIDE, signs=(Meaning.RESPONSIBLE,), body=Reason),
        *(
            Row("cancel", state, State.CANCELLED, by=_DESK, signs=(Meaning.RESPONSIBLE,), body=Reason)
            for state in (State.PLANNED, State.PACKED)
        ),
    ),
)


class _Container(Protocol):
    """What a shipment asks of a container."""

    identity: str
    state: str
    parent: str
    on_hold: bool


class _Deviation(Protocol):
    """What a shipment asks of a deviation."""

    id: str
    state: str


@dataclass(frozen=True, slots=True)
class Shipment:
    """One shipment, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    plan: Plan | None = None
    leaves_at: Instant = Instant(0.0)
    arrives_at: Instant = Instant(0.0)
    moved_at: Instant = Instant(0.0)  # of the last move
    packing: Packing | None = None
    waybill: str = ""
    examination: Examination | None = None
    ended: str = ""  # why it was rejected or cancelled

    @property
    def order(self) -> str:
        """Give the order; empty before it is planned."""
        return self.plan.order if self.plan else ""

    @property
    def containers(self) -> tuple[str, ...]:
        """Give the ids of what is sent."""
        return self.plan.containers if self.plan else ()

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one on its way is open; its order; its containers."""
        going = self.state in {State.PLANNED, State.PACKED, State.IN_TRANSIT, State.RECEIVED}
        order = (of_order(self.order),) if self.plan else ()
        return (*order, *map(of_container, self.containers), *((OPEN,) if going else ()))

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: packed in time to leave, received in time, judged in a day."""
        match self.state:
            case State.PLANNED | State.PACKED:
                what, end = f"pack and hand over shipment {self.id}", self.leaves_at
                return (until(what, owner=Right.PERFORM, since=self.moved_at, by=end, escalate=Right.ORDER),)
            case State.IN_TRANSIT:
                what, end = f"receive shipment {self.id}", self.arrives_at
                return (until(what, owner=Right.TREAT, since=self.moved_at, by=end, escalate=Right.ORDER),)
            case State.RECEIVED:
                what = f"accept or reject shipment {self.id}"
                return (within(what, owner=Right.TREAT, since=self.moved_at, given=DAY, escalate=Right.ORDER),)
        return ()

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse what is not released, not whole, not of the patient, not with the carrier, or not as it should be."""
        match fact.body:
            case Plan() as said:
                self._check_plan(fact, said, site)
            case Packing() as said:
                self._check_packing(fact, said, site)
            case Examination() as said:
                self._check_whole(said.containers)
            case Acceptance() as said:
                self._check_acceptance(said, site)
        if fact.kind in {"pack", "dispatch", "accept"}:
            check_recalls(site, self._planned.batch, what=f"shipment {self.id}")
            self._check_holds(fact.kind, site)
        if fact.kind == "dispatch":
            self._check_held(self._planned.carrier, site)
        if fact.kind == "receive":
            self._check_held(self._planned.consignee, site)

    @property
    def _planned(self) -> Plan:
        if self.plan is None:
            raise TypeError(self)
        return self.plan

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"shipment {self.id} {why}")

    def _check_plan(self, fact: Fact, said: Plan, site: Site) -> None:
        order = cast("Order", site.find("order", said.order))
        check_runs(order, what=f"shipment {self.id}")
        stated = said.content is not None and said.coolant is not None
        self._refuse(not stated, "has to state its content and its coolant, from which its dangerous goods follow")
        over = list(goods.beyond(self._package(said, site)))
        self._refuse(bool(over), f"can't go as one package: {'; '.join(over)}")
        leaves, arrives = (moment(text, zone=fact.zone) for text in (said.leaves, said.arrives))
        self._refuse(not fact.at < leaves < arrives, "has to leave after now and arrive after that")
        for name in said.containers:
            if cast("_Container", site.find("container", name)).identity != order.identity:
                raise IdentityError(f"shipment {self.id}: container {name} is not of order {order.id}")

    def _check_packing(self, fact: Fact, said: Packing, site: Site) -> None:
        plan = self._planned
        check_runs(cast("Order", site.find("order", plan.order)), what=f"shipment {self.id}")
        self._check_whole(said.containers)
        release = cast("Release", site.find("release", plan.batch))
        self._refuse(not release.is_out, f"can't be packed: lot {plan.batch} is {release.state}, not released")
        strange = sorted(set(self.containers) - set(release.containers))
        self._refuse(bool(strange), f"can't be packed: {', '.join(strange)} is not among the released containers")
        for name in self.containers:
            one = cast("_Container", site.find("container", name))
            bears = any(label.state == "applied" for label in site.marked("label", of_container(name)))
            self._refuse(bool(one.parent) and not bears, f"can't be packed: container {name} carries no verified label")
            out = one.state == "in process"
            self._refuse(not out, f"can't be packed: container {name} is {one.state}; it has to be taken out first")
        transit = self.arrives_at - max(self.leaves_at, fact.at)
        bad = "; ".join(unfit(site, said, until=self.arrives_at))
        self._refuse(bool(bad), f"can't be packed: {bad}")
        lacks = ", ".join(untrained(site, fact.by, self._package(plan, site)))
        self._refuse(bool(lacks), f"can't be packed by {fact.by}, who is not trained in {lacks}")
        short = said.holds_d * DAY < transit
        self._refuse(short, f"can't be packed: shipper {said.shipper} keeps cold {said.holds_d:g} d, not long enough")
        fit = moment(said.qualified_until, zone=fact.zone) >= self.arrives_at
        self._refuse(not fit, f"can't be packed: shipper {said.shipper} is qualified until {said.qualified_until}")
        missing = [name for name in DOCUMENTS if name not in said.documents]
        self._refuse(bool(missing), f"can't be packed: these papers are missing: {', '.join(missing)}")

    def _check_holds(self, command: str, site: Site) -> None:
        done = {"pack": "packed", "dispatch": "dispatched", "accept": "accepted"}[command]
        bags = {name: cast("_Container", site.find("container", name)) for name in self.containers}
        on_hold = (f"container {name} is on QA hold" for name, one in bags.items() if one.on_hold)
        held = next(chain(barring(site, self._planned.batch, self.containers), on_hold), "")
        self._refuse(bool(held), f"can't be {done}: {held}")

    def _package(self, said: Plan, site: Site) -> goods.Package:
        content, coolant = said.content or goods.Content.NOT_REGULATED, said.coolant or goods.Coolant.NONE
        asked = goods.Package(content, coolant, said.mode, ice_kg=said.ice_kg)
        return package_of(site, said.containers, asked)

    def duties(self, site: Site) -> tuple[goods.Duty, ...]:
        """Give its dangerous goods by the rule table."""
        return goods.classify(self._package(self.plan, site)) if self.plan else ()

    def told(self, site: Site) -> tuple[str, ...]:
        """Say what follows from what is inside and what keeps it cold."""
        lines = [f"{one.entry}: {one.instruction} ({one.clause})" for one in self.duties(site)]
        marks = ["; ".join(one.marks) for one in self.duties(site)]
        return (*lines, *(f"marks: {text}" for text in marks), f"rules: {goods.VERSION}") if self.plan else ()

    def _check_whole(self, scanned: tuple[str, ...]) -> None:
        differ = sorted(set(scanned) ^ set(self.containers))
        self._refuse(bool(differ), f"is of {', '.join(self.containers)}; {', '.join(differ)} does not agree")

    def _check_held(self, party: str, site: Site) -> None:
        for name in self.containers:
            holder = held_by(site, name) or "nobody on record"
            self._refuse(holder != party, f"needs container {name} with {party}; it is with {holder}")

    def _check_acceptance(self, said: Acceptance, site: Site) -> None:
        found = findings(self)
        about = (cast("_Deviation", one) for one in site.marked("deviation", of_subject(f"shipment/{self.id}")))
        closed = any(one.id == said.deviation and one.state == "closed" for one in about)
        needed = f"; only a closed deviation about shipment/{self.id} lets it be accepted"
        self._refuse(bool(found) and not closed, f"has findings: {'; '.join(found)}{needed}")

    def apply(self, fact: Fact) -> Self:
        """Give the shipment as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest), moved_at=fact.at)
        match fact.body:
            case Plan() as said:
                leaves, arrives = moment(said.leaves, zone=fact.zone), moment(said.arrives, zone=fact.zone)
                return replace(after, plan=said, leaves_at=leaves, arrives_at=arrives)
            case Packing() as said:
                return replace(after, packing=said)
            case Dispatch(waybill=waybill):
                return replace(after, waybill=waybill)
            case Examination() as said:
                return replace(after, examination=said)
            case Reason(reason=reason):
                return replace(after, ended=reason)
        return after


def findings(shipment: Shipment) -> tuple[str, ...]:
    """Give what the receiver found that is not as it was sent, one sentence each."""
    sent, seen, plan = shipment.packing, shipment.examination, shipment.plan
    if sent is None or seen is None or plan is None:
        return ("nobody has examined it",)
    said = (
        (seen.seal != sent.seal, f"seal {seen.seal} was found, {sent.seal} was put on"),
        (seen.logger != sent.logger, f"logger {seen.logger} was read, {sent.logger} was packed"),
        (seen.highest_c > plan.highest_c, f"{seen.highest_c:g} degC on the way, at most {plan.highest_c:g} degC"),
        (seen.unknown_s > 0.0, f"{seen.unknown_s:g} s without a reading; nobody knows how cold it was"),
        (not seen.labels, "labels are not as on the papers"),
    )
    return tuple(sentence for wrong, sentence in said if wrong)


def _dispense(thing: Thing, _fact: Fact, _site: Site) -> Iterable[Next]:
    shipment = cast("Shipment", thing)
    if shipment.plan is None:
        raise TypeError(shipment)
    to = f"{shipment.plan.consignee}, order {shipment.plan.order}, shipment {shipment.id}"
    for name in shipment.containers:
        yield Next(f"container/{name}", "dispense", {"to": to, "batch": shipment.plan.batch})


FOLLOWS = (Follow("shipment-dispenses", "dispatch", "its containers are handed over", "21 CFR 211.150", _dispense),)

KIND = Kind("shipment", "product", TABLE, Shipment, FOLLOWS)
