"""Vessels on the places of an incubator that moves them itself, on site A; s of simulated time."""

from pathlib import Path

import pytest

from automation.engine.site import Site
from automation.gmp.people.prompts import Prompt
from fakes.cytomat import FakeCytomat
from fakes.panel import Habit, Values
from fakes.world import World
from tests.support.runs import BATCH, Hook, Run, make_site, plant_of, run_batch, staff_of, when
from tests.support.scenes import answer, fake_of

RECIPE, STEP, ASSET = "stored-vessels", "keep", "platform-01"
LATER = 6 * 86_400.0  # s, by which it is over, or held
FIRST = f"{BATCH}-P1"

pytestmark = pytest.mark.requirement("C06", "F030")


def stored(folder: Path, *hooks: Hook) -> Run:
    """Run the recipe at a new site."""
    return run_batch(make_site(folder / "site", "a"), *hooks, recipe=RECIPE, until=LATER)


forgotten = answer(rf"^Put {FIRST}, closed, on the transfer station", code=f"CONTAINER:{FIRST}")
"""Scan the first vessel without putting it on the station."""


def put_right(site: Site) -> None:
    """Put the vessel on the station when the incubator says that nothing stands there."""

    async def act(_prompt: Prompt) -> Values:
        plant_of(site).hand(ASSET, "put", container=FIRST)
        return {}

    staff_of(site).habits.append(Habit(r"^The incubator refuses: .*nothing stands on the transfer station", act))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, World, dict[int, str]]:
    """Give the undisturbed run, the world after it, and what stood where an hour after the last was taken in."""
    worlds, stood = list[World](), dict[int, str]()

    def look(site: Site) -> None:
        fake = fake_of(site, ASSET)
        assert isinstance(fake, FakeCytomat)
        worlds.append(plant_of(site).world)
        when(site, STEP, "inside", lambda: stood.update(fake.slots), after=3600.0)

    run = stored(tmp_path_factory.mktemp("stored"), look)
    return run, worlds[0], stood


def test_the_record_knows_what_stood_on_which_place(whole: tuple[Run, World, dict[int, str]]) -> None:
    """As the device has it; each taken in and brought out by one motion."""
    run, world, stood = whole
    places = run.step(STEP).results["places"]
    assert isinstance(places, list)
    assert (run.state, run.step(STEP).state, run.deviations()) == ("closed", "incubated", [])
    assert {one["place"]: one["container"] for one in places} == stood
    assert stood == {3 + n: f"{BATCH}-P{n}" for n in (1, 2, 3)}
    assert run.acts[ASSET] == {"set up": 1, "store": 3, "fetch": 3}
    assert {world.container(name).place for name in stood.values()} == {"bench"}


def test_a_motion_that_is_refused_is_asked_for_again_when_it_was_put_right(tmp_path: Path) -> None:
    """Nothing stood on the station: a deviation, and one motion in the end."""
    run = stored(tmp_path, forgotten, put_right)
    assert (run.state, run.step(STEP).state, run.acts[ASSET]["store"]) == ("closed", "incubated", 3)
    [title] = run.deviations()
    assert title.startswith(f"{FIRST} and place 4: the incubator refuses: ")


def test_a_vessel_that_is_never_taken_in_is_decided_about(tmp_path: Path) -> None:
    """After three refusals it stays outside, closed, and the batch waits for people."""
    run = stored(tmp_path, forgotten)
    assert (run.step(STEP).state, run.state, run.acts[ASSET]["store"]) == ("not stored", "held", 0)
    assert "nothing stands on the transfer station" in str(run.step(STEP).results["why"])
