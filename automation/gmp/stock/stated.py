"""What is stated of a lot of material: receipt or preparation, examination, storage, stock and use.

Units:  quantities in the lot's own unit (UCUM); degC; h.
Source: 21 CFR 211.80 to 211.94 (receipt, examination, testing, release), 211.101, 211.137, 211.150; 211.184(a), (b).
"""

import re
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator

from automation.gmp.codes import Moment
from automation.gmp.stock.expiry import Expiry
from automation.gmp.words import Body, field

_DIGEST = re.compile(r"[0-9a-f]{64}")


def _digest(text: str) -> str:
    if not _DIGEST.fullmatch(text):
        msg = "a SHA-256 of 64 hex digits is needed"
        raise ValueError(msg)
    return text


Digest = Annotated[str, AfterValidator(_digest)]
"""The SHA-256 of a file, in hex."""


class Part(Body):
    """One part of a kit as its maker packs it."""

    what: str = field(label="Part", length=1)
    maker_lot: str = field(label="Lot of its maker", length=1)
    quantity: float = field(label="Pieces", low=0, default=1.0)
    expiry: Expiry | None = field(label="Expiry", help="As printed on the part", default=None)
    lot: str = field(label="Lot here", help="Where the same lot is kept here, too", default="")


class Receipt(Body):
    """What came, from whom, how much, how long it keeps."""

    what: str = field(label="Material", length=1)
    supplier: str = field(label="Supplier", help="Who sold it", length=1)
    quantity: float = field(label="Quantity", low=0)
    unit: str = field(label="Unit", help="UCUM code, for example mL", length=1)
    expiry: Expiry = field(label="Expiry", help="Year-month-day, or year-month for the last day of that month")
    storage: str = field(label="Storage condition", default="")
    density: float | None = field(label="Density", unit="g/mL", help="As its certificate states", low=0.5, default=None)
    density_percent: float = field(label="Standard uncertainty of the density", unit="%", low=0, default=0.5)
    maker: str = field(label="Manufacturer", help="When it is not the supplier", default="")
    maker_lot: str = field(label="Lot of the manufacturer", default="")
    delivery: str = field(label="Delivery note", default="")
    parts: tuple[Part, ...] = field(label="Parts", help="Of a kit or a tubing set", default=())
    lowest_c: float | None = field(label="Keep at no less than", unit="degC", low=-273, default=None)
    highest_c: float | None = field(label="Keep at no more than", unit="degC", low=-273, default=None)


class Component(Body):
    """How much of which lot went into a solution."""

    lot: str = field(label="Lot", length=1)
    quantity: float = field(label="Quantity", help="In the unit of that lot", low=0)


class Preparation(Body):
    """What was made of what, by which procedure, and until when it may be used."""

    what: str = field(label="Material", length=1)
    quantity: float = field(label="Quantity", low=0)
    unit: str = field(label="Unit", help="UCUM code, for example mL", length=1)
    components: tuple[Component, ...] = field(label="Components", length=1)
    procedure: str = field(label="Procedure", help="With its version", length=3)
    made: Moment = field(label="Made at")
    expiry: Expiry = field(label="Expiry", help="As on its label; no later than that of any component")
    storage: str = field(label="Storage condition", default="")
    lowest_c: float | None = field(label="Keep at no less than", unit="degC", low=-273, default=None)
    highest_c: float | None = field(label="Keep at no more than", unit="degC", low=-273, default=None)
    density: float | None = field(label="Density", unit="g/mL", low=0.5, default=None)


class Inspection(Body):
    """What was seen at the delivery, before anything was opened."""

    intact: bool = field(label="Containers and seals are whole, nothing leaks")
    labelled: bool = field(label="Labels say what was ordered, lot and expiry agree with the papers")
    lowest_c: float | None = field(label="Lowest on the way", unit="degC", low=-273, default=None)
    highest_c: float | None = field(label="Highest on the way", unit="degC", low=-273, default=None)
    remark: str = field(label="Remark", default="")


class Sampling(Body):
    """What was taken for tests and for keeping."""

    quantity: float = field(label="Quantity", low=0)
    containers: tuple[str, ...] = field(label="Containers sampled", length=1)
    plan: str = field(label="Sampling plan", help="With its version", length=3)


class Result(Body):
    """What a test of the material found."""

    test: str = field(label="Test", help="As the definition of the material names it", length=2)
    value: str = field(label="Value", length=1)
    method: str = field(label="Method", help="With its version", length=2)
    data: str = field(label="Raw data", help="File, hash or notebook page", length=1)


class Certificate(Body):
    """The certificate of analysis of the manufacturer, by the digest of its file."""

    number: str = field(label="Number of the certificate", length=1)
    maker_lot: str = field(label="Lot that it is about", length=1)
    sha256: Digest = field(label="SHA-256 of the file")


class Storage(Body):
    """How a lot was kept from one moment to another, as a logger has it."""

    since: Moment = field(label="From")
    until: Moment = field(label="To")
    lowest_c: float = field(label="Lowest", unit="degC", low=-273)
    highest_c: float = field(label="Highest", unit="degC", low=-273)
    source: str = field(label="Logger, and its file or hash", length=3)


class Verdict(StrEnum):
    """What an excursion means for the lot."""

    FIT = "fit for use"
    UNFIT = "unfit"


class Evaluation(Body):
    """What the excursions of a lot that nobody has judged yet mean for it."""

    verdict: Verdict = field(label="Verdict")
    rationale: str = field(label="Rationale", help="Stability data, time and temperature", length=10)


class Extension(Body):
    """A later expiry, by a change that quality has approved."""

    expiry: Expiry = field(label="New expiry")
    change: str = field(label="Change", help="Number of the change", length=3)
    rationale: str = field(label="Rationale", help="The data that show it", length=10)


class ForBatch(Body):
    """How much for, to or from which batch."""

    batch: str = field(label="Batch", length=1)
    quantity: float = field(label="Quantity", low=0)
    scanned: str = field(label="Code as it was scanned", help="On the package: its lot, or a GS1 code", default="")


class Unreserve(Body):
    """The batch that does not need it any more."""

    batch: str = field(label="Batch", length=1)


class Destruction(Body):
    """What was thrown away, out of stock or at a batch."""

    quantity: float = field(label="Quantity", low=0)
    batch: str = field(label="Batch", help="Empty: out of stock", default="")
    reason: str = field(label="Reason", length=3)


class Opening(Body):
    """A container that is opened or thawed; from then on it has a life of its own."""

    container: str = field(label="Container", help="As it is numbered within the lot", length=1)
    quantity: float = field(label="Quantity in it", low=0)
    batch: str = field(label="For batch", length=1)
    thawed: bool = field(label="It was thawed", default=False)


class Discard(Body):
    """An opened container whose rest is thrown away."""

    container: str = field(label="Container", length=1)


class Use(Body):
    """How much went into which step, or into which prepared solution."""

    quantity: float = field(label="Quantity", low=0)
    batch: str = field(label="Batch", default="")
    step: str = field(label="Step", default="")
    unit: str = field(label="Unit", help="Has to be the lot's own when it is stated", default="")
    container: str = field(label="Opened container", help="Empty: out of an unopened one", default="")
    into: str = field(label="Prepared lot", default="")
    scanned: str = field(label="Code as it was scanned", help="On the package: its lot, or a GS1 code", default="")
