"""A culture from activation to harvest on site A, whole runs; what goes wrong on the way ends as it should."""

from functools import cache
from pathlib import Path

import pytest

from automation.engine.site import Site
from fakes.contents import Contents
from fakes.world import World
from protocols.operations.deciding import Decision
from tests.support.commands import cellwright
from tests.support.runs import BATCH, Hook, Run, make_site, plant_of, run_batch, when
from tests.support.scenes import answer, late

RECIPE = "t-cell-culture"
CULTURE, HARVEST = f"{BATCH}-C", f"{BATCH}-H"
DAY = 86_400.0


def culture(folder: Path, *hooks: Hook, recipe: str = RECIPE) -> Run:
    """Run the recipe at a new site."""
    return run_batch(make_site(folder / "site", "a"), *hooks, recipe=recipe)


@cache
def undisturbed(folder: Path) -> tuple[Run, World]:
    """Run it once with nothing going wrong."""
    worlds: list[World] = []
    run = culture(folder, lambda site: worlds.append(plant_of(site).world))
    return run, worlds[0]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, World]:
    """Give the undisturbed run and its world."""
    return undisturbed(tmp_path_factory.mktemp("culture"))


def incubator(action: str, **details: object) -> Hook:
    """Let a hand act on the incubator, a day and a half after the expansion began."""

    def hook(site: Site) -> None:
        when(site, "expand", "growing", lambda: plant_of(site).hand("incubator-01", action, **details), after=1.5 * DAY)

    return hook


def recipe_with(folder: Path, old: str, new: str) -> str:
    """Write the recipe with another value; gives its path."""
    from protocols import recipes  # noqa: PLC0415  only for its folder

    text = (Path(recipes.__file__).parent / f"{RECIPE}.yaml").read_text(encoding="utf-8")
    assert old in text, old
    path = folder / "changed.yaml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return str(path)


@pytest.mark.requirement("F012", "F013", "F014", "F015")
def test_a_culture_grows_from_activation_to_harvest(good: tuple[Run, World]) -> None:
    """Every step ends well; the cells grew some twelvefold in eight days, and the beads are gone."""
    run, _ = good
    assert run.state == "closed"
    assert run.step("expand").state == "ready"
    fold = run.step("expand").results["fold"]
    assert isinstance(fold, float)
    assert 10.0 < fold < 20.0
    beads = run.step("harvest").results["beads"]
    assert isinstance(beads, float)
    assert beads <= 100.0


@pytest.mark.requirement("F033", "F024")
def test_what_the_record_says_of_the_harvest_is_what_is_in_the_bag(good: tuple[Run, World]) -> None:
    """Volume by weight and cells by count lie near the truth, with the samples taken out."""
    run, world = good
    name = str(run.step("harvest").results["container"])
    true: Contents = world.container(name).contents
    volume, cells = run.step("harvest").results["volume"], run.step("count-harvest").results["viable_cells"]
    assert isinstance(volume, float)
    assert isinstance(cells, float)
    assert volume == pytest.approx(float(true.volume) + 1.0, rel=0.02)  # two samples of 0.5 mL were drawn since
    assert cells == pytest.approx(float(true.live), rel=0.10)


@pytest.mark.requirement("F013")
def test_some_ten_percent_of_the_cells_carry_the_vector(good: tuple[Run, World]) -> None:
    """MOI 5, static: the published share."""
    _, world = good
    contents = world.container(f"{HARVEST}2").contents
    carrying = sum(n for name, n in contents.subsets.items() if name.endswith("CAR+"))
    assert 0.07 < carrying / float(contents.live) < 0.13


@pytest.mark.requirement("F039")
def test_every_sample_says_what_the_rule_wanted_and_what_was_done(good: tuple[Run, World]) -> None:
    """Fed when dense, harvested when there were enough; nobody decided otherwise."""
    run, _ = good
    days = run.step("expand").results["days"]
    assert isinstance(days, list)
    assert all(day["proposed"] == day["decided"] for day in days)
    assert {day["decided"] for day in days} == {Decision.CONTINUE, Decision.FEED, Decision.HARVEST}
    assert days[-1]["decided"] == Decision.HARVEST
    assert any("cells/mL, fed from" in day["why"] for day in days)
    assert all(day["until_harvest"] is None or day["until_harvest"] >= 0.0 for day in days)


@pytest.mark.requirement("F069")
def test_a_further_pass_over_the_magnet_that_the_recipe_plans_is_no_deviation(good: tuple[Run, World]) -> None:
    """The second bag is the harvest, the first one is empty; the count after each pass stands in the record."""
    run, _ = good
    results = run.step("harvest").results
    counts = results["bead_counts"]
    assert isinstance(counts, list)
    assert (results["passes"], len(counts)) == (2, 2)
    assert counts[0] > 100.0 >= counts[1] == results["beads"]
    assert not any("beads" in title for title in run.deviations())
    assert getattr(run.things[f"container/{HARVEST}"], "state", "") == "emptied"


