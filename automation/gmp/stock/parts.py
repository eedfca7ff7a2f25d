"""The parts of a kit: a kit expires no later than any of them, and none of them is unfit.

A part is known by its maker's lot; where that lot is kept here, too, the kit names it or it is found by that number.
Source: 21 CFR 211.137, 211.84, 211.184(c); EU GMP chapter 5, 5.27 to 5.36; 21 CFR 211.150(b) (recalled, found again).
"""

from collections.abc import Iterator
from typing import Protocol, cast

from automation.gmp.marks import of_material
from automation.gmp.objects import Site
from automation.gmp.stock.expiry import end_of
from automation.gmp.stock.stated import Part, Receipt
from automation.kernel.quantity import Instant

_GONE = frozenset({"rejected", "withdrawn"})


class _Lot(Protocol):
    """What is asked of a lot that is a part, or is kept beside it."""

    @property
    def id(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def what(self) -> str: ...
    @property
    def maker_lot(self) -> str: ...
    @property
    def expiry(self) -> str: ...
    def ready(self, now: Instant, *, zone: str) -> tuple[str, ...]: ...


class _Kit(Protocol):
    """What is asked of a lot of kits."""

    @property
    def parts(self) -> tuple[Part, ...]: ...


def of_receipt(said: Receipt, site: Site) -> Iterator[str]:
    """Give what speaks against the parts of a kit that comes: unknown, unfit, or at their end before it is."""
    zone = site.zone
    for part in said.parts:
        named = cast("_Lot", site.find("lot", part.lot)) if part.lot else None
        if named is not None and (named.what, named.maker_lot) != (part.what, part.maker_lot):
            other = f"{named.what}, lot {named.maker_lot} of its maker" if named.what else "not known here"
            yield f"part {part.what} ({part.maker_lot}) is said to be lot {part.lot}, which is {other}"
        ends = [one for one in (part.expiry, named.expiry if named else None) if one]
        for end in ends:
            if end_of(said.expiry, zone=zone) > end_of(end, zone=zone):
                yield f"it can be used until {end}, not {said.expiry}: its {part.what} ({part.maker_lot}) expires then"
    yield from _unfit(said.parts, site, site.now)


def unfit(kit: _Kit, site: Site, now: Instant) -> Iterator[str]:
    """Give which parts of a kit keep it from use: expired, in quarantine, rejected, recalled."""
    yield from _unfit(kit.parts, site, now)


def _unfit(parts: tuple[Part, ...], site: Site, now: Instant) -> Iterator[str]:
    for part in parts:
        where = f"its {part.what} ({part.maker_lot})"
        if part.expiry and now >= end_of(part.expiry, zone=site.zone):
            yield f"{where} expired: it was usable until the end of {part.expiry}"
        if part.lot:
            wrong = cast("_Lot", site.find("lot", part.lot)).ready(now, zone=site.zone)
            yield from (f"{where}: {sentence}" for sentence in wrong)
            continue
        for one in (cast("_Lot", found) for found in site.marked("lot", of_material(part.what))):
            if one.maker_lot == part.maker_lot and one.state in _GONE:
                yield f"{where} is lot {one.id} here, which is {one.state}"
