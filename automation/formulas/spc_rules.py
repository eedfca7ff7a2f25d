"""Rules that tell a point of a control chart from chance: Western Electric's four and Nelson's eight.

A rule signals at the point that completes it, and that point itself lies where the rule says; signals of one rule on
one side that follow one another are told as one. All rules suppose independent normal points, so ranges are asked the
first rule alone, shares and counts the first four of Nelson (Nelson 1984), and what lies between rare events the first.
Units:  points in standard deviations from the centre.
Source: Western Electric, Statistical Quality Control Handbook (1956) 23-28; Nelson, Journal of Quality Technology 16
        (1984) 237-239.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from automation.formulas.spc import Chart

ABOVE, BELOW, BOTH = "above", "below", "both"
_Test = Callable[[Sequence[float]], str]  # the side on which the last points of a chart break it; empty for none


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its name, what it looks for, and how many points it looks at."""

    name: str
    words: str
    window: int
    test: _Test


@dataclass(frozen=True, slots=True)
class Signal:
    """Where a rule is broken: the points that it looked at, from the first to the last (from 0), and their side."""

    rule: str
    words: str
    first: int
    last: int
    side: str


def _beyond(need: int, sigmas: float) -> _Test:
    def test(some: Sequence[float]) -> str:
        if some[-1] > sigmas and sum(one > sigmas for one in some) >= need:
            return ABOVE
        return BELOW if some[-1] < -sigmas and sum(one < -sigmas for one in some) >= need else ""

    return test


def _whole(window: int, test: _Test) -> _Test:
    return lambda some: test(some) if len(some) == window else ""


def _trend(some: Sequence[float]) -> str:
    steps = [after - before for before, after in itertools.pairwise(some)]
    if all(step > 0 for step in steps):
        return ABOVE
    return BELOW if all(step < 0 for step in steps) else ""


def _turns(some: Sequence[float]) -> str:
    steps = [after - before for before, after in itertools.pairwise(some)]
    turning = all(before * after < 0 for before, after in itertools.pairwise(steps))
    return BOTH if turning else ""


def _near(some: Sequence[float]) -> str:
    return BOTH if all(abs(one) < 1.0 for one in some) else ""


def _far(some: Sequence[float]) -> str:
    far = all(abs(one) > 1.0 for one in some) and any(one > 0 for one in some) and any(one < 0 for one in some)
    return BOTH if far else ""


WESTERN_ELECTRIC = (
    Rule("WE1", "one point beyond 3 standard deviations", 1, _beyond(1, 3.0)),
    Rule("WE2", "two of three beyond 2 on one side", 3, _beyond(2, 2.0)),
    Rule("WE3", "four of five beyond 1 on one side", 5, _beyond(4, 1.0)),
    Rule("WE4", "eight in a row on one side", 8, _beyond(8, 0.0)),
)
NELSON = (
    Rule("N1", "one point beyond 3 standard deviations", 1, _beyond(1, 3.0)),
    Rule("N2", "nine in a row on one side", 9, _beyond(9, 0.0)),
    Rule("N3", "six in a row rising or falling", 6, _whole(6, _trend)),
    Rule("N4", "fourteen in a row up and down by turns", 14, _whole(14, _turns)),
    Rule("N5", "two of three beyond 2 on one side", 3, _beyond(2, 2.0)),
    Rule("N6", "four of five beyond 1 on one side", 5, _beyond(4, 1.0)),
    Rule("N7", "fifteen in a row within 1", 15, _whole(15, _near)),
    Rule("N8", "eight in a row beyond 1, on both sides", 8, _whole(8, _far)),
)
SETS = {"nelson": NELSON, "western-electric": WESTERN_ELECTRIC}
_ALONE = frozenset({"MR", "R", "g"})
_COUNTED = frozenset({"p", "u", "c"})


def signals(chart: Chart, rules: Sequence[Rule] = NELSON) -> tuple[Signal, ...]:
    """Give where a chart breaks those of the rules that its kind can be asked, rule by rule."""
    asked = rules[:1] if chart.kind in _ALONE else rules[:4] if chart.kind in _COUNTED else rules
    if chart.kind in _COUNTED and rules is WESTERN_ELECTRIC:
        asked = (rules[0], rules[3])  # those that rest on zones of a normal distribution are not for counts
    return tuple(signal for rule in asked for signal in broken(chart.away, rule))


def broken(points: Sequence[float], rule: Rule) -> tuple[Signal, ...]:
    """Give where points (in standard deviations from the centre) break one rule."""
    found: list[Signal] = []
    for last in range(len(points)):
        first = max(0, last + 1 - rule.window)
        side = rule.test(points[first : last + 1])
        if side and found and found[-1].side == side and found[-1].last == last - 1:
            found[-1] = Signal(rule.name, rule.words, found[-1].first, last, side)
        elif side:
            found.append(Signal(rule.name, rule.words, first, last, side))
    return tuple(found)
