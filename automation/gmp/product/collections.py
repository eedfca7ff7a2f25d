"""Collections: scheduled for an order, reported by the centre, judged against the order set, received at the site.

The report is taken as it comes, also when it is out of the order set: then nobody accepts it before a deviation about
it is closed. From the report on its bags are expected at the site under the order's chain of identity.
Units:  mL, cells.
Source: EU GMP Part IV (starting material, traceability); 21 CFR 1271.290; ISBT 128 ST-001 (donation number).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, Self, cast

from automation.formulas.limits import Band, Limits, judge, parse
from automation.gmp.bookings import check_run, check_slot, day_of
from automation.gmp.capacity import Booked
from automation.gmp.codes import LABEL, Code, Identity, Moment, PrintedDin, is_label, moment, number_of
from automation.gmp.due import DAY, Due, until, within
from automation.gmp.marks import OPEN, booked_on, known_as, of_order, of_staff, of_subject
from automation.gmp.objects import Fact, Follow, Kind, Next, Site, Thing
from automation.gmp.product.custody import custody_findings, held_by
from automation.gmp.product.orders import Order, Placing, check_runs
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.errors import IdentityError, RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

BY_PROGRAM = "report_by_program"


class State(StrEnum):
    """Where a collection stands."""

    ABSENT = "absent"
    SCHEDULED = "scheduled"
    REPORTED = "reported"
    ACCEPTED = "accepted"
    RECEIVED = "received"
    REFUSED = "refused"
    CANCELLED = "cancelled"


class Slot(Body):
    """For which order, where and when, who fetches it, and the slot in the suite that is kept for it."""

    order: str = field(label="Order", length=1)
    centre: str = field(label="Collection centre", length=2)
    at: Moment = field(label="Collection")
    courier: str = field(label="Courier", length=2)
    arrives: Moment = field(label="Arrives at the site by")
    suite_slot: Moment = field(label="Slot in the suite")
    suite: str = field(label="Suite", help="One of the site's, where it states them", default="")


class Rebooking(Body):
    """Another slot in a suite for cells that are collected already, and why."""

    suite_slot: Moment = field(label="Slot in the suite")
    suite: str = field(label="Suite", help="One of the site's, where it states them", default="")
    reason: str = field(label="Reason", length=3)


class Bag(Body):
    """One bag as the centre filled and labelled it."""

    id: str = field(label="Container", length=1)
    volume_ml: float = field(label="Volume", unit="mL", low=0)
    product_code: str = field(label="Product code", default="")
    kind: str = field(label="Kind of container", default="")
    seal: str = field(label="Seal", default="")


class Report(Body):
    """What was collected from whom; both identifiers as they were read from the wristband."""

    identity: Identity = field(label="Chain of identity, scanned")
    subject: Code = field(label="Recipient code, scanned")
    din: PrintedDin = field(label="Donation number", help="13 characters and the boxed check character")
    collected: Moment = field(label="End of the collection")
    tnc: float = field(label="Nucleated cells", unit="cells", low=0)
    cd3: float = field(label="CD3+ cells", unit="cells", low=0)
    bags: tuple[Bag, ...] = field(label="Bags", length=1)

    @property
    def volume_ml(self) -> float:
        """Give the volume of all bags (mL)."""
        return sum(bag.volume_ml for bag in self.bags)


class ProgramReport(Report):
    """The same from the centre's own program, by a signed message; who did it is as the program says."""

    message: str = field(label="Message", help="That was taken", length=1)
    performed_by: str = field(label="Who collected, as the sender says", length=1)
    verified_by: str = field(label="Who verified it, as the sender says", length=1)


class Acceptance(Body):
    """That it is good for the order; out of the order set only by a closed deviation about it."""

    conclusion: str = field(label="Conclusion", length=3)
    deviation: str = field(label="Deviation", help="Closed, about this collection", default="")


class Arrival(Body):
    """What two people read from each bag at the site."""

    identity: Identity = field(label="Chain of identity, scanned")
    din: PrintedDin = field(label="Donation number, scanned")
    containers: tuple[str, ...] = field(label="Containers, scanned", length=1)
    holder: str = field(label="Party that holds it now", help="As the last hand-over says", length=2)


_DESK = frozenset({Right.ORDER})
_QUALITY = frozenset({Right.REVIEW, Right.APPROVE})
_TWO = (Meaning.PERFORMED, Meaning.VERIFIED)

