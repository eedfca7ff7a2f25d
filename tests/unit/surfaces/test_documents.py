"""Documents: the same record as HTML, PDF and JSON, the same bytes each time, nothing lost and nothing run."""

import csv
import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from automation.kernel.errors import InputError
from automation.ledger.read import Reader
from automation.surfaces.documents.blocks import Table
from automation.surfaces.documents.codes import data_matrix
from automation.surfaces.documents.comparison import comma_separated
from automation.surfaces.documents.compose import compose
from automation.surfaces.documents.html import html
from automation.surfaces.documents.plots import draw
from automation.surfaces.documents.record import render
from automation.surfaces.documents.writing import brief, events, moment
from automation.views.batch_record import batch_record
from automation.views.record import BatchRecord, Chart, Mark, Trend
from tests.support.told_batch import BATCH, life, receive, whole


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[BatchRecord, Reader]]:
    """Give a whole record, and the ledger that it was drawn from."""
    with whole(tmp_path_factory.mktemp("site")) as made, Reader(made.folder) as reader:
        yield batch_record(reader, made.blobs, BATCH), reader


@pytest.mark.requirement("F105.1")
@pytest.mark.parametrize("form", ["html", "pdf", "json"])
def test_the_same_record_gives_the_same_bytes(site: tuple[BatchRecord, Reader], form: str) -> None:
    """Hashes of documents can be compared; no wall clock and no chance is in them."""
    record, reader = site
    assert render(record, form, reader=reader) == render(record, form, reader=reader)


@pytest.mark.requirement("F105", "F105.1", refuses=True)
def test_another_format_is_refused_with_those_that_there_are(site: tuple[BatchRecord, Reader]) -> None:
    """One clear error."""
    with pytest.raises(InputError, match="'docx'; html, pdf and json are allowed"):
        render(site[0], "docx", reader=site[1])


def test_the_json_holds_the_whole_record_beside_its_proof(site: tuple[BatchRecord, Reader]) -> None:
    """It can be read back as the same values."""
    data = render(site[0], "json", reader=site[1])
    file = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    assert list(file) == ["record", "proof"]
    again = msgspec.json.decode(file["record"], type=BatchRecord)
    assert msgspec.json.encode(again) == msgspec.json.encode(site[0])
    assert b'"simulated":true' in bytes(file["record"])


