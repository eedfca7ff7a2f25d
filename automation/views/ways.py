"""The way of product and material: from what, through what, to whom, each step by the event that says so.

Forward an order leads over its collection, bags and batch to every dose, shipment and infusion; a lot through what was
prepared of it to every batch and patient; an asset, or its calibration, to every batch since it was last good. Back
leads each of them to where it came from. Nothing is looked through: one thing leads to the next by its own events and
by marks, so a way takes as long as it is, however long the ledger.
Source: 21 CFR 1271.290 (from donor to product and back); 211.150(b) (the distribution of each lot can be found for a
        recall); 211.160(b)(4), 211.192 (what else a failed calibration reaches); EU GMP Part IV 12; Regulation (EC)
        1394/2007 article 15.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from automation.gmp.bodies.assets import Calibration as Calibrated
from automation.gmp.bodies.assets import Claim, Result
from automation.gmp.marks import known_as, made_of, of_batch, of_container, of_order
from automation.gmp.materials.lots import MaterialLot
from automation.gmp.objects import Recorded
from automation.gmp.plant.assets import Asset
from automation.gmp.plant.calibrations import Calibration
from automation.gmp.product.batches import Batch
from automation.gmp.product.collections import Collection
from automation.gmp.product.containers import Container
from automation.gmp.product.custody import Handover
from automation.gmp.product.infusions import Infusion
from automation.gmp.product.orders import Order
from automation.gmp.product.shipments import Shipment
from automation.kernel.clock import MICRO, iso
from automation.kernel.quantity import Instant
from automation.ledger.event import Event
from automation.ledger.mentions import texts_of
from automation.views.objects import Objects

_TAKEN = frozenset({"issue", "open", "use"})  # moves of a lot by which some of it comes to a batch


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a way; ``about`` says what the thing is, ``event`` which event says that the way leads there."""

    level: int
    relation: str
    what: str  # stream
    state: str
    about: str
    event: int
    move: str
    at: str
    by: str


@dataclass(frozen=True, slots=True)
class _Link:
    """That one thing leads to another; no further from one that ``ends``."""

    relation: str
    stream: str
    event: Event
    ends: bool = False


_Links = Callable[["_Ways", str], Iterator[_Link]]


def forward(objects: Objects, stream: str) -> tuple[Step, ...]:
    """Give where something leads to, depth first; nothing for what has no way."""
    return tuple(_Ways(objects, _FORWARD).walk(stream))


def back(objects: Objects, stream: str) -> tuple[Step, ...]:
    """Give where something came from, depth first; nothing for what has no way."""
    return tuple(_Ways(objects, _BACK).walk(stream))


def whole(objects: Objects, start: str) -> str:
    """Give the order of a chain of identity; else what was asked for."""
    orders = () if "/" in start else objects.marked("order", known_as(start))
    return next((f"order/{one.id}" for one in orders), start)


class _Ways:
    """One walk over a site."""

    def __init__(self, objects: Objects, links: Mapping[str, _Links]) -> None:
        self.objects = objects
        self._links = links
        self._first: dict[str, dict[str, Event]] = {}

    def walk(self, start: str) -> Iterator[Step]:
        """Give every step from a stream on, each thing once."""
        seen = {start}
        ahead = [(1, link) for link in self._of(start)][::-1]
        while ahead:
            level, link = ahead.pop()
            if link.stream in seen:
                continue
            seen.add(link.stream)
            yield self._step(level, link)
            if not link.ends:
                ahead += [(level + 1, one) for one in self._of(link.stream)][::-1]

    def _of(self, stream: str) -> Iterator[_Link]:
        kind, _, name = stream.partition("/")
        links = self._links.get(kind)
        return links(self, name) if links is not None and self.objects.has(kind, name) else iter(())

    def _step(self, level: int, link: _Link) -> Step:
        kind, _, name = link.stream.partition("/")
        thing, event = self.objects.find(kind, name), link.event
        at = iso(Instant(event.at / MICRO), zone=self.objects.zone)
        about = _ABOUT[kind](self, name) if kind in _ABOUT else ""
        return Step(level, link.relation, link.stream, str(thing.state), about, event.seq, event.kind, at, event.by)

    def cited(self, relation: str, stream: str, *, text: str, ends: bool = False) -> Iterator[_Link]:
        """Lead to a thing by its own first event that names something."""
        yield from self.named(relation, stream, by=stream, text=text, ends=ends)

    def named(self, relation: str, stream: str, *, by: str, text: str = "", ends: bool = False) -> Iterator[_Link]:
        """Lead to a thing by the first event of stream ``by`` that names ``text``, or the thing."""
        if by not in self._first:
            first: dict[str, Event] = {}
            for event in self.objects.streams.get(by, ()):
                for _, one in texts_of(event):
                    first.setdefault(one, event)
            self._first[by] = first
        said = self._first[by].get(text or stream.partition("/")[2])
        if said is not None:
            yield _Link(relation, stream, said, ends)


