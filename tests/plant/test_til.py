"""TIL on site A, from a tumour to frozen bags: one whole run beside public numbers, and what goes wrong on the way."""

from pathlib import Path

import pytest

from automation.engine.site import Site
from automation.gmp.people.prompts import Prompt
from automation.kernel.quantity import Seconds
from fakes.panel import Habit, Values
from fakes.world import World
from tests.support.runs import BATCH, Hook, Run, make_site, plant_of, run_batch, staff_of
from tests.support.scenes import answer, change_site

RECIPE = "til"
LIVING = "live: 1.2e+9, dead: 0.03e+9"  # of the feeders
REP = 14 * 86_400.0  # s, by which the rapid expansion has begun


def til(folder: Path, *hooks: Hook, until: float = REP) -> Run:
    """Run the recipe at a new site."""
    return run_batch(make_site(folder / "site", "a"), *hooks, recipe=RECIPE, until=until)


def wrong_tube(site: Site) -> None:
    """Let one of the first two tubes of the feeders be drawn from another bag."""
    staff, plant = staff_of(site), plant_of(site)

    async def act(_prompt: Prompt) -> Values:
        staff.habits.remove(habit)
        for tube, lot in ((f"{BATCH}-rep-FA", "PFED-6803"), (f"{BATCH}-rep-FB", "KFED-6802")):
            plant.hand("bench", "sample", container=tube, source=lot, volume=0.1)
            plant.hand("counter-01", "count", sample=tube, after=1.0)
        await site.house.clock.sleep(Seconds(10.0))
        return {}

    habit = Habit(r"^Thaw PBMC feeders", act)
    staff.habits.append(habit)


def number(run: Run, step: str, result: str) -> float:
    """Give a result as a number."""
    value = run.step(step).results[result]
    return float(str(value))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, World]:
    """Give the undisturbed run and the world after it."""
    worlds: list[World] = []
    site = make_site(tmp_path_factory.mktemp("til") / "site", "a")
    run = run_batch(site, lambda opened: worlds.append(plant_of(opened).world), recipe=RECIPE)
    return run, worlds[0]


@pytest.mark.requirement("F008", "F092")
def test_a_tumour_becomes_frozen_bags_in_twenty_two_days(whole: tuple[Run, World]) -> None:
    """11 days of growth out of the fragments, 11 days of rapid expansion; nothing is on QA hold."""
    run, world = whole
    assert run.state == "closed"
    assert world.container(f"{BATCH}-04").place == "storage"
    days = (run.events[-1].at - run.events[0].at) / 86_400e6
    assert days == pytest.approx(22.0, abs=0.5)
    assert run.deviations() == []


@pytest.mark.requirement("F014", "F070")
def test_the_rapid_expansion_is_within_the_published_folds(whole: tuple[Run, World]) -> None:
    """500 to 2,000-fold with 200 feeders a cell, OKT3 and IL-2, nearly all of it T cells."""
    run, world = whole
    assert number(run, "rep", "feeders_per_cell") == pytest.approx(200.0, rel=0.05)
    assert 500.0 < number(run, "expand", "fold") < 2000.0
    assert number(run, "phenotype", "wanted") > 95.0
    bag = world.container(f"{BATCH}-01").contents
    assert bag.subsets["feeders"] / float(bag.live) < 0.005


@pytest.mark.requirement("F024")
def test_what_was_counted_as_feeders_is_what_went_in(whole: tuple[Run, World]) -> None:
    """The dose follows from the count of the thawed lot and from the cells that were poured."""
    run, world = whole
    lot = world.container("PFED-6803").contents
    gone = 1.2e9 - lot.subsets["feeders"]
    assert number(run, "rep", "feeders") == pytest.approx(gone, rel=0.10)


@pytest.mark.requirement("F008")
def test_a_tumour_that_gives_too_few_fragments_is_decided_about(tmp_path: Path) -> None:
    """Nothing is thrown away: all of it is closed, cool and on QA hold."""
    run = til(tmp_path, answer(r"^Cut the tumour", fragments=12.0))
    assert run.step("explant").state == "too few"
    assert getattr(run.things["container/TUM-0001"], "on_hold", False)
    assert run.state == "held"


@pytest.mark.requirement("F012", refuses=True)
def test_feeders_without_a_certificate_of_irradiation_are_never_opened(tmp_path: Path) -> None:
    """Refused before they are thawed; the cells wait under QA hold."""
    run = til(tmp_path, answer(r"certificate of PBMC feeders", irradiation="no certificate", certificate="-"))
    assert run.step("rep").state == "not possible"
    assert not any("Thaw PBMC feeders" in str(event.fields) for event in run.events)
    assert getattr(run.things[f"container/{BATCH}-P"], "on_hold", False)


@pytest.mark.requirement("F012", refuses=True)
def test_dead_feeders_are_not_used(tmp_path: Path) -> None:
    """Their own count says so, and nothing was poured together."""
    site = change_site(make_site(tmp_path / "site", "a"), (LIVING, "live: 1.2e+9, dead: 1.2e+9"))
    run = run_batch(site, recipe=RECIPE, until=REP)
    past = run.step("rep")
    assert past.state == "not possible"
    assert "% viable, 70 % are needed" in str(past.results["why"])


@pytest.mark.requirement("F012", refuses=True)
def test_more_than_the_vessel_begins_with_is_refused_before_anything_is_opened(tmp_path: Path) -> None:
    """Feeders a tenth as dense need more volume than there is."""
    thin = "live: 9.0e+7, dead: 0.2e+7, subsets: {feeders: 9.0e+7}"
    site = change_site(make_site(tmp_path / "site", "a"), (f"{LIVING}, subsets: {{feeders: 1.2e+9}}", thin))
    run = run_batch(site, recipe=RECIPE, until=REP)
    past = run.step("rep")
    assert past.state == "not possible"
    assert "begin with a larger volume" in str(past.results["why"])


@pytest.mark.requirement("F033", refuses=True)
def test_feeder_counts_that_disagree_are_made_again(tmp_path: Path) -> None:
    """A deviation, another pair, and a dose from that one."""
    run = til(tmp_path, wrong_tube)
    assert any("feeders, pair 1: counts differ" in title for title in run.deviations())
    assert run.step("rep").state == "stimulated"
