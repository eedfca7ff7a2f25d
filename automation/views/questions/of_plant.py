"""Facts of rooms: what environmental monitoring found, point by point, and what media fills came to.

Units: those of the method of the point; units of media fills are counted.
"""

from collections.abc import Iterator

from automation.formulas.cleanrooms import UNITS, VIABLE, Method
from automation.gmp.plant import media_fills
from automation.gmp.plant.sampling_points import WORD
from automation.views.objects import Objects
from automation.views.questions.of_batches import given
from automation.views.questions.rows import Row, Value, moment, value_of

ENVIRONMENT = ("point", "room", "place", "method", "grade", "viable", "sample", "value", "unit", "verdict", "at")
MEDIA_FILLS = ("fill", "process", "purpose", "room", "batch", "state", "filled", "incubated", "grown", "at")
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


def fills(objects: Objects) -> Iterator[Row]:
    """Give one row for each media fill of which something was seen."""
    for thing in objects.every(media_fills.WORD):
        if not isinstance(thing, media_fills.MediaFill) or thing.plan is None or thing.filled is None:
            continue
        events = objects.streams[f"{media_fills.WORD}/{thing.id}"]
        seen = [event for event in events if event.kind in {"look", "read"}]
        if seen:
            planned = {field: value_of(str(getattr(thing.plan, field))) for field in ("process", "purpose", "room")}
            units = {"filled": thing.filled.filled, "incubated": thing.incubated, "grown": max(thing.grown)}
            counted = {what: float(number) for what, number in units.items()}
            known: dict[str, Value] = {
                "fill": thing.id,
                **planned,
                "batch": thing.plan.batch,
                "state": str(thing.state),
            }
            yield Row({**known, **counted, "at": moment(seen[-1].at)}, tuple(event.seq for event in seen))
