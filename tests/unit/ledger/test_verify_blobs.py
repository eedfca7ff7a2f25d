"""Kept files of a site folder beside the events that cite them, in the words of the check."""

from pathlib import Path

import pytest

from automation.kernel.errors import InputError
from automation.ledger.blobs import Blobs
from automation.ledger.verify_blobs import verify_blobs
from tests.unit.ledger.ledgers import START, draft, make

ABSENT = "ab" * 32


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site with one kept file, which the second of its ``data`` events cites."""
    name = Blobs(tmp_path / "blobs", sync=False).put(b"a curve")
    with make(tmp_path) as ledger:
        ledger.append([draft(kind="data"), draft(kind="data", blob=name), draft(kind="note", blob=ABSENT)], at=START)
    return tmp_path


def _kept(site: Path) -> Path:
    (kept,) = (path for path in (site / "blobs").rglob("*") if path.is_file())
    return kept


def test_what_is_whole_needs_no_words(site: Path) -> None:
    """An event that cites nothing, and what other events say, is no fault; nor is what a crash left aside."""
    _kept(site).with_suffix(".12.tmp").write_bytes(b"a cu")
    assert verify_blobs(site) == ()


def test_each_file_that_is_wrong_has_a_sentence(site: Path) -> None:
    """Those that are there by name, then those that are not."""
    kept = _kept(site)
    (site / "blobs" / kept.name).write_bytes(kept.read_bytes())
    (site / "blobs" / "notes.txt").write_bytes(b"")
    place = f"blobs/{kept.name[:2]}/{kept.name}"
    elsewhere = "is no kept file: its name or place is not the SHA-256 of what it holds"
    assert verify_blobs(site) == (f"blobs/{kept.name} {elsewhere}", f"blobs/notes.txt {elsewhere}")
    (site / "blobs" / kept.name).unlink()
    (site / "blobs" / "notes.txt").unlink()
    kept.write_bytes(b"")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert verify_blobs(site) == (f"{place} was changed: it hashes to {empty}",)
    kept.unlink()
    assert verify_blobs(site) == (f"{place} is missing; event 3 cites it",)


def test_a_file_that_cannot_be_read_is_no_verdict(site: Path) -> None:
    """It is named with what the system says."""
    path = site / "blobs" / "ab" / ABSENT
    path.parent.mkdir()
    path.symlink_to("nowhere")
    with pytest.raises(InputError) as refused:
        verify_blobs(site)
    assert str(refused.value) == f"{path}: the file can't be read (No such file or directory)"
