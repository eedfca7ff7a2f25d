"""Packages of material at the scanner: which lot a code is of, and what speaks against another lot than was set out.

Units:  none.
Source: 21 CFR 211.101(c), (d) (each component is examined before it is used); GS1 General Specifications (10).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from automation.formulas.identifiers import Kind, Scanned
from automation.gmp.materials.lots import MaterialLot, same_patient
from automation.gmp.objects import Site
from automation.gmp.stock.acceptance import of_bill, of_scan


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a prompt asks for: the lots that are right, in which step of which batch."""

    batch: str
    step: str
    lots: tuple[str, ...]


def lot_of(site: Site, seen: Scanned, text: str) -> str:
    """Give the lot of which a package is: by our own label, else by the maker's lot in its code; empty for none.

    A typed code that says nothing of its kind may name a lot; one that says that it is something else does not.
    """
    if seen.kind is Kind.LOT or (seen.kind is Kind.UNKNOWN and site.find("lot", seen.value).state != "absent"):
        return seen.value
    if seen.kind is not Kind.GS1:
        return ""
    every = (one for one in site.every("lot") if isinstance(one, MaterialLot) and one.maker_lot)
    return next((one.id for one in every if not tuple(of_scan(text, one, site.now, zone=site.zone))), "")


def against(site: Site, name: str, wanted: Wanted) -> str:
    """Say why a lot is not the right one: not in the bill, of other material, not fit, or for somebody else."""
    accepted = " or ".join(wanted.lots)
    lot = site.find("lot", name)
    if not isinstance(lot, MaterialLot) or lot.state == "absent":
        return f"no lot of this package is known here; {accepted} is wanted"
    return f"{next(_against(site, lot, wanted), f'this is lot {lot.id}')}; {accepted} is wanted"


def _against(site: Site, lot: MaterialLot, wanted: Wanted) -> Iterator[str]:
    right = site.find("lot", wanted.lots[0]) if wanted.lots else None
    if isinstance(right, MaterialLot) and right.what != lot.what:
        unlisted = next(of_bill(site, lot.what, batch=wanted.batch), "").partition(";")[0]
        yield f"lot {lot.id} is of {lot.what}; {unlisted or f'here {right.what} is used'}"
    yield from lot.ready(site.now, zone=site.zone)
    others = next((one for one in lot.opened if one.left and not _mine(site, one.batch, batch=wanted.batch)), None)
    if others is not None and lot.left <= 0:
        yield f"lot {lot.id}: what is left of it was opened for another patient"
    if lot.available(wanted.batch) <= 0:
        yield f"lot {lot.id} is kept for other batches" if lot.left > 0 else f"lot {lot.id} is used up"


def _mine(site: Site, opened_for: str, *, batch: str) -> bool:
    return opened_for == batch or same_patient(site, opened_for, batch)
