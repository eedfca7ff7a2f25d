"""A comparison of batches as one HTML file with plots, and as rows for CSV.

Units: minutes or hours on the time axis, the channel's unit on the other.
Lines differ by dash as well as by shade, so that a print without colours can be read.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import cycle
from typing import TYPE_CHECKING

from automation.surfaces.documents.blocks import (
    BAD,
    PLAIN,
    STRONG,
    AnyBlock,
    Cell,
    Column,
    Document,
    Heading,
    Note,
    Picture,
    Table,
    cell,
    row,
)
from automation.surfaces.documents.html import html
from automation.surfaces.documents.plots import LOOKS, svg
from automation.views.comparison import Comparison, Kind, Overlay, Row, Side, Value
from automation.views.equivalence import Judged
from automation.views.wording import NOTHING, show, span

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HOUR, _MINUTE = 3600.0, 60.0
_LONG = 6 * _HOUR  # from which on a curve is drawn over hours
_TITLES = {
    Kind.PARAMETER: "Parameters that differ",
    Kind.RESULT: "Results",
    Kind.YIELD: "Yields",
    Kind.TIME: "Time per step",
}
_UNTESTED = "a comparison is no evidence of equivalence: it draws no conclusion"
_TESTED = "equivalence is concluded only for results with a margin that was declared before (TOST, alpha 0.05)"
ROWS = ("class", "kind", "where", "unit", "batch", "role", "value", "text", "low", "high", "band", "outside")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # with which a spreadsheet takes a text for something to run
_AMOUNT = re.compile(r"[+-][0-9][0-9A-Za-z .,%/^-]*")  # no parenthesis, pipe, reference or quote: it can call nothing
CURVES = ("where", "unit", "batch", "role", "seconds", "value")


def page(found: Comparison, tested: Sequence[Judged] = ()) -> bytes:
    """Give the HTML file's bytes; the same comparison gives the same bytes."""
    names = ", ".join(one.label for one in found.sides)
    document = Document(
        title=f"Comparison of {names}",
        head=f"Comparison of {names}",
        marks=("SIMULATED",) if any(one.simulated for one in found.sides) else (),
        foot=_TESTED if tested else _UNTESTED,
        date="",
        language="en",
        blocks=(*_blocks(found), *_tests(tested)),
    )
    return html(document)


def said_of(one: Side) -> tuple[str, str, str]:
    """Say a batch's recipe, its site and how it ended; a simulated site always says so."""
    return one.recipe, f"SIMULATED {one.site}" if one.simulated else one.site, one.ended_as or "open"


def text(row_: Row, value: Value | None) -> str:
    """Write a value for people."""
    if value is None:
        return NOTHING
    return span(value) if row_.kind is Kind.TIME and isinstance(value, float) else show(value)


def band_text(row_: Row) -> str:
    """Write a row's band for people; empty without one."""
    return "" if row_.band is None else f"{text(row_, row_.band.low)} to {text(row_, row_.band.high)}"


def row_lines(found: Comparison) -> Iterator[tuple[str | float | None, ...]]:
    """Give one line for each row and batch, under the heads ``ROWS``: a number as value, words as text."""
    for one in found.rows:
        limits = (one.band.low, one.band.high, one.band.how) if one.band is not None else (None, None, "")
        said = (str(one.weight), str(one.kind), one.where, one.unit)
        for batch, value, outside in zip(found.sides, one.values, one.outside, strict=True):
            both = (None, value) if isinstance(value, str) else (value, "")
            yield (*said, batch.label, str(batch.role), *both, *limits, "yes" if outside else "no")


def curve_lines(found: Comparison) -> Iterator[tuple[str | float | None, ...]]:
    """Give one line for each point of each curve, under the heads ``CURVES``; a gap has no value."""
    for overlay in found.overlays:
        for batch, line in zip(found.sides, overlay.lines, strict=True):
            for at, value in zip(line.times, line.values, strict=True) if line is not None else ():
                yield (overlay.where, overlay.unit, batch.label, str(batch.role), at, value)


