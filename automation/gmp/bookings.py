"""Bookings: a run of a courier and a slot in a suite are taken only where the site has them and they are free.

What a site doesn't state is not compared. A booking counts as long as its collection and its order go on.
Source: EU GMP Part IV 4.10 and 7.2 (what is needed is there before the starting material arrives).
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Protocol, cast

from automation.gmp.capacity import (
    AHEAD,
    LONGEST,
    Booked,
    Sort,
    Stay,
    next_free,
    of_sort,
    runs,
    slots,
    taken,
)
from automation.gmp.marks import booked_on
from automation.gmp.objects import Site
from automation.kernel.clock import local
from automation.kernel.errors import RefusedError
from automation.kernel.quantity import Instant

_NAMED = 3  # free slots and blocking bookings in a sentence
_OVER = frozenset({"cancelled", "fulfilled"})


class _Collection(Protocol):
    """What is asked of a collection."""

    id: str

    @property
    def order(self) -> str: ...
    @property
    def booked(self) -> Booked | None: ...


def day_of(at: Instant) -> str:
    """Give the day of a moment as bookings are marked by it (UTC, year-month-day)."""
    return local(at, zone="UTC").date().isoformat()


def bookings(site: Site, *, since: Instant, until: Instant, besides: str = "") -> tuple[Booked, ...]:
    """Give the bookings that may reach into a window, but for those of one collection."""
    day, last = (date.fromisoformat(day_of(at)) for at in (since - LONGEST, until))
    found: dict[str, Booked] = {}
    while day <= last:
        for thing in site.marked("collection", booked_on(day.isoformat())):
            one = cast("_Collection", thing)
            if one.id != besides and one.booked is not None and site.find("order", one.order).state not in _OVER:
                found[one.id] = one.booked
        day += timedelta(days=1)
    return tuple(found.values())


def check_run(site: Site, wanted: Booked, *, collection: str) -> None:
    """Raise RefusedError for a courier whom the site does not state, or who is on the way for somebody else."""
    couriers = of_sort(site.capacities, Sort.COURIER)
    if not couriers:
        return
    what = f"collection {collection}"
    _check_stated(what, couriers, sort="courier", name=wanted.courier)
    if wanted.arrives - wanted.fetched > LONGEST:
        raise RefusedError(f"{what} is on the way for more than {float(LONGEST) / 86_400:g} days")
    others = bookings(site, since=wanted.fetched, until=wanted.arrives, besides=collection)
    stays = [stay for one in others for stay in runs(site.capacities, one)]
    if found := taken(site.capacities, runs(site.capacities, wanted), stays):
        own = next(runs(site.capacities, wanted))
        rides = (Stay(name, own.begin, own.end, own.whose) for name in couriers)
        free = [ride.what for ride in rides if not taken(site.capacities, [ride], stays)]
        raise RefusedError(f"{what}: {_said(found, site)}; free then: {', '.join(free) or 'no courier'}")


def check_slot(site: Site, wanted: Booked, *, collection: str) -> None:
    """Raise RefusedError for a suite that the site does not state, or a slot that is taken; it says which are free."""
    suites = of_sort(site.capacities, Sort.SUITE)
    if not suites:
        return
    _check_stated(f"collection {collection}", suites, sort="suite", name=wanted.suite)
    others = bookings(site, since=wanted.begins, until=wanted.begins + AHEAD, besides=collection)
    stays = [stay for one in others for stay in slots(site.capacities, one)]
    if found := taken(site.capacities, slots(site.capacities, wanted), stays):
        free = [f"{name} {_clock(at, site)}" for name, at in next_free(site.capacities, wanted, stays)[:_NAMED]]
        said = ", ".join(free) or f"none in {float(AHEAD) / 86_400:g} days"
        raise RefusedError(f"collection {collection}: {_said(found, site)}; next free: {said}")


def _check_stated(what: str, known: tuple[str, ...], *, sort: str, name: str) -> None:
    if name not in known:
        raise RefusedError(f"{what}: {sort} is {name or 'not stated'}; the site has {', '.join(known)}")


def _said(found: Iterable[Stay], site: Site) -> str:
    every = tuple(found)
    more = f" and {len(every) - _NAMED} more" if len(every) > _NAMED else ""
    return "; ".join(_sentences(every[:_NAMED], site)) + more


def _sentences(found: Iterable[Stay], site: Site) -> Iterator[str]:
    for one in found:
        yield f"{one.what} is taken by {one.whose} from {_clock(one.begin, site)} to {_clock(one.end, site)}"


def _clock(at: Instant, site: Site) -> str:
    return f"{local(at, zone=site.zone):%Y-%m-%d %H:%M}"
