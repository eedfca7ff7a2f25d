"""Cultures: how much of what goes in, and what follows from it.

Units:  mL, cells, cells/mL, s, %; ratios are bare. Concentrations of additions are in units of the addition per mL.
Source: C1 V1 = C2 V2; each function names its own.
"""

import math
from typing import Protocol

from automation.formulas.working import shown
from automation.kernel.errors import InputError
from automation.kernel.quantity import (
    BeadsPerMillilitre,
    Cells,
    CellsPerMillilitre,
    InternationalUnitsPerMillilitre,
    Millilitres,
    NanogramsPerMillilitre,
    Percent,
)


@shown(formula="cells / density", source="seeding density: viable cells per mL of culture")
def seeding_volume(*, cells: Cells, density: CellsPerMillilitre) -> Millilitres:
    """Give the volume in which so many cells have a density (mL)."""
    return Millilitres(_positive(cells, "cells") / _positive(density, "density"))


@shown(formula="cells * ratio / stock", source="beads per cell")
def bead_volume(*, cells: Cells, ratio: float, stock: BeadsPerMillilitre) -> Millilitres:
    """Give the volume of beads for a ratio of beads to cells (mL)."""
    return Millilitres(_positive(cells, "cells") * _positive(ratio, "ratio") / _positive(stock, "stock"))


@shown(formula="volume * share / 100", source="colloidal reagent: share of the final volume")
def reagent_volume(*, volume: Millilitres, share: Percent) -> Millilitres:
    """Give the volume of a reagent that makes up a share of the final volume (mL)."""
    if not 0.0 < float(share) < 100.0:
        raise InputError(f"share is {share:g} %; allowed: above 0 and below 100")
    return volume * (float(share) / 100.0)


@shown(formula="volume * wanted / stock", source="dilution C1 V1 = C2 V2")
def cytokine_volume(
    *, volume: Millilitres, wanted: InternationalUnitsPerMillilitre, stock: InternationalUnitsPerMillilitre
) -> Millilitres:
    """Give the volume of stock for a cytokine in a final volume (mL); raises InputError when the stock is weaker."""
    if wanted > stock:
        raise InputError(f"{wanted:g} IU/mL can't be made from a stock of {stock:g} IU/mL")
    return volume * (float(wanted) / _positive(stock, "stock"))


@shown(formula="volume * wanted / stock", source="dilution C1 V1 = C2 V2")
def antibody_volume(
    *, volume: Millilitres, wanted: NanogramsPerMillilitre, stock: NanogramsPerMillilitre
) -> Millilitres:
    """Give the volume of stock for an antibody in a final volume (mL); raises InputError when the stock is weaker."""
    if wanted > stock:
        raise InputError(f"{wanted:g} ng/mL can't be made from a stock of {stock:g} ng/mL")
    return volume * (float(wanted) / _positive(stock, "stock"))


@shown(formula="cells * ratio / stock", source="viable feeder cells for each cell")
def feeder_volume(*, cells: Cells, ratio: float, stock: CellsPerMillilitre) -> Millilitres:
    """Give the volume of a feeder suspension for a ratio of viable feeders to cells (mL)."""
    return Millilitres(_positive(cells, "cells") * _positive(ratio, "ratio") / _positive(stock, "stock"))


@shown(formula="cells / density - volume", source="dilution to a density")
def feed_volume(*, cells: Cells, density: CellsPerMillilitre, volume: Millilitres) -> Millilitres:
    """Give the medium that brings a culture down to a density (mL); 0 when it is there already."""
    return max(Millilitres(0.0), seeding_volume(cells=cells, density=density) - volume)


@shown(formula="-ln(1 - share / 100) / (share / 100)", source="Poisson: mean copies over the share with at least one")
def copies_per_transduced_cell(*, share: Percent) -> float:
    """Give the mean number of copies in a transduced cell that Poisson expects at a share of them (%)."""
    part = float(share) / 100.0
    if not 0.0 < part < 1.0:
        raise InputError(f"share is {share:g} %; allowed: above 0 and below 100")
    return -math.log1p(-part) / part


def tenfold(now: Cells, expected: Cells, *, factor: float) -> bool:
    """Tell whether a count is so far from what the step before leads to expect that a slip has to be asked about."""
    if float(now) <= 0.0 or float(expected) <= 0.0:
        return float(now) != float(expected)
    return not 1.0 / factor <= float(now) / float(expected) <= factor


class _Number(Protocol):
    def __float__(self) -> float: ...


def _positive(value: _Number, what: str) -> float:
    if not float(value) > 0.0:
        raise InputError(f"{what} is {float(value):g}; above 0 is needed")
    return float(value)
