"""Words of the sampling: what a recipe says of the tests, and what a sampling gives.

Units:  mL, s, %.
Source: 21 CFR 211.160(b), 211.188(b)(10) (sampling by plan), 211.194(a)(1) (identity of a sample), 211.125 (labels).
"""

from dataclasses import dataclass, field
from enum import StrEnum

from automation.formulas.sampling import Wanted
from automation.kernel.errors import InputError
from automation.kernel.quantity import Instant, Millilitres, Percent, Seconds


class Keep(StrEnum):
    """How a sample waits."""

    COLD = "2 to 8 degC"
    ROOM = "15 to 25 degC"
    WARM = "35 to 39 degC"
    FROZEN = "frozen, on dry ice"


class Outcome(StrEnum):
    """What became of a sample."""

    PLANNED = "planned"
    DRAWN = "drawn"
    REJECTED = "rejected"  # leaking, clotted, unlabelled: never sent, or refused by the laboratory
    HANDED_OVER = "handed over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """One test of the plan."""

    code: str = field(metadata={"label": "What the names of its samples end with"})
    test: str = field(metadata={"label": "Test, with its method"})
    tubes: int = field(metadata={"range": (1, 20), "label": "Tubes"})
    kind: str = field(metadata={"label": "Kind of tube"})
    material: str = field(metadata={"label": "Tube, by its name in the bill of materials"})
    volume: Millilitres = field(metadata={"range": (0.01, 100.0), "label": "Volume in each"})
    keep: Keep = field(metadata={"label": "How the samples wait"})
    within: Seconds = field(metadata={"range": (60.0, 7 * 86_400.0), "label": "From the draw to the laboratory"})
    required: bool = field(metadata={"label": "Without it the batch does not go on by itself"})

    def wanted(self, tubes: int) -> Wanted:
        """Give what so many of its tubes take."""
        return Wanted(tubes=tubes, volume=self.volume)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Set by the approved recipe; there are no defaults."""

    volume: Millilitres = field(metadata={"range": (0.0, 50_000.0), "label": "Volume that is there"})
    keeps: Millilitres = field(metadata={"range": (0.0, 50_000.0), "label": "Stays in the container at least"})
    tests: tuple[Test, ...] = field(metadata={"label": "Plan, the most important test first"})
    draw_uncertainty: Percent = field(metadata={"range": (0.0, 20.0), "label": "Uncertainty of a drawn volume"})
    draws_at_most: int = field(metadata={"range": (1, 3), "label": "Draws at most for one test"})
    laboratory: str = field(metadata={"label": "Laboratory that gets the samples"})
    product: str = field(metadata={"label": "Name of the product on the labels"})
    warn_at: Percent = field(
        metadata={"range": (1.0, 99.0), "label": "Share of the way's time at which people are told"}
    )

    def __post_init__(self) -> None:
        """Refuse a plan whose samples could not be told apart; raises InputError."""
        codes = [one.code for one in self.tests]
        twice = next((code for code in codes if codes.count(code) > 1 or not code.isalpha()), "")
        if twice or not codes:
            raise InputError(f"tests has the code {twice!r}; each needs letters of its own", where="tests")

    def of(self, code: str) -> Test:
        """Give a test by its code."""
        return next(one for one in self.tests if one.code == code)


@dataclass(frozen=True, slots=True)
class Tube:
    """One tube: what it is for, and what became of it."""

    name: str
    code: str  # of its test
    label: str
    outcome: Outcome = Outcome.PLANNED
    condition: str = ""
    drawn_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class Results:
    """What later steps may use."""

    source: str = ""
    samples: tuple[Tube, ...] = ()
    left_out: tuple[str, ...] = ()  # codes of tests for which there was not enough
    draws: int = 0
    drawn: Millilitres = Millilitres(0.0)
    volume: Millilitres | None = None  # left in the container
    share: Percent | None = None  # that went into samples
    manifest: tuple[str, ...] = ()  # as it was signed
    sent: tuple[str, ...] = ()  # names of the samples that the laboratory has
    handed_over_at: Instant | None = None
    longest_way: Seconds | None = None  # from a draw to the hand-over
    labels_unaccounted: int | None = None
    why: str = ""  # it is not possible, or incomplete

    def missing(self, test: Test) -> int:
        """Give how many tubes of a test are still to be drawn; none of one for which there was not enough."""
        there = sum(one.code == test.code and one.outcome is not Outcome.REJECTED for one in self.samples)
        return 0 if test.code in self.left_out else test.tubes - there
