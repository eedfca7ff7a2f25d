"""The containers of a batch: those it was issued for, and those that were filled from them.

Source: 21 CFR 1271.290 (from donor to product and back); EU GMP Part IV (traceability of every sub-division).
"""

from automation.gmp import marks
from automation.gmp.door import Door
from automation.gmp.product.batches import Batch
from automation.gmp.product.containers import Container


def of_batch(door: Door, batch: str) -> tuple[Container, ...]:
    """Give all containers of a batch: those of its issue first, then the others in the order in which they came."""
    made = door.find("batch", batch)
    issued = made.containers if isinstance(made, Batch) else ()
    first = [thing for thing in (door.find("container", name) for name in issued) if isinstance(thing, Container)]
    every = (thing for thing in door.marked("container", marks.of_batch(batch)) if isinstance(thing, Container))
    return (*first, *(one for one in every if one.id not in issued))
