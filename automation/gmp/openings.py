"""Open manipulations: the grade that one needs, and whether the place where it is done has it.

A recipe states the grade of an open manipulation and of the room around it. A place is a registered room; an isolator
or a safety cabinet is registered as one, too, with the room around it as its neighbour. One of the places where
the equipment of the step stands has to have the grade, and its neighbour that of the background.
Source: EU GMP Annex 1 (2022), 4.4 (grades of aseptic manipulations and of their background), 4.20 (background of
        isolators), 8.9; EU GMP Part IV 9.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, cast

from automation.formulas.cleanrooms import Grade
from automation.gmp.objects import Site
from automation.gmp.plant.rooms import Room

_ORDER = tuple(Grade)  # the cleanest first


@dataclass(frozen=True, slots=True)
class Opened:
    """What an open manipulation needs of its place and of the room around it."""

    grade: Grade
    background: Grade

    def __str__(self) -> str:
        return f"grade {self.grade} in a background of {_named(self.background)}"


class _Asset(Protocol):
    """What is asked of an asset."""

    @property
    def location(self) -> str: ...


def unsuited(site: Site, assets: Iterable[str], opened: Opened | None, *, strict: bool) -> Iterator[str]:
    """Say why no place of these assets is good enough to open product in; nothing when one is.

    Places that nobody registered are passed over unless it is ``strict``, as it is for lots that may reach a patient.
    """
    if opened is None:
        return
    places = dict.fromkeys(cast("_Asset", site.find("asset", name)).location for name in assets)
    rooms = [cast("Room", site.find("room", where)) for where in places]
    known = [room for room in rooms if room.layout is not None]
    if not known and not strict:
        return
    if not known:
        where = ", ".join(one for one in places if one) or "where the equipment stands"
        yield f"product is opened in {opened}; nothing is registered of {where}"
        return
    lacks = [_lack(site, room, opened) for room in known]
    if all(lacks):
        yield f"product is opened in {opened}; {'; '.join(lacks)}"


def _lack(site: Site, room: Room, opened: Opened) -> str:
    layout = room.layout
    if layout is None or _worse(layout.grade, opened.grade):
        return f"room {room.id} has {_named(layout.grade if layout else Grade.NONE)}"
    around = cast("Room", site.find("room", layout.neighbour)).layout if layout.neighbour else None
    if around is None:
        return f"nothing is registered of {layout.neighbour or 'the room'} around {room.id}"
    if _worse(around.grade, opened.background):
        return f"room {layout.neighbour} around {room.id} has {_named(around.grade)}"
    return ""


def _worse(grade: Grade, than: Grade) -> bool:
    return _ORDER.index(grade) > _ORDER.index(than)


def _named(grade: Grade) -> str:
    return "no grade" if grade is Grade.NONE else f"grade {grade}"
