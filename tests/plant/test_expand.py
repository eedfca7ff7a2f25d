"""Every decision about a culture that grows, in whole runs on site A, and where its sugar is measured."""

import re
from pathlib import Path

import pytest

from automation.ledger.event import Event
from fakes.world import World
from protocols.operations.deciding import Decision
from tests.plant.kills import faults
from tests.support.changed import recipe_with
from tests.support.crash import at_appends, resumed
from tests.support.runs import BATCH, Hook, Run, make_site, plant_of, run_batch
from tests.support.scenes import answer, change_site

RECIPE = "t-cell-culture"
CULTURE, SECOND = f"{BATCH}-C", f"{BATCH}-C2"
TWO_SAMPLES = 4.5 * 86_400.0  # s
MEDIUM = '  - {name: medium, what: "Culture medium, 4 g/L glucose", quantity: 800 mL, step: expand}'
BAG = '  - {name: culture bag, what: "Culture bag, 3 L", quantity: 1 pcs, step: expand}'
SPLIT = (
    ("volume_most: 600 mL", "volume_most: 300 mL"),
    ("vessels_most: 1", "vessels_most: 2"),
    ("split_into: null", "split_into: {kind: bag3000, suffix: C, material: culture bag}"),
    (MEDIUM, f"{MEDIUM}\n{BAG}"),
)
EXTEND = (("longest: 11 d", "longest: 6 d"), ("extensions_most: 0", "extensions_most: 2"))

pytestmark = pytest.mark.requirement("F014", "F039")


def grown(folder: Path, *hooks: Hook, changes: tuple[tuple[str, str], ...] = (), until: float = 1e7) -> Run:
    """Run the recipe at a new site, with changes of its text."""
    recipe = recipe_with(folder, RECIPE, *changes) if changes else RECIPE
    return run_batch(make_site(folder / "site", "a"), *hooks, recipe=recipe, until=until)


def decided(run: Run) -> list[str]:
    """Give what was decided, sample by sample."""
    days = run.step("expand").results["days"]
    assert isinstance(days, list)
    return [str(day["decided"]) for day in days]


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, World]:
    """Give a run whose culture outgrows its vessel, and its world."""
    worlds: list[World] = []
    run = grown(tmp_path_factory.mktemp("split"), lambda site: worlds.append(plant_of(site).world), changes=SPLIT)
    return run, worlds[0]


def test_a_culture_that_outgrows_its_vessel_is_split_fed_and_harvested_as_one(split: tuple[Run, World]) -> None:
    """Both vessels are counted and fed from then on, and end in one bag; nobody decided otherwise."""
    run, _ = split
    assert run.state == "closed"
    assert Decision.SPLIT in decided(run)
    results = run.step("expand").results
    assert (results["vessels"], results["splits"]) == ([CULTURE, SECOND], 1)
    assert {getattr(run.things[f"container/{one}"], "state", "") for one in (CULTURE, SECOND)} == {"emptied"}
    assert not any("instead of" in title for title in run.deviations())


@pytest.mark.requirement("F033")
def test_cells_and_volume_of_a_split_culture_are_those_in_the_bag(split: tuple[Run, World]) -> None:
    """What both vessels held by count and weight is what was harvested; the magnet keeps 5 % twice."""
    run, world = split
    bag = world.container(str(run.step("harvest").results["container"])).contents
    expanded = float(str(run.step("expand").results["viable_cells"]))
    assert float(bag.live) == pytest.approx(0.95**2 * expanded, rel=0.12)
    assert float(str(run.step("harvest").results["volume"])) == pytest.approx(float(bag.volume) + 1.0, rel=0.02)


def test_the_last_day_is_extended_while_the_forecast_says_that_it_helps(tmp_path: Path) -> None:
    """Too few cells on day 6: two days more are allowed, then it is harvested or there are enough."""
    run = grown(tmp_path, changes=EXTEND)
    said = decided(run)
    assert said.count(Decision.EXTEND) in {1, 2}
    assert (run.step("expand").results["extensions"], said[-1]) == (said.count(Decision.EXTEND), Decision.HARVEST)
    days = run.step("expand").results["days"]
    assert isinstance(days, list)
    assert all(day["earliest"] <= day["until_harvest"] for day in days if day["until_harvest"] is not None)


def test_a_culture_that_dies_is_stopped_and_people_are_asked(tmp_path: Path) -> None:
    """Viability below the limit of the recipe: given up, and the batch is held."""
    run = grown(tmp_path, changes=(("viability_least: 70.0 %", "viability_least: 96.0 %"),))
    assert (run.step("expand").state, decided(run)) == ("given up", [Decision.STOP])
    assert run.state != "closed"


@pytest.mark.requirement("F035.1")
def test_sugar_is_read_from_the_file_of_the_analyser(split: tuple[Run, World]) -> None:
    """Cited by its hash and line, and near the truth of the model: nothing of it was typed."""
    days = split[0].step("expand").results["days"]
    assert isinstance(days, list)
    assert all(day["measured"].startswith("file ") for day in days)
    assert not any("Enter glucose" in str(event.fields) for event in split[0].events)


@pytest.mark.requirement("F035.1")
def test_without_a_file_of_the_analyser_people_enter_what_they_measured(tmp_path: Path) -> None:
    """The analyser has gone on strike: every figure is verified by a second person."""
    run = grown(tmp_path, answer(r"^Measure glucose and lactate"), until=TWO_SAMPLES)
    days = run.step("expand").results["days"]
    assert isinstance(days, list)
    assert days[0]["measured"].startswith("entered by ")
    assert all(day["measured"].startswith("file ") for day in days[1:])


@pytest.mark.requirement("F035")
def test_an_analyser_without_files_asks_people_what_it_showed(tmp_path: Path) -> None:
    """The same recipe, another driver: the figures are entered once, and verified."""
    site = make_site(tmp_path / "site", "a")
    text = (site / "site.yaml").read_text(encoding="utf-8")
    found = re.search(r"driver: flex2_file\n(?:    .*\n)*?(?=    maker)", text)
    assert found is not None
    change_site(site, (found[0], "driver: manual_analyser\n"))
    run = run_batch(site, recipe=RECIPE, until=TWO_SAMPLES)
    days = run.step("expand").results["days"]
    assert isinstance(days, list)
    assert all(day["measured"].startswith("entered by ") for day in days)


@pytest.mark.requirement("C01.2")
def test_killed_while_a_culture_is_split_no_drop_goes_twice(tmp_path: Path) -> None:
    """Pouring, feeding and sampling of two vessels."""
    recipe = recipe_with(tmp_path, RECIPE, *SPLIT)
    seen: list[bool] = []

    def splitting(event: Event) -> bool:
        step = event.stream == f"batch/{BATCH}/step/expand"
        if step and event.kind == "enter":
            seen[:] = [event.fields.get("state") in {"splitting", "feeding"}]
        return bool(seen and seen[0]) and event.kind in {"seen", "call", "fill", "draw"}

    whole, kept = at_appends(make_site(tmp_path / "site"), tmp_path / "kept", splitting, recipe=recipe)
    middle = kept.moments[len(kept.moments) // 2]
    assert faults(resumed(kept, middle), whole) == []
