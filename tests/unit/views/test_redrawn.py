"""The readable part of a batch record is what its events say, or the check says where it is not."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from automation.ledger.read import Reader
from automation.ledger.verify import verify
from automation.surfaces.cli.verifying import verify as command
from automation.surfaces.documents.record import render
from automation.views.batch_record import batch_record
from automation.views.redrawn import difference
from tests.support.told_batch import BATCH, life, whole


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a batch record as JSON, away from its site."""
    site, path = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("away") / "record.json"
    with whole(site) as made, Reader(site) as reader:
        path.write_bytes(render(batch_record(reader, made.blobs, BATCH), "json", reader=reader))
    return path


@pytest.mark.requirement("F042", "F102.1", "F165.1")
def test_a_batch_record_verifies_alone(file: Path) -> None:
    """Its proof is intact, and its readable part is drawn anew from the events to the same bytes."""
    assert verify(file).intact
    assert difference(file) == ""


@pytest.mark.requirement("F102.1", "F106.2", "F165.1", refuses=True)
@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        (b"plateau too long", b"plateau is short", "findings"),
        (b'"met":false', b'"met":true', "steps"),
        (b'"simulated":true', b'"simulated":false', "simulated"),
        (b'"recipe_version":"1"', b'"recipe_version":"2"', "header"),
        (b'"values":[4.0,', b'"values":[3.0,', "verdict"),
        (b"<one> bag", b"<two> bag", "verdict"),
        (b'"serial":"SN-freezer"', b'"serial":"SN-1"', "steps"),
    ],
)
def test_a_changed_word_or_number_is_found(file: Path, tmp_path: Path, old: bytes, new: bytes, where: str) -> None:
    """Although the proof beside it is untouched."""
    data = file.read_bytes()
    changed = tmp_path / "changed.json"
    changed.write_bytes(data.replace(old, new, 1))
    assert changed.read_bytes() != data
    assert verify(changed).intact
    assert difference(changed) == f"its part {where!r} is not what the events say"


def test_a_changed_event_is_found_by_the_proof(file: Path, tmp_path: Path) -> None:
    """One letter inside one event."""
    head, proof = file.read_bytes().rsplit(b',"proof":', 1)
    changed = tmp_path / "changed.json"
    changed.write_bytes(head + b',"proof":' + proof.replace(b"plateau too long", b"plateau too lung", 1))
    assert not verify(changed).intact


@pytest.mark.requirement("F102.1", refuses=True)
def test_the_command_line_says_which_part_was_changed(file: Path, tmp_path: Path) -> None:
    """Exit status 1, as for a changed event."""
    changed = tmp_path / "changed.json"
    changed.write_bytes(file.read_bytes().replace(b"plateau too long", b"plateau is short", 1))
    said = CliRunner().invoke(command, [str(changed)])
    assert said.exit_code == 1
    assert "its part 'findings' is not what the events say" in said.output


def test_more_than_record_and_proof_is_no_record(file: Path, tmp_path: Path) -> None:
    """Nothing may stand beside what is checked."""
    changed = tmp_path / "changed.json"
    changed.write_bytes(file.read_bytes().replace(b',"proof":{"cell', b',"note":1,"proof":{"cell', 1))
    assert "can't be read as a record" in difference(changed)


def test_a_draft_says_that_nothing_vouches_for_it_yet(tmp_path: Path) -> None:
    """Its events are not yet under a signed head."""
    with life(tmp_path) as made:
        made.way.ledger.flush()
        with Reader(made.folder) as reader:
            data = render(batch_record(reader, made.blobs, BATCH), "json", reader=reader)
    path = tmp_path / "draft.json"
    path.write_bytes(data)
    said = verify(path)
    assert not said.intact
    assert said.first_bad is not None
    assert "draft" in said.first_bad.what