TABLE = Table(
    State.ABSENT,
    (
        Row("schedule", State.ABSENT, State.SCHEDULED, by=_DESK, body=Slot),
        Row("reschedule", State.SCHEDULED, State.SCHEDULED, by=_DESK, body=Slot),
        Row("cancel", State.SCHEDULED, State.CANCELLED, by=_DESK | {Right.COLLECT}, body=Reason),
        Row("report", State.SCHEDULED, State.REPORTED, by={Right.COLLECT}, signs=_TWO, body=Report),
        Row(BY_PROGRAM, State.SCHEDULED, State.REPORTED, by={Right.SYSTEM}, body=ProgramReport),
        Row("accept", State.REPORTED, State.ACCEPTED, by=_QUALITY, signs=(Meaning.REVIEWED,), body=Acceptance),
        Row(
            "receive",
            State.ACCEPTED,
            State.RECEIVED,
            by={Right.PERFORM, Right.SUPERVISE},
            signs=_TWO,
            body=Arrival,
        ),
        *(
            Row("rebook", state, state, by=_DESK, body=Rebooking)
            for state in (State.REPORTED, State.ACCEPTED, State.RECEIVED)
        ),
        *(
            Row("refuse", state, State.REFUSED, by=_QUALITY, signs=(Meaning.RESPONSIBLE,), body=Reason)
            for state in (State.REPORTED, State.ACCEPTED)
        ),
    ),
)


_RUNNING = frozenset({"running", "pausing", "paused", "holding", "held", "restarting", "stopping", "aborting"})


class _Deviation(Protocol):
    """What a collection asks of a deviation."""

    id: str
    state: str


class _Envelope(Protocol):
    """What a collection asks of what a message says."""

    collection: str


