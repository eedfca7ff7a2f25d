"""Vector spun down on T cells on site A, whole runs; a spin that goes wrong ends as people decide."""

from functools import cache
from pathlib import Path

import pytest

from automation.engine.site import Site
from fakes.world import World
from protocols.operations.spin import AGAIN, GO_ON
from tests.support.runs import BATCH, Hook, Run, make_site, plant_of, resume_batch, run_batch, when
from tests.support.scenes import answer, change_site, differs, late

RECIPE = "spinoculation"
CULTURE = f"{BATCH}-C"
CENTRIFUGE = "centrifuge-01"
SOON = 9_500.0  # s; the spin is over, and what comes after it is left open
BY_HAND = (
    ("driver: hettich_460r\n    port: memory\n", "driver: manual_centrifuge\n"),
    (
        '{radius: "189", differ_at_most: "5", program: "7", temperature: "32", brake: "5", serial: SIM-ROT-460-01}',
        '{radius: "189", serial: SIM-ROT-460-01}',
    ),
)

pytestmark = pytest.mark.requirement("F013")


def spun(folder: Path, *hooks: Hook, changes: tuple[tuple[str, str], ...] = (), until: float = SOON) -> Run:
    """Run the recipe at a new site."""
    site = change_site(make_site(folder / "site", "a"), *changes)
    return run_batch(site, *hooks, recipe=RECIPE, until=until)


def hand(action: str, state: str, *, after: float = 1.0, **details: object) -> Hook:
    """Let a hand act on the centrifuge once the spin is in a state."""

    def hook(site: Site) -> None:
        when(site, "spin", state, lambda: plant_of(site).hand(CENTRIFUGE, action, **details), after=after)

    return hook


def seconds(run: Run, result: str) -> float:
    """Give a result of the spin in seconds."""
    found = run.step("spin").results[result]
    assert isinstance(found, float)
    return found


def carrying(world: World) -> float:
    """Give the share of the live cells that carry the vector."""
    contents = world.container(CULTURE).contents
    return sum(n for name, n in contents.subsets.items() if name.endswith("CAR+")) / float(contents.live)


@cache
def undisturbed(folder: Path) -> tuple[Run, World]:
    """Run it once with nothing going wrong."""
    worlds: list[World] = []
    return spun(folder, lambda site: worlds.append(plant_of(site).world), until=1e6), worlds[0]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, World]:
    """Give the undisturbed run and its world."""
    return undisturbed(tmp_path_factory.mktemp("spin"))


def test_twice_as_many_cells_carry_the_vector_as_at_rest(good: tuple[Run, World]) -> None:
    """21 % in place of 10 %, as published."""
    run, world = good
    assert run.state == "closed"
    assert 0.19 < carrying(world) < 0.23


@pytest.mark.requirement("F026")
def test_force_time_and_temperature_that_were_reached_are_results(good: tuple[Run, World]) -> None:
    """The program's, the time that it takes to get there taken off, and nothing was a deviation."""
    run, _ = good
    results = run.step("spin").results
    assert results["force"] == pytest.approx(1000.0, rel=0.002)
    assert results["temperature"] == pytest.approx(32.0, abs=0.5)
    assert results["ran_for"] == pytest.approx(3600.0, abs=20.0)
    assert 3500.0 < seconds(run, "spun_for") < 3580.0
    assert run.deviations() == []


@pytest.mark.requirement("F031")
def test_buckets_out_of_balance_are_balanced_before_anything_turns(tmp_path: Path) -> None:
    """What was entered first differs by more than the rotor stands."""
    run = spun(tmp_path, differs(r"^Weigh the bucket with", opposite=700.0))
    asked = [str(event.fields) for event in run.events if event.kind == "open"]
    assert sum("Not balanced: the buckets differ by" in text for text in asked) == 1
    assert run.step("spin").state == "spun"


@pytest.mark.requirement("F031")
def test_an_imbalance_on_the_way_up_is_balanced_anew_and_spun(tmp_path: Path) -> None:
    """A counterweight fell over: it trips, people choose, and the whole time is spun."""
    run = spun(tmp_path, hand("slip", "accelerating", differ=150.0))
    assert run.step("spin").state == "spun"
    assert run.step("spin").results["rounds"] == 2
    assert any("spin interrupted: the centrifuge shows error 31" in title for title in run.deviations())
    assert 3500.0 < seconds(run, "spun_for") < 3580.0


