"""Frozen product fetched from the store, thawed and handed over for infusion, on site A; runs that go wrong."""

from dataclasses import replace
from pathlib import Path

import pytest

from automation.bootstrap import begins, open_site, read_site
from automation.engine.issue import Order, issue
from automation.engine.recipe.load import load
from automation.engine.site import Site
from automation.kernel.clock import SimulatedClock, run_simulated
from automation.kernel.errors import InputError, RefusedError
from automation.ledger.event import Event
from fakes.physics.product import FREEZING
from fakes.world import World
from protocols.operations.retrieve import EMPTY
from tests.support.cold import BAG, POSITION, approved, bag_of
from tests.support.runs import BATCH, Hook, Run, make_site, plant_of, resume_batch, run_batch, when
from tests.support.scenes import answer, choose, differs, enter, fake_of, insist, late, ordered, sides

RECIPE = "thaw-for-infusion"


def thaw(folder: Path, *hooks: Hook, recipe: str = RECIPE, **changes: str) -> Run:
    """Run the recipe at a new site; ``thaw__thaw_longest`` changes that parameter."""
    given = {name.replace("__", "."): text for name, text in changes.items()}
    return run_batch(make_site(folder / "site"), *hooks, recipe=recipe, changes=given, until=40_000.0)


@pytest.mark.requirement("F049", "F161.1")
def test_a_bag_of_a_clinical_lot_is_thawed_and_handed_over_in_its_time(tmp_path: Path) -> None:
    """No ice is left and the cells live; the record says who has it, under two signatures."""
    worlds: list[World] = []
    recipe = approved(tmp_path, RECIPE)
    run = thaw(tmp_path, lambda site: worlds.append(plant_of(site).world), recipe=recipe)
    assert run.state == "closed"
    assert bag_of(run) == ("handed over", False)
    assert run.step("hand-over").state == "handed over"
    seconds, surface = (run.step("thaw").results[name] for name in ("thaw_time", "surface"))
    assert isinstance(seconds, float)
    assert 180.0 < seconds < 900.0
    assert isinstance(surface, float)
    assert -1.0 < surface < 15.0
    assert float(worlds[0].temperature(BAG, run.at)) > 0.0
    assert 0.80 < worlds[0].container(BAG).contents.viability < 0.90


@pytest.mark.requirement("F001", "F049", refuses=True)
def test_an_engineering_lot_is_never_handed_over_for_infusion(tmp_path: Path) -> None:
    """Everything is done but the last; the way outside is counted, and the device rests."""
    fakes: list[object] = []
    run = thaw(tmp_path, lambda site: fakes.append(fake_of(site, "thawer-01")))
    assert run.step("hand-over").state == "rehearsed"
    assert getattr(run.things[f"container/{BAG}"], "where", "") == "practice, never for infusion"
    assert run.step("retrieve").results["warming"] == run.step("retrieve").results["transfer"] == 20.0
    assert run.deviations() == []
    assert getattr(fakes[0], "idle", False)


@pytest.mark.requirement("F050", refuses=True)
def test_what_is_not_at_its_position_is_not_taken_out(tmp_path: Path) -> None:
    """The wrong position is refused at the scan; an empty one ends the retrieval, and nothing is thawed."""
    wrong = answer(r"^Scan the label of position", code="POSITION:LN2-1/R1/B1/02")
    run = thaw(tmp_path, wrong, choose(r"as far as its label", EMPTY))
    assert run.step("retrieve").state == "not there"
    assert run.deviations()[0] == f"{BAG} is not at {POSITION}: nothing is there"
    assert bag_of(run) == ("stored", False)
    assert run.told == [f"this is another storage position; {POSITION} is wanted"]
    assert (run.state, run.steps) == ("held", ["retrieve"])


@pytest.mark.requirement("F050", refuses=True)
def test_a_way_that_uses_up_the_warming_budget_holds_the_bag(tmp_path: Path) -> None:
    """Eleven minutes outside, where ten are allowed over the whole life."""
    run = thaw(tmp_path, late(r"is in the cold box, closed", 11.0))
    assert run.step("retrieve").state == "over budget"
    assert "the warming budget is used up by the retrieval" in run.deviations()
    assert bag_of(run) == ("in process", True)
    assert run.state == "held"


@pytest.mark.requirement("F049")
def test_ice_that_is_left_too_long_is_decided_about_by_two_people(tmp_path: Path) -> None:
    """On a plate that somebody has switched off they may go on twice, then it is given up: the bag is on QA hold."""

    def hook(site: Site) -> None:
        when(site, "thaw", "thawing", lambda: plant_of(site).hand("thawer-01", "idle"), after=5.0)

    run = thaw(tmp_path, hook, thaw__thaw_longest="1 min", thaw__first_look="30 s")
    assert (run.step("thaw").state, run.step("thaw").results["overruns"]) == ("failed", 3)
    assert sum(title.startswith(f"ice is left in {BAG}") for title in run.deviations()) == 3
    assert bag_of(run) == ("in process", True)


@pytest.mark.requirement("F049", refuses=True)
def test_what_comes_too_late_is_not_infused(tmp_path: Path) -> None:
    """Forty-five minutes after the beginning of the thaw; the overrun is a deviation at its moment."""
    run = thaw(tmp_path, late(r"over for infusion: enter", 45.0))
    assert run.step("hand-over").state == "too late"
    assert any("thaw of the container to its use" in title for title in run.deviations())
    assert bag_of(run) == ("in process", True)
    assert run.state == "held"


