"""Electroporation: how many cassettes, how much cargo, and what comes through the pulse.

Units:  mL, cells, %, V, cm; cargo in micrograms per million cells (bare numbers, the unit stands in the name).
Source: each function names its own; doses, densities and efficiencies are the user's, from his own process.
"""

import math

from automation.formulas.working import shown
from automation.kernel.errors import InputError
from automation.kernel.quantity import Cells, CellsPerMillilitre, Millilitres, NanogramsPerMillilitre, Percent

NG_PER_UG = 1000.0


@shown(
    formula="cells / 1e6 * ug_per_million * 1000 / stock",
    source="cargo (mRNA, RNP, plasmid) for a dose by cells: C1 V1 = C2 V2",
)
def cargo_volume(*, cells: Cells, ug_per_million: float, stock: NanogramsPerMillilitre) -> Millilitres:
    """Give the volume of cargo for a dose in micrograms per million cells (mL)."""
    dose = _positive(float(cells), "cells") / 1e6 * _positive(ug_per_million, "dose") * NG_PER_UG
    return Millilitres(dose / _positive(float(stock), "stock"))


@shown(
    formula="ceil(max(cells / cells_most, volume / holds))",
    source="a cassette takes so many cells and so much volume, whichever is reached first",
)
def cassettes(*, cells: Cells, cells_most: Cells, volume: Millilitres, holds: Millilitres) -> int:
    """Give the number of cassettes that cells in a volume need."""
    by_cells = _positive(float(cells), "cells") / _positive(float(cells_most), "cells in one cassette")
    by_volume = _positive(float(volume), "volume") / _positive(float(holds), "volume of one cassette")
    return math.ceil(round(max(by_cells, by_volume), 9))


@shown(formula="100 * after / before", source="survival: viable cells after recovery over viable cells pulsed")
def pulse_survival(*, after: Cells, before: Cells) -> Percent:
    """Give the share of the cells that live through the pulse (%)."""
    return Percent(100.0 * float(after) / _positive(float(before), "cells before"))


@shown(
    formula="cells * survival / 100 * efficiency / 100",
    source="cells that live and carry the cargo, of those that were pulsed",
)
def modified_cells(*, cells: Cells, survival: Percent, efficiency: Percent) -> Cells:
    """Give how many cells live and carry the cargo; raises InputError for shares outside 0 to 100 %."""
    for name, share in (("survival", survival), ("efficiency", efficiency)):
        if not 0.0 <= float(share) <= 100.0:
            raise InputError(f"{name} is {share:g} %; allowed: 0 to 100")
    return Cells(float(cells) * float(survival) / 100.0 * float(efficiency) / 100.0)


@shown(formula="voltage_v / gap_cm", source="field between parallel plates")
def field_strength(*, voltage_v: float, gap_cm: float) -> float:
    """Give the field in a cuvette (V/cm)."""
    return _positive(voltage_v, "voltage") / _positive(gap_cm, "gap")


def density(cells: Cells, volume: Millilitres) -> CellsPerMillilitre:
    """Give viable cells per mL."""
    return CellsPerMillilitre(float(cells) / _positive(float(volume), "volume"))


def _positive(value: float, what: str) -> float:
    if not (math.isfinite(value) and value > 0.0):
        raise InputError(f"{what} is {value:g}; more than 0 is needed")
    return value