def comma_separated(heads: Sequence[str], lines: Iterable[Sequence[object]]) -> bytes:
    """Give lines as comma-separated text; RFC 4180. What a spreadsheet would run begins with an apostrophe.

    Source: CWE-1236 (improper neutralization of formula elements in a CSV file).
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(heads)
    writer.writerows([_inert(one) for one in line] for line in lines)
    return out.getvalue().encode()


def _inert(value: object) -> object:
    """Give a text that a spreadsheet takes for text; numbers, with or without a unit behind, stay as they are."""
    harmless = not isinstance(value, str) or not value.startswith(_FORMULA) or _AMOUNT.fullmatch(value)
    return value if harmless else f"'{value}"


def _blocks(found: Comparison) -> Iterator[AnyBlock]:
    yield Heading(1, "Comparison of batches")
    heads = ("batch", "role", "recipe", "site", "ended")
    sides = (row(one.label, one.role, *said_of(one)) for one in found.sides)
    yield Table(tuple(Column(head, share=1.0) for head in heads), tuple(sides))
    outside = sum(sum(one.outside) for one in found.rows)
    number = sum(found.references)
    if number > 1:
        how = next((one.band.how for one in found.rows if one.band is not None), "")
        tone = BAD if outside else PLAIN
        yield Note(f"{outside} values lie outside the bands of {number} reference batches ({how}).", tone)
    else:
        yield Note("No bands: they need two reference batches at least, historical or sending.")
    for kind, title in _TITLES.items():
        rows = [one for one in found.rows if one.kind is kind]
        if rows:
            yield Heading(2, title)
            yield _table(found, rows)
    drawn = [one for one in found.overlays if any(line is not None for line in one.lines)]
    if drawn:
        yield Heading(1, "Curves")
    for overlay in drawn:
        shown = overlay.how or "no band"
        yield Picture(_plot(found, overlay), f"{overlay.where} of all batches", f"{overlay.where}; {shown}")


def _tests(tested: Sequence[Judged]) -> Iterator[AnyBlock]:
    """Say what was tested for equivalence, each with its verdict."""
    if tested:
        yield Heading(1, "Equivalence")
    for one in tested:
        good = one.test is not None and one.test.equivalent
        yield Note(f"{one.sentence} ({one.references} reference batches, {one.others} others)", PLAIN if good else BAD)


def _table(found: Comparison, rows: Sequence[Row]) -> Table:
    batches = (Column(f"{one.label} ({one.role})", share=1.0, align="right") for one in found.sides)
    columns = (Column("class", mm=11.0), Column("what", share=1.6), Column("unit", mm=16.0))
    return Table(
        (*columns, *batches, Column("band", share=1.4, align="right")),
        tuple((*_cells(one), cell(band_text(one))) for one in rows),
    )


def _cells(one: Row) -> Iterator[Cell]:
    yield cell(str(one.weight), PLAIN if one.weight == "other" else STRONG)
    yield cell(one.where)
    yield cell("" if one.kind is Kind.TIME else one.unit)
    for value, outside in zip(one.values, one.outside, strict=True):
        yield cell(text(one, value), BAD if outside else PLAIN)


def _plot(found: Comparison, overlay: Overlay) -> str:
    longest = max(line.times[-1] for line in overlay.lines if line is not None)
    unit, word = (_HOUR, "h") if longest >= _LONG else (_MINUTE, "min")

    def paint(axes: "Axes") -> None:
        if overlay.band:
            times, low, high = zip(*overlay.band, strict=True)
            axes.fill_between(
                [at / unit for at in times], low, high, color="#888888", alpha=0.2, linewidth=0, label=overlay.how
            )
        for batch, line, (colour, dash) in zip(found.sides, overlay.lines, cycle(LOOKS), strict=False):
            if line is not None:
                values = [float("nan") if value is None else value for value in line.values]
                label = f"{batch.label} ({batch.role})"
                axes.plot([at / unit for at in line.times], values, color=colour, linestyle=dash, label=label)
        axes.set_xlabel(f"{word} since the begin of the step, or of the state that it is aligned at")
        axes.set_ylabel(overlay.unit or "value")
        axes.margins(x=0.01)
        axes.grid(visible=True, color="#dddddd", linewidth=0.5)
        axes.legend(loc="best", frameon=False, fontsize=7, handlelength=3.2)

    return svg(paint, salt=f"compare {overlay.where} {[one.label for one in found.sides]}")
