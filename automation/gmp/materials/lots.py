"""Lots of material: received into quarantine, released or rejected by quality, used until empty or expired.

Units:  the lot's own unit (UCUM); expiry is a date in the site's time zone, usable through the whole of that day.
Source: 21 CFR 211.80, 211.84 quarantine, approval or rejection; 211.101 weighing and dispensing; 211.137 expiry.
"""

import calendar
import re
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Self

from pydantic import field_validator

from automation.gmp.marks import of_material
from automation.gmp.objects import Fact, Kind, Site
from automation.gmp.words import Body, Meaning, Reason, Right, Strength, field
from automation.kernel.clock import local
from automation.kernel.errors import GateError, RefusedError
from automation.kernel.machine import Row, Table
from automation.kernel.quantity import Instant

_EXPIRY = re.compile(r"\d{4}-\d{2}(-\d{2})?")


class State(StrEnum):
    """Where a lot stands."""

    ABSENT = "absent"
    QUARANTINE = "quarantine"
    RELEASED = "released"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class Receipt(Body):
    """What came, from whom, how much, how long it keeps."""

    what: str = field(label="Material", length=1)
    supplier: str = field(label="Supplier", length=1)
    quantity: float = field(label="Quantity", low=0)
    unit: str = field(label="Unit", help="UCUM code, for example mL", length=1)
    expiry: str = field(label="Expiry", help="Year-month-day, or year-month for the last day of that month")
    storage: str = field(label="Storage condition", default="")
    density: float | None = field(label="Density", unit="g/mL", help="As its certificate states", low=0.5, default=None)
    density_percent: float = field(label="Standard uncertainty of the density", unit="%", low=0, default=0.5)

    @field_validator("expiry")
    @classmethod
    def _is_a_day(cls, text: str) -> str:
        """Refuse what is no day of the calendar."""
        last_day(text)
        return text


class Use(Body):
    """How much went into which step."""

    quantity: float = field(label="Quantity", low=0)
    batch: str = field(label="Batch", default="")
    step: str = field(label="Step", default="")
    unit: str = field(label="Unit", help="Has to be the lot's own when it is stated", default="")


_KEEPERS = frozenset({Right.RELEASE_MATERIAL})

TABLE = Table(
    State.ABSENT,
    (
        Row(
            "receive",
            State.ABSENT,
            State.QUARANTINE,
            by={Right.PERFORM, Right.RELEASE_MATERIAL, Right.SYSTEM},
            body=Receipt,
        ),
        Row("release", State.QUARANTINE, State.RELEASED, by=_KEEPERS, signs=(Meaning.APPROVED,)),
        Row("reject", State.QUARANTINE, State.REJECTED, by=_KEEPERS, body=Reason, strength=Strength.VERIFY),
        Row("use", State.RELEASED, State.RELEASED, by={Right.PERFORM, Right.SYSTEM}, body=Use),
        Row("withdraw", State.RELEASED, State.WITHDRAWN, by=_KEEPERS | {Right.SYSTEM}, body=Reason),
    ),
)


@dataclass(frozen=True, slots=True)
class MaterialLot:
    """One lot of material, folded from its events; a value, never edited in place."""

    id: str
    state: State = State.ABSENT
    what: str = ""
    supplier: str = ""
    quantity: float = 0.0  # received, in ``unit``
    left: float = 0.0  # in ``unit``
    unit: str = ""
    expiry: str = ""
    storage: str = ""
    density: float | None = None  # g/mL, as stated
    density_percent: float = 0.5  # its standard uncertainty
    received_by: str = ""
    released_by: str = ""
    used_in: tuple[tuple[str, str], ...] = ()  # batch and step of each use

    @property
    def found_by(self) -> tuple[str, ...]:
        """Give its marks: what it is a lot of."""
        return (of_material(self.what),) if self.what else ()

    def expired(self, now: Instant, zone: str) -> bool:
        """Tell whether the last day of its use is over in a zone."""
        return bool(self.expiry) and local(now, zone=zone).date() > last_day(self.expiry)

    def ready(self, now: Instant, *, zone: str) -> tuple[str, ...]:
        """Give what stands in the way of its use, one sentence each; empty when nothing does."""
        found = [] if self.state is State.RELEASED else [f"lot {self.id} is {self.state}, not released"]
        if self.expired(now, zone):
            found.append(f"lot {self.id} expired: it was usable until the end of {self.expiry}")
        return tuple(found)

    def check(self, fact: Fact, site: Site) -> None:
        """Refuse the receiver as releaser, what has expired, and more than is left."""
        if fact.kind == "release" and fact.by == self.received_by:
            msg = f"lot {self.id}: {fact.by} received it; someone else has to release it"
            raise RefusedError(msg)
        if fact.kind in {"release", "use"}:
            wrong = replace(self, state=State.RELEASED).ready(fact.at, zone=site.zone)
            if wrong:
                raise GateError("; ".join(wrong))
        if fact.kind == "use":
            self._check_use(fact.stated(Use))

    def _check_use(self, use: Use) -> None:
        if use.unit and use.unit != self.unit:
            msg = f"lot {self.id} is kept in {self.unit}; the use is stated in {use.unit}"
            raise RefusedError(msg)
        if use.quantity > self.left:
            msg = f"lot {self.id} has {self.left:.10g} {self.unit} left; {use.quantity:.10g} {self.unit} were asked for"
            raise RefusedError(msg)

    def apply(self, fact: Fact) -> Self:
        """Give the lot as it stands after the fact."""
        after = replace(self, state=State(TABLE.row(self.state, fact.kind).dest))
        match fact.body:
            case Receipt() as said:
                return replace(
                    after,
                    what=said.what,
                    supplier=said.supplier,
                    quantity=said.quantity,
                    left=said.quantity,
                    unit=said.unit,
                    expiry=said.expiry,
                    storage=said.storage,
                    density=said.density,
                    density_percent=said.density_percent,
                    received_by=fact.by,
                )
            case Use(quantity=quantity) as use:
                left = round(self.left - quantity, 9)
                return replace(after, left=left, used_in=(*self.used_in, (use.batch, use.step)))
        return replace(after, released_by=fact.by) if fact.kind == "release" else after


def last_day(expiry: str) -> date:
    """Give the last day on which a lot with this expiry may be used; raises ValueError for another form."""
    if not _EXPIRY.fullmatch(expiry):
        msg = f"{expiry!r} is no expiry; year-month-day or year-month is allowed, for example 2027-03-31"
        raise ValueError(msg)
    year, month, *day = (int(part) for part in expiry.split("-"))
    return date(year, month, day[0] if day else calendar.monthrange(year, month)[1])


KIND = Kind("lot", "materials", TABLE, MaterialLot)
