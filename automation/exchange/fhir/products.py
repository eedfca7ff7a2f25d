"""Containers with product as FHIR resources, and what goes of them to the patient.

Units:  mL, degC; moments with their offset.
Source: HL7 FHIR R5 BiologicallyDerivedProduct and BiologicallyDerivedProductDispense; ISBT 128 ST-001.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final, cast

from automation.exchange.fhir.codes import SAMPLE, Naming, millilitres, quantity, words
from automation.exchange.fhir.types import Coding, Dispense, Product, ProductCollection, Property, Range, Reference
from automation.formulas.limits import decimal
from automation.gmp.codes import moment
from automation.gmp.marks import known_as, of_order
from automation.gmp.objects import Site
from automation.gmp.product.batches import Batch
from automation.gmp.product.collections import Collection
from automation.gmp.product.containers import Container, State
from automation.gmp.product.infusions import Infusion
from automation.gmp.product.infusions import State as Bedside
from automation.gmp.product.locations import location_of
from automation.kernel.clock import iso

CATEGORY = "http://hl7.org/fhir/product-category"
STATUS = "http://hl7.org/fhir/biologicallyderived-product-status"
_KIND = "BiologicallyDerivedProduct"
_STANDS: Final = {
    State.STORED: "available",
    State.IN_PROCESS: "available",
    State.EMPTIED: "processed",
    State.DESTROYED: "discarded",
    State.HANDED_OVER: "applied",
}
_BEDSIDE: Final = {
    Bedside.PLANNED: "preparation",
    Bedside.PREPARED: "in-progress",
    Bedside.IDENTIFIED: "allocated",
    Bedside.NOT_GIVEN: "unfulfilled",
}


def product(site: Site, naming: Naming, one: Container) -> tuple[str, Product]:
    """Give a container with product: its donation, how it stands, out of what it came, what it is kept at."""
    parents = dict.fromkeys(name for name in (one.parent, *one.sources) if name)
    code = words(one.product_code, system=naming.system("product")) if one.product_code else None
    made = Product(
        meta=naming.meta,
        identifier=(naming.identifier(SAMPLE, one.id),),
        product_category=Coding(system=CATEGORY, code="cells"),
        product_code=code,
        parent=tuple(naming.reference(_KIND, kind=SAMPLE, name=name) for name in parents),
        biological_source_event=naming.identifier("donation", one.din) if one.din else None,
        product_status=Coding(
            system=STATUS, code="unavailable" if one.on_hold else _STANDS.get(one.state, "unavailable")
        ),
        expiration_date=next(_expiry(site, one), ""),
        collection=next(_collected(site, naming, one), None),
        storage_temp_requirements=_kept(site, one),
        property=tuple(_properties(naming, one)),
    )
    return naming.address(f"{_KIND}/{SAMPLE}", one.id), made


def dispenses(site: Site, naming: Naming, batch: Batch) -> Iterator[tuple[str, Dispense]]:
    """Give what goes, or went, from a batch to the patient's bedside."""
    for one in _infusions(site, batch):
        made = Dispense(
            meta=naming.meta,
            identifier=(naming.identifier("infusion", one.id),),
            status=_BEDSIDE.get(one.state, "issued"),
            product=naming.reference(_KIND, kind=SAMPLE, name=one.container),
            patient=naming.patient(batch.identity),
            quantity=millilitres(one.volume_ml) if one.volume_ml else None,
            prepared_date=iso(one.thawed_at) if one.thawed_at is not None else "",
            destination=Reference(type="Location", display=one.plan.ward) if one.plan else None,
        )
        yield naming.address(f"{_KIND}Dispense/infusion", one.id), made


def _infusions(site: Site, batch: Batch) -> Iterator[Infusion]:
    order = batch.issue.order if batch.issue else ""
    for thing in site.marked("infusion", of_order(order)) if order else ():
        one = cast("Infusion", thing)
        if one.plan is not None and one.plan.batch == batch.id:
            yield one


def _expiry(site: Site, one: Container) -> Iterator[str]:
    """Give until when a thawed bag is used."""
    batch = site.find("batch", one.batch) if one.batch else None
    for infusion in _infusions(site, batch) if isinstance(batch, Batch) else ():
        if infusion.container == one.id and infusion.expires_at is not None:
            yield iso(infusion.expires_at)


def _collected(site: Site, naming: Naming, one: Container) -> Iterator[ProductCollection]:
    """Give where, when and from whom the cells of a container were collected."""
    for thing in site.marked("collection", known_as(one.din)) if one.din else ():
        said = cast("Collection", thing)
        if said.report is not None and said.slot is not None:
            yield ProductCollection(
                collector=Reference(type="Organization", display=said.slot.centre),
                source=naming.patient(one.identity),
                collected_date_time=iso(moment(said.report.collected, zone=site.zone)),
            )


def _kept(site: Site, one: Container) -> Range | None:
    """Give the temperatures that the place of a container allows; None where the site has drawn no map of it."""
    place = location_of(site, one.position) if one.position else None
    if place is None or place.definition is None:
        return None
    return Range(high=quantity(decimal(place.definition.highest_c), "degC"))


def _properties(naming: Naming, one: Container) -> Iterator[Property]:
    system = naming.system("property")
    if one.volume_ml:
        yield Property(type=words("volume", system=system), value_quantity=millilitres(one.volume_ml))
    if one.first_cold_at is not None:
        warmed = quantity(Decimal(repr(float(one.warming_s))), "s")
        yield Property(type=words("warming over its life", system=system), value_quantity=warmed)
    for name, text in (("kind of container", one.kind), ("seal", one.seal or one.sealed_with), ("lot", one.batch)):
        if text:
            yield Property(type=words(name, system=system), value_string=text)
    if one.on_hold:
        yield Property(type=words("QA hold", system=system), value_string=one.hold_reason)
