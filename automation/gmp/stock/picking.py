"""Picking: which lot a batch uses first, and out of which of its containers; offered, never taken by looking.

First what is kept for the batch, then what expires first. Of a material that is used by container: first what is open
for the same patient (or for all, where its definition says so) and still in its in-use life, then new containers.
Units:  quantities in the lot's own unit.
Source: 21 CFR 211.86, 211.150(a) (oldest approved stock first, by its expiry); 21 CFR 211.137; USP <797> (in-use life).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from automation.gmp.materials.definitions import definition_of
from automation.gmp.materials.lots import MaterialLot, same_patient
from automation.gmp.objects import Site
from automation.gmp.stock.amounts import rounded
from automation.gmp.stock.expiry import end_of
from automation.kernel.quantity import Instant


@dataclass(frozen=True, slots=True)
class Portion:
    """How much comes out of which container; an empty name is the lot as a whole."""

    container: str
    quantity: float
    opens: float = 0.0  # what is in the container when it has to be opened first


def turn(lot: MaterialLot, *, batch: str, zone: str) -> tuple[bool, Instant, str]:
    """Give the place of a lot in the queue of those that a batch could use; the smallest comes first."""
    kept = any(one.batch == batch for one in lot.reserved)
    return not kept, end_of(lot.expiry, zone=zone), lot.id


def portions(lot: MaterialLot, quantity: float, *, batch: str, site: Site) -> Iterator[Portion]:
    """Give the containers out of which a batch would take a quantity of a lot, opened ones first."""
    wanted = definition_of(site, lot.what)
    if wanted is None or not wanted.holds:
        yield Portion("", quantity)
        return
    for one in sorted(lot.opened, key=lambda one: lot.usable_until(one, site)):
        mine = one.batch == batch or wanted.shared or same_patient(site, one.batch, batch)
        if quantity > 0 and one.left > 0 and mine and site.now <= lot.usable_until(one, site):
            taken = min(quantity, one.left)
            quantity = rounded(quantity - taken)
            yield Portion(one.name, taken)
    names = (name for name in map(str, range(1, len(lot.opened) + 2**16)) if name not in {o.name for o in lot.opened})
    left, free = lot.left, lot.available(batch)
    while quantity > 0 and 0 < (inside := min(wanted.holds, left)) <= free:  # the last one may be half empty
        taken = min(quantity, inside)
        quantity, left, free = rounded(quantity - taken), rounded(left - inside), rounded(free - inside)
        yield Portion(next(names), taken, opens=inside)


def enough(lot: MaterialLot, quantity: float, *, batch: str, site: Site) -> bool:
    """Tell whether a batch gets a quantity out of a lot: of what is open for it, and of what is not kept for others."""
    found = tuple(portions(lot, quantity, batch=batch, site=site))
    unopened = sum(one.quantity for one in found if not one.container)
    return rounded(sum(one.quantity for one in found)) >= quantity and unopened <= lot.available(batch)
