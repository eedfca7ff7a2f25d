"""A trend report for people, as HTML or PDF: what was kept, drawn, with the conclusion and who signed it.

Units: those of the numbers.
Source: FDA process validation guidance 2011, stage 3; 21 CFR 11.50 (what a signature shows).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from automation.surfaces.documents.blocks import (
    BAD,
    CODE,
    STRONG,
    WARN,
    AnyBlock,
    Cell,
    Column,
    Document,
    Heading,
    Note,
    Pairs,
    Table,
    cell,
    row,
)
from automation.surfaces.documents.html import html
from automation.surfaces.documents.metrics import SUMMARY, charted_blocks, said_of
from automation.surfaces.documents.pdf import pdf
from automation.surfaces.documents.writing import events
from automation.surfaces.seals.words import announced
from automation.views.questions.measures import summaries
from automation.views.trend_report import Batch, Hit, Measured, TrendReport, charts_of

_BATCHES = ("batch", "recipe", "ended", "as", "right first time", "what was not", "events")
_HITS = ("what", "chart", "rule", "signal", "side", "batches", "events")


@dataclass(frozen=True, slots=True)
class Signed:
    """What was concluded, by whom, when; empty when nobody has."""

    conclusion: str = ""
    lines: tuple[str, ...] = ()  # printed name, meaning, time
    approved: bool = False
    changed: tuple[str, ...] = ()  # what the ledger says otherwise since

    @property
    def marks(self) -> tuple[str, ...]:
        """Give what runs on every page: nobody takes a report for more than it is."""
        if not self.conclusion:
            return ("NOT CONCLUDED",)
        return (*(() if self.approved else ("NOT APPROVED",)), *(("CHANGED SINCE",) if self.changed else ()))


def document(made: TrendReport, signed: Signed) -> Document:
    """Compose the pages."""
    name = f"Trend report of {made.recipe}, {made.period}"
    return Document(
        title=name,
        head=f"{name}, {made.site}",
        marks=(*(("SIMULATED",) if made.simulated else ()), *signed.marks),
        foot=f"event {made.seq}, head {made.head}",
        date=made.drawn,
        language="en",
        blocks=tuple(_blocks(made, signed, name)),
    )


def to_html(made: TrendReport, signed: Signed) -> bytes:
    """Give the report as one HTML file."""
    return html(document(made, signed))


def to_pdf(made: TrendReport, signed: Signed) -> bytes:
    """Give the report as PDF."""
    return pdf(document(made, signed))


def to_seal(made: TrendReport, signed: Signed) -> bytes:
    """Give the report as PDF that says what its seal will be."""
    return pdf(announced(document(made, signed)))


WRITERS: Final[dict[str, Callable[[TrendReport, Signed], bytes]]] = {".html": to_html, ".pdf": to_pdf}
"""How a report is written for people, by the end of the file's name."""


def _blocks(made: TrendReport, signed: Signed, name: str) -> Iterator[AnyBlock]:
    yield Heading(1, name)
    yield Pairs(
        (
            ("Series", cell(f"{made.plan}: {made.title}")),
            ("Period", cell(f"{made.begins} up to {made.ends}")),
            ("As of", cell(f"event {made.seq}, {made.drawn}")),
            ("SHA-256", cell(made.digest, CODE)),
        )
    )
    yield Heading(2, "Conclusion")
    yield Note(signed.conclusion or "Nobody has concluded this report.", STRONG if signed.conclusion else BAD)
    yield from (Note(line) for line in signed.lines)
    yield from (Note(f"Changed since: {line}", WARN) for line in signed.changed)
    yield from _table("What signals in the period", _HITS, [_hit(one) for one in made.hits])
    yield from _table("Batches that ended in the period", _BATCHES, [_batch(one) for one in made.batches])
    for one in made.measured:
        yield from _measured(one)
    yield from _table("Contamination in the period", SUMMARY, [row(*said_of(one)) for one in made.rates])
    causes = [row(one.code, len(one.deviations), ", ".join(one.deviations), events(one.events)) for one in made.causes]
    yield from _table("Deviations of the period by cause", ("cause", "number", "deviations", "events"), causes)
    changes = [row(one.change, one.title, one.state, events(one.events)) for one in made.changes]
    yield from _table("Changes made in the period", ("change", "title", "state", "events"), changes)


def _measured(one: Measured) -> Iterator[AnyBlock]:
    limits = f", limits {' and '.join(one.limits)}" if one.limits else ""
    heading = f"{one.metric}{f' ({one.heading})' if one.heading else ''}{limits}"
    yield Heading(2, f"{heading}: {one.new} of {len(one.numbers)} numbers are of the period")
    summed = summaries(one.metric, one.numbers)
    if not summed:
        yield Note("Nothing was recorded.", WARN)
        return
    yield Table(_columns(SUMMARY), tuple(row(*said_of(part)) for part in summed))
    yield from charted_blocks(charts_of(one))


def _hit(one: Hit) -> tuple[Cell, ...]:
    return row(one.what, one.chart, one.rule, one.words, one.side, ", ".join(one.batches), events(one.events))


def _batch(one: Batch) -> tuple[Cell, ...]:
    told = (one.ended[:16], one.ended_as, one.right_first_time, one.why_not, events(one.events))
    return row(one.batch, one.recipe, *told)


def _columns(heads: Sequence[str]) -> tuple[Column, ...]:
    return tuple(Column(head, share=1.0) for head in heads)


def _table(title: str, heads: Sequence[str], rows: Sequence[tuple[Cell, ...]]) -> Iterator[AnyBlock]:
    yield Heading(2, title)
    if rows:
        yield Table(_columns(heads), tuple(rows))
    else:
        yield Note("None.")
