"""Capability: how a process that is in control and measured finely fits between its limits, with intervals.

Cp and Cpk rest on the scatter from one value to the next, Pp and Ppk on that of all. Nothing is given for data that
do not carry it: fewer than 25 values, a chart that signals, steps coarser than the scatter, or values that are not
normal; what is asked then is the chart, or a tolerance interval. Chance alone refuses a good process too: one in ten of
30 values, one in three of 100 (1000 simulated processes each).
Units:  values and limits share one; the indices have none.
Source: NIST/SEMATECH e-Handbook 6.1.6 (indices and interval of Cpk after Bissell); Montgomery, Introduction to
        Statistical Quality Control, 8.3.4 (interval of Cp by chi-square); Wheeler, Advanced Topics in SPC (degrees of
        freedom 0.62 (n - 1) of a mean moving range); Wheeler and Lyday (1989) on coarse steps; D'Agostino and Stephens,
        Goodness-of-Fit Techniques (1986), table 4.7 (Anderson-Darling, both parameters estimated).
"""

import itertools
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from automation.formulas.distributions import Interval
from automation.formulas.spc import i_mr
from automation.formulas.spc_rules import NELSON, signals
from automation.formulas.tolerance import chi_square
from automation.kernel.errors import InputError

FEWEST = 25  # values
CONFIDENCE = 0.95
_STABLE = NELSON[:2]  # beyond the limits, and runs on one side
_FREE = 0.62  # degrees of freedom of a mean moving range, for each value but one
_NOT_NORMAL = 1.035  # adjusted A squared that one normal sample in a hundred exceeds
_NORMAL = statistics.NormalDist()


@dataclass(frozen=True, slots=True)
class Capability:
    """The four indices; Cp and Pp need both limits."""

    number: int
    mean: float
    within: float  # standard deviation by the mean moving range
    overall: float
    cp: Interval | None
    cpk: Interval
    pp: Interval | None
    ppk: Interval


def capability(
    values: Sequence[float], *, lower: float | None = None, upper: float | None = None, confidence: float = CONFIDENCE
) -> Capability:
    """Give the capability of values in the order in which they came; raises InputError when they do not carry it."""
    if lower is None and upper is None:
        raise InputError("a capability needs a lower limit, an upper one, or both")
    if lower is not None and upper is not None and not lower < upper:
        raise InputError(f"the lower limit {lower:g} is not below the upper limit {upper:g}")
    if len(values) < FEWEST:
        raise InputError(
            f"{len(values)} values carry no capability; {FEWEST} are needed, in the order in which they came"
        )
    chart, _ = i_mr(values)
    _check_in_control(values)
    within, overall = chart.sigmas[0], statistics.stdev(values)
    _check_fine(values, within)
    _check_normal(values)
    both, free = (lower, upper), len(values) - 1
    near = partial(nearest_limit, number=len(values), confidence=confidence)
    return Capability(
        number=len(values),
        mean=chart.centre,
        within=within,
        overall=overall,
        cp=_wide(both, within, free=_FREE * free, confidence=confidence),
        cpk=near(_to_limit(both, mean=chart.centre, sigma=within), free=_FREE * free),
        pp=_wide(both, overall, free=free, confidence=confidence),
        ppk=near(_to_limit(both, mean=chart.centre, sigma=overall), free=free),
    )


def spread(index: float, *, free: float, confidence: float = CONFIDENCE) -> Interval:
    """Give Cp or Pp with its interval, by the degrees of freedom of the standard deviation in it."""
    out = (1.0 - confidence) / 2
    low, high = (math.sqrt(chi_square(share, free) / free) for share in (out, 1.0 - out))
    return Interval(index, index * low, index * high)


def nearest_limit(index: float, *, number: int, free: float, confidence: float = CONFIDENCE) -> Interval:
    """Give Cpk or Ppk with its approximate interval; ``free`` as ``spread``."""
    z = _NORMAL.inv_cdf((1.0 + confidence) / 2)
    off = z * math.sqrt(1.0 / (9.0 * number) + index**2 / (2.0 * free))
    return Interval(index, index - off, index + off)


def anderson_darling(values: Sequence[float]) -> float:
    """Give A squared of values against the normal distribution of their own mean and scatter, adjusted for number."""
    number = len(values)
    fitted = statistics.NormalDist(statistics.fmean(values), statistics.stdev(values))
    away = [(one - fitted.mean) / fitted.stdev for one in sorted(values)]
    below = [math.log(_share(one)) for one in away]
    above = [math.log(_share(-one)) for one in away]
    total = math.fsum((2 * at + 1) * (below[at] + above[-1 - at]) for at in range(number))
    return (-number - total / number) * (1.0 + 0.75 / number + 2.25 / number**2)


def _share(z: float) -> float:
    return max(0.5 * math.erfc(-z / math.sqrt(2.0)), 1e-300)


def _wide(
    limits: tuple[float | None, float | None], sigma: float, *, free: float, confidence: float
) -> Interval | None:
    lower, upper = limits
    if lower is None or upper is None:
        return None
    return spread((upper - lower) / (6.0 * sigma), free=free, confidence=confidence)


def _to_limit(limits: tuple[float | None, float | None], *, mean: float, sigma: float) -> float:
    lower, upper = limits
    rooms = [(mean - lower)] if lower is not None else []
    rooms += [(upper - mean)] if upper is not None else []
    return min(rooms) / (3.0 * sigma)


def _check_in_control(values: Sequence[float]) -> None:
    """Refuse values whose chart signals: the past of such a process says nothing of its future."""
    found = signals(i_mr(values)[0], _STABLE)
    if found:
        where = f"values {found[0].first + 1} to {found[0].last + 1}"
        raise InputError(f"their chart signals ({found[0].words}, {where}): not in control, so no capability")


def _check_fine(values: Sequence[float], within: float) -> None:
    different = sorted(set(values))
    step = min((after - before for before, after in itertools.pairwise(different)), default=math.inf)
    if step > within:
        raise InputError(
            f"values come in steps of {step:g} or more and scatter by {within:.3g}: too coarse for a capability"
        )


def _check_normal(values: Sequence[float]) -> None:
    found = anderson_darling(values)
    if found > _NOT_NORMAL:
        raise InputError(
            f"the values are not normal (Anderson-Darling {found:.2f}, above {_NOT_NORMAL}): no index describes them"
        )
