"""A network of activities: when each begins and ends, what decides the end, and how much time each has to spare.

Units:  moments in s (UTC), times in s.
Source: Kelley and Walker, Critical-Path Planning and Scheduling (1959): forward pass, backward pass, total float.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from automation.kernel.quantity import Instant, Seconds

_NEAR = Seconds(1e-3)  # two moments that are one
NONE = Seconds(0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One thing that has to be done; it stands after those that it waits for."""

    name: str
    title: str
    takes: Seconds = NONE
    after: tuple[str, ...] = ()
    lag: Seconds = NONE  # between the end of the last of those and its begin
    not_before: Instant | None = None
    begun: Instant | None = None
    ended: Instant | None = None


@dataclass(frozen=True, slots=True)
class Timed:
    """When an activity begins and ends, and by how much it could end later; None where nothing has to be reached."""

    activity: Activity
    begin: Instant
    end: Instant
    slack: Seconds | None
    critical: bool

    @property
    def over(self) -> bool:
        """Tell whether it has ended."""
        return self.activity.ended is not None


def timed(
    activities: Sequence[Activity],
    now: Instant,
    *,
    needed_by: Instant | None,
    delays: Mapping[str, Seconds],
) -> tuple[Timed, ...]:
    """Give the activities, in their order, as they are to be expected; ``delays`` makes some take longer."""
    spans = _forward(activities, now, delays)
    late = _backward(activities, spans, needed_by)
    path = _path(activities, spans)
    return tuple(
        Timed(one, *spans[one.name], _slack(late.get(one.name), spans[one.name][1]), one.name in path)
        for one in activities
    )


def _slack(late: Instant | None, end: Instant) -> Seconds | None:
    return None if late is None else late - end


def _forward(
    activities: Sequence[Activity], now: Instant, delays: Mapping[str, Seconds]
) -> dict[str, tuple[Instant, Instant]]:
    spans: dict[str, tuple[Instant, Instant]] = {}
    for one in activities:
        if one.ended is not None:
            spans[one.name] = (one.begun if one.begun is not None else one.ended, one.ended)
            continue
        begin = one.begun
        if begin is None:
            ready = max((spans[name][1] for name in one.after), default=now) + one.lag
            begin = max(now, ready, one.not_before if one.not_before is not None else now)
        spans[one.name] = (begin, max(now, begin + one.takes + delays.get(one.name, NONE)))
    return spans


def _backward(
    activities: Sequence[Activity], spans: Mapping[str, tuple[Instant, Instant]], needed_by: Instant | None
) -> dict[str, Instant]:
    """Give the moments at which each may end at the latest."""
    if needed_by is None:
        return {}
    late = dict.fromkeys(spans, needed_by)
    for one in reversed(activities):
        begin, end = spans[one.name]
        for name in one.after:
            late[name] = min(late[name], late[one.name] - (end - begin) - one.lag)
    return late


def _path(activities: Sequence[Activity], spans: Mapping[str, tuple[Instant, Instant]]) -> set[str]:
    """Give what decides the end: back from the last, each time to the one that ended last, unless a moment was set."""
    known = {one.name: one for one in activities}
    last = max(reversed(activities), key=lambda one: spans[one.name][1], default=None)
    found: set[str] = set()
    while last is not None:
        found.add(last.name)
        before = max(last.after, key=lambda name: spans[name][1], default="")
        waited = before and spans[last.name][0] - (spans[before][1] + last.lag) > _NEAR
        last = known[before] if before and not waited else None
    return found
