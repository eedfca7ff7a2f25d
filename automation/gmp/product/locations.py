"""Storage locations: the map of a store, what may stand in it, what is reserved, and that two people take things out.

A location's id is the first part of its positions (``store-01`` of ``store-01/R1/B2/07``). As soon as a site has
defined one, a container goes only to a place of its map that is free, reserved for nobody else and fit for it.
Units:  degC.
Source: FACT-JACIE (inventory by location, retrieval verified by two); 21 CFR 1271.65(a) (what is of an ineligible donor
        is kept apart), 1271.260 (storage conditions); EU GMP Part IV 7.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, Self, cast

from automation.gmp.codes import Moment, moment
from automation.gmp.marks import stored_at
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.product.donors import donors_of
from automation.gmp.product.orders import order_of
from automation.gmp.words import SYSTEM, Body, Meaning, Reason, Right, field
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

_MOST = 5_000  # places of one map


class State(StrEnum):
    """Where a location stands; things go into an open one."""

    ABSENT = "absent"
    DEFINED = "defined"
    OPEN = "open"
    CLOSED = "closed"


class Definition(Body):
    """The map, and what may stand there."""

    asset: str = field(label="Store", help="The asset", length=1)
    condition: str = field(label="Condition", help="For example: vapour phase, at most -150 degC", length=3)
    highest_c: float = field(label="Highest temperature", unit="degC")
    places: tuple[str, ...] = field(label="Places", help="As after the id: R1/B2/07", length=1)
    kinds: tuple[str, ...] = field(label="Kinds of container", help="Any when empty", default=())
    liquid: bool = field(label="In the liquid phase", help="Stands in liquid nitrogen", default=False)
    tight: tuple[str, ...] = field(
        label="Kinds that stay tight in liquid nitrogen", help="Sealed, and qualified for it", default=()
    )
    biohazard: bool = field(label="For what carries the biohazard legend, and nothing else", default=False)
    two_people: bool = field(label="Taken out by two people", default=True)


class Reservation(Body):
    """Which place is kept for which container, until when."""

    place: str = field(label="Place", length=1)
    container: str = field(label="Container", length=1)
    until: Moment = field(label="Until")


class Freeing(Body):
    """Which place is kept for nobody any more."""

    place: str = field(label="Place", length=1)
    reason: str = field(label="Reason", length=3)


_DESK = frozenset({Right.PERFORM, Right.SUPERVISE, Right.ORDER})
_AUTHORS = frozenset({Right.SUPERVISE, Right.REVIEW})

TABLE = Table(
    State.ABSENT,
    (
        Row("define", State.ABSENT, State.DEFINED, by=_AUTHORS, signs=(Meaning.AUTHORED,), body=Definition),
        Row("redefine", State.DEFINED, State.DEFINED, by=_AUTHORS, signs=(Meaning.AUTHORED,), body=Definition),
        Row("approve", State.DEFINED, State.OPEN, by={Right.APPROVE}, signs=(Meaning.APPROVED,)),
        Row("reserve", State.OPEN, State.OPEN, by=_DESK, body=Reservation),
        Row("free", State.OPEN, State.OPEN, by=_DESK, body=Freeing),
        Row("close", State.OPEN, State.CLOSED, by={Right.APPROVE}, signs=(Meaning.RESPONSIBLE,), body=Reason),
    ),
)


class Stored(Protocol):
    """What a location asks of a container."""

    @property
    def id(self) -> str:
        """Give its id."""
        ...

    @property
    def kind(self) -> str:
        """Give the kind of container."""
        ...

    @property
    def identity(self) -> str:
        """Give its chain of identity."""
        ...


@dataclass(frozen=True, slots=True)
class Kept:
    """One reservation."""

    place: str
    container: str
    until: Instant


@dataclass(frozen=True, slots=True)
class Location:
    """One location, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    definition: Definition | None = None
    authors: tuple[str, ...] = ()
    reserved: tuple[Kept, ...] = ()

    @property
    def places(self) -> tuple[str, ...]:
        """Give its places."""
        return self.definition.places if self.definition else ()

    def told(self, site: Site) -> tuple[str, ...]:
        """Say what stands where, what is reserved, and how much is free."""
        there = {place: _at(site, f"{self.id}/{place}") for place in self.places}
        full = [f"{place}: {name}" for place, name in there.items() if name]
        kept = [f"{one.place}: reserved for {one.container}" for one in self._kept(site.now) if not there[one.place]]
        return (*full, *kept, f"{len(self.places) - len(full) - len(kept)} of {len(self.places)} places are free")

    def _kept(self, now: Instant) -> tuple[Kept, ...]:
        return tuple(one for one in self.reserved if one.until >= now)

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse a map that names a place twice, the author as approver, a taken place, and closing what is full."""
        match fact.body:
            case Definition() as said:
                self._refuse("/" in self.id, "has an id that is the first part of a position, without '/'")
                self._refuse(len(set(said.places)) < len(said.places), "names a place twice")
                unsaid = "liquid phase" in said.condition.lower() and not said.liquid
                self._refuse(unsaid, f"has the condition {said.condition!r}: say liquid, and which kinds stay tight")
                self._refuse(len(said.places) > _MOST, f"has {len(said.places)} places; at most {_MOST} fit one map")
            case Reservation() as said:
                self._check_reservation(fact, said, site)
            case Freeing(place=place):
                held = any(one.place == place for one in self.reserved)
                self._refuse(not held, f"keeps {place} for nobody")
        if fact.kind == "approve":
            self._refuse(fact.by in self.authors, f"was defined by {fact.by}; someone else has to approve it")
        if fact.kind == "close":
            full = next((name for name in (_at(site, f"{self.id}/{one}") for one in self.places) if name), "")
            self._refuse(bool(full), f"can't be closed: {full} is there")

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"location {self.id} {why}")

    def _check_reservation(self, fact: Fact, said: Reservation, site: Site) -> None:
        self._refuse(said.place not in self.places, f"has no place {said.place}")
        self._refuse(moment(said.until, zone=fact.zone) <= fact.at, f"can't keep it until {said.until}, which is over")
        there = _at(site, f"{self.id}/{said.place}")
        self._refuse(bool(there) and there != said.container, f"can't keep {said.place}: {there} is there")
        other = next((one.container for one in self._kept(fact.at) if one.place == said.place), said.container)
        self._refuse(other != said.container, f"keeps {said.place} for {other}")
        container = site.find("container", said.container)
        self._refuse(container.state == State.ABSENT, f"can't keep a place for {said.container}: nobody knows it")
        check_fits(site, self, cast("Stored", container), f"{self.id}/{said.place}")

    def apply(self, fact: Fact) -> Self:
        """Give the location as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        match fact.body:
            case Definition() as said:
                authors = tuple(dict.fromkeys((*self.authors, fact.by)))
                return replace(after, definition=said, authors=authors)
            case Reservation() as said:
                rest = tuple(one for one in self.reserved if one.place != said.place)
                kept = Kept(said.place, said.container, moment(said.until, zone=fact.zone))
                return replace(after, reserved=(*rest, kept))
            case Freeing(place=place):
                return replace(after, reserved=tuple(one for one in self.reserved if one.place != place))
        return after


