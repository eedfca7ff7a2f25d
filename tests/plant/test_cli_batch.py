"""A batch directed from the command line, one process after another, as at a bench with one terminal."""

import os
import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest

from automation.engine.journal import Fell
from automation.engine.past import past
from automation.engine.recorder import Recorder
from automation.engine.site import Site
from automation.gmp.objects import Recorded, Thing
from automation.gmp.product.batches import Batch
from automation.gmp.registry import KINDS
from automation.ledger.file import NAME
from automation.ledger.lease import NAME as LOCK
from automation.ledger.lease import Lease
from automation.ledger.read import Reader
from automation.opener import House
from automation.views.objects import Objects
from tests.support.commands import Said, cellwright, simulated_site

BATCH = "B-1"


def begun(folder: Path, *, stop_at: str) -> Path:
    """Make a site and leave its batch open at a state."""
    simulated_site(folder)
    said = cellwright("run", "freeze-day", "--site", folder, "--batch", BATCH, "--stop-at", stop_at)
    assert said.status == 0, said.err
    return folder


def direct(folder: Path, command: str, by: str = "anna") -> Said:
    """Give an order to the batch."""
    return cellwright(command, BATCH, "--reason", "line clearance", "--as", by, "--site", folder, "--json")


def stages(folder: Path) -> dict[str, str]:
    """Give the ISA-88 state of each step as ``status`` says."""
    steps = cast("list[dict[str, str]]", cellwright("status", "--site", folder, "--json").data["steps"])
    return {line["step"]: line["stage"] for line in steps}


@pytest.mark.requirement("C02")
def test_a_batch_is_held_and_restarted_and_ends_as_ordered(tmp_path: Path) -> None:
    """The step that runs is held with the batch, waits for the restart, and then goes to its end."""
    folder = begun(tmp_path, stop_at="freeze.freezing")
    assert (direct(folder, "hold").data["state"], stages(folder)["freeze"]) == ("held", "held")
    waiting = cellwright("resume", BATCH, "--site", folder)
    assert (waiting.status, "held: line clearance" in waiting.out) == (1, True)
    assert (direct(folder, "restart", by="ben").data["state"], stages(folder)["freeze"]) == ("running", "running")
    assert cellwright("resume", BATCH, "--site", folder).status == 0


@pytest.mark.requirement("F005", "C02", refuses=True)
@pytest.mark.parametrize("order", ["pause", "hold"])
def test_an_order_is_refused_in_a_state_that_does_not_allow_it(tmp_path: Path, order: str) -> None:
    """What is possible is named, exit status 1: the question was understood."""
    folder = begun(tmp_path, stop_at="receive.identified")
    undo = {"pause": "restart", "hold": "unpause"}[order]
    assert direct(folder, order).status == 0
    said = direct(folder, undo)
    assert (said.status, "is not possible in state" in said.err) == (1, True)


@pytest.mark.requirement("C02")
@pytest.mark.parametrize("order", ["stop", "abort"])
def test_a_batch_is_ended(tmp_path: Path, order: str) -> None:
    """It is closed, and an ended batch can't be resumed."""
    folder = begun(tmp_path, stop_at="count.drawn")
    assert direct(folder, order).data["state"] == "closed"
    said = cellwright("resume", BATCH, "--site", folder)
    assert (said.status, "has ended" in said.err) == (2, True)


@pytest.mark.requirement("F004", "F047.2")
def test_two_people_answer_a_critical_entry(tmp_path: Path) -> None:
    """The first enters, the same person may not verify, the second does."""
    folder = begun(tmp_path, stop_at="receive.identified")
    prompt = cast("list[dict[str, str]]", cellwright("worklist", "--site", folder, "--json").data["items"])[0]["id"]
    entries = ("seal=SL-48213", "lowest=3.1", "highest=6.4", "condition=intact", "exposure=6")
    values = [word for entry in entries for word in ("--value", entry)]
    assert cellwright("answer", prompt, *values, "--as", "anna", "--site", folder).status == 0
    assert cellwright("answer", prompt, "--as", "anna", "--site", folder).status == 1
    assert cellwright("answer", prompt, "--as", "ben", "--site", folder, "--json").data["state"] == "answered"
    assert cellwright("resume", BATCH, "--site", folder).status == 0


def doubted(folder: Path) -> Path:
    """Write into the record of the step that runs that nobody knows whether its last act took effect."""

    async def job(site: Site) -> None:
        house, stream = site.house, f"batch/{BATCH}/step/freeze"
        doing = past("", house.ledger.stream(stream)).main
        assert doing is not None
        fell = Fell(doing.number, doing.journal.last, "LinkError", "silent", (), "crf-01", "start")
        Recorder(house.ledger, house.clock, stream).write("doubt", fell)

    House().work(folder, job)
    return folder


