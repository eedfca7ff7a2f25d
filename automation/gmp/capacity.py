"""Capacity: what a site can take at one time, who has booked it, and when it is free again.

A slot in a suite takes the suite for as long as the site states, and with it the shared equipment and people that the
suite needs, each from its own offset on; a courier is on the way from a collection to its arrival. What a site doesn't
state is not compared.
Units:  moments in s (UTC), times in s.
Source: EU GMP Annex 1, 4.31 and Part IV 4.10 (one patient's open product in a room at a time).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from automation.kernel.quantity import Instant, Seconds

LONGEST = Seconds(31 * 86_400.0)
"""Of one slot, and of one run of a courier: who looks for bookings looks back so far, and no further."""
AHEAD = Seconds(60 * 86_400.0)
"""How far ahead a free slot is looked for."""


class Sort(StrEnum):
    """What kind of capacity it is."""

    SUITE = "suite"
    COURIER = "courier"
    EQUIPMENT = "equipment"
    PEOPLE = "people"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """One thing that several patients share."""

    name: str
    sort: Sort
    at_once: int = 1  # patients at one time
    takes: Seconds = Seconds(0.0)  # of one slot; 0 for the whole slot of the suite that needs it
    after: Seconds = Seconds(0.0)  # from the begin of that slot
    needs: tuple[str, ...] = ()  # of a suite: the equipment and people that each slot takes too


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """What one collection has booked: a run of a courier and a slot in a suite."""

    whose: str
    courier: str
    fetched: Instant
    arrives: Instant
    suite: str
    begins: Instant


@dataclass(frozen=True, slots=True)
class Stay:
    """From when until when something is taken, and by whom."""

    what: str
    begin: Instant
    end: Instant
    whose: str

    def meets(self, other: "Stay") -> bool:
        """Tell whether both take the same at one moment; one may begin where the other ends."""
        return self.what == other.what and self.begin < other.end and other.begin < self.end


Capacities = Mapping[str, Capacity]


def of_sort(capacities: Capacities, sort: Sort) -> tuple[str, ...]:
    """Give the names of a sort, in the order of the site."""
    return tuple(name for name, one in capacities.items() if one.sort is sort)


def runs(capacities: Capacities, booked: Booked) -> Iterator[Stay]:
    """Give what a booking takes of the couriers."""
    if booked.courier in of_sort(capacities, Sort.COURIER):
        yield Stay(booked.courier, booked.fetched, booked.arrives, booked.whose)


def slots(capacities: Capacities, booked: Booked) -> Iterator[Stay]:
    """Give what a booking takes of a suite, and of what the suite needs."""
    if booked.suite not in of_sort(capacities, Sort.SUITE):
        return
    suite = capacities[booked.suite]
    yield Stay(suite.name, booked.begins, booked.begins + suite.takes, booked.whose)
    for name in suite.needs:
        one = capacities[name]
        begin = booked.begins + one.after
        end = begin + one.takes if one.takes > Seconds(0.0) else booked.begins + suite.takes
        yield Stay(name, begin, end, booked.whose)


def taken(capacities: Capacities, wanted: Iterable[Stay], others: Sequence[Stay]) -> tuple[Stay, ...]:
    """Give the stays of others for which there is no room beside them for what is wanted."""
    return tuple(dict.fromkeys(stay for want in wanted for stay in _in_the_way(capacities, want, others)))


def _in_the_way(capacities: Capacities, want: Stay, others: Sequence[Stay]) -> list[Stay]:
    beside = [one for one in others if one.meets(want)]
    moments = (max(want.begin, one.begin) for one in beside)
    most = max((sum(one.begin <= at < one.end for one in beside) for at in moments), default=0)
    return beside if most >= capacities[want.what].at_once else []


def next_free(capacities: Capacities, wanted: Booked, others: Sequence[Stay]) -> tuple[tuple[str, Instant], ...]:
    """Give for each suite from when on its next slot is free, the earliest first; none beyond ``AHEAD``."""
    found = ((name, _free_in(capacities, name, wanted, others)) for name in of_sort(capacities, Sort.SUITE))
    return tuple(sorted(((name, at) for name, at in found if at is not None), key=lambda one: one[1]))


def _free_in(capacities: Capacities, suite: str, wanted: Booked, others: Sequence[Stay]) -> Instant | None:
    """Try the moment that was asked for, then whenever something that is needed becomes free."""
    offsets = {suite: Seconds(0.0), **{name: capacities[name].after for name in capacities[suite].needs}}
    later = {one.end - offsets[one.what] for one in others if one.what in offsets}
    moments = sorted({wanted.begins, *(at for at in later if wanted.begins < at <= wanted.begins + AHEAD)})
    here = (replace(wanted, suite=suite, begins=at) for at in moments)
    return next((one.begins for one in here if not taken(capacities, slots(capacities, one), others)), None)
