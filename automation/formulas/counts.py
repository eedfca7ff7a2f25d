"""Cell counts: duplicates, mean with uncertainty, viability, concentration, total, dose, yield.

Units:  cells/mL, mL, cells, %; relative uncertainties are fractions (0.02 is 2 %).
Source: counting is a Poisson process, so the relative standard uncertainty of N counted cells is 1/sqrt(N);
        haemocytometer square of 1 mm x 1 mm x 0.1 mm = 1e-4 mL; GUM for the combination;
        duplicate rule |a - b| / mean as in design facts, its limit is the user's.
"""

import math
from dataclasses import dataclass

from automation.formulas import uncertainty
from automation.formulas.uncertainty import Uncertain
from automation.formulas.working import shown
from automation.kernel.errors import InputError
from automation.kernel.quantity import Cells, CellsPerMillilitre, Millilitres, Percent

SQUARES_PER_ML = 1e4  # squares of 1 mm x 1 mm x 0.1 mm in 1 mL


@dataclass(frozen=True, slots=True)
class Count:
    """One count of one sample: concentration found, and how many cells were seen to find it."""

    concentration: CellsPerMillilitre
    cells_seen: int  # 0 when the instrument does not tell


@dataclass(frozen=True, slots=True)
class Systematic:
    """Relative standard uncertainties that repeating does not reduce (fractions)."""

    dilution: float
    volume: float


@shown(formula="100 * |a - b| / ((a + b) / 2)", source="duplicate rule: difference of two counts over their mean")
def duplicate_difference(a: CellsPerMillilitre, b: CellsPerMillilitre) -> Percent:
    """Give how far two counts differ, in % of their mean; two counts of nothing agree."""
    mean = (float(a) + float(b)) / 2.0
    return Percent(100.0 * abs(float(a) - float(b)) / mean if mean else 0.0)


def mean_concentration(counts: tuple[Count, ...], systematic: Systematic) -> Uncertain:
    """Give the mean of repeated counts and its standard uncertainty (cells/mL).

    The statistical part is the larger of what counting allows (Poisson, 1/sqrt of all cells seen) and what the
    repeats show (standard error); dilution and volume come on top. Raises InputError without counts.
    """
    if not counts:
        raise InputError("a mean needs at least one count")
    values = [float(one.concentration) for one in counts]
    mean = math.fsum(values) / len(values)
    seen = sum(one.cells_seen for one in counts)
    poisson = mean / math.sqrt(seen) if seen else 0.0
    spread = math.fsum((value - mean) ** 2 for value in values)
    observed = math.sqrt(spread / (len(values) - 1) / len(values)) if len(values) > 1 else 0.0
    shared = mean * math.hypot(systematic.dilution, systematic.volume)
    return Uncertain(mean, math.hypot(max(poisson, observed), shared))


@shown(formula="100 * live / (live + dead)", source="viability by dye exclusion")
def viability(live: Cells, dead: Cells) -> Percent:
    """Give the share of live cells (%); raises InputError when no cells were counted or a number is negative."""
    whole = float(live) + float(dead)
    if whole <= 0.0 or min(float(live), float(dead)) < 0.0:
        raise InputError(f"viability of {live:g} live and {dead:g} dead cells; numbers of at least 0, not both 0")
    return Percent(100.0 * float(live) / whole)


@shown(formula="total * viable / 100", source="viable cell density")
def viable_concentration(total: CellsPerMillilitre, viable: Percent) -> CellsPerMillilitre:
    """Give the concentration of live cells (cells/mL)."""
    return CellsPerMillilitre(float(total) * float(viable) / 100.0)


@shown(formula="concentration * volume", source="total nucleated cells, TNC")
def total_cells(concentration: CellsPerMillilitre, volume: Millilitres) -> Cells:
    """Give the number of cells in a volume."""
    return Cells(float(concentration) * float(volume))


@shown(formula="positive / 100 * viable * volume", source="dose of CAR-positive viable cells, public release practice")
def dose(positive: Percent, viable: CellsPerMillilitre, volume: Millilitres) -> Cells:
    """Give the dose: positive viable cells in the volume."""
    return Cells(float(positive) / 100.0 * float(viable) * float(volume))


@shown(formula="cells / squares * dilution * 1e4", source="haemocytometer, large square of 1e-4 mL")
def haemocytometer(*, cells: int, squares: int, dilution: float) -> CellsPerMillilitre:
    """Give the concentration from a chamber count (cells/mL); raises InputError for no squares or a factor below 1."""
    if squares <= 0 or cells < 0 or not dilution >= 1.0:
        raise InputError(
            f"{cells} cells in {squares} squares at dilution {dilution:g}; squares and dilution of at least 1"
        )
    return CellsPerMillilitre(cells / squares * dilution * SQUARES_PER_ML)


@shown(formula="100 / sqrt(cells)", source="Poisson: relative standard uncertainty of a count")
def counting_precision(cells: int) -> Percent:
    """Give the relative standard uncertainty of a count of cells (%); 400 cells give 5 %."""
    if cells <= 0:
        raise InputError(f"{cells} cells were counted; at least 1 is needed")
    return Percent(100.0 / math.sqrt(cells))


@shown(formula="100 * actual / theoretical", source="21 CFR 211.103 percentage of theoretical yield")
def percent_yield(actual: float, theoretical: float) -> Percent:
    """Give actual over theoretical (%), both in one unit; raises InputError for a theoretical value of 0 or less."""
    if not theoretical > 0.0:
        raise InputError(f"theoretical yield is {theoretical:g}; more than 0 is needed")
    return Percent(100.0 * actual / theoretical)


def total_with_uncertainty(concentration: Uncertain, volume: Millilitres, *, volume_uncertainty: float) -> Uncertain:
    """Give the number of cells with its standard uncertainty; ``volume_uncertainty`` is a fraction."""
    return uncertainty.product(concentration, uncertainty.relative(float(volume), volume_uncertainty))