def check_fits(site: Site, location: Location, container: Stored, position: str) -> None:
    """Raise RefusedError when a container may not stand at a position of a location."""
    place, what = position.partition("/")[2], f"container {container.id} can't be put at {position}"
    said = location.definition
    if said is None or location.state is not State.OPEN:
        raise RefusedError(f"{what}: location {location.id} is {location.state}, not open")
    if place not in said.places:
        raise RefusedError(f"{what}: location {location.id} has no such place")
    if said.kinds and container.kind not in said.kinds:
        raise RefusedError(f"{what}: it takes {', '.join(said.kinds)}, not {container.kind or 'an unknown kind'}")
    if said.liquid and container.kind not in said.tight:
        rated = ", ".join(said.tight) or "no kind"
        why = f"{container.kind or 'an unknown kind'} is not known to stay tight in liquid nitrogen; {rated} is"
        raise RefusedError(f"{what}: {why}")
    order = order_of(site, container.identity)
    hazard = order is not None and any(one.evaluation.is_hazard for one in donors_of(site, order.id))
    if hazard != said.biohazard:
        why = "carries the biohazard legend and is kept apart" if hazard else "does not carry the biohazard legend"
        raise RefusedError(f"{what}: it {why} (21 CFR 1271.65)")
    kept = next((one for one in location.reserved if one.place == place and one.until >= site.now), None)
    if kept is not None and kept.container != container.id:
        raise RefusedError(f"{what}: it is reserved for {kept.container}")


def location_of(site: Site, position: str) -> Location | None:
    """Give the location of a position; None where the site has defined none."""
    found = cast("Location", site.find("location", position.partition("/")[0]))
    return None if found.state is State.ABSENT else found


def check_one_may_take(site: Site, *, position: str, by: str, container: str) -> None:
    """Raise RefusedError when one person alone takes out what two have to; a batch's own step asks for its second."""
    found = location_of(site, position)
    if found and found.definition and found.definition.two_people and not by.startswith(f"{SYSTEM}:"):
        why = f"is taken out of {found.id} by two people: retrieve_by_two"
        raise RefusedError(f"container {container} {why}")


def _at(site: Site, position: str) -> str:
    return next((one.id for one in site.marked("container", stored_at(position))), "")


KIND = Kind("location", "product", TABLE, Location)