@pytest.mark.requirement("F015", "F069", refuses=True)
def test_beads_that_stay_too_many_put_the_harvest_on_hold(tmp_path: Path) -> None:
    """One pass is allowed and not enough: people decide, the bag is on QA hold."""
    run = culture(tmp_path, recipe=recipe_with(tmp_path, "passes_at_most: 3", "passes_at_most: 1"))
    assert any("beads per 3 million cells after pass 1" in title for title in run.deviations())
    assert run.step("harvest").state == "too many beads"
    assert getattr(run.things[f"container/{HARVEST}"], "on_hold", False)
    assert run.state != "closed"


@pytest.mark.requirement("F039")
@pytest.mark.requirement("F039", refuses=True)
def test_another_decision_needs_a_reason_and_two_signatures(tmp_path: Path) -> None:
    """The rule would go on or feed; people harvest on the first day that they are asked."""
    override = answer(r"What is done\?", choice="harvest")
    run = culture(tmp_path, override, answer(r"You chose: harvest\. Why\?", reason="the patient is waiting"))
    days = run.step("expand").results["days"]
    assert isinstance(days, list)
    (day,) = days
    assert (day["proposed"], day["decided"]) == (Decision.FEED, Decision.HARVEST)
    assert any("harvest instead of feed: the patient is waiting" in title for title in run.deviations())
    asked = next(e.stream for e in run.events if e.kind == "open" and "harvest instead of feed" in str(e.fields))
    (signing,) = [e for e in run.events if e.stream == asked and e.kind not in {"open", "claim"}]
    assert {str(meaning) for meaning in ("performed", "verified") if meaning in str(signing.fields)} == {
        "performed",
        "verified",
    }


@pytest.mark.requirement("F014", "F124")
def test_an_excursion_of_the_climate_is_an_alarm_and_a_deviation_and_the_culture_stays(tmp_path: Path) -> None:
    """The gas bottle is empty for good: once, not at every look, and the batch goes on."""
    run = culture(tmp_path, incubator("gas", on=False))
    assert run.step("expand").results["excursions"] != 0
    assert any("climate is off for more than 30 min" in message for message in run.alarms())
    assert any("climate is off" in title for title in run.deviations())
    assert run.step("expand").state == "ready"


def test_an_open_door_for_a_minute_is_no_excursion(good: tuple[Run, World]) -> None:
    """The door is opened at every sample and feed."""
    run, _ = good
    assert run.step("expand").results["excursions"] == 0


@pytest.mark.requirement("F013")
def test_a_vector_used_too_late_is_a_deviation(tmp_path: Path) -> None:
    """People are told before; what went in stands in the record."""
    run = culture(tmp_path, late(r"^Add \S+ mL of vector", 75.0))
    assert any("vector was used 7" in title for title in run.deviations())
    assert any("vector thaw to use" in message for message in run.alarms())
    assert run.step("transduce").state == "transduced"


@pytest.mark.requirement("F013", refuses=True)
def test_a_dose_that_the_recipe_does_not_allow_is_refused_with_the_vector_frozen(tmp_path: Path) -> None:
    """MOI 50 takes a third of the volume; nothing was thawed."""
    run = culture(tmp_path, recipe=recipe_with(tmp_path, "moi: 5.0", "moi: 50.0"))
    past = run.step("transduce")
    assert past.state == "not possible"
    assert "lot of higher titre" in str(past.results["why"])
    assert not any("Thaw vector" in str(event.fields) for event in run.events)


@pytest.mark.requirement("F012", refuses=True)
def test_cells_that_the_vessel_can_t_take_at_their_density_are_refused(tmp_path: Path) -> None:
    """A tenth of the density needs ten times the volume."""
    run = culture(tmp_path, recipe=recipe_with(tmp_path, "density: 1.0e6 cells/mL", "density: 1.0e5 cells/mL"))
    past = run.step("activate")
    assert past.state == "not possible"
    assert "take fewer cells, or a larger vessel" in str(past.results["why"])


@pytest.mark.requirement("F047.1")
def test_a_count_far_from_the_one_before_is_asked_about(tmp_path: Path) -> None:
    """Two litres of medium went in unnoticed: people count again, and then believe it."""

    def hook(site: Site) -> None:
        details = {"source": "MED-6601", "dest": CULTURE, "volume": 2000.0}
        when(site, "expand", "feeding", lambda: plant_of(site).hand("bench", "pour", **details), after=3600.0)

    run = culture(tmp_path, hook, answer(r"Is there a slip\?", choice="count again"))
    assert any("were not believed" in title for title in run.deviations())
    days = run.step("expand").results["days"]
    assert isinstance(days, list)
    assert days[1]["viable_concentration"] < days[0]["viable_concentration"] / 5.0


def test_a_batch_that_waits_for_days_is_run_to_its_end(tmp_path: Path) -> None:
    """A day in the incubator without an event is no batch that nobody comes to."""
    site = make_site(tmp_path / "site", "a")
    said = cellwright("run", RECIPE, "--site", site, "--batch", BATCH)
    assert (said.status, "complete" in said.out) == (0, True)