@pytest.mark.requirement("F049", refuses=True)
def test_a_bag_that_leaks_after_the_thaw_goes_no_further(tmp_path: Path) -> None:
    """It is on QA hold, and people decide about the batch."""
    run = thaw(tmp_path, differs(r"^Take \S+ out of the thawer", condition="leaking"))
    assert run.step("thaw").state == "failed"
    assert run.deviations()[0] == f"{BAG} is leaking after the thaw"
    assert bag_of(run) == ("in process", True)


@pytest.mark.requirement("F049")
@pytest.mark.parametrize(("stand", "go_on", "still"), [("hold", "restart", "held"), ("pause", "unpause", "paused")])
def test_a_thaw_that_has_begun_goes_to_its_end_before_anything_stands_still(
    tmp_path: Path, stand: str, go_on: str, still: str
) -> None:
    """No ice is left when the step is held or paused, and the time to the use has counted on."""
    warmth: list[float] = []

    def hook(site: Site) -> None:
        def look(event: Event) -> None:
            if event.kind == "procedural" and event.fields["state"] == still:
                warmth.append(float(plant_of(site).world.temperature(BAG, site.house.clock.now())))

        site.house.ledger.subscribe(look)

    run = thaw(tmp_path, hook, ordered("thaw", "thawing", stand, go_on, after=30.0, later=900.0))
    assert sides(run, "thaw") == ["holding"]
    assert len(warmth) == 1
    assert warmth[0] > FREEZING
    assert (run.step("hand-over").state, run.state) == ("rehearsed", "closed")


def test_a_thawer_that_does_not_get_warm_leaves_the_bag_frozen(tmp_path: Path) -> None:
    """Nothing was begun."""
    run = thaw(tmp_path, lambda site: plant_of(site).hand("thawer-01", "sensor", broken=True))
    assert run.step("thaw").state == "not begun"
    assert run.deviations()[0] == "the thawer is not at 37 degC"
    assert run.state == "held"


def test_a_thawer_that_fails_under_the_bag_does_not_stop_the_thaw(tmp_path: Path) -> None:
    """It goes on in another one at once."""

    def hook(site: Site) -> None:
        when(site, "thaw", "thawing", lambda: plant_of(site).hand("thawer-01", "sensor", broken=True), after=30.0)

    run = thaw(tmp_path, hook)
    assert run.step("thaw").state == "thawed"
    assert run.deviations() == [f"the thawer failed while {BAG} was in it: the unit tells the error 'E1'"]


@pytest.mark.requirement("F049", "C01.2")
def test_a_thaw_in_a_bath_that_a_person_works_asks_nothing_twice_after_a_restart(tmp_path: Path) -> None:
    """The same recipe; what the person entered stands after the restart."""
    site = make_site(tmp_path / "site", "b")
    first = run_batch(site, recipe=RECIPE, until=1400.0)
    assert first.step("thaw").state == "thawing"
    run = resume_batch(site, recipe=RECIPE)
    assert (run.step("thaw").state, run.state, run.alarms()) == ("thawed", "closed", [])
    asked = [str(event.fields) for event in run.events if event.kind == "open" and "bath-01" in str(event.fields)]
    assert [sum(words in text for text in asked) for words in ("set it to 37 degC", "switch it off")] == [1, 1]


@pytest.mark.requirement("F010", "F050", refuses=True)
def test_a_bag_on_qa_hold_stays_in_the_store(tmp_path: Path) -> None:
    """It is refused by the record before anything is taken out."""

    def hook(site: Site) -> None:
        body = {"reason": "a complaint"}
        when(
            site,
            "retrieve",
            "stored",
            lambda: insist(enter(site, f"container/{BAG}", "qa_hold", body, by="carla")),
        )

    run = thaw(tmp_path, hook)
    assert (run.step("retrieve").state, bag_of(run)) == ("kept", ("stored", True))


@pytest.mark.requirement("F008", "F049")
def test_frozen_starting_material_is_thawed_diluted_and_counted(tmp_path: Path) -> None:
    """The record's volume is the true one, and DMSO is down to what the dilution makes of it."""
    worlds: list[World] = []
    run = run_batch(
        make_site(tmp_path / "site"),
        lambda site: worlds.append(plant_of(site).world),
        recipe="thaw-starting-material",
        until=40_000.0,
    )
    assert (run.state, run.step("count").state) == ("closed", "counted")
    bag = worlds[0].container("APH-0002").contents
    assert run.step("thaw").results["volume"] == pytest.approx(float(bag.volume) + 0.2, rel=0.02)
    assert bag.dmso == pytest.approx(0.06, rel=0.05)
    assert 0.80 < bag.viability < 0.90


@pytest.mark.requirement("F022")
@pytest.mark.requirement("F022", refuses=True)
def test_a_recipe_that_starts_in_the_store_takes_what_is_there_and_nothing_else(tmp_path: Path) -> None:
    """What is only expected is refused, and of several somebody has to name one."""
    folder = make_site(tmp_path)

    async def main(clock: SimulatedClock) -> None:
        site = await open_site(folder, clock=clock)
        try:
            recipe = load(RECIPE, site.house.operations)
            with pytest.raises(RefusedError, match="BAG-0001 is expected; batch B-001 needs one that is stored"):
                await issue(site, recipe, Order(BATCH, containers=("BAG-0001",)), by="carla")
            any_kind = replace(recipe, product=replace(recipe.product, starts_from=""))
            with pytest.raises(InputError, match="BAG-0101, APH-0002 could be taken out of the store; name one"):
                await issue(site, any_kind, Order(BATCH), by="carla")
            assert site.house.door.find("batch", BATCH).state == "absent"
        finally:
            site.close()

    run_simulated(main, start=begins(folder, read_site(folder)))
