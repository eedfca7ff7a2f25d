"""Site A with a Sartorius balance in place of the other: the same recipe, the same containers."""

from pathlib import Path

import pytest

from tests.support.runs import make_site, run_batch
from tests.support.scenes import change_site

OTHER = (
    (
        "driver: mt_sics\n    port: memory\n    fake: mt_sics",
        "driver: sartorius_sbi\n    port: memory\n    fake: sartorius_sbi",
    ),
    ("maker: Mettler Toledo\n    serial: B123456789", 'maker: Sartorius\n    serial: "0031234567"'),
)


@pytest.mark.requirement("C06", "C07")
def test_a_day_on_another_balance_ends_as_on_any(tmp_path: Path) -> None:
    """Bags and vials are weighed, tared and filled; nothing is a deviation."""
    run = run_batch(change_site(make_site(tmp_path / "site", "a"), *OTHER), recipe="final-day")
    assert (run.state, run.deviations()) == ("closed", [])
    assert run.acts["balance-01"]["tare"] > 0
