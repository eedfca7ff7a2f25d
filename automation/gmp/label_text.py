"""What a label has to say by the record: read off its container, its template, its donor and its order.

The program that fills a container writes its labels itself; what people print at the bench is composed here, and the
door holds every label of theirs against it.
Source: 21 CFR 1271.370 and 1271.290(c) (identification of each part), 1271.90(c) (statements), 211.130 (identity).
"""

from dataclasses import dataclass
from typing import Protocol, cast

from automation.formulas.label_statements import Statement, missing
from automation.gmp.marks import known_as, of_container
from automation.gmp.objects import Site
from automation.gmp.product.donors import donors_of
from automation.gmp.product.orders import order_of
from automation.gmp.product.templates import State, Template
from automation.gmp.shelf_lives import EXPIRY, expiry_at, rule_of
from automation.kernel.errors import RefusedError

SYMBOL = "CONTAINER:"  # what stands before a container's id in the symbol on its label
_GONE = frozenset({"absent", "cancelled", "destroyed"})


@dataclass(frozen=True, slots=True)
class Bearer:
    """What a label is for: a container, or the child of a split that is approved and not done yet."""

    id: str
    identity: str
    din: str
    batch: str


class _Container(Protocol):
    """What a label asks of a container."""

    state: str
    identity: str
    din: str

    @property
    def batch(self) -> str: ...


class _Split(Protocol):
    """What a label asks of a split."""

    state: str
    parent: str

    @property
    def children(self) -> tuple[str, ...]: ...


class _Batch(Protocol):
    """What a label asks of a batch."""

    @property
    def lot_type(self) -> str: ...


def bearer(site: Site, name: str) -> Bearer | None:
    """Give what a label of this container would stand on; None for what is not there and not going to be."""
    one = cast("_Container", site.find("container", name))
    if one.state not in _GONE:
        return Bearer(name, one.identity, one.din, one.batch)
    splits = (cast("_Split", found) for found in site.marked("split", of_container(name)))
    coming = next((found for found in splits if found.state == "approved" and name in found.children), None)
    if one.state != "absent" or coming is None:
        return None
    parent = cast("_Container", site.find("container", coming.parent))
    return Bearer(name, parent.identity, parent.din, parent.batch)


def template_of(site: Site, name: str) -> Template:
    """Give the effective version of a label template; raises RefusedError when there is none."""
    known = (cast("Template", one) for one in site.marked("template", known_as(name)))
    found = next((one for one in known if one.state is State.EFFECTIVE), None)
    if found is None:
        raise RefusedError(f"label template {name} has no effective version; people print from an approved one only")
    return found


def composed(site: Site, one: Bearer, template: Template) -> tuple[str, ...]:
    """Give the lines of a label, from the top."""
    fixed = template.writing.fixed if template.writing else ()
    rule = rule_of(site, one.batch) if one.batch else None
    lines = (
        one.id,
        f"DIN {one.din}" if one.din else "",
        f"Chain of identity {one.identity}" if one.identity else "",
        f"Batch {one.batch}" if one.batch else "",
        f"{EXPIRY}{expiry_at(site.now, rule, zone=site.zone)}" if rule else "",
        *fixed,
        *(statement.text for statement in _statements(site, one)),
    )
    return tuple(line for line in lines if line)


def check_text(site: Site, one: Bearer, *, template: str, printed: tuple[str, ...], label: str) -> None:
    """Raise RefusedError for a label of a person that leaves out what the record says of its container."""
    wanted = (Statement(line.upper(), "21 CFR 1271.290(c), 211.130") for line in composed_of(site, one, template))
    lacks = next(iter(missing(wanted, printed)), None)
    if lacks is not None:
        raise RefusedError(f"label {label} does not say {lacks.text!r}, which its record demands")


def composed_of(site: Site, one: Bearer, template: str) -> tuple[str, ...]:
    """Give the lines of a label by the effective version of a template; raises RefusedError when there is none."""
    return composed(site, one, template_of(site, template))


def _statements(site: Site, one: Bearer) -> tuple[Statement, ...]:
    """Give what the donor and the rules of the order want on it."""
    order = order_of(site, one.identity) if one.identity else None
    if order is None:
        return ()
    lot_type = cast("_Batch", site.find("batch", one.batch)).lot_type if one.batch else ""
    rules = order.rules(site)
    donors = (statement for donor in donors_of(site, order.id) for statement in donor.statements)
    return tuple({found.text: found for found in (*donors, *(rules.statements(lot_type) if rules else ()))}.values())
