"""Three lines in a notebook."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from automation.kernel.errors import InputError
from automation.notebook import Simulated, compare, simulate, simulate_grid
from automation.opener import House
from automation.views.comparison import How, Kind, side
from tests.support.commands import simulated_site


@pytest.fixture(scope="module")
def runs() -> dict[str, Simulated]:
    """Two simulated days of freezing by chance."""
    return simulate_grid("freeze-day", "a", seeds=[1, 2])


@pytest.fixture(scope="module")
def run(runs: dict[str, Simulated]) -> Simulated:
    """One of them."""
    return runs["seed 1"]


@pytest.mark.requirement("C01.1", "C08")
def test_results_readings_and_events_are_at_hand(run: Simulated) -> None:
    """Results by step, process data with units and UTC times, every event of the ledger."""
    assert (run.state, run.results["freeze"]["verdict"]) == ("complete", "pass")
    assert list(run.readings.columns) == ["step", "time", "channel", "value", "unit"]
    assert run.readings["time"].is_monotonic_increasing
    assert len(run.events) == run.events["seq"].iloc[-1]


@pytest.mark.requirement("C07")
def test_the_same_arguments_give_the_same_head_and_another_seed_another(runs: dict[str, Simulated]) -> None:
    """A simulation is a function of recipe, site, seed and changes."""
    assert simulate("freeze-day", "a", seed=1).head == runs["seed 1"].head
    assert runs["seed 2"].head != runs["seed 1"].head


@pytest.mark.requirement("C08")
def test_a_change_is_recorded_and_has_its_effect(run: Simulated) -> None:
    """Half as many readings of the freeze when it is looked at half as often."""
    slower = simulate("freeze-day", "a", changes={"freeze.every": "20 s"})
    assert len(slower.readings) < 0.7 * len(run.readings)


@pytest.mark.requirement("C08")
def test_runs_are_compared_with_one_another_as_tables(runs: dict[str, Simulated]) -> None:
    """Rows and curves of both under their names; the curves begin where they are aligned."""
    found = compare(runs, roles={"seed 1": "sending"}, cqa=["*.viability"], align=["freeze.freezing"])
    viability = found.rows[found.rows["where"] == "count.viability"]
    assert list(viability["batch"]) == ["seed 1", "seed 2"]
    assert list(viability["role"]) == ["sending", "-"]
    assert set(viability["class"]) == {"CQA"}
    assert set(found.curves["batch"]) == {"seed 1", "seed 2"}
    assert found.curves["seconds"].min() < 0.0


def test_the_values_inside_a_structure_are_compared_one_by_one_with_their_units(runs: dict[str, Simulated]) -> None:
    """A ramp of the freezing program; its unit is that of the operation's type."""
    how = How(operations=House().operations())
    facts = side(runs["seed 1"].story, {}, label="1", how=how).facts
    assert facts[Kind.PARAMETER, "freeze.program.2.rate"] == (1.0, "K/min")
    assert facts[Kind.PARAMETER, "freeze.acceptance.plateau_longest"] == (600.0, "s")
    assert facts[Kind.PARAMETER, "count.pairs_at_most"] == (2.0, "")


def test_a_folder_gives_its_site_file_and_stays_as_it_was(tmp_path: Path) -> None:
    """The simulation has a folder of its own."""
    folder = simulated_site(tmp_path)
    assert simulate("freeze-day", folder).state == "complete"
    assert [path.name for path in folder.iterdir()] == ["site.yaml"]


WRONG: dict[str, Callable[[], Simulated]] = {
    "site is 'd'": lambda: simulate("freeze-day", "d"),
    "did you mean 'every'": lambda: simulate("freeze-day", changes={"freeze.evry": "5 s"}),
    "without a unit": lambda: simulate("freeze-day", changes={"freeze.every": "5"}),
    "did you mean 'freeze-day'": lambda: simulate("freze-day"),
}


@pytest.mark.parametrize("names", WRONG)
def test_wrong_arguments_are_named(names: str) -> None:
    """As at the command line."""
    with pytest.raises(InputError, match=names):
        WRONG[names]()


def test_without_pandas_the_tables_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The results need nothing more; only the tables do."""
    run = simulate("freeze-day", "b")
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(InputError, match="pip install"):
        _ = run.readings
