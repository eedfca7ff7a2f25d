"""Gating strategies: which events of a flow cytometer count as which population, declared and signed as data.

A strategy is a tree of gates over named channels. Each gate is a range in one or more channels, a polygon in two, or
one quarter of two channels divided at one point each; it lies within another gate, or within all events.
Units:  channel values are linear, after gain, logarithmic amplification and compensation; shares in %.
Source: ISAC Gating-ML 2.0, 5.1 (rectangle: lower bound belongs to the gate, upper does not), 5.2 (polygon),
        5.4 (quadrants); Wilson, J. Am. Stat. Assoc. 22 (1927) 209 for the interval of a share.
"""

import math
from dataclasses import dataclass, field
from enum import StrEnum

from automation.kernel.errors import InputError
from automation.kernel.quantity import Percent

COVERAGE = 1.959963984540054  # two-sided 95 % of the normal law


class Compensation(StrEnum):
    """What is done against the spill of one dye into the channels of others."""

    FROM_FILE = "from the file"  # by the matrix in the file, which has to be there
    NONE = "none"


class Verdict(StrEnum):
    """Whether a share means something."""

    EVALUABLE = "evaluable"
    NOT_EVALUABLE = "not evaluable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A range of one channel: at least ``low`` and below ``high``; one of them may be left open."""

    channel: str = field(metadata={"label": "Channel, as the cytometer names it ($PnN)"})
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        """Refuse a range that holds everything or nothing."""
        if self.low is None and self.high is None:
            raise InputError(f"the range of channel {self.channel!r} has neither low nor high")
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise InputError(f"the range of channel {self.channel!r} is {self.low:g} to {self.high:g}; low < high")


@dataclass(frozen=True, slots=True, kw_only=True)
class Corner:
    """A corner of a polygon, in the values of its two channels."""

    x: float
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One population: ranges that all hold, or a polygon over two channels."""

    name: str
    within: str = ""  # the gate that it divides; empty: all events
    ranges: tuple[Bound, ...] = ()
    x: str = ""  # channels of the polygon
    y: str = ""
    polygon: tuple[Corner, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is neither or both."""
        if bool(self.ranges) == bool(self.polygon):
            raise InputError(f"gate {self.name!r} needs ranges or a polygon, one of them")
        if self.polygon and (len(self.polygon) < 3 or not self.x or not self.y or self.x == self.y):
            raise InputError(f"gate {self.name!r}: a polygon has three corners or more, over two channels x and y")

    @property
    def channels(self) -> tuple[str, ...]:
        """Name the channels that it looks at."""
        return tuple(one.channel for one in self.ranges) or (self.x, self.y)


@dataclass(frozen=True, slots=True, kw_only=True)
class Divider:
    """Where a channel is divided; what lies on it is above."""

    channel: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Quadrants:
    """Two channels divided at one point each: four populations that are all of what they lie within."""

    within: str = ""
    x: Divider
    y: Divider
    names: tuple[str, ...]  # low x and low y, high x and low y, low x and high y, both high

    def gates(self) -> tuple[Gate, ...]:
        """Give the four as gates; raises InputError for another number of names, or one channel twice."""
        if len(self.names) != 4 or self.x.channel == self.y.channel:
            raise InputError(f"quadrants {', '.join(self.names)}: four names and two channels are needed")
        return tuple(
            Gate(
                name=name,
                within=self.within,
                ranges=(_side(self.x, above=bool(number & 1)), _side(self.y, above=bool(number & 2))),
            )
            for number, name in enumerate(self.names)
        )


def _side(divider: Divider, *, above: bool) -> Bound:
    at = divider.at
    return Bound(channel=divider.channel, low=at if above else None, high=None if above else at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stain:
    """What a channel has to show according to the file: another marker there, and the file is refused."""

    channel: str
    marker: str  # has to stand in $PnS


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """A whole strategy; a parameter that is approved and signed like any other."""

    name: str
    compensation: Compensation
    minimum: int = field(metadata={"range": (1, 10_000_000), "label": "Events that a share is taken of at least"})
    gates: tuple[Gate, ...]
    quadrants: tuple[Quadrants, ...] = ()  # each within one of the gates, or within all events
    stains: tuple[Stain, ...] = ()

    @property
    def every(self) -> tuple[Gate, ...]:
        """Give all gates, each after the one that it lies within."""
        return (*self.gates, *(gate for one in self.quadrants for gate in one.gates()))

    def __post_init__(self) -> None:
        """Refuse names that are double or unknown; raises InputError."""
        if self.minimum < 1:
            raise InputError(f"strategy {self.name!r}: minimum is {self.minimum}; at least 1 event is needed")
        known: list[str] = []
        for gate in self.every:
            if not gate.name or gate.name in known:
                raise InputError(f"strategy {self.name!r}: gate {gate.name!r} stands twice or has no name")
            if gate.within and gate.within not in known:
                raise InputError(
                    f"strategy {self.name!r}: gate {gate.name!r} lies within {gate.within!r}, unknown above"
                )
            known.append(gate.name)
        if not known:
            raise InputError(f"strategy {self.name!r} has no gate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """What one gate holds; without a verdict of evaluable there is no share, only a bound where one can be given."""

    name: str
    within: str
    count: int
    of: int  # events in what it lies within
    share: Percent | None
    low: Percent | None = None  # 95 % interval
    high: Percent | None = None
    bound: str = ""  # "<" or ">": the share lies below ``high`` or above ``low``
    verdict: Verdict
    why: str = ""  # why it is not evaluable


def wilson(count: int, of: int) -> tuple[Percent, Percent]:
    """Give the 95 % interval of a share (%); raises InputError for a count that is none."""
    if not 0 <= count <= of or not of:
        raise InputError(f"{count} of {of}: a count of at least 0, of at least 1 event, is needed")
    share, z2 = count / of, COVERAGE**2
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = COVERAGE / (1 + z2 / of) * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    low = 0.0 if not count else middle - half
    high = 1.0 if count == of else middle + half
    return Percent(100.0 * low), Percent(100.0 * high)


def judged(gate: Gate, count: int, *, of: int, minimum: int) -> Population:
    """Give the population of a gate: no share of too few events, and none of 0 or 100 %, only a bound."""
    low, high = wilson(count, of) if of else (Percent(0.0), Percent(100.0))
    why, bound = "", ""
    if of < minimum:
        why = f"{of} events in {gate.within or 'the file'}; at least {minimum} are needed"
    elif count == 0:
        why, bound = f"no event of {of}: the share is below {float(high):.2g} %", "<"
    elif count == of:
        why, bound = f"all of {of} events: the share is above {float(low):.4g} %", ">"
    return Population(
        name=gate.name,
        within=gate.within,
        count=count,
        of=of,
        share=None if why else Percent(100.0 * count / of),
        low=low if bound == ">" or not why else None,
        high=high if bound == "<" or not why else None,
        bound=bound,
        verdict=Verdict.NOT_EVALUABLE if why else Verdict.EVALUABLE,
        why=why,
    )
