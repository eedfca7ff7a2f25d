"""Which plots a step has: one for each unit, with the moments and bands that its record states.

Units: us (UTC) on the time axis, the channel's unit on the other.
"""

from collections.abc import Iterable, Iterator, Mapping

from automation.engine.journal import Enter
from automation.formulas import curves
from automation.formulas.curves import Point
from automation.kernel.clock import MICRO
from automation.kernel.quantity import Celsius, Kelvin, Seconds
from automation.ledger.event import Event
from automation.views import record, shapes

_RISE, _RISE_WITHIN = Kelvin(2.0), Seconds(60.0)  # K, s; only for the mark on a plot when the recipe states none

TIMES = frozenset({"s", "min", "h"})  # time over time shows nothing
_TITLES = {"mL": "Volumes", "kPa": "Pressure"}
DEVICE_CHANNELS = ("chamber", "setpoint", "output")  # channels that show the device, not what is in it


def charts(events: Iterable[Event], trends: tuple[record.Trend, ...], bound: shapes.Bound) -> tuple[record.Chart, ...]:
    """Give the plots of a step."""
    some = tuple(events)
    by_unit: dict[str, list[record.Trend]] = {}
    for trend in trends:
        if trend.readings and trend.unit not in TIMES:
            by_unit.setdefault(trend.unit, []).append(trend)
    return tuple(_chart(some, unit, channels, bound) for unit, channels in by_unit.items())


def _chart(events: tuple[Event, ...], unit: str, trends: list[record.Trend], bound: shapes.Bound) -> record.Chart:
    criteria = _criteria(bound)
    marks = tuple(_states(events, trends))
    band, text = None, ""
    if unit in {"degC", ""} and {"rate_from", "rate_to"} <= criteria.keys():
        low, high = sorted((criteria["rate_from"], criteria["rate_to"]))
        band, text = (low, high), f"cooling rate judged from {high:g} to {low:g} degC"
        marks += tuple(_nucleation(trends, criteria))
    title = "Freezing curve" if band else _TITLES.get(unit, f"Process data ({unit or 'no unit recorded'})")
    return record.Chart(title, unit, tuple(t.channel for t in trends), events[0].at, marks, band, text)


def _states(events: Iterable[Event], trends: list[record.Trend]) -> Iterator[record.Mark]:
    """Mark the states entered while there are readings."""
    first, last = min(t.times[0] for t in trends), max(t.times[-1] for t in trends)
    for event in events:
        if event.kind == "enter" and first <= event.at <= last:
            yield record.Mark(event.at, event.read(Enter).state)


def _nucleation(trends: list[record.Trend], criteria: Mapping[str, float]) -> Iterator[record.Mark]:
    """Mark where a curve nucleates, found with the recipe's own numbers."""
    rise = Kelvin(criteria.get("rise", float(_RISE)))
    within = Seconds(criteria.get("rise_within", float(_RISE_WITHIN)))
    for trend in trends:
        if any(word in trend.channel for word in DEVICE_CHANNELS):
            continue
        start = trend.times[0]
        points = [
            Point(Seconds((at - start) / MICRO), None, Celsius(value))
            for at, value in zip(trend.times, trend.values, strict=True)
            if value is not None
        ]
        found = curves.nucleation(curves.good_points(points), rise=rise, within=within) if points else None
        if found is not None:
            at = start + round(float(found.at) * MICRO)
            yield record.Mark(
                at, f"nucleation {float(found.temperature):.1f} {trend.unit}".rstrip(), float(found.temperature)
            )


def _criteria(bound: shapes.Bound) -> dict[str, float]:
    """Give every number among the parameters, also those inside a structure."""
    found: dict[str, float] = {}
    for name, one in bound.parameters.items():
        parts = one.value.items() if isinstance(one.value, dict) else ((name, one.value),)
        found |= {str(key): float(value) for key, value in parts if isinstance(value, int | float)}
    return found
