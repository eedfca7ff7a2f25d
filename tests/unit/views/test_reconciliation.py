"""Reconciliation of a batch, read off container events and counts alone."""

from collections.abc import Callable
from pathlib import Path

import pytest

from automation.ledger.read import Reader
from automation.views.batch_record import batch_record
from automation.views.record import BatchRecord
from automation.views.record_of_product import Reconciliation
from tests.support.told_batch import BATCH
from tests.support.told_final_day import BAGS, HARVEST, WASHED, Day, final_day, until_filled, until_washed


def told(folder: Path, *parts: Callable[[Day], None]) -> BatchRecord:
    """Give the record of a day that goes through some parts."""
    with final_day(folder) as day:
        for part in parts:
            part(day)
        day.made.way.ledger.flush()
        with Reader(folder) as reader:
            return batch_record(reader, day.made.blobs, BATCH)


def balances(record: BatchRecord) -> dict[str, Reconciliation]:
    """Give the balances by quantity."""
    return {one.quantity: one for one in record.reconciliation}


def amounts(one: Reconciliation, *kinds: str) -> list[float]:
    """Give the values of the lines of some kinds."""
    return [line.value for line in one.lines if line.kind in kinds]


@pytest.mark.requirement("F024")
def test_volume_closes_over_the_whole_batch(tmp_path: Path) -> None:
    """What came in by order and lots is samples, waste, hold-up and what the containers hold now."""
    volume = balances(told(tmp_path, until_washed, until_filled))["volume"]
    assert amounts(volume, "received", "added") == [400.0, 5.0, 25.0]
    assert amounts(volume, "container") == pytest.approx([20.0, 20.0, 1.0])
    assert amounts(volume, "waste", "hold-up") == [377.0, 8.3, 2.0, 0.5]
    assert volume.closes
    assert volume.unaccounted == pytest.approx(0.0)
    assert volume.expanded == pytest.approx(4.13, abs=0.01)  # 400 mL to 0.5 % above all


def test_each_line_says_whether_it_was_measured_calculated_or_declared(tmp_path: Path) -> None:
    """A volume by order is declared, a weighed one measured, one of a pipette calculated."""
    volume = balances(told(tmp_path, until_washed, until_filled))["volume"]
    how = {line.what: line.how for line in volume.lines}
    assert how[f"{HARVEST}, as received"] == "declared"
    assert how[f"{BAGS[0]}, product"] == "measured"
    assert how[f"{BATCH}-V1, product"] == "calculated"
    assert how[f"left in {WASHED}"] == "declared"


@pytest.mark.requirement("F024")
def test_cells_missing_after_a_wash_are_a_loss_with_the_uncertainty_of_both_counts(tmp_path: Path) -> None:
    """1.197e9 before, 1.1e9 after; the waste was not counted, so it is no line of its own."""
    viable = balances(told(tmp_path, until_washed))["viable cells"]
    [lost] = [line for line in viable.lines if line.kind == "lost"]
    assert lost.value == pytest.approx(1.197e9 - 1.1e9)
    squares = (0.04 * 1.197e9) ** 2 + (0.04 * 1.1e9) ** 2 + (0.005 * 1.2e9) ** 2
    assert lost.expanded == pytest.approx(2 * squares**0.5, rel=0.01)
    assert lost.what == "lost in wash: the count before less the count after"
    assert amounts(viable, "waste", "hold-up") == []


def test_what_all_fills_share_does_not_blur_the_balance(tmp_path: Path) -> None:
    """One count with 4 % stands behind every fill; the sum of fills is known to half a per cent of what came in."""
    viable = balances(told(tmp_path, until_washed, until_filled))["viable cells"]
    filled = [line for line in viable.lines if line.kind == "container"]
    assert all(line.expanded > 0.079 * line.value for line in filled)
    assert viable.closes
    assert viable.share == pytest.approx(0.0, abs=1e-6)
    assert viable.expanded < 0.01 * viable.came_in


def test_mass_is_balanced_from_the_first_weighing_on(tmp_path: Path) -> None:
    """The harvest was never weighed; what came out of it was."""
    mass = balances(told(tmp_path, until_washed, until_filled))["mass"]
    assert [line.what for line in mass.lines if line.kind == "weighed"] == [
        f"{WASHED}, out of {HARVEST}, first weighed"
    ]
    assert mass.came_in == pytest.approx(50.0 * 1.02)
    assert mass.closes


@pytest.mark.requirement("F024")
def test_a_harvest_that_was_weighed_came_in_with_what_it_weighs(tmp_path: Path) -> None:
    """397 mL by weight and 1 mL of samples before it, where 400 were declared; mass is known from then on."""

    def weighed(day: Day) -> None:
        until_washed(day, weighs=397.0)

    found = balances(told(tmp_path, weighed, until_filled))
    [received] = [line for line in found["volume"].lines if line.kind == "received"]
    assert (received.what, received.how) == (f"{HARVEST}, by weight (declared: 400.00 mL)", "measured")
    assert received.value == pytest.approx(398.0)
    assert found["volume"].unaccounted == pytest.approx(-2.0)  # 377 of waste and 20 were drawn, 2 are left
    assert amounts(found["mass"], "received", "added") == pytest.approx([398.0 * 1.02, 5.1, 25.5])
    assert amounts(found["viable cells"], "counted") == pytest.approx([3.0e6 * 398.0])
    assert all(one.closes for one in found.values())


