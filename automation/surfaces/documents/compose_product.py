"""The pages of the product: containers as a family, balances with their uncertainty, labels with specimens.

Units: mL, g, cells; an uncertainty is expanded (coverage factor 2).
Source: 21 CFR 211.188(b)(7), (8) and (9) (yields, label control with specimens, containers), 211.103, 211.125.
"""

from collections.abc import Iterator

from automation.surfaces.documents.blocks import (
    BAD,
    CODE,
    GOOD,
    STRONG,
    WARN,
    AnyBlock,
    Column,
    Heading,
    Note,
    Specimen,
    Table,
    cell,
    row,
)
from automation.surfaces.documents.codes import data_matrix
from automation.surfaces.documents.writing import digest, events, moment
from automation.views.reconciliation import against
from automation.views.record import BatchRecord
from automation.views.record_of_product import Container, LabelCount, Labels, Reconciliation
from automation.views.wording import NOTHING, count, percent, quantity, span, with_uncertainty

_NEST = "\N{EM SPACE}"  # for each generation
_HOW = "measured: weighed or counted; calculated: from measured values; declared: stated by order, recipe or person"


def product_blocks(record: BatchRecord) -> Iterator[AnyBlock]:
    """Give the pages of the product; a batch without containers has none."""
    if not record.containers:
        return
    yield Heading(1, "Product: containers, reconciliation, labels")
    yield _genealogy(record.containers)
    if record.reconciliation:
        yield Heading(2, "Reconciliation")
        yield _stands(record.reconciliation)
        yield Note(f"Amounts ± expanded uncertainty (coverage factor 2), from readings alone. {_HOW.capitalize()}.")
        yield from _against(record)
        for one in record.reconciliation:
            yield _balance(one)
    if record.labels.labels:
        yield Heading(2, "Labels")
        yield from _labels(record.labels)


def _genealogy(some: tuple[Container, ...]) -> Table:
    columns = (
        Column("Container", share=2.4), Column("Out of", share=1.8), Column("For", mm=18), Column("Kind", mm=14),
        Column("Volume", mm=17, align="right"), Column("State", mm=16), Column("Position", share=2.2),
        Column("Exposure", mm=15, align="right"), Column("Warming", mm=15, align="right"),
        Column("QA hold", share=1.4),
    )  # fmt: skip
    rows = tuple(
        row(
            cell(_NEST * one.level + one.id, STRONG), one.parent or one.din or NOTHING, one.purpose or NOTHING,
            one.kind or NOTHING, quantity(one.volume_ml, "mL"), one.state, one.position or NOTHING,
            span(one.exposure_s), span(one.warming_s), cell(one.on_hold or "no", STRONG if one.on_hold else ""),
        )
        for one in some
    )  # fmt: skip
    product = ", ".join(dict.fromkeys(one.product_code for one in some if one.product_code))
    return Table(columns, rows, f"Containers at the end of the record, product code {product or NOTHING}")


def _stands(some: tuple[Reconciliation, ...]) -> Note:
    """Say in one sentence which balances close."""
    good = [one.quantity for one in some if one.closes]
    bad = [one.quantity for one in some if one.closes is False]
    unknown = [f"{one.quantity} ({one.note})" for one in some if one.closes is None]
    parts = [f"{', '.join(good)}: closed within the stated uncertainty"] if good else []
    parts += [f"{', '.join(bad)}: NOT closed"] if bad else []
    parts += [f"not evaluable: {', '.join(unknown)}"] if unknown else []
    return Note("; ".join(parts)[:1].upper() + "; ".join(parts)[1:] + ".", BAD if bad else WARN if unknown else GOOD)


