"""What a page is made of, before it is HTML or PDF: headings, pairs, tables, pictures, notes.

Units: column widths in mm, or shares of what is left.
"""

import msgspec

PLAIN, STRONG, GOOD, WARN, BAD, CODE = "", "strong", "good", "warn", "bad", "code"


class Cell(msgspec.Struct, frozen=True):
    """One cell of a table, with the tone in which it is said."""

    text: str
    tone: str = PLAIN


class Column(msgspec.Struct, frozen=True):
    """One column: its head, its width (mm, or a share when 0) and its alignment."""

    head: str
    mm: float = 0.0
    share: float = 0.0
    align: str = "left"


class Block(msgspec.Struct, frozen=True, tag_field="is", tag=str.lower):
    """Anything that stands on a page."""


class Title(Block, frozen=True):
    """The head of the first page: what this is, and the hash that it stands under, as text and as code."""

    text: str
    below: str
    head: str
    code: str  # SVG


class Heading(Block, frozen=True):
    """A heading; level 1 begins a page."""

    level: int
    text: str


class Pairs(Block, frozen=True):
    """Names and values in two columns of pairs."""

    rows: tuple[tuple[str, Cell], ...]


class Note(Block, frozen=True):
    """A sentence that stands out by its tone."""

    text: str
    tone: str = PLAIN


class Table(Block, frozen=True):
    """A table; its head is repeated on every page."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    title: str = ""
    high: float = 0.0  # mm, of each row, where people write by hand; 0: as its text needs


class Picture(Block, frozen=True):
    """A drawing, and in words what it shows."""

    svg: str
    alt: str
    caption: str = ""
    mm: float = 178.0  # wide


class Specimen(Block, frozen=True):
    """What a label looks like: its text, its marks, and its symbol with what that says."""

    lines: tuple[str, ...]
    marks: tuple[str, ...]
    code: str
    svg: str
    number: str
    caption: str


class Source(Block, frozen=True):
    """A text file as it is, line by line."""

    lines: tuple[str, ...]


class Seal(Block, frozen=True):
    """The head hash as text and code, and what was checked."""

    head: str
    code: str  # SVG
    lines: tuple[str, ...]


AnyBlock = Title | Heading | Pairs | Note | Table | Picture | Specimen | Source | Seal


class Document(msgspec.Struct, frozen=True):
    """A whole document: what runs on every page, and its blocks."""

    title: str
    head: str  # left, on every page
    marks: tuple[str, ...]  # SIMULATED, DRAFT: on every page
    foot: str
    date: str  # ISO 8601; the document's own date
    language: str
    blocks: tuple[AnyBlock, ...]
    links: tuple[tuple[str, str], ...] = ()  # to pages beside this one, with their words; of HTML only


def cell(value: object, tone: str = PLAIN) -> Cell:
    """Give a cell of anything."""
    return value if isinstance(value, Cell) else Cell(str(value), tone)


def row(*values: object) -> tuple[Cell, ...]:
    """Give a row of cells."""
    return tuple(cell(value) for value in values)