def test_waste_that_is_known_by_difference_is_no_reading_of_its_own(tmp_path: Path) -> None:
    """399 mL by weight less what is left: the 1.2 mL of that weighing stand on both sides and cancel."""

    def washed(day: Day) -> None:
        day.made.way.do(f"container/{HARVEST}", "receive", {"batch": BATCH, "step": "receive"})
        day.move(HARVEST, "weigh", mass_g=407.0, volume_ml=399.0, standard_ml=1.2, step="wash")
        day.move(HARVEST, "draw", to="waste", volume_ml=397.0, standard_ml=1.2, by_difference=True, step="wash")
        day.move(HARVEST, "empty", left_ml=2.0, standard_ml=0.05, step="wash")

    volume = balances(told(tmp_path, washed))["volume"]
    assert [line.expanded for line in volume.lines] == pytest.approx([2.4, 2.4, 0.1])
    assert volume.closes
    assert volume.expanded == pytest.approx(0.1)


def test_a_mass_that_nobody_knows_leaves_its_balance_open_and_says_why(tmp_path: Path) -> None:
    """A buffer was added by volume alone."""

    def unweighed(day: Day) -> None:
        day.move(WASHED, "fill", lot="BUF-1", what="diluent", step="formulate", volume_ml=5.0)

    record = told(tmp_path, until_washed, unweighed)
    mass = balances(record)["mass"]
    assert mass.closes is None
    assert mass.note.startswith(f"the mass of BUF-1 put into {WASHED}")
    assert "3 balances" in next(rule.checked for rule in record.rules if rule.id == "E15")


@pytest.mark.requirement("F024")
def test_what_was_pipetted_weighs_what_the_density_stated_of_its_lot_says(tmp_path: Path) -> None:
    """2 mL at 1.01 g/mL are 2.02 g, as well as the volume and the density are known; the balance can be drawn."""

    def pipetted(day: Day) -> None:
        until_washed(day, weighs=400.0)
        said = {"volume_ml": 2.0, "standard_ml": 0.02, "density": 1.01, "density_percent": 0.5, "what": "cytokine"}
        day.move(WASHED, "fill", lot="CYT-1", step="wash", **said)

    mass = balances(told(tmp_path, pipetted))["mass"]
    line = next(line for line in mass.lines if "CYT-1" in line.what)
    assert line.how == "calculated"
    assert line.value == pytest.approx(2.02)
    assert line.expanded == pytest.approx(2 * 2.02 * (0.01**2 + 0.005**2) ** 0.5)
    assert mass.closes is not None


@pytest.mark.requirement("F024", refuses=True)
def test_what_is_missing_from_the_last_bag_is_an_open_exception(tmp_path: Path) -> None:
    """Two bags of 17 mL where 20 were drawn for: 6 mL are nowhere, and cells and mass with them."""

    def short(day: Day) -> None:
        until_filled(day, bag=17.0)

    record = told(tmp_path, until_washed, short)
    assert [one.quantity for one in record.reconciliation if not one.closes] == [
        "volume", "mass", "viable cells", "total cells",
    ]  # fmt: skip
    found = [one for one in record.findings if one.rule == "E15"]
    assert found[0].what == "volume: 6.00 mL (+1.40 %) unaccounted for, uncertain by 4.13 mL"
    assert all(one.is_open and one.outcome == "not investigated yet" for one in found)


def test_a_deviation_on_the_balance_takes_the_exception_up(tmp_path: Path) -> None:
    """From then on it waits under E01."""

    def investigated(day: Day) -> None:
        until_filled(day, bag=17.0)
        body = {"subject": f"batch/{BATCH}", "title": "6 mL are missing", "rule": "reconciliation", "batch": BATCH}
        day.made.way.do(f"deviation/{BATCH}-D01", "open", body)

    found = [one for one in told(tmp_path, until_washed, investigated).findings if one.rule == "E15"]
    assert found
    assert not any(one.is_open for one in found)


def test_a_batch_that_was_only_received_has_what_is_in_the_bag(tmp_path: Path) -> None:
    """Nothing was counted or weighed, so nothing is said of cells or mass."""

    def received(day: Day) -> None:
        day.made.way.do(f"container/{HARVEST}", "receive", {"batch": BATCH, "step": "receive"})

    record = told(tmp_path, received)
    assert [(one.quantity, one.closes) for one in record.reconciliation] == [("volume", True)]


@pytest.mark.requirement("F022")
def test_the_genealogy_gives_each_container_under_the_one_it_was_filled_from(tmp_path: Path) -> None:
    """With what it is for, what it holds and where it stands."""
    shown = told(tmp_path, until_washed, until_filled).containers
    assert [(one.level, one.id, one.parent, one.purpose) for one in shown] == [
        (0, HARVEST, "", "product"),
        (1, WASHED, HARVEST, "intermediate"),
        (2, BAGS[0], WASHED, "product"),
        (2, BAGS[1], WASHED, "product"),
        (2, f"{BATCH}-V1", WASHED, "product"),
    ]
    assert [one.volume_ml for one in shown] == [0.0, 0.0, 20.0, 20.0, 1.0]
