"""The disk of a site fills up in the midst of a batch: the program ends with one error, and goes on when there is room.

The devices live on meanwhile, as after a kill: a freezer keeps to its program, a bag that is safe stays safe.
"""

import sqlite3
from pathlib import Path

import pytest

from automation.bootstrap import Way
from automation.engine.site import Site
from automation.kernel.errors import FailedError
from automation.ledger.event import Event
from automation.ledger.verify import verify
from tests.plant.kills import faults
from tests.support.runs import BATCH, Run, make_site, resume_batch, run_batch

CAREFUL = Way(careful=True, each=True)
FREEZE = f"batch/{BATCH}/step/freeze"
FULL = "CREATE TRIGGER full BEFORE INSERT ON event BEGIN SELECT RAISE(ABORT, 'disk is full'); END"


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run a batch to its end."""
    return run_batch(make_site(tmp_path_factory.mktemp("whole")), way=CAREFUL)


def _run(folder: Path, statement: str) -> None:
    connection = sqlite3.connect(folder / "ledger.sqlite", isolation_level=None)
    connection.execute(statement)
    connection.close()


def _full_after(site: Site, at: int) -> None:
    def look(event: Event) -> None:
        if event.seq == at:
            _run(site.folder, FULL)

    site.house.ledger.subscribe(look)


@pytest.mark.requirement("C01.2")
@pytest.mark.parametrize("kind", ["enter", "call", "reply", "wait", "move", "data"])
def test_a_full_disk_ends_the_program_and_the_batch_goes_on_when_there_is_room(
    tmp_path: Path, undisturbed: Run, kind: str
) -> None:
    """From the freezing step's first event of a kind on nothing can be written; no act happens that is not recorded."""
    at = next(event.seq for event in undisturbed.events if (event.stream, event.kind) == (FREEZE, kind))
    folder = make_site(tmp_path)
    with pytest.raises(FailedError, match=r"disk is full.*open the site anew"):
        run_batch(folder, lambda site: _full_after(site, at), way=CAREFUL)
    said = verify(folder)
    assert (said.intact, said.events) == (True, at)
    _run(folder, "DROP TRIGGER full")
    run = resume_batch(folder, way=CAREFUL)
    assert faults(run, undisturbed) == []
    assert verify(folder).intact
