"""Words of the expansion on a rocker: climate and motion, feed by pump, perfusion by cells, and what comes of it.

Units:  degC, 1/min, deg, L/min, %, mL, mL/h, cells, s; the perfusion of a cell in nL a day.
Source: as ``expanding``; limits, rates and cell-specific perfusion are the user's.
"""

from dataclasses import dataclass, field

from automation.kernel.quantity import (
    Cells,
    CellsPerMillilitre,
    GramsPerLitre,
    Instant,
    Kelvin,
    Millilitres,
    Percent,
    Seconds,
)
from instruments.interfaces.bioreactor import CultureSetPoints, CultureValues
from protocols.operations.counting import Rules as CountingRules
from protocols.operations.culture_counts import Sum
from protocols.operations.culturing import Vessel
from protocols.operations.deciding import Rules as DecisionRules
from protocols.operations.expanding import Day


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the rocker keeps, and how far it may be off before somebody is called."""

    set_points: CultureSetPoints = field(metadata={"label": "Set points"})
    temperature_within: Kelvin = field(metadata={"range": (0.1, 10.0), "label": "Temperature, half-width"})
    oxygen_least: Percent | None = field(
        metadata={"range": (0.0, 100.0), "label": "Dissolved oxygen at least, % of air saturation; null: not judged"}
    )
    ph_least: float | None = field(metadata={"range": (6.0, 8.0), "label": "pH at least; null: not judged"})
    ph_most: float | None = field(metadata={"range": (6.0, 8.0), "label": "pH at most; null: not judged"})
    off_at_most: Seconds = field(metadata={"range": (0.0, 86_400.0), "label": "May be off for"})
    every: Seconds = field(metadata={"range": (10.0, 3600.0), "label": "Between readings"})

    def why_off(self, seen: CultureValues) -> str:
        """Say what of a culture is off; empty when all is as it should be. What can't be read is off."""
        wanted = float(self.set_points.temperature)
        if seen.temperature is None or abs(float(seen.temperature) - wanted) > float(self.temperature_within):
            return f"temperature is {seen.temperature} degC"
        if self.oxygen_least is not None and (seen.dissolved_oxygen or Percent(0.0)) < self.oxygen_least:
            return f"dissolved oxygen is {seen.dissolved_oxygen} %"
        if self.ph_least is not None and (seen.ph is None or seen.ph < self.ph_least):
            return f"pH is {seen.ph}"
        if self.ph_most is not None and (seen.ph is None or seen.ph > self.ph_most):
            return f"pH is {seen.ph}"
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PerfusionPlan:
    """Medium through the culture, in proportion to its cells."""

    from_density: CellsPerMillilitre = field(metadata={"range": (1e3, 1e9), "label": "Perfused from this density"})
    nl_per_cell_day: float = field(metadata={"range": (1e-4, 10.0), "label": "Medium for each cell and day, nL"})
    rate_most: float = field(metadata={"range": (0.1, 500.0), "label": "At most, mL/h"})
    waste: Vessel = field(metadata={"label": "Bag for spent medium"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Set by the approved recipe; there are no defaults."""

    volume: Millilitres = field(metadata={"range": (0.0, 50_000.0), "label": "Volume of the culture"})
    cells: Cells = field(metadata={"range": (0.0, 1e14), "label": "Viable cells at its beginning"})
    kept: Kept = field(metadata={"label": "Climate and motion"})
    first_sample: Seconds = field(metadata={"range": (60.0, 30 * 86_400.0), "label": "First sample after"})
    sample_every: Seconds = field(metadata={"range": (3600.0, 7 * 86_400.0), "label": "Samples every"})
    sample: Millilitres = field(metadata={"range": (0.05, 50.0), "label": "Volume of each sample"})
    counting: CountingRules = field(metadata={"label": "Counting"})
    rules: DecisionRules = field(metadata={"label": "In-process decisions"})
    medium: str = field(metadata={"label": "Medium, by its name in the bill of materials"})
    feed_within: Seconds = field(metadata={"range": (60.0, 86_400.0), "label": "A feed is in after at most"})
    pump_error: Percent = field(metadata={"range": (0.0, 20.0), "label": "Uncertainty of a pumped volume"})
    perfusion: PerfusionPlan = field(metadata={"label": "Perfusion"})


@dataclass(frozen=True, slots=True)
class Results:
    """What later steps may use; uncertainties are standard uncertainties."""

    container: str = ""
    waste: str = ""
    began_at: Instant | None = None
    days: tuple[Day, ...] = ()
    sampled_at: Instant | None = None  # of the sample that is being decided on
    counted: Sum | None = None  # as above
    volume: Millilitres | None = None
    viable_cells: Cells | None = None
    viable_concentration: CellsPerMillilitre | None = None
    viable_uncertainty: CellsPerMillilitre | None = None
    viability: Percent | None = None
    glucose: GramsPerLitre | None = None
    lactate: GramsPerLitre | None = None
    fold: float | None = None
    rate: float = 0.0  # mL/h, of the perfusion that goes on
    rates: tuple[float, ...] = ()  # set after each sample
    perfused: Millilitres = Millilitres(0.0)
    feeds: int = 0
    extensions: int = 0
    excursions: int = 0
    given_up: bool = False
