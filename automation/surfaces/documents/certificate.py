"""A certificate of analysis for people, as HTML or PDF: the same lines that are signed, and the SHA-256 of those.

What a release is signed over is the JSON text; this shows it, with the digest by which the two belong together.
Source: EU GMP Annex 16, appendix II; 21 CFR 211.194(a)(6).
"""

from collections.abc import Callable, Iterator
from typing import Final

from automation.gmp.certificates import Certificate, Line
from automation.surfaces.documents.blocks import (
    BAD,
    CODE,
    STRONG,
    AnyBlock,
    Cell,
    Column,
    Document,
    Heading,
    Note,
    Pairs,
    cell,
    row,
)
from automation.surfaces.documents.blocks import Table as Rows
from automation.surfaces.documents.html import html
from automation.surfaces.documents.pdf import pdf
from automation.surfaces.seals.words import announced

_COLUMNS = (
    Column("Test", share=2.0),
    Column("Method", share=2.0),
    Column("Demanded", share=2.0),
    Column("Found", share=2.0),
    Column("Verdict", share=4.0),
    Column("Status", share=2.0),
    Column("Record", share=2.0),
)


def document(made: Certificate, *, date: str) -> Document:
    """Compose the pages; ``date`` is when they were made (ISO 8601)."""
    return Document(
        title=f"Certificate of analysis of {made.batch}",
        head=f"Certificate of analysis, lot {made.batch}, {made.product}",
        marks=("SIMULATED",) if made.simulated else (),
        foot=f"SHA-256 {made.digest}",
        date=date,
        language="en",
        blocks=tuple(_blocks(made)),
    )


def as_html(made: Certificate, *, date: str) -> bytes:
    """Give the certificate as one HTML file."""
    return html(document(made, date=date))


def as_pdf(made: Certificate, *, date: str) -> bytes:
    """Give the certificate as PDF."""
    return pdf(document(made, date=date))


def to_seal(made: Certificate, *, date: str) -> bytes:
    """Give the certificate as PDF that says what its seal will be."""
    return pdf(announced(document(made, date=date)))


def _blocks(made: Certificate) -> Iterator[AnyBlock]:
    yield Heading(1, f"Certificate of analysis of {made.batch}")
    named = (
        ("Product", made.product),
        ("Chain of identity", made.identity),
        ("Order", made.order),
        ("Recipe", made.recipe),
        ("Specification", made.specification),
    )
    yield Pairs((*((name, cell(value)) for name, value in named), ("SHA-256", cell(made.digest, CODE))))
    yield from _table("Results", made.lines, nothing="No result is reviewed.")
    if made.preliminary:
        yield from _table("Preliminary, still in the laboratory", made.preliminary, nothing="")
    if made.set_aside:
        yield Heading(2, "Set aside by a closed investigation")
        yield from (Note(sentence) for sentence in made.set_aside)
    yield Note("A release signs the JSON text with this SHA-256; these pages show it and are not signed themselves.")


def _table(title: str, lines: tuple[Line, ...], *, nothing: str) -> Iterator[AnyBlock]:
    yield Heading(2, title)
    if lines:
        yield Rows(_COLUMNS, tuple(_row(one) for one in lines))
    else:
        yield Note(nothing, BAD)


def _row(one: Line) -> tuple[Cell, ...]:
    worked = f" (from {', '.join(one.worked_out)})" if one.worked_out else ""
    tone = STRONG if one.verdict.startswith("meets") else BAD
    verdict = cell(one.verdict, tone)
    status = f"{one.status}; reviewed by {one.reviewed_by}" if one.reviewed_by else one.status
    return row(one.test, one.method, one.demanded, f"{one.found}{worked}", verdict, status, one.record)


WRITERS: Final[dict[str, Callable[..., bytes]]] = {".html": as_html, ".pdf": as_pdf}
"""How a certificate is written for people, by the end of the file's name."""
