"""``qualify``: what the command refuses before it touches the record, and what its list and its report are."""

from pathlib import Path

import pytest

from automation.surfaces.documents.blocks import Document, Note
from automation.surfaces.documents.pdf import pdf
from tests.support.commands import cellwright
from tests.support.qualifying import SITE, bench

PDF = b"%PDF"
DOCUMENT = Document(
    title="Report",
    head="Report",
    marks=("SIMULATED",),
    foot="",
    date="2026-01-05T08:00:00+01:00",
    language="en",
    blocks=(Note("All good"),),
)
LIVE = """\
site: {name: Suite 9, mode: live, zone: UTC}
roles: {quality: [approve]}
assets: {balance-01: {class: balance}}
"""


@pytest.mark.requirement("F150.2", "C07", refuses=True)
@pytest.mark.parametrize("data", [b"<b class=mark>SIMULATED</b>", b'{"simulated": true}', b'"mode":"simulated"', PDF])
def test_a_file_of_a_simulated_site_is_no_evidence_at_a_live_one(tmp_path: Path, data: bytes) -> None:
    """It says so itself; nothing is kept and there is no ledger yet."""
    (tmp_path / "site.yaml").write_text(LIVE, encoding="utf-8")
    (tmp_path / "report").write_bytes(data if data is not PDF else pdf(DOCUMENT))
    shown = ("--seen", "IQ-1.2=on stone", "--evidence", f"IQ-1.2={tmp_path / 'report'}")
    said = cellwright("qualify", "balance-oq", "--asset", "balance-01", *shown, "--as", "erik", "--site", tmp_path)
    assert (said.status, "it shows nothing of a live asset" in said.err) == (1, True)
    assert not (tmp_path / "blobs").exists()


@pytest.mark.requirement("F150.2", refuses=True)
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("balance-oq",), "--asset is missing: which balance is qualified by balance-oq?"),
        (("balance-qo", "--asset", "balance-01"), "did you mean 'balance-oq'"),
        (("balance-oq", "--asset", "balance-01", "--answer", "OQ-1.1"), "write NAME=VALUE"),
        (("balance-oq", "--asset", "balance-01", "--answer", "OQ-1.9=1"), "did you mean 'OQ-1.2'?"),
        (("balance-oq", "--asset", "balance-01", "--evidence", "OQ-1.1=x.pdf"), "say with --answer, --seen or --wrong"),
        (
            ("balance-oq", "--asset", "balance-01", "--seen", "IQ-1.2=x", "--answer", "IQ-1.2=1"),
            "the step is answered twice",
        ),
        (
            ("balance-oq", "--asset", "balance-01", "--report", "x.doc"),
            "a name that ends in .html, .pdf, .json is needed",
        ),
    ],
)
def test_what_makes_no_sense_is_said_before_anything_is_done(tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    """Wrong input: exit status 2, one paragraph."""
    said = cellwright("qualify", *words, "--site", bench(tmp_path))
    assert (said.status, says in said.err) == (2, True), said.err
    assert (tmp_path / "site.yaml").read_text("utf-8") == SITE
    assert not (tmp_path / "ledger.sqlite").exists()


@pytest.mark.requirement("C10.2")
def test_the_list_names_every_protocol_with_its_whole_digest() -> None:
    """That is what a document of the sort protocol states, and what is approved."""
    items = cellwright("qualify", "--json").data["items"]
    assert isinstance(items, list)
    assert {"balance-oq", "freezer-oq", "freezer-pq", "system-iq-oq"} <= {one["name"] for one in items}
    assert all(len(one["digest"]) == 64 and one["stages"] for one in items)
