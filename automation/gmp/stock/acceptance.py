"""Whether a lot may be received, made or released: by its suppliers, its definition, its examination, its components.

Every rule is a sentence that names the lot and what is needed; an empty answer means that nothing is in the way.
Source: 21 CFR 211.82, 211.84 (examination, tests, certificates; approval or rejection), 211.101(c), 211.137; EU GMP
chapter 5, 5.27 to 5.36 (starting materials).
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Protocol, cast

from automation.formulas import gs1
from automation.formulas.limits import UCUM
from automation.gmp.codes import moment
from automation.gmp.due import HOUR
from automation.gmp.marks import of_subject
from automation.gmp.materials.definitions import Definition, Ingredient, definition_of
from automation.gmp.materials.suppliers import not_approved
from automation.gmp.objects import Fact, Site
from automation.gmp.quality.specifications import Criterion, Verdict, verdict
from automation.gmp.stock import parts
from automation.gmp.stock.examination import Examined, Excursion
from automation.gmp.stock.expiry import end_of
from automation.gmp.stock.stated import ForBatch, Opening, Part, Preparation, Receipt, Result, Use
from automation.kernel.clock import iso, local
from automation.kernel.errors import InputError
from automation.kernel.quantity import Instant, is_unit


class _Line(Protocol):
    """What is asked of a line of a bill."""

    material: str


class _Billed(Protocol):
    """What is asked of a batch."""

    @property
    def bill(self) -> tuple[_Line, ...]: ...


class _Explained(Protocol):
    """What is asked of what was said about a bill."""

    reasons: tuple[tuple[str, str], ...]


class _Lot(Protocol):
    """What a release and a preparation ask of a lot."""

    @property
    def id(self) -> str: ...
    @property
    def what(self) -> str: ...
    @property
    def supplier(self) -> str: ...
    @property
    def maker(self) -> str: ...
    @property
    def maker_lot(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def expiry(self) -> str: ...
    @property
    def released_at(self) -> Instant | None: ...
    @property
    def parts(self) -> tuple[Part, ...]: ...
    @property
    def examined(self) -> Examined: ...
    @property
    def excursions(self) -> tuple[Excursion, ...]: ...

    def ready(self, now: Instant, *, zone: str) -> tuple[str, ...]:
        """Give what stands in the way of its use."""
        ...

    def available(self, batch: str) -> float:
        """Give how much of it a batch may take."""
        ...


def of_receipt(said: Receipt, site: Site) -> Iterator[str]:
    """Give what speaks against taking a delivery in."""
    if said.unit not in UCUM and not is_unit(said.unit):
        yield f"{said.unit!r} is no unit; write for example mL, g or pcs"
    yield from not_approved(site, (said.supplier, said.maker), said.what)
    yield from _as_defined(said, definition_of(site, said.what))
    yield from parts.of_receipt(said, site)


def _as_defined(said: Receipt | Preparation, wanted: Definition | None) -> Iterator[str]:
    if wanted is None:
        return
    if said.unit != wanted.unit:
        yield f"{said.what} is kept in {wanted.unit}, not in {said.unit}"
    low, high = wanted.lowest_c, wanted.highest_c
    colder = low is not None and (said.lowest_c is None or said.lowest_c < low)
    warmer = high is not None and (said.highest_c is None or said.highest_c > high)
    if colder or warmer:
        stated = _range(said.lowest_c, said.highest_c)
        yield f"{said.what} is kept {_range(low, high)}; its label says {stated}"


def _range(low: float | None, high: float | None) -> str:
    parts = ([f"at {low:.10g} degC or above"] if low is not None else []) + (
        [f"at {high:.10g} degC or below"] if high is not None else []
    )
    return " and ".join(parts) or "nothing of it"


def of_release(lot: _Lot, by: str, site: Site) -> Iterator[str]:
    """Give what stands in the way of a lot's release by somebody; empty ``by``: by anybody."""
    if by in lot.examined.people:
        yield f"{by} received, made or tested it; someone else has to release it"
    yield from not_approved(site, (lot.supplier, lot.maker), lot.what)
    yield from parts.unfit(lot, site, site.now)
    wanted, examined = definition_of(site, lot.what), lot.examined
    seen = examined.inspection
    if seen is not None and not (seen.intact and seen.labelled):
        yield f"its last inspection found it {'wrongly labelled' if seen.intact else 'damaged'}"
    if wanted is None:
        return
    if lot.supplier:
        if seen is None:
            yield "nobody has inspected it"
        if wanted.certificate and not examined.certificates:
            yield "its certificate of analysis is missing"
    for criterion in wanted.criteria:
        yield from _tested(lot, criterion, site)


def _tested(lot: _Lot, criterion: Criterion, site: Site) -> Iterator[str]:
    found = [one for one in lot.examined.results if one.test == criterion.test]
    if not found:
        yield f"{criterion.test} was not tested"
        return
    judged = [_judged(one, criterion) for one in found]
    if not judged[-1][0].is_good:
        yield f"{criterion.test} is {judged[-1][0]}: {judged[-1][1]}"
    elif any(not one.is_good for one, _ in judged) and not _explained(lot, site):
        yield f"{criterion.test} did not meet before it was tested again; lot/{lot.id} needs a closed deviation"


def _judged(one: Result, criterion: Criterion) -> tuple[Verdict, str]:
    return verdict(criterion, one.value)


