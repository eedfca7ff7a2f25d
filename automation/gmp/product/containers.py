"""Containers: what holds product, whose it is, where it stands, and how long it was out of its conditions.

Units:  mL, s, degC. The warming budget is one sum over the container's life: it starts when storage temperature is
        first reached, and a child begins with its parent's sum.
Source: 21 CFR 1271.290 tracking; EU GMP Part IV traceability and segregation; ISBT 128 ST-001 for DIN and product code.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, Self, TypeVar, cast

from automation.gmp.condemned import check_condemned
from automation.gmp.marks import OPEN, known_as, of_batch, stored_at
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.product.locations import check_fits, check_one_may_take, location_of
from automation.gmp.quality.holds import barring
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.errors import IdentityError, RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant, Seconds


class State(StrEnum):
    """Where a container stands; a QA hold is a mark beside the state."""

    ABSENT = "absent"
    EXPECTED = "expected"
    IN_PROCESS = "in process"
    STORED = "stored"
    EMPTIED = "emptied"
    DESTROYED = "destroyed"
    HANDED_OVER = "handed over"
    CANCELLED = "cancelled"


class Purpose(StrEnum):
    """What a container's contents are for."""

    PRODUCT = "product"  # goes on through the process, to the patient
    ALIQUOT = "aliquot"  # goes to QC
    INTERMEDIATE = "intermediate"  # holds product on the way and is emptied again


class Expectation(Body):
    """What is to come: whose, what, in what, out of what."""

    identity: str = field(label="Chain of identity", help="One id for one therapy; never a name", length=1)
    din: str = field(label="Donation identification number", default="")
    product_code: str = field(label="Product code", default="")
    kind: str = field(label="Kind of container", help="Bag or vial, with its size", default="")
    volume_ml: float = field(label="Volume", unit="mL", low=0, default=0.0)
    label: str = field(label="Label", help="What the code on it reads as", default="")
    sealed_with: str = field(label="Seal", help="Number of the seal that it was sent with", default="")
    parent: str = field(label="Parent", help="The container that it was filled from", default="")
    batch: str = field(label="Batch", default="")
    purpose: Purpose = field(label="Purpose", default=Purpose.PRODUCT)
    warming_s: float = field(label="Warming of the parent so far", unit="s", low=0, default=0.0)
    first_cold_at: float | None = field(label="When the parent was first cold", unit="s", default=None)


class Receipt(Body):
    """How it came."""

    batch: str = field(label="Batch", default="")
    step: str = field(label="Step", default="")
    condition: str = field(label="Condition", default="")
    seal: str = field(label="Seal", help="Number of the seal that was found", default="")
    exposure_s: float = field(label="Exposure taken over", unit="s", low=0, default=0.0)
    identified: int = field(label="Event that identified it", low=0, default=0)


class Moving(Body):
    """Where it went."""

    where: str = field(label="Where to", length=1)
    reason: str = field(label="Reason", default="")


class Storing(Body):
    """Where it was put, and what the way there cost."""

    position: str = field(label="Position", help="Store, rack, box, place", length=1)
    transfer_s: float = field(label="Transfer time", unit="s", low=0, default=0.0)
    warming_s: float = field(label="Warming on the way", unit="s", low=0, default=0.0)


class Retrieval(Body):
    """Why it was taken out."""

    batch: str = field(label="Batch", default="")
    step: str = field(label="Step", default="")
    reason: str = field(label="Reason", default="")


class TwoRetrieval(Retrieval):
    """What two people read when they took it out."""

    container: str = field(label="Container, scanned", length=1)
    position: str = field(label="Position, scanned", length=1)


class Filling(Body):
    """What was put in: out of another container, or of a lot of material."""

    volume_ml: float = field(label="Volume", unit="mL", low=0)
    standard_ml: float = field(label="Standard uncertainty of the volume", unit="mL", low=0, default=0.0)
    mass_g: float | None = field(label="Mass", unit="g", low=0, default=None)
    standard_g: float | None = field(label="Standard uncertainty of the mass", unit="g", low=0, default=None)
    source: str = field(label="Out of the container", default="")
    lot: str = field(label="Out of the lot", default="")
    density: float | None = field(label="Density, as stated of the lot", unit="g/mL", low=0.5, default=None)
    density_percent: float = field(label="Its standard uncertainty", unit="%", low=0, default=0.0)
    what: str = field(label="What it is", default="")
    batch: str = field(label="Batch", default="")
    step: str = field(label="Step", default="")


