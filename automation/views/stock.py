"""The stock of materials and what to pick out of it: first what is kept for the batch, then what expires first.

Units:  quantities in the unit of each lot.
Source: 21 CFR 211.86, 211.150(a); 211.142 (warehousing); reorder levels are the user's own, in the definitions.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from automation.engine.recipe.model import Material as Line
from automation.gmp.marks import LISTED
from automation.gmp.materials.definitions import Definition, Material, definition_of
from automation.gmp.materials.lots import MaterialLot, lots_of
from automation.gmp.objects import Site
from automation.gmp.stock.amounts import rounded
from automation.gmp.stock.picking import turn
from automation.kernel.quantity import Instant


@dataclass(frozen=True, slots=True)
class Held:
    """How a material stands; ``usable`` is what is released, in date and in stock."""

    material: str
    unit: str
    usable: float
    kept: float
    opened: float
    in_quarantine: float
    next_expiry: str
    level: float
    action: str  # what has to be done; empty for nothing


@dataclass(frozen=True, slots=True)
class Picked:
    """What would be taken for one line of a bill; ``problem`` says why nothing can be."""

    material: str
    step: str
    lot: str
    quantity: float
    unit: str
    expiry: str
    storage: str
    problem: str


def stock(site: Site) -> tuple[Held, ...]:
    """Give how every material stands that has a lot or a definition in force; what is kept in two units, in each."""
    names = {one.what: None for one in site.every("lot") if isinstance(one, MaterialLot) and one.what}
    names |= {one.id: None for one in site.marked("material", LISTED)}
    return tuple(held for name in sorted(names) for held in _of(site, name, definition_of(site, name)))


def _of(site: Site, material: str, wanted: Definition | None) -> Iterator[Held]:
    lots = lots_of(site, material)
    own = (wanted.unit,) if wanted is not None else ()
    for unit in dict.fromkeys((*own, *(one.unit for one in lots))):
        yield _held(site, material, wanted if unit in own else None, tuple(one for one in lots if one.unit == unit))


def _held(site: Site, material: str, wanted: Definition | None, lots: tuple[MaterialLot, ...]) -> Held:
    usable = [one for one in lots if not one.ready(site.now, zone=site.zone)]
    left = rounded(sum(one.left for one in usable))
    level = wanted.reorder_at if wanted is not None else 0.0
    return Held(
        material=material,
        unit=lots[0].unit if lots else wanted.unit if wanted else "",
        usable=left,
        kept=rounded(sum(kept.quantity for one in usable for kept in one.reserved)),
        opened=rounded(sum(opened.left for one in usable for opened in one.opened)),
        in_quarantine=rounded(sum(one.left for one in lots if one.state == "quarantine")),
        next_expiry=next((one.expiry for one in usable if one.left), ""),
        level=level,
        action=_action(site, material, lots) if left < level else "",
    )


def _action(site: Site, material: str, lots: tuple[MaterialLot, ...]) -> str:
    """Say that it has to be ordered, or that it is: an order stands until a delivery comes after it."""
    thing = site.find("material", material)
    ordered = thing.ordered_at if isinstance(thing, Material) else None
    came = max((one.received_at for one in lots if one.received_at is not None), default=Instant(0.0))
    return "order it" if ordered is None or came > ordered else "is ordered"


def picks(site: Site, bill: Iterable[Line], *, batch: str) -> Iterator[Picked]:
    """Give for every line of a bill the lot that the batch would use; what earlier lines take is gone."""
    taken: dict[str, float] = {}
    for line in bill:
        lots = sorted(lots_of(site, line.name), key=lambda lot: turn(lot, batch=batch, zone=site.zone))
        wanted, unit = float(line.quantity.value), line.quantity.unit
        free = {lot.id: rounded(lot.available(batch) - taken.get(lot.id, 0.0)) for lot in lots}
        good = [lot for lot in lots if not lot.ready(site.now, zone=site.zone) and lot.unit == unit]
        found = next((lot for lot in good if free[lot.id] >= wanted), None)
        if found is None:
            yield Picked(line.name, line.step, "", wanted, unit, "", "", _lacking(site, lots, free, batch))
            continue
        taken[found.id] = rounded(taken.get(found.id, 0.0) + wanted)
        yield Picked(line.name, line.step, found.id, wanted, unit, found.expiry, found.storage, "")


def _lacking(site: Site, lots: list[MaterialLot], free: dict[str, float], batch: str) -> str:
    if not lots:
        return "no lot of it"
    wrong = [sentence for lot in lots for sentence in lot.ready(site.now, zone=site.zone)]
    short = [f"lot {lot.id} has {free[lot.id]:.10g} {lot.unit} for {batch or 'a batch'}" for lot in lots]
    return "; ".join((*wrong, *short))
