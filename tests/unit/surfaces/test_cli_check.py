"""``check`` before a long process: every gate through an end that lies thirteen days ahead."""

from pathlib import Path
from typing import cast

import pytest

from automation.kernel.clock import instant
from automation.opener import Staying
from tests.support.commands import Said, cellwright, simulated_site

DAY = 86_400.0  # s
INCUBATOR = '    qualification: {due: "2027-06-30", certificate: PQ-INC-01}\n    calibration: {due: "2026-12-31"'
LAPSES = (INCUBATOR, INCUBATOR.replace("2026-12-31", "2026-01-10"))  # on day 5; the site begins on 5 January


def checked(folder: Path, edit: tuple[str, str] | None = None, *words: str) -> Said:
    """Check the CAR-T process at a new site whose file was edited."""
    site = simulated_site(folder, edit=edit)
    assert cellwright("instruments", "identify", "--site", site).status == 0  # the first command that works there
    return cellwright("check", "car-t", "--site", site, "--json", *words)


def problems(said: Said) -> dict[tuple[str, str], str]:
    """Give what stands in the way, by step and gate."""
    gates = cast("list[dict[str, str]]", said.data["gates"])
    return {(gate["step"], gate["what"]): gate["problem"] for gate in gates if not gate["good"]}


def test_the_planned_end_counts_the_days_of_the_culture(tmp_path: Path) -> None:
    """One day of activation and at most eleven of expansion, which stand inside the rules of a step."""
    said = checked(tmp_path)
    begins = instant("2026-01-05T08:00", zone="Europe/Berlin")
    assert (said.status, problems(said)) == (0, {})
    assert 12 * DAY < float(instant(str(said.data["planned_end"])) - begins) < 14 * DAY


@pytest.mark.requirement("F166", refuses=True)
def test_a_calibration_that_lapses_on_day_five_closes_the_gate_of_each_step_that_needs_it(tmp_path: Path) -> None:
    """It is in calibration now, so only the planned end tells; a plan that is over sooner is told nothing."""
    said = checked(tmp_path, LAPSES)
    assert said.status == 1
    assert {step for step, _ in problems(said)} == {"first-day", "expand"}
    assert all("before the planned end" in problem for problem in problems(said).values())
    assert cellwright("check", "car-t", "--site", tmp_path, "--lasting", "84 h").status == 0


WRONG: dict[str, tuple[tuple[str, str], tuple[str, str], str]] = {
    "a lot that expires": (
        ('1.0 g/mL, expiry: "2027-03-31"', '1.0 g/mL, expiry: "2026-01-12"'),
        ("transduce", "lot of vector"),
        "expired: it was usable until the end of 2026-01-12 (before the planned end)",
    ),
    "one kit for two washes": (
        ("what: washer kit, supplier: Simulated Supplies, quantity: 20", "what: washer kit, supplier: S, quantity: 1"),
        ("wash", "lot of washer kit"),
        "lot KIT-5501 has 1 pcs left, of which 1 are taken by steps before; 1 pcs are needed",
    ),
    "another kind of bag": (
        ("kind: bag300\n    volume", "kind: bag600\n    volume"),
        ("", "bag300, expected"),
        "no bag300",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_will_be_missing_is_said_where_it_is_needed(case: str, tmp_path: Path) -> None:
    """Lots through the end, amounts over all steps, and the container from which the recipe starts."""
    edit, where, words = WRONG[case]
    found = problems(checked(tmp_path, edit))
    assert list(found) == [where]
    assert words in found[where]


def test_a_lot_that_was_received_later_counts(tmp_path: Path) -> None:
    """Lots are those of the ledger, as on a live site, not those that a site file begins with."""
    checked(tmp_path, WRONG["one kit for two washes"][0])
    stated = {"what": "washer kit", "supplier": "S", "quantity": 1, "unit": "pcs", "expiry": "2028-01-31"}
    fields = [word for name, value in stated.items() for word in (f"--{name}", str(value))]
    for person, move in (("anna", ["receive", *fields]), ("dora", ["release"])):
        assert cellwright("do", "lot", "KIT-9", *move, "--as", person, "--site", tmp_path).status == 0
    assert cellwright("check", "car-t", "--site", tmp_path).status == 0


@pytest.mark.requirement("F087", refuses=True)
def test_a_qualification_that_ends_before_the_planned_end_is_said_where_it_is_needed(tmp_path: Path) -> None:
    """Until the curriculum is in force plain training counts; then the one who is qualified, as long as it lasts."""
    house = Staying()
    plan = [
        "--title",
        "Freezing",
        "--operations",
        "freeze",
        "--valid-days",
        "5",
        "--trainers",
        "carla",
        "--as",
        "carla",
    ]
    moves = (
        ("curriculum", "freeze", "write", *plan),
        ("curriculum", "freeze", "approve", "--as", "dora"),
        ("curriculum", "freeze", "assign", "--person", "anna", "--as", "carla"),
        ("training", "freeze.anna", "read", "--as", "anna"),
        ("training", "freeze.anna", "qualify", "--as", "carla"),
    )
    site = simulated_site(tmp_path)
    cellwright("instruments", "identify", "--site", site, house=lambda: house)
    said = [cellwright("do", *move, "--site", site, house=lambda: house).status for move in moves]
    house.leave()
    found = problems(cellwright("check", "freeze-day", "--lasting", "240 h", "--site", site, "--json"))
    assert said == [0] * 5
    assert found == {
        ("freeze", "trained on freeze"): "freeze: anna was qualified until 2026-01-10 (before the planned end)"
    }


@pytest.mark.requirement("F023", "F061", refuses=True)
def test_a_label_that_does_not_fit_is_told_before_anything_is_issued(tmp_path: Path) -> None:
    """Half the height in the printer: the step, its printer and why are named; with the usual one the gate is open."""
    site = simulated_site(tmp_path, edit=('width: "70", height: "50"', 'width: "70", height: "25"'))
    assert cellwright("instruments", "identify", "--site", site).status == 0
    said = cellwright("check", "final-day", "--site", site, "--json")
    assert said.status == 1
    assert "fit on the label" in problems(said)["fill", "label text"]
    file = site / "site.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace('height: "25"', 'height: "50"'), encoding="utf-8")
    assert problems(cellwright("check", "final-day", "--site", site, "--json")) == {}
