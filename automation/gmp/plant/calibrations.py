"""Calibrations: what an instrument read as found and as left; entered by one person, reviewed by another.

A reading is good within the tolerance less the uncertainty of the comparison (the guard band); between that and the
tolerance nobody can say. What was left has to be good. What was found beyond its tolerance puts every batch since the
last good calibration in doubt at once, before anybody has reviewed the record.
Units:  those of each point; moments in s (UTC).
Source: 21 CFR 211.68(a), 211.160(b)(4), 211.194(d); ILAC-G8:09/2019 4.2.2 (guard band of one expanded uncertainty);
        EU GMP chapter 3, 3.41.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Protocol, Self, cast

from pydantic import AfterValidator

from automation.formulas.limits import decimal
from automation.gmp.bodies.assets import EndOf, Result, moment
from automation.gmp.codes import Moment
from automation.gmp.codes import moment as stated_moment
from automation.gmp.due import DAY, Due, within
from automation.gmp.marks import OPEN, of_asset
from automation.gmp.objects import Fact, Follow, Kind, Next, Site, Thing
from automation.gmp.words import Body, Meaning, Reason, Right, field
from automation.kernel.errors import InputError, RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

_REVIEW_IN = 2 * DAY  # s
_RATIO = 4  # of tolerance to uncertainty, below which the comparison is called weak


class State(StrEnum):
    """Where a calibration stands."""

    ABSENT = "absent"
    RECORDED = "recorded"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class Verdict(StrEnum):
    """How one reading stands to its tolerance."""

    GOOD = "within tolerance"
    UNSURE = "in the guard band"
    OUT = "out of tolerance"


def _number(text: str) -> str:
    """Refuse what is no decimal number."""
    try:
        decimal(text)
    except InputError as wrong:
        raise ValueError(str(wrong)) from None
    return text


def _positive(text: str) -> str:
    if decimal(_number(text)) <= 0:
        msg = "a number above 0 is needed"
        raise ValueError(msg)
    return text


_Number = Annotated[str, AfterValidator(_number)]
_Positive = Annotated[str, AfterValidator(_positive)]


class Point(Body):
    """One value of the reference, and what the instrument read before and after it was adjusted."""

    nominal: _Number = field(label="Value of the reference")
    unit: str = field(label="Unit", length=1)
    found: _Number = field(label="As found")
    left: _Number = field(label="As left")
    tolerance: _Positive = field(label="Tolerance", help="Half-width, in the unit of the point")
    uncertainty: _Positive = field(label="Expanded uncertainty", help="k = 2, in the unit of the point")

    def verdict(self, read: str) -> Verdict:
        """Judge a reading of this point."""
        error = abs(decimal(read) - decimal(self.nominal))
        if error > decimal(self.tolerance):
            return Verdict.OUT
        return Verdict.GOOD if error <= self.guarded else Verdict.UNSURE

    @property
    def guarded(self) -> Decimal:
        """Give the tolerance less the expanded uncertainty."""
        return decimal(self.tolerance) - decimal(self.uncertainty)

    def sentence(self) -> str:
        """Say what was found and left, and how that stands."""
        ratio = decimal(self.tolerance) / decimal(self.uncertainty)
        weak = f"; tolerance over uncertainty is {ratio:.1f}, below {_RATIO}" if ratio < _RATIO else ""
        found = f"found {self.found} ({self.verdict(self.found)}), left {self.left} ({self.verdict(self.left)})"
        return f"at {self.nominal} {self.unit}, +/- {self.tolerance}: {found}{weak}"


class Record(Body):
    """What was compared with what, by which certificate, until when it holds."""

    asset: str = field(label="Asset", length=1)
    points: tuple[Point, ...] = field(label="Points", help="Each with its unit", length=1)
    standard: str = field(label="Reference standard", help="An asset of its own; empty for a laboratory", default="")
    laboratory: str = field(label="Laboratory", help="Accredited, outside; with its number", default="")
    procedure: str = field(label="Procedure", length=1)
    certificate: str = field(label="Certificate", length=1)
    performed: Moment = field(label="Performed at")
    due: EndOf = field(label="Due again", help="Date (to its end, in the site's zone) or ISO 8601 moment")


_QUALITY = frozenset({Right.REVIEW, Right.APPROVE})

TABLE = Table(
    State.ABSENT,
    (
        Row("record", State.ABSENT, State.RECORDED, by={Right.MAINTAIN}, signs=(Meaning.PERFORMED,), body=Record),
        Row("accept", State.RECORDED, State.ACCEPTED, by=_QUALITY, signs=(Meaning.REVIEWED,)),
        Row("reject", State.RECORDED, State.REJECTED, by=_QUALITY, signs=(Meaning.RETURNED,), body=Reason),
    ),
)


class _Asset(Protocol):
    """What a calibration asks of an asset: of the one that is calibrated, and of the standard."""

    @property
    def state(self) -> str: ...
    @property
    def calibration_due(self) -> Instant | None: ...
    @property
    def calibration_result(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Calibration:
    """One calibration of one asset, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    said: Record | None = None
    by: str = ""
    at: Instant = Instant(0.0)
    reviewed_by: str = ""
    rejected: str = ""  # why

    @property
    def asset(self) -> str:
        """Give the asset; empty before it is recorded."""
        return self.said.asset if self.said else ""

    @property
    def out_as_found(self) -> bool:
        """Tell whether a point was found beyond its tolerance."""
        return any(one.verdict(one.found) is Verdict.OUT for one in self._points)

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: one that nobody has reviewed is open; its asset."""
        asset = (of_asset(self.asset),) if self.said else ()
        return (*asset, OPEN) if self.state is State.RECORDED else asset

    @property
    def dues(self) -> tuple[Due, ...]:
        """Give what has to be done next: reviewed in two days."""
        if self.state is not State.RECORDED:
            return ()
        what, late = f"review calibration {self.id} of {self.asset}", Right.APPROVE
        return (within(what, owner=Right.REVIEW, since=self.at, given=_REVIEW_IN, escalate=late),)

    @property
    def _points(self) -> tuple[Point, ...]:
        return self.said.points if self.said else ()

    def told(self, _site: Site) -> tuple[str, ...]:
        """Say how each point stands."""
        return tuple(one.sentence() for one in self._points)

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse a comparison with nothing fit, one in the future, its performer as reviewer, and a bad end."""
        if fact.kind == "record":
            self._check_record(fact, fact.stated(Record), site)
            return
        self._refuse(fact.by == self.by, f"was performed by {fact.by}; someone else has to review it")
        if fact.kind == "accept" and self.said is not None:
            self._check_newest(self.performed(fact.zone), self.said, site)
        for one in self._points if fact.kind == "accept" else ():
            left = one.verdict(one.left)
            wrong = f"leaves {self.asset} {left} ({one.sentence()}); repair it, and record another"
            self._refuse(left is not Verdict.GOOD, wrong)

    def _refuse(self, wrong: bool, why: str) -> None:  # noqa: FBT001  the question that was asked
        if wrong:
            raise RefusedError(f"calibration {self.id} {why}")

    def _check_record(self, fact: Fact, said: Record, site: Site) -> None:
        performed, due = stated_moment(said.performed, zone=fact.zone), moment(said.due, zone=fact.zone)
        self._refuse(performed > fact.at, f"was performed at {said.performed}, still to come")
        self._refuse(due <= performed, f"is due again at {said.due}, before it was performed")
        known = site.find("asset", said.asset).state not in {"absent", "retired"}
        self._refuse(not known, f"is of {said.asset}, which is no asset in use here")
        both = bool(said.standard) == bool(said.laboratory)
        self._refuse(both, "needs a reference standard of this site or a laboratory, not both")
        self._check_newest(performed, said, site)
        for one in said.points:
            self._refuse(one.guarded <= 0, f"can show nothing {one.sentence()}: the uncertainty is not smaller")
        if said.standard:
            self._check_standard(said, performed, site)

    def _check_newest(self, performed: Instant, said: Record, site: Site) -> None:
        """Refuse one that is older than one that holds, and a certificate that another one states already."""
        for other in (cast("Calibration", one) for one in site.marked("calibration", of_asset(said.asset))):
            if other.said is None or other.id == self.id or other.state is State.REJECTED:
                continue
            holds = other.state is State.ACCEPTED and performed < other.performed(site.zone)
            held = f"{other.id}, of {other.said.performed}, which holds"
            self._refuse(holds, f"was performed at {said.performed}, before {held}; what it shows is a deviation")
            same = (other.said.certificate, other.said.laboratory) == (said.certificate, said.laboratory)
            self._refuse(same, f"states certificate {said.certificate}, which {other.id} states already")

    def performed(self, zone: str) -> Instant:
        """Give when it was performed; the moment of its entry while nothing is recorded."""
        return stated_moment(self.said.performed, zone=zone) if self.said else self.at

    def _check_standard(self, said: Record, performed: Instant, site: Site) -> None:
        self._refuse(said.standard == said.asset, f"compares {said.asset} with itself")
        standard = cast("_Asset", site.find("asset", said.standard))
        due = standard.calibration_due
        fit = due is not None and performed < due and standard.calibration_result == Result.PASS
        self._refuse(not fit, f"goes by standard {said.standard}, which was not in calibration at {said.performed}")

    def apply(self, fact: Fact) -> Self:
        """Give the calibration as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        if fact.kind == "record":
            return replace(after, said=fact.stated(Record), by=fact.by, at=fact.at)
        if fact.kind == "reject":
            return replace(after, reviewed_by=fact.by, rejected=fact.stated(Reason).reason)
        return replace(after, reviewed_by=fact.by)


def _to_asset(one: Calibration, result: Result) -> Iterator[Next]:
    if one.said is None:
        raise TypeError(one)
    body = {
        "certificate": one.said.certificate,
        "as_found": "; ".join(f"{point.found} at {point.nominal} {point.unit}" for point in one.said.points),
        "as_left": "; ".join(f"{point.left} at {point.nominal} {point.unit}" for point in one.said.points),
        "result": result,
        "performed": one.said.performed,
        "due": one.said.due,
        "record": one.id,
    }
    yield Next(f"asset/{one.asset}", "calibrate", body)


def _found(thing: Thing, _fact: Fact, _site: Site) -> Iterable[Next]:
    one = cast("Calibration", thing)
    return _to_asset(one, Result.FAIL) if one.out_as_found else ()


def _accepted(thing: Thing, _fact: Fact, _site: Site) -> Iterable[Next]:
    return _to_asset(cast("Calibration", thing), Result.PASS)


FOLLOWS = (
    Follow(
        "calibration-found",
        "record",
        "an asset that was found out of tolerance is not ready, and its batches are in doubt",
        "21 CFR 211.160(b)(4)",
        _found,
    ),
    Follow("calibration-accepted", "accept", "the asset is in calibration until it is due", "21 CFR 211.68", _accepted),
)

KIND = Kind("calibration", "plant", TABLE, Calibration, FOLLOWS)
