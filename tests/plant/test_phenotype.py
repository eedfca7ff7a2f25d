"""Flow cytometry of a bag on site A: shares, bounds, and what can't be evaluated."""

from pathlib import Path

import pytest

from automation.engine.site import Site
from automation.gmp.people.prompts import Prompt
from automation.kernel.quantity import Seconds
from fakes.panel import Habit, Values
from tests.support.runs import BATCH, Hook, Run, make_site, plant_of, run_batch, staff_of

RECIPE = "phenotyping"
TUBE = f"{BATCH}-phenotype-1F"


def acquired(**details: object) -> Hook:
    """Let every tube be acquired in another way than asked."""

    def hook(site: Site) -> None:
        plant = plant_of(site)

        async def act(prompt: Prompt) -> Values:
            words = prompt.opening.text.split() if prompt.opening else []
            tube = next(word.rstrip(",") for word in words if word.startswith(f"{BATCH}-phenotype-"))
            plant.hand("bench", "sample", container=tube, source="SEL-0001", volume=0.1)
            if details:
                plant.hand("cytometer-01", "acquire", sample=tube, after=1.0, **details)
            await site.house.clock.sleep(Seconds(10.0))
            return {}

        staff_of(site).habits.append(Habit(r"stain it and acquire", act))

    return hook


def phenotyped(folder: Path, *hooks: Hook) -> Run:
    """Run the recipe at a new site."""
    return run_batch(make_site(folder / "site", "a"), *hooks, recipe=RECIPE)


@pytest.mark.requirement("F037", "F038", "F070")
def test_shares_are_those_of_the_cells_in_the_bag(tmp_path: Path) -> None:
    """118 of 120 million live cells are T cells, 97 % live; no cell carries a vector: a bound, and never 0 %."""
    run = phenotyped(tmp_path)
    found = run.step("phenotype").results
    assert run.step("phenotype").state == "evaluated"
    assert float(str(found["wanted"])) == pytest.approx(98.3, abs=1.0)
    assert float(str(found["living"])) == pytest.approx(96.8, abs=1.5)
    assert 0.0 < float(str(found["carrying"])) < 0.2
    assert "no event of" in str(found["bounds"])


@pytest.mark.requirement("F038", refuses=True)
def test_too_few_events_are_acquired_again_and_are_not_evaluable_then(tmp_path: Path) -> None:
    """Two tubes are allowed; no share is made up."""
    run = phenotyped(tmp_path, acquired(events=200.0))
    past = run.step("phenotype")
    assert past.state == "not evaluable"
    assert past.results.get("wanted") is None
    assert len(run.deviations()) >= 2
    assert run.state == "held"


@pytest.mark.requirement("F038", refuses=True)
def test_a_file_without_its_spill_matrix_is_no_result(tmp_path: Path) -> None:
    """The strategy compensates by it: people look again, and give up."""
    run = phenotyped(tmp_path, acquired(compensated=False))
    past = run.step("phenotype")
    assert past.state == "not evaluable"
    assert "no spill matrix" in str(past.results["why"])


@pytest.mark.requirement("F038", refuses=True)
def test_a_file_that_never_comes_is_no_result(tmp_path: Path) -> None:
    """Looked for a few times, and noted as a deviation."""
    run = phenotyped(tmp_path, acquired())
    assert run.step("phenotype").state == "not evaluable"
    assert any("no file names it" in title for title in run.deviations())


@pytest.mark.requirement("F037", "F038", refuses=True)
def test_a_reported_gate_that_the_strategy_has_not_is_refused(tmp_path: Path) -> None:
    """Before a sample is drawn."""
    from protocols import recipes  # noqa: PLC0415  only for its folder

    text = (Path(recipes.__file__).parent / f"{RECIPE}.yaml").read_text(encoding="utf-8")
    path = tmp_path / "changed.yaml"
    path.write_text(text.replace("wanted: CD3+,", "wanted: CD33+,"), encoding="utf-8")
    run = run_batch(make_site(tmp_path / "site", "a"), recipe=str(path), until=7200.0)
    assert any("has no such gate" in message for message in run.alarms())
    assert not any(TUBE in str(event.fields) for event in run.events if event.kind == "open")
