"""What is stated of the execution of a qualification protocol: its plan, equipment, results, dispositions and release.

Units:  due dates are moments (s, UTC); a date without a time means the end of that day in the site's zone.
Source: EU GMP Annex 15, 2.4 to 2.10 (execution, deviations, formal release); 21 CFR 211.68, 11.10(a).
"""

import re
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator

from automation.gmp.bodies.assets import EndOf
from automation.gmp.bodies.protocols import Protocol
from automation.gmp.words import Body, field

_SHA = re.compile(r"[0-9a-f]{64}")
_EMPTY = frozenset({"as expected", "expected", "ok", "okay", "pass", "passed", "yes", "no", "n/a", "done", "fine"})


def _recorded(text: str) -> str:
    """Refuse what says nothing of what was seen."""
    said = " ".join(text.split())
    if said.lower().rstrip(".!") in _EMPTY or not said:
        msg = "the value or what was seen is needed, never only that it is as expected"
        raise ValueError(msg)
    return said


def _digest(text: str) -> str:
    if not _SHA.fullmatch(text):
        msg = "the SHA-256 of a file is needed, 64 hex digits"
        raise ValueError(msg)
    return text


Actual = Annotated[str, AfterValidator(_recorded)]
"""What came out: a value, or words for what was seen."""

Digest = Annotated[str, AfterValidator(_digest)]
"""The SHA-256 of a kept file."""


class Planned(Body):
    """Which protocol is executed on which asset; the whole protocol stands in the record."""

    asset: str = field(label="Asset", length=1)
    protocol: Protocol = field(label="Protocol", help="The whole of it; qualify reads it from its file")


class Approval(Body):
    """Which protocol is approved for execution, by the digest of what it says."""

    digest: Digest = field(label="Digest of the protocol", help="As show and qualify give it")


class Equipped(Body):
    """One piece of test equipment, as it stands in the register."""

    role: str = field(label="Role", length=1)
    asset: str = field(label="Asset", length=1)
    certificate: str = field(label="Calibration certificate", length=1)
    due: EndOf = field(label="Calibrated until")


class Beginning(Body):
    """With which test equipment the execution begins."""

    digest: Digest = field(label="Digest of the protocol", help="As it was approved")
    equipment: tuple[Equipped, ...] = field(label="Test equipment", default=())


class Entry(Body):
    """What a person found in one step."""

    step: str = field(label="Step", help="CASE.NUMBER, for example OQ-1.2", length=1)
    actual: Actual = field(label="Actual", help="The value, the readings, or what was seen")
    met: bool | None = field(label="As expected", help="Only where no limit judges", default=None)
    evidence: tuple[Digest, ...] = field(label="Files", help="By their SHA-256", default=())
    names: tuple[str, ...] = field(label="Names of the files", help="In their order", default=())
    simulated: bool = field(label="Of a simulated site", default=False)


class Piece(Body):
    """One file that the program kept for a step."""

    name: str = field(label="Name", length=1)
    sha256: Digest = field(label="SHA-256")


class Observation(Body):
    """What the program found in one step, with what it kept and the events that it rests on."""

    step: str = field(label="Step", length=1)
    actual: Actual = field(label="Actual")
    met: bool = field(label="As expected")
    evidence: tuple[Piece, ...] = field(label="Files", default=())
    cites: tuple[int, ...] = field(label="Events", default=())
    started_by: str = field(label="Started by", help="The person who let the program do it", length=1)
    simulated: bool = field(label="Of a simulated site", default=False)


class Repetition(Body):
    """Which step is done again, and why; its first result stays."""

    step: str = field(label="Step", length=1)
    reason: str = field(label="Reason", length=3)


class Decision(StrEnum):
    """What becomes of a step that failed."""

    REPEATED = "corrected and repeated"
    ACCEPTED = "accepted with a restriction"
    NOT_ACCEPTED = "not accepted"


class Disposition(Body):
    """What a deviation of the execution comes to."""

    deviation: str = field(label="Deviation", length=1)
    decision: Decision = field(label="Decision")
    reason: str = field(label="Justification", length=3)
    restriction: str = field(label="Restriction", help="With which it is accepted", default="")


class Review(Body):
    """What the review found."""

    conclusion: str = field(label="Conclusion", length=3)


class Release(Body):
    """For which use the asset is released, with which restrictions, until when."""

    statement: str = field(label="Release for use", help="For what it may be used", length=10)
    restrictions: tuple[str, ...] = field(label="Restrictions", default=())
    due: EndOf = field(label="Requalification due")
