"""The operation example-step on fakes: its ends, what makes it safe, and kills at every moment."""

from functools import partial
from pathlib import Path

import pytest
from automation.engine.site import Site
from automation.gmp.product.containers import Container
from fakes.kit.kills import killed_everywhere
from fakes.kit.runs import Run, make_site, plant_of, run_batch, when
from fakes.kit.scenes import ordered, stages

SITE, RECIPE, STEP = "example-lab", "example-step-pilot", "example-step"
EVENING = 4 * 3600.0  # s; a run that waits for a decision is left open then


def container(run: Run) -> Container:
    """Give the container of the batch."""
    found = run.things["container/BAG-0001"]
    assert isinstance(found, Container)
    return found


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Give a run that nothing disturbs."""
    return run_batch(make_site(tmp_path_factory.mktemp("good"), SITE), recipe=RECIPE)


def test_the_container_is_on_the_plate_for_its_time(good: Run) -> None:
    """Not less than ten minutes, and at most what a person takes on top of it."""
    step = good.step(STEP)
    assert (good.state, step.state) == ("closed", "taken off")
    assert 600.0 <= float(str(step.results["on_for"])) < 720.0
    assert good.deviations() == []


def test_a_plate_that_does_not_get_warm_ends_it_before_it_has_begun(tmp_path: Path) -> None:
    """The container was not touched, and the batch waits for a person."""
    late = {f"{STEP}.warms_within": "30 s"}
    run = run_batch(make_site(tmp_path, SITE), recipe=RECIPE, changes=late, until=EVENING)
    assert (run.step(STEP).state, run.state) == ("not warm", "held")
    assert not container(run).on_hold


def test_a_plate_that_cools_down_ends_it_under_qa_hold(tmp_path: Path) -> None:
    """Somebody has switched the plate off meanwhile."""

    def switch_off(site: Site) -> None:
        off = partial(plant_of(site).hand, "thawer-01", "idle")
        when(site, off, step=STEP, state="on the plate", after=60.0)

    run = run_batch(make_site(tmp_path, SITE), switch_off, recipe=RECIPE, until=EVENING)
    assert run.step(STEP).state == "disturbed"
    assert container(run).on_hold


def test_held_it_waits_and_goes_on_where_it_was(tmp_path: Path) -> None:
    """The time on the plate has gone on meanwhile."""
    hold = ordered(STEP, "on the plate", "hold", "restart", after=60.0)
    run = run_batch(make_site(tmp_path, SITE), hold, recipe=RECIPE)
    assert run.step(STEP).state == "taken off"
    assert stages(run, STEP) == ["running", "holding", "held", "restarting", "running", "complete"]


@pytest.mark.parametrize("command", ["stop", "abort"])
def test_stopped_or_aborted_the_container_is_put_aside(tmp_path: Path, command: str) -> None:
    """Off the plate, closed, under QA hold; nothing is left open."""
    run = run_batch(make_site(tmp_path, SITE), ordered(STEP, "on the plate", command, after=60.0), recipe=RECIPE)
    assert run.state == "closed"
    assert container(run).on_hold


def test_killed_at_any_moment_it_ends_as_undisturbed(tmp_path: Path) -> None:
    """Each append of the ledger and each frame of every act; no act is done twice."""
    killed = killed_everywhere(tmp_path, recipe=RECIPE, site=SITE)
    assert killed.moments > 0
    assert killed.differs == []