def decide(folder: Path, step: str) -> Said:
    """Decide a doubt of the batch as a supervisor."""
    why = ("--outcome", "not done", "--reason", "the panel shows reset", "--as", "carla")
    return cellwright("resolve", BATCH, step, *why, "--site", folder, "--json")


@pytest.mark.requirement("C01.3")
@pytest.mark.parametrize("step", ["freeze", ""])
def test_a_doubt_is_decided_under_signature(tmp_path: Path, step: str) -> None:
    """What is decided, why and by whom is a signed move of the batch."""
    folder = doubted(begun(tmp_path, stop_at="freeze.freezing"))
    assert decide(folder, step).data["outcome"] == "not done"
    with Reader(folder) as reader:
        [event] = [event for event in reader.stream(f"batch/{BATCH}") if event.kind == "resolve"]
    assert [(one.by, one.meaning) for one in event.read(Recorded).signed] == [("carla", "responsible")]


@pytest.mark.requirement("C01.3", refuses=True)
@pytest.mark.parametrize("step", ["freeze", ""])
def test_a_doubt_that_is_not_open_is_not_signed(tmp_path: Path, step: str) -> None:
    """Nothing is recorded of a decision about nothing."""
    folder = begun(tmp_path, stop_at="freeze.freezing")
    assert direct(folder, "hold").status == 0
    said = decide(folder, step)
    assert (said.status, "no open doubt" in said.err) == (1, True)
    with Reader(folder) as reader:
        assert [event.kind for event in reader.stream(f"batch/{BATCH}")][-2:] == ["hold", "done"]


@pytest.mark.requirement("C01.1", refuses=True)
@pytest.mark.parametrize("command", ["hold", "restart", "pause", "unpause", "stop", "abort", "resolve"])
def test_an_order_to_a_step_that_the_batch_lacks_is_refused(tmp_path: Path, command: str) -> None:
    """Exit status 2, the steps there are named, and the record is as before."""
    folder = begun(tmp_path, stop_at="receive.identified")
    outcome = ("--outcome", "done") if command == "resolve" else ()
    words = (command, BATCH, "freze", *outcome, "--reason", "line clearance", "--as", "carla", "--site", folder)
    said = cellwright(*words)
    assert (said.status, "did you mean 'freeze'? (known: count, freeze, receive, store)" in said.err) == (2, True)
    with Reader(folder) as reader:
        assert [event.kind for event in reader.stream(f"batch/{BATCH}")] == ["issue", "start"]


@pytest.mark.requirement("F022", "F041", refuses=True)
@pytest.mark.parametrize("state", ["receive.identified", "freeze.freezing"])
def test_a_container_of_another_batch_is_not_issued_again(tmp_path: Path, state: str) -> None:
    """It is refused before anything is recorded, and the batch that nobody watches is named."""
    folder = begun(tmp_path, stop_at=state)
    words = ("--site", folder, "--batch", "B-2", "--container", "BAG-0001")
    said = cellwright("run", "freeze-day", *words)
    assert (said.status, "container BAG-0001 is " in said.err, f"batch {BATCH}" in said.err) == (1, True, True)
    assert f"batch {BATCH} is running and nobody watches it: cellwright resume {BATCH}\n" in said.err
    with Reader(folder) as reader:
        assert list(reader.stream("batch/B-2")) == []


@pytest.mark.requirement("C02")
@pytest.mark.parametrize("state", ["freeze.frozen", "count.drawn"])
def test_a_batch_that_is_left_open_leaves_no_work_behind(tmp_path: Path, state: str) -> None:
    """Its work ends before the record is closed: standard error is empty."""
    simulated_site(tmp_path)
    words = ("run", "freeze-day", "--site", tmp_path, "--batch", BATCH, "--stop-at", state)
    done = subprocess.run([sys.executable, "-m", "automation", *map(str, words)], capture_output=True, check=True)
    assert done.stderr == b""


