"""Shewhart's control charts: points, centre and limits of individuals, subgroups, shares, counts and rare events.

Limits are three standard deviations of the chart's own distribution from its centre; those of ranges, shares and
counts never lie below 0. They may come from the first points alone (``baseline``), which then stay what they are when
more points come.
Units:  those of what is charted; shares are between 0 and 1.
Source: NIST/SEMATECH e-Handbook 6.3.2 (I-MR, Xbar-R), 6.3.3 (p, u, c); Benneyan, Health Care Management Science 4
        (2001) 305-318 (g); d2 and d3 are the mean and standard deviation of the range of n normal values (Harter 1960),
        from which A2 = 3 / (d2 sqrt n), D3 = 1 - 3 d3 / d2 and D4 = 1 + 3 d3 / d2 follow.
"""

import itertools
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from automation.kernel.errors import InputError

FEWEST = 8  # points of a chart; fewer tell nothing
TRIAL = 20  # points, below which limits are trial limits
_SIGMAS = 3.0
_LEAST, _MOST = 2, 25  # values of a subgroup
_D = (
    (1.12838, 0.85250), (1.69257, 0.88837), (2.05875, 0.87981), (2.32593, 0.86408), (2.53441, 0.84804),
    (2.70436, 0.83321), (2.84720, 0.81983), (2.97003, 0.80783), (3.07751, 0.79705), (3.17287, 0.78731),
    (3.25846, 0.77848), (3.33598, 0.77042), (3.40676, 0.76302), (3.47183, 0.75621), (3.53198, 0.74991),
    (3.58788, 0.74405), (3.64006, 0.73859), (3.68896, 0.73348), (3.73495, 0.72869), (3.77834, 0.72417),
    (3.81938, 0.71991), (3.85832, 0.71589), (3.89535, 0.71207), (3.93063, 0.70844),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Constants:
    """Factors of a subgroup size."""

    d2: float
    d3: float
    a2: float
    low: float  # D3
    high: float  # D4


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart; limits and standard deviation stand for each point, because a share's depend on its number."""

    kind: str  # I, MR, Xbar, R, p, u, c, g
    points: tuple[float, ...]
    centre: float
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    sigmas: tuple[float, ...]
    baseline: int  # points that the limits come from

    @property
    def is_trial(self) -> bool:
        """Tell whether its limits rest on too few points to be more than a trial."""
        return self.baseline < TRIAL

    @property
    def away(self) -> tuple[float, ...]:
        """Give how many standard deviations each point lies above the centre."""
        return tuple((at - self.centre) / sigma for at, sigma in zip(self.points, self.sigmas, strict=True))


def constants(number: int) -> Constants:
    """Give the factors for subgroups of 2 to 25 values; raises InputError for another size."""
    if not _LEAST <= number <= _MOST:
        raise InputError(f"a subgroup of {number} has no factors; {_LEAST} to {_MOST} values are needed")
    d2, d3 = _D[number - _LEAST]
    part = _SIGMAS * d3 / d2
    return Constants(d2, d3, _SIGMAS / (d2 * math.sqrt(number)), max(0.0, 1.0 - part), 1.0 + part)


def i_mr(values: Sequence[float], *, baseline: int = 0) -> tuple[Chart, Chart]:
    """Chart individual values and their moving ranges of two; raises InputError for too few, or all equal."""
    used = _used(values, baseline, "values")
    ranges = [abs(after - before) for before, after in itertools.pairwise(values)]
    mean, moving = statistics.fmean(values[:used]), statistics.fmean(ranges[: used - 1])
    _check_varies(moving)
    two = constants(_LEAST)
    return (
        _chart("I", values, centre=mean, sigmas=[moving / two.d2] * len(values), baseline=used, floor=-math.inf),
        _chart("MR", ranges, centre=moving, sigmas=[two.d3 * moving / two.d2] * len(ranges), baseline=used - 1),
    )


def xbar_r(groups: Sequence[Sequence[float]], *, baseline: int = 0) -> tuple[Chart, Chart]:
    """Chart the means and ranges of subgroups of one size; raises InputError for too few or uneven ones."""
    used = _used(groups, baseline, "subgroups")
    sizes = {len(group) for group in groups}
    if len(sizes) != 1:
        raise InputError(f"subgroups have {', '.join(map(str, sorted(sizes)))} values; one size is needed")
    size = sizes.pop()
    given = constants(size)
    means = [statistics.fmean(group) for group in groups]
    ranges = [max(group) - min(group) for group in groups]
    wide = statistics.fmean(ranges[:used])
    _check_varies(wide)
    sigma = wide / (given.d2 * math.sqrt(size))
    mean = statistics.fmean(means[:used])
    return (
        _chart("Xbar", means, centre=mean, sigmas=[sigma] * len(means), baseline=used, floor=-math.inf),
        _chart("R", ranges, centre=wide, sigmas=[given.d3 * wide / given.d2] * len(ranges), baseline=used),
    )


def p(hits: Sequence[int], numbers: Sequence[int], *, baseline: int = 0) -> Chart:
    """Chart shares: so many of so many each; raises InputError for an impossible count, or none or all hit."""
    used = _used(hits, baseline, "counts")
    if any(not 0 <= hit <= number or number < 1 for hit, number in zip(hits, numbers, strict=True)):
        raise InputError("each count has to be at least 0 and at most the number that it is of, which is at least 1")
    share = sum(hits[:used]) / sum(numbers[:used])
    if share in {0.0, 1.0}:
        raise InputError(f"{sum(hits[:used])} of {sum(numbers[:used])} varies in nothing: no limits come from it")
    sigmas = [math.sqrt(share * (1.0 - share) / number) for number in numbers]
    points = [hit / number for hit, number in zip(hits, numbers, strict=True)]
    return _chart("p", points, centre=share, sigmas=sigmas, baseline=used, ceiling=1.0)


def u(counts: Sequence[int], sizes: Sequence[float], *, baseline: int = 0) -> Chart:
    """Chart counts for each unit of their size; raises InputError for an impossible count or size, or none at all."""
    used = _used(counts, baseline, "counts")
    if any(count < 0 or not size > 0.0 for count, size in zip(counts, sizes, strict=True)):
        raise InputError("each count has to be at least 0, and each size above 0")
    mean = sum(counts[:used]) / sum(sizes[:used])
    if mean == 0.0:
        raise InputError("nothing was ever counted: no limits come from it; chart what lies between events (g)")
    points = [count / size for count, size in zip(counts, sizes, strict=True)]
    return _chart("u", points, centre=mean, sigmas=[math.sqrt(mean / size) for size in sizes], baseline=used)


def c(counts: Sequence[int], *, baseline: int = 0) -> Chart:
    """Chart counts of equal opportunity; raises as ``u``."""
    made = u(counts, [1.0] * len(counts), baseline=baseline)
    return Chart("c", made.points, made.centre, made.lower, made.upper, made.sigmas, made.baseline)


def g(between: Sequence[int], *, baseline: int = 0) -> Chart:
    """Chart how many good ones lie between rare events, where a high point is good; raises InputError as ``u``."""
    used = _used(between, baseline, "gaps")
    if any(count < 0 for count in between):
        raise InputError("each count between two events has to be at least 0")
    mean = statistics.fmean(between[:used])
    if mean == 0.0:
        raise InputError("every one is an event, which is not rare; chart their share (p)")
    return _chart("g", between, centre=mean, sigmas=[math.sqrt(mean * (mean + 1.0))] * len(between), baseline=used)


def _used(points: Sequence[object], baseline: int, what: str) -> int:
    """Give how many points the limits come from; raises InputError for too few."""
    used = baseline or len(points)
    if used < FEWEST or used > len(points):
        have = f"{len(points)} {what}" + (f", baseline {baseline}" if baseline else "")
        raise InputError(f"{have}: a control chart needs limits from at least {FEWEST} of its points")
    return used


def _check_varies(wide: float) -> None:
    if wide == 0.0:
        raise InputError("no value differs from the next: what does not vary, or is read too coarsely, has no limits")


def _chart(  # noqa: PLR0913  what a chart is made of
    kind: str,
    points: Sequence[float],
    *,
    centre: float,
    sigmas: Sequence[float],
    baseline: int,
    floor: float = 0.0,
    ceiling: float = math.inf,
) -> Chart:
    lower = tuple(max(floor, centre - _SIGMAS * sigma) for sigma in sigmas)
    upper = tuple(min(ceiling, centre + _SIGMAS * sigma) for sigma in sigmas)
    return Chart(kind, tuple(map(float, points)), centre, lower, upper, tuple(sigmas), baseline)