class Drawing(Body):
    """What was taken out: into another container, or as a sample, or to waste."""

    volume_ml: float = field(label="Volume", unit="mL", low=0)
    standard_ml: float = field(label="Standard uncertainty of the volume", unit="mL", low=0, default=0.0)
    mass_g: float | None = field(label="Mass", unit="g", low=0, default=None)
    standard_g: float | None = field(label="Standard uncertainty of the mass", unit="g", low=0, default=None)
    by_difference: bool = field(label="Known as what was there less what is left", default=False)
    to: str = field(label="To", help="A container, a sample's name, or waste", length=1)
    why: str = field(label="Why", default="")
    batch: str = field(label="Batch", default="")
    step: str = field(label="Step", default="")


class Weighing(Body):
    """What it holds by weight: from then on the record's volume."""

    mass_g: float = field(label="Mass of the contents", unit="g", low=0)
    standard_g: float | None = field(label="Standard uncertainty of the mass", unit="g", low=0, default=None)
    volume_ml: float = field(label="Volume", unit="mL", low=0)
    standard_ml: float = field(label="Standard uncertainty of the volume", unit="mL", low=0, default=0.0)
    batch: str = field(label="Batch", default="")
    step: str = field(label="Step", default="")


class Emptying(Body):
    """That nothing is left in it but what can't be got out."""

    left_ml: float = field(label="Hold-up left inside", unit="mL", low=0, default=0.0)
    standard_ml: float = field(label="Standard uncertainty of the hold-up", unit="mL", low=0, default=0.0)
    batch: str = field(label="Batch", default="")
    step: str = field(label="Step", default="")


class Handover(Body):
    """Who has it now: from here on it is no longer in the custody of the batch."""

    to: str = field(label="Handed over to", length=1)
    batch: str = field(label="Batch", default="")
    step: str = field(label="Step", default="")


class Dispensing(Body):
    """Who has it now, to give it to the patient; never an engineering lot."""

    to: str = field(label="Handed over to", help="Ward and order, or carrier; never a name", length=1)
    batch: str = field(label="Batch", default="")
    step: str = field(label="Step", default="")


class Chilling(Body):
    """Storage temperature was reached for the first time."""

    reached_c: float = field(label="Temperature reached", unit="degC")


class Warming(Body):
    """Time above the storage limit, counted against the budget."""

    seconds: float = field(label="Time", unit="s", low=0)
    above_c: float = field(label="Above", unit="degC")


class Exposure(Body):
    """Time outside the conditions of the fresh product."""

    seconds: float = field(label="Time", unit="s", low=0)
    why: str = field(label="Why", default="")


_HANDS = frozenset({Right.PERFORM, Right.SUPERVISE, Right.SYSTEM})
_PEOPLE = frozenset({Right.PERFORM, Right.SUPERVISE})
_QUALITY = frozenset({Right.REVIEW, Right.APPROVE, Right.SUPERVISE, Right.SYSTEM})
_C = TypeVar("_C", bound="Container")
_TWO = (Meaning.PERFORMED, Meaning.VERIFIED)
_HERE = (State.IN_PROCESS, State.STORED)

