"""Shelf life from stability data: straight lines over time, batches pooled where the data allow it, no extrapolation.

Lines are fitted through all batches. Where neither slopes nor intercepts differ (p > 0.25), one line is for all; where
only intercepts do, batches share a slope; else each batch has a line of its own. The shelf life ends where the 95 %
confidence limit of the mean meets the acceptance limit, for the batch where that is first: one-sided for one limit,
2.5 % at each for two. It is never longer than the data, as for biologicals and frozen products.
Units:  months; values and limits share one.
Source: ICH Q1E 2.6, B.1 to B.4 (regression, poolability at 0.25), 2.5.3 and ICH Q5C 4 (real-time data only); LeBlond,
        Griffith and Aubuchon, Journal of Validation Technology 17(3) (2011) 47-68 (worked examples).
"""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from automation.formulas.distributions import beta_below, t_quantile
from automation.kernel.errors import InputError

POOLING, CONFIDENCE = 0.25, 0.95
FEWEST = 3  # times at which a batch was looked at
_FARTHEST, _HALVINGS = 1200.0, 80  # months; a crossing beyond is none
_FLAT = 1e-9  # scatter below that share of the values is none at all


class Model(StrEnum):
    """What batches have in common."""

    ONE_LINE = "one line for all batches"
    ONE_SLOPE = "one slope, an intercept for each batch"
    EACH = "a line for each batch"


@dataclass(frozen=True, slots=True)
class Point:
    """One result: of which batch, how old it was (months)."""

    batch: str
    months: float
    value: float


@dataclass(frozen=True, slots=True)
class Line:
    """One fitted line, and what its confidence limits are made of."""

    batch: str  # empty for one line of all
    intercept: float
    slope: float  # a month
    number: int  # results that its height rests on
    centre: float  # months
    spread: float  # sum of squares of the times that its slope rests on
    scatter: float  # standard deviation of the residuals
    free: int  # degrees of freedom

    def limit(self, months: float, share: float) -> float:
        """Give the bound below which the mean lies with a confidence (``share``) at an age."""
        half = self.scatter * math.sqrt(1.0 / self.number + (months - self.centre) ** 2 / self.spread)
        return self.intercept + self.slope * months + t_quantile(share, self.free) * half


@dataclass(frozen=True, slots=True)
class ShelfLife:
    """What the data propose."""

    model: Model
    slopes_p: float  # that the slopes differ by chance; 1 for a single batch
    intercepts_p: float
    lines: tuple[Line, ...]
    crossing: float | None  # months; None when no limit is met within a century
    limiting: str  # batch in which it is met first
    tested: float  # months, as long as every batch was looked at
    number: int

    @property
    def months(self) -> float:
        """Give the proposal: until the limit is met, never beyond the data."""
        return self.tested if self.crossing is None else min(self.crossing, self.tested)


def shelf_life(points: Sequence[Point], *, low: float | None = None, high: float | None = None) -> ShelfLife:
    """Propose a shelf life between acceptance limits; raises InputError where the data do not carry one."""
    batches = tuple(dict.fromkeys(one.batch for one in points))
    _check(points, batches, low=low, high=high)
    model, slopes_p, intercepts_p = _model(points, batches)
    lines = _lines(points, batches, model)
    tail = (1.0 - CONFIDENCE) / (2.0 if low is not None and high is not None else 1.0)
    met = [(_crossing(line, low=low, high=high, tail=tail), line.batch) for line in lines]
    first, limiting = min(met, key=lambda one: math.inf if one[0] is None else one[0])
    tested = min(max(one.months for one in points if one.batch == batch) for batch in batches)
    return ShelfLife(model, slopes_p, intercepts_p, lines, first, limiting, tested, len(points))


def _check(points: Sequence[Point], batches: Iterable[str], *, low: float | None, high: float | None) -> None:
    if low is None and high is None:
        raise InputError("a shelf life needs an acceptance limit")
    for batch in batches:
        times = {one.months for one in points if one.batch == batch}
        if len(times) < FEWEST:
            raise InputError(f"batch {batch} was tested at {len(times)} times; a line needs at least {FEWEST}")
        if min(times) < 0.0:
            raise InputError(f"batch {batch} has a result from before its time zero")
    if not points:
        raise InputError(f"there are no results; a line needs at least {FEWEST} times of a batch")


