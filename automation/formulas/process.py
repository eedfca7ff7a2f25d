"""Process calculations: growth, transduction, dilution, endotoxin, centrifuge.

Units: as annotated; bare numbers are ratios or carry their unit in the name (``_kg``, ``_cm``, ``_eu_per_ml``).
Source: each function names its own; worked examples stand in the tests.
"""

import math

from automation.formulas.working import shown
from automation.kernel.errors import InputError
from automation.kernel.quantity import Cells, Millilitres, Percent, Seconds

RCF = 1.118e-5  # x g per cm and (1/min)^2: 4 pi^2 / (3600 * 980.665)


@shown(formula="100 * out / before", source="recovery of cells over a step")
def recovery(*, out: Cells, before: Cells) -> Percent:
    """Give the share of cells that a step gives back (%)."""
    return Percent(100.0 * float(out) / _positive(before, "cells before"))


@shown(formula="after / before", source="fold expansion, N(t) / N(0)")
def fold_expansion(*, after: Cells, before: Cells) -> float:
    """Give how many times more cells there are."""
    return float(after) / _positive(before, "cells before")


@shown(formula="log2(after / before)", source="population doublings")
def population_doublings(*, after: Cells, before: Cells) -> float:
    """Give the number of doublings; negative when cells were lost."""
    return math.log2(_positive(after, "cells after") / _positive(before, "cells before"))


@shown(formula="duration * ln(2) / ln(after / before)", source="exponential growth")
def doubling_time(*, after: Cells, before: Cells, duration: Seconds) -> Seconds:
    """Give the doubling time (s); raises InputError when the cells did not grow."""
    ratio = _positive(after, "cells after") / _positive(before, "cells before")
    if ratio <= 1.0:
        raise InputError(f"from {before:g} to {after:g} cells is no growth, so there is no doubling time")
    return duration * (math.log(2.0) / math.log(ratio))


@shown(formula="cells * moi / titre_tu_per_ml", source="multiplicity of infection: transducing units per cell")
def vector_volume(*, cells: Cells, moi: float, titre_tu_per_ml: float) -> Millilitres:
    """Give the volume of vector for a multiplicity of infection (mL)."""
    return Millilitres(float(cells) * _positive(moi, "MOI") / _positive(titre_tu_per_ml, "titre"))


@shown(formula="100 * (1 - exp(-efficiency * moi))", source="Poisson: share of cells with at least one copy")
def transduced(*, efficiency: float, moi: float) -> Percent:
    """Give the expected share of transduced cells (%)."""
    return Percent(100.0 * -math.expm1(-_positive(efficiency, "efficiency") * _positive(moi, "MOI")))


@shown(formula="stock volume = final_volume * final / stock", source="dilution C1 V1 = C2 V2")
def cryoprotectant_volume(*, final_volume: Millilitres, final: Percent, stock: Percent) -> Millilitres:
    """Give the volume of stock that brings a final volume to a concentration (mL), both in % of the same kind."""
    if not 0.0 <= float(final) <= float(stock):
        raise InputError(f"{final:g} % can't be made from a stock of {stock:g} %; allowed: 0 to the stock's own")
    return final_volume * (float(final) / _positive(stock, "stock"))


@shown(
    formula="k_eu_per_kg * weight_kg / volume", source="USP <85>: limit = K / M, M = largest dose in mL per kg and hour"
)
def endotoxin_limit(*, k_eu_per_kg: float, weight_kg: float, volume: Millilitres) -> float:
    """Give the endotoxin limit of a product given within an hour (EU/mL); K is 5 EU/kg, intrathecal 0.2."""
    dose = _positive(volume, "volume") / _positive(weight_kg, "weight")
    return _positive(k_eu_per_kg, "K") / dose


@shown(formula="limit_eu_per_ml * concentration / lambda_eu_per_ml", source="USP <85>: maximum valid dilution")
def maximum_valid_dilution(*, limit_eu_per_ml: float, concentration: float, lambda_eu_per_ml: float) -> float:
    """Give the largest dilution at which the limit can still be detected."""
    return limit_eu_per_ml * _positive(concentration, "concentration") / _positive(lambda_eu_per_ml, "lambda")


@shown(formula="1.118e-5 * radius_cm * rpm ** 2", source="relative centrifugal force, g of 9.80665 m/s2")
def centrifugal_force(*, radius_cm: float, rpm: float) -> float:
    """Give the relative centrifugal force (x g)."""
    return RCF * _positive(radius_cm, "radius") * _positive(rpm, "speed") ** 2


@shown(formula="sqrt(force / (1.118e-5 * radius_cm))", source="relative centrifugal force, solved for the speed")
def centrifuge_speed(*, force: float, radius_cm: float) -> float:
    """Give the speed for a relative centrifugal force (1/min)."""
    return math.sqrt(_positive(force, "force") / (RCF * _positive(radius_cm, "radius")))


def _positive(value: Cells | Millilitres | Percent | float, what: str) -> float:
    number = float(value)
    if not (math.isfinite(number) and number > 0.0):
        raise InputError(f"{what} is {number:g}; more than 0 is needed")
    return number
