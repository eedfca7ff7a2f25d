"""mRNA into T cells by a pulse, whole runs on site A; what goes wrong on the way ends as it should."""

from functools import cache
from pathlib import Path

import pytest

from fakes.world import World
from instruments.drivers.manual_electroporator.driver import ARC, NOTHING
from tests.support.changed import recipe_with
from tests.support.runs import BATCH, Hook, Run, make_site, plant_of, run_batch
from tests.support.scenes import answer, late

RECIPE = "electroporation"
VESSEL = f"{BATCH}-R"
PULSE = r"send the pulse, and say at once"
SOON = 6_000.0  # s; the pulses are over, and the rest is left open

pytestmark = pytest.mark.requirement("F013")


def pulsed(folder: Path, *hooks: Hook, changes: tuple[tuple[str, str], ...] = (), until: float = SOON) -> Run:
    """Run the recipe at a new site, with changes of its text."""
    recipe = recipe_with(folder, RECIPE, *changes) if changes else RECIPE
    return run_batch(make_site(folder / "site", "a"), *hooks, recipe=recipe, until=until)


@cache
def undisturbed(folder: Path) -> tuple[Run, World]:
    """Run it once with nothing going wrong."""
    worlds: list[World] = []
    return pulsed(folder, lambda site: worlds.append(plant_of(site).world), until=1e6), worlds[0]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, World]:
    """Give the undisturbed run and its world."""
    return undisturbed(tmp_path_factory.mktemp("pulse"))


def outcomes(run: Run) -> list[str]:
    """Give what became of each pulse."""
    pulses = run.step("electroporate").results["pulses"]
    assert isinstance(pulses, list)
    return [str(one["outcome"]) for one in pulses]


def test_four_of_five_cells_live_and_most_of_them_carry(good: tuple[Run, World]) -> None:
    """Every cassette was pulsed once, and its cells were in warm medium within a minute."""
    run, world = good
    assert (run.state, run.deviations(), outcomes(run)) == ("closed", [], ["delivered"] * 4)
    contents = world.container(VESSEL).contents
    carrying = sum(n for name, n in contents.subsets.items() if name.endswith("CAR+"))
    assert 0.6 < carrying / float(contents.live) < 0.75
    past = run.step("electroporate").results
    assert 0.7 < float(contents.live) / float(str(past["viable_cells"])) < 0.85
    assert float(str(past["longest_wait"])) <= 60.0


@pytest.mark.requirement("F033")
def test_volume_in_the_recovery_vessel_is_that_of_the_record(good: tuple[Run, World]) -> None:
    """Medium by weight, and what came out of the cassettes; two samples of 0.5 mL were drawn since."""
    run, world = good
    volume = run.step("electroporate").results["volume"]
    assert isinstance(volume, float)
    assert volume == pytest.approx(float(world.container(VESSEL).contents.volume) + 1.0, rel=0.01)


def test_cells_after_an_arc_go_into_medium_all_the_same_and_are_on_hold(tmp_path: Path) -> None:
    """It is not pulsed again; the other cassettes are, and QA decides about all of it."""
    run = pulsed(tmp_path, answer(PULSE, choice=ARC))
    assert (run.step("electroporate").state, outcomes(run)) == ("salvaged", ["arc", *["delivered"] * 3])
    assert any(f"{BATCH}-E1: the pulse is arc" in title for title in run.deviations())
    assert getattr(run.things[f"container/{VESSEL}"], "on_hold", False)


def test_a_pulse_that_was_not_sent_is_sent_when_it_was_put_right(tmp_path: Path) -> None:
    """The device refused: no current has flowed, so that it is no second pulse."""
    run = pulsed(tmp_path, answer(PULSE, choice=NOTHING))
    assert (run.step("electroporate").state, outcomes(run)) == ("recovered", ["delivered"] * 4)
    assert any("was not pulsed" in title for title in run.deviations())


def test_a_device_that_sends_no_pulse_at_all_leaves_the_cells_alive_in_medium(tmp_path: Path) -> None:
    """Three times, then the cells are brought out unpulsed."""
    run = pulsed(tmp_path, *(answer(PULSE, choice=NOTHING) for _ in range(3)))
    assert (run.step("electroporate").state, outcomes(run)[0]) == ("salvaged", "nothing")


@pytest.mark.requirement("F013")
def test_cells_that_waited_for_medium_are_a_deviation_and_an_alarm_came_first(tmp_path: Path) -> None:
    """Two minutes are allowed; nobody came for four."""
    run = pulsed(tmp_path, late(r"^Now: flush", 4.0))
    assert any("waited 240 s for medium, 120 s are allowed" in title for title in run.deviations())
    assert any("nobody has answered: Now: flush" in message for message in run.alarms())


@pytest.mark.requirement("F013")
def test_cargo_that_waits_too_long_for_its_pulse_is_told_and_a_deviation(tmp_path: Path) -> None:
    """Half an hour from the cargo to the last pulse."""
    run = pulsed(tmp_path, late(r"^Mix \S+\. Pipette", 40.0))
    assert any("min after the cargo, 30 min are allowed" in title for title in run.deviations())
    assert any("cargo to pulse" in message for message in run.alarms())


@pytest.mark.requirement("F013", refuses=True)
@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("density_least: 1.0e7", "density_least: 8.0e7", "bring them into another volume"),
        ("cells_most: 5.0e7 cells, most: 4", "cells_most: 1.0e7 cells, most: 4", "take fewer cells"),
    ],
)
def test_what_can_t_be_pulsed_is_declined_before_anything_is_opened(
    tmp_path: Path, old: str, new: str, why: str
) -> None:
    """Too thin, or too many cells for the cassettes: no cargo is drawn."""
    run = pulsed(tmp_path, changes=((old, new),))
    past = run.step("electroporate")
    assert past.state == "not possible"
    assert why in str(past.results["why"])
    assert not any("mL of mRNA" in str(event.fields) for event in run.events)


@pytest.mark.requirement("F013", "F019", refuses=True)
def test_a_program_that_reads_back_otherwise_is_never_pulsed(tmp_path: Path) -> None:
    """After three times the cells stay in their bag."""
    run = pulsed(tmp_path, changes=(("value: 1 mL", 'value: "1 mL\\nlow"'),))
    assert run.step("electroporate").state == "refused"
    assert not any("send the pulse" in str(event.fields) for event in run.events)
