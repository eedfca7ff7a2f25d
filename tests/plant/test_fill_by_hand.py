"""A site whose liquid handler may not be used fills by hand: another asset of its class stands in, on the record."""

from pathlib import Path

import pytest

from automation.engine.assembly import BoundTo
from tests.support.filling import HANDLER, RECIPE, fill_site, outcome
from tests.support.runs import BATCH, Run, run_batch

PIPETTE = "pipette-01"
AND_A_PIPETTE = f"""  {PIPETTE}:
    class: liquid handler
    driver: manual_pipetting
    fake: manual_pipetting
    settings: {{maker: Simulated Pipettes, model: P1000, serial: SIM-P1000}}
    maker: Simulated Pipettes
    model: P1000
    serial: SIM-P1000
    location: Suite 1
    needs_cleaning: false
    qualification: {{due: "2027-06-30", certificate: PQ-PIP-01}}
    calibration: {{due: "2026-12-31", certificate: CAL-PIP-01}}
  washer-02:
"""


def fill_day_with_a_pipette(folder: Path, *, calibrated_to: str) -> Run:
    """Run the recipe of the tests at site B, which has a pipette beside its handler; and that is calibrated so far."""
    due = 'calibration: {due: "2026-12-31", certificate: CAL-HAN-02}'
    site = fill_site(
        folder / "site", "b", ("  washer-02:\n", AND_A_PIPETTE), (due, due.replace("2026-12-31", calibrated_to))
    )
    return run_batch(site, recipe=str(RECIPE))


def bound(run: Run) -> str:
    """Name the handler that the filling was bound to, as the record says."""
    (event,) = [e for e in run.events if e.kind == "bound" and e.stream == f"batch/{BATCH}/step/fill"]
    return event.read(BoundTo).assets["handler"]


@pytest.mark.requirement("F119", "F177.1")
def test_a_handler_out_of_calibration_gives_way_to_people_with_a_pipette(tmp_path: Path) -> None:
    """Same recipe, same tubes; nothing of the handler moves."""
    run = fill_day_with_a_pipette(tmp_path, calibrated_to="2025-12-31")
    assert (outcome(run), bound(run), run.deviations()) == (("closed", "filled"), PIPETTE, [])
    assert run.acts[PIPETTE] == {"tip": 6, "draw": 6, "give": 6, "drop": 6}
    assert set(run.acts[HANDLER].values()) == {0}


@pytest.mark.requirement("F119")
def test_a_handler_that_may_be_used_goes_before_the_pipette(tmp_path: Path) -> None:
    """Nobody pipettes where the handler is fit."""
    run = fill_day_with_a_pipette(tmp_path, calibrated_to="2026-12-31")
    assert (outcome(run), bound(run)) == (("closed", "filled"), HANDLER)
    assert set(run.acts[PIPETTE].values()) == {0}
