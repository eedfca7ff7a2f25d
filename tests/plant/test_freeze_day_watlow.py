"""The whole day at a site whose freezer is on a Watlow F4T."""

from pathlib import Path

import pytest

from tests.support.runs import run_batch
from tests.support.watlow_sites import site_with_watlow

pytestmark = pytest.mark.requirement("C05.3", "F048")


def test_a_bag_is_frozen_by_a_profile_that_was_written_and_read_back(tmp_path: Path) -> None:
    """The same program as on every freezer, in K/h: one start, a curve that is accepted, nothing left open."""
    run = run_batch(site_with_watlow(tmp_path / "a"))
    assert (run.state, run.step("freeze").state) == ("closed", "frozen")
    assert run.deviations() == []
    assert run.alarms() == []
    assert run.acts["crf-01"]["start"] == 1
