"""The qualification matrix: every person against every curriculum, as it stands at a moment.

Source: EU GMP chapter 2, 2.10 to 2.14 (training records are kept and assessed); 21 CFR 211.25(a).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from automation.gmp.people.curricula import Curriculum, Plan, required
from automation.gmp.people.persons import Person
from automation.gmp.people.training import Training
from automation.gmp.qualified import fades, skilled
from automation.kernel.clock import iso
from automation.views.objects import Objects


@dataclass(frozen=True, slots=True)
class Cell:
    """How one person stands to one curriculum; ``missing`` names also what a skill that it needs lacks."""

    person: str
    curriculum: str
    operations: tuple[str, ...]
    qualified: bool
    training: str  # state of the training
    until: str  # day on which the last qualification ends, in the site's zone
    fades: str  # day on which it fades unless the operation is performed before
    observed: str  # runs passed in a row, of those that are asked
    mentor: str
    missing: str


def matrix(objects: Objects, *, person: str = "", curriculum: str = "") -> Iterator[Cell]:
    """Give every cell of the active people and the curricula in force, or those of one person or curriculum."""
    plans = [(one, one.plan) for one in objects.every("curriculum") if isinstance(one, Curriculum)]
    for who in objects.every("person"):
        if not isinstance(who, Person) or who.state != "active" or person not in {"", who.id}:
            continue
        for made, plan in plans:
            if plan is not None and curriculum in {"", made.id}:
                yield _cell(objects, who.id, made, plan)


def concerned(cell: Cell) -> bool:
    """Tell whether a person has anything to do with a curriculum."""
    return cell.training != "absent"


def _cell(objects: Objects, person: str, curriculum: Curriculum, plan: Plan) -> Cell:
    training = cast("Training", objects.find("training", f"{curriculum.id}.{person}"))
    lacks = skilled(objects, person, curriculum=curriculum.id, at=objects.now)
    fading = fades(objects, person, curriculum=curriculum.id)
    covering = [one for one in training.held if set(required(objects, plan, at=objects.now)) <= set(one.documents)]
    return Cell(
        person=person,
        curriculum=curriculum.id,
        operations=plan.operations,
        qualified=not lacks,
        training=str(training.state),
        until=iso(covering[-1].until, zone=objects.zone)[:10] if covering else "",
        fades=iso(fading, zone=objects.zone)[:10] if fading is not None else "",
        observed=f"{training.in_a_row} of {plan.observed}" if plan.observed and training.task else "",
        mentor=training.mentor,
        missing=lacks,
    )
