"""The program is closed in the middle of procedural control, opened again, and everything ends as it was ordered."""

import asyncio
from pathlib import Path

import pytest

from automation.engine.site import Site
from automation.kernel.clock import MICRO
from automation.kernel.quantity import Seconds
from tests.support.runs import BATCH, Hook, Run, make_site, resume_batch, run_batch
from tests.support.scenes import answer, marked, order, ordered, orders, sides, stages

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


@pytest.mark.requirement("C01")
@pytest.mark.requirement("C02")
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