class _Message(Protocol):
    """What a collection asks of a message."""

    envelope: _Envelope | None


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    slot: Slot | None = None
    due_at: Instant = Instant(0.0)  # when it is to take place
    arrives_at: Instant = Instant(0.0)
    suite: str = ""
    slot_at: Instant = Instant(0.0)  # when its slot in the suite begins
    moved_at: Instant = Instant(0.0)  # of the last move
    report: Report | None = None
    reported_by: tuple[str, ...] = ()

    @property
    def order(self) -> str:
        """Give the order; empty before it is scheduled."""
        return self.slot.order if self.slot else ""

    @property
    def din(self) -> str:
        """Give the donation number (13 characters); empty before the report."""
        return number_of(self.report.din) if self.report else ""

    @property
    def containers(self) -> tuple[str, ...]:
        """Give the ids of its bags."""
        return tuple(bag.id for bag in self.report.bags) if self.report else ()

    @property
    def booked(self) -> Booked | None:
        """Give what it has booked; None before it is scheduled, and when nothing comes of it."""
        if self.slot is None or self.state in {State.CANCELLED, State.REFUSED}:
            return None
        return Booked(
            whose=f"collection {self.id} of order {self.order}",
            courier=self.slot.courier,
            fetched=self.due_at,
            arrives=self.arrives_at,
            suite=self.suite,
            begins=self.slot_at,
        )

    @property
    def is_spent(self) -> bool:
        """Tell whether it took place and nothing will come of it."""
        return self.state is State.REFUSED

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one on its way is open; its order; its donation number; the days that it has booked."""
        order = (of_order(self.order),) if self.slot else ()
        din = (known_as(self.din),) if self.report else ()
        going = self.state in {State.SCHEDULED, State.REPORTED, State.ACCEPTED}
        days = (day_of(self.due_at), day_of(self.slot_at)) if self.booked else ()
        return (*order, *din, *map(booked_on, dict.fromkeys(days)), *((OPEN,) if going else ()))

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: reported on its day, judged in a day, received when it should be here."""
        match self.state:
            case State.SCHEDULED:
                what, by = f"report collection {self.id}", self.due_at + DAY
                return (until(what, owner=Right.COLLECT, since=self.due_at, by=by, escalate=Right.ORDER),)
            case State.REPORTED:
                what = f"judge collection {self.id} against the order set"
                return (within(what, owner=Right.REVIEW, since=self.moved_at, given=DAY, escalate=Right.APPROVE),)
            case State.ACCEPTED:
                what = f"receive collection {self.id}"
                late = Right.SUPERVISE
                return (until(what, owner=Right.PERFORM, since=self.moved_at, by=self.arrives_at, escalate=late),)
        return ()

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse others' identifiers and bookings, a used donation number, cells out of the order set, lost custody."""
        match fact.kind:
            case "schedule" | "reschedule":
                self._check_slot(fact, fact.stated(Slot), site)
            case "rebook":
                self._check_rebooking(fact, fact.stated(Rebooking), site)
            case "report":
                self._check_report(fact, fact.stated(Report), site)
            case "report_by_program":
                self._check_message(fact.stated(ProgramReport), site)
                self._check_report(fact, fact.stated(Report), site)
            case "accept":
                self._check_acceptance(fact, fact.stated(Acceptance), site)
            case "receive":
                self._check_arrival(fact.stated(Arrival), site)

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"collection {self.id} {why}")

    def _check_slot(self, fact: Fact, said: Slot, site: Site) -> None:
        order = _order(site, said.order)
        check_runs(order, what=f"collection {self.id}")
        self._refuse(bool(self.order) and said.order != self.order, f"is for order {self.order}")
        at, arrives, slot = (moment(text, zone=fact.zone) for text in (said.at, said.arrives, said.suite_slot))
        in_order = fact.at < at < arrives <= slot
        self._refuse(not in_order, "has to be after now, arrive after it and before the slot in the suite begins")
        others = [one.id for one in _of(site, order.id) if one.id != self.id and one.state is not State.CANCELLED]
        why = f"would be one too many: order {order.id} has {', '.join(others)}; collect again by an own move of it"
        self._refuse(len(others) > len(order.collected_again), why)
        then = self._slotted(said, fact.zone)
        if then.booked is not None:
            check_run(site, then.booked, collection=self.id)
            check_slot(site, then.booked, collection=self.id)

    def _check_rebooking(self, fact: Fact, said: Rebooking, site: Site) -> None:
        check_runs(_order(site, self.order), what=f"collection {self.id}")
        begins = moment(said.suite_slot, zone=fact.zone)
        early = begins <= max(fact.at, self.arrives_at)
        self._refuse(early, f"can't have a slot from {said.suite_slot} on: it has to be after now and the arrival")
        busy = next((one.id for one in site.marked("batch", of_order(self.order)) if one.state in _RUNNING), "")
        self._refuse(bool(busy), f"keeps its slot: batch {busy} has begun")
        if self.booked is not None:
            check_slot(site, replace(self.booked, suite=said.suite, begins=begins), collection=self.id)

    def _slotted(self, said: Slot, zone: str) -> Self:
        at, arrives, begins = (moment(text, zone=zone) for text in (said.at, said.arrives, said.suite_slot))
        return replace(self, slot=said, due_at=at, arrives_at=arrives, suite=said.suite, slot_at=begins)

    def _check_report(self, fact: Fact, said: Report, site: Site) -> None:
        order = _order(site, self.order)
        check_runs(order, what=f"collection {self.id}")
        if said.identity != order.identity or said.subject != order.subject:
            what = "chain of identity" if said.identity != order.identity else "recipient code"
            raise IdentityError(f"collection {self.id}: the {what} that was scanned is not that of order {order.id}")
        number = number_of(said.din)
        used = next((one.id for one in site.marked("collection", known_as(number)) if one.id != self.id), "")
        used = used or next((one.id for one in site.marked("container", known_as(number))), "")
        if used:
            raise IdentityError(f"collection {self.id}: donation number {number} is that of {used}; each has its own")
        ended = moment(said.collected, zone=fact.zone)
        self._refuse(ended > fact.at, f"ends at {said.collected}, still to come")
        early = ended < self.moved_at - DAY
        self._refuse(early, f"ended at {said.collected}, more than a day before it was scheduled")
        names = [bag.id for bag in said.bags]
        self._refuse(len(set(names)) < len(names), "names a bag twice")
        wrong = next((name for name in names if not is_label(name)), "")
        self._refuse(bool(wrong), f"names bag {wrong!a}, which no label can say: {LABEL} are needed")
        known = next((name for name in names if site.find("container", name).state != "absent"), "")
        self._refuse(bool(known), f"names bag {known}, which is known already; an id is used once")

    def _check_message(self, said: ProgramReport, site: Site) -> None:
        """Refuse a report that no message about this collection brought, and one person for two."""
        message = cast("_Message", site.find("message", said.message))
        about = message.envelope.collection if message.envelope else ""
        self._refuse(about != self.id, f"is not what message {said.message} is about")
        one = of_staff(said.performed_by) == of_staff(said.verified_by)
        self._refuse(one, f"was performed and verified by {said.performed_by} alone; two people are needed")

    def _check_acceptance(self, fact: Fact, said: Acceptance, site: Site) -> None:
        self._refuse(fact.by in self.reported_by, f"was reported by {fact.by}; someone else has to accept it")
        found = findings(self.report, _order(site, self.order).placing)
        if not found:
            return
        about = [cast("_Deviation", one) for one in site.marked("deviation", of_subject(f"collection/{self.id}"))]
        closed = any(one.id == said.deviation and one.state == "closed" for one in about)
        needed = f"; only a closed deviation about collection/{self.id} lets it be accepted"
        self._refuse(not closed, f"is out of the order set: {'; '.join(found)}{needed}")

    def _check_arrival(self, said: Arrival, site: Site) -> None:
        order = _order(site, self.order)
        check_runs(order, what=f"collection {self.id}")
        if said.identity != order.identity or number_of(said.din) != self.din:
            raise IdentityError(f"collection {self.id}: what was scanned on the bags is not of order {order.id}")
        missing = sorted(set(self.containers) ^ set(said.containers))
        self._refuse(bool(missing), f"has {', '.join(self.containers)}; {', '.join(missing)} does not agree")
        for name in self.containers:
            broken = custody_findings(site, name)
            self._refuse(bool(broken), f"can't be received: {'; '.join(broken)}")
            holder = held_by(site, name)
            self._refuse(holder != said.holder, f"can't be received: {name} is with {holder or 'nobody on record'}")

    def apply(self, fact: Fact) -> Self:
        """Give the collection as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest), moved_at=fact.at)
        match fact.body:
            case Slot() as said:
                return after._slotted(said, fact.zone)  # noqa: SLF001  of the same class
            case Rebooking() as said:
                begins = moment(said.suite_slot, zone=fact.zone)
                return replace(after, moved_at=self.moved_at, suite=said.suite, slot_at=begins)
            case ProgramReport() as said:
                return replace(after, report=said, reported_by=(said.performed_by, said.verified_by))
            case Report() as said:
                return replace(after, report=said, reported_by=tuple(one.by for one in fact.signed))
        return after


def findings(report: Report | None, wanted: Placing | None) -> tuple[str, ...]:
    """Give in what a report is out of the order set, one sentence each."""
    if report is None or wanted is None:
        return ("nothing is reported",)
    measured = (
        ("volume", report.volume_ml, "mL", wanted.volume),
        ("nucleated cells", report.tnc, "cells", wanted.tnc),
        ("CD3+ cells", report.cd3, "cells", wanted.cd3),
    )
    judged = (judge(value, unit, Limits(reject=parse(text)), what=what) for what, value, unit, text in measured if text)
    return tuple(one.sentence for one in judged if one.band is not Band.WITHIN)


def _of(site: Site, order: str) -> Iterator[Collection]:
    return (one for one in site.marked("collection", of_order(order)) if isinstance(one, Collection))


def _order(site: Site, name: str) -> Order:
    return cast("Order", site.find("order", name))


def _expect(_thing: Thing, fact: Fact, _site: Site) -> Iterable[Next]:
    said = fact.stated(Report)
    for bag in said.bags:
        body: dict[str, object] = {
            "identity": said.identity,
            "din": number_of(said.din),
            "product_code": bag.product_code,
            "kind": bag.kind,
            "volume_ml": bag.volume_ml,
            "sealed_with": bag.seal,
        }
        yield Next(f"container/{bag.id}", "expect", body)


def _cancel(thing: Thing, fact: Fact, _site: Site) -> Iterable[Next]:
    reason = f"collection {thing.id} was refused: {fact.stated(Reason).reason}"
    for name in cast("Collection", thing).containers:
        yield Next(f"container/{name}", "cancel", {"reason": reason})


FOLLOWS = (
    Follow("collection-expects", "report", "its bags are expected", "EU GMP Part IV 7.2", _expect),
    Follow("collection-expects-too", BY_PROGRAM, "its bags are expected", "EU GMP Part IV 7.2", _expect),
    Follow("collection-refused", "refuse", "its bags are expected no more", "21 CFR 211.89", _cancel),
)

KIND = Kind("collection", "product", TABLE, Collection, FOLLOWS)
