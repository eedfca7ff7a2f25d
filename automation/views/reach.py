"""How far a lot of material reached: through what was prepared of it to batches, patients and containers, and back.

Units:  quantities in the unit of the lot.
Source: 21 CFR 211.150(b) (the distribution of each lot can be found for a recall); EU GMP Part IV 12 (traceability from
        materials to the recipient and back); Regulation (EC) 1394/2007 article 15.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, cast

from automation.gmp.marks import made_of, of_batch
from automation.gmp.materials.lots import MaterialLot
from automation.gmp.objects import Site
from automation.gmp.product.orders import order_of


class _Batch(Protocol):
    """What is told of a batch."""

    id: str
    state: str
    identity: str


class _Container(Protocol):
    """What is told of a container."""

    id: str
    state: str
    position: str
    where: str


@dataclass(frozen=True, slots=True)
class Reached:
    """One batch that got some of a lot; ``by_way_of`` are the lots on the way, the traced one first."""

    by_way_of: tuple[str, ...]
    quantity: float  # of the last of them
    unit: str
    batch: str
    state: str
    identity: str
    order: str
    containers: tuple[str, ...]  # each with where it is


@dataclass(frozen=True, slots=True)
class Origin:
    """One lot that went into a batch; ``by_way_of`` are the prepared lots between, the nearest to the batch first."""

    lot: str
    what: str
    supplier: str
    maker_lot: str
    expiry: str
    by_way_of: tuple[str, ...]


def reached(site: Site, lot: MaterialLot, way: tuple[str, ...] = ()) -> Iterator[Reached]:
    """Give every batch that got some of a lot, directly or through what was prepared of it."""
    here = (*way, lot.id)
    for one in lot.balances:
        batch = cast("_Batch", site.find("batch", one.batch))
        order = order_of(site, batch.identity) if batch.identity else None
        containers = tuple(map(_placed, site.marked("container", of_batch(one.batch))))
        named = order.id if order is not None else ""
        yield Reached(here, one.issued, lot.unit, one.batch, str(batch.state), batch.identity, named, containers)
    for made in site.marked("lot", made_of(lot.id)):
        if isinstance(made, MaterialLot) and made.id not in here:
            yield from reached(site, made, here)


def _placed(thing: object) -> str:
    one = cast("_Container", thing)
    place = one.position or one.where
    return f"{one.id} {one.state}{f', {place}' if place else ''}"


def origins(site: Site, batch: str, among: Iterable[str] | None = None) -> Iterator[Origin]:
    """Give every lot that went into a batch, each prepared one followed by its components.

    ``among`` are the lots that came to the batch, where somebody knows them; else all are looked through.
    """
    lots = site.every("lot") if among is None else (site.find("lot", name) for name in among)
    for thing in lots:
        if isinstance(thing, MaterialLot) and any(one.batch == batch for one in thing.balances):
            yield from _origin(site, thing, ())


def _origin(site: Site, lot: MaterialLot, way: tuple[str, ...]) -> Iterator[Origin]:
    yield Origin(lot.id, lot.what, lot.supplier, lot.maker_lot, lot.expiry, way)
    for name in (*(one.lot for one in lot.components), *(part.lot for part in lot.parts if part.lot)):
        component = site.find("lot", name)
        if isinstance(component, MaterialLot):
            yield from _origin(site, component, (*way, lot.id))
