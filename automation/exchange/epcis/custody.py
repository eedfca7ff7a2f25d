"""Events of what people hand to each other: collected, handed over, shipped, given to the patient.

A hand-over that was withdrawn did not occur; when the same side gave the same containers again, the event of that is
named as the one that says it rightly. Names of people, and of the patient, are in none of them.
Units:  degC; moments as they were stated, else as they were recorded.
Source: GS1 CBV 2.0 (business steps, dispositions, error reasons); GS1 EPCIS 2.0 (error declaration).
"""

from collections.abc import Iterator
from typing import cast

import msgspec

from automation.exchange.epcis.model import (
    CODE,
    DIN,
    IDENTITY,
    VOLUME,
    Declaration,
    Event,
    SensorElement,
    SensorMetadata,
    SensorReport,
)
from automation.exchange.epcis.writing import ADDED, OBSERVED, REMOVED, Dated, When, Writer, at
from automation.gmp.codes import moment, number_of
from automation.gmp.marks import known_as, of_order
from automation.gmp.product.collections import BY_PROGRAM, Bag, Collection, Report
from automation.gmp.product.custody import Giving, Handover, Taking
from automation.gmp.product.custody import State as Handed
from automation.gmp.product.infusions import Infusion
from automation.gmp.product.shipments import Dispatch, Examination, Packing, Shipment
from automation.kernel.clock import iso
from automation.ledger.event import Event as Recorded
from automation.views.story import Told

CELSIUS = "CEL"


def custody(writer: Writer) -> Iterator[Dated]:
    """Give the events of collections, hand-overs, shipments and infusions of the containers."""
    for collection in _collections(writer):
        yield from _collected(writer, collection)
    given = [cast("Told[Handover]", one) for one in writer.life.about("handover")]
    for number, one in enumerate(given):
        yield from _handed(writer, one, later=given[number + 1 :])
    for shipment in writer.life.about("shipment"):
        yield from _shipped(writer, cast("Told[Shipment]", shipment))
    for infusion in writer.life.about("infusion"):
        yield from _given(writer, cast("Told[Infusion]", infusion))


def _collections(writer: Writer) -> Iterator[Told[Collection]]:
    objects = writer.life.objects
    identities = dict.fromkeys(one.now.identity for one in writer.life.containers.values())
    for identity in identities:
        for order in objects.marked("order", known_as(identity)):
            for one in objects.marked("collection", of_order(order.id)):
                yield cast("Told[Collection]", writer.life.told("collection", one.id))


def _collected(writer: Writer, told: Told[Collection]) -> Iterator[Dated]:
    """Give one event a bag: it is from then on, at the centre."""
    slot = told.now.slot
    centre = slot.centre if slot else ""
    for event, fact in told.of("report", BY_PROGRAM):
        said = fact.stated(Report)
        when = When(moment(said.collected, zone=fact.zone), (event,))
        for bag in said.bags:
            if bag.id in writer.life.containers:
                begun = Event(
                    type="ObjectEvent",
                    action=ADDED,
                    step="commissioning",
                    disposition="active",
                    items=writer.items([bag.id]),
                    read_point=writer.place(centre),
                    location=writer.place(centre),
                    transactions=writer.belongs(when, po=writer.naming.own("order", told.now.order)),
                    master=_master(said, bag),
                )
                yield writer.finish(begun, when)


def _master(said: Report, bag: Bag) -> dict[str, str]:
    codes = {CODE: bag.product_code} if bag.product_code else {}
    return {IDENTITY: said.identity, DIN: number_of(said.din), **codes, VOLUME: f"{bag.volume_ml:.10g}"}


def _handed(writer: Writer, told: Told[Handover], later: list[Told[Handover]]) -> Iterator[Dated]:
    given = _giving(writer, told)
    if told.now.state is Handed.WITHDRAWN:
        again = [_giving(writer, one).event.id for one in later if _repeats(one.now, told.now)][:1]
        wrong = msgspec.structs.replace(given.event, error=_declared(writer, told, tuple(again)))
        yield Dated(wrong, given.when)
        return
    yield given
    for event, fact in told.of("take", "attest_taking"):
        yield _taking(writer, told, event, fact.stated(Taking))
    for event, _ in told.of("refuse"):
        yield _refused(writer, told, event)


def _repeats(one: Handover, before: Handover) -> bool:
    """Tell whether the same side gave the same containers once more."""
    if one.giving is None or before.giving is None or one.state is Handed.WITHDRAWN:
        return False
    return (one.giving.giver, set(one.containers)) == (before.giving.giver, set(before.containers))


def _declared(writer: Writer, told: Told[Handover], again: tuple[str, ...]) -> Declaration:
    reason = "incorrect_data" if again else "did_not_occur"
    withdrawn = at(told.events[-1])
    return Declaration(time=iso(withdrawn.at, zone=writer.zone), reason=reason, corrective=again)


