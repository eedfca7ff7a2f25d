"""Whether a lot may be issued for the patient it is said to be for.

An engineering lot has no order and is never for a patient. Every other lot needs its order: confirmed, of the same
chain of identity and product, with a collection received at the site. A simulated site may make such lots without an
order as long as nobody has ordered anything under that chain of identity: nothing of it counts outside.
Source: EU GMP Part IV (traceability from the order on); 21 CFR 1271.290; docs/decisions/2026-11-22-lots-need-orders.md.
"""

from typing import Protocol, cast

from automation.gmp.marks import of_order
from automation.gmp.objects import Site
from automation.gmp.product.collections import Collection, State
from automation.gmp.product.orders import Order, check_runs, order_of
from automation.kernel.errors import IdentityError, RefusedError


class Issued(Protocol):
    """What is asked of an issue."""

    order: str
    identity: str
    product: str
    containers: tuple[str, ...]


def check_ordered(batch: str, said: Issued, site: Site, *, engineering: bool) -> None:
    """Raise RefusedError or IdentityError for a lot without the order that it needs, or with one that it can't have."""
    known = order_of(site, said.identity)
    if engineering or (not said.order and known is None and site.simulated):
        if said.order:
            raise RefusedError(f"batch {batch}: an engineering lot has no order; {said.order} was named")
        return
    if not said.order:
        there = f": order {known.id} is of its chain of identity" if known else ", and none has its chain of identity"
        raise RefusedError(f"batch {batch}: a lot for a patient needs its order{there}")
    order = cast("Order", site.find("order", said.order))
    check_runs(order, what=f"batch {batch}")
    if order.identity != said.identity:
        raise IdentityError(f"batch {batch}: its containers are of another chain of identity than order {order.id}")
    _check_product(batch, said, order)
    _check_collected(batch, said, site)
    others = [one.id for one in site.marked("batch", of_order(order.id))]
    if len(others) > len(order.made_again):
        again = "make it again by an own move of the order"
        raise RefusedError(f"batch {batch}: order {order.id} has {', '.join(others)}; {again}")


def _check_product(batch: str, said: Issued, order: Order) -> None:
    wanted = order.placing.product if order.placing else ""
    if said.product != wanted:
        raise RefusedError(f"batch {batch}: order {order.id} is for {wanted}, the recipe makes {said.product}")


def _check_collected(batch: str, said: Issued, site: Site) -> None:
    collections = (cast("Collection", one) for one in site.marked("collection", of_order(said.order)))
    received = {name for one in collections if one.state is State.RECEIVED for name in one.containers}
    missing = sorted(set(said.containers) - received)
    if missing or not said.containers:
        what = ", ".join(missing) or "no container"
        raise RefusedError(f"batch {batch}: {what} is of no collection of order {said.order} that was received")
