"""The board: every order and batch by how much time it has to spare, what decides that, and where they clash.

What would be if is the same board drawn with delays and without some equipment: nothing is changed.
Units:  moments in s (UTC), times in s.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from automation.gmp.capacity import Sort, of_sort
from automation.gmp.plant.assets import Asset
from automation.gmp.product.orders import Order
from automation.gmp.words import Right
from automation.kernel.errors import InputError
from automation.kernel.quantity import Instant, Seconds
from automation.views.objects import Objects
from automation.views.planning.clashes import Clash, Use, clashes
from automation.views.planning.network import Timed, timed
from automation.views.planning.plans import RecipePlan
from automation.views.planning.rows import SLOT, Ahead, Gather

PEOPLE = "people who may perform"
_GONE = frozenset({"absent", "retired", "out of service"})
_CLOSES = "/"  # between a row and its step


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the board is drawn with: plans of recipes, the time from the last step to the patient, and what if."""

    plans: Sequence[RecipePlan] = ()
    to_patient: Seconds = Seconds(0.0)
    delays: Mapping[str, Seconds] = field(default_factory=lambda: MappingProxyType({}))  # by row, or row/step
    without: frozenset[str] = frozenset()  # assets and suites


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the board."""

    ahead: Ahead
    times: tuple[Timed, ...]

    @property
    def ready(self) -> Instant | None:
        """Give when it is over, as far as is known."""
        return max((one.end for one in self.times), default=None)

    @property
    def slack(self) -> Seconds | None:
        """Give how much time it has to spare; less than 0 when it is late, None where nobody waits for it."""
        needed, ready = self.ahead.needed_by, self.ready
        return None if needed is None or ready is None else needed - ready

    @property
    def late(self) -> bool:
        """Tell whether the patient would have to wait."""
        return self.slack is not None and self.slack < Seconds(0.0)

    @property
    def critical(self) -> tuple[Timed, ...]:
        """Give what is not over and decides when it is ready."""
        return tuple(one for one in self.times if one.critical and not one.over)

    @property
    def next(self) -> Timed | None:
        """Give the milestone that ends next."""
        return min((one for one in self.times if not one.over), key=lambda one: one.end, default=None)


@dataclass(frozen=True, slots=True)
class Board:
    """All rows, the most urgent first, and where they clash."""

    now: Instant
    lines: tuple[Line, ...]
    clashes: tuple[Clash, ...]

    def line(self, name: str) -> Line:
        """Give the row of an order, batch or collection; raises InputError that names those that are there."""
        found = next((one for one in self.lines if name in one.ahead.names), None)
        if found is None:
            known = ", ".join(name for one in self.lines for name in one.ahead.names) or "none"
            raise InputError(f"{name!r} is not on the board; there are {known}")
        return found


def board(objects: Objects, now: Instant, wish: Wish) -> Board:
    """Draw the board; raises InputError for a delay of what is not there, and for equipment that the site has not."""
    rows = tuple(Gather(objects, wish.plans, wish.to_patient).every())
    _check_known(objects, wish.without)
    delays = _delays(rows, wish.delays)
    lines = [
        Line(row, timed(row.activities, now, needed_by=row.needed_by, delays=delays.get(row.id, {}))) for row in rows
    ]
    lines.sort(key=lambda one: (one.slack is None, one.slack or 0.0, one.ahead.id))
    uses = [use for one in lines for use in _uses(objects, one)]
    return Board(now, tuple(lines), clashes(uses, there(objects, without=wish.without)))


def there(objects: Objects, *, without: frozenset[str] = frozenset()) -> dict[str, int]:
    """Give how many there are of each thing that is counted: suites, classes of equipment, people.

    Equipment that keeps product closed may serve several batches, so its class is not counted.
    """
    assets = [one for one in objects.every("asset") if isinstance(one, Asset)]
    shared = {one.asset_class for one in assets if one.closed}
    found = {one.asset_class: 0 for one in assets if one.asset_class not in shared}
    for one in assets:
        if one.asset_class in found and one.state not in _GONE and one.id not in without:
            found[one.asset_class] += 1
    for name in of_sort(objects.capacities, Sort.SUITE):
        found[name] = 0 if name in without else objects.capacities[name].at_once
    found[PEOPLE] = sum(Right.PERFORM in objects.rights(person.id) for person in objects.every("person"))
    return found


def _check_known(objects: Objects, without: frozenset[str]) -> None:
    for name in without:
        if name not in of_sort(objects.capacities, Sort.SUITE):
            objects.known("asset", name)


def _delays(rows: Sequence[Ahead], delays: Mapping[str, Seconds]) -> dict[str, dict[str, Seconds]]:
    """Give the delays by row and activity; one of a whole row is that of its first activity that is not over."""
    found: dict[str, dict[str, Seconds]] = {}
    for text, late in delays.items():
        name, _, step = text.partition(_CLOSES)
        row = next((one for one in rows if name in one.names), None)
        if row is None:
            known = ", ".join(name for one in rows for name in one.names) or "none"
            raise InputError(f"--delay is for {name!r}; on the board are {known}")
        ahead = [one.name for one in row.activities if one.ended is None]
        if (step and step not in ahead) or not ahead:
            raise InputError(f"--delay is for {text!r}; still to come of {name}: {', '.join(ahead) or 'nothing'}")
        found.setdefault(row.id, {})[step or ahead[0]] = late
    return found


def _uses(objects: Objects, line: Line) -> Iterator[Use]:
    """Give what a row needs from now on: its suite, and the equipment and people of its steps."""
    ahead = line.ahead
    whose = ahead.batch.id if ahead.batch else ahead.id
    for one in line.times:
        step = ahead.step(one.activity.name)
        if one.over:
            continue
        if one.activity.name == SLOT and ahead.booked and ahead.booked.suite in objects.capacities:
            suite = objects.capacities[ahead.booked.suite]
            yield Use(suite.name, 1, one.end, one.end + suite.takes, whose)
        for name in step.equipment if step else ():
            yield Use(name, 1, one.begin, one.end, f"{whose} {one.activity.name}")
        for work in step.work if step else ():
            begin = one.begin + Seconds(work.begin)
            yield Use(PEOPLE, work.people, begin, begin + Seconds(work.takes), f"{whose} {one.activity.name}")


def told_of(objects: Objects, line: Line) -> tuple[str, ...]:
    """Say who has to be told when a row changes: who ordered and acknowledged it, centre, courier, who works on it."""
    order, slot = line.ahead.order, line.ahead.collection.slot if line.ahead.collection else None
    found: list[str] = []
    if isinstance(order, Order):
        found += [f"{name} (order {order.id})" for name in dict.fromkeys((order.placed_by, *order.acknowledged_by))]
    coming = {one.activity.name for one in line.times if not one.over}
    if slot is not None and "transport" in coming:
        found += [f"centre {slot.centre}", f"courier {slot.courier}"]
    rights = {Right.ORDER, Right.SUPERVISE, *((Right.RELEASE,) if line.late else ())}
    people = [one.id for one in objects.every("person") if rights & objects.rights(one.id)]
    return (*found, *(name for name in people if all(not said.startswith(f"{name} ") for said in found)))
