"""Words of the filling: what a recipe says of containers, pipetting and labels, and what a filling gives.

Units:  mL, uL, g, cells, %; densities in g/mL.
Source: 21 CFR 211.125 to 211.130 (labels, line clearance), 211.103 (yields); EU GMP Part IV (identity at each fill).
"""

from dataclasses import dataclass, field

from automation.formulas.reconciliation import Line
from automation.kernel.errors import InputError
from automation.kernel.quantity import (
    Cells,
    CellsPerMillilitre,
    Grams,
    GramsPerMillilitre,
    Microlitres,
    Millilitres,
    Percent,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bags:
    """Bags that are filled closed, by weight."""

    number: int = field(metadata={"range": (0, 50), "label": "Bags"})
    kind: str = field(metadata={"label": "Kind of bag"})
    volume: Millilitres = field(metadata={"range": (0.1, 1000.0), "label": "Volume in each"})
    holds: Millilitres = field(metadata={"range": (0.1, 5000.0), "label": "A bag of this kind holds"})
    empty: Grams = field(metadata={"range": (0.1, 500.0), "label": "Mass of an empty, labelled bag"})
    empty_tolerance: Grams = field(metadata={"range": (0.01, 100.0), "label": "It is one within"})
    tolerance: Grams = field(metadata={"range": (0.01, 50.0), "label": "A fill is right within"})

    def __post_init__(self) -> None:
        """Refuse more than goes in; raises InputError."""
        if self.volume > self.holds:
            raise InputError(f"volume is {self.volume:g} mL, and a {self.kind} holds {self.holds:g} mL")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tubes:
    """Cryovials or aliquots that the liquid handler fills."""

    number: int = field(metadata={"range": (0, 32), "label": "Tubes"})
    kind: str = field(metadata={"label": "Kind of tube"})
    volume: Millilitres = field(metadata={"range": (0.01, 5.0), "label": "Volume in each"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipetting:
    """How the liquid handler works."""

    deck: str = field(metadata={"label": "Name of the deck"})
    deck_sha256: str = field(metadata={"label": "Hash of the deck that was approved"})
    trough: str = field(metadata={"label": "Kind of trough"})
    trough_empty: Grams = field(metadata={"range": (0.1, 500.0), "label": "Mass of an empty, labelled trough"})
    rest: Millilitres = field(metadata={"range": (0.0, 50.0), "label": "What stays in the trough"})
    channels: int = field(metadata={"range": (1, 16), "label": "Channels at once"})
    mix_volume: Microlitres = field(metadata={"range": (0.0, 5000.0), "label": "Mixed before each aspiration"})
    mix_cycles: int = field(metadata={"range": (0, 20), "label": "Times"})
    uncertainty: Percent = field(metadata={"range": (0.0, 20.0), "label": "Uncertainty of a pipetted volume"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelText:
    """What stands on every label beside what the record knows."""

    product: str = field(metadata={"label": "Name of the product"})
    statement: str | None = field(
        metadata={"label": "Statements, printed large, a line each between semicolons; null: none"}
    )
    storage: str = field(metadata={"label": "Storage condition"})
    expiry: str | None = field(metadata={"label": "Expiry as it is to be printed; null: none"})
    record_copy: bool = field(metadata={"label": "A copy of the first label goes into the record"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Set by the approved recipe; there are no defaults."""

    volume: Millilitres = field(metadata={"range": (0.0, 5000.0), "label": "Formulated volume"})
    volume_uncertainty: Millilitres = field(metadata={"range": (0.0, 500.0), "label": "Its standard uncertainty"})
    density: GramsPerMillilitre = field(metadata={"range": (0.9, 1.2), "label": "Density of the product"})
    density_uncertainty: Percent = field(metadata={"range": (0.0, 5.0), "label": "Its uncertainty"})
    concentration: CellsPerMillilitre = field(metadata={"range": (0.0, 1e10), "label": "Viable cells"})
    concentration_uncertainty: CellsPerMillilitre = field(
        metadata={"range": (0.0, 1e10), "label": "Its standard uncertainty"}
    )
    dmso: Percent = field(metadata={"range": (0.0, 50.0), "label": "DMSO"})
    source_empty: Grams = field(metadata={"range": (0.0, 500.0), "label": "Mass of the empty bag of the product"})
    bags: Bags = field(metadata={"label": "Bags for the patient"})
    vials: Tubes = field(metadata={"label": "Cryovials"})
    aliquots: Tubes = field(metadata={"label": "Aliquots for QC"})
    pipetting: Pipetting = field(metadata={"label": "Liquid handler"})
    hold_up: Millilitres = field(metadata={"range": (0.0, 50.0), "label": "What stays in the transfer set"})
    hold_up_uncertainty: Millilitres = field(metadata={"range": (0.0, 10.0), "label": "Its standard uncertainty"})
    balance_uncertainty: Grams = field(metadata={"range": (0.001, 10.0), "label": "Uncertainty of one weighing"})
    unaccounted_at_most: Percent = field(metadata={"range": (0.1, 50.0), "label": "Volume unaccounted for, at most"})
    label: LabelText = field(metadata={"label": "Text of the labels"})


@dataclass(frozen=True, slots=True)
class Named:
    """A container that is filled: its id, its label, what it is."""

    container: str
    label: str  # the print that goes on it
    kind: str


@dataclass(frozen=True, slots=True)
class Filled:
    """A container with what went into it; ``mass`` where it was weighed."""

    container: str
    volume: Millilitres
    standard: Millilitres
    mass: Grams | None = None
    empty: Grams | None = None  # container and label alone


@dataclass(frozen=True, slots=True)
class Results:
    """What later steps may use; uncertainties are standard uncertainties."""

    source: str = ""
    bags: tuple[Named, ...] = ()
    vials: tuple[Named, ...] = ()
    aliquots: tuple[Named, ...] = ()
    trough: Named | None = None
    trough_planned: Millilitres | None = None
    weighed: tuple[Filled, ...] = ()  # bags, and the trough
    pipetted: tuple[Filled, ...] = ()
    wasted: Millilitres | None = None  # by the liquid handler
    wasted_uncertainty: Millilitres | None = None
    rejected: tuple[str, ...] = ()
    left_in_bag: Filled | None = None
    left_in_trough: Filled | None = None
    bags_filled: int | None = None
    vials_filled: int | None = None
    aliquots_filled: int | None = None
    volume_filled: Millilitres | None = None  # into what was not rejected
    cells_filled: Cells | None = None  # viable, the same
    smallest_bag: Millilitres | None = None
    largest_bag: Millilitres | None = None
    dose_per_bag: Cells | None = None  # viable, in the bag with the least
    dose_uncertainty: Cells | None = None
    volume_unaccounted: Millilitres | None = None
    volume_expanded: Millilitres | None = None  # coverage factor 2
    volume_share: Percent | None = None  # unaccounted for
    cells_unaccounted: Percent | None = None
    labels_printed: int | None = None
    labels_unaccounted: int | None = None
    containers_unaccounted: int | None = None
    balance: tuple[Line, ...] = ()
    why: str = ""  # it is not reconciled
