"""Genealogy: the containers of a batch as a family, each under the one that it was filled from.

Units:  mL, s.
Source: 21 CFR 1271.290 (from donor to product and back); EU GMP Part IV (traceability of every sub-division).
"""

from collections.abc import Iterator

from automation.gmp.product.containers import Container
from automation.views import record_of_product as product
from automation.views.story import Story, Told


def genealogy(story: Story) -> tuple[product.Container, ...]:
    """Give the containers of a batch as they stand, parents before their children."""
    known = {told.id for told in story.containers}
    roots = [told for told in story.containers if told.now.parent not in known]
    return tuple(one for told in roots for one in _family(story, told, 0))


def _family(story: Story, told: Told[Container], level: int) -> Iterator[product.Container]:
    now = told.now
    yield product.Container(
        id=told.id,
        identity=now.identity,
        kind=now.kind,
        din=now.din,
        product_code=now.product_code,
        volume_ml=now.volume_ml,
        state=now.state,
        position=now.position or now.where,
        exposure_s=float(now.exposure_s),
        warming_s=float(now.warming_s),
        on_hold=now.hold_reason,
        purpose=now.purpose,
        parent=now.parent,
        level=level,
    )
    for child in story.containers:
        if child.now.parent == told.id:
            yield from _family(story, child, level + 1)
