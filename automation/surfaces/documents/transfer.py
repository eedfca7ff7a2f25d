"""A transfer package and a transfer report for people, as HTML or PDF, with the SHA-256 of the JSON that is frozen.

The process map is drawn from the steps of the recipe, one below the other in the order in which they can run.
Units: those of the values; the drawing in mm.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from typing import Final

from automation.gmp.objects import Signed
from automation.kernel.clock import iso
from automation.kernel.quantity import Instant
from automation.surfaces.documents.blocks import (
    BAD,
    CODE,
    GOOD,
    STRONG,
    WARN,
    AnyBlock,
    Column,
    Document,
    Heading,
    Note,
    Pairs,
    Picture,
    Table,
    cell,
    row,
)
from automation.surfaces.documents.html import html
from automation.surfaces.documents.pdf import pdf
from automation.views.transfer.package import OTHER, Box, Package
from automation.views.transfer.ppq_report import Report as Qualified
from automation.views.transfer.report import Report
from automation.views.transfer.scale_sheet import Sheet
from automation.views.transfer.units import Gap, Severity
from automation.views.wording import NOTHING, show

_TONES = {Severity.BLOCKS: BAD, Severity.CHANGES: WARN, Severity.TELLS: ""}
_WIDE, _HIGH, _APART = 170.0, 9.0, 4.0  # mm
_PAGE = 215.0  # mm that a page has for a drawing


def of_package(made: Package, *, date: str) -> Document:
    """Compose the pages of a package; ``date`` is when they were made (ISO 8601)."""
    title = f"Transfer package: {made.protocol.title}"
    return _document(title, tuple(_package(made, title)), sha256=made.sha256, date=date, simulated=made.simulated)


def of_report(made: Report, signed: Sequence[tuple[str, Signed]], *, date: str) -> Document:
    """Compose the pages of a report with the signatures of its transfer; ``date`` as for a package."""
    title = f"Transfer report: {made.title}"
    return _document(
        title, tuple(_report(made, signed, title)), sha256=made.sha256, date=date, simulated=made.simulated
    )


WRITERS: Final[Mapping[str, Callable[[Document], bytes]]] = {".html": html, ".pdf": pdf}
"""How a document is written, by the end of the file's name."""


def drawing(boxes: Sequence[Box]) -> str:
    """Draw the steps of a process and which comes after which (SVG, mm)."""
    places = {one.id: number * (_HIGH + _APART) for number, one in enumerate(boxes)}
    high = len(boxes) * (_HIGH + _APART)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDE}mm" height="{high}mm" viewBox="0 -0.5 {_WIDE} {high}">',
        '<g font-family="sans-serif" font-size="3.2">',
    ]
    for one in boxes:
        top = places[one.id]
        parts.append(
            f'<rect x="30" y="{top}" width="110" height="{_HIGH}" fill="#f4f6f9" stroke="#1b4f8a" stroke-width="0.3"/>'
        )
        parts.append(f'<text x="33" y="{top + 4}">{escape(f"{one.id}: {one.title}"[:60])}</text>')
        parts.append(f'<text x="33" y="{top + 7.6}" fill="#555">{escape(", ".join(one.equipment)[:70])}</text>')
        critical = [v.name for v in (*one.parameters, *one.results) if v.weight != OTHER]
        parts.append(f'<text x="143" y="{top + 5}" fill="#8a3b00">{escape(", ".join(critical)[:20])}</text>')
        parts += [_arrow(places[before] + _HIGH, top) for before in one.after if before in places]
    return "".join([*parts, "</g></svg>"])


def _arrow(start: float, end: float) -> str:
    """Draw an arrow from the foot of one box to the head of another; past those between them on the left."""
    if end - start <= _APART:
        way = f"M85 {start} L85 {end}"
    else:
        way = f"M30 {start - _HIGH / 2} L22 {start - _HIGH / 2} L22 {end + _HIGH / 2} L30 {end + _HIGH / 2}"
    return f'<path d="{way}" fill="none" stroke="#1b4f8a" stroke-width="0.3"/>'


