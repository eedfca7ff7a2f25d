"""By what a scan tells a container from all others: its donation number, with its product code, or its own label.

The bags of one collection share their donation number. Then the number alone names none of them: it is scanned
together with the product code, whose last two characters are the division, or the container's own label is.
Source: ISBT 128 ST-001 v6.2.2 (a product is unique by structures 001 and 003 together); EU GMP Part IV 9.
"""

from dataclasses import dataclass
from typing import cast

from automation.formulas import isbt128
from automation.formulas.identifiers import Kind as Code
from automation.gmp.marks import known_as
from automation.gmp.objects import Site
from automation.gmp.product.containers import Container, State
from automation.kernel.errors import InputError

_GONE = frozenset({State.ABSENT, State.CANCELLED})


@dataclass(frozen=True, slots=True)
class Mark:
    """What has to be read, and what kind of code that is."""

    code: str
    kind: Code


def mark_of(site: Site, container: Container) -> Mark:
    """Give what tells a container: what was filled here has our label, what came has the number of its donation."""
    if container.parent or not container.din:
        return Mark(container.id, Code.CONTAINER)
    beside = [one for one in came_under(site, container.din) if one.id != container.id]
    if not beside:
        return Mark(container.din, Code.DIN)
    own = unit_of(container)
    alone = own and all(unit_of(one) != own for one in beside)
    return Mark(own, Code.UNIT) if alone else Mark(container.id, Code.CONTAINER)


def came_under(site: Site, din: str) -> tuple[Container, ...]:
    """Give the containers that came, or are to come, under a donation number; not what was filled from them here."""
    known = (cast("Container", one) for one in site.marked("container", known_as(din))) if din else ()
    return tuple(one for one in known if one.din == din and not one.parent and one.state not in _GONE)


def unit_of(container: Container) -> str:
    """Give donation number and product code in one; empty where the record has no full code of it."""
    try:
        isbt128.read_product_code(f"=<{container.product_code}")
    except InputError:
        return ""
    return f"{container.din}{container.product_code}" if container.din else ""
