"""What a delay or the loss of equipment comes to: what is ready later, who has to be told, what is free instead.

Units:  moments in s (UTC).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from automation.gmp.bookings import bookings
from automation.gmp.capacity import AHEAD, Booked, next_free, slots
from automation.gmp.plant.assets import Asset
from automation.kernel.clock import local
from automation.kernel.quantity import Instant, Seconds
from automation.views.objects import Objects
from automation.views.planning.board import Board, Line, Wish, told_of
from automation.views.planning.clashes import Clash
from automation.views.planning.rows import SLOT

_NEAR = Seconds(1.0)


@dataclass(frozen=True, slots=True)
class Moved:
    """One row that is ready later than it was or can't go as planned, and who has to know."""

    line: Line
    was: Instant
    tell: tuple[str, ...]

    @property
    def later(self) -> bool:
        """Tell whether it is ready later; else only its plan can't be kept."""
        return self.line.ready is not None and self.line.ready - self.was > _NEAR


@dataclass(frozen=True, slots=True)
class Replan:
    """What changes, which clashes are new, and what is free instead, in sentences."""

    moved: tuple[Moved, ...]
    clashes: tuple[Clash, ...]
    free: tuple[str, ...]


def replan(objects: Objects, *, before: Board, after: Board, wish: Wish) -> Replan:
    """Compare two boards of one moment."""
    known = {(one.what, one.whose) for one in before.clashes}
    new = tuple(one for one in after.clashes if (one.what, one.whose) not in known)
    was = {one.ahead.id: one.ready for one in before.lines}
    in_clash = {whose.split(" ")[0] for one in new for whose in one.whose}
    moved = tuple(
        Moved(line, ready, told_of(objects, line))
        for line in after.lines
        if (ready := was[line.ahead.id]) is not None
        and line.ready is not None
        and (line.ready - ready > _NEAR or in_clash & set(line.ahead.names))
    )
    free = (*_instead(objects, wish), *_slots(objects, after, wish))
    return Replan(moved, new, free)


def _instead(objects: Objects, wish: Wish) -> Iterator[str]:
    """Name the other equipment of the class of what is lost, and by whom it is taken now."""
    assets = [one for one in objects.every("asset") if isinstance(one, Asset)]
    for lost in (one for one in assets if one.id in wish.without):
        others = [one for one in assets if one.asset_class == lost.asset_class and one.id not in wish.without]
        fit = [one for one in others if one.state == "qualified"]
        for one in fit:
            now = f"taken by {' '.join(one.claim)} now" if one.claim else "free now"
            yield f"instead of {lost.id}: {one.id}, {now}"
        if not fit:
            yield f"instead of {lost.id}: no other {lost.asset_class} is qualified here"


def _slots(objects: Objects, after: Board, wish: Wish) -> Iterator[str]:
    """Give the next free slots of each row that can't keep its own."""
    lost = wish.without
    capacities = {
        name: one for name, one in objects.capacities.items() if name not in lost and not lost & set(one.needs)
    }
    for line in after.lines:
        booked = line.ahead.booked
        slot = next((one for one in line.times if one.activity.name == SLOT and not one.over), None)
        if booked is None or slot is None or booked.suite not in objects.capacities:
            continue
        if slot.end - booked.begins <= _NEAR and booked.suite in capacities:
            continue
        wanted = Booked(
            whose=booked.whose,
            courier=booked.courier,
            fetched=booked.fetched,
            arrives=booked.arrives,
            suite=booked.suite,
            begins=slot.end,
        )
        collection = line.ahead.collection.id if line.ahead.collection else ""
        others = bookings(objects, since=slot.end, until=slot.end + AHEAD, besides=collection)
        stays = [stay for one in others for stay in slots(objects.capacities, one)]
        free = ", ".join(f"{name} {_clock(objects, at)}" for name, at in next_free(capacities, wanted, stays))
        yield f"slot of {collection}: {free or 'none is free'}"


def _clock(objects: Objects, at: Instant) -> str:
    return f"{local(at, zone=objects.zone):%Y-%m-%d %H:%M}"