def of_ppq(made: Qualified, signed: Sequence[tuple[str, Signed]], *, date: str) -> Document:
    """Compose the pages of a report of process qualification with the signatures of its plan; ``date`` as above."""
    title = f"Process performance qualification: {made.title}"
    return _document(title, tuple(_ppq(made, signed, title)), sha256=made.sha256, date=date, simulated=made.simulated)


def _document(title: str, blocks: tuple[AnyBlock, ...], *, sha256: str, date: str, simulated: bool) -> Document:
    return Document(
        title=title,
        head=title,
        marks=("SIMULATED",) if simulated else (),
        foot=f"SHA-256 {sha256}",
        date=date,
        language="en",
        blocks=blocks,
    )


def _package(made: Package, title: str) -> Iterator[AnyBlock]:
    yield Heading(1, title)
    sites = [f"{one.name}, ledger {one.ledger} to event {one.seq}" for one in (made.sending, made.receiving)]
    yield Pairs(
        (
            ("Sending unit", cell(sites[0])),
            ("Receiving unit", cell(sites[1])),
            ("Recipe", cell(f"{made.recipe} version {made.version}")),
            ("Digest", cell(made.digest, CODE)),
            ("SHA-256", cell(made.sha256, CODE)),
        )
    )
    yield Heading(2, "Protocol")
    said = made.protocol
    yield _table(
        ("batches at the receiving unit", "of the sending unit", "why so many"),
        [(str(said.runs), str(said.references), said.rationale)],
    )
    yield Note(f"Equivalent within: {'; '.join(said.margins) or 'no margin was declared'}", STRONG)
    yield from _gaps(made.gaps)
    yield Heading(2, "Process map")
    wide = min(_WIDE, _WIDE * _PAGE / (len(made.map) * (_HIGH + _APART)))
    alt, caption = "The steps of the process in their order", "what is critical is named at the right"
    yield Picture(drawing(made.map), alt, caption, mm=wide)
    for box in made.map:
        yield from _step(box)
    if made.time_limits:
        yield Heading(2, "Time limits")
        yield from (Note(one) for one in made.time_limits)
    if made.sheet is not None:
        yield from _sheet(made.sheet)


def _gaps(found: Sequence[Gap]) -> Iterator[AnyBlock]:
    yield Heading(2, "Gaps")
    rows = tuple((cell(one.severity, _TONES[one.severity]), *row(one.id, one.sentence, one.remedy)) for one in found)
    heads = ("weighs", "gap", "what differs", "what to do")
    yield Table(tuple(Column(head, share=1.0 + at) for at, head in enumerate(heads)), rows)


def _step(box: Box) -> Iterator[AnyBlock]:
    yield Heading(3, f"{box.id}: {box.title}")
    told = (box.done, f"signed as {', '.join(box.signatures)}" if box.signatures else "", "; ".join(box.materials))
    yield from (Note(one) for one in told if one)
    values = [(one.weight, "parameter", one.name, one.text) for one in box.parameters]
    values += [(one.weight, "result", one.name, one.text) for one in box.results]
    yield _table(("class", "kind", "what", "value or limits"), values, shares=(1.0, 1.2, 3.0, 7.0))


def _sheet(made: Sheet) -> Iterator[AnyBlock]:
    yield Heading(2, f"Scale sheet: {made.ratio:.4g} times, {made.keep} kept")
    lines = [(one.where, one.before, one.after or "to be decided", one.basis, one.why) for one in made.lines]
    yield _table(("where", "before", "after", "is", "why"), lines)


