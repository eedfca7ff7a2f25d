"""Weights in the batch record: what stood on the pan, and what was filled beside what was wanted."""

from pathlib import Path

import pytest

from automation.ledger.read import Reader
from automation.surfaces.documents.plots_of_weights import draw_fills, draw_weighings
from automation.views.batch_record import batch_record
from automation.views.record import Step
from automation.views.record_of_product import Filled, Weighing
from tests.support.told_batch import BATCH, prompt
from tests.support.told_final_day import BAGS, HARVEST, Day, final_day, until_filled, until_washed


def step(day: Day, name: str) -> Step:
    """Give one step of the record as it stands."""
    day.made.way.ledger.flush()
    with Reader(day.made.folder) as reader:
        return next(one for one in batch_record(reader, day.made.blobs, BATCH).steps if one.id == name)


def scan(day: Day, code: str, number: int) -> None:
    """Let a container be scanned on the pan."""
    asked = prompt(
        day.made, f"1.{number}", "wash", kind="scan", text="Put it on the balance and scan it", accept=[code]
    )
    day.made.way.do(asked, "answer", {"values": {"code": code}}, by="perform")


def weigh(day: Day, state: str, net: float | None, tare: float = 0.0) -> None:
    """Let the balance be read."""
    value = {"state": state, "net": net, "tare": tare}
    day.made.note("wash", "read", visit=1, n=1, value=value, asset="balance", method="weigh", args={})


@pytest.mark.requirement("F024")
def test_a_weight_is_told_with_the_container_that_was_scanned_for_it(tmp_path: Path) -> None:
    """The whole container counts: a tare in the balance is added, and what is not stable is no weight."""
    with final_day(tmp_path) as day:
        day.made.note("wash", "bound", operation="wash", assets={}, parameters={}, materials={})
        scan(day, "A999921123456", 1)
        weigh(day, "moving", 430.0)
        weigh(day, "stable", 400.9, tare=30.0)
        scan(day, HARVEST, 2)
        weigh(day, "overload", None)
        weigh(day, "stable", 31.5)
        found = step(day, "wash").weighings
    assert [(one.container, one.mass_g, one.asset) for one in found] == [
        (HARVEST, pytest.approx(430.9), "balance"),
        (HARVEST, 31.5, "balance"),
    ]


def test_a_filled_mass_stands_beside_target_and_tolerance_of_the_recipe(tmp_path: Path) -> None:
    """20 mL at 1.02 g/mL within 0.3 g; a vial was not weighed, so it is not shown."""
    with final_day(tmp_path) as day:
        until_washed(day)
        until_filled(day, bag=20.1)
        found = step(day, "fill").fills
    assert [one.container for one in found] == list(BAGS)
    assert [found[0].mass_g, found[0].target_g, found[0].tolerance_g] == pytest.approx([20.1 * 1.02, 20.4, 0.3])


def test_plots_of_weights_show_each_number_and_are_the_same_each_time() -> None:
    """Names of containers and masses can be read; no chance is in the bytes."""
    some = (Weighing("BAG-1", 0, 430.99, "balance", 1), Weighing("", 60_000_000, 18.0, "balance", 2))
    drawn = draw_weighings(some, zone="UTC")
    assert drawn == draw_weighings(some, zone="UTC")
    assert "<!-- BAG-1  00:00:00 -->" in drawn
    assert "<!-- not scanned  00:01:00 -->" in drawn
    fills = (Filled("B-01", 0, 20.9, 20.4, 0.3, 3), Filled("B-02", 0, 20.4, None, None, 4))
    assert draw_fills(fills) == draw_fills(fills)
    assert "<!-- 20.90 -->" in draw_fills(fills)
