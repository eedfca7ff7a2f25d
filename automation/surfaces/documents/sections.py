"""Sections of a submission as HTML, CSV and JSON: the same tables, each line with what it comes from.

Source: ICH M4Q(R1) for numbers and titles.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from automation.surfaces.documents.blocks import CODE, Column, Document, Heading, Note, Pairs, cell, row
from automation.surfaces.documents.blocks import Table as Rows
from automation.surfaces.documents.comparison import comma_separated
from automation.surfaces.documents.html import html
from automation.views.sections import Table

SOURCE = "comes from"


@dataclass(frozen=True, slots=True)
class Cover:
    """What stands on every section: of what it is, as of which event, and what its recipe is worth."""

    number: str
    title: str
    recipe: str  # id, version
    status: str
    digest: str
    product: str
    simulated: bool
    seq: int
    head: str

    @property
    def marks(self) -> tuple[str, ...]:
        """Give what runs on every page: a recipe that nobody approved says so."""
        draft = () if self.status == "approved" else (f"{self.status} recipe".upper(),)
        return (*(("SIMULATED",) if self.simulated else ()), *draft)


def to_html(cover: Cover, tables: Sequence[Table]) -> bytes:
    """Give a section as one HTML file."""
    name = f"{cover.number} {cover.title}"
    pairs = (
        ("Product", cell(cover.product)),
        ("Recipe", cell(f"{cover.recipe}, {cover.status}")),
        ("Digest", cell(cover.digest, CODE)),
        ("As of", cell(f"event {cover.seq}")),
    )
    blocks: list[Heading | Pairs | Note | Rows] = [Heading(1, name), Pairs(pairs)]
    for table in tables:
        blocks.append(Heading(2, table.title))
        if table.lines:
            columns = tuple(Column(head, share=1.0) for head in (*table.heads, SOURCE))
            blocks.append(Rows(columns, tuple(row(*one.cells, one.source) for one in table.lines)))
        else:
            blocks.append(Note("None on record."))
    document = Document(
        title=name,
        head=f"{name}: {cover.product}",
        marks=cover.marks,
        foot=f"as of event {cover.seq}, head {cover.head}",
        date="",
        language="en",
        blocks=tuple(blocks),
    )
    return html(document)


def to_csv(cover: Cover, tables: Sequence[Table]) -> bytes:
    """Give a section as one CSV file: the name of its table in the first column, what holds for all in the last one."""
    width = max(len(table.heads) for table in tables)
    marks = " ".join(cover.marks)
    lines = []
    for table in tables:
        lines.append((table.title, *table.heads, *[""] * (width - len(table.heads)), SOURCE, marks))
        lines += [(table.title, *one.cells, *[""] * (width - len(one.cells)), one.source, marks) for one in table.lines]
    heads = ("table", *(f"column {at + 1}" for at in range(width)), SOURCE, "marks")
    return comma_separated(heads, lines)


def to_json(cover: Cover, tables: Sequence[Table]) -> bytes:
    """Give a section as data."""
    said = {
        "section": cover.number,
        "title": cover.title,
        "marks": cover.marks,
        "recipe": {"id": cover.recipe, "status": cover.status, "digest": cover.digest},
        "product": cover.product,
        "as_of": cover.seq,
        "head": cover.head,
        "tables": [
            {"title": table.title, "lines": [_line(table, at) for at in range(len(table.lines))]} for table in tables
        ],
    }
    return msgspec.json.format(msgspec.json.encode(said), indent=2)


def _line(table: Table, at: int) -> dict[str, object]:
    one = table.lines[at]
    return {**dict(zip(table.heads, one.cells, strict=True)), "events": one.events, "recipe": one.digest}


WRITERS: Final[dict[str, Callable[[Cover, Sequence[Table]], bytes]]] = {
    ".html": to_html,
    ".csv": to_csv,
    ".json": to_json,
}
"""How a section is written, by the end of the file's name."""