def _model(points: Sequence[Point], batches: Sequence[str]) -> tuple[Model, float, float]:
    """Choose what batches have in common: slopes are tested first, then intercepts, both against single lines."""
    left = {model: sum(_residue(points, line) for line in _lines(points, batches, model)) for model in Model}
    count, free = len(batches) - 1, len(points) - 2 * len(batches)
    scale = max(abs(one.value) for one in points) * _FLAT
    if left[Model.EACH] <= scale**2 * len(points):
        raise InputError("no result is off its line: what does not vary, or is read too coarsely, has no confidence")
    if not count:
        return Model.ONE_LINE, 1.0, 1.0
    unit = left[Model.EACH] / free
    slopes = _beyond((left[Model.ONE_SLOPE] - left[Model.EACH]) / count / unit, first=count, second=free)
    intercepts = _beyond((left[Model.ONE_LINE] - left[Model.ONE_SLOPE]) / count / unit, first=count, second=free)
    if slopes <= POOLING:
        return Model.EACH, slopes, intercepts
    return (Model.ONE_LINE if intercepts > POOLING else Model.ONE_SLOPE), slopes, intercepts


def _lines(points: Sequence[Point], batches: Sequence[str], model: Model) -> tuple[Line, ...]:
    if model is Model.ONE_LINE:
        return (_line(points, ""),)
    own = tuple(_line([one for one in points if one.batch == batch], batch) for batch in batches)
    if model is Model.EACH:
        return own
    spread = sum(line.spread for line in own)
    slope = sum(line.slope * line.spread for line in own) / spread
    shared = []
    for line in own:
        height = line.intercept + line.slope * line.centre
        shared.append((line, height - slope * line.centre))
    free = len(points) - len(batches) - 1
    rest = sum(
        (one.value - at - slope * one.months) ** 2 for line, at in shared for one in points if one.batch == line.batch
    )
    scatter = math.sqrt(rest / free)
    return tuple(Line(one.batch, at, slope, one.number, one.centre, spread, scatter, free) for one, at in shared)


def _line(points: Sequence[Point], batch: str) -> Line:
    centre = statistics.fmean(one.months for one in points)
    height = statistics.fmean(one.value for one in points)
    spread = sum((one.months - centre) ** 2 for one in points)
    slope = sum((one.months - centre) * (one.value - height) for one in points) / spread
    intercept, free = height - slope * centre, len(points) - 2
    rest = sum((one.value - intercept - slope * one.months) ** 2 for one in points)
    return Line(batch, intercept, slope, len(points), centre, spread, math.sqrt(rest / free), free)


def _residue(points: Sequence[Point], line: Line) -> float:
    mine = (one for one in points if line.batch in {"", one.batch})
    return sum((one.value - line.intercept - line.slope * one.months) ** 2 for one in mine)


def _beyond(f: float, *, first: int, second: int) -> float:
    """Give the share of the F distribution (degrees of freedom) that lies above a value."""
    return 1.0 - beta_below(first * f / (first * f + second), a=first / 2, b=second / 2) if f > 0.0 else 1.0


def _crossing(line: Line, *, low: float | None, high: float | None, tail: float) -> float | None:
    """Give the age at which the confidence limit meets an acceptance limit; None for never. 0: it does from the start.

    The room between them is concave in time, so that it ends once.
    """

    def room(months: float) -> float:
        under = math.inf if low is None else line.limit(months, tail) - low
        above = math.inf if high is None else high - line.limit(months, 1.0 - tail)
        return min(under, above)

    if room(0.0) <= 0.0:
        return 0.0
    if room(_FARTHEST) > 0.0:
        return None
    good, bad = 0.0, _FARTHEST
    for _ in range(_HALVINGS):
        middle = (good + bad) / 2
        good, bad = (middle, bad) if room(middle) > 0.0 else (good, middle)
    return good