TABLE = Table(
    State.ABSENT,
    (
        Row("expect", State.ABSENT, State.EXPECTED, by={Right.ISSUE, Right.SYSTEM}, body=Expectation),
        Row("cancel", State.EXPECTED, State.CANCELLED, by={Right.ISSUE, Right.SYSTEM}, body=Reason),
        Row("receive", State.EXPECTED, State.IN_PROCESS, by=_HANDS, body=Receipt),
        Row("store", State.IN_PROCESS, State.STORED, by=_HANDS, body=Storing),
        Row("retrieve", State.STORED, State.IN_PROCESS, by=_HANDS, body=Retrieval),
        Row("retrieve_by_two", State.STORED, State.IN_PROCESS, by=_PEOPLE, signs=_TWO, body=TwoRetrieval),
        Row("fill", State.IN_PROCESS, State.IN_PROCESS, by=_HANDS, body=Filling),
        Row("draw", State.IN_PROCESS, State.IN_PROCESS, by=_HANDS, body=Drawing),
        Row("weigh", State.IN_PROCESS, State.IN_PROCESS, by=_HANDS, body=Weighing),
        Row("empty", State.IN_PROCESS, State.EMPTIED, by=_HANDS, body=Emptying),
        Row("hand_over", State.IN_PROCESS, State.HANDED_OVER, by=_HANDS, body=Handover),
        Row("dispense", State.IN_PROCESS, State.HANDED_OVER, by=_HANDS, body=Dispensing),
        Row("chill", State.IN_PROCESS, State.IN_PROCESS, by=_HANDS, body=Chilling),
        Row("expose", State.IN_PROCESS, State.IN_PROCESS, by=_HANDS, body=Exposure),
        *(Row("move", state, state, by=_HANDS, body=Moving) for state in _HERE),
        *(Row("warm", state, state, by=_HANDS, body=Warming) for state in _HERE),
        *(Row("qa_hold", state, state, by=_QUALITY, body=Reason) for state in (State.EXPECTED, *_HERE)),
        *(
            Row("lift", state, state, by={Right.APPROVE}, signs=(Meaning.APPROVED,), body=Reason)
            for state in (State.EXPECTED, *_HERE, State.EMPTIED)  # what was made of its content waits for that
        ),
        *(
            Row("destroy", state, State.DESTROYED, by={Right.PERFORM, Right.SUPERVISE}, signs=_TWO, body=Reason)
            for state in _HERE
        ),
    ),
)


class _Issue(Protocol):
    """What a container asks of how a batch was issued."""

    order: str


