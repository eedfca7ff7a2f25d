"""Events of what is done with containers at the site: filled, sampled, frozen, stored, held, emptied, destroyed.

What a step puts from one container into others, or from lots of material into one, is one transformation a step,
source and day: parents and lots go in, children come out. It is timed by the last of its fills and cites them all.
Units:  mL (MLT), degC (CEL), s (SEC).
Source: GS1 EPCIS 2.0 (types of events); GS1 CBV 2.0 (business steps, dispositions); UN/CEFACT Recommendation 20.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import cast

import msgspec

from automation.exchange.epcis.life import step_of
from automation.exchange.epcis.model import Event, Quantity, SensorElement, SensorReport
from automation.exchange.epcis.writing import ADDED, OBSERVED, REMOVED, Dated, Writer, among, at
from automation.gmp.objects import Fact
from automation.gmp.product.containers import (
    Chilling,
    Container,
    Dispensing,
    Drawing,
    Exposure,
    Filling,
    Handover,
    Moving,
    Receipt,
    Retrieval,
    Storing,
    Warming,
)
from automation.gmp.product.shipments import Shipment
from automation.kernel.clock import MICRO, local
from automation.kernel.quantity import Instant
from automation.ledger.event import Event as Recorded
from automation.views.story import Told

MILLILITRES, CELSIUS, SECONDS = "MLT", "CEL", "SEC"


@dataclass(slots=True)
class _Together:
    """What becomes one event: moves of one step, source and day."""

    batch: str = ""
    events: list[Recorded] = field(default_factory=list)
    outputs: dict[str, None] = field(default_factory=dict)
    lots: dict[str, float] = field(default_factory=dict)


def process(writer: Writer) -> Iterator[Dated]:
    """Give the events of the moves of the containers themselves."""
    yield from _transformations(writer)
    yield from _samplings(writer)
    shipped = {one for told in writer.life.about("shipment") for one in cast("Shipment", told.now).containers}
    for name, told in writer.life.containers.items():
        yield from _told(writer, name, told, is_shipped=name in shipped)


def _told(writer: Writer, name: str, told: Told[Container], *, is_shipped: bool) -> Iterator[Dated]:
    """Give the events of one container; what is put elsewhere leaves the place that it was in."""
    inside = ""
    for event, fact in zip(told.events, told.facts, strict=True):
        found = _of_kind(fact, told)
        if found is None or (isinstance(fact.body, Dispensing) and is_shipped):
            continue
        if isinstance(fact.body, Moving | Storing):
            if inside:
                yield _moved(writer, name, event, _out_of(writer, inside, step="unloading"), fact)
            inside = fact.body.position if isinstance(fact.body, Storing) else fact.body.where
        elif isinstance(fact.body, Retrieval):
            inside = ""
        yield _moved(writer, name, event, found(writer, told, fact), fact)


def _moved(writer: Writer, name: str, event: Recorded, begun: Event, fact: Fact) -> Dated:
    when, item = at(event), writer.items([name])
    inside = begun.type == "AggregationEvent"
    belongs = writer.belongs(when, batch=str(getattr(fact.body, "batch", "")))
    about = {"children": item} if inside else {"items": item}
    begun = msgspec.structs.replace(begun, read_point=begun.read_point or writer.here, location=writer.here)
    return writer.finish(msgspec.structs.replace(begun, transactions=belongs, **about), when)


_Made = Callable[[Writer, Told[Container], Fact], Event]


def _of_kind(fact: Fact, told: Told[Container]) -> _Made | None:
    """Give how a move is told; None for one that others tell, or that nobody outside has to know."""
    match fact.body:
        case Receipt() if not told.now.parent:
            return _observed("accepting", "in_progress")
        case Moving() | Storing():
            return _put
        case Handover() | Dispensing():
            return _left
        case Chilling() | Warming() | Exposure():
            return _felt
    return _BY_NAME.get(fact.kind)


def _observed(step: str, disposition: str) -> _Made:
    return lambda _writer, _told, _fact: Event(type="ObjectEvent", action=OBSERVED, step=step, disposition=disposition)


def _ended(step: str, disposition: str) -> _Made:
    return lambda _writer, _told, _fact: Event(type="ObjectEvent", action=REMOVED, step=step, disposition=disposition)


def _put(writer: Writer, _told: Told[Container], fact: Fact) -> Event:
    """Put into a store or a device: from then on it is inside that place."""
    stored = isinstance(fact.body, Storing)
    place = fact.body.position if isinstance(fact.body, Storing) else fact.stated(Moving).where
    return Event(
        type="AggregationEvent",
        action=ADDED,
        step="storing" if stored else "loading",
        disposition="in_progress",
        parent=writer.naming.place(place),
        read_point=writer.place(place.partition("/")[0]),
    )


def _taken_out(writer: Writer, told: Told[Container], fact: Fact) -> Event:
    before = told.at(fact.seq - 1)
    return _out_of(writer, before.position if before else "", step="picking")


def _out_of(writer: Writer, place: str, *, step: str) -> Event:
    return Event(
        type="AggregationEvent",
        action=REMOVED,
        step=step,
        disposition="in_progress",
        parent=writer.naming.place(place),
        read_point=writer.place(place.partition("/")[0]),
    )


def _left(writer: Writer, _told: Told[Container], fact: Fact) -> Event:
    to = fact.body.to if isinstance(fact.body, Handover | Dispensing) else ""
    return Event(
        type="ObjectEvent",
        action=OBSERVED,
        step="shipping",
        disposition="in_transit",
        destinations=writer.receiver(to),
    )


def _felt(_writer: Writer, _told: Told[Container], fact: Fact) -> Event:
    """Cold for the first time, or so long out of its conditions."""
    if isinstance(fact.body, Chilling):
        report = SensorReport(type="Temperature", value=fact.body.reached_c, uom=CELSIUS)
    else:
        seconds = fact.body.seconds if isinstance(fact.body, Warming | Exposure) else 0.0
        report = SensorReport(type="Time", value=float(f"{seconds:.10g}"), uom=SECONDS)
    felt = (SensorElement(report=(report,)),)
    return Event(type="ObjectEvent", action=OBSERVED, step="sensor_reporting", sensors=felt)


_BY_NAME: dict[str, _Made] = {
    "retrieve": _taken_out,
    "retrieve_by_two": _taken_out,
    "qa_hold": _observed("holding", "non_sellable_other"),
    "lift": _observed("inspecting", "conformant"),
    "empty": _ended("decommissioning", "inactive"),
    "cancel": _ended("decommissioning", "inactive"),
    "destroy": _ended("destroying", "destroyed"),
}


def _transformations(writer: Writer) -> Iterator[Dated]:
    found: dict[tuple[str, str, str], _Together] = {}
    for name, told in writer.life.containers.items():
        for event, fact in told.of("fill"):
            said = fact.stated(Filling)
            source = said.source or name
            one = found.setdefault((step_of(event, said), source, _day(writer, event)), _Together(said.batch))
            one.events.append(event)
            one.outputs[name] = None
            if said.lot:
                one.lots[said.lot] = one.lots.get(said.lot, 0.0) + said.volume_ml
    for (_, source, _), one in found.items():
        when = among(one.events)
        made = Event(
            type="TransformationEvent",
            step="repackaging" if not one.lots and len(one.outputs) > 1 else "assembling",
            disposition="in_progress",
            inputs=writer.items([source]),
            used=tuple(_used(writer, lot, volume) for lot, volume in sorted(one.lots.items())),
            outputs=writer.items(one.outputs),
            read_point=writer.here,
            location=writer.here,
            transactions=writer.belongs(when, batch=one.batch),
        )
        yield writer.finish(made, when)


def _used(writer: Writer, lot: str, volume: float) -> Quantity:
    return Quantity(epc_class=writer.lot(lot), quantity=float(f"{volume:.10g}"), uom=MILLILITRES)


def _samplings(writer: Writer) -> Iterator[Dated]:
    """Samples that are no containers of their own; what went to containers or waste is told as that."""
    found: dict[tuple[str, str, str], _Together] = {}
    for name, told in writer.life.containers.items():
        for event, fact in told.of("draw"):
            said = fact.stated(Drawing)
            if said.to != "waste" and not writer.life.objects.has("container", said.to):
                one = found.setdefault((step_of(event, said), name, _day(writer, event)), _Together(said.batch))
                one.events.append(event)
    for (_, source, _), one in found.items():
        when = among(one.events)
        drawn = Event(
            type="ObjectEvent",
            action=OBSERVED,
            step="sampling",
            disposition="in_progress",
            items=writer.items([source]),
            read_point=writer.here,
            location=writer.here,
            transactions=writer.belongs(when, batch=one.batch),
        )
        yield writer.finish(drawn, when)


def _day(writer: Writer, event: Recorded) -> str:
    return str(local(Instant(event.at / MICRO), zone=writer.zone).date())
