"""What is stated of an asset: what it is, under which certificates it is fit, and for which step it is taken.

Units:  due dates are moments (s, UTC); a date without a time means the end of that day in the site's zone.
Source: 21 CFR 211.68(a) calibration, 211.105 equipment identified with its batch; EU GMP Annex 15 qualification.
"""

from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, field_validator

from automation.gmp.codes import Moment
from automation.gmp.codes import moment as stated_moment
from automation.gmp.words import Body, field
from automation.kernel.clock import instant, reached
from automation.kernel.quantity import Instant

_DAY_LENGTH = len("2026-12-31")


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


class Stage(StrEnum):
    """How far an asset is qualified; each stage holds those before it."""

    IQ = "IQ"  # installed as designed
    OQ = "OQ"  # works over its whole range
    PQ = "PQ"  # works with this process


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
    closed: bool = field(label="Keeps product closed", help="So that its room may hold others", default=False)
    needs_changeover: bool = field(label="Needs a changeover cleaning between two products", default=False)
    dirty_hold_h: float = field(label="Longest dirty", help="None when 0", unit="h", low=0, default=0.0)
    clean_hold_h: float = field(label="Longest clean", help="None when 0", unit="h", low=0, default=0.0)


def moment(text: str, *, zone: str) -> Instant:
    """Give when something falls due: a moment, or the end of a day in ``zone``; raises ValueError for another form."""
    if len(text) == _DAY_LENGTH:
        return instant((date.fromisoformat(text) + timedelta(days=1)).isoformat(), zone=zone)
    return reached(text, zone=zone)


def _is_a_moment(text: str) -> str:
    """Refuse what is neither date nor moment."""
    try:
        moment(text, zone="UTC")
    except ValueError:
        msg = "a date or moment is needed, year first, for example 2027-03-31 or 2027-03-31T17:00"
        raise ValueError(msg) from None
    return text


EndOf = Annotated[str, AfterValidator(_is_a_moment)]
"""A date (to its end, in the site's zone) or an ISO 8601 moment."""


class _Due(Body):
    """What is due at some time."""

    due: EndOf = field(label="Due", help="Date (to its end, in the site's zone) or ISO 8601 moment")


class Qualification(_Due):
    """Under which certificate it is fit, and until when."""

    certificate: str = field(label="Certificate", length=1)
    stage: Stage = field(label="Qualified through", help="IQ, OQ or PQ", default=Stage.PQ)
    record: str = field(label="Record", help="Of the protocol that was executed", default="")
    restrictions: tuple[str, ...] = field(label="Restrictions", default=())


class Installation(_Due):
    """A simulated asset, fit by declaration."""

    certificate: str = field(label="Certificate", default="simulated")
    calibration_due: str = field(label="Calibration due", help="As ``due`` when empty", default="")

    @field_validator("calibration_due")
    @classmethod
    def _is_empty_or_a_moment(cls, text: str) -> str:
        """Refuse what is neither empty nor a date or moment."""
        return _is_a_moment(text) if text else text


class Calibration(_Due):
    """What the calibration found and left, and until when it holds."""

    certificate: str = field(label="Certificate", length=1)
    as_found: str = field(label="As found", default="")
    as_left: str = field(label="As left", default="")
    result: Result = field(label="Result", default=Result.PASS)
    record: str = field(label="Record", help="Of the calibration, reviewed by a second person", default="")
    performed: Moment | None = field(label="Performed at", help="Empty: now", default=None)


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


def untimely(said: object, *, at: Instant, zone: str, by_person: bool) -> str:
    """Say what can't be of the times that are stated: performed in the future, or good until a day that is over."""
    if isinstance(said, Calibration) and said.performed and stated_moment(said.performed, zone=zone) > at:
        return f"was calibrated at {said.performed}, still to come"
    holds = isinstance(said, Qualification) or (isinstance(said, Calibration) and said.result is Result.PASS)
    if by_person and holds and isinstance(said, _Due) and moment(said.due, zone=zone) <= at:
        return f"would be good until {said.due}, which is over"
    return ""
