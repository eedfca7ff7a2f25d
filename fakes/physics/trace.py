"""Temperatures on the plant's grid of whole seconds, kept so that a settled stretch costs nothing.

A value at grid point k follows from the values at k - 1 alone. Whoever looks makes the past complete up to the
moment of looking and changes nothing: looking twice as often gives the same values.
Units: degC; grid points are whole seconds of UTC.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import NamedTuple, Protocol

SETTLED = 1e-9  # K; a gap below this is none


class Piece(NamedTuple):
    """A stretch of a temperature: values one by one, or one value for all ``seconds``."""

    values: Sequence[float]
    seconds: int

    @property
    def constant(self) -> bool:
        """Tell whether one value stands for the whole stretch."""
        return self.seconds != len(self.values)

    def each(self) -> Iterator[float]:
        """Give every value."""
        return repeat(self.values[0], self.seconds) if self.constant else iter(self.values)


class Signal(Protocol):
    """Something that has a temperature at every grid point."""

    def pieces(self, first: int, last: int) -> Iterator[Piece]:
        """Give the temperatures from ``first`` up to, not including, ``last``."""
        ...


class Trace:
    """The temperatures of one thing from its first grid point on."""

    def __init__(self, first: int, value: float) -> None:
        """Begin with one value."""
        self._starts = [first]
        self._values = [[value]]  # of each stretch: its values, or the one value of a settled stretch
        self._seconds = [1]
        self.end = first + 1  # the first grid point without a value
        self.last = value

    def extend(self, values: list[float]) -> None:
        """Append values."""
        if not values:
            return
        if self._seconds[-1] == len(self._values[-1]):
            self._values[-1] += values
            self._seconds[-1] += len(values)
        else:
            self._begin(values, len(values))
        self.end += len(values)
        self.last = values[-1]

    def replace_last(self, value: float) -> None:
        """Put another value at the last grid point."""
        if value == self.last:
            return
        if self._seconds[-1] == len(self._values[-1]):
            self._values[-1][-1] = value
        else:
            self._seconds[-1] -= 1
            self._starts.append(self.end - 1)
            self._values.append([value])
            self._seconds.append(1)
        self.last = value

    def rest(self, count: int) -> None:
        """Append the last value ``count`` times."""
        if not count:
            return
        if len(self._values[-1]) == 1:
            self._seconds[-1] += count
        else:
            self._begin([self.last], count)
        self.end += count

    def at(self, index: int) -> float:
        """Give the value at a grid point; before the first it is the first, after the last the last."""
        for piece in self.pieces(index, index + 1):
            return piece.values[0]
        return self.last

    def pieces(self, first: int, last: int) -> Iterator[Piece]:
        """Give the stretch from ``first`` up to, not including, ``last``; before the trace its first value held."""
        if first < self._starts[0]:
            stop = min(last, self._starts[0])
            yield Piece(self._values[0][:1], stop - first)
            first = stop
        run = max(0, bisect_right(self._starts, first) - 1)
        while first < last and run < len(self._starts):
            start, values, seconds = self._starts[run], self._values[run], self._seconds[run]
            stop = min(last, start + seconds)
            if seconds == len(values):
                yield Piece(values[first - start : stop - start], stop - first)
            else:
                yield Piece(values, stop - first)
            first, run = stop, run + 1

    def _begin(self, values: list[float], seconds: int) -> None:
        self._starts.append(self.end)
        self._values.append(values)
        self._seconds.append(seconds)


class Constant:
    """A place that keeps its temperature."""

    def __init__(self, value: float) -> None:
        """Keep ``value`` (degC)."""
        self.value = value

    def pieces(self, first: int, last: int) -> Iterator[Piece]:
        """Give the value for the whole stretch."""
        if last > first:
            yield Piece([self.value], last - first)


class Law(Protocol):
    """How a temperature follows what is around it; a gap of less than ``SETTLED`` moves nothing."""

    def follow(self, own: float, around: Piece) -> list[float]:
        """Give the own temperatures of the next grid points; may end early once a constant stretch is reached."""
        ...


class Follower:
    """A temperature that follows another one, and may be moved to follow something else."""

    def __init__(self, law: Law, value: float, around: Signal, *, first: int) -> None:
        """Begin at ``value`` (degC) in ``around``."""
        self._law = law
        self._around = around
        self.trace = Trace(first, value)

    def move(self, around: Signal, *, at: int) -> None:
        """Follow something else from grid point ``at`` on."""
        self.catch_up(at)
        self._around = around

    def jump(self, value: float, *, at: int) -> None:
        """Be at ``value`` (degC) from grid point ``at`` on, as after mixing."""
        self.catch_up(at)
        self.trace.replace_last(value)

    def catch_up(self, index: int) -> float:
        """Complete the past up to grid point ``index`` and give the temperature there."""
        trace = self.trace
        if index < trace.end:
            return trace.at(index)
        for piece in self._around.pieces(trace.end - 1, index):
            values = self._law.follow(trace.last, piece)
            trace.extend(values)
            trace.rest(piece.seconds - len(values))
        return trace.last

    def pieces(self, first: int, last: int) -> Iterator[Piece]:
        """Give the temperatures from ``first`` up to, not including, ``last``."""
        self.catch_up(last - 1)
        return self.trace.pieces(first, last)


class Lag:
    """A first-order lag: a probe in its sleeve."""

    def __init__(self, seconds: float) -> None:
        """Lag by a time constant (s)."""
        self._share = 1.0 / max(seconds, 1.0)

    def follow(self, own: float, around: Piece) -> list[float]:
        """Follow; ends early once a constant surrounding is reached."""
        share, out = self._share, []
        for value in around.each():
            gap = value - own
            if not -SETTLED < gap < SETTLED:
                own += share * gap
            elif around.constant:
                break
            out.append(own)
        return out