def _order_on(ways: _Ways, name: str) -> Iterator[_Link]:
    for relation, kind in (("collected in", "collection"), ("made in", "batch")):
        for one in ways.objects.marked(kind, of_order(name)):
            yield from ways.cited(relation, f"{kind}/{one.id}", text=name)


def _collection_on(ways: _Ways, name: str) -> Iterator[_Link]:
    for bag in cast("Collection", ways.objects.find("collection", name)).containers:
        yield from ways.named("gave", f"container/{bag}", by=f"collection/{name}")


def _container_on(ways: _Ways, name: str) -> Iterator[_Link]:
    batch = cast("Container", ways.objects.find("container", name)).batch
    if batch and name in cast("Batch", ways.objects.find("batch", batch)).containers:
        yield from ways.cited("went into", f"batch/{batch}", text=name)
    for one in ways.objects.marked("container", of_batch(batch)) if batch else ():
        if cast("Container", one).parent == name:
            yield from ways.cited("filled into", f"container/{one.id}", text=name)
    for relation, kind in (("handed over in", "handover"), ("sent in", "shipment"), ("given in", "infusion")):
        for thing in ways.objects.marked(kind, of_container(name)):
            yield from ways.cited(relation, f"{kind}/{thing.id}", text=name)


def _batch_on(ways: _Ways, name: str) -> Iterator[_Link]:
    yield from _patient(ways, f"batch/{name}")
    inside = cast("Batch", ways.objects.find("batch", name)).containers
    for one in ways.objects.marked("container", of_batch(name)):
        if one.id not in inside and cast("Container", one).parent in {"", *inside}:
            yield from ways.cited("gave", f"container/{one.id}", text=name)
    for event in ways.objects.streams.get(f"release/{name}", ())[-1:]:
        yield _Link("judged in", f"release/{name}", event)


def _infusion_on(ways: _Ways, name: str) -> Iterator[_Link]:
    yield from _patient(ways, f"infusion/{name}")


def _patient(ways: _Ways, stream: str) -> Iterator[_Link]:
    """Lead to the order of the patient whose something is, and no further."""
    order = _order_of(ways, stream)
    if order:
        yield from ways.named("for", f"order/{order}", by=stream, ends=True)


def _lot_on(ways: _Ways, name: str) -> Iterator[_Link]:
    for one in cast("MaterialLot", ways.objects.find("lot", name)).balances:
        yield from ways.named("came to", f"batch/{one.batch}", by=f"lot/{name}")
    for made in ways.objects.marked("lot", made_of(name)):
        packed = any(part.lot == name for part in cast("MaterialLot", made).parts)
        yield from ways.cited("packed into" if packed else "prepared into", f"lot/{made.id}", text=name)


