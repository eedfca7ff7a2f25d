"""Samples drawn by plan and handed over to the laboratory, whole runs; what goes wrong on the way ends as it should."""

from functools import cache
from pathlib import Path

import pytest

from automation.engine.site import Site
from fakes.world import World
from tests.support.changed import recipe_with
from tests.support.runs import BATCH, Hook, Run, make_site, plant_of, run_batch, when
from tests.support.scenes import answer, late

RECIPE = "sampling"
HARVEST = "HARV-0001"
FIRST = f"{BATCH}-sample-M1"
AGAIN = f"{BATCH}-sample-M2"

pytestmark = pytest.mark.requirement("F071")


def sampled(folder: Path, *hooks: Hook, changes: tuple[tuple[str, str], ...] = ()) -> Run:
    """Run the recipe at a new site, with changes of its text."""
    recipe = recipe_with(folder, RECIPE, *changes) if changes else RECIPE
    return run_batch(make_site(folder / "site", "a"), *hooks, recipe=recipe)


@cache
def undisturbed(folder: Path) -> tuple[Run, World, list[bool]]:
    """Run it once with nothing going wrong, and ask which names are known as samples."""
    worlds, known = list[World](), list[bool]()

    def hook(site: Site) -> None:
        worlds.append(plant_of(site).world)
        names = (FIRST, f"{BATCH}-sample-M9")
        ask = site.house.intake.drawn
        when(site, "sample", "packed", lambda: known.extend(ask(name) is not None for name in names))

    return sampled(folder, hook), worlds[0], known


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, World, list[bool]]:
    """Give the undisturbed run, its world, and what was known of two names."""
    return undisturbed(tmp_path_factory.mktemp("sample"))


def outcomes(run: Run) -> dict[str, str]:
    """Give what became of each tube."""
    samples = run.step("sample").results["samples"]
    assert isinstance(samples, list)
    return {one["name"].removeprefix(f"{BATCH}-sample-"): one["outcome"] for one in samples}


@pytest.mark.requirement("F120", "F122")
def test_every_sample_of_the_plan_is_drawn_labelled_and_signed_for(good: tuple[Run, World, list[bool]]) -> None:
    """Four tubes leave the custody of the batch, the manifest names each, and no label is over."""
    run, _, _ = good
    assert (run.state, run.deviations(), run.alarms()) == ("closed", [], [])
    assert outcomes(run) == dict.fromkeys(("M1", "S1", "S2", "V1"), "handed over")
    assert getattr(run.things[f"container/{FIRST}"], "state", "") == "handed over"
    results = run.step("sample").results
    assert (results["labels_unaccounted"], results["left_out"]) == (0, [])
    signed = [event for event in run.events if "handed over to QC laboratory" in str(event.fields)]
    assert all(f"{FIRST}: mycoplasma, PCR, 1 mL" in str(event.fields) for event in signed if event.kind == "open")


@pytest.mark.requirement("F024")
def test_what_was_drawn_is_gone_from_the_bag_in_record_and_world(good: tuple[Run, World, list[bool]]) -> None:
    """3.5 mL of 400."""
    run, world, _ = good
    assert run.step("sample").results["volume"] == 396.5
    assert getattr(run.things[f"container/{HARVEST}"], "volume_ml", 0.0) == pytest.approx(396.5)
    assert float(world.container(HARVEST).contents.volume) == pytest.approx(396.5)
    assert float(world.container(FIRST).contents.volume) == pytest.approx(1.0)


@pytest.mark.requirement("F101.1")
def test_a_result_that_comes_back_finds_its_sample_by_name(good: tuple[Run, World, list[bool]]) -> None:
    """A drawn sample is known to those who read result files; a name that nobody drew waits in the tray."""
    assert good[2] == [True, False]


@pytest.mark.requirement("F120", refuses=True)
def test_a_tube_that_is_no_good_is_drawn_again_under_another_label(tmp_path: Path) -> None:
    """It leaves the batch with its label, and the laboratory gets the second one."""
    looks = {f"condition {FIRST}": "not as it should be"}
    looks |= {f"condition {BATCH}-sample-{one}": "as it should be" for one in ("S1", "S2", "V1")}
    run = sampled(tmp_path, answer(r"^Look at the samples", takes=None, **looks))
    assert (run.step("sample").state, outcomes(run)["M1"], outcomes(run)["M2"]) == (
        "dispatched",
        "rejected",
        "handed over",
    )
    assert getattr(run.things[f"label/{FIRST}-L1"], "state", "") == "destroyed"
    assert any(f"sample {FIRST}" in title for title in run.deviations())


@pytest.mark.requirement("F071", "F120", refuses=True)
def test_too_little_for_a_required_test_is_refused_before_anything_is_opened(tmp_path: Path) -> None:
    """399.5 mL have to stay: no tube is labelled, and people decide."""
    run = sampled(tmp_path, changes=(("keeps: 380.0 mL", "keeps: 399.5 mL"),))
    past = run.step("sample")
    assert (past.state, past.results["why"]) == (
        "not possible",
        "not enough for mycoplasma, PCR, sterility, in process",
    )
    assert not any(event.kind == "draw" for event in run.events)


def test_a_test_that_is_not_required_is_left_out_and_the_others_are_drawn(tmp_path: Path) -> None:
    """3.2 mL may go: the copies of the vector are not determined here."""
    run = sampled(tmp_path, changes=(("keeps: 380.0 mL", "keeps: 396.8 mL"),))
    assert (run.step("sample").state, sorted(outcomes(run))) == ("dispatched", ["M1", "S1", "S2"])
    assert any("no sample for vector copies" in title for title in run.deviations())


@pytest.mark.requirement("F122", "F123")
def test_samples_that_come_too_late_are_an_alarm_first_and_a_deviation_then(tmp_path: Path) -> None:
    """Sterility has two hours from the draw; its clock warns people before."""
    run = sampled(tmp_path, late(r"are the samples .* taken", 150.0))
    assert any("to the laboratory" in message for message in run.alarms())
    assert any("samples came too late" in title and "S1 (120 min)" in title for title in run.deviations())


@pytest.mark.requirement("F071", "F122", refuses=True)
def test_a_required_sample_that_the_laboratory_refuses_leaves_the_sampling_incomplete(tmp_path: Path) -> None:
    """It is not drawn again: the bag is closed and away; people decide."""
    said = {f"taken {BATCH}-sample-{one}": "taken" for one in ("S1", "S2", "V1")} | {f"taken {FIRST}": "refused"}
    run = sampled(tmp_path, answer(r"are the samples .* taken", takes=None, **said))
    assert run.step("sample").state == "incomplete"
    assert getattr(run.things[f"container/{FIRST}"], "state", "") == "emptied"
