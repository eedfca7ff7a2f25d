"""The program is killed with SIGKILL while a bag freezes, started again by ``resume``, and nothing is done twice."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from automation.bootstrap import begins, read_site
from automation.engine.journal import Called
from automation.engine.past import past
from automation.kernel.clock import SimulatedClock, run_simulated
from automation.ledger.event import Event
from automation.ledger.read import Reader
from fakes.eurotherm import EurothermFreezer
from fakes.sites.simulated import build
from tests.support.commands import cellwright, simulated_site

BATCH = "B-001"
STEPS = ("receive", "count", "freeze", "store")
FREEZE = f"batch/{BATCH}/step/freeze"
POINTS = ("after the first call", "after the start", "judged")


def events(folder: Path) -> list[Event]:
    """Give all events of a site's ledger."""
    with Reader(folder) as reader:
        return list(reader.events())


def states(folder: Path) -> dict[str, tuple[str, str]]:
    """Give the final state of each step, and what was around it."""
    found: dict[str, tuple[str, str]] = {}
    for step in STEPS:
        one = past("", [event for event in events(folder) if event.stream == f"batch/{BATCH}/step/{step}"])
        found[step] = (one.state, str(one.stage))
    return found


def acts(folder: Path) -> dict[str, int]:
    """Let the freezer live through its log again and give its own count of acts."""
    file = read_site(folder)

    async def count(clock: SimulatedClock) -> dict[str, int]:
        plant = build(file, clock, folder / "plant.log", careful=True, faults=None)
        freezer = plant.fake("crf-01")
        plant.close()
        assert isinstance(freezer, EurothermFreezer)
        return dict(freezer.acts)

    return run_simulated(count, start=begins(folder, file))


def calls(folder: Path, method: str) -> int:
    """Count the effects that called a method, however often each was attempted: by visit and number."""
    found = [event.read(Called) for event in events(folder) if event.stream == FREEZE and event.kind == "call"]
    return len({(call.visit, call.n) for call in found if call.method == method})


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A batch that nobody killed."""
    folder = simulated_site(tmp_path_factory.mktemp("undisturbed"))
    assert cellwright("run", "freeze-day", "--site", folder, "--batch", BATCH).status == 0
    return folder


def moment(folder: Path, point: str) -> int:
    """Give the event at which the program dies."""
    freeze = [event for event in events(folder) if event.stream == FREEZE]
    called = [event for event in freeze if event.kind == "call"]
    start = next(event for event in called if event.read(Called).method == "start")
    seqs = (called[0].seq + 1, start.seq + 1, freeze[-2].seq)
    return dict(zip(POINTS, seqs, strict=True))[point]


@pytest.mark.requirement("C01.2")
@pytest.mark.parametrize("point", POINTS)
def test_killed_while_freezing_and_resumed_the_batch_ends_as_if_undisturbed(
    tmp_path: Path, undisturbed: Path, point: str
) -> None:
    """Same final states, an intact ledger, and the device's own count of acts equals the ledger's."""
    folder = simulated_site(tmp_path)
    words = [sys.executable, "-m", "automation", "run", "freeze-day", "--site", str(folder), "--batch", BATCH]
    environment = {**os.environ, "CELLWRIGHT_CRASH_AT": str(moment(undisturbed, point))}
    killed = subprocess.run(words, env=environment, capture_output=True, check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    resumed = cellwright("resume", BATCH, "--site", folder)
    assert (resumed.status, states(folder)) == (0, states(undisturbed)), resumed.err
    assert cellwright("verify", folder).status == 0
    assert acts(folder) == acts(undisturbed)
    assert acts(folder)["start"] == calls(folder, "start") == 1


@pytest.mark.requirement("C01.2")
def test_time_goes_on_while_the_program_is_away(tmp_path: Path, undisturbed: Path) -> None:
    """A freeze that nobody watched for 20 min is over earlier in the record's eyes, and is not accepted: a gap."""
    folder = simulated_site(tmp_path)
    left = cellwright("run", "freeze-day", "--site", folder, "--batch", BATCH, "--stop-at", "freeze.freezing")
    resumed = cellwright("resume", BATCH, "--site", folder, "--down", "20 min")
    assert (left.status, resumed.status) == (0, 1)
    assert states(folder)["freeze"][0] == "not accepted"
    assert acts(folder)["start"] == acts(undisturbed)["start"] == 1


@pytest.mark.requirement("C07", refuses=True)
def test_the_crash_hook_is_refused_on_a_live_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can make a program that makes product kill itself."""
    assert cellwright("init", tmp_path / "live").status == 0
    monkeypatch.setenv("CELLWRIGHT_CRASH_AT", "1")
    said = cellwright("instruments", "identify", "--site", tmp_path / "live")
    assert (said.status, "test hook of simulated sites" in said.err) == (2, True)
