"""Lots of material: received or prepared into quarantine, examined, released or rejected by another person, used up.

A lot that is prepared here is a lot like any other; what it was made of is used up with it. Stock that goes to a batch
is used, returned or destroyed there; an opened container is for the patient of its batch and has a life of its own.
Units:  the lot's own unit (UCUM); expiry as in ``expiry``; moments in s (UTC); degC.
Source: 21 CFR 211.80, 211.84 quarantine, examination, approval or rejection; 211.89 rejected; 211.101 dispensing;
        211.137 expiry; 211.142 storage; 211.184 records of components with their reconciliation.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self, cast

from automation.gmp.codes import moment
from automation.gmp.due import DAY, HOUR, Due, within
from automation.gmp.marks import OPEN, at_batch, from_supplier, made_of, of_material
from automation.gmp.materials.definitions import definition_of
from automation.gmp.objects import Fact, Follow, Kind, Next, Site, Thing
from automation.gmp.stock import acceptance, reach, stated
from automation.gmp.stock.amounts import Balance, Opened, Reserved, Stock, rounded
from automation.gmp.stock.examination import BETWEEN_LOGS, Examined, Excursion, beyond
from automation.gmp.stock.expiry import end_of
from automation.gmp.words import Body, Meaning, Reason, Right, Strength
from automation.kernel.clock import iso
from automation.kernel.errors import GateError, IdentityError, RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

_RELEASE_IN, _EVALUATE_IN = 30 * DAY, 5 * DAY  # s


_UNSEEN = Examined()


class State(StrEnum):
    """Where a lot stands."""

    ABSENT = "absent"
    QUARANTINE = "quarantine"
    RELEASED = "released"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


_KEEPERS = frozenset({Right.RELEASE_MATERIAL})
_HANDS = frozenset({Right.PERFORM, Right.RELEASE_MATERIAL})
_USERS = frozenset({Right.PERFORM, Right.SYSTEM})
_PERFORMED, _TWO = (Meaning.PERFORMED,), (Meaning.PERFORMED, Meaning.VERIFIED)
_JUDGED = (Meaning.REVIEWED,)
_EXTENDED = (Meaning.AUTHORED, Meaning.APPROVED)
_Q, _R = State.QUARANTINE, State.RELEASED


def _in_stock(command: str, body: type[Body], signs: tuple[Meaning, ...] = ()) -> Row:
    """Give the row of a move of released stock by those who work with it."""
    return Row(command, _R, _R, by=_USERS, signs=signs, body=body)


TABLE = Table(
    State.ABSENT,
    (
        Row("receive", State.ABSENT, _Q, by=_HANDS | {Right.SYSTEM}, body=stated.Receipt),
        Row("prepare", State.ABSENT, _Q, by={Right.PERFORM}, signs=_TWO, body=stated.Preparation),
        Row("inspect", _Q, _Q, by=_HANDS, signs=_PERFORMED, body=stated.Inspection),
        Row("sample", _Q, _Q, by=_HANDS, signs=_PERFORMED, body=stated.Sampling),
        Row("report", _Q, _Q, by=_HANDS, signs=_PERFORMED, body=stated.Result),
        Row("certify", _Q, _Q, by=_HANDS, body=stated.Certificate),
        Row("release", _Q, _R, by=_KEEPERS, signs=(Meaning.APPROVED,)),
        Row("reject", _Q, State.REJECTED, by=_KEEPERS, body=Reason, strength=Strength.VERIFY),
        *(Row("log_storage", at, at, by=_HANDS | {Right.SYSTEM}, body=stated.Storage) for at in (_Q, _R)),
        *(Row("evaluate", at, at, by=_KEEPERS, signs=_JUDGED, body=stated.Evaluation) for at in (_Q, _R)),
        Row("quarantine", _R, _Q, by=_KEEPERS | {Right.SYSTEM}, body=Reason),
        Row("extend", _R, _R, by=_KEEPERS, signs=_EXTENDED, body=stated.Extension),
        Row("reserve", _R, _R, by=_HANDS | {Right.ISSUE}, body=stated.ForBatch),
        Row("unreserve", _R, _R, by=_HANDS | {Right.ISSUE}, body=stated.Unreserve),
        _in_stock("issue", stated.ForBatch),
        _in_stock("open", stated.Opening),
        _in_stock("use", stated.Use),
        *(Row("give_back", at, at, by=_HANDS, signs=_TWO, body=stated.ForBatch) for at in (_R, _Q)),
        *(
            Row("discard", at, at, by=_HANDS, signs=_PERFORMED, body=stated.Discard)
            for at in (_R, _Q, State.WITHDRAWN, State.REJECTED)
        ),
        *(
            Row("destroy", at, at, by=_HANDS, signs=_TWO, body=stated.Destruction)
            for at in (_R, _Q, State.WITHDRAWN, State.REJECTED)
        ),
        Row("withdraw", _R, State.WITHDRAWN, by=_KEEPERS | {Right.SYSTEM}, body=Reason),
    ),
)


@dataclass(frozen=True, slots=True)
class MaterialLot:
    """One lot of material, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    what: str = ""
    supplier: str = ""
    quantity: float = 0.0  # received or made, in ``unit``
    left: float = 0.0  # in stock: neither used, nor opened, nor at a batch
    unit: str = ""
    expiry: str = ""
    storage: str = ""
    density: float | None = None  # g/mL, as stated
    density_percent: float = 0.5  # its standard uncertainty
    received_by: str = ""  # or prepared by
    released_by: str = ""
    used_in: tuple[tuple[str, str], ...] = ()  # batch and step of each use
    maker: str = ""
    maker_lot: str = ""
    lowest_c: float | None = None
    highest_c: float | None = None
    received_at: Instant | None = None
    released_at: Instant | None = None
    components: tuple[stated.Component, ...] = ()  # of a prepared one
    parts: tuple[stated.Part, ...] = ()  # of a kit
    examined: Examined = _UNSEEN
    excursions: tuple[Excursion, ...] = ()
    logged_until: Instant | None = None
    reserved: tuple[Reserved, ...] = ()
    opened: tuple[Opened, ...] = ()
    balances: tuple[Balance, ...] = ()
    extended: tuple[stated.Extension, ...] = ()
    made_into: tuple[str, ...] = ()  # prepared lots
    reason: str = ""  # why it was rejected, withdrawn or put back

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: its material, its suppliers, its components, where it stands, open while something is due."""
        if not self.what:
            return ()
        suppliers = (from_supplier(name) for name in dict.fromkeys((self.supplier, self.maker)) if name)
        made = (*(one.lot for one in self.components), *(part.lot for part in self.parts if part.lot))
        there = (at_batch(one.batch) for one in self.balances if one.open)
        return (of_material(self.what), *suppliers, *map(made_of, made), *there, *((OPEN,) if self.dues else ()))

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: released or rejected in a month, excursions judged in five days."""
        found = []
        if self.state is State.QUARANTINE and self.received_at is not None:
            what = f"release or reject lot {self.id} of {self.what}"
            found.append(within(what, owner=Right.RELEASE_MATERIAL, since=self.received_at, given=_RELEASE_IN))
        waiting = [one for one in self.excursions if one.verdict is None]
        if waiting and self.logged_until is not None and self.state in {State.QUARANTINE, State.RELEASED}:
            what = f"evaluate the storage of lot {self.id}"
            found.append(within(what, owner=Right.RELEASE_MATERIAL, since=self.logged_until, given=_EVALUATE_IN))
        return tuple(found)

    @property
    def complaints(self) -> tuple[str, ...]:
        """Give what speaks against its supplier."""
        seen = self.examined.inspection
        bad = [] if seen is None or seen.intact else ["damaged"]
        bad += [] if seen is None or seen.labelled else ["wrongly labelled"]
        bad += [f"{self.state}: {self.reason}"] if self.state in {State.REJECTED, State.WITHDRAWN} else []
        return tuple(bad)

    def expired(self, now: Instant, zone: str) -> bool:
        """Tell whether the last day or moment of its use is over in a zone."""
        return bool(self.expiry) and now >= end_of(self.expiry, zone=zone)

    def ready(self, now: Instant, *, zone: str) -> tuple[str, ...]:
        """Give what stands in the way of its use, one sentence each; empty when nothing does."""
        found = [] if self.state is State.RELEASED else [f"lot {self.id} is {self.state}, not released"]
        if self.expired(now, zone):
            found.append(f"lot {self.id} expired: it was usable until the end of {self.expiry}")
        return (*found, *self._excursions())

    def _excursions(self) -> Iterator[str]:
        for one in self.excursions:
            if one.verdict is None:
                yield f"lot {self.id} {one.sentence}; nobody has judged what that means"
            elif one.verdict is stated.Verdict.UNFIT:
                yield f"lot {self.id} {one.sentence}, which makes it unfit"

    @property
    def stock(self) -> Stock:
        """Give all of it that is not used up."""
        return Stock(self.left, self.reserved, self.opened, self.balances)

    def available(self, batch: str) -> float:
        """Give how much of it a batch may take."""
        return self.stock.available(batch)

    def usable_until(self, opened: Opened, site: Site) -> Instant:
        """Give until when an opened container may be used: its own life by the definition, or the expiry of the lot."""
        ends = [end_of(self.expiry, zone=site.zone)]
        wanted = definition_of(site, self.what)
        if wanted is not None:
            lives = (wanted.in_use_h, wanted.thawed_h if opened.thawed else None)
            ends += [opened.at + hours * HOUR for hours in lives if hours is not None]
        return min(ends)

    def told(self, site: Site) -> tuple[str, ...]:
        """Say what stands in the way, what is kept for whom, what is open until when, and what is not accounted for."""
        way = acceptance.of_release(self, "", site) if self.state is State.QUARANTINE else ()
        found = [f"in the way: {sentence}" for sentence in (*way, *self._excursions())]
        found += [f"{one.sentence}: {one.verdict} ({one.evaluated_by})" for one in self.excursions if one.verdict]
        found += [f"{one.quantity:.10g} {self.unit} are kept for batch {one.batch}" for one in self.reserved]
        for one in self.opened:
            if one.left:
                end = iso(self.usable_until(one, site), zone=site.zone)[:16]
                found.append(f"container {one.name}: {one.left:.10g} {self.unit} for batch {one.batch} until {end}")
        open_ones = (one for one in self.balances if one.open)
        return (
            *found,
            *(f"{one.open:.10g} {self.unit} at batch {one.batch} are not accounted for" for one in open_ones),
        )

    # what no table can say

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse what the material, its people, its amount or its patient do not allow."""
        match fact.body:
            case stated.Receipt() as said:
                self._refuse_all(acceptance.of_receipt(said, site))
            case stated.Preparation() as said:
                lots = tuple(cast("MaterialLot", site.find("lot", one.lot)) for one in said.components)
                self._refuse_all(acceptance.of_preparation(self.id, fact, lots, site))
            case stated.Result() as said:
                wanted = definition_of(site, self.what)
                known = wanted is not None and said.test in {one.test for one in wanted.criteria}
                self._refuse(not known, f"{said.test!r} is no test of {self.what}")
            case stated.Certificate() as said:
                other = bool(self.maker_lot) and said.maker_lot != self.maker_lot
                self._refuse(other, f"the certificate is about lot {said.maker_lot}; what came is {self.maker_lot}")
            case stated.Storage() as said:
                self._check_storage(said, fact)
            case stated.Evaluation():
                self._check_evaluation(fact)
            case stated.Extension() as said:
                self._check_extension(said, fact, site)
            case _:
                self._check_stock(fact, site)
        if fact.kind in {"release", "reject"}:
            self._check_decision(fact, site)

    def _check_decision(self, fact: Fact, site: Site) -> None:
        if fact.kind == "reject":
            self._refuse(fact.by == self.received_by, f"{fact.by} received it; someone else has to reject it")
            return
        self._refuse_all(acceptance.of_release(self, fact.by, site))
        self._check_ready(fact, site)

    def _check_ready(self, fact: Fact, site: Site) -> None:
        wrong = replace(self, state=State.RELEASED).ready(fact.at, zone=site.zone)
        if wrong:
            raise GateError("; ".join(wrong))

    def _check_storage(self, said: stated.Storage, fact: Fact) -> None:
        since, until = moment(said.since, zone=fact.zone), moment(said.until, zone=fact.zone)
        self._refuse(until > fact.at, "its storage can't be told for a time that is still to come")
        self._refuse(since >= until, "its storage has to be told from an earlier to a later moment")
        lowest, highest = said.lowest_c, said.highest_c
        self._refuse(lowest > highest, f"lowest {lowest:.10g} degC is above highest {highest:.10g} degC")

    def _check_evaluation(self, fact: Fact) -> None:
        waiting = [one for one in self.excursions if one.verdict is None]
        self._refuse(not waiting, "it has no excursion that waits for a verdict")
        mine = any(one.logged_by == fact.by for one in waiting)
        self._refuse(mine, f"{fact.by} logged the excursion; someone else has to judge it")

    def _check_extension(self, said: stated.Extension, fact: Fact, site: Site) -> None:
        self._refuse(bool(self.components), "it was prepared here and ends with its components; prepare it anew")
        later = end_of(said.expiry, zone=fact.zone) > end_of(self.expiry, zone=fact.zone)
        self._refuse(not later, f"{said.expiry} is no later than {self.expiry}")
        state = site.find("change", said.change).state
        agreed = state in {"approved", "implemented", "closed"}
        self._refuse(not agreed, f"its expiry is extended by an approved change; change {said.change} is {state}")

    def _check_stock(self, fact: Fact, site: Site) -> None:
        if isinstance(fact.body, stated.Use | stated.ForBatch | stated.Opening):
            self._refuse_all(acceptance.of_use(fact.body, self, fact, site))
        match fact.body:
            case stated.Use() as said:
                self._check_ready(fact, site)
                self._check_use(said, fact, site)
            case stated.Opening() as said:
                self._check_ready(fact, site)
                self._check_opening(said, site)
            case stated.ForBatch(batch=batch, quantity=quantity):
                if fact.kind == "give_back":
                    self._enough(quantity, self.stock.loose(batch), where=f"at batch {batch}")
                    return
                self._check_ready(fact, site)
                self._enough(quantity, rounded(self.available(batch) - self.stock.loose(batch)), where="left")
            case stated.Unreserve(batch=batch):
                kept = any(one.batch == batch for one in self.reserved)
                self._refuse(not kept, f"nothing of it is kept for batch {batch}")
            case stated.Destruction(batch=batch, quantity=quantity):
                there = self.stock.loose(batch) if batch else self.left
                self._enough(quantity, there, where=f"at batch {batch}" if batch else "left")
            case stated.Sampling(quantity=quantity):
                self._enough(quantity, self.left, where="left")
            case stated.Discard(container=container):
                self._find(container)

    def _check_use(self, said: stated.Use, fact: Fact, site: Site) -> None:
        other = bool(said.unit) and said.unit != self.unit
        self._refuse(other, f"it is kept in {self.unit}; the use is stated in {said.unit}")
        if said.container:
            self._check_container(self._find(said.container), said, fact, site)
            return
        wanted = definition_of(site, self.what)
        one_by_one = wanted is not None and wanted.holds > 0 and not said.into
        self._refuse(one_by_one, f"{self.what} is used out of opened containers; open one, and state it")
        self._enough(said.quantity, self.available(said.batch), where="left")

    def _check_container(self, opened: Opened, said: stated.Use, fact: Fact, site: Site) -> None:
        self._enough(said.quantity, opened.left, where=f"in container {opened.name}")
        end = self.usable_until(opened, site)
        if fact.at > end:
            over = iso(end, zone=site.zone)[:16]
            raise GateError(f"lot {self.id}: container {opened.name} could be used until {over}")
        if opened.batch == said.batch or same_patient(site, opened.batch, said.batch):
            return
        wanted = definition_of(site, self.what)
        if wanted is None or not wanted.shared:
            raise IdentityError(f"lot {self.id}: container {opened.name} was opened for another patient")

    def _check_opening(self, said: stated.Opening, site: Site) -> None:
        again = any(one.name == said.container for one in self.opened)
        self._refuse(again, f"container {said.container} was opened before")
        self._refuse(site.find("batch", said.batch).state == "absent", f"batch {said.batch} is not known")
        wanted = definition_of(site, self.what)
        holds = wanted.holds if wanted is not None and wanted.holds else said.quantity
        self._refuse(said.quantity > holds, f"a container holds {holds:.10g} {self.unit}, not {said.quantity:.10g}")
        self._enough(said.quantity, self.available(said.batch), where="left")

    def _find(self, container: str) -> Opened:
        self._refuse(container not in {one.name for one in self.opened}, f"no container {container} of it was opened")
        return self.stock.container(container)

    def _enough(self, wanted: float, there: float, *, where: str) -> None:
        if wanted > there:
            msg = f"lot {self.id} has {there:.10g} {self.unit} {where}; {wanted:.10g} {self.unit} were asked for"
            raise RefusedError(msg)

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"lot {self.id}: {why}")

    def _refuse_all(self, sentences: Iterable[str]) -> None:
        found = tuple(sentences)
        self._refuse(bool(found), "; ".join(found))

    # the fold

    def apply(self, fact: Fact) -> Self:
        """Give the lot as it stands after the fact."""
        return replace(self._after(fact), state=State(TABLE.row(self.state, fact.kind).dest))

    def _after(self, fact: Fact) -> Self:
        match fact.body:
            case stated.Receipt() as said:
                came = self._come(said, fact)
                made = replace(came, supplier=said.supplier, density_percent=said.density_percent)
                return replace(made, maker=said.maker, maker_lot=said.maker_lot, parts=said.parts)
            case stated.Preparation() as said:
                came = self._come(said, fact)
                people = (signature.by for signature in fact.signed)
                return replace(came, components=said.components, examined=came.examined.by(*people))
            case stated.Sampling() as said:
                examined = self.examined.and_seen(said, fact.by)
                return replace(self, left=rounded(self.left - said.quantity), examined=examined)
            case stated.Inspection() | stated.Result() | stated.Certificate() as said:
                return replace(self, examined=self.examined.and_seen(said, fact.by))
            case stated.Storage() as said:
                return self._stored(said, fact)
            case stated.Evaluation(verdict=verdict):
                judged = (replace(e, verdict=verdict, evaluated_by=fact.by) for e in self.excursions if not e.verdict)
                return replace(self, excursions=(*(e for e in self.excursions if e.verdict), *judged))
            case stated.Extension() as said:
                return replace(self, expiry=said.expiry, extended=(*self.extended, said))
            case Reason(reason=reason):
                return replace(self, reason=reason)
        if fact.kind == "release":
            return replace(self, released_by=fact.by, released_at=fact.at)
        stock = self._moved(fact)
        now = replace(self, left=stock.left, reserved=stock.reserved, opened=stock.opened, balances=stock.balances)
        if not isinstance(fact.body, stated.Use):
            return now
        made_into = (*self.made_into, fact.body.into) if fact.body.into else self.made_into
        return replace(now, used_in=(*self.used_in, (fact.body.batch, fact.body.step)), made_into=made_into)

    def _come(self, said: stated.Receipt | stated.Preparation, fact: Fact) -> Self:
        return replace(
            self,
            what=said.what,
            quantity=said.quantity,
            left=said.quantity,
            unit=said.unit,
            expiry=said.expiry,
            storage=said.storage,
            lowest_c=said.lowest_c,
            highest_c=said.highest_c,
            density=said.density,
            received_by=fact.by,
            received_at=fact.at,
            examined=self.examined.by(fact.by),
        )

    def _stored(self, said: stated.Storage, fact: Fact) -> Self:
        since, until = moment(said.since, zone=fact.zone), moment(said.until, zone=fact.zone)
        found = beyond(said, lowest_c=self.lowest_c, highest_c=self.highest_c)
        if self.logged_until is not None and since - self.logged_until > BETWEEN_LOGS:
            last = iso(self.logged_until, zone=fact.zone)[:16]
            found = (f"has no record of its storage from {last} to {said.since}", *found)
        excursions = (*self.excursions, *(Excursion(said, sentence, fact.by) for sentence in found))
        logged = until if self.logged_until is None else max(until, self.logged_until)
        return replace(self, excursions=excursions, logged_until=logged)

    def _moved(self, fact: Fact) -> Stock:
        """Give the stock as it stands after the fact."""
        stock = self.stock
        match fact.body:
            case stated.Use(container=container, batch=batch, quantity=quantity):
                return stock.pour(container, quantity, batch=batch) if container else stock.use(batch, quantity)
            case stated.Opening() as said:
                return stock.open(Opened(said.container, said.quantity, said.batch, fact.at, said.thawed))
            case stated.Unreserve(batch=batch):
                return stock.keep(batch, 0.0)
            case stated.Destruction(batch=batch, quantity=quantity):
                return stock.book(Balance(batch, destroyed=quantity)) if batch else stock.take_out(quantity)
            case stated.Discard(container=name):
                return stock.discard(name)
        move = fact.stated(stated.ForBatch)
        match fact.kind:
            case "reserve":
                return stock.keep(move.batch, move.quantity)
            case "give_back":
                return stock.take_out(-move.quantity).book(Balance(move.batch, returned=move.quantity))
        return stock.issue(move.batch, move.quantity)


def same_patient(site: Site, *batches: str) -> bool:
    """Tell whether batches are of one chain of identity."""
    identities = {getattr(site.find("batch", name), "identity", "") for name in batches}
    return len(identities) == 1 and "" not in identities


def lots_of(site: Site, what: str) -> tuple[MaterialLot, ...]:
    """Give the lots of a material in the order of their expiry."""
    found = (one for one in site.marked("lot", of_material(what)) if isinstance(one, MaterialLot))
    return tuple(sorted(found, key=lambda lot: (end_of(lot.expiry, zone=site.zone), lot.id)))


def unaccounted(site: Site, batch: str) -> Iterator[str]:
    """Give what a batch got of lots that was neither used nor given back nor destroyed, one sentence a lot."""
    for lot in site.marked("lot", at_batch(batch)):
        if isinstance(lot, MaterialLot):
            missing = lot.stock.balance(batch).open
            yield f"{missing:.10g} {lot.unit} of lot {lot.id} ({lot.what}) at batch {batch} are not accounted for"


def _use_up(lot: Thing, fact: Fact, _site: Site) -> Iterator[Next]:
    for one in fact.stated(stated.Preparation).components:
        yield Next(f"lot/{one.lot}", "use", {"quantity": one.quantity, "into": lot.id})


FOLLOWS = (
    Follow("lot-prepared", "prepare", "its components are used up", "21 CFR 211.101(c)", _use_up),
    *reach.FOLLOWS,
)

KIND = Kind("lot", "materials", TABLE, MaterialLot, FOLLOWS)
