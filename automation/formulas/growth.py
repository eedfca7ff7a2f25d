"""Growth between two counts, and what follows from it: when there will be enough cells, and how well that is known.

A count is known to a relative standard uncertainty; a forecast made of two of them is known far less well, and says so.
Where the growth can't be told from the scatter of the counts, there is no latest time.
Units:  cells, s, %; uncertainties are relative standard uncertainties as shares (0.05 is 5 %).
Source: exponential growth; propagation of uncertainty to first order, coverage factor 2 (GUM 5.1.2, 6.2).
"""

import math
from dataclasses import dataclass

from automation.formulas.working import shown
from automation.kernel.errors import InputError
from automation.kernel.quantity import Cells, Millilitres, Seconds

COVERAGE = 2.0


@dataclass(frozen=True, slots=True)
class Counted:
    """Viable cells of a culture by one count, with their relative standard uncertainty."""

    cells: Cells
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Forecast:
    """When a culture has so many cells (s from now); None where no time can be told."""

    likely: Seconds | None
    earliest: Seconds | None
    latest: Seconds | None


@shown(formula="cells * 2 ** (duration / doubling)", source="exponential growth")
def expected_cells(*, cells: Cells, doubling: Seconds, duration: Seconds) -> Cells:
    """Give the cells after a time at one doubling time, without lag or limit."""
    return Cells(_positive(float(cells), "cells") * 2.0 ** (float(duration) / _positive(float(doubling), "doubling")))


@shown(
    formula="duration * ln(target / after) / ln(after / before)",
    source="exponential growth at the rate of two counts",
)
def time_to_target(*, target: Cells, after: Cells, before: Cells, duration: Seconds) -> Seconds:
    """Give the time until there are so many cells (s); raises InputError without growth. 0 when they are there."""
    rise = math.log(_positive(float(after), "cells after") / _positive(float(before), "cells before"))
    if rise <= 0.0:
        raise InputError(f"from {before:g} to {after:g} cells is no growth, so there is no time")
    return duration * max(0.0, math.log(_positive(float(target), "target") / float(after)) / rise)


def forecast(target: Cells, *, now: Counted, before: Counted, seconds: Seconds) -> Forecast:
    """Forecast when a target is reached, at the rate between two counts that lie ``seconds`` apart.

    Of the time t = dt (ln T - a) / (a - b), with a and b the logarithms of the counts, the uncertainty is
    dt sqrt(((ln T - b) u_a)^2 + ((ln T - a) u_b)^2) / (a - b)^2. No growth beyond the scatter: no latest time.
    """
    if now.cells >= target:
        return Forecast(Seconds(0.0), Seconds(0.0), Seconds(0.0))
    if not float(now.cells) > 0.0 or not float(before.cells) > 0.0:
        return Forecast(None, None, None)
    a, b, end = math.log(float(now.cells)), math.log(float(before.cells)), math.log(float(target))
    rise, scatter = a - b, math.hypot(now.share, before.share)
    steepest = rise + COVERAGE * scatter
    if steepest <= 0.0:
        return Forecast(None, None, None)
    if rise <= COVERAGE * scatter:
        likely = seconds * ((end - a) / rise) if rise > 0.0 else None
        return Forecast(likely, seconds * ((end - a) / steepest), None)
    standard = float(seconds) * math.hypot((end - b) * now.share, (end - a) * before.share) / rise**2
    likely = seconds * ((end - a) / rise)
    off = Seconds(COVERAGE * standard)
    return Forecast(likely, max(Seconds(0.0), likely - off), likely + off)


def plausible(now: Cells, before: Cells, *, seconds: Seconds, fastest: Seconds, slip: float) -> bool:
    """Tell whether a count can follow another after a time without a slip of ten having been made.

    Not fewer than twice the ``slip``-th part of those before; not more than ``slip`` times them, or half of that times
    what they could have become when they doubled in ``fastest`` all the time.
    """
    if float(before) <= 0.0 or float(now) <= 0.0:
        return float(now) == float(before)
    grown = slip / 2.0 * math.exp2(max(0.0, float(seconds)) / float(fastest))
    rise = float(now) / float(before)
    return 2.0 / slip <= rise <= max(slip, grown)


@shown(
    formula="cells * nl_per_cell_day * 1e-6 / 24",
    source="cell-specific perfusion rate: medium for each cell and day (nL), so that the rate follows the cells",
)
def perfusion_rate(*, cells: Cells, nl_per_cell_day: float) -> float:
    """Give the rate at which medium has to flow through a culture (mL/h)."""
    return _positive(float(cells), "cells") * _positive(nl_per_cell_day, "perfusion of a cell") * 1e-6 / 24.0


@shown(formula="rate_ml_per_h * 24 / volume", source="exchanges of the volume in a day")
def volumes_per_day(*, rate_ml_per_h: float, volume: Millilitres) -> float:
    """Give how many times a day a perfusion exchanges the volume."""
    return rate_ml_per_h * 24.0 / _positive(float(volume), "volume")


def _positive(value: float, what: str) -> float:
    if not (math.isfinite(value) and value > 0.0):
        raise InputError(f"{what} is {value:g}; above 0 is needed")
    return value
