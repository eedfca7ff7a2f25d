"""Facts of rooms: what environmental monitoring found, point by point.

Units: those of the method of the point.
"""

from collections.abc import Iterator

from automation.formulas.cleanrooms import UNITS, VIABLE, Method
from automation.gmp.plant.sampling_points import WORD
from automation.views.objects import Objects
from automation.views.questions.of_batches import given
from automation.views.questions.rows import Row, Value, moment, value_of

ENVIRONMENT = ("point", "room", "place", "method", "grade", "viable", "sample", "value", "unit", "verdict", "at")
_PLANNED = ("room", "place", "method", "grade")


def environment(objects: Objects) -> Iterator[Row]:
    """Give one row for each result of a sampling point, by the plan that was in force then."""
    for thing in objects.every(WORD):
        planned: dict[str, Value] = {}
        for event in objects.streams[f"{WORD}/{thing.id}"]:
            said = given(event)
            if event.kind in {"plan", "alter"}:
                planned = {field: value_of(said.get(field)) for field in _PLANNED}
                method = Method(str(planned["method"]))
                planned |= {"unit": UNITS[method], "viable": "yes" if method in VIABLE else "no"}
            elif event.kind == "note":
                found = {field: value_of(said.get(field)) for field in ("sample", "value", "verdict")}
                yield Row({"point": thing.id, **planned, **found, "at": moment(event.at)}, (event.seq,))