def _explained(lot: _Lot, site: Site) -> bool:
    about = list(site.marked("deviation", of_subject(f"lot/{lot.id}")))
    return bool(about) and all(one.state == "closed" for one in about)


def of_scan(code: str, lot: _Lot, now: Instant, *, zone: str) -> Iterator[str]:
    """Give what speaks against a package whose code was scanned for a lot: another lot, or an earlier expiry."""
    if not code or code in {lot.id, lot.maker_lot}:
        return
    try:
        read = gs1.read(code)
    except InputError:
        yield f"the code that was scanned is not that of lot {lot.id}"
        return
    if not lot.maker_lot or read.get("10", "") != lot.maker_lot:
        other, own = read.get("10", "that it does not name"), lot.maker_lot or lot.id
        yield f"the package that was scanned is of lot {other}, not of {own}"
    if "17" in read:
        printed = gs1.expiry(read["17"], this_year=local(now, zone=zone).year)
        if end_of(printed.isoformat(), zone=zone) < end_of(lot.expiry, zone=zone):
            yield f"the package that was scanned expires on {printed}, before lot {lot.id} ({lot.expiry})"


def of_use(said: Use | ForBatch | Opening, lot: _Lot, fact: Fact, site: Site) -> Iterator[str]:
    """Give what speaks against a lot for a batch: its package, or a bill that does not have it."""
    if fact.kind != "give_back":
        yield from parts.unfit(lot, site, fact.at)
    if not isinstance(said, Opening):
        yield from of_scan(said.scanned, lot, fact.at, zone=site.zone)
    if said.batch and fact.kind != "give_back":
        yield from of_bill(site, lot.what, batch=said.batch)


def of_bill(site: Site, material: str, *, batch: str) -> Iterator[str]:
    """Give that the bill of a batch has not a material, and nobody has said why it is used all the same."""
    bill = cast("_Billed", site.find("batch", batch)).bill
    said = dict(cast("_Explained", site.find("bill", batch)).reasons)
    if bill and material not in {one.material for one in bill} and material not in said:
        yield f"{material} is not in the bill of batch {batch}; say first why: do bill {batch} explain"


def of_preparation(name: str, fact: Fact, lots: tuple[_Lot, ...], site: Site) -> Iterator[str]:
    """Give what speaks against a prepared solution; ``lots`` are those of its components, in their order."""
    said = fact.stated(Preparation)
    made = moment(said.made, zone=fact.zone)
    if made > fact.at:
        yield f"it was made at {said.made}, which is still to come"
    names = [one.lot for one in said.components]
    if len(set(names)) < len(names) or name in names:
        yield "it names a component twice, or itself"
    for lot, amount in zip(lots, said.components, strict=True):
        yield from _component(lot, amount.quantity, made, site)
    wanted = definition_of(site, said.what)
    yield from _as_defined(said, wanted)
    yield from _formula(said, lots, wanted)
    yield from _expiry(said, lots, made, wanted, site.zone)


def _component(lot: _Lot, quantity: float, made: Instant, site: Site) -> Iterator[str]:
    missing = lot.ready(made, zone=site.zone)
    yield from missing
    if not missing and (lot.released_at is None or lot.released_at > made):
        yield f"lot {lot.id} was released after the solution was made of it"
    if quantity > lot.available(""):
        free = f"{lot.available(''):.10g} {lot.unit}"
        yield f"lot {lot.id} has {free} free; {quantity:.10g} {lot.unit} went into it"


def _formula(said: Preparation, lots: tuple[_Lot, ...], wanted: Definition | None) -> Iterator[str]:
    if wanted is None or not wanted.formula:
        return
    scale = Decimal(str(said.quantity)) / Decimal(str(wanted.makes))
    used: dict[str, Decimal] = {}
    for lot, amount in zip(lots, said.components, strict=True):
        used[lot.what] = used.get(lot.what, Decimal(0)) + Decimal(str(amount.quantity))
    needed = {one.what: Decimal(str(one.quantity)) * scale for one in wanted.formula}
    for what in used:
        if what not in needed:
            yield f"{what} is not in the formula of {said.what}"
    for one in wanted.formula:
        there = used.get(one.what, Decimal(0))
        yield from _amount(one, used=there, needed=needed[one.what], tolerance=wanted.tolerance_percent)


def _amount(one: Ingredient, *, used: Decimal, needed: Decimal, tolerance: float) -> Iterator[str]:
    if abs(used - needed) * 100 > needed * Decimal(str(tolerance)):
        yield f"the formula wants {needed.normalize():f} of {one.what} within {tolerance:.10g} %; {used:f} went into it"


def _expiry(
    said: Preparation, lots: tuple[_Lot, ...], made: Instant, wanted: Definition | None, zone: str
) -> Iterator[str]:
    """Hold the stated expiry against the earliest end: of any component, and of the shelf life."""
    ends = [(end_of(lot.expiry, zone=zone), f"lot {lot.id} expires then") for lot in lots if lot.expiry]
    if wanted is not None and wanted.shelf_h is not None:
        ends.append((made + wanted.shelf_h * HOUR, f"it keeps {wanted.shelf_h:.10g} h"))
    if ends and end_of(said.expiry, zone=zone) > min(ends)[0]:
        end, why = min(ends)
        yield f"it can be used until {iso(end, zone=zone)[:16]}, not {said.expiry}: {why}"
