"""Assets: devices and places, qualified, calibrated, maintained, cleaned and claimed before product meets them.

An asset knows the batches that it served since its last good calibration; one that fails puts them all in doubt.
Units:  due dates are moments (s, UTC); a date without a time means the end of that day in the site's zone.
Source: 21 CFR 211.68(a) calibration; 211.67 cleaning; 211.105, 211.182 equipment identified with its batch;
        11.10(h) device checks; 211.160(b)(4), 211.192 (what else a failed calibration reaches); EU GMP Annex 15
        (qualification, 2.5: PQ before use in clinical and commercial manufacture).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, Self, cast

from automation.gmp.bodies.assets import (
    Calibration,
    Claim,
    Driving,
    Identity,
    Installation,
    Qualification,
    Registration,
    Result,
    Stage,
    Support,
    moment,
    untimely,
)
from automation.gmp.bodies.upkeep import NEW, Cleaning, HoldTimes, Service, Sort, Upkeep
from automation.gmp.codes import moment as stated_moment
from automation.gmp.due import Due, until
from automation.gmp.marks import OPEN, in_room, of_asset
from automation.gmp.objects import Fact, Follow, Kind, Next, Site, Thing
from automation.gmp.qualified_assets import barring, reached, unfounded
from automation.gmp.words import SYSTEM, Meaning, Reason, Right
from automation.kernel.clock import iso
from automation.kernel.errors import GateError, RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant


class State(StrEnum):
    """Where an asset stands; calibration, cleaning and claim are marks beside the state."""

    ABSENT = "absent"
    REGISTERED = "registered"
    QUALIFIED = "qualified"
    OUT_OF_SERVICE = "out of service"
    RETIRED = "retired"


_PROGRAM = frozenset({Right.SYSTEM})
_CARE = frozenset({Right.MAINTAIN, Right.SYSTEM})
_IN_PLACE = (State.REGISTERED, State.QUALIFIED, State.OUT_OF_SERVICE)
_MAY_BE_CLAIMED = (State.QUALIFIED, State.OUT_OF_SERVICE)

TABLE = Table(
    State.ABSENT,
    (
        Row("register", State.ABSENT, State.REGISTERED, by=_CARE | {Right.ADMINISTER}, body=Registration),
        Row(
            "qualify",
            State.REGISTERED,
            State.QUALIFIED,
            by={Right.APPROVE},
            signs=(Meaning.APPROVED,),
            body=Qualification,
        ),
        Row(
            "qualify",
            State.QUALIFIED,
            State.QUALIFIED,
            by={Right.APPROVE},
            signs=(Meaning.APPROVED,),
            body=Qualification,
        ),
        *(Row("release", state, State.QUALIFIED, by=_PROGRAM, body=Qualification) for state in _IN_PLACE),
        Row("install", State.REGISTERED, State.QUALIFIED, by=_PROGRAM, body=Installation),
        *(
            Row("permit", state, state, by={Right.APPROVE}, signs=(Meaning.APPROVED,), body=Reason)
            for state in (State.REGISTERED, State.QUALIFIED)
        ),
        *(Row("identify", state, state, by=_PROGRAM, body=Identity) for state in _IN_PLACE),
        *(Row("lose", state, state, by=_PROGRAM, body=Reason) for state in _IN_PLACE),
        *(Row("calibrate", state, state, by=_CARE, body=Calibration) for state in _IN_PLACE),
        *(Row("clean", state, state, by=_CARE | {Right.PERFORM}, body=Cleaning) for state in _IN_PLACE),
        *(Row("service", state, state, by=_PROGRAM, body=Service) for state in _IN_PLACE),
        Row("claim", State.QUALIFIED, State.QUALIFIED, by=_PROGRAM, body=Claim),
        Row("use", State.QUALIFIED, State.QUALIFIED, by=_PROGRAM, body=Claim),
        *(Row("free", state, state, by=_PROGRAM, body=Reason) for state in _MAY_BE_CLAIMED),
        *(
            Row("break_claim", state, state, by={Right.SUPERVISE}, signs=(Meaning.RESPONSIBLE,), body=Reason)
            for state in _MAY_BE_CLAIMED
        ),
        Row(
            "take_out",
            State.QUALIFIED,
            State.OUT_OF_SERVICE,
            by={Right.MAINTAIN, Right.SUPERVISE, Right.SYSTEM},
            body=Reason,
        ),
        Row(
            "return",
            State.OUT_OF_SERVICE,
            State.QUALIFIED,
            by={Right.MAINTAIN, Right.APPROVE},
            signs=(Meaning.RESPONSIBLE,),
            body=Reason,
        ),
        *(Row("retire", state, State.RETIRED, by={Right.ADMINISTER}, body=Reason) for state in _IN_PLACE),
    ),
)


class _Room(Protocol):
    """What an asset asks of the room in which it stands."""

    @property
    def state(self) -> str: ...
    def barred(self, batch: str, site: Site) -> Iterator[str]:
        """Say that it is suspended, to every batch but those of media fills."""
        ...

    def unready(self, batch: str, now: Instant) -> Iterator[str]:
        """Say why a batch's product may not be opened there."""
        ...


