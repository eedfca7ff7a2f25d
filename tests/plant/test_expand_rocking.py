"""A culture on a rocking bioreactor, fed and perfused by the device: whole runs on site A, and what goes wrong."""

from functools import cache
from pathlib import Path

import pytest

from automation.engine.site import Site
from fakes.world import World
from protocols.operations.deciding import Decision
from tests.plant.kills import faults
from tests.support.changed import recipe_with
from tests.support.crash import at_appends, resumed
from tests.support.runs import BATCH, Hook, Run, make_site, plant_of, run_batch, when
from tests.support.scenes import order

RECIPE = "rocking-culture"
CULTURE, WASTE = f"{BATCH}-C", f"{BATCH}-SM"
DAY = 86_400.0

pytestmark = pytest.mark.requirement("F014", "F025")


def rocked(folder: Path, *hooks: Hook, changes: tuple[tuple[str, str], ...] = (), until: float = 1e7) -> Run:
    """Run the recipe at a new site, with changes of its text."""
    recipe = recipe_with(folder, RECIPE, *changes) if changes else RECIPE
    return run_batch(make_site(folder / "site", "a"), *hooks, recipe=recipe, until=until)


def days_of(run: Run) -> list[dict[str, object]]:
    """Give the samples of the expansion."""
    days = run.step("expand").results["days"]
    assert isinstance(days, list)
    return days


@cache
def undisturbed(folder: Path) -> tuple[Run, World]:
    """Run it once with nothing going wrong."""
    worlds: list[World] = []
    return rocked(folder, lambda site: worlds.append(plant_of(site).world)), worlds[0]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, World]:
    """Give the undisturbed run and its world."""
    return undisturbed(tmp_path_factory.mktemp("rocker"))


def test_a_culture_grows_denser_on_the_rocker_than_at_rest(good: tuple[Run, World]) -> None:
    """Some twenty-fivefold, above the 3e6 cells per mL that a bag at rest comes to; nothing went wrong."""
    run, _ = good
    assert (run.state, run.step("expand").state, run.deviations()) == ("closed", "ready", [])
    results = run.step("expand").results
    assert float(str(results["fold"])) > 20.0
    assert float(str(results["viable_concentration"])) > 3.0e6


def test_medium_flows_in_proportion_to_the_cells_of_the_last_count(good: tuple[Run, World]) -> None:
    """0.15 nL for each cell and day, from 1.5e6 per mL; none below that."""
    run, _ = good
    rates = run.step("expand").results["rates"]
    assert isinstance(rates, list)
    for day, rate in zip(days_of(run), rates, strict=False):
        cells = float(str(day["cells"]))
        volume = float(str(day["volume"])) + float(str(day["feed"]))
        assert rate == pytest.approx(0.15e-6 * cells / 24.0 if cells >= 1.5e6 * volume else 0.0, abs=0.06)
    assert max(rates) > 5.0


@pytest.mark.requirement("F024")
def test_what_flowed_through_the_record_flowed_through_the_world(good: tuple[Run, World]) -> None:
    """Rate times time is what the spent medium weighs; the record's culture is what is in the bag."""
    run, world = good
    perfused = float(str(run.step("expand").results["perfused"]))
    assert float(world.container(WASTE).contents.volume) == pytest.approx(perfused, rel=0.03)
    harvested = float(str(run.step("harvest").results["volume"]))
    assert harvested == pytest.approx(float(str(run.step("expand").results["volume"])), rel=0.05)


def test_each_feed_is_given_once_by_the_device(good: tuple[Run, World]) -> None:
    """Its own count of feeds is the record's, and so is that of holds and samples."""
    run, _ = good
    acts = run.acts["rocker-01"]
    fed = [day for day in days_of(run) if day["decided"] == Decision.FEED]
    assert (acts["feed"], acts["hold"], acts["start"], acts["stop"]) == (len(fed), len(days_of(run)), 1, 1)


@pytest.mark.requirement("F005")
def test_a_sample_that_a_hold_interrupts_is_drawn_from_a_bag_that_lies_still_again(
    tmp_path: Path, good: tuple[Run, World]
) -> None:
    """Held, the rocker goes on moving the bag; restarted, it is held still once more, and once more let go."""

    def hook(site: Site) -> None:
        when(site, "expand", "sampled", lambda: order(site, "hold"), after=60.0)
        when(site, "expand", "sampled", lambda: order(site, "restart"), after=600.0)

    ours, theirs = rocked(tmp_path, hook).acts["rocker-01"], good[0].acts["rocker-01"]
    assert {name: ours[name] - count for name, count in theirs.items() if ours[name] != count} == {
        "hold": 1,
        "resume": 1,
    }


@pytest.mark.requirement("F124")
def test_oxygen_that_can_t_be_read_is_an_alarm_and_a_deviation_and_the_culture_stays(tmp_path: Path) -> None:
    """The sensor falls out on the third day: what nobody can read is not as it should be."""

    def hook(site: Site) -> None:
        details: dict[str, object] = {"which": "DissolvedOxygen", "broken": True}
        when(site, "expand", "growing", lambda: plant_of(site).hand("rocker-01", "sensor", **details), after=2.0 * DAY)

    run = rocked(tmp_path, hook, until=3 * DAY)
    assert any("dissolved oxygen is None" in title for title in run.deviations())
    assert any("the culture is off for more than 60 min" in message for message in run.alarms())


@pytest.mark.requirement("F025")
@pytest.mark.requirement("F014", refuses=True)
def test_a_rocker_that_does_not_start_leaves_the_culture_in_an_incubator(tmp_path: Path) -> None:
    """Somebody started it at the panel already: it refuses, and people decide."""

    def hook(site: Site) -> None:
        when(site, "expand", "hung", lambda: plant_of(site).hand("rocker-01", "start"), after=1.0)

    run = rocked(tmp_path, hook, until=2 * DAY)
    assert run.step("expand").state == "refused"
    assert any("the rocker did not start" in title for title in run.deviations())


@pytest.mark.requirement("C01.2")
def test_killed_while_its_lines_are_joined_the_culture_is_the_one_that_hangs_in(tmp_path: Path) -> None:
    """The bag for spent medium is a container of the batch by then, and no culture."""
    whole, kept = at_appends(
        make_site(tmp_path / "site"),
        tmp_path / "kept",
        lambda event: event.stream.startswith(f"prompt/{BATCH}.expand.2.") and event.kind == "verify",
        recipe=RECIPE,
    )
    assert len(kept.moments) == 1
    assert faults(resumed(kept, kept.moments[0]), whole) == []