def _report(made: Report, signed: Sequence[tuple[str, Signed]], title: str) -> Iterator[AnyBlock]:
    yield Heading(1, title)
    verdict = "all margins are met" if made.equivalent else "equivalence is not shown"
    yield Note(f"{made.sending} to {made.receiving}: {verdict}", GOOD if made.equivalent else BAD)
    yield Pairs(
        (
            ("Transfer", cell(made.transfer)),
            ("Recipe", cell(f"{made.recipe}, {made.digest}")),
            ("Package", cell(made.package, CODE)),
            ("SHA-256", cell(made.sha256, CODE)),
        )
    )
    yield from (Note(one, BAD) for one in made.missing)
    yield Heading(2, "Protocol")
    yield _table(
        ("batches at the receiving unit", "of the sending unit", "equivalent within", "why so many"),
        [(str(made.runs), str(made.references), "; ".join(made.margins) or "no margin was declared", made.rationale)],
    )
    yield Heading(2, "Batches")
    batches = [
        (
            one.batch,
            one.made_by,
            one.ended_as,
            ", ".join(one.assets),
            "; ".join(one.amended) or "no",
            one.cited_by[:16] or "this ledger",
        )
        for one in made.batches
    ]
    heads = ("batch", "made by", "ended as", "equipment", "amended", "cited by head")
    yield _table(heads, batches, shares=(1.0, 1.0, 1.0, 2.5, 2.0, 1.5))
    if made.others:
        told = ", ".join(f"{batch} ({state})" for batch, state in made.others)
        yield Note(f"Made by the sending unit by the same recipe, and not counted: {told}", WARN)
    yield Heading(2, "Equivalence")
    yield from (Note(one, STRONG) for one in made.equivalence)
    names = ("class", "attribute", "unit", "sending unit", "mean", "receiving unit", "mean", "tolerance interval")
    rows = [
        (
            one.weight, one.where, one.unit, "; ".join(map(show, one.sending)), _n(one.sending_mean),
            "; ".join(map(show, one.receiving)), _n(one.receiving_mean),
            f"{_n(one.low)} to {_n(one.high)}; {one.outside} outside",
        )
        for one in made.attributes
    ]  # fmt: skip
    yield _table(names, rows, shares=(0.7, 1.6, 0.8, 2.0, 1.0, 2.0, 1.0, 1.8))
    if made.same:
        yield Note(f"Critical, and the same in every batch that came to it: {', '.join(made.same)}")
    yield Heading(2, "Gaps and what became of them")
    yield _table(("gap", "weighs", "decision", "how"), made.gaps)
    yield Heading(2, "Deviations of the receiving unit's batches")
    yield _table(("deviation", "stands"), made.deviations)
    yield from _feedback(made.feedback)
    yield from _signatures(signed)


def _ppq(made: Qualified, signed: Sequence[tuple[str, Signed]], title: str) -> Iterator[AnyBlock]:
    yield Heading(1, title)
    yield Note(f"{made.claim}: {'met' if made.met else 'not met'}", GOOD if made.met else BAD)
    yield Pairs(
        (
            ("PPQ", cell(made.ppq)),
            ("Recipe", cell(f"{made.recipe}, {made.digest}")),
            ("Batches", cell(f"{len(made.batches)}; {made.planned} planned, {made.needed} needed")),
            ("SHA-256", cell(made.sha256, CODE)),
        )
    )
    yield from (Note(one, BAD) for one in made.missing)
    yield Heading(2, "Plan")
    yield Note(f"Why this claim: {made.rationale}")
    yield _table(("result", "has to be"), made.acceptance)
    yield _table(("step", "drawn beyond the routine"), made.sampling)
    yield Heading(2, "Batches")
    rows = [(one.batch, "yes" if one.conforms else "NO", "; ".join(one.sentences)) for one in made.batches]
    yield _table(("batch", "conforms", "results"), rows)
    yield from (Note(one, STRONG) for one in made.intervals)
    yield Heading(2, "Deviations")
    yield _table(("deviation", "stands"), made.deviations)
    yield from _feedback(made.feedback)
    yield from _signatures(signed)


def _feedback(found: Sequence[Sequence[str]]) -> Iterator[AnyBlock]:
    yield Heading(2, "Feedback that is not answered")
    yield _table(("feedback", "step", "stands", "what was seen"), found)


def _signatures(signed: Sequence[tuple[str, Signed]]) -> Iterator[AnyBlock]:
    yield Heading(2, "Signatures")
    rows = [(one.name, one.by, one.meaning, move, iso(Instant(one.at / 1e6), zone=one.zone)) for move, one in signed]
    yield _table(("name", "account", "meaning", "of", "at"), rows)


def _n(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.5g}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, shares: Sequence[float] = ()) -> Table | Note:
    if not rows:
        return Note("none")
    wide = shares or [1.0] * len(heads)
    columns = tuple(Column(head, share=share) for head, share in zip(heads, wide, strict=True))
    return Table(columns, tuple(row(*one) for one in rows))
