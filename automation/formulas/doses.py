"""What a patient gets with a dose, per kilogram, per hour or per cell: endotoxin, DMSO, vector copies, beads, cells.

No limit stands here: limits are the user's own, in a signed specification.
Units:  as annotated; bare numbers carry their unit in the name (``_kg``, ``_eu_per_ml``) or are ratios.
Source: USP <85> (K and M per kg and hour); Ph. Eur. 5.34 and FDA guidance on CAR T cells (2024): vector copies for each
        transduced cell; density of DMSO 1.100 g/mL at 20 degC (CRC Handbook).
"""

import math

from automation.formulas.working import shown
from automation.kernel.errors import InputError
from automation.kernel.quantity import Cells, CellsPerMillilitre, Millilitres, Percent

DMSO_G_PER_ML = 1.100  # g/mL, 20 degC


@shown(
    formula="concentration_eu_per_ml * volume / weight_kg",
    source="USP <85>: endotoxin that reaches the patient within the hour, to compare with K; volume = that of all bags",
)
def endotoxin_dose(*, concentration_eu_per_ml: float, volume: Millilitres, weight_kg: float) -> float:
    """Give the endotoxin that all bags of an hour bring (EU/kg)."""
    given = _not_negative(concentration_eu_per_ml, "concentration") * _positive(volume, "volume")
    return given / _positive(weight_kg, "weight")


@shown(formula="1000 * 1.100 * volume * dmso / 100 / weight_kg", source="DMSO as % of the volume, 1.100 g/mL")
def dmso_dose(*, volume: Millilitres, dmso: Percent, weight_kg: float) -> float:
    """Give the DMSO that a volume brings (mg/kg)."""
    if not 0.0 <= float(dmso) <= 100.0:
        raise InputError(f"DMSO is {dmso:g} %; allowed: 0 to 100")
    mass = 1000.0 * DMSO_G_PER_ML * _positive(volume, "volume") * float(dmso) / 100.0
    return mass / _positive(weight_kg, "weight")


@shown(formula="2 * vector_copies / reference_copies", source="a reference gene with two copies in each diploid cell")
def vector_copies_per_cell(*, vector_copies: float, reference_copies: float) -> float:
    """Give the mean number of vector copies over all cells."""
    return 2.0 * _not_negative(vector_copies, "vector copies") / _positive(reference_copies, "reference copies")


@shown(
    formula="2 * vector_copies / reference_copies / (transduced / 100)",
    source="all copies are in transduced cells; a reference gene with two copies in each diploid cell",
)
def vector_copies_per_transduced_cell(*, vector_copies: float, reference_copies: float, transduced: Percent) -> float:
    """Give the mean number of vector copies in a transduced cell."""
    share = float(transduced) / 100.0
    if not 0.0 < share <= 1.0:
        raise InputError(f"transduced is {transduced:g} %; allowed: above 0 up to 100")
    return vector_copies_per_cell(vector_copies=vector_copies, reference_copies=reference_copies) / share


@shown(formula="beads / cells * 3e6", source="residual magnetic beads are reported for each 3e6 cells")
def beads_per_3e6_cells(*, beads: float, cells: Cells) -> float:
    """Give the residual beads for each 3e6 cells."""
    return _not_negative(beads, "beads") / _positive(cells, "cells") * 3e6


@shown(formula="positive / 100 * viable * volume", source="dose of viable cells that carry the receptor")
def receptor_dose(*, positive: Percent, viable: CellsPerMillilitre, volume: Millilitres) -> Cells:
    """Give the viable receptor-positive cells of a dose."""
    if not 0.0 <= float(positive) <= 100.0:
        raise InputError(f"positive is {positive:g} %; allowed: 0 to 100")
    return Cells(float(positive) / 100.0 * _positive(viable, "viable cells") * _positive(volume, "volume"))


@shown(formula="positive / 100 * viable * volume / weight_kg", source="the same dose for each kg of the recipient")
def receptor_dose_per_kg(
    *, positive: Percent, viable: CellsPerMillilitre, volume: Millilitres, weight_kg: float
) -> float:
    """Give the viable receptor-positive cells for each kg of the recipient (cells/kg)."""
    return float(receptor_dose(positive=positive, viable=viable, volume=volume)) / _positive(weight_kg, "weight")


def _positive(value: Cells | CellsPerMillilitre | Millilitres | float, what: str) -> float:
    number = float(value)
    if not (math.isfinite(number) and number > 0.0):
        raise InputError(f"{what} is {number:g}; more than 0 is needed")
    return number


def _not_negative(value: float, what: str) -> float:
    if not (math.isfinite(value) and value >= 0.0):
        raise InputError(f"{what} is {value:g}; 0 or more is needed")
    return value
