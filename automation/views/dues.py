"""What is due at a site: read off every object that somebody has to act on, the next first."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from automation.gmp.due import Urgency, dues_of
from automation.gmp.escalation import Level, reaches
from automation.gmp.marks import OPEN
from automation.gmp.registry import KINDS
from automation.gmp.words import Right
from automation.kernel.clock import iso
from automation.kernel.quantity import Instant
from automation.views.objects import Objects
from automation.views.wording import span

LONG = 72  # h
RIGHTS = frozenset(map(str, Right))


@dataclass(frozen=True, slots=True)
class DueLine:
    """One thing that somebody has to do; ``left`` in words, moments in the site's zone."""

    by: str
    left: str
    urgency: Urgency
    owner: str
    what: str
    object: str
    roles: tuple[str, ...] = ()  # that hold the right that is its owner; none where a person is
    people: tuple[str, ...] = ()  # who can do it now: the owner, or the active persons with that right
    escalated_to: str = ""  # whom it reaches, too, because it is overdue


def dues(objects: Objects, now: Instant, *, person: str = "", levels: Sequence[Level] = ()) -> list[DueLine]:
    """Give what is due at ``now``, of one person's list or of all, the next first; ``levels`` are the site's."""
    mine: Collection[str] = {person, *objects.rights(person)} if person else ()
    found = sorted(_dues(objects, now, person, mine=mine, levels=levels), key=lambda one: one[0])
    return [line for _, line in found]


def _dues(
    objects: Objects, now: Instant, person: str, *, mine: Collection[str], levels: Sequence[Level]
) -> Iterator[tuple[float, DueLine]]:
    hands = _Hands(objects)
    for kind in KINDS:
        for thing in objects.marked(kind, OPEN):
            for due in dues_of(thing):
                told = reaches(due, now, levels)
                if person and not (due.concerns(person, mine, now) or set(told) & set(mine)):
                    continue
                over = due.urgency(now) is Urgency.OVERDUE
                left = f"over by {_time(float(now) - float(due.by))}" if over else _time(float(due.by) - float(now))
                line = DueLine(
                    by=iso(due.by, zone=objects.zone)[:16],
                    left=left,
                    urgency=due.urgency(now),
                    owner=due.owner,
                    what=due.what,
                    object=f"{kind} {thing.id}",
                    roles=hands.roles(due.owner),
                    people=hands.people(due.owner),
                    escalated_to=", ".join(told),
                )
                yield float(due.by), line


class _Hands:
    """Who can do what is owned by a right: its roles at the site, and the active persons who have it."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._people: dict[str, tuple[str, ...]] = {}

    def roles(self, owner: str) -> tuple[str, ...]:
        """Give the roles that hold a right; none for a person."""
        if owner not in RIGHTS:
            return ()
        return tuple(role for role in sorted(self._objects.roles) if owner in self._objects.rights_of([role]))

    def people(self, owner: str) -> tuple[str, ...]:
        """Give the active persons with a right; the person for a person."""
        if owner not in RIGHTS:
            return (owner,) if owner else ()
        if owner not in self._people:
            every = (one.id for one in self._objects.every("person"))
            self._people[owner] = tuple(name for name in every if owner in self._objects.rights(name))
        return self._people[owner]


def _time(seconds: float) -> str:
    """Say a time; from three days on in days and hours."""
    hours = int(seconds // 3600)
    return f"{hours // 24} d {hours % 24} h" if hours >= LONG else span(seconds)
