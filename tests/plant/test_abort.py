"""An abort overtakes an act that the device has not answered yet: what it leaves behind is recorded as doubt."""

import asyncio
from pathlib import Path

import pytest

from automation.engine.journal import Called, Fell
from automation.engine.site import Site
from automation.kernel.quantity import Seconds
from automation.ledger.event import Event
from fakes.faults import Fault, FaultKind
from tests.support.runs import BATCH, make_site, plant_of, run_batch
from tests.support.scenes import order


def abort_in_start(site: Site) -> None:
    """Let the answer to the start come late, and somebody abort while it is awaited."""

    def look(event: Event) -> None:
        if event.kind == "call" and event.read(Called).method == "start":
            faults = plant_of(site).faults
            faults.add(Fault("crf-01", faults.acts.get("crf-01", 0) + 1, FaultKind.DELAY_REPLY, Seconds(1.5)))
            asyncio.get_running_loop().call_later(0.5, order, site, "abort")

    site.house.ledger.subscribe(look)


@pytest.mark.requirement("F005")
def test_an_abort_in_the_middle_of_an_act_leaves_a_recorded_doubt(tmp_path: Path) -> None:
    """The step is aborted at once, and the record says that nobody knows whether the start took effect."""
    run = run_batch(make_site(tmp_path), abort_in_start)
    assert run.state == "closed"
    doubts = [e.read(Fell) for e in run.events if e.kind == "doubt" and e.stream == f"batch/{BATCH}/step/freeze"]
    assert [doubt.message for doubt in doubts] == ["aborted before the device had answered; look at the device"]
    assert run.step("freeze").stage == "aborted"
