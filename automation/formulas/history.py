"""What a logger's readings say about a stretch of time: in range, out of it, or not known; a gap is never in range.

The time between two readings counts by the worse of them. Readings further apart than the longest gap that was agreed,
faults, and the time before the first and after the last reading are *not known*.
Units:  s, degC.
Source: WHO TRS 961 annex 9 (time and temperature in transit); 21 CFR 211.142(b), 211.194(a)(4) (complete data).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from automation.kernel.errors import InputError
from automation.kernel.quantity import Celsius, Seconds


class Verdict(StrEnum):
    """What the whole stretch counts as; NOT_EVALUABLE is never a pass."""

    IN_RANGE = "in range"
    OUT_OF_RANGE = "out of range"
    NOT_EVALUABLE = "not evaluable"


class Kind(StrEnum):
    """What is known of a part of the time."""

    WITHIN = "within"
    BELOW = "below"
    ABOVE = "above"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading; ``None`` where the logger reported a fault."""

    at: Seconds
    value: Celsius | None


@dataclass(frozen=True, slots=True)
class Range:
    """What is allowed, and how far apart two readings may be."""

    low: Celsius
    high: Celsius
    gap: Seconds


@dataclass(frozen=True, slots=True)
class Part:
    """One stretch of the same kind, with the value that was furthest out."""

    kind: Kind
    start: Seconds
    end: Seconds
    extreme: Celsius | None

    @property
    def duration(self) -> Seconds:
        """Give how long it lasted (s)."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class History:
    """The whole stretch in parts, without holes."""

    parts: tuple[Part, ...]

    def total(self, kind: Kind) -> Seconds:
        """Give the time of a kind (s)."""
        return Seconds(sum(float(one.duration) for one in self.parts if one.kind is kind))

    @property
    def verdict(self) -> Verdict:
        """Judge the whole: out of range when any part is, not evaluable when nothing is known of one."""
        kinds = {one.kind for one in self.parts}
        if kinds & {Kind.BELOW, Kind.ABOVE}:
            return Verdict.OUT_OF_RANGE
        return Verdict.NOT_EVALUABLE if Kind.UNKNOWN in kinds or not kinds else Verdict.IN_RANGE


def history(readings: Sequence[Reading], allowed: Range, *, since: Seconds, until: Seconds) -> History:
    """Give what is known of the time from ``since`` to ``until``; raises InputError for readings out of order."""
    if allowed.low > allowed.high or allowed.gap <= Seconds(0.0) or since >= until:
        raise InputError("the range has to go from low to high, the gap and the time to be more than 0")
    for before, after in pairwise(readings):
        if after.at <= before.at:
            raise InputError(f"the reading at {after.at:g} s follows one at {before.at:g} s; they have to be in order")
    return History(tuple(_joined(_pieces(readings, allowed, since=since, until=until))))


def _pieces(readings: Sequence[Reading], allowed: Range, *, since: Seconds, until: Seconds) -> Iterator[Part]:
    """Give the time between readings, cut to the stretch."""
    ends = [Reading(since, None), *(one for one in readings if since <= one.at <= until), Reading(until, None)]
    for before, after in pairwise(ends):
        if after.at <= before.at:
            continue
        if before.value is None or after.value is None or after.at - before.at > allowed.gap:
            yield Part(Kind.UNKNOWN, before.at, after.at, None)
        else:
            yield _judged((before, after), allowed)


def _judged(ends: tuple[Reading, Reading], allowed: Range) -> Part:
    before, after = ends
    values = [value for value in (before.value, after.value) if value is not None]
    low, high = min(values), max(values)
    if high > allowed.high:
        return Part(Kind.ABOVE, before.at, after.at, high)
    if low < allowed.low:
        return Part(Kind.BELOW, before.at, after.at, low)
    return Part(Kind.WITHIN, before.at, after.at, None)


def _joined(pieces: Iterator[Part]) -> Iterator[Part]:
    """Join neighbours of one kind."""
    held: Part | None = None
    for one in pieces:
        if held is not None and held.kind is one.kind:
            values = [value for value in (held.extreme, one.extreme) if value is not None]
            furthest = (min(values) if one.kind is Kind.BELOW else max(values)) if values else None
            held = Part(one.kind, held.start, one.end, furthest)
        else:
            if held is not None:
                yield held
            held = one
    if held is not None:
        yield held
