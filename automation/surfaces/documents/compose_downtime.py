"""From the downtime pack of a batch to a document: a first page, then a numbered form for each step left to do."""

from collections.abc import Iterator

from automation.surfaces.documents.blocks import (
    BAD,
    STRONG,
    WARN,
    AnyBlock,
    Column,
    Document,
    Heading,
    Note,
    Pairs,
    Table,
    Title,
    cell,
    row,
)
from automation.surfaces.documents.codes import data_matrix
from automation.views.downtime import LINES, Pack, Sheet

_RULES = (
    "One person does, another sees it done; both write their names. Times with the time zone. No line is left out: "
    "what was not used is struck through, signed and dated. Nothing is begun that nobody can check on paper. A run of "
    "a device that has begun is finished. Each form is handed in, transcribed and compared, or voided; none is thrown "
    "away."
)
_BY_HAND = 9.0  # mm, high
Blocks = Iterator[AnyBlock]


def compose_pack(pack: Pack, *, simulated: bool, date: str) -> Document:
    """Give the whole document; ``date`` is ISO 8601."""
    marks = ("SIMULATED",) if simulated else ()
    return Document(
        title=", ".join((f"Downtime pack {pack.batch}", *marks)),
        head=f"Downtime pack {pack.batch}  |  {pack.recipe}  |  {pack.identity}",
        marks=marks,
        foot=f"recipe {pack.digest[:16]}  |  as of event {pack.as_of}, {date[:16]}",
        date=date,
        language="en",
        blocks=(*_front(pack, simulated=simulated), *(block for sheet in pack.sheets for block in _form(pack, sheet))),
    )


def _front(pack: Pack, *, simulated: bool) -> Blocks:
    yield Title(f"Downtime pack {pack.batch}", pack.recipe, pack.digest, data_matrix(pack.batch))
    if simulated:
        yield Note("SIMULATED. For practice only.", BAD)
    yield Note(_RULES, WARN)
    columns = (
        Column("Form", mm=34),
        Column("Step", share=1),
        Column("Title", share=2),
        Column("Back: date, name", share=2),
    )
    rows = tuple(row(one.number, one.step, one.title, "") for one in pack.sheets)
    yield Table(columns, rows, "Every form is accounted for before the lot is released")


def _form(pack: Pack, sheet: Sheet) -> Blocks:
    yield Heading(1, f"Form {sheet.number}: {sheet.title}")
    yield Pairs(
        (
            ("Batch", cell(pack.batch, STRONG)),
            ("Step", cell(f"{sheet.step} ({sheet.operation})")),
            ("Chain of identity", cell(pack.identity, STRONG)),
            ("Containers", cell(", ".join(pack.containers))),
            ("Signatures", cell(", ".join(sheet.signatures))),
        )
    )
    for title, pairs in (("Set", sheet.given), ("Limits", sheet.limits)):
        if pairs:
            columns = (Column(title, share=2), Column("As the recipe says", share=2), Column("As it was", share=2))
            yield Table(columns, tuple(row(name, text, "") for name, text in pairs))
    used = (*sheet.equipment, *sheet.materials)
    if used:
        columns = (
            Column("Equipment, material", share=2),
            Column("Needed", share=2),
            Column("Number, lot, expiry", share=2),
        )
        yield Table(columns, tuple(row(*one, "") for one in used))
    for question in sheet.questions:
        yield Note(f"Asked when this was printed: {question}")
    heads = ("What", "Container, whole number", "Value, unit", "Date, time, zone", "Done by", "Seen by")
    yield Table(tuple(Column(head, share=1) for head in heads), (row(*[""] * len(heads)),) * LINES, "Done", _BY_HAND)
