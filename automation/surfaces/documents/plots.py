"""Plots of process data as SVG: the same record gives the same bytes.

Units: min since the step's begin below, clock time in the site's zone above; the channel's unit at the side.
Lines differ by dash as well as by shade, so that a print without colours can be read.
"""

import io
from collections.abc import Callable, Sequence
from itertools import cycle
from typing import TYPE_CHECKING

from automation.kernel.clock import MICRO, local
from automation.kernel.quantity import Instant
from automation.views.charts import DEVICE_CHANNELS
from automation.views.record import Chart, Mark, Trend

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.typing import RcKeyType

LOOKS = (("#1b4f8a", "-"), ("#c2560c", "--"), ("#3b7a3b", "-."), ("#6b3f8f", ":"), ("#555555", (0, (6, 2, 1, 2))))
_WIDE, _HIGH = 7.0, 3.1  # inches
_MINUTE = 60 * MICRO


def draw(chart: Chart, trends: Sequence[Trend], *, zone: str) -> str:
    """Give one plot as SVG text."""

    def paint(axes: "Axes") -> None:
        _lines(axes, chart, [trend for trend in trends if trend.channel in chart.channels])
        _frame(axes, chart, zone)

    return svg(paint, salt=f"{chart.title} {chart.unit} {chart.channels} {chart.since}")


def svg(paint: Callable[["Axes"], None], *, salt: str, high: float = _HIGH) -> str:
    """Give a figure as SVG text, as wide as a page and ``high`` inches high; ``salt`` says what it shows."""
    import matplotlib as mpl  # noqa: PLC0415  heavy, and only needed here
    from matplotlib.figure import Figure  # noqa: PLC0415  as above

    with mpl.rc_context():
        mpl.rcParams.update(mpl.rcParamsDefault)
        mpl.rcParams.update(_style(salt))
        figure = Figure(figsize=(_WIDE, high), layout="constrained")
        paint(figure.add_subplot())
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return out.getvalue()


def _lines(axes: "Axes", chart: Chart, trends: Sequence[Trend]) -> None:
    first = sorted(trends, key=lambda trend: any(word in trend.channel for word in DEVICE_CHANNELS))
    for trend, (colour, dash) in zip(first, cycle(LOOKS), strict=False):
        minutes = [(at - chart.since) / _MINUTE for at in trend.times]
        values = [float("nan") if value is None else value for value in trend.values]
        wide, alone = (1.5 if dash == "-" else 1.1), ("o" if len(minutes) == 1 else None)
        axes.plot(
            minutes,
            values,
            color=colour,
            linestyle=dash,
            linewidth=wide,
            marker=alone,
            markersize=4,
            label=trend.channel,
        )
    if chart.band is not None:
        axes.axhspan(*chart.band, color="#888888", alpha=0.14, linewidth=0, label=chart.band_text)


def _frame(axes: "Axes", chart: Chart, zone: str) -> None:
    axes.set_ylabel(chart.unit or "value")
    axes.margins(x=0.01)
    _over_time(axes, since=chart.since, zone=zone)
    for mark in _grouped(chart.marks, within=0.03 * (axes.get_xlim()[1] - axes.get_xlim()[0]) * _MINUTE):
        _mark(axes, mark, chart.since)
    axes.legend(loc="best", frameon=False, fontsize=7, handlelength=3.2)


def _over_time(axes: "Axes", *, since: int, zone: str) -> None:
    """Make the axis below one of minutes since the begin of the step (us), with the clock above."""
    begun = f"{local(Instant(since / MICRO), zone=zone):%Y-%m-%d %H:%M:%S %z}"
    axes.set_xlabel(f"min since {begun}, begin of the step")
    axes.grid(visible=True, color="#dddddd", linewidth=0.5)
    above = axes.secondary_xaxis("top")
    ticks = [tick for tick in axes.get_xticks() if axes.get_xlim()[0] <= tick <= axes.get_xlim()[1]]
    above.set_xticks(ticks, [_clock(since, tick, zone) for tick in ticks])
    above.tick_params(length=2, labelsize=7)


def _grouped(marks: Sequence[Mark], *, within: float) -> list[Mark]:
    """Join lines that stand closer than their words are wide (us)."""
    found: list[Mark] = []
    first = 0
    for mark in sorted(marks, key=lambda one: (one.value is None, one.at)):
        if found and mark.value is None and found[-1].value is None and mark.at - first < within:
            found[-1] = Mark(first, f"{found[-1].text}, {mark.text}")
        else:
            found.append(mark)
            first = mark.at
    return found


def _mark(axes: "Axes", mark: Mark, since: int) -> None:
    at = (mark.at - since) / _MINUTE
    if mark.value is None:
        axes.axvline(at, color="#999999", linewidth=0.6, linestyle=(0, (1, 2)))
        foot = axes.get_xaxis_transform()
        axes.text(at, 0.02, f" {mark.text}", transform=foot, rotation=90, fontsize=6.5, color="#555555", va="bottom")
        return
    axes.plot([at], [mark.value], marker="v", markersize=5, color="black", linestyle="none")
    text = axes.annotate(mark.text, (at, mark.value), xytext=(5, 8), textcoords="offset points", fontsize=7)
    text.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1.0, "alpha": 0.8})


def _clock(since: int, minutes: float, zone: str) -> str:
    return f"{local(Instant(since / MICRO + minutes * 60), zone=zone):%H:%M}"


def _style(salt: str) -> "dict[RcKeyType, object]":
    """Give the settings of a plot; names inside the SVG are drawn from what it shows, never from chance."""
    return {
        "font.size": 8.0,
        "font.family": "DejaVu Sans",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 0.6,
        "axes.edgecolor": "#555555",
        "xtick.color": "#333333",
        "ytick.color": "#333333",
        "svg.fonttype": "path",
        "svg.hashsalt": salt,
    }
