"""The papers of a shipment as one HTML or PDF file: waybill data, dangerous goods, packing list, pro-forma, marks.

Everything is read off the records; nothing is typed for the papers. No patient stands on them, only codes.
Units:  mL, kg, degC.
Source: IATA DGR 8 (documentation), 49 CFR 173.199 (itemised list); ISBT 128 for the codes.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from automation.formulas.dangerous_goods import VERSION, Duty
from automation.gmp.objects import Site
from automation.gmp.product.containers import Container
from automation.gmp.product.shipments import Packing, Plan, Shipment
from automation.surfaces.documents.blocks import (
    STRONG,
    AnyBlock,
    Cell,
    Column,
    Document,
    Heading,
    Note,
    Pairs,
    Table,
    cell,
    row,
)
from automation.surfaces.documents.html import html
from automation.surfaces.documents.pdf import pdf

_CONTAINERS = (
    Column("Container", share=2.0),
    Column("Kind", share=1.0),
    Column("Volume", share=1.0, align="right"),
    Column("Chain of identity", share=2.0),
    Column("Donation number", share=2.0),
)
_DUTIES = (
    Column("Entry", share=3.0),
    Column("Packing", share=3.0),
    Column("Marks and labels", share=3.0),
    Column("Papers", share=3.0),
    Column("Clause", share=1.5),
)


def document(site: Site, shipment: Shipment, *, sender: str, date: str) -> Document:
    """Compose the papers of a planned shipment; raises TypeError for one without a plan."""
    if shipment.plan is None:
        raise TypeError(shipment)
    return Document(
        title=f"Papers of shipment {shipment.id}",
        head=f"Shipment {shipment.id}, order {shipment.plan.order}, lot {shipment.plan.batch}",
        marks=("SIMULATED",) if site.simulated else (),
        foot=f"dangerous goods by {VERSION}",
        date=date,
        language="en",
        blocks=tuple(_blocks(site, shipment, shipment.plan, sender=sender)),
    )


def _blocks(site: Site, shipment: Shipment, plan: Plan, *, sender: str) -> Iterator[AnyBlock]:
    duties = shipment.duties(site)
    yield from _waybill(shipment, plan, duties, sender=sender)
    yield from _goods(duties)
    yield Heading(1, "Packing list")
    yield Table(_CONTAINERS, tuple(_line(site.find("container", name)) for name in shipment.containers))
    if shipment.packing is not None:
        yield from _packed(shipment.packing)
    yield Heading(1, "Pro-forma invoice")
    yield Note("Human cells for the treatment of one patient; no commercial value; not for resale.")
    yield Note("Value for customs only: to be stated by the sender.")


def _waybill(shipment: Shipment, plan: Plan, duties: tuple[Duty, ...], *, sender: str) -> Iterator[AnyBlock]:
    yield Heading(1, "Waybill data")
    nature = "; ".join(one.entry for one in duties) or "not restricted"
    rows = {
        "Sender": sender,
        "Consignee": plan.consignee,
        "Carrier": plan.carrier,
        "Waybill": shipment.waybill or "not given yet",
        "Mode": str(plan.mode),
        "Leaves": plan.leaves,
        "Arrives by": plan.arrives,
        "Nature and quantity of goods": nature,
        "Dry ice, net": f"{plan.ice_kg:g} kg" if plan.ice_kg else "none",
        "Handling": f"at most {plan.highest_c:g} degC; do not X-ray; keep upright",
    }
    yield Pairs(tuple((name, cell(value)) for name, value in rows.items()))


def _goods(duties: tuple[Duty, ...]) -> Iterator[AnyBlock]:
    yield Heading(1, "Dangerous goods")
    if duties:
        lines = (
            row(cell(d.entry, STRONG), d.instruction, "; ".join(d.marks), "; ".join(d.papers), d.clause) for d in duties
        )
        yield Table(_DUTIES, tuple(lines))
    else:
        yield Note("Content and coolant are not regulated.")
    if any("declaration" in paper for duty in duties for paper in duty.papers):
        yield Note("A shipper's declaration has to be filled in and signed on its own form; this page is not one.")


def _packed(packing: Packing) -> Iterator[AnyBlock]:
    rows = {
        "Shipper": packing.shipper,
        "Keeps cold": f"{packing.holds_d:g} d",
        "Temperature logger": packing.logger,
        "Seal": packing.seal,
        "Inside": ", ".join(packing.documents),
    }
    yield Pairs(tuple((name, cell(value)) for name, value in rows.items()))


def _line(thing: object) -> tuple[Cell, ...]:
    if not isinstance(thing, Container):
        raise TypeError(thing)
    return row(thing.id, thing.kind, f"{thing.volume_ml:.10g} mL", thing.identity, thing.din)


WRITERS: Final[Mapping[str, Callable[[Document], bytes]]] = {".html": html, ".pdf": pdf}
"""How papers are written, by the end of the file's name."""
