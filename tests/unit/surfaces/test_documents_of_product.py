"""Pages of the product: containers, balances with their uncertainty, labels with specimens, plots of weights."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from automation.ledger.read import Reader
from automation.surfaces.documents.blocks import BAD, GOOD, WARN, Document, Note, Specimen, Table
from automation.surfaces.documents.compose import compose
from automation.surfaces.documents.html import html
from automation.surfaces.documents.pdf import pdf
from automation.surfaces.documents.record import render
from automation.views.batch_record import batch_record
from automation.views.record import BatchRecord
from automation.views.redrawn import difference
from tests.support.told_batch import BATCH
from tests.support.told_final_day import BAGS, ZPL, Day, final_day, until_filled, until_washed


def told(folder: Path, *parts: Callable[[Day], None]) -> BatchRecord:
    """Give the record of a day that goes through some parts."""
    with final_day(folder) as day:
        for part in parts:
            part(day)
        day.made.way.ledger.flush()
        with Reader(folder) as reader:
            return batch_record(reader, day.made.blobs, BATCH)


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> BatchRecord:
    """Give the record of a whole day."""
    return told(tmp_path_factory.mktemp("day"), until_washed, until_filled)


def tables(document: Document) -> dict[str, Table]:
    """Give the tables of a document by title."""
    return {block.title: block for block in document.blocks if isinstance(block, Table)}


def notes(document: Document) -> list[Note]:
    """Give the notes that stand out."""
    return [block for block in document.blocks if isinstance(block, Note) and block.tone]


@pytest.mark.requirement("F024")
def test_a_balance_is_a_table_from_what_came_in_to_what_is_left_over(record: BatchRecord) -> None:
    """Each line with side, amount, uncertainty, and how it is known; the last line says whether it closes."""
    table = tables(compose(record))["Volume"]
    first, last = ([cell.text for cell in row] for row in (table.rows[0], table.rows[-1]))
    assert first[:-1] == ["in", "HARV-1, as received", "received", "receive", "400.00 ± 4.00", "declared"]
    assert len(first[-1].split(", ")) == 2  # the events of its announcement and of its receipt
    assert last == ["", "unaccounted for: 0.00 % of what came in", "closes", "", "0.00 ± 4.13", "", ""]


def test_cells_are_written_by_powers_of_ten(record: BatchRecord) -> None:
    """Four digits of the amount, two of its uncertainty."""
    rows = {row[1].text: row[4].text for row in tables(compose(record))["Viable cells"].rows}
    assert rows["HARV-1, counted"] == "1.200e9 ± 9.7e7"
    assert rows["lost in wash: the count before less the count after"] == "9.700e7 ± 1.3e8"


def test_one_sentence_says_which_balances_close(tmp_path: Path, record: BatchRecord) -> None:
    """Good, bad, or not evaluable with the reason."""
    assert Note("Volume, mass, viable cells, total cells: closed within the stated uncertainty.", GOOD) in notes(
        compose(record)
    )

    def short(day: Day) -> None:
        until_filled(day, bag=17.0)

    bad = told(tmp_path, until_washed, short)
    assert Note("Volume, mass, viable cells, total cells: NOT closed.", BAD) in notes(compose(bad))
    assert "volume NOT reconciled; mass NOT reconciled" in bad.verdict
    unknown = replace(record.reconciliation[1], closes=None, note="the mass of BUF-1 is not known")
    doubtful = replace(record, reconciliation=(record.reconciliation[0], unknown))
    text = "Volume: closed within the stated uncertainty; not evaluable: mass (the mass of BUF-1 is not known)."
    assert Note(text, WARN) in notes(compose(doubtful))


def test_children_stand_below_their_parent_and_further_in(record: BatchRecord) -> None:
    """The nesting can be seen in print and by a screen reader's column of parents."""
    table = next(table for title, table in tables(compose(record)).items() if title.startswith("Containers"))
    shown = [(row[0].text.count("\N{EM SPACE}"), row[0].text.strip(), row[1].text) for row in table.rows]
    assert shown[:3] == [(0, "HARV-1", "A999921123456"), (1, f"{BATCH}-W", "HARV-1"), (2, BAGS[0], f"{BATCH}-W")]


@pytest.mark.requirement("F061")
def test_a_specimen_shows_text_symbol_and_the_hash_of_what_was_sent(record: BatchRecord) -> None:
    """As HTML and as PDF; marks that all labels carry are told once."""
    document = compose(record)
    [specimen] = [block for block in document.blocks if isinstance(block, Specimen)]
    assert specimen.marks == ("SIMULATED",)
    assert record.labels.specimens[0].data.encode("latin-1") == ZPL
    page = html(document).decode()
    assert f"Data Matrix code of CONTAINER:{BAGS[0]}" in page
    assert record.labels.specimens[0].sha256 in page
    assert any(isinstance(block, Note) and block.text == "All are marked: SIMULATED." for block in document.blocks)
    assert pdf(document).startswith(b"%PDF-")


def test_a_batch_without_containers_labels_or_balances_has_no_page_for_them(record: BatchRecord) -> None:
    """Nothing empty is printed."""

    def heads(document: Document) -> list[str]:
        return [getattr(block, "text", "") for block in document.blocks if type(block).__name__ == "Heading"]

    assert "Product: containers, reconciliation, labels" in heads(compose(record))
    empty = replace(record, containers=(), reconciliation=())
    assert "Product: containers, reconciliation, labels" not in heads(compose(empty))
    plain = replace(record, labels=replace(record.labels, labels=(), specimens=()))
    assert "Labels" not in heads(compose(plain))


def test_the_exported_record_of_labels_and_balances_is_drawn_anew_to_the_same_bytes(tmp_path: Path) -> None:
    """Specimens travel inside the JSON, so nothing of the site is needed."""
    with final_day(tmp_path) as day:
        until_washed(day, weighs=397.0)
        until_filled(day)
        day.made.end()
        with Reader(tmp_path) as reader:
            record = batch_record(reader, day.made.blobs, BATCH)
            (tmp_path / "record.json").write_bytes(render(record, "json", reader=reader))
    assert difference(tmp_path / "record.json") == ""