def _asset_on(ways: _Ways, name: str) -> Iterator[_Link]:
    """Give the batches since the last good calibration, those that a failed one put in doubt among them."""
    asset = cast("Asset", ways.objects.find("asset", name))
    doubted = asset.suspects if asset.calibration_result is Result.FAIL else ()
    wanted, good, found = {*asset.served, *doubted}, False, dict[str, Event]()
    for event in ways.objects.backwards(f"asset/{name}"):
        if good and wanted <= found.keys():
            break
        if event.kind == "claim" and not good:
            found[_claimed(event)] = event
        elif event.kind == "claim" and _claimed(event) in wanted:  # it held the asset while that was calibrated
            found.setdefault(_claimed(event), event)
        good = good or _is_good(event)
    for batch, event in reversed(found.items()):
        yield _Link("in doubt" if batch in doubted else "served", f"batch/{batch}", event, ends=True)


def _claimed(event: Event) -> str:
    return Claim.model_validate_json(bytes(event.read(Recorded).given)).batch


def _is_good(event: Event) -> bool:
    if event.kind != "calibrate":
        return event.kind == "install"
    return Calibrated.model_validate_json(bytes(event.read(Recorded).given)).result is Result.PASS


def _calibration_on(ways: _Ways, name: str) -> Iterator[_Link]:
    asset = cast("Calibration", ways.objects.find("calibration", name)).asset
    if asset:
        yield from ways.named("of", f"asset/{asset}", by=f"calibration/{name}")


def _contents(ways: _Ways, stream: str) -> Iterator[_Link]:
    thing = cast("Handover | Shipment", ways.objects.find(*stream.split("/", 1)))
    for one in thing.containers:
        yield from ways.named("holds", f"container/{one}", by=stream)


def _infusion_from(ways: _Ways, name: str) -> Iterator[_Link]:
    one = cast("Infusion", ways.objects.find("infusion", name))
    if one.container:
        yield from ways.named("gives", f"container/{one.container}", by=f"infusion/{name}")


def _container_from(ways: _Ways, name: str) -> Iterator[_Link]:
    one = cast("Container", ways.objects.find("container", name))
    own = f"container/{name}"
    if one.parent:
        yield from ways.named("filled from", f"container/{one.parent}", by=own)
    inside = cast("Batch", ways.objects.find("batch", one.batch)).containers if one.batch else ()
    if one.batch and name not in inside:
        yield from ways.named("made in", f"batch/{one.batch}", by=own)
    for order in ways.objects.marked("order", known_as(one.identity)) if one.identity else ():
        for thing in ways.objects.marked("collection", of_order(order.id)):
            if name in cast("Collection", thing).containers:
                yield from ways.cited("collected in", f"collection/{thing.id}", text=name)


def _batch_from(ways: _Ways, name: str) -> Iterator[_Link]:
    own, seen = f"batch/{name}", set[str]()
    for one in cast("Batch", ways.objects.find("batch", name)).containers:
        yield from ways.named("made from", f"container/{one}", by=own)
    yield from _patient(ways, own)
    for event in ways.objects.mentions([name]).events:
        kind = event.stream.partition("/")[0]
        if event.stream not in seen and (kind, event.kind) in _WITH:
            seen.add(event.stream)
            yield _Link(_WITH[kind, event.kind], event.stream, event, ends=kind == "asset")


_WITH: Mapping[tuple[str, str], str] = {
    **{("lot", kind): "made with" for kind in _TAKEN},
    ("asset", "claim"): "made on",
}


def _collection_from(ways: _Ways, name: str) -> Iterator[_Link]:
    yield from _patient(ways, f"collection/{name}")


def _lot_from(ways: _Ways, name: str) -> Iterator[_Link]:
    lot = cast("MaterialLot", ways.objects.find("lot", name))
    for one in lot.components:
        yield from ways.named("prepared of", f"lot/{one.lot}", by=f"lot/{name}")
    for part in lot.parts:
        if part.lot:
            yield from ways.named("packed with", f"lot/{part.lot}", by=f"lot/{name}")
    if lot.supplier and ways.objects.has("supplier", lot.supplier):
        yield from ways.named("came from", f"supplier/{lot.supplier}", by=f"lot/{name}", ends=True)


