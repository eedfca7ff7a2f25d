"""How well a chamber has followed its program: the rate of each ramp, and how far each hold went from its target.

Where a ramp ends and a hold begins, the set point says, so that it does not matter whether the device waited for its
chamber. A rate is the slope of a straight line by least squares through the readings between a quarter and nine tenths
of the way; a hold is judged after a time in which the chamber settles.
Units:  s from the start of the program, degC, K/min.
Source: EU GMP Annex 15, 3.11 (operating range); least squares as in every textbook.
"""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from automation.kernel.errors import InputError

FEWEST = 3  # readings of a ramp or hold
_SAME = 0.1  # K; so near is a set point at its target
_FROM, _TO = 0.25, 0.9  # share of the way on which a ramp is judged: before it the chamber still takes up the rate


class Look(NamedTuple):
    """One look at a run: when (s), the set point and the chamber (degC)."""

    at: float
    setpoint: float
    chamber: float


@dataclass(frozen=True, slots=True)
class Leg:
    """One segment of a program: to ``target`` at ``rate`` (K/min, without sign), or a hold there for ``dwell`` (s)."""

    target: float
    rate: float = 0.0
    dwell: float = 0.0

    @property
    def holds(self) -> bool:
        """Tell whether it is a hold."""
        return self.rate == 0.0


@dataclass(frozen=True, slots=True)
class Followed:
    """How one segment was followed: of a ramp the rate, of a hold the reading farthest from its target."""

    leg: Leg
    found: float  # K/min, or degC
    met: bool

    @property
    def sentence(self) -> str:
        """Say it."""
        if self.leg.holds:
            return f"hold at {self.leg.target:g} degC: farthest {self.found:.2f} degC"
        return f"ramp to {self.leg.target:g} degC at {self.leg.rate:g} K/min: {self.found:.2f} K/min"


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far a rate (K/min, or a share of it if that is more) and a hold (K) may be off, and how long it settles."""

    rate: float
    share: float
    hold: float
    settle: float  # s


def followed(looks: Sequence[Look], legs: Sequence[Leg], *, within: Tolerance) -> tuple[Followed, ...]:
    """Judge a run by its program, each ramp of which ends in a hold; raises InputError for what can't be judged."""
    if any(leg.holds != bool(number % 2) for number, leg in enumerate(legs)):
        raise InputError("ramps and holds have to take turns, a ramp first, so that one ends where the other begins")
    return tuple(_judged(looks, legs, within))


def _judged(looks: Sequence[Look], legs: Sequence[Leg], within: Tolerance) -> Iterator[Followed]:
    here = 0
    for leg in legs:
        held = [number for number in range(here, len(looks)) if abs(looks[number].setpoint - leg.target) <= _SAME]
        if not held:
            raise InputError(f"the set point never came to {leg.target:g} degC; the program was not run to its end")
        if not leg.holds:
            yield _of_ramp(leg, looks[here : _reached(looks, leg, held[0])], within)
            here = held[0]
            continue
        until = next((n for n in range(held[0], len(looks)) if abs(looks[n].setpoint - leg.target) > _SAME), len(looks))
        yield _of_hold(leg, looks[held[0] : until], within)
        here = until


def _reached(looks: Sequence[Look], leg: Leg, first: int) -> int:
    """Give the place behind the last reading of a ramp: the chamber follows its set point with a delay."""
    falls = leg.target < looks[max(0, first - 1)].chamber
    there = (n for n in range(first, len(looks)) if (looks[n].chamber <= leg.target) == falls)
    return next(there, first) + 1


def _of_hold(leg: Leg, looks: Sequence[Look], within: Tolerance) -> Followed:
    seen = [one.chamber for one in looks if one.at - looks[0].at >= within.settle]
    if len(seen) < FEWEST:
        raise InputError(f"{len(seen)} readings of the hold at {leg.target:g} degC; at least {FEWEST} are needed")
    found = max(seen, key=lambda value: abs(value - leg.target))
    return Followed(leg, found, abs(found - leg.target) <= within.hold)


def _of_ramp(leg: Leg, looks: Sequence[Look], within: Tolerance) -> Followed:
    begins = looks[0].chamber if looks else leg.target
    way = leg.target - begins
    seen = [one for one in looks if way and _FROM <= (one.chamber - begins) / way <= _TO]
    if len(seen) < FEWEST:
        raise InputError(f"{len(seen)} readings of the ramp to {leg.target:g} degC; at least {FEWEST} are needed")
    line = statistics.linear_regression([one.at for one in seen], [one.chamber for one in seen])
    found = abs(line.slope) * 60
    return Followed(leg, found, abs(found - leg.rate) <= max(within.rate, within.share * leg.rate))
