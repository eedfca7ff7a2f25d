"""The pages of a guided walk: one static HTML file for each chapter, with the way to the next one and nothing else.

No page has a form, a script or a link to anything but the other pages; each row names its events.
Source: EU GMP chapter 4, 4.12; Annex 11 draft 12.9.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from automation.surfaces.documents.blocks import (
    BAD,
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
from automation.surfaces.documents.writing import brief, events
from automation.views.masking import Mask
from automation.views.walkthrough import TITLES, Chapter, Line, Section

INDEX = "index.html"
_LONGEST = 2000  # characters of a cell


@dataclass(frozen=True, slots=True)
class Cover:
    """What stands on every page: which inspection of which site, as of which event, and what is masked."""

    inspection: str
    site: str
    simulated: bool
    date: str
    seq: int
    head: str  # hash of that event, hex
    masked: str  # in words
    scope: str
    ledger: str  # id, hex
    ledger_is: str  # how far it is whole, in words
    intact: bool

    @property
    def marks(self) -> tuple[str, ...]:
        """Give what runs on every page."""
        return (*(("SIMULATED",) if self.simulated else ()), *(() if self.intact else ("LEDGER NOT INTACT",)))


def pages(cover: Cover, chapters: Mapping[Chapter, Sequence[Section]], mask: Mask) -> dict[str, bytes]:
    """Give the files of the walk by their names, the first page first; every text goes through ``mask``."""
    names = [INDEX, *(f"{at}-{chapter}.html" for at, chapter in enumerate(chapters, 1))]
    titles = ["Contents", *(TITLES[chapter] for chapter in chapters)]
    made = {
        INDEX: html(_document(cover, titles[0], tuple(_contents(cover, titles[1:])), _way(names, 0, titles=titles)))
    }
    for at, (name, some) in enumerate(zip(names[1:], chapters.values(), strict=True), 1):
        blocks = tuple(_blocks(titles[at], some, mask))
        made[name] = html(_document(cover, titles[at], blocks, _way(names, at, titles=titles)))
    return made


def _document(cover: Cover, title: str, blocks: tuple[AnyBlock, ...], links: tuple[tuple[str, str], ...]) -> Document:
    return Document(
        title=f"{title}, inspection {cover.inspection}",
        head=f"Inspection {cover.inspection} of {cover.site}: {title}",
        marks=cover.marks,
        foot=f"read only, as of event {cover.seq}, head {cover.head}",
        date=cover.date,
        language="en",
        blocks=blocks if cover.intact else (Note(cover.ledger_is, BAD), *blocks),
        links=links,
    )


def _way(names: Sequence[str], at: int, *, titles: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Give the links of a page: all chapters from the first page, else back, contents and on."""
    if at == 0:
        return tuple(zip(names[1:], titles[1:], strict=True))
    back = [(names[at - 1], f"back: {titles[at - 1]}")] if at > 1 else []
    on = [(names[at + 1], f"next: {titles[at + 1]}")] if at + 1 < len(names) else []
    return (*back, (names[0], titles[0]), *on)


def _contents(cover: Cover, titles: Sequence[str]) -> Iterator[AnyBlock]:
    yield Heading(1, f"Walkthrough for inspection {cover.inspection}")
    said = {
        "Site": cover.site,
        "Scope": cover.scope,
        "Ledger": cover.ledger,
        "As of": f"event {cover.seq}, {cover.date}",
        "Checked": cover.ledger_is,
        "Identifiers": cover.masked,
    }
    yield Pairs(tuple((name, cell(value)) for name, value in said.items()))
    for at, title in enumerate(titles, 1):
        yield Note(f"{at}. {title}")
    yield Note("The numbers in the last column of each table are events of the ledger. Ask to see any of them.")
    yield Note(
        f"Where more than four runs of events belong to a row, the first, the last and their number stand. Digests are "
        f"cut to 12 digits, texts to {_LONGEST} characters: a cut ends in …"
    )


def _blocks(title: str, some: Sequence[Section], mask: Mask) -> Iterator[AnyBlock]:
    yield Heading(1, title)
    for section in some:
        yield Heading(2, f"{section.title} ({len(section.lines)})")
        if section.note:
            yield Note(mask(section.note))
        if not section.lines:
            yield Note("None on record.")
            continue
        columns = (*(Column(head, share=1.0) for head in section.heads), Column("events", share=0.7))
        yield Table(columns, tuple(_row(line, mask) for line in section.lines))


def _row(line: Line, mask: Mask) -> tuple[Cell, ...]:
    return row(*(brief(mask(one), _LONGEST, counted=False) for one in line.cells), events(line.events))
