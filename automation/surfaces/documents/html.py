"""Documents as one HTML file that needs nothing else: styles and pictures inside, every text escaped.

Source: WHATWG HTML for the elements; the styles stand in ``record.css``.
"""

import base64
from collections.abc import Iterator
from html import escape
from importlib.resources import files

from automation.surfaces.documents.blocks import (
    Block,
    Cell,
    Column,
    Document,
    Heading,
    Note,
    Pairs,
    Picture,
    Seal,
    Source,
    Specimen,
    Table,
    Title,
)


def html(document: Document) -> bytes:
    """Give the file's bytes."""
    style = files("automation.surfaces.documents").joinpath("record.css").read_text("utf-8")
    marks = "".join(f"<b class=mark>{escape(mark)}</b>" for mark in document.marks)
    behind = "".join(f"<div class=behind>{escape(mark)}</div>" for mark in document.marks[:1])
    body = "\n".join(part for block in document.blocks for part in _block(block))
    text = (
        f'<!doctype html>\n<html lang="{escape(document.language)}">\n<head><meta charset="utf-8">'
        f"<meta name=viewport content='width=device-width, initial-scale=1'>"
        f"<title>{escape(document.title)}</title>\n<style>\n{style}{_on_paper(document)}</style></head>\n<body>\n{behind}"
        f"<header>{escape(document.head)}{marks}</header>\n<main>\n{_links(document)}{body}\n{_links(document)}</main>\n"
        f"<footer>{escape(document.foot)}</footer>\n</body></html>\n"
    )
    return text.encode()


def _links(document: Document) -> str:
    links = " | ".join(f'<a href="{escape(page)}">{escape(words)}</a>' for page, words in document.links)
    return f"<nav>{links}</nav>\n" if links else ""


def _on_paper(document: Document) -> str:
    """Give the styles that repeat head, marks and foot on every printed page."""
    places = {"top-left": document.head, "top-right": "  ".join(document.marks), "bottom-left": document.foot}
    boxes = " ".join(f"@{place} {{ content: {_quoted(text)}; }}" for place, text in places.items())
    return f"@page {{ {boxes} }}\n"


def _quoted(text: str) -> str:
    """Write text as a CSS string in which nothing can end it."""
    return '"' + "".join(c if c.isalnum() or c in " .,:;|+-()" else f"\\{ord(c):x} " for c in text) + '"'


def _block(block: Block) -> Iterator[str]:
    match block:
        case Title() as title:
            code = f'<img alt="Data Matrix code of the head hash" src="{_data(title.code)}">'
            words = f"<div><h1>{escape(title.text)}</h1><p>{escape(title.below)}</p></div>"
            yield f"<section class=title>{words}<p class=code>{escape(title.head)}</p>{code}</section>"
        case Heading(level=level, text=text):
            yield f"<h{level}>{escape(text)}</h{level}>"
        case Note(text=text, tone=tone):
            yield f'<p class="note {tone}">{escape(text)}</p>'
        case Pairs(rows=rows):
            cells = "".join(
                f"<div><dt>{escape(name)}</dt><dd{_tone(value)}>{escape(value.text)}</dd></div>" for name, value in rows
            )
            yield f"<dl>{cells}</dl>"
        case Table() as table:
            yield from _table(table)
        case Picture() as picture:
            yield f'<figure><img alt="{escape(picture.alt)}" src="{_data(picture.svg)}">'
            yield f"<figcaption>{escape(picture.caption)}</figcaption></figure>"
        case Specimen() as one:
            marks = "".join(f"<b>{escape(mark)}</b>" for mark in one.marks)
            lines = "".join(f"<p>{escape(line)}</p>" for line in one.lines)
            image = f'<img alt="Data Matrix code of {escape(one.code)}" src="{_data(one.svg)}">'
            words = f"<div>{marks}{lines}<p class=code>{escape(one.number)}</p></div>"
            symbol = f"<div>{image}<p class=code>{escape(one.code)}</p></div>"
            yield f"<figure class=specimen><div>{words}{symbol}</div>"
            yield f"<figcaption>{escape(one.caption)}</figcaption></figure>"
        case Source() as source:
            yield f"<pre>{escape(chr(10).join(source.lines))}</pre>"
        case Seal() as seal:
            lines = "".join(f"<p>{escape(line)}</p>" for line in seal.lines)
            code = f'<img alt="Data Matrix code of the head hash" src="{_data(seal.code)}">'
            yield f"<section class=seal>{code}<div><p class=code>{escape(seal.head)}</p>{lines}</div></section>"


def _table(table: Table) -> Iterator[str]:
    if table.title:
        yield f"<h3>{escape(table.title)}</h3>"
    columns = "".join(f"<col{_width(column, table.columns)}>" for column in table.columns)
    heads = "".join(f'<th class="{column.align}">{escape(column.head)}</th>' for column in table.columns)
    yield f"<table><colgroup>{columns}</colgroup><thead><tr>{heads}</tr></thead><tbody>"
    high = f' style="height:{table.high:g}mm"' if table.high else ""
    for cells in table.rows:
        pairs = zip(cells, table.columns, strict=True)
        row = "".join(f'<td class="{column.align} {one.tone}">{escape(one.text)}</td>' for one, column in pairs)
        yield f"<tr{high}>{row}</tr>"
    yield "</tbody></table>"


def _width(column: Column, columns: tuple[Column, ...]) -> str:
    if column.mm:
        return f' style="width:{column.mm:g}mm"'
    shares, fixed = sum(one.share for one in columns), sum(one.mm for one in columns)
    return f' style="width:calc((100% - {fixed:g}mm) * {column.share / shares:.4f})"'


def _tone(value: Cell) -> str:
    return f' class="{value.tone}"' if value.tone else ""


def _data(svg: str) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"
