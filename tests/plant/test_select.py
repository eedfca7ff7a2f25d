"""Selection of T cells from an apheresis on site A, whole runs; a run that fails ends as it should."""

from pathlib import Path

import pytest

from fakes.world import World
from instruments.drivers.manual_separator.driver import STOPPED
from protocols.operations.select import GO_ON, KEEP
from tests.support.runs import BATCH, Hook, Run, make_site, plant_of, resume_batch, run_batch
from tests.support.scenes import answer

RECIPE = "selection"
REDUCED, SELECTED = f"{BATCH}-P", f"{BATCH}-S"
HOW = r"say how the run ended"


def selection(folder: Path, *hooks: Hook, until: float = 90_000.0) -> Run:
    """Run the recipe at a new site."""
    return run_batch(make_site(folder / "site", "a"), *hooks, recipe=RECIPE, until=until)


def hold_of(run: Run, container: str) -> bool:
    """Tell whether a container is on QA hold."""
    return bool(getattr(run.things[f"container/{container}"], "on_hold", False))


@pytest.mark.requirement("F011")
def test_the_wanted_cells_are_in_their_bag_and_the_others_stay_behind(tmp_path: Path) -> None:
    """Purity and recovery are about those published for one device; volume as weighed is the true one."""
    worlds: list[World] = []
    run = selection(tmp_path, lambda site: worlds.append(plant_of(site).world))
    assert run.state == "closed"
    bag = worlds[0].container(SELECTED).contents
    wanted = sum(n for name, n in bag.subsets.items() if name.startswith("CD3+"))
    assert 0.93 < wanted / float(bag.live) <= 1.0
    rest = worlds[0].container(REDUCED).contents
    before = wanted + sum(n for name, n in rest.subsets.items() if name.startswith("CD3+"))
    assert 0.35 < wanted / before < 0.75
    volume = run.step("select").results["volume"]
    assert isinstance(volume, float)
    assert volume == pytest.approx(float(bag.volume) + 0.2, rel=0.02)  # two samples of 0.1 mL were drawn since


@pytest.mark.requirement("F016")
def test_platelets_are_washed_away_before_it(tmp_path: Path) -> None:
    """They stay in the supernatant; the cells do not."""
    worlds: list[World] = []
    selection(tmp_path, lambda site: worlds.append(plant_of(site).world))
    world = worlds[0]
    left = sum(world.container(name).contents.particles["platelets"] for name in (REDUCED, SELECTED))
    assert left < 0.05 * 2.0e11


@pytest.mark.requirement("F011", "F031")
@pytest.mark.parametrize(("choice", "state"), [(KEEP, "salvaged"), (GO_ON, "salvaged")])
def test_a_run_that_stops_early_is_a_deviation_and_people_choose(tmp_path: Path, choice: str, state: str) -> None:
    """Both bags are on QA hold, the batch is held."""
    run = selection(tmp_path, answer(HOW, choice=STOPPED), answer(r"^Selection interrupted", choice=choice))
    assert run.step("select").state == state
    assert any("selection interrupted: the run stopped before its end" in title for title in run.deviations())
    assert hold_of(run, REDUCED)
    assert hold_of(run, SELECTED)
    assert run.state == "held"


@pytest.mark.requirement("F011")
def test_a_run_that_does_not_end_interrupts_the_step(tmp_path: Path) -> None:
    """Nobody says how it ended for longer than a run may take."""
    run = selection(
        tmp_path, answer(HOW, takes=20_000.0, choice=STOPPED), answer(r"^Selection interrupted", choice=KEEP)
    )
    assert "no end after 180 min" in str(run.step("select").results["why"])


@pytest.mark.requirement("F011", "C01.2")
def test_a_restart_in_a_run_asks_nothing_twice(tmp_path: Path) -> None:
    """The program, the start and the question how it ended are each asked once."""
    first = selection(tmp_path, until=6_000.0)
    assert first.step("select").state == "running"
    run = resume_batch(tmp_path / "site", recipe=RECIPE)
    assert run.state == "closed"
    asked = [str(event.fields) for event in run.events if event.kind == "open" and "separator-01" in str(event.fields)]
    for words in ("select the program", "start the run", "say how the run ended"):
        assert sum(words in text for text in asked) == 1
