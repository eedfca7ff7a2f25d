"""The whole day on simulated sites: a bag is received, counted, frozen and stored."""

from pathlib import Path

import pytest

from automation.bootstrap import Way
from automation.ledger.verify import verify
from tests.support.runs import make_site, run_batch


@pytest.mark.requirement("F018", "F048", "C01.1", "C05.1")
def test_a_bag_is_received_counted_frozen_and_stored(tmp_path: Path) -> None:
    """Every step ends well, nothing is left open, and the ledger proves itself."""
    run = run_batch(make_site(tmp_path / "a"))
    assert run.state == "closed"
    assert [run.step(name).state for name in ("receive", "count", "freeze", "store")] == [
        "accepted",
        "counted",
        "frozen",
        "stored",
    ]
    assert run.deviations() == []
    assert run.alarms() == []
    assert run.acts["crf-01"]["start"] == 1
    assert verify(tmp_path / "a").intact


@pytest.mark.requirement("C07")
def test_the_same_seed_gives_the_same_head_and_another_seed_other_readings(tmp_path: Path) -> None:
    """Folder and moment of the run do not matter; the seed does."""
    first = run_batch(make_site(tmp_path / "one"), way=Way(seed=7))
    again = run_batch(make_site(tmp_path / "elsewhere" / "two"), way=Way(seed=7))
    other = run_batch(make_site(tmp_path / "three"), way=Way(seed=8))
    assert first.head == again.head
    assert first.head != other.head
    assert first.step("freeze").results["nucleation"] != other.step("freeze").results["nucleation"]
