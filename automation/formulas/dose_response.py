"""Four-parameter logistic curves of dose and response: fit, back-calculation, relative potency and parallelism.

``response = far + (zero - far) / (1 + (dose / middle)**slope)``, slope > 0: ``zero`` is the response without dose,
``far`` that of any dose, whichever is higher. Curves are fitted by least squares (Levenberg and Marquardt); errors come
from the curvature at the best fit and from the scatter of what was measured together: one run knows of no other.
Units:  doses share one unit and so does ``middle``; responses share one; slope and potency are bare numbers.
Source: USP <1032> (similarity by equivalence) and <1034> (four-parameter model, relative potency as the shift of
        parallel curves); Ph. Eur. 5.3, 3.4 (extended sigmoid curves); Marquardt, SIAM J. Appl. Math. 11 (1963)
        431-441; Ritz and Streibig, J. Stat. Softw. 12(5) (2005) (worked example, log-logistic of four parameters).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from automation.formulas.distributions import Interval, beta_below, t_quantile
from automation.kernel.errors import InputError

_Array = npt.NDArray[np.float64]
_Picks = tuple[tuple[int, int, int, int], ...]  # for each curve: where its zero, far, slope and ln(middle) stand
OWN, SHARED = ((0, 1, 2, 3), (4, 5, 6, 7)), ((0, 1, 2, 3), (0, 1, 2, 4))
PARAMETERS = 4
_ROUNDS, _CLOSE, _MOST = 200, 1e-11, 1e12
_FLAT = 1e-12  # share of the squares around the mean below which nothing is off the curve


@dataclass(frozen=True, slots=True)
class Point:
    """One response to one dose (>= 0)."""

    dose: float
    response: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A fitted curve, the standard errors of its parameters, and how well it fits."""

    zero: float
    far: float
    slope: float
    middle: float
    errors: Mapping[str, float]
    scatter: float  # residual standard deviation
    free: int  # degrees of freedom
    r_squared: float

    def response(self, dose: float) -> float:
        """Give the response to a dose (>= 0)."""
        return self.far + (self.zero - self.far) / (1.0 + math.pow(dose / self.middle, self.slope))

    def dose(self, response: float) -> float | None:
        """Give the dose of a response; None on or beyond either asymptote, where no dose has it."""
        part = (response - self.far) / (self.zero - self.far)
        return self.middle * math.pow(1.0 / part - 1.0, 1.0 / self.slope) if 0.0 < part < 1.0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Potency:
    """Potency of a test preparation relative to the standard, and what speaks for parallel curves."""

    potency: Interval  # 95 %, of the shift between parallel curves
    slopes: Interval  # 90 %, slope of the test over that of the standard, each curve fitted for itself
    ranges: Interval  # 90 %, distance of the asymptotes of the test over that of the standard
    parallel_p: float  # that curves of their own fit so much better by chance
    r_squared: float  # of the parallel curves

    def is_parallel(self, *, low: float, high: float) -> bool:
        """Tell whether both ratios lie, with their whole interval, between margins that were stated before."""
        return all(low <= one.low and one.high <= high for one in (self.slopes, self.ranges))


@dataclass(frozen=True, slots=True)
class _Fit:
    """Parameters at the best fit, their covariance without the scatter, the rest of squares."""

    found: _Array
    spread: _Array
    rest: float
    free: int


def fit(points: Sequence[Point]) -> Curve:
    """Fit one curve; raises InputError for too few doses, no scatter, or points that are on no such curve."""
    _check(points, "the curve")
    done = _least((points,), OWN[:1])
    zero, far, slope, log = (float(one) for one in done.found)
    scatter = math.sqrt(done.rest / done.free)
    errors = scatter * np.sqrt(np.diag(done.spread))
    middle = math.exp(log)
    named = dict(zip(("zero", "far", "slope", "middle"), (*errors[:3], errors[3] * middle), strict=True))
    return Curve(
        zero=zero,
        far=far,
        slope=slope,
        middle=middle,
        errors={name: float(error) for name, error in named.items()},
        scatter=scatter,
        free=done.free,
        r_squared=1.0 - done.rest / _squares(points),
    )


def relative_potency(standard: Sequence[Point], test: Sequence[Point]) -> Potency:
    """Compare a test preparation with the standard on the same axis of doses; raises InputError as ``fit`` does.

    A potency of 2 does with half the dose what the standard does. It means something where the curves are parallel.
    """
    _check(standard, "the standard")
    _check(test, "the test preparation")
    both = (standard, test)
    own, shared = _least(both, OWN), _least(both, SHARED)
    log = np.array([0.0, 0.0, 0.0, 1.0, -1.0])
    at = own.found
    slopes = np.array([0.0, 0.0, -1.0 / at[2], 0.0, 0.0, 0.0, 1.0 / at[6], 0.0])
    one, other = at[1] - at[0], at[5] - at[4]
    ranges = np.array([1.0 / one, -1.0 / one, 0.0, 0.0, -1.0 / other, 1.0 / other, 0.0, 0.0])
    if other / one <= 0.0:
        raise InputError("one curve rises and the other falls: they have no potency in common")
    extra, count = max(shared.rest - own.rest, 0.0), shared.free - own.free
    f = (extra / count) / (own.rest / own.free)
    return Potency(
        potency=_ratio(shared, float(log @ shared.found), log, share=0.975),
        slopes=_ratio(own, math.log(at[6] / at[2]), slopes, share=0.95),
        ranges=_ratio(own, math.log(other / one), ranges, share=0.95),
        parallel_p=1.0 - beta_below(count * f / (count * f + own.free), a=count / 2, b=own.free / 2),
        r_squared=1.0 - shared.rest / _squares((*standard, *test)),
    )


