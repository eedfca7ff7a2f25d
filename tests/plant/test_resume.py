"""The program is closed in the middle of procedural control, opened again, and everything ends as it was ordered."""

import asyncio
from pathlib import Path

import pytest

from automation.engine.site import Site
from automation.kernel.clock import MICRO
from automation.kernel.quantity import Seconds
from tests.support.runs import BATCH, Hook, Run, make_site, resume_batch, run_batch
from tests.support.scenes import (
    CASSETTE,
    answer,
    change_site,
    enter,
    insist,
    marked,
    order,
    ordered,
    orders,
    scan,
    sides,
    stages,
)

DOWN = Seconds(30.0)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run without any order; what happens before the first order is the same in every other."""
    return run_batch(make_site(tmp_path_factory.mktemp("undisturbed")))


def entered(run: Run, step: str, state: str) -> float:
    """Tell when a state was entered, in s from the start of the run."""
    stream = f"batch/{BATCH}/step/{step}"
    [enter] = [e for e in run.events if e.stream == stream and e.kind == "enter" and e.fields["state"] == state]
    return (enter.at - run.events[0].at) / MICRO


def later(seconds: float, command: str) -> Hook:
    """Order something so long after the program was opened."""

    def hook(site: Site) -> None:
        asyncio.get_running_loop().call_later(seconds, order, site, command)

    return hook


# what is ordered 1 s after the state was entered, when the program is closed after that (s), what is ordered then
CASES: dict[str, tuple[str, float, str, list[str]]] = {
    "holding": ("hold", 3.0, "restart", ["running", "holding", "held", "restarting", "running", "complete"]),
    "held": ("hold", 100.0, "restart", ["running", "holding", "held", "restarting", "running", "complete"]),
    "paused": ("pause", 100.0, "unpause", ["running", "pausing", "paused", "running", "complete"]),
    "stopping": ("stop", 3.0, "", ["running", "stopping", "stopped"]),
    "aborting": ("abort", 3.0, "", ["running", "aborting", "aborted"]),
    "stopped": ("stop", 100.0, "", ["running", "stopping", "stopped"]),
}


@pytest.mark.requirement("C01.2", "C02")
@pytest.mark.parametrize("state", ["ready for product", "freezing"])
@pytest.mark.parametrize("case", CASES)
def test_a_program_closed_in_a_procedural_state_goes_on_from_it(
    tmp_path: Path, undisturbed: Run, case: str, state: str
) -> None:
    """The stage is the one in which it was left, what was begun is finished once, and the end is as ordered."""
    command, after, then, expected = CASES[case]
    folder = make_site(tmp_path)
    until = entered(undisturbed, "freeze", state) + 1.0 + after
    left = run_batch(folder, ordered("freeze", state, command), answer("^Clean ", takes=600.0), until=until)
    assert (left.error, left.step("freeze").stage in {case, "held"}) == ("not over", True)
    run = resume_batch(folder, *([later(600.0, then)] if then else []), down=DOWN)
    assert stages(run, "freeze") == expected
    assert len(sides(run, "freeze")) == len(set(sides(run, "freeze")))
    assert run.acts["crf-01"]["start"] == (expected[-1] == "complete" or state == "freezing")
    assert orders(run)[-1] == "close"
    assert marked(run, "prompt/", "asking") == marked(run, "asset/", "claim") == []


@pytest.mark.requirement("C01.2")
@pytest.mark.requirement("F006", refuses=True)
def test_a_program_closed_with_a_step_locked_finds_it_locked(tmp_path: Path) -> None:
    """The line is cleared after it was opened again; the lock is not forgotten by a restart."""
    folder = make_site(tmp_path)
    left = run_batch(folder, scan(r"^Scan the donation", "=A99992600001800"), until=60.0)
    assert left.things["prompt/B-001.receive.1.1"].state == "locked"
    run = resume_batch(folder, down=DOWN)
    moves = [event.kind for event in run.events if event.stream == "prompt/B-001.receive.1.1"]
    assert moves == ["open", "claim", "lock", "clear", "claim", "answer"]
    assert run.state == "closed"


@pytest.mark.requirement("F099", "C01.2")
def test_a_program_closed_while_a_lot_is_waited_for_goes_on_when_it_is_released(tmp_path: Path) -> None:
    """Held before the step began; released and restarted in another process, used once."""
    folder = change_site(make_site(tmp_path), (CASSETTE, CASSETTE.replace("}", ", released: false}")))
    assert run_batch(folder, until=1500.0).state == "held"

    def released(site: Site) -> None:
        insist(enter(site, "lot/CASS-2201", "release", {}, by="dora", approved="dora"))

    run = resume_batch(folder, released, later(600.0, "restart"), down=DOWN)
    assert [event.kind for event in run.events if event.stream == "lot/CASS-2201"] == ["receive", "release", "use"]
    assert (stages(run, "freeze"), run.state) == (["running", "complete"], "closed")


@pytest.mark.requirement("C01.2")
def test_a_program_closed_while_equipment_is_waited_for_goes_on_waiting(tmp_path: Path) -> None:
    """The other batch gives the freezer free in the next process."""
    folder = make_site(tmp_path)

    def taken(site: Site) -> None:
        claim: dict[str, object] = {"batch": "B-900", "step": "freeze"}
        insist(enter(site, "asset/crf-01", "claim", claim, by="system:runner"))

    def freed(site: Site) -> None:
        free: dict[str, object] = {"reason": "B-900 is over"}
        loop = asyncio.get_running_loop()
        loop.call_later(900.0, lambda: enter(site, "asset/crf-01", "free", free, by="system:runner"))

    assert run_batch(folder, taken, until=1500.0).kinds("freeze") == ["bound"]
    run = resume_batch(folder, freed, down=DOWN)
    assert (stages(run, "freeze"), run.state) == (["running", "complete"], "closed")
