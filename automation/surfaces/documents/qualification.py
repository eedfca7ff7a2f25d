"""The summary report of a qualification for people, as HTML or PDF; as JSON it is the same data.

Source: EU GMP Annex 15, 2.9 and 2.10; 21 CFR 11.50 (signatures in every human-readable form).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import msgspec

from automation.surfaces.documents.blocks import (
    BAD,
    CODE,
    GOOD,
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
from automation.surfaces.documents.pdf import pdf
from automation.views.qualification_report import WHOLE, Line, Report, Stepped, Tested

_RESULTS = (
    Column("Step", mm=18.0),
    Column("What is done, what is expected", share=3.0),
    Column("Actual", share=3.0),
    Column("As expected", share=1.5),
    Column("By, when, event", share=2.0),
)
_MATRIX = (
    Column("Requirement", mm=22.0),
    Column("Text", share=4.0),
    Column("Risk", mm=16.0),
    Column("Cases", share=1.5),
    Column("Results", share=2.0),
    Column("Deviations", share=2.0),
    Column("Status", share=1.5),
)
_DEVIATIONS = tuple(Column(head, share=1.0) for head in ("Deviation", "Step", "State", "Decision", "Why", "By"))
_EQUIPMENT = tuple(Column(head, share=1.0) for head in ("For", "Asset", "Certificate", "Calibrated until", "Now"))
_SIGNED = tuple(Column(head, share=1.0) for head in ("Command", "Name", "Meaning", "When", "Event"))
_FILES = (Column("Step", mm=18.0), Column("File", share=1.0), Column("SHA-256", share=3.5), Column("Now", mm=16.0))


def document(made: Report, *, date: str) -> Document:
    """Compose the report; ``date`` is when it was made (ISO 8601)."""
    final = made.state in {"released", "rejected"}
    return Document(
        title=f"Qualification {made.id}",
        head=f"Qualification {made.id}: {made.protocol} version {made.version} on {made.asset}",
        marks=(*(("SIMULATED",) if made.simulated else ()), *(() if final else ("DRAFT",))),
        foot=f"as of event {made.as_of}, head {made.head}",
        date=date,
        language="en",
        blocks=tuple(_blocks(made)),
    )


def _blocks(made: Report) -> Iterator[AnyBlock]:
    yield from _summary(made)
    yield from _shown(made)
    yield from _deviating(made)
    yield from _equipped(made)
    for case in made.cases:
        yield from _case(case)
    yield from _kept(made)
    yield Heading(2, "Signatures")
    yield Table(_SIGNED, tuple(row(s.command, s.name, s.meaning, _moment(s.at), s.event) for s in made.signatures))


def _summary(made: Report) -> Iterator[AnyBlock]:
    yield Heading(1, f"Qualification {made.id}")
    count = made.counts
    lost = f"; {count.not_whole} NOT WHOLE" if count.not_whole else ""
    rows = {
        "Asset": f"{made.asset} ({made.device})" if made.device else made.asset,
        "Protocol": f"{made.title} ({made.protocol} version {made.version}, {' and '.join(made.stages)})",
        "Scope": made.scope,
        "Acceptance": made.acceptance,
        "State": made.state,
        "Executed": f"{count.cases} cases, {count.steps} steps, {count.by_program} of them by the program",
        "As expected": f"{count.passed} steps; {count.failed} not, {count.open} without a result",
        "Repeated": f"{count.repeated} steps; every result stays",
        "Evidence": f"{count.files} {'file' if count.files == 1 else 'files'}, each by its SHA-256{lost}",
        "Review": made.conclusion or "none yet",
    }
    digest = ("Digest of the protocol", cell(made.digest, CODE))
    yield Pairs((*((name, cell(value)) for name, value in rows.items()), digest))
    yield Heading(2, "Release for use")
    if made.statement:
        yield Note(made.statement, STRONG)
        yield from (Note(f"Restriction: {one}", WARN) for one in made.restrictions)
        yield Note(f"To be requalified by {made.due}.")
    else:
        yield Note("Not released for use.", BAD)
        yield from (Note(f"In the way: {one}", BAD) for one in made.in_the_way)


def _shown(made: Report) -> Iterator[AnyBlock]:
    yield Heading(2, "Requirements and what shows them")
    tones = {"shown": GOOD, "shown with a restriction": WARN}
    lines = (
        row(
            one.requirement,
            one.text,
            one.risk,
            ", ".join(one.cases),
            one.results,
            ", ".join(one.deviations) or "none",
            cell(one.status, tones.get(one.status, BAD)),
        )
        for one in made.coverage
    )
    yield Table(_MATRIX, tuple(lines))
    if made.unsourced:
        yield Heading(2, "Limits that are not taken from a public text")
        yield Note("[M] usual in the field, [D] a default, [S] computed; who approved the protocol has confirmed them.")
        yield from (Note(one, WARN) for one in made.unsourced)
    yield from (Note(f"Source: {one}") for one in made.sources)


def _deviating(made: Report) -> Iterator[AnyBlock]:
    yield Heading(2, "Deviations")
    if not made.deviations:
        yield Note("None.")
    else:
        lines = (
            row(
                d.id,
                d.step,
                cell(d.state, GOOD if d.state == "closed" else BAD),
                d.decision,
                _why(d.reason, d.restriction),
                d.by,
            )
            for d in made.deviations
        )
        yield Table(_DEVIATIONS, tuple(lines))
    yield from (Note(f"Step {step} was repeated, by {by}'s word: {why}") for step, why, by in made.repetitions)


def _why(reason: str, restriction: str) -> str:
    return f"{reason}; restriction: {restriction}" if restriction else reason


def _equipped(made: Report) -> Iterator[AnyBlock]:
    yield Heading(2, "Test equipment")
    if made.equipment:
        lines = (row(e.role, e.asset, e.certificate, e.due[:16], e.now) for e in made.equipment)
        yield Table(_EQUIPMENT, tuple(lines))
    else:
        yield Note("None is needed.")


def _case(case: Tested) -> Iterator[AnyBlock]:
    yield Heading(2, f"{case.id} {case.title}")
    sort = f"{case.manner}, risk {case.risk}{', challenges' if case.challenge else ''}"
    yield Note(f"{sort}; shows {', '.join(case.requirements)}")
    yield from (Note(f"Before: {one}") for one in case.preconditions)
    yield Table(_RESULTS, tuple(line for step in case.steps for line in _step(step)))


def _step(step: Stepped) -> Iterator[tuple[Cell, ...]]:
    source = f" Source: {step.source}." if step.source else ""
    asked = f"{step.action} Expected: {step.expected}{f' ({step.limits})' if step.limits else ''}{source}"
    if not step.lines:
        yield row(step.step, asked, cell("no result", WARN), "", "")
    for one in step.lines:
        name = step.step if one.attempt == 1 else f"{step.step}, attempt {one.attempt}"
        yield row(
            name,
            asked if one.attempt == 1 else "",
            one.actual,
            _verdict(one),
            f"{one.by}; {_moment(one.at)}; event {one.event}",
        )


def _moment(at: str) -> str:
    """Give a moment (ISO 8601) to the second, with its offset."""
    return at[:19] + at[23:]


def _verdict(one: Line) -> Cell:
    return cell(f"yes: {one.judged}", GOOD) if one.met else cell(f"NO: {one.judged}; {one.deviation}", BAD)


def _kept(made: Report) -> Iterator[AnyBlock]:
    files = [
        row(line.step, name, cell(digest, CODE), cell(stands, GOOD if stands == WHOLE else BAD))
        for case in made.cases
        for step in case.steps
        for line in step.lines
        for name, digest, stands in line.files
    ]
    if files:
        yield Heading(2, "Evidence")
        yield Table(_FILES, tuple(files))


def as_json(made: Report, *, date: str) -> bytes:
    """Give the data of the report."""
    return msgspec.json.format(msgspec.json.encode({"date": date, **msgspec.to_builtins(made)}), indent=2)


def as_html(made: Report, *, date: str) -> bytes:
    """Give the report as one HTML file."""
    return html(document(made, date=date))


def as_pdf(made: Report, *, date: str) -> bytes:
    """Give the report as PDF."""
    return pdf(document(made, date=date))


WRITERS: Final[Mapping[str, Callable[..., bytes]]] = {".html": as_html, ".pdf": as_pdf, ".json": as_json}
"""How a report is written, by the end of the file's name."""
