"""Hazards of a step to the people who do it, and what has to be there before it begins.

A recipe names the hazards of a step. Each wants things of the room in which the step's equipment stands: an oxygen
monitor that works, a containment level, and protective equipment that everybody inside wears.
Units:  containment levels 1 to 4.
Source: EIGA Doc 44 (asphyxiation by inert gases; oxygen is monitored); directive 2009/41/EC, article 4 and annex IV
        (class of contained use and its measures); directive 2000/54/EC; directive 89/656/EEC (protective equipment).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, cast

from automation.gmp.objects import Site
from automation.gmp.plant.rooms import Room
from automation.kernel.quantity import Instant


class Hazard(StrEnum):
    """What can harm the people at a step."""

    LIQUID_NITROGEN = "liquid nitrogen"
    GMO_1 = "GMO class 1"
    GMO_2 = "GMO class 2"
    GMO_3 = "GMO class 3"
    HUMAN_MATERIAL = "human material"  # not tested for agents that are carried by blood


@dataclass(frozen=True, slots=True)
class Needs:
    """What has to be there."""

    containment: int = 1
    oxygen: bool = False
    worn: tuple[str, ...] = ()


_AGAINST_AGENTS = ("gloves", "closed gown", "eye protection")
NEEDS = {
    Hazard.LIQUID_NITROGEN: Needs(oxygen=True, worn=("cryogenic gloves", "face shield")),
    Hazard.GMO_1: Needs(worn=("gloves",)),
    Hazard.GMO_2: Needs(containment=2, worn=_AGAINST_AGENTS),
    Hazard.GMO_3: Needs(containment=3, worn=(*_AGAINST_AGENTS, "respirator")),
    Hazard.HUMAN_MATERIAL: Needs(containment=2, worn=_AGAINST_AGENTS),
}


class _Asset(Protocol):
    """What is asked of an asset."""

    @property
    def location(self) -> str: ...
    def ready(self, now: Instant) -> tuple[str, ...]:
        """Give what stands in the way of its use."""
        ...


def unsafe(site: Site, assets: Iterable[str], hazards: Iterable[Hazard], *, now: Instant) -> Iterator[str]:
    """Say what is missing for a step with these hazards, in each room where its equipment stands."""
    named = tuple(hazards)
    rooms = dict.fromkeys(cast("_Asset", site.find("asset", name)).location for name in assets) if named else {}
    for where in rooms:
        room = cast("Room", site.find("room", where))
        for hazard in named:
            yield from (f"{hazard}: {lack}" for lack in _lacks(site, room, NEEDS[hazard], now=now))


def _lacks(site: Site, room: Room, needs: Needs, *, now: Instant) -> Iterator[str]:
    if room.layout is None:
        yield f"room {room.id or 'of the equipment'} is not registered, so nothing is known of its protection"
        return
    if room.layout.containment < needs.containment:
        yield f"room {room.id} has containment level {room.layout.containment}; level {needs.containment} is needed"
    if needs.oxygen:
        yield from _no_oxygen_monitor(site, room, now=now)
    if not room.inside:
        yield f"nobody has entered room {room.id}, so nobody wears {', '.join(needs.worn)}"
    for person, worn in room.wearing:
        lacking = [one for one in needs.worn if one not in worn]
        if lacking:
            yield f"{person} is in room {room.id} without {', '.join(lacking)}"


def _no_oxygen_monitor(site: Site, room: Room, *, now: Instant) -> Iterator[str]:
    name = room.layout.oxygen_monitor if room.layout else ""
    if not name:
        yield f"room {room.id} has no oxygen monitor"
        return
    yield from cast("_Asset", site.find("asset", name)).ready(now)
