"""Rooms: for one patient's open product at a time, once two people have cleared the line; clean and under pressure.

A room is closed, at rest, in operation (product is open) or being cleaned. What is cleared for a batch stays so until
the line is cleared for another, or the room is cleaned. Equipment that stands in a registered room is claimed only for
the batch for which its line is clear; what was open in it when is kept for the reading of plates.
Units:  Pa; hours (h); moments in s (UTC).
Source: EU GMP Part IV 9 (segregation, one open product at a time) and Annex 1 (2022), 4.14, 4.33, 7.5;
        21 CFR 211.42(c), 211.67, 211.130(e), 211.182 (log in time order).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import chain
from typing import Self, cast

from automation.gmp.bodies.rooms import Clearance, Disinfection, Entry, Layout, Occupation, Pressure
from automation.gmp.due import DAY, HOUR, Due, until
from automation.gmp.marks import OPEN, of_batch
from automation.gmp.objects import Fact, Follow, Kind, Next, Site, Thing
from automation.gmp.qualified import skilled
from automation.gmp.words import SYSTEM, Meaning, Reason, Right
from automation.kernel.clock import iso
from automation.kernel.errors import RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant, Seconds

_REMEMBERED = 220 * DAY  # s; from one media fill to the reading of the next, half a year later


class State(StrEnum):
    """Where a room stands."""

    ABSENT = "absent"
    CLOSED = "closed"
    AT_REST = "at rest"
    IN_OPERATION = "in operation"
    CLEANING = "being cleaned"


_HANDS = frozenset({Right.PERFORM, Right.SUPERVISE})
_EVERYBODY = frozenset({Right.PERFORM, Right.VERIFY, Right.SUPERVISE, Right.MAINTAIN, Right.REVIEW, Right.APPROVE})
_TWO = (Meaning.PERFORMED, Meaning.VERIFIED)
_THERE = (State.CLOSED, State.AT_REST, State.IN_OPERATION, State.CLEANING)

TABLE = Table(
    State.ABSENT,
    (
        *(
            Row(command, source, State.CLOSED, by={Right.APPROVE}, signs=(Meaning.APPROVED,), body=Layout)
            for command, source in (("register", State.ABSENT), ("alter", State.CLOSED))
        ),
        *(
            Row("begin_cleaning", source, State.CLEANING, by=_HANDS, body=Disinfection)
            for source in (State.CLOSED, State.AT_REST)
        ),
        Row("finish_cleaning", State.CLEANING, State.AT_REST, by=_HANDS, signs=(Meaning.PERFORMED,)),
        Row("clear_line", State.AT_REST, State.AT_REST, by=_HANDS, signs=_TWO, body=Clearance),
        Row("begin", State.AT_REST, State.IN_OPERATION, by=_HANDS | {Right.SYSTEM}, body=Occupation),
        Row("finish", State.IN_OPERATION, State.AT_REST, by=_HANDS | {Right.SYSTEM}, body=Occupation),
        Row("close", State.AT_REST, State.CLOSED, by={Right.SUPERVISE, Right.APPROVE, Right.MAINTAIN}, body=Reason),
        *(Row("measure", state, state, by=_HANDS | {Right.MAINTAIN, Right.SYSTEM}, body=Pressure) for state in _THERE),
        *(Row(what, at, at, by={Right.SYSTEM}, body=Reason) for what in ("suspend", "restore") for at in _THERE),
        *(Row("enter", state, state, by=_EVERYBODY, body=Entry) for state in _THERE[1:]),
        *(Row("leave", state, state, by=_EVERYBODY) for state in _THERE[1:]),
    ),
)


@dataclass(frozen=True, slots=True)
class Stay:
    """From when until when a batch's product was open; None while it still is."""

    batch: str
    since: Instant
    until: Instant | None = None

    def meets(self, since: Instant, until: Instant) -> bool:
        """Tell whether it was open at any moment of a window."""
        return self.since <= until and (self.until is None or self.until >= since)


