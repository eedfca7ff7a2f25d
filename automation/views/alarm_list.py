"""What stands in the alarm list, in the order in which people have to act: product at risk and its time left first.

Product is at risk where the alarm's definition says so and something is in the store, and where a limit in time runs
for the batch of the alarm. Nothing is dropped, however many alarms come.
Units:  ``left_s`` in s until the product is lost or its time is over; below zero when it was.
Source: ISA-18.2 (priority and time to respond); the order is ours.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from automation.gmp.marks import OPEN
from automation.gmp.plant.alarms import Alarm, Raising
from automation.gmp.quality.timers import Timer
from automation.kernel.clock import iso
from automation.kernel.quantity import Instant, Seconds
from automation.views.objects import Objects
from automation.views.stores import Stores
from automation.views.wording import span

_RANK = {"high": 0, "medium": 1, "low": 2}


@dataclass(frozen=True, slots=True)
class Line:
    """One alarm as people see it."""

    id: str
    state: str
    priority: str
    at_risk: bool
    left: str
    left_s: float | None
    message: str
    consequence: str
    response: str
    respond_by: str
    raised_at: str
    count: int
    batch: str
    step: str
    asset: str
    containers: tuple[str, ...]
    unanswered: bool
    aside_until: str = ""

    @property
    def risk(self) -> str:
        """Say in words what is at stake."""
        if not self.at_risk:
            return ""
        return f"PRODUCT AT RISK, {self.left or 'time left not known'}"


def alarm_list(objects: Objects, stores: Stores, *, now: Instant, aside: bool = False) -> list[Line]:
    """Give the alarms that stand, and with ``aside`` those that are set aside, in the order of acting."""
    things = (one for one in objects.marked("alarm", OPEN) if isinstance(one, Alarm))
    wanted = [one for one in things if one.standing or (aside and one.back)]
    timers = [one for one in objects.marked("timer", OPEN) if isinstance(one, Timer) and one.going and one.bounded]
    lines = [_line(one, one.raising, _At(objects.zone, now), stores, timers) for one in wanted if one.raising]
    return sorted(lines, key=_order)


@dataclass(frozen=True, slots=True)
class _At:
    zone: str
    now: Instant

    def show(self, moment: Instant | None) -> str:
        """Write a moment, empty for none."""
        return "" if moment is None else iso(moment, zone=self.zone)


def _order(line: Line) -> tuple[bool, float, int, str]:
    left = float("inf") if line.left_s is None else line.left_s
    return not line.at_risk, left if line.at_risk else 0.0, _RANK.get(line.priority, 0), line.raised_at


def _line(alarm: Alarm, said: Raising, at: _At, stores: Stores, timers: Iterable[Timer]) -> Line:
    store = stores.every.get(said.asset)
    inside = tuple(one.container for one in store.contents) if store else ()
    lefts = [float(timer.due - at.now) for timer in timers if said.batch and timer.batch == said.batch]
    stored = said.product and (store is None or bool(inside))
    if stored and store is not None and store.left is not None:
        lefts.append(store.left)
    left = min(lefts, default=None)
    by = alarm.raised_at + Seconds(said.respond_within) if said.respond_within and alarm.raised_at else None
    return Line(
        id=alarm.id,
        state=str(alarm.state),
        priority=str(said.priority),
        at_risk=stored or bool(lefts),
        left=_words(left),
        left_s=left,
        message=said.message,
        consequence=said.consequence,
        response=said.response,
        respond_by=at.show(by),
        raised_at=at.show(alarm.raised_at),
        count=alarm.count,
        batch=said.batch,
        step=said.step,
        asset=said.asset,
        containers=inside,
        unanswered=alarm.unanswered,
        aside_until=at.show(alarm.shelved_until),
    )


def _words(left: float | None) -> str:
    if left is None:
        return ""
    return f"{span(left)} left" if left > 0.0 else f"over by {span(-left)}"
