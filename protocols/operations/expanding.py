"""Words of the expansion: what a recipe says of a culture that grows, and what an expansion gives.

Units:  cells, cells/mL, mL, g/L, %, s.
Source: as ``deciding``, ``counting``, ``incubation`` and ``adding``.
"""

from dataclasses import dataclass, field

from automation.kernel.errors import InputError
from automation.kernel.quantity import (
    Cells,
    CellsPerMillilitre,
    GramsPerLitre,
    Instant,
    Millilitres,
    Percent,
    Seconds,
)
from protocols.operations.activate import Cytokine
from protocols.operations.adding import Liquid, Weights
from protocols.operations.counting import Rules as CountingRules
from protocols.operations.counting import Single
from protocols.operations.culturing import Vessel
from protocols.operations.deciding import Decision
from protocols.operations.deciding import Rules as DecisionRules
from protocols.operations.incubation import Conditions


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Set by the approved recipe; there are no defaults."""

    volume: Millilitres = field(metadata={"range": (0.0, 50_000.0), "label": "Volume of the culture"})
    cells: Cells = field(metadata={"range": (0.0, 1e14), "label": "Viable cells at its beginning"})
    conditions: Conditions = field(metadata={"label": "Climate"})
    first_sample: Seconds = field(metadata={"range": (60.0, 30 * 86_400.0), "label": "First sample after"})
    sample_every: Seconds = field(metadata={"range": (3600.0, 7 * 86_400.0), "label": "Samples every"})
    sample: Millilitres = field(metadata={"range": (0.05, 50.0), "label": "Volume of each sample"})
    counting: CountingRules = field(metadata={"label": "Counting"})
    rules: DecisionRules = field(metadata={"label": "In-process decisions"})
    split_into: Vessel | None = field(metadata={"label": "Vessel for a split; null where it is never split"})
    medium: Liquid = field(metadata={"label": "Medium"})
    cytokines: tuple[Cytokine, ...] = field(metadata={"label": "Cytokines"})
    pipette_error: Percent = field(metadata={"range": (0.0, 20.0), "label": "Uncertainty of a pipetted volume"})
    weights: Weights = field(metadata={"label": "Weighing"})

    def __post_init__(self) -> None:
        """Refuse rules that split into a vessel that is not named; raises InputError."""
        if self.rules.vessels_most > 1 and self.split_into is None:
            raise InputError(
                f"vessels_most is {self.rules.vessels_most}, and split_into names no vessel", where="split_into"
            )


@dataclass(frozen=True, slots=True)
class Day:
    """One sample, what it said, and what was decided."""

    at: Instant
    counts: tuple[Single, ...]
    volume: Millilitres  # of the culture in all vessels, without the samples
    viable_concentration: CellsPerMillilitre
    viable_uncertainty: CellsPerMillilitre
    viability: Percent
    cells: Cells
    glucose: GramsPerLitre | None
    lactate: GramsPerLitre | None
    proposed: Decision
    why: str
    decided: Decision
    feed: Millilitres
    until_harvest: Seconds | None  # forecast; None without growth
    earliest: Seconds | None = None  # its interval, coverage factor 2; None where no time can be told
    latest: Seconds | None = None
    measured: str = ""  # where glucose and lactate stand
    bounds: tuple[str, ...] = ()  # of them, what lies beyond the range of its test


@dataclass(frozen=True, slots=True)
class Results:
    """What later steps may use; uncertainties are standard uncertainties."""

    container: str = ""  # the first vessel
    vessels: tuple[str, ...] = ()
    volumes: tuple[Millilitres, ...] = ()  # in each
    began_at: Instant | None = None
    days: tuple[Day, ...] = ()
    volume: Millilitres | None = None
    viable_cells: Cells | None = None
    viable_concentration: CellsPerMillilitre | None = None
    viable_uncertainty: CellsPerMillilitre | None = None
    viability: Percent | None = None
    glucose: GramsPerLitre | None = None
    lactate: GramsPerLitre | None = None
    fold: float | None = None
    feeds: int = 0
    splits: int = 0
    extensions: int = 0
    excursions: int = 0
