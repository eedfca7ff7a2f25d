"""The alarm log of a site and its indicators: rate, floods, chattering, stale alarms, priorities, time to act.

A flood begins with more than 10 alarms in 10 min and ends when fewer than 5 are left in 10 min. An alarm chatters when
it comes three times within a minute; it is stale when its condition has stood for a day.
Units:  s; times as ISO 8601 in the site's zone; shares in %.
Source: ISA-18.2 / IEC 62682 and EEMUA 191 (figures from memory): about 1 alarm in 10 min, time in flood below 1 %,
        priorities about 80/15/5 (low, medium, high), none chattering, fewer than 5 stale. Annex 11 draft 8: alarm log.
"""

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from automation.gmp.objects import fact
from automation.gmp.plant.alarms import TABLE, Alarm
from automation.kernel.clock import MICRO, iso
from automation.kernel.quantity import Instant
from automation.ledger.event import Event
from automation.views.objects import Objects

WINDOW = 600.0  # s
MOST, CALM = 10, 5  # alarms in a window: more is a flood, fewer ends it
CHATTER_WITHIN, CHATTERS = 60.0, 3  # s, times
STALE = 86_400.0  # s
DAY_SHARE = 144  # alarms a day that one person can handle
_FREQUENT = 10
_BEGINS = frozenset({"raise", "again", "resume"})


@dataclass(frozen=True, slots=True)
class Raised:
    """One line of the alarm log: one raising and what became of it."""

    alarm: str
    at: str
    priority: str
    message: str
    limit: str
    value: str
    batch: str
    acknowledged_at: str = ""
    acknowledged_by: str = ""
    comment: str = ""
    cleared_at: str = ""
    finding: str = ""  # what it turned out to be
    seq: int = 0
    moment: float = 0.0  # s, UTC
    waited: float | None = None  # s until somebody acknowledged
    late: bool = False  # acknowledged, or not, after the time to respond


@dataclass(frozen=True, slots=True)
class Flood:
    """A time in which more alarms came than anybody can handle; ``end`` is empty while it lasts."""

    begin: str
    end: str
    alarms: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Indicators:
    """What a period says of the alarms of a site."""

    since: str
    until: str
    alarms: int
    per_10_min: float
    most_in_10_min: int
    floods: tuple[Flood, ...]
    in_flood: float  # % of the time
    chattering: tuple[str, ...]
    stale: tuple[str, ...]
    priorities: dict[str, float]  # % of the alarms
    frequent: dict[str, int]
    median_to_acknowledge: float | None  # s
    late: int
    standing: int
    aside: dict[str, int]  # shelved, suppressed by design, out of service
    log: tuple[Raised, ...]


def indicators(objects: Objects, *, since: Instant | None = None, until: Instant | None = None) -> Indicators:
    """Give the log and the indicators of a period; of all time, up to the last event, unless it is stated."""
    first = next(objects.reader.events(), None)
    start = since or Instant((first.at if first else 0) / MICRO)
    end = until or objects.now
    log = tuple(one for one in alarm_log(objects) if float(start) <= one.moment <= float(end))
    span = max(float(end) - float(start), 1.0)
    moments = [one.moment for one in log]
    found = floods(moments, end=float(end), zone=objects.zone)
    alarms = [thing for thing in objects.every("alarm") if isinstance(thing, Alarm)]
    counted = Counter(one.priority for one in log)
    waited = [one.waited for one in log if one.waited is not None]
    return Indicators(
        since=iso(start, zone=objects.zone),
        until=iso(end, zone=objects.zone),
        alarms=len(log),
        per_10_min=len(log) * WINDOW / max(span, WINDOW),
        most_in_10_min=max((_within(moments, at, span=WINDOW) for at in moments), default=0),
        floods=found,
        in_flood=100.0 * sum(flood.seconds for flood in found) / span,
        chattering=_chattering(log),
        stale=tuple(one.id for one in alarms if _stale(one, float(end))),
        priorities={word: 100.0 * counted[word] / len(log) for word in ("low", "medium", "high")} if log else {},
        frequent=dict(Counter(one.alarm for one in log).most_common(_FREQUENT)),
        median_to_acknowledge=statistics.median(waited) if waited else None,
        late=sum(one.late for one in log),
        standing=sum(one.standing for one in alarms),
        aside={
            word: sum(one.state == word for one in alarms)
            for word in ("shelved", "suppressed by design", "out of service")
        },
        log=log,
    )


