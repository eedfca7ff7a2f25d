"""Labels in the batch record: what was printed, what became of it, what it looked like."""

from pathlib import Path

import pytest

from automation.ledger.read import Reader
from automation.views.batch_record import batch_record
from automation.views.record import BatchRecord
from tests.support.told_batch import BATCH
from tests.support.told_final_day import BAGS, ZPL, Day, final_day, until_filled, until_washed


def record_of(day: Day) -> BatchRecord:
    """Give the record as it stands."""
    day.made.way.ledger.flush()
    with Reader(day.made.folder) as reader:
        return batch_record(reader, day.made.blobs, BATCH)


@pytest.mark.requirement("F061")
def test_printed_labels_are_applied_kept_or_destroyed_and_counted(tmp_path: Path) -> None:
    """21 CFR 211.125(c): one that was torn is destroyed, its reprint says why."""
    with final_day(tmp_path) as day:
        until_washed(day)
        until_filled(day)
        day.label(f"{BATCH}-V1", ("destroy", {"reason": "torn at the edge"}))
        verified = ("verify", {"code": f"CONTAINER:{BATCH}-V1"})
        day.label(f"{BATCH}-V1", verified, ("apply", {"container": f"{BATCH}-V1"}), number=2, reason="first was torn")
        labels = record_of(day).labels
    count = labels.count
    assert (count.issued, count.printed, count.applied, count.destroyed, count.unaccounted) == (4, 4, 3, 1, 0)
    assert count.closes
    assert [(one.state, one.ended, one.reason) for one in labels.labels[2:]] == [
        ("destroyed", "torn at the edge", ""),
        ("applied", "", "first was torn"),
    ]


def test_a_label_that_came_out_and_is_nowhere_is_an_exception(tmp_path: Path) -> None:
    """It could end up on another patient's bag."""
    with final_day(tmp_path) as day:
        until_washed(day)
        until_filled(day)
        day.label(f"{BATCH}-V1")
        record = record_of(day)
    assert not record.labels.count.closes
    [found] = [one for one in record.findings if one.rule == "E15"]
    assert found.what == f"labels: {BATCH}-V1-L1 (printed) unaccounted for"


def test_the_specimen_is_the_first_label_of_its_template(tmp_path: Path) -> None:
    """211.188(b)(8): text, symbol, marks, and the very bytes that the printer got."""
    with final_day(tmp_path) as day:
        until_washed(day)
        until_filled(day)
        [specimen] = record_of(day).labels.specimens
        assert (specimen.label, specimen.code) == (f"{BAGS[0]}-L1", f"CONTAINER:{BAGS[0]}")
        assert specimen.lines[0] == f"Lot {BATCH}"
        assert specimen.data.encode("latin-1") == ZPL
        (tmp_path / "blobs" / specimen.sha256[:2] / specimen.sha256).write_bytes(b"another label")
        [lost] = record_of(day).labels.specimens
    assert lost.problem == f"the file {specimen.sha256} is missing or was changed"
    assert lost.data == ""