class _Text(HTMLParser):
    """Collects text and tags, so that a tag made of data would be seen."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002  as the parser calls it
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.mark.requirement("F105", "F105.1", refuses=True)
def test_text_of_the_record_is_never_markup(site: tuple[BatchRecord, Reader]) -> None:
    """The prompt asked for ``<of the bag>``, and that is what stands on the page."""
    page = _Text()
    page.feed(html(compose(site[0])).decode())
    assert any("Scan the label <of the bag>" in word for word in page.words)
    assert "of" not in page.tags
    assert "script" not in page.tags


def test_the_html_needs_nothing_from_elsewhere(site: tuple[BatchRecord, Reader]) -> None:
    """Styles and pictures are inside; it can be kept for thirty years."""
    text = html(compose(site[0])).decode()
    assert re.findall(r'(?:src|href)="(?!data:)[^"]*"', text) == []
    assert "@import" not in text


def test_every_exception_and_every_event_of_the_trail_stands_in_the_document(site: tuple[BatchRecord, Reader]) -> None:
    """What people read is all that there is."""
    record, _ = site
    text = msgspec.json.encode(compose(record)).decode()
    for one in record.findings:
        assert msgspec.json.encode(one.what).decode()[1:-1] in text
    tables = [block for block in compose(record).blocks if isinstance(block, Table)]
    trail = [row for table in tables for row in table.rows if table.columns[-1].head == "Hash"]
    assert [row[0].text for row in trail] == [str(entry.seq) for entry in record.trail]


def test_simulated_stands_on_every_page_and_in_the_title(site: tuple[BatchRecord, Reader]) -> None:
    """Nobody can take it for real, nor a single page of it."""
    document = compose(site[0])
    assert document.marks == ("SIMULATED",)
    assert document.title == f"Batch record {BATCH}, SIMULATED"
    assert html(document).count(b"SIMULATED") >= 4


def test_the_record_of_an_open_batch_is_a_draft_without_proof(tmp_path: Path) -> None:
    """DRAFT until the batch is closed."""
    with life(tmp_path) as made:
        receive(made)
        made.way.ledger.flush()
        with Reader(tmp_path) as reader:
            record = batch_record(reader, made.blobs, BATCH)
            assert render(record, "json", reader=reader).endswith(b',"proof":null}')
    assert compose(record).marks == ("SIMULATED", "DRAFT")


def test_the_pdf_names_its_date_by_the_ledger_and_is_an_archive_format(site: tuple[BatchRecord, Reader]) -> None:
    """PDF/A-3b; made at the time of the last event, not of the printing."""
    data = render(site[0], "pdf", reader=site[1])
    assert data.startswith(b"%PDF-")
    assert b"<pdfaid:part>3</pdfaid:part>" in data
    assert site[0].drawn[:10].encode() in data


def test_the_head_hash_is_a_code_that_scanners_read(site: tuple[BatchRecord, Reader]) -> None:
    """Square Data Matrix with quiet zone: what the picture says is the hash."""
    code = data_matrix(site[0].proof.head)
    wide, high = re.findall(r'<svg width="(\d+)" height="(\d+)"', code)[0]
    assert wide == high
    assert _read(code) == site[0].proof.head


def _read(code: str) -> str:
    """Read a Data Matrix code off its drawing, dark cell by dark cell."""
    import numpy as np  # noqa: PLC0415  only for this look
    import zxingcpp  # noqa: PLC0415  as above

    size = int(re.findall(r'width="(\d+)"', code)[0])
    picture = np.full((size, size), 255, np.uint8)
    for x, y, w, h in re.findall(r"M(\d+) (\d+)h(\d+)v(\d+)", code):
        picture[int(y) : int(y) + int(h), int(x) : int(x) + int(w)] = 0
    [found] = zxingcpp.read_barcodes(np.kron(picture, np.ones((6, 6), np.uint8)))
    return str(found.text)


def test_a_plot_shows_gaps_as_gaps_and_its_marks_by_name() -> None:
    """A line never runs over a time without readings."""
    trend = Trend("probes.sample", "degC", (0, 60_000_000, 120_000_000), (4.0, None, 3.0), ())
    chart = Chart("Curve", "degC", ("probes.sample",), 0, (Mark(0, "cooling"), Mark(60_000_000, "cold", -5.0)))
    whole_line = draw(chart, [Trend("probes.sample", "degC", trend.times, (4.0, 3.5, 3.0), ())], zone="UTC")
    broken = draw(chart, [trend], zone="UTC")
    assert broken != whole_line
    assert broken == draw(chart, [trend], zone="UTC")
    assert "<!--  cooling -->" in broken


@pytest.mark.parametrize(
    ("seqs", "written"), [((), "-"), ((7,), "7"), ((3, 1, 2), "1-3"), ((1, 2, 4, 5, 9), "1-2, 4-5, 9")]
)  # fmt: skip
def test_runs_of_events_are_drawn_together(seqs: tuple[int, ...], written: str) -> None:
    """``12, 14-16`` is read faster than four numbers."""
    assert events(seqs) == written.replace("-", "\N{EN DASH}")


def test_of_many_events_the_first_the_last_and_their_number_are_told() -> None:
    """A reader can't follow forty numbers; the JSON has them all."""
    assert events(range(3, 90, 10)) == "3 … 83 (9 events)"
    assert events((1, 3, 5, 7)) == "1, 3, 5, 7"


def test_times_keep_their_offset_and_long_texts_say_that_they_were_cut() -> None:
    """The whole stands in the JSON."""
    assert moment("2026-03-29T02:30:00.123+01:00") == "2026-03-29 02:30:00 +01:00"
    assert brief("a" * 64) == f"{'a' * 12}…"
    assert brief("x y " * 200).endswith("(800 characters, whole in the JSON)")


@pytest.mark.parametrize("text", ["=HYPERLINK(A1)", "+cmd|' /C calc'!A0", "-A1", "@SUM(A1)", "\t=1", "= 0 pcs"])
def test_no_text_in_a_table_of_commas_is_run_by_a_spreadsheet(text: str) -> None:
    """Whoever typed it meant it for a record: an apostrophe stands before it."""
    assert list(csv.reader(io.StringIO(comma_separated(("a",), [(text,)]).decode())))[1] == [f"'{text}"]


@pytest.mark.parametrize("value", ["-150 degC to -120 degC", "-6.53", "+1.5 %", ">= -1.5 %", "no growth", -2.5, ""])
def test_amounts_and_words_in_a_table_of_commas_stay_what_they_are(value: object) -> None:
    """Also those below zero."""
    assert list(csv.reader(io.StringIO(comma_separated(("a", "b"), [(value, 1)]).decode())))[1] == [str(value), "1"]
