"""What has become of the labels of a batch, of a split or of one container, number by number.

Source: 21 CFR 211.125(c): issued is applied, kept for the record, destroyed or never printed; else it is loose.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from automation.gmp.label_text import bearer, composed, template_of
from automation.gmp.marks import of_batch
from automation.gmp.product.labels import REPRINT, SIMULATED, Label, labels_of, numbered
from automation.gmp.product.splits import Split
from automation.kernel.errors import InputError
from automation.views.labels import count
from automation.views.objects import Objects
from automation.views.record_of_product import LabelCount


@dataclass(frozen=True, slots=True)
class Draft:
    """The next label of a container as the record wants it; ``again`` when one came out of a printer before."""

    name: str
    body: dict[str, object]
    again: bool


def draft(objects: Objects, container: str, *, template: str, reason: str) -> Draft:
    """Compose the next label of a container; raises InputError for one that has none, RefusedError without template."""
    on = bearer(objects, container)
    if on is None:
        raise InputError(f"container {container!r} is not here, and no approved split is going to fill it")
    made = template_of(objects, template)
    before = labels_of(objects, container)
    marks = (*((REPRINT,) if before else ()), *((SIMULATED,) if objects.simulated else ()))
    name, _, version = made.id.partition("@")
    body: dict[str, object] = {
        "container": container,
        "lines": list(composed(objects, on, made)),
        "marks": list(marks),
        "template": name,
        "template_version": version,
        "reason": reason,
        "batch": on.batch,
    }
    return Draft(numbered(container, len(before) + 1), body, any(one.out for one in before))


def accounted(objects: Objects, which: str) -> tuple[tuple[Label, ...], LabelCount]:
    """Give the labels of a batch, split or container (``kind/id``) and their count; raises InputError for others."""
    found = tuple(_labels(objects, which))
    return found, count(found)


def _labels(objects: Objects, which: str) -> Iterator[Label]:
    kind, _, name = which.partition("/")
    match kind:
        case "batch":
            objects.known(kind, name)
            yield from (one for one in objects.marked("label", of_batch(name)) if isinstance(one, Label))
        case "split":
            split = objects.known(kind, name)
            if isinstance(split, Split):
                yield from (one for child in split.children for one in labels_of(objects, child))
        case "container":
            yield from labels_of(objects, name)
        case _:
            raise InputError(f"{which!r} has no labels; write batch/ID, split/ID or container/ID")
