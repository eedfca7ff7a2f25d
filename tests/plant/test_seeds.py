"""Many seeds and other readings of the same batch: what varies is explained, what only looks changes nothing."""

from pathlib import Path

import pytest

from tests.plant.seeds import run_seed, table
from tests.support.freezing import trend
from tests.support.runs import Run, make_site, run_batch

IN, OUT = (1, 2, 3, 4), 59  # of a hundred seeds this one alone is out of criterion
CHANNELS = ("logger-01.sample", "logger-01.chamber", "crf-01.chamber")
SAME_START = {"freeze.load_tolerance": "2.5 K", "freeze.sample_ready": "25 degC"}
"""With these the waits before the start end at a moment that both grids have, so that all acts are the same."""


@pytest.mark.requirement("C07")
def test_seeds_vary_where_ice_forms_and_stay_in_criterion(tmp_path: Path) -> None:
    """Other seeds are other bags: each freezes at its own temperature, and each run is accepted."""
    found = [run_seed(seed, tmp_path / str(seed)) for seed in IN]
    assert all(one.good and one.verdict == "pass" for one in found)
    assert len({one.nucleation for one in found}) == len(IN)
    assert all(one.nucleation is not None and abs(one.nucleation - one.ice) < 1.5 for one in found)


@pytest.mark.requirement("F048")
def test_a_seed_that_is_out_of_criterion_is_explained_by_where_ice_formed(tmp_path: Path) -> None:
    """The warmest nucleation of a hundred: through the probe's lag its rise is 0.99 K, and 1.0 K is asked for."""
    found = run_seed(OUT, tmp_path)
    assert (found.good, found.verdict, round(found.ice, 2)) == (False, "fail", -6.28)
    assert found.why[0] == "no nucleation was found on the curve"
    assert "1 of 1 out of criterion (100 %)" in list(table([found]))


@pytest.mark.requirement("C07")
@pytest.mark.parametrize("site", ["a", "b"])
def test_reading_twice_as_often_changes_no_other_reading(tmp_path: Path, site: str) -> None:
    """Every reading that both runs have is the same to the last bit."""

    def run(every: str) -> Run:
        return run_batch(make_site(tmp_path / every[0], site), changes={**SAME_START, "freeze.every": every})

    seldom, often = run("10 s"), run("5 s")
    assert seldom.step("freeze").results["started_at"] == often.step("freeze").results["started_at"]
    for channel in CHANNELS if site == "a" else CHANNELS[:2]:
        few, many = trend(seldom, channel), trend(often, channel)
        assert len(many) > 1.9 * len(few) > 700
        assert {at: many[at] for at in few if at in many} == {at: few[at] for at in few if at in many}
        assert len(set(few) - set(many)) <= 1  # the end of the program is seen up to one reading later
