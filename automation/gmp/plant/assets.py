"""Assets: devices and places, qualified, calibrated, cleaned and claimed before product meets them.

Units:  due dates are moments (s, UTC); a date without a time means the end of that day in the site's zone.
Source: 21 CFR 211.68(a) calibration; 211.67 cleaning; 211.105, 211.182 equipment identified with its batch;
        11.10(h) device checks; EU GMP Annex 15 qualification.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Protocol, Self, cast

from pydantic import field_validator

from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.words import SYSTEM, Body, Meaning, Reason, Right, field
from automation.kernel.clock import instant, iso
from automation.kernel.errors import GateError, RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

_DAY_LENGTH = len("2026-12-31")


class State(StrEnum):
    """Where an asset stands; calibration, cleaning and claim are marks beside the state."""

    ABSENT = "absent"
    REGISTERED = "registered"
    QUALIFIED = "qualified"
    OUT_OF_SERVICE = "out of service"
    RETIRED = "retired"


class Driving(StrEnum):
    """Who acts on the device."""

    DRIVEN = "driven"  # we command it
    OBSERVED = "observed"  # a person starts it, we watch
    MANUAL = "manual"  # a person does it and enters what came out


class Support(StrEnum):
    """How well its driver is founded."""

    L0 = "L0"  # a fake only
    L1 = "L1"  # bytes from a public document
    L2 = "L2"  # a replayed capture
    L3 = "L3"  # run on a real device


class Result(StrEnum):
    """How a calibration came out."""

    PASS = "pass"  # noqa: S105  the word of the certificate
    FAIL = "fail"


class Registration(Body):
    """What the asset is."""

    asset_class: str = field(label="Class", help="What recipes ask for, for example freezer", length=1)
    maker: str = field(label="Maker", default="")
    model: str = field(label="Model", default="")
    serial: str = field(label="Serial number", default="")
    firmware: str = field(label="Firmware", default="")
    driver: str = field(label="Driver", default="")
    kind: Driving = field(label="Driven, observed or manual", default=Driving.MANUAL)
    support: Support = field(label="Support level of the driver", default=Support.L0)
    location: str = field(label="Location", default="")
    needs_calibration: bool = field(label="Needs calibration", default=True)
    needs_cleaning: bool = field(label="Needs cleaning between uses", default=True)


class _Due(Body):
    """What is due at some time."""

    due: str = field(label="Due", help="Date (to its end, in the site's zone) or ISO 8601 moment")

    @field_validator("due")
    @classmethod
    def _is_a_moment(cls, text: str) -> str:
        """Refuse what is neither date nor moment."""
        moment(text, zone="UTC")
        return text


class Qualification(_Due):
    """Under which certificate it is fit, and until when."""

    certificate: str = field(label="Certificate", length=1)


class Installation(_Due):
    """A simulated asset, fit by declaration."""

    certificate: str = field(label="Certificate", default="simulated")
    calibration_due: str = field(label="Calibration due", help="As ``due`` when empty", default="")

    @field_validator("calibration_due")
    @classmethod
    def _is_empty_or_a_moment(cls, text: str) -> str:
        """Refuse what is neither empty nor a date or moment."""
        if text:
            moment(text, zone="UTC")
        return text


class Calibration(_Due):
    """What the calibration found and left, and until when it holds."""

    certificate: str = field(label="Certificate", length=1)
    as_found: str = field(label="As found", default="")
    as_left: str = field(label="As left", default="")
    result: Result = field(label="Result", default=Result.PASS)


class Identity(Body):
    """What the device says it is when it is connected."""

    maker: str = field(label="Maker", default="")
    model: str = field(label="Model", default="")
    serial: str = field(label="Serial number", default="")
    firmware: str = field(label="Firmware", default="")
    configuration: str = field(label="Digest of its configuration", default="")


class Claim(Body):
    """For which step it is taken."""

    batch: str = field(label="Batch", length=1)
    step: str = field(label="Step", default="")


class Cleaning(Body):
    """How it was cleaned."""

    procedure: str = field(label="Procedure", length=1)


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
        Row("install", State.REGISTERED, State.QUALIFIED, by=_PROGRAM, body=Installation),
        *(
            Row("permit", state, state, by={Right.APPROVE}, signs=(Meaning.APPROVED,), body=Reason)
            for state in (State.REGISTERED, State.QUALIFIED)
        ),
        *(Row("identify", state, state, by=_PROGRAM, body=Identity) for state in _IN_PLACE),
        *(Row("lose", state, state, by=_PROGRAM, body=Reason) for state in _IN_PLACE),
        *(Row("calibrate", state, state, by=_CARE, body=Calibration) for state in _IN_PLACE),
        *(Row("clean", state, state, by=_CARE | {Right.PERFORM}, body=Cleaning) for state in _IN_PLACE),
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


class _Batch(Protocol):
    """What an asset asks of a batch."""

    @property
    def lot_type(self) -> str: ...


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
    certificate: str = ""
    qualification_due: Instant | None = None
    calibration: str = ""  # certificate
    calibration_due: Instant | None = None
    calibration_result: Result = Result.PASS
    seen: Identity | None = None
    lost: str = ""  # why it could not be asked who it is
    cleaned: bool = False
    claim: tuple[str, str] | None = None  # (batch, step)
    permitted: bool = False  # a driver below L3 may act in engineering lots, by a person's decision

    @property
    def may_act(self) -> bool:
        """Tell whether its driver may be given control on a live site."""
        return self.kind is not Driving.DRIVEN or self.support is Support.L3 or self.permitted

    def ready(self, now: Instant) -> tuple[str, ...]:
        """Give what stands in the way of its use, one sentence each; empty when nothing does."""
        return tuple(f"asset {self.id} {wrong}" for wrong in (*self._unfit(now), *self._strange()))

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
        if self.needs_cleaning and not self.cleaned:
            found.append("is not clean")
        return found

    def _uncalibrated(self, now: Instant) -> list[str]:
        if self.calibration_due is None:
            return ["was never calibrated"]
        if self.calibration_result is Result.FAIL:
            return [f"failed its last calibration ({self.calibration})"]
        return [f"is out of calibration since {iso(self.calibration_due)}"] if now >= self.calibration_due else []

    def _strange(self) -> list[str]:
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
        if not site.simulated and system and fact.kind in {"install", "calibrate"}:
            self._refuse(f"can't {fact.kind} by the program alone on a live site; a person has to")
        if fact.kind == "register" and not site.simulated:
            self._check_support(fact.stated(Registration))
        if fact.kind == "claim":
            self._check_claim(fact.stated(Claim), site)
        if fact.kind == "use" and self.claim != (fact.stated(Claim).batch, fact.stated(Claim).step):
            self._refuse(f"is not claimed by batch {fact.stated(Claim).batch}, step {fact.stated(Claim).step}")
        if fact.kind in {"free", "break_claim"} and self.claim is None:
            self._refuse("is not claimed")
        if fact.kind == "retire" and self.claim is not None:
            self._refuse(f"is claimed by batch {self.claim[0]}, step {self.claim[1]}")

    def _check_support(self, said: Registration) -> None:
        if said.kind is Driving.DRIVEN and said.support is Support.L0:
            self._refuse("has a driver that was only ever run on a fake (L0); a live site needs L1 or better")

    def _refuse(self, why: str) -> None:
        msg = f"asset {self.id} {why}"
        raise RefusedError(msg)

    def _check_claim(self, claim: Claim, site: Site) -> None:
        if self.claim is not None and self.claim != (claim.batch, claim.step):
            self._refuse(f"is claimed by batch {self.claim[0]}, step {self.claim[1]}")
        if site.simulated or self.kind is not Driving.DRIVEN or self.support is Support.L3:
            return
        if cast("_Batch", site.find("batch", claim.batch)).lot_type != "engineering":
            msg = f"asset {self.id}: its driver is {self.support}; below L3 it may act in engineering lots only"
            raise GateError(msg)
        if not self.permitted:
            msg = f"asset {self.id}: its driver is {self.support}; quality has to permit it for engineering lots first"
            raise GateError(msg)

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
                    cleaned=True,
                )
            case Qualification() as said:
                return replace(after, certificate=said.certificate, qualification_due=moment(said.due, zone=fact.zone))
            case Calibration() as said:
                return replace(
                    after,
                    calibration=said.certificate,
                    calibration_due=moment(said.due, zone=fact.zone),
                    calibration_result=said.result,
                )
            case Identity() as said:
                return replace(after, seen=said, lost="")
            case Cleaning():
                return replace(after, cleaned=True)
            case Claim() if fact.kind == "use":
                return replace(after, cleaned=False)
            case Claim() as said:
                return replace(after, claim=(said.batch, said.step))
        if fact.kind == "lose":
            return replace(after, seen=None, lost=fact.stated(Reason).reason)
        if fact.kind == "permit":
            return replace(after, permitted=True)
        return replace(after, claim=None) if fact.kind in {"free", "break_claim"} else after


def moment(text: str, *, zone: str) -> Instant:
    """Give when something falls due: a moment, or the end of a day in ``zone``; raises ValueError for another form."""
    if len(text) == _DAY_LENGTH:
        return instant((date.fromisoformat(text) + timedelta(days=1)).isoformat(), zone=zone)
    return instant(text, zone=zone)


KIND = Kind("asset", "plant", TABLE, Asset)