def _ratio(done: _Fit, log: float, gradient: _Array, *, share: float) -> Interval:
    """Give a ratio with its interval; both are symmetric on the logarithm (delta method)."""
    error = math.sqrt(done.rest / done.free * float(gradient @ done.spread @ gradient))
    wide = t_quantile(share, done.free) * error
    return Interval(math.exp(log), math.exp(log - wide), math.exp(log + wide))


def _check(points: Sequence[Point], what: str) -> None:
    if any(not math.isfinite(one.response) or not 0.0 <= one.dose < math.inf for one in points):
        raise InputError(f"{what} has a dose or response that is no finite number, or a dose below 0")
    doses = len({one.dose for one in points})
    if doses <= PARAMETERS:
        raise InputError(f"{what} has {doses} doses; four parameters need at least {PARAMETERS + 1}")


def _squares(points: Sequence[Point]) -> float:
    values = np.array([one.response for one in points])
    return float(((values - values.mean()) ** 2).sum())


def _least(curves: Sequence[Sequence[Point]], picks: _Picks) -> _Fit:
    """Find the least squares of curves that share the parameters which ``picks`` give them in common."""
    now, damp = _start(curves, picks), 1e-3
    values = np.array([one.response for points in curves for one in points])
    squares = _squares([one for points in curves for one in points])
    model, slopes = _model(curves, picks, now)
    rest = float(((values - model) ** 2).sum())
    for _ in range(_ROUNDS):
        bent = slopes.T @ slopes
        aim = slopes.T @ (values - model)
        step = np.linalg.lstsq(bent + damp * np.diag(np.diag(bent) + 1e-30), aim, rcond=None)[0]
        tried, tried_slopes = _model(curves, picks, now + step)
        left = float(((values - tried) ** 2).sum())
        if not left <= rest:  # worse, or no number at all
            damp *= 10.0
            if damp > _MOST:
                break
            continue
        small = rest - left <= _CLOSE * rest and float(np.abs(step).max()) <= 1e-6 * (1.0 + float(np.abs(now).max()))
        now, model, slopes, rest, damp = now + step, tried, tried_slopes, left, damp / 10.0
        if small:
            break
    return _judged(_Fit(now, slopes.T @ slopes, rest, len(values) - len(now)), curves, picks, squares)


def _judged(done: _Fit, curves: Sequence[Sequence[Point]], picks: _Picks, squares: float) -> _Fit:
    """Refuse a fit that is none: flat, without scatter, or with a middle or an asymptote that the doses do not show."""
    if done.rest <= _FLAT * squares or squares == 0.0:
        raise InputError("no response is off its curve: what does not vary, or is read too coarsely, has no confidence")
    for points, (_, _, slope, log) in zip(curves, picks, strict=True):
        doses = [one.dose for one in points if one.dose > 0.0]
        inside = math.log(min(doses)) <= done.found[log] <= math.log(max(doses))
        if not inside or done.found[slope] <= 0.0:
            raise InputError("the points are on no sigmoid curve: its middle is not among the doses")
    scale = np.sqrt(np.diag(done.spread))
    if not (scale > 0.0).all() or np.linalg.cond(done.spread / np.outer(scale, scale)) > _MOST:
        raise InputError("the doses do not tell the four parameters apart: an asymptote is not shown")
    return _Fit(done.found, np.linalg.inv(done.spread).astype(np.float64), done.rest, done.free)


def _start(curves: Sequence[Sequence[Point]], picks: _Picks) -> _Array:
    """Begin with the means at the lowest and highest dose, and the dose whose mean is nearest to halfway."""
    first = np.zeros(1 + max(max(pick) for pick in picks))
    for points, pick in zip(curves, picks, strict=True):
        doses = sorted({one.dose for one in points})
        means = [float(np.mean([one.response for one in points if one.dose == dose])) for dose in doses]
        half = (means[0] + means[-1]) / 2
        near = min((abs(mean - half), dose) for dose, mean in zip(doses, means, strict=True) if dose > 0.0)[1]
        first[list(pick)] = means[0], means[-1], 1.0, math.log(near)
    return first


def _model(curves: Sequence[Sequence[Point]], picks: _Picks, at: _Array) -> tuple[_Array, _Array]:
    """Give the responses of all curves and how each changes with each parameter."""
    responses, changes = [], []
    for points, pick in zip(curves, picks, strict=True):
        zero, far, slope, log = (float(at[place]) for place in pick)
        for one in points:
            away = math.log(one.dose) - log if one.dose > 0.0 else -math.inf
            power = min(max(slope * away, -700.0), 700.0)
            share = 1.0 / (1.0 + math.exp(power))
            bend = (zero - far) * share * (1.0 - share)
            row = np.zeros(len(at))
            row[list(pick)] = share, 1.0 - share, -bend * away if bend else 0.0, bend * slope
            responses.append(far + (zero - far) * share)
            changes.append(row)
    return np.array(responses), np.array(changes)
