"""Frozen product fetched from the store and packed into a dry shipper, on site A; runs that go wrong."""

from pathlib import Path

import pytest

from fakes.world import World
from protocols.operations.pack_out import KEEP, MISSING, NONE
from tests.support.cold import BAG, approved, bag_of
from tests.support.runs import Hook, Run, make_site, plant_of, run_batch
from tests.support.scenes import choose, differs, late

RECIPE = "ship"
INFUSION = ("use: testing", "use: infusion")


def ship(folder: Path, *hooks: Hook, recipe: str = RECIPE, **changes: str) -> Run:
    """Run the recipe at a new site; ``use`` and the like change a parameter of the pack-out."""
    given = {f"pack-out.{name}": text for name, text in changes.items()}
    return run_batch(make_site(folder / "site"), *hooks, recipe=recipe, changes=given, until=40_000.0)


def packed(run: Run) -> str:
    """Give the state in which the pack-out ended."""
    return run.step("pack-out").state


@pytest.mark.requirement("F021", "F129", "F132")
def test_a_bag_goes_out_cold_with_its_custody_on_the_record(tmp_path: Path) -> None:
    """Charge, logger, seal, carrier and waybill; both ways outside count against the warming budget."""
    worlds: list[World] = []
    run = ship(tmp_path, lambda site: worlds.append(plant_of(site).world))
    got = run.step("pack-out").results
    assert (run.state, packed(run), bag_of(run)) == ("closed", "shipped", ("handed over", False))
    assert (got["charge"], got["holds"], got["warming"]) == (3320.0, 864_000.0, 45.0)
    assert (got["seal"], got["logger"], got["positions"]) == ("SL-60411", "TL-3310", ["rack 1, place 1"])
    assert getattr(run.things[f"container/{BAG}"], "where", "") == "Example Couriers, 114, waybill EX-2201187"
    assert float(worlds[0].temperature(BAG, run.at)) < -150.0
    assert run.deviations() == []


@pytest.mark.requirement("F129")
@pytest.mark.requirement("F129", refuses=True)
def test_what_is_lacking_is_a_deviation_and_is_put_right_before_anything_is_loaded(tmp_path: Path) -> None:
    """Half a charge, an old qualification, no logger, a missing paper: each is asked again, and the bag goes out."""
    run = ship(
        tmp_path,
        differs(r"^Take a dry shipper", charged=12.5),
        differs(r"^Take a dry shipper", qualified="lapsed"),
        differs(r"^Start a logger", logger=NONE),
        differs(r"^Start a logger", inside=-120.0),
        differs(r"^Put the papers", **{"paper custody form": MISSING}),
    )
    assert packed(run) == "shipped"
    assert run.deviations() == [
        "shipper DS-07: 1300 g of nitrogen hold 3.9 d, 5.0 d are needed",
        "shipper DS-07: its qualification has lapsed",
        "shipper DS-07: there is no logger",
        "shipper DS-07: it is -120 degC inside, above -150 degC",
        "shipper DS-07 lacks custody form",
    ]


@pytest.mark.requirement("F129", "F132", refuses=True)
@pytest.mark.parametrize(
    ("question", "said", "why"),
    [
        (r"^Take a dry shipper", {"charged": 11.2}, "0 g of nitrogen hold 0.0 d, 5.0 d are needed"),
        (r"^Take a dry shipper", {"charged": 2.0}, "charged is 2000 g, less than the 11200 g of the dry shipper"),
    ],
)
def test_without_a_shipper_that_is_charged_the_bag_stays_in_its_cold_box(
    tmp_path: Path, question: str, said: dict[str, str | float], why: str
) -> None:
    """People choose to keep it; nothing was loaded."""
    run = ship(tmp_path, differs(question, **said), choose(r"^Not this shipper", KEEP))
    assert (packed(run), run.state) == ("refused", "held")
    assert why in str(run.step("pack-out").results["why"])
    assert run.deviations()[0].startswith("shipper DS-07: ")
    assert bag_of(run) == ("in process", False)


@pytest.mark.requirement("F129", "F132", refuses=True)
def test_without_a_logger_nothing_is_loaded(tmp_path: Path) -> None:
    """Three times there is none."""
    run = ship(tmp_path, *[differs(r"^Start a logger", logger=NONE) for _ in range(3)])
    assert (packed(run), run.state) == ("refused", "held")
    assert run.step("pack-out").results["why"] == "there is no logger"


@pytest.mark.requirement("F050", refuses=True)
def test_a_way_into_the_shipper_that_uses_up_the_warming_budget_holds_the_bag(tmp_path: Path) -> None:
    """It stays in the shipper, cold, on QA hold."""
    run = ship(tmp_path, late(r"^Put \S+ into shipper", 10.0))
    assert (packed(run), bag_of(run)) == ("over budget", ("in process", True))
    assert "the warming budget is used up by the pack-out" in run.deviations()


@pytest.mark.requirement("F021", "F129", refuses=True)
def test_another_seal_at_the_hand_over_keeps_the_shipper_here(tmp_path: Path) -> None:
    """Somebody may have opened it."""
    run = ship(tmp_path, differs(r"^Hand shipper", seal="SL-60410"))
    assert (packed(run), bag_of(run)) == ("kept", ("in process", True))
    assert run.deviations()[0] == "shipper DS-07: seal 'SL-60410' at the hand-over, 'SL-60411' when it was closed"


@pytest.mark.requirement("F001", "F129", refuses=True)
def test_an_engineering_lot_is_never_shipped_for_infusion(tmp_path: Path) -> None:
    """Refused before a shipper is looked at; a clinical lot goes out, and the record says for a patient."""
    run = ship(tmp_path / "engineering", use="infusion")
    assert (packed(run), run.state) == ("refused", "held")
    assert run.step("pack-out").results["why"] == "an engineering lot is never shipped for infusion"
    clinical = ship(tmp_path / "clinical", recipe=approved(tmp_path, RECIPE, INFUSION))
    assert packed(clinical) == "shipped"
    assert [e.kind for e in clinical.events if e.stream == f"container/{BAG}"][-1] == "dispense"
