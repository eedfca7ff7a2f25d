"""An entry of a closed batch is corrected at the command line, and its record says so."""

import json
from pathlib import Path

import pytest

from automation.ledger.read import Reader
from tests.support.commands import Said, cellwright
from tests.support.runs import make_site

BATCH, ENTRY = "B-001", "B-001.count-washed.1.4.1"
OF = ("--batch", BATCH, "--reason", "digits swapped", "--as", "anna")


@pytest.mark.requirement("F106", "F106.3")
def test_an_addendum_recalculates_asks_for_signatures_and_stands_in_the_record(tmp_path: Path) -> None:
    """What is not possible is one clear error: an open correction of a closed record, a reading that is none."""
    folder = make_site(tmp_path / "site", "b")

    def said(*words: str) -> Said:
        return cellwright(*words, "--site", str(folder))

    assert said("run", "final-day", "--batch", BATCH).status == 0
    with Reader(folder) as reader:
        values = next(
            json.loads(e.body)["given"]["values"] for e in reader.stream(f"prompt/{ENTRY}") if e.kind == "enter"
        )
    was = str(values["total"])
    change = ("--entry", ENTRY, "--name", "total", "--was", was, "--value", str(float(was) * 0.95), *OF)
    late = said("do", "correction", "C-1", "correct", *change, "--sign", "verified=ben")
    assert (late.status, "only an addendum (add) corrects it" in late.err) == (1, True)
    assert said("do", "correction", "C-1", "add", *change, "--sign", "approved=dora").status == 0
    assert "fill.dose_per_bag:" in said("show", "correction", "C-1").out
    assert f"{BATCH}.fill.signatures.C-1" in said("status").out
    none = said("do", "correction", "C-2", "exclude", "--step", "count", "--event", "3", *OF, "--sign", "verified=ben")
    assert (none.status, "event 3 is no reading of a machine in step count" in none.err) == (2, True)
    record = tmp_path / "record.json"
    assert said("record", BATCH, "--format", "json", "-o", str(record)).status == 0
    assert "unsigned since correction C-1" in record.read_text(encoding="utf-8")
