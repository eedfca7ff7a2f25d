"""A metric as one HTML file with its control charts, and as rows for CSV.

Units: those of the numbers; points are counted from 1 in the order in which they came.
Points on which a rule signals are marked by shape as well as by shade, so that a print without colours can be read.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from automation.formulas.spc import Chart
from automation.formulas.spc_rules import Signal
from automation.surfaces.documents.blocks import WARN, AnyBlock, Column, Document, Heading, Note, Picture, Table, row
from automation.surfaces.documents.html import html
from automation.surfaces.documents.plots import svg
from automation.views.questions.charting import Charted
from automation.views.questions.measures import Number, Summary
from automation.views.wording import show

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NUMBERS = ("what", "batch", "value", "unit", "at", "events", "note")
_NAMES = {
    "I": "individual values",
    "MR": "moving ranges",
    "g": "lots between events",
}


def number_lines(found: Sequence[Number]) -> Iterator[tuple[object, ...]]:
    """Give one line for each number, under the heads ``NUMBERS``; events are parted by blanks."""
    for one in found:
        yield one.what, one.batch, one.value, one.unit, one.at, " ".join(map(str, one.events)), one.note


def page(metric: str, summed: Sequence[Summary], charts: Sequence[Charted], *, site: str, simulated: bool) -> bytes:
    """Give the HTML file's bytes; the same numbers give the same bytes."""
    title = f"{metric} of {site}"
    document = Document(
        title=title,
        head=title,
        marks=("SIMULATED",) if simulated else (),
        foot="every number cites the events of the ledger that it comes from",
        date="",
        language="en",
        blocks=tuple(_blocks(title, summed, charts)),
    )
    return html(document)


def said_of(one: Summary) -> tuple[str, ...]:
    """Give what, unit, number, mean, scatter, least and most; a share of lots with its interval."""
    if one.share is not None:
        share = f"{100 * one.share.value:.1f} %"
        return (
            one.what,
            one.unit,
            str(one.number),
            share,
            "",
            *(f"{100 * end:.1f} %" for end in (one.share.low, one.share.high)),
        )
    scatter = "" if one.sd is None else show(one.sd)
    return one.what, one.unit, str(one.number), show(one.mean), scatter, show(one.least), show(one.most)


SUMMARY = ("what", "unit", "number", "mean or share", "sd", "least or low", "most or high")


def sentences(one: Charted) -> Iterator[str]:
    """Say what the charts of a heading signal, what it is capable of, and what its data do not carry."""
    if one.refused:
        yield f"no chart of {one.what}: {one.refused}"
        return
    for chart, found in zip(one.charts, one.signals, strict=True):
        yield _limits(one, chart)
        for signal in found:
            yield f"{signal.rule} on {chart.kind}: {signal.words}, {signal.side}, {_where(one, chart, signal)}"
        if not found:
            yield f"nothing signals on {chart.kind}"
    if one.band is not None:
        yield f"{one.band.how} values: {show(one.band.low)} to {show(one.band.high)} {one.unit}"
    if one.incapable:
        yield f"no capability of {one.what}: {one.incapable}"
    if one.capability is not None:
        index = one.capability
        named = {"Cp": index.cp, "Cpk": index.cpk, "Pp": index.pp, "Ppk": index.ppk}
        told = (
            f"{name} {it.value:.2f} ({it.low:.2f} to {it.high:.2f})" for name, it in named.items() if it is not None
        )
        yield f"capability of {one.what}: {', '.join(told)}, 95 % intervals, {index.number} values"


def _limits(one: Charted, chart: Chart) -> str:
    trial = ", trial limits" if chart.is_trial else ""
    low, high = chart.lower[-1], chart.upper[-1]
    unit = "lots" if chart.kind == "g" else one.unit
    return f"{chart.kind} of {one.what}: centre {show(chart.centre)}, limits {show(low)} to {show(high)} {unit}{trial}"


def _where(one: Charted, chart: Chart, signal: Signal) -> str:
    """Name the batches of a signal; a moving range lies between two numbers."""
    first = one.numbers[signal.first]
    last = one.numbers[signal.last + (1 if chart.kind == "MR" else 0)]
    events = " ".join(map(str, last.events[-2:]))
    return f"{first.batch} to {last.batch} (event {events})" if first is not last else f"{last.batch} (event {events})"


def _blocks(title: str, summed: Sequence[Summary], charts: Sequence[Charted]) -> Iterator[AnyBlock]:
    yield Heading(1, title)
    yield Table(tuple(Column(head, share=1.0) for head in SUMMARY), tuple(row(*said_of(one)) for one in summed))
    yield from charted_blocks(charts, level=2)


def charted_blocks(charts: Sequence[Charted], *, level: int = 3) -> Iterator[AnyBlock]:
    """Draw charts heading by heading: pictures, what they say, and every number with its events."""
    for one in charts:
        yield Heading(level, one.what)
        for chart, found in zip(one.charts, one.signals, strict=True):
            name = _NAMES.get(chart.kind, chart.kind)
            yield Picture(_plot(one, chart, found), f"{chart.kind} chart of {one.what}", f"{one.what}: {name}")
        for sentence in sentences(one):
            yield Note(sentence, WARN if sentence.startswith(("N", "WE")) else "")
        heads = tuple(Column(head, share=1.0) for head in ("point", *NUMBERS[1:]))
        lines = enumerate(number_lines(one.numbers), 1)
        yield Table(heads, tuple(row(str(at), *(show(part) for part in line[1:])) for at, line in lines))


def _plot(one: Charted, chart: Chart, found: Sequence[Signal]) -> str:
    marked = sorted({at for signal in found for at in range(signal.first, signal.last + 1)})
    since = 2 if chart.kind == "MR" else 1
    places = [at + since for at in range(len(chart.points))]

    def paint(axes: "Axes") -> None:
        axes.plot(places, chart.points, color="#1b4f8a", marker="o", markersize=3.5, linewidth=1.0, label=chart.kind)
        for line, dash in ((chart.lower, "--"), (chart.upper, "--"), ([chart.centre] * len(places), "-")):
            axes.step(places, line, where="mid", color="#777777", linestyle=dash, linewidth=0.8)
        if marked:
            axes.plot(
                [places[at] for at in marked],
                [chart.points[at] for at in marked],
                linestyle="none",
                marker="s",
                markersize=7,
                markerfacecolor="none",
                markeredgecolor="#c2560c",
                label="a rule signals",
            )
        axes.set_xlabel("in the order in which they came")
        axes.set_ylabel("lots" if chart.kind == "g" else one.unit or "value")
        axes.grid(visible=True, color="#dddddd", linewidth=0.5)
        axes.legend(loc="best", frameon=False, fontsize=7)

    return svg(paint, salt=f"metric {one.what} {chart.kind} {chart.points}")