class _Batch(Protocol):
    """What an asset asks of a batch."""

    @property
    def lot_type(self) -> str: ...
    @property
    def issue(self) -> "_Issue | None": ...


class _Issue(Protocol):
    """What an asset asks of the issue of a batch."""

    product: str


class _Fault(Protocol):
    """What an asset asks of a fault."""

    id: str
    state: str
    severity: str


class _Record(Protocol):
    """What an asset asks of the record of a calibration."""

    @property
    def state(self) -> str: ...
    @property
    def asset(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Asset:
    """One asset, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    asset_class: str = ""
    maker: str = ""
    model: str = ""
    serial: str = ""
    firmware: str = ""
    driver: str = ""
    kind: Driving = Driving.MANUAL
    support: Support = Support.L0
    location: str = ""
    needs_calibration: bool = True
    needs_cleaning: bool = True
    needs_changeover: bool = False
    closed: bool = False
    dirty_hold_h: float = 0.0
    clean_hold_h: float = 0.0
    certificate: str = ""
    stage: Stage = Stage.PQ
    qualification_due: Instant | None = None
    qualification_record: str = ""  # of the last one by an executed protocol; from then on each needs one
    restrictions: tuple[str, ...] = ()  # with which it was released for use
    calibration: str = ""  # certificate
    calibration_due: Instant | None = None
    calibration_result: Result = Result.PASS
    calibration_record: str = ""  # of the last one that had a record; from then on each needs one
    good_at: Instant | None = None  # when it was last found or left good
    served: tuple[str, ...] = ()  # batches since then
    left: tuple[tuple[str, Instant], ...] = ()  # of these, when each last gave it free
    suspects: tuple[str, ...] = ()  # batches that the last failed calibration put in doubt
    seen: Identity | None = None
    lost: str = ""  # why it could not be asked who it is
    upkeep: Upkeep = NEW
    claim: tuple[str, str] | None = None  # (batch, step)
    freed: str = ""  # the batch that gave it free last
    permitted: bool = False  # a driver below L3 may act in engineering lots, by a person's decision

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that is to be calibrated or qualified again is open; while claimed, its room."""
        room = (in_room(self.location),) if self.claim is not None else ()
        return (*room, OPEN) if self.dues else room

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: calibrated and qualified again, each before it lapses."""
        if self.state in {State.ABSENT, State.RETIRED} or self.good_at is None:
            return ()
        ends = {"calibrate": self.calibration_due if self.needs_calibration else None}
        ends |= {"qualify": self.qualification_due}
        owners = {"calibrate": Right.MAINTAIN, "qualify": Right.APPROVE}
        return tuple(
            until(f"{what} asset {self.id} again", owner=owners[what], since=self.good_at, by=end)
            for what, end in ends.items()
            if end is not None
        )

    def told(self, _site: Site) -> tuple[str, ...]:
        """Say with which restrictions it is used, which batches rest on its calibration, and which are in doubt."""
        since = f" ({iso(self.good_at)})" if self.good_at is not None else ""
        served = ", ".join(self.served) or "none"
        doubted = ", ".join(self.suspects)
        said = (f"batches since its last good calibration{since}: {served}",) if self.needs_calibration else ()
        said = (*(f"used with the restriction: {one}" for one in self.restrictions), *said)
        return (*said, *((f"batches in doubt after its last failed calibration: {doubted}",) if doubted else ()))

    @property
    def may_act(self) -> bool:
        """Tell whether its driver may be given control on a live site."""
        return self.kind is not Driving.DRIVEN or self.support is Support.L3 or self.permitted

    def ready(self, now: Instant) -> tuple[str, ...]:
        """Give what stands in the way of its use, one sentence each; empty when nothing does."""
        return tuple(f"asset {self.id} {wrong}" for wrong in (*self._unfit(now), *self.strange()))

    def ready_for(self, batch: str, step: str, *, now: Instant) -> tuple[str, ...]:
        """Give what stands in the way of its use in one step; the claim has to be that step's."""
        if self.claim == (batch, step):
            return self.ready(now)
        held = "not claimed" if self.claim is None else f"claimed by batch {self.claim[0]}, step {self.claim[1]}"
        return (*self.ready(now), f"asset {self.id} is {held}")

    def _unfit(self, now: Instant) -> list[str]:
        found = [] if self.state is State.QUALIFIED else [f"is {self.state}, not qualified"]
        if self.qualification_due is not None and now >= self.qualification_due:
            found.append(f"is out of qualification since {iso(self.qualification_due)}")
        if self.needs_calibration:
            found += self._uncalibrated(now)
        found += self.upkeep.overdue(now)
        if self.needs_cleaning:  # how long it stays clean counts until it is claimed
            found += self.upkeep.unclean(now, HoldTimes() if self.claim else self._holds)
        return found

    @property
    def _holds(self) -> HoldTimes:
        return HoldTimes(dirty_h=self.dirty_hold_h, clean_h=self.clean_hold_h)

    def _uncalibrated(self, now: Instant) -> list[str]:
        if self.calibration_due is None:
            return ["was never calibrated"]
        if self.calibration_result is Result.FAIL:
            return [f"failed its last calibration ({self.calibration})"]
        return [f"is out of calibration since {iso(self.calibration_due)}"] if now >= self.calibration_due else []

    def strange(self) -> list[str]:
        """Tell where the device says something else than the register; what it does not say is not compared."""
        if self.lost:
            return [f"does not answer: {self.lost}"]
        if self.seen is None:
            return []
        said = self.seen
        if (self.maker, self.model, self.serial, self.firmware) == (said.maker, said.model, said.serial, said.firmware):
            return []
        pairs = ((name, getattr(self, name), getattr(said, name)) for name in ("maker", "model", "serial", "firmware"))
        others = [(name, own, said) for name, own, said in pairs if own and said and said != own]
        return [f"says {name} {said!r}; registered is {own!r}" for name, own, said in others]

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse a second claim, an unfounded driver near patients, and simulated fitness on a live site."""
        system = fact.by.startswith(f"{SYSTEM}:")
        if fact.kind == "calibrate":
            self._check_calibration(fact.stated(Calibration), site, system=system)
        self._check_none(untimely(fact.body, at=fact.at, zone=fact.zone, by_person=not system))
        if not site.simulated and system and fact.kind == "install":
            self._refuse("can't install by the program alone on a live site; a person has to")
        if fact.kind == "clean":
            self._check_none(self.upkeep.stood_too_long(fact.stated(Cleaning).sort, fact.at, self._holds))
        if fact.kind == "register" and not site.simulated:
            self._check_support(fact.stated(Registration))
        if fact.kind == "claim":
            self._check_claim(fact.stated(Claim), site)
        if fact.kind == "use" and self.claim != (fact.stated(Claim).batch, fact.stated(Claim).step):
            self._refuse(f"is not claimed by batch {fact.stated(Claim).batch}, step {fact.stated(Claim).step}")
        if fact.kind in {"free", "break_claim"} and self.claim is None:
            self._refuse("is not claimed")
        if fact.kind in {"qualify", "release"}:
            last, released = self.qualification_record, fact.kind == "release"
            self._check_none(unfounded(self.id, fact.stated(Qualification), site, last=last, released=released))
        if fact.kind in {"return", "release"}:
            self._check_repaired(site)
        if fact.kind in {"return", "qualify"}:
            self._check_none(barring(self.id, site))
        if fact.kind == "retire" and self.claim is not None:
            self._refuse(f"is claimed by batch {self.claim[0]}, step {self.claim[1]}")

    def _check_calibration(self, said: Calibration, site: Site, *, system: bool) -> None:
        """Refuse one by the program alone, one without a record where there are records, and another's record."""
        if said.record:
            record = cast("_Record", site.find("calibration", said.record))
            fits = {"accepted"} if said.result is Result.PASS else {"accepted", "recorded"}
            if record.asset != self.id or record.state not in fits:
                self._refuse(f"has no calibration {said.record} that was accepted")
        elif self.calibration_record:
            self._refuse(f"is calibrated by reviewed records (the last is {self.calibration_record}); name one")
        elif system and not site.simulated:
            self._refuse("can't calibrate by the program alone on a live site; a person has to")

    def _check_repaired(self, site: Site) -> None:
        """Refuse to put it back to use before what took it out is repaired, and seen to be so by another person."""
        for one in (cast("_Fault", found) for found in site.marked("fault", of_asset(self.id))):
            if one.severity == "critical" and one.state != "closed":
                self._refuse(f"is not put back to use: its critical fault {one.id} is {one.state}, not closed")

    def _check_support(self, said: Registration) -> None:
        if said.kind is Driving.DRIVEN and said.support is Support.L0:
            self._refuse("has a driver that was only ever run on a fake (L0); a live site needs L1 or better")

    def _refuse(self, why: str) -> None:
        msg = f"asset {self.id} {why}"
        raise RefusedError(msg)

    def _check_none(self, why: str) -> None:
        if why:
            self._refuse(why)

    def _check_claim(self, claim: Claim, site: Site) -> None:
        if self.claim is not None and self.claim != (claim.batch, claim.step):
            self._refuse(f"is claimed by batch {self.claim[0]}, step {self.claim[1]}")
        self._check_driver(cast("_Batch", site.find("batch", claim.batch)), site)
        for wrong in self.unfit_for(claim.batch, site):
            raise GateError(wrong)

    def _check_driver(self, batch: _Batch, site: Site) -> None:
        if site.simulated or self.kind is not Driving.DRIVEN or self.support is Support.L3:
            return
        if batch.lot_type != "engineering":
            msg = f"asset {self.id}: its driver is {self.support}; below L3 it may act in engineering lots only"
            raise GateError(msg)
        if not self.permitted:
            msg = f"asset {self.id}: its driver is {self.support}; quality has to permit it for engineering lots first"
            raise GateError(msg)

    def unfit_for(self, name: str, site: Site) -> Iterator[str]:
        """Say why a batch may not take it, however ready it is: its qualification, its room, the product before."""
        batch = cast("_Batch", site.find("batch", name))
        for_patients = batch.lot_type not in {"", "engineering"}
        if for_patients and not site.simulated and self.needs_calibration and not self.calibration_record:
            yield f"asset {self.id} was calibrated without a record that is reviewed; a {batch.lot_type} lot needs one"
        if for_patients and self.stage is not Stage.PQ:
            yield f"asset {self.id} is qualified through {self.stage}; a {batch.lot_type} lot needs {Stage.PQ}"
        room = cast("_Room", site.find("room", self.location))
        if room.state != State.ABSENT and not self.closed:
            lacks = (*room.barred(name, site), *room.unready(name, site.now))
            yield from (f"asset {self.id} can't be taken: {why}" for why in lacks)
        last, product = self.upkeep.last_batch, batch.issue.product if batch.issue else ""
        if not self.needs_changeover or not last or self.upkeep.sort is not Sort.AFTER_USE:
            return
        before = cast("_Batch", site.find("batch", last)).issue
        if before is not None and before.product != product:
            yield f"asset {self.id} was last used for {before.product} ({last}); {product} needs a changeover cleaning"

    def apply(self, fact: Fact) -> Self:
        """Give the asset as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        match fact.body:
            case Registration() as said:
                return replace(after, **{name: getattr(said, name) for name in Registration.model_fields})
            case Installation() as said:
                due = moment(said.due, zone=fact.zone)
                calibrated = moment(said.calibration_due, zone=fact.zone) if said.calibration_due else due
                return replace(
                    after,
                    certificate=said.certificate,
                    qualification_due=due,
                    calibration=said.certificate,
                    calibration_due=calibrated,
                    good_at=fact.at,
                    upkeep=self.upkeep.cleaned(Sort.EXTENDED, fact.at),
                )
            case Qualification() as said:
                held = self.qualification_due if self.state is not State.REGISTERED else None
                stage, due = reached(said, self.stage, due=moment(said.due, zone=fact.zone), held=held, at=fact.at)
                return replace(
                    after,
                    certificate=said.certificate,
                    qualification_due=due,
                    stage=stage,
                    qualification_record=said.record or self.qualification_record,
                    restrictions=said.restrictions,
                )
            case Calibration() as said:
                return self._calibrated(said, fact)
            case Identity() as said:
                return replace(after, seen=said, lost="")
            case Cleaning(sort=sort):
                return replace(after, upkeep=self.upkeep.cleaned(sort, fact.at))
            case Service(plan=plan, due=end):
                return replace(after, upkeep=self.upkeep.serviced(plan, moment(end, zone=fact.zone) if end else None))
            case Claim(batch=batch) if fact.kind == "use":
                return replace(after, upkeep=self.upkeep.used(batch, fact.at))
            case Claim() as said:
                served = self.served if said.batch in self.served else (*self.served, said.batch)
                return replace(after, claim=(said.batch, said.step), served=served)
        return replace(self._because(fact.kind, fact.stated(Reason).reason, at=fact.at), state=after.state)

    def _because(self, kind: str, reason: str, *, at: Instant) -> Self:
        """Give it after a move that states nothing but its reason."""
        match kind:
            case "lose":
                return replace(self, seen=None, lost=reason)
            case "permit":
                return replace(self, permitted=True)
            case "free" | "break_claim":
                freed = self.claim[0] if self.claim else ""
                return replace(self, claim=None, freed=freed, left=tuple({**dict(self.left), freed: at}.items()))
        return self

    def _calibrated(self, said: Calibration, fact: Fact) -> Self:
        """Give it after a calibration, which counts from when it was performed, whenever it is entered or reviewed.

        What it served since then rests on this one; what it serves at the moment, on this and on the last.
        """
        good = said.result is Result.PASS
        done = stated_moment(said.performed, zone=fact.zone) if said.performed else fact.at
        since = {batch for batch, end in self.left if end > done} | ({self.claim[0]} if self.claim else set())
        return replace(
            self,
            calibration=said.certificate,
            calibration_due=moment(said.due, zone=fact.zone),
            calibration_result=said.result,
            calibration_record=said.record or self.calibration_record,
            good_at=done if good else self.good_at,
            served=tuple(batch for batch in self.served if batch in since),
            left=tuple(one for one in self.left if one[0] in since),
            suspects=self.suspects if good else self.served,
        )


def _doubt(thing: Thing, fact: Fact, _site: Site) -> Iterable[Next]:
    """Open a deviation about an asset that failed, and one with a QA hold for each batch since it was last good."""
    asset, said = cast("Asset", thing), fact.stated(Calibration)
    if said.result is Result.PASS:
        return
    name = f"{asset.id}-{fact.version}"
    what = f"asset {asset.id} failed calibration {said.certificate}"
    found = f" (as found: {said.as_found})" if said.as_found else ""
    body = {"subject": f"asset/{asset.id}", "title": f"{what}{found}", "rule": "out of tolerance as found"}
    yield Next(f"deviation/{name}-D00", "open", body)
    for number, batch in enumerate(asset.suspects, start=1):
        deviation = f"{name}-D{number:02d}"
        title = f"{what}, on which this batch rests"
        yield Next(f"deviation/{deviation}", "open", {**body, "title": title, "batch": batch})
        held = {"batch": batch, "reason": title, "deviation": deviation}
        yield Next(f"qa-hold/{name}-{batch}", "place", held)


def _opened(thing: Thing, fact: Fact, site: Site) -> Iterable[Next]:
    """Note that product is open in the room of an asset that a batch takes."""
    asset = cast("Asset", thing)
    if not asset.closed and site.find("room", asset.location).state == "at rest":
        yield Next(f"room/{asset.location}", "begin", {"batch": fact.stated(Claim).batch})


def _closed(thing: Thing, _fact: Fact, site: Site) -> Iterable[Next]:
    """Note that no product is open any more in the room of the last asset that a batch gives free there."""
    asset = cast("Asset", thing)
    others = (cast("Asset", one) for one in site.marked("asset", in_room(asset.location)))
    stays = any(one.claim is not None and one.claim[0] == asset.freed and not one.closed for one in others)
    if not asset.closed and not stays and site.find("room", asset.location).state == "in operation":
        yield Next(f"room/{asset.location}", "finish", {"batch": asset.freed})


FOLLOWS = (
    Follow("asset-opens", "claim", "product is open in its room", "EU GMP Part IV 9", _opened),
    Follow("asset-closes", "free", "when it was the last there, no product is open", "EU GMP Part IV 9", _closed),
    Follow("asset-broken-off", "break_claim", "so it is when a claim is broken", "EU GMP Part IV 9", _closed),
    Follow(
        "asset-failed",
        "calibrate",
        "every batch since its last good calibration is held and looked into",
        "21 CFR 211.160(b)(4), 211.192",
        _doubt,
    ),
)

KIND = Kind("asset", "plant", TABLE, Asset, FOLLOWS)
