"""Batch analyses as one HTML table, as a section of a submission shows them."""

from collections.abc import Sequence

from automation.surfaces.documents.blocks import Column, Document, Heading, Table, row
from automation.surfaces.documents.html import html
from automation.views.analyses import FIELDS


def page(specification: str, lines: Sequence[Sequence[str]], *, simulated: bool) -> bytes:
    """Give the HTML file's bytes; the same results give the same bytes."""
    title = f"Batch analyses by {specification}"
    document = Document(
        title=title,
        head=title,
        marks=("SIMULATED",) if simulated else (),
        foot="Each result cites its events: reports, review, approval of the specification.",
        date="",
        language="en",
        blocks=(
            Heading(1, title),
            Table(tuple(Column(name, share=1.0) for name in FIELDS), tuple(row(*one) for one in lines)),
        ),
    )
    return html(document)
