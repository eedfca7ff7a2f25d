"""What an inspection would find open: a checklist over everything that is on record, read off it and never ticked.

A line is in order when nothing stands under it. It says what is open, not whether that is bad: an open deviation is
work under way, an overdue one a finding.
Source: ICH Q10 3.2.4, 4.1; EU GMP chapter 9 (self inspection), chapter 2, 2.10; 21 CFR 211.22, 211.68(a), 211.192.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from automation.gmp.due import Urgency
from automation.gmp.marks import OPEN
from automation.gmp.plant.assets import Asset
from automation.kernel.quantity import Instant
from automation.views.access import register
from automation.views.dues import dues
from automation.views.objects import Objects
from automation.views.qualifications import concerned, matrix

_KINDS: Final = {
    "deviations and non-conformances": ("deviation", "nonconformance"),
    "CAPA and actions": ("capa", "action"),
    "complaints and recalls": ("complaint", "recall"),
    "changes": ("change",),
    "observations": ("observation",),
    "inspections and their questions": ("inspection", "question"),
    "QA holds": ("qa-hold",),
    "faults and alarms": ("fault", "alarm"),
    "environmental monitoring": ("em-sample",),
    "training under way": ("training",),
}
_ENDED: Final = frozenset({"complete", "stopped", "aborted"})


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the checklist, with what an inspection would find open under it."""

    topic: str
    found: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Tell whether nothing is open."""
        return not self.found


def checklist(objects: Objects, now: Instant) -> Iterator[Line]:
    """Give every line: what is overdue first, then people, equipment, records, and what is open of each kind."""
    looks: dict[str, Callable[[Objects, Instant], Iterator[str]]] = {
        "overdue": _overdue,
        "people who are not qualified or bound": _people,
        "equipment that is not ready": _equipment,
        "records that nobody has reviewed": _records,
    }
    for topic, look in looks.items():
        yield Line(topic, tuple(look(objects, now)))
    for topic, kinds in _KINDS.items():
        open_ones = ((kind, one) for kind in kinds for one in objects.marked(kind, OPEN))
        yield Line(topic, tuple(f"{kind} {one.id} is {one.state}" for kind, one in open_ones))


def _overdue(objects: Objects, now: Instant) -> Iterator[str]:
    for one in dues(objects, now):
        if one.urgency is Urgency.OVERDUE:
            yield f"{one.what} ({one.owner}, {one.left})"


def _people(objects: Objects, _now: Instant) -> Iterator[str]:
    for cell in matrix(objects):
        if concerned(cell) and not cell.qualified:
            yield f"{cell.person} by {cell.curriculum}: {cell.missing}"
    for line in register(objects):
        if line.missing:
            yield f"{line.person} has not accepted {line.missing}"


def _equipment(objects: Objects, now: Instant) -> Iterator[str]:
    for one in objects.every("asset"):
        if isinstance(one, Asset) and one.state != "retired":
            yield from one.ready(now)


def _records(objects: Objects, _now: Instant) -> Iterator[str]:
    for one in objects.marked("batch", OPEN):
        if str(one.state) in _ENDED:
            yield f"the record of batch {one.id}, which is {one.state}, is not reviewed"