def _release_from(ways: _Ways, name: str) -> Iterator[_Link]:
    for event in ways.objects.streams.get(f"release/{name}", ())[:1]:
        yield _Link("judges", f"batch/{name}", event)


def _asset_from(ways: _Ways, name: str) -> Iterator[_Link]:
    """Give the record of the last good calibration, if there is one."""
    asset = cast("Asset", ways.objects.find("asset", name))
    if not asset.calibration_record:
        return
    event = next(filter(_is_good, ways.objects.backwards(f"asset/{name}")), None)
    record = _record(event) if event is not None and event.kind == "calibrate" else ""
    if event is not None and record:
        yield _Link("last good by", f"calibration/{record}", event, ends=True)


def _record(event: Event) -> str:
    return Calibrated.model_validate_json(bytes(event.read(Recorded).given)).record


_FORWARD: Mapping[str, _Links] = {
    "order": _order_on,
    "collection": _collection_on,
    "container": _container_on,
    "batch": _batch_on,
    "infusion": _infusion_on,
    "lot": _lot_on,
    "asset": _asset_on,
    "calibration": _calibration_on,
}
_BACK: Mapping[str, _Links] = {
    "infusion": _infusion_from,
    "shipment": lambda ways, name: _contents(ways, f"shipment/{name}"),
    "handover": lambda ways, name: _contents(ways, f"handover/{name}"),
    "container": _container_from,
    "batch": _batch_from,
    "release": _release_from,
    "collection": _collection_from,
    "lot": _lot_from,
    "asset": _asset_from,
}


# what a thing is, in few words


def _order_of(ways: _Ways, stream: str) -> str:
    thing = ways.objects.find(*stream.split("/", 1))
    if isinstance(thing, Batch):
        return thing.issue.order if thing.issue else ""
    return thing.order if isinstance(thing, Collection | Infusion | Shipment) else ""


def _about_order(ways: _Ways, name: str) -> str:
    one = cast("Order", ways.objects.find("order", name))
    return f"patient {one.placing.subject}, {one.identity}" if one.placing else ""


def _about_batch(ways: _Ways, name: str) -> str:
    one = cast("Batch", ways.objects.find("batch", name))
    order = _order_of(ways, f"batch/{name}")
    return f"{one.identity or 'nobody'}{f', order {order}' if order else ''}"


def _about_container(ways: _Ways, name: str) -> str:
    one = cast("Container", ways.objects.find("container", name))
    place = one.position or one.where
    return ", ".join(filter(None, (one.kind, str(one.purpose), place)))


def _about_lot(ways: _Ways, name: str) -> str:
    one = cast("MaterialLot", ways.objects.find("lot", name))
    made = f", its lot {one.maker_lot}" if one.maker_lot else ""
    return f"{one.what} of {one.supplier or 'this site'}{made}"


def _about_infusion(ways: _Ways, name: str) -> str:
    one = cast("Infusion", ways.objects.find("infusion", name))
    return f"{one.plan.ward}, {one.volume_ml:.10g} mL" if one.plan else ""


def _about_handover(ways: _Ways, name: str) -> str:
    one = cast("Handover", ways.objects.find("handover", name))
    return f"{one.giving.giver} to {one.giving.receiver}" if one.giving else ""


def _about_shipment(ways: _Ways, name: str) -> str:
    one = cast("Shipment", ways.objects.find("shipment", name))
    return f"to {one.plan.consignee}, {one.waybill}".rstrip(", ") if one.plan else ""


def _about_asset(ways: _Ways, name: str) -> str:
    one = cast("Asset", ways.objects.find("asset", name))
    return f"{one.asset_class}, calibration {one.calibration or 'none'}: {one.calibration_result}"


_ABOUT: Mapping[str, Callable[[_Ways, str], str]] = {
    "order": _about_order,
    "batch": _about_batch,
    "container": _about_container,
    "lot": _about_lot,
    "infusion": _about_infusion,
    "handover": _about_handover,
    "shipment": _about_shipment,
    "asset": _about_asset,
}
