"""Allogeneic CAR-NK on site A, from one donor to many doses: a whole run beside public numbers, and donors refused."""

from pathlib import Path

import pytest

from fakes.world import World
from tests.support.runs import BATCH, Run, make_site, plant_of, run_batch
from tests.support.scenes import answer

RECIPE = "car-nk"
DOSES = tuple(f"{BATCH}-{n:02d}" for n in range(1, 11))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, World]:
    """Give the undisturbed run and the world after it."""
    worlds: list[World] = []
    site = make_site(tmp_path_factory.mktemp("nk") / "site", "a")
    run = run_batch(site, lambda opened: worlds.append(plant_of(opened).world), recipe=RECIPE)
    return run, worlds[0]


def number(run: Run, step: str, result: str) -> float:
    """Give a result as a number."""
    return float(str(run.step(step).results[result]))


@pytest.mark.requirement("F008", "F014", "F092")
def test_nk_cells_grow_a_thousandfold_in_fifteen_days(whole: tuple[Run, World]) -> None:
    """Two K562 a cell, 14 to 15 days, about 1,000-fold; every step ends well."""
    run, _ = whole
    assert run.state == "closed"
    assert run.deviations() == []
    assert number(run, "coculture", "feeders_per_cell") == pytest.approx(2.0, rel=0.05)
    assert 500.0 < number(run, "expand", "fold") < 1500.0
    days = (run.events[-1].at - run.events[0].at) / 86_400e6
    assert 14.0 < days < 17.0


@pytest.mark.requirement("F011", "F070")
def test_the_doses_are_nk_cells_with_hardly_a_t_cell(whole: tuple[Run, World]) -> None:
    """CD56+CD3- at least 90 %, CD3+ below 1 %: as measured, and as it truly is."""
    run, world = whole
    assert number(run, "phenotype", "wanted") >= 90.0
    assert number(run, "phenotype", "unwanted") < 1.0
    dose = world.container(DOSES[0]).contents
    t_cells = sum(n for name, n in dose.subsets.items() if name.startswith("CD3+"))
    assert t_cells / float(dose.live) < 0.01


@pytest.mark.requirement("F011")
def test_a_depletion_leaves_the_wanted_cells_and_takes_the_others(whole: tuple[Run, World]) -> None:
    """What is held back stays with the device; of the T cells less than a thousandth goes on."""
    _, world = whole
    after, kept = world.container(f"{BATCH}-D").contents, world.container(f"{BATCH}-P").contents
    assert after.subsets["CD3+CD4+"] < 1e-3 * kept.subsets["CD3+CD4+"]


@pytest.mark.requirement("F007", "F009", "F020", "F022", "F160")
def test_every_dose_leads_back_to_the_one_donor(whole: tuple[Run, World]) -> None:
    """Ten doses of one lot: parents without a gap to the apheresis, one donation number, none like another."""
    run, _ = whole
    things = {
        name.removeprefix("container/"): thing for name, thing in run.things.items() if name.startswith("container/")
    }
    for dose in DOSES:
        seen = dose
        while parent := getattr(things[seen], "parent", ""):
            seen = parent
        assert seen == "APH-0001"
    assert {getattr(things[dose], "din", "") for dose in DOSES} == {"A999926000401"}
    assert number(run, "fill", "dose_per_bag") >= 1.0e8


@pytest.mark.requirement("F007", refuses=True)
def test_a_donor_who_is_not_eligible_holds_the_batch(tmp_path: Path) -> None:
    """Before the first step on cells; the apheresis is on QA hold, and no word about the person is in the record."""
    run = run_batch(
        make_site(tmp_path / "site", "a"), answer(r"^Compare \(.*\)\. testing", criterion="not met"), recipe=RECIPE
    )
    assert run.step("donor").state == "mismatched"
    assert run.step("donor").results["criteria_not_met"] == 1
    assert getattr(run.things["container/APH-0001"], "on_hold", False)
    assert run.state == "held"
    assert any("the documents do not match: testing: not met" in title for title in run.deviations())