@dataclass(frozen=True, slots=True)
class Room:
    """One room, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    layout: Layout | None = None
    cleared: str = ""  # the batch for which two people cleared the line
    cleared_by: frozenset[str] = frozenset()
    cleaned_at: Instant | None = None
    agents: tuple[str, ...] = ()  # of the last cleanings
    pascal: float | None = None
    low_since: Instant | None = None
    low_alarm: str = ""  # of that time
    over_alarm: str = ""  # that ended with the last reading
    wearing: tuple[tuple[str, tuple[str, ...]], ...] = ()  # who is inside, with what protective equipment
    suspended: str = ""  # why: a media fill has grown
    suspended_at: Instant = Instant(0.0)
    stays: tuple[Stay, ...] = ()  # of the last 220 days

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that has to be cleaned some day is open."""
        return (OPEN,) if self.dues else ()

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: the next cleaning."""
        end = self._clean_until
        if end is None or self.cleaned_at is None or self.state is State.CLOSED:
            return ()
        what = f"clean room {self.id}"
        return (until(what, owner=Right.PERFORM, since=self.cleaned_at, by=end, escalate=Right.SUPERVISE),)

    @property
    def _clean_until(self) -> Instant | None:
        every = self.layout.clean_every_h if self.layout else 0.0
        return self.cleaned_at + Seconds(every * float(HOUR)) if every and self.cleaned_at is not None else None

    @property
    def inside(self) -> frozenset[str]:
        """Give who is inside."""
        return frozenset(person for person, _ in self.wearing)

    @property
    def open_product(self) -> str:
        """Give the batch whose product is open; empty when none is."""
        return self.stays[-1].batch if self.stays and self.state is State.IN_OPERATION else ""

    def open_in(self, since: Instant, until: Instant) -> tuple[str, ...]:
        """Give the batches whose product was open at any moment of a window."""
        return tuple(dict.fromkeys(stay.batch for stay in self.stays if stay.meets(since, until)))

    def unready(self, batch: str, now: Instant) -> Iterator[str]:
        """Say why a batch's product may not be opened, nor equipment be taken for it, one sentence each."""
        if self.state in {State.CLOSED, State.CLEANING}:
            yield f"room {self.id} is {self.state}"
        if self.open_product not in {"", batch}:
            yield f"room {self.id} has open product of batch {self.open_product}"
        elif self.cleared != batch:
            yield f"the line of room {self.id} is not cleared for batch {batch}"
        if self.low_since is not None and self.layout is not None:
            low, since = f"{self.pascal:g} Pa, at least {self.layout.lowest_pa:g} Pa are needed", iso(self.low_since)
            yield f"room {self.id} has {low} (since {since})"
        end = self._clean_until
        if end is not None and now >= end and self.open_product != batch:
            yield f"room {self.id} was to be cleaned until {iso(end)}"

    def barred(self, batch: str, site: Site) -> Iterator[str]:
        """Say that it is suspended, to every batch but those of media fills."""
        if self.suspended and not any(site.marked("media-fill", of_batch(batch))):
            yield f"room {self.id} is suspended since {iso(self.suspended_at)}: {self.suspended}"

    def told(self, site: Site) -> tuple[str, ...]:
        """Say whose product is open or may be opened, and what stands in its way."""
        line = f"the line is clear for batch {self.cleared}" if self.cleared else "the line is clear for no batch"
        barred = tuple(self.barred(self.cleared, site))
        return (line, *barred, *(self.unready(self.cleared, site.now) if self.cleared else ()))

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse a second patient's product, an uncleared line, agents out of turn, and people without gowning."""
        match fact.body:
            case Clearance(batch=batch):
                self._refuse(
                    site.find("batch", batch).state == "absent", f"can't be cleared for {batch}: no batch here"
                )
                self._check_inside(fact)
            case Occupation(batch=batch) if fact.kind == "begin":
                found = next(chain(self.barred(batch, site), self.unready(batch, fact.at)), "")
                self._refuse(bool(found), f"can't be opened for {batch}: {found}")
                self._check_inside(fact)
            case Occupation(batch=batch):
                self._refuse(batch != self.open_product, f"has open product of {self.open_product}, not of {batch}")
            case Disinfection(agent=agent):
                self._check_agent(agent)
            case Entry() as said:
                self._refuse(fact.by in self.inside, f"has {fact.by} inside already")
                self._refuse(bool(said.exposed), f"is not entered in such a gown: {said.exposed}; put on another")
                needed = self.layout.gowning if self.layout else ""
                known = not needed or getattr(site.find("curriculum", needed), "plan", None) is not None
                self._refuse(not known, f"is not open: its gowning {needed} is no curriculum in force")
                lacks = skilled(site, fact.by, curriculum=needed, at=fact.at) if needed else ""
                self._refuse(bool(lacks), f"is not open to {fact.by}: {lacks}")
        if fact.kind == "leave":
            self._refuse(fact.by not in self.inside, f"has no {fact.by} inside")
        if fact.kind == "close":
            self._refuse(bool(self.inside), f"can't be closed: {', '.join(sorted(self.inside))} inside")

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"room {self.id} {why}")

    def _check_inside(self, fact: Fact) -> None:
        """Refuse work by people who did not gown and enter, where the room wants it."""
        if self.layout is None or not self.layout.gowning or fact.by.startswith(f"{SYSTEM}:"):
            return
        outside = [one for one in {fact.by, *(sign.by for sign in fact.signed)} if one not in self.inside]
        self._refuse(bool(outside), f"has no {', '.join(sorted(outside))} inside; enter it first")

    def _check_agent(self, agent: str) -> None:
        if self.layout is None:
            return
        known, most = self.layout.agents, self.layout.in_a_row
        self._refuse(bool(known) and agent not in known, f"is cleaned with {', '.join(known)}, not with {agent}")
        same = bool(most) and self.agents[-most:] == (agent,) * most
        self._refuse(same, f"was cleaned with {agent} {most} times in a row; another agent's turn")

    def apply(self, fact: Fact) -> Self:
        """Give the room as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        match fact.body:
            case Layout() as said:
                return replace(after, layout=said)
            case Clearance(batch=batch):
                people = frozenset(signature.by for signature in fact.signed)
                return replace(after, cleared=batch, cleared_by=people)
            case Occupation(batch=batch) if fact.kind == "begin":
                kept = tuple(one for one in self.stays if one.until is None or fact.at - one.until < _REMEMBERED)
                return replace(after, stays=(*kept, Stay(batch, fact.at)))
            case Occupation():
                return replace(after, stays=(*self.stays[:-1], replace(self.stays[-1], until=fact.at)))
            case Disinfection(agent=agent):
                return replace(after, agents=(*self.agents[-9:], agent), cleared="", cleared_by=frozenset())
            case Pressure(pascal=pascal):
                return self._measured(pascal, fact)
            case Entry(worn=worn):
                return replace(after, wearing=(*self.wearing, (fact.by, worn)))
        match fact.kind:
            case "suspend":
                return replace(after, suspended=fact.stated(Reason).reason, suspended_at=fact.at)
            case "restore":
                return replace(after, suspended="", suspended_at=Instant(0.0))
            case "finish_cleaning":
                return replace(after, cleaned_at=fact.at)
            case "leave":
                return replace(after, wearing=tuple(one for one in self.wearing if one[0] != fact.by))
        return replace(after, cleared="", cleared_by=frozenset())

    def _measured(self, pascal: float, fact: Fact) -> Self:
        if self.layout is None or pascal >= self.layout.lowest_pa:
            return replace(self, pascal=pascal, low_since=None, low_alarm="", over_alarm=self.low_alarm)
        name = self.low_alarm or f"{self.id}-pressure-{fact.version}"
        return replace(self, pascal=pascal, low_since=self.low_since or fact.at, low_alarm=name, over_alarm="")


def _alarm(thing: Thing, fact: Fact, _site: Site) -> Iterable[Next]:
    """Raise an alarm when the pressure falls below its limit, and end it when it is back."""
    room, said = cast("Room", thing), fact.stated(Pressure)
    if room.layout is not None and room.low_alarm == f"{room.id}-pressure-{fact.version}":
        body = {
            "source": room.id,
            "message": f"room {room.id} has {said.pascal:g} Pa against {room.layout.neighbour or 'its neighbour'}",
            "priority": "high",
            "consequence": "air of lower grade flows in",
            "response": "close what is open; shut the doors; call the building",
            "limit": f"{room.layout.lowest_pa:g} Pa",
            "value": f"{said.pascal:g} Pa",
            "batch": room.open_product,
            "product": bool(room.open_product),
        }
        yield Next(f"alarm/{room.low_alarm}", "raise", body)
    elif room.over_alarm:
        yield Next(f"alarm/{room.over_alarm}", "clear", {"finding": f"{said.pascal:g} Pa"})


FOLLOWS = (
    Follow(
        "room-pressure",
        "measure",
        "too little pressure is an alarm until it is back",
        "EU GMP Annex 1, 4.14, 4.16",
        _alarm,
    ),
)

KIND = Kind("room", "plant", TABLE, Room, FOLLOWS)
