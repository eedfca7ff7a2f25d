"""A media fill on site A, from the bottle to the reading 14 days later, in simulated time."""

from pathlib import Path

import pytest

from tests.support.runs import BATCH, Hook, Run, make_site, run_batch
from tests.support.scenes import change_site, choose, differs

RECIPE, STEP = "media-fill", "incubate"
DAY = 86_400.0  # s
LONGEST = 20 * DAY  # s
GROWN = "turbid, or anything grows in it"
CLEAN = "TSB-0001: {kind: bottle, volume: 300, density: 1.01, "

pytestmark = pytest.mark.requirement("F084")


def filled(folder: Path, *hooks: Hook, medium: str = CLEAN) -> Run:
    """Run the recipe at a new site, with such a medium."""
    site = change_site(make_site(folder / "site", "a"), (CLEAN, medium))
    return run_batch(site, *hooks, recipe=RECIPE, until=LONGEST)


def on_hold(run: Run) -> list[str]:
    """Name the units that are on QA hold."""
    units = [f"container/{BATCH}-U{number}" for number in range(1, 6)]
    return [name for name in units if getattr(run.things[name], "on_hold", False)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Give the undisturbed run."""
    return filled(tmp_path_factory.mktemp("media-fill"))


def test_no_unit_grows_in_seven_days_at_each_of_two_temperatures(whole: Run) -> None:
    """Every unit that was filled is read, and the medium grows what it is given."""
    got = whole.step(STEP).results
    assert (whole.state, whole.step(STEP).state, whole.deviations()) == ("closed", "no growth", [])
    assert (got["incubated"], got["units_grown"], got["medium_grew"]) == (5, 0, True)
    assert (float(str(got["read_at"])) - float(str(got["put_in_at"]))) / DAY == pytest.approx(14.0, abs=0.2)
    kept = [str(e.fields) for e in whole.events if e.kind == "call" and e.fields.get("method") == "keep"]
    assert [("22.5" in one, "32.5" in one) for one in kept] == [(True, False), (False, True)]


def test_each_intervention_of_the_plan_stands_in_the_record_with_who_did_and_who_saw_it(whole: Run) -> None:
    """In the order of the plan."""
    done = whole.step("interventions").results["interventions"]
    assert isinstance(done, list)
    assert [(one["name"], one["by"], one["verified_by"]) for one in done] == [
        (name, "anna", "ben") for name in ("bag changed", "glove changed", "somebody comes in")
    ]


def test_what_comes_with_the_medium_is_seen_in_every_unit(tmp_path: Path) -> None:
    """The media fill fails: all units on QA hold, a deviation, and people decide."""
    run = filled(tmp_path, medium=f"{CLEAN}particles: {{microbes: 40}}, ")
    assert (run.step(STEP).state, run.step(STEP).results["units_grown"], run.state) == ("growth", 5, "held")
    assert len(on_hold(run)) == 5
    assert any(title.startswith("5 of 5 units of the media fill have grown") for title in run.deviations())


def test_growth_that_was_seen_halfway_counts_at_the_end(tmp_path: Path) -> None:
    """One unit, once: it does not get clear again."""
    run = filled(tmp_path, choose(rf"^Look at {BATCH}-U2 against light", GROWN))
    assert (run.step(STEP).state, run.step(STEP).results["grown"]) == ("growth", [f"{BATCH}-U2"])


def test_a_medium_that_does_not_grow_what_it_is_given_shows_nothing(tmp_path: Path) -> None:
    """Without growth it would look like the best of media fills."""
    run = filled(tmp_path, differs(r"what they have to grow", promotion="it did not grow"))
    assert (run.step(STEP).state, run.state, on_hold(run)) == ("not valid", "held", [])
