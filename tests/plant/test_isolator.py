"""An isolator made ready on site A: gloves, cycle, pressure; what does not pass is put right, or it is not used."""

import hashlib
from pathlib import Path

import pytest

from tests.support.runs import BATCH, Hook, Run, make_site, run_batch
from tests.support.scenes import differs

RECIPE, STEP = "isolator-explant", "prepare-isolator"
HELD = 24 * 3600.0  # s, by which a batch that needs people is held
GLOVES, CYCLE, PRESSURE = r"test every glove", r"last decontamination cycle", r"read the pressure"

pytestmark = pytest.mark.requirement("F027")


def prepared(folder: Path, *hooks: Hook) -> Run:
    """Run the recipe at a new site."""
    return run_batch(make_site(folder / "site", "a"), *hooks, recipe=RECIPE, until=HELD)


def often(times: int, pattern: str, **values: str | float) -> tuple[Hook, ...]:
    """Let so many answers differ."""
    return tuple(differs(pattern, **values) for _ in range(times))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Give the undisturbed run."""
    return prepared(tmp_path_factory.mktemp("isolator"))


def test_it_is_ready_with_gloves_cycle_report_and_pressure_on_record(whole: Run) -> None:
    """The report is the one that was attached, by its hash; the open step came after it."""
    step = whole.step(STEP)
    assert (whole.state, step.state, whole.deviations(), whole.alarms()) == ("closed", "ready", [], [])
    report = f"decontamination cycle {BATCH}/1: passed\n".encode()
    assert step.results["report"] == hashlib.sha256(report).hexdigest()
    assert (step.results["gloves"], step.results["cycle"]) == (8, f"{BATCH}/1")
    assert 40.0 <= float(str(step.results["pressure"])) <= 70.0
    assert whole.steps == ["receive", STEP, "explant"]


def test_what_does_not_pass_is_put_right_and_tested_again(tmp_path: Path) -> None:
    """A deviation each; the recipe sets an alert on how many tests of the gloves it took."""
    failed = (GLOVES, {"result": "failed"}), (CYCLE, {"result": "failed"}), (PRESSURE, {"pressure": 20.0})
    run = prepared(tmp_path, *(hook for pattern, values in failed for hook in often(1, pattern, **values)))
    got = run.step(STEP).results
    assert (run.state, got["glove_tests"], got["cycles"], got["cycle"]) == ("closed", 2, 2, f"{BATCH}/2")
    assert [title for title in run.deviations() if title.startswith("the isolator")] == [
        "the isolator did not pass: a glove or sleeve leaks",
        f"the isolator did not pass: cycle {BATCH}/1 failed by its report",
        "the isolator did not pass: 20 Pa against the room; 35 to 80 Pa are needed",
    ]


@pytest.mark.requirement("F027", refuses=True)
@pytest.mark.requirement("F027", refuses=True)
@pytest.mark.parametrize(
    ("pattern", "values", "why"),
    [
        (GLOVES, {"gloves": 7.0}, "7 gloves and sleeves were tested, it has 8"),
        (CYCLE, {"result": "failed"}, f"cycle {BATCH}/3 failed by its report"),
        (PRESSURE, {"pressure": 20.0}, "20 Pa against the room; 35 to 80 Pa are needed"),
    ],
)
def test_an_isolator_that_never_passes_is_not_used(
    tmp_path: Path, pattern: str, values: dict[str, str | float], why: str
) -> None:
    """Three tries; the batch is held and the product was not opened."""
    run = prepared(tmp_path, *often(3, pattern, **values))
    assert (run.step(STEP).state, run.step(STEP).results["why"], run.state) == ("refused", why, "held")
    assert "explant" not in run.steps
    assert f"the isolator did not pass: {why}" in run.deviations()
