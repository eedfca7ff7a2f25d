"""Custody: every hand-over of containers, signed by the side that gives and the side that takes.

Who signs for a side belongs to it: once a party has people here nobody else signs for it, and whoever has parties
signs for no other; at a live site everybody who signs has one. A side without an account signs on paper, and a person
with one attests it, never for the other side, too. A hand-over is recorded as it happened, also when it does not fit
the one before: then there is a gap or an overlap to explain.
Units:  degC.
Source: EU GMP Part IV (identity checks at each hand-over); FACT-JACIE (chain of custody); 21 CFR 211.196.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, Self, cast

from automation.gmp.codes import Identity
from automation.gmp.due import HOUR, Due, within
from automation.gmp.marks import OPEN, known_as, of_container, of_party, of_subject
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.clock import iso
from automation.kernel.errors import IdentityError, RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

_LONGEST = 96 * HOUR  # s; what is given and not taken by then is looked for


class State(StrEnum):
    """Where a hand-over stands; it is complete only when the other side has signed."""

    ABSENT = "absent"
    GIVEN = "given"
    TAKEN = "taken"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Giving(Body):
    """Which containers, from whom to whom, where, in which condition."""

    identity: Identity = field(label="Chain of identity, scanned")
    containers: tuple[str, ...] = field(label="Containers, scanned", length=1)
    giver: str = field(label="From", help="The party that holds them: centre, courier, site, ward", length=2)
    receiver: str = field(label="To", help="The party that will hold them", length=2)
    place: str = field(label="Place", length=2)
    condition: str = field(label="Condition", length=2)
    seal: str = field(label="Seal", default="")
    logger: str = field(label="Temperature logger", default="")


class Taking(Body):
    """What was found when they were taken."""

    containers: tuple[str, ...] = field(label="Containers, scanned", length=1)
    condition: str = field(label="Condition", length=2)
    seal: str = field(label="Seal, as found", default="")
    lowest_c: float | None = field(label="Lowest temperature on the way", unit="degC", default=None)
    highest_c: float | None = field(label="Highest temperature on the way", unit="degC", default=None)


class AttestedGiving(Giving):
    """As a giving; who signed on paper, and which paper."""

    person: str = field(label="Printed name of who signed on paper", length=2)
    paper: str = field(label="Number of the paper", length=2)


class AttestedTaking(Taking):
    """As a taking; who signed on paper, and which paper."""

    person: str = field(label="Printed name of who signed on paper", length=2)
    paper: str = field(label="Number of the paper", length=2)


_HANDS = frozenset({Right.PERFORM, Right.SUPERVISE, Right.COLLECT, Right.TREAT})

TABLE = Table(
    State.ABSENT,
    (
        Row("give", State.ABSENT, State.GIVEN, by=_HANDS, signs=(Meaning.HANDED_OVER,), body=Giving),
        Row("attest_giving", State.ABSENT, State.GIVEN, by=_HANDS, signs=(Meaning.ATTESTED,), body=AttestedGiving),
        Row("take", State.GIVEN, State.TAKEN, by=_HANDS, signs=(Meaning.RECEIVED,), body=Taking),
        Row("attest_taking", State.GIVEN, State.TAKEN, by=_HANDS, signs=(Meaning.ATTESTED,), body=AttestedTaking),
        Row("refuse", State.GIVEN, State.REFUSED, by=_HANDS, signs=(Meaning.RESPONSIBLE,), body=Reason),
        Row("withdraw", State.GIVEN, State.WITHDRAWN, by=_HANDS, signs=(Meaning.RESPONSIBLE,), body=Reason),
    ),
)


class _Container(Protocol):
    """What a hand-over asks of a container."""

    state: str
    identity: str


class _Person(Protocol):
    """What a hand-over asks of who signs."""

    parties: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Handover:
    """One hand-over, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    giving: Giving | None = None
    given_at: Instant = Instant(0.0)
    given_by: str = ""  # who signed for the side that gives, or attested it
    taking: Taking | None = None
    taken_at: Instant | None = None
    taken_by: str = ""
    ended: str = ""  # why it was refused or withdrawn

    @property
    def identity(self) -> str:
        """Give the chain of identity; empty before it is given."""
        return self.giving.identity if self.giving else ""

    @property
    def containers(self) -> tuple[str, ...]:
        """Give the ids of what is handed over."""
        return self.giving.containers if self.giving else ()

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that nobody took yet is open; its containers; its chain of identity."""
        identity = (known_as(self.identity),) if self.giving else ()
        open_one = (OPEN,) if self.state is State.GIVEN else ()
        return (*map(of_container, self.containers), *identity, *open_one)

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: that the other side takes it."""
        if self.state is not State.GIVEN or self.giving is None:
            return ()
        what = f"take hand-over {self.id} at {self.giving.receiver}"
        return (within(what, owner=Right.PERFORM, since=self.given_at, given=_LONGEST, escalate=Right.ORDER),)

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse another patient's container, one person for both sides, and other containers than were given."""
        match fact.body:
            case Giving() as said:
                self._check_giving(said, site)
            case Taking() as said:
                self._check_taking(fact, said)
        self._check_party(fact, site)
        if fact.kind == "withdraw" and fact.by != self.given_by:
            raise RefusedError(f"hand-over {self.id} was given by {self.given_by}; only who gave it withdraws it")
        if fact.kind == "refuse" and fact.by == self.given_by:
            raise RefusedError(f"hand-over {self.id} was given by {fact.by}; the other side refuses it")

    def _check_party(self, fact: Fact, site: Site) -> None:
        """Refuse whoever signs for a party of other people; who attests a paper signs for none."""
        giving = fact.body if isinstance(fact.body, Giving) else self.giving
        if giving is None or fact.kind not in {"give", "take", "refuse"}:
            return
        party = giving.giver if fact.kind == "give" else giving.receiver
        own = cast("_Person", site.find("person", fact.by)).parties
        taken = bool(own) or not site.simulated or any(site.marked("person", of_party(party)))
        if taken and party not in own:
            whose = f"{fact.by} belongs to {', '.join(own) or 'no party'}"
            raise RefusedError(f"hand-over {self.id}: {whose}; somebody of {party} has to {fact.kind} it")

    def _check_giving(self, said: Giving, site: Site) -> None:
        if said.giver == said.receiver:
            raise RefusedError(f"hand-over {self.id}: giver and receiver are both {said.giver}")
        if len(set(said.containers)) < len(said.containers):
            raise RefusedError(f"hand-over {self.id} names a container twice")
        for name in said.containers:
            container = cast("_Container", site.find("container", name))
            if container.state in {"absent", "cancelled", "destroyed", "emptied"}:
                raise RefusedError(f"hand-over {self.id}: container {name} is {container.state}")
            if container.identity != said.identity:
                raise IdentityError(f"hand-over {self.id}: container {name} is of another chain of identity")
            going = next((one.id for one in handovers(site, name) if one.state is State.GIVEN), "")
            if going:
                raise RefusedError(f"hand-over {self.id}: container {name} is being handed over by {going}")

    def _check_taking(self, fact: Fact, said: Taking) -> None:
        if fact.by == self.given_by:
            raise RefusedError(f"hand-over {self.id}: {fact.by} signed for the other side; one person is not both")
        differ = sorted(set(said.containers) ^ set(self.containers))
        if differ:
            given = ", ".join(self.containers)
            raise RefusedError(f"hand-over {self.id} is of {given}; {', '.join(differ)} does not agree: refuse it")

    def apply(self, fact: Fact) -> Self:
        """Give the hand-over as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        match fact.body:
            case Giving() as said:
                return replace(after, giving=said, given_at=fact.at, given_by=fact.by)
            case Taking() as said:
                return replace(after, taking=said, taken_at=fact.at, taken_by=fact.by)
        return replace(after, ended=fact.stated(Reason).reason)


def handovers(site: Site, container: str) -> Iterator[Handover]:
    """Give the hand-overs of a container in the order in which they were given."""
    return (one for one in site.marked("handover", of_container(container)) if isinstance(one, Handover))


def held_by(site: Site, container: str) -> str:
    """Give the party that holds a container by the last complete hand-over; empty when there was none."""
    taken = [one for one in handovers(site, container) if one.state is State.TAKEN and one.giving]
    return taken[-1].giving.receiver if taken and taken[-1].giving else ""


def custody_findings(site: Site, container: str) -> tuple[str, ...]:
    """Give what is wrong with the custody of a container, one sentence each: gaps, overlaps, and what nobody took.

    What a closed deviation about the hand-over explains is not given.
    """
    found: list[str] = []
    before: list[tuple[str, Giving]] = []
    for one in handovers(site, container):
        said = one.giving
        if said is None or one.state in {State.REFUSED, State.WITHDRAWN}:
            continue
        if before and before[-1][1].receiver != said.giver and not _explained(site, one.id):
            name, last = before[-1]
            kind = "an overlap" if said.giver in {was.giver for _, was in before} else "a gap"
            text = f"{name} ended with {last.receiver}, {one.id} begins with {said.giver}"
            found.append(f"custody of {container} has {kind}: {text}; a deviation about handover/{one.id} is needed")
        if one.state is State.GIVEN:
            since = iso(one.given_at, zone=site.zone)
            found.append(f"custody of {container} is open: nobody took {one.id}, given at {since} to {said.receiver}")
        before.append((one.id, said))
    return tuple(found)


def _explained(site: Site, handover: str) -> bool:
    return any(one.state == "closed" for one in site.marked("deviation", of_subject(f"handover/{handover}")))


KIND = Kind("handover", "product", TABLE, Handover)
