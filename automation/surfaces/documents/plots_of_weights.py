"""Plots of weights as SVG: whole containers over the time of a step, and what was filled beside target and tolerance.

Units: g; min since the step's begin.
Marks differ by shape as well as by shade, so that a print without colours can be read.
"""

from collections.abc import Sequence
from itertools import cycle
from typing import TYPE_CHECKING

from automation.surfaces.documents.plots import LOOKS, MINUTE, over_time, svg
from automation.views.record import Filled, Weighing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SHAPES = ("o", "s", "^", "D", "v")
_ROW, _FRAME = 0.26, 0.8  # inches for each container, and around them all
_BESIDE = 2.5  # tolerances that are shown on either side of a target, at least


def draw_weighings(some: Sequence[Weighing], *, since: int, zone: str) -> str:
    """Give the weights of whole containers over the time of a step (us), each with its number."""

    def paint(axes: "Axes") -> None:
        names = dict.fromkeys(one.container for one in some)
        for name, (colour, dash), shape in zip(names, cycle(LOOKS), cycle(_SHAPES), strict=False):
            own = [one for one in some if one.container == name]
            minutes, grams = [(one.at - since) / MINUTE for one in own], [one.mass_g for one in own]
            label = name or "container not scanned"
            axes.plot(
                minutes, grams, color=colour, linestyle=dash, linewidth=0.8, marker=shape, markersize=4, label=label
            )
            for at, mass in zip(minutes, grams, strict=True):
                axes.annotate(f"{mass:.2f}", (at, mass), xytext=(5, 4), textcoords="offset points", fontsize=6.5)
        axes.set_ylabel("g")
        axes.margins(x=0.08, y=0.15)
        over_time(axes, since=since, zone=zone)
        axes.legend(loc="best", frameon=False, fontsize=7, handlelength=3.2)

    return svg(paint, salt=f"weights {since} {[one.event for one in some]}", high=2.4)


def draw_fills(some: Sequence[Filled]) -> str:
    """Give what was weighed into each container as a point beside its target (line) and tolerance (shade)."""

    def paint(axes: "Axes") -> None:
        for place, one in enumerate(some):
            if one.target_g is not None:
                axes.plot([one.target_g] * 2, [place - 0.4, place + 0.4], color="#555555", linewidth=1.0)
                if one.tolerance_g is not None:
                    low = one.target_g - one.tolerance_g
                    axes.barh(place, 2 * one.tolerance_g, left=low, height=0.7, color="#888888", alpha=0.18)
                    for side in (-_BESIDE, _BESIDE):
                        axes.plot([one.target_g + side * one.tolerance_g], [place], alpha=0.0)
            axes.plot([one.mass_g], [place], marker="D", markersize=5, color=LOOKS[0][0], linestyle="none")
            axes.annotate(
                f"{one.mass_g:.2f}", (one.mass_g, place), xytext=(6, -2.5), textcoords="offset points", fontsize=7
            )
        axes.set_yticks(range(len(some)), [one.container for one in some])
        axes.set_ylim(len(some) - 0.4, -0.6)
        axes.set_xlabel("g filled; line: target, shade: tolerance")
        axes.margins(x=0.12)
        axes.grid(visible=True, axis="x", color="#dddddd", linewidth=0.5)

    return svg(paint, salt=f"fills {[one.event for one in some]}", high=_FRAME + _ROW * len(some))
