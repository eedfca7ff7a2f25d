"""Ledgers of earlier releases still verify, fold to the states that they had, and can be gone on with."""

import shutil
from pathlib import Path

import msgspec
import pytest

from automation.bootstrap import release
from automation.ledger.blobs import Blobs
from automation.ledger.event import Draft
from automation.ledger.read import Reader
from automation.ledger.store import Ledger
from automation.ledger.verify import verify
from automation.ledger.verify_blobs import verify_blobs
from automation.surfaces.documents.record import render
from automation.views.batch_record import batch_record
from automation.views.standing import standing
from tests.golden.make import BATCH, HERE, LARGEST, STANDING, Standing, size

RELEASES = sorted(path.name for path in HERE.iterdir() if (path / STANDING).is_file())
each_release = pytest.mark.parametrize("name", RELEASES)


def _recorded(name: str) -> Standing:
    return msgspec.json.decode((HERE / name / STANDING).read_bytes(), type=Standing)


def test_this_release_has_a_golden_ledger() -> None:
    """Made by ``python -m tests.golden.make`` before the release, so that the next one can be held to it."""
    assert release() in RELEASES


@pytest.mark.requirement("F106.2")
@each_release
def test_the_ledger_of_a_release_still_verifies(name: str) -> None:
    """To the same last event, signed and anchored to its end, with the files that it cites."""
    found, recorded = verify(HERE / name), _recorded(name)
    assert found.first_bad is None
    assert (found.events, found.head) == (recorded.events, recorded.head)
    assert found.signed_to == found.anchored_to == recorded.events
    assert verify_blobs(HERE / name) == ()


@pytest.mark.requirement("F106")
@each_release
def test_the_ledger_of_a_release_folds_to_the_states_that_it_had(name: str) -> None:
    """Of every object and every step."""
    with Reader(HERE / name) as reader:
        assert standing(reader) == _recorded(name).states
        assert reader.genesis.release == name == _recorded(name).release


@each_release
def test_a_batch_of_a_release_can_still_be_shown(name: str) -> None:
    """Its record is drawn, with its curves, and exported with its proofs."""
    with Reader(HERE / name) as reader:
        made = batch_record(reader, Blobs(HERE / name / "blobs", sync=False), BATCH)
        assert BATCH.encode() in render(made, "json", reader=reader)


@each_release
def test_the_ledger_of_a_release_is_gone_on_with(tmp_path: Path, name: str) -> None:
    """A new owner appends behind what the older release wrote; both parts verify as one."""
    folder = shutil.copytree(HERE / name, tmp_path / "site")
    with Ledger.open(folder, key=None) as ledger:
        ledger.append([Draft("site", "note", b"{}", "system")], at=ledger.last.at)
    found = verify(folder, head=_recorded(name).head)
    assert (found.intact, found.events) == (True, _recorded(name).events + 2)


def test_golden_ledgers_are_small() -> None:
    """They stay in the repository for ever."""
    assert {name: size(HERE / name) for name in RELEASES if size(HERE / name) > LARGEST} == {}


def test_a_golden_ledger_tells_when_a_release_folds_it_otherwise(tmp_path: Path) -> None:
    """One event taken for another gives another standing."""
    folder = shutil.copytree(HERE / RELEASES[-1], tmp_path / "site")
    with Ledger.open(folder, key=None) as ledger:
        ledger.append([Draft("lot/NEW-1", "receive", _RECEIVED, "system:setup")], at=ledger.last.at)
    with Reader(folder) as reader:
        assert set(standing(reader).items()) - set(_recorded(RELEASES[-1]).states.items()) == {
            ("lot/NEW-1", "quarantine")
        }


_RECEIVED = msgspec.json.encode(
    {"given": {"what": "DMSO", "supplier": "ACME", "quantity": 1.0, "unit": "mL", "expiry": "2027-03"}}
)
