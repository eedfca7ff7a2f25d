"""The whole course on site A, from a fresh apheresis to frozen bags, in one run."""

import pytest

from automation.ledger.read import Reader
from automation.views.reconciliation import reconciliations
from automation.views.story import Story
from fakes.world import World
from tests.support.runs import BATCH, Run, make_site, plant_of, run_batch

RECIPE = "car-t"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, World]:
    """Give the run and the world after it."""
    worlds: list[World] = []
    site = make_site(tmp_path_factory.mktemp("course") / "site", "a")
    run = run_batch(site, lambda opened: worlds.append(plant_of(opened).world), recipe=RECIPE)
    return run, worlds[0]


@pytest.mark.requirement("F008", "F009", "F092", "F160")
def test_an_apheresis_becomes_frozen_bags_in_nine_days(course: tuple[Run, World]) -> None:
    """Every step ends well; product stands in the store, nothing is on QA hold."""
    run, world = course
    assert run.state == "closed"
    assert {name: world.container(f"{BATCH}-{name}").place for name in ("01", "02")} == {
        "01": "storage",
        "02": "storage",
    }
    held = [
        name for name, thing in run.things.items() if name.startswith("container/") and getattr(thing, "on_hold", False)
    ]
    assert held == []
    days = (run.events[-1].at - run.events[0].at) / 86_400e6
    assert 8.0 < days < 13.0


@pytest.mark.requirement("F009", "F020", "F020.2", "F022")
def test_every_container_of_the_course_carries_the_one_chain_of_identity(course: tuple[Run, World]) -> None:
    """From the apheresis to each vial."""
    run, _ = course
    mine = [thing for name, thing in run.things.items() if name.startswith(f"container/{BATCH}")]
    assert len(mine) > 10
    assert {getattr(thing, "identity", "") for thing in mine} == {"CHA999926APH001"}


@pytest.mark.requirement("F083")
def test_a_washer_used_twice_in_a_batch_is_cleaned_in_between(course: tuple[Run, World]) -> None:
    """Between the platelet reduction and the wash of the harvest, and after the batch."""
    run, _ = course
    washer = [event for event in run.events if event.stream == "asset/washer-01" and event.kind in {"use", "clean"}]
    assert [event.kind for event in washer if event.kind == "use" or "B-001" in str(event.fields)] == [
        "use",
        "clean",
        "use",
        "clean",
    ]


@pytest.mark.requirement("F013", "F070")
def test_the_frozen_bags_hold_t_cells_of_which_a_tenth_carry_the_vector(course: tuple[Run, World]) -> None:
    """What was selected and transduced is what was frozen."""
    _, world = course
    bag = world.container(f"{BATCH}-01").contents
    t_cells = sum(n for name, n in bag.subsets.items() if name.startswith("CD3+"))
    carrying = sum(n for name, n in bag.subsets.items() if name.endswith("CAR+"))
    assert t_cells / float(bag.live) > 0.98
    assert 0.07 < carrying / float(bag.live) < 0.13


@pytest.mark.requirement("F024")
def test_volume_mass_and_cells_close_over_the_whole_course(
    course: tuple[Run, World],
) -> None:
    """In sum and in each step that keeps an account of its own; what is pipetted has the density of its lot."""
    run, _ = course
    with Reader(run.folder) as reader:
        balances = reconciliations(Story(reader, BATCH))
    assert {one.quantity for one in balances} >= {"volume", "mass", "viable cells", "total cells"}
    assert {one.quantity for one in balances if one.closes is not True} == set()