@pytest.mark.requirement("F031")
@pytest.mark.parametrize(("choice", "state"), [(GO_ON, "salvaged"), (AGAIN, "spun")])
def test_a_spin_that_is_stopped_at_the_panel_is_decided_by_people(tmp_path: Path, choice: str, state: str) -> None:
    """Half of the time was spun; the rest is spun, or the container is on QA hold."""
    worlds: list[World] = []
    run = spun(
        tmp_path,
        hand("stop", "spinning", after=1800.0),
        answer(r"^Spin interrupted", choice=choice),
        lambda site: worlds.append(plant_of(site).world),
    )
    assert run.step("spin").state == state
    assert any("the spin stopped before its end" in title for title in run.deviations())
    held = bool(getattr(run.things[f"container/{CULTURE}"], "on_hold", False))
    assert held is (choice != AGAIN)
    spent = 3600.0 if choice == AGAIN else 1850.0
    assert seconds(run, "ran_for") == pytest.approx(spent, abs=40.0)


@pytest.mark.requirement("F031")
def test_a_power_cut_ends_a_spin_and_what_is_left_is_set_anew(tmp_path: Path) -> None:
    """The rotor coasts; afterwards the centrifuge shows its error, and takes nothing before it was asked for faults."""
    cut, back = hand("power", "spinning", after=600.0, on=False), hand("power", "spinning", after=660.0, on=True)
    run = spun(tmp_path, cut, back)
    assert run.step("spin").state == "spun"
    assert any("the centrifuge shows error 12" in title for title in run.deviations())
    assert run.step("spin").results["rounds"] == 2


@pytest.mark.requirement("F026", "F031", refuses=True)
def test_a_start_after_a_power_cut_is_refused_and_the_program_set_anew(tmp_path: Path) -> None:
    """What was set was forgotten: it would have been another spin."""
    cut, back = hand("power", "ready", after=1.0, on=False), hand("power", "ready", after=2.0, on=True)
    run = spun(tmp_path, cut, back)
    assert any("the power was off since the program was set" in title for title in run.deviations())
    assert run.step("spin").results["force"] == pytest.approx(1000.0, rel=0.002)


@pytest.mark.requirement("F031")
def test_a_centrifuge_that_acknowledges_and_does_nothing_has_not_started(tmp_path: Path) -> None:
    """It is busy: the acknowledgement is not believed, and it is tried again."""
    busy, free = hand("busy", "ready", on=True), hand("busy", "loaded", after=20.0, on=False)
    run = spun(tmp_path, busy, free)
    assert any("a start was acknowledged; the rotor is standing" in title for title in run.deviations())
    assert run.acts[CENTRIFUGE]["start"] == 1


@pytest.mark.requirement("F019", "F026", refuses=True)
def test_another_program_than_the_one_that_stands_in_it_is_refused(tmp_path: Path) -> None:
    """Temperature and brake come with a stored program: at the third try the step is refused, nothing turned."""
    other = ('program: "7", temperature: "32"', 'program: "7", temperature: "20"')
    run = spun(tmp_path, changes=(other,))
    assert run.step("spin").state == "refused"
    assert any("program 7 holds 20 degC" in title for title in run.deviations())
    assert run.acts[CENTRIFUGE]["start"] == 0


def test_a_vector_that_waits_too_long_for_its_spin_is_told(tmp_path: Path) -> None:
    """A time limit between the two steps."""
    run = spun(tmp_path, late(r"closed, into a bucket of the centrifuge", 120.0))
    assert any("vector to spin" in message for message in run.alarms())


@pytest.mark.requirement("C07")
def test_a_centrifuge_worked_at_its_panel_spins_as_well(tmp_path: Path) -> None:
    """The same recipe: what is not read was compared by two people."""
    worlds: list[World] = []
    run = spun(tmp_path, lambda site: worlds.append(plant_of(site).world), changes=BY_HAND, until=1e6)
    assert run.step("spin").state == "spun"
    assert run.step("spin").results["force"] is None
    assert 0.19 < carrying(worlds[0]) < 0.23


@pytest.mark.requirement("F031", "C07")
def test_a_spin_by_hand_that_stops_early_is_told_by_who_stands_there(tmp_path: Path) -> None:
    """Out of balance: people say that it stopped, and choose."""
    run = spun(tmp_path, hand("slip", "accelerating", differ=150.0), changes=BY_HAND)
    assert any("the spin stopped before its end" in title for title in run.deviations())
    assert run.step("spin").results["rounds"] == 2


@pytest.mark.requirement("C01.2")
def test_a_restart_in_a_spin_starts_nothing_twice(tmp_path: Path) -> None:
    """The rotor turned on while the program was away, and the time that it had counts."""
    first = spun(tmp_path, until=3_000.0)
    assert first.step("spin").state == "spinning"
    run = resume_batch(tmp_path / "site", recipe=RECIPE, until=SOON)
    assert run.acts[CENTRIFUGE]["start"] == 1
    assert run.step("spin").results["ran_for"] == pytest.approx(3600.0, abs=30.0)