def _against(record: BatchRecord) -> Iterator[Table]:
    columns = (
        Column("Step", share=1.4), Column("Yield or amount", share=2), Column("Found", mm=24, align="right"),
        Column("Stands", mm=24), Column("In words", share=4.5), Column("Event", mm=11, align="right"),
    )  # fmt: skip
    rows = tuple(
        row(
            step, one.what.replace("_", " "), f"{one.reported} {one.unit}".strip() or NOTHING,
            cell(one.band, "" if one.band == "within limits" else BAD), one.sentence, one.event,
        )
        for step, one in against(record.steps)
    )  # fmt: skip
    if rows:
        yield Table(columns, rows, "Against the recipe's limits")


def _balance(one: Reconciliation) -> Table:
    columns = (
        Column("", mm=8), Column("What", share=5), Column("Kind", mm=17), Column("Step", share=1.5),
        Column(one.unit, mm=38, align="right"), Column("Known", mm=18), Column("Events", mm=17, align="right"),
    )  # fmt: skip
    rows = [
        row(
            "in" if line.goes_in else "out", line.what, line.kind or NOTHING, line.step or NOTHING,
            with_uncertainty(line.value, expanded=line.expanded, unit=one.unit), line.how, events(line.events),
        )
        for line in one.lines
    ]  # fmt: skip
    words = {True: cell("closes", STRONG), False: cell("does NOT close", BAD), None: cell("not evaluable", BAD)}
    came, went = (quantity(value, one.unit).removesuffix(f" {one.unit}") for value in (one.came_in, one.went_out))
    left = with_uncertainty(one.unaccounted, expanded=one.expanded, unit=one.unit)
    share = f"unaccounted for: {percent(one.share)} of what came in"
    rows += [
        row("in", cell("sum of what came in", STRONG), "", "", cell(came, STRONG), "", ""),
        row("out", cell("sum of what is accounted for", STRONG), "", "", cell(went, STRONG), "", ""),
        row("", cell(share, STRONG), words[one.closes], "", cell(left, STRONG), "", ""),
    ]
    return Table(columns, tuple(rows), one.quantity.capitalize())


def _labels(labels: Labels) -> Iterator[AnyBlock]:
    yield Note(_count(labels.count), GOOD if labels.count.closes else BAD)
    columns = (
        Column("Label", share=2), Column("Container", share=1.6), Column("Template", share=2),
        Column("Marked", share=1.6), Column("Printed", mm=20), Column("Ended as", mm=16), Column("Reason", share=3),
        Column("Bytes sent", mm=23), Column("Events", mm=17, align="right"),
    )  # fmt: skip
    every = [frozenset(one.marks) for one in labels.labels]
    common = [mark for mark in labels.labels[0].marks if all(mark in marks for marks in every)]
    rows = tuple(
        row(
            cell(one.id, STRONG), one.container, one.template,
            ", ".join(mark for mark in one.marks if mark not in common) or NOTHING, moment(one.printed),
            cell(one.state, "" if one.state in {"applied", "kept", "destroyed"} else STRONG),
            "; ".join(text for text in (one.reason, one.ended) if text) or NOTHING,
            cell(digest(one.sha256), CODE), events(one.events),
        )
        for one in labels.labels
    )  # fmt: skip
    yield Table(columns, rows, "Labels that were issued")
    if common:
        yield Note(f"All are marked: {', '.join(common)}.")
    for one in labels.specimens:
        if one.problem:
            yield Note(f"Specimen of {one.template} can't be shown: {one.problem}.", BAD)
            continue
        caption = f"Specimen of {one.template}: {one.label}. Bytes sent: SHA-256 {one.sha256}, whole in the JSON."
        yield Specimen(one.lines, one.marks, one.code, data_matrix(one.code), one.label, caption)


def _count(one: LabelCount) -> str:
    ends = f"{one.applied} applied + {one.kept} kept + {one.destroyed} destroyed"
    nothing = f"; {one.not_printed} of {count(one.issued, 'number')} never printed" if one.not_printed else ""
    stands = "all accounted for" if one.closes else f"{one.unaccounted} NOT accounted for"
    return f"{count(one.printed, 'label')} printed = {ends}: {stands}{nothing}."
