"""A batch whose program was away while its readings were taken: the record says since when nobody looked."""

from pathlib import Path

import pytest

from automation.engine.troubles import Gap
from automation.kernel.clock import instant
from automation.kernel.quantity import Seconds
from tests.support.runs import BATCH, make_site, resume_batch, run_batch

EVERY = 10.0  # s, between looks of the recipe


@pytest.mark.requirement("C01")
@pytest.mark.parametrize("down", [0.0, 300.0])
def test_a_program_that_was_away_says_since_when_nobody_looked(tmp_path: Path, down: float) -> None:
    """As long as it was away, once; a program that was not missed says nothing."""
    run_batch(make_site(tmp_path), until=2_400.0)
    run = resume_batch(tmp_path, down=Seconds(down))
    events = [event for event in run.events if event.stream == f"batch/{BATCH}/step/freeze" and event.kind == "gap"]
    gaps = [event.read(Gap) for event in events]
    assert [gap.over for gap in gaps] == ([False, True] if down else [])
    for gap in gaps[:1]:
        since, until = gap.why.removeprefix("nobody watched from ").split(" to ")
        assert float(instant(until) - instant(since)) == pytest.approx(down, abs=2 * EVERY)