def alarm_log(objects: Objects) -> list[Raised]:
    """Give every raising of every alarm, in order."""
    found: list[Raised] = []
    for one in objects.every("alarm"):
        found += _of_one(Alarm(one.id), objects.streams[f"alarm/{one.id}"], now=objects.now, zone=objects.zone)
    return sorted(found, key=lambda one: one.seq)


def floods(moments: Sequence[float], *, end: float, zone: str = "UTC") -> tuple[Flood, ...]:
    """Find the floods among moments (s, UTC) up to ``end``."""
    steps = sorted([(at + WINDOW, -1) for at in moments] + [(at, 1) for at in moments])
    found: list[Flood] = []
    count, begun, came = 0, 0.0, 0
    for at, change in steps:
        count += change
        came += change == 1
        if not begun and count > MOST:
            begun, came = at, count
        elif begun and count < CALM and at <= end:
            found.append(_flood(begun, at, alarms=came, zone=zone))
            begun = 0.0
    if begun:
        found.append(replace(_flood(begun, end, alarms=came, zone=zone), end=""))
    return tuple(found)


def lasting(objects: Objects, *, now: Instant) -> Flood | None:
    """Give the flood that goes on now; None when there is none."""
    found = floods([one.moment for one in alarm_log(objects)], end=float(now), zone=objects.zone)
    return found[-1] if found and not found[-1].end else None


def _flood(begin: float, end: float, *, alarms: int, zone: str) -> Flood:
    return Flood(iso(Instant(begin), zone=zone), iso(Instant(end), zone=zone), alarms, end - begin)


def _of_one(alarm: Alarm, events: Iterable[Event], *, now: Instant, zone: str) -> list[Raised]:
    found: list[Raised] = []
    for event in events:
        alarm = alarm.apply(fact(event, TABLE, alarm.state))
        said = alarm.raising
        if said is None:
            continue
        at = iso(Instant(event.at / MICRO), zone=zone)
        if event.kind in _BEGINS and alarm.state == "unacknowledged":
            head = (alarm.id, at, str(said.priority), said.message, said.limit, said.value, said.batch)
            found.append(Raised(*head, seq=event.seq, moment=event.at / MICRO))
        elif found and event.kind == "acknowledge":
            waited = event.at / MICRO - found[-1].moment
            found[-1] = replace(
                found[-1],
                acknowledged_at=at,
                acknowledged_by=event.by,
                comment=alarm.comment,
                waited=waited,
                late=_late(said.respond_within, waited),
            )
        elif found and event.kind in {"clear", "latch"}:
            found[-1] = replace(found[-1], cleared_at=at, finding=alarm.finding)
    within = alarm.raising.respond_within if alarm.raising is not None else 0.0
    if found and alarm.unanswered:
        found[-1] = replace(found[-1], late=_late(within, float(now) - found[-1].moment))
    return found


def _late(within: float, waited: float) -> bool:
    return 0.0 < within < waited


def _within(moments: Sequence[float], at: float, *, span: float) -> int:
    return sum(at - span < other <= at for other in moments)


def _chattering(log: Iterable[Raised]) -> tuple[str, ...]:
    moments: dict[str, list[float]] = {}
    for one in log:
        moments.setdefault(one.alarm, []).append(one.moment)
    return tuple(
        name for name, at in moments.items() if any(_within(at, one, span=CHATTER_WITHIN) >= CHATTERS for one in at)
    )


def _stale(alarm: Alarm, now: float) -> bool:
    return alarm.standing and alarm.active and alarm.raised_at is not None and now - float(alarm.raised_at) > STALE