class _Batch(Protocol):
    """What a container asks of a batch."""

    state: str
    issue: _Issue | None

    @property
    def identity(self) -> str: ...
    @property
    def lot_type(self) -> str: ...
    @property
    def containers(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Container:
    """One container, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    identity: str = ""
    din: str = ""
    product_code: str = ""
    kind: str = ""
    volume_ml: float = 0.0
    label: str = ""
    sealed_with: str = ""
    parent: str = ""
    batch: str = ""
    lots: tuple[str, ...] = ()  # every batch that it ever belonged to
    purpose: Purpose = Purpose.PRODUCT
    where: str = ""
    position: str = ""
    condition: str = ""
    seal: str = ""
    warming_s: Seconds = Seconds(0.0)  # over the whole life
    exposure_s: Seconds = Seconds(0.0)
    first_cold_at: Instant | None = None
    on_hold: bool = False
    received_seq: int = 0  # the event that took it in
    hold_reason: str = ""
    held_by: str = ""
    sources: tuple[str, ...] = ()  # containers that it was filled from

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that is expected is open; batch, place, identifiers."""
        batch = (of_batch(self.batch),) if self.batch else ()
        place = (stored_at(self.position),) if self.state is State.STORED else ()
        names = tuple(known_as(name) for name in dict.fromkeys((self.din, self.identity)) if name)
        return (*batch, *place, *names, *((OPEN,) if self.state is State.EXPECTED else ()))

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse a wrong parent or batch, a taken position, and what a QA hold forbids."""
        match fact.kind:
            case "expect":
                self._check_parent(fact.stated(Expectation), site)
            case "receive":
                self._check_batch(fact.stated(Receipt).batch, site)
            case "retrieve" | "retrieve_by_two":
                self._check_taken(fact, site)
                self._check_batch(fact.stated(Retrieval).batch, site)
                self._check_lot(fact.stated(Retrieval).batch, site)
                self._refuse(self.on_hold, f"is on QA hold ({self.hold_reason}); QA has to lift it first")
            case "store":
                self._check_place(fact.stated(Storing).position, site)
            case "move" if self.state is State.STORED:
                self._check_place(fact.stated(Moving).where, site)
            case "hand_over":
                self._refuse(self.on_hold, f"is on QA hold ({self.hold_reason}); QA has to lift it first")
            case "dispense":
                self._refuse(self.on_hold, f"is on QA hold ({self.hold_reason}); QA has to lift it first")
                self._check_for_patient(fact.stated(Dispensing).batch, site)
            case "fill":
                self._check_relative(fact.stated(Filling).source, site)
            case "draw":
                self._check_draw(fact.stated(Drawing))
                self._check_relative(fact.stated(Drawing).to, site)
            case "chill":
                self._refuse(self.first_cold_at is not None, "was cold before; warming has been counted since")
            case "warm":
                self._refuse(self.first_cold_at is None, "was never cold: warming counts from the first cold on")
            case "destroy" if self.on_hold:
                check_condemned(site, container=self.id, batch=self.batch, why=self.hold_reason)
            case "qa_hold":
                self._refuse(self.on_hold, f"is on QA hold already ({self.hold_reason})")
            case "lift":
                self._refuse(not self.on_hold, "is not on QA hold")
                self._refuse(fact.by == self.held_by, f"was put on hold by {fact.by}; someone else has to lift it")

    def _check_relative(self, name: str, site: Site) -> None:
        """Refuse what comes out of, or goes into, a container of another patient; pools and splits stay one's own."""
        other = cast("Container", site.find("container", name)) if name else self
        if other.identity and other.identity != self.identity:
            raise IdentityError(f"container {self.id}: container {name} is of another chain of identity")

    def _check_draw(self, said: Drawing) -> None:
        """Refuse more than can be there: what the record knows, with three times the uncertainty of the drawing."""
        most = self.volume_ml + 3.0 * said.standard_ml
        there = f"holds {self.volume_ml:.10g} mL; {said.volume_ml:.10g} mL can't be drawn"
        self._refuse(said.volume_ml > most + 1e-9, there)

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            msg = f"container {self.id} {why}"
            raise RefusedError(msg)

    def _check_parent(self, said: Expectation, site: Site) -> None:
        if not said.parent:
            self._check_din(said, site)
            return
        parent = cast("Container", site.find("container", said.parent))
        self._refuse(parent.state not in _HERE, f"can't come out of {said.parent}, which is {parent.state}")
        if parent.identity != said.identity:
            msg = f"container {self.id}: its parent {said.parent} is of another chain of identity"
            raise IdentityError(msg)
        kept = Seconds(said.warming_s) >= parent.warming_s and _moment(said.first_cold_at) == parent.first_cold_at
        needed = f"warming_s {parent.warming_s} and first_cold_at {parent.first_cold_at}"
        self._refuse(not kept, f"inherits from {said.parent} and has to state its {needed}")

    def _check_din(self, said: Expectation, site: Site) -> None:
        """Refuse a donation number of another patient: scanned, it would stand for both. What was cancelled is free."""
        known = [cast("Container", one) for one in site.marked("container", known_as(said.din))] if said.din else []
        for other in known:
            if other.identity != said.identity and other.state is not State.CANCELLED:
                number = f"donation number {said.din} is that of {other.id}"
                raise IdentityError(f"container {self.id}: {number}, of another chain of identity")

    def _check_batch(self, name: str, site: Site) -> None:
        if not name:
            return
        batch = cast("_Batch", site.find("batch", name))
        self._refuse(batch.state == State.ABSENT, f"can't be taken into batch {name}, which was never issued")
        if batch.identity != self.identity or (self.id not in batch.containers and self.batch != name):
            msg = f"container {self.id} does not belong to batch {name}"
            raise IdentityError(msg)

    def _check_for_patient(self, name: str, site: Site) -> None:
        self._check_batch(name, site)
        for lot in dict.fromkeys(one for one in (name, self.batch) if one):
            self._refuse(_engineering(lot, site), f"is of the engineering lot {lot}, which is never for infusion")
            self._refuse(not _may_go(lot, site), f"is of lot {lot}, which is not released")
            held = next(barring(site, lot, (self.id,)), "")
            self._refuse(bool(held), f"can't go to a patient: {held}")

    def _check_lot(self, name: str, site: Site) -> None:
        """Refuse what was made in an engineering lot to any lot that is not one: it never becomes another."""
        other = self.batch and name and not _engineering(name, site) and _engineering(self.batch, site)
        self._refuse(bool(other), f"is of the engineering lot {self.batch}, which never becomes another")

    def _check_taken(self, fact: Fact, site: Site) -> None:
        if not isinstance(fact.body, TwoRetrieval):
            check_one_may_take(site, position=self.position, by=fact.by, container=self.id)
            return
        if fact.body.container != self.id:
            raise IdentityError(f"container {self.id}: another container was scanned; it stays where it is")
        here = f"stands at {self.position} by the record; {fact.body.position} was scanned"
        self._refuse(fact.body.position != self.position, here)

    def _check_place(self, position: str, site: Site) -> None:
        location = location_of(site, position)
        if location is not None:
            check_fits(site, location, self, position)
        for other in site.marked("container", stored_at(position)):
            self._refuse(other.id != self.id, f"can't be put at {position}: {other.id} is there")

    def apply(self, fact: Fact) -> Self:
        """Give the container as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        match fact.body:
            case Expectation() as said:
                return _expected(after, said)
            case Receipt() as said:
                exposure = self.exposure_s + Seconds(said.exposure_s)
                return replace(
                    after,
                    batch=said.batch or self.batch,
                    lots=_lots(self.lots, said.batch),
                    condition=said.condition,
                    seal=said.seal,
                    exposure_s=exposure,
                    received_seq=fact.seq,
                )
            case Moving(where=where) | Handover(to=where) | Dispensing(to=where):
                return replace(after, where=where, position=where if self.state is State.STORED else "")
            case Storing() as said:
                warming, cold = self.warming_s + Seconds(said.warming_s), self.first_cold_at or fact.at
                return replace(
                    after, where=said.position, position=said.position, warming_s=warming, first_cold_at=cold
                )
            case Retrieval() as said:
                lots = _lots(self.lots, said.batch)
                return replace(after, position="", batch=said.batch or self.batch, lots=lots)
            case Filling() | Drawing() | Emptying() | Weighing() as said:
                return replace(after, volume_ml=_volume(self.volume_ml, said), sources=_sources(self.sources, said))
            case Chilling():
                return replace(after, first_cold_at=fact.at)
            case Warming(seconds=seconds):
                return replace(after, warming_s=self.warming_s + Seconds(seconds))
            case Exposure(seconds=seconds):
                return replace(after, exposure_s=self.exposure_s + Seconds(seconds))
        if fact.kind == "qa_hold":
            return replace(after, on_hold=True, hold_reason=fact.stated(Reason).reason, held_by=fact.by)
        if fact.kind == "lift":
            return replace(after, on_hold=False, hold_reason="", held_by="")
        return after


def _engineering(batch: str, site: Site) -> bool:
    return cast("_Batch", site.find("batch", batch)).lot_type == "engineering"


_OUT = frozenset({"released", "conditionally released", "supplied out of specification"})


def _may_go(batch: str, site: Site) -> bool:
    """Tell whether a lot may go to a patient: one that was ordered, when it is released; else there is no release."""
    issue = cast("_Batch", site.find("batch", batch)).issue
    released = site.find("release", batch).state in _OUT
    return issue is None or not issue.order or released


def _volume(was: float, said: Filling | Drawing | Emptying | Weighing) -> float:
    """Give the volume (mL) after something was put in or taken out, or was weighed."""
    match said:
        case Filling(volume_ml=volume):
            return was + volume
        case Drawing(volume_ml=volume):
            return max(0.0, was - volume)
        case Weighing(volume_ml=volume):
            return volume
    return 0.0


def _sources(known: tuple[str, ...], said: Body) -> tuple[str, ...]:
    source = said.source if isinstance(said, Filling) else ""
    return (*known, source) if source and source not in known else known


def _lots(known: tuple[str, ...], batch: str) -> tuple[str, ...]:
    return (*known, batch) if batch and batch not in known else known


def _moment(seconds: float | None) -> Instant | None:
    return None if seconds is None else Instant(seconds)


def _expected(blank: _C, said: Expectation) -> _C:
    return replace(
        blank,
        identity=said.identity,
        din=said.din,
        product_code=said.product_code,
        kind=said.kind,
        volume_ml=said.volume_ml,
        label=said.label,
        sealed_with=said.sealed_with,
        parent=said.parent,
        batch=said.batch,
        lots=_lots((), said.batch),
        purpose=said.purpose,
        warming_s=Seconds(said.warming_s),
        first_cold_at=_moment(said.first_cold_at),
    )


KIND = Kind("container", "product", TABLE, Container)
