"""``verify`` of a site folder: kept files are what their names say, and those that process data cite are there."""

from pathlib import Path

import pytest

from automation.ledger.blobs import Blobs
from tests.support.commands import cellwright
from tests.unit.ledger.ledgers import START, draft, make


def _site(folder: Path) -> tuple[Path, Path]:
    """Make a ledger whose one ``data`` event cites a kept file; give the folder and that file."""
    name = Blobs(folder / "blobs", sync=False).put(b"a curve")
    with make(folder) as ledger:
        ledger.append([draft(kind="data", channel="chamber", blob=name)], at=START)
    return folder, folder / "blobs" / name[:2] / name


@pytest.mark.requirement("F106.2")
def test_whole_files_and_what_a_crash_left_aside_are_no_fault(tmp_path: Path) -> None:
    """A half-written file beside its place is cited by nothing."""
    folder, kept = _site(tmp_path)
    kept.with_suffix(".12.tmp").write_bytes(b"a cu")
    said = cellwright("verify", folder, "--json")
    assert (said.status, said.data["bad_files"]) == (0, [])


@pytest.mark.requirement("F104", "F106.2", refuses=True)
def test_a_changed_file_is_named(tmp_path: Path) -> None:
    """The events are whole, so there is no first bad one, and the answer is no."""
    folder, kept = _site(tmp_path)
    kept.write_bytes(b"A curve")
    said = cellwright("verify", folder)
    assert said.status == 1
    assert f"{kept.name} was changed" in said.out
    data = cellwright("verify", folder, "--json").data
    assert (data["intact"], data["first_bad"]) == (False, None)


@pytest.mark.requirement("F104", "F106.2", refuses=True)
def test_a_missing_file_is_named_with_the_event_that_cites_it(tmp_path: Path) -> None:
    """Whoever reads the answer knows which data are lost."""
    folder, kept = _site(tmp_path)
    kept.unlink()
    said = cellwright("verify", folder)
    assert said.status == 1
    assert f"{kept.name} is missing; event 2 cites it" in said.out


@pytest.mark.requirement("F106.2", refuses=True)
@pytest.mark.parametrize("name", ["notes.txt", "0" * 64])
def test_a_file_that_is_out_of_place_is_named(tmp_path: Path, name: str) -> None:
    """Nothing stands among the kept files that is not one."""
    folder, _ = _site(tmp_path)
    (folder / "blobs" / name).write_bytes(b"a curve")
    said = cellwright("verify", folder)
    assert said.status == 1
    assert f"blobs/{name} is no kept file" in said.out
