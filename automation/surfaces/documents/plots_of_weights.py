"""Plots of weights as SVG: whole containers one after another, and what was filled beside target and tolerance.

Units: g; min since the step's begin.
Marks differ by shape as well as by shade, so that a print without colours can be read.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from automation.kernel.clock import MICRO, local
from automation.kernel.quantity import Instant
from automation.surfaces.documents.plots import LOOKS, svg
from automation.views.record_of_product import Filled, Weighing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SHADES = ("#9db7d5", "#e3e3e3", "#c9dcc0", "#d9c7e6")
_ROW, _FRAME = 0.26, 0.8  # inches for each container, and around them all
_BESIDE = 1.6  # tolerances that are shown on either side of a target, at least


def draw_weighings(some: Sequence[Weighing], *, zone: str) -> str:
    """Give the weights of whole containers as bars, from the first to the last, each with its moment and number."""

    def paint(axes: "Axes") -> None:
        names = list(dict.fromkeys(one.container for one in some))
        for place, one in enumerate(some):
            shade = _SHADES[names.index(one.container) % len(_SHADES)]
            axes.barh(place, one.mass_g, height=0.6, color=shade, edgecolor="#555555", linewidth=0.5)
            axes.annotate(
                f"{one.mass_g:.2f}", (one.mass_g, place), xytext=(4, -2.5), textcoords="offset points", fontsize=7
            )
        labels = [f"{one.container or 'not scanned'}  {_clock(one.at, zone)}" for one in some]
        axes.set_yticks(range(len(some)), labels)
        axes.set_ylim(len(some) - 0.4, -0.6)
        axes.set_xlabel("g, container and contents")
        axes.margins(x=0.12)
        axes.grid(visible=True, axis="x", color="#dddddd", linewidth=0.5)
        axes.set_axisbelow(True)

    return svg(paint, salt=f"weights {[(one.at, one.event) for one in some]}", high=_FRAME + _ROW * len(some))


def _clock(at: int, zone: str) -> str:
    return f"{local(Instant(at / MICRO), zone=zone):%H:%M:%S}"


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
        axes.margins(x=0.06)
        axes.grid(visible=True, axis="x", color="#dddddd", linewidth=0.5)

    return svg(paint, salt=f"fills {[one.event for one in some]}", high=_FRAME + _ROW * len(some))