@pytest.mark.requirement("F047.2", "F106", refuses=True)
def test_a_wrong_secret_is_refused_and_nothing_moves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name alone gives nobody anything."""
    folder = begun(tmp_path, stop_at="receive.identified")
    monkeypatch.setenv("CELLWRIGHT_SECRET", "guessed")
    said = direct(folder, "hold")
    monkeypatch.delenv("CELLWRIGHT_SECRET")
    assert (said.status, "could not be identified" in said.err) == (1, True)
    assert stages(folder)["receive"] == "running"


@pytest.mark.requirement("C08")
def test_a_parameter_is_set_in_an_engineering_lot_and_recorded_with_its_reason(tmp_path: Path) -> None:
    """The batch holds what was changed and why; a clinical lot takes no change."""
    folder = simulated_site(tmp_path)
    words = ("run", "freeze-day", "--site", folder, "--set", "freeze.every=20 s", "--reason", "is 20 s enough?")
    refused = cellwright(*words, "--batch", "B-2", "--lot-type", "clinical")
    assert (refused.status, "engineering" in refused.err) == (2, True)
    assert cellwright(*words, "--batch", BATCH, "--stop-at", "receive.identified").status == 0
    with Reader(folder) as reader:
        batch = cast("Batch", Objects(reader).find("batch", BATCH))
    assert batch.issue is not None
    assert [(o.step, o.parameter, o.value, o.reason) for o in batch.issue.overrides] == [
        ("freeze", "every", "20 s", "is 20 s enough?")
    ]
    assert cellwright("resume", BATCH, "--site", folder).status == 0


@pytest.mark.requirement("C07")
def test_the_seed_of_a_simulated_site_is_chosen_once(tmp_path: Path) -> None:
    """Same seed, same head hash in another folder; the world of a site that has lived can't be drawn anew."""
    first, folder = (begun(tmp_path / name, stop_at="receive.identified") for name in ("one", "two"))
    heads = [cellwright("verify", one, "--json").data["head"] for one in (first, folder)]
    other = cellwright("run", "freeze-day", "--site", folder, "--batch", "B-2", "--seed", "9")
    assert heads[0] == heads[1]
    assert (other.status, "has lived with seed 1" in other.err) == (2, True)


@pytest.mark.requirement("F106")
def test_objects_read_from_the_ledger_equal_those_of_the_running_site(tmp_path: Path) -> None:
    """State is the fold of events, whoever folds them."""
    folder = begun(tmp_path, stop_at="freeze.freezing")

    async def look(here: Site) -> dict[str, list[Thing]]:
        return {kind: list(here.house.door.every(kind)) for kind in KINDS}

    live = House().work(folder, look)
    with Reader(folder) as reader:
        objects = Objects(reader)
    assert live == {kind: list(objects.every(kind)) for kind in KINDS}
    assert sum(map(len, live.values())) > 20


def test_a_run_in_a_pipe_is_quiet(tmp_path: Path) -> None:
    """Progress is for people at terminals."""
    folder = simulated_site(tmp_path)
    said = cellwright("run", "freeze-day", "--site", folder, "--batch", BATCH)
    assert (said.status, said.err) == (0, "")
    again = cellwright("check", BATCH, "--site", folder)
    assert (again.status, "has ended" in again.err) == (2, True)


@pytest.mark.requirement("C01.2", refuses=True)
def test_a_site_has_one_owner_at_a_time(tmp_path: Path) -> None:
    """Who looks is not disturbed; who wants to work is told who it is."""
    folder = begun(tmp_path, stop_at="receive.identified")
    lease = Lease(folder)
    looked, ran = cellwright("status", "--site", folder), cellwright("resume", BATCH, "--site", folder)
    lease.release()
    assert (looked.status, f"owned by process {os.getpid()}" in looked.out) == (0, True)
    assert (ran.status, f"owned by process {os.getpid()}" in ran.err) == (1, True)


def test_a_folder_that_can_not_be_written_is_refused_before_anything_moves(tmp_path: Path) -> None:
    """The lock can't be taken, the ledger stays as it was, and looking still works."""
    folder = begun(tmp_path, stop_at="receive.identified")
    (folder / LOCK).unlink()
    (folder / LOCK).mkdir()
    before = (folder / NAME).read_bytes()
    said = cellwright("resume", BATCH, "--site", folder)
    assert (said.status, "can't be written" in said.err) == (2, True)
    assert (folder / NAME).read_bytes() == before
    assert cellwright("status", "--site", folder).status == 0


def test_a_site_without_a_ledger_says_how_it_gets_one(tmp_path: Path) -> None:
    """A copied site file is a site that has not lived."""
    said = cellwright("status", "--site", simulated_site(tmp_path))
    assert (said.status, "has no ledger yet" in said.err) == (2, True)


def test_an_object_is_moved_by_its_own_commands(tmp_path: Path) -> None:
    """A deviation is opened, concluded and closed by another person under signature."""
    folder = begun(tmp_path, stop_at="receive.identified")

    def do(command: str, by: str, *fields: str) -> Said:
        return cellwright("do", "deviation", "D-1", command, *fields, "--as", by, "--site", folder, "--json")

    assert do("open", "anna", "--subject", "batch/B-1", "--title", "label torn").data["state"] == "open"
    assert do("conclude", "dora", "--cause", "old printer", "--impact", "none: re-labelled").status == 0
    assert do("close", "dora").status == 1


def test_answers_carry_no_secret_into_the_record(tmp_path: Path) -> None:
    """Whatever is given at the door, the ledger's bytes hold no secret of anybody."""
    folder = begun(tmp_path, stop_at="count.drawn")
    with Reader(folder) as reader:
        assert not [event.seq for event in reader.events() if b"-simulated" in event.body]
