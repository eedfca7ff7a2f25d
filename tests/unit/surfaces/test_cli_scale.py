"""``transfer scale``: parameters and limits of a recipe for another vessel, and what no rule translates."""

from pathlib import Path
from typing import cast

import pytest

from tests.support.commands import Said, cellwright

pytestmark = pytest.mark.requirement("F091")
FROM = ("--from", "volume=600 mL", "--from", "area_cm2=300", "--from", "load=600 mL")
SMALL = ("--step", "expand", "--from", "volume=600 mL", "--to", "volume=3 L")
TO = ("--to", "volume=3 L", "--to", "area_cm2=1000", "--to", "load=600 mL")


def lines(said: Said) -> dict[str, dict[str, str]]:
    """Give the lines of a sheet by where they stand; of several limits the last."""
    return {one["where"]: one for one in cast("list[dict[str, str]]", said.data["lines"])}


@pytest.fixture(scope="module")
def car_t() -> dict[str, dict[str, str]]:
    """A culture that goes from a bag of 600 mL into one of 3 L."""
    steps = [word for name in ("activate", "expand", "wash", "freeze") for word in ("--step", name)]
    said = cellwright("transfer", "scale", "car-t", *steps, *FROM, *TO, "--json")
    assert said.status == 0
    return lines(said)


@pytest.mark.parametrize(
    ("where", "after", "basis"),
    [
        ("activate.cells_most", "5e+08 cells", "scaled"),
        ("activate.density", "1e+06 cells/mL", "kept"),
        ("activate.materials.medium", "1000 mL", "scaled"),
        ("expand.rules.harvest_cells", "6e+09 cells", "scaled"),
        ("expand.limits.viable_cells.alert", ">= 5E+9 cells", "scaled"),
        ("expand.limits.viability.alert", ">= 80.0 %", "kept"),
        ("expand.sample", "0.5 mL", "kept"),
        ("expand.sample_every", "24 h", "kept"),
        ("freeze.every", "10 s", "kept"),
        ("expand.volume", "", "taken when it runs"),
        ("wash.programs", "", "not translated"),
        ("wash.limits.volume_out.reject", "<= 150 mL", "scaled"),
        ("freeze.limits.plateau.reject", "", "not translated"),
        ("freeze.limits.rate.reject", "<= 2.0 K/min", "kept"),
        ("vessel.loads", "5 loads", "scaled"),
        ("vessel.surface", "", "not translated"),
    ],
)
def test_each_value_is_scaled_kept_or_left_to_a_person(
    car_t: dict[str, dict[str, str]], where: str, after: str, basis: str
) -> None:
    """Amounts grow five times, states stay, and what no rule translates has no number."""
    assert (car_t[where]["after"], car_t[where]["basis"]) == (after, basis)
    assert car_t[where]["why"]


def test_rocking_is_never_translated_by_a_rule() -> None:
    """Rate and angle of another bag come from its maker; the gas of a stirred vessel and its speed have rules."""
    stirred = ("--from", "stirrer_m=0.1", "--from", "speed_rpm=120", "--from", "gas_ml_per_min=100")
    words = ("--step", "expand", *FROM, *stirred, *TO, "--to", "stirrer_m=0.171", "--json")
    found = lines(cellwright("transfer", "scale", "rocking-culture", *words))
    assert found["expand.kept.set_points.rocking_rate"]["basis"] == "not translated"
    assert found["expand.kept.set_points.angle"]["after"] == ""
    assert found["expand.kept.set_points.gas_flow"]["after"] == "0.5"
    assert found["expand.perfusion.nl_per_cell_day"]["basis"] == "kept"  # of each cell
    assert found["vessel.gas"]["after"] == "500 mL/min"
    assert found["vessel.speed"]["after"] == "83.92 1/min"  # (0.1^5 * 5 / 0.171^5)^(1/3) of 120


@pytest.mark.requirement("F091", refuses=True)
def test_what_no_recipe_may_state_is_not_translated() -> None:
    """0.1 L of gas a minute at 100 mL would be 4 at 4 L: the device takes 2 at most."""
    words = ("--step", "expand", "--from", "volume=100 mL", "--to", "volume=4 L", "--json")
    found = lines(cellwright("transfer", "scale", "rocking-culture", *words))
    gas = found["expand.kept.set_points.gas_flow"]
    assert (gas["after"], gas["basis"], gas["why"]) == ("", "not translated", "4 is beyond what a recipe may state")


def test_amounts_can_follow_the_growth_surface(tmp_path: Path) -> None:
    """Ten thirds of the surface: ten thirds of the cells; the sheet as a file has a line for each value."""
    sheet = tmp_path / "sheet.csv"
    words = ("--step", "activate", *FROM, *TO, "--keep", "area")
    assert lines(cellwright("transfer", "scale", "car-t", *words, "--json"))["activate.cells_most"]["after"] == (
        "3.333e+08 cells"
    )
    said = cellwright("transfer", "scale", "car-t", *words, "--csv", sheet)
    assert "area kept" in said.out
    assert "activate.cells_most,1e+08 cells,3.333e+08 cells,scaled" in sheet.read_text(encoding="utf-8")


@pytest.mark.requirement("F091", refuses=True)
@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--from", "volume=600 mL", "--to", "volume=3 L"), "name the steps"),
        (("--step", "expnd", "--from", "volume=600 mL", "--to", "volume=3 L"), "has no step 'expnd'"),
        (("--step", "expand", "--from", "volume=600 mL", "--to", "volume=0 L"), "more than 0"),
        (("--step", "expand", "--from", "volume=600 mL", "--to", "size=3 L"), "names 'size'"),
        (("--step", "expand", "--from", "volume=600 mL", "--to", "load=3 L"), "lacks the working volume"),
        (
            ("--step", "expand", "--from", "volume=600 mL", "--to", "volume=3 L", "--keep", "area"),
            "needed of both vessels",
        ),
        ((*SMALL, "--from", "volume=5 mL"), "names volume twice"),
        ((*SMALL, "--from", "area_cm2=300"), "area_cm2 is stated of one vessel"),
        ((*SMALL, "--to", "speed_rpm=100"), "is worked out"),
        ((*SMALL, "--from", "speed_rpm=100"), "go together"),
        ((*SMALL, "--from", "area_cm2=300", "--to", "area_cm2=1e-300"), "from 1e-06 to 1e+09"),
        (
            ("--step", "expand", "--from", "volume=1 mL", "--to", "volume=1 mL", "--to", "area_cm2=1,5"),
            "a number alone",
        ),
    ],
)
def test_a_vessel_that_says_too_little_is_refused(words: tuple[str, ...], why: str) -> None:
    """One sentence names what is wrong, and nothing is guessed."""
    said = cellwright("transfer", "scale", "car-t", *words)
    assert (said.status, why in said.err) == (2, True), said.err
