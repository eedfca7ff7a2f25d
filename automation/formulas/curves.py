"""What is read off the temperature curve of a freezing sample: nucleation, plateau, rate, gaps, lag of the probe.

Works on any freezer's or logger's curve: points of time, chamber and sample, in any spacing; nothing is smoothed.
Units: s, degC, K, K/min; cooling rates are positive. A sensor fault is ``None``, never a number.
Source: 10 % DMSO in water supercools below its freezing point of about -3.5 degC, then rises to it at once while
the latent heat is given off (plateau); the meaning of each feature is a design rule for run acceptance.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from automation.kernel.errors import InputError
from automation.kernel.quantity import Celsius, Kelvin, KelvinPerMinute, Seconds

ICE = Celsius(0.0)  # degC; no aqueous sample freezes above it


@dataclass(frozen=True, slots=True)
class Point:
    """One moment of a curve; ``None`` where the sensor reported a fault or was not recorded."""

    at: Seconds
    chamber: Celsius | None
    sample: Celsius | None


@dataclass(frozen=True, slots=True)
class Good:
    """A moment at which the sample was measured."""

    at: Seconds
    sample: Celsius


@dataclass(frozen=True, slots=True)
class Nucleation:
    """Where ice formed: the coldest moment before the sample rose."""

    at: Seconds
    temperature: Celsius
    index: int  # among the good points


@dataclass(frozen=True, slots=True)
class Plateau:
    """How long the sample stayed near its maximum after nucleation."""

    start: Seconds
    end: Seconds
    maximum: Celsius
    index: int  # of the first good point after it

    @property
    def duration(self) -> Seconds:
        """Give how long it lasted (s)."""
        return self.end - self.start


def good_points(curve: Sequence[Point]) -> tuple[Good, ...]:
    """Give the points with a sample reading; raises InputError when time does not increase."""
    for before, after in pairwise(curve):
        if after.at <= before.at:
            raise InputError(f"the curve goes from {before.at:g} s to {after.at:g} s; time has to increase")
    return tuple(Good(point.at, point.sample) for point in curve if point.sample is not None)


def longest_gap(curve: Sequence[Point]) -> Seconds:
    """Give the longest time without a good reading of the sample, from the first to the last point (s)."""
    if not curve:
        return Seconds(0.0)
    moments = [curve[0].at, *(point.at for point in curve if point.sample is not None), curve[-1].at]
    return max((after - before for before, after in pairwise(moments)), default=Seconds(0.0))


def nucleation(points: Sequence[Good], *, rise: Kelvin, within: Seconds) -> Nucleation | None:
    """Find the first rise of at least ``rise`` within ``within`` from a minimum below 0 degC, to at most 0 degC."""
    lowest = 0
    for index, point in enumerate(points):
        while point.at - points[lowest].at > within:
            lowest = min(range(lowest + 1, index + 1), key=lambda one: points[one].sample)
        if point.sample <= points[lowest].sample:
            lowest = index
        elif points[lowest].sample < ICE and point.sample <= ICE and point.sample - points[lowest].sample >= rise:
            return Nucleation(points[lowest].at, points[lowest].sample, lowest)
    return None


def plateau(points: Sequence[Good], begun: Nucleation, *, band: Kelvin) -> Plateau:
    """Give the time within ``band`` of the maximum after nucleation; a fall by two bands ends it."""
    end, maximum = begun.index, points[begun.index].sample
    for index in range(begun.index, len(points)):
        end, maximum = index, max(maximum, points[index].sample, key=float)
        if maximum - points[index].sample > 2.0 * band and points[index].at > begun.at and maximum > begun.temperature:
            break
    inside = [i for i in range(begun.index, end + 1) if maximum - points[i].sample <= band]
    first, last = inside[0], inside[-1]
    left = crossing(points, maximum - band, start=last) if last + 1 < len(points) else None
    return Plateau(points[first].at, points[last].at if left is None else left, maximum, last + 1)


def crossing(points: Sequence[Good], level: Celsius, *, start: int = 0) -> Seconds | None:
    """Give when the sample first falls through ``level`` after point ``start``, in straight lines between points."""
    for index in range(start, len(points) - 1):
        one, two = points[index], points[index + 1]
        if one.sample >= level > two.sample:
            return one.at + (two.at - one.at) * ((one.sample - level) / (one.sample - two.sample))
    return None


def mean_rate(points: Sequence[Good], *, high: Celsius, low: Celsius, start: int) -> KelvinPerMinute | None:
    """Give the mean cooling rate between two temperatures after point ``start``; ``None`` if one is not passed."""
    begin, end = crossing(points, high, start=start), crossing(points, low, start=start)
    if begin is None or end is None or end <= begin:
        return None
    return KelvinPerMinute(float(high - low) / (float(end - begin) / 60.0))


def steepest_fall(points: Sequence[Good], *, within: Seconds) -> tuple[Kelvin, Seconds]:
    """Give the largest fall of the sample within a time, and when it began.

    Of readings that lie further apart than ``within``, the share of the fall that fits into it counts.
    """
    worst, begun = Kelvin(0.0), Seconds(0.0)
    first = 0
    for index in range(1, len(points)):
        while first < index - 1 and points[index].at - points[first].at > within:
            first += 1
        apart = points[index].at - points[first].at
        share = min(1.0, within / apart)
        fall = (points[first].sample - points[index].sample) * share
        if fall > worst:
            worst, begun = fall, points[first].at
    return worst, begun


def lags(
    curve: Sequence[Point], *, after: Seconds, window: Seconds, cooling: KelvinPerMinute
) -> Iterator[tuple[Kelvin, Seconds]]:
    """Give the mean distance of sample and chamber over each ``window`` in which the chamber cools, and when it opens.

    A probe in the product lags behind a chamber that cools at ``cooling`` or faster; one that hangs in the chamber
    does not. Nothing comes out when the chamber was not recorded.
    """
    pairs = list(_pairs(curve))
    first, total = 0, Kelvin(0.0)
    for last, pair in enumerate(pairs):
        total = total + pair.lag
        while first < last and pair.at - pairs[first + 1].at >= window:
            total = total - pairs[first].lag
            first += 1
        opened = pairs[first]
        long = pair.at - opened.at
        cooled = opened.chamber - pair.chamber >= Kelvin(float(cooling) / 60.0 * float(long))
        if opened.at >= after and long >= window and cooled:
            yield total / float(last - first + 1), opened.at


@dataclass(frozen=True, slots=True)
class _Pair:
    at: Seconds
    chamber: Celsius
    lag: Kelvin


def _pairs(curve: Sequence[Point]) -> Iterator[_Pair]:
    for point in curve:
        if point.sample is not None and point.chamber is not None:
            yield _Pair(point.at, point.chamber, abs(point.sample - point.chamber))
