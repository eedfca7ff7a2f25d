"""Events of a flow cytometer: compensation, and how many of them lie in the gates of a strategy.

Units:  linear channel values. Events are rows, channels columns.
Source: Bagwell and Adams, Ann. N.Y. Acad. Sci. 677 (1993) 167 for compensation by the inverse of the spill matrix;
        ISAC Gating-ML 2.0 for gates (see ``automation.formulas.gating``).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from automation.formulas.gating import Compensation, Gate, Population, Strategy, judged
from automation.kernel.errors import InputError

Values = NDArray[np.float64]
Inside = NDArray[np.bool_]

WORST = 1e6  # condition number beyond which the inverse of a spill matrix means nothing: ours


@dataclass(frozen=True, slots=True)
class Spill:
    """How much of each dye is seen in the channels of the others; row: dye, column: channel."""

    channels: tuple[str, ...]
    matrix: Values

    def __post_init__(self) -> None:
        """Refuse what can't be inverted."""
        size = len(self.channels)
        if self.matrix.shape != (size, size) or len(set(self.channels)) != size:
            raise InputError(f"the spill matrix has {self.matrix.shape} figures for {size} different channels")
        if not np.isfinite(self.matrix).all() or not float(np.linalg.cond(self.matrix)) < WORST:
            raise InputError("the spill matrix can't be inverted")

    @property
    def idle(self) -> bool:
        """Tell whether it compensates nothing."""
        return bool((self.matrix == np.eye(len(self.channels))).all())


@dataclass(frozen=True, slots=True)
class Events:
    """All events of one tube, by channel; markers are what the file says is stained there."""

    channels: tuple[str, ...]
    values: Values
    markers: Mapping[str, str]
    spill: Spill | None = None

    def __post_init__(self) -> None:
        """Refuse numbers that are none, and channels that stand twice."""
        if len(set(self.channels)) != len(self.channels):
            raise InputError("two channels have the same name")
        if not np.isfinite(self.values).all():
            raise InputError("some events have values that are no numbers")

    def column(self, channel: str) -> Values:
        """Give the values of one channel; raises InputError for one that the file has not."""
        if channel not in self.channels:
            raise InputError(f"channel is {channel!r}; the file has {', '.join(self.channels)}")
        found: Values = self.values[:, self.channels.index(channel)]
        return found


def compensated(events: Events) -> Events:
    """Give the events without spill; raises InputError without a matrix, or for a channel that the file has not."""
    if events.spill is None:
        raise InputError("the file has no spill matrix, and the strategy compensates by it")
    for channel in events.spill.channels:
        events.column(channel)
    places = [events.channels.index(channel) for channel in events.spill.channels]
    values = events.values.copy()
    values[:, places] = np.linalg.solve(events.spill.matrix.T, values[:, places].T).T
    return Events(events.channels, values, events.markers, events.spill)


def populations(events: Events, strategy: Strategy) -> tuple[Population, ...]:
    """Count the events of every gate; raises InputError for a channel, marker or matrix that is not there."""
    for stain in strategy.stains:
        events.column(stain.channel)
        seen = events.markers.get(stain.channel, "")
        if stain.marker.lower() not in seen.lower():
            raise InputError(f"channel {stain.channel!r} shows {seen!r}; the strategy says {stain.marker!r}")
    looked = compensated(events) if strategy.compensation is Compensation.FROM_FILE else events
    inside: dict[str, Inside] = {"": np.ones(len(looked.values), dtype=np.bool_)}
    found = []
    for gate in strategy.every:
        parent = inside[gate.within]
        inside[gate.name] = parent & _in(gate, looked)
        count, of = int(inside[gate.name].sum()), int(parent.sum())
        found.append(judged(gate, count, of=of, minimum=strategy.minimum))
    return tuple(found)


def _in(gate: Gate, events: Events) -> Inside:
    if gate.polygon:
        return _in_polygon(gate, x=events.column(gate.x), y=events.column(gate.y))
    found = np.ones(len(events.values), dtype=np.bool_)
    for bound in gate.ranges:
        values = events.column(bound.channel)
        if bound.low is not None:
            found &= values >= bound.low
        if bound.high is not None:
            found &= values < bound.high
    return found


def _in_polygon(gate: Gate, *, x: Values, y: Values) -> Inside:
    """Count how often a ray to the right of each event crosses the sides: an odd number is inside."""
    inside = np.zeros(len(x), dtype=np.bool_)
    for start, end in zip(gate.polygon, (*gate.polygon[1:], gate.polygon[0]), strict=True):
        if start.y == end.y:
            continue
        crosses = (start.y > y) != (end.y > y)
        at = (end.x - start.x) * (y - start.y) / (end.y - start.y) + start.x
        inside ^= crosses & (x < at)
    return inside
