"""A sterile weld, a transfer and the seals on site A: one whole run, joints that fail, and the record of each."""

from pathlib import Path

import pytest

from fakes.world import World
from instruments.drivers.joints_by_person import NOT_MADE, NOT_TIGHT
from tests.support.runs import BATCH, Hook, Run, make_site, plant_of, run_batch
from tests.support.scenes import choose

RECIPE, STEP, BAG = "closed-transfer", "connect", f"{BATCH}-C"
HELD = 2 * 3600.0  # s, by which a batch that needs people is held
WELD, SEEN_WELD = r"weld the tubes of", r"look at the weld of"
SEAL, SEEN_SEAL = r"seals on the tube of", r"look at the 3 seals of"

pytestmark = pytest.mark.requirement("F028")


def connected(folder: Path, *hooks: Hook, until: float = HELD) -> Run:
    """Run the recipe at a new site."""
    return run_batch(make_site(folder / "site", "a"), *hooks, recipe=RECIPE, until=until)


def joints(run: Run) -> list[tuple[str, bool, bool, str]]:
    """Give number, made, tight and lot of every joint of the record."""
    seen = run.step(STEP).results["joints"]
    assert isinstance(seen, list)
    return [(one["number"], one["made"], one["tight"], one["lot"]) for one in seen]


def wafers(run: Run) -> float:
    """Count the wafers that were used."""
    return 70.0 - float(getattr(run.things["lot/WAFR-5503"], "left", 0.0))


def on_hold(run: Run, name: str) -> bool:
    """Tell whether a container is on QA hold."""
    return bool(getattr(run.things[f"container/{name}"], "on_hold", False))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, World]:
    """Give the undisturbed run and the world after it."""
    worlds: list[World] = []
    run = connected(tmp_path_factory.mktemp("connect"), lambda site: worlds.append(plant_of(site).world))
    return run, worlds[0]


def test_every_joint_stands_in_the_record_with_its_number_its_wafer_and_who_saw_it(whole: tuple[Run, World]) -> None:
    """One weld of a scanned lot, one set of seals; two persons looked at each."""
    run, _ = whole
    assert (run.state, run.step(STEP).state, run.deviations()) == ("closed", "separated", [])
    assert joints(run) == [
        (f"{BATCH}-{STEP}-W1", True, True, "WAFR-5503"),
        (f"{BATCH}-{STEP}-S1", True, True, ""),
    ]
    assert "made by anna, seen by anna, verified by ben" in str(run.step(STEP).results["joints"])
    assert wafers(run) == 1.0


def test_all_cells_are_in_the_new_bag_by_weight(whole: tuple[Run, World]) -> None:
    """The old one is empty, on the record and in the world."""
    run, world = whole
    volume = float(str(run.step(STEP).results["volume"]))
    assert volume == pytest.approx(float(world.container(BAG).contents.volume), abs=1.0)
    assert float(world.container("SEL-0001").contents.cells) < 0.02 * float(world.container(BAG).contents.cells)
    assert getattr(run.things["container/SEL-0001"], "state", "") == "emptied"


@pytest.mark.requirement("F028", refuses=True)
@pytest.mark.requirement("F028", refuses=True)
def test_over_a_weld_that_is_not_tight_nothing_flows(tmp_path: Path) -> None:
    """No clamp is opened, the product is sealed off behind it, on QA hold, and the batch waits for people."""
    run = connected(tmp_path, choose(SEEN_WELD, NOT_TIGHT))
    assert (run.step(STEP).state, run.state) == ("leaking", "held")
    assert joints(run) == [
        (f"{BATCH}-{STEP}-W1", True, False, "WAFR-5503"),
        (f"{BATCH}-{STEP}-S1", True, True, ""),
    ]
    assert not any("open it and the clamps" in str(event.fields) for event in run.events)
    assert on_hold(run, "SEL-0001")
    [title] = run.deviations()
    assert f"{BATCH}-{STEP}-W1, SEL-0001 to {BAG}: not tight" in title


def test_what_the_welder_refused_or_a_seal_that_is_not_tight_is_made_again_and_counted(tmp_path: Path) -> None:
    """A new wafer, taken off the lot; a seal further in. Every try stands in the record."""
    run = connected(tmp_path, choose(WELD, NOT_MADE), choose(SEEN_SEAL, NOT_TIGHT))
    assert (run.state, wafers(run), run.step(STEP).results["joints_not_tight"]) == ("closed", 2.0, 1)
    assert [(number.rpartition("-")[2], made, tight) for number, made, tight, _ in joints(run)] == [
        ("W1", False, False),
        ("W2", True, True),
        ("S1", True, False),
        ("S2", True, True),
    ]


@pytest.mark.requirement("F028", refuses=True)
def test_a_welder_that_always_refuses_leaves_both_bags_closed(tmp_path: Path) -> None:
    """After three tries people decide; nothing was opened, so nothing is on QA hold."""
    run = connected(tmp_path, *(choose(WELD, NOT_MADE) for _ in range(3)))
    assert (run.step(STEP).state, run.state, wafers(run)) == ("not joined", "held", 3.0)
    assert not on_hold(run, "SEL-0001")


def test_a_tube_that_can_not_be_closed_is_decided_about(tmp_path: Path) -> None:
    """Three tries; the bag with the cells stays clamped and on QA hold."""
    run = connected(tmp_path, *(choose(SEAL, NOT_MADE) for _ in range(3)))
    assert (run.step(STEP).state, run.state) == ("leaking", "held")
    assert on_hold(run, BAG)
