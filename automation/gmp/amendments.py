"""Planned amendments of one batch: what a change to its steps to come states, and how one stands.

A move of the batch each: proposed and signed by its author, approved by somebody else who has no hand in the batch,
put in force by the program at the next step boundary. A proposal that no longer fits lapses.
Source: 21 CFR 211.100(a), (b) (changes are reviewed, approved, recorded); 211.188(a).
"""

from dataclasses import dataclass
from enum import StrEnum

from automation.gmp.words import Body, field


class Stage(StrEnum):
    """How far an amendment has come."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    IN_FORCE = "in force"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class BillLine(Body):
    """One line of the bill of materials: how much of what for which step."""

    material: str = field(label="Material", length=1)
    quantity: float = field(label="Quantity", low=0)
    unit: str = field(label="Unit")
    step: str = field(label="Step")


class Proposal(Body):
    """A whole recipe that is to take the place of the one in force, for the steps that have not begun."""

    number: int = field(label="Number", help="1, 2, ... within the batch", low=1)
    based_on: str = field(label="Digest of the recipe in force", length=64)
    recipe_version: str = field(label="Recipe version")
    recipe_digest: str = field(label="Digest of the amended recipe", length=64)
    recipe_file: str = field(label="Copy of the amended recipe", help="SHA-256 of the file", length=64)
    operations: dict[str, str] = field(label="Operations", help="Each with the digest of its source")
    differences: tuple[str, ...] = field(label="What differs", help="In words, one sentence each")
    reason: str = field(label="Reason", length=3)
    bill: tuple[BillLine, ...] | None = field(label="Bill of materials", default=None)


class Approval(Body):
    """Which proposal is approved: by its number and by what it makes of the recipe."""

    number: int = field(label="Number", low=1)
    recipe_digest: str = field(label="Digest of the amended recipe", length=64)


class Withdrawal(Body):
    """Which proposal is given up, or does not fit any more, and why."""

    number: int = field(label="Number", low=1)
    reason: str = field(label="Reason", length=3)


class Adoption(Body):
    """Which amendment is in force from here on."""

    number: int = field(label="Number", low=1)


@dataclass(frozen=True, slots=True)
class Amendment:
    """One amendment as it stands."""

    proposal: Proposal
    author: str
    stage: Stage = Stage.PROPOSED
    approved_by: str = ""
    why: str = ""  # why it was withdrawn or lapsed

    @property
    def is_open(self) -> bool:
        """Tell whether something is still to come of it."""
        return self.stage in {Stage.PROPOSED, Stage.APPROVED}