def _giving(writer: Writer, told: Told[Handover]) -> Dated:
    event, fact = next(told.of("give", "attest_giving"))
    said = fact.stated(Giving)
    when = at(event)
    begun = Event(
        type="ObjectEvent",
        action=OBSERVED,
        step="shipping",
        disposition="in_transit",
        items=writer.items(said.containers),
        read_point=writer.place(said.place),
        transactions=writer.belongs(when, desadv=writer.naming.own("handover", told.id)),
        sources=writer.giver(said.giver),
        destinations=writer.receiver(said.receiver),
    )
    return writer.finish(begun, when)


def _taking(writer: Writer, told: Told[Handover], event: Recorded, said: Taking) -> Dated:
    giving = cast("Giving", told.now.giving)
    when = at(event)
    ended = Event(
        type="ObjectEvent",
        action=OBSERVED,
        step="receiving",
        disposition="in_progress",
        items=writer.items(said.containers),
        read_point=writer.place(giving.place),
        location=writer.place(giving.receiver),
        transactions=writer.belongs(when, desadv=writer.naming.own("handover", told.id)),
        sources=writer.giver(giving.giver),
        destinations=writer.receiver(giving.receiver),
        sensors=_between(said.lowest_c, said.highest_c),
    )
    return writer.finish(ended, when)


def _refused(writer: Writer, told: Told[Handover], event: Recorded) -> Dated:
    """The other side did not take it: it is still with who gave it."""
    giving, when = cast("Giving", told.now.giving), at(event)
    looked = Event(
        type="ObjectEvent",
        action=OBSERVED,
        step="inspecting",
        disposition="non_conformant",
        items=writer.items(giving.containers),
        read_point=writer.place(giving.place),
        transactions=writer.belongs(when, desadv=writer.naming.own("handover", told.id)),
        sources=writer.giver(giving.giver),
    )
    return writer.finish(looked, when)


def _between(lowest: float | None, highest: float | None, *, logger: str = "") -> tuple[SensorElement, ...]:
    if lowest is None and highest is None:
        return ()
    report = SensorReport(type="Temperature", min_value=lowest, max_value=highest, uom=CELSIUS)
    return (SensorElement(metadata=SensorMetadata(device=logger), report=(report,)),)


def _shipped(writer: Writer, told: Told[Shipment]) -> Iterator[Dated]:
    for event, fact in told.of("pack", "dispatch", "receive", "accept", "reject"):
        when = at(event)
        begun = _shipment(writer, told.now, fact.kind, fact.body)
        ids = {"desadv": writer.naming.own("shipment", told.id)}
        if told.now.waybill:
            ids["bol"] = writer.naming.own("waybill", told.now.waybill)
        belongs = writer.belongs(when, batch=told.now.plan.batch if told.now.plan else "", **ids)
        yield writer.finish(msgspec.structs.replace(begun, transactions=belongs), when)


def _shipment(writer: Writer, one: Shipment, kind: str, said: object) -> Event:
    """Give what a move of a shipment was; its shipper holds the containers from packing to unpacking."""
    plan = one.plan
    shipper = writer.naming.own("shipper", one.packing.shipper) if one.packing else ""
    carrier, consignee = (plan.carrier, plan.consignee) if plan else ("", "")
    items, there = writer.items(one.containers), writer.place(consignee)
    match said:
        case Packing():
            begun = Event(type="AggregationEvent", action=ADDED, parent=shipper, children=items)
            return msgspec.structs.replace(begun, step="packing", disposition="container_closed")
        case Dispatch():
            begun = Event(type="ObjectEvent", action=OBSERVED, items=items, sources=writer.giver(carrier))
            to = writer.receiver(consignee)
            return msgspec.structs.replace(begun, step="departing", disposition="in_transit", destinations=to)
        case Examination(logger=logger, highest_c=highest):
            begun = Event(type="AggregationEvent", action=REMOVED, parent=shipper, children=items, location=there)
            seen = _between(None, highest, logger=writer.naming.own("asset", logger))
            return msgspec.structs.replace(begun, step="unpacking", disposition="in_progress", sensors=seen)
    step, found = ("accepting", "conformant") if kind == "accept" else ("inspecting", "non_conformant")
    judged = Event(type="ObjectEvent", action=OBSERVED, items=items, location=there)
    return msgspec.structs.replace(judged, step=step, disposition=found)


def _given(writer: Writer, told: Told[Infusion]) -> Iterator[Dated]:
    """The end of a container's life: it was given; what was begun and stopped is said to be given in part."""
    plan = told.now.plan
    for event, fact in told.of("complete", "stop"):
        when = at(event)
        ward = plan.ward if plan else ""
        ended = Event(
            type="ObjectEvent",
            action=REMOVED if fact.kind == "complete" else OBSERVED,
            step="dispensing",
            disposition="dispensed" if fact.kind == "complete" else "partially_dispensed",
            items=writer.items([told.now.container]),
            read_point=writer.place(ward),
            location=writer.place(ward),
            transactions=writer.belongs(
                when,
                batch=plan.batch if plan else "",
                po=writer.naming.own("order", told.now.order),
            ),
        )
        yield writer.finish(ended, when)
